//go:build linux

package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/lab"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// bare is the simplest concurrent dialer: a goroutine a target, no limit.
func bare(ctx context.Context, targets []Target, timeout time.Duration) []snapshot.Probe {
	out := make([]snapshot.Probe, len(targets))
	d := net.Dialer{Timeout: timeout, KeepAlive: -1}
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			out[i] = snapshot.Probe{Purpose: t.Purpose, Addr: t.Addr, Port: t.Port, Outcome: snapshot.Filtered}
			c, err := d.DialContext(ctx, "tcp4", netip.AddrPortFrom(t.Addr, t.Port).String())
			if err == nil {
				out[i].Outcome = snapshot.Open
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	return out
}

// benchTimeout is that of the time-outs in the figures that others published.
const benchTimeout = 2 * time.Second

// BenchmarkProbe dials 41 ports of 1 to 254 addresses over a round trip of 40
// ms, beside a bare dialer and nmap, in one run. "open" answers on every port,
// "dropped" on none. nmap is left out where it would take minutes.
func BenchmarkProbe(b *testing.B) {
	l := lab.Up(b, lab.Options{Delay: 20 * time.Millisecond})
	_, err := exec.LookPath("nmap")
	withNmap := err == nil
	if !withNmap {
		b.Log("SKIPPED: nmap is not installed, so it is not compared with")
	}
	for _, state := range []string{"open", "dropped"} {
		for _, n := range []int{1, 8, 64, 254} {
			if state == "open" {
				l.Firewall(b, l.Router)
			} else {
				l.Firewall(b, l.Router, "ip daddr 10.20.1.0/24 drop")
			}
			r := Request{Ports: endpointPorts}
			for i := 1; i <= n; i++ {
				r.Endpoint = append(r.Endpoint, netip.MustParseAddr(fmt.Sprintf("10.20.1.%d", i)))
			}
			planned, err := Plan(r)
			if err != nil {
				b.Fatal(err)
			}
			var targets []Target // the same work for all: no control port, no handshake
			for _, t := range planned {
				if t.Purpose == snapshot.ToEndpointPort {
					targets = append(targets, t)
				}
			}
			o := order{Targets: targets, Timeout: benchTimeout, NoTLS: true}
			name := fmt.Sprintf("%s/%d", state, n)
			b.Run(name+"/dspreflight", func(b *testing.B) { measure(b, l, o, state) })
			o.Bare = true
			b.Run(name+"/bare", func(b *testing.B) { measure(b, l, o, state) })
			if state == "open" {
				whole := order{Targets: planned, Timeout: DefaultTimeout}
				b.Run(name+"/with-control-port-and-TLS", func(b *testing.B) { measure(b, l, whole, state) })
			}
			if !withNmap {
				continue
			}
			hosts := fmt.Sprintf("10.20.1.1-%d", n)
			if state == "open" || n == 1 {
				b.Run(name+"/nmap", func(b *testing.B) { nmap(b, l, hosts) })
			}
			b.Run(name+"/nmap-fastest", func(b *testing.B) {
				nmap(b, l, hosts, "-T4", "--min-parallelism", "256", "--min-hostgroup", "256", "--max-retries", "0")
			})
		}
	}
}

func measure(b *testing.B, l *lab.Lab, o order, state string) {
	var total time.Duration
	var rss int64
	for b.Loop() {
		d := dialIn(b, l, l.Source, o)
		total += d.Elapsed
		rss = max(rss, d.MaxRSS)
		missed := 0
		for _, p := range d.Probes {
			if p.Purpose == snapshot.ToEndpointPort && (p.Outcome == snapshot.Open) != (state == "open") {
				missed++
			}
		}
		if missed > 0 {
			b.Errorf("%d outcomes are wrong", missed)
		}
	}
	b.ReportMetric(total.Seconds()/float64(b.N), "s")
	b.ReportMetric(float64(rss)/1024, "MB")
	b.ReportMetric(0, "ns/op")
}

func nmap(b *testing.B, l *lab.Lab, hosts string, flags ...string) {
	args := append([]string{"nmap", "-sT", "-Pn", "-n", "-p", "443,22,1024-1062", "-oG", "-"}, flags...)
	var total time.Duration
	for b.Loop() {
		start := time.Now()
		if out, err := l.In(l.Source, append(args, hosts)...).CombinedOutput(); err != nil {
			b.Fatalf("nmap: %v: %s", err, out)
		}
		total += time.Since(start)
	}
	b.ReportMetric(total.Seconds()/float64(b.N), "s")
	b.ReportMetric(0, "ns/op")
}
