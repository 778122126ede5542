package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// mostInFull is how many targets a table tells each in full; of more it tells once
// what is the same of several.
const mostInFull = 10

// mostAlike is how many targets are named beside the one that is told for them all.
const mostAlike = 3

// owned is a word that a target has for its own agent, and what stands for it where
// targets are compared.
type owned struct{ word, mark string }

// own is what names the agent of a target, and nothing else of it: what is told of two
// targets may differ by that alone.
func (t Target) own() []owned {
	list := []owned{{t.Target.AgentInstanceID, "\x00instance"}, {snapshot.LastOf(t.Target.AgentARN), "\x00agent"}}
	for _, a := range t.agentAt {
		list = append(list, owned{a, "\x00address"})
	}
	if t.Target.AgentIP.IsValid() {
		list = append(list, owned{t.Target.AgentIP.String(), "\x00address"})
	}
	for _, c := range t.Target.SourceCIDRs {
		list = append(list, owned{c.String(), "\x00network"})
	}
	return slices.DeleteFunc(list, func(o owned) bool { return o.word == "" })
}

// unowned is a text with marks in place of what is a target's own.
func unowned(text string, own []owned) string {
	for _, o := range own {
		text = replaceWhole(text, o.word, o.mark)
		if name := notOfName.Replace(o.word); name != o.word { // as a resource of Terraform is called
			text = replaceWhole(text, name, o.mark)
		}
	}
	return text
}

var notOfName = strings.NewReplacer(".", "_", ":", "_", "/", "_", "-", "_")

// replaceWhole replaces a word where it is not a part of a longer one.
func replaceWhole(text, word, by string) string {
	if !strings.Contains(text, word) {
		return text
	}
	var b strings.Builder
	for {
		at := strings.Index(text, word)
		if at < 0 {
			return b.String() + text
		}
		end := at + len(word)
		if at > 0 && continues(text[at-1]) || end < len(text) && continues(text[end]) || end+1 < len(text) && strings.IndexByte(".:-", text[end]) >= 0 && continues(text[end+1]) {
			b.WriteString(text[:end])
		} else {
			b.WriteString(text[:at] + by)
		}
		text = text[end:]
	}
}

// continues reports whether a letter or digit makes a word longer.
func continues(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// called is a target by its name, and by its agent where that is another than the first's.
func (t Target) called(first Target) string {
	who := strings.Join(slices.DeleteFunc([]string{t.Target.AgentInstanceID, strings.Join(t.at(), " ")}, func(s string) bool { return s == "" }), " ")
	if who == "" || slices.Equal(t.own(), first.own()) {
		return t.Name
	}
	return t.Name + " (" + who + ")"
}

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

// tells reports whether a target is the first of which this is told. What it is called,
// and which agent and addresses are its own, makes no difference.
func (c *crowd) tells(t Target, told string) bool {
	c.count[t.Verdict]++
	key := strings.NewReplacer("== "+t.Name+"\n", "", "\n"+t.Name+": ", "").Replace(told)
	key = strings.Join(strings.Fields(unowned(key, t.own())), "") // where lines break depends on how long a word is
	g := c.groups[key]
	switch {
	case g == nil:
		g = &alike{first: Target{Name: t.Name, Verdict: t.Verdict, Target: t.Target, agentAt: t.agentAt}}
		c.groups[key] = g
		c.order = append(c.order, g)
		return true
	case len(g.others) < mostAlike:
		g.others = append(g.others, t.called(g.first))
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
			p.out.WriteString("\n")
			p.hang("", p.say(snapshot.Text{En: "Told once, for the same but for the agent and its addresses (--verbose tells each):", Ja: "まとめて表示したターゲット。エージェントとそのアドレス以外は同じ（--verbose で個別に表示）:"}))
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
