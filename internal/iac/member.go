package iac

import (
	"fmt"
	"slices"
	"strings"
)

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
