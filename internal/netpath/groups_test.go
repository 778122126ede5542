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
		layer.Peers = agent
		g := snapshot.SecurityGroup{ID: "sg-endpoint", Ingress: []snapshot.Permission{{Protocol: "tcp", FromPort: ptr(443), ToPort: ptr(443), GroupPairs: []snapshot.GroupPair{{GroupID: "sg-agent"}}}}}
		a := Admit(agent, []Ports{Port(443)}, layer.Rules(g, Ingress))
		if a.Whole() != tt.admit || (len(a.Open) > 0) != tt.open {
			t.Errorf("%s: admitted %v, open %v (%+v)", tt.name, a.Whole(), len(a.Open) > 0, a.Gaps)
		}
	}
}

// TestReferencesOverTransitGateway needs the option on the gateway and on both
// attachments.
func TestReferencesOverTransitGateway(t *testing.T) {
	for _, tt := range []struct {
		gateway, attachment string
		want                bool
	}{{"enable", "enable", true}, {"disable", "enable", false}, {"enable", "disable", false}} {
		s := scopeWith("us-east-1", snapshot.Full, map[string]string{"10.1.0.5": "sg-agent"})
		g := snapshot.TransitGateway{ID: "tgw-1"}
		g.Options.SecurityGroupReferencingSupport = tt.gateway
		s.TransitGateways.Put(g)
		for _, vpc := range []string{"vpc-a", "vpc-b"} {
			a := snapshot.TransitGatewayVPCAttachment{ID: "tgw-attach-" + vpc, Gateway: "tgw-1", VPC: vpc, State: "available"}
			a.Options.SecurityGroupReferencingSupport = tt.attachment
			s.TransitGatewayVPCAttachments.Put(a)
		}
		layer := GroupLayer{Self: Place{Scope: s, VPC: "vpc-a"}, Peer: Place{Scope: s, VPC: "vpc-b"}, Peers: AddrSet(netip.MustParseAddr("10.1.0.5"))}
		group := snapshot.SecurityGroup{Ingress: []snapshot.Permission{{Protocol: "-1", GroupPairs: []snapshot.GroupPair{{GroupID: "sg-agent"}}}}}
		if got := Admit(layer.Peers, []Ports{Port(443)}, layer.Rules(group, Ingress)).Whole(); got != tt.want {
			t.Errorf("gateway %q, attachments %q: %v", tt.gateway, tt.attachment, got)
		}
	}
}
