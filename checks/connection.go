package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageTelemetry = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VgwTelemetry.html"

var reqConnection = &Requirement{
	ID: "connection", Grade: "required",
	Title:   say("An active connection between the source network and the endpoint's VPC", "ソースネットワークとエンドポイントの VPC の間の有効な接続"),
	Sources: []string{pageArticle, "https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html"},
}

var (
	connectionNone = &Problem{
		Code: "DSP410", Severity: Fail,
		Title:   say("nothing joins {source} to {subject}: the routes lead to no connection", "{source} と {subject} をつなぐものがない（経路がどの接続にも向かっていない）"),
		Cause:   say("Without a connection no packet of the agent reaches the endpoint.", "接続がなければ、エージェントの通信はエンドポイントに届かない。"),
		Fix:     say("Join them with a VPC peering connection or a transit gateway (VPCs), or a VPN or Direct Connect gateway (on-premises).", "VPC 同士ならピアリングかトランジットゲートウェイ、オンプレミスなら VPN か Direct Connect のゲートウェイで接続する。"),
		Example: []repair.Change{repair.NewPeering{VPC: "vpc-05a1b2c3d4e5f6071", PeerVPC: "vpc-0d5c1a2b3e4f50617", PeerAccount: "111122223333", PeerRegion: "us-east-1"}},
		Look:    []Command{OnAWS("ec2 describe-vpc-peering-connections --filters Name=accepter-vpc-info.vpc-id,Values={subject}"), OnAWS("ec2 describe-transit-gateway-vpc-attachments --filters Name=vpc-id,Values={subject}")},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: reqConnection.Sources,
	}
	connectionInactive = &Problem{
		Code: "DSP411", Severity: Fail,
		Title:   say("{connection}, on the way between {source} and {subject}, carries nothing: {seen}", "{source} と {subject} の間にある {connection} が何も運ばない: {seen}"),
		Cause:   say("What is not in its working state carries nothing, and routes to it are blackholes. What waits can be accepted and what has stopped can be started; what was deleted or rejected, or has failed, does not come back.", "稼働状態でないものは何も運ばず、そこへの経路はブラックホールになる。承認待ちのものは承認でき、停止したものは起動できるが、削除・拒否・失敗したものは元に戻らない。"),
		Fix:     say("Make {connection} carry traffic: {remedy}.", "{connection} が通信を運ぶようにする: {remedy}。"),
		Example: []repair.Change{repair.Accept{ID: "pcx-0a1b2c3d4e5f60718"}},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: reqConnection.Sources,
	}
	connectionOneTunnel = &Problem{
		Code: "DSP412", Severity: Warn,
		Title:   say("only one tunnel of {connection} is up: {seen}", "{connection} のトンネルが 1 本しか稼働していない: {seen}"),
		Cause:   say("AWS takes the tunnels of a VPN connection down for maintenance, one after the other. With one tunnel that interrupts the agent.", "AWS は VPN 接続のトンネルを 1 本ずつメンテナンスで停止する。1 本だけだとその間エージェントの通信が途切れる。"),
		Fix:     say("Bring the second tunnel of {connection} up on the customer gateway device.", "カスタマーゲートウェイデバイスで {connection} の 2 本目のトンネルを稼働させる。"),
		Look:    []Command{OnAWS("ec2 describe-vpn-connections --vpn-connection-ids {connection}")},
		Sources: []string{pageTelemetry},
	}
)

var connectionActive = register(&Check{
	ID:       connectionID,
	Area:     AreaPath,
	Title:    say("An active connection joins the source network and the endpoint's VPC", "有効な接続がソースネットワークとエンドポイントの VPC をつないでいる"),
	Requires: reqConnection,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.VPCs},
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{connectionNone, connectionInactive, connectionOneTunnel},
	Run:      runConnection,
	On:       []netpath.Layer{netpath.Connection, netpath.GatewayRoute, netpath.Route},
})

func runConnection(x *Exam) {
	j, ok := x.journey()
	switch {
	case !ok:
		return
	case !x.agentRuns(j):
		return
	case j.sameVPC() && len(j.there.At(netpath.Connection)) == 0:
		x.OK(j.to.VPC, snapshot.Saw(snapshot.VPCs, j.to.VPC, say("agent and endpoint are in this VPC; none is needed", "エージェントとエンドポイントが同じ VPC にあり、接続は不要")))
	case x.clash(j):
		x.See(whyClash, "cidr-overlap")
	default:
		x.judgeConnection(j)
	}
}

// agentRuns reports whether the agent's instance runs, as far as it is named; a
// stopped one sends nothing.
func (x *Exam) agentRuns(j journey) bool {
	a := j.agents
	if a.Instance == "" {
		return true
	}
	saw := snapshot.Saw(snapshot.Instances, a.Instance, snapshot.Textf("state %s", "状態 %s", a.State))
	switch netpath.Lives(netpath.InstanceState, a.State) {
	case netpath.On:
		return true
	case netpath.Stopped:
		x.reportInactive(j, a.Instance, a.State, saw)
	default:
		x.Unknown(a.Instance, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.Instances.Action(), Ref: a.Instance, Detail: a.State})
	}
	return false
}

func agentsName(j journey) string { return shorten(netpath.Addresses(j.agents.Addrs)) }

// sourceName is the agent's VPC, else its addresses.
func sourceName(j journey) string {
	if j.from.VPC != "" {
		return j.from.VPC
	}
	return agentsName(j)
}

func (x *Exam) judgeConnection(j journey) {
	sides := j.sides()
	if j.down() {
		x.connectionDown(j, sides)
		return
	}
	var working []snapshot.Evidence
	var resting []string
	for _, s := range sides {
		for _, l := range s.legs {
			h, open := l.open()
			edge, unproved := l.edge()
			switch {
			case unproved:
				x.Unknown(edge.Holder, gapOf(edge))
			case open && h.Layer == netpath.Connection:
				x.Unknown(h.Holder, gapOf(h))
			case open:
				resting = append(resting, x.owner(h, s.back))
			case l.last.Fate == netpath.On:
				working = append(working, x.carriers(j, l)...)
			}
		}
	}
	for _, id := range distinct(resting...) {
		x.restsOn(j.to.VPC, id)
	}
	switch {
	case slices.ContainsFunc(x.findings, func(f Finding) bool { return f.Status == Unknown }):
	case !j.placed() && len(working) == 0:
		x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
	case len(working) == 0 && j.sameVPC():
		x.OK(j.to.VPC, snapshot.Saw(snapshot.VPCs, j.to.VPC, say("agent and endpoint are in this VPC; none is needed", "エージェントとエンドポイントが同じ VPC にあり、接続は不要")))
	case len(working) == 0:
		x.Unknown(j.to.VPC)
	default:
		x.OK(j.to.VPC, working...)
	}
}

// carriers words what carries a part of the traffic, and reports VPN connections
// that stand on one leg.
func (x *Exam) carriers(j journey, l leg) []snapshot.Evidence {
	var out []snapshot.Evidence
	for _, h := range l.chain {
		if h.Layer != netpath.Connection {
			continue
		}
		ev := hopEvidence(h)
		out = append(out, ev)
		if connectionKind(h.Holder) == snapshot.VPNConnections && strings.HasPrefix(h.Cause.State, "UP (") {
			x.Report(connectionOneTunnel, h.Holder, Args{"connection": h.Holder, "seen": h.Cause.State, "region": x.region()}, ev)
		}
	}
	return out
}

// connectionDown says what is dead, or that nothing joins the two networks.
func (x *Exam) connectionDown(j journey, sides []sideFate) {
	dead := deadOf(sides)
	if len(dead) > 0 {
		h := dead[0]
		var ev []snapshot.Evidence
		for _, d := range dead {
			ev = append(ev, hopEvidence(d))
		}
		state := h.Cause.State
		if h.Cause.Reason != netpath.NotActive {
			x.reportConnection(j, h.Holder, stopText(h), remedyOfStop(h), ev...)
			return
		}
		x.reportInactive(j, h.Holder, state, ev...)
		return
	}
	links := x.linksBetween(j)
	for _, l := range links {
		if netpath.Lives(l.kind, l.state) == netpath.On {
			x.OK(j.to.VPC, snapshot.Saw(l.source, l.id, snapshot.Textf("state %s; no route uses it", "状態 %s（使う経路はない）", l.state)))
			return
		}
	}
	if len(links) > 0 {
		l := links[0]
		x.reportInactive(j, l.id, l.state, snapshot.Saw(l.source, l.id, snapshot.Textf("state %s", "状態 %s", l.state)))
		return
	}
	if g := j.estate.Planned(); g != nil {
		x.Unknown(j.to.VPC, *g)
		return
	}
	var ev []snapshot.Evidence
	for _, s := range sides {
		for _, l := range s.legs {
			ev = append(ev, hopEvidence(l.last))
		}
	}
	x.Report(connectionNone, j.to.VPC, Args{"source": sourceName(j), "region": x.region()}, ev...)
	if from, to := j.from, j.to; from.VPC != "" && from.Scope != nil && to.Scope != nil {
		v, _ := to.Scope.VPCs.Get(to.VPC)
		x.mend(x.inVPC(from), repair.NewPeering{VPC: from.VPC, PeerVPC: to.VPC, PeerAccount: cmp.Or(v.OwnerID, to.Scope.Account), PeerRegion: to.Scope.Region})
	}
}

// reportInactive reports what is in a state that carries nothing.
func (x *Exam) reportInactive(j journey, id, state string, ev ...snapshot.Evidence) {
	r := x.revive(j, id, state)
	x.reportConnection(j, id, snapshot.Textf("it is %s, not %s", "状態が %s で、%s ではない", state, r.needed), r.remedy, ev...)
	if r.Change != nil {
		x.mend(r.Whose, r.Change)
		return
	}
	if r.Whose == (repair.Whose{}) {
		r.Whose = whose(x.destination(), "")
	}
	x.lookCloser(r.Whose, r.command...)
}

func (x *Exam) reportConnection(j journey, id string, seen, remedy Text, ev ...snapshot.Evidence) {
	x.Report(connectionInactive, j.to.VPC, Args{"source": sourceName(j), "connection": id, "seen": seen, "remedy": remedy, "region": x.region()}, ev...)
}

// revival is what makes something work that is in another state than needed: a
// change, where a command can do it, or a look at it.
type revival struct {
	repair.Repair
	needed  string
	remedy  Text
	command []string
}

// waits reports whether a state is that of something that waits to be accepted; what
// was deleted, rejected or has failed can't be any more.
func waits(state string) bool {
	return strings.EqualFold(strings.ReplaceAll(state, "-", ""), "pendingAcceptance")
}

// gateway is a transit gateway, where it is seen.
func (x *Exam) gateway(id string) (snapshot.TransitGateway, bool) {
	for _, s := range x.Snapshot.Scopes {
		if g, p := s.TransitGateways.Get(id); p == snapshot.Present {
			return g, true
		}
	}
	return snapshot.TransitGateway{}, false
}
