package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

//go:embed page.css
var pageStyle literal

var (
	wordPath      = snapshot.Text{En: "The path", Ja: "経路"}
	wordPathWords = snapshot.Text{En: "The path in words", Ja: "経路（文章）"}
	wordWrong     = snapshot.Text{En: "What is wrong, and what is open", Ja: "問題と未確定の点"}
	wordNotSeen   = snapshot.Text{En: "What could not be seen", Ja: "確認できなかったもの"}
	wordChecks    = snapshot.Text{En: "All checks", Ja: "すべてのチェック"}
	wordStatus    = snapshot.Text{En: "Status", Ja: "状態"}
	wordCheck     = snapshot.Text{En: "Check", Ja: "チェック"}
	wordFound     = snapshot.Text{En: "Found", Ja: "結果"}
	wordTarget    = snapshot.Text{En: "Target", Ja: "ターゲット"}
	wordVerdict   = snapshot.Text{En: "Verdict", Ja: "判定"}
	wordShow      = snapshot.Text{En: "Show", Ja: "表示"}
	wordAll       = snapshot.Text{En: "all", Ja: "すべて"}
	wordTelling   = snapshot.Text{En: "only checks that are not PASS or SKIP everywhere", Ja: "すべてが PASS か SKIP のチェックを隠す"}
	wordLegend    = snapshot.Text{En: "✓ PASS, ✕ FAIL, ? UNKNOWN, ! WARN, · SKIP", Ja: "✓ PASS、✕ FAIL、? UNKNOWN、! WARN、· SKIP"}
	wordTaken     = snapshot.Text{En: "evidence of", Ja: "証拠の日時"}
	wordMatrix    = snapshot.Text{En: "Targets and checks", Ja: "ターゲットとチェック"}
	wordConcerns  = snapshot.Text{En: "Targets", Ja: "ターゲット"}
)

// mostWhole is up to how many targets each gets a section of its own. Beyond it,
// what they have in common is said once.
const mostWhole = 12

// mostPictures is how many paths are drawn beside so many targets.
const mostPictures = 24

// page is an HTML page in the making.
type page struct {
	markup
	lang string
	ids  int
	told Told // commands that are on the page
}

func (p *page) say(t snapshot.Text) string { return t.In(p.lang) }

// id is a name that no other element of the page has.
func (p *page) id() string {
	p.ids++
	return fmt.Sprintf("n%d", p.ids)
}

// HTML returns a renderer for a page that stands alone: it asks for nothing, runs
// no script, and lets a browser do neither.
func HTML(lang string) Renderer {
	return func(w io.Writer, r Report) error {
		p := &page{lang: lang, told: Told{}}
		p.head(r)
		if err := p.body(r); err != nil {
			return err
		}
		p.put("</main></body></html>\n")
		_, err := w.Write(p.Bytes())
		return err
	}
}

// open begins a page: what it is, and that it may do nothing.
func (p *page) open(title, version string, taken time.Time) {
	style := pageStyle + drawingStyle
	sum := sha256.Sum256([]byte(style))
	p.put(`<!DOCTYPE html>
<html lang="%"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">
<title>%</title><style>`, p.lang, base64.StdEncoding.EncodeToString(sum[:]), title)
	p.put(style)
	p.put(`</style></head><body><header><p class="faint">dspreflight %`, version)
	if !taken.IsZero() {
		p.put(`, % <time>%</time>`, p.say(wordTaken), taken.Format("2006-01-02 15:04:05 UTC"))
	}
	p.put("</p>")
}

func (p *page) head(r Report) {
	p.open("DataSync: "+r.headline(p.lang), r.Tool.Version, r.GeneratedAt)
	p.put(`<h1 class="%">%</h1><p>%</p>`, statusClass(string(r.Verdict)), sentence(r.headline(p.lang), p.lang), r.Summary.String())
	for _, line := range r.changeLines(p.lang) {
		p.put(`<p>%</p>`, prose(line))
	}
	p.put("</header><main>\n")
}

func (p *page) body(r Report) error {
	if len(r.Targets) == 1 {
		p.since(r.Baseline)
		return r.each(func(t Target) error { return p.target(r, t, 0) })
	}
	if err := p.matrix(r); err != nil {
		return err
	}
	p.since(r.Baseline)
	if len(r.Targets) <= mostWhole {
		n := 0
		return r.each(func(t Target) error {
			n++
			return p.target(r, t, n-1)
		})
	}
	return p.common(r)
}

// matrix shows many targets at a glance, with filters that need no script.
func (p *page) matrix(r Report) error {
	telling := map[string]bool{}
	count := map[Verdict]int{}
	var names []string
	type row struct {
		name    string
		verdict Verdict
		cells   []string
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
				telling[res.Check] = telling[res.Check] || res.Status != "PASS" && res.Status != "SKIP"
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
		p.put(`<tr class="%"><th scope="row">`, statusClass(string(one.verdict)))
		if len(rows) <= mostWhole {
			p.put(`<a href="#t%">%</a>`, i, one.name)
		} else {
			p.put(`%`, one.name)
		}
		p.put(`<td class="%">%`, statusClass(string(one.verdict)), one.verdict.Label())
		for n, status := range one.cells {
			cell := map[string]literal{"PASS": `<td class="p%">✓`, "FAIL": `<td class="f%">✕`, "UNKNOWN": `<td class="u%">?`, "WARN": `<td class="w%">!`, "SKIP": `<td class="s%">·`}[status]
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
		p.put(`<section id="t%"><h2>% <span class="word %">%</span></h2>`, n, t.Name, statusClass(string(t.Verdict)), t.Verdict.Label())
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

// findings are what is wrong or open at a target.
func (p *page) findings(t Target) {
	any := false
	for _, status := range []string{"FAIL", "UNKNOWN", "WARN"} {
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

// link leads to a document on the web, and to nothing else.
func (p *page) link(to, name string) {
	if !strings.HasPrefix(to, "https://") {
		p.put(`% `, to)
		return
	}
	p.put(`<a href="%" rel="noreferrer">%</a> `, to, name)
}

// block is text to copy; a click selects all of it.
func (p *page) block(title, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	p.put(`<p class="faint">%:</p><pre tabindex="0" role="group" aria-label="%">`, title, title)
	for i, l := range strings.Split(text, "\n") { // a line break is markup, what is between is text
		if i > 0 {
			p.put("\n")
		}
		p.put(`%`, l)
	}
	p.put("</pre>")
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
		if res.Status == "PASS" {
			p.put(`%`, res.Title)
		}
		p.put("<ul>")
		for _, f := range res.Findings {
			if f.Status == "PASS" {
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
	for _, status := range []string{"FAIL", "UNKNOWN", "WARN"} {
		for _, t := range r.Targets {
			own := t.own()
			for _, res := range t.Results {
				for _, f := range res.Findings {
					if f.Status != status {
						continue
					}
					key := unowned(strings.Join([]string{res.Check, f.Status, f.Code, f.Message, f.Cause, f.fixed()}, "\x00"), own)
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
