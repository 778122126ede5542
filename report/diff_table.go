package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DiffRenderer writes a Diff in one format.
type DiffRenderer func(io.Writer, Diff, TableOptions) error

// diffFormats is the one list of them.
var diffFormats = []struct {
	name   string
	render DiffRenderer
}{
	{"table", diffTable},
	{"json", diffJSON},
	{"markdown", diffMarkdown},
	{"html", diffHTML},
	{"github", diffGitHub},
	{"csv", diffCSV},
}

// DiffFormatNamed finds a format of a Diff.
func DiffFormatNamed(name string) (DiffRenderer, bool) {
	for _, f := range diffFormats {
		if f.name == name {
			return f.render, true
		}
	}
	return nil, false
}

// DiffFormatNames are the names of the formats of a Diff, for a sentence.
func DiffFormatNames() string {
	var names []string
	for _, f := range diffFormats {
		names = append(names, f.name)
	}
	names = append(names, newsFormats...)
	return strings.Join(names, ", ")
}

func diffJSON(w io.Writer, d Diff, opt TableOptions) error {
	if opt.Quiet && d.Equal {
		return nil
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// diffTable writes what changed, and unless it is to be quiet, what did not.
func diffTable(w io.Writer, d Diff, opt TableOptions) error {
	if opt.Quiet && d.Equal {
		return nil
	}
	if opt.Width < 40 {
		opt.Width = DefaultWidth
	}
	var b bytes.Buffer
	p := &diffPrinter{printer{opt: opt, out: &b}}
	for _, t := range d.Targets {
		if !t.equal() || !opt.Quiet {
			p.target(t, len(d.Targets) > 1)
		}
	}
	if !opt.Quiet && len(d.Rows) > 0 {
		p.line("", snapshot.Textf("Rows that changed: %d", "変化した行: %d 件", len(d.Rows)).In(opt.Lang))
		for _, r := range d.Rows {
			p.line("      ", r.String())
		}
		b.WriteString("\n")
	}
	if d.Equal {
		p.line("", snapshot.Text{En: "No finding changed.", Ja: "検出事項に変化はない。"}.In(opt.Lang))
	}
	var n [6]int
	for _, t := range d.Targets {
		for i, m := range []int{len(t.New), len(t.Revealed), len(t.Resolved), len(t.Hidden), len(t.Unchanged), len(t.GapsOpened)} {
			n[i] += m
		}
	}
	var counts []string // those of what there is, and always what is new
	for i, what := range []string{"new", "revealed", "resolved", "hidden", "unchanged", "gaps opened"} {
		if i == 0 || n[i] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n[i], what))
		}
	}
	fmt.Fprintf(&b, "%s -> %s  %s\n", p.verdict(d.Before.Verdict), p.verdict(d.After.Verdict), strings.Join(counts, "  "))
	_, err := w.Write(b.Bytes())
	return err
}

type diffPrinter struct{ printer }

// String names the row and what became of it.
func (r DiffRow) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s (%s, %s %s)", r.Table, r.ID, r.Action, r.Account, r.Region)), " ")
}

func (p *diffPrinter) say(en, ja string) string { return snapshot.Text{En: en, Ja: ja}.In(p.opt.Lang) }

func (p *diffPrinter) verdict(v Verdict) string {
	if v == "" {
		return p.say("not there", "なし")
	}
	return p.paint(v.Label(), string(v))
}

func (p *diffPrinter) line(indent, text string) {
	for _, l := range Wrap(text, p.opt.Width-len(indent)) {
		fmt.Fprintf(p.out, "%s%s\n", indent, l)
	}
}

func (p *diffPrinter) target(t TargetDiff, named bool) {
	if named {
		fmt.Fprintf(p.out, "%s  %s -> %s\n\n", t.Name, p.verdict(t.Before), p.verdict(t.After))
	}
	p.findings(t.New, snapshot.Text{En: "new", Ja: "新規"}, snapshot.Text{})
	p.findings(t.Revealed, snapshot.Text{En: "revealed", Ja: "判明"}, snapshot.Text{En: "it could not be told before, or was not asked", Ja: "以前は判定できなかったか、対象外だった"})
	p.findings(t.Hidden, snapshot.Text{En: "hidden", Ja: "未確認"}, snapshot.Text{En: "not resolved: it can no longer be told, is not asked, or is waived", Ja: "解消したとは言えない。判定できなくなったか、対象外か、許容されている"})
	p.findings(t.Resolved, snapshot.Text{En: "resolved", Ja: "解消"}, snapshot.Text{})
	p.gaps(t.GapsOpened, "a gap opened", "見えなくなった")
	p.gaps(t.GapsClosed, "a gap closed", "見えるようになった")
	p.checks(t)
	if !p.opt.Quiet {
		p.findings(t.Unchanged, snapshot.Text{En: "unchanged", Ja: "変化なし"}, snapshot.Text{})
	}
}

func (p *diffPrinter) findings(list []DiffFinding, what, why snapshot.Text) {
	for _, f := range list {
		fmt.Fprintf(p.out, "%s  %s  %s  %s\n", p.paint(f.Status, f.Status), f.Check, f.Code, what.In(p.opt.Lang))
		p.line("      ", f.Message)
		for _, r := range f.Rows {
			p.line("      ", snapshot.Textf("by %s", "変化した行: %s", r).In(p.opt.Lang))
		}
		if !why.Empty() {
			p.line("      ", "("+why.In(p.opt.Lang)+")")
		}
		p.out.WriteString("\n")
	}
}

// gaps shows each once, with the checks that can't tell for it.
func (p *diffPrinter) gaps(list []DiffGap, en, ja string) {
	for _, g := range together(list) {
		fmt.Fprintf(p.out, "%s  %s\n", p.paint("UNKNOWN", "UNKNOWN"), p.say(en, ja))
		p.line("      ", g.said())
		if len(g.checks) > 0 {
			p.line("      ", g.keeps(p.opt.Lang))
		}
		p.out.WriteString("\n")
	}
}

// checks shows those whose status changed, by what it was and is.
func (p *diffPrinter) checks(t TargetDiff) {
	var moves []string
	of := map[string][]string{}
	for _, c := range t.Checks {
		m := orNone(c.Before) + " -> " + orNone(c.After)
		if of[m] == nil {
			moves = append(moves, m)
		}
		of[m] = append(of[m], c.Check)
	}
	for _, m := range moves {
		p.line("", m+"  "+strings.Join(of[m], ", "))
	}
	if len(moves) > 0 {
		p.out.WriteString("\n")
	}
}

func orNone(status string) string {
	if status == "" {
		return "-"
	}
	return status
}
