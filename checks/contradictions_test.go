package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// contradiction is something that one answer says against another, or that leaves open
// what becomes of the traffic: a value for a field of the rows on the path.
type contradiction struct {
	command, field string
	value          any
	of             func(row map[string]any) bool // of these rows only; nil: of all
}

func ofKind(kind string) func(map[string]any) bool {
	return func(row map[string]any) bool { return row["ResourceType"] == kind }
}

const otherVPC = "vpc-0fedcba9876543210"

var elsewhereBlocks = []any{map[string]any{"CidrBlock": "198.18.0.0/16", "CidrBlockState": map[string]any{"State": "associated"}}}

var contradictions = []contradiction{
	{"describe-subnets", "VpcId", otherVPC, nil},
	{"describe-route-tables", "VpcId", otherVPC, nil},
	{"describe-network-acls", "VpcId", otherVPC, nil},
	{"describe-nat-gateways", "VpcId", otherVPC, nil},
	{"describe-nat-gateways", "NatGatewayAddresses", []any{map[string]any{"PrivateIp": "198.18.0.9", "Status": "succeeded"}}, nil},
	{"describe-vpcs", "CidrBlockAssociationSet", elsewhereBlocks, nil},
	{"describe-vpc-peering-connections", "RequesterVpcInfo.CidrBlockSet", elsewhereBlocks, nil},
	{"describe-vpc-peering-connections", "AccepterVpcInfo.CidrBlockSet", elsewhereBlocks, nil},
	{"describe-instances", "Instances.VpcId", otherVPC, nil},
	{"describe-instances", "Instances.SubnetId", "subnet-0fedcba9876543210", nil},
	{"describe-instances", "Instances.SecurityGroups", []any{map[string]any{"GroupId": "sg-0fedcba9876543210"}}, nil},
	{"describe-instances", "Instances.NetworkInterfaces.Attachment.Status", "detaching", nil},
	{"describe-transit-gateway-attachments", "ResourceId", otherVPC, ofKind("vpc")},
	{"describe-transit-gateway-attachments", "TransitGatewayId", "tgw-0fedcba9876543210", ofKind("vpc")},
	{"describe-transit-gateway-attachments", "TransitGatewayId", "tgw-0fedcba9876543210", ofKind("vpn")},
	{"describe-transit-gateway-attachments", "NatGatewaySupport", "enabled", nil},
	{"describe-transit-gateway-attachments", "NatGatewaySupport", "disabling", nil},
	{"describe-transit-gateway-attachments", "NatGatewaySupport", "yet to come", nil},
	{"describe-transit-gateway-attachments", "Association", map[string]any{"TransitGatewayPolicyTableId": "tgw-ptb-0fedcba9876543210", "State": "associated"}, nil},
	{"describe-transit-gateway-attachments", "Association.TransitGatewayRouteTableId", "tgw-rtb-0fedcba9876543210", nil},
	{"describe-transit-gateway-vpc-attachments", "VpcId", otherVPC, nil},
	{"get-transit-gateway-route-table-associations", "ResourceId", otherVPC, ofKind("vpc")},
	{"describe-vpn-connections", "TransitGatewayId", "tgw-0fedcba9876543210", func(row map[string]any) bool { return row["VpnGatewayId"] == nil }},
	{"describe-vpn-connections", "GatewayAssociationState", "not-associated", nil},
	{"describe-vpn-connections", "Options.LocalIpv4NetworkCidr", "198.18.0.0/16", nil},
	{"describe-vpn-connections", "Options.RemoteIpv4NetworkCidr", "198.18.0.0/16", nil},
}

// TestContradictionsAreNotReady lets one answer say something against the others, in
// every row that the path of a healthy estate names: the estate is not READY.
func TestContradictionsAreNotReady(t *testing.T) {
	tried, step := map[string]int{}, 0
	for _, kind := range healthy.Kinds() {
		for seed := range uint64(16) {
			files := healthy.Estate(kind, seed)
			named, ready := judged(t, files)
			if target, _ := open(t, files); !ready || target.SubnetID == "" || !target.EndpointIP.IsValid() {
				continue // another subnet of the endpoint's may serve in place of one that is in doubt
			}
			for file, body := range files {
				command := snapshot.KindOf(strings.SplitN(strings.TrimSuffix(base(file), ".json"), ".", 2)[0])
				for _, c := range contradictions {
					if c.command != command.Command() || command == snapshot.VPNConnections && kind != healthy.VPN {
						continue
					}
					var doc map[string]any
					if err := json.Unmarshal(body.Data, &doc); err != nil {
						t.Fatal(err)
					}
					for _, r := range doc[command.ListKey()].([]any) {
						row := r.(map[string]any)
						if !onPath(r, command, named) || c.of != nil && !c.of(row) {
							continue
						}
						for _, back := range say(row, strings.Split(c.field, "."), c.value) {
							b, err := json.Marshal(doc)
							back()
							if step++; !tier.Takes(step, 3) && tried[c.command+" "+c.field] > 0 {
								continue
							}
							if err != nil {
								t.Fatal(err)
							}
							changed := fstest.MapFS{}
							for k, v := range files {
								changed[k] = v
							}
							changed[file] = &fstest.MapFile{Data: b}
							tried[c.command+" "+c.field]++
							if _, ready := judged(t, changed); ready {
								t.Errorf("%s, seed %d: READY with %s of %s in %s set to %v", kind, seed, c.field, fmt.Sprint(row), file, c.value)
							}
						}
					}
				}
			}
		}
	}
	for _, c := range contradictions {
		if tried[c.command+" "+c.field] == 0 {
			t.Errorf("%s of %s was never contradicted", c.field, c.command)
		}
	}
}

// say sets a field of a row, and returns what puts it back.
func say(row map[string]any, field []string, value any) []func() {
	if len(field) == 1 {
		old, had := row[field[0]]
		row[field[0]] = value
		return []func(){func() {
			if row[field[0]] = old; !had {
				delete(row, field[0])
			}
		}}
	}
	switch in := row[field[0]].(type) {
	case map[string]any:
		return say(in, field[1:], value)
	case []any:
		if len(in) > 0 {
			return say(in[0].(map[string]any), field[1:], value)
		}
	}
	return nil
}

// TestWhatTheGatewayDoesIsTold gives every attachment on the path a policy table in
// place of its route table, or other addresses: nothing fails by it, and what would
// settle it is said.
func TestWhatTheGatewayDoesIsTold(t *testing.T) {
	for _, kind := range []healthy.Kind{healthy.OneGateway, healthy.SharedGateway, healthy.TwoGateways, healthy.DirectConnect, healthy.VPN} {
		for seed := range uint64(8) {
			_, whole := open(t, healthy.Estate(kind, seed))
			if len(tablesOf(whole)) == 0 {
				continue // by a virtual private gateway
			}
			for code, change := range map[snapshot.GapCode]func(*snapshot.Scope, snapshot.TransitGatewayAttachment){
				snapshot.AddressesChanged: func(s *snapshot.Scope, a snapshot.TransitGatewayAttachment) {
					a.Translates = "enabled"
					s.TransitGatewayAttachments.Put(a)
				},
				snapshot.PolicyTable: func(s *snapshot.Scope, a snapshot.TransitGatewayAttachment) {
					a.Association = &snapshot.AttachmentAssociation{PolicyTable: "tgw-ptb-0fedcba9876543210", State: "associated"}
					s.TransitGatewayAttachments.Put(a)
					for _, set := range s.TransitGatewayAssociations.All() {
						set.Entries = slices.DeleteFunc(slices.Clone(set.Entries), func(o snapshot.TransitGatewayAssociation) bool { return o.Attachment == a.ID })
						s.TransitGatewayAssociations.Put(set)
					}
				},
			} {
				target, snap := open(t, healthy.Estate(kind, seed))
				for _, s := range snap.Scopes {
					for _, a := range s.TransitGatewayAttachments.All() {
						change(s, a)
					}
				}
				told := false
				for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
					if r.Status == checks.Fail {
						t.Errorf("%s, seed %d: %s: %s fails: %+v", kind, seed, code, r.Check.ID, r.Findings)
					}
					told = told || slices.ContainsFunc(gapsOf(r), func(g snapshot.Gap) bool { return g.Code == code })
				}
				if !told {
					t.Errorf("%s, seed %d: nobody says %s", kind, seed, code)
				}
			}
		}
	}
}

func tablesOf(snap *snapshot.Snapshot) (out []snapshot.TransitGatewayRouteTable) {
	for _, s := range snap.Scopes {
		out = append(out, s.TransitGatewayRouteTables.All()...)
	}
	return out
}

// TestPeeringWithinARegion gives the two gateways of a peering an attachment each, as
// AWS does within a Region: the estate stays READY, however the far one is told, and the
// far one's association counts.
func TestPeeringWithinARegion(t *testing.T) {
	own := "tgw-attach-0fedcba9876543210"
	tried := 0
	for seed := range uint64(20) {
		for _, told := range []string{"by its row", "by the other's row", "by both"} {
			target, snap := open(t, healthy.Estate(healthy.TwoGateways, seed))
			near, far := snap.Role(snapshot.Source), snap.Role(snapshot.Destination)
			if near == far || near.Region != far.Region {
				continue
			}
			tried++
			p := near.TransitGatewayPeerings.All()[0]
			accepter, requester := far, near
			if p.Accepter.Gateway == near.TransitGateways.All()[0].ID {
				accepter, requester = near, far
			}
			if told != "by its row" {
				p.AccepterID = own
				requester.TransitGatewayPeerings.Put(p)
			}
			old := p.ID
			p.ID = own
			if told != "by the other's row" {
				accepter.TransitGatewayPeerings.Put(p)
			} else {
				p.AccepterID = ""
				accepter.TransitGatewayPeerings.Put(p)
			}
			accepter.TransitGatewayPeerings.Delete(old)
			a, _ := accepter.TransitGatewayAttachments.Get(old)
			accepter.TransitGatewayAttachments.Delete(old)
			a.ID = own
			accepter.TransitGatewayAttachments.Put(a)
			for _, set := range accepter.TransitGatewayAssociations.All() {
				for i := range set.Entries {
					if set.Entries[i].Attachment == old {
						set.Entries[i].Attachment = own
					}
				}
				accepter.TransitGatewayAssociations.Put(set)
			}
			for _, set := range accepter.TransitGatewayRoutes.All() {
				for _, r := range set.Entries {
					for i := range r.Attachments {
						if r.Attachments[i].ID == old {
							r.Attachments[i].ID = own
						}
					}
				}
				accepter.TransitGatewayRoutes.Put(set)
			}
			for id, s := range judgedAs(target, snap) {
				if s == checks.Fail || s == checks.Unknown {
					t.Errorf("seed %d, %s: %s is %v", seed, told, id, s)
				}
			}
			for _, set := range accepter.TransitGatewayAssociations.All() {
				set.Entries = slices.DeleteFunc(slices.Clone(set.Entries), func(o snapshot.TransitGatewayAssociation) bool { return o.Attachment == own })
				accepter.TransitGatewayAssociations.Put(set)
			}
			a.Association = nil
			accepter.TransitGatewayAttachments.Put(a)
			got := judgedAs(target, snap)
			if got["route-to-endpoint"] != checks.Fail && got["route-to-agent"] != checks.Fail {
				t.Errorf("seed %d, %s: its own attachment has no association: %v", seed, told, got)
			}
		}
	}
	if tried == 0 {
		t.Error("no estate has both gateways in one Region")
	}
}

// TestAssociatedTwice lists an attachment in two route tables of its gateway, of which
// AWS allows one: which of them routes can't be told.
func TestAssociatedTwice(t *testing.T) {
	for seed := range uint64(12) {
		target, snap := open(t, healthy.Estate(healthy.OneGateway, seed))
		for _, s := range snap.Scopes {
			for _, table := range s.TransitGatewayRouteTables.All() {
				set, _ := s.TransitGatewayAssociations.Get(table.ID)
				other := table
				other.ID, other.IsDefault = table.ID+"2", false
				table.IsDefault = false
				s.TransitGatewayRouteTables.Put(table)
				s.TransitGatewayRouteTables.Put(other)
				set.RouteTable = other.ID
				s.TransitGatewayAssociations.Put(set)
				routes, _ := s.TransitGatewayRoutes.Get(table.ID)
				routes.RouteTable = other.ID
				s.TransitGatewayRoutes.Put(routes)
			}
		}
		got := judgedAs(target, snap)
		if got["route-to-endpoint"] != checks.Unknown || got["route-to-agent"] != checks.Unknown {
			t.Errorf("seed %d: %v", seed, got)
		}
	}
}

// TestGatewayByTwoAccounts tells two accounts different things of the gateway that they
// share, whichever of them is asked first: what it does can't be told.
func TestGatewayByTwoAccounts(t *testing.T) {
	tried := 0
	for seed := range uint64(12) {
		for _, odd := range []int{0, 1} {
			target, snap := open(t, healthy.Estate(healthy.SharedGateway, seed))
			seen := 0
			for _, s := range snap.Scopes {
				for _, g := range s.TransitGateways.All() {
					if seen == odd {
						g.State = "deleting"
						s.TransitGateways.Put(g)
					}
					seen++
				}
			}
			if seen < 2 {
				continue
			}
			tried++
			if got := judgedAs(target, snap); got["connection-active"] != checks.Unknown {
				t.Errorf("seed %d, account %d: %v", seed, odd, got)
			}
		}
	}
	if tried == 0 {
		t.Error("no gateway is seen by two accounts")
	}
}

// TestAgentInAnotherRegion names a Region that the agent is not in, however the agent is
// named: nothing is proved of the path, and the gap says where it is.
func TestAgentInAnotherRegion(t *testing.T) {
	whole, snap := openFixture(t, "healthy")
	for name, target := range map[string]snapshot.Target{
		"instance": {AgentInstanceID: whole.AgentInstanceID},
		"address":  {AgentIP: whole.AgentIP, SourceVPCID: whole.SourceVPCID},
		"subnet":   {SourceSubnetID: "subnet-05a1b2c3d4e5f6073"},
		"VPC":      {SourceVPCID: "vpc-05a1b2c3d4e5f6071"},
	} {
		target.Region, target.EndpointID = whole.Region, whole.EndpointID
		for region, open := range map[string]bool{"": false, "ap-northeast-1": false, "eu-west-1": true} {
			target.SourceRegion = region
			r := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("sg-ingress-443")}, checks.Options{})[0]
			told := r.Status == checks.Unknown && r.Findings[0].Gaps[0].Code == snapshot.OtherRegion && r.Findings[0].Gaps[0].Detail == "ap-northeast-1"
			if told != open || !open && r.Status != checks.Pass {
				t.Errorf("%s, --source-region %q: %v %+v", name, region, r.Status, r.Findings)
			}
		}
	}
}
