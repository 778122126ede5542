package netpath

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// misplaced says what contradicts that a subnet stands in a VPC: its row names another
// one, or its block lies in none of the VPC's.
func misplaced(s *snapshot.Scope, n snapshot.Subnet, vpc string, v snapshot.VPC) *snapshot.Gap {
	if n.VPC != "" && n.VPC != vpc {
		return disagree(s, snapshot.Subnets, n.ID, n.VPC, vpc)
	}
	blocks := everyBlock(v)
	if n.Pending != "" || v.Pending != "" || !n.CIDR.IsValid() || Empty(blocks) || blocks.OverlapsPrefix(n.CIDR.Masked()) {
		return nil
	}
	return disagree(s, snapshot.Subnets, n.ID, n.CIDR.String(), vpc+" "+shortSet(blocks))
}

// outsideBlock says which of the addresses of something in a subnet its block does not hold.
func (e *Estate) outsideBlock(at Place, subnet string, addrs *netipx.IPSet) *snapshot.Gap {
	s := e.atOwner(at).Scope
	if s == nil {
		return nil
	}
	n, p := s.Subnets.GetIn(at.VPC, subnet)
	if out := Minus(IPv4(addrs), Set(n.CIDR)); p == snapshot.Present && n.CIDR.IsValid() && !Empty(out) {
		return disagree(s, snapshot.Subnets, subnet, n.CIDR.String(), shortSet(out))
	}
	return nil
}

// joins names the VPCs of a peering connection.
func joins(p snapshot.Peering) string { return p.Requester.VPC + " - " + p.Accepter.VPC }

// everyBlock is the IPv4 blocks of a VPC, in whatever state.
func everyBlock(v snapshot.VPC) *netipx.IPSet {
	out := &netipx.IPSet{}
	if len(v.CIDRs) == 0 {
		out = Set(v.CIDR)
	}
	for _, a := range v.CIDRs {
		out = Union(out, Set(a.CIDR))
	}
	return out
}

// prefixesOf returns the address blocks of one side of a peering connection, and
// whether they are all. The connection lists those of an active one as the VPC itself
// does: what only one of the answers shows is doubtful, and not among them.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcPeeringConnectionVpcInfo.html
func (e *Estate) prefixesOf(id string, side snapshot.PeeringSide) (sure, doubtful *netipx.IPSet, complete bool) {
	sure, doubtful = Set(side.Prefixes()...), &netipx.IPSet{}
	complete = len(side.CIDRs) > 0 || len(side.IPv6CIDRs) > 0
	if s := e.scopeOf(side.VPC); s != nil {
		v, _ := s.VPCs.Get(side.VPC)
		sure, complete = Union(sure, Set(v.Prefixes()...)), v.Pending == ""
		if shown := everyBlock(v); complete && !Empty(shown) {
			doubtful = Minus(IPv4(sure), shown)
		}
	}
	for _, s := range e.snap.Scopes {
		p, _ := s.Peerings.Get(id)
		for _, one := range []snapshot.PeeringSide{p.Requester, p.Accepter} {
			if one.VPC == side.VPC && len(one.CIDRs) > 0 {
				doubtful = Union(doubtful, Minus(IPv4(sure), Set(one.Prefixes()...)))
			}
		}
	}
	return Minus(sure, doubtful), doubtful, complete
}

// settledAttachment says what contradicts how an attachment was seen: its state, its
// kind, what it joins. The table of all attachments lists those of every kind, and the
// gateway's owner sees them all. It says too where the gateway changes addresses.
func (e *Estate) settledAttachment(h Hop, gateway, kind string) *snapshot.Gap {
	id, state := h.Holder, h.Cause.State
	for _, s := range e.snap.Scopes {
		a, p := s.TransitGatewayAttachments.Get(id)
		vpc := kind == "vpc" && p == snapshot.Present
		switch {
		case p == snapshot.Absent && e.reallyOwns(s, gateway):
			return disagree(s, snapshot.TransitGatewayAttachments, id, "absent", state)
		case p != snapshot.Present:
		case !strings.EqualFold(a.State, state):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.State, state)
		case a.ResourceType != "" && !sameResource(a.ResourceType, kind):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.ResourceType, kind)
		case vpc && differ(a.Gateway, gateway):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.Gateway, gateway)
		case vpc && differ(a.ResourceID, h.At.VPC):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.ResourceID, h.At.VPC)
		}
		if g := translates(s, a); g != nil {
			return g
		}
		v, p := s.TransitGatewayVPCAttachments.Get(id)
		switch {
		case p != snapshot.Present:
		case !strings.EqualFold(v.State, state):
			return disagree(s, snapshot.TransitGatewayVPCAttachments, id, v.State, state)
		case differ(v.Gateway, gateway):
			return disagree(s, snapshot.TransitGatewayVPCAttachments, id, v.Gateway, gateway)
		case differ(v.VPC, h.At.VPC):
			return disagree(s, snapshot.TransitGatewayVPCAttachments, id, v.VPC, h.At.VPC)
		}
	}
	return nil
}

// gatewaySays says where two accounts that see a transit gateway are told different
// things of it.
func (e *Estate) gatewaySays(id string, of func(snapshot.TransitGateway) string) *snapshot.Gap {
	said := ""
	for _, s := range e.snap.Scopes {
		g, p := s.TransitGateways.Get(id)
		if p != snapshot.Present {
			continue
		}
		if differ(strings.ToLower(said), strings.ToLower(of(g))) {
			return disagree(s, snapshot.TransitGateways, id, said, of(g))
		}
		said = cmp.Or(said, of(g))
	}
	return nil
}

// differ reports whether two values are known, and not one.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// translates says that a gateway may give the packets of an attachment other addresses:
// by which rules only another call tells.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetTransitGatewayAttachmentNatConfiguration.html
func translates(s *snapshot.Scope, a snapshot.TransitGatewayAttachment) *snapshot.Gap {
	if a.Translates == "" || strings.EqualFold(a.Translates, "disabled") {
		return nil
	}
	return &snapshot.Gap{Code: snapshot.AddressesChanged, Source: snapshot.TransitGatewayAttachments.Action(), Scope: s.Label(), Ref: a.ID, Detail: a.Translates}
}

// byPolicy says that what comes in by an attachment is routed by a policy table, which
// an attachment has in place of a route table.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-policy-tables-associate.html
func (e *Estate) byPolicy(gateway, attachment string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		a, _ := s.TransitGatewayAttachments.Get(attachment)
		if a.Association != nil && a.Association.PolicyTable != "" && !differ(a.Gateway, gateway) && !strings.EqualFold(a.Association.State, "disassociated") {
			return &snapshot.Gap{Code: snapshot.PolicyTable, Source: snapshot.TransitGatewayAttachments.Action(), Scope: s.Label(), Ref: attachment, Detail: a.Association.PolicyTable}
		}
	}
	return nil
}

// saysAssociated says why an attachment that no route table lists may be associated all
// the same: it says so itself, or nobody shows it, and a policy table may have it.
func (e *Estate) saysAssociated(gateway, attachment string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		a, p := s.TransitGatewayAttachments.Get(attachment)
		switch {
		case p != snapshot.Present || differ(a.Gateway, gateway):
		case a.Association == nil || Lives(AssociationState, a.Association.State) == Stopped:
			return nil
		case a.Association.RouteTable == "":
			return &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.TransitGatewayAttachments.Action(), Scope: s.Label(), Ref: attachment, Detail: "TransitGatewayPolicyTableId"}
		default:
			return disagree(s, snapshot.TransitGatewayAssociations, attachment, a.Association.RouteTable, "absent")
		}
	}
	return e.gapAnywhere(nil, snapshot.TransitGatewayAttachments, attachment)
}

// associationSays says what contradicts an association that a route table lists: the
// attachment tells it too.
func (e *Estate) associationSays(gateway, table string, listed snapshot.TransitGatewayAssociation) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		a, p := s.TransitGatewayAttachments.Get(listed.Attachment)
		switch {
		case p != snapshot.Present || differ(a.Gateway, gateway):
		case differ(a.ResourceID, listed.ResourceID):
			return disagree(s, snapshot.TransitGatewayAssociations, listed.Attachment, a.ResourceID, listed.ResourceID)
		case a.Association == nil:
		case a.Association.State != "" && !strings.EqualFold(a.Association.State, listed.State):
			return disagree(s, snapshot.TransitGatewayAttachments, listed.Attachment, a.Association.State, listed.State)
		case differ(a.Association.RouteTable, table) && !e.isDefaultTable(a.Association.RouteTable):
			return disagree(s, snapshot.TransitGatewayAttachments, listed.Attachment, a.Association.RouteTable, table)
		}
	}
	return nil
}

// isDefaultTable reports whether attachments that say nothing of tables are associated
// with this one. An attachment that still shows it was moved to the table that lists it.
func (e *Estate) isDefaultTable(id string) bool {
	return slices.ContainsFunc(e.snap.Scopes, func(s *snapshot.Scope) bool {
		t, p := s.TransitGatewayRouteTables.Get(id)
		return p == snapshot.Present && t.IsDefault
	})
}

// peeringStates says what contradicts the state of a peering between gateways, or its
// ends, which both sides list.
func (e *Estate) peeringStates(p snapshot.TransitGatewayPeering) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		o, seen := s.TransitGatewayPeerings.Get(p.ID)
		if seen == snapshot.Absent && p.Requester.Region == p.Accepter.Region {
			if n := slices.IndexFunc(s.TransitGatewayPeerings.All(), func(o snapshot.TransitGatewayPeering) bool { return ends(o) == ends(p) }); n >= 0 {
				o, seen = s.TransitGatewayPeerings.All()[n], snapshot.Present // the other side's own attachment
			}
		}
		switch one, other := ends(p), ends(o); {
		case seen == snapshot.Absent && (e.reallyOwns(s, p.Requester.Gateway) || e.reallyOwns(s, p.Accepter.Gateway)):
			return disagree(s, snapshot.TransitGatewayPeerings, p.ID, p.State, "absent")
		case seen != snapshot.Present:
		case !strings.EqualFold(o.State, p.State):
			return disagree(s, snapshot.TransitGatewayPeerings, p.ID, p.State, o.State)
		case one != other:
			return disagree(s, snapshot.TransitGatewayPeerings, p.ID, one, other)
		}
	}
	return nil
}

// farSide is the attachment by which a peering enters the gateway on its other side.
// Gateways of different Regions know it by one id; of one Region, each side has an
// attachment of its own.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayPeeringAttachment.html
func (e *Estate) farSide(p snapshot.TransitGatewayPeering, far string) (string, *snapshot.Gap) {
	candidates := []string{p.ID}
	add := func(id string) {
		if id != "" && !slices.Contains(candidates, id) {
			candidates = append(candidates, id)
		}
	}
	add(p.AccepterID)
	for _, s := range e.snap.Scopes {
		for _, o := range s.TransitGatewayPeerings.All() {
			if ends(o) == ends(p) {
				add(o.ID)
				add(o.AccepterID)
			}
		}
	}
	for _, s := range e.snap.Scopes {
		for _, id := range candidates {
			if a, seen := s.TransitGatewayAttachments.Get(id); seen == snapshot.Present && a.Gateway == far {
				return id, nil
			}
			for _, t := range s.TransitGatewayRouteTables.All() {
				set, _ := s.TransitGatewayAssociations.Get(t.ID)
				if t.Gateway == far && slices.ContainsFunc(set.Entries, func(a snapshot.TransitGatewayAssociation) bool { return a.Attachment == id }) {
					return id, nil
				}
			}
		}
	}
	_, seen := e.gatewayState(far)
	switch {
	case p.AccepterID != "" && far == p.Accepter.Gateway:
		return p.AccepterID, nil
	case seen == nil || p.Requester.Region == "" || p.Requester.Region != p.Accepter.Region:
		return p.ID, nil
	case len(candidates) == 2:
		return candidates[1], nil
	}
	g := seen.GapFor(snapshot.TransitGatewayAttachments, p.ID)
	return "", &g
}

// unlike says what contradicts the interface of an instance that has an address: what
// the instance says of itself, of its first one, and the interface's own row.
func unlike(s *snapshot.Scope, i snapshot.Instance, addr netip.Addr) *snapshot.Gap {
	for _, n := range i.Interfaces {
		if !slices.Contains(n.Addrs(), addr) {
			continue
		}
		others := []snapshot.Interface{}
		if n.PrivateIP == i.PrivateIP {
			others = append(others, snapshot.Interface{ID: i.ID, VPC: i.VPC, Subnet: i.Subnet, Groups: i.Groups})
		}
		if row, p := s.Interfaces.Get(n.ID); p == snapshot.Present && n.ID != "" && row.Pending == "" {
			others = append(others, row)
		}
		for _, o := range others {
			source := snapshot.Interfaces
			if o.ID == i.ID {
				source = snapshot.Instances
			}
			one, other := n.VPC+" "+n.Subnet, o.VPC+" "+o.Subnet
			switch {
			case differ(n.VPC, o.VPC) || differ(n.Subnet, o.Subnet):
			case o.Attachment != nil && differ(o.Attachment.InstanceID, i.ID):
				one, other = i.ID, o.Attachment.InstanceID
			case o.ID != i.ID && o.Status != "" && Lives(InterfaceState, o.Status) != On:
				one, other = n.Status, o.Status
			case n.Pending == "" && len(n.Groups)*len(o.Groups) > 0 && !sameGroups(n.Groups, o.Groups):
				one, other = strings.Join(ids(n.Groups), ", "), strings.Join(ids(o.Groups), ", ")
			default:
				continue
			}
			return &snapshot.Gap{Code: snapshot.Contradiction, Source: source.Action(), Scope: s.Label(), Ref: n.ID + " (" + one + ")", Detail: o.ID + " (" + other + ")"}
		}
	}
	return nil
}

// leaves says that an interface is on its way to an instance, or off it.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterfaceAttachment.html
func leaves(s *snapshot.Scope, source snapshot.Kind, i snapshot.Interface) *snapshot.Gap {
	if i.Attachment == nil || i.Attachment.Status == "" || strings.EqualFold(i.Attachment.Status, "attached") {
		return nil
	}
	return stateGap(s, source, i.ID, i.Attachment.Status)
}

func sameGroups(a, b []snapshot.GroupRef) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(g snapshot.GroupRef) bool { return !slices.Contains(b, g) })
}
