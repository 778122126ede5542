package iac

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// members are the parts of groups, ACLs and tables: what the template says is
// held against what there is.
func (b *binding) members() {
	var will []*object
	for _, r := range b.order {
		o := b.after[r.id]
		if o == nil {
			continue
		}
		if o.kind == "aws_security_group" {
			will = append(will, b.inlineRules(r, o)...)
		}
		if m := models[o.kind]; m.put != nil && m.rank >= rankMember || m.rank == rankBlock && m.put != nil {
			will = append(will, spread(r, o, b)...)
		} else if o.kind == "aws_default_security_group" && m.put != nil {
			o.exists = true
			o.id = o.known("id")
			b.plan.Changes = append(b.plan.Changes, Change{Address: r.id, Type: o.kind, Action: Create, Kinds: m.kinds, Place: r.place, after: o})
		}
	}
	var was []*object
	for id, o := range b.after {
		if o.exists && b.plan.changeSet == nil {
			was = append(was, b.parts(id, o, will)...)
		}
	}
	slices.SortFunc(was, func(x, y *object) int { return strings.Compare(slot(x)+x.address+full(x), slot(y)+y.address+full(y)) })
	will = slices.DeleteFunc(will, func(o *object) bool {
		i := slices.IndexFunc(was, func(x *object) bool { return full(x) == full(o) })
		if i >= 0 {
			was = slices.Delete(was, i, i+1)
		}
		return i >= 0
	})
	for _, o := range will {
		c := Change{Address: o.address, Type: o.kind, Action: Create, Kinds: models[o.kind].kinds, Place: o.place, after: o}
		if i := slices.IndexFunc(was, func(x *object) bool { return slot(x) == slot(o) || near(x, o) }); i >= 0 {
			c.Action, c.before = Update, was[i]
			was = slices.Delete(was, i, i+1)
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
	for _, o := range was {
		b.plan.Changes = append(b.plan.Changes, Change{Address: o.address, Type: o.kind, Action: Update, Kinds: models[o.kind].kinds, Place: o.place, before: o})
	}
}

// spread is a resource as its parts: a propagation into several tables is one
// for each.
func spread(r declaredResource, o *object, b *binding) []*object {
	if o.kind != "aws_vpn_gateway_route_propagation" {
		return []*object{o}
	}
	var out []*object
	list, _ := texts(b.properties(r)["RouteTableIds"])
	for _, table := range list {
		one := *o
		one.attrs = map[string]any{"route_table_id": table, "vpn_gateway_id": o.attrs["vpn_gateway_id"]}
		out = append(out, &one)
	}
	return out
}

// inlineRules are the rules that a security group of a template holds itself. A
// new group to which nobody gives an outbound rule lets everything out; whether it
// still does when the rules are resources of their own is not documented.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func (b *binding) inlineRules(r declaredResource, o *object) []*object {
	var out []*object
	properties := b.properties(r)
	for _, side := range []struct{ property, kind, peer string }{
		{"SecurityGroupIngress", "aws_vpc_security_group_ingress_rule", "Source"},
		{"SecurityGroupEgress", "aws_vpc_security_group_egress_rule", "Destination"},
	} {
		v, ok := properties[side.property]
		if m, single := v.(map[string]any); single {
			v = []any{m}
		}
		list, isList := v.([]any)
		if ok && !isList { // unknown as a whole
			out = append(out, rule(r, o, side.kind, map[string]any{"ip_protocol": v, "cidr_ipv4": v}, "?"))
			continue
		}
		for i, e := range list {
			attrs := map[string]any{}
			m, isMap := e.(map[string]any)
			if !isMap {
				attrs = map[string]any{"ip_protocol": e, "cidr_ipv4": e}
			}
			for from, to := range ruleNames(side.peer) {
				if x, ok := m[from]; ok {
					attrs[to] = x
				}
			}
			out = append(out, rule(r, o, side.kind, attrs, strconv.Itoa(i)))
		}
		if side.property != "SecurityGroupEgress" || len(list) > 0 || o.exists {
			continue
		}
		all := map[string]any{"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
		for _, x := range b.after {
			if x.kind == side.kind && x.known("security_group_id") == o.id {
				all["from_port"] = unknown(r.id + ".SecurityGroupEgress")
			}
		}
		out = append(out, rule(r, o, side.kind, all, "default"))
	}
	return out
}

func rule(r declaredResource, o *object, kind string, attrs map[string]any, n string) *object {
	attrs["security_group_id"] = o.id
	return &object{address: r.id, kind: kind, id: r.id + "/" + kind + "/" + n, attrs: attrs, place: r.place, home: o.home}
}

// parts lists what a group, ACL or table of the stack holds in AWS.
func (b *binding) parts(id string, o *object, will []*object) []*object {
	w := &world{snap: b.base}
	var out []*object
	add := func(kind string, attrs map[string]any) {
		out = append(out, &object{address: id, kind: kind, id: fmt.Sprintf("%s/%s/%d", id, kind, len(out)), exists: true, attrs: attrs, place: o.place})
	}
	switch o.kind {
	case "aws_security_group":
		g, _ := find(w, groups, o.id)
		rules := func(kind string, perms []snapshot.Permission) {
			for _, p := range perms {
				one := func(name, v string) {
					attrs := map[string]any{"security_group_id": o.id, "ip_protocol": p.Protocol, name: v}
					if p.FromPort != nil && p.ToPort != nil {
						attrs["from_port"], attrs["to_port"] = *p.FromPort, *p.ToPort
					}
					add(kind, attrs)
				}
				for _, r := range p.Ranges {
					one("cidr_ipv4", r.CIDR.String())
				}
				for _, r := range p.IPv6Ranges {
					one("cidr_ipv6", r.CIDR.String())
				}
				for _, r := range p.PrefixLists {
					one("prefix_list_id", r.ID)
				}
				for _, r := range p.GroupPairs {
					one("referenced_security_group_id", r.GroupID)
				}
			}
		}
		rules("aws_vpc_security_group_ingress_rule", g.Ingress)
		const egress = "aws_vpc_security_group_egress_rule"
		stated := slices.ContainsFunc(will, func(m *object) bool { return m.kind == egress && m.known("security_group_id") == o.id })
		allOut := len(g.Egress) == 1 && g.Egress[0].Protocol == "-1"
		if stated || !allOut { // the rule that AWS adds stays where the template says nothing
			rules(egress, g.Egress)
		}
	case "aws_network_acl":
		a, _ := find(w, acls, o.id)
		for _, e := range a.Entries {
			if e.Number >= 32767 {
				continue // the rule that AWS adds
			}
			attrs := map[string]any{"network_acl_id": o.id, "egress": strconv.FormatBool(e.Egress), "rule_number": strconv.Itoa(e.Number), "rule_action": e.Action, "protocol": e.Protocol}
			if e.CIDR.IsValid() {
				attrs["cidr_block"] = e.CIDR.String()
			}
			if e.IPv6CIDR.IsValid() {
				attrs["ipv6_cidr_block"] = e.IPv6CIDR.String()
			}
			if e.PortRange != nil {
				attrs["from_port"], attrs["to_port"] = e.PortRange.From, e.PortRange.To
			}
			add("aws_network_acl_rule", attrs)
		}
		for _, x := range a.Associations {
			add("aws_network_acl_association", map[string]any{"network_acl_id": o.id, "subnet_id": x.Subnet})
		}
	case "aws_route_table":
		t, _ := find(w, tables, o.id)
		for _, r := range t.Routes {
			if r.Gateway == "local" || propagated(r) || strings.HasPrefix(r.Gateway, "vpce-") && r.PrefixList != "" {
				continue
			}
			attrs := map[string]any{"route_table_id": o.id}
			if r.CIDR.IsValid() {
				attrs["destination_cidr_block"] = r.CIDR.String()
			}
			if r.IPv6CIDR.IsValid() {
				attrs["destination_ipv6_cidr_block"] = r.IPv6CIDR.String()
			}
			for name, v := range map[string]string{
				"destination_prefix_list_id": r.PrefixList, "gateway_id": r.Gateway, "nat_gateway_id": r.NATGateway, "vpc_peering_connection_id": r.Peering,
				"transit_gateway_id": r.TransitGateway, "egress_only_gateway_id": r.EgressOnly, "local_gateway_id": r.LocalGateway, "carrier_gateway_id": r.CarrierGateway,
				"core_network_arn": r.CoreNetwork,
			} {
				if v != "" {
					attrs[name] = v
				}
			}
			if r.Interface != "" && r.Instance == "" {
				attrs["network_interface_id"] = r.Interface
			}
			if r.Instance != "" {
				attrs["instance_id"] = r.Instance
			}
			add("aws_route", attrs)
		}
		for _, x := range t.Associations {
			if x.Subnet != "" {
				add("aws_route_table_association", map[string]any{"route_table_id": o.id, "subnet_id": x.Subnet})
			}
		}
	}
	return out
}

// slot is the place that a member takes: two members of one slot exclude each
// other.
func slot(o *object) string {
	switch o.kind {
	case "aws_network_acl_rule":
		return o.kind + o.known("network_acl_id") + "|" + strings.ToLower(o.known("egress")) + "|" + o.known("rule_number")
	case "aws_route":
		return o.kind + o.known("route_table_id") + "|" + o.known("destination_cidr_block") + o.known("destination_ipv6_cidr_block") + o.known("destination_prefix_list_id")
	case "aws_route_table_association", "aws_network_acl_association":
		return o.kind + o.known("subnet_id") + o.known("gateway_id")
	}
	return full(o)
}

// full is all that counts of a member.
func full(o *object) string {
	names := make([]string, 0, len(o.attrs))
	for n := range o.attrs {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(o.kind)
	for _, n := range names {
		v := fmt.Sprint(o.attrs[n])
		switch n {
		case "ip_protocol", "protocol", "rule_action", "egress":
			v = strings.ToLower(v)
			if p, ok := protocols[v]; ok {
				v = p
			}
		case "from_port", "to_port":
			if p := plainText(o.attrs["ip_protocol"]) + plainText(o.attrs["protocol"]); p == "-1" && !anyUnknown(o.attrs[n]) {
				continue
			}
		}
		fmt.Fprintf(&b, "|%s=%s", n, v)
	}
	return b.String()
}

// near reports whether two rules of one group are likely one rule before and
// after a change: they share the peer or the ports.
func near(x, y *object) bool {
	if x.kind != y.kind || x.known("security_group_id") == "" || x.known("security_group_id") != y.known("security_group_id") {
		return false
	}
	ports := func(o *object) string { return o.known("from_port") + "-" + o.known("to_port") }
	peer := func(o *object) string {
		return o.known("cidr_ipv4") + o.known("cidr_ipv6") + o.known("prefix_list_id") + o.known("referenced_security_group_id")
	}
	return ports(x) == ports(y) || peer(x) == peer(y) && x.known("from_port") == y.known("from_port")
}
