package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// matrix shows many targets at a glance, with filters that need no script.
func (p *page) matrix(r Report) error {
	telling := map[string]bool{}
	count := map[Verdict]int{}
	var names []string
	type row struct {
		name    string
		verdict Verdict
		cells   []Status
	}
	var rows []row
	err := r.each(func(t Target) error {
		one := row{name: t.Name, verdict: t.Verdict}
		for i, res := range t.Results {
			if len(rows) == 0 {
				names = append(names, res.Check)
			}
			if i < len(names) && names[i] == res.Check {
				one.cells = append(one.cells, res.Status)
				telling[res.Check] = telling[res.Check] || res.Status != Pass && res.Status != Skip
			}
		}
		count[t.Verdict]++
		rows = append(rows, one)
		return nil
	})
	if err != nil {
		return err
	}
	p.put(`<section class="grid"><fieldset><legend>%</legend><label><input type="radio" name="show" id="only-all" checked> % (%)</label>`, p.say(wordShow), p.say(wordAll), len(r.Targets))
	for _, v := range []struct {
		id    literal
		label Verdict
		n     int
	}{{"only-fail", NotReady, count[NotReady]}, {"only-unknown", Inconclusive, count[Inconclusive] + count[Interrupted]}, {"only-pass", Ready, count[Ready]}} {
		p.put(`<label><input type="radio" name="show" id="%"> % (%)</label>`, v.id, v.label.Label(), v.n)
	}
	p.put(`<label><input type="checkbox" id="telling"> %</label></fieldset><p class="faint">%</p>`, p.say(wordTelling), p.say(wordLegend))
	p.put(`<div class="scroll" tabindex="0" role="region" aria-label="%"><table class="matrix"><caption>%</caption><thead><tr><th scope="col">%</th><th scope="col">%</th>`, p.say(wordMatrix), p.say(wordMatrix), p.say(wordTarget), p.say(wordVerdict))
	calm := func(check string) literal {
		if telling[check] {
			return ""
		}
		return ` class="calm"`
	}
	for _, check := range names {
		p.put(`<th scope="col"%><span>%</span></th>`, calm(check), check)
	}
	p.put("</tr></thead><tbody>\n")
	for i, one := range rows {
		p.put(`<tr class="%"><th scope="row">`, statusClass(one.verdict))
		if len(rows) <= mostWhole {
			p.put(`<a href="#t%">%</a>`, i, one.name)
		} else {
			p.put(`%`, one.name)
		}
		p.put(`<td class="%">%`, statusClass(one.verdict), one.verdict.Label())
		for n, status := range one.cells {
			cell := map[Status]literal{Pass: `<td class="p%">✓`, Fail: `<td class="f%">✕`, Unknown: `<td class="u%">?`, Warn: `<td class="w%">!`, Skip: `<td class="s%">·`}[status]
			quiet := literal("")
			if !telling[names[n]] {
				quiet = " calm"
			}
			p.put(cell, quiet)
		}
		p.put("\n")
	}
	p.put("</tbody></table></div></section>\n")
	return nil
}

// target is the section of the nth target.
func (p *page) target(r Report, t Target, n int) error {
	if len(r.Targets) > 1 {
		p.put(`<section id="t%"><h2>% <span class="word %">%</span></h2>`, n, t.Name, statusClass(t.Verdict), t.Verdict.Label())
	} else {
		p.put(`<section><h2>%</h2>`, t.Name)
	}
	p.put(`<dl><dt>%</dt><dd class="id">%</dd>`, p.say(wordEndpoint), prose(endLine(t.endpointEnd())))
	if a := endLine(t.agentEnd()); a != "" {
		p.put(`<dt>%</dt><dd class="id">%</dd>`, p.say(wordAgent), prose(a))
	}
	p.put("</dl>\n")
	list, err := r.picturesOf(n, t, p.lang)
	if err != nil {
		return err
	}
	around := literal("told") // on paper the picture has a page of its own, behind the words
	if len(list) == 1 {
		around = "told split" // side by side, where there is room
	}
	p.put(`<div class="%"><div>`, around)
	p.pictures(t, list)
	p.put("</div><div>")
	p.findings(t)
	p.put("</div></div>\n")
	p.changes(t.Changes)
	p.firewall(t.Name, []Target{t})
	p.everything(t)
	p.put("</section>\n")
	return nil
}

// pictures draws the path, and says it in words for those who see no picture.
func (p *page) pictures(t Target, list []picture) {
	p.put(`<h3>%</h3>`, p.say(wordPath))
	if t.Path == nil {
		p.put(`<p>%</p>`, p.say(wordNoPath))
		return
	}
	p.figures(list)
	p.put(`<details class="words"><summary>%</summary>`, p.say(wordPathWords))
	for _, way := range []struct {
		title snapshot.Text
		hops  []Hop
		first int // as the drawing counts
	}{{wordThere, t.Path.There, 1}, {wordBack, t.Path.Back, 1 + len(t.Path.There)}} {
		p.put(`<h4>%</h4><ol start="%">`, p.say(way.title), fmt.Sprint(way.first))
		for _, h := range way.hops {
			p.put(`<li><span class="word %">%</span> % <span class="id">%</span><ul>`, statusClass(h.Status), h.Status, h.Place, prose(h.Ref))
			for _, f := range h.Facts {
				p.put(`<li>%</li>`, prose(f))
			}
			if len(h.Facts) == 0 {
				p.put(`<li>%</li>`, h.Status)
			}
			p.put("</ul></li>")
		}
		p.put("</ol>")
	}
	p.put("</details>\n")
}

// figures are pictures, side by side where there is room.
func (p *page) figures(list []picture) {
	pair, laid := len(list) > 1, layouts(list)
	if pair {
		p.put(`<div class="pair">`)
	}
	for i, one := range list {
		p.put(`<figure>`)
		if one.name != "" {
			p.put(`<figcaption>%</figcaption>`, one.name)
		}
		p.draw(laid[i])
		p.put("</figure>\n")
	}
	if pair {
		p.put("</div>\n")
	}
}

// worthAlone is from how many pixels of empty height on a way is drawn a second time,
// for where it has no other beside it.
const worthAlone = 100

func (p *page) draw(laid plot) {
	p.put(`<div class="ways">`)
	for w := range laid.ways {
		alone := laid.drawing.layout(w)
		if laid.high-alone.high < worthAlone {
			laid.waySVG(&p.markup, w, p.id(), "")
			continue
		}
		laid.waySVG(&p.markup, w, p.id(), "beside")
		alone.waySVG(&p.markup, w, p.id(), "alone")
	}
	p.put("</div>")
}

func (p *page) changes(list []Change) {
	if len(list) == 0 {
		return
	}
	p.put(`<h3>%</h3><ol>`, p.say(wordChanges))
	for _, c := range list {
		p.put(`<li><h4><span class="id">%</span> (%)</h4>`, prose(c.Resource), strings.Join(c.Codes, ", "))
		blocks := p.told.Blocks([]string{c.AWSCLI}, []string{c.Credentials}, nil, p.lang)
		for _, b := range blocks {
			p.block(b.Title, strings.Join(b.Lines, "\n"))
		}
		terraform := p.told.once(c.Terraform)
		p.block(p.say(wordTF), terraform)
		if len(blocks) == 0 && terraform == "" && c.AWSCLI+c.Terraform != "" {
			p.put(`<p class="faint">%</p>`, p.say(wordAbove))
		}
		p.put("</li>")
	}
	p.put("</ol>\n")
}

// firewall is the change request for firewalls in between, of the target that is
// named or of all.
func (p *page) firewall(name string, targets []Target) {
	if !slices.ContainsFunc(targets, func(t Target) bool { return len(t.Firewall) > 0 }) {
		return
	}
	region := p.say(wordFirewall)
	if name != "" {
		region += ": " + name
	}
	p.put(`<h3>%</h3><div class="scroll" tabindex="0" role="region" aria-label="%"><table><thead><tr>`, p.say(wordFirewall), region)
	if len(targets) > 1 {
		p.put(`<th scope="col">%</th>`, p.say(wordTarget))
	}
	for _, c := range wordColumns {
		p.put(`<th scope="col">%</th>`, p.say(c))
	}
	p.put("</tr></thead><tbody>\n")
	for _, t := range targets {
		for _, f := range t.Firewall {
			p.put("<tr>")
			if len(targets) > 1 {
				p.put(`<th scope="row">%</th>`, t.Name)
			}
			for _, cell := range []string{strings.Join(f.Source, " "), strings.Join(f.Destination, " "), f.Protocol, f.Ports, f.Direction, f.Why} {
				p.put(`<td>%</td>`, prose(cell))
			}
			p.put("<td>")
			if len(targets) == 1 {
				for n, d := range f.Documents {
					p.link(d, fmt.Sprintf("[%d]", n+1))
				}
			}
			p.put("</td></tr>\n")
		}
	}
	p.put("</tbody></table></div>\n")
}

// everything is all that was checked, and what could not be seen.
func (p *page) everything(t Target) {
	p.put(`<details class="checks"><summary>%</summary><div class="scroll" tabindex="0" role="region" aria-label="%"><table><thead><tr><th scope="col">%</th><th scope="col">%</th><th scope="col">%</th></tr></thead><tbody>`, p.say(wordChecks), p.say(wordChecks), p.say(wordStatus), p.say(wordCheck), p.say(wordFound))
	for _, res := range t.Results {
		p.put(`<tr><td class="%">%</td><th scope="row">%</th><td>`, statusClass(res.Status), res.Status, res.Check)
		if res.Status == Pass {
			p.put(`%`, res.Title)
		}
		p.put("<ul>")
		for _, f := range res.Findings {
			if f.Status == Pass {
				for _, e := range f.Evidence {
					p.put(`<li class="id">% %: %</li>`, e.Source, prose(e.Ref), prose(e.Fact))
				}
				continue
			}
			p.put(`<li>% % %</li>`, f.Status, f.Code, prose(sentence(f.Message, p.lang)))
		}
		p.put("</ul></td></tr>\n")
	}
	p.put("</tbody></table></div></details>\n")
	if len(t.Gaps) > 0 {
		p.put(`<details><summary>% (%)</summary><ul>`, p.say(wordNotSeen), len(t.Gaps))
		for _, g := range t.Gaps {
			p.put(`<li>%</li>`, prose(g.Message))
		}
		p.put("</ul></details>\n")
	}
}
