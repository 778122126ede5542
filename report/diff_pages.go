package report

import (
	"io"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// summary is what changed, in a line.
func (d Diff) summary(lang string) string {
	line := moved(d.Before.Verdict, d.After.Verdict, lang)
	if d.Equal {
		line += ". " + wordNoChange.In(lang)
	}
	return line
}

// moved is a verdict before and after.
func moved(before, after Verdict, lang string) string {
	return before.orNone(lang) + " → " + after.orNone(lang)
}

func (t TargetDiff) moved(lang string) string { return moved(t.Before, t.After, lang) }

// orNone is the verdict of a target that may not be in the report.
func (v Verdict) orNone(lang string) string {
	if v == "" {
		return snapshot.Text{En: "not there", Ja: "なし"}.In(lang)
	}
	return v.Label()
}

// said is what changed, a line each.
func (t TargetDiff) said(lang string) []string {
	out := []string{}
	for _, l := range t.lists() {
		if l.name == "unchanged" {
			continue
		}
		for _, f := range l.findings {
			out = append(out, strings.Join(strings.Fields(l.word.In(lang)+": "+string(f.Status)+" "+f.Check+" "+f.Code), " ")+": "+f.Message)
			for _, r := range f.Rows {
				out = append(out, by(r, lang))
			}
		}
	}
	for _, l := range t.gapLists() {
		for _, g := range together(l.gaps) {
			out = append(out, l.title.In(lang)+": "+g.said())
		}
	}
	return out
}

// by names a row to blame.
func by(r DiffRow, lang string) string {
	return snapshot.Textf("by %s", "変化した行: %s", r).In(lang)
}

// diffGitHub writes what changed as workflow commands, within GitHub's caps: what is new
// or came to light as annotations of its own kind, what can no longer be told as notices.
func diffGitHub(w io.Writer, d Diff, opt TableOptions) error {
	var b strings.Builder
	counts, left := map[literal]int{}, 0
	tell := func(command literal, title, text string) {
		if counts[command] == mostAnnotations-1 { // room for the last one, the verdict
			left++
			return
		}
		counts[command]++
		b.WriteString(outside.Annotation(command, "", 0, title, text))
	}
	for _, t := range d.Targets {
		for _, l := range t.lists() {
			for _, f := range l.findings {
				command := literal("notice")
				switch {
				case l.name == "unchanged":
					continue
				case l.name != "new" && l.name != "revealed":
				case f.Status == Fail:
					command = "error"
				default:
					command = "warning"
				}
				lines := []string{l.title.In(opt.Lang), f.Message}
				for _, r := range f.Rows {
					lines = append(lines, by(r, opt.Lang))
				}
				tell(command, strings.Join(strings.Fields(string(f.Status)+" "+f.Check+" "+f.Code+" "+t.Name), " "), strings.Join(lines, "\n"))
			}
		}
		for _, g := range t.gaps() {
			tell("notice", strings.Join(strings.Fields(g.title.In(opt.Lang)+" "+g.Check+" "+t.Name), " "), g.Message)
		}
	}
	said := d.summary(opt.Lang)
	if left > 0 {
		said += snapshot.Textf(" (%d more not shown here)", "（ほか %d 件は省略）", left).In(opt.Lang)
	}
	b.WriteString(outside.Annotation("notice", "", 0, "dspreflight", said))
	_, err := io.WriteString(w, b.String())
	return err
}

// diffHTML writes what changed as a page that stands alone, as that of one report does,
// with what did not change behind folds.
func diffHTML(w io.Writer, d Diff, opt TableOptions) error {
	p := &page{lang: opt.Lang, told: Told{}}
	p.open("DataSync: "+d.summary(opt.Lang), d.Tool.Version, d.After.GeneratedAt)
	p.put(`<h1 class="%">%</h1>`, statusClass(d.After.Verdict), d.summary(opt.Lang))
	p.put("</header><main>\n")
	drawn := 0
	for _, t := range d.Targets {
		if opt.Quiet && t.equal() {
			continue
		}
		p.put(`<section><h2>% <span class="word %">%</span></h2>`, t.Name, statusClass(t.After), t.moved(opt.Lang))
		list, err := d.pictures(t, opt.Lang)
		if err != nil {
			return err
		}
		if drawn++; len(list) > 0 && drawn <= mostPictures {
			p.put(`<h3>%</h3>`, p.say(wordPath))
			p.figures(list)
		}
		p.changed(t, opt.Quiet)
		p.put("</section>\n")
	}
	if len(d.Rows) > 0 && !opt.Quiet {
		p.put(`<details><summary>%</summary>`, snapshot.Textf("Rows that changed: %d", "変化した行: %d 件", len(d.Rows)).In(opt.Lang))
		p.rows(d.Rows)
		p.put("</details>\n")
	}
	p.put("</main></body></html>\n")
	_, err := w.Write(p.Bytes())
	return err
}

// since is what changed since a baseline, if there is one.
func (p *page) since(d *Diff) {
	if d == nil {
		return
	}
	p.put(`<section><h2>% %</h2>`, p.say(wordSince), d.summary(p.lang))
	for _, t := range d.Targets {
		if len(d.Targets) > 1 && !t.equal() {
			p.put(`<h3>% <span class="word %">%</span></h3>`, t.Name, statusClass(t.After), t.moved(p.lang))
		}
		p.changed(t, true)
	}
	p.put("</section>\n")
}

// changed is what changed of a target, with what did not behind a fold.
func (p *page) changed(t TargetDiff, quiet bool) {
	for _, l := range t.lists() {
		if len(l.findings) == 0 || l.name == "unchanged" && quiet {
			continue
		}
		fold := l.name == "unchanged"
		if fold {
			p.put(`<details><summary>% (%)</summary>`, l.title.In(p.lang), len(l.findings))
		} else {
			p.put(`<h3>% (%)</h3>`, l.title.In(p.lang), len(l.findings))
		}
		for _, f := range l.findings {
			p.put(`<article class="finding is-%"><h4><span class="word %">%</span> % <span class="id">%</span></h4><p>%</p>`, statusClass(f.Status), statusClass(f.Status), f.Status, f.Code, name(f.Check), prose(sentence(f.Message, p.lang)))
			p.rows(f.Rows)
			p.put("</article>\n")
		}
		if fold {
			p.put("</details>\n")
		}
	}
	for _, l := range t.gapLists() {
		if len(l.gaps) > 0 {
			p.put(`<h3>%</h3>`, l.title.In(p.lang))
		}
		for _, g := range together(l.gaps) {
			p.put(`<article class="finding is-%"><p>%</p>`, l.class, prose(sentence(g.said(), p.lang)))
			if len(g.checks) > 0 {
				p.put(`<p class="faint">%</p>`, prose(g.keeps(p.lang)))
			}
			p.put("</article>\n")
		}
	}
}

// rows lists the rows of a snapshot that changed.
func (p *page) rows(list []DiffRow) {
	if len(list) == 0 {
		return
	}
	p.put(`<p class="faint">%</p><ul>`, p.say(snapshot.Text{En: "by the change of", Ja: "変化した行"}))
	for _, r := range list {
		p.put(`<li class="id">%</li>`, prose(r.String()))
	}
	p.put("</ul>")
}
