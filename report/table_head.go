package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// head says what was judged, so that a saved table explains itself.
func (p *printer) head(t Target, named bool) {
	if named {
		fmt.Fprintf(p.out, "== %s\n", t.Name)
	}
	ends := [][]string{append([]string{p.say(wordEndpoint)}, t.endpointEnd()...)}
	if agent := t.agentEnd(); agent != nil {
		ends = append(ends, append([]string{p.say(wordAgent)}, agent...))
	}
	p.columns(ends)
	p.change(t)
}

// change leads with what a planned change does.
func (p *printer) change(t Target) {
	if t.Change == nil {
		return
	}
	p.out.WriteString("\n")
	for _, line := range t.Change.lines(p.opt.Lang) {
		p.hang("", line)
	}
	for _, r := range t.Results {
		for _, f := range r.Findings {
			if f.Waived == nil && len(f.Resources) > 0 && (f.Effect == Broken || f.Effect == UnknownNow || f.Effect == Weakened) {
				p.hang("  - ", r.Check+" "+string(f.Status)+": "+f.Message)
				p.hang("    ", behind(r, f, p.opt.Lang))
			}
		}
	}
}

// endpointEnd is what the endpoint is, whose, where, and its addresses.
func (t Target) endpointEnd() []string {
	at := t.endpointAt
	if t.Target.EndpointIP.IsValid() {
		at = []string{t.Target.EndpointIP.String()}
	}
	return end(t.Target.EndpointID, t.scope(snapshot.Destination), t.Target.Region, at)
}

// agentEnd is the same of the agent, nil if nothing is known of it.
func (t Target) agentEnd() []string {
	who, at := t.Target.AgentInstanceID, t.at()
	for _, id := range []string{t.Target.SourceSubnetID, t.Target.SourceVPCID} {
		if who == "" {
			who = id
		}
	}
	if who == "" && len(at) == 0 {
		return nil
	}
	if t.Target.AgentInstanceID+t.Target.SourceSubnetID+t.Target.SourceVPCID == "" {
		return end(who, Scope{}, "", at) // its network may be in no account
	}
	return end(who, t.scope(snapshot.Source), t.Target.SourceRegion, at)
}

// at is where the agent is: its addresses, or those that it may have.
func (t Target) at() []string {
	at := t.agentAt
	if t.Target.AgentIP.IsValid() {
		at = []string{t.Target.AgentIP.String()}
	}
	if len(at) == 0 {
		for _, c := range t.Target.SourceCIDRs {
			at = append(at, c.String())
		}
	}
	return at
}

// endLine is an end in one line, "" if nothing is known of it.
func endLine(cells []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(cells), func(s string) bool { return s == "" }), "  ")
}

// scope is the account and Region with a role.
func (t Target) scope(role snapshot.Role) Scope {
	for _, s := range t.Scopes {
		if slices.Contains(s.Roles, string(role)) {
			return s
		}
	}
	return Scope{}
}

// mostAddresses of an end are shown.
const mostAddresses = 3

func end(id string, s Scope, region string, at []string) []string {
	if id == "" {
		id = "-"
	}
	if region == "" {
		region = s.Region
	}
	if len(at) > mostAddresses {
		at = append(slices.Clone(at[:mostAddresses]), fmt.Sprintf("(+%d)", len(at)-mostAddresses))
	}
	return []string{Harmless(id), Harmless(strings.TrimSpace(s.Account + " " + region)), strings.Join(at, " ")}
}

// columns prints rows whose columns begin at the same places, or, where they don't
// fit, one cell under the other.
func (p *printer) columns(rows [][]string) {
	widths := make([]int, len(rows[0]))
	total := 0
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], Width(row[i]))
		}
		total += widths[i] + gutter
	}
	for _, row := range rows {
		if total-gutter > p.opt.Width {
			p.hang(row[0]+strings.Repeat(" ", widths[0]+gutter-Width(row[0])), endLine(row[1:]))
			continue
		}
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]+gutter-Width(cell))
		}
		p.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
