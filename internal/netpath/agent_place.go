package netpath

import (
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// placeOf finds the VPC that holds the prefixes: the one that the user named, or
// the only one of a separate source account or Region that is joined to others.
// Addresses that no such VPC of a fully seen estate holds stand outside AWS.
// Checks that call this declare FinderKinds.
func (f finder) placeOf(prefixes []netip.Prefix) Place {
	if f.t.SourceVPCID != "" || f.t.SourceSubnetID != "" {
		return f.namedPlace()
	}
	wanted := Set(prefixes...)
	outside := true
	var found []Place
	longest := -1
	for _, s := range f.scopes() {
		if !s.VPCs.Covers("") {
			outside = false
		}
		for _, v := range s.VPCs.All() {
			bits := longestOverlap(v.Prefixes(), wanted)
			if bits < 0 {
				continue
			}
			// A VPC that merely has the same addresses may be anyone's: what joins
			// it to others, or an interface with such an address, makes it the one.
			if f.isolated(s, v.ID) {
				continue
			}
			if joined, known := f.joined(v.ID); !known {
				outside = false
			} else if !joined && !f.leadsOn(s, v.ID) {
				continue
			}
			// Beside the endpoint's own VPC only one that the same plan makes is told
			// from a network outside AWS.
			if (!s.Has(snapshot.Destination) || s.Interfaces.Settled(v.ID)) && bits >= longest {
				if bits > longest {
					found, longest = nil, bits
				}
				if !slices.ContainsFunc(found, func(p Place) bool { return p.VPC == v.ID }) {
					found = append(found, Place{Scope: s, VPC: v.ID})
				}
			}
			if !s.Interfaces.Covers(v.ID) || f.interfaceIn(s, v.ID, wanted) || f.endpointIn(s, v.ID) {
				outside = false
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return Place{Outside: len(found) == 0 && (outside && !f.unseenHolds(wanted) || f.alone(wanted))}
}

// longestOverlap is the length of the longest of the blocks that overlaps a set;
// -1 if none does.
func longestOverlap(blocks []netip.Prefix, set *netipx.IPSet) int {
	longest := -1
	for _, p := range blocks {
		if p.Bits() > longest && set.OverlapsPrefix(p) {
			longest = p.Bits()
		}
	}
	return longest
}

// endpointIn reports whether the target's endpoint is in a VPC: an agent may be
// planned there too.
func (f finder) endpointIn(s *snapshot.Scope, vpc string) bool {
	ep, p := s.Endpoints.Get(f.t.EndpointID)
	return p == snapshot.Present && ep.VPC == vpc
}

// isolated reports whether provably nothing leads from a VPC to another network
// but the internet: an agent there reaches no endpoint in another VPC.
func (f finder) isolated(s *snapshot.Scope, vpc string) bool {
	joined, known := f.joined(vpc)
	if joined || !known || f.endpointIn(s, vpc) || !s.RouteTables.Covers(vpc) || !s.VPNGateways.Covers("") {
		return false
	}
	if slices.ContainsFunc(s.VPNGateways.All(), func(g snapshot.VPNGateway) bool {
		return slices.ContainsFunc(g.Attachments, func(a snapshot.VPNGatewayAttachment) bool { return a.VPC == vpc })
	}) {
		return false
	}
	if v, p := s.VPCs.Get(vpc); p != snapshot.Present || !owns(s, v) {
		return false
	}
	return !f.leadsOn(s, vpc)
}

// leadsOn reports whether a route table of a VPC leads anywhere but to the VPC
// itself, the internet and the public services of AWS.
func (f finder) leadsOn(s *snapshot.Scope, vpc string) bool {
	for _, t := range s.RouteTables.Where("vpc", vpc, func(t snapshot.RouteTable) []string { return []string{t.VPC} }) {
		for _, r := range t.Routes {
			switch kind, _ := target(r); {
			case kind == ToLocal, kind == ToInternet, kind == ToNAT:
			case kind == ToEndpoint && r.PrefixList != "":
			default:
				return true
			}
		}
	}
	return false
}

// unseenHolds reports whether a VPC that was not seen, of another account or
// Region, may hold some of the addresses: one behind a peering connection, or
// behind a route of a transit gateway.
func (f finder) unseenHolds(wanted *netipx.IPSet) bool {
	seen := func(vpc string) bool {
		return slices.ContainsFunc(f.snap.Scopes, func(s *snapshot.Scope) bool {
			_, p := s.VPCs.Get(vpc)
			return p == snapshot.Present
		})
	}
	for _, s := range f.snap.Scopes {
		for _, p := range s.Peerings.All() {
			for _, side := range []snapshot.PeeringSide{p.Requester, p.Accepter} {
				if blocks := Set(side.Prefixes()...); !seen(side.VPC) && strings.EqualFold(p.Status.Code, "active") && (Empty(blocks) || overlaps(blocks, wanted)) {
					return true
				}
			}
		}
		for _, set := range s.TransitGatewayRoutes.All() {
			for _, r := range set.Entries {
				if !overlaps(Set(r.CIDR), wanted) {
					continue
				}
				for _, a := range r.Attachments {
					if strings.EqualFold(a.ResourceType, "vpc") && !seen(a.ResourceID) {
						return true
					}
				}
			}
		}
	}
	return false
}

// alone reports whether nothing joins the endpoint's VPC to another one, so that
// addresses beyond its own can only stand outside AWS.
func (f finder) alone(wanted *netipx.IPSet) bool {
	s := f.snap.Role(snapshot.Destination)
	if s == nil {
		return false
	}
	ep, p := s.Endpoints.Get(f.t.EndpointID)
	v, q := s.VPCs.Get(ep.VPC)
	if p != snapshot.Present || q != snapshot.Present || overlaps(Set(v.Prefixes()...), wanted) {
		return false
	}
	joined, known := f.joined(v.ID)
	return known && !joined
}

// joined reports whether a peering connection or a transit gateway joins a VPC to
// anything, and whether all of these were seen.
func (f finder) joined(vpc string) (yes, known bool) {
	known = true
	settled := false // a VPC that a plan makes, with all that joins it
	for _, s := range f.snap.Scopes {
		for _, p := range s.Peerings.All() {
			if _, ok := p.Other(vpc); ok {
				return true, true
			}
		}
		for _, a := range s.TransitGatewayVPCAttachments.All() {
			if a.VPC == vpc {
				return true, true
			}
		}
		settled = settled || s.Peerings.Covers(vpc) && s.TransitGatewayVPCAttachments.Covers(vpc) && !s.Peerings.Covers("")
		known = known && s.Peerings.Covers("") && s.TransitGatewayVPCAttachments.Covers("")
	}
	return false, known || settled
}

func (f finder) interfaceIn(s *snapshot.Scope, vpc string, set *netipx.IPSet) bool {
	for _, i := range s.Interfaces.Where("vpc", vpc, func(i snapshot.Interface) []string { return []string{i.VPC} }) {
		for _, a := range i.Addrs() {
			if set.Contains(a) {
				return true
			}
		}
	}
	return false
}

func (f finder) namedPlace() Place {
	vpc := f.t.SourceVPCID
	for _, s := range f.scopes() {
		if vpc == "" {
			if n, p := s.Subnets.Get(f.t.SourceSubnetID); p == snapshot.Present {
				return Place{Scope: s, VPC: n.VPC}
			}
			continue
		}
		if _, p := s.VPCs.Get(vpc); p == snapshot.Present {
			return Place{Scope: s, VPC: vpc}
		}
	}
	return Place{VPC: vpc}
}

// HoldersOf lists the VPCs of a scope whose address blocks hold some of the
// addresses.
func HoldersOf(s *snapshot.Scope, addrs *netipx.IPSet) []string {
	var out []string
	for _, v := range s.VPCs.All() {
		if overlaps(Set(v.Prefixes()...), addrs) {
			out = append(out, v.ID)
		}
	}
	return out
}
