package outside

import (
	"encoding/xml"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// hostile are texts that mean harm to one reader or another.
var hostile = []string{
	"", "-", "--profile=evil", "a b --debug", "x'; touch /tmp/owned; '", "$(touch x)", "`touch x`", "a\nb", "\r::error::x", "::stop-commands::x",
	"x ::set-env name=a::b", "##[add-mask]x", "##vso[task.setvariable]x", "\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "a\u200bb", "\xff\xfe", "${file(\"/etc/passwd\")}",
	"%{ if true }x%{ endif }", "\"\n}\nresource \"x\" \"y\" {\n", `\`, `\"`, "$${a}", "<script>alert(1)</script>", "]]>", "&amp;", "[x](https://evil.example)", "![x](y)",
	"@everyone", "#1", "|a|b|", "```\n# x", "https://evil.example", "- item", "+ item", "= x", "ABCDE-12345-FGHIJ-67890-KLMNO", "日本語", "a\u2028b", "fe80::1", "::1", "::ffff:10.0.0.1",
}

// runnerCommand is one wherever a line is broken.
var runnerCommand = regexp.MustCompile(`(^|\s)::[A-Za-z][\w-]*( .*?)?::|##\w*\[`)

func checkText(t interface{ Fatalf(string, ...any) }, raw string) {
	if anyKey.Re().MatchString(raw) && !mayHoldKey(raw) {
		t.Fatalf("%q holds a key", raw)
	}
	s := Of(raw).Terminal()
	if !utf8.ValidString(s) {
		t.Fatalf("%q: not UTF-8: %q", raw, s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			t.Fatalf("%q: a terminal would obey %U in %q", raw, r, s)
		}
	}
	if runnerCommand.MatchString(s) {
		t.Fatalf("%q: a runner would obey %q", raw, s)
	}
	if again := Of(s).Terminal(); again != s {
		t.Fatalf("%q: %q is rendered again as %q", raw, s, again)
	}
	if anyKey.Re().MatchString(s) {
		t.Fatalf("%q: a key is left in %q", raw, s)
	}
	// Terraform's own parser reads one string, which says what the terminal shows.
	expr, diags := hclsyntax.ParseExpression([]byte(`"`+Of(raw).hcl()+`"`), "x.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%q: %v", raw, diags)
	}
	v, diags := expr.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String || v.AsString() != cty.StringVal(s).AsString() {
		t.Fatalf("%q: Terraform reads %#v, %v", raw, v, diags)
	}
	var scalar string
	if err := yaml.Unmarshal([]byte(YAML{}.Text(Of(raw))), &scalar); err != nil || scalar != s {
		t.Fatalf("%q: YAML reads %q, %v", raw, scalar, err)
	}
	words, err := shellSplit(Of(raw).word())
	if err != "" || len(words) != 1 || words[0] != s {
		t.Fatalf("%q: a shell reads %q %s", raw, words, err)
	}
	command := Annotation("error", raw, 7, raw, raw)
	head, message, found := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(command, "\n"), "::error "), "::")
	if raw != "" && (!found || strings.Count(head, ",") != 2 || strings.Contains(head, ":")) || strings.ContainsAny(head+message, "\r\n") {
		t.Fatalf("%q: a runner reads another command: %q", raw, command)
	}
	if md := Of(raw).markdown(); strings.ContainsAny(md, "<>@\n") || strings.Contains(md, "://") && links.Re().MatchString(md) {
		t.Fatalf("%q: Markdown obeys %q", raw, md)
	}
	if cell := Of(raw).Cell(); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
		t.Fatalf("%q: a spreadsheet computes %q", raw, cell)
	}
	var text string
	if err := xml.Unmarshal([]byte("<a b=\""+Of(raw).markup()+"\">"+Of(raw).markup()+"</a>"), &text); err != nil || text != strings.Map(printable, s) {
		t.Fatalf("%q: a browser reads %q, not %q: %v", raw, text, s, err)
	}
	if label := Of(raw).mermaid(); strings.ContainsAny(label, "\"`<>[]{}%&|:\\\n") {
		t.Fatalf("%q: Mermaid obeys %q", raw, label)
	}
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
}

// printable is what XML has a character for.
func printable(r rune) rune {
	if r == '\ufffe' || r == '\uffff' {
		return utf8.RuneError
	}
	return r
}

// shellSplit reads words as a shell does: single quotes, and a backslash outside.
func shellSplit(s string) (words []string, err string) {
	var word strings.Builder
	started := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return nil, "a quote is left open"
			}
			word.WriteString(s[i+1 : i+1+end])
			i += end + 1
			started = true
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			started = true
		case c == ' ' || c == '\t' || c == '\n':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		case strings.IndexByte("\"`$&|;<>()*?[]#~!{}", c) >= 0:
			return nil, "it would obey " + string(c)
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words, ""
}

func TestHostileTexts(t *testing.T) {
	for _, s := range hostile {
		checkText(t, s)
		for _, o := range hostile {
			checkText(t, s+o)
			checkText(t, s+" "+o)
		}
	}
}

func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()), 1, 4).Draw(t, "parts")
		checkText(t, strings.Join(parts, rapid.SampledFrom([]string{"", " ", "\n", "'"}).Draw(t, "sep")))
	})
}

// TestShellsAgree lets the shell of this machine read the words.
func TestShellsAgree(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("SKIPPED: no shell")
	}
	for _, s := range hostile {
		out, err := exec.Command(sh, "-c", "printf '%s.' "+Of(s).word()).Output()
		if err != nil || string(out) != Of(s).Terminal()+"." {
			t.Errorf("%q: %q, %v", s, out, err)
		}
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkText(t, s) })
}
