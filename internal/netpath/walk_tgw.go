package netpath

import (
	"cmp"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// toGateway enters a transit gateway by the VPC's attachment, in the attachment's
// subnet of the same Availability Zone.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func (w *walker) toGateway(at Place, subnet, gateway string, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: at, Holder: gateway, In: f, Cause: Cause{ID: gateway, Other: at.VPC}}
	att, gap := w.e.attachmentOf(at, gateway)
	switch {
	case gap != nil:
		h.Gap = gap
	case att.ID == "":
		h.Fate, h.Cause.Reason = Stopped, NotAttached
	default:
		h.Holder, h.Cause.State = att.ID, att.State
		w.attachmentState(&h, at.Scope, snapshot.TransitGatewayVPCAttachments, gateway, "vpc")
	}
	if h.Fate != On {
		w.add(h)
		return
	}
	entry, gap := w.e.entryOf(at, att, subnet)
	if gap != nil || entry == "" {
		h.Cause.Other, h.Gap = subnet, gap
		if h.Fate = Open; gap == nil {
			h.Fate, h.Cause.Reason = Stopped, NotAttached
		}
		w.add(h)
		return
	}
	h.Cause.Other = gateway
	w.enter(at, att, entry, subnet, f, w.add(h))
}

// attachmentState fills in what the state of an attachment means for a hop, and
// whether other answers agree with it.
func (w *walker) attachmentState(h *Hop, in *snapshot.Scope, source snapshot.Kind, gateway, kind string) {
	switch h.Fate = Lives(AttachmentState, h.Cause.State); h.Fate {
	case Stopped:
		h.Cause.Reason = NotActive
	case Open:
		h.Gap = stateGap(in, source, h.Holder, h.Cause.State)
	default:
		if g := w.e.settledAttachment(*h, gateway, kind); g != nil {
			h.Fate, h.Gap, h.Mangles = Open, g, h.Mangles || g.Code == snapshot.AddressesChanged
		}
	}
}

// enter goes through the subnet in which an attachment takes packets in. Its
// network ACL sees them come in; where that is the sender's own subnet, by the
// rule for that case, which looks at the sender's address too.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
func (w *walker) enter(at Place, att snapshot.TransitGatewayVPCAttachment, entry, subnet string, f Flow, from int) {
	from, ok := w.settled(at, entry, f, from)
	if !ok {
		return
	}
	from = w.acl(ACLIn, at, entry, f, from)
	w.hops[from].SelfRule = entry == subnet
	w.atGateway(att.Gateway, att.ID, w.e.zoneOf(at, entry), f, from)
}

// byAttachmentInterface enters a transit gateway by a route to the network
// interface of its attachment, as from a Local Zone.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/Extend_VPCs.html
func (w *walker) byAttachmentInterface(at Place, subnet string, i snapshot.Interface, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: at, Subnet: i.Subnet, Holder: i.ID, In: f, Cause: Cause{ID: i.ID}}
	att, gap := w.e.attachmentIn(at, i.Subnet)
	if gap != nil {
		h.Gap = gap
		w.add(h)
		return
	}
	h.Holder, h.Cause.State = att.ID, att.State
	w.attachmentState(&h, at.Scope, snapshot.TransitGatewayVPCAttachments, att.Gateway, "vpc")
	n := w.add(h)
	if h.Fate == On {
		w.enter(at, att, i.Subnet, subnet, f, n)
	}
}

// atGateway routes what arrives at a transit gateway from an attachment, by the
// route table that the attachment is associated with.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *walker) atGateway(gateway, attachment, zone string, f Flow, from int) {
	if w.outOfHops() {
		w.add(Hop{From: from, Layer: GatewayRoute, Holder: gateway, In: f})
		return
	}
	state, scope := w.e.gatewayState(gateway)
	h := Hop{From: from, Layer: Connection, At: Place{Scope: scope}, Holder: gateway, In: f, Fate: Lives(GatewayState, state), Cause: Cause{ID: gateway, State: state}}
	switch {
	case scope == nil:
		h.Gap = w.e.gatewayElsewhere(gateway)
	case h.Fate == Stopped:
		h.Cause.Reason = NotActive
	case h.Fate == Open:
		h.Gap = stateGap(scope, snapshot.TransitGateways, gateway, state)
	}
	if g := w.e.gatewaySays(gateway, func(g snapshot.TransitGateway) string { return g.State }); g != nil {
		h.Fate, h.Gap = Open, g
	}
	from = w.add(h)
	if h.Fate != On {
		return
	}
	r := Hop{From: from, Layer: GatewayRoute, Holder: gateway, In: f, Cause: Cause{ID: gateway, Other: attachment}}
	table, scope, state, gap := w.e.associatedTable(gateway, attachment)
	switch {
	case gap != nil:
		r.Gap = gap
	case table == "":
		r.Fate, r.Cause.Reason, r.Cause.State = Stopped, NotAssociated, state
	case w.before(from, GatewayRoute, Place{}, table, attachment, f.Dst):
		r.Holder, r.Fate, r.Cause.Reason = table, Stopped, Circle
	default:
		w.gatewayRoutes(gateway, attachment, zone, table, scope, f, from)
		return
	}
	w.add(r)
}

// gatewayRoutes splits the destinations by the routes of a gateway's table.
func (w *walker) gatewayRoutes(gateway, attachment, zone, table string, scope *snapshot.Scope, f Flow, from int) {
	base := Hop{From: from, Layer: GatewayRoute, At: Place{Scope: scope}, Subnet: attachment, Holder: table, In: f, Cause: Cause{ID: gateway, Other: attachment}}
	routes, p := scope.TransitGatewayRoutes.Get(table)
	if p != snapshot.Present {
		g := scope.GapFor(snapshot.TransitGatewayRoutes, table)
		base.Gap = &g
		w.add(base)
		return
	}
	left := f.Dst
	for _, r := range orderRoutes(routes.Entries, f.Dst) {
		take := Both(left, Set(r.CIDR))
		if Empty(take) {
			continue
		}
		left = Minus(left, take)
		h := base
		h.In.Dst = take
		h.Cause.Prefix, h.Cause.State, h.Cause.Where = r.CIDR.String(), r.State, w.where(take)
		switch h.Fate = Lives(GatewayRouteState, r.State); {
		case r.Pending != "":
			g := r.Pending.Gap(table)
			h.Fate, h.Gap = Open, &g
		case h.Fate == Stopped && w.e.attachmentDown(r):
			h.Fate = On // what the route leads to is known, and is why
		case h.Fate == Stopped:
			h.Cause.Reason = GatewayHole
		case h.Fate == Open:
			h.Gap = stateGap(scope, snapshot.TransitGatewayRoutes, table, r.State)
		case len(r.Attachments) == 0:
			h.Fate, h.Gap = Open, &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.TransitGatewayRoutes.Action(), Scope: scope.Label(), Ref: table, Detail: "TransitGatewayAttachments"}
		}
		if h.Fate != On {
			w.add(h)
			continue
		}
		for _, a := range r.Attachments {
			h.Cause.ID = a.ID
			w.outOf(gateway, scope, a, zone, h.In, w.add(h))
		}
	}
	if !Empty(left) {
		base.In.Dst = left
		base.Fate, base.Cause.Reason, base.Cause.Where = Stopped, GatewayNoRoute, w.where(left)
		w.add(base)
	}
}

// outOf follows a route of a transit gateway to what is attached there.
// Source of the kinds: TransitGatewayAttachmentResourceType in the EC2 API reference.
func (w *walker) outOf(gateway string, scope *snapshot.Scope, a snapshot.RouteAttachment, zone string, f Flow, from int) {
	switch strings.ToLower(a.ResourceType) {
	case "vpc":
		w.intoVPC(gateway, scope, a, zone, f, from)
	case "peering", "tgw-peering":
		w.gatewayPeering(gateway, scope, a.ID, f, from)
	case "vpn", "vpn-concentrator":
		w.leaveAWS(outward{scope: scope, id: a.ID, kind: a.ResourceType, resource: a.ResourceID, gateway: gateway}, f, from)
	case "direct-connect-gateway":
		w.leaveAWS(outward{scope: scope, id: a.ID, kind: a.ResourceType, resource: a.ResourceID, gateway: gateway}, f, from)
	case "connect":
		i := w.add(Hop{From: from, Layer: Inspect, At: Place{Scope: scope}, Holder: a.ID, In: f, Cause: Cause{ID: a.ID, Other: a.ResourceType}, Gap: w.e.through(scope, a.ResourceType+" "+a.ID, snapshot.TransitGatewayRoutes)})
		w.leaveAWS(outward{scope: scope, id: a.ID, kind: a.ResourceType, resource: a.ResourceID, gateway: gateway}, f, i)
	default: // client-vpn, network-function, and what is still to come
		w.add(Hop{From: from, Layer: Inspect, At: Place{Scope: scope}, Holder: a.ID, In: f, Mangles: true, Cause: Cause{ID: a.ID, Other: a.ResourceType}, Gap: w.e.through(scope, a.ResourceType+" "+a.ResourceID, snapshot.TransitGatewayRoutes)})
	}
}

// intoVPC leaves a transit gateway in a subnet of a VPC attachment: that of the
// zone where the packet entered, if there is one, else any; in appliance mode one
// that a hash of the flow picks. There the subnet's own route table and network ACL
// decide.
// Sources: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-az-overview
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
func (w *walker) intoVPC(gateway string, scope *snapshot.Scope, a snapshot.RouteAttachment, zone string, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: Place{Scope: scope, VPC: a.ResourceID}, Holder: a.ID, In: f, Cause: Cause{ID: a.ID, Other: a.ResourceID}}
	att, in := w.e.vpcAttachment(a.ID)
	if in == nil {
		h.Gap = w.e.vpcElsewhere(scope, a.ResourceID, a.ID)
		h.Mangles = !w.holds(a.ResourceID, f.Dst)
		w.add(h)
		return
	}
	h.At = Place{Scope: w.e.scopeOf(att.VPC), VPC: att.VPC}
	h.Cause.State, h.Cause.Other = att.State, att.VPC
	w.attachmentState(&h, in, snapshot.TransitGatewayVPCAttachments, gateway, "vpc")
	switch {
	case h.Fate != On:
	case len(att.SubnetIDs) == 0:
		h.Fate, h.Gap = Open, &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.TransitGatewayVPCAttachments.Action(), Scope: in.Label(), Ref: att.ID, Detail: "SubnetIds"}
	case a.ResourceID != "" && a.ResourceID != att.VPC:
		h.Fate, h.Gap = Open, disagree(scope, snapshot.TransitGatewayRoutes, a.ID, a.ResourceID, att.VPC)
	case h.At.Scope == nil: // of an account that was not looked at
		h.Fate, h.Gap, h.Mangles = Open, w.e.vpcElsewhere(scope, a.ResourceID, a.ID), !w.holds(a.ResourceID, f.Dst)
	}
	from = w.add(h)
	if h.Fate != On {
		return
	}
	exits := att.SubnetIDs
	hashed := !strings.EqualFold(att.Options.ApplianceModeSupport, "disable") && att.Options.ApplianceModeSupport != "" // it is off by default
	if same := slices.DeleteFunc(slices.Clone(exits), func(id string) bool { return zone == "" || w.e.zoneOf(h.At, id) != zone }); !hashed && len(same) > 0 {
		exits = same
	}
	for _, id := range exits {
		sameZone := w.inZone(h.At, f.Dst, w.e.zoneOf(h.At, id))
		if hashed {
			sameZone = &netipx.IPSet{}
		}
		for _, part := range []struct {
			dst     *netipx.IPSet
			several bool
		}{{sameZone, false}, {Minus(f.Dst, sameZone), len(exits) > 1}} {
			if Empty(part.dst) {
				continue
			}
			out := f
			out.Dst = part.dst
			x := w.add(Hop{From: from, Layer: Exit, At: h.At, Subnet: id, Holder: att.ID, In: out, Fate: On, Several: part.several, Cause: Cause{ID: gateway}})
			w.leave(h.At, id, out, x)
		}
	}
}

// inZone is the part of the destinations that is for places in a zone.
func (w *walker) inZone(at Place, dst *netipx.IPSet, zone string) *netipx.IPSet {
	out := &netipx.IPSet{}
	for _, g := range w.goals {
		if zone != "" && g.at.VPC == at.VPC && w.e.zoneOf(at, g.subnet) == zone {
			out = Union(out, Both(dst, g.addrs))
		}
	}
	return out
}

// gatewayPeering crosses to the gateway, or the core network, on the other side of a
// peering.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PeeringTgwInfo.html
func (w *walker) gatewayPeering(gateway string, scope *snapshot.Scope, id string, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: Place{Scope: scope}, Holder: id, In: f, Cause: Cause{ID: id}}
	p, in := w.e.gatewayPeering(id)
	if in == nil {
		g := scope.GapFor(snapshot.TransitGatewayPeerings, id)
		h.Gap = &g
		w.add(h)
		return
	}
	next := p.Requester
	if next.Gateway == gateway {
		next = p.Accepter
	}
	h.Cause.State, h.Cause.Other = p.State, cmp.Or(next.CoreNetwork, next.Gateway)
	if w.attachmentState(&h, in, snapshot.TransitGatewayPeerings, gateway, "peering"); h.Fate == On {
		if g := w.e.peeringStates(p); g != nil {
			h.Fate, h.Gap = Open, g
		}
	}
	from = w.add(h)
	switch {
	case h.Fate != On:
	case next.CoreNetwork != "" || next.Gateway == "":
		// AWS Cloud WAN: what its segments and policies do is no table of EC2.
		w.opaque(Place{Scope: scope}, "", h.Cause.Other, f, from, true)
	default:
		far, gap := w.e.farSide(p, next.Gateway)
		if gap != nil {
			w.add(Hop{From: from, Layer: GatewayRoute, Holder: next.Gateway, In: f, Gap: gap, Cause: Cause{ID: next.Gateway, Other: id}})
			return
		}
		w.atGateway(next.Gateway, far, "", f, from)
	}
}

// orderRoutes sorts a transit gateway's routes for any of the destinations by
// precedence: longest prefix,
// static, prefix list, then propagated by the kind of attachment. One that is
// deleted is none.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview
func orderRoutes(routes []snapshot.TransitGatewayRoute, dst *netipx.IPSet) []snapshot.TransitGatewayRoute {
	rank := func(r snapshot.TransitGatewayRoute) int {
		switch {
		case strings.EqualFold(r.Type, "static") && r.PrefixList == "":
			return 0
		case r.PrefixList != "":
			return 1
		}
		kind := ""
		if len(r.Attachments) > 0 {
			kind = strings.ToLower(r.Attachments[0].ResourceType)
		}
		return 2 + max(slices.Index([]string{"vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "client-vpn", "peering", "tgw-peering"}, kind), 0)
	}
	var out []snapshot.TransitGatewayRoute
	for _, r := range routes {
		if r.CIDR.IsValid() && dst.OverlapsPrefix(r.CIDR.Masked()) && !strings.EqualFold(r.State, "deleted") {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b snapshot.TransitGatewayRoute) int {
		return cmp.Or(-cmp.Compare(a.CIDR.Bits(), b.CIDR.Bits()), cmp.Compare(rank(a), rank(b)))
	})
	return out
}
