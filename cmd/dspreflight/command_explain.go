package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// maxPaste is how much of standard input explain reads.
const maxPaste = 4 << 20

// exitUnknownText is the exit code for a text that nothing is known about.
const exitUnknownText = 3

func explainCommand(env *environment) *cli.Command {
	flags := append(targetFlags(), evidenceFlags()...)
	flags = append(flags,
		boolFlag(groupExplain, "run", "run the checks that can find the cause, on the target that the flags name; ids in the text are defaults"),
		ownChecksFlag(),
		stringFlag(groupSelection, "requirements", "where sources disagree, follow `WHICH`: default, article or guide"),
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: text or json", Value: "text", Category: groupOutput},
		stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
		&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", Category: groupOutput, EnvVars: variable("color")},
	)
	flags = append(flags, connectTimeoutFlag(), allowPublicFlag())
	flags = append(flags, timeFlags()...)
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain a pasted error, an error id, a problem code or a check; with --run, find its cause",
		UsageText: "dspreflight explain [-o text|json] [--lang en|ja] TEXT...\n   dspreflight explain [flags] - < FILE\n   dspreflight explain --run --fixture unreachable-443 'errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE'\n   dspreflight explain --run --region us-east-1 --vpc-endpoint-id vpce-... --agent-ip 10.10.1.50 - < error.txt\n\nTEXT is anything that holds an error: the output of the AWS CLI, curl, Terraform or an SDK, in English or Japanese; or the id of a check (sg-ingress-443), a problem code (DSP201) or an error. Activation keys in it are never shown or saved.\n\nExit code: 0 when the text is known, 3 when nothing is known of it; with --run, 1 when the cause was found, 3 when it was not: an error that nothing explains is not READY.",
		ArgsUsage: "TEXT...",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			return runExplain(c, env)
		},
	}
}

const groupExplain = "Cause"

// match is what an id or a text stands for.
type match struct {
	Error    string             `json:"error,omitempty"`
	Stage    string             `json:"stage,omitempty"`
	Captured *map[string]string `json:"captured,omitempty"`
	Excerpt  string             `json:"excerpt,omitempty"`
	Check    string             `json:"check,omitempty"`
	Code     string             `json:"code,omitempty"`
	Title    string             `json:"title"`
	Message  string             `json:"message,omitempty"`
	Cause    string             `json:"cause,omitempty"`
	Fix      string             `json:"fix,omitempty"`
	Look     []string           `json:"look,omitempty"`
	AWSCLI   []string           `json:"aws_cli,omitempty"`
	TF       string             `json:"terraform,omitempty"`
	Checks   []string           `json:"checks"`
	Problems []string           `json:"problems,omitempty"`
	Errors   []string           `json:"errors,omitempty"`
	Sources  []string           `json:"sources"`
}

// explanation is the JSON of the command.
type explanation struct {
	Matches    []match        `json:"matches"`
	Nearest    []string       `json:"nearest,omitempty"` // errors that share words with a text that nothing fits
	Conclusion *conclusion    `json:"conclusion,omitempty"`
	Report     *report.Report `json:"report,omitempty"`
}

func runExplain(c *cli.Context, env *environment) error {
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	if f := c.String("output"); f != "text" && f != "json" {
		return snapshot.Errorf("--output %q: expected text or json", "--output %q: text か json を指定する", f)
	}
	if !c.Bool("run") {
		if name := estateFlag(c); name != "" {
			return snapshot.Errorf("explain: --%s names an estate, but nothing is run on it; add --run", "explain: --%s で環境が指定されたが実行されない。--run を付ける", name)
		}
	}
	text, err := pasted(c, env)
	if err != nil {
		return err
	}
	r := audit.New(o, env.Console)
	if err := r.ReadChecks(c.Context); err != nil {
		return err
	}
	found, recognised := lookUp(r.All, text, o.Lang)
	out := explanation{Matches: found}
	if len(found) == 0 {
		env.code = exitUnknownText
		out.Matches = []match{}
		for _, e := range documented.Nearest(text) {
			out.Nearest = append(out.Nearest, e.ID)
		}
	} else if c.Bool("run") {
		con, rep, err := findCause(c.Context, r, text, found, recognised)
		if err != nil {
			return err
		}
		out.Conclusion, out.Report = con, rep
		env.code = con.exitCode()
	}
	if c.String("output") == "json" {
		return writeJSON(env, out)
	}
	return printExplanation(c, env, out, text, o.Lang)
}

// estateFlag is a flag that names an estate, if one was given by hand.
func estateFlag(c *cli.Context) string {
	for _, name := range []string{"fixture", "snapshot", "vpc-endpoint-id", "policy-file", "probes", "source-cidr", "agent-ip", "agent-instance-id"} {
		if c.IsSet(name) {
			return name
		}
	}
	return ""
}

// pasted is the text to explain, from the arguments or standard input.
func pasted(c *cli.Context, env *environment) (string, error) {
	text := strings.Join(c.Args().Slice(), " ")
	if c.Args().First() == "-" && c.NArg() > 1 {
		return "", snapshot.Errorf("explain: - reads standard input and takes no text beside it, but got %q", "explain: - は標準入力を読む指定で、テキストとは併用できない: %q", c.Args().Get(1))
	}
	if info, err := os.Stat(text); err == nil && info.Mode().IsRegular() {
		return "", snapshot.Errorf("explain: %q is a file; pass its text on standard input: dspreflight explain - < %[1]s", "explain: %q はファイルである。標準入力で渡す: dspreflight explain - < %[1]s", text)
	}
	if text == "-" {
		body, err := env.Read(c.Context, maxPaste)
		if err == nil {
			body, err = snapshot.UTF8(body)
		}
		if err != nil {
			return "", snapshot.Errorf("explain: standard input: %w", "explain: 標準入力: %w", err)
		}
		text = string(body)
		if strings.TrimSpace(text) == "" {
			return "", snapshot.Errorf("explain: standard input is empty, and should hold the error, as in: aws datasync create-agent ... 2>&1 | dspreflight explain -", "explain: 標準入力が空である。エラーを渡す（例: aws datasync create-agent ... 2>&1 | dspreflight explain -）")
		}
	}
	if strings.TrimSpace(text) == "" {
		return "", snapshot.Errorf("explain: name a check, a problem code or an error, or paste an error message (- reads standard input)", "explain: チェック・問題コード・エラーの ID を指定するか、エラーメッセージを貼り付ける（- で標準入力を読む）")
	}
	return text, nil
}

func printExplanation(c *cli.Context, env *environment, out explanation, text, lang string) error {
	width, _ := console.Terminal(env.stdout)
	if len(out.Matches) == 0 {
		env.Tell(snapshot.Textf("dspreflight: nothing is known of %q: no check, problem code or documented error fits (see dspreflight checks)",
			"dspreflight: %q に該当するチェック・問題コード・文書化されたエラーはない（dspreflight checks を参照）", report.Harmless(shortened(documented.WithoutKeys(text)))).In(lang))
		if len(out.Nearest) > 0 {
			env.Tell(snapshot.Textf("the nearest known errors are: %s (dspreflight explain ID tells of each)", "近いものは: %s（dspreflight explain ID で説明を表示）", strings.Join(out.Nearest, ", ")).In(lang))
		}
		return nil
	}
	plain := outside.Plain(env.stdout)
	if out.Conclusion != nil {
		out.Conclusion.print(plain, width, lang)
		fmt.Fprintln(plain)
	}
	for i, m := range out.Matches {
		if i > 0 {
			fmt.Fprintln(plain)
		}
		printMatch(plain, m, width, lang)
	}
	if out.Conclusion == nil || out.Conclusion.Verdict == "found" {
		return nil
	}
	color, err := colored(c.String("color"), env.stdout)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout)
	return report.Table(report.TableOptions{Width: width, Color: color, Quiet: true, Lang: lang, Explain: false})(env.stdout, *out.Report)
}

const shownOfPaste = 60

func shortened(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) > shownOfPaste {
		return string(r[:shownOfPaste]) + "..."
	}
	return string(r)
}

// lookUp takes each word as an id, if all are; else the whole as a message.
func lookUp(all checks.Catalogue, text, lang string) ([]match, []documented.Recognition) {
	var found []match
	seen := map[string]bool{}
	words := strings.Fields(text)
	ids := len(words) <= mostIDs
	for _, word := range words[:min(len(words), mostIDs)] {
		if seen[word] {
			continue
		}
		seen[word] = true
		if ch := all.ByID(word); ch != nil {
			found = append(found, checkMatch(ch, lang))
		} else if p, ch := all.ByCode(word); p != nil {
			found = append(found, problemMatch(p, ch, lang))
		} else if e := documented.ByID(strings.ToUpper(word)); e != nil {
			found = append(found, errorMatch(e, lang))
		} else {
			ids = false
		}
	}
	if ids && found != nil {
		return found, nil
	}
	recognised := documented.Recognise(text)
	if len(recognised) == 0 { // what is not an id is said by nobody: explain what is
		if len(words) > len(found)+1 {
			found = nil
		}
		return found, nil
	}
	found = nil
	for _, r := range recognised {
		m := errorMatch(r.Error, lang)
		for k, v := range r.Captured {
			(*m.Captured)[k] = report.Harmless(v)
		}
		m.Excerpt = report.Harmless(r.Excerpt)
		found = append(found, m)
	}
	for k, v := range documented.Mentioned(text, recognised) {
		if (*found[0].Captured)[k] == "" {
			(*found[0].Captured)[k] = report.Harmless(v)
		}
	}
	return found, recognised
}

// mostIDs is up to how many words are taken for ids.
const mostIDs = 50

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
	return match{Code: p.Code, Check: c.ID, Title: d.Title, Cause: d.Cause, Fix: d.Fix, Look: d.Look, AWSCLI: d.AWSCLI, TF: d.Terraform, Errors: d.Errors, Checks: []string{c.ID}, Sources: d.Sources}
}

func errorMatch(e *documented.Error, lang string) match {
	m := match{Error: e.ID, Stage: string(e.Stage), Captured: &map[string]string{}, Title: e.Title.In(lang), Message: e.Message.In(lang), Cause: e.Cause.In(lang), Fix: e.Fix.In(lang), Checks: []string{}, Sources: report.Sources(e.Sources, lang)}
	for _, c := range checks.CausesOf(e) {
		m.Checks = append(m.Checks, c.ID)
		for _, p := range c.Problems {
			if slices.Contains(p.Errors, e) {
				m.Problems = append(m.Problems, p.Code)
			}
		}
	}
	return m
}
