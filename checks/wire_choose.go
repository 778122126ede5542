package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// dials lists the probes for a purpose, one for each kind of place, address and
// port. Of one machine the newest that came to an answer counts. Where machines
// differ the agent's own counts if none that differs is newer; otherwise nothing
// follows, and the probe says against which.
func (x *Exam) dials(purpose snapshot.Purpose, places ...snapshot.VantagePlace) []dialled {
	groups := map[string][]dialled{}
	var keys []string
	var all []dialled
	resolved := map[string]time.Time{} // when a machine last came to an answer for a name
	for i := range x.Snapshot.Probes {
		run := &x.Snapshot.Probes[i]
		if x.tooOld(run) {
			continue
		}
		for _, p := range run.Probes {
			if p.Purpose != purpose {
				continue
			}
			place, doubt := x.standing(run, p)
			if doubt != "" || !slices.Contains(places, place) {
				continue
			}
			d := dialled{Probe: p, run: run, place: place}
			all = append(all, d)
			if name := d.lookup(); d.settled() && run.TakenAt.After(resolved[name]) {
				resolved[name] = run.TakenAt
			}
		}
	}
	for _, d := range all {
		host := d.Host
		if purpose != snapshot.ToStorage { // by whatever name, the address is what counts
			host = ""
		} else if host != "" && d.run.TakenAt.Before(resolved[d.lookup()]) { // the name may lead elsewhere since
			continue
		}
		key := fmt.Sprintf("%s|%s|%s|%d", d.place, host, d.Addr, d.Port)
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], d)
	}
	own := func(netip.Addr) bool { return false }
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap == nil && (x.Target.AgentIP.IsValid() || x.Target.AgentInstanceID != "") { // of a block, any machine's
		own = func(a netip.Addr) bool { return a.IsValid() && agents.Addrs.Contains(a) }
	}
	var out []dialled
	for _, key := range keys {
		out = append(out, choose(groups[key], own))
	}
	slices.SortStableFunc(out, func(a, b dialled) int {
		return cmp.Or(a.Addr.Compare(b.Addr), strings.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	})
	return out
}

// lookup is the name and port that a machine asked for.
func (d dialled) lookup() string {
	return fmt.Sprint(d.place, d.run.Instance, d.run.Vantage.Addresses, d.Host, d.Port)
}

// sameMachine reports whether two dials are known to be of one machine.
func (d dialled) sameMachine(o dialled) bool {
	if d.run.Instance != "" && o.run.Instance != "" {
		return d.run.Instance == o.run.Instance
	}
	return d.run == o.run || d.source().IsValid() && d.source() == o.source()
}

// choose picks the probe that counts of all that were made of one address and
// port from one kind of place. own tells the agent's own addresses.
func choose(all []dialled, own func(netip.Addr) bool) dialled {
	slices.SortStableFunc(all, func(a, b dialled) int {
		count := func(d dialled) int {
			switch {
			case !d.settled():
				return 2
			case !own(d.source()):
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(count(a), count(b)), b.run.TakenAt.Compare(a.run.TakenAt))
	})
	best := all[0]
	seen := []dialled{best}
	for _, d := range all[1:] {
		differs := (d.Outcome == snapshot.Open) != (best.Outcome == snapshot.Open)
		if d.settled() && differs && d.sameMachine(best) && d.run.TakenAt.Equal(best.run.TakenAt) { // neither is newer
			best.against = &d
			break
		}
		if !d.settled() || slices.ContainsFunc(seen, d.sameMachine) {
			continue
		}
		seen = append(seen, d)
		if differs && (!own(best.source()) || d.run.TakenAt.After(best.run.TakenAt)) {
			best.against = &d
			break
		}
	}
	return best
}

// settled reports whether a probe came to an answer, silence included.
func (d dialled) settled() bool {
	switch d.Outcome {
	case snapshot.Cancelled, snapshot.LocalLimit, snapshot.Failed:
		return false
	}
	return !d.inside() && !d.hurried()
}

// inside reports whether a dial ended in the machine that made it, or may have: it says
// so, it dialled itself, the ICMP message is of its own address, or there is none that
// says who knows no way or forbids it: only "protocol unreachable" comes from afar always.
func (d dialled) inside() bool {
	own := func(a netip.Addr) bool {
		return a.IsLoopback() || a == d.From || slices.Contains(d.run.Vantage.Addresses, a)
	}
	switch {
	case d.Local, d.Addr.IsValid() && own(d.Addr), d.From.IsLoopback():
		return true
	case d.ICMP != nil:
		return own(d.ICMP.From)
	}
	return d.Outcome == snapshot.UnreachableHost || d.Outcome == snapshot.UnreachableNetwork || d.Outcome == snapshot.Prohibited && d.Errno != "ENOPROTOOPT"
}

// Hurried reports whether a probe was given up before an answer could be
// expected: its silence is no filter's. A lost first packet is sent again after
// one second, and an answer takes as long as others took in the same run.
// Source: RFC 6298, 2.1.
func Hurried(r *snapshot.ProbeRun, p snapshot.Probe) bool {
	trip := typicalRoundTrip(r)
	return p.Outcome == snapshot.Filtered && waited(r, p) < max(time.Second+trip, 2*trip)
}

func (d dialled) hurried() bool { return Hurried(d.run, d.Probe) }

// waited is how long an answer was waited for, at most.
func waited(r *snapshot.ProbeRun, p snapshot.Probe) time.Duration {
	if r.TimeoutMS > 0 {
		return time.Duration(r.TimeoutMS) * time.Millisecond
	}
	return time.Duration(p.ElapsedMS * float64(time.Millisecond))
}

// typicalRoundTrip is the longest, over the addresses of a run, of the middle of
// the round trips that were seen: one lost packet does not make an address slow.
func typicalRoundTrip(r *snapshot.ProbeRun) time.Duration {
	byAddr := map[netip.Addr][]float64{}
	for _, p := range r.Probes {
		if answered(p) {
			byAddr[p.Addr] = append(byAddr[p.Addr], p.ElapsedMS)
		}
	}
	var longest float64
	for _, list := range byAddr {
		slices.Sort(list)
		longest = max(longest, list[(len(list)-1)/2])
	}
	return time.Duration(longest * float64(time.Millisecond))
}
