//go:build linux

package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/dspreflight/dspreflight/internal/lab"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func TestMain(m *testing.M) {
	lab.Main()
	if os.Getenv(dialVariable) != "" {
		dialHere()
		return
	}
	goleak.VerifyTestMain(m)
}

// dialVariable makes a copy of the test binary, started inside a namespace, dial
// what standard input asks for.
const dialVariable = "TEST_DSPREFLIGHT_DIAL"

type order struct {
	Targets     []Target
	Bare        bool // the simplest concurrent dialer, to compare with
	Timeout     time.Duration
	NoTLS       bool
	Descriptors uint64        // a limit to set first
	CancelAfter time.Duration // stop in the middle
}

type delivery struct {
	Probes      []snapshot.Probe
	Elapsed     time.Duration
	MaxRSS      int64 // kilobytes
	Goroutines  int   // left after the run
	Descriptors int   // left after the run
}

func dialHere() {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		panic(err)
	}
	if o.Descriptors > 0 {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: o.Descriptors, Max: o.Descriptors}); err != nil {
			panic(err)
		}
	}
	ctx := context.Background()
	if o.CancelAfter > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.CancelAfter)
		defer cancel()
	}
	warm := openDescriptors()
	start := time.Now()
	var d delivery
	if o.Bare {
		d.Probes = bare(ctx, o.Targets, o.Timeout)
	} else {
		d.Probes = Run(ctx, o.Targets, Options{Timeout: o.Timeout, NoTLS: o.NoTLS})
	}
	d.Elapsed = time.Since(start)
	for range 500 { // what ends the run may end after it
		d.Goroutines, d.Descriptors = runtime.NumGoroutine(), openDescriptors()-warm
		if d.Goroutines <= 2 && d.Descriptors == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err == nil {
		d.MaxRSS = u.Maxrss
	}
	if err := json.NewEncoder(os.Stdout).Encode(d); err != nil {
		panic(err)
	}
}

func openDescriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	return len(entries)
}

func dialIn(t testing.TB, l *lab.Lab, ns string, o order) delivery {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := l.In(ns, self)
	cmd.Env = append(os.Environ(), dialVariable+"=1")
	cmd.Stdin = bytes.NewReader(body)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var d delivery
	if err := json.Unmarshal(out, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func to(addr string, port uint16) Target {
	return Target{Purpose: snapshot.ToEndpointPort, Addr: netip.MustParseAddr(addr), Port: port}
}

// endpointPorts is what an agent needs of an endpoint.
var endpointPorts = []Ports{{443, 443}, {1024, 1062}, {22, 22}}

// TestRealErrnoTable is the table of what the kernel says for each cause: a row is
// an address that is treated in that way.
func TestRealErrnoTable(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: 20 * time.Millisecond})
	l.Limit(t, false)
	l.Firewall(t, l.Router,
		"ip daddr 10.20.1.13 meta l4proto tcp reject with tcp reset",
		"ip daddr 10.20.1.14 reject with icmp port-unreachable", "ip daddr 10.20.1.15 reject with icmp host-unreachable",
		"ip daddr 10.20.1.16 reject with icmp net-unreachable", "ip daddr 10.20.1.17 reject with icmp admin-prohibited",
		"ip daddr 10.20.1.18 reject with icmp host-prohibited", "ip daddr 10.20.1.19 reject with icmp net-prohibited",
		"ip daddr 10.20.1.22 reject with icmp prot-unreachable", "ip daddr 10.20.1.23 drop")
	l.Firewall(t, l.Dest, "input: ip daddr 10.20.1.12 drop", "output: ip saddr 10.20.1.20 drop")
	l.Firewall(t, l.Source, "output: ip daddr 10.20.1.30 drop", "output: ip daddr 10.20.1.31 reject with icmp admin-prohibited", "output: ip daddr 10.20.1.32 meta l4proto tcp reject with tcp reset")
	for _, r := range []string{
		"blackhole 10.30.0.0/24", "unreachable 10.31.0.0/24", "prohibit 10.32.0.0/24",
		"10.40.0.0/24 via 10.10.1.1", "10.41.0.0/24 via 10.10.1.77", "10.42.0.0/24 via 10.10.1.1", "10.43.0.0/24 via 10.10.1.1",
	} {
		l.Run(t, l.Source, append([]string{"ip", "route", "add"}, strings.Fields(r)...)...)
	}
	l.Run(t, l.Router, "ip", "route", "add", "prohibit", "10.42.0.0/24")
	l.Run(t, l.Router, "ip", "route", "add", "blackhole", "10.43.0.0/24")
	rows := []struct {
		name    string
		target  Target
		outcome snapshot.Outcome
		errno   string
		icmp    string // type/code from
		local   bool
		within  time.Duration // faster than this; 0: any time
	}{
		{"open", to(lab.Endpoint, 443), snapshot.Open, "", "", false, 0},
		{"no listener", to(lab.Endpoint, 9999), snapshot.Refused, "ECONNREFUSED", "", false, 0},
		{"dropped at the endpoint", to("10.20.1.12", 443), snapshot.Filtered, "", "", false, 0},
		{"dropped by the router", to("10.20.1.23", 443), snapshot.Filtered, "", "", false, 0},
		{"the reply is dropped", to("10.20.1.20", 443), snapshot.Filtered, "", "", false, 0},
		{"a reset by the router", to("10.20.1.13", 443), snapshot.Refused, "ECONNREFUSED", "", false, 20 * time.Millisecond},
		{"port unreachable", to("10.20.1.14", 443), snapshot.Prohibited, "ECONNREFUSED", "3/3 10.10.1.1", false, 0},
		{"host unreachable", to("10.20.1.15", 443), snapshot.UnreachableHost, "EHOSTUNREACH", "3/1 10.10.1.1", false, 0},
		{"network unreachable", to("10.20.1.16", 443), snapshot.UnreachableNetwork, "ENETUNREACH", "3/0 10.10.1.1", false, 0},
		{"administratively prohibited", to("10.20.1.17", 443), snapshot.Prohibited, "EHOSTUNREACH", "3/13 10.10.1.1", false, 0},
		{"host prohibited", to("10.20.1.18", 443), snapshot.Prohibited, "EHOSTUNREACH", "3/10 10.10.1.1", false, 0},
		{"network prohibited", to("10.20.1.19", 443), snapshot.Prohibited, "ENETUNREACH", "3/9 10.10.1.1", false, 0},
		{"protocol unreachable", to("10.20.1.22", 443), snapshot.Prohibited, "ENOPROTOOPT", "3/2 10.10.1.1", false, 0},
		{"a blackhole route here", to("10.30.0.1", 443), snapshot.UnreachableNetwork, "EINVAL", "", true, 0},
		{"an unreachable route here", to("10.31.0.1", 443), snapshot.UnreachableHost, "EHOSTUNREACH", "", true, 0},
		{"a prohibit route here", to("10.32.0.1", 443), snapshot.Prohibited, "EACCES", "", true, 0},
		{"no route here", to("10.33.0.1", 443), snapshot.UnreachableNetwork, "ENETUNREACH", "", true, 0},
		{"no route in the router", to("10.40.0.1", 443), snapshot.UnreachableNetwork, "ENETUNREACH", "3/0 10.10.1.1", false, 0},
		{"a prohibit route in the router", to("10.42.0.1", 443), snapshot.Prohibited, "EHOSTUNREACH", "3/13 10.10.1.1", false, 0},
		{"a blackhole route in the router", to("10.43.0.1", 443), snapshot.Filtered, "", "", false, 0},
		{"nobody on the link", to("10.10.1.99", 443), snapshot.UnreachableHost, "EHOSTUNREACH", "3/1 10.10.1.10", true, 0},
		{"no gateway on the link", to("10.41.0.1", 443), snapshot.UnreachableHost, "EHOSTUNREACH", "3/1 10.10.1.10", true, 0},
		{"dropped by this machine's firewall", to("10.20.1.30", 443), snapshot.Filtered, "", "", false, 0},
		{"rejected by this machine's firewall", to("10.20.1.31", 443), snapshot.Prohibited, "EHOSTUNREACH", "3/13 10.10.1.10", true, 0},
		{"reset by this machine's firewall", to("10.20.1.32", 443), snapshot.Refused, "ECONNREFUSED", "", false, 20 * time.Millisecond},
		{"a full queue", to(lab.Endpoint, lab.FullPort), snapshot.Filtered, "", "", false, 0},
		{"accepted and reset", to(lab.Endpoint, lab.ResetPort), snapshot.Open, "", "", false, 0}, // TLS tells: TestRealHandshakes
		{"a tarpit", to(lab.Endpoint, lab.TarpitPort), snapshot.Open, "", "", false, 0},
	}
	var targets []Target
	for _, r := range rows {
		targets = append(targets, r.target)
	}
	got := dialIn(t, l, l.Source, order{Targets: targets, NoTLS: true}).Probes
	for i, r := range rows {
		p := got[i]
		icmp := ""
		if p.ICMP != nil {
			icmp = fmt.Sprintf("%d/%d %s", p.ICMP.Type, p.ICMP.Code, p.ICMP.From)
		}
		if p.Outcome != r.outcome || p.Errno != r.errno || icmp != r.icmp || p.Local != r.local {
			t.Errorf("%s: got %s %s icmp %q local %v after %v ms; want %s %s icmp %q local %v", r.name, p.Outcome, p.Errno, icmp, p.Local, p.ElapsedMS, r.outcome, r.errno, r.icmp, r.local)
		}
		if r.within > 0 && p.ElapsedMS > float64(r.within/time.Millisecond) {
			t.Errorf("%s: after %v ms, want less than %v", r.name, p.ElapsedMS, r.within)
		}
	}
	if rtt := got[0].ElapsedMS; rtt < 40 {
		t.Errorf("an open port answered in %v ms over a wire of 20 ms each way", rtt)
	}
}

// TestRealHandshakes tells an open port from one that breaks TLS, an MTU black hole
// among them, which passes every connect.
func TestRealHandshakes(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: 5 * time.Millisecond})
	shake := func(port uint16) Target {
		tg := to(lab.Endpoint, port)
		tg.TLS = true
		return tg
	}
	targets := []Target{shake(443), shake(lab.ResetPort), shake(lab.TarpitPort), shake(lab.PortalPort)}
	got := dialIn(t, l, l.Source, order{Targets: targets, Timeout: time.Second}).Probes
	for i, want := range []string{"ok", "reset", "no-answer", "not-tls"} {
		if got[i].Outcome != snapshot.Open || got[i].TLS == nil || got[i].TLS.Outcome != want {
			t.Errorf("port %d: %s, TLS %+v; want %s", got[i].Port, got[i].Outcome, got[i].TLS, want)
		}
	}
	if s := got[0].TLS; s != nil && (!strings.Contains(s.Issuer, "datasync.us-east-1") || len(s.Names) == 0) {
		t.Errorf("the certificate was not recorded: %+v", s)
	}
	l.Firewall(t, l.Router, "ip length > 1200 drop")
	p := dialIn(t, l, l.Source, order{Targets: targets[:1], Timeout: time.Second}).Probes[0]
	if p.Outcome != snapshot.Open || p.TLS == nil || p.TLS.Outcome != "no-answer" {
		t.Errorf("an MTU black hole: %s, TLS %+v", p.Outcome, p.TLS)
	}
}

// TestRealLoss loses packets in both directions: no open port may look closed, and
// a filtered one must still.
func TestRealLoss(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: 20 * time.Millisecond})
	for _, perMille := range []int{10, 50} {
		l.Firewall(t, l.Router, "ip daddr 10.20.1.8 tcp dport 1030-1040 drop", fmt.Sprintf("numgen random mod 1000 < %d drop", perMille))
		var r Request
		for i := 1; i <= 16; i++ {
			r.Endpoint = append(r.Endpoint, netip.MustParseAddr(fmt.Sprintf("10.20.1.%d", i)))
		}
		r.Ports = endpointPorts
		targets, err := Plan(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range dialIn(t, l, l.Source, order{Targets: targets, NoTLS: true}).Probes {
			want := snapshot.Open
			if p.Addr.String() == "10.20.1.8" && p.Port >= 1030 && p.Port <= 1040 {
				want = snapshot.Filtered
			}
			if p.Purpose == snapshot.ToEndpointPort && p.Outcome != want {
				t.Errorf("%d per mille lost: %s:%d is %s after %d tries, want %s", perMille, p.Addr, p.Port, p.Outcome, p.Tries, want)
			}
		}
	}
}

// TestRealRateLimitedRejects is the trap of a rejecting firewall: the kernel limits
// ICMP errors, so that most ports look dropped.
func TestRealRateLimitedRejects(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: time.Millisecond})
	l.Firewall(t, l.Router, "tcp dport { 22, 443, 1024-1062 } reject with icmp admin-prohibited")
	targets, err := Plan(Request{Endpoint: []netip.Addr{netip.MustParseAddr(lab.Endpoint)}, Ports: endpointPorts})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[snapshot.Outcome]int{}
	for _, p := range dialIn(t, l, l.Source, order{Targets: targets, Timeout: time.Second}).Probes {
		if p.Purpose == snapshot.ToEndpointPort {
			counts[p.Outcome]++
		}
	}
	if counts[snapshot.Prohibited] == 0 || counts[snapshot.Filtered] == 0 || counts[snapshot.Prohibited]+counts[snapshot.Filtered] != 41 {
		t.Errorf("got %v: expected a few rejections among many ports without an answer", counts)
	}
}

// TestRealFewDescriptors dials more than the process may hold descriptors.
func TestRealFewDescriptors(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: time.Millisecond})
	var r Request
	for i := 1; i <= 32; i++ {
		r.Endpoint = append(r.Endpoint, netip.MustParseAddr(fmt.Sprintf("10.20.1.%d", i)))
	}
	r.Ports = endpointPorts
	targets, err := Plan(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range dialIn(t, l, l.Source, order{Targets: targets, Descriptors: 256}).Probes {
		if want := snapshot.Open; p.Purpose == snapshot.ToEndpointPort && p.Outcome != want {
			t.Fatalf("%s:%d is %s %s", p.Addr, p.Port, p.Outcome, p.Errno)
		}
	}
}

// TestRealStoppedInTheMiddle ends the context in the middle of 10,000 dials that
// nobody answers.
func TestRealStoppedInTheMiddle(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: time.Millisecond})
	l.Firewall(t, l.Router, "ip daddr 10.20.1.0/24 drop")
	var targets []Target
	for i := range 250 {
		for p := range 40 {
			targets = append(targets, to(fmt.Sprintf("10.20.1.%d", i+1), uint16(1024+p)))
		}
	}
	d := dialIn(t, l, l.Source, order{Targets: targets, CancelAfter: 700 * time.Millisecond})
	if d.Elapsed > 2*time.Second {
		t.Errorf("it took %v to stop", d.Elapsed)
	}
	if d.Descriptors != 0 || d.Goroutines > 2 {
		t.Errorf("left behind: %d descriptors, %d goroutines", d.Descriptors, d.Goroutines)
	}
	for _, p := range d.Probes {
		if p.Outcome != snapshot.Cancelled {
			t.Fatalf("%s:%d is %s", p.Addr, p.Port, p.Outcome)
		}
	}
}
