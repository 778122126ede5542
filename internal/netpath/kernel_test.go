//go:build linux

package netpath

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	estates = flag.Int("estates", 300, "how many random estates the kernel judges")
	seed    = flag.Uint64("seed", 1, "the first of their seeds")
)

// TestKernelAgrees builds random small estates out of network namespaces and
// lets real packets decide: a security group is conntrack, a network ACL is
// stateless rules in order, route tables are kernel routing by the interface that
// a packet came in by, a peering connection is a link between two routers, a
// transit gateway a router with a table for each attachment, an appliance a host
// that forwards, a NAT gateway one that translates. For sampled addresses and
// ports the kernel's answer must be that of the walk there and back.
func TestKernelAgrees(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: building network namespaces needs root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed (packages iproute2 and nftables)", tool)
		}
	}
	const labs = 12
	next := make(chan uint64)
	go func() {
		defer close(next)
		for n := range *estates {
			next <- *seed + uint64(n)
		}
	}()
	var open, shut, disagree int
	shapes, opened, passed := map[string]int{}, map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for l := range labs {
		wg.Go(func() {
			lab, err := newLab(fmt.Sprintf("dspk%d-%d", os.Getpid(), l))
			if err != nil {
				t.Errorf("build the lab: %v", err)
				for range next {
				}
				return
			}
			defer lab.close()
			for s := range next {
				e := randomEstate(s)
				if err := lab.load(e); err != nil {
					t.Errorf("seed %d: %v", s, err)
					continue
				}
				for _, p := range lab.try(e) {
					mu.Lock()
					shapes[e.shape]++
					if p.got {
						open++
						opened[e.shape]++
						for _, what := range p.passes {
							passed[what]++
						}
					} else {
						shut++
					}
					if p.got != p.want() {
						disagree++
						t.Errorf("seed %d, %s: %v:%d -> %v:%d: the kernel says %v, the walk %v (%s)", s, e.shape, p.src, p.sport, p.dst, p.dport, p.got, p.fate, p.why)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d estates: %d connections open, %d not, %d disagreements; by shape %v, open %v; open connections that passed %v", *estates, open, shut, disagree, shapes, opened, passed)
	for _, what := range labParts {
		if *estates >= 100 && passed[what] == 0 {
			t.Errorf("no connection passed %s: the lab proves nothing of it", what)
		}
	}
	for shape, n := range shapes {
		if n >= 100 && (opened[shape] == 0 || opened[shape] == n) {
			t.Errorf("%s: the samples are all alike: the lab proves nothing", shape)
		}
	}
}

// lab is the namespaces of one estate: the agent a, a NAT gateway n, the VPC
// routers s, d and i (inspection), the transit gateways t and u, the appliance f,
// the endpoint e.
type lab struct {
	name      string
	listeners []net.Listener
}

const labRoles = "ansditufe"

func (l *lab) ns(role string) string { return l.name + role }

// wires joins the namespaces: role, device, role, device.
var wires = [][4]string{
	{"a", "eth", "s", "sub"},
	{"n", "eth", "s", "nat"},
	{"s", "pcx", "d", "pcx"},
	{"s", "att", "t", "s"},
	{"d", "att", "t", "d"},
	{"d", "attu", "u", "d"},
	{"t", "peer", "u", "peer"},
	{"i", "att", "t", "i"},
	{"f", "eth", "i", "fw"},
	{"e", "one", "d", "one"},
	{"e", "two", "d", "two"},
}

func newLab(name string) (*lab, error) {
	l := &lab{name: name}
	l.close()
	var batch strings.Builder
	for _, role := range labRoles {
		fmt.Fprintf(&batch, "netns add %s\n", l.ns(string(role)))
	}
	for _, w := range wires {
		fmt.Fprintf(&batch, "link add %s netns %s type veth peer name %s netns %s\n", w[1], l.ns(w[0]), w[3], l.ns(w[2]))
	}
	if err := ip("", batch.String()); err != nil {
		return nil, err
	}
	up := map[string]string{}
	for n, w := range wires {
		// Links between routers have addresses of their own, .1 on the left.
		for side := range 2 {
			role, dev := w[2*side], w[2*side+1]
			up[role] += fmt.Sprintf("link set dev lo up\nlink set dev %s up\n", dev)
			if strings.Contains("sditu", role) {
				up[role] += fmt.Sprintf("rule add iif %s lookup %d\n", dev, tableOfDevice(dev))
				if strings.Contains("sditu", w[0]) {
					up[role] += fmt.Sprintf("addr add %s/30 dev %s\n", linkAddr(n, side), dev)
				}
			}
		}
	}
	up["a"] += addresses(agentNet, 2, 62) + "route add default via 10.1.0.1 dev eth src 10.1.0.2\n"
	up["n"] += "addr add 10.1.0.70/26 dev eth\nroute add default via 10.1.0.65 dev eth\n"
	up["f"] += "addr add 10.3.0.70/26 dev eth\nroute add default via 10.3.0.65 dev eth\n"
	up["e"] += "addr add 10.2.0.10/26 dev one\naddr add 10.2.0.20/26 dev one\naddr add 10.2.0.80/26 dev two\nrule add from 10.2.0.64/26 lookup 2\nroute add default via 10.2.0.65 dev two table 2\nroute add default via 10.2.0.1 dev one\n"
	up["s"] += "addr add 10.1.0.1/26 dev sub\naddr add 10.1.0.65/26 dev nat\n"
	up["d"] += "addr add 10.2.0.1/26 dev one\naddr add 10.2.0.65/26 dev two\n"
	up["i"] += "addr add 10.3.0.65/26 dev fw\n"
	for _, role := range labRoles {
		if err := ip(l.ns(string(role)), up[string(role)]); err != nil {
			return nil, err
		}
	}
	for _, role := range "nsditufe" {
		if err := inNamespace(l.ns(string(role)), func() error {
			return errors.Join(os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644),
				os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("0"), 0o644),
				os.WriteFile("/proc/sys/net/ipv4/conf/all/send_redirects", []byte("0"), 0o644),
				os.WriteFile("/proc/sys/net/ipv4/conf/all/accept_redirects", []byte("0"), 0o644))
		}); err != nil {
			return nil, err
		}
	}
	return l, inNamespace(l.ns("e"), l.listen)
}

// linkAddr is the address of one side of the n-th wire.
func linkAddr(n, side int) string { return fmt.Sprintf("169.254.%d.%d", n+1, side+1) }

// tableOfDevice is the kernel's table for what comes in by a device.
func tableOfDevice(dev string) int {
	return 100 + slices.Index([]string{"sub", "nat", "pcx", "att", "attu", "one", "two", "fw", "s", "d", "i", "peer"}, dev)
}

// listen accepts connections on every port of every address of the endpoint.
func (l *lab) listen() error {
	for _, addr := range endpointAddrs {
		for _, port := range kernelPorts {
			ln, err := net.Listen("tcp4", net.JoinHostPort(addr.String(), fmt.Sprint(port)))
			if err != nil {
				return err
			}
			l.listeners = append(l.listeners, ln)
			go func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					_ = c.Close()
				}
			}()
		}
	}
	return nil
}

func addresses(p netip.Prefix, first, last int) string {
	var b strings.Builder
	for n := first; n <= last; n++ {
		fmt.Fprintf(&b, "addr add %s/26 dev eth\n", at(p, n))
	}
	return b.String()
}

func (l *lab) close() {
	for _, ln := range l.listeners {
		_ = ln.Close()
	}
	for _, role := range labRoles {
		_ = exec.Command("ip", "netns", "del", l.ns(string(role))).Run() // gone already, or never there
	}
}

func ip(ns, batch string) error {
	args := []string{"-batch", "-"}
	if ns != "" {
		args = append([]string{"-n", ns}, args...)
	}
	return feed(batch, "ip", args...)
}

// nft loads rules in a network namespace. The thread starts it that is there: "ip netns
// exec" would start a program more, and mount /sys anew, for each.
func nft(ns, rules string) error {
	return inNamespace(ns, func() error { return feed(rules, "nft", "-f", "-") })
}

func feed(input, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %v: %w: %s\n%s", name, args, err, out.String(), input)
	}
	return nil
}

// inNamespace runs f on a thread of its own in a network namespace; the thread
// ends with it.
func inNamespace(ns string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not reused
		fd, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd)
		}
		if err == nil {
			// /proc/sys/net shows the namespace of the thread that reads it.
			err = f()
		}
		done <- err
	}()
	return <-done
}

// vpcRouter says which device of a VPC's router stands for which subnet, and how
// routes of its tables are written for the kernel.
type vpcRouter struct {
	role    string
	scope   *snapshot.Scope
	vpc     string
	devices map[string]string // subnet -> device
	hosts   map[string]string // blocks with hosts -> device
}

func (e *estate) routers() []vpcRouter {
	att := "att"
	if e.shape == twoGateways {
		att = "attu"
	}
	out := []vpcRouter{
		{"s", e.src, "vpc-s", map[string]string{"subnet-s": "sub", "subnet-n": "nat", "subnet-sa": "att"}, map[string]string{"10.1.0.0/26": "sub", "10.1.0.64/26": "nat"}},
		{"d", e.dst, "vpc-d", map[string]string{"subnet-1": "one", "subnet-2": "two", "subnet-da": att}, map[string]string{"10.2.0.0/26": "one", "10.2.0.64/26": "two"}},
	}
	if e.shape == inspected {
		out = append(out, vpcRouter{"i", e.dst, "vpc-i", map[string]string{"subnet-ia": "att", "subnet-f": "fw"}, map[string]string{"10.3.0.64/26": "fw"}})
	}
	return out
}

// load puts an estate's rules and routes into the namespaces.
func (l *lab) load(e *estate) error {
	for _, r := range e.routers() {
		if err := l.loadVPC(r); err != nil {
			return err
		}
	}
	if err := l.loadGateways(e); err != nil {
		return err
	}
	nat := "flush ruleset\n"
	if e.translated {
		nat += "table ip nat {\n chain post { type nat hook postrouting priority 100;\n ip saddr 10.1.0.0/26 snat to 10.1.0.70\n }\n}\n"
	}
	if err := nft(l.ns("n"), nat); err != nil {
		return err
	}
	groupS, _ := e.src.SecurityGroups.Get("sg-s")
	groupD, _ := e.dst.SecurityGroups.Get("sg-d")
	return errors.Join(
		nft(l.ns("a"), groupScript(groupS)),
		nft(l.ns("e"), groupScript(groupD)))
}

// loadVPC writes the route table and the network ACL of every subnet of a VPC:
// the table that a packet meets is that of the device it comes in by.
func (l *lab) loadVPC(r vpcRouter) error {
	var routes, acls strings.Builder
	acls.WriteString("flush ruleset\ntable ip acl {\n")
	forward := ""
	local := func(table int) {
		for block, dev := range r.hosts {
			fmt.Fprintf(&routes, "route add %s dev %s table %d\n", block, dev, table)
		}
	}
	for subnet, dev := range r.devices {
		n := tableOfDevice(dev)
		fmt.Fprintf(&routes, "route flush table %d\n", n)
		for _, t := range r.scope.RouteTables.All() {
			if len(t.Associations) != 1 || t.Associations[0].Subnet != subnet {
				continue
			}
			for _, x := range t.Routes {
				switch {
				case x.Gateway == "local":
					fmt.Fprintf(&routes, "route add unreachable %s table %d\n", x.CIDR, n)
					local(n)
				case x.State != "active":
					fmt.Fprintf(&routes, "route add blackhole %s table %d\n", x.CIDR, n)
				case x.Peering == "pcx-1":
					fmt.Fprintf(&routes, "route add %s via %s dev pcx table %d\n", x.CIDR, map[string]string{"s": linkAddr(2, 1), "d": linkAddr(2, 0)}[r.role], n)
				case x.TransitGateway != "":
					dev, via := r.devices["subnet-"+r.role+"a"], map[string]string{"s": linkAddr(3, 1), "d": linkAddr(4, 1), "i": linkAddr(7, 1)}[r.role]
					if dev == "attu" {
						via = linkAddr(5, 1)
					}
					fmt.Fprintf(&routes, "route add %s via %s dev %s table %d\n", x.CIDR, via, dev, n)
				case x.NATGateway != "":
					fmt.Fprintf(&routes, "route add %s via 10.1.0.70 dev nat table %d\n", x.CIDR, n)
				case x.Interface != "":
					fmt.Fprintf(&routes, "route add %s via 10.3.0.70 dev fw table %d\n", x.CIDR, n)
				default:
					fmt.Fprintf(&routes, "route add blackhole %s table %d\n", x.CIDR, n)
				}
			}
		}
		// What the table doesn't know must not fall through to the next one.
		fmt.Fprintf(&routes, "route add unreachable default table %d metric 9999\n", n)
		for _, acl := range r.scope.NetworkACLs.All() {
			if len(acl.Associations) == 1 && acl.Associations[0].Subnet == subnet {
				acls.WriteString(aclChains(dev, acl))
				forward += fmt.Sprintf("  iifname %s jump out_%s; oifname %s jump in_%s;\n", dev, dev, dev, dev)
			}
		}
	}
	fmt.Fprintf(&routes, "route flush table %d\n", tableOfDevice("pcx"))
	local(tableOfDevice("pcx"))
	fmt.Fprintf(&routes, "route add unreachable default table %d metric 9999\n", tableOfDevice("pcx"))
	acls.WriteString(" chain forward { type filter hook forward priority 0; policy accept;\n" + forward + " }\n}\n")
	if err := feed(routes.String(), "ip", "-n", l.ns(r.role), "-force", "-batch", "-"); err != nil && !strings.Contains(err.Error(), "flush") {
		return err
	}
	return nft(l.ns(r.role), acls.String())
}

// loadGateways writes the route tables of the transit gateways: what an
// attachment sends in is looked up in the table that it is associated with.
func (l *lab) loadGateways(e *estate) error {
	device := map[string]string{"tgw-attach-s": "s", "tgw-attach-d": "d", "tgw-attach-i": "i", "tgw-attach-p": "peer"}
	for role, gateway := range map[string]string{"t": "tgw-t", "u": "tgw-u"} {
		var routes strings.Builder
		for att, dev := range device {
			n := tableOfDevice(dev)
			fmt.Fprintf(&routes, "route flush table %d\n", n)
			for _, t := range e.dst.TransitGatewayRouteTables.All() {
				set, _ := e.dst.TransitGatewayAssociations.Get(t.ID)
				if t.Gateway != gateway || !slices.ContainsFunc(set.Entries, func(a snapshot.TransitGatewayAssociation) bool { return a.Attachment == att }) {
					continue
				}
				rows, _ := e.dst.TransitGatewayRoutes.Get(t.ID)
				for _, x := range rows.Entries {
					if x.State != "active" {
						fmt.Fprintf(&routes, "route add blackhole %s table %d\n", x.CIDR, n)
						continue
					}
					to := device[x.Attachments[0].ID]
					via := map[string]string{"ts": linkAddr(3, 0), "td": linkAddr(4, 0), "ti": linkAddr(7, 0), "tpeer": linkAddr(6, 1), "ud": linkAddr(5, 0), "upeer": linkAddr(6, 0)}[role+to]
					fmt.Fprintf(&routes, "route add %s via %s dev %s table %d\n", x.CIDR, via, to, n)
				}
			}
			fmt.Fprintf(&routes, "route add unreachable default table %d metric 9999\n", n)
		}
		if err := feed(routes.String(), "ip", "-n", l.ns(role), "-force", "-batch", "-"); err != nil && !strings.Contains(err.Error(), "flush") {
			return err
		}
	}
	return nil
}

// aclChains writes a network ACL as stateless rules in order.
func aclChains(dev string, acl snapshot.NetworkACL) string {
	var b strings.Builder
	for _, dir := range []struct {
		chain, field string
		egress       bool
	}{{"out_", "daddr", true}, {"in_", "saddr", false}} {
		fmt.Fprintf(&b, " chain %s%s {\n", dir.chain, dev)
		// By number, without the code under test.
		for number := range 200 {
			for _, r := range acl.Entries {
				if r.Number != number || r.Egress != dir.egress {
					continue
				}
				action := map[string]string{"allow": "return", "deny": "drop"}[r.Action]
				switch r.Protocol {
				case "-1":
					fmt.Fprintf(&b, "  ip %s %s %s\n", dir.field, r.CIDR, action)
				case "6", "17":
					fmt.Fprintf(&b, "  ip %s %s %s dport %d-%d %s\n", dir.field, r.CIDR, map[string]string{"6": "tcp", "17": "udp"}[r.Protocol], r.PortRange.From, r.PortRange.To, action)
				}
			}
		}
		b.WriteString("  drop\n }\n")
	}
	return b.String()
}

// groupScript writes a security group as conntrack: what it lets through, and
// whatever belongs to a connection that it let through.
func groupScript(g snapshot.SecurityGroup) string {
	hook, field, perms := "input", "saddr", g.Ingress
	if g.Egress != nil {
		hook, field, perms = "output", "daddr", g.Egress
	}
	var b strings.Builder
	fmt.Fprintf(&b, "flush ruleset\ntable ip sg {\n chain %s { type filter hook %s priority 0; policy drop; ct state established,related accept\n", hook, hook)
	for _, p := range perms {
		for _, r := range p.Ranges {
			switch p.Protocol {
			case "-1":
				fmt.Fprintf(&b, "  ip %s %s accept\n", field, r.CIDR)
			case "udp":
				fmt.Fprintf(&b, "  ip %s %s udp dport %d-%d accept\n", field, r.CIDR, *p.FromPort, *p.ToPort)
			default:
				fmt.Fprintf(&b, "  ip %s %s tcp dport %d-%d accept\n", field, r.CIDR, *p.FromPort, *p.ToPort)
			}
		}
	}
	b.WriteString(" }\n}\n")
	return b.String()
}

// dialLimit is far above the microseconds that a packet takes here, and below
// the second after which the kernel would send a SYN again.
const dialLimit = 400 * time.Millisecond

// patience is for what should get through: on a busy machine that may take longer,
// and what a rule drops never does.
const patience = 20 * time.Second

// try dials every sample at once.
func (l *lab) try(e *estate) []sample {
	out := make([]sample, len(e.samples))
	var wg sync.WaitGroup
	for i, s := range e.samples {
		wg.Go(func() {
			limit := dialLimit
			if s.want() {
				limit = patience
			}
			s.got = l.dial(s, limit)
			out[i] = s
		})
	}
	wg.Wait()
	return out
}

func (l *lab) dial(s sample, limit time.Duration) bool {
	return inNamespace(l.ns("a"), func() error {
		d := net.Dialer{Timeout: limit, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.src, s.sport))}
		c, err := d.Dial("tcp4", netip.AddrPortFrom(s.dst, s.dport).String())
		if err == nil {
			_ = c.(*net.TCPConn).SetLinger(0) // no TIME_WAIT: the port may come up again
			_ = c.Close()
		}
		return err
	}) == nil
}
