package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// findings are what is wrong or open at a target.
func (p *page) findings(t Target) {
	any := false
	for _, status := range []Status{Fail, Unknown, Warn} {
		for _, res := range t.Results {
			for _, f := range res.Findings {
				if f.Status != status {
					continue
				}
				if !any {
					p.put(`<h3>%</h3>`, p.say(wordWrong))
					any = true
				}
				p.finding(res, f, nil)
			}
		}
	}
}

// finding is a box with one; of several targets with their names.
func (p *page) finding(res Result, f Finding, targets *concerned) {
	p.put(`<article class="finding is-%"><h4><span class="word %">%</span> % <span class="id">%</span></h4><p>%</p>`, statusClass(f.Status), statusClass(f.Status), f.Status, f.Code, name(res.Check), prose(sentence(f.Message, p.lang)))
	if f.Waived != nil {
		p.put(`<p><em>%</em></p>`, prose(f.Waived.Note(p.lang)))
	}
	if targets != nil {
		p.put(`<details><summary>%: %</summary><p>%</p></details>`, p.say(wordConcerns), len(targets.names), prose(strings.Join(targets.names, ", ")))
		if targets.differ {
			p.put(`<p>%</p>`, prose(snapshot.Textf("Told of %s; the others have agents, addresses and rule numbers of their own. For the commands of one of them, check it alone.", "%s の場合を示す。ほかのターゲットでは、エージェント、アドレス、ルール番号がそれぞれ異なる。コマンドは、そのターゲットだけをチェックすると表示される。", targets.first.Name).In(p.lang)))
		}
	}
	if by := behind(res, f, p.lang); by != "" {
		p.put(`<p><strong>%</strong></p>`, prose(by))
	}
	row := func(t snapshot.Text, text string) {
		if text != "" {
			p.put(`<p><span class="faint">%:</span> %</p>`, p.say(t), prose(text))
		}
	}
	row(wordCause, f.Cause)
	if len(f.Evidence) > 0 {
		p.put(`<p class="faint">%:</p><ul>`, p.say(wordEvidence))
		for _, e := range f.Evidence {
			p.put(`<li><span class="id">% %</span>: %</li>`, e.Source, prose(e.Ref), prose(e.Fact))
		}
		p.put("</ul>")
	}
	for _, id := range f.Errors {
		row(wordErrors, id+": "+documented.ByID(id).Title.In(p.lang))
	}
	if f.Fix != nil {
		row(wordFixText, f.Fix.Text)
		row(wordSee, changeNumbers(f, p.lang))
		fix := *f.Fix
		if len(f.Changes) > 0 { // they are on the page of the target
			fix.AWSCLI, fix.Terraform = nil, ""
		}
		for _, b := range p.told.Blocks(fix.AWSCLI, fix.Credentials, fix.Look, p.lang) {
			p.block(b.Title, strings.Join(b.Lines, "\n"))
		}
		p.block(p.say(wordTF), p.told.once(fix.Terraform))
	}
	var links []string
	if f.Requirement != nil {
		links = f.Requirement.Sources
	}
	if f.URL != "" {
		links = append(slices.Clone(links), f.URL)
	}
	if targets != nil && p.told.once(strings.Join(links, " ")) == "" { // of many targets they stand with the first
		links = nil
	}
	if len(links) > 0 {
		p.put(`<details><summary>%</summary><ul>`, p.say(wordSources))
		for _, l := range links {
			p.put("<li>")
			p.link(l, l)
			p.put("</li>")
		}
		p.put("</ul></details>")
	}
	p.put("</article>\n")
}

// concerned are the targets that have a finding.
type concerned struct {
	first  Target
	names  []string
	differ bool // in their agents and their addresses
	last   string
}

func (c *concerned) add(t Target) {
	switch {
	case c.names == nil:
		c.first = t
	case c.last == t.Name:
		return
	}
	name := t.called(c.first)
	c.names, c.last, c.differ = append(c.names, name), t.Name, c.differ || name != t.Name
}

// fixed is what mends a finding, but for the numbers of its rules.
func (f Finding) fixed() string {
	if f.Fix == nil {
		return ""
	}
	return fmt.Sprintf("%s\x00%d %s", f.Fix.Text, len(f.Fix.AWSCLI), f.Fix.Credentials)
}

// common is the page below the matrix of many targets: each finding once, with the
// targets that have it, and the pictures of those that are not ready. Where they differ
// by their own agents and addresses only, the first stands for all.
func (p *page) common(r Report) error {
	type shared struct {
		result  Result
		finding Finding
		targets concerned
	}
	var list []*shared
	byText := map[string]*shared{}
	for _, status := range []Status{Fail, Unknown, Warn} {
		for _, t := range r.Targets {
			own := t.own()
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Status != status {
						continue
					}
					key := unowned(strings.Join([]string{res.Check, string(f.Status), f.Code, f.Message, f.Cause, f.fixed()}, "\x00"), own)
					if byText[key] == nil {
						byText[key] = &shared{result: res, finding: f}
						list = append(list, byText[key])
					}
					byText[key].targets.add(t)
				}
			}
		}
	}
	if len(list) > 0 {
		p.put(`<h2>%</h2><h3>%</h3>`, p.say(wordFindings), p.say(wordWrong))
	}
	for _, s := range list {
		s.finding.Changes = nil // no list of changes is on this page
		p.finding(s.result, s.finding, &s.targets)
	}
	drawn, alike, left := map[string]bool{}, 0, 0
	var requests []Target
	err := r.each(func(t Target) error {
		requests = append(requests, Target{Name: t.Name, Firewall: t.Firewall})
		if t.Path == nil || t.Verdict == Ready {
			return nil
		}
		body, err := json.Marshal([]*Path{t.Path, t.PathBefore})
		if err != nil {
			return err
		}
		key := unowned(string(body)+strings.Join(t.endpointFaults(false), "\x00"), t.own())
		switch {
		case drawn[key]:
			alike++
			return nil
		case len(drawn) == mostPictures:
			left++
			return nil
		case len(drawn) == 0:
			p.put(`<h2>%</h2>`, p.say(wordPath))
		}
		drawn[key] = true
		p.put(`<details><summary>% %</summary><figure>`, t.Name, t.Verdict.Label())
		list := t.pictures(p.lang)
		laid := layouts(list)
		for i, one := range list {
			if one.name != "" {
				p.put(`<figcaption>%</figcaption>`, one.name)
			}
			p.draw(laid[i])
		}
		p.put("</figure></details>\n")
		return nil
	})
	if err != nil {
		return err
	}
	if alike > 0 {
		p.put(`<p>%</p>`, snapshot.Textf("%d more paths are like one of these, but for the agent and its addresses.", "ほか %d 件の経路は、エージェントとそのアドレスを除き、上のいずれかと同じ。", alike).In(p.lang))
	}
	if left > 0 {
		p.put(`<p>%</p>`, snapshot.Textf("%d more paths are not drawn here; check those targets alone.", "ほか %d 件の経路は省略。該当するターゲットだけを指定すると描く。", left).In(p.lang))
	}
	p.put(`<h2>%</h2><details><summary>%: %</summary>`, p.say(wordFirewall), p.say(wordConcerns), len(requests))
	p.firewall("", requests)
	p.put("</details>\n")
	return nil
}
