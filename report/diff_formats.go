package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// lists are the lists of findings of a target, what changed first.
func (t TargetDiff) lists() []diffList {
	return []diffList{
		{"new", wordNew, wordNew, t.New},
		{"revealed", wordRevealed, snapshot.Text{En: "Revealed: before, it could not be told or was not asked", Ja: "判明（以前は判定できなかったか、対象外だった）"}, t.Revealed},
		{"hidden", wordHidden, snapshot.Text{En: "Hidden, not resolved: it can no longer be told, is not asked, or is waived", Ja: "未確認（解消したとは言えない。判定できなくなったか、対象外か、許容されている）"}, t.Hidden},
		{"resolved", wordResolved, wordResolved, t.Resolved},
		{"unchanged", wordUnchanged, wordUnchanged, t.Unchanged},
	}
}

var (
	wordNew       = snapshot.Text{En: "New", Ja: "新規"}
	wordRevealed  = snapshot.Text{En: "Revealed", Ja: "判明"}
	wordHidden    = snapshot.Text{En: "Hidden, not resolved", Ja: "未確認（解消したとは言えない）"}
	wordResolved  = snapshot.Text{En: "Resolved", Ja: "解消"}
	wordUnchanged = snapshot.Text{En: "Unchanged", Ja: "変化なし"}
	wordChanged   = snapshot.Text{En: "What changed", Ja: "変わった点"}
	wordNoChange  = snapshot.Text{En: "No finding changed.", Ja: "検出事項に変化はない。"}
	wordSince     = snapshot.Text{En: "Since the baseline:", Ja: "ベースラインからの変化:"}
)

type diffList struct {
	name        string
	word, title snapshot.Text
	findings    []DiffFinding
}

// toldGap is a gap, with the checks that it keeps from telling, and what else was not
// dialled for the same reason.
type toldGap struct {
	message      string
	checks, refs []string
}

func (g toldGap) said() string {
	return OfAll(g.message, g.refs, mostMembers)
}

func (g toldGap) keeps(lang string) string {
	return snapshot.Textf("it keeps from telling: %s", "判定に影響するチェック: %s", strings.Join(g.checks, ", ")).In(lang)
}

// together are gaps, each told once.
func together(list []DiffGap) []toldGap {
	var keys []string
	var out []toldGap
	for _, g := range list {
		key := g.Reason()
		i := slices.Index(keys, key)
		if i < 0 {
			i = len(out)
			keys, out = append(keys, key), append(out, toldGap{message: g.Message})
		}
		if g.Check != "" && !slices.Contains(out[i].checks, g.Check) {
			out[i].checks = append(out[i].checks, g.Check)
		}
		if g.Code == string(snapshot.NotDialled) && !slices.Contains(out[i].refs, g.Ref) {
			out[i].refs = append(out[i].refs, g.Ref)
		}
	}
	return out
}

// diffGap is a gap with what became of it.
type diffGap struct {
	name  string
	title snapshot.Text
	DiffGap
}

const gapOpened = "gap opened"

// gapList is a list of gaps that became the same.
type gapList struct {
	name  string
	title snapshot.Text
	class literal
	gaps  []DiffGap
}

func (t TargetDiff) gapLists() []gapList {
	return []gapList{
		{gapOpened, snapshot.Text{En: "A gap opened", Ja: "見えなくなった"}, "unknown", t.GapsOpened},
		{"gap closed", snapshot.Text{En: "A gap closed", Ja: "見えるようになった"}, "pass", t.GapsClosed},
	}
}

func (t TargetDiff) gaps() []diffGap {
	var out []diffGap
	for _, l := range t.gapLists() {
		for _, g := range l.gaps {
			out = append(out, diffGap{l.name, l.title, g})
		}
	}
	return out
}

// diffMarkdown writes what changed as a comment for a pull request or a ticket, and
// what did not behind a fold.
func diffMarkdown(w io.Writer, d Diff, opt TableOptions) error {
	var b comment
	b.Put("## DataSync: %\n\n", moved(d.Before.Verdict, d.After.Verdict, opt.Lang))
	if d.Equal {
		b.Put("%\n", wordNoChange.In(opt.Lang))
	}
	d.markdown(&b, opt)
	if err := d.markdownPictures(&b, opt.Lang); err != nil {
		return err
	}
	if len(d.Rows) > 0 && !opt.Quiet {
		b.Put("\n<details><summary>%</summary>\n\n", snapshot.Textf("Rows that changed: %d", "変化した行: %d 件", len(d.Rows)).In(opt.Lang))
		for i, r := range d.Rows {
			if b.Len() > mostOfComment {
				b.Put("- (+%)\n", len(d.Rows)-i)
				break
			}
			b.Put("- %\n", r.String())
		}
		b.Put("\n</details>\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownPictures draws the first paths that changed: after in sight, before behind a fold.
func (d Diff) markdownPictures(b *comment, lang string) error {
	drawn := 0
	for _, t := range d.Targets {
		list, err := d.pictures(t, lang)
		if err != nil {
			return err
		}
		if len(list) > 0 && drawn < mostInComment {
			drawn++
			markdownPicture(b, named(t.Name, list), wordPath.In(lang), lang, true)
		}
	}
	return nil
}

// markdown writes what changed of each target, as much as a comment has room for.
func (d Diff) markdown(b *comment, opt TableOptions) {
	for i, t := range d.Targets {
		if b.Len() > mostOfFindings {
			b.Put("\n(+%)\n", len(d.Targets)-i)
			break
		}
		if t.equal() && (opt.Quiet || len(t.Unchanged) == 0) {
			continue
		}
		if len(d.Targets) > 1 {
			b.Put("\n### %: %\n", t.Name, t.moved(opt.Lang))
		}
		for _, l := range t.lists() {
			fold := l.name == "unchanged"
			if len(l.findings) == 0 || fold && opt.Quiet {
				continue
			}
			if fold {
				b.Put("\n<details><summary>%: %</summary>\n\n", l.title.In(opt.Lang), len(l.findings))
			} else {
				b.Put("\n**%**\n\n", l.title.In(opt.Lang))
			}
			for _, f := range l.findings {
				b.Put("- % % %: %\n", f.Status, outside.Code(f.Check), f.Code, f.Message)
				for _, r := range f.Rows {
					b.Put("  - %\n", by(r, opt.Lang))
				}
			}
			if fold {
				b.Put("\n</details>\n")
			}
		}
		for _, l := range t.gapLists() {
			if len(l.gaps) > 0 {
				b.Put("\n**%**\n\n", l.title.In(opt.Lang))
			}
			for _, g := range together(l.gaps) {
				b.Put("- %\n", g.said())
				if len(g.checks) > 0 {
					b.Put("  - %\n", g.keeps(opt.Lang))
				}
			}
		}
	}
}

// diffColumns are the columns of the CSV, which scripts may rely on by name.
var diffColumns = []string{"target", "change", "status", "check", "code", "subject", "message", "rows"}

// diffCSV writes a row for each finding and each gap, with what became of it.
func diffCSV(w io.Writer, d Diff, opt TableOptions) error {
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
				if err := put(t.Name, l.name, string(f.Status), f.Check, f.Code, f.Subject, f.Message, strings.Join(rows, "; ")); err != nil {
					return err
				}
			}
		}
		for _, g := range t.gaps() {
			if err := put(t.Name, g.name, string(Unknown), g.Check, g.Code, g.Ref, g.Message, ""); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
