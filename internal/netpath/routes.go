package netpath

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TargetKind is what a route leads to.
type TargetKind uint8

// The kinds of target.
const (
	ToUnknown TargetKind = iota
	ToLocal
	ToPeering
	ToTransitGateway
	ToVPNGateway
	ToInternet  // internet and egress-only internet gateways
	ToNAT       // a NAT gateway, public or private
	ToAppliance // an instance or network interface
	ToEndpoint  // a Gateway Load Balancer or Network Firewall endpoint, or a gateway endpoint
	ToElsewhere // Cloud WAN, carrier, local and other gateways that AWS doesn't let one look through here
)

// target says what a route leads to, and its id.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
func target(r snapshot.Route) (TargetKind, string) {
	switch {
	case r.Gateway == "local":
		return ToLocal, "local"
	case r.Peering != "":
		return ToPeering, r.Peering
	case r.TransitGateway != "":
		return ToTransitGateway, r.TransitGateway
	case r.Kind == snapshot.VPNGatewayKind:
		return ToVPNGateway, r.Gateway
	case r.Kind == snapshot.InternetGateway:
		return ToInternet, r.Gateway
	case r.Kind == snapshot.EndpointGateway:
		return ToEndpoint, r.Gateway
	case strings.HasPrefix(r.Gateway, "vgw-"):
		return ToVPNGateway, r.Gateway
	case strings.HasPrefix(r.Gateway, "igw-"):
		return ToInternet, r.Gateway
	case strings.HasPrefix(r.Gateway, "vpce-"):
		return ToEndpoint, r.Gateway
	case r.NATGateway != "":
		return ToNAT, r.NATGateway
	case r.EgressOnly != "":
		return ToInternet, r.EgressOnly
	case r.Interface != "":
		return ToAppliance, r.Interface
	case r.Instance != "":
		return ToAppliance, r.Instance
	case r.CoreNetwork != "":
		return ToElsewhere, r.CoreNetwork
	case r.LocalGateway != "":
		return ToElsewhere, r.LocalGateway
	case r.CarrierGateway != "":
		return ToElsewhere, r.CarrierGateway
	case r.ODBNetwork != "":
		return ToElsewhere, r.ODBNetwork
	case r.IPAddressNextHop != "":
		return ToElsewhere, r.IPAddressNextHop
	case r.Gateway != "":
		return ToUnknown, r.Gateway
	}
	return ToUnknown, ""
}

// Hit is the part of some destinations that a route table sends one way.
type Hit struct {
	Addrs      *netipx.IPSet
	Kind       TargetKind
	Target     string // the id that the route leads to; "" for no route at all
	Prefix     string // the destination as the route table has it
	State      string
	Propagated bool // learned by a virtual private gateway
	Gap        *snapshot.Gap
}

// None reports whether no route leads anywhere for these addresses.
func (h Hit) None() bool { return h.Prefix == "" && h.Gap == nil }

// precedence among routes to the same destination: the local route, which AWS lets no
// other stand beside, a static route to a CIDR block, then a static route to a prefix
// list, then a propagated route.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
type precedence uint8

const (
	localRoute precedence = iota
	staticCIDR
	staticList
	propagated
)

type candidate struct {
	prefix netip.Prefix
	set    *netipx.IPSet
	rank   precedence
	route  snapshot.Route
	kind   TargetKind
	id     string
	list   string
	gap    *snapshot.Gap // of a list that is not known
}

// Lookup splits destinations by the route that wins for them.
//
// The longest prefix wins; the local route wins over propagated routes even if
// these are longer; a blackhole drops what it wins.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
// https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-route-priority.html
func (e *Estate) Lookup(s *snapshot.Scope, t snapshot.RouteTable, dst *netipx.IPSet) []Hit {
	if t.Pending != "" {
		gap := t.Pending.Gap(t.ID)
		return []Hit{{Addrs: dst, Gap: &gap}}
	}
	routes, unseen := e.candidates(s, t, dst)
	left := dst
	var hops []Hit
	for i, c := range routes {
		take := Both(left, c.set)
		if Empty(take) {
			continue
		}
		h := Hit{Addrs: take, Kind: c.kind, Target: c.id, Prefix: c.name(), State: c.route.State, Propagated: c.rank == propagated}
		if c.route.Pending != "" {
			gap := c.route.Pending.Gap(t.ID)
			h.Gap = &gap
		} else if o, ok := rival(routes[i+1:], c); ok && c.list == "" {
			h.Gap = disagree(s, snapshot.RouteTables, t.ID, c.name()+" "+c.id, o.name()+" "+o.id)
		} else if ok {
			h.Gap = &snapshot.Gap{Code: snapshot.RouteAmbiguous, Source: snapshot.RouteTables.Action(), Scope: s.Label(), Ref: t.ID, Detail: c.list + " / " + o.list}
		}
		left = Minus(left, take)
		hops = append(hops, h)
	}
	if !Empty(left) {
		hops = append(hops, Hit{Addrs: left})
	}
	// A prefix list that was not seen may hold a longer prefix than any other.
	for i := range hops {
		for _, u := range unseen {
			same := u.id != "" && hops[i].Kind == u.kind && hops[i].Target == u.id
			if hops[i].Gap != nil || same || !overlaps(u.set, hops[i].Addrs) {
				continue
			}
			if u.route.Pending != "" {
				g := u.route.Pending.Gap(t.ID)
				hops[i].Gap = &g
			} else if hops[i].Gap = u.gap; u.gap.Code != snapshot.InTransition {
				hops[i].Gap = &snapshot.Gap{Code: snapshot.ListUnseen, Source: snapshot.PrefixListEntries.Action(), Scope: s.Label(), Ref: u.list}
			}
		}
	}
	return hops
}

func (c candidate) name() string {
	if c.list != "" {
		return c.list + " (" + c.prefix.String() + ")"
	}
	return c.prefix.String()
}

// rival finds a route with the same prefix and another target that nothing ranks
// before or behind: of another prefix list, where AWS picks one at random, or a second
// static one, which AWS allows no table.
func rival(rest []candidate, c candidate) (candidate, bool) {
	for _, o := range rest {
		if o.prefix == c.prefix && o.rank == c.rank && o.rank != propagated && (c.list == "" || o.list != c.list) && o.id != c.id {
			return o, true
		}
	}
	return candidate{}, false
}

// candidates lists the routes for any of the destinations in order of precedence,
// prefix lists expanded, and apart from them the routes whose prefix list was not
// seen.
func (e *Estate) candidates(s *snapshot.Scope, t snapshot.RouteTable, dst *netipx.IPSet) (routes, unseen []candidate) {
	var local netipx.IPSetBuilder
	for _, r := range t.Routes {
		if kind, _ := target(r); kind == ToLocal {
			for _, p := range []netip.Prefix{r.CIDR, r.IPv6CIDR} {
				if p.IsValid() {
					local.AddPrefix(p.Masked())
				}
			}
		}
	}
	locals := must(local.IPSet())
	for _, r := range t.Routes {
		c := candidate{route: r, rank: staticCIDR}
		if c.kind, c.id = target(r); c.kind == ToLocal {
			c.rank = localRoute
		}
		if strings.EqualFold(r.Origin, "EnableVgwRoutePropagation") || strings.EqualFold(r.Origin, "Advertisement") {
			c.rank = propagated
		}
		add := func(p netip.Prefix, list string) {
			if !p.IsValid() || !dst.OverlapsPrefix(p.Masked()) {
				return
			}
			c := c
			c.prefix, c.list, c.set = p.Masked(), list, Set(p)
			if list != "" {
				c.rank = staticList
			}
			if c.rank == propagated {
				c.set = Minus(c.set, locals)
			}
			routes = append(routes, c)
		}
		add(r.CIDR, "")
		add(r.IPv6CIDR, "")
		if r.Pending != "" && !r.CIDR.IsValid() && !r.IPv6CIDR.IsValid() && r.PrefixList == "" {
			if c.set = dst; c.rank == propagated {
				c.set = Minus(dst, locals)
			}
			unseen = append(unseen, c)
		}
		if r.PrefixList == "" {
			continue
		}
		maybe, gap := ListSet(e.snap, s, r.PrefixList, dst)
		if gap != nil {
			c.list, c.set, c.gap = r.PrefixList, maybe, gap
			unseen = append(unseen, c)
			continue
		}
		content, _ := listHolder(e.snap, s, r.PrefixList).PrefixListEntries.Get(r.PrefixList)
		for _, e := range content.Entries {
			add(e.CIDR, r.PrefixList)
		}
	}
	slices.SortStableFunc(routes, func(a, b candidate) int {
		return cmp.Or(-cmp.Compare(a.prefix.Bits(), b.prefix.Bits()), cmp.Compare(a.rank, b.rank))
	})
	return routes, unseen
}

// TableOf returns the route table that a subnet uses: the one it is associated
// with, else the main one of its VPC. With a gap in transition comes the table that
// the subnet will use once the association that failed or goes away is gone.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
func TableOf(s *snapshot.Scope, vpc, subnet string) (snapshot.RouteTable, *snapshot.Gap) {
	found := s.RouteTables.Where("subnet", subnet, routeTableSubnets)
	for _, t := range s.RouteTables.Where("vpc", vpc, routeTableVPC) {
		if t.Pending != "" && (len(found) != 1 || found[0].ID != t.ID) {
			g := t.Pending.Gap(subnet)
			return snapshot.RouteTable{}, &g
		}
	}
	switch len(found) {
	case 0:
	case 1:
		for _, a := range found[0].Associations {
			if state := a.State.State; a.Subnet == subnet && Lives(TableAssociationState, state) == Open && state != "" {
				return snapshot.RouteTable{}, stateGap(s, snapshot.RouteTables, found[0].ID, state)
			}
		}
		return found[0], nil
	default: // AWS allows one
		return snapshot.RouteTable{}, &snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.RouteTables.Action(), Scope: s.Label(), Ref: subnet, Detail: found[0].ID + ", " + found[1].ID}
	}
	if !s.RouteTables.Covers(vpc) {
		g := s.GapFor(snapshot.RouteTables, subnet)
		return snapshot.RouteTable{}, &g
	}
	main := s.RouteTables.Where("main", vpc, mainOf)
	switch len(main) {
	case 0:
		return snapshot.RouteTable{}, &snapshot.Gap{Code: snapshot.RowUnseen, Source: snapshot.RouteTables.Action(), Scope: s.Label(), Ref: vpc + " (main)"}
	case 1:
	default: // AWS allows one
		return snapshot.RouteTable{}, &snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.RouteTables.Action(), Scope: s.Label(), Ref: vpc, Detail: main[0].ID + ", " + main[1].ID}
	}
	for _, a := range main[0].Associations {
		if state := a.State.State; a.Main && Lives(TableAssociationState, state) != On && state != "" {
			return snapshot.RouteTable{}, stateGap(s, snapshot.RouteTables, main[0].ID, state)
		}
	}
	return main[0], leavingGap(s, vpc, subnet)
}

// leavingGap is the gap of a subnet's association that has failed or is going away:
// until it is gone its table may still decide.
func leavingGap(s *snapshot.Scope, vpc, subnet string) *snapshot.Gap {
	for _, t := range s.RouteTables.Where("vpc", vpc, routeTableVPC) {
		for _, a := range t.Associations {
			if state := a.State.State; a.Subnet == subnet && gone(state) && !ended(state) {
				return stateGap(s, snapshot.RouteTables, t.ID, state)
			}
		}
	}
	return nil
}

func routeTableVPC(t snapshot.RouteTable) []string { return []string{t.VPC} }

func routeTableSubnets(t snapshot.RouteTable) []string {
	var out []string
	for _, a := range t.Associations {
		if a.Subnet != "" && !gone(a.State.State) {
			out = append(out, a.Subnet)
		}
	}
	return out
}

func mainOf(t snapshot.RouteTable) []string {
	for _, a := range t.Associations {
		if a.Main && !ended(a.State.State) {
			return []string{t.VPC}
		}
	}
	return nil
}

// gone reports whether an association doesn't hold, or not for long.
func gone(state string) bool { return Lives(TableAssociationState, state) == Stopped }

// ended reports whether an association no longer holds.
func ended(state string) bool { return strings.EqualFold(state, "disassociated") }

// GatewayTable returns the route table that a gateway's arriving traffic is
// routed by, if one is associated with it, and the state of that association.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
func GatewayTable(s *snapshot.Scope, gateway string) (snapshot.RouteTable, string, bool) {
	for _, t := range s.RouteTables.Where("gateway", gateway, func(t snapshot.RouteTable) []string {
		var out []string
		for _, a := range t.Associations {
			if a.Gateway != "" && !ended(a.State.State) {
				out = append(out, a.Gateway)
			}
		}
		return out
	}) {
		for _, a := range t.Associations {
			if a.Gateway == gateway {
				return t, a.State.State, true
			}
		}
	}
	return snapshot.RouteTable{}, "", false
}
