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
	Verbose bool // every check in a line
	Wide    bool // every check, with its evidence in a column of its own
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
		p := &printer{opt: opt, out: &b, told: Told{}}
		first := true
		many := &crowd{groups: map[string]*alike{}, count: map[Verdict]int{}}
		grouped := r.count > mostInFull && !opt.Verbose && !opt.Wide && !opt.Explain
		err := r.each(func(t Target) error {
			defer b.Reset()
			if err := p.target(t, r.count > 1); err != nil {
				return err
			}
			if grouped && !many.tells(t, b.String()) {
				return nil
			}
			if !first {
				if _, err := io.WriteString(w, "\n"); err != nil {
					return err
				}
			}
			first = false
			_, err := w.Write(b.Bytes())
			return err
		})
		if err != nil {
			return err
		}
		if grouped {
			p.crowd(many)
		}
		b.WriteString("\n")
		if r.Baseline != nil {
			fmt.Fprintf(&b, "%s\n\n", wordSince.In(opt.Lang))
			since := opt
			since.Quiet = opt.Quiet || opt.Wide // the rest stands above
			if err := diffTable(&b, *r.Baseline, since); err != nil {
				return err
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  %s\n", p.paint(r.verdictText(opt.Lang), string(r.Verdict)), r.Summary)
		_, err = w.Write(b.Bytes())
		return err
	}
}

type printer struct {
	opt   TableOptions
	out   *bytes.Buffer
	label int  // the width of the column of statuses
	told  Told // commands that were printed
}

func (p *printer) say(t snapshot.Text) string { return t.In(p.opt.Lang) }

// The words of the table.
var (
	wordHas      = snapshot.Text{En: "has", Ja: "現状"}
	wordGives    = snapshot.Text{En: "gives", Ja: "結果"}
	wordFix      = snapshot.Text{En: "fix", Ja: "対処"}
	wordMends    = snapshot.Text{En: "mends", Ja: "併せて解消"}
	wordSettles  = snapshot.Text{En: "settles", Ja: "併せて判明"}
	wordCalls    = snapshot.Text{En: "calls", Ja: "呼び出し"}
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
	wordEndpoint = snapshot.Text{En: "endpoint", Ja: "エンドポイント"}
	wordAgent    = snapshot.Text{En: "agent", Ja: "エージェント"}
	wordFindings = snapshot.Text{En: "Findings", Ja: "検出事項"}
)

func (p *printer) target(t Target, named bool) error {
	p.head(t, named)
	wrong, open := t.wrongs(), t.unknowns()
	p.label = labelWidth
	if len(open) > 0 {
		p.label = labelUnknown
	}
	for _, one := range wrong {
		p.wrong(one)
	}
	for _, one := range open {
		p.unknown(one)
	}
	p.rest(t)
	if p.opt.Verbose || p.opt.Wide {
		if err := p.every(t); err != nil {
			return err
		}
	}
	if p.opt.Explain {
		p.path(t)
		p.explain(t)
		p.changes(t)
	}
	if named {
		fmt.Fprintf(p.out, "\n%s: %s  %s\n", t.Name, p.paint(t.Verdict.Label(), string(t.Verdict)), t.Summary)
	}
	return nil
}

// every lists all checks by area.
func (p *printer) every(t Target) error {
	fmt.Fprintf(p.out, "\n%s\n", p.say(wordChecks))
	for rest := t.Results; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(r Result) bool { return r.Area != rest[0].Area })
		if n < 0 {
			n = len(rest)
		}
		fmt.Fprintf(p.out, "\n%s\n", rest[0].Area)
		if err := p.rows(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// NotSelected is why a check outside --check is SKIP.
var NotSelected = snapshot.Text{En: "not selected by --check", Ja: "--check で選択されていない"}

// hang prints text behind a label, its further lines indented to match.
func (p *printer) hang(label, text string) { p.hangPainted(label, Width(label), text) }

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

// signed is a result with a sign in front.
type signed struct {
	sign string
	Result
}

// rows prints a result a row: status, check, what was found, and with wide the evidence.
func (p *printer) rows(results []Result) error {
	rows := make([]signed, len(results))
	for i, r := range results {
		rows[i].Result = r
	}
	return p.signed(rows)
}

func (p *printer) signed(rows []signed) error {
	statusWidth := statusWidth
	if rows[0].sign != "" {
		statusWidth += 2
	}
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
	for _, r := range rows {
		status := p.status(r.Status)
		if r.sign != "" {
			status = r.sign + " " + status
		}
		cells := []string{status, r.Check, strings.Join(p.story(r.Result, widths[2]), "\n")}
		if p.opt.Wide {
			cells = append(cells, strings.Join(evidenceLines(r.Result, widths[3]), "\n"))
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
		message := strings.TrimSpace(f.Code + " " + f.Message)
		if f.Status != r.Status {
			message = string(f.Status) + " " + message
		}
		if f.Waived != nil {
			message += " (" + f.Waived.Note(p.opt.Lang) + ")"
		}
		lines = append(lines, Wrap(message, width)...)
	}
	return lines
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

// status is the word of a status in its colour.
func (p *printer) status(s Status) string { return p.paint(string(s), string(s)) }

// paint colours a word by status or verdict.
func (p *printer) paint(word, status string) string {
	if !p.opt.Color {
		return word
	}
	code := map[string]string{
		string(Pass): "32", string(Ready): "32;1", string(Fail): "31;1", string(NotReady): "31;1", string(Warn): "33",
		string(Unknown): "35", string(Inconclusive): "35;1", string(Interrupted): "35;1", string(Skip): "2",
	}[status]
	return "\x1b[" + code + "m" + word + "\x1b[0m"
}
