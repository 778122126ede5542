package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// mendRoute says what lets a part that was stopped go on, where what it takes is known:
// a route in a table of a VPC, or a change of a transit gateway.
func (x *Exam) mendRoute(j journey, l leg, vpc string, back bool) {
	h := l.last
	switch h.Layer {
	case netpath.Route, netpath.EdgeRoute:
		x.mendTable(j, h, vpc)
	case netpath.GatewayRoute:
		x.mendGateway(j, h, back)
	case netpath.Connection:
		switch {
		case h.Cause.Reason == netpath.NotAttached && strings.HasPrefix(h.Holder, "tgw-attach-") && strings.HasPrefix(h.Cause.Other, "subnet-"):
			x.mend(x.inVPC(h.At), repair.AttachmentSubnet{Attachment: h.Holder, Subnet: h.Cause.Other})
		case h.Cause.Reason == netpath.NotActive || h.Cause.Reason == netpath.Missing || h.Cause.Reason == netpath.NotTransitive || h.Cause.Reason == netpath.WrongWay:
			if r, ok := l.final(netpath.Route, netpath.EdgeRoute); ok && connectionKind(r.Cause.ID) != snapshot.TransitGateways {
				x.mendTable(j, r, vpc)
			}
		}
	}
}

// mendTable adds a route over the connection that joins the two networks, or gives
// the one that is there another target.
func (x *Exam) mendTable(j journey, h netpath.Hop, vpc string) {
	target := x.joining(j, vpc)
	if target == "" || target == h.Cause.ID || h.At.Scope == nil {
		return
	}
	table, _ := h.At.Scope.RouteTables.Get(h.Holder)
	var out []repair.Change
	for _, block := range netpath.Whole(h.In.Dst, j.ends).Prefixes() {
		replace := slices.ContainsFunc(table.Routes, func(r snapshot.Route) bool {
			return r.CIDR == block && r.Origin != "EnableVgwRoutePropagation"
		})
		out = append(out, repair.Route{Table: h.Holder, Destination: block, Target: target, Replace: replace})
	}
	x.mend(x.inVPC(h.At), out...)
}

// joining is what a route of the VPC can name to reach the other network: what joins
// the two and works, or waits to be accepted.
func (x *Exam) joining(j journey, vpc string) string {
	for _, l := range x.linksBetween(j) {
		if rank(l) >= lostRank {
			continue
		}
		switch connectionKind(l.id) {
		case snapshot.TransitGatewayAttachments:
			if a, ok := x.attachment(l.id); ok {
				return a.Gateway
			}
		default:
			return l.id
		}
	}
	if j.from.VPC != "" && slices.ContainsFunc(x.Snapshot.Scopes, func(s *snapshot.Scope) bool { return s.TransitGatewayVPCAttachments.Covers(j.from.VPC) }) {
		return "" // what the agent's VPC is attached to was seen
	}
	for _, s := range x.Snapshot.Scopes {
		for _, a := range s.TransitGatewayVPCAttachments.All() {
			if a.VPC == vpc && netpath.Lives(netpath.AttachmentState, a.State) == netpath.On {
				return a.Gateway
			}
		}
	}
	return ""
}

func (x *Exam) attachment(id string) (snapshot.TransitGatewayVPCAttachment, bool) {
	for _, s := range x.Snapshot.Scopes {
		if a, p := s.TransitGatewayVPCAttachments.Get(id); p == snapshot.Present {
			return a, true
		}
	}
	return snapshot.TransitGatewayVPCAttachment{}, false
}

// mendGateway lets a transit gateway route what comes to it: an association with the
// table for attachments that have none of their own, or a route to the attachment of
// the VPC that the packets are for.
func (x *Exam) mendGateway(j journey, h netpath.Hop, back bool) {
	if h.Cause.Reason == netpath.NotAssociated {
		if table, s := x.onlyTable(h.Holder); table != "" && h.Cause.State == "" {
			x.mend(x.ofGateway(h.Holder, s), repair.GatewayAssociation{Table: table, Attachment: h.Cause.Other})
		}
		return
	}
	gateway, vpc := h.Cause.ID, j.to.VPC
	if back {
		vpc = j.from.VPC
	}
	attachment := x.towards(gateway, vpc)
	if attachment == "" || h.At.Scope == nil || h.Cause.Reason != netpath.GatewayNoRoute && h.Cause.Reason != netpath.GatewayHole {
		return
	}
	routes, _ := h.At.Scope.TransitGatewayRoutes.Get(h.Holder)
	var out []repair.Change
	for _, block := range netpath.Whole(h.In.Dst, j.ends).Prefixes() {
		replace := slices.ContainsFunc(routes.Entries, func(r snapshot.TransitGatewayRoute) bool {
			return r.CIDR == block && strings.EqualFold(r.Type, "static") && !strings.EqualFold(r.State, "deleted")
		})
		out = append(out, repair.GatewayRoute{Table: h.Holder, Destination: block, Attachment: attachment, Replace: replace})
	}
	x.mend(x.ofGateway(gateway, h.At.Scope), out...)
}

// towards is the attachment of a transit gateway by which a VPC is reached: its own,
// else that of the peering with the gateway that the VPC is attached to.
func (x *Exam) towards(gateway, vpc string) string {
	if a, ok := x.attachedTo(gateway, vpc); ok && netpath.Lives(netpath.AttachmentState, a.State) == netpath.On {
		return a.ID
	}
	for _, s := range x.Snapshot.Scopes {
		for _, p := range s.TransitGatewayPeerings.All() {
			other := p.Accepter.Gateway
			if other == gateway {
				other = p.Requester.Gateway
			} else if p.Requester.Gateway != gateway {
				continue
			}
			if _, ok := x.attachedTo(other, vpc); ok && netpath.Lives(netpath.AttachmentState, p.State) == netpath.On {
				return p.ID
			}
		}
	}
	return ""
}

// ofGateway are the credentials of the owner of a transit gateway.
func (x *Exam) ofGateway(id string, s *snapshot.Scope) repair.Whose {
	g, _ := x.gateway(id)
	return whose(s, g.OwnerID)
}

// onlyTable is the table of a transit gateway that an attachment is to be associated
// with: the default one, or the only one.
func (x *Exam) onlyTable(gateway string) (string, *snapshot.Scope) {
	for _, s := range x.Snapshot.Scopes {
		var ids []string
		for _, t := range s.TransitGatewayRouteTables.All() {
			if t.Gateway != gateway || !strings.EqualFold(t.State, "available") {
				continue
			}
			if t.IsDefault {
				return t.ID, s
			}
			ids = append(ids, t.ID)
		}
		if len(ids) == 1 && s.TransitGatewayRouteTables.Covers("") {
			return ids[0], s
		}
	}
	return "", nil
}
