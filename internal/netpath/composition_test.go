//go:build linux

package netpath

import (
	"net/netip"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestCompositionAgainstOracle takes the random estates that the kernel judges,
// and many more, and holds whole connections against an oracle that walks the
// rules one by one.
func TestCompositionAgainstOracle(t *testing.T) {
	open := 0
	for seed := range uint64(3000) {
		e := randomEstate(seed + 1_000_000)
		for _, s := range e.samples {
			want := walk(e, s)
			if want {
				open++
			}
			if s.want != want {
				t.Fatalf("seed %d: %v:%d -> %v:%d: netpath %v (%s), the oracle %v", seed, s.src, s.sport, s.dst, s.dport, s.want, s.why, want)
			}
		}
	}
	if open < 100 {
		t.Errorf("only %d connections are open: the samples prove little", open)
	}
}

// walk follows one connection there and back, rule by rule.
func walk(e *estate, s sample) bool {
	groupS, _ := e.src.SecurityGroups.Get("sg-s")
	groupD, _ := e.dst.SecurityGroups.Get("sg-d")
	return groupLets(groupS.Egress, s.dst, s.dport) && groupLets(groupD.Ingress, s.src, s.dport) &&
		aclLets(e.src, "acl-s", true, s.dst, s.dport) && aclLets(e.dst, "acl-d", false, s.src, s.dport) &&
		aclLets(e.dst, "acl-d", true, s.src, s.sport) && aclLets(e.src, "acl-s", false, s.dst, s.sport) &&
		routed(e.src, "rtb-s", s.dst, "10.2.0.0/24") && routed(e.dst, "rtb-d", s.src, "10.1.0.0/24")
}

func groupLets(perms []snapshot.Permission, peer netip.Addr, port uint16) bool {
	for _, p := range perms {
		for _, r := range p.Ranges {
			if !r.CIDR.Contains(peer) {
				continue
			}
			if p.Protocol == "-1" || (p.Protocol == "tcp" || p.Protocol == "6") && int(port) >= *p.FromPort && int(port) <= *p.ToPort {
				return true
			}
		}
	}
	return false
}

func aclLets(s *snapshot.Scope, id string, egress bool, peer netip.Addr, port uint16) bool {
	acl, _ := s.NetworkACLs.Get(id)
	for number := range 32767 {
		for _, e := range acl.Entries {
			if e.Number != number || e.Egress != egress || !e.CIDR.Contains(peer) {
				continue
			}
			if e.Protocol == "-1" || e.Protocol == "6" && int(port) >= e.PortRange.From && int(port) <= e.PortRange.To {
				return e.Action == "allow"
			}
		}
		if number > 200 { // no estate has a higher one
			break
		}
	}
	return false
}

func routed(s *snapshot.Scope, id string, to netip.Addr, peer string) bool {
	table, _ := s.RouteTables.Get(id)
	for bits := 32; bits >= 0; bits-- {
		for _, r := range table.Routes {
			if r.CIDR.Bits() == bits && r.CIDR.Contains(to) {
				return r.Peering == "pcx-1" && r.State == "active" && netip.MustParsePrefix(peer).Contains(to)
			}
		}
	}
	return false
}
