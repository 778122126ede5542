package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// picture is a drawing with what it shows, or words that stand in place of one.
type picture struct {
	drawing
	name string
	said []string
}

var (
	wordBefore = snapshot.Text{En: "Before this change", Ja: "変更前"}
	wordAfter  = snapshot.Text{En: "After this change", Ja: "変更後"}
	wordNewHop = snapshot.Text{En: "not in the picture before", Ja: "変更前の図にはない"}
	wordOldHop = snapshot.Text{En: "not in the picture after", Ja: "変更後の図にはない"}
	wordWas    = snapshot.Text{En: "before: %s", Ja: "変更前は %s"}
	wordWill   = snapshot.Text{En: "after: %s", Ja: "変更後は %s"}
	wordOther  = snapshot.Text{En: "other before", Ja: "変更前と異なる"}
	wordOthers = snapshot.Text{En: "other after", Ja: "変更後と異なる"}
)

// pictures are those of a target: of a planned change, before and after.
func (t Target) pictures(lang string) []picture {
	switch {
	case t.Path == nil:
		return nil
	case t.PathBefore == nil:
		return []picture{{drawing: draw(t.Path, t.endpointFaults(false), lang)}}
	}
	before, after := draw(t.PathBefore, t.endpointFaults(true), lang), draw(t.Path, t.endpointFaults(false), lang)
	compare(&before, &after, true)
	return []picture{{drawing: before, name: wordBefore.In(lang)}, {drawing: after, name: wordAfter.In(lang)}}
}

// picturesOf are those of the nth target: since a baseline, of both.
func (r Report) picturesOf(n int, t Target, lang string) ([]picture, error) {
	if d := r.since(n); d != nil {
		if list, err := r.Baseline.pictures(*d, lang); len(list) > 0 || err != nil {
			return list, err
		}
	}
	return t.pictures(lang), nil
}

// pictures are those of a target in both reports, where something changed.
func (d Diff) pictures(t TargetDiff, lang string) ([]picture, error) {
	var out []picture
	var sides [2]Target
	for i, side := range []struct {
		of      Report
		n       int
		name    snapshot.Text
		verdict Verdict
	}{{d.was, t.was, snapshot.Text{En: "Before", Ja: "変更前"}, t.Before}, {d.is, t.is, snapshot.Text{En: "After", Ja: "変更後"}, t.After}} {
		if side.n == 0 {
			continue
		}
		one, err := side.of.nth(side.n - 1)
		if err != nil {
			return nil, err
		}
		if sides[i] = one; one.Path != nil {
			out = append(out, picture{drawing: draw(one.Path, one.endpointFaults(false), lang), name: side.name.In(lang) + ": " + side.verdict.Label()})
		}
	}
	changed := !t.equal()
	if len(out) == 2 {
		changed = compare(&out[0].drawing, &out[1].drawing, sides[0].wordedAs(sides[1])) || changed
	}
	if !changed {
		return nil, nil
	}
	return out, nil
}

// wordedAs reports whether two reports of a target are in one language, as far as what they
// share tells.
func (t Target) wordedAs(o Target) bool {
	for _, r := range t.Results {
		if s := o.result(r.Check); s != nil {
			return r.Title == s.Title
		}
	}
	return false
}

// result is that of a check, nil if the report has none.
func (t Target) result(check string) *Result {
	if i := slices.IndexFunc(t.Results, func(r Result) bool { return r.Check == check }); i >= 0 {
		return &t.Results[i]
	}
	return nil
}

// compare notes in two drawings of one path what is other in the other, and reports whether
// anything is: what is told of rules is compared where both tell it in one language.
func compare(before, after *drawing, worded bool) bool {
	changed := false
	note := func(at *string, t snapshot.Text, args ...any) {
		*at, changed = fmt.Sprintf(t.In(before.lang), args...), true
	}
	var was, is []*step
	before.each(func(s *step) { was = append(was, s) })
	after.each(func(s *step) { is = append(is, s) })
	match := func(same func(old, s *step) bool) {
		is = slices.DeleteFunc(is, func(s *step) bool {
			i := slices.IndexFunc(was, func(old *step) bool { return old.way == s.way && old.Layer == s.Layer && same(old, s) })
			if i < 0 {
				return false
			}
			old := was[i]
			was = slices.Delete(was, i, i+1)
			switch {
			case old.Status != s.Status:
				note(&s.note, wordWas, old.Status)
				note(&old.note, wordWill, s.Status)
			case worded && !slices.Equal(old.Facts, s.Facts):
				note(&s.note, wordOther)
				note(&old.note, wordOthers)
			}
			return true
		})
	}
	match(func(old, s *step) bool { return old.Ref == s.Ref })
	match(func(old, s *step) bool { return old.Ref == "" || s.Ref == "" }) // what it is was not seen once
	for _, s := range is {
		note(&s.note, wordNewHop)
	}
	for _, s := range was {
		note(&s.note, wordOldHop)
	}
	for i, end := range []func(*drawing) string{
		func(d *drawing) string { return fmt.Sprint(d.path.Agent) },
		func(d *drawing) string { return fmt.Sprint(d.path.Endpoint, d.path.Task, len(d.fault) > 0) },
	} {
		if end(before) != end(after) {
			note(&after.notes[i], wordOther)
			note(&before.notes[i], wordOthers)
		}
	}
	return changed
}

// each hands on every step, on each way in its order.
func (d *drawing) each(use func(*step)) {
	for w := range d.ways {
		for i := range d.bands {
			for n := range d.bands[i].steps[w] {
				use(&d.bands[i].steps[w][n])
			}
		}
	}
}

// sheet is an SVG in the making: pictures and texts, one under the other.
type sheet struct {
	markup
	y int
}

const sheetWidth = 2*wayWidth + waysGap

// text puts lines under what is there.
func (s *sheet) text(lines ...line) { s.y = s.textAt(margin, s.y, lines) }

// list puts texts under a heading, if there are any.
func (s *sheet) list(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	s.text(line{title, "head", headLine + 4})
	for _, t := range texts {
		s.text(linesOf(t, pageRoom, "", smallLine)...)
	}
}

func (s *sheet) pictures(list []picture, lang string) {
	if len(list) == 0 {
		s.y += bandPad
		s.text(line{wordNoPath.In(lang), "head", headLine})
	}
	for i, p := range layouts(list) {
		if list[i].name != "" {
			s.y += bandPad
			s.text(line{list[i].name, "head", headLine})
		}
		s.y += bandPad
		for w := range p.ways {
			s.put(`<g transform="translate(%,%)">`, margin+w*(wayWidth+waysGap), s.y)
			p.column(&s.markup, w)
			s.put("</g>")
		}
		s.y += p.high
	}
}

func (s *sheet) write(w io.Writer, lang, title string) error {
	var m markup
	m.put(`<svg xmlns="http://www.w3.org/2000/svg" width="%" height="%" viewBox="0 0 % %" role="img" lang="%"><title>%</title><style>`, sheetWidth+2*margin, s.y, sheetWidth+2*margin, s.y, lang, "DataSync: "+title)
	m.put(drawingStyle)
	m.put(`</style><rect class="page" width="%" height="%"/>`, sheetWidth+2*margin, s.y)
	if _, err := w.Write(m.Bytes()); err != nil {
		return err
	}
	if _, err := w.Write(s.Bytes()); err != nil {
		return err
	}
	_, err := io.WriteString(w, "</svg>\n")
	return err
}

// SVG returns a renderer for a picture of each target, one under the other.
func SVG(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		s := &sheet{y: margin}
		n := 0
		err := r.each(func(t Target) error {
			s.text(line{sentence(r.headlineOf(t, lang), lang), "big", 26}, line{t.Name, "mono faint", smallLine})
			list, err := r.picturesOf(n, t, lang)
			if err != nil {
				return err
			}
			s.pictures(list, lang)
			if d := r.since(n); d != nil {
				s.list(wordSince.In(lang)+" "+d.moved(lang), d.said(lang))
			}
			s.list(wordElsewhere.In(lang), aside(t))
			s.y += 2 * margin
			n++
			return nil
		})
		if err != nil {
			return err
		}
		return s.write(w, lang, r.headline(lang))
	}
}

// diffSVG draws each target that changed before and after, one under the other, with what
// changed in words.
func diffSVG(w io.Writer, d Diff, opt TableOptions) error {
	s := &sheet{y: margin}
	s.text(line{d.summary(opt.Lang), "big", 26})
	for _, t := range d.Targets {
		list, err := d.pictures(t, opt.Lang)
		if err != nil {
			return err
		}
		if len(list) == 0 && t.equal() {
			continue
		}
		s.text(line{strings.TrimSpace(t.Name + "  " + t.moved(opt.Lang)), "mono faint", smallLine})
		s.pictures(list, opt.Lang)
		s.list(wordChanged.In(opt.Lang), t.said(opt.Lang))
		s.y += 2 * margin
	}
	return s.write(w, opt.Lang, d.summary(opt.Lang))
}

// headlineOf is the headline of one target.
func (r Report) headlineOf(t Target, lang string) string {
	one := r
	one.Verdict, one.Targets = t.Verdict, []Target{t}
	return strings.TrimSpace(one.headline(lang))
}
