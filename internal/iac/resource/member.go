package resource

import (
	"fmt"
	"slices"
	"strings"
)

// Slot is the place that a member takes: two members of one slot exclude each
// other.
func Slot(o *Object) string {
	slot := Types().Models[o.Type].Slot
	if slot == nil {
		return Contents(o)
	}
	out := o.Type
	for _, name := range slot {
		out += "|" + strings.ToLower(o.Known(name))
	}
	return out
}

// Contents is all that counts of a member.
func Contents(o *Object) string {
	names := make([]string, 0, len(o.Attributes))
	for n := range o.Attributes {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(o.Type)
	for _, n := range names {
		v := fmt.Sprint(o.Attributes[n])
		switch n {
		case "ip_protocol", "protocol", "rule_action", "egress":
			v = strings.ToLower(v)
			if p, ok := Protocols[v]; ok {
				v = p
			}
		case "from_port", "to_port":
			if p := PlainText(o.Attributes["ip_protocol"]) + PlainText(o.Attributes["protocol"]); p == "-1" && !AnyUnknown(o.Attributes[n]) {
				continue
			}
		}
		fmt.Fprintf(&b, "|%s=%s", n, v)
	}
	return b.String()
}

// LikelySame reports whether two rules of one group are likely one rule before and
// after a change: they share the peer or the ports.
func LikelySame(x, y *Object) bool {
	if x.Type != y.Type || x.Known("security_group_id") == "" || x.Known("security_group_id") != y.Known("security_group_id") {
		return false
	}
	ports := func(o *Object) string { return o.Known("from_port") + "-" + o.Known("to_port") }
	peer := func(o *Object) string {
		return o.Known("cidr_ipv4") + o.Known("cidr_ipv6") + o.Known("prefix_list_id") + o.Known("referenced_security_group_id")
	}
	return ports(x) == ports(y) || peer(x) == peer(y) && x.Known("from_port") == y.Known("from_port")
}
