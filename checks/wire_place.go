package checks

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

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

func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// narrowest is the length of the longest of the blocks that hold an address, -1 if none does.
func narrowest(networks []netip.Prefix, a netip.Addr) int {
	longest := -1
	for _, p := range networks {
		if p.Contains(a) {
			longest = max(longest, p.Bits())
		}
	}
	return longest
}

// standing says where a single probe counts for, and what forbids to believe it.
// A place that nobody stated is proved by what answered beside it, not by an
// address: the private blocks are everybody's. A place that was stated holds
// unless the source address contradicts it.
func (x *Exam) standing(r *snapshot.ProbeRun, p snapshot.Probe) (place snapshot.VantagePlace, doubt snapshot.GapCode) {
	source, destination := x.networks()
	addrs := r.Vantage.Addresses
	if p.From.IsValid() { // a machine may have bridges and tunnels; this is what it dialled from
		addrs = []netip.Addr{p.From}
	}
	if r.Instance != "" {
		if place, proved := x.placeOfInstance(r, p); proved {
			return place, ""
		}
	}
	in := func(networks []netip.Prefix) bool {
		return slices.ContainsFunc(addrs, func(a netip.Addr) bool { return within(networks, a) })
	}
	if r.Vantage.Guessed {
		place = snapshot.Vantage{Addresses: addrs}.Guess(source, destination)
		beside := source
		if place == snapshot.ActivationMachine {
			beside = append(slices.Clone(source), destination...)
		}
		if place != snapshot.Elsewhere && !x.provedBeside(r, p, beside) {
			return place, snapshot.VantageUnproved
		}
		return place, ""
	}
	place = r.Vantage.Place
	if place != snapshot.AgentNetwork || len(addrs) == 0 || in(source) && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return narrowest(destination, a) > narrowest(source, a) }) {
		return place, ""
	}
	private := slices.ContainsFunc(addrs, netip.Addr.IsPrivate)
	if in(destination) || !private || x.sourceBlocksKnown() {
		return place, snapshot.VantageDenied
	}
	return place, ""
}

// provedBeside reports whether what answered the machine, in the same run and from the
// same address, shows that it stands in the networks: two of the agent and the file
// servers; or one of them, and the endpoint with a certificate of DataSync, not one that
// this machine could not verify: whoever answers can write any name into one of its own. A
// refusal counts for nothing, as a firewall refuses in anybody's name, and a portal
// answers on the ports of the web. One answer alone may be that of anything with the same private address in another
// network; that of the endpoint proves the way, not the place: it comes through a
// VPN client's translation too.
func (x *Exam) provedBeside(r *snapshot.ProbeRun, p snapshot.Probe, networks []netip.Prefix) bool {
	beside := map[netip.Addr]bool{}
	reached, portal := false, false
	for _, o := range r.Probes {
		if t := o.TLS; t != nil && o.Outcome == snapshot.Open {
			portal = portal || x.foreign(t)
			reached = reached || o.From == p.From && t.Outcome == "ok" && (t.Verified == nil || *t.Verified) && slices.ContainsFunc(t.Names, x.ofDataSync)
		}
	}
	for _, o := range r.Probes {
		if web := o.Port == 80 || o.Port == 443; o.From != p.From || o.Outcome != snapshot.Open || web && portal || !within(networks, o.Addr) || (dialled{Probe: o, run: r}).inside() {
			continue
		}
		if o.Purpose == snapshot.ToAgentHTTP || o.Purpose == snapshot.ToStorage {
			beside[o.Addr] = true
		}
	}
	reached = reached && !portal
	return len(beside) > 1 || len(beside) == 1 && reached
}

// ofDataSync reports whether a name is one of DataSync in the activation Region.
func (x *Exam) ofDataSync(name string) bool {
	region := strings.ToLower(x.region())
	plain, dual := snapshot.DNSSuffixes(region)
	name = strings.ToLower(name)
	return strings.Contains(name, "datasync") && (strings.HasSuffix(name, "."+region+"."+plain) || strings.HasSuffix(name, "."+region+".vpce."+plain) || strings.HasSuffix(name, "."+region+"."+dual))
}

// answered reports whether the address that was dialled answered itself.
func answered(p snapshot.Probe) bool {
	return !p.Local && p.ICMP == nil && (p.Outcome == snapshot.Open || p.Outcome == snapshot.Refused || p.Outcome == snapshot.ResetAfter)
}

// sourceBlocksKnown reports whether the blocks of the agent's network are known,
// not its own address only: only then is another private address outside of it.
func (x *Exam) sourceBlocksKnown() bool {
	if len(x.Target.SourceCIDRs) > 0 {
		return true
	}
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	return gap == nil && agents.Scope != nil && agents.VPC != ""
}

// oldProbe is how much older than the other evidence a probe may be: what was
// open yesterday is not proved open today.
const oldProbe = 24 * time.Hour

// tooOld reports whether a run is too old to count.
func (x *Exam) tooOld(r *snapshot.ProbeRun) bool {
	return !x.Snapshot.TakenAt.IsZero() && x.Snapshot.TakenAt.Sub(r.TakenAt) > oldProbe
}

// gapOfDials is the gap where nothing counts that a machine of a place saw.
func (x *Exam) gapOfDials(place snapshot.VantagePlace, ref, command string) snapshot.Gap {
	return x.gapOfPurpose("", place, ref, command)
}

// gapOfPurpose is the gap where no probe for a purpose counts: there is none from
// the place that does, only an old one, or one whose place is not proved.
func (x *Exam) gapOfPurpose(purpose snapshot.Purpose, place snapshot.VantagePlace, ref, command string) snapshot.Gap {
	for i := range x.Snapshot.Probes {
		r := &x.Snapshot.Probes[i]
		if x.tooOld(r) {
			return snapshot.Gap{Code: snapshot.OldProbe, Source: "probe", Ref: ref, Detail: r.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC")}
		}
		for _, p := range r.Probes {
			if p.Purpose != purpose {
				continue
			}
			if at, doubt := x.standing(r, p); doubt != "" {
				return snapshot.Gap{Code: doubt, Source: "probe", Scope: string(at), Ref: ref, Detail: dialled{Probe: p, run: r, place: at}.from()}
			}
		}
	}
	for i := range x.Snapshot.Probes { // a machine that told nothing may have stood there
		if r := &x.Snapshot.Probes[i]; r.Trouble != nil {
			return r.Gap()
		}
	}
	if g := x.Snapshot.CommandGap(); g != nil {
		return *g
	}
	return snapshot.Gap{Code: snapshot.NotDialled, Source: x.vantages(), Scope: string(place), Ref: ref, Detail: command}
}
