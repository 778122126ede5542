package iac

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestLackingMembers takes each rule, entry, route and association that a prior state
// says exists out of the row of the estate that holds it: that row is given up, and
// none is where all is there.
func TestLackingMembers(t *testing.T) {
	taken, step := map[string]int{}, 0
	all := cases(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		open := all[name]
		base, p := open(t)
		whole, unread := dump(base), *p
		if d := lacked(overlay(t, base, p)); len(d) > 0 {
			t.Errorf("%s: the estate has all, and yet %v", name, d)
		}
		for _, r := range p.State {
			for _, m := range said(r) {
				if step++; taken[r.Type] > 0 && !tier.Takes(step, 7) { // one of each kind at least
					continue
				}
				model := resource.Types().Models[m.Type]
				w := &resource.World{Snapshot: base.Clone(), ScopeOf: func(*resource.Object) int { return 0 }, TypeOf: func(string) string { return "" }}
				if model.Drop(w, m); dump(w.Snapshot) == whole {
					continue // of another account, or AWS's own
				}
				again := unread
				if d := lacked(overlay(t, w.Snapshot, &again)); !slices.ContainsFunc(d, func(s string) bool { return strings.Contains(s, m.Known(model.Container)) }) {
					t.Errorf("%s: without %v of %s the estate is whole: %v", name, m.Attributes, r.Address, d)
				}
				taken[r.Type]++
			}
		}
	}
	for _, kind := range []string{
		"aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_network_acl", "aws_network_acl_rule", "aws_route_table", "aws_route", "aws_route_table_association",
	} {
		if taken[kind] == 0 {
			t.Errorf("none of %s was taken out", kind)
		}
	}
}

// TestLacking is about one member of a row each: what counts is what it says, not how
// it is written.
func TestLacking(t *testing.T) {
	const rows = `{"SecurityGroups":[{"GroupId":"sg-0123456789abcdef0","VpcId":"vpc-0123456789abcdef0","IpPermissions":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,
		"IpRanges":[{"CidrIp":"10.1.0.0/16"},{"CidrIp":"10.2.0.0/16"}]},{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-0123456789abcdef0"}]}]}]}`
	const acls = `{"NetworkAcls":[{"NetworkAclId":"acl-0123456789abcdef0","VpcId":"vpc-0123456789abcdef0","Associations":[{"SubnetId":"subnet-0123456789abcdef0"}],"Entries":[
		{"RuleNumber":90,"Egress":false,"Protocol":"6","RuleAction":"deny","CidrBlock":"10.1.0.0/16","PortRange":{"From":443,"To":443}}]}]}`
	const tables = `{"RouteTables":[{"RouteTableId":"rtb-0123456789abcdef0","VpcId":"vpc-0123456789abcdef0","Routes":[
		{"DestinationCidrBlock":"10.9.0.0/16","InstanceId":"i-0123456789abcdef0","NetworkInterfaceId":"eni-0123456789abcdef0","State":"active","Origin":"CreateRoute"}]}]}`
	const interfaces = `{"NetworkInterfaces":[{"NetworkInterfaceId":"eni-0123456789abcdef0","VpcId":"vpc-0123456789abcdef0","SubnetId":"subnet-0123456789abcdef0",
		"Attachment":{"InstanceId":"i-0123456789abcdef0"}}]}`
	base, err := snapshot.Read(fstest.MapFS{
		"destination/describe-security-groups.json": {Data: []byte(rows)}, "destination/describe-network-acls.json": {Data: []byte(acls)},
		"destination/describe-route-tables.json": {Data: []byte(tables)}, "destination/describe-network-interfaces.json": {Data: []byte(interfaces)},
	}, snapshot.ReadOptions{Complete: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind, id   string
		attributes map[string]any
		lacks      string
	}{
		{"aws_vpc_security_group_ingress_rule", "sgr-1", map[string]any{"security_group_id": "sg-0123456789abcdef0", "ip_protocol": "6", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.2.0.0/16"}, ""},
		{"aws_vpc_security_group_ingress_rule", "sgr-1", map[string]any{"security_group_id": "sg-0123456789abcdef0", "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.3.0.0/16"}, "10.3.0.0/16"},
		{"aws_security_group_rule", "sgrule-1", map[string]any{"security_group_id": "sg-0123456789abcdef0", "type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": []any{"10.2.0.0/16", "10.1.0.0/16"}}, ""},
		{"aws_security_group_rule", "sgrule-1", map[string]any{"security_group_id": "sg-0123456789abcdef0", "type": "egress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": []any{"10.1.0.0/16"}}, "type=egress"},
		{"aws_security_group", "sg-0123456789abcdef0", map[string]any{"ingress": []any{
			map[string]any{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": []any{"10.1.0.0/16"}},
			map[string]any{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": []any{"10.2.0.0/16"}},
			map[string]any{"protocol": "-1", "from_port": 0, "to_port": 0, "self": true},
		}}, ""},
		{"aws_security_group", "sg-0123456789abcdef0", map[string]any{"ingress": []any{}}, ""}, // older than what is said of each rule
		{"aws_security_group", "sg-0123456789abcdef0", map[string]any{"ingress": []any{map[string]any{"protocol": "udp", "from_port": 53, "to_port": 53, "self": true}}}, "from_port=53"},
		{"aws_network_acl_rule", "nacl-1", map[string]any{"network_acl_id": "acl-0123456789abcdef0", "egress": false, "rule_number": 90, "protocol": "tcp", "rule_action": "Deny", "cidr_block": "10.1.0.0/16", "from_port": 443, "to_port": 443}, ""},
		{"aws_network_acl_rule", "nacl-1", map[string]any{"network_acl_id": "acl-0123456789abcdef0", "egress": false, "rule_number": 90, "protocol": "tcp", "rule_action": "allow", "cidr_block": "10.1.0.0/16", "from_port": 443, "to_port": 443}, "rule_action=allow"},
		{"aws_network_acl", "acl-0123456789abcdef0", map[string]any{"subnet_ids": []any{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}}, "subnet-0123456789abcdef1"},
		{"aws_network_acl", "acl-0123456789abcdef0", map[string]any{"ingress": []any{map[string]any{"rule_no": 80, "protocol": "-1", "action": "deny", "cidr_block": "10.1.0.0/16", "from_port": 0, "to_port": 0}}}, "rule_number=80"},
		{"aws_network_acl", "acl-0123456789abcdef1", map[string]any{"ingress": []any{map[string]any{"rule_no": 80, "protocol": "-1", "action": "deny", "cidr_block": "10.1.0.0/16"}}}, ""}, // itself not there, which is said of it
		{"aws_route", "r-1", map[string]any{"route_table_id": "rtb-0123456789abcdef0", "destination_cidr_block": "10.9.0.0/16", "network_interface_id": "eni-0123456789abcdef0"}, ""},
		{"aws_route", "r-1", map[string]any{"route_table_id": "rtb-0123456789abcdef0", "destination_cidr_block": "10.9.0.0/16", "transit_gateway_id": "tgw-0123456789abcdef0"}, "tgw-0123456789abcdef0"},
		{"aws_route_table", "rtb-0123456789abcdef0", map[string]any{"route": []any{map[string]any{"cidr_block": "10.8.0.0/16", "vpc_peering_connection_id": "pcx-0123456789abcdef0"}}}, "10.8.0.0/16"},
		{"aws_route_table_association", "rtbassoc-1", map[string]any{"route_table_id": "rtb-0123456789abcdef0", "subnet_id": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0"},
	} {
		p := &resource.Plan{State: []*resource.Object{{Address: tt.kind + ".x", Type: tt.kind, ID: tt.id, Exists: true, Attributes: tt.attributes}}}
		d := strings.Join(lacked(overlay(t, base, p)), "; ")
		if (d == "") != (tt.lacks == "") || !strings.Contains(d, tt.lacks) || strings.Count(d, tt.kind+".x") > 1 {
			t.Errorf("%s %v: %q, want %q", tt.kind, tt.attributes, d, tt.lacks)
		}
	}
}

// said are the members that a resource is, or holds inline.
func said(r *resource.Object) []*resource.Object {
	if resource.IsMember(r.Type) {
		return []*resource.Object{r}
	}
	var out []*resource.Object
	add := func(kind, list string, names map[string]string, more map[string]any) {
		blocks, _ := r.Attributes[list].([]any)
		for _, b := range blocks {
			attributes := maps.Clone(more)
			for name, v := range b.(map[string]any) {
				if to, renamed := names[name]; renamed {
					name = to
				}
				attributes[name] = v
			}
			out = append(out, &resource.Object{Address: r.Address, Type: kind, ID: r.Address, Exists: true, Attributes: attributes})
		}
	}
	for _, list := range []string{"ingress", "egress"} {
		switch r.Type {
		case "aws_security_group", "aws_default_security_group":
			add("aws_security_group_rule", list, map[string]string{"security_groups": "source_security_group_id"}, map[string]any{"security_group_id": r.ID, "type": list})
		case "aws_network_acl", "aws_default_network_acl":
			add("aws_network_acl_rule", list, map[string]string{"rule_no": "rule_number", "action": "rule_action"}, map[string]any{"network_acl_id": r.ID, "egress": list == "egress"})
		}
	}
	if r.Type == "aws_route_table" || r.Type == "aws_default_route_table" {
		add("aws_route", "route", map[string]string{"cidr_block": "destination_cidr_block", "ipv6_cidr_block": "destination_ipv6_cidr_block"}, map[string]any{"route_table_id": r.ID})
	}
	return out
}

// lacked are the gaps of rows that lack a member.
func lacked(o *Overlay) []string {
	var out []string
	for _, p := range o.Plans {
		for _, d := range p.Doubts {
			if d.Gap.Code == snapshot.EstateDiffers && len(d.IDs) > 0 {
				out = append(out, d.Gap.Ref+" "+d.Gap.Detail)
			}
		}
	}
	return out
}
