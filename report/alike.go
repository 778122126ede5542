package report

import (
	"fmt"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// mostInFull is how many targets a table tells each in full; of more it tells once
// what is the same of several.
const mostInFull = 10

// mostAlike is how many targets are named beside the one that is told for them all.
const mostAlike = 3

// alike are targets of which the same is to be told.
type alike struct {
	first   Target
	others  []string // their names, as many as are shown
	further int      // how many more
}

// crowd collects them.
type crowd struct {
	groups map[string]*alike
	order  []*alike
	count  map[Verdict]int
}

// tells reports whether a target is the first of which this is told. What it is called
// makes no difference.
func (c *crowd) tells(t Target, told string) bool {
	c.count[t.Verdict]++
	key := strings.NewReplacer("== "+t.Name+"\n", "", "\n"+t.Name+": ", "").Replace(told)
	if t.Target.AgentARN != "" {
		key = strings.ReplaceAll(key, snapshot.LastOf(t.Target.AgentARN), "")
	}
	g := c.groups[key]
	switch {
	case g == nil:
		g = &alike{first: Target{Name: t.Name, Verdict: t.Verdict}}
		c.groups[key] = g
		c.order = append(c.order, g)
		return true
	case len(g.others) < mostAlike:
		g.others = append(g.others, t.Name)
	default:
		g.further++
	}
	return false
}

// crowd tells which targets are as one that was told, and how many there are by
// verdict.
func (p *printer) crowd(c *crowd) {
	told := false
	for _, g := range c.order {
		if len(g.others) == 0 {
			continue
		}
		if !told {
			fmt.Fprintf(p.out, "\n%s\n", p.say(snapshot.Text{En: "Told once (--verbose tells each):", Ja: "まとめて表示したターゲット（--verbose で個別に表示）:"}))
			told = true
		}
		more := ""
		if g.further > 0 {
			more = fmt.Sprintf(", (+%d)", g.further)
		}
		p.hang("  ", snapshot.Textf("%[1]s: %[3]d more as %[2]s: %[4]s%[5]s", "%[1]s: %[2]s と同じものが %[3]d 件: %[4]s%[5]s", g.first.Verdict.Label(), g.first.Name, len(g.others)+g.further, strings.Join(g.others, ", "), more).In(p.opt.Lang))
	}
	var counts []string
	for _, v := range []Verdict{NotReady, Inconclusive, Interrupted, Ready} {
		if n := c.count[v]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, p.paint(v.Label(), string(v))))
		}
	}
	fmt.Fprintf(p.out, "\n%s: %s\n", p.say(snapshot.Text{En: "Targets", Ja: "ターゲット"}), strings.Join(counts, ", "))
}
