//go:build linux

package netpath

import (
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestApplianceMode has an attachment in two zones, one of whose subnets lets
// nothing through. A packet stays in the zone in which it entered the transit
// gateway; in appliance mode a hash of the flow picks the zone, and nothing is sure.
func TestApplianceMode(t *testing.T) {
	for mode, want := range map[string]Fate{"disable": On, "": On, "enable": Open, "a value yet to come": Open} {
		e := rightEstate(oneGateway)
		far, _ := e.dst.Subnets.Get("subnet-2")
		far.AvailabilityZoneID = "use1-az2"
		e.dst.Subnets.Put(far)
		att, _ := e.dst.TransitGatewayVPCAttachments.Get("tgw-attach-d")
		att.SubnetIDs = append(att.SubnetIDs, far.ID)
		att.Options.ApplianceModeSupport = mode
		e.dst.TransitGatewayVPCAttachments.Put(att)
		e.dst.RouteTables.Put(snapshot.RouteTable{ID: "rtb-subnet-2", VPC: "vpc-d", Associations: []snapshot.RouteTableAssociation{{Subnet: far.ID}}})
		s := sample{src: at(agentNet, 5), dst: endpointAddrs[0], dport: 443, sport: 40000}
		if e.judge(&s); s.fate != want {
			t.Errorf("appliance mode %q: fate %d, want %d: %s", mode, s.fate, want, s.why)
		}
	}
}
