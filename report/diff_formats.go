package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// lists are the lists of findings of a target, what changed first.
func (t TargetDiff) lists() []diffList {
	return []diffList{
		{"new", snapshot.Text{En: "New", Ja: "新規"}, t.New},
		{"revealed", snapshot.Text{En: "Revealed: before, it could not be told or was not asked", Ja: "判明（以前は判定できなかったか、対象外だった）"}, t.Revealed},
		{"hidden", snapshot.Text{En: "Hidden, not resolved: it can no longer be told, is not asked, or is waived", Ja: "未確認（解消したとは言えない。判定できなくなったか、対象外か、許容されている）"}, t.Hidden},
		{"resolved", snapshot.Text{En: "Resolved", Ja: "解消"}, t.Resolved},
		{"unchanged", snapshot.Text{En: "Unchanged", Ja: "変化なし"}, t.Unchanged},
	}
}

type diffList struct {
	name     string
	title    snapshot.Text
	findings []DiffFinding
}

// diffGap is a gap with what became of it.
type diffGap struct {
	name  string
	title snapshot.Text
	DiffGap
}

func (t TargetDiff) gaps() []diffGap {
	var out []diffGap
	for _, g := range t.GapsOpened {
		out = append(out, diffGap{"gap opened", snapshot.Text{En: "A gap opened", Ja: "見えなくなった"}, g})
	}
	for _, g := range t.GapsClosed {
		out = append(out, diffGap{"gap closed", snapshot.Text{En: "A gap closed", Ja: "見えるようになった"}, g})
	}
	return out
}

// diffMarkdown writes what changed as a comment for a pull request or a ticket, and
// what did not behind a fold.
func diffMarkdown(w io.Writer, d Diff, opt TableOptions) error {
	if opt.Quiet && d.Equal {
		return nil
	}
	var b strings.Builder
	label := func(v Verdict) string {
		if v == "" {
			return snapshot.Text{En: "not there", Ja: "なし"}.In(opt.Lang)
		}
		return v.Label()
	}
	fmt.Fprintf(&b, "## DataSync: %s → %s\n\n", label(d.Before.Verdict), label(d.After.Verdict))
	if d.Equal {
		b.WriteString(snapshot.Text{En: "No finding changed.", Ja: "検出事項に変化はない。"}.In(opt.Lang) + "\n")
	}
	for _, t := range d.Targets {
		if t.equal() && (opt.Quiet || len(t.Unchanged) == 0) {
			continue
		}
		if len(d.Targets) > 1 {
			fmt.Fprintf(&b, "\n### %s: %s → %s\n", escapeMarkdown(t.Name), label(t.Before), label(t.After))
		}
		for _, l := range t.lists() {
			fold := l.name == "unchanged"
			if len(l.findings) == 0 || fold && opt.Quiet {
				continue
			}
			if fold {
				fmt.Fprintf(&b, "\n<details><summary>%s: %d</summary>\n\n", l.title.In(opt.Lang), len(l.findings))
			} else {
				fmt.Fprintf(&b, "\n**%s**\n\n", l.title.In(opt.Lang))
			}
			for _, f := range l.findings {
				fmt.Fprintf(&b, "- %s `%s` %s: %s\n", f.Status, f.Check, f.Code, escapeMarkdown(f.Message))
				for _, r := range f.Rows {
					fmt.Fprintf(&b, "  - %s\n", escapeMarkdown(snapshot.Textf("by %s", "変化した行: %s", r).In(opt.Lang)))
				}
			}
			if fold {
				b.WriteString("\n</details>\n")
			}
		}
		before := ""
		for _, g := range t.gaps() {
			if g.name != before {
				before = g.name
				fmt.Fprintf(&b, "\n**%s**\n\n", g.title.In(opt.Lang))
			}
			fmt.Fprintf(&b, "- %s\n", escapeMarkdown(strings.TrimSpace(g.Check+" "+g.Message)))
		}
	}
	if len(d.Rows) > 0 && !opt.Quiet {
		fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n", snapshot.Textf("Rows that changed: %d", "変化した行: %d 件", len(d.Rows)).In(opt.Lang))
		for _, r := range d.Rows {
			fmt.Fprintf(&b, "- %s\n", escapeMarkdown(r.String()))
		}
		b.WriteString("\n</details>\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// diffColumns are the columns of the CSV, which scripts may rely on by name.
var diffColumns = []string{"target", "change", "status", "check", "code", "subject", "message", "rows"}

// diffCSV writes a row for each finding and each gap, with what became of it.
func diffCSV(w io.Writer, d Diff, opt TableOptions) error {
	if opt.Quiet && d.Equal {
		return nil
	}
	out := csv.NewWriter(w)
	if err := out.Write(diffColumns); err != nil {
		return err
	}
	put := func(cells ...string) error {
		for i := range cells {
			cells[i] = outside.Of(cells[i]).Cell()
		}
		return out.Write(cells)
	}
	for _, t := range d.Targets {
		for _, l := range t.lists() {
			if l.name == "unchanged" && opt.Quiet {
				continue
			}
			for _, f := range l.findings {
				var rows []string
				for _, r := range f.Rows {
					rows = append(rows, r.String())
				}
				if err := put(t.Name, l.name, f.Status, f.Check, f.Code, f.Subject, f.Message, strings.Join(rows, "; ")); err != nil {
					return err
				}
			}
		}
		for _, g := range t.gaps() {
			if err := put(t.Name, g.name, "UNKNOWN", g.Check, g.Code, g.Ref, g.Message, ""); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
