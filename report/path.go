package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Path is the way of the traffic, hop by hop, in both directions.
type Path struct {
	Agent    Terminus `json:"agent"`
	Endpoint Terminus `json:"endpoint"`
	Task     Terminus `json:"task"` // where the task's interfaces go
	There    []Hop    `json:"there"`
	Back     []Hop    `json:"back"`
}

// Terminus is one end of the path.
type Terminus struct {
	ID        string   `json:"id,omitempty"`
	Addresses []string `json:"addresses"`
	Stand
}

// Stand is where something stands; what is not known, or means nothing there, is
// empty.
type Stand struct {
	Account string   `json:"account,omitempty"`
	Region  string   `json:"region,omitempty"`
	VPC     string   `json:"vpc,omitempty"`
	Subnets []string `json:"subnets,omitempty"`
	Outside bool     `json:"outside,omitempty"` // proved to be outside AWS
}

// Hop is one place on the path.
type Hop struct {
	Place  string   `json:"place"`
	Status Status   `json:"status"`
	Ref    string   `json:"ref"`
	Facts  []string `json:"facts"`
	Layer  string   `json:"layer"` // what decides here: group-out, acl-out, route, edge-route, connection, gateway-route, exit, inspect, acl-in, group-in or goal
	Stand
	Branch    bool `json:"branch,omitempty"`    // another part of the traffic than the hop before passes it
	Unreached bool `json:"unreached,omitempty"` // no way to it was found; its own rules are judged all the same
}

// Change is one thing to change, and the problems that it mends.
type Change struct {
	Resource    string   `json:"resource"`
	Codes       []string `json:"codes"`
	AWSCLI      string   `json:"aws_cli"`
	Credentials string   `json:"credentials,omitempty"` // whose it takes
	Terraform   string   `json:"terraform,omitempty"`
}

// FirewallRule is a line of a change request for firewalls in between.
type FirewallRule struct {
	Source      []string `json:"source"`
	Destination []string `json:"destination"`
	Protocol    string   `json:"protocol"`
	Ports       string   `json:"ports"`
	Direction   string   `json:"direction"` // request or reply
	Grade       string   `json:"grade"`
	Why         string   `json:"why"`
	Documents   []string `json:"documents"`
}

var (
	wordThere    = snapshot.Text{En: "The way there: from the agent to the endpoint", Ja: "往路: エージェントからエンドポイントへ"}
	wordBack     = snapshot.Text{En: "The way back: from the endpoint to the agent", Ja: "復路: エンドポイントからエージェントへ"}
	wordChanges  = snapshot.Text{En: "The changes that mend it", Ja: "問題を直す変更"}
	wordAbove    = snapshot.Text{En: "a change that is listed above, for another target", Ja: "上に示した別のターゲットの変更"}
	wordFirewall = snapshot.Text{En: "Request for firewalls in between", Ja: "途中のファイアウォールへの変更依頼"}
	wordReplies  = snapshot.Text{En: "replies; only where the firewall keeps no state", Ja: "応答（ステートレスなファイアウォールのみ）"}
	wordColumns  = []snapshot.Text{{En: "SOURCE", Ja: "ソース"}, {En: "DESTINATION", Ja: "宛先"}, {En: "PROTOCOL", Ja: "プロトコル"}, {En: "PORTS", Ja: "ポート"}, {En: "DIRECTION", Ja: "方向"}, {En: "WHY", Ja: "理由"}, {En: "DOCUMENT", Ja: "文書"}}
)

func hopsOf(list []told, lang string) []Hop {
	out := []Hop{}
	for _, t := range list {
		hop := Hop{Place: t.place.In(lang), Status: statusOf(t.status), Ref: Harmless(t.ref), Facts: []string{}, Layer: t.hop.Layer.String(), Stand: Stand(t.hop.At), Branch: t.hop.Branch, Unreached: t.hop.Unreached}
		for _, f := range t.facts {
			hop.Facts = append(hop.Facts, Harmless(f.In(lang)))
		}
		out = append(out, hop)
	}
	return out
}

func pathOf(trace *checks.Trace, results []checks.Result, lang string) *Path {
	end := func(e checks.Terminus) Terminus {
		return Terminus{e.ID, append([]string{}, e.Addresses...), Stand(e.At)}
	}
	return &Path{end(trace.Agent), end(trace.Endpoint), end(trace.Task), hopsOf(story(trace.There, results), lang), hopsOf(story(trace.Back, results), lang)}
}

// addPath words the story of a target, what would mend it, and the request for
// firewalls.
func (t *Target) addPath(j Judged, lang string) {
	t.Firewall = []FirewallRule{}
	trace := checks.TraceOf(j.Target, j.Snapshot, j.Results)
	if trace == nil {
		return
	}
	t.Path = pathOf(trace, j.Results, lang)
	if e := j.Earlier; e != nil && e.Snapshot != nil {
		if before := checks.TraceOf(e.Target, e.Snapshot, e.Results); before != nil {
			t.PathBefore = pathOf(before, e.Results, lang)
		}
	}
	for _, n := range trace.Needs {
		r := FirewallRule{n.Source, n.Destination, "tcp", n.Ports, "request", n.Requirement.Grade, n.Requirement.Title.In(lang), Sources(n.Requirement.Sources, lang)}
		if n.Reply {
			r.Direction, r.Why = "reply", wordReplies.In(lang)
		}
		t.Firewall = append(t.Firewall, r)
	}
}

// path tells the story of the path.
func (p *printer) path(t Target) {
	if t.Path != nil {
		p.glance(draw(t.Path, t.endpointFaults(false), p.opt.Lang))
		for _, way := range []struct {
			title snapshot.Text
			hops  []Hop
			first int // as the drawing counts
		}{{wordThere, t.Path.There, 1}, {wordBack, t.Path.Back, 1 + len(t.Path.There)}} {
			fmt.Fprintf(p.out, "\n%s\n", p.say(way.title))
			for i, h := range way.hops {
				place := h.Place
				if h.Ref != "" {
					place += ", " + h.Ref
				}
				label := fmt.Sprintf("%3d  %s%s", way.first+i, p.status(h.Status), strings.Repeat(" ", statusWidth+gutter-len(h.Status)))
				p.hang(label, place)
				for _, f := range h.Facts {
					p.hang(strings.Repeat(" ", 5+statusWidth+gutter)+"- ", f)
				}
			}
		}
	}
	if p.opt.Wide && len(t.Firewall) > 0 {
		p.firewall(t.Firewall)
	}
}

// changes lists what mends the target: each change once.
func (p *printer) changes(t Target) {
	if len(t.Changes) == 0 {
		return
	}
	fmt.Fprintf(p.out, "\n%s\n", p.say(wordChanges))
	for i, c := range t.Changes {
		p.hang(fmt.Sprintf("%3d  ", i+1), c.Resource+" ("+strings.Join(c.Codes, ", ")+")")
		blocks := p.told.Blocks([]string{c.AWSCLI}, []string{c.Credentials}, nil, p.opt.Lang)
		for _, b := range blocks {
			p.block(b.Title, b.Lines)
		}
		terraform := p.told.once(c.Terraform)
		p.block(p.say(wordTF), strings.Split(terraform, "\n"))
		if len(blocks) == 0 && terraform == "" && c.AWSCLI+c.Terraform != "" {
			p.section(p.say(wordSee), p.say(wordAbove))
		}
	}
}

// glance draws the path in few lines: a line for each run of hops that the packet
// passes in one network, and one for each that does not let it pass. The mark in
// front is | where it goes on, X where it stops, ? where that can't be told, and :
// behind such a place.
func (p *printer) glance(d drawing) {
	for w := range d.ways {
		p.out.WriteString("\n")
		p.hang("", d.wayTitle(w)+" - "+d.outcome(w))
		ends := []string{
			"o " + p.say(wordDrawAgent) + " " + strings.Join(append([]string{d.path.Agent.ID}, few(d.path.Agent.Addresses)...), " "),
			"o " + p.say(wordDrawEnd) + " " + strings.Join(append([]string{d.path.Endpoint.ID}, few(d.path.Endpoint.Addresses)...), " "),
		}
		bands := slices.Clone(d.bands)
		if w == 1 { // in the order in which the packet passes
			slices.Reverse(bands)
			slices.Reverse(ends)
		}
		p.hang("  ", ends[0])
		for _, b := range bands {
			steps := slices.Clone(b.steps[w])
			if w == 1 {
				slices.Reverse(steps)
			}
			if len(steps) == 0 {
				continue
			}
			name, owner := b.title(d.lang)
			p.hang("  "+steps[0].mark()+"   ", strings.TrimSpace(name+"  "+owner))
			for len(steps) > 0 {
				n := 1
				for ; n < len(steps) && steps[0].mark() == steps[n].mark() && steps[n].Status == Pass && steps[0].Status == Pass; n++ {
				}
				p.run(steps[:n])
				steps = steps[n:]
			}
		}
		p.hang("  ", ends[1])
	}
}

// mark is how a step of the drawing in a terminal begins.
func (s step) mark() string {
	switch {
	case s.Status == Fail:
		return "X"
	case s.Status == Unknown:
		return "?"
	case s.behind:
		return ":"
	}
	return "|"
}

// run prints steps that share a line.
func (p *printer) run(steps []step) {
	var heads []string
	for _, s := range steps {
		if h := s.head(p.opt.Lang); !slices.Contains(heads, h) {
			heads = append(heads, h)
		}
	}
	first, last := steps[0], steps[len(steps)-1]
	number := fmt.Sprint(first.number)
	if len(steps) > 1 {
		number += "-" + fmt.Sprint(last.number)
	}
	text := number + " " + string(first.Status) + "  " + strings.Join(heads, "; ")
	if first.banner(p.opt.Lang) != "" {
		text += " " + first.Ref
	}
	p.hang("  "+first.mark()+"     ", text)
}

// firewall prints the change request as a table that can be pasted into a ticket.
func (p *printer) firewall(rules []FirewallRule) {
	fmt.Fprintf(p.out, "\n%s\n\n", p.say(wordFirewall))
	var header []string
	for _, c := range wordColumns {
		header = append(header, p.say(c))
	}
	rows := [][]string{header}
	for _, r := range rules {
		rows = append(rows, []string{strings.Join(r.Source, " "), strings.Join(r.Destination, " "), r.Protocol, r.Ports, r.Direction, r.Why, strings.Join(r.Documents, " ")})
	}
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], Width(cell))
		}
	}
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(p.out, "| %s%s ", cell, strings.Repeat(" ", widths[i]-Width(cell)))
		}
		p.out.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				fmt.Fprintf(p.out, "|%s", strings.Repeat("-", w+2))
			}
			p.out.WriteString("|\n")
		}
	}
}
