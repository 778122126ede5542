package checks

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// againEndpoint dials again, after a change, until it works.
var againEndpoint = Here("dspreflight probe --vantage agent-network --endpoint-ip {subject} --wait 10m")

// wireProblem makes the problems of one port group, which differ in what was
// seen.
func wireProblem(code string, severity Status, r *Requirement, fault wireFault) *Problem {
	p := &Problem{
		Code: code, Severity: severity, Requires: r, Sources: r.Sources,
		Title: say("TCP {ports} of {subject} does not answer from {from}: {meaning}", "{subject} の TCP {ports} が {from} から応答しない: {meaning}"),
		Look:  []Command{againEndpoint},
		Cause: say("The agent dials these ports of the endpoint itself. What a machine on its network can't reach, it can't either, unless something on the way tells the two apart.", "エージェントはエンドポイントのこれらのポートに自分で接続する。同じネットワークのマシンから届かなければ、途中で両者が区別されない限り、エージェントからも届かない。"),
	}
	if severity == Fail {
		p.Errors = []*documented.Error{documented.EndpointUnreachable}
	}
	switch fault {
	case faultSilent:
		p.Fix = say("See which of the checks of groups, network ACLs and routes fails; if none does, ask for the log of the firewalls between {from} and {subject} on TCP {ports}, in both directions.", "セキュリティグループ・ネットワーク ACL・経路のチェックで失敗しているものを直す。どれも失敗していなければ、{from} と {subject} の間のファイアウォールで TCP {ports} のログを往復とも確認する。")
	case faultReset:
		p.Fix = say("Compare {subject} with the addresses of the endpoint's interfaces, and use one of them.", "{subject} がエンドポイントのインターフェイスのアドレスか確認し、正しいものを使う。")
	case faultRejected:
		p.Fix = say("Have the owner of that device allow TCP {ports} from {from} to {subject}.", "その機器の管理者に、{from} から {subject} への TCP {ports} の許可を依頼する。")
	case faultNoRoute:
		p.Fix = say("Give that router a route to {subject}, towards the peering connection, transit gateway, VPN or Direct Connect.", "そのルーターに {subject} への経路（ピアリング、Transit Gateway、VPN、Direct Connect 向け）を追加する。")
	default:
		p.Fix = say("Allow TCP {ports} from {from} to {subject} wherever it is stopped.", "遮断している箇所で {from} から {subject} への TCP {ports} を許可する。")
	}
	return p
}

var (
	probe443Silent   = wireProblem("DSP601", Fail, reqHTTPS, faultSilent)
	probe443Refused  = wireProblem("DSP602", Fail, reqHTTPS, faultReset)
	probe443Rejected = wireProblem("DSP603", Fail, reqHTTPS, faultRejected)
	probe443NoRoute  = wireProblem("DSP604", Fail, reqHTTPS, faultNoRoute)
	probe443Broken   = &Problem{
		Code: "DSP605", Severity: Warn, Requires: reqHTTPS, Sources: reqHTTPS.Sources,
		Look:  []Command{Here("ping -M do -c 3 -s 1372 {subject}"), againEndpoint},
		Title: say("TCP 443 of {subject} accepts connections from {from}, but TLS does not come about: {seen}", "{subject} の TCP 443 は {from} からの接続を受け付けるが、TLS が成立しない: {seen}"),
		Cause: say("A connection needs only small packets; TLS needs large ones, and the endpoint itself. No answer: packets of full size are lost on the way (a wrong MTU, with ICMP \"fragmentation needed\" blocked), or something accepts everything. Reset, closed or not TLS: something in between answers in the endpoint's name.", "接続は小さなパケットだけで成立するが、TLS には大きなパケットとエンドポイント本体が必要。no-answer は途中で大きなパケットが失われている（MTU の不一致と ICMP の遮断）か、何かが無条件に受け付けている。reset・closed・not-tls は途中の機器がエンドポイントの代わりに応答している。"),
		Fix:   say("Try `ping -M do -s 1372 {subject}` and smaller sizes to find the MTU, set MSS clamping on the VPN or firewall to it, and exempt {subject} from TLS inspection and proxies.", "`ping -M do -s 1372 {subject}` とより小さい値で MTU を調べ、VPN やファイアウォールの MSS をそれに合わせ、{subject} を TLS 検査とプロキシの対象から外す。"),
	}
	probeControlSilent   = wireProblem("DSP611", Fail, reqControl, faultSilent)
	probeControlRefused  = wireProblem("DSP612", Fail, reqControl, faultReset)
	probeControlRejected = wireProblem("DSP613", Fail, reqControl, faultRejected)
	probeControlNoRoute  = wireProblem("DSP614", Fail, reqControl, faultNoRoute)
	probeGuide           = wireProblem("DSP615", Warn, reqControlGuide, noFault)
	probeSupport         = wireProblem("DSP621", Warn, reqSupport, noFault)
)

var probeNeeds = []snapshot.Kind{snapshot.Probes, snapshot.Endpoints}

var _ = register(&Check{
	ID:       "probe-443",
	Area:     AreaProbe,
	Title:    say("The endpoint answers on TCP 443, dialled from the agent's network", "エージェントのネットワークからの TCP 443 にエンドポイントが応答"),
	Requires: reqHTTPS,
	Needs:    probeNeeds,
	Uses:     wireUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{probe443Silent, probe443Refused, probe443Rejected, probe443NoRoute, probe443Broken},
	Run: func(x *Exam) {
		x.wire(portGroup443, func(f wireFault) *Problem {
			return map[wireFault]*Problem{faultSilent: probe443Silent, faultReset: probe443Refused, faultNear: probe443Rejected, faultRejected: probe443Rejected, faultNoRoute: probe443NoRoute}[f]
		})
	},
})

var _ = register(&Check{
	ID:       "probe-control",
	Area:     AreaProbe,
	Title:    say("The endpoint answers on TCP 1024-1064, dialled from the agent's network", "エージェントのネットワークからの TCP 1024-1064 に応答"),
	Requires: reqControl,
	Needs:    probeNeeds,
	Uses:     wireUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{probeControlSilent, probeControlRefused, probeControlRejected, probeControlNoRoute, probeGuide},
	Run: func(x *Exam) {
		x.wire(portGroupControl, func(f wireFault) *Problem {
			return map[wireFault]*Problem{faultSilent: probeControlSilent, faultReset: probeControlRefused, faultNear: probeControlRejected, faultRejected: probeControlRejected, faultNoRoute: probeControlNoRoute}[f]
		})
		if x.severity(probeGuide) != Skip {
			x.wire(portGroupGuide, func(wireFault) *Problem { return probeGuide })
		}
	},
})

var _ = register(&Check{
	ID:       "probe-support",
	Area:     AreaProbe,
	Title:    say("The endpoint answers on TCP 22, dialled from the agent's network", "エージェントのネットワークからの TCP 22 に応答"),
	Requires: reqSupport,
	Needs:    probeNeeds,
	Uses:     wireUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{probeSupport},
	Run: func(x *Exam) {
		if x.Target.Mode == "enhanced" {
			x.NotApplicable(say("the support channel is for Basic mode agents only", "サポートチャネルは Basic モードのエージェント専用"))
			return
		}
		x.wire(portGroupSupport, func(wireFault) *Problem { return probeSupport })
	},
})

// PortGroup is a set of ports of the endpoint that are judged together, and the
// check of the configuration that speaks of them.
type PortGroup struct {
	Requirement *Requirement
	config      *Check
	otherwise   Status // what a breach means where the mode says nothing
}

// The groups.
var (
	portGroup443     = PortGroup{reqHTTPS, ingress443, Fail}
	portGroupControl = PortGroup{reqControl, ingressControl, Fail}
	portGroupGuide   = PortGroup{reqControlGuide, ingressControl, Warn}
	portGroupSupport = PortGroup{reqSupport, ingressSupport, Warn}
)

// PortGroups lists what a target's mode and requirements ask of the endpoint.
func PortGroups(t snapshot.Target) []PortGroup {
	groups := []PortGroup{portGroup443, portGroupControl}
	if reqControlGuide.severity(t, portGroupGuide.otherwise) != Skip {
		groups = append(groups, portGroupGuide)
	}
	if t.Mode != "enhanced" {
		groups = append(groups, portGroupSupport)
	}
	return groups
}

// PortRequired reports whether an agent can't do without a port of the endpoint,
// as the target's mode and requirements grade it.
func PortRequired(t snapshot.Target, port uint16) bool {
	for _, g := range PortGroups(t) {
		for _, p := range g.Requirement.Ports {
			if port >= p.First && port <= p.Last {
				return g.Requirement.severity(t, g.otherwise) == Fail
			}
		}
	}
	return false
}

// EndpointAddresses lists the IPv4 addresses of the endpoint that the key may be
// asked for with: the chosen one, else all that were seen.
func EndpointAddresses(t snapshot.Target, snap *snapshot.Snapshot) []netip.Addr {
	addrs, _ := endpointAddresses(t, snap)
	return addrs
}

// endpointAddresses says as well what was not seen of them.
func endpointAddresses(t snapshot.Target, snap *snapshot.Snapshot) ([]netip.Addr, []snapshot.Gap) {
	if t.EndpointIP.IsValid() {
		return []netip.Addr{t.EndpointIP}, nil
	}
	s := snap.Role(snapshot.Destination)
	if s == nil {
		return nil, []snapshot.Gap{noDestination(t, snapshot.Endpoints)}
	}
	ep, p := s.Endpoints.Get(t.EndpointID)
	if p != snapshot.Present {
		return nil, []snapshot.Gap{s.GapFor(snapshot.Endpoints, t.EndpointID)}
	}
	interfaces, gaps := endpointInterfaces(s, ep)
	var out []netip.Addr
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() {
				out = append(out, a)
			}
		}
	}
	if len(out) == 0 && len(gaps) == 0 {
		gaps = append(gaps, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Scope: s.Label(), Ref: ep.ID, Detail: "NetworkInterfaceIds"})
	}
	return out, gaps
}

// wire judges the dials to a group of ports, address by address.
func (x *Exam) wire(g PortGroup, problem func(wireFault) *Problem) {
	addrs, gaps := endpointAddresses(x.Target, x.Snapshot)
	all := x.dials(snapshot.ToEndpointPort, snapshot.AgentNetwork)
	if len(gaps) > 0 { // whatever was dialled may be anybody's address, or not all of the endpoint's
		x.Unknown(x.Target.EndpointID, gaps...)
	}
	for _, a := range addrs {
		x.wireAt(g, a, all, problem)
	}
}

func (x *Exam) wireAt(g PortGroup, addr netip.Addr, all []dialled, problem func(wireFault) *Problem) {
	list := ofGroup(all, addr, g)
	subject := addr.String()
	if missing := missingPorts(list, g); len(missing) > 0 {
		x.notDialled(netpath.JoinPorts(missing), subject)
		return
	}
	if x.intercepted(list, addr, subject) {
		return
	}
	j := judgeDials(list, fastest(list, all, addr))
	if x.settle(j, subject) {
		return
	}
	if j.fault == noFault {
		if g == portGroup443 && brokenTLS(j.open[0].TLS) {
			x.Report(probe443Broken, subject, Args{"from": j.open[0].from(), "seen": j.open[0].TLS.Outcome}, j.open[0].evidence())
		}
		if other := x.otherAnswers(list, addr); other != nil {
			x.Unknown(subject, snapshot.Gap{Code: snapshot.OtherAnswers, Source: "probe", Ref: subject, Words: other.fact()})
		} else {
			x.OK(subject, j.evidence()...)
		}
		return
	}
	from := j.example.source()
	if x.treatedUnlikeTheAgent(g, from, addr) {
		x.Unknown(subject, snapshot.Gap{Code: snapshot.OtherVantage, Source: "probe", Ref: subject, Detail: from.String()})
		return
	}
	p := problem(j.fault)
	if p == nil {
		x.Unknown(subject, snapshot.Gap{Code: snapshot.LocalTrouble, Source: "probe", Ref: subject, Detail: string(j.example.Outcome)})
		return
	}
	x.Report(p, subject, Args{"ports": netpath.JoinPorts(j.ports), "from": j.example.from(), "meaning": j.meaning()}, j.evidence()...)
}

func ofGroup(all []dialled, addr netip.Addr, g PortGroup) []dialled {
	var out []dialled
	for _, d := range all {
		if d.Addr == addr && slices.ContainsFunc(g.Requirement.Ports, func(p netpath.Ports) bool { return d.Port >= p.First && d.Port <= p.Last }) {
			out = append(out, d)
		}
	}
	return out
}

// missingPorts lists the ports of a group that nobody dialled.
func missingPorts(list []dialled, g PortGroup) []netpath.Ports {
	var out []netpath.Ports
	for _, r := range g.Requirement.Ports {
		for port := int(r.First); port <= int(r.Last); port++ {
			if !slices.ContainsFunc(list, func(d dialled) bool { return int(d.Port) == port }) {
				out = append(out, netpath.Port(uint16(port)))
			}
		}
	}
	return out
}

func (x *Exam) notDialled(ports, subject string) {
	var flags []string
	for _, a := range EndpointAddresses(x.Target, x.Snapshot) {
		flags = append(flags, "--endpoint-ip", a.String())
	}
	if len(flags) == 0 {
		flags = []string{"--endpoint-ip", "ENDPOINT_IP"}
	}
	ref := subject
	if ports != "" {
		ref += " tcp " + ports
	}
	x.Unknown(subject, x.gapOfPurpose(snapshot.ToEndpointPort, snapshot.AgentNetwork, ref, x.probeCommand(flags...)))
}

// treatedUnlikeTheAgent reports whether the configuration stops the machine that
// dialled but not the agent: then its silence says nothing of the agent.
func (x *Exam) treatedUnlikeTheAgent(g PortGroup, from, addr netip.Addr) bool {
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap != nil || !from.IsValid() || agents.Addrs.Contains(from) {
		return false
	}
	return x.configured(g, from, addr).Status == Fail && x.configuredFor(g, x.Target).Status != Fail
}
