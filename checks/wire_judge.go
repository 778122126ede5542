package checks

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// wireFault is the kind of failure that several probes of one address amount to.
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
	cut     bool     // some were stopped before an answer
	hurried *dialled // one that was given up before an answer could be expected
	split   *dialled // one of which another machine saw something else
	local   string   // this machine's own trouble, if that is all there is
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
		case d.against != nil:
			j.split = &d
			continue
		case d.hurried():
			j.hurried = &d
			continue
		case d.Outcome == snapshot.Cancelled:
			j.cut = true
			continue
		case d.inside(), d.Outcome == snapshot.LocalLimit, d.Outcome == snapshot.Failed:
			j.local = strings.TrimSpace(string(d.Outcome) + " " + d.Errno)
			continue
		case d.Outcome == snapshot.Open:
			j.open = append(j.open, d)
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
			return say("an activated agent closes this port; before that it refuses only while it boots", "アクティブ化済みのエージェントはこのポートを閉じる。それ以前に拒否するのは起動中だけ")
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

// settle reports what keeps a judgement from being one, and whether it does.
func (x *Exam) settle(j judgement, subject string) bool {
	return j.fault == noFault && x.unsettled(j, subject)
}

// unsettled reports what some of the probes leave open, and whether any does.
func (x *Exam) unsettled(j judgement, subject string) bool {
	switch {
	case j.local != "":
		x.Unknown(subject, snapshot.Gap{Code: snapshot.LocalTrouble, Source: "probe", Ref: subject, Detail: j.local})
		return true
	case j.split != nil:
		a, b := *j.split, *j.split.against
		x.Unknown(subject, snapshot.Gap{Code: snapshot.MachinesDiffer, Source: "probe", Ref: subject + " tcp " + netpath.Port(a.Port).String(), Scope: string(a.Outcome) + " (" + a.when() + ")", Detail: string(b.Outcome) + " (" + b.when() + ")"})
		return true
	case j.hurried != nil:
		x.Unknown(subject, snapshot.Gap{Code: snapshot.Hurried, Source: "probe", Ref: subject + " tcp " + netpath.Port(j.hurried.Port).String(), Detail: waited(j.hurried.run, j.hurried.Probe).Round(time.Millisecond).String()})
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
