package netpath

import (
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Estate looks things up over all the scopes of a snapshot. It is the only reader
// of the tables on the way.
type Estate struct {
	snap      *snapshot.Snapshot
	ephemeral Ports // that the agent dials from
	nat       Ports // that NAT gateways dial from
}

// NewEstate makes an estate of a snapshot.
func NewEstate(s *snapshot.Snapshot) *Estate { return &Estate{s, Ephemeral, NATPorts} }

func itoa(n int) string { return strconv.Itoa(n) }

// scopeOf returns the scope that shows a VPC: its owner's if that was looked at,
// since only the owner sees all that belongs to it; nil if none does.
func (e *Estate) scopeOf(vpc string) *snapshot.Scope {
	var found *snapshot.Scope
	for _, s := range e.snap.Scopes {
		if v, p := s.VPCs.Get(vpc); p == snapshot.Present {
			if owns(s, v) {
				return s
			}
			if found == nil {
				found = s
			}
		}
	}
	return found
}

// owns reports whether a scope is that of the owner of a VPC, as far as is known.
func owns(s *snapshot.Scope, v snapshot.VPC) bool {
	return v.OwnerID == "" || s.Account == "" || v.OwnerID == s.Account
}

// foreign says who owns a VPC that others share with the scope's account: its
// tables may be hidden there.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
func foreign(s *snapshot.Scope, vpc string, k snapshot.Kind) *snapshot.Gap {
	if v, p := s.VPCs.Get(vpc); p == snapshot.Present && !owns(s, v) && !s.Guessed {
		g := s.Elsewhere(k, vpc, v.OwnerID, "")
		return &g
	}
	return nil
}

// home is the place as its owner's scope shows it.
func (e *Estate) home(at Place) Place {
	if s := e.scopeOf(at.VPC); s != nil {
		at.Scope = s
	}
	return at
}

func (e *Estate) tableOf(at Place, subnet string) (snapshot.RouteTable, *snapshot.Gap) {
	at = e.home(at)
	table, gap := TableOf(at.Scope, at.VPC, subnet)
	if gap == nil && !slices.Contains(routeTableSubnets(table), subnet) {
		// The main table, because no other is associated: the owner sees all.
		gap = foreign(at.Scope, at.VPC, snapshot.RouteTables)
	}
	return table, gap
}

func (e *Estate) aclOf(at Place, subnet string) (snapshot.NetworkACL, *snapshot.Gap) {
	at = e.home(at)
	acl, gap := ACLOf(at.Scope, at.VPC, subnet)
	if gap == nil && !slices.ContainsFunc(acl.Associations, func(a snapshot.ACLAssociation) bool { return a.Subnet == subnet }) {
		gap = foreign(at.Scope, at.VPC, snapshot.NetworkACLs)
	}
	return acl, gap
}

// blocksHold reports whether the address blocks of a VPC hold all the addresses.
func (e *Estate) blocksHold(vpc string, addrs *netipx.IPSet) bool {
	s := e.scopeOf(vpc)
	if s == nil {
		return false
	}
	v, _ := s.VPCs.Get(vpc)
	return Empty(Minus(addrs, Set(v.Prefixes()...)))
}

// through is the gap of something that can't be looked into.
func (e *Estate) through(s *snapshot.Scope, id string, source snapshot.Kind) *snapshot.Gap {
	g := &snapshot.Gap{Code: snapshot.ThroughAppliance, Source: source.Action(), Ref: id}
	if s != nil {
		g.Scope = s.Label()
	}
	return g
}

// peering finds a peering connection. One that a table of the VPC leads to has
// the VPC's account for one side, so that its full list tells whether it exists.
// Both sides list it; where they say different things of it, neither counts.
func (e *Estate) peering(at Place, id string) (snapshot.Peering, snapshot.Presence, *snapshot.Gap) {
	var found snapshot.Peering
	var in *snapshot.Scope
	for _, s := range e.snap.Scopes {
		p, presence := s.Peerings.Get(id)
		switch {
		case presence != snapshot.Present:
		case in == nil:
			found, in = p, s
		case !strings.EqualFold(p.Status.Code, found.Status.Code):
			return found, snapshot.Unobserved, disagree(s, snapshot.Peerings, id, found.Status.Code, p.Status.Code)
		}
	}
	own, presence := at.Scope.Peerings.Get(id)
	switch {
	case in == nil && e.opened(snapshot.Peerings) != nil:
		return found, snapshot.Unobserved, e.opened(snapshot.Peerings)
	case in != nil && presence == snapshot.Absent:
		return found, snapshot.Unobserved, disagree(at.Scope, snapshot.Peerings, id, found.Status.Code, "absent")
	case in != nil:
		return found, snapshot.Present, nil
	case presence == snapshot.Unobserved:
		g := at.Scope.GapFor(snapshot.Peerings, id)
		return own, presence, &g
	}
	return own, presence, nil
}

// opened is why rows of a table may be missing in some scope because of a planned
// change; nil if none may.
func (e *Estate) opened(k snapshot.Kind) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if g := s.Opened[k]; g != nil {
			return g
		}
	}
	return nil
}

// Planned says that a planned change leaves open what may join two networks.
func (e *Estate) Planned() *snapshot.Gap {
	for _, k := range []snapshot.Kind{snapshot.Peerings, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings, snapshot.TransitGatewayAttachments, snapshot.VPNGateways} {
		if g := e.opened(k); g != nil {
			return g
		}
	}
	return nil
}

// explains reports whether what a blackhole route leads to was seen, and does not
// work: then that is the cause.
func (e *Estate) explains(at Place, hit Hit) bool {
	switch hit.Kind {
	case ToPeering:
		p, presence, _ := e.peering(at, hit.Target)
		return presence == snapshot.Present && Lives(PeeringState, p.Status.Code) != On
	case ToTransitGateway:
		if g, in := e.gateway(hit.Target); in != nil && Lives(GatewayState, g.State) != On {
			return true
		}
		a, gap := e.attachmentOf(at, hit.Target)
		return gap == nil && a.ID != "" && Lives(AttachmentState, a.State) != On
	case ToVPNGateway:
		g, presence := at.Scope.VPNGateways.Get(hit.Target)
		return presence == snapshot.Present && (Lives(VPNGatewayState, g.State) != On || !slices.ContainsFunc(g.Attachments, func(a snapshot.VPNGatewayAttachment) bool {
			return a.VPC == at.VPC && Lives(VPNAttachmentState, a.State) == On
		}))
	case ToNAT:
		g, presence := at.Scope.NATGateways.Get(hit.Target)
		return presence == snapshot.Present && Lives(NATState, g.State) != On
	}
	return false
}

// prefixesOf returns the address blocks of one side of a peering connection, by
// what the connection and the VPC itself show, and whether they are all.
func (e *Estate) prefixesOf(side snapshot.PeeringSide) (*netipx.IPSet, bool) {
	set := Set(side.Prefixes()...)
	if s := e.scopeOf(side.VPC); s != nil {
		v, _ := s.VPCs.Get(side.VPC)
		return Union(set, Set(v.Prefixes()...)), v.Pending == ""
	}
	return set, len(side.CIDRs) > 0 || len(side.IPv6CIDRs) > 0
}

// behindRoute finds the network interface that a route to an interface or an
// instance leads to.
func (e *Estate) behindRoute(at Place, id string) (snapshot.Interface, snapshot.Presence) {
	i, p := at.Scope.Interfaces.GetIn(at.VPC, id)
	if p == snapshot.Present || !strings.HasPrefix(id, "i-") {
		return i, p
	}
	found := at.Scope.Interfaces.Where("instance", id, func(i snapshot.Interface) []string {
		if i.Attachment == nil || i.Attachment.InstanceID == "" {
			return nil
		}
		return []string{i.Attachment.InstanceID}
	})
	if len(found) != 1 { // AWS takes instances with one interface only
		return snapshot.Interface{}, snapshot.Unobserved
	}
	return found[0], snapshot.Present
}

// zoneOf is the id of the zone of a subnet, else its name; "" if it can't be told.
func (e *Estate) zoneOf(at Place, subnet string) string {
	s := e.home(at).Scope
	if s == nil {
		return ""
	}
	n, p := s.Subnets.GetIn(at.VPC, subnet)
	if p != snapshot.Present {
		return ""
	}
	if n.AvailabilityZoneID != "" {
		return n.AvailabilityZoneID
	}
	return n.AvailabilityZone
}

// edgeTable returns the route table that a gateway's arriving traffic is routed
// by, if one is associated with it.
func (e *Estate) edgeTable(at Place, gateway string) (snapshot.RouteTable, bool, *snapshot.Gap) {
	table, state, ok := GatewayTable(at.Scope, gateway)
	switch {
	case ok && Lives(TableAssociationState, state) == Open:
		return table, true, stateGap(at.Scope, snapshot.RouteTables, table.ID, state)
	case ok:
		return table, true, nil
	case !at.Scope.RouteTables.Covers(at.VPC):
		g := at.Scope.GapFor(snapshot.RouteTables, gateway)
		return table, false, &g
	}
	return table, false, foreign(at.Scope, at.VPC, snapshot.RouteTables)
}

// gatewayState finds a transit gateway, and the scope that shows it.
func (e *Estate) gatewayState(id string) (string, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if g, p := s.TransitGateways.Get(id); p == snapshot.Present {
			return g.State, s
		}
	}
	return "", nil
}

// elsewhere is the gap of something that no scope shows.
func (e *Estate) elsewhere(id string, k snapshot.Kind) *snapshot.Gap {
	return e.gapAnywhere(nil, k, id)
}

// gatewayElsewhere is the gap of a transit gateway that no scope shows: whose it is,
// where a peering attachment tells.
func (e *Estate) gatewayElsewhere(id string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		for _, p := range s.TransitGatewayPeerings.All() {
			for _, side := range []snapshot.TransitGatewaySide{p.Requester, p.Accepter} {
				if side.Gateway == id && side.OwnerID != "" && !slices.ContainsFunc(e.snap.Scopes, func(o *snapshot.Scope) bool { return o.Account == side.OwnerID && o.Region == side.Region }) {
					g := s.Elsewhere(snapshot.TransitGateways, id, side.OwnerID, side.Region)
					return &g
				}
			}
		}
	}
	return e.elsewhere(id, snapshot.TransitGateways)
}

// gapAnywhere is the gap of the table that should have shown something: of the
// given scope, else of the first in which a call failed, else of the first.
func (e *Estate) gapAnywhere(s *snapshot.Scope, k snapshot.Kind, id string) *snapshot.Gap {
	if s == nil {
		for _, o := range e.snap.Scopes {
			if o.Extent(k) != snapshot.Full || s == nil {
				s = o
			}
		}
	}
	if s == nil {
		return &snapshot.Gap{Code: snapshot.RowUnseen, Source: k.Action(), Ref: id}
	}
	g := s.GapFor(k, id)
	return &g
}

// attachmentOf finds the attachment of a VPC to a gateway; an empty one if there
// is none. Of several, one that works counts.
func (e *Estate) attachmentOf(at Place, gateway string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Gap) {
	var found snapshot.TransitGatewayVPCAttachment
	for _, s := range e.snap.Scopes {
		for _, a := range s.AttachmentsOf(at.VPC) {
			if a.Gateway == gateway && (found.ID == "" || Lives(AttachmentState, a.State) == On && Lives(AttachmentState, found.State) != On) {
				found = a
			}
		}
	}
	s := e.home(at).Scope
	if g := e.opened(snapshot.TransitGatewayVPCAttachments); found.ID == "" && g != nil {
		return found, g
	}
	if found.ID == "" && !s.TransitGatewayVPCAttachments.Covers(at.VPC) {
		g := s.GapFor(snapshot.TransitGatewayVPCAttachments, at.VPC)
		return found, &g
	}
	if found.ID == "" {
		return found, foreign(s, at.VPC, snapshot.TransitGatewayVPCAttachments)
	}
	return found, nil
}

// attachmentIn finds the attachment that has its interface in a subnet.
func (e *Estate) attachmentIn(at Place, subnet string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Gap) {
	var found []snapshot.TransitGatewayVPCAttachment
	for _, s := range e.snap.Scopes {
		for _, a := range s.AttachmentsOf(at.VPC) {
			if slices.Contains(a.SubnetIDs, subnet) && !slices.ContainsFunc(found, func(o snapshot.TransitGatewayVPCAttachment) bool { return o.ID == a.ID }) {
				found = append(found, a)
			}
		}
	}
	if len(found) != 1 { // none was seen, or the VPC is attached to several gateways there
		g := at.Scope.GapFor(snapshot.TransitGatewayVPCAttachments, subnet)
		return snapshot.TransitGatewayVPCAttachment{}, &g
	}
	return found[0], nil
}

// vpcAttachment finds a VPC attachment by its id, and the scope that shows it.
func (e *Estate) vpcAttachment(id string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if a, p := s.TransitGatewayVPCAttachments.Get(id); p == snapshot.Present {
			return a, s
		}
	}
	return snapshot.TransitGatewayVPCAttachment{}, nil
}

// vpcElsewhere is the gap of a VPC behind a transit gateway that was not looked
// at: whose it is, where the gateway's attachments tell.
func (e *Estate) vpcElsewhere(s *snapshot.Scope, vpc, attachment string) *snapshot.Gap {
	if a, in := e.attachment(attachment); in != nil && a.ResourceOwner != "" && !slices.ContainsFunc(e.snap.Scopes, func(o *snapshot.Scope) bool { return o.Account == a.ResourceOwner }) {
		g := in.Elsewhere(snapshot.TransitGatewayVPCAttachments, vpc, a.ResourceOwner, "")
		return &g
	}
	return e.through(s, vpc, snapshot.TransitGatewayRoutes)
}

// attachmentDown reports whether what a blackhole route of a gateway leads to was
// seen, and does not work.
func (e *Estate) attachmentDown(r snapshot.TransitGatewayRoute) bool {
	return slices.ContainsFunc(r.Attachments, func(a snapshot.RouteAttachment) bool {
		if p, in := e.gatewayPeering(a.ID); in != nil {
			return Lives(AttachmentState, p.State) != On
		}
		row, in := e.attachment(a.ID)
		return in != nil && Lives(AttachmentState, row.State) != On
	})
}

// settledAttachment says what contradicts the state in which an attachment was
// seen, or its kind: the table of all attachments lists those of every kind, and
// the gateway's owner sees them all.
func (e *Estate) settledAttachment(id, gateway, state, kind string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		a, p := s.TransitGatewayAttachments.Get(id)
		switch {
		case p == snapshot.Present && !strings.EqualFold(a.State, state):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.State, state)
		case p == snapshot.Present && a.ResourceType != "" && !sameResource(a.ResourceType, kind):
			return disagree(s, snapshot.TransitGatewayAttachments, id, a.ResourceType, kind)
		case p == snapshot.Absent && e.reallyOwns(s, gateway):
			return disagree(s, snapshot.TransitGatewayAttachments, id, "absent", state)
		}
	}
	return nil
}

// sameResource reports whether two resource types are one: the API has two names
// for peering.
func sameResource(a, b string) bool {
	return strings.TrimPrefix(strings.ToLower(a), "tgw-") == strings.TrimPrefix(strings.ToLower(b), "tgw-")
}

// reallyOwns reports whether a scope is known to be that of a gateway's owner.
func (e *Estate) reallyOwns(s *snapshot.Scope, gateway string) bool {
	g, p := s.TransitGateways.Get(gateway)
	return p == snapshot.Present && g.OwnerID != "" && g.OwnerID == s.Account && !s.Guessed
}

// attachment finds an attachment of any kind, and the scope that shows it.
func (e *Estate) attachment(id string) (snapshot.TransitGatewayAttachment, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if a, p := s.TransitGatewayAttachments.Get(id); p == snapshot.Present {
			return a, s
		}
	}
	return snapshot.TransitGatewayAttachment{}, nil
}

func (e *Estate) gatewayPeering(id string) (snapshot.TransitGatewayPeering, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if p, seen := s.TransitGatewayPeerings.Get(id); seen == snapshot.Present {
			return p, s
		}
	}
	return snapshot.TransitGatewayPeering{}, nil
}

// peeringStates says what contradicts the state of a peering between gateways,
// which both sides list.
func (e *Estate) peeringStates(p snapshot.TransitGatewayPeering) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if o, seen := s.TransitGatewayPeerings.Get(p.ID); seen == snapshot.Present && !strings.EqualFold(o.State, p.State) {
			return disagree(s, snapshot.TransitGatewayPeerings, p.ID, p.State, o.State)
		} else if seen == snapshot.Absent && (e.reallyOwns(s, p.Requester.Gateway) || e.reallyOwns(s, p.Accepter.Gateway)) {
			return disagree(s, snapshot.TransitGatewayPeerings, p.ID, p.State, "absent")
		}
	}
	return nil
}

func (e *Estate) vpn(id string) (snapshot.VPNConnection, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if c, p := s.VPNConnections.Get(id); p == snapshot.Present {
			return c, s
		}
	}
	return snapshot.VPNConnection{}, nil
}

// entryOf returns the subnet in which an attachment takes in what a subnet sends:
// the one in its zone; "" if there is none there. Zones are compared by id: names
// differ by account.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func (e *Estate) entryOf(at Place, att snapshot.TransitGatewayVPCAttachment, subnet string) (string, *snapshot.Gap) {
	if slices.Contains(att.SubnetIDs, subnet) {
		return subnet, nil
	}
	s := e.home(at).Scope
	n, p := s.Subnets.GetIn(att.VPC, subnet)
	if p != snapshot.Present {
		g := s.GapFor(snapshot.Subnets, subnet)
		return "", &g
	}
	if n.AvailabilityZone == "" && n.AvailabilityZoneID == "" {
		g := snapshot.FieldGap(snapshot.Subnets, subnet, n.Pending, "AvailabilityZone")
		return "", &g
	}
	var unknown *snapshot.Gap // of a subnet whose zone can't be held against this one
	for _, id := range att.SubnetIDs {
		o, p := s.Subnets.GetIn(att.VPC, id)
		if p != snapshot.Present {
			g := s.GapFor(snapshot.Subnets, id)
			unknown = &g
			continue
		}
		if o.AvailabilityZone == "" && o.AvailabilityZoneID == "" || (o.AvailabilityZone == "" || n.AvailabilityZone == "") && (o.AvailabilityZoneID == "" || n.AvailabilityZoneID == "") {
			g := snapshot.FieldGap(snapshot.Subnets, id, o.Pending, "AvailabilityZone")
			unknown = &g
			continue
		}
		byID := o.AvailabilityZoneID != "" && n.AvailabilityZoneID != "" // one account calls a zone by one name
		if byID && o.AvailabilityZoneID == n.AvailabilityZoneID || !byID && o.AvailabilityZone != "" && o.AvailabilityZone == n.AvailabilityZone {
			return id, nil
		}
	}
	return "", unknown
}

// associatedTable finds the route table of a gateway that an attachment is
// associated with, the scope that shows it, and the state of the association. The
// associations that the route tables list win over what the attachment says of
// itself, and an explicit one over that with the default table. No table and no
// gap: there provably is none.
func (e *Estate) associatedTable(gateway, attachment string) (table string, in *snapshot.Scope, state string, gap *snapshot.Gap) {
	for _, s := range e.snap.Scopes {
		if a, _ := s.TransitGatewayAttachments.Get(attachment); a.Pending != "" {
			g := a.Pending.Gap(attachment)
			return "", nil, "", &g
		}
	}
	all, byDefault := false, false
	for _, s := range e.snap.Scopes {
		for _, t := range s.TransitGatewayRouteTables.All() {
			if t.Gateway != gateway {
				continue
			}
			all = all || s.TransitGatewayRouteTables.Covers(gateway) && e.ownsGateway(s, gateway)
			set, p := s.TransitGatewayAssociations.Get(t.ID)
			if p != snapshot.Present && gap == nil {
				g := s.GapFor(snapshot.TransitGatewayAssociations, t.ID)
				gap = &g
			}
			for _, a := range set.Entries {
				if a.Attachment != attachment {
					continue
				}
				if fate := Lives(AssociationState, a.State); fate == Stopped {
					state = a.State
					continue
				} else if fate == Open {
					return "", nil, a.State, stateGap(s, snapshot.TransitGatewayAssociations, attachment, a.State)
				}
				switch fate := Lives(GatewayTableState, t.State); {
				case fate == Open && t.State != "":
					return "", nil, t.State, stateGap(s, snapshot.TransitGatewayRouteTables, t.ID, t.State)
				case fate == Stopped:
					state = t.State
					continue
				}
				if g := e.associationSays(attachment, a.State); g != nil {
					return "", nil, a.State, g
				}
				if !t.IsDefault {
					return t.ID, s, a.State, nil
				}
				table, in, state, byDefault = t.ID, s, a.State, true
			}
		}
		if a, p := s.TransitGatewayAttachments.Get(attachment); p == snapshot.Present && a.Association != nil && gap != nil && Lives(AssociationState, a.Association.State) == On {
			if t, p := s.TransitGatewayRouteTables.Get(a.Association.RouteTable); p == snapshot.Present && t.Gateway == gateway {
				return t.ID, s, a.Association.State, nil
			}
		}
	}
	if byDefault {
		return table, in, state, nil
	}
	if gap == nil && !all {
		gap = e.tablesUnseen(gateway)
	}
	return "", nil, state, gap
}

// associationSays says what contradicts the state of an association: the
// attachment tells it too.
func (e *Estate) associationSays(attachment, state string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if a, p := s.TransitGatewayAttachments.Get(attachment); p == snapshot.Present && a.Association != nil && a.Association.State != "" && !strings.EqualFold(a.Association.State, state) {
			return disagree(s, snapshot.TransitGatewayAttachments, attachment, a.Association.State, state)
		}
	}
	return nil
}

// unsettled says what of a subnet, or of its VPC, is not in its working state.
func (e *Estate) unsettled(at Place, subnet string) *snapshot.Gap {
	s := e.home(at).Scope
	if s == nil {
		return nil
	}
	n, p := s.Subnets.GetIn(at.VPC, subnet)
	if p != snapshot.Present {
		g := s.GapFor(snapshot.Subnets, subnet)
		return &g
	}
	if n.State != "" && Lives(SubnetState, n.State) != On {
		return stateGap(s, snapshot.Subnets, subnet, n.State)
	}
	v, q := s.VPCs.Get(at.VPC)
	if q != snapshot.Present {
		return nil
	}
	if v.State != "" && Lives(VPCState, v.State) != On {
		return stateGap(s, snapshot.VPCs, v.ID, v.State)
	}
	if p == snapshot.Present && n.CIDR.IsValid() {
		for _, a := range v.CIDRs {
			if a.CIDR.IsValid() && a.CIDR.Overlaps(n.CIDR) && a.CIDRState.State != "" && Lives(BlockState, a.CIDRState.State) != On {
				return stateGap(s, snapshot.VPCs, v.ID+" "+a.CIDR.String(), a.CIDRState.State)
			}
		}
	}
	return nil
}

// ownsGateway reports whether a scope is that of a gateway's owner, who alone
// sees its route tables and all of its attachments.
func (e *Estate) ownsGateway(s *snapshot.Scope, gateway string) bool {
	g, p := s.TransitGateways.Get(gateway)
	return p != snapshot.Present || g.OwnerID == "" || s.Account == "" || g.OwnerID == s.Account
}

// scopeOfAccount is the scope of an account in a Region, if it was looked at.
func (e *Estate) scopeOfAccount(account, region string) *snapshot.Scope {
	for _, s := range e.snap.Scopes {
		if account != "" && s.Account == account && s.Region == region {
			return s
		}
	}
	return nil
}

// tablesUnseen explains why not every route table of a gateway is known. Only its
// owner can read them: a gateway shared from another account keeps them to itself.
func (e *Estate) tablesUnseen(gateway string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if g, p := s.TransitGateways.Get(gateway); p == snapshot.Present {
			if owner := e.scopeOfAccount(g.OwnerID, s.Region); owner != nil {
				s = owner
			} else if !e.ownsGateway(s, gateway) {
				g := s.Elsewhere(snapshot.TransitGatewayRoutes, gateway, g.OwnerID, "")
				return &g
			}
			gap := s.GapFor(snapshot.TransitGatewayRouteTables, gateway)
			return &gap
		}
	}
	return e.gatewayElsewhere(gateway)
}

// doors lists what leads out of AWS towards the agent: what the replies to it
// take; else whatever leads out from the endpoint's network.
func (e *Estate) doors(a Agents, ends []End) []door {
	w := &walker{e: e, reply: true, outside: true}
	for _, end := range ends {
		if !Empty(end.All()) {
			w.leave(end.At, end.Subnet, Flow{Src: end.All(), Dst: a.Addrs, Dial: e.ephemeral}, -1)
		}
	}
	if len(w.doors) > 0 {
		return w.doors
	}
	if slices.ContainsFunc(w.hops, func(h Hop) bool { return h.Fate == Open }) {
		return nil // it may be anything
	}
	return e.anyDoor(a, ends)
}

// anyDoor lists every attachment that leads out of AWS from the VPCs of the ends.
func (e *Estate) anyDoor(a Agents, ends []End) []door {
	var out []door
	add := func(o outward) {
		if !slices.ContainsFunc(out, func(d door) bool { return d.id == o.id }) {
			out = append(out, door{o, a.Addrs})
		}
	}
	for _, end := range ends {
		for _, g := range end.At.Scope.VPNGateways.All() {
			if slices.ContainsFunc(g.Attachments, func(v snapshot.VPNGatewayAttachment) bool { return v.VPC == end.At.VPC }) {
				add(outward{scope: end.At.Scope, id: g.ID, kind: "vgw"})
			}
		}
		for _, s := range e.snap.Scopes {
			for _, v := range s.AttachmentsOf(end.At.VPC) {
				for _, gateway := range e.reachable(v.Gateway) {
					e.outwardOf(gateway, add)
				}
			}
		}
	}
	return out
}

// outwardOf hands on the attachments of a gateway that lead out of AWS.
func (e *Estate) outwardOf(gateway string, add func(outward)) {
	for _, s := range e.snap.Scopes {
		for _, a := range s.TransitGatewayAttachments.All() {
			if a.Gateway == gateway && LeadsOut(a.ResourceType) {
				add(outward{scope: s, id: a.ID, kind: a.ResourceType, resource: a.ResourceID, gateway: gateway})
			}
		}
	}
}

// LeadsOut reports whether attachments of a kind lead to networks outside AWS.
func LeadsOut(resourceType string) bool {
	return slices.Contains([]string{"vpn", "vpn-concentrator", "direct-connect-gateway", "connect"}, strings.ToLower(resourceType))
}

// reachable lists a gateway and those that chains of peerings join to it.
func (e *Estate) reachable(gateway string) []string {
	out := []string{gateway}
	for i := 0; i < len(out); i++ {
		for _, s := range e.snap.Scopes {
			for _, p := range s.TransitGatewayPeerings.All() {
				next := ""
				switch out[i] {
				case p.Requester.Gateway:
					next = p.Accepter.Gateway
				case p.Accepter.Gateway:
					next = p.Requester.Gateway
				}
				if next != "" && !slices.Contains(out, next) {
					out = append(out, next)
				}
			}
		}
	}
	return out
}

// door is a way out of AWS, and the agent's addresses that lie behind it.
type door struct {
	outward
	src *netipx.IPSet
}
