package snapshot

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// location is a scope with a VPC, an endpoint of DataSync and an instance of its own.
func location(n int) *Scope {
	s := &Scope{Name: fmt.Sprintf("s%d", n), Account: fmt.Sprintf("%012d", n+1), Region: []string{"us-east-1", "eu-west-1"}[n%2]}
	vpc, subnet := fmt.Sprintf("vpc-%d", n), fmt.Sprintf("subnet-%d", n)
	s.VPCs, s.Subnets, s.Endpoints, s.Instances = NewTable[VPC](Full), NewTable[Subnet](Full), NewTable[Endpoint](Full), NewTable[Instance](Full)
	s.VPCs.Put(VPC{ID: vpc, CIDR: netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", n))})
	s.Subnets.Put(Subnet{ID: subnet, VPC: vpc, CIDR: netip.MustParsePrefix(fmt.Sprintf("10.%d.1.0/24", n))})
	s.Endpoints.Put(Endpoint{ID: fmt.Sprintf("vpce-%d", n), VPC: vpc, ServiceName: "com.amazonaws." + s.Region + ".datasync"})
	s.Instances.Put(Instance{ID: fmt.Sprintf("i-%d", n), VPC: vpc, Subnet: subnet})
	return s
}

// agentIn is a target that says in one of five ways that the agent is in a place.
func agentIn(r *rand.Rand, n int) Target {
	return []Target{
		{AgentInstanceID: fmt.Sprintf("i-%d", n)},
		{SourceVPCID: fmt.Sprintf("vpc-%d", n)},
		{SourceSubnetID: fmt.Sprintf("subnet-%d", n)},
		{AgentIP: netip.MustParseAddr(fmt.Sprintf("10.%d.1.50", n))},
		{SourceCIDRs: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", n))}},
	}[r.IntN(5)]
}

// TestEachTargetHasItsOwnSides draws estates of one to five places and several
// targets between them: whatever the order, and whichever target came before, the
// destination is the place that holds the endpoint.
func TestEachTargetHasItsOwnSides(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		snap := &Snapshot{}
		for _, n := range r.Perm(5)[:1+r.IntN(5)] {
			sc := location(n)
			if r.IntN(3) == 0 { // as a manifest of several targets has it
				sc.Roles = []Role{Destination, Source}[r.IntN(2):]
			}
			snap.Scopes = append(snap.Scopes, sc)
		}
		stated := 0
		for _, sc := range snap.Scopes {
			if sc.Has(Destination) {
				stated++
			}
		}
		if stated == 1 {
			continue // a lone one that says it is the destination is it, or an error
		}
		for range 4 {
			to, from := snap.Scopes[r.IntN(len(snap.Scopes))], r.IntN(6)
			tg := agentIn(r, from)
			tg.EndpointID = to.Endpoints.IDs()[0]
			if r.IntN(2) == 0 {
				tg.Region = to.Region
			}
			before := fmt.Sprint(rolesOf(snap))
			view := snap.For(tg)
			if d := view.Role(Destination); d == nil || d.Name != to.Name && (stated == 0 || to.Has(Destination)) {
				t.Fatalf("seed %d: the destination of %s is %v among %v", seed, tg.EndpointID, d, before)
			}
			n := 0
			for _, sc := range view.Scopes {
				if sc.Has(Destination) {
					n++
				}
			}
			if after := fmt.Sprint(rolesOf(snap)); n != 1 || after != before {
				t.Fatalf("seed %d: %d destinations, roles %s were %s", seed, n, after, before)
			}
		}
	}
}

func rolesOf(s *Snapshot) (out [][]Role) {
	for _, sc := range s.Scopes {
		out = append(out, slices.Clone(sc.Roles))
	}
	return out
}

// TestTheAgentsScopeIsNotTheEndpoints leaves out the endpoint's folder: that of
// the agent says nothing of whether the endpoint exists, however whole it is.
func TestTheAgentsScopeIsNotTheEndpoints(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := r.IntN(5)
		tg := agentIn(r, n)
		tg.EndpointID = "vpce-9"
		if r.IntN(2) == 0 {
			tg.Region = location(n).Region
		}
		alone := (&Snapshot{Scopes: []*Scope{location(n)}}).For(tg)
		if d := alone.Role(Destination); d != nil || alone.Role(Source) == nil {
			t.Fatalf("%+v: the destination is %s", tg, d.Label())
		}
		// With the group or the subnet that go with the endpoint it is known to be
		// the place, where the endpoint is gone.
		tg.SubnetID = fmt.Sprintf("subnet-%d", n)
		if (&Snapshot{Scopes: []*Scope{location(n)}}).For(tg).Role(Destination) == nil {
			t.Fatalf("%+v: no destination, though it has the subnet", tg)
		}
		// And where it says so itself.
		tg.SubnetID = ""
		said := location(n)
		said.Roles = []Role{Destination}
		if (&Snapshot{Scopes: []*Scope{said}}).For(tg).Role(Destination) == nil {
			t.Fatalf("%+v: no destination, though its manifest says so", tg)
		}
	}
}

// TestTwoEndpointsAndNoneNamed decides nothing between two places that fit alike.
func TestTwoEndpointsAndNoneNamed(t *testing.T) {
	a, b := location(0), location(2) // of one Region
	if d := (&Snapshot{Scopes: []*Scope{a, b}}).For(Target{Region: "us-east-1"}).Role(Destination); d != nil {
		t.Errorf("took %s", d.Label())
	}
	if d := (&Snapshot{Scopes: []*Scope{a, b}}).For(Target{AgentInstanceID: "i-0"}).Role(Destination); d == nil || d.Name != "s2" {
		t.Errorf("the one without the agent was not taken: %v", d)
	}
	if d := (&Snapshot{Scopes: []*Scope{a, location(1)}}).For(Target{Region: "eu-west-1"}).Role(Destination); d == nil || d.Name != "s1" {
		t.Errorf("the one of the Region was not taken: %v", d)
	}
}
