//go:build linux

package lab

import (
	"fmt"
	"strings"
	"testing"
)

// Instances adds machines to the source's network, each in a namespace of its own with
// one of the addresses, and returns the names of the namespaces.
func (l *Lab) Instances(t testing.TB, addresses []string) []string {
	t.Helper()
	var names []string
	var script strings.Builder
	for n, a := range addresses {
		ns, wire := fmt.Sprintf("%si%d", l.Source, n), fmt.Sprintf("v%s%d", strings.TrimSuffix(l.Source, "s"), n)
		names = append(names, ns)
		fmt.Fprintf(&script, `
ip netns add %[1]s
ip link add eth0 netns %[1]s type veth peer name %[2]s netns %[3]s
ip -n %[1]s link set lo up; ip -n %[1]s link set eth0 up; ip -n %[3]s link set %[2]s up
ip -n %[1]s addr add %[4]s/32 dev eth0
ip -n %[1]s route add %[5]s dev eth0; ip -n %[1]s route add default via %[5]s
ip -n %[3]s route add %[4]s/32 dev %[2]s
`, ns, wire, l.Router, a, RouterAddr)
	}
	l.more = append(l.more, names...)
	l.must(t, "sh", "-ec", script.String())
	return names
}
