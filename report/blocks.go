package report

import (
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The widths of the column of statuses: of the short ones, and with UNKNOWN.
const (
	labelWidth   = 4
	labelUnknown = statusWidth
)

// begin opens a block with a status and what it is about; what is said of it hangs below.
func (p *printer) begin(status Status, head string) {
	p.out.WriteString("\n")
	p.labelled(status, head)
}

// labelled puts text behind a status.
func (p *printer) labelled(status Status, text string) {
	pad := strings.Repeat(" ", max(p.label-len(status), 0)+gutter)
	p.hangPainted(p.status(status)+pad, p.label+gutter, text)
}

// below prints text under the head of a block.
func (p *printer) below(text string) { p.hang(strings.Repeat(" ", p.label+gutter), text) }

// fact is a line of a block: a word, and what it is about.
type fact struct {
	word snapshot.Text
	text string
}

// facts prints them with their texts in one column.
func (p *printer) facts(list []fact) {
	width := 0
	for _, f := range list {
		width = max(width, Width(p.say(f.word)))
	}
	before := ""
	for _, f := range list {
		word := p.say(f.word)
		if word == before {
			word = ""
		} else {
			before = word
		}
		p.hang(strings.Repeat(" ", p.label+gutter)+word+strings.Repeat(" ", width-Width(word)+gutter), f.text)
	}
}

// mostEvidence is how many facts of a finding are shown; wide, --explain and JSON
// show all.
const mostEvidence = 3

// has are the facts of a finding, cut in the middle: of a long way the place that decides
// stands at the end.
func has(f Finding) []fact {
	list := make([]fact, 0, len(f.Evidence))
	for _, e := range f.Evidence {
		list = append(list, fact{wordHas, e.Ref + ": " + e.Fact})
	}
	if len(list) <= mostEvidence {
		return list
	}
	decides := list[mostEvidence-1]
	if f.About != nil {
		for i, e := range f.Evidence[mostEvidence:] {
			if e.Ref == f.About.Holder {
				decides = list[mostEvidence+i]
			}
		}
	}
	cut := fact{wordHas, fmt.Sprintf("(+%d)", len(list)-mostEvidence)}
	if decides == list[mostEvidence-1] {
		return append(list[:mostEvidence:mostEvidence], cut)
	}
	return append(list[:mostEvidence-1:mostEvidence-1], cut, decides)
}

// wrong shows what is wrong, what was seen, and how it is mended.
func (p *printer) wrong(one *trouble) {
	f := one.finding
	p.begin(one.status, strings.TrimSpace(one.result.Check+"  "+f.Code))
	p.below(p.sentence(f.Message))
	list := has(f)
	if len(f.Errors) > 0 {
		list = append(list, fact{wordGives, strings.Join(f.Errors, ", ")})
	}
	if f.Fix != nil {
		list = append(list, fact{wordFix, f.Fix.Text})
	}
	for _, m := range one.more {
		text := m.Message
		if m.Fix != nil {
			text = m.Fix.Text
		}
		list = append(list, fact{wordFix, text})
	}
	if len(one.others) > 0 {
		list = append(list, fact{wordMends, names(one.others, len(one.others))})
	}
	p.facts(list)
}

// mostMembers are named of the checks that one step settles.
const mostMembers = 3

// unknown shows what can't be told, and what would settle it.
func (p *printer) unknown(one *trouble) {
	p.begin(one.status, one.result.Check)
	p.below(p.sentence(OfAll(one.finding.Message, one.refs, mostMembers)))
	var list []fact
	if len(one.calls) > 1 && one.class != "denied" {
		list = append(list, fact{wordCalls, p.say(snapshot.Textf("%d more failed like this one", "他 %d 件も同じ理由で失敗", len(one.calls)-1))})
	}
	if text := p.say(one.remedy); text != "" && (one.class != "denied" || len(one.calls) > 1) { // one call says it itself
		list = append(list, fact{wordFix, text})
	}
	if len(one.others) > 0 {
		list = append(list, fact{wordSettles, names(one.others, mostMembers)})
	}
	p.facts(list)
}

// names are the first of the members, and how many there are beyond.
func names(list []member, most int) string {
	var all []string
	for _, m := range list {
		all = append(all, strings.TrimSpace(m.check+" "+m.code))
	}
	return firstOf(all, most)
}

// firstOf are the first of a list, and how many there are beyond: never one alone.
func firstOf(list []string, most int) string {
	if len(list) > most+1 {
		list = append(list[:most:most], fmt.Sprintf("(+%d)", len(list)-most))
	}
	return strings.Join(list, ", ")
}

// rest says in a line each why checks were skipped, and what passed.
func (p *printer) rest(t Target) {
	type line struct {
		status Status
		text   string
	}
	var lines []line
	for _, r := range t.skips(p.opt.Lang) {
		who := strings.Join(r.checks, ", ")
		if len(r.checks) > mostMembers {
			who = p.say(snapshot.Textf("%d checks", "%d 件", len(r.checks)))
		}
		lines = append(lines, line{r.status, who + ": " + r.text})
	}
	var passed []string
	for _, c := range t.passes() {
		passed = append(passed, p.say(snapshot.Textf("%s %d of %d", "%s %d/%d", c.area, c.passed, c.all)))
	}
	if len(passed) > 0 && !p.opt.Quiet {
		lines = append(lines, line{Pass, strings.Join(passed, ", ")})
	}
	for i, l := range lines {
		if i == 0 {
			p.out.WriteString("\n")
		}
		p.labelled(l.status, l.text)
	}
}

func (p *printer) sentence(text string) string { return sentence(text, p.opt.Lang) }

// sentence begins a message with a capital, unless it begins with a name.
func sentence(text, lang string) string {
	word, _, _ := strings.Cut(text, " ")
	if lang == "ja" || word == "" || word[0] < 'a' || word[0] > 'z' || strings.ContainsAny(word, "-:./0123456789_") || strings.ToLower(word) != word {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
