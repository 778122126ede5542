package netpath

import (
	"fmt"
	"net/netip"
	"testing"

	"go4.org/netipx"
	"pgregory.net/rapid"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestFilterAgainstOracle holds every address and port of small spaces against
// the definition of a network ACL: the lowest-numbered rule that matches decides,
// and what none matches is denied.
func TestFilterAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		acl := snapshot.NetworkACL{ID: "acl-1"}
		for range rapid.IntRange(0, 8).Draw(t, "entries") {
			p := drawPorts(t, "ports")
			acl.Entries = append(acl.Entries, snapshot.ACLEntry{
				Number: rapid.IntRange(1, 6).Draw(t, "number")*10 + len(acl.Entries), Egress: rapid.Bool().Draw(t, "egress"),
				Protocol: rapid.SampledFrom([]string{"6", "17", "-1", "58", "tcp"}).Draw(t, "protocol"), Action: rapid.SampledFrom([]string{"allow", "deny"}).Draw(t, "action"),
				CIDR: drawPrefix(t, "cidr"), PortRange: &snapshot.ACLPorts{From: int(p.First), To: int(p.Last)},
			})
		}
		source, ports := drawPrefix(t, "peers"), drawPorts(t, "wanted")
		got := Filter(acl, false, Set(source), []Ports{ports})
		for i := range 64 {
			a := spaceAddr(i)
			for p := range uint16(spacePorts) {
				if !source.Contains(a) || p < ports.First || p > ports.Last {
					continue
				}
				// The oracle: look for the lowest number.
				best, allowed, rule := 1<<30, false, "*"
				for _, e := range acl.Entries {
					tcp := e.Protocol == "6" || e.Protocol == "tcp"
					matches := !e.Egress && e.CIDR.Contains(a) && (e.Protocol == "-1" || tcp && int(p) >= e.PortRange.From && int(p) <= e.PortRange.To)
					if matches && e.Number < best {
						best, allowed, rule = e.Number, e.Action == "allow", fmt.Sprint(e.Number)
					}
				}
				by := ""
				for _, d := range got.Denied {
					if d.Addrs.Contains(a) && d.Ports.First <= p && p <= d.Ports.Last {
						if by != "" {
							t.Fatalf("%v on %d is denied twice", a, p)
						}
						by = d.Rule
					}
				}
				if allowed != (by == "") || !allowed && by != rule {
					t.Fatalf("%v on %d: denied by %q, the oracle says allowed %v by %s", a, p, by, allowed, rule)
				}
			}
		}
	})
}

// TestLookupAgainstOracle holds every address against the rules of precedence:
// longest prefix; the local route before propagated ones; static before
// propagated; a CIDR block before a prefix list.
func TestLookupAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &snapshot.Scope{Name: "x"}
		s.PrefixListEntries.See(snapshot.Full, nil)
		list := snapshot.PrefixListContent{PrefixList: "pl-1"}
		for range rapid.IntRange(0, 2).Draw(t, "list entries") {
			list.Entries = append(list.Entries, snapshot.PrefixListEntry{CIDR: drawPrefix(t, "list")})
		}
		s.PrefixListEntries.Put(list)
		local := netip.PrefixFrom(spaceAddr(rapid.SampledFrom([]int{0, 16, 32}).Draw(t, "local")), rapid.IntRange(27, 28).Draw(t, "local bits")).Masked()
		table := snapshot.RouteTable{ID: "rtb-1", Routes: []snapshot.Route{{CIDR: local, Gateway: "local", Origin: "CreateRouteTable", State: "active"}}}
		type plain struct {
			prefix netip.Prefix
			rank   int // 0 static, 1 by list, 2 propagated
			target string
			drop   bool
		}
		rules := []plain{{local, 0, "local", false}}
		seen := map[string]bool{fmt.Sprint(local, 0): true}
		for i := range rapid.IntRange(0, 6).Draw(t, "routes") {
			p, rank := drawPrefix(t, "route"), rapid.SampledFrom([]int{0, 2}).Draw(t, "rank")
			if seen[fmt.Sprint(p, rank)] {
				continue // a table holds one route of each kind to a destination
			}
			seen[fmt.Sprint(p, rank)] = true
			r := snapshot.Route{CIDR: p, Origin: "CreateRoute", State: "active"}
			target := fmt.Sprintf("pcx-%d", i)
			r.Peering = target
			if rank == 2 {
				r.Origin, r.Peering, r.Gateway, target = "EnableVgwRoutePropagation", "", fmt.Sprintf("vgw-%d", i), fmt.Sprintf("vgw-%d", i)
			}
			drop := rapid.IntRange(0, 4).Draw(t, "blackhole") == 0
			if drop {
				r.State = "blackhole"
			}
			table.Routes = append(table.Routes, r)
			rules = append(rules, plain{p, rank, target, drop})
		}
		if rapid.Bool().Draw(t, "with list") {
			table.Routes = append(table.Routes, snapshot.Route{PrefixList: "pl-1", TransitGateway: "tgw-1", State: "active"})
			for _, e := range list.Entries {
				rules = append(rules, plain{e.CIDR, 1, "tgw-1", false})
			}
		}
		hops := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}).Lookup(s, table, Set(netip.PrefixFrom(spaceAddr(0), 26)))
		for i := range 64 {
			a := spaceAddr(i)
			best := plain{target: ""}
			found := false
			for _, r := range rules {
				if !r.prefix.Contains(a) || r.rank == 2 && local.Contains(a) {
					continue
				}
				if !found || r.prefix.Bits() > best.prefix.Bits() || r.prefix.Bits() == best.prefix.Bits() && r.rank < best.rank {
					best, found = r, true
				}
			}
			n := 0
			for _, h := range hops {
				if h.Addrs.Contains(a) {
					n++
					if drop := h.State == "blackhole"; h.Target != best.target || drop != best.drop {
						t.Fatalf("%v goes to %q (drop %v), the oracle says %q (drop %v)", a, h.Target, drop, best.target, best.drop)
					}
				}
			}
			if n != 1 {
				t.Fatalf("%v is in %d hops", a, n)
			}
		}
	})
}

// TestAmbiguousLists: two lists with one block and different targets.
func TestAmbiguousLists(t *testing.T) {
	s := &snapshot.Scope{}
	s.PrefixListEntries.See(snapshot.Full, nil)
	for _, id := range []string{"pl-1", "pl-2"} {
		s.PrefixListEntries.Put(snapshot.PrefixListContent{PrefixList: id, Entries: []snapshot.PrefixListEntry{{CIDR: netip.MustParsePrefix("10.0.0.0/24")}}})
	}
	table := snapshot.RouteTable{ID: "rtb-1", Routes: []snapshot.Route{{PrefixList: "pl-1", Peering: "pcx-1"}, {PrefixList: "pl-2", Peering: "pcx-2"}}}
	hops := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}).Lookup(s, table, Set(netip.MustParsePrefix("10.0.0.0/25")))
	if len(hops) != 1 || hops[0].Gap == nil || hops[0].Gap.Code != snapshot.RouteAmbiguous {
		t.Errorf("got %+v", hops)
	}
	table.Routes[1].Peering = "pcx-1"
	if hops := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}).Lookup(s, table, Set(netip.MustParsePrefix("10.0.0.0/25"))); hops[0].Gap != nil {
		t.Errorf("one target, and yet %+v", hops[0].Gap)
	}
	table.Routes[1] = snapshot.Route{PrefixList: "pl-unseen", Peering: "pcx-9"}
	if hops := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}).Lookup(s, table, Set(netip.MustParsePrefix("10.0.0.0/25"))); hops[0].Gap == nil || hops[0].Gap.Code != snapshot.ListUnseen {
		t.Errorf("a list nobody saw may hold a longer prefix: %+v", hops[0])
	}
}

// TestHostileTables feeds the tracer what no AWS gives: unknown targets, dangling
// ids, gateways that are peers in a circle. It ends, and claims nothing.
func TestHostileTables(t *testing.T) {
	s := &snapshot.Scope{Name: "x", Region: "us-east-1"}
	for _, see := range []func(snapshot.Extent, []string){s.RouteTables.See, s.TransitGatewayVPCAttachments.See, s.TransitGatewayRouteTables.See, s.TransitGatewayAssociations.See, s.TransitGatewayRoutes.See, s.TransitGatewayPeerings.See, s.Subnets.See, s.Peerings.See, s.VPNGateways.See} {
		see(snapshot.Full, nil)
	}
	s.Subnets.Put(snapshot.Subnet{ID: "subnet-1", VPC: "vpc-1", AvailabilityZoneID: "az1"})
	s.TransitGatewayVPCAttachments.Put(snapshot.TransitGatewayVPCAttachment{ID: "att-0", Gateway: "tgw-0", VPC: "vpc-1", State: "available", SubnetIDs: []string{"subnet-1"}})
	dst := netip.MustParsePrefix("10.9.0.0/16")
	for i := range 3 {
		id := fmt.Sprintf("tgw-%d", i)
		s.TransitGatewayRouteTables.Put(snapshot.TransitGatewayRouteTable{ID: "rt-" + id, Gateway: id})
		s.TransitGatewayPeerings.Put(snapshot.TransitGatewayPeering{ID: fmt.Sprintf("peer-%d", i), State: "available", Requester: snapshot.TransitGatewaySide{Gateway: id}, Accepter: snapshot.TransitGatewaySide{Gateway: fmt.Sprintf("tgw-%d", (i+1)%3)}})
		route := snapshot.TransitGatewayRoute{CIDR: dst, Type: "static", State: "active"}
		route.Attachments = append(route.Attachments, snapshot.RouteAttachment{ID: fmt.Sprintf("peer-%d", i), ResourceType: "peering"})
		s.TransitGatewayRoutes.Put(snapshot.TransitGatewayRouteSet{RouteTable: "rt-" + id, Entries: []snapshot.TransitGatewayRoute{route}})
		s.TransitGatewayAssociations.Put(snapshot.TransitGatewayAssociationSet{RouteTable: "rt-" + id, Entries: []snapshot.TransitGatewayAssociation{{Attachment: "att-0", State: "associated"}, {Attachment: fmt.Sprintf("peer-%d", (i+2)%3), State: "associated"}}})
	}
	s.TransitGateways.See(snapshot.Full, nil)
	s.NetworkACLs.See(snapshot.Full, nil)
	s.NetworkACLs.Put(snapshot.NetworkACL{ID: "acl-1", VPC: "vpc-1", IsDefault: true})
	for i := range 3 {
		s.TransitGateways.Put(snapshot.TransitGateway{ID: fmt.Sprintf("tgw-%d", i), State: "available"})
	}
	at := Place{Scope: s, VPC: "vpc-1"}
	agents := Agents{Place: at, Addrs: AddrSet(netip.MustParseAddr("10.1.0.5"))}
	starts := []Start{{At: at, Subnet: "subnet-1", Addrs: agents.Addrs}}
	far := &snapshot.Scope{Name: "y"}
	ends := []End{{At: Place{Scope: far, VPC: "vpc-9"}, Subnet: "subnet-9", Endpoint: Set(dst), Task: &netipx.IPSet{}}}
	e := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s, far}})
	for name, r := range map[string]snapshot.Route{
		"circle":  {CIDR: dst, TransitGateway: "tgw-0", State: "active"},
		"unknown": {CIDR: dst, Gateway: "zgw-1", State: "active"},
		"nothing": {CIDR: dst, State: "active"}, "dangling": {CIDR: dst, Peering: "pcx-gone", State: "active"}, "cloud wan": {CIDR: dst, CoreNetwork: "arn:aws:networkmanager::111122223333:core-network/x", State: "active"},
		"appliance": {CIDR: dst, Interface: "eni-1", State: "active"}, "dangling vgw": {CIDR: dst, Gateway: "vgw-gone", State: "active"},
		"a nat of nobody": {CIDR: dst, NATGateway: "nat-gone", State: "active"}, "a state of nobody": {CIDR: dst, Peering: "pcx-gone", State: "resting"},
	} {
		s.RouteTables.Put(snapshot.RouteTable{ID: "rtb-1", VPC: "vpc-1", Routes: []snapshot.Route{r}, Associations: []snapshot.RouteTableAssociation{{Subnet: "subnet-1"}}})
		there := There(e, agents, starts, ends)
		back := Back(e, there, agents, starts, ends)
		if len(there.Leaves()) == 0 || len(back.Leaves()) == 0 {
			t.Errorf("%s: no walk", name)
		}
		for _, i := range there.Leaves() {
			h := there.Hops[i]
			if h.Fate == On {
				t.Errorf("%s: arrived", name)
			}
			if h.Fate == Open && h.Gap == nil {
				t.Errorf("%s: open without a gap: %+v", name, h)
			}
		}
	}
}

// FuzzFilter feeds network ACL entries of every shape: no panic, and what is
// denied is part of what was asked.
func FuzzFilter(f *testing.F) {
	f.Add("10.0.0.0/8", "6", 1, 70000, 32767)
	f.Add("0.0.0.0/0", "-1", -5, -1, 0)
	f.Fuzz(func(t *testing.T, cidr, protocol string, from, to, number int) {
		p, err := netip.ParsePrefix(cidr)
		if err != nil {
			return
		}
		acl := snapshot.NetworkACL{ID: "acl-1", Entries: []snapshot.ACLEntry{{Number: number, Protocol: protocol, Action: "deny", CIDR: p, PortRange: &snapshot.ACLPorts{From: from, To: to}}, {Number: number + 1, Protocol: "-1", Action: "allow", CIDR: netip.MustParsePrefix("0.0.0.0/0")}}}
		asked := Set(netip.MustParsePrefix("10.0.0.0/24"))
		for _, d := range Filter(acl, false, asked, []Ports{{443, 443}, {1024, 1064}}).Denied {
			var b netipx.IPSetBuilder
			b.AddSet(d.Addrs)
			b.RemoveSet(asked)
			if rest, err := b.IPSet(); err != nil || len(rest.Ranges()) > 0 {
				t.Errorf("denies what was not asked: %v", rest)
			}
		}
	})
}
