//go:build linux

package netpath

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestCompositionAgainstOracle takes the random estates that the kernel judges,
// and many more, and holds whole connections against an oracle that carries one
// packet from place to place, rule by rule.
func TestCompositionAgainstOracle(t *testing.T) {
	open := map[string]int{}
	for seed := range uint64(3000) {
		if !tier.Takes(int(seed), 1) {
			continue
		}
		e := randomEstate(seed + 1_000_000)
		for _, s := range e.samples {
			want := connects(e, s)
			if want {
				open[e.shape]++
			}
			if s.want() != want {
				t.Fatalf("seed %d, %s: %v:%d -> %v:%d: the walk %v (%s), the oracle %v", seed+1_000_000, e.shape, s.src, s.sport, s.dst, s.dport, s.want(), s.why, want)
			}
		}
	}
	for _, shape := range []string{peered, oneGateway, twoGateways, inspected} {
		if open[shape] < tier.Size(30) {
			t.Errorf("%s: only %d connections are open: the samples prove little", shape, open[shape])
		}
	}
}

// packet is one packet on its way.
type packet struct {
	e        *estate
	src, dst netip.Addr
	port     uint16
	hops     int
}

// connects sends a request and, if it arrives, the reply.
func connects(e *estate, s sample) bool {
	groupS, _ := e.src.SecurityGroups.Get("sg-s")
	groupD, _ := e.dst.SecurityGroups.Get("sg-d")
	if !groupLets(groupS.Egress, s.dst, s.dport) {
		return false
	}
	p := &packet{e: e, src: s.src, dst: s.dst, port: s.dport}
	if !p.sendFrom("subnet-s") || !groupLets(groupD.Ingress, p.src, s.dport) {
		return false
	}
	back := &packet{e: e, src: s.dst, dst: p.src, port: s.sport}
	if !back.sendFrom(endSubnet(s.dst)) {
		return false
	}
	if back.dst == natAddr { // translated back, and sent on from the NAT gateway's subnet
		back.dst = s.src
		return back.sendFrom("subnet-n")
	}
	return true
}

func endSubnet(a netip.Addr) string {
	if netip.MustParsePrefix("10.2.0.64/26").Contains(a) {
		return "subnet-2"
	}
	return "subnet-1"
}

// scopeOf is the scope with the tables of a subnet.
func (p *packet) scopeOf(subnet string) *snapshot.Scope {
	if _, ok := p.e.src.Subnets.Get(subnet); ok == snapshot.Present {
		return p.e.src
	}
	return p.e.dst
}

// sendFrom sends the packet out of a subnet, and reports whether it arrives.
func (p *packet) sendFrom(subnet string) bool {
	if p.hops++; p.hops > 50 {
		return false
	}
	s := p.scopeOf(subnet)
	if !aclLets(s, "acl-"+subnet, true, p.dst, p.port) {
		return false
	}
	table, _ := s.RouteTables.Get("rtb-" + subnet)
	r, ok := longest(table.Routes, p.dst)
	if !ok || r.State != "active" {
		return false
	}
	switch {
	case r.Gateway == "local":
		return p.into(subnet, map[string]string{"subnet-s": "s", "subnet-n": "s", "subnet-sa": "s", "subnet-1": "d", "subnet-2": "d", "subnet-da": "d"}[subnet])
	case r.Peering == "pcx-1":
		side := "d"
		if strings.Contains("subnet-1 subnet-2 subnet-da", subnet) {
			side = "s"
		}
		return p.into("", side)
	case r.NATGateway != "":
		if !aclLets(p.e.src, "acl-subnet-n", false, p.src, p.port) {
			return false
		}
		p.src = natAddr
		return p.sendFrom("subnet-n")
	case r.Interface != "":
		return aclLets(p.e.dst, "acl-subnet-f", false, p.src, p.port) && p.sendFrom("subnet-f")
	case r.TransitGateway != "":
		entry, att := "subnet-sa", "tgw-attach-s"
		switch {
		case strings.Contains("subnet-1 subnet-2 subnet-da", subnet):
			entry, att = "subnet-da", "tgw-attach-d"
		case subnet == "subnet-f" || subnet == "subnet-ia":
			entry, att = "subnet-ia", "tgw-attach-i"
		}
		if entry != subnet && !aclLets(p.scopeOf(entry), "acl-"+entry, false, p.src, p.port) {
			return false
		}
		return p.atGateway(r.TransitGateway, att)
	}
	return false
}

// into delivers the packet in a VPC, to the subnet that holds its destination.
func (p *packet) into(from, side string) bool {
	for subnet, block := range map[string]string{"subnet-s": "10.1.0.0/26", "subnet-n": "10.1.0.64/26", "subnet-1": "10.2.0.0/26", "subnet-2": "10.2.0.64/26"} {
		inside := (side == "s") == strings.HasPrefix(block, "10.1.")
		if inside && netip.MustParsePrefix(block).Contains(p.dst) {
			return subnet == from || aclLets(p.scopeOf(subnet), "acl-"+subnet, false, p.src, p.port)
		}
	}
	return false
}

// atGateway routes the packet at a transit gateway.
func (p *packet) atGateway(gateway, from string) bool {
	if p.hops++; p.hops > 50 {
		return false
	}
	for _, t := range p.e.dst.TransitGatewayRouteTables.All() {
		set, _ := p.e.dst.TransitGatewayAssociations.Get(t.ID)
		for _, a := range set.Entries {
			if t.Gateway != gateway || a.Attachment != from {
				continue
			}
			rows, _ := p.e.dst.TransitGatewayRoutes.Get(t.ID)
			for bits := 32; bits >= 0; bits-- {
				for _, r := range rows.Entries {
					if r.CIDR.Bits() != bits || !r.CIDR.Contains(p.dst) {
						continue
					}
					if r.State != "active" {
						return false
					}
					switch to := r.Attachments[0].ID; to {
					case "tgw-attach-p":
						return p.atGateway(map[string]string{"tgw-t": "tgw-u", "tgw-u": "tgw-t"}[gateway], to)
					default:
						return p.sendFrom(map[string]string{"tgw-attach-s": "subnet-sa", "tgw-attach-d": "subnet-da", "tgw-attach-i": "subnet-ia"}[to])
					}
				}
			}
			return false
		}
	}
	return false
}

func longest(routes []snapshot.Route, to netip.Addr) (snapshot.Route, bool) {
	for bits := 32; bits >= 0; bits-- {
		for _, r := range routes {
			if r.CIDR.Bits() == bits && r.CIDR.Contains(to) {
				return r, true
			}
		}
	}
	return snapshot.Route{}, false
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
