package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
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

// kind of failure: what several probes of one address amount to.
type wireFault uint8

const (
	noFault         wireFault = iota
	faultSilent               // no answer at all
	faultReset                // a reset by the address itself
	faultNear                 // a reset by something nearer
	faultRejected             // an ICMP message that forbids
	faultNoRoute              // an ICMP message that there is no way
	faultUnresolved           // the name does not resolve
)

// judgement is what the probes of one address and port group amount to.
type judgement struct {
	fault   wireFault
	ports   []netpath.Ports // that did not answer
	example dialled         // the strongest evidence
	open    []dialled
	all     []dialled
	cut     bool   // some were stopped before an answer
	local   string // this machine's own trouble, if that is all there is
}

// judgeDials judges an address by its strongest evidence, not port by port:
// routers send few ICMP errors, so behind one rejecting firewall most ports look
// dropped. fastest is the round trip of an open port; a reset that comes in less
// than half of it was sent by something nearer.
// Source: Linux net.ipv4.icmp_ratelimit (one a second); RFC 1812 4.3.2.8.
func judgeDials(list []dialled, fastest float64) judgement {
	j := judgement{all: list}
	rank := func(f wireFault) int {
		return map[wireFault]int{faultRejected: 5, faultNoRoute: 4, faultUnresolved: 4, faultNear: 3, faultReset: 2, faultSilent: 1}[f]
	}
	for _, d := range list {
		f := noFault
		switch {
		case d.Outcome == snapshot.Open:
			j.open = append(j.open, d)
			continue
		case d.Outcome == snapshot.Cancelled:
			j.cut = true
			continue
		case d.Local, d.Outcome == snapshot.LocalLimit, d.Outcome == snapshot.Failed:
			j.local = strings.TrimSpace(string(d.Outcome) + " " + d.Errno)
			continue
		case d.Outcome == snapshot.NoSuchHost:
			f = faultUnresolved
		case d.Outcome == snapshot.Filtered:
			f = faultSilent
		case d.Outcome == snapshot.Refused && fastest-d.ElapsedMS > measurable && d.ElapsedMS < fastest/2:
			f = faultNear
		case d.Outcome == snapshot.Refused, d.Outcome == snapshot.ResetAfter:
			f = faultReset
		case d.Outcome == snapshot.Prohibited:
			f = faultRejected
		default:
			f = faultNoRoute
		}
		j.ports = append(j.ports, netpath.Port(d.Port))
		if rank(f) > rank(j.fault) {
			j.fault, j.example = f, d
		}
	}
	return j
}

// measurable is how much sooner, in milliseconds, a reset must come to have been
// sent by something nearer; less is the noise of a busy machine.
const measurable = 5

// fastest is the shortest round trip to an open port of the address, 0 if there
// is none or the times are not worth much, as those of the shell script.
func fastest(list, all []dialled, addr netip.Addr) float64 {
	best := 0.0
	if len(list) == 0 || strings.Contains(list[0].run.ToolVersion, "script") {
		return best
	}
	for _, d := range all {
		if d.Outcome == snapshot.Open && d.Addr == addr && d.run == list[0].run && (best == 0 || d.ElapsedMS < best) {
			best = d.ElapsedMS
		}
	}
	return best
}

// meaning says in words what a fault of the wire stands for.
func (j judgement) meaning() Text {
	if j.fault == faultNear {
		return say("a reset came back faster than the endpoint can answer: a firewall in between sent it", "エンドポイントより速くリセットが返った。途中のファイアウォールが送っている")
	}
	return Meaning(j.example.Probe)
}

// Meaning says in words what the outcome of a probe stands for.
func Meaning(p snapshot.Probe) Text {
	if p.Local && p.Outcome != snapshot.LocalLimit {
		return snapshot.Textf("this machine itself can't send there (%s): look at its routes and its firewall", "このマシン自身から送信できない（%s）。マシンの経路とファイアウォールを確認する", p.Errno)
	}
	switch p.Outcome {
	case snapshot.Open:
		return say("a connection was made", "接続できた")
	case snapshot.Refused:
		if p.Purpose == snapshot.ToAgentHTTP {
			return say("an activated agent closes this port; before that it refuses only while it boots", "アクティベート済みのエージェントはこのポートを閉じる。それ以前に拒否するのは起動中だけ")
		}
		return say("the way is open, but nothing listens there; is it really the right address?", "経路は開いているが待ち受けがない。本当に正しいアドレスか")
	case snapshot.ResetAfter:
		return say("accepted and reset at once: something in between, or a service that turns this machine away", "受け付けた直後にリセットされた。途中の機器か、このマシンを拒むサービス")
	case snapshot.Filtered:
		if !p.Addr.IsValid() {
			return say("the name server gave no answer", "DNS サーバーから応答がない")
		}
		return say("no answer at all: a security group, a network ACL or a firewall drops it, or the way back is missing", "応答がまったくない。セキュリティグループ、ネットワーク ACL、ファイアウォールのいずれかが破棄しているか、戻りの経路がない")
	case snapshot.Prohibited:
		if p.ICMP != nil {
			return snapshot.Textf("rejected by %s (ICMP type %d code %d): that device forbids it", "%s が拒否した（ICMP タイプ %d コード %d）。この機器が通信を禁止している", p.ICMP.From, p.ICMP.Type, p.ICMP.Code)
		}
		return say("rejected: a device on the way forbids it", "拒否された。途中の機器が通信を禁止している")
	case snapshot.UnreachableNetwork, snapshot.UnreachableHost:
		if p.ICMP != nil {
			return snapshot.Textf("%s knows no way there (ICMP type %d code %d)", "%s に宛先への経路がない（ICMP タイプ %d コード %d）", p.ICMP.From, p.ICMP.Type, p.ICMP.Code)
		}
		return say("a router knows no way there", "ルーターに宛先への経路がない")
	case snapshot.NoSuchHost:
		return say("the name does not resolve", "名前を解決できない")
	case snapshot.LocalLimit:
		return snapshot.Textf("this machine ran out of ports, descriptors or memory (%s)", "このマシンのポート・ディスクリプター・メモリが足りない（%s）", p.Errno)
	case snapshot.Cancelled:
		return say("stopped before an answer", "応答前に中断された")
	}
	if !p.Addr.IsValid() {
		return say("the name could not be looked up: see whether this machine reaches its name server", "名前を引けなかった。このマシンから DNS サーバーに到達できるか確認する")
	}
	return snapshot.Textf("the attempt failed: %s", "失敗した: %s", p.Errno)
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

// settle reports what keeps a judgement from being one, and whether it does.
func (x *Exam) settle(j judgement, subject string) bool {
	switch {
	case j.fault != noFault:
		return false
	case j.local != "":
		x.Unknown(subject, snapshot.Gap{Code: snapshot.LocalTrouble, Source: "probe", Ref: subject, Detail: j.local})
		return true
	case j.cut:
		x.Unknown(subject, snapshot.Gap{Code: snapshot.DialCut, Source: "probe", Ref: subject})
		return true
	}
	return false
}

// evidence shows the strongest evidence and, for comparison, an open port.
func (j judgement) evidence() []snapshot.Evidence {
	var out []snapshot.Evidence
	if j.fault != noFault {
		out = append(out, j.example.evidence())
	}
	counts := map[snapshot.Outcome]int{}
	for _, d := range j.all {
		counts[d.Outcome]++
	}
	if len(j.all) > 1 {
		var parts []string
		for o, n := range counts {
			parts = append(parts, strconv.Itoa(n)+" "+string(o))
		}
		slices.Sort(parts)
		out = append(out, snapshot.Evidence{Source: "probe", Ref: j.all[0].name(), Fact: snapshot.Textf("of %d ports: %s; from %s", "%d ポート中: %s（%s から）", len(j.all), strings.Join(parts, ", "), j.all[0].when())})
	}
	if len(j.open) > 0 && (j.fault == noFault && len(j.all) == 1 || j.open[0].TLS != nil) {
		out = append(out, j.open[0].evidence())
	}
	return out
}
