package netpath

import (
	"net/netip"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestLocalRouteOfTheSamePrefix: AWS lets no route stand beside a local one of the same
// prefix; where a table shows both, the local one decides, in any order.
func TestLocalRouteOfTheSamePrefix(t *testing.T) {
	block := netip.MustParsePrefix("10.9.0.0/16")
	local, other := snapshot.Route{CIDR: block, Gateway: "local", State: "active"}, snapshot.Route{CIDR: block, TransitGateway: "tgw-1", Origin: "CreateRoute", State: "active"}
	s := &snapshot.Scope{}
	e := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}})
	for _, routes := range [][]snapshot.Route{{local, other}, {other, local}} {
		if hits := e.Lookup(s, snapshot.RouteTable{ID: "rtb-1", Routes: routes}, Set(block)); len(hits) != 1 || hits[0].Kind != ToLocal {
			t.Errorf("%+v", hits)
		}
	}
}

// TestTwoStaticRoutesOfOnePrefix: AWS allows a table one; where it shows two that lead to
// different things, neither counts, in any order.
func TestTwoStaticRoutesOfOnePrefix(t *testing.T) {
	block := netip.MustParsePrefix("10.9.0.0/16")
	one, two := snapshot.Route{CIDR: block, Peering: "pcx-1", State: "active"}, snapshot.Route{CIDR: block, TransitGateway: "tgw-1", State: "active"}
	learned := snapshot.Route{CIDR: block, Gateway: "vgw-1", Origin: "EnableVgwRoutePropagation", State: "active"}
	s := &snapshot.Scope{}
	e := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s}})
	for _, tt := range []struct {
		routes []snapshot.Route
		code   snapshot.GapCode
	}{
		{[]snapshot.Route{one, two}, snapshot.Contradiction},
		{[]snapshot.Route{two, one}, snapshot.Contradiction},
		{[]snapshot.Route{one, one}, ""},
		{[]snapshot.Route{learned, one}, ""},
	} {
		hits := e.Lookup(s, snapshot.RouteTable{ID: "rtb-1", Routes: tt.routes}, Set(block))
		if len(hits) != 1 || (hits[0].Gap == nil) != (tt.code == "") || hits[0].Gap != nil && hits[0].Gap.Code != tt.code {
			t.Errorf("%+v", hits)
		}
	}
}

// TestListOfAnotherScope: the entries of a list that is shared are those that its owner's
// scope shows, in the same Region only.
func TestListOfAnotherScope(t *testing.T) {
	block := netip.MustParsePrefix("10.9.0.0/16")
	for region, seen := range map[string]bool{"us-east-1": true, "eu-west-1": false} {
		s, owner := &snapshot.Scope{Region: "us-east-1"}, &snapshot.Scope{Region: region}
		owner.PrefixLists.See(snapshot.Full, nil)
		owner.PrefixLists.Put(snapshot.PrefixList{ID: "pl-1", State: "create-complete"})
		owner.PrefixListEntries.See(snapshot.Full, nil)
		owner.PrefixListEntries.Put(snapshot.PrefixListContent{PrefixList: "pl-1", Entries: []snapshot.PrefixListEntry{{CIDR: block}}})
		e := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s, owner}})
		hits := e.Lookup(s, snapshot.RouteTable{ID: "rtb-1", Routes: []snapshot.Route{{PrefixList: "pl-1", Peering: "pcx-1", State: "active"}}}, Set(block))
		if len(hits) != 1 || (hits[0].Kind == ToPeering && hits[0].Gap == nil) != seen {
			t.Errorf("%s: %+v", region, hits)
		}
		set, gap := ListSet(e.snap, s, "pl-1", Set(block))
		if (gap == nil) != seen || seen && !set.Equal(Set(block)) {
			t.Errorf("%s: %v, %+v", region, set, gap)
		}
	}
}

// TestNATAddressOnItsWay: a secondary address that AWS is assigning, or taking away,
// leaves the gateway open and says why.
func TestNATAddressOnItsWay(t *testing.T) {
	for status, want := range map[string]string{"": "", "succeeded": "", "failed": "", "assigning": "assigning", "unassigning": "unassigning", "associating": "associating", "disassociating": "disassociating"} {
		first, second := netip.MustParseAddr("10.9.0.7"), netip.MustParseAddr("10.9.0.8")
		g := snapshot.NATGateway{Addresses: []snapshot.NATGatewayAddress{{PrivateIP: first, Status: "succeeded"}, {PrivateIP: second, Status: status}}}
		in, moving := g.Addrs()
		if moving != want || in[0] != first || (len(in) == 2) != (status == "" || status == "succeeded") {
			t.Errorf("%q: %v, %q", status, in, moving)
		}
	}
}
