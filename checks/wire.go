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

// wireUses place the machine that dialled, and tell what the configuration does
// with its packets.
var wireUses = []snapshot.Kind{
	snapshot.Interfaces, snapshot.SecurityGroups, snapshot.SecurityGroupRules, snapshot.NetworkACLs, snapshot.RouteTables,
	snapshot.VPCs, snapshot.Subnets, snapshot.Instances, snapshot.PrefixLists, snapshot.PrefixListEntries, snapshot.Peerings,
	snapshot.TransitGateways, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings,
	snapshot.TransitGatewayRouteTables, snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes, snapshot.VPNGateways,
}

// dialled is a probe with the run that it belongs to.
type dialled struct {
	snapshot.Probe
	run   *snapshot.ProbeRun
	place snapshot.VantagePlace
}

// when words where and when a probe was made.
func (d dialled) when() string {
	return fmt.Sprintf("%s, %s", d.from(), d.run.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// source is the address that the probe came from, as far as it is known.
func (d dialled) source() netip.Addr {
	if d.From.IsValid() {
		return d.From
	}
	for _, a := range d.run.Vantage.Addresses {
		if a.Is4() == d.Addr.Is4() {
			return a
		}
	}
	return netip.Addr{}
}

// from is source in words.
func (d dialled) from() string {
	if a := d.source(); a.IsValid() {
		return a.String()
	}
	return string(d.place)
}

// fact words what was seen.
func (d dialled) fact() Text {
	what := snapshot.Textf("tcp %d %s after %.1f ms, from %s", "tcp %d %s（%.1f ms、%s から）", d.Port, string(d.Outcome), d.ElapsedMS, d.when())
	add := func(t Text) { what = say(what.En+"; "+t.En, what.Ja+"、"+t.Ja) }
	if d.ICMP != nil {
		add(snapshot.Textf("ICMP type %d code %d from %s", "ICMP タイプ %d コード %d（%s から）", d.ICMP.Type, d.ICMP.Code, d.ICMP.From))
	} else if d.Errno != "" {
		add(snapshot.Same(d.Errno))
	}
	if t := d.TLS; t != nil {
		switch t.Outcome {
		case "ok":
			add(snapshot.Textf("TLS: certificate of %s, issued by %s", "TLS: %s の証明書、発行者 %s", shorten(t.Names), t.Issuer))
		default:
			add(snapshot.Textf("TLS: %s", "TLS: %s", strings.TrimSpace(t.Outcome+" "+t.Detail)))
		}
	}
	return what
}

func (d dialled) evidence() snapshot.Evidence {
	return snapshot.Evidence{Source: "probe", Ref: d.name(), Fact: d.fact()}
}

// name is what was dialled.
func (d dialled) name() string {
	if d.Host != "" && d.Addr.IsValid() {
		return d.Host + " (" + d.Addr.String() + ")"
	}
	if d.Host != "" {
		return d.Host
	}
	return d.Addr.String()
}

// place says where a run counts for: what the user said, else what the
// machine's addresses say.
func (x *Exam) place(r *snapshot.ProbeRun) snapshot.VantagePlace {
	if !r.Vantage.Guessed {
		return r.Vantage.Place
	}
	source, destination := x.networks()
	return r.Vantage.Guess(source, destination)
}

// networks lists the address blocks of both sides, as far as they are known.
func (x *Exam) networks() (source, destination []netip.Prefix) {
	return Networks(x.Target, x.Snapshot)
}

// Networks lists the address blocks of the agent's network and of the
// endpoint's, as far as they are known. They tell where a machine stands.
func Networks(t snapshot.Target, snap *snapshot.Snapshot) (source, destination []netip.Prefix) {
	source = slices.Clone(t.SourceCIDRs)
	if agents, gap := netpath.FindAgents(snap, t); gap == nil {
		source = append(source, agents.Addrs.Prefixes()...)
		if agents.Scope != nil {
			if v, p := agents.Scope.VPCs.Get(agents.VPC); p == snapshot.Present {
				source = append(source, v.Prefixes()...)
			}
		}
	}
	if s := snap.Role(snapshot.Destination); s != nil {
		if ep, p := s.Endpoints.Get(t.EndpointID); p == snapshot.Present {
			if v, p := s.VPCs.Get(ep.VPC); p == snapshot.Present {
				destination = v.Prefixes()
			}
		}
	}
	return source, destination
}

// placeOf says where a single probe counts for. Of a machine whose place was
// guessed, it is the address that it really dialled from that places it.
func (x *Exam) placeOf(r *snapshot.ProbeRun, p snapshot.Probe) snapshot.VantagePlace {
	if r.Vantage.Guessed && p.From.IsValid() {
		source, destination := x.networks()
		return snapshot.Vantage{Addresses: []netip.Addr{p.From}}.Guess(source, destination)
	}
	return x.place(r)
}

// dials lists the probes for a purpose, one for each kind of place, address and
// port: the agent's own before those of others, what came to an answer before
// what did not, later before earlier.
func (x *Exam) dials(purpose snapshot.Purpose, places ...snapshot.VantagePlace) []dialled {
	var all []dialled
	for i := range x.Snapshot.Probes {
		run := &x.Snapshot.Probes[i]
		for _, p := range run.Probes {
			if p.Purpose != purpose || x.tooOld(run) {
				continue
			}
			if place := x.placeOf(run, p); slices.Contains(places, place) {
				all = append(all, dialled{p, run, place})
			}
		}
	}
	own := func(netip.Addr) bool { return false }
	if agents, gap := netpath.FindAgents(x.Snapshot, x.Target); gap == nil {
		own = func(a netip.Addr) bool { return a.IsValid() && agents.Addrs.Contains(a) }
	}
	rank := func(d dialled) int {
		n := 0
		if own(d.source()) {
			n += 2
		}
		if d.Outcome != snapshot.Cancelled && d.Outcome != snapshot.LocalLimit && d.Outcome != snapshot.Failed && !d.Local {
			n++
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b dialled) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), b.run.TakenAt.Compare(a.run.TakenAt))
	})
	seen := map[string]bool{}
	out := slices.DeleteFunc(all, func(d dialled) bool {
		key := fmt.Sprintf("%s|%s|%s|%d", d.place, d.Host, d.Addr, d.Port)
		was := seen[key]
		seen[key] = true
		return was
	})
	slices.SortStableFunc(out, func(a, b dialled) int {
		return cmp.Or(a.Addr.Compare(b.Addr), strings.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port))
	})
	return out
}

// vantages words where all runs were made from.
func (x *Exam) vantages() string {
	var out []string
	for i := range x.Snapshot.Probes {
		r := &x.Snapshot.Probes[i]
		var addrs []string
		for _, a := range r.Vantage.Addresses {
			addrs = append(addrs, a.String())
		}
		line := string(x.place(r))
		if len(addrs) > 0 {
			line += " " + shorten(addrs)
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "; ")
}

// probeCommand is what to run where a dial would count.
func (x *Exam) probeCommand(flags ...string) string {
	return strings.Join(append(append([]string{"dspreflight", "probe", "--vantage", "agent-network"}, flags...), "-o", "json=probes.json"), " ")
}

// oldProbe is how much older than the other evidence a probe may be: what was
// open yesterday is not proved open today.
const oldProbe = 24 * time.Hour

// tooOld reports whether a run is too old to count.
func (x *Exam) tooOld(r *snapshot.ProbeRun) bool {
	return !x.Snapshot.TakenAt.IsZero() && x.Snapshot.TakenAt.Sub(r.TakenAt) > oldProbe
}

// gapOfDials is the gap where no probe counts: there is none from the place that
// does, or only an old one.
func (x *Exam) gapOfDials(place snapshot.VantagePlace, ref, command string) snapshot.Gap {
	for i := range x.Snapshot.Probes {
		if r := &x.Snapshot.Probes[i]; x.tooOld(r) {
			return snapshot.Gap{Code: snapshot.OldProbe, Source: "probe", Ref: ref, Detail: r.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC")}
		}
	}
	return snapshot.Gap{Code: snapshot.NotDialled, Source: x.vantages(), Scope: string(place), Ref: ref, Detail: command}
}
