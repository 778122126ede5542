package netpath

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func (e *Estate) tableOf(at Place, subnet string) (snapshot.RouteTable, *snapshot.Gap) {
	at = e.atOwner(at)
	table, gap := TableOf(at.Scope, at.VPC, subnet)
	if table.VPC != "" && table.VPC != at.VPC {
		return snapshot.RouteTable{}, disagree(at.Scope, snapshot.RouteTables, table.ID, table.VPC, at.VPC)
	}
	if table.ID != "" && !slices.Contains(routeTableSubnets(table), subnet) {
		// The main table, because no other is associated: the owner sees all.
		if g := foreign(at.Scope, at.VPC, snapshot.RouteTables); g != nil {
			return snapshot.RouteTable{}, g
		}
	}
	for _, s := range e.mayBe(at.Scope) {
		for _, t := range s.RouteTables.Where("vpc", "", routeTableVPC) {
			if gap == nil && t.Pending != "" && t.ID != table.ID {
				g := t.Pending.Gap(subnet)
				return snapshot.RouteTable{}, &g
			}
		}
	}
	return table, gap
}

// mayBe are a scope and those that may turn out to be it: a template does not say where
// its stack will be. What stands there in a VPC that is known only after apply may be
// of any VPC.
func (e *Estate) mayBe(s *snapshot.Scope) []*snapshot.Scope {
	if s == nil {
		return nil
	}
	out := []*snapshot.Scope{s}
	for _, o := range e.snap.Scopes {
		if o != s && o.Planned && o.Region == "" {
			out = append(out, o)
		}
	}
	return out
}

func (e *Estate) aclOf(at Place, subnet string) (snapshot.NetworkACL, *snapshot.Gap) {
	at = e.atOwner(at)
	acl, gap := ACLOf(at.Scope, at.VPC, subnet)
	if acl.VPC != "" && acl.VPC != at.VPC {
		return snapshot.NetworkACL{}, disagree(at.Scope, snapshot.NetworkACLs, acl.ID, acl.VPC, at.VPC)
	}
	if gap == nil && !slices.ContainsFunc(acl.Associations, func(a snapshot.ACLAssociation) bool { return a.Subnet == subnet }) {
		gap = foreign(at.Scope, at.VPC, snapshot.NetworkACLs)
	}
	for _, s := range e.mayBe(at.Scope) {
		for _, a := range s.NetworkACLs.Where("vpc", "", aclVPC) {
			if gap == nil && a.Pending != "" && a.ID != acl.ID {
				g := a.Pending.Gap(subnet)
				return snapshot.NetworkACL{}, &g
			}
		}
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

// idle says what keeps a network interface from forwarding anything: it is attached to
// nothing, or to a machine that does not run.
func (e *Estate) idle(at Place, i snapshot.Interface) Cause {
	if Lives(InterfaceState, i.Status) == Stopped {
		return Cause{Reason: Unattached, ID: i.ID, State: i.Status}
	}
	if i.Attachment != nil {
		if m, p := at.Scope.Instances.Get(i.Attachment.InstanceID); p == snapshot.Present && Lives(InstanceState, m.State.Name) == Stopped {
			return Cause{Reason: NotActive, ID: m.ID, State: m.State.Name}
		}
	}
	return Cause{}
}

// zoneOf is the id of the zone of a subnet, else its name; "" if it can't be told.
func (e *Estate) zoneOf(at Place, subnet string) string {
	s := e.atOwner(at).Scope
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
	case ok && Lives(TableAssociationState, state) != On:
		return table, true, stateGap(at.Scope, snapshot.RouteTables, table.ID, state)
	case ok:
		return table, true, nil
	case !at.Scope.RouteTables.Covers(at.VPC):
		g := at.Scope.GapFor(snapshot.RouteTables, gateway)
		return table, false, &g
	}
	return table, false, foreign(at.Scope, at.VPC, snapshot.RouteTables)
}

// unsettled says what of a subnet, or of its VPC, is not in its working state, and
// what becomes of the traffic by it.
func (e *Estate) unsettled(at Place, subnet string) (Fate, *snapshot.Gap) {
	s := e.atOwner(at).Scope
	if s == nil {
		return On, nil
	}
	n, p := s.Subnets.GetIn(at.VPC, subnet)
	if p != snapshot.Present {
		g := s.GapFor(snapshot.Subnets, subnet)
		return Open, &g
	}
	if fate := Lives(SubnetState, n.State); n.State != "" && fate != On {
		if strings.EqualFold(n.State, "pending") {
			fate = Open // it is CreateAgent that doesn't wait
		}
		return fate, stateGap(s, snapshot.Subnets, subnet, n.State)
	}
	v, q := s.VPCs.Get(at.VPC)
	if g := misplaced(s, n, at.VPC, v); g != nil {
		return Open, g
	}
	if q != snapshot.Present {
		return On, nil
	}
	if fate := Lives(VPCState, v.State); v.State != "" && fate != On {
		return fate, stateGap(s, snapshot.VPCs, v.ID, v.State)
	}
	var worst Fate = On
	var gap *snapshot.Gap
	for _, a := range v.CIDRs {
		if !a.CIDR.IsValid() || !n.CIDR.IsValid() || !a.CIDR.Overlaps(n.CIDR) {
			continue
		}
		state := a.CIDRState.State
		fate := Lives(BlockState, state)
		if fate == On || state == "" {
			return On, nil // a block that was there before may be listed beside it
		}
		if gap == nil || fate == Open {
			worst, gap = fate, stateGap(s, snapshot.VPCs, v.ID+" "+a.CIDR.String(), state)
		}
	}
	return worst, gap
}
