package checks_test

import (
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// onlyFails reports every failure but those that are the wound itself.
func onlyFails(t *testing.T, seed uint64, wound string, got map[string]checks.Status, want string) {
	t.Helper()
	if got[want] != checks.Fail {
		t.Errorf("seed %d: %s: %s is %v", seed, wound, want, got[want])
	}
	for id, s := range got {
		if s == checks.Fail && id != want {
			t.Errorf("seed %d: %s: %s fails as well, and would be right once %s is mended", seed, wound, id, want)
		}
	}
}

// TestBehindADeadNAT stops packets at a NAT gateway, and right behind it: groups and
// ACLs admit the gateway's address, so that not the agent's own is held against them.
func TestBehindADeadNAT(t *testing.T) {
	for seed := range uint64(20) {
		for _, state := range []string{"deleting", "deleted", "failed"} {
			target, snap := open(t, healthy.Estate(healthy.PrivateNAT, seed))
			s := snap.Role(snapshot.Source)
			for _, g := range s.NATGateways.All() {
				g.State = state
				s.NATGateways.Put(g)
			}
			got := judgedAs(target, snap)
			onlyFails(t, seed, state, got, "connection-active")
			if got["sg-ingress-443"] != checks.Unknown {
				t.Errorf("seed %d: %s: sg-ingress-443 is %v", seed, state, got["sg-ingress-443"])
			}
		}

		target, snap := open(t, healthy.Estate(healthy.PrivateNAT, seed))
		s := snap.Role(snapshot.Source)
		for _, g := range s.NATGateways.All() {
			table := tableOf(s, g.Subnet)
			table.Routes = slices.DeleteFunc(slices.Clone(table.Routes), func(r snapshot.Route) bool { return r.Gateway != "local" })
			s.RouteTables.Put(table)
		}
		got := judgedAs(target, snap)
		onlyFails(t, seed, "no route behind it", got, "route-to-endpoint")
		if got["sg-ingress-443"] != checks.Pass {
			t.Errorf("seed %d: no route behind it: sg-ingress-443 is %v", seed, got["sg-ingress-443"])
		}
	}
}

// tableOf is the route table of a subnet: its own, else the main one of its VPC.
func tableOf(s *snapshot.Scope, subnet string) snapshot.RouteTable {
	n, _ := s.Subnets.Get(subnet)
	var of snapshot.RouteTable
	for _, table := range s.RouteTables.All() {
		for _, a := range table.Associations {
			switch {
			case a.Subnet == subnet:
				return table
			case a.Main && table.VPC == n.VPC:
				of = table
			}
		}
	}
	return of
}
