package probe

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DefaultTimeout is how long one connection attempt may take. At 3.5 s the
// kernel has sent its SYN four times, so that 5 % of lost packets make no open
// port look filtered, and a host that does not answer ARP has shown itself
// (after 3.05 s).
const DefaultTimeout = 3500 * time.Millisecond

// PerAddress is how many dials to one address are in flight at most: all that a
// DataSync endpoint needs, 443, 22 and 1024-1064, and no more.
const PerAddress = 48

// Options of Run. The zero value is the default for each.
type Options struct {
	Timeout    time.Duration // of one attempt
	PerAddress int           // dials in flight to one address
	NoTLS      bool          // leave the handshake on 443 out
	Rule       Rule          // which addresses may be dialled; nil: Possible(false)
	Progress   func(done, total int)
}

// attempt is one connection attempt and how it ended.
type attempt struct {
	outcome snapshot.Outcome
	errno   string
	local   bool
	icmp    *snapshot.ICMP
	from    netip.Addr
	elapsed time.Duration
}

// Run dials every target and returns a result for each, in the same order but for
// those that were not dialled, which come last. It never fails: what goes wrong is
// an outcome. When the context ends, what is
// still open is Cancelled.
func Run(ctx context.Context, targets []Target, opt Options) []snapshot.Probe {
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	if opt.PerAddress <= 0 {
		opt.PerAddress = PerAddress
	}
	if opt.Rule == nil {
		opt.Rule = Possible(false)
	}
	resolved, unresolved := resolve(ctx, targets, opt.Timeout)
	resolved, never := refused(resolved, opt.Rule) // names are resolved by now
	unresolved = append(unresolved, never...)
	attempts := dialAll(ctx, resolved, opt)
	out := make([]snapshot.Probe, len(resolved))
	for i, a := range attempts {
		out[i] = a.probe(resolved[i], 1)
	}
	var handshakes sync.WaitGroup
	if !opt.NoTLS {
		handshakes.Go(func() { shakeAll(ctx, resolved, out, opt) })
	}
	again := doubtful(resolved, attempts)
	if len(again) > 0 && ctx.Err() == nil {
		opt.Progress = nil
		second := make([]Target, len(again))
		for n, i := range again {
			second[n] = resolved[i]
		}
		results := dialAll(ctx, second, opt)
		handshakes.Wait()
		for n, i := range again {
			if results[n].outcome != snapshot.Cancelled {
				out[i] = results[n].probe(resolved[i], 2)
			}
		}
		if !opt.NoTLS {
			shakeAll(ctx, resolved, out, opt)
		}
	}
	handshakes.Wait()
	return append(out, unresolved...)
}

func (a attempt) probe(t Target, tries int) snapshot.Probe {
	return snapshot.Probe{
		Purpose: t.Purpose, Host: t.Host, Addr: t.Addr, Port: t.Port, Outcome: a.outcome, Errno: a.errno, Local: a.local, ICMP: a.icmp,
		From: a.from, Tries: tries, ElapsedMS: milliseconds(a.elapsed),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()/10) / 100 }

// fewDials is up to how many dials to one address leave no other to tell a lost
// packet from a filter.
const fewDials = 3

// doubtful lists the attempts without an answer that are worth another one:
// where something else at the address did answer, or hardly anything was asked.
// An address that is silent on dozens of ports is not one with bad luck.
func doubtful(targets []Target, attempts []attempt) []int {
	answered, asked := map[netip.Addr]bool{}, map[netip.Addr]int{}
	for i, a := range attempts {
		if targets[i].Purpose == snapshot.ToControlPort {
			continue
		}
		asked[targets[i].Addr]++
		if a.outcome == snapshot.Open || a.outcome == snapshot.Refused && a.icmp == nil {
			answered[targets[i].Addr] = true
		}
	}
	var again []int
	for i, a := range attempts {
		t := targets[i]
		if a.outcome == snapshot.Filtered && t.Purpose != snapshot.ToControlPort && (answered[t.Addr] || asked[t.Addr] <= fewDials) {
			again = append(again, i)
		}
	}
	return again
}

// resolve looks names up, each once. A name with several addresses is dialled at
// each; one that does not resolve is a result already.
func resolve(ctx context.Context, targets []Target, timeout time.Duration) (out []Target, failed []snapshot.Probe) {
	type answer struct {
		addrs   []netip.Addr
		outcome snapshot.Outcome
		elapsed time.Duration
	}
	answers := map[string]*answer{}
	var wg sync.WaitGroup
	for _, t := range targets {
		if t.Addr.IsValid() || answers[t.Host] != nil {
			continue
		}
		a := &answer{}
		answers[t.Host] = a
		wg.Go(func() {
			limited, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			start := time.Now()
			addrs, err := net.DefaultResolver.LookupNetIP(limited, "ip", t.Host)
			a.elapsed = time.Since(start)
			for _, addr := range addrs {
				a.addrs = append(a.addrs, addr.Unmap())
			}
			slices.SortFunc(a.addrs, netip.Addr.Compare)
			a.addrs = slices.Compact(a.addrs)
			if err != nil {
				a.outcome = classifyLookup(ctx, err)
			}
		})
	}
	wg.Wait()
	for _, t := range targets {
		a := answers[t.Host]
		switch {
		case t.Addr.IsValid():
			out = append(out, t)
		case len(a.addrs) == 0:
			failed = append(failed, snapshot.Probe{Purpose: t.Purpose, Host: t.Host, Port: t.Port, Outcome: cmp.Or(a.outcome, snapshot.NoSuchHost), Tries: 1, ElapsedMS: milliseconds(a.elapsed)})
		default:
			for _, addr := range a.addrs {
				t.Addr = addr
				out = append(out, t)
			}
		}
	}
	return out, failed
}
