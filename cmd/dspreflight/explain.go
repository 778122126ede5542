package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// maxPaste is how much of standard input explain reads.
const maxPaste = 4 << 20

// exitUnknownText is the exit code for a text that nothing is known about.
const exitUnknownText = 3

func explainCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain a check, a problem code or an error, given by id",
		UsageText: "dspreflight explain [-o text|json] [--lang en|ja] ID...\n\n   ID is a check (sg-ingress-443), a problem code (DSP201) or an error\n   (PRIVATE_LINK_ENDPOINT_UNREACHABLE). The text of an error message works too,\n   as arguments or, with -, on standard input.",
		ArgsUsage: "ID...",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text"},
			stringFlag("", "lang", "`LANGUAGE`: en or ja"),
		},
		Action: func(c *cli.Context) error {
			if err := noLateFlags(c); err != nil {
				return err
			}
			return runExplain(c, env)
		},
	}
}

// match is what an id or a text stands for.
type match struct {
	Error    string             `json:"error,omitempty"`
	Stage    string             `json:"stage,omitempty"`
	Captured *map[string]string `json:"captured,omitempty"`
	Check    string             `json:"check,omitempty"`
	Code     string             `json:"code,omitempty"`
	Title    string             `json:"title"`
	Message  string             `json:"message,omitempty"`
	Cause    string             `json:"cause,omitempty"`
	Fix      string             `json:"fix,omitempty"`
	AWSCLI   []string           `json:"aws_cli,omitempty"`
	TF       string             `json:"terraform,omitempty"`
	Checks   []string           `json:"checks"`
	Problems []string           `json:"problems,omitempty"`
	Errors   []string           `json:"errors,omitempty"`
	Sources  []string           `json:"sources"`
}

func runExplain(c *cli.Context, env *environment) error {
	lang, err := language(c)
	if err != nil {
		return err
	}
	text := strings.Join(c.Args().Slice(), " ")
	if text == "-" {
		body, err := io.ReadAll(io.LimitReader(env.stdin, maxPaste+1))
		if err != nil {
			return snapshot.Errorf("explain: read standard input: %w", "explain: 標準入力の読み取り: %w", err)
		}
		if len(body) > maxPaste {
			return snapshot.Errorf("explain: more than %d MB on standard input; paste the error message alone", "explain: 標準入力が %d MB を超えている。エラーメッセージだけを貼り付ける", maxPaste>>20)
		}
		text = string(body)
	}
	if strings.TrimSpace(text) == "" {
		return snapshot.Errorf("explain: name a check, a problem code or an error, or paste an error message (- reads standard input)", "explain: チェック・問題コード・エラーの ID を指定するか、エラーメッセージを貼り付ける（- で標準入力を読む）")
	}
	found := lookUp(text, lang)
	if len(found) == 0 {
		env.code = exitUnknownText
	}
	switch c.String("output") {
	case "json":
		if found == nil {
			found = []match{}
		}
		return writeJSON(env, map[string]any{"matches": found})
	case "text":
		if len(found) == 0 {
			fmt.Fprintln(env.stderr, snapshot.Textf("dspreflight: nothing is known of %q: no check, problem code or documented error fits (see dspreflight checks)",
				"dspreflight: %q に該当するチェック・問題コード・文書化されたエラーはない（dspreflight checks を参照）", report.Harmless(shortened(text))).In(lang))
			return nil
		}
		width, _ := terminal(env.stdout)
		for i, m := range found {
			if i > 0 {
				fmt.Fprintln(env.stdout)
			}
			printMatch(env.stdout, m, width, lang)
		}
		return nil
	}
	return snapshot.Errorf("--output %q: expected text or json", "--output %q: text か json を指定する", c.String("output"))
}

const shownOfPaste = 60

func shortened(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) > shownOfPaste {
		return string(r[:shownOfPaste]) + "..."
	}
	return string(r)
}

// lookUp takes each word as an id; when none is one, the whole as a message.
func lookUp(text, lang string) []match {
	var found []match
	seen := map[string]bool{}
	for _, word := range strings.Fields(text) {
		if seen[word] {
			continue
		}
		seen[word] = true
		if ch := checks.ByID(word); ch != nil {
			found = append(found, checkMatch(ch, lang))
		} else if p, ch := checks.ByCode(word); p != nil {
			found = append(found, problemMatch(p, ch, lang))
		} else if e := checks.ErrorByID(word); e != nil {
			found = append(found, errorMatch(e, lang))
		}
	}
	if found != nil {
		return found
	}
	for _, e := range checks.Errors() {
		for _, re := range e.Match {
			if re.MatchString(text) {
				found = append(found, errorMatch(e, lang))
				break
			}
		}
	}
	return found
}

func checkMatch(c *checks.Check, lang string) match {
	d := describe(c, lang)
	m := match{Check: c.ID, Title: d.Claim, Message: d.Requirement + " (" + d.Grade + ")", Checks: []string{c.ID}, Sources: d.Sources}
	for _, p := range d.Problems {
		m.Problems = append(m.Problems, p.Code)
	}
	return m
}

func problemMatch(p *checks.Problem, c *checks.Check, lang string) match {
	d := describeProblem(p, lang)
	return match{Code: p.Code, Check: c.ID, Title: d.Title, Cause: d.Cause, Fix: d.Fix, AWSCLI: d.AWSCLI, TF: d.Terraform, Errors: d.Errors, Checks: []string{c.ID}, Sources: d.Sources}
}

func errorMatch(e *checks.DocumentedError, lang string) match {
	m := match{Error: e.ID, Stage: string(e.Stage), Captured: &map[string]string{}, Title: e.Title.In(lang), Message: e.Message.In(lang), Cause: e.Cause.In(lang), Fix: e.Fix.In(lang), Checks: []string{}, Sources: e.Sources}
	for _, c := range checks.CausesOf(e) {
		m.Checks = append(m.Checks, c.ID)
		for _, p := range c.Problems {
			for _, q := range p.Errors {
				if q == e {
					m.Problems = append(m.Problems, p.Code)
				}
			}
		}
	}
	return m
}

func printMatch(w io.Writer, m match, width int, lang string) {
	head := strings.TrimSpace(strings.Join([]string{m.Error, m.Code, m.Check}, "  "))
	fmt.Fprintf(w, "%s\n", strings.Join(strings.Fields(head), "  "))
	say := func(en, ja, text string) {
		if text == "" {
			return
		}
		label := en
		if lang == "ja" {
			label = ja
		}
		if label != "" {
			text = label + ": " + text
		}
		for _, line := range report.Wrap(text, width-2) {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	block := func(en, ja string, lines []string) {
		if len(lines) == 0 {
			return
		}
		label := en
		if lang == "ja" {
			label = ja
		}
		fmt.Fprintf(w, "  %s:\n", label)
		for _, line := range lines {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	say("", "", m.Title)
	if m.Error != "" {
		stage := checks.Stage(m.Stage).Title().In(lang)
		say("Appears during", "発生する段階", stage)
		say("Message", "メッセージ", m.Message)
		if e := checks.ErrorByID(m.Error); !e.Literal {
			say("Note", "注記", map[bool]string{
				false: "the exact English wording is not attested in public sources; it is matched loosely",
				true:  "英語の正確な文面は公開資料で確認できないため、緩やかに照合する",
			}[lang == "ja"])
		}
	} else if m.Code == "" {
		say("Requirement", "要件", m.Message)
	}
	say("Cause", "原因", m.Cause)
	say("Fix", "対処", m.Fix)
	block("With the AWS CLI", "AWS CLI", m.AWSCLI)
	if m.TF != "" {
		block("In Terraform", "Terraform", strings.Split(m.TF, "\n"))
	}
	say("Leads to", "起こるエラー", strings.Join(m.Errors, ", "))
	say("Found by", "見つけるチェック", strings.Join(m.Checks, ", "))
	say("Problem codes", "問題コード", strings.Join(m.Problems, ", "))
	block("Sources", "出典", m.Sources)
}
