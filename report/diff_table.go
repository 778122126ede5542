package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DiffRenderer writes a Diff in one format.
type DiffRenderer func(io.Writer, Diff, TableOptions) error

func diffJSON(w io.Writer, d Diff, opt TableOptions) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// diffTable writes what changed, and unless it is to be quiet, what did not.
func diffTable(w io.Writer, d Diff, opt TableOptions) error {
	if opt.Width < 40 {
		opt.Width = DefaultWidth
	}
	var b bytes.Buffer
	p := &diffPrinter{printer{opt: opt, out: &b}}
	for _, t := range d.Targets {
		if !t.equal() || !opt.Quiet {
			p.target(t, len(d.Targets) > 1)
			if opt.Wide {
				if err := p.every(d, t); err != nil {
					return err
				}
			}
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
		p.line("", wordNoChange.In(opt.Lang))
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
		return v.orNone(p.opt.Lang)
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

// every lists all checks with their evidence in both reports: what is in one of them only,
// or is other in the other, behind a sign; of a quiet table nothing else.
func (p *diffPrinter) every(d Diff, t TargetDiff) error {
	var sides [2]Target
	for i, at := range []struct {
		of Report
		n  int
	}{{d.was, t.was}, {d.is, t.is}} {
		if at.n > 0 {
			var err error
			if sides[i], err = at.of.nth(at.n - 1); err != nil {
				return err
			}
		}
	}
	before, after := sides[0], sides[1]
	worded := before.wordedAs(after)
	var rows []signed
	for _, r := range after.Results {
		old := before.result(r.Check)
		switch {
		case old == nil:
			rows = append(rows, signed{"+", r})
		case old.Status != r.Status || worded && !old.saysAs(r):
			rows = append(rows, signed{"-", *old}, signed{"+", r})
		case !p.opt.Quiet:
			rows = append(rows, signed{" ", r})
		}
	}
	for _, r := range before.Results {
		if after.result(r.Check) == nil {
			rows = append(rows, signed{"-", r})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	p.line("", snapshot.Text{En: "All checks: - before, + after", Ja: "すべてのチェック（- 変更前、+ 変更後）"}.In(p.opt.Lang))
	p.out.WriteString("\n")
	if err := p.signed(rows); err != nil {
		return err
	}
	p.out.WriteString("\n")
	return nil
}

// saysAs reports whether a table says the same of two results.
func (r Result) saysAs(o Result) bool {
	return r.Status == o.Status && slices.EqualFunc(r.Findings, o.Findings, func(a, b Finding) bool {
		return a.Status == b.Status && a.Code == b.Code && a.Message == b.Message && slices.Equal(a.Evidence, b.Evidence) && (a.Waived == nil) == (b.Waived == nil)
	})
}

func (p *diffPrinter) findings(list []DiffFinding, what, why snapshot.Text) {
	for _, f := range list {
		fmt.Fprintf(p.out, "%s  %s  %s  %s\n", p.status(f.Status), f.Check, f.Code, what.In(p.opt.Lang))
		p.line("      ", f.Message)
		for _, r := range f.Rows {
			p.line("      ", by(r, p.opt.Lang))
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
		fmt.Fprintf(p.out, "%s  %s\n", p.status(Unknown), p.say(en, ja))
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

func orNone(status Status) string {
	if status == "" {
		return "-"
	}
	return string(status)
}
