//go:build linux

package netpath

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
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
// stateless rules in order, route tables are kernel routing, a peering connection
// is a link between two routers. For sampled addresses and ports the kernel's
// answer must be that of netpath.
func TestKernelAgrees(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: building network namespaces needs root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed (packages iproute2 and nftables)", tool)
		}
	}
	const labs = 4
	next := make(chan uint64)
	go func() {
		defer close(next)
		for n := range *estates {
			next <- *seed + uint64(n)
		}
	}()
	var open, shut, disagree int
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
					if p.got {
						open++
					} else {
						shut++
					}
					if p.got != p.want {
						disagree++
						t.Errorf("seed %d: %v:%d -> %v:%d: the kernel says %v, netpath %v (%s)", s, p.src, p.sport, p.dst, p.dport, p.got, p.want, p.why)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d estates: %d connections open, %d not, %d disagreements", *estates, open, shut, disagree)
	if open == 0 || shut == 0 {
		t.Error("the samples are all alike: the lab proves nothing")
	}
}

// estate is a pair of peered VPCs with one subnet each.
type estate struct {
	rng      *rand.Rand
	snap     *snapshot.Snapshot
	src, dst *snapshot.Scope
	samples  []sample
}

type sample struct {
	src, dst     netip.Addr
	sport, dport uint16
	want, got    bool
	why          string
}

var (
	kernelPorts = []int{22, 443, 1024, 1025, 1040, 1062, 1064}
	sourceNet   = netip.MustParsePrefix("10.1.0.0/26")
	destNet     = netip.MustParsePrefix("10.2.0.0/26")
	everywhere  = netip.MustParsePrefix("0.0.0.0/0")
)

func randomEstate(seed uint64) *estate {
	e := &estate{rng: rand.New(rand.NewPCG(seed, 7))}
	e.src = &snapshot.Scope{Name: "source", Region: "us-east-1", Roles: []snapshot.Role{snapshot.Source}}
	e.dst = &snapshot.Scope{Name: "destination", Region: "us-east-1", Roles: []snapshot.Role{snapshot.Destination}}
	e.snap = &snapshot.Snapshot{Scopes: []*snapshot.Scope{e.dst, e.src}}
	pcx := snapshot.Peering{ID: "pcx-1"}
	pcx.Status.Code = "active"
	pcx.Requester = snapshot.PeeringSide{VPC: "vpc-s", CIDR: netip.MustParsePrefix("10.1.0.0/24")}
	pcx.Accepter = snapshot.PeeringSide{VPC: "vpc-d", CIDR: netip.MustParsePrefix("10.2.0.0/24")}
	e.side(e.src, "s", sourceNet, destNet, pcx)
	e.side(e.dst, "d", destNet, sourceNet, pcx)
	for range 8 {
		s := sample{src: at(sourceNet, 2+e.rng.IntN(60)), dst: at(destNet, 10+10*e.rng.IntN(2)), dport: uint16(pick(e.rng, kernelPorts)), sport: uint16(32768 + e.rng.IntN(28000))}
		s.want, s.why = e.verdict(s)
		e.samples = append(e.samples, s)
	}
	return e
}

func at(p netip.Prefix, n int) netip.Addr {
	a := p.Addr().As4()
	a[3] += byte(n)
	return netip.AddrFrom4(a)
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// side makes the VPC, subnet, route table, network ACL and security group of one
// side; each is right about half of the time.
func (e *estate) side(s *snapshot.Scope, n string, own, other netip.Prefix, pcx snapshot.Peering) {
	vpc, subnet := "vpc-"+n, "subnet-"+n
	whole := func(p netip.Prefix) netip.Prefix { return netip.PrefixFrom(p.Addr(), 24).Masked() }
	s.VPCs.See(snapshot.Full, nil)
	s.VPCs.Put(snapshot.VPC{ID: vpc, CIDR: whole(own)})
	s.Peerings.See(snapshot.Full, nil)
	s.Peerings.Put(pcx)
	table := snapshot.RouteTable{ID: "rtb-" + n, VPC: vpc, Associations: []snapshot.RouteTableAssociation{{Subnet: subnet}}, Routes: []snapshot.Route{{CIDR: whole(own), Gateway: "local", State: "active"}}}
	if e.rng.IntN(12) > 0 {
		table.Routes = append(table.Routes, snapshot.Route{CIDR: whole(other), Peering: "pcx-1", State: "active"})
	}
	for range e.rng.IntN(3) {
		p := netip.PrefixFrom(at(other, e.rng.IntN(64)), 25+e.rng.IntN(8)).Masked()
		r := snapshot.Route{CIDR: p, State: "active"}
		switch e.rng.IntN(4) {
		case 0:
			r.Peering, r.State = "pcx-gone", "blackhole"
		case 1:
			r.Gateway = "igw-1"
		default:
			r.Peering = "pcx-1"
		}
		if !has(table.Routes, p) {
			table.Routes = append(table.Routes, r)
		}
	}
	s.RouteTables.See(snapshot.Full, nil)
	s.RouteTables.Put(table)
	acl := snapshot.NetworkACL{ID: "acl-" + n, VPC: vpc, Associations: []snapshot.ACLAssociation{{Subnet: subnet}}}
	for _, egress := range []bool{false, true} {
		for i := range e.rng.IntN(4) {
			acl.Entries = append(acl.Entries, e.aclEntry(10*(i+1), egress, other))
		}
		if e.rng.IntN(8) > 0 {
			acl.Entries = append(acl.Entries, snapshot.ACLEntry{Number: 100, Egress: egress, Protocol: "-1", Action: "allow", CIDR: everywhere})
		}
	}
	s.NetworkACLs.See(snapshot.Full, nil)
	s.NetworkACLs.Put(acl)
	g := snapshot.SecurityGroup{ID: "sg-" + n, VPC: vpc}
	perms := []snapshot.Permission{}
	for range 1 + e.rng.IntN(4) {
		perms = append(perms, e.permission(other))
	}
	if e.rng.IntN(3) == 0 {
		perms = append(perms, snapshot.Permission{Protocol: "-1"})
		perms[len(perms)-1].Ranges = append(perms[len(perms)-1].Ranges, cidrPeerOf(everywhere))
	}
	if n == "d" {
		g.Ingress = perms
	} else {
		g.Egress = perms
	}
	s.SecurityGroups.See(snapshot.Full, nil)
	s.SecurityGroups.Put(g)
}

func has(routes []snapshot.Route, p netip.Prefix) bool {
	for _, r := range routes {
		if r.CIDR == p {
			return true
		}
	}
	return false
}

func cidrPeerOf(p netip.Prefix) (c struct {
	CIDR netip.Prefix `json:"CidrIp"`
},
) {
	c.CIDR = p
	return c
}

func (e *estate) permission(other netip.Prefix) snapshot.Permission {
	p := snapshot.Permission{Protocol: pick(e.rng, []string{"tcp", "tcp", "tcp", "udp", "6", "-1"})}
	a, b := pick(e.rng, kernelPorts), pick(e.rng, kernelPorts)
	lo, hi := min(a, b), max(a, b)
	p.FromPort, p.ToPort = &lo, &hi
	p.Ranges = append(p.Ranges, cidrPeerOf(e.block(other)))
	return p
}

// block is the other side's network, or a part of it.
func (e *estate) block(other netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(at(other, e.rng.IntN(64)), pick(e.rng, []int{24, 26, 26, 27, 28, 30, 32})).Masked()
}

func (e *estate) aclEntry(number int, egress bool, other netip.Prefix) snapshot.ACLEntry {
	lo, hi := pick(e.rng, kernelPorts), pick(e.rng, kernelPorts)
	if e.rng.IntN(2) == 0 { // ephemeral
		lo, hi = 30000+e.rng.IntN(10000), 40000+e.rng.IntN(25000)
	}
	return snapshot.ACLEntry{
		Number: number, Egress: egress, Protocol: pick(e.rng, []string{"6", "6", "6", "17", "-1"}), Action: pick(e.rng, []string{"allow", "allow", "deny"}),
		CIDR: e.block(other), PortRange: &snapshot.ACLPorts{From: min(lo, hi), To: max(lo, hi)},
	}
}

// verdict is netpath's answer for one connection, layer by layer.
func (e *estate) verdict(s sample) (bool, string) {
	src, dst := AddrSet(s.src), AddrSet(s.dst)
	from, to := Place{Scope: e.src, VPC: "vpc-s"}, Place{Scope: e.dst, VPC: "vpc-d"}
	groupS, _ := e.src.SecurityGroups.Get("sg-s")
	groupD, _ := e.dst.SecurityGroups.Get("sg-d")
	aclS, _ := e.src.NetworkACLs.Get("acl-s")
	aclD, _ := e.dst.NetworkACLs.Get("acl-d")
	port, back := []Ports{Port(s.dport)}, []Ports{Port(s.sport)}
	tracer := Tracer{e.snap}
	arrives := func(legs []Leg) bool {
		for _, l := range legs {
			if l.Outcome != Arrived {
				return false
			}
		}
		return len(legs) > 0
	}
	for _, layer := range []struct {
		name string
		ok   bool
	}{
		{"the agent's group", Admit(dst, port, GroupLayer{Snapshot: e.snap, Self: from, Peer: to, Peers: dst}.Rules(groupS, Egress)).Whole()},
		{"the agent's ACL, out", len(Filter(aclS, true, dst, port).Denied) == 0},
		{"the agent's routes", arrives(tracer.From(from, "subnet-s", dst, Goal{VPC: "vpc-d"}))},
		{"the endpoint's ACL, in", len(Filter(aclD, false, src, port).Denied) == 0},
		{"the endpoint's group", Admit(src, port, GroupLayer{Snapshot: e.snap, Self: to, Peer: from, Peers: src}.Rules(groupD, Ingress)).Whole()},
		{"the endpoint's ACL, out", len(Filter(aclD, true, src, back).Denied) == 0},
		{"the endpoint's routes", arrives(tracer.From(to, "subnet-d", src, Goal{VPC: "vpc-s", Reply: true}))},
		{"the agent's ACL, in", len(Filter(aclS, false, dst, back).Denied) == 0},
	} {
		if !layer.ok {
			return false, "stopped by " + layer.name
		}
	}
	return true, "every layer lets it through"
}

// lab is four namespaces: the agent, a router for each VPC, the endpoint.
type lab struct {
	name      string
	listeners []net.Listener
}

func (l *lab) ns(role string) string { return l.name + role }

func newLab(name string) (*lab, error) {
	l := &lab{name: name}
	l.close()
	a, s, d, e := l.ns("a"), l.ns("s"), l.ns("d"), l.ns("e")
	var batch strings.Builder
	for _, ns := range []string{a, s, d, e} {
		fmt.Fprintf(&batch, "netns add %s\n", ns)
	}
	link := func(ns1, dev1, ns2, dev2 string) {
		fmt.Fprintf(&batch, "link add %s netns %s type veth peer name %s netns %s\n", dev1, ns1, dev2, ns2)
	}
	link(a, "eth", s, "sub")
	link(s, "pcx", d, "pcx")
	link(e, "eth", d, "sub")
	if err := ip("", batch.String()); err != nil {
		return nil, err
	}
	for ns, lines := range map[string]string{
		a: "link set lo up\nlink set eth up\nroute add default dev eth\n" + addresses(sourceNet, 2, 62) + "route replace default via 10.1.0.1 dev eth src 10.1.0.2\n",
		e: "link set lo up\nlink set eth up\naddr add 10.2.0.10/26 dev eth\naddr add 10.2.0.20/26 dev eth\nroute add default via 10.2.0.1 dev eth\n",
		s: "link set lo up\nlink set sub up\nlink set pcx up\naddr add 10.1.0.1/26 dev sub\naddr add 169.254.1.1/30 dev pcx\nrule add iif sub lookup 100\nrule add iif pcx lookup 200\nroute add 10.1.0.0/26 dev sub table 200\n",
		d: "link set lo up\nlink set sub up\nlink set pcx up\naddr add 10.2.0.1/26 dev sub\naddr add 169.254.1.2/30 dev pcx\nrule add iif sub lookup 100\nrule add iif pcx lookup 200\nroute add 10.2.0.0/26 dev sub table 200\n",
	} {
		if err := ip(ns, lines); err != nil {
			return nil, err
		}
	}
	for _, ns := range []string{s, d} {
		if err := inNamespace(ns, func() error {
			return errors.Join(os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644),
				os.WriteFile("/proc/sys/net/ipv4/conf/all/rp_filter", []byte("0"), 0o644))
		}); err != nil {
			return nil, err
		}
	}
	return l, inNamespace(e, func() error {
		for _, addr := range []string{"10.2.0.10", "10.2.0.20"} {
			for _, port := range kernelPorts {
				ln, err := net.Listen("tcp4", net.JoinHostPort(addr, fmt.Sprint(port)))
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
	})
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
	for _, role := range []string{"a", "s", "d", "e"} {
		_ = exec.Command("ip", "netns", "del", l.ns(role)).Run() // gone already, or never there
	}
}

func ip(ns, batch string) error {
	args := []string{"-batch", "-"}
	if ns != "" {
		args = append([]string{"-n", ns}, args...)
	}
	return feed(batch, "ip", args...)
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

// load puts an estate's rules and routes into the namespaces.
func (l *lab) load(e *estate) error {
	for _, side := range []struct {
		ns, host string
		scope    *snapshot.Scope
		n        string
		via      string
	}{{l.ns("s"), l.ns("a"), e.src, "s", "169.254.1.2"}, {l.ns("d"), l.ns("e"), e.dst, "d", "169.254.1.1"}} {
		table, _ := side.scope.RouteTables.Get("rtb-" + side.n)
		routes := "route flush table 100\n"
		for _, r := range table.Routes {
			switch {
			case r.Gateway == "local":
				routes += fmt.Sprintf("route add %s dev sub table 100\n", r.CIDR)
			case r.Peering == "pcx-1" && r.State == "active":
				routes += fmt.Sprintf("route add %s via %s dev pcx table 100\n", r.CIDR, side.via)
			default:
				routes += fmt.Sprintf("route add blackhole %s table 100\n", r.CIDR)
			}
		}
		// What the table doesn't know must not fall through to the next one.
		routes += "route add unreachable default table 100\nroute replace unreachable default table 200\n"
		if err := feed(routes, "ip", "-n", side.ns, "-force", "-batch", "-"); err != nil && !strings.Contains(err.Error(), "flush") {
			return err
		}
		acl, _ := side.scope.NetworkACLs.Get("acl-" + side.n)
		if err := feed(aclScript(acl), "ip", "netns", "exec", side.ns, "nft", "-f", "-"); err != nil {
			return err
		}
		group, _ := side.scope.SecurityGroups.Get("sg-" + side.n)
		if err := feed(groupScript(group), "ip", "netns", "exec", side.host, "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

// aclScript writes a network ACL as stateless rules in order.
func aclScript(acl snapshot.NetworkACL) string {
	var b strings.Builder
	b.WriteString("flush ruleset\ntable ip acl {\n chain forward { type filter hook forward priority 0; policy accept; iifname sub jump out; oifname sub jump in; }\n")
	for _, dir := range []struct {
		chain, field string
		egress       bool
	}{{"out", "daddr", true}, {"in", "saddr", false}} {
		fmt.Fprintf(&b, " chain %s {\n", dir.chain)
		// By number, without the code under test.
		for number := range 200 {
			for _, r := range acl.Entries {
				if r.Number != number || r.Egress != dir.egress {
					continue
				}
				action := map[string]string{"allow": "accept", "deny": "drop"}[r.Action]
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
	b.WriteString("}\n")
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

// try dials every sample at once.
func (l *lab) try(e *estate) []sample {
	out := make([]sample, len(e.samples))
	var wg sync.WaitGroup
	for i, s := range e.samples {
		wg.Go(func() {
			err := inNamespace(l.ns("a"), func() error {
				d := net.Dialer{Timeout: dialLimit, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.src, s.sport))}
				c, err := d.Dial("tcp4", netip.AddrPortFrom(s.dst, s.dport).String())
				if err == nil {
					_ = c.(*net.TCPConn).SetLinger(0) // no TIME_WAIT: the port may come up again
					_ = c.Close()
				}
				return err
			})
			s.got = err == nil
			out[i] = s
		})
	}
	wg.Wait()
	return out
}
