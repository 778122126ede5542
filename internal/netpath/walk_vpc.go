package netpath

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// leave sends traffic out of a subnet: what is in the subnet itself is reached
// directly, all else by its network ACL and its route table.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
func (w *walker) leave(at Place, subnet string, f Flow, from int) {
	if w.outOfHops() {
		w.add(Hop{From: from, Layer: Route, At: at, Subnet: subnet, In: f})
		return
	}
	from, ok := w.settled(at, subnet, f, from)
	if !ok {
		return
	}
	for _, g := range w.goals {
		if g.at.VPC != at.VPC || g.subnet != subnet {
			continue
		}
		toGoal := f
		if toGoal.Dst = Both(f.Dst, g.addrs); Empty(toGoal.Dst) {
			continue
		}
		f.Dst = Minus(f.Dst, toGoal.Dst)
		w.arrive(g, toGoal, from)
	}
	if !Empty(f.Dst) {
		w.route(at, subnet, f, w.acl(ACLOut, at, subnet, f, from))
	}
}

// settled adds a hop where a subnet, its VPC or their address block is not in its
// working state, and reports whether the traffic goes on; of a subnet that a task may
// use subnet-usable says it.
func (w *walker) settled(at Place, subnet string, f Flow, from int) (int, bool) {
	fate, gap := w.e.unsettled(at, subnet)
	if gap == nil || gap.Ref == subnet && slices.ContainsFunc(w.ends, func(e End) bool { return e.Subnet == subnet && !Empty(e.Task) }) {
		return from, true
	}
	h := Hop{From: from, Layer: Connection, At: at, Subnet: subnet, Holder: gap.Ref, In: f, Fate: fate, Gap: gap, Cause: Cause{ID: gap.Ref, State: gap.Detail}}
	if gap.Code == snapshot.Contradiction {
		h.Holder, h.Cause = subnet, Cause{ID: subnet}
	}
	if fate == Stopped {
		h.Gap, h.Cause.Reason = nil, NotActive
	}
	return w.add(h), fate != Stopped
}

// acl adds the hop of a subnet's network ACL.
func (w *walker) acl(l Layer, at Place, subnet string, f Flow, from int) int {
	h := Hop{From: from, Layer: l, At: at, Subnet: subnet, In: f, Fate: On}
	acl, gap := w.e.aclOf(at, subnet)
	if gap != nil {
		h.Gap = gap
	} else {
		h.ACL, h.Holder = &acl, acl.ID
		way, rules := "inbound", inbound
		if l == ACLOut {
			way, rules = "outbound", outbound
		}
		h.rules = snapshot.Derive(w.e.atOwner(at).Scope.NetworkACLs, way, acl, rules)
	}
	return w.add(h)
}

// route looks the destinations up in a subnet's route table and follows each
// part.
func (w *walker) route(at Place, subnet string, f Flow, from int) {
	table, gap := w.e.tableOf(at, subnet)
	if gap != nil && table.ID == "" {
		w.add(Hop{From: from, Layer: Route, At: at, Subnet: subnet, Holder: subnet, In: f, Gap: gap})
		return
	}
	if w.before(from, Route, at, table.ID, subnet, f.Dst) {
		w.add(Hop{From: from, Layer: Route, At: at, Subnet: subnet, Holder: table.ID, In: f, Fate: Stopped, Cause: Cause{Reason: Circle, ID: table.ID}})
		return
	}
	for _, h := range w.e.Lookup(at.Scope, table, f.Dst) {
		part := f
		part.Dst = h.Addrs
		if gap != nil && !h.None() && Lives(RouteState, h.State) != Stopped {
			h.Gap = gap // the table that is leaving may decide until then
		}
		w.follow(at, subnet, Route, table.ID, h, part, from)
	}
}

// follow goes where a route leads.
func (w *walker) follow(at Place, subnet string, l Layer, table string, hit Hit, f Flow, from int) {
	h := Hop{
		From: from, Layer: l, At: at, Subnet: subnet, Holder: table, In: f, Fate: On, Gap: hit.Gap, Route: &hit,
		Cause: Cause{ID: hit.Target, Prefix: hit.Prefix, State: hit.State, Where: w.where(f.Dst)},
	}
	stop := func(r Reason) { h.Fate, h.Cause.Reason = Stopped, r }
	fate := Lives(RouteState, hit.State)
	switch {
	case hit.None():
		stop(NoRoute)
	case hit.Gap != nil:
		h.Fate = Open
	case fate == Stopped && w.e.explains(at, hit):
		// What the route leads to is known, and is why it is a blackhole.
	case fate == Stopped:
		stop(Blackhole)
	case fate == Open:
		h.Fate, h.Gap = Open, stateGap(at.Scope, snapshot.RouteTables, table, hit.State)
	case hit.Kind == ToInternet:
		stop(WrongWay)
	case hit.Kind == ToLocal && !w.holds(at.VPC, f.Dst):
		stop(WrongWay)
		h.Cause.ID, h.Cause.Other = "local", at.VPC
	case hit.Kind == ToNAT && w.reply:
		stop(Retranslated)
	}
	i := w.add(h)
	if h.Fate != On {
		return
	}
	switch hit.Kind {
	case ToLocal:
		w.deliver(at, f, i, subnet)
	case ToPeering:
		w.peering(at, hit.Target, f, i)
	case ToTransitGateway:
		w.toGateway(at, subnet, hit.Target, f, i)
	case ToVPNGateway:
		w.vpnGateway(at, hit, f, i)
	case ToNAT:
		w.nat(at, subnet, hit.Target, f, i)
	case ToAppliance:
		w.appliance(at, subnet, hit, f, i)
	case ToEndpoint:
		w.firewall(at, subnet, hit.Target, f, i)
	default:
		w.opaque(at, subnet, hit.Target, f, i, true)
	}
}

// holds reports whether some place in the VPC takes the addresses, or it is not
// known where the agent is.
func (w *walker) holds(vpc string, dst *netipx.IPSet) bool {
	if w.unplaced || w.isAgents(vpc, dst) {
		return true
	}
	return slices.ContainsFunc(w.goals, func(g goal) bool { return g.at.VPC == vpc && overlaps(g.addrs, dst) })
}

// isAgents reports whether replies to what no subnet of the agent's holds are for its
// VPC all the same.
func (w *walker) isAgents(vpc string, dst *netipx.IPSet) bool {
	return w.reply && vpc != "" && vpc == w.agentVPC && w.e.blocksHold(vpc, dst)
}

// deliver hands traffic to the places of a VPC that it is for. It comes from a
// subnet of the same VPC, or from outside ("").
func (w *walker) deliver(at Place, f Flow, from int, subnet string) {
	for _, g := range w.goals {
		if g.at.VPC != at.VPC {
			continue
		}
		part := f
		if part.Dst = Both(f.Dst, g.addrs); Empty(part.Dst) {
			continue
		}
		f.Dst = Minus(f.Dst, part.Dst)
		i := from
		if g.subnet != subnet {
			i = w.acl(ACLIn, g.at, g.subnet, part, from)
		}
		w.arrive(g, part, i)
	}
	switch {
	case Empty(f.Dst):
	case w.unplaced && w.e.blocksHold(at.VPC, f.Dst), w.isAgents(at.VPC, f.Dst):
		w.add(Hop{From: from, Layer: Goal, At: at, In: f, Fate: On, Index: -1})
	case w.unplaced:
		// A VPC that does not hold the agent's addresses: one in between.
		w.add(Hop{From: from, Layer: Inspect, At: at, Holder: at.VPC, In: f, Mangles: true, Gap: w.e.through(at.Scope, at.VPC, snapshot.RouteTables)})
	default:
		w.add(Hop{From: from, Layer: Route, At: at, Holder: at.VPC, In: f, Fate: Stopped, Cause: Cause{Reason: WrongWay, ID: "local", Other: at.VPC, Where: w.where(f.Dst)}})
	}
}

// arrive ends a part of the walk; replies to a NAT gateway go on from there.
func (w *walker) arrive(g goal, f Flow, from int) {
	if g.nat != nil {
		i := w.add(Hop{From: from, Layer: Connection, At: g.at, Subnet: g.subnet, Holder: g.nat.Holder, In: f, Fate: On, untranslated: &f, Cause: Cause{ID: g.nat.Holder, State: g.nat.Cause.State, Where: shortSet(f.Dst) + " -> " + shortSet(g.nat.untranslated.Src)}})
		w.leave(g.at, g.subnet, Flow{Src: f.Src, Dst: g.nat.untranslated.Src, Dial: g.nat.untranslated.Dial}, i)
		return
	}
	from, ok := w.settled(g.at, g.subnet, f, from)
	if !ok {
		return
	}
	if gap := w.e.outsideBlock(g.at, g.subnet, f.Dst); gap != nil {
		from = w.add(Hop{From: from, Layer: Connection, At: g.at, Subnet: g.subnet, Holder: g.subnet, In: f, Gap: gap, Cause: Cause{ID: g.subnet}})
	}
	if !w.reply {
		from = w.add(Hop{From: from, Layer: GroupIn, At: g.at, Subnet: g.subnet, In: f, Fate: On, Index: g.index})
	}
	w.add(Hop{From: from, Layer: Goal, At: g.at, Subnet: g.subnet, In: f, Fate: On, Index: g.index})
}

// peering crosses a peering connection, which carries packets for the addresses
// of the peer VPC only: nothing behind it.
// Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (w *walker) peering(at Place, id string, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: at, Holder: id, In: f, Cause: Cause{ID: id, Where: w.where(f.Dst)}}
	p, presence, gap := w.e.peering(at, id)
	if presence != snapshot.Present {
		if h.Gap = gap; presence == snapshot.Absent {
			h.Fate, h.Cause.Reason = Stopped, Missing
		}
		w.add(h)
		return
	}
	h.Cause.State = p.Status.Code
	h.Fate = Lives(PeeringState, p.Status.Code)
	other, ok := p.Other(at.VPC)
	h.Cause.Other = other.VPC
	switch {
	case h.Fate == Stopped:
		h.Cause.Reason = NotActive
	case h.Fate == Open:
		h.Gap = stateGap(at.Scope, snapshot.Peerings, id, p.Status.Code)
	case !ok:
		h.Fate, h.Cause.Reason = Stopped, WrongWay
		h.Cause.Other = at.VPC
	case !w.unplaced && !slices.ContainsFunc(w.goals, func(g goal) bool { return g.at.VPC == other.VPC }):
		h.Fate, h.Cause.Reason = Stopped, NotTransitive
	}
	if h.Fate != On {
		w.add(h)
		return
	}
	own, doubtful, complete := w.e.prefixesOf(id, other)
	if said := Both(f.Dst, doubtful); !Empty(said) {
		out := h
		out.In.Dst, out.Cause.Where = said, w.where(said)
		out.Fate, out.Gap = Open, &snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.Peerings.Action(), Scope: at.Scope.Label(), Ref: id, Detail: other.VPC + " (" + shortSet(doubtful) + ")"}
		w.add(out)
	}
	beyond := Minus(Minus(f.Dst, own), doubtful)
	if !Empty(beyond) {
		out := h
		out.In.Dst, out.Cause.Where = beyond, w.where(beyond)
		if complete {
			out.Fate, out.Cause.Reason = Stopped, NotTransitive
		} else {
			out.Fate, out.Gap = Open, &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.VPCs.Action(), Scope: at.Scope.Label(), Ref: other.VPC, Detail: "CidrBlockSet"}
		}
		w.add(out)
	}
	if h.In.Dst = Both(f.Dst, own); Empty(h.In.Dst) {
		return
	}
	i := w.add(h)
	w.deliver(Place{Scope: w.e.scopeOf(other.VPC), VPC: other.VPC}, h.In, i, "")
}
