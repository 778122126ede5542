package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqConnection = &Requirement{
	ID: "connection", Grade: "required",
	Title:   say("An active connection between the source network and the endpoint's VPC", "送信元ネットワークとエンドポイントの VPC の間の有効な接続"),
	Sources: []string{pageArticle, "https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html"},
}

var (
	connectionNone = &Problem{
		Code: "DSP410", Severity: Fail,
		Title:     say("nothing joins {source} to {subject}: no peering connection, no transit gateway, no VPN gateway", "{source} と {subject} をつなぐものがない（ピアリング・トランジットゲートウェイ・VPN ゲートウェイのいずれもない）"),
		Cause:     say("Without a connection no packet of the agent reaches the endpoint.", "接続がなければ、エージェントの通信はエンドポイントに届かない。"),
		Fix:       say("Join them with a VPC peering connection or a transit gateway (VPCs), or a VPN or Direct Connect gateway (on-premises).", "VPC 同士ならピアリングかトランジットゲートウェイ、オンプレミスなら VPN か Direct Connect のゲートウェイで接続する。"),
		CLI:       []string{"aws ec2 describe-vpc-peering-connections --region {region} --filters Name=accepter-vpc-info.vpc-id,Values={subject}", "aws ec2 describe-transit-gateway-vpc-attachments --region {region} --filters Name=vpc-id,Values={subject}"},
		Terraform: "resource \"aws_vpc_peering_connection\" \"datasync\" {\n  vpc_id      = \"{subject}\"\n  peer_vpc_id = \"{source}\"\n}",
		Errors:    []*DocumentedError{errUnreachable},
		Sources:   reqConnection.Sources,
	}
	connectionInactive = &Problem{
		Code: "DSP411", Severity: Fail,
		Title:     say("the connection {connection} between {source} and {subject} is {seen}, not {needed}", "{source} と {subject} の間の接続 {connection} の状態が {seen} で、{needed} ではない"),
		Cause:     say("A connection that is not active carries nothing, and routes to it are blackholes.", "有効でない接続は何も運ばず、そこへの経路はブラックホールになる。"),
		Fix:       say("Accept it while it is pending; if it was deleted, rejected or failed, create a new one and point the routes at it.", "保留中なら承認する。削除・拒否・失敗の場合は作り直し、経路を向け直す。"),
		CLI:       []string{"{command}"},
		Terraform: "auto_accept = true # on the accepter",
		Errors:    []*DocumentedError{errUnreachable},
		Sources:   reqConnection.Sources,
	}
)

var connectionActive = register(&Check{
	ID:       "connection-active",
	Area:     AreaPath,
	Title:    say("An active connection joins the source network and the endpoint's VPC", "有効な接続が送信元ネットワークとエンドポイントの VPC をつないでいる"),
	Requires: reqConnection,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.VPCs},
	Uses:     append([]snapshot.Kind{snapshot.Subnets, snapshot.RouteTables, snapshot.VPNConnections}, pathUses[1:]...),
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{connectionNone, connectionInactive},
	Run:      runConnection,
})

// link is one thing that joins two ends, and whether it works.
type link struct {
	id      string
	state   string
	good    bool
	source  snapshot.Kind
	command []string // what makes it good
	needed  string
}

func runConnection(x *Exam) {
	j, ok := x.journey()
	if !ok {
		return
	}
	switch {
	case j.sameVPC():
		x.OK(j.to.VPC, snapshot.Saw(snapshot.VPCs, j.to.VPC, say("agent and endpoint are in this VPC; none is needed", "エージェントとエンドポイントが同じ VPC にあり、接続は不要")))
	case x.clash(j):
		x.NotApplicable(whyClash)
	case !j.placed() && j.from.VPC == "":
		x.connectionByRoutes(j)
	case j.from.Outside:
		x.judgeLinks(j, x.gatewaysOf(j), agentsName(j))
	default:
		x.judgeLinks(j, x.linksBetween(j.from.VPC, j.to.VPC), j.from.VPC)
	}
}

func agentsName(j journey) string { return shorten(netpath.Addresses(j.agents.Addrs)) }

// judgeLinks passes when one link works, fails when none does and all were seen.
func (x *Exam) judgeLinks(j journey, links []link, source string) {
	for _, l := range links {
		if l.good {
			x.OK(j.to.VPC, snapshot.Saw(l.source, l.id, snapshot.Textf("state %s, joins %s and %s", "状態 %s、%s と %s を接続", l.state, source, j.to.VPC)))
			return
		}
	}
	s := j.to.Scope
	for _, k := range []snapshot.Kind{snapshot.Peerings, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings, snapshot.TransitGatewayAttachments, snapshot.VPNGateways} {
		// A peering connection shows on both sides, so that one of them is enough; what
		// joins one VPC to a gateway shows where that VPC is, and what is not known yet
		// where it is made.
		for _, o := range x.Snapshot.Scopes {
			if (o == s || k != snapshot.Peerings) && o.Extent(k) != snapshot.Full || o.Opened[k] != nil {
				x.Unknown(j.to.VPC, o.GapFor(k, j.to.VPC))
				return
			}
		}
	}
	args := Args{"source": source, "region": x.region()}
	if len(links) == 0 {
		x.Report(connectionNone, j.to.VPC, args, snapshot.Saw(snapshot.Peerings, j.to.VPC, snapshot.Textf("%d peering connections, %d transit gateway attachments, %d VPN gateways seen; none joins the two", "ピアリング %d 個、トランジットゲートウェイのアタッチメント %d 個、VPN ゲートウェイ %d 個を確認。両者をつなぐものはない", s.Peerings.Len(), s.TransitGatewayVPCAttachments.Len(), s.VPNGateways.Len())))
		return
	}
	l := links[0]
	args["connection"], args["seen"], args["needed"], args["command"] = l.id, l.state, l.needed, l.command
	var ev []snapshot.Evidence
	for _, l := range links {
		ev = append(ev, snapshot.Saw(l.source, l.id, snapshot.Textf("state %s", "状態 %s", l.state)))
	}
	x.Report(connectionInactive, j.to.VPC, args, ev...)
}

// linksBetween lists what joins two VPCs: peering connections, and chains of
// transit gateways. Ones that are gone for good come last.
func (x *Exam) linksBetween(a, b string) []link {
	var out []link
	seen := map[string]bool{}
	for _, s := range x.Snapshot.Scopes {
		for _, p := range s.Peerings.All() {
			other, ok := p.Other(a)
			if !ok || other.VPC != b || seen[p.ID] {
				continue
			}
			seen[p.ID] = true
			out = append(out, link{p.ID, p.Status.Code, strings.EqualFold(p.Status.Code, "active"), snapshot.Peerings, []string{"aws", "ec2", "accept-vpc-peering-connection", "--region", p.Accepter.Region, "--vpc-peering-connection-id", p.ID}, "active"})
		}
	}
	out = append(out, x.gatewayChain(a, b)...)
	slices.SortStableFunc(out, func(p, q link) int { return lost(p.state) - lost(q.state) })
	return out
}

// lost is 1 for a state that a connection doesn't come back from.
func lost(state string) int {
	if slices.ContainsFunc([]string{"deleted", "deleting", "rejected", "failed", "expired"}, func(s string) bool { return strings.EqualFold(s, state) }) {
		return 1
	}
	return 0
}

// gatewayChain looks for a chain of transit gateways between two VPCs. A chain is
// as good as its worst part.
func (x *Exam) gatewayChain(a, b string) []link {
	attachments := func(vpc string) []snapshot.TransitGatewayVPCAttachment {
		var out []snapshot.TransitGatewayVPCAttachment
		for _, s := range x.Snapshot.Scopes {
			for _, t := range s.TransitGatewayVPCAttachments.All() {
				if t.VPC == vpc && !strings.EqualFold(t.State, "deleted") {
					out = append(out, t)
				}
			}
		}
		return out
	}
	part := func(id, state string, k snapshot.Kind, command ...string) link {
		return link{id, state, strings.EqualFold(state, "available"), k, command, "available"}
	}
	var best []link
	for _, from := range attachments(a) {
		for _, to := range attachments(b) {
			chain := []link{
				part(from.ID, from.State, snapshot.TransitGatewayVPCAttachments, "aws", "ec2", "accept-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", from.ID),
				part(to.ID, to.State, snapshot.TransitGatewayVPCAttachments, "aws", "ec2", "accept-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", to.ID),
			}
			hops, ok := x.gatewayPeerings(from.Gateway, to.Gateway)
			if !ok {
				continue
			}
			for _, p := range hops {
				chain = append(chain, part(p.ID, p.State, snapshot.TransitGatewayPeerings, "aws", "ec2", "accept-transit-gateway-peering-attachment", "--region", p.Accepter.Region, "--transit-gateway-attachment-id", p.ID))
			}
			bad := slices.DeleteFunc(slices.Clone(chain), func(l link) bool { return l.good })
			if len(bad) == 0 {
				return chain[:1]
			}
			if best == nil || len(bad) < len(best) {
				best = bad
			}
		}
	}
	return best
}

// gatewayPeerings finds the shortest chain of peerings between two gateways,
// preferring ones that are available.
func (x *Exam) gatewayPeerings(from, to string) ([]snapshot.TransitGatewayPeering, bool) {
	if from == to {
		return nil, true
	}
	for _, onlyGood := range []bool{true, false} {
		type walk struct {
			at    string
			taken []snapshot.TransitGatewayPeering
		}
		queue, seen := []walk{{from, nil}}, map[string]bool{from: true}
		for len(queue) > 0 {
			w := queue[0]
			queue = queue[1:]
			for _, s := range x.Snapshot.Scopes {
				for _, p := range s.TransitGatewayPeerings.All() {
					next := ""
					switch w.at {
					case p.Requester.Gateway:
						next = p.Accepter.Gateway
					case p.Accepter.Gateway:
						next = p.Requester.Gateway
					}
					if next == "" || seen[next] || onlyGood && !strings.EqualFold(p.State, "available") || strings.EqualFold(p.State, "deleted") {
						continue
					}
					seen[next] = true
					taken := append(slices.Clone(w.taken), p)
					if next == to {
						return taken, true
					}
					queue = append(queue, walk{next, taken})
				}
			}
		}
	}
	return nil, false
}

// gatewaysOf lists what joins the endpoint's VPC to networks outside AWS.
func (x *Exam) gatewaysOf(j journey) []link {
	var out []link
	s := j.to.Scope
	for _, g := range s.VPNGateways.All() {
		for _, a := range g.Attachments {
			if a.VPC == j.to.VPC {
				good := strings.EqualFold(a.State, "attached") && (g.State == "" || strings.EqualFold(g.State, "available"))
				out = append(out, link{g.ID, a.State, good, snapshot.VPNGateways, []string{"aws", "ec2", "attach-vpn-gateway", "--vpn-gateway-id", g.ID, "--vpc-id", j.to.VPC}, "attached"})
			}
		}
	}
	for _, a := range s.TransitGatewayVPCAttachments.All() {
		if a.VPC == j.to.VPC && !strings.EqualFold(a.State, "deleted") && x.leavesAWS(a.Gateway) {
			out = append(out, link{a.ID, a.State, strings.EqualFold(a.State, "available"), snapshot.TransitGatewayVPCAttachments, []string{"aws", "ec2", "accept-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", a.ID}, "available"})
		}
	}
	return out
}

// leavesAWS reports whether a transit gateway has, itself or through another, an
// attachment that leads out of AWS: a VPN, Direct Connect or Connect one.
func (x *Exam) leavesAWS(gateway string) bool {
	for _, s := range x.Snapshot.Scopes {
		for _, a := range s.TransitGatewayAttachments.All() {
			outward := slices.Contains([]string{"vpn", "direct-connect-gateway", "connect", "vpn-concentrator"}, strings.ToLower(a.ResourceType))
			if !outward || !strings.EqualFold(a.State, "available") {
				continue
			}
			if _, reached := x.gatewayPeerings(gateway, a.Gateway); reached {
				return true
			}
		}
	}
	return false
}

// connectionByRoutes answers when it is not known where the agent is: what the
// replies take must then be active.
func (x *Exam) connectionByRoutes(j journey) {
	for _, t := range x.homeward(j) {
		for _, l := range t.legs {
			switch {
			case l.Outcome == netpath.Arrived:
				x.OK(j.to.VPC, stepEvidence(l.Steps)...)
			case l.Reason == netpath.NotActive:
				x.Report(connectionInactive, j.to.VPC, Args{"source": agentsName(j), "connection": l.Connection, "seen": l.Detail, "needed": "active", "region": x.region(), "command": []string{"aws", "ec2", "describe-vpc-peering-connections"}}, stepEvidence(l.Steps)...)
			default:
				x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
			}
		}
	}
	if len(x.findings) == 0 {
		x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
	}
}
