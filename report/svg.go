package report

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

//go:embed drawing.css
var drawingStyle literal

// The measures of a drawing, in pixels.
const (
	wayWidth   = 336 // fits a phone
	lineX      = 22  // where the packet's line runs
	cardX      = 46
	cardWidth  = wayWidth - cardX - 10
	cardGap    = 14
	cardPad    = 8
	headLine   = 17
	smallLine  = 15
	bandPad    = 12
	bandGap    = 18
	bannerLine = 20
	waysGap    = 24
	margin     = 16
)

// The room for text, in pixels.
const (
	cardRoom  = cardWidth - 16
	titleRoom = cardWidth - 20
	headRoom  = wayWidth - 4
	pageRoom  = 2*wayWidth + waysGap - 30

	mostPassed  = 4 // lines of rules at a step that lets the packet pass
	mostStopped = 12
)

// face is how wide, in tenths of a pixel, a font is taken for: of narrow characters that
// of monospace, which is more than that of words in most fonts; a wide character is as
// wide as it is high.
type face struct{ narrow, wide int }

// faceOf is the font of a class.
func faceOf(class literal) face {
	switch {
	case class == "head":
		return face{83, 130}
	case strings.HasPrefix(string(class), "mono"):
		return face{67, 110}
	case strings.HasPrefix(string(class), "word"):
		return face{68, 115}
	}
	return face{66, 115}
}

// width is that of a text.
func (f face) width(text string) int {
	out := 0
	for state := -1; text != ""; {
		var w int
		_, text, w, state = uniseg.FirstGraphemeClusterInString(text, state)
		if w < 2 {
			out += w * f.narrow
		} else {
			out += f.wide
		}
	}
	return out
}

// line is one of text.
type line struct {
	text  string
	class literal
	high  int
}

func linesOf(text string, room int, class literal, high int) []line {
	var out []line
	for _, l := range wrapAs(text, 10*room, faceOf(class).width) {
		out = append(out, line{l, class, high})
	}
	return out
}

// card is a box of a drawing: a step, or one of the ends.
type card struct {
	lines  []line
	class  literal
	number string
	note   string // what is other in the picture beside it
	banner string
	word   string
	step   *step
	high   int
}

func (c card) measured() card {
	c.high = 2 * cardPad
	if c.note != "" {
		n := slices.IndexFunc(c.lines, func(l line) bool { return l.class != "head" })
		if n < 0 {
			n = len(c.lines)
		}
		c.lines = slices.Insert(c.lines, n, linesOf(noted(c.note), cardRoom, "word note", smallLine)...)
	}
	if c.banner != "" {
		c.high += bannerLine
	}
	for _, l := range c.lines {
		c.high += l.high
	}
	return c
}

func (d drawing) cardOf(s step) card {
	c := card{class: statusClass(s.Status), number: fmt.Sprint(s.number), word: string(s.Status), step: &s}
	c.lines = linesOf(s.head(d.lang), cardRoom-9*len(s.Status), "head", headLine)
	c.note = s.note
	if s.Branch && !s.Unreached {
		c.lines = append(c.lines, linesOf("("+wordOtherPart.In(d.lang)+")", cardRoom, "faint", smallLine)...)
	}
	if s.Unreached {
		c.lines = append(c.lines, linesOf("("+wordUnreached.In(d.lang)+")", cardRoom, "faint", smallLine)...)
	}
	for _, id := range []string{s.subnet(), s.Ref} {
		if id != "" {
			c.lines = append(c.lines, linesOf(id, cardRoom, "mono faint", smallLine)...)
		}
	}
	most := mostPassed
	if s.Status == Fail || s.Status == Unknown {
		most = mostStopped
	}
	used, rules := 0, s.rules(d.lang)
	for i, rule := range rules {
		lines := linesOf(rule, cardRoom, "", smallLine)
		if used > 0 && used+len(lines) > most {
			c.lines = append(c.lines, line{fmt.Sprintf("(+%d)", len(rules)-i), "faint", smallLine})
			break
		}
		used += len(lines)
		c.lines = append(c.lines, lines...)
	}
	c.banner = s.banner(d.lang)
	return c.measured()
}

// mostListed is how many addresses or subnets an end shows.
const mostListed = 4

func (d drawing) endCard(title snapshot.Text, e Terminus, note string, task *Terminus) card {
	c := card{class: "end", note: note}
	c.lines = linesOf(title.In(d.lang), cardRoom, "head", headLine)
	add := func(list ...string) {
		for i, s := range list {
			if i == mostListed {
				c.lines = append(c.lines, line{fmt.Sprintf("(+%d)", len(list)-i), "faint", smallLine})
				break
			}
			if s != "" {
				c.lines = append(c.lines, linesOf(s, cardRoom, "mono", smallLine)...)
			}
		}
	}
	add(e.ID)
	add(e.Addresses...)
	add(e.Subnets...)
	if task != nil && len(task.Addresses) > 0 {
		c.lines = append(c.lines, linesOf(wordDrawTask.In(d.lang), cardRoom, "faint", smallLine)...)
		add(task.Addresses...)
		if !slices.Equal(task.Subnets, e.Subnets) {
			add(task.Subnets...)
		}
	}
	if task != nil && len(d.fault) > 0 {
		c.class, c.banner = "fail", wordStopsHere.In(d.lang)
		for _, f := range d.fault {
			c.lines = append(c.lines, linesOf(f, cardRoom, "", smallLine)...)
		}
	}
	return c.measured()
}

// plot is a drawing laid out: what is in each band, and how high it is.
type plot struct {
	drawing
	titles []([]line)
	cells  [2][][]card
	highs  []int
	heads  [2][]line
	head   int
	high   int
}

func stack(cards []card) int {
	high := 0
	for _, c := range cards {
		high += c.high + cardGap
	}
	return high
}

func total(lines []line) int {
	high := 0
	for _, l := range lines {
		high += l.high
	}
	return high
}

// layout measures a drawing of these ways. Both get the same bands at the same heights,
// so that side by side they make one picture.
func (d drawing) layout(ways ...int) plot {
	p := plot{drawing: d}
	for _, w := range ways {
		p.heads[w] = append(linesOf(d.wayTitle(w), headRoom, "head", headLine), linesOf(d.outcome(w), headRoom, "word "+statusClass(d.ways[w].status), smallLine)...)
		p.head = max(p.head, total(p.heads[w])+bandPad)
	}
	p.high = p.head
	for _, b := range d.bands {
		name, owner := b.title(d.lang)
		title := linesOf(name, titleRoom, "word", headLine)
		if b.at.VPC != "" && !b.between {
			title = linesOf(name, cardRoom, "mono", headLine)
		}
		if owner != "" {
			title = append(title, linesOf(owner, cardRoom, "faint", smallLine)...)
		}
		most := 0
		for _, w := range ways {
			var cards []card
			if b.agent {
				cards = append(cards, d.endCard(wordDrawAgent, d.path.Agent, d.notes[0], nil))
			}
			for _, s := range b.steps[w] {
				cards = append(cards, d.cardOf(s))
			}
			if b.endpoint {
				cards = append(cards, d.endCard(wordDrawEnd, d.path.Endpoint, d.notes[1], &d.path.Task))
			}
			p.cells[w] = append(p.cells[w], cards)
			most = max(most, stack(cards))
		}
		high := most + total(title) + 2*bandPad
		p.titles, p.highs = append(p.titles, title), append(p.highs, high)
		p.high += high + bandGap
	}
	return p
}

// layouts measures pictures that stand side by side: what is above the networks takes
// as much room in each.
func layouts(pictures []picture) []plot {
	var out []plot
	head := 0
	for _, one := range pictures {
		p := one.layout(0, 1)
		head = max(head, p.head)
		out = append(out, p)
	}
	for i := range out {
		out[i].high += head - out[i].head
		out[i].head = head
	}
	return out
}

// textAt writes lines from a point down, and returns where they end.
func (m *markup) textAt(x, y int, lines []line) int {
	for _, l := range lines {
		m.put(`<text x="%" y="%" class="%">%</text>`, x, y+l.high-4, l.class, l.text)
		y += l.high
	}
	return y
}

// node is a place on the packet's line.
type node struct {
	top, y, bottom int
	step           *step
}

// column draws one way, from its left upper corner at 0, 0.
func (p plot) column(m *markup, w int) {
	m.textAt(0, 0, p.heads[w])
	y := p.head
	var nodes []node
	var cards markup
	for i, b := range p.bands {
		class := literal("band")
		if b.between {
			class = "band between"
		}
		m.put(`<rect class="%" x="0.5" y="%" width="%" height="%" rx="8"/>`, class, y, wayWidth-1, p.highs[i])
		at := m.textAt(cardX, y+bandPad-4, p.titles[i]) + 4
		for n, c := range p.cells[w][i] {
			if end := y + p.highs[i] - stack(p.cells[w][i][n:]) + cardGap - bandPad; b.endpoint && (n == len(p.cells[w][i])-1 || w == 1 && c.step != nil) || b.between && w == 1 {
				at = max(at, end) // what is near the endpoint stands near it
			}
			cards.card(c, at)
			nodes = append(nodes, node{at, at + cardPad + 9, at + c.high, c.step})
			at += c.high + cardGap
		}
		y += p.highs[i] + bandGap
	}
	p.lines(m, w, nodes)
	m.put("%", &cards)
}

// lines draws the packet's way between the nodes, with a tip where each part ends.
func (p plot) lines(m *markup, w int, nodes []node) {
	const radius = 11
	for i := 1; i < len(nodes); i++ {
		from, to := nodes[i-1], nodes[i]
		if w == 1 {
			from, to = to, from
		}
		class := literal("")
		cut := p.ways[w].empty || w == 1 && len(p.fault) > 0 // nothing sets out
		if s := from.step; s != nil {
			cut = cut || s.behind || s.stop || s.Status == Unknown
		}
		if s := to.step; s != nil {
			cut = cut || s.behind
		}
		if cut {
			class = " cut"
		}
		if w == 0 {
			m.put(`<path class="line%" d="M% %V%"/><path class="tip%" d="M% %l5 -9h-10z"/>`, class, lineX, from.y+radius, to.y-radius-6, class, lineX, to.y-radius)
		} else {
			m.put(`<path class="line%" d="M% %V%"/><path class="tip%" d="M% %l5 9h-10z"/>`, class, lineX, from.y-radius, to.y+radius+6, class, lineX, to.y+radius)
		}
	}
}

func (m *markup) card(c card, y int) {
	m.put(`<rect class="card %" x="%" y="%" width="%" height="%" rx="6"/>`, c.class, cardX, y, cardWidth, c.high)
	if c.note != "" {
		m.put(`<rect class="mark" x="%" y="%" width="6" height="%"/>`, cardX, y, c.high)
	}
	mid := y + cardPad + 9
	m.put(`<circle class="dot %" cx="%" cy="%" r="11"/>`, c.class, lineX, mid)
	switch {
	case c.step == nil:
		m.put(`<circle cx="%" cy="%" r="4" fill="#fff"/>`, lineX, mid)
	default:
		m.put(`<text class="num" x="%" y="%">%</text>`, lineX, mid+4, c.number)
	}
	at := y + cardPad
	if c.word != "" {
		m.put(`<text class="word % right" x="%" y="%">%</text>`, c.class, cardX+cardWidth-8, at+headLine-4, c.word)
	}
	at = m.textAt(cardX+10, at, c.lines)
	if c.banner == "" {
		return
	}
	class := literal("banner")
	if c.step != nil && c.step.Status == Unknown {
		class = "banner unknown"
	}
	m.put(`<rect class="%" x="%" y="%" width="%" height="18" rx="3"/><text class="banner-text" x="%" y="%">%</text>`, class, cardX+10, at+3, cardWidth-20, cardX+18, at+16, c.banner)
}

// waySVG draws one way as an element of a page.
func (p plot) waySVG(m *markup, w int, id string, class literal) {
	m.put(`<svg class="%" viewBox="0 0 % %" role="img" aria-labelledby="%"><title id="%">%</title>`, class, wayWidth, p.high, id, id, p.wayTitle(w)+": "+p.outcome(w))
	p.column(m, w)
	m.put("</svg>")
}
