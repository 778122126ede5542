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
	Title:   say("An active connection between the source network and the endpoint's VPC", "送信元ネットワークとエンドポイントの VPC の間の有効な接続"),
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
		Title:   say("{connection}, on the way between {source} and {subject}, is {seen}, not {needed}", "{source} と {subject} の間にある {connection} の状態が {seen} で、{needed} ではない"),
		Cause:   say("What is not in its working state carries nothing, and routes to it are blackholes.", "稼働状態でないものは何も運ばず、そこへの経路はブラックホールになる。"),
		Fix:     say("Accept it while it waits for that, start it if it is an instance; if it was deleted, rejected or failed, create a new one and point the routes at it.", "承認待ちなら承認し、インスタンスなら起動する。削除・拒否・失敗の場合は作り直し、経路を向け直す。"),
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
	Title:    say("An active connection joins the source network and the endpoint's VPC", "有効な接続が送信元ネットワークとエンドポイントの VPC をつないでいる"),
	Requires: reqConnection,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.VPCs},
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{connectionNone, connectionInactive, connectionOneTunnel},
	Run:      runConnection,
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

// sideFate is what becomes of the traffic that one side sends: Stopped if all of
// it is, On if some goes through and nothing is open.
type sideFate struct {
	fate netpath.Fate
	legs []leg
	back bool
}

func (j journey) side(back bool) sideFate {
	s := sideFate{fate: netpath.Stopped, legs: j.legs(back), back: back}
	for _, l := range s.legs {
		_, open := l.open()
		_, edge := l.edge()
		if open || edge {
			s.fate = netpath.Open
			return s
		}
		if l.last.Fate == netpath.On {
			s.fate = netpath.On
		}
	}
	return s
}

// sides lists the sides that lie in AWS. That of an agent outside AWS lies there
// only as far as something of AWS takes its packets in.
func (j journey) sides() []sideFate {
	var out []sideFate
	if len(j.there.Leaves()) > 0 {
		out = append(out, j.side(false))
	}
	return append(out, j.side(true))
}

// deadOf lists what is proved not to carry anything, where all that a side sends
// is lost.
func deadOf(sides []sideFate) []netpath.Hop {
	var out []netpath.Hop
	for _, s := range sides {
		for _, l := range s.legs {
			h := l.last
			if h.Layer == netpath.Connection && h.Fate == netpath.Stopped && !slices.ContainsFunc(out, func(o netpath.Hop) bool { return o.Holder == h.Holder }) {
				out = append(out, h)
			}
		}
	}
	return out
}

// apart reports whether routes of neither side lead to any connection, and none is
// there that they could lead to.
func (x *Exam) apart(j journey) bool {
	return j.down() && len(deadOf(j.sides())) == 0 && !slices.ContainsFunc(x.linksBetween(j), func(l link) bool { return rank(l) < lostRank })
}

// down reports whether the connection is proved down: every side that lies in AWS
// was seen, and what it sends leads nowhere, or to what is dead.
func (j journey) down() bool {
	return j.placed() && !slices.ContainsFunc(j.sides(), func(s sideFate) bool { return s.fate != netpath.Stopped })
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
			x.reportConnection(j, h.Holder, stopText(h), "active", ev...)
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
	x.reportConnection(j, id, snapshot.Same(state), r.needed, ev...)
	if r.Change != nil {
		x.mend(r.Whose, r.Change)
		return
	}
	if r.Whose == (repair.Whose{}) {
		r.Whose = whose(x.destination(), "")
	}
	x.look(r.Whose, r.look...)
}

func (x *Exam) reportConnection(j journey, id string, seen Text, needed string, ev ...snapshot.Evidence) {
	x.Report(connectionInactive, j.to.VPC, Args{"source": sourceName(j), "connection": id, "seen": seen, "needed": needed, "region": x.region()}, ev...)
}

// revival is what makes something work that is in another state than needed: a
// change, where a command can do it, or a look at it.
type revival struct {
	repair.Repair
	needed string
	look   []string
}

// waits reports whether a state is that of something that waits to be accepted; what
// was deleted, rejected or has failed can't be any more.
func waits(state string) bool {
	return strings.EqualFold(strings.ReplaceAll(state, "-", ""), "pendingAcceptance")
}

func (x *Exam) revive(j journey, id, state string) revival {
	accept := func(account, region string, kind repair.Acceptable, needed, command, option string) revival {
		r := revival{needed: needed, look: []string{"ec2", command, option, id}}
		if r.Whose = x.inAccount(account, region); waits(state) {
			r.Change = repair.Accept{ID: id, Kind: kind}
		}
		return r
	}
	for _, s := range x.Snapshot.Scopes {
		if p, ok := s.Peerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.Peering, "active", "describe-vpc-peering-connections", "--vpc-peering-connection-ids")
		}
		if p, ok := s.TransitGatewayPeerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.GatewayPeering, "available", "describe-transit-gateway-peering-attachments", "--transit-gateway-attachment-ids")
		}
		if a, ok := s.TransitGatewayVPCAttachments.Get(id); ok == snapshot.Present {
			g, _ := x.gateway(a.Gateway)
			return accept(cmp.Or(g.OwnerID, s.Account), s.Region, repair.GatewayAttachment, "available", "describe-transit-gateway-vpc-attachments", "--transit-gateway-attachment-ids")
		}
		if g, ok := s.VPNGateways.Get(id); ok == snapshot.Present {
			r := revival{needed: "attached", look: []string{"ec2", "describe-vpn-gateways", "--vpn-gateway-ids", id}}
			r.Whose = whose(s, "")
			if netpath.Lives(netpath.VPNGatewayState, g.State) == netpath.On && (state == "detached" || len(g.Attachments) == 0) {
				r.Change = repair.AttachVPNGateway{Gateway: id, VPC: j.to.VPC}
			}
			return r
		}
	}
	look := func(needed string, words ...string) revival { return revival{needed: needed, look: words} }
	switch connectionKind(id) {
	case snapshot.Instances:
		r := look("running", "ec2", "describe-instances", "--instance-ids", id)
		if r.Whose = whose(j.from.Scope, ""); state == "stopped" {
			r.Change = repair.StartInstance{ID: id}
		}
		return r
	case snapshot.VPNConnections:
		return look("UP", "ec2", "describe-vpn-connections", "--vpn-connection-ids", id)
	case snapshot.NATGateways:
		r := look("available", "ec2", "describe-nat-gateways", "--nat-gateway-ids", id)
		r.Whose = whose(j.from.Scope, "")
		return r
	}
	return look("available", "ec2", "describe-transit-gateways")
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

// link is one thing that joins two networks, though no route leads to it.
type link struct {
	id     string
	state  string
	kind   netpath.Stateful
	source snapshot.Kind
}

// linksBetween lists peering connections between the two VPCs, those that work
// first; for an agent outside AWS the gateways that lead out.
func (x *Exam) linksBetween(j journey) []link {
	var out []link
	add := func(l link) {
		if !slices.ContainsFunc(out, func(o link) bool { return o.id == l.id }) {
			out = append(out, l)
		}
	}
	for _, s := range x.Snapshot.Scopes {
		for _, p := range s.PeeringsOf(j.to.VPC) {
			if other, ok := p.Other(j.to.VPC); ok && j.from.VPC != "" && other.VPC == j.from.VPC {
				add(link{p.ID, p.Status.Code, netpath.PeeringState, snapshot.Peerings})
			}
		}
		for _, a := range s.AttachmentsOf(j.to.VPC) {
			if b, in := x.attachedTo(a.Gateway, j.from.VPC); in {
				if netpath.Lives(netpath.AttachmentState, a.State) == netpath.On {
					a = b // the worse of the two
				}
				add(link{a.ID, a.State, netpath.AttachmentState, snapshot.TransitGatewayVPCAttachments})
			}
		}
		for _, g := range s.VPNGateways.All() {
			for _, a := range g.Attachments {
				if a.VPC == j.to.VPC && j.from.Outside {
					state, kind := a.State, netpath.VPNAttachmentState
					if netpath.Lives(netpath.VPNGatewayState, g.State) != netpath.On {
						state, kind = g.State, netpath.VPNGatewayState
					}
					add(link{g.ID, state, kind, snapshot.VPNGateways})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return rank(a) - rank(b) })
	return out
}

// attachedTo finds a VPC's attachment to a gateway.
func (x *Exam) attachedTo(gateway, vpc string) (snapshot.TransitGatewayVPCAttachment, bool) {
	for _, s := range x.Snapshot.Scopes {
		for _, a := range s.AttachmentsOf(vpc) {
			if a.Gateway == gateway && vpc != "" {
				return a, true
			}
		}
	}
	return snapshot.TransitGatewayVPCAttachment{}, false
}

// lostRank is the rank of what does not come back.
const lostRank = 2

// rank puts what works before what waits for somebody, and that before what is
// gone for good.
func rank(l link) int {
	switch {
	case netpath.Lives(l.kind, l.state) == netpath.On:
		return 0
	case strings.Contains(strings.ToLower(l.state), "accept"):
		return 1
	}
	return lostRank
}
