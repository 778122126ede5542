package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageTesting = documented.PageTesting

var reqAgrees = &Requirement{
	ID: "wire-agrees", Grade: "recommended",
	Title:   say("What the wire does agrees with what the configuration says", "実際の通信が構成と一致する"),
	Sources: []string{pageNetwork, pageTesting},
}

// whoHas asks AWS whose address it is.
var whoHas = OnAWS("ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values={subject}")

var (
	agreesHidden = &Problem{
		Code: "DSP651", Severity: Warn,
		Title:   say("the configuration lets TCP {ports} from {from} to {subject} through, but {meaning}", "構成上 {from} から {subject} への TCP {ports} は許可されているが、{meaning}"),
		Cause:   say("Something that AWS does not show stops it: a firewall on-premises or in a third-party appliance, the machine's own, or a way back that leads elsewhere.", "AWS から見えないもの（オンプレミスや他社製アプライアンスのファイアウォール、マシン自身のファイアウォール、別の場所に向かう戻り経路）が止めている。"),
		Fix:     say("Ask the network team for the logs of the firewalls between {from} and {subject} on TCP {ports}, in both directions, starting with {culprit}.", "{from} と {subject} の間のファイアウォールの TCP {ports} のログを往復とも確認する。まず調べる機器: {culprit}。"),
		Look:    []Command{againEndpoint},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: []string{pageNetwork, pageTesting},
	}
	agreesStale = &Problem{
		Code: "DSP652", Severity: Warn,
		Title:   say("the configuration stops TCP {ports} from {from} to {subject} ({checks}), but it is open", "構成上 {from} から {subject} への TCP {ports} は遮断される（{checks}）が、実際には開いている"),
		Cause:   say("The evidence is older than the network, the packets arrive from another address (NAT), or what answers at the address is not this endpoint.", "証拠が古い、送信元アドレスが変換されている（NAT）、またはそのアドレスで応答しているのがこのエンドポイントではない。"),
		Fix:     say("Collect the evidence again (from {taken} so far), and compare {subject} with the addresses of the endpoint's interfaces.", "証拠を取り直し（現在のものは {taken}）、{subject} がエンドポイントのインターフェイスのアドレスか確認する。"),
		Look:    []Command{whoHas},
		Sources: []string{pageNetwork},
	}
	agreesIntercepted = &Problem{
		Code: "DSP653", Severity: Warn,
		Title:   say("{subject} answers {from} even on TCP {ports}, which no DataSync endpoint serves", "{subject} が、DataSync エンドポイントの使わない TCP {ports} でも {from} に応答する"),
		Cause:   say("A proxy, a security agent or a firewall accepts connections in the endpoint's name, so that open ports prove nothing from here.", "プロキシ、セキュリティソフト、ファイアウォールのいずれかがエンドポイントの代わりに接続を受け付けており、ここから見て開いているポートは証拠にならない。"),
		Fix:     say("Exempt {subject} from it, or dial from a machine without it.", "{subject} を対象から外すか、それを通らないマシンから試す。"),
		Look:    []Command{againEndpoint},
		Sources: []string{pageNetwork},
	}
	agreesNobody = &Problem{
		Code: "DSP654", Severity: Warn,
		Title:   say("the configuration lets TCP {ports} from {from} to {subject} through, and the connection is refused", "構成上 {from} から {subject} への TCP {ports} は許可されているが、接続が拒否される"),
		Cause:   say("A DataSync endpoint listens on all of these ports, so that something else refuses: a firewall on the way that rejects instead of dropping, or another machine that has the address, where the addresses of two networks collide.", "DataSync エンドポイントはこれらすべてで待ち受けるため、別のものが拒否している。破棄せず拒否を返す途中のファイアウォールか、2 つのネットワークのアドレスが衝突している場合の別のマシンである。"),
		Fix:     say("Ask who runs the firewalls between {from} and {subject} whether one of them rejects TCP {ports}; look at who has {subject} on the source network, and compare it with the addresses of the endpoint's interfaces.", "{from} と {subject} の間のファイアウォールの管理者に、TCP {ports} を拒否していないか確認する。ソースネットワークで {subject} を使っているものがないかも調べ、エンドポイントのインターフェイスのアドレスと比べる。"),
		Look:    []Command{whoHas},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: []string{pageNetwork},
	}
)

var _ = register(&Check{
	ID:       "probe-agrees",
	Area:     AreaProbe,
	Title:    say("What the wire does agrees with what the configuration says", "実際の通信が構成と一致する"),
	Requires: reqAgrees,
	Needs:    probeNeeds,
	Uses:     wireUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{agreesHidden, agreesStale, agreesIntercepted, agreesNobody},
	Run:      runProbeAgrees,
})

// pathChecks speak of every port at once.
var pathChecks = []*Check{connectionActive, routeThere, routeBack, aclsThere, aclsBack, agentEgress, pathInspected}

// configured is what the configuration does with the packets of a machine to a
// group of ports: PASS lets them through, FAIL stops them.
func (x *Exam) configured(g PortGroup, from, to netip.Addr) configVerdict {
	t := x.Target
	t.AgentIP, t.EndpointIP = from, to
	if agents, gap := netpath.FindAgents(x.Snapshot, x.Target); gap == nil {
		t.SourceVPCID = agents.VPC // the machine stands in the agent's network
	}
	t.AgentInstanceID, t.SourceSubnetID = "", ""
	return x.configuredFor(g, t)
}

// configVerdict is a verdict on the configuration, with the checks behind it.
type configVerdict struct {
	Status Status
	Checks []string
}

// configuredFor asks the checks of the configuration about a target, for one
// group of ports. They are pure functions of what this check declares.
func (x *Exam) configuredFor(g PortGroup, t snapshot.Target) configVerdict {
	v := configVerdict{Status: Pass}
	for _, c := range append([]*Check{g.config}, pathChecks...) {
		if missing(c, x.Target, x.Snapshot) != nil {
			v.add(Unknown, c.ID)
			continue
		}
		sub := &Exam{Target: t, Snapshot: x.Snapshot, check: c}
		c.Run(sub)
		for _, f := range sub.findings {
			switch {
			case f.Status == Unknown:
				v.add(Unknown, c.ID)
			case f.Problem != nil && concerns(f, g):
				// A WARN of rules is a breach too: packets don't know of grades.
				if c == g.config || f.Status == Fail || c.filters() {
					v.add(Fail, c.ID)
				}
			}
		}
	}
	return v
}

func (v *configVerdict) add(s Status, id string) {
	switch {
	case s.Weight() > v.Status.Weight():
		v.Status, v.Checks = s, []string{id}
	case s == v.Status && !slices.Contains(v.Checks, id):
		v.Checks = append(v.Checks, id)
	}
}

// concerns reports whether a finding is about a port of the group: one that
// names no ports is about all.
func concerns(f Finding, g PortGroup) bool {
	text, _ := f.Args["ports"].(string)
	ports, ok := netpath.ParsePorts(text)
	return !ok || slices.ContainsFunc(ports, func(said netpath.Ports) bool {
		return said.First >= netpath.Ephemeral.First || // replies
			slices.ContainsFunc(g.Requirement.Ports, func(p netpath.Ports) bool { return said.First <= p.Last && p.First <= said.Last })
	})
}

func runProbeAgrees(x *Exam) {
	all := x.dials(snapshot.ToEndpointPort, snapshot.AgentNetwork)
	if len(all) == 0 {
		x.NotApplicable(say("nothing was dialled from the agent's network that could be compared", "エージェントのネットワークから試した結果がなく、比べられない"))
		return
	}
	for _, d := range x.dials(snapshot.ToControlPort, snapshot.AgentNetwork) {
		if d.Outcome == snapshot.Open {
			x.Report(agreesIntercepted, d.Addr.String(), Args{"ports": netpath.Port(d.Port).String(), "from": d.from()}, d.evidence())
		}
	}
	var addrs []netip.Addr
	known := EndpointAddresses(x.Target, x.Snapshot)
	for _, d := range all {
		if !slices.Contains(addrs, d.Addr) && (len(known) == 0 || slices.Contains(known, d.Addr)) {
			addrs = append(addrs, d.Addr)
		}
	}
	if len(addrs) == 0 {
		x.NotApplicable(say("none of the addresses that were dialled is one of the endpoint", "接続を試したアドレスの中にエンドポイントのものがない"))
		return
	}
	for _, a := range addrs {
		for _, g := range PortGroups(x.Target) {
			if list := ofGroup(all, a, g); len(list) > 0 {
				x.compare(g, a, list, fastest(list, all, a))
			}
		}
	}
}

// compare holds what the wire did for a group of ports against what the
// configuration says.
func (x *Exam) compare(g PortGroup, addr netip.Addr, list []dialled, fastest float64) {
	j := judgeDials(list, fastest)
	from := list[0].source()
	subject := addr.String()
	if !from.IsValid() || j.cut || j.hurried != nil || j.split != nil || j.local != "" || len(missingPorts(list, g)) > 0 {
		x.NotApplicable(snapshot.Textf("%s: the probes say nothing that could be compared", "%s: 比べられる結果がない", subject))
		return
	}
	config := x.configured(g, from, addr)
	var open []netpath.Ports
	for _, d := range j.open {
		open = append(open, netpath.Port(d.Port))
	}
	args := Args{
		"ports": netpath.JoinPorts(j.ports), "from": from.String(), "meaning": j.meaning(), "checks": strings.Join(config.Checks, ", "),
		"culprit": culprit(j), "taken": x.Snapshot.TakenAt.UTC().Format("2006-01-02 15:04:05 UTC"),
	}
	if j.fault == faultSilent { // what could drop it is just what the configuration was asked about
		args["meaning"] = say("nothing comes back", "応答がない")
	}
	switch {
	case config.Status == Unknown:
		x.NotApplicable(snapshot.Textf("%s tcp %s: the configuration leaves open what happens to packets from %s (%s), so there is nothing to compare with", "%s tcp %s: %s からのパケットがどうなるか構成からは決まらず（%s）、比べられない", subject, netpath.JoinPorts(g.Requirement.Ports), from, strings.Join(config.Checks, ", ")))
	case config.Status == Pass && j.fault == faultReset:
		x.Report(agreesNobody, subject, args, j.evidence()...)
	case config.Status == Pass && j.fault != noFault:
		x.Report(agreesHidden, subject, args, j.evidence()...)
	case config.Status == Fail && j.fault == noFault:
		args["ports"] = netpath.JoinPorts(open)
		x.Report(agreesStale, subject, args, j.evidence()...)
	default:
		x.OK(subject, j.evidence()...)
	}
}

// culprit names what to look at first.
func culprit(j judgement) Text {
	switch {
	case j.example.ICMP != nil:
		return snapshot.Same(j.example.ICMP.From.String())
	case j.fault == faultNear:
		return say("the device next to that machine", "そのマシンに近い機器")
	}
	return say("the last one before AWS", "AWS の直前の機器")
}
