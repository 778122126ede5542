package main

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dspreflight/dspreflight/internal/source"
)

// What stands in Latin letters in Japanese sentences: names, words that are typed,
// and values as AWS or the program prints them. Ids, flags, files and whatever holds
// a mark or a capital inside are not asked about.
var (
	latinNames  = strings.Fields("Action Agent Allow Analyzer Audit Basic Center Changes Connect Dashboard Deny Direct Effect Enhanced Gateway Health Identity Interface Kerberos Location None Owner Parameters Principal Reachability Resource Resources Sid Statement Systems Manager Terraform Terragrunt Transit Type Version Web Windows")
	latinTyped  = strings.Fields("activation activate admin after all always apply article audit auto aws bash basic busybox cat change check checks cloudformation completion configure curl datasync diff do dspreflight dynamic efs elsewhere en explain export fail fish fixtures github gitlab guide html inconclusive ja json junit login make markdown mermaid nc never new organizations plan powershell probe region sarif sh show snapshot sso ssh sts svg table target terraform terragrunt text tofu unknown version warn wide zsh")
	latinValues = strings.Fields("account addr apis args available blackhole calls closed default deleted destination direction dualstack each egress errored expires failed false host id ingress key ms name needs null open outcome owner pending port profile purpose reason rejected reset roles schema scopes severity source targets tasks tcp title true uses within")
)

// TestJapaneseIsJapanese reads every Japanese text of the program and refuses English
// words: each Latin word is one that somebody decided about.
func TestJapaneseIsJapanese(t *testing.T) {
	japanese := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}\p{Han}]`)
	word := regexp.MustCompile(`(?:^|[\s\p{Han}\p{Hiragana}\p{Katakana}、。（「・])([A-Za-z][a-z']+)(?:$|[\s\p{Han}\p{Hiragana}\p{Katakana}、。）」・])`)
	texts := 0
	source.Each(t, func(f source.File) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok { // patterns over what people paste
				if made, ok := call.Fun.(*ast.Ident); ok && (made.Name == "phrases" || made.Name == "exactly") {
					return false
				}
			}
			text, ok := source.Text(n)
			if !ok || !japanese.MatchString(text) || strings.Contains(text, "## Found by") { // a page in both languages
				return true
			}
			texts++
			for rest := text; ; {
				m := word.FindStringSubmatchIndex(rest)
				if m == nil {
					return true
				}
				w := rest[m[2]:m[3]]
				if !slices.Contains(latinNames, w) && !slices.Contains(latinTyped, w) && !slices.Contains(latinValues, w) {
					t.Errorf("%s: %q in %q", f.Position(n), w, text)
				}
				rest = rest[m[3]:]
			}
		})
	}, "../..")
	if texts < 500 {
		t.Fatalf("%d Japanese texts were found", texts)
	}
}

// TestScriptsSayWhatTheyAre in the language of whoever prints them: every line of the
// comment that they begin with.
func TestScriptsSayWhatTheyAre(t *testing.T) {
	for _, args := range [][]string{
		{"probe", "--endpoint-ip", "10.20.1.10", "--script"},
		{"snapshot", "--script", "--region", "us-east-1"},
		{"activate", "--fixture", "healthy"},
	} {
		for _, lang := range []string{"en", "ja"} {
			out := invoke(t, append(args, "--lang", lang)...)
			lines := strings.Split(out.stdout, "\n")
			if out.code != 0 || lines[0] != "#!/bin/sh" {
				t.Fatalf("%v: exit code %d\n%s", args, out.code, out.stdout)
			}
			told := 0
			for _, l := range lines[1:] {
				if !strings.HasPrefix(l, "# ") || strings.HasPrefix(l, "# dspreflight "+version()) {
					break
				}
				told++
				if kana := strings.ContainsFunc(l, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) }); kana != (lang == "ja") {
					t.Errorf("%v, %s: %s", args, lang, l)
				}
			}
			if told < 4 {
				t.Errorf("%v, %s: %d lines say what it is", args, lang, told)
			}
		}
	}
}
