package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TableOptions say how a table looks.
type TableOptions struct {
	Width   int // columns of the terminal
	Color   bool
	Quiet   bool // only what is not PASS
	Wide    bool // evidence and subjects in columns of their own
	Explain bool // cause, evidence, commands and sources under the table
	Lang    string
}

// DefaultWidth is that of a terminal nobody has resized, and of a pipe.
const DefaultWidth = 80

// Table returns a renderer for people.
func Table(opt TableOptions) Renderer {
	twwidth.SetEastAsian(false) // ambiguous characters are narrow, whatever the locale says: same input, same bytes
	if opt.Width < 40 {
		opt.Width = DefaultWidth
	}
	return func(w io.Writer, r Report) error {
		var b bytes.Buffer
		p := &printer{opt: opt, out: &b}
		first := true
		err := r.each(func(t Target) error {
			if !first {
				b.WriteString("\n")
			}
			first = false
			if err := p.target(t, r.count > 1); err != nil {
				return err
			}
			_, err := w.Write(b.Bytes())
			b.Reset()
			return err
		})
		if err != nil {
			return err
		}
		b.WriteString("\n")
		fmt.Fprintf(&b, "%s  %s\n", p.paint(r.verdictText(opt.Lang), string(r.Verdict)), r.Summary)
		_, err = w.Write(b.Bytes())
		return err
	}
}

type printer struct {
	opt TableOptions
	out *bytes.Buffer
}

func (p *printer) say(t snapshot.Text) string { return t.In(p.opt.Lang) }

// The words of the table.
var (
	wordSeen     = snapshot.Text{En: "seen", Ja: "確認値"}
	wordError    = snapshot.Text{En: "error", Ja: "エラー"}
	wordFix      = snapshot.Text{En: "fix", Ja: "対処"}
	wordCause    = snapshot.Text{En: "Why it matters", Ja: "影響"}
	wordSettle   = snapshot.Text{En: "To settle it", Ja: "判定に必要なもの"}
	wordEvidence = snapshot.Text{En: "Evidence", Ja: "証拠"}
	wordErrors   = snapshot.Text{En: "Leads to", Ja: "起こるエラー"}
	wordRule     = snapshot.Text{En: "Requirement", Ja: "要件"}
	wordCommands = snapshot.Text{En: "Commands", Ja: "コマンド"}
	wordTF       = snapshot.Text{En: "Fix in Terraform", Ja: "Terraform での対処"}
	wordFixText  = snapshot.Text{En: "Fix", Ja: "対処"}
	wordSources  = snapshot.Text{En: "Sources", Ja: "出典"}
	wordPage     = snapshot.Text{En: "More", Ja: "詳細"}
	wordUnasked  = snapshot.Text{En: "not selected", Ja: "選択されていないチェック"}
	wordSkipped  = snapshot.Text{En: "skipped (without -q it says why)", Ja: "判定の対象外（-q を外すと理由を表示）"}
	wordEndpoint = snapshot.Text{En: "endpoint", Ja: "エンドポイント"}
	wordAgent    = snapshot.Text{En: "agent", Ja: "エージェント"}
	wordFindings = snapshot.Text{En: "Findings", Ja: "検出事項"}
)

func (p *printer) target(t Target, named bool) error {
	p.head(t, named)
	area := ""
	var rows []Result
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		fmt.Fprintf(p.out, "\n%s\n", area)
		err := p.rows(rows)
		rows = nil
		return err
	}
	var unasked, skipped []string
	for _, r := range t.Results {
		if len(r.Findings) == 1 && r.Status == "SKIP" && r.Findings[0].Message == NotSelected.In(p.opt.Lang) {
			unasked = append(unasked, r.Check)
			continue
		}
		if p.opt.Quiet && r.Status == "PASS" {
			continue
		}
		if p.opt.Quiet && r.Status == "SKIP" && !waivedAny(r) {
			skipped = append(skipped, r.Check)
			continue
		}
		if r.Area != area {
			if err := flush(); err != nil {
				return err
			}
			area = r.Area
		}
		rows = append(rows, r)
	}
	if err := flush(); err != nil {
		return err
	}
	if len(skipped) > 0 {
		p.out.WriteString("\n")
		p.hang(p.say(wordSkipped)+": ", strings.Join(skipped, ", "))
	}
	if len(unasked) > 0 {
		p.out.WriteString("\n")
		p.hang(p.say(wordUnasked)+": ", strings.Join(unasked, ", "))
	}
	if p.opt.Explain {
		p.path(t)
		p.explain(t)
	}
	if named {
		fmt.Fprintf(p.out, "\n%s: %s  %s\n", t.Name, p.paint(t.Verdict.Label(), string(t.Verdict)), t.Summary)
	}
	return nil
}

// waivedAny reports whether a waiver lets a finding of the result stand.
func waivedAny(r Result) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Waived != nil })
}

// NotSelected is why a check outside --check is SKIP.
var NotSelected = snapshot.Text{En: "not selected by --check", Ja: "--check で選択されていない"}

// head says what was judged, so that a saved table explains itself.
func (p *printer) head(t Target, named bool) {
	if named {
		fmt.Fprintf(p.out, "== %s\n", t.Name)
	}
	p.hang(p.say(wordEndpoint)+": ", endpointLine(t))
	if a := agentLine(t.Target); a != "" {
		p.hang(p.say(wordAgent)+": ", a)
	}
	p.change(t)
}

// change leads with what a planned change does.
func (p *printer) change(t Target) {
	if t.Change == nil {
		return
	}
	p.out.WriteString("\n")
	for _, line := range t.Change.lines(p.opt.Lang) {
		p.hang("", line)
	}
	for _, r := range t.Results {
		for _, f := range r.Findings {
			if f.Waived == nil && len(f.Resources) > 0 && (f.Effect == Broken || f.Effect == UnknownNow || f.Effect == Weakened) {
				p.hang("  - ", r.Check+" "+f.Status+": "+f.Message)
				p.hang("    ", behind(r, f, p.opt.Lang))
			}
		}
	}
}

func endpointLine(t Target) string {
	line := t.Target.EndpointID
	if line == "" {
		line = "-"
	}
	for _, s := range t.Scopes {
		for _, role := range s.Roles {
			if role == string(snapshot.Destination) {
				return Harmless(strings.TrimSpace(line + "  " + t.Target.Region + "  " + s.Account))
			}
		}
	}
	return Harmless(strings.TrimSpace(line + "  " + t.Target.Region))
}

func agentLine(t snapshot.Target) string {
	var parts []string
	add := func(flag, v string) {
		if v != "" {
			parts = append(parts, flag+" "+v)
		}
	}
	add("--agent-instance-id", t.AgentInstanceID)
	if t.AgentIP.IsValid() {
		add("--agent-ip", t.AgentIP.String())
	}
	add("--source-subnet-id", t.SourceSubnetID)
	for _, c := range t.SourceCIDRs {
		add("--source-cidr", c.String())
	}
	add("--source-vpc-id", t.SourceVPCID)
	return strings.Join(parts, " ")
}

// hang prints text behind a label, its further lines indented to match.
func (p *printer) hang(label, text string) { p.hangPainted(label, twwidth.Width(label), text) }

// hangPainted is hang for a label whose colour takes bytes but no columns.
func (p *printer) hangPainted(label string, indent int, text string) {
	for i, line := range Wrap(text, p.opt.Width-indent) {
		if i > 0 {
			label = strings.Repeat(" ", indent)
		}
		p.out.WriteString(strings.TrimRight(label+line, " ") + "\n")
	}
}

// The widths of the first two columns: the longest status and check id.
const (
	statusWidth = 7
	checkWidth  = 20
	gutter      = 2
)

// wideEvidence is the share of the evidence column of a wide table, in percent.
const wideEvidence = 45

func (p *printer) rows(results []Result) error {
	left := p.opt.Width - statusWidth - checkWidth - 2*gutter
	widths := []int{statusWidth, checkWidth, left}
	if p.opt.Wide {
		ev := left * wideEvidence / 100
		widths = []int{statusWidth, checkWidth, left - ev - gutter, ev}
	}
	var b bytes.Buffer
	per := tw.NewMapper[int, int]()
	for i, w := range widths {
		per.Set(i, w+gutter)
	}
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Row: tw.CellConfig{
				Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone},
				Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
				Padding:    tw.CellPadding{Global: tw.Padding{Left: tw.Empty, Right: strings.Repeat(" ", gutter), Overwrite: true}},
			},
			Behavior: tw.Behavior{TrimSpace: tw.Off},
			Widths:   tw.CellWidth{PerColumn: per},
		}))
	for _, r := range results {
		cells := []string{p.paint(r.Status, r.Status), r.Check, strings.Join(p.story(r, widths[2]), "\n")}
		if p.opt.Wide {
			cells = append(cells, strings.Join(evidenceLines(r, widths[3]), "\n"))
		}
		if err := table.Append(cells); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimRight(b.String(), "\n"), "\n") {
		p.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return nil
}

// story is the third column: the claim if it holds, else what was found.
func (p *printer) story(r Result, width int) []string {
	if r.Status == "PASS" {
		return Wrap(r.Title, width)
	}
	var lines []string
	for _, f := range r.Findings {
		if f.Status == "PASS" {
			continue
		}
		message := f.Message
		if f.Code != "" {
			message = f.Code + " " + message
		}
		if f.Status != r.Status {
			message = f.Status + " " + message
		}
		if f.Waived != nil {
			lines = append(lines, Wrap(message+" ("+f.Waived.Note(p.opt.Lang)+")", width)...)
			continue
		}
		lines = append(lines, Wrap(message, width)...)
		if f.Fix == nil {
			continue
		}
		if !p.opt.Wide && len(f.Evidence) > 0 {
			lines = append(lines, labelled(p.say(wordSeen), seen(f), width)...)
		}
		if len(f.Errors) > 0 {
			lines = append(lines, labelled(p.say(wordError), strings.Join(f.Errors, ", "), width)...)
		}
		lines = append(lines, labelled(p.say(wordFix), f.Fix.Text, width)...)
	}
	return lines
}

// mostEvidence is how many facts a row of the table shows; wide, --explain and
// JSON show all.
const mostEvidence = 3

func seen(f Finding) string {
	var facts []string
	for i, e := range f.Evidence {
		if i == mostEvidence {
			facts = append(facts, fmt.Sprintf("(+%d)", len(f.Evidence)-mostEvidence))
			break
		}
		facts = append(facts, e.Ref+": "+e.Fact)
	}
	return strings.Join(facts, "; ")
}

func evidenceLines(r Result, width int) []string {
	var lines []string
	for _, f := range r.Findings {
		for _, e := range f.Evidence {
			lines = append(lines, Wrap(e.Source+" "+e.Ref+": "+e.Fact, width)...)
		}
	}
	return lines
}

// labelled is text behind a label, indented by two.
func labelled(label, text string, width int) []string {
	prefix := "  " + label + ": "
	indent := 4
	var out []string
	for i, line := range Wrap(prefix+text, width) {
		if i > 0 {
			break
		}
		out = append(out, line)
	}
	rest := strings.TrimPrefix(prefix+text, out[0])
	if rest = strings.TrimSpace(rest); rest != "" {
		for _, line := range Wrap(rest, width-indent) {
			out = append(out, strings.Repeat(" ", indent)+line)
		}
	}
	return out
}

// paint colours a word by status or verdict.
func (p *printer) paint(word, status string) string {
	if !p.opt.Color {
		return word
	}
	code := map[string]string{
		"PASS": "32", "READY": "32;1", "FAIL": "31;1", "NOT_READY": "31;1", "WARN": "33",
		"UNKNOWN": "35", "INCONCLUSIVE": "35;1", "INTERRUPTED": "35;1", "SKIP": "2",
	}[status]
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}
