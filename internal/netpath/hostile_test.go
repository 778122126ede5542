package netpath

import (
	"net/netip"
	"testing"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestCirclesAndStrangers leads a VPC into circles of appliances, NAT gateways and
// tables, and to what nobody has. Every walk ends, none arrives, and what is open
// says why.
func TestCirclesAndStrangers(t *testing.T) {
	dst, off := netip.MustParsePrefix("10.9.0.0/16"), false
	table := func(s *snapshot.Scope, subnet string, r snapshot.Route) {
		r.CIDR, r.State = dst, "active"
		s.RouteTables.Put(snapshot.RouteTable{ID: "rtb-" + subnet, VPC: "vpc-1", Routes: []snapshot.Route{r}, Associations: []snapshot.RouteTableAssociation{{Subnet: subnet}}})
	}
	leads := func(s *snapshot.Scope, attachment, kind string) {
		s.TransitGatewayRoutes.Put(snapshot.TransitGatewayRouteSet{RouteTable: "tgw-rtb-1", Entries: []snapshot.TransitGatewayRoute{{CIDR: dst, Type: "static", State: "active", Attachments: []snapshot.RouteAttachment{{ID: attachment, ResourceID: "vpc-1", ResourceType: kind}}}}})
	}
	attach := func(s *snapshot.Scope, id string) {
		s.TransitGatewayVPCAttachments.Put(snapshot.TransitGatewayVPCAttachment{ID: id, Gateway: "tgw-1", VPC: "vpc-1", State: "available", SubnetIDs: []string{"subnet-2"}})
	}
	associate := func(s *snapshot.Scope, table string, attachments ...string) {
		set := snapshot.TransitGatewayAssociationSet{RouteTable: table}
		for _, a := range attachments {
			set.Entries = append(set.Entries, snapshot.TransitGatewayAssociation{Attachment: a, State: "associated"})
		}
		s.TransitGatewayAssociations.Put(set)
	}
	for name, build := range map[string]func(*snapshot.Scope){
		"appliances that lead to each other": func(s *snapshot.Scope) {
			s.Interfaces.Put(snapshot.Interface{ID: "eni-1", VPC: "vpc-1", Subnet: "subnet-1", SourceDestHop: &off})
			s.Interfaces.Put(snapshot.Interface{ID: "eni-2", VPC: "vpc-1", Subnet: "subnet-2", SourceDestHop: &off})
			table(s, "subnet-1", snapshot.Route{Interface: "eni-2"})
			table(s, "subnet-2", snapshot.Route{Interface: "eni-1"})
		},
		"NAT gateways that lead to each other": func(s *snapshot.Scope) {
			for i, id := range []string{"subnet-1", "subnet-2"} {
				s.NATGateways.Put(snapshot.NATGateway{ID: "nat-" + id, Subnet: id, State: "available", Addresses: []snapshot.NATGatewayAddress{{PrivateIP: netip.AddrFrom4([4]byte{10, 1, byte(i), 9})}}})
			}
			table(s, "subnet-1", snapshot.Route{NATGateway: "nat-subnet-2"})
			table(s, "subnet-2", snapshot.Route{NATGateway: "nat-subnet-1"})
		},
		"a gateway that leads back to where it came from": func(s *snapshot.Scope) {
			attach(s, "tgw-attach-1")
			associate(s, "tgw-rtb-1", "tgw-attach-1")
			leads(s, "tgw-attach-1", "vpc")
		},
		"a gateway attached to the VPC twice": func(s *snapshot.Scope) {
			attach(s, "tgw-attach-1")
			attach(s, "tgw-attach-2")
			associate(s, "tgw-rtb-1", "tgw-attach-1", "tgw-attach-2")
			leads(s, "tgw-attach-2", "vpc")
		},
		"an association without a table": func(s *snapshot.Scope) {
			attach(s, "tgw-attach-1")
			associate(s, "tgw-rtb-gone", "tgw-attach-1")
			s.TransitGatewayAttachments.Put(snapshot.TransitGatewayAttachment{ID: "tgw-attach-1", Gateway: "tgw-1", ResourceType: "vpc", ResourceID: "vpc-1", State: "available", Association: &snapshot.AttachmentAssociation{RouteTable: "tgw-rtb-gone", State: "associated"}})
		},
		"an attachment that nobody has": func(s *snapshot.Scope) {
			attach(s, "tgw-attach-1")
			associate(s, "tgw-rtb-1", "tgw-attach-1")
			leads(s, "tgw-attach-gone", "vpc")
		},
		"a VPN that nobody has": func(s *snapshot.Scope) {
			attach(s, "tgw-attach-1")
			associate(s, "tgw-rtb-1", "tgw-attach-1")
			leads(s, "tgw-attach-gone", "vpn")
		},
		"an attachment in a subnet that nobody has": func(s *snapshot.Scope) {
			s.TransitGatewayVPCAttachments.Put(snapshot.TransitGatewayVPCAttachment{ID: "tgw-attach-1", Gateway: "tgw-1", VPC: "vpc-1", State: "available", SubnetIDs: []string{"subnet-gone"}})
		},
	} {
		s := &snapshot.Scope{Name: "x", Region: "us-east-1"}
		for _, see := range []func(snapshot.Extent, []string){
			s.VPCs.See, s.Subnets.See, s.Interfaces.See, s.NetworkACLs.See, s.RouteTables.See, s.NATGateways.See, s.VPNConnections.See, s.TransitGateways.See, s.TransitGatewayAttachments.See,
			s.TransitGatewayVPCAttachments.See, s.TransitGatewayPeerings.See, s.TransitGatewayRouteTables.See, s.TransitGatewayAssociations.See, s.TransitGatewayRoutes.See,
		} {
			see(snapshot.Full, nil)
		}
		for i, id := range []string{"subnet-1", "subnet-2"} {
			s.Subnets.Put(snapshot.Subnet{ID: id, VPC: "vpc-1", AvailabilityZoneID: "use1-az1", CIDR: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(i), 0}), 24)})
			table(s, id, snapshot.Route{TransitGateway: "tgw-1"})
		}
		s.NetworkACLs.Put(snapshot.NetworkACL{ID: "acl-1", VPC: "vpc-1", IsDefault: true})
		s.TransitGateways.Put(snapshot.TransitGateway{ID: "tgw-1", State: "available"})
		s.TransitGatewayRouteTables.Put(snapshot.TransitGatewayRouteTable{ID: "tgw-rtb-1", Gateway: "tgw-1", State: "available"})
		build(s)
		at, far := Place{Scope: s, VPC: "vpc-1"}, &snapshot.Scope{Name: "y"}
		agents := Agents{Place: at, Addrs: AddrSet(netip.MustParseAddr("10.1.0.5"))}
		starts := []Start{{At: at, Subnet: "subnet-1", Addrs: agents.Addrs}}
		ends := []End{{At: Place{Scope: far, VPC: "vpc-9"}, Subnet: "subnet-9", Endpoint: Set(dst), Task: &netipx.IPSet{}}}
		e := NewEstate(&snapshot.Snapshot{Scopes: []*snapshot.Scope{s, far}})
		there := There(e, agents, starts, ends)
		back := Back(e, there, agents, starts, ends)
		if len(there.Leaves()) == 0 || len(back.Leaves()) == 0 || len(there.Hops) > 100 {
			t.Errorf("%s: %d hops, %d and %d ends", name, len(there.Hops), len(there.Leaves()), len(back.Leaves()))
		}
		for _, i := range there.Leaves() {
			if h := there.Hops[i]; h.Fate == On || h.Fate == Open && h.Gap == nil {
				t.Errorf("%s: arrived, or open without a reason: %+v", name, h)
			}
		}
	}
}
