package netpath

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// outward is what leads out of AWS: a virtual private gateway, or an attachment
// of a transit gateway.
type outward struct {
	scope    *snapshot.Scope
	id       string // the gateway, or the attachment
	kind     string // "vgw", or the resource type of the attachment
	resource string // what is attached
	gateway  string // the transit gateway
	learned  bool   // a virtual private gateway has learned a route to the agent
}

// vpnGateway follows a route to a virtual private gateway: out of AWS, over VPN
// or Direct Connect. What lies behind it AWS can't show.
func (w *walker) vpnGateway(at Place, hit Hit, f Flow, from int) {
	h := w.throughVPNGateway(at, hit.Target, f, from)
	if h.Fate == On {
		h.Cause.Other = "" // not to the VPC that it is attached to, but out of it
	}
	i := w.add(h)
	if h.Fate == On {
		w.leaveAWS(outward{scope: at.Scope, id: hit.Target, kind: "vgw", learned: hit.Propagated}, f, i)
	}
}

// throughVPNGateway is the hop of a virtual private gateway, in either direction.
func (w *walker) throughVPNGateway(at Place, id string, f Flow, from int) Hop {
	h := Hop{From: from, Layer: Connection, At: at, Holder: id, In: f, Cause: Cause{ID: id, Other: at.VPC}}
	g, p := at.Scope.VPNGateways.Get(id)
	switch p {
	case snapshot.Absent:
		h.Fate, h.Cause.Reason = Stopped, Missing
		return h
	case snapshot.Unobserved:
		gap := at.Scope.GapFor(snapshot.VPNGateways, id)
		h.Gap = &gap
		return h
	}
	h.Cause.State = g.State
	if h.Fate = Lives(VPNGatewayState, g.State); h.Fate != On {
		if h.Fate == Stopped {
			h.Cause.Reason = NotActive
		} else {
			h.Gap = stateGap(at.Scope, snapshot.VPNGateways, id, g.State)
		}
		return h
	}
	n := slices.IndexFunc(g.Attachments, func(a snapshot.VPNGatewayAttachment) bool { return a.VPC == at.VPC })
	if n < 0 {
		h.Fate, h.Cause.Reason = Stopped, NotAttached
		return h
	}
	h.Cause.State = g.Attachments[n].State
	switch h.Fate = Lives(VPNAttachmentState, h.Cause.State); h.Fate {
	case Stopped:
		h.Cause.Reason = NotActive
	case Open:
		h.Gap = stateGap(at.Scope, snapshot.VPNGateways, id, h.Cause.State)
	}
	return h
}

// leaveAWS ends the part of a walk that goes out to a network outside AWS.
func (w *walker) leaveAWS(o outward, f Flow, from int) {
	if w.outside {
		w.remember(o, f.Dst)
	}
	if o.kind != "vgw" {
		from = w.outwardAttachment(o, f, from)
		if w.hops[from].Fate != On {
			return
		}
	}
	if h, ok := w.tunnels(o, f, from); ok {
		h.Edge = w.outside
		from = w.add(h)
		if h.Fate == Stopped || h.Fate == Open && !h.Edge {
			return
		}
	}
	if w.outside || w.unplaced {
		w.add(Hop{From: from, Layer: Goal, At: Place{Scope: o.scope, Outside: true}, Holder: o.id, In: f, Fate: On, Index: -1})
		return
	}
	w.add(Hop{
		From: from, Layer: Inspect, At: Place{Scope: o.scope, Outside: true}, Holder: o.id, In: f, Mangles: true, Cause: Cause{ID: o.id},
		Gap: &snapshot.Gap{Code: snapshot.BeyondAWS, Source: snapshot.RouteTables.Action(), Scope: o.scope.Label(), Ref: o.id, Detail: w.where(f.Dst)},
	})
}

// outwardAttachment is the state of an attachment that leads out of AWS.
func (w *walker) outwardAttachment(o outward, f Flow, from int) int {
	h := Hop{From: from, Layer: Connection, At: Place{Scope: o.scope}, Holder: o.id, In: f, Cause: Cause{ID: o.id, Other: o.kind}}
	a, in := w.e.attachment(o.id)
	if in == nil {
		g := o.scope.GapFor(snapshot.TransitGatewayAttachments, o.id)
		h.Gap = &g
		return w.add(h)
	}
	h.Cause.State = a.State
	switch h.Fate = Lives(AttachmentState, a.State); h.Fate {
	case Stopped:
		h.Cause.Reason = NotActive
	case Open:
		h.Gap = stateGap(in, snapshot.TransitGatewayAttachments, o.id, a.State)
	default:
		if a.ResourceType != "" && !sameResource(a.ResourceType, o.kind) {
			h.Fate, h.Gap = Open, disagree(in, snapshot.TransitGatewayAttachments, o.id, a.ResourceType, o.kind)
		} else if differ(a.Gateway, o.gateway) {
			h.Fate, h.Gap = Open, disagree(in, snapshot.TransitGatewayAttachments, o.id, a.Gateway, o.gateway)
		} else if g := translates(in, a); g != nil {
			h.Fate, h.Gap, h.Mangles = Open, g, true
		}
	}
	return w.add(h)
}

// remember notes a way out of AWS and what lies behind it.
func (w *walker) remember(o outward, dst *netipx.IPSet) {
	for i := range w.doors {
		if w.doors[i].id == o.id {
			w.doors[i].src = Union(w.doors[i].src, dst)
			return
		}
	}
	w.doors = append(w.doors, door{o, dst})
}

// tunnels is the hop of the Site-to-Site VPN connections behind an outward
// gateway, or what was learned through it, if they decide. A transit gateway's VPN
// attachment is one connection: without a tunnel that is up it carries nothing. A
// virtual private gateway may carry Direct Connect as well, which EC2 does not show: a
// propagated route proves that it has learned the network, and otherwise only a tunnel
// that is up does. Of all else only what it has propagated tells; AWS's page on static
// routes names none to a Direct Connect gateway.
// Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VgwTelemetry.html
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-create-static-route.html
// https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html
func (w *walker) tunnels(o outward, f Flow, from int) (Hop, bool) {
	h := Hop{From: from, Layer: Connection, At: Place{Scope: o.scope}, In: f}
	switch {
	case strings.EqualFold(o.kind, "vpn"):
		c, in := w.e.vpn(o.resource)
		h.Holder, h.Cause.ID = o.resource, o.resource
		if in == nil {
			h.Gap = w.e.gapAnywhere(o.scope, snapshot.VPNConnections, o.resource)
			return h, true
		}
		h.Cause.State = c.State
		if kind := c.Inside(); strings.EqualFold(kind, "ipv6") {
			h.Gap = disagree(in, snapshot.VPNConnections, c.ID, "TunnelInsideIpVersion "+kind, w.where(f.Dst))
			return h, true
		}
		if g := w.misled(in, c, o, f, from); g != nil {
			h.Gap = g
			return h, true
		}
		if h.Fate = Lives(VPNState, c.State); h.Fate != On {
			if h.Fate == Stopped {
				h.Cause.Reason = NotActive
			} else {
				h.Gap = stateGap(in, snapshot.VPNConnections, c.ID, c.State)
			}
			return h, true
		}
		up, all := c.Tunnels()
		switch {
		case all == 0:
			h.Fate, h.Gap = Open, &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.VPNConnections.Action(), Scope: in.Label(), Ref: c.ID, Detail: "VgwTelemetry"}
		case up == 0:
			h.Fate, h.Cause.Reason, h.Cause.State = Stopped, NotActive, "DOWN"
		default:
			h.Cause.State = tunnelState(up, all)
		}
		return h, true
	case o.kind != "vgw":
		// Direct Connect gateways, Connect peers and VPN concentrators speak BGP: a route
		// that they have propagated they have learned, a static one proves nothing.
		h.Holder, h.Cause.ID = o.id, o.id
		h.Gap = &snapshot.Gap{Code: snapshot.NothingLearned, Source: snapshot.TransitGatewayRoutes.Action(), Scope: o.scope.Label(), Ref: o.id, Detail: w.where(f.Dst)}
		return h, !w.e.learned(o.id, f.Dst)
	}
	g := snapshot.Gap{Code: snapshot.NothingLearned, Source: snapshot.VPNConnections.Action(), Scope: o.scope.Label(), Ref: o.id, Detail: w.where(f.Dst)}
	h.Holder, h.Cause.ID, h.Gap = o.id, o.id, &g
	if o.scope.VPNConnections.Extent() != snapshot.Full {
		g = o.scope.GapFor(snapshot.VPNConnections, o.id)
	}
	down := 0 // connections whose telemetry shows no tunnel up
	for _, c := range o.scope.VPNConnections.All() {
		if c.VPNGateway != o.id || strings.EqualFold(c.Inside(), "ipv6") || Lives(VPNState, c.State) != On || !c.Carries(func(p snapshot.VPNConnection) bool { return w.staticCovers(p, f) }) {
			continue
		}
		up, all := c.Tunnels()
		if up > 0 && w.misled(o.scope, c, o, f, from) != nil {
			down++
			continue
		}
		if up > 0 {
			h.Holder, h.Cause.ID, h.Cause.State, h.Fate, h.Gap = c.ID, c.ID, tunnelState(up, all), On, nil
			return h, true
		}
		if all > 0 {
			down++
		}
	}
	// What was propagated was learned, unless all that could have brought it is down.
	return h, !o.learned || down > 0
}

// learned reports whether some table of a transit gateway holds routes to all the
// destinations that an attachment has propagated.
func (e *Estate) learned(attachment string, dst *netipx.IPSet) bool {
	for _, s := range e.snap.Scopes {
		for _, set := range s.TransitGatewayRoutes.All() {
			for _, r := range set.Entries {
				if !Empty(dst) && strings.EqualFold(r.Type, "propagated") && Lives(GatewayRouteState, r.State) == On && slices.ContainsFunc(r.Attachments, func(a snapshot.RouteAttachment) bool { return a.ID == attachment }) {
					dst = Minus(dst, Set(r.CIDR))
				}
			}
		}
	}
	return Empty(dst)
}

func tunnelState(up, all int) string {
	if up < all {
		return "UP (" + itoa(up) + "/" + itoa(all) + ")"
	}
	return "UP"
}

// misled says what a VPN connection tells against carrying some traffic: it is not
// associated with its gateway, or with another one, or its tunnels are for other blocks.
// Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnConnection.html
// https://docs.aws.amazon.com/vpn/latest/s2svpn/modify-vpn-connection-options.html
func (w *walker) misled(s *snapshot.Scope, c snapshot.VPNConnection, o outward, f Flow, from int) *snapshot.Gap {
	local, remote := f.Dst, f.Src
	if w.first(from).At.Outside {
		local, remote = f.Src, f.Dst
	}
	switch {
	case differ(c.TransitGateway, o.gateway):
		return disagree(s, snapshot.VPNConnections, c.ID, c.TransitGateway, o.gateway)
	case differ(c.Attached, "associated"):
		return disagree(s, snapshot.VPNConnections, c.ID, "GatewayAssociationState "+c.Attached, "associated")
	case c.Options == nil:
	case c.Options.Local.IsValid() && !Empty(Minus(local, Set(c.Options.Local))):
		return disagree(s, snapshot.VPNConnections, c.ID, "LocalIpv4NetworkCidr "+c.Options.Local.String(), shortSet(local))
	case c.Options.Remote.IsValid() && !Empty(Minus(remote, Set(c.Options.Remote))):
		return disagree(s, snapshot.VPNConnections, c.ID, "RemoteIpv4NetworkCidr "+c.Options.Remote.String(), shortSet(remote))
	}
	return nil
}

// staticCovers reports whether a connection with static routes has ones for all
// the destinations.
func (w *walker) staticCovers(c snapshot.VPNConnection, f Flow) bool {
	left := f.Dst
	for _, r := range c.Routes {
		if r.CIDR.IsValid() && Lives(VPNState, r.State) == On {
			left = Minus(left, Set(r.CIDR))
		}
	}
	return Empty(left)
}

// comeIn starts the walk of an agent outside AWS: at what the replies to it leave
// AWS by, and else at whatever leads out of AWS from the endpoint's network. It returns
// the addresses of the agent that no way leads to, where one leads to others.
func (w *walker) comeIn(a Agents, ends []End, f Flow) *netipx.IPSet {
	doors := w.e.doors(a, ends)
	rest := &netipx.IPSet{}
	if len(doors) > 0 {
		rest = a.Addrs
	}
	for _, d := range doors {
		o := d.outward
		f.Src = d.src
		rest = Minus(rest, d.src)
		first := w.add(Hop{From: -1, Layer: GroupOut, At: Place{Outside: true}, In: f, Fate: On})
		if o.kind != "vgw" {
			i := w.outwardAttachment(o, f, first)
			if strings.EqualFold(o.kind, "connect") {
				i = w.add(Hop{From: i, Layer: Inspect, At: Place{Scope: o.scope}, Holder: o.id, In: f, Cause: Cause{ID: o.id, Other: o.kind}, Gap: w.e.through(o.scope, o.kind+" "+o.id, snapshot.TransitGatewayRoutes)})
			}
			if strings.EqualFold(o.kind, "vpn") && w.hops[i].Fate == On {
				h, _ := w.tunnels(o, f, i)
				i = w.add(h)
			}
			if w.hops[i].Fate == On || w.hops[i].Layer == Inspect {
				w.atGateway(o.gateway, o.id, "", f, i)
			}
			continue
		}
		for _, vpc := range o.vpcs(ends) {
			at := Place{Scope: o.scope, VPC: vpc}
			h := w.throughVPNGateway(at, o.id, f, first)
			i := w.add(h)
			if h.Fate == On {
				w.edge(at, o.id, f, i)
			}
		}
	}
	return rest
}

// vpcs lists the endpoint's VPCs that a virtual private gateway is attached to.
func (o outward) vpcs(ends []End) []string {
	var out []string
	for _, e := range ends {
		if e.At.Scope == o.scope && !slices.Contains(out, e.At.VPC) {
			out = append(out, e.At.VPC)
		}
	}
	return out
}

// edge routes what comes in by a gateway: by the route table that is associated
// with the gateway, if there is one, else straight to where it is for.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func (w *walker) edge(at Place, gateway string, f Flow, from int) {
	table, known, gap := w.e.edgeTable(at, gateway)
	switch {
	case gap != nil:
		w.add(Hop{From: from, Layer: EdgeRoute, At: at, Holder: gateway, In: f, Gap: gap})
	case !known:
		w.deliver(at, f, from, "")
	default:
		for _, hit := range w.e.Lookup(at.Scope, table, f.Dst) {
			part := f
			part.Dst = hit.Addrs
			w.follow(at, "", EdgeRoute, table.ID, hit, part, from)
		}
	}
}
