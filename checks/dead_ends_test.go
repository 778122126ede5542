package checks_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// detour sends what leaves the agent's subnet, and would leave its VPC, to a subnet of
// its own first, by a route of the caller's, and returns that subnet. Its table goes on
// as the agent's did.
func detour(target snapshot.Target, snap *snapshot.Snapshot, to snapshot.Route) (*snapshot.Scope, snapshot.Subnet) {
	for _, s := range snap.Scopes {
		i, _ := s.Instances.Get(target.AgentInstanceID)
		var n snapshot.Subnet
		for _, own := range s.Subnets.All() {
			if own.ID == i.Subnet || own.ID == target.SourceSubnetID || own.CIDR.Contains(target.AgentIP) {
				n = own
			}
		}
		if n.ID == "" {
			continue
		}
		table := tableOf(s, n.ID)
		n.ID, n.CIDR = "subnet-0f1e2d3c4b5a69788", netip.MustParsePrefix("198.18.7.0/28")
		s.Subnets.Put(n)
		v, _ := s.VPCs.Get(n.VPC)
		v.CIDRs = append(slices.Clone(v.CIDRs), snapshot.CIDRAssociation{CIDR: n.CIDR})
		s.VPCs.Put(v)
		s.NetworkACLs.Put(snapshot.NetworkACL{ID: "acl-0f1e2d3c4b5a69788", VPC: n.VPC, Associations: []snapshot.ACLAssociation{{Subnet: n.ID}}, Entries: []snapshot.ACLEntry{
			{Number: 100, Protocol: "-1", Action: "allow", CIDR: netip.MustParsePrefix("0.0.0.0/0")},
			{Number: 100, Protocol: "-1", Action: "allow", CIDR: netip.MustParsePrefix("0.0.0.0/0"), Egress: true},
		}})
		on := table
		on.ID, on.Associations = "rtb-0f1e2d3c4b5a69788", []snapshot.RouteTableAssociation{{Subnet: n.ID}}
		s.RouteTables.Put(on)
		routes := make([]snapshot.Route, 0, len(table.Routes))
		for _, r := range table.Routes {
			if r.Gateway != "local" {
				r = snapshot.Route{CIDR: r.CIDR, PrefixList: r.PrefixList, State: "active", Interface: to.Interface, Gateway: to.Gateway, Kind: to.Kind}
			}
			routes = append(routes, r)
		}
		table.Routes = routes
		s.RouteTables.Put(table)
		return s, n
	}
	return nil, snapshot.Subnet{} // the agent may be in any subnet of its VPC
}

const (
	firewallEndpoint = "vpce-0f1e2d3c4b5a69788"
	applianceCard    = "eni-0f1e2d3c4b5a69788"
)

// TestFirewallEndpointByState has a firewall endpoint between the agent and the
// connection, in every state: only one that is available hands packets on.
func TestFirewallEndpointByState(t *testing.T) {
	for _, state := range append(types.State("").Values(), "", "yet to come") {
		target, snap := open(t, healthy.Estate(healthy.Peering, 3))
		s, n := detour(target, snap, snapshot.Route{Gateway: firewallEndpoint})
		s.Endpoints.Put(snapshot.Endpoint{ID: firewallEndpoint, Type: "GatewayLoadBalancer", VPC: n.VPC, State: string(state), SubnetIDs: []string{n.ID}})
		got := judgedAs(target, snap)
		want := checks.Fail
		switch state {
		case types.StateAvailable, types.StatePending, types.StatePartial, "", "yet to come":
			want = checks.Unknown
		}
		if got["route-to-endpoint"] != want {
			t.Errorf("%q: %v, want %v", state, got["route-to-endpoint"], want)
		}
	}
}

// TestDeadRouteBehindAFirewall lets packets come out of a firewall endpoint, which does
// not change them, in a subnet whose table leads nowhere, or back.
func TestDeadRouteBehindAFirewall(t *testing.T) {
	for name, on := range map[string]*snapshot.Route{"nowhere": nil, "back to it": {Gateway: firewallEndpoint, State: "active", CIDR: netip.MustParsePrefix("0.0.0.0/0")}} {
		tried := 0
		for seed := range uint64(15) {
			target, snap := open(t, healthy.Estate(healthy.OneGateway, seed))
			s, n := detour(target, snap, snapshot.Route{Gateway: firewallEndpoint})
			if s == nil {
				continue
			}
			tried++
			s.Endpoints.Put(snapshot.Endpoint{ID: firewallEndpoint, Type: "GatewayLoadBalancer", VPC: n.VPC, State: "available", SubnetIDs: []string{n.ID}})
			table := tableOf(s, n.ID)
			table.Routes = nil
			if on != nil {
				table.Routes = []snapshot.Route{*on}
			}
			s.RouteTables.Put(table)
			if got := judgedAs(target, snap); got["route-to-endpoint"] != checks.Fail || got["path-inspected"] != checks.Unknown {
				t.Errorf("%s, seed %d: route %v, inspected %v", name, seed, got["route-to-endpoint"], got["path-inspected"])
			}
		}
		if tried < 5 {
			t.Errorf("%s: only %d estates tried", name, tried)
		}
	}
}

// TestIdleAppliance routes over the network interface of an appliance: one that is
// attached to nothing, or to a machine that does not run, forwards nothing.
func TestIdleAppliance(t *testing.T) {
	no := false
	for _, tt := range []struct {
		status, machine string
		want            checks.Status
	}{
		{"in-use", "running", checks.Unknown},
		{"in-use", "pending", checks.Unknown},
		{"in-use", "", checks.Unknown},
		{"in-use", "stopped", checks.Fail},
		{"in-use", "terminated", checks.Fail},
		{"available", "", checks.Fail},
		{"attaching", "running", checks.Unknown},
	} {
		target, snap := open(t, healthy.Estate(healthy.Peering, 3))
		s, n := detour(target, snap, snapshot.Route{Interface: applianceCard})
		i := snapshot.Interface{ID: applianceCard, VPC: n.VPC, Subnet: n.ID, Status: tt.status, SourceDestHop: &no}
		machine := snapshot.Instance{ID: "i-0f1e2d3c4b5a69788", VPC: n.VPC, Subnet: n.ID}
		if machine.State.Name = tt.machine; tt.machine != "" {
			i.Attach(machine.ID)
			s.Instances.Put(machine)
		}
		s.Interfaces.Put(i)
		if got := judgedAs(target, snap)["route-to-endpoint"]; got != tt.want {
			t.Errorf("interface %s, machine %q: %v, want %v", tt.status, tt.machine, got, tt.want)
		}
	}
}

// TestPeeringWithACoreNetwork has the other end of the peering of a transit gateway in
// AWS Cloud WAN: nothing of what it does is shown, so that nothing is proved, and it is
// named. Where one side says so and the other does not, neither counts.
func TestPeeringWithACoreNetwork(t *testing.T) {
	const core = "core-network-0f1e2d3c4b5a69788"
	for seed := range uint64(10) {
		for _, both := range []bool{true, false} {
			target, snap := open(t, healthy.Estate(healthy.TwoGateways, seed))
			for i, s := range snap.Scopes {
				for _, p := range s.TransitGatewayPeerings.All() {
					own := map[string]bool{}
					for _, g := range s.TransitGateways.All() {
						own[g.ID] = g.OwnerID == s.Account
					}
					if far := &p.Requester; both || i == 0 {
						if own[far.Gateway] {
							far = &p.Accepter
						}
						far.Gateway, far.CoreNetwork = "", core
					}
					s.TransitGatewayPeerings.Put(p)
				}
			}
			named := false
			for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
				if r.Status == checks.Fail {
					t.Errorf("seed %d: %s fails: %+v", seed, r.Check.ID, r.Findings)
				}
				for _, g := range gapsOf(r) {
					named = named || strings.Contains(g.Ref+g.Detail, core)
				}
			}
			if got := judgedAs(target, snap); !named || got["route-to-endpoint"] != checks.Unknown || got["connection-active"] != checks.Unknown {
				t.Errorf("seed %d, both %v: named %v, route %v, connection %v", seed, both, named, got["route-to-endpoint"], got["connection-active"])
			}
		}
	}
}

// TestListOfTheOtherFamily: a list of IPv6 prefixes neither admits nor routes the
// agent's IPv4 addresses, whatever its entries are.
func TestListOfTheOtherFamily(t *testing.T) {
	const list = "pl-0f1e2d3c4b5a69788"
	for family, want := range map[string]checks.Status{"IPv6": checks.Fail, "IPv4": checks.Unknown, "": checks.Unknown} {
		target, snap := open(t, healthy.Estate(healthy.SameVPC, 2))
		s := snap.Role(snapshot.Destination)
		s.PrefixLists.Put(snapshot.PrefixList{ID: list, AddressFamily: family, State: "create-complete", OwnerID: s.Account})
		for _, g := range s.SecurityGroups.All() {
			g.Ingress = nil
			if err := json.Unmarshal([]byte(`[{"IpProtocol":"-1","PrefixListIds":[{"PrefixListId":"`+list+`"}]}]`), &g.Ingress); err != nil {
				t.Fatal(err)
			}
			s.SecurityGroups.Put(g)
		}
		s.SecurityGroupRules = snapshot.Table[snapshot.SecurityGroupRule]{}
		if got := judgedAs(target, snap)["sg-ingress-443"]; got != want {
			t.Errorf("%q: %v, want %v", family, got, want)
		}
	}
}

// TestEndpointStatesThatProveNothing: only states that AWS documents as not working are
// failures.
func TestEndpointStatesThatProveNothing(t *testing.T) {
	for _, state := range append(types.State("").Values(), "yet to come") {
		target, snap := open(t, healthy.Estate(healthy.Peering, 1))
		s := snap.Role(snapshot.Destination)
		ep, _ := s.Endpoints.Get(target.EndpointID)
		ep.State = string(state)
		s.Endpoints.Put(ep)
		want := checks.Fail
		switch state {
		case types.StateAvailable:
			want = checks.Pass
		case types.StatePartial, "yet to come":
			want = checks.Unknown
		}
		if got := judgedAs(target, snap)["endpoint-available"]; got != want {
			t.Errorf("%q: %v, want %v", state, got, want)
		}
	}
}

// TestLocationOverlaps gives the VPC of an EFS file system a block that the source
// network has too: the tasks' replies would stay in it.
func TestLocationOverlaps(t *testing.T) {
	const far = "vpc-0f1e2d3c4b5a69788"
	for seed := range uint64(10) {
		for _, overlap := range []bool{true, false} {
			target, snap := open(t, healthy.Estate(healthy.OneGateway, seed))
			s := snap.Role(snapshot.Destination)
			target.DestinationType, target.SubnetID = "efs", "subnet-0f1e2d3c4b5a69788"
			s.Subnets.Put(snapshot.Subnet{ID: target.SubnetID, VPC: far, State: "available", CIDR: netip.MustParsePrefix("198.18.7.0/24")})
			blocks := []snapshot.CIDRAssociation{{CIDR: netip.MustParsePrefix("198.18.0.0/16")}}
			if overlap {
				source, p := snap.Role(snapshot.Source).VPCs.Get(target.SourceVPCID)
				if p != snapshot.Present {
					continue
				}
				blocks = append(blocks, snapshot.CIDRAssociation{CIDR: netip.PrefixFrom(source.CIDR.Addr(), 28)})
			}
			for i := range blocks {
				blocks[i].CIDRState.State = "associated"
			}
			s.VPCs.Put(snapshot.VPC{ID: far, CIDR: blocks[0].CIDR, CIDRs: blocks, State: "available"})
			if got := judgedAs(target, snap)["cidr-overlap"]; (got == checks.Fail) != overlap {
				t.Errorf("seed %d, overlap %v: %v", seed, overlap, got)
			}
		}
	}
}

// TestKindsThatContradict: where a gateway's route and the table of attachments do not
// agree on what is attached, neither counts.
func TestKindsThatContradict(t *testing.T) {
	for seed := range uint64(10) {
		target, snap := open(t, healthy.Estate(healthy.DirectConnect, seed))
		changed := false
		for _, s := range snap.Scopes {
			for _, a := range s.TransitGatewayAttachments.All() {
				if a.ResourceType == "direct-connect-gateway" {
					a.ResourceType, changed = "connect", true
					s.TransitGatewayAttachments.Put(a)
				}
			}
		}
		if got := judgedAs(target, snap)["connection-active"]; changed && got != checks.Unknown {
			t.Errorf("seed %d: %v", seed, got)
		}
	}
}
