package resource

import (
	"net/netip"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// madeObject is one that a plan makes, or has before.
func madeObject(kind, id string, attrs map[string]any) *Object {
	return &Object{Address: kind + ".x", Type: kind, ID: id, Exists: id != "", Attributes: attrs}
}

// worldOf is a copy of an estate of one scope, to apply changes to.
func worldOf(base *snapshot.Snapshot) *World {
	return &World{
		Snapshot: base.Clone(), ScopeOf: func(*Object) int { return 0 }, IsNew: func(string) bool { return false }, TypeOf: func(string) string { return "" },
	}
}

// after lays one change over a base of one scope.
func after(t *testing.T, base *snapshot.Snapshot, action Action, before, will *Object) *snapshot.Scope {
	t.Helper()
	o := will
	if o == nil {
		o = before
	}
	if will != nil && will.ID == "" {
		will.ID = will.Address
	}
	w := worldOf(base)
	w.Apply([]Change{{Address: o.Address, Type: o.Type, Action: action, Kinds: Types().Models[o.Type].Kinds, Before: before, After: will}})
	return w.Snapshot.Scopes[0]
}

// TestAccepterGone deletes the attachment with the resource that accepted it.
func TestAccepterGone(t *testing.T) {
	base := hub("disable")
	w := worldOf(base)
	putTGWAttachment(w, nil, attachment(true, nil))
	accepter := madeObject("aws_ec2_transit_gateway_vpc_attachment_accepter", "tgw-attach-00000001", map[string]any{"transit_gateway_attachment_id": "tgw-attach-00000001"})
	s := after(t, w.Snapshot, Delete, accepter, nil)
	if a, _ := s.TransitGatewayVPCAttachments.Get("tgw-attach-00000001"); a.State != "deleted" {
		t.Errorf("state %q", a.State)
	}
	if table, routes := joined(s, "tgw-attach-00000001"); table != "" || routes != "" {
		t.Errorf("associated with %q, routes %q", table, routes)
	}
	if n, _ := s.Subnets.Get("subnet-00000001"); *n.FreeIPs != 20 {
		t.Errorf("%d addresses are free", *n.FreeIPs)
	}
}

// TestDefaultTableTakenOver takes the routes of a main table away, and the
// gateways that propagate into it.
func TestDefaultTableTakenOver(t *testing.T) {
	s := &snapshot.Scope{Name: "destination", Region: "us-east-1"}
	s.RouteTables.Add(snapshot.RouteTable{
		ID: "rtb-00000001", VPC: "vpc-00000001", PropagatingVGWs: []snapshot.PropagatingVGW{{Gateway: "vgw-00000001"}},
		Routes: []snapshot.Route{
			{CIDR: netip.MustParsePrefix("10.1.0.0/16"), Gateway: "local"},
			{CIDR: netip.MustParsePrefix("192.168.0.0/16"), Gateway: "vgw-00000001", Origin: "EnableVgwRoutePropagation"},
			{CIDR: netip.MustParsePrefix("10.2.0.0/16"), Peering: "pcx-00000001"},
		},
	})
	got := after(t, &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}, Create, nil, madeObject("aws_default_route_table", "", map[string]any{"default_route_table_id": "rtb-00000001", "route": []any{}}))
	row, _ := got.RouteTables.Get("rtb-00000001")
	if len(row.Routes) != 1 || len(row.PropagatingVGWs) != 0 {
		t.Errorf("%+v", row)
	}
}

// TestEndpointReaddressed gives the interface that stays another address.
func TestEndpointReaddressed(t *testing.T) {
	s := &snapshot.Scope{Name: "destination", Region: "us-east-1"}
	i := snapshot.Interface{ID: "eni-00000001", Subnet: "subnet-00000001"}
	i.SetAddrs([]netip.Addr{netip.MustParseAddr("10.1.1.10")})
	s.Interfaces.Add(i)
	s.Endpoints.Add(snapshot.Endpoint{ID: "vpce-00000001", Type: "Interface", SubnetIDs: []string{"subnet-00000001"}, InterfaceIDs: []string{"eni-00000001"}})
	with := func(ip string) *Object {
		return madeObject("aws_vpc_endpoint", "vpce-00000001", map[string]any{
			"subnet_ids": []any{"subnet-00000001"}, "subnet_configuration": []any{map[string]any{"subnet_id": "subnet-00000001", "ipv4": ip}},
		})
	}
	got := after(t, &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}, Update, with("10.1.1.10"), with("10.1.1.20"))
	if i, _ := got.Interfaces.Get("eni-00000001"); i.PrivateIP.String() != "10.1.1.20" {
		t.Errorf("%+v", i)
	}
}

// TestAddressesTaken counts what interfaces and instances take from a subnet.
func TestAddressesTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  string
		attrs map[string]any
		taken int
	}{
		"one":        {"aws_network_interface", nil, 1},
		"more":       {"aws_network_interface", map[string]any{"private_ips_count": 9}, 10},
		"a prefix":   {"aws_network_interface", map[string]any{"ipv4_prefix_count": 1}, 17},
		"prefixes":   {"aws_network_interface", map[string]any{"ipv4_prefixes": []any{"10.1.1.16/28"}}, 17},
		"instance":   {"aws_instance", map[string]any{"secondary_private_ips": []any{"10.1.1.8", "10.1.1.9"}}, 3},
		"gateway":    {"aws_nat_gateway", nil, 1},
		"more of it": {"aws_nat_gateway", map[string]any{"secondary_private_ip_address_count": 7}, 8},
		"by Elastic": {"aws_nat_gateway", map[string]any{"secondary_allocation_ids": []any{"eipalloc-1"}}, 2},
		"attachment": {attachmentKind, map[string]any{"transit_gateway_id": "tgw-00000001", "vpc_id": "vpc-00000001", "subnet_ids": []any{"subnet-00000001"}}, 1},
	} {
		attrs := map[string]any{"subnet_id": "subnet-00000001"}
		for k, v := range tt.attrs {
			attrs[k] = v
		}
		s := after(t, hub("disable"), Create, nil, madeObject(tt.kind, "", attrs))
		if n, _ := s.Subnets.Get("subnet-00000001"); *n.FreeIPs != 20-tt.taken {
			t.Errorf("%s: %d of 20 addresses are free, want %d", name, *n.FreeIPs, 20-tt.taken)
		}
		// One whose subnet is not known may be in any that could turn out to be it.
		attrs["subnet_id"] = Unknown(tt.kind + ".x.subnet_id")
		w := worldOf(hub("disable"))
		w.RefersToExisting = true
		w.Apply([]Change{{Address: tt.kind + ".x", Type: tt.kind, Action: Create, After: &Object{Address: tt.kind + ".x", Type: tt.kind, ID: tt.kind + ".x", Attributes: attrs}}})
		if n, _ := w.Snapshot.Scopes[0].Subnets.Get("subnet-00000001"); tt.kind != attachmentKind && (n.MaybeTaken == 0 || n.TakenBy == "") {
			t.Errorf("%s: of an unknown subnet: %+v", name, n)
		}
	}
}

// TestPrimaryInterface is that of device index 0, in whatever order they stand.
func TestPrimaryInterface(t *testing.T) {
	block := func(index int, id string) map[string]any {
		return map[string]any{"device_index": index, "network_interface_id": id}
	}
	for _, list := range [][]any{{block(0, "eni-0"), block(1, "eni-1")}, {block(1, "eni-1"), block(0, "eni-0")}} {
		if id, pending := primaryOf(madeObject("aws_instance", "", map[string]any{"network_interface": list})); id != "eni-0" || pending != "" {
			t.Errorf("%s %s", id, pending)
		}
	}
	if id, _ := primaryOf(madeObject("aws_instance", "", map[string]any{"primary_network_interface": []any{map[string]any{"network_interface_id": "eni-0"}}})); id != "eni-0" {
		t.Error(id)
	}
}

// TestPropagationOfOthers leaves a table open: what a VPN announces is in no plan.
func TestPropagationOfOthers(t *testing.T) {
	s := after(t, hub("disable"), Create, nil, madeObject("aws_ec2_transit_gateway_route_table_propagation", "", map[string]any{
		"transit_gateway_attachment_id": "tgw-attach-0000000f", "transit_gateway_route_table_id": "tgw-rtb-0000000a",
	}))
	if _, p := s.TransitGatewayRoutes.Get("tgw-rtb-0000000a"); p != snapshot.Unobserved {
		t.Errorf("%v", p)
	}
}

// TestPolicyTakenAway: an endpoint whose policy resource goes has the default again.
func TestPolicyTakenAway(t *testing.T) {
	w := worldOf(everythingThere())
	policy := &Object{Address: "aws_vpc_endpoint_policy.x", Type: "aws_vpc_endpoint_policy", ID: "vpce-00000001", Attributes: map[string]any{"vpc_endpoint_id": "vpce-00000001", "policy": `{"Statement":[]}`}}
	w.Apply([]Change{{Address: policy.Address, Type: policy.Type, Action: Create, After: policy}})
	w.Apply([]Change{{Address: policy.Address, Type: policy.Type, Action: Delete, Before: policy}})
	if ep, _ := w.Snapshot.Scopes[0].Endpoints.Get("vpce-00000001"); ep.PolicyDocument == nil || *ep.PolicyDocument != fullAccess {
		t.Errorf("the policy is %v", ep.PolicyDocument)
	}
}
