//go:build linux

// Package lab builds a small network out of Linux network namespaces, for tests:
//
//	source 10.10.1.10/24 -- router and firewall -- a wire with a delay -- endpoint 10.20.1.0/24, 10.20.2.0/24
//
// The kernel routes, nftables filters, and a wire between two TUN devices in
// user space delays. Every address of the endpoint's side answers. No packet
// leaves the namespaces.
package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/tier"
)

// The addresses of the lab.
const (
	SourceAddr = "10.10.1.10"
	RouterAddr = "10.10.1.1"
	Endpoint   = "10.20.1.10"
)

// The ports that the endpoint's side serves, besides those of a DataSync
// endpoint.
const (
	ResetPort  = 7001 // accepts and resets
	TarpitPort = 7002 // accepts and says nothing
	FullPort   = 7003 // its queue is full
	PortalPort = 7004 // answers in HTTP whatever is asked
)

// Lab is a running network.
type Lab struct {
	Source, Router, Dest string   // names of the namespaces
	more                 []string // namespaces of Instances
	procs                []*exec.Cmd
}

// Options of Up. The zero value is a lab without delay.
type Options struct {
	Delay time.Duration // one way
}

// roleVariable tells a copy of the test binary to play a part of the lab.
const roleVariable = "LAB_DSPREFLIGHT_ROLE"

// Main runs the part that this process was started for, and does not return; in
// any other process it does nothing. Call it first in TestMain.
func Main() {
	switch role, rest, _ := strings.Cut(os.Getenv(roleVariable), " "); role {
	case "wire":
		wire(rest)
	case "serve":
		serve()
	default:
		return
	}
	os.Exit(0)
}

var labs atomic.Int32

// Up builds a lab, or skips the test where that can't be done. It is torn down
// when the test ends.
func Up(t testing.TB, opt Options) *Lab {
	t.Helper()
	tier.Real(t, "network namespaces")
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: building network namespaces needs root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed (packages iproute2 and nftables)", tool)
		}
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("SKIPPED: /dev/net/tun is not there")
	}
	id := fmt.Sprintf("w%d%d", os.Getpid()%100000, labs.Add(1))
	l := &Lab{Source: id + "s", Router: id + "r", Dest: id + "d"}
	t.Cleanup(l.down)
	for _, ns := range []string{l.Source, l.Router, l.Dest} {
		l.must(t, "ip", "netns", "add", ns)
	}
	a, b := "dspa"+id, "dspb"+id
	l.must(t, "ip", "link", "add", a, "netns", l.Source, "type", "veth", "peer", "name", b, "netns", l.Router)
	w0, w1 := "dspc"+id, "dspd"+id
	l.start(t, "", "wire "+w0+" "+w1+" "+opt.Delay.String())
	l.must(t, "ip", "link", "set", w0, "netns", l.Router)
	l.must(t, "ip", "link", "set", w1, "netns", l.Dest)
	script := fmt.Sprintf(`
ip -n %[1]s link set lo up; ip -n %[2]s link set lo up; ip -n %[3]s link set lo up
ip -n %[1]s addr add %[4]s/24 dev %[6]s; ip -n %[1]s link set %[6]s up
ip -n %[2]s addr add %[5]s/24 dev %[7]s; ip -n %[2]s link set %[7]s up
ip -n %[2]s addr add 172.31.255.1/30 dev %[8]s; ip -n %[2]s link set %[8]s txqueuelen 20000 up
ip -n %[3]s addr add 172.31.255.2/30 dev %[9]s; ip -n %[3]s link set %[9]s txqueuelen 20000 up
ip -n %[1]s route add 10.20.0.0/16 via %[5]s
ip -n %[2]s route add 10.20.0.0/16 via 172.31.255.2
ip -n %[3]s route add default via 172.31.255.1
ip -n %[3]s route add local 10.20.1.0/24 dev lo; ip -n %[3]s route add local 10.20.2.0/24 dev lo
ip netns exec %[2]s sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
for n in %[1]s %[2]s %[3]s; do ip netns exec $n sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 8192 >/proc/sys/net/core/somaxconn'; done
ip netns exec %[1]s sh -c 'echo 10000 65000 >/proc/sys/net/ipv4/ip_local_port_range'
`, l.Source, l.Router, l.Dest, SourceAddr, RouterAddr, a, b, w0, w1)
	l.must(t, "sh", "-ec", script)
	l.start(t, l.Dest, "serve")
	return l
}

// In prepares a command that runs inside a namespace.
func (l *Lab) In(ns string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", ns}, args...)...)
}

// Firewall replaces the rules of a namespace by those of one chain: forward on
// the router, input and output elsewhere.
func (l *Lab) Firewall(t testing.TB, ns string, rules ...string) {
	t.Helper()
	hooks := []string{"input", "output"}
	if ns == l.Router {
		hooks = []string{"forward"}
	}
	var b strings.Builder
	b.WriteString("flush ruleset\n")
	for _, h := range hooks {
		fmt.Fprintf(&b, "table ip lab_%s {\n chain c {\n type filter hook %s priority 0;\n", h, h)
		for _, r := range rules {
			if chain, rule, ok := strings.Cut(r, ": "); ok && (chain == "input" || chain == "output") {
				if chain != h {
					continue
				}
				r = rule
			}
			b.WriteString(" " + r + "\n")
		}
		b.WriteString(" }\n}\n")
	}
	cmd := l.In(ns, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(b.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s\n%s", err, out, b.String())
	}
}

// Limit sets how often the router sends ICMP errors: the kernel's default, one a
// second after a burst of six, or no limit.
func (l *Lab) Limit(t testing.TB, on bool) {
	t.Helper()
	rate := "0"
	if on {
		rate = "1000"
	}
	l.must(t, "ip", "netns", "exec", l.Router, "sh", "-c", "echo "+rate+" >/proc/sys/net/ipv4/icmp_ratelimit")
}

// Run runs a command in a namespace and fails the test if it fails.
func (l *Lab) Run(t testing.TB, ns string, args ...string) {
	t.Helper()
	l.must(t, "ip", append([]string{"netns", "exec", ns}, args...)...)
}

func (l *Lab) must(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// start runs a copy of the test binary in a role and waits until it is ready.
func (l *Lab) start(t testing.TB, ns, role string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	if ns != "" {
		cmd = l.In(ns, self)
	}
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.procs = append(l.procs, cmd)
	ready := make([]byte, 6)
	if n, err := out.Read(ready); err != nil || !bytes.HasPrefix(ready[:n], []byte("ready")) {
		t.Fatalf("%s did not start: %v", role, err)
	}
}

func (l *Lab) down() {
	for _, p := range l.procs {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
	for _, ns := range append([]string{l.Source, l.Router, l.Dest}, l.more...) {
		_ = exec.Command("ip", "netns", "del", ns).Run()
	}
}
