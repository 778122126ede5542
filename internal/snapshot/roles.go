package snapshot

import (
	"cmp"
	"net/netip"
	"slices"
)

// Sides are the scopes that hold a target's endpoint and its agent, by their
// places in Scopes; -1: not known.
type Sides struct{ Destination, Source int }

// For returns the estate as one target has it: each scope with the roles that it
// plays for that target.
func (s *Snapshot) For(t Target) *Snapshot {
	roles := s.rolesFor(t)
	if !slices.ContainsFunc(s.Scopes, func(sc *Scope) bool { return sc.Name == "" }) && slices.EqualFunc(s.Scopes, roles, func(sc *Scope, r []Role) bool { return slices.Equal(sc.Roles, r) }) {
		return s
	}
	view := *s
	view.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		c := *sc
		c.play(roles[i])
		view.Scopes[i] = &c
	}
	return &view
}

// Sides are those that the roles say: of several sources none is the one.
func (s *Snapshot) Sides() *Sides {
	only := func(r Role) int {
		has := func(sc *Scope) bool { return sc.Has(r) }
		i := slices.IndexFunc(s.Scopes, has)
		if i >= 0 && slices.ContainsFunc(s.Scopes[i+1:], has) {
			return -1
		}
		return i
	}
	return &Sides{only(Destination), only(Source)}
}

// AssignRoles is For in place.
func (s *Snapshot) AssignRoles(t Target) {
	for i, r := range s.rolesFor(t) {
		s.Scopes[i].play(r)
	}
}

func (s *Scope) play(roles []Role) {
	s.Roles = roles
	if s.Name == "" && len(roles) > 0 {
		s.Name = string(roles[0])
	}
}

// rolesFor decides which scope is the target's destination and which are its
// sources. The destination is the scope that holds the endpoint; what a manifest
// says of roles, which may be those of several targets, limits the choice. A lone
// destination is the source as well.
func (s *Snapshot) rolesFor(t Target) [][]Role {
	dest := s.destination(t)
	sources := s.sources(t, dest)
	out := make([][]Role, len(s.Scopes))
	for i, sc := range s.Scopes {
		if sc == dest {
			out[i] = append(out[i], Destination)
		}
		if slices.Contains(sources, sc) {
			out[i] = append(out[i], Source)
		}
	}
	return out
}

// sources are the scopes that may hold the agent: the one that is known to, else
// those that say so, else every one but the destination.
func (s *Snapshot) sources(t Target, dest *Scope) []*Scope {
	if t.Sides != nil && t.Sides.Source >= 0 && t.Sides.Source < len(s.Scopes) {
		return s.Scopes[t.Sides.Source : t.Sides.Source+1]
	}
	var stated, others []*Scope
	for _, sc := range s.Scopes {
		if sc.Has(Source) {
			stated = append(stated, sc)
		}
		if len(sc.Roles) == 0 && sc != dest {
			others = append(others, sc)
		}
	}
	if len(stated) > 1 {
		if here := where(stated, func(sc *Scope) bool { return sc.holdsAgent(t) }); len(here) > 0 {
			return here
		}
	}
	if len(stated) > 0 {
		return stated
	}
	if len(s.Scopes) == 1 && dest != nil {
		return s.Scopes
	}
	return others
}

// destination is the scope of the target's endpoint; nil if nobody looked there,
// or that can't be told.
func (s *Snapshot) destination(t Target) *Scope {
	if t.Sides != nil && t.Sides.Destination >= 0 && t.Sides.Destination < len(s.Scopes) {
		return s.Scopes[t.Sides.Destination]
	}
	if t.AgentARN != "" { // it says where it is
		i := slices.IndexFunc(s.Scopes, func(sc *Scope) bool {
			return sc.Account == AccountOf(t.AgentARN) && sc.Region == RegionOf(t.AgentARN)
		})
		if i < 0 {
			return nil
		}
		return s.Scopes[i]
	}
	says := func(sc *Scope) bool { return sc.Has(Destination) }
	stated, holders := where(s.Scopes, says), where(s.Scopes, func(sc *Scope) bool { return sc.holdsEndpoint(t) })
	if both := where(holders, says); len(both) > 0 {
		holders = both
	}
	switch {
	case len(stated) == 1:
		return stated[0]
	case len(holders) > 0:
		return best(t, holders)
	case len(stated) > 1: // of several targets; where one of them was not all seen, it may be there
		candidates := where(stated, func(sc *Scope) bool { return t.Region == "" || sc.Region == t.Region })
		if open := where(candidates, func(sc *Scope) bool { return !sc.Endpoints.Covers("") }); len(open) > 0 {
			candidates = open
		}
		return best(t, candidates)
	}
	return best(t, where(s.Scopes, func(sc *Scope) bool {
		return len(sc.Roles) == 0 && (t.Region == "" || sc.Region == "" || sc.Region == t.Region) && sc.mayHold(t)
	}))
}

func where(list []*Scope, is func(*Scope) bool) []*Scope {
	return slices.DeleteFunc(slices.Clone(list), func(sc *Scope) bool { return !is(sc) })
}

// holdsEndpoint reports whether a scope shows the target's endpoint or, where it
// names none, one of DataSync.
func (s *Scope) holdsEndpoint(t Target) bool {
	if t.EndpointID == "" {
		return slices.ContainsFunc(s.Endpoints.All(), Endpoint.IsDataSync)
	}
	_, p := s.Endpoints.Get(t.EndpointID)
	return p == Present
}

// mayHold reports whether a scope that does not show the endpoint can be its
// place all the same, so that the endpoint is gone: it has the subnet or the group
// that go with it, or not the agent, as far as the target says where that is.
// Where the endpoints were not all seen, nothing follows.
func (s *Scope) mayHold(t Target) bool {
	if _, p := s.Subnets.Get(t.SubnetID); p == Present {
		return true
	}
	if _, p := s.SecurityGroups.Get(t.GroupID); p == Present {
		return true
	}
	if s.holdsAgent(t) {
		return false
	}
	return t.EndpointID == "" || t.NamesAgent() || s.Planned || !s.Endpoints.Covers("") || slices.ContainsFunc(s.Endpoints.All(), Endpoint.IsDataSync)
}

// holdsAgent reports whether a scope shows something of what the target says of
// its agent.
func (s *Scope) holdsAgent(t Target) bool {
	if _, p := s.Instances.Get(t.AgentInstanceID); p == Present {
		return true
	}
	if _, p := s.Subnets.Get(t.SourceSubnetID); p == Present {
		return true
	}
	if _, p := s.VPCs.Get(t.SourceVPCID); p == Present {
		return true
	}
	if slices.ContainsFunc(s.Interfaces.All(), func(i Interface) bool {
		return t.AgentIP.IsValid() && slices.Contains(i.Addrs(), t.AgentIP) || t.AgentInstanceID != "" && i.Attachment != nil && i.Attachment.InstanceID == t.AgentInstanceID
	}) {
		return true
	}
	inside := func(p netip.Prefix) bool {
		return p.IsValid() && (t.AgentIP.IsValid() && p.Contains(t.AgentIP) || slices.ContainsFunc(t.SourceCIDRs, p.Overlaps))
	}
	return slices.ContainsFunc(s.VPCs.All(), func(v VPC) bool { return slices.ContainsFunc(v.Prefixes(), inside) }) ||
		slices.ContainsFunc(s.Subnets.All(), func(n Subnet) bool { return inside(n.CIDR) })
}

// best is the scope that fits a target best; nil if several do alike, and each
// of them has another endpoint to offer.
func best(t Target, list []*Scope) *Scope {
	if len(list) == 0 {
		return nil
	}
	score := func(sc *Scope) int {
		n := 0
		if slices.ContainsFunc(sc.Endpoints.All(), Endpoint.IsDataSync) {
			n += 16
		}
		if t.Region != "" && sc.Region == t.Region {
			n += 8
		}
		if t.SourceRegion == "" || sc.Region != t.SourceRegion {
			n += 4
		}
		if !sc.holdsAgent(t) {
			n += 2
		}
		if len(sc.Roles) == 0 {
			n++ // a scope that says it is the source is one
		}
		return n
	}
	first := slices.MaxFunc(list, func(a, b *Scope) int { return cmp.Compare(score(a), score(b)) })
	for _, sc := range list {
		if sc != first && score(sc) == score(first) && t.EndpointID == "" && sc.holdsEndpoint(t) {
			return nil
		}
	}
	return first
}
