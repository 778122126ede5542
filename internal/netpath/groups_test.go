//go:build linux

package netpath

import (
	"net/netip"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func ptr(n int) *int { return &n }

func TestTCPPorts(t *testing.T) {
	for _, tt := range []struct {
		name string
		perm snapshot.Permission
		want Ports
		ok   bool
	}{
		{"tcp", snapshot.Permission{Protocol: "tcp", FromPort: ptr(443), ToPort: ptr(443)}, Port(443), true},
		{"as a number", snapshot.Permission{Protocol: "6", FromPort: ptr(1), ToPort: ptr(2)}, Ports{1, 2}, true},
		{"in capitals", snapshot.Permission{Protocol: "TCP", FromPort: ptr(1), ToPort: ptr(2)}, Ports{1, 2}, true},
		{"all, whatever the ports say", snapshot.Permission{Protocol: "-1", FromPort: ptr(5), ToPort: ptr(5)}, AllPorts, true},
		{"tcp -1 is every port", snapshot.Permission{Protocol: "tcp", FromPort: ptr(-1), ToPort: ptr(-1)}, AllPorts, true},
		{"udp", snapshot.Permission{Protocol: "udp", FromPort: ptr(443), ToPort: ptr(443)}, Ports{}, false},
		{"another protocol is not TCP", snapshot.Permission{Protocol: "50"}, Ports{}, false},
		{"icmp", snapshot.Permission{Protocol: "icmp", FromPort: ptr(-1), ToPort: ptr(-1)}, Ports{}, false},
		{"upside down", snapshot.Permission{Protocol: "tcp", FromPort: ptr(9), ToPort: ptr(1)}, Ports{}, false},
		{"beyond the last port", snapshot.Permission{Protocol: "tcp", FromPort: ptr(1024), ToPort: ptr(99999)}, Ports{1024, 65535}, true},
	} {
		if got, ok := tcpPorts(tt.perm); got != tt.want || ok != tt.ok {
			t.Errorf("%s: got %v, %v", tt.name, got, ok)
		}
	}
}

// scopeWith has interfaces that carry groups, all of VPC vpc-b.
func scopeWith(region string, extent snapshot.Extent, carriers map[string]string) *snapshot.Scope {
	s := &snapshot.Scope{Region: region}
	s.Interfaces.See(extent, nil)
	s.Peerings.See(extent, nil)
	s.TransitGateways.See(extent, nil)
	s.TransitGatewayVPCAttachments.See(extent, nil)
	for addr, group := range carriers {
		s.Interfaces.Put(snapshot.Interface{ID: "eni-" + addr, VPC: "vpc-b", PrivateIP: netip.MustParseAddr(addr), Groups: []snapshot.GroupRef{{ID: group}}})
	}
	return s
}

func join(s *snapshot.Scope, status string) {
	p := snapshot.Peering{ID: "pcx-1", Requester: snapshot.PeeringSide{VPC: "vpc-a"}, Accepter: snapshot.PeeringSide{VPC: "vpc-b"}}
	p.Status.Code = status
	s.Peerings.Put(p)
}

// TestReferences covers when a rule that references a group admits a peer.
func TestReferences(t *testing.T) {
	agent := AddrSet(netip.MustParseAddr("10.1.0.5"))
	carried := map[string]string{"10.1.0.5": "sg-agent"}
	for _, tt := range []struct {
		name  string
		layer func() GroupLayer
		admit bool
		open  bool
	}{
		{"same VPC", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, carried)
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, true, false},
		{"peered VPC of the Region", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, carried)
			join(s, "active")
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-a"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, true, false},
		{"the peering is gone", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, carried)
			join(s, "deleted")
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-a"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, false},
		{"peering connections unseen", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, carried)
			return GroupLayer{Self: Place{Scope: s.Without(snapshot.Peerings), VPC: "vpc-a"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, true},
		{"another Region", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, carried)
			join(s, "active")
			return GroupLayer{Self: Place{Scope: &snapshot.Scope{Region: "eu-west-1"}, VPC: "vpc-a"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, false},
		{"outside AWS, and the group is one of the endpoint's VPC", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, map[string]string{"10.1.0.9": "sg-agent"})
			s.SecurityGroups.See(snapshot.Full, nil)
			s.SecurityGroups.Put(snapshot.SecurityGroup{ID: "sg-agent", VPC: "vpc-b"})
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Outside: true}}
		}, false, false},
		{"outside what was seen, and the group is somebody else's", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, nil)
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Outside: true}}
		}, false, true},
		{"no interface has the address yet", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, map[string]string{"10.1.0.9": "sg-agent"})
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, true},
		{"nobody knows where", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, nil)
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-a"}}
		}, false, true},
		{"the agent carries another group", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Full, map[string]string{"10.1.0.5": "sg-other"})
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, false},
		{"interfaces may be missing", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Partial, nil)
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, false, true},
		{"interfaces may be missing, but the agent's is there", func() GroupLayer {
			s := scopeWith("us-east-1", snapshot.Partial, carried)
			return GroupLayer{Self: Place{Scope: s, VPC: "vpc-b"}, Peer: Place{Scope: s, VPC: "vpc-b"}}
		}, true, false},
	} {
		layer := tt.layer()
		layer.Peers, layer.Way = agent, NoWay
		g := snapshot.SecurityGroup{ID: "sg-endpoint", Ingress: []snapshot.Permission{{Protocol: "tcp", FromPort: ptr(443), ToPort: ptr(443), GroupPairs: []snapshot.GroupPair{{GroupID: "sg-agent"}}}}}
		a := Admit(agent, []Ports{Port(443)}, layer.Rules(g, Ingress))
		if a.Whole() != tt.admit || (len(a.Open) > 0) != tt.open {
			t.Errorf("%s: admitted %v, open %v (%+v)", tt.name, a.Whole(), len(a.Open) > 0, a.Gaps)
		}
	}
}

// TestReferencesByTheWay holds references against what carries the traffic: over a
// transit gateway only inbound, never for an endpoint, not in use1-az3, and only
// where the gateway and both attachments have the option on; never over peered
// gateways or through an appliance.
func TestReferencesByTheWay(t *testing.T) {
	for _, tt := range []struct {
		name     string
		shape    string
		wound    func(*estate)
		d        Direction
		endpoint bool
		want     Fate
	}{
		{"over a peering connection", peered, nil, Ingress, true, On},
		{"out over a peering connection", peered, nil, Egress, true, On},
		{"over a transit gateway", oneGateway, nil, Ingress, false, On},
		{"to an endpoint over a transit gateway", oneGateway, nil, Ingress, true, Stopped},
		{"out over a transit gateway", oneGateway, nil, Egress, false, Stopped},
		{"over peered gateways", twoGateways, nil, Ingress, false, Stopped},
		{"through an appliance", inspected, nil, Ingress, false, Stopped},
		{"off on the gateway", oneGateway, func(e *estate) { option(e, "tgw-t", "disable") }, Ingress, false, Stopped},
		{"off on an attachment", oneGateway, func(e *estate) { option(e, "tgw-attach-d", "disable") }, Ingress, false, Stopped},
		{"not shown on an attachment", oneGateway, func(e *estate) { option(e, "tgw-attach-s", "") }, Ingress, false, Open},
		{"in a word that nobody knows", oneGateway, func(e *estate) { option(e, "tgw-attach-s", "sometimes") }, Ingress, false, Open},
		{"in the zone without", oneGateway, func(e *estate) {
			n, _ := e.dst.Subnets.Get("subnet-da")
			n.AvailabilityZoneID = "use1-az3"
			e.dst.Subnets.Put(n)
			n, _ = e.src.Subnets.Get("subnet-s")
			n.AvailabilityZoneID = "use1-az1"
			e.src.Subnets.Put(n)
		}, Ingress, false, Stopped},
	} {
		e := rightEstate(tt.shape)
		for _, id := range []string{"tgw-t", "tgw-u", "tgw-attach-s", "tgw-attach-d", "tgw-attach-i"} {
			option(e, id, "enable")
		}
		if tt.wound != nil {
			tt.wound(e)
		}
		es := NewEstate(e.snap)
		agents, starts, ends := e.endsOf(at(agentNet, 5), endpointAddrs[0])
		there := There(es, agents, starts, ends)
		leaf := there.Leaves()[0]
		if got := es.References(there, leaf, tt.d, tt.endpoint); got.Fate != tt.want || got.Fate == Stopped && got.Never == Matches || got.Fate == Open && got.Gap == nil {
			t.Errorf("%s: %+v, want fate %d", tt.name, got, tt.want)
		}
	}
}

// option sets the option for references of a gateway or an attachment.
func option(e *estate, id, value string) {
	if g, ok := e.dst.TransitGateways.Get(id); ok == snapshot.Present {
		g.Options.SecurityGroupReferencingSupport = value
		e.dst.TransitGateways.Put(g)
	}
	if a, ok := e.dst.TransitGatewayVPCAttachments.Get(id); ok == snapshot.Present {
		a.Options.SecurityGroupReferencingSupport = value
		e.dst.TransitGatewayVPCAttachments.Put(a)
	}
}
