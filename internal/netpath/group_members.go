package netpath

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// members resolves a rule that references a security group: it stands for the
// private addresses of the interfaces that carry the group, in the same VPC or
// in one joined to it in the same Region; never across Regions, and never for a
// peer outside a VPC.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
func (l GroupLayer) members(pair snapshot.GroupPair) membership {
	unseen := func(g snapshot.Gap) membership {
		g.Code, g.Ref = snapshot.ReferenceUnseen, pair.GroupID
		return membership{sure: &netipx.IPSet{}, maybe: l.Peers, gap: &g}
	}
	if l.Peer.Outside || l.Peer.Scope == nil || l.Peer.VPC == "" {
		// A group of the interface's own VPC: its members are known if the
		// interfaces of that VPC are. Any other group may be one of an account
		// that was not looked at.
		if pair.VPC != "" && pair.VPC == l.Self.VPC || l.homeIs(pair.GroupID, l.Self.VPC) {
			if set, complete := l.carriers(l.Self, pair.GroupID); complete {
				return membership{sure: set, never: AgentLacksGroup}
			}
		}
		return unseen(snapshot.Gap{Source: snapshot.Interfaces.Action()})
	}
	if l.Self.Scope != nil && l.Self.Scope.Region != "" && l.Peer.Scope.Region != "" && l.Self.Scope.Region != l.Peer.Scope.Region {
		return membership{sure: &netipx.IPSet{}, never: AcrossRegions}
	}
	switch way := l.way(); {
	case way.Gap != nil:
		return unseen(*way.Gap)
	case way.Fate == Stopped:
		return membership{sure: &netipx.IPSet{}, never: way.Never}
	case way.Fate == Open:
		return unseen(snapshot.Gap{Source: snapshot.RouteTables.Action()})
	}
	if state := pair.PeeringStatus; state != "" && Lives(PeeringState, state) != On && l.Peer.VPC != l.Self.VPC {
		// The traffic has a way, and the rule says that the connection behind it is not there.
		g := disagree(l.Peer.Scope, snapshot.SecurityGroups, pair.GroupID, "PeeringStatus "+state, l.Peer.VPC)
		return membership{sure: &netipx.IPSet{}, maybe: l.Peers, gap: g}
	}
	set, complete := l.carriers(l.Peer, pair.GroupID)
	set, rest := l.carried(set, pair.GroupID)
	if !complete && !Empty(Minus(rest, set)) {
		m := unseen(l.Peer.Scope.GapFor(snapshot.Interfaces, pair.GroupID))
		m.sure, m.maybe = set, rest
		return m
	}
	m := membership{sure: set}
	if !overlaps(set, l.Peers) {
		m.never = NobodyCarries
	}
	// An address that no interface has yet may get the group with its interface.
	if free := Minus(rest, l.held(l.Peer)); !Empty(free) {
		m.maybe = free
		m.gap = &snapshot.Gap{Code: snapshot.ReferenceOpen, Source: snapshot.Interfaces.Action(), Scope: l.Peer.Scope.Label(), Ref: pair.GroupID, Detail: shortSet(free)}
	}
	return m
}

// membership is what a reference to a group stands for.
type membership struct {
	sure  *netipx.IPSet // addresses that carry the group
	maybe *netipx.IPSet // addresses that may, by the gap
	gap   *snapshot.Gap
	never Never
}

// held is every address of an interface in a VPC.
func (l GroupLayer) held(at Place) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, i := range at.Scope.Interfaces.Where("vpc", at.VPC, interfaceVPC) {
		for _, a := range i.Addrs() {
			b.Add(a)
		}
	}
	return must(b.IPSet())
}

func interfaceVPC(i snapshot.Interface) []string { return []string{i.VPC} }

func (l GroupLayer) homeIs(group, vpc string) bool {
	if l.Self.Scope == nil {
		return false
	}
	g, p := l.Self.Scope.SecurityGroups.Get(group)
	return p == snapshot.Present && g.VPC == vpc
}

// carriers returns the addresses of the interfaces in a VPC that carry a group,
// and whether all of them are known.
func (l GroupLayer) carriers(at Place, group string) (*netipx.IPSet, bool) {
	if at.Scope == nil {
		return nil, false
	}
	var b netipx.IPSetBuilder
	for _, i := range at.Scope.Interfaces.Where("group", group, interfaceGroups) {
		if i.VPC != at.VPC {
			continue
		}
		for _, a := range i.Addrs() {
			b.Add(a)
		}
	}
	set := must(b.IPSet())
	// Known to be complete, or already holding every address in question. In a
	// shared VPC a participant is shown only its own interfaces.
	own := true
	if v, p := at.Scope.VPCs.Get(at.VPC); p == snapshot.Present && v.OwnerID != "" && at.Scope.Account != "" {
		own = v.OwnerID == at.Scope.Account
	}
	return set, own && at.Scope.Interfaces.Covers(at.VPC) || Empty(Minus(l.Peers, set))
}

func interfaceGroups(i snapshot.Interface) []string {
	var ids []string
	for _, g := range i.Groups {
		ids = append(ids, g.ID)
	}
	return ids
}

// way says whether references count between the two ends. Where no way was found
// that the traffic takes, what joins the two VPCs decides.
func (l GroupLayer) way() Way {
	if !l.Way.none {
		return l.Way
	}
	if l.Peer.VPC == l.Self.VPC {
		return Way{Fate: On}
	}
	complete := true
	for _, s := range []*snapshot.Scope{l.Self.Scope, l.Peer.Scope} {
		if s == nil {
			continue
		}
		for _, p := range s.Peerings.All() {
			if other, ok := p.Other(l.Self.VPC); ok && other.VPC == l.Peer.VPC && Lives(PeeringState, p.Status.Code) == On {
				return Way{Fate: On}
			}
		}
		if !s.Peerings.Covers("") && !s.Peerings.Covers(l.Self.VPC) && !s.Peerings.Covers(l.Peer.VPC) {
			complete = false
		}
	}
	if !complete {
		g := l.Self.Scope.GapFor(snapshot.Peerings, l.Self.VPC)
		return Way{Gap: &g}
	}
	return Way{Fate: Stopped, Never: NothingJoins}
}
