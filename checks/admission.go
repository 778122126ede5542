package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// groupTraffic is a part of the traffic that security groups are asked about.
type groupTraffic struct {
	peers *netipx.IPSet
	way   netpath.Way
	loose bool // it may come under another address
	rules []netpath.Rule
}

// comingIn lists the traffic that reaches the interfaces dialled: as the walk
// brings it there, else as the agent sends it.
func (x *Exam) comingIn(agents netpath.Agents, dialled func(netpath.End) *netipx.IPSet, endpoint bool) []groupTraffic {
	var out []groupTraffic
	j, ok, _ := x.walked()
	if ok {
		for _, i := range j.there.At(netpath.GroupIn) {
			h := j.there.Hops[i]
			if e := j.ends[h.Index]; netpath.Empty(netpath.Both(h.In.Dst, dialled(e))) {
				continue
			}
			out = join(out, groupTraffic{peers: h.In.Src, way: j.wayTo(i, endpoint), loose: !j.there.Sure(i)})
		}
	}
	if len(out) == 0 {
		out = []groupTraffic{{peers: agents.Addrs, way: netpath.NoWay}}
	}
	return out
}

// wayTo is the way that ends at the interface dialled, as far as it was found.
func (j journey) wayTo(i int, endpoint bool) netpath.Way {
	h := j.there.Hops[i]
	if !h.Detached {
		return j.estate.References(j.there, i, netpath.Ingress, endpoint)
	}
	for _, n := range j.there.Leaves() {
		if !netpath.Empty(netpath.Both(j.there.Hops[n].In.Dst, h.In.Dst)) {
			return j.estate.References(j.there, n, netpath.Ingress, endpoint)
		}
	}
	return netpath.NoWay
}

// join adds a part to those that differ from it; with one like it, it is one.
func join(list []groupTraffic, a groupTraffic) []groupTraffic {
	for i := range list {
		if list[i].loose == a.loose && list[i].way.Same(a.way) {
			list[i].peers = netpath.Union(list[i].peers, a.peers)
			return list
		}
	}
	return append(list, a)
}

// admitted asks the rules about every part. What would be stopped, and may come
// under another address, is open.
func admitted(ports []netpath.Ports, parts []groupTraffic, owner string) netpath.Admission {
	var all netpath.Admission
	for _, p := range parts {
		a := netpath.Admit(p.peers, ports, p.rules)
		if p.loose && len(a.Stopped) > 0 {
			a.Open, a.Stopped = append(a.Open, a.Stopped...), nil
			a.Gaps = append(a.Gaps, snapshot.Gap{Code: snapshot.RestsOn, Ref: owner})
		}
		all.Stopped, all.Open = append(all.Stopped, a.Stopped...), append(all.Open, a.Open...)
		for _, g := range a.Gaps {
			if !slices.Contains(all.Gaps, g) {
				all.Gaps = append(all.Gaps, g)
			}
		}
		all.By, all.Partly = addRules(all.By, a.By), addRules(all.Partly, a.Partly)
	}
	return all
}

func addRules(list, more []netpath.Rule) []netpath.Rule {
	for _, r := range more {
		if !slices.ContainsFunc(list, func(o netpath.Rule) bool { return o.Ref == r.Ref && o.Says == r.Says }) {
			list = append(list, r)
		}
	}
	return list
}

// groupHolder is the group that a rule would be added to, where it is, and to which of
// its lists.
type groupHolder struct {
	group  string
	scope  *snapshot.Scope
	egress bool
}

// admission turns what a layer of groups lets through into findings.
func (x *Exam) admission(p *Problem, subject string, holder groupHolder, a netpath.Admission, agents netpath.Agents, ends []netpath.End) {
	group := holder.group
	ev := ruleEvidence(a.By)
	var where []snapshot.Evidence
	if agents.Seen != nil {
		where = append(where, sighting(*agents.Seen))
	}
	if len(a.Stopped) > 0 {
		ev = append(ev, ruleEvidence(a.Partly)...)
		if len(a.By)+len(a.Partly) == 0 {
			ev = append(ev, snapshot.Saw(snapshot.SecurityGroups, group, snapshot.Textf("no rule for tcp %s", "tcp %s のルールがない", netpath.JoinPorts(p.Requires.Ports))))
		}
		for _, same := range netpath.ByAddresses(a.Stopped) {
			ports, sources := netpath.PortsOf(same), netpath.Whole(same[0].Addrs, ends)
			x.Report(p, subject, Args{
				"ports": netpath.JoinPorts(ports), "sources": netpath.Addresses(sources), "group": group, "region": holder.scope.Region,
			}, append(ev, where...)...)
			if group != "" {
				x.mend(holder.whose(), rulesFor(group, holder.egress, ports, sources))
			}
			x.about(About{Holder: group, Direction: directionOf(holder.egress), Addrs: netpath.Exactly(sources, same[0].Addrs, ends), Ports: ports})
		}
		return
	}
	if len(a.Open) > 0 {
		x.Unknown(subject, a.Gaps...)
		return
	}
	if len(a.By) == 0 { // nothing was asked, so nothing is proved
		x.Unknown(subject, snapshot.Gap{Code: snapshot.Malformed, Source: agents.Given, Ref: subject, Words: onlyIPv4})
		return
	}
	x.OK(subject, append(ev, where...)...)
}
