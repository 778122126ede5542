package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageRoutes = "https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html"

var (
	reqRouteThere = &Requirement{
		ID: "route-to-endpoint", Grade: "required",
		Title:   say("Routes from the agent's subnet to the endpoint", "エージェントのサブネットからエンドポイントへの経路"),
		Sources: []string{pageArticle, pageRoutes},
	}
	reqRouteBack = &Requirement{
		ID: "route-to-agent", Grade: "required",
		Title:   say("Routes from the endpoint's subnets back to the agent", "エンドポイントのサブネットからエージェントへの戻り経路"),
		Sources: []string{pageArticle, pageRoutes},
	}
)

// routeProblem makes the problems that both directions have in common.
func routeProblem(code string, title, cause, fix Text, r *Requirement) *Problem {
	return &Problem{
		Code: code, Severity: Fail, Title: title, Cause: cause, Fix: fix,
		CLI: []string{
			"aws ec2 describe-route-tables --region {region} --route-table-ids {table}",
			"aws ec2 {verb} --region {region} --route-table-id {table} --destination-cidr-block {cidr_each} {target}",
		},
		Terraform: "resource \"aws_route\" \"datasync\" {\n  route_table_id         = \"{table}\"\n  destination_cidr_block = \"{cidr}\"\n  {target_argument}\n}",
		Errors:    []*DocumentedError{errUnreachable},
		Sources:   r.Sources,
	}
}

// gatewayProblem is one inside a transit gateway: which of its parts must change
// is its owner's decision.
func gatewayProblem(code string, title Text, r *Requirement) *Problem {
	p := routeProblem(code, title, causeTGW, fixTGW, r)
	p.CLI = []string{
		"aws ec2 describe-transit-gateway-attachments --region {region} --filters Name=transit-gateway-id,Values={connection}",
		"aws ec2 describe-transit-gateway-route-tables --region {region} --filters Name=transit-gateway-id,Values={connection}",
	}
	p.Terraform = "resource \"aws_ec2_transit_gateway_route\" \"datasync\" {\n  destination_cidr_block         = \"{cidr}\"\n  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.datasync.id\n  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.datasync.id\n}"
	return p
}

var (
	causeNoWay  = say("Packets without a route are dropped, and the connection times out.", "経路のないパケットは破棄され、接続はタイムアウトする。")
	causeHole   = say("A blackhole route still wins over shorter ones, and drops what it wins.", "ブラックホールの経路は、より短い経路より優先され、該当するパケットを破棄する。")
	causeAstray = say("The longest prefix wins, so these packets go somewhere else and never arrive.", "最長一致の経路が優先されるため、パケットは別の場所に送られ、届かない。")
	causeTGW    = say("A transit gateway drops what its route table has no active route for, and what comes from an attachment without a route table or from a zone without a subnet.", "トランジットゲートウェイは、有効な経路のない宛先、ルートテーブルのないアタッチメント、サブネットのないゾーンからのパケットを破棄する。")
	fixRoute    = say("Add a route for {addresses} over the connection that joins the two networks to {table}.", "{table} に、両ネットワークをつなぐ接続を経由する {addresses} への経路を追加する。")
	fixHole     = say("Replace the route in {table} with one over a connection that is active.", "{table} の経路を、有効な接続を経由するものに置き換える。")
	fixAstray   = say("Remove or narrow that route in {table}, or add a longer one for {addresses} over the right connection.", "{table} のその経路を削除または縮小するか、正しい接続を経由するより長い {addresses} への経路を追加する。")
	fixTGW      = say("Mend the transit gateway: associate the attachment with a route table, give that table a route to {addresses}, and attach a subnet in each zone in use.", "トランジットゲートウェイを直す。アタッチメントをルートテーブルに関連付け、{addresses} への経路を追加し、使用する各ゾーンのサブネットをアタッチする。")

	thereNone  = routeProblem("DSP420", say("no route from {subnet} to {addresses}: {detail}", "{subnet} から {addresses} への経路がない: {detail}"), causeNoWay, fixRoute, reqRouteThere)
	thereHole  = routeProblem("DSP421", say("the route from {subnet} to {addresses} is a blackhole: {detail}", "{subnet} から {addresses} への経路がブラックホール: {detail}"), causeHole, fixHole, reqRouteThere)
	thereWrong = routeProblem("DSP422", say("the route from {subnet} to {addresses} leads elsewhere: {detail}", "{subnet} から {addresses} への経路が別の場所に向かう: {detail}"), causeAstray, fixAstray, reqRouteThere)
	thereTGW   = gatewayProblem("DSP423", say("{connection} does not carry packets from {subnet} to {addresses}: {detail}", "{connection} が {subnet} から {addresses} へのパケットを運ばない: {detail}"), reqRouteThere)

	backNone  = routeProblem("DSP430", say("no route from {subnet} back to {addresses}: {detail}", "{subnet} から {addresses} への戻り経路がない: {detail}"), causeNoWay, fixRoute, reqRouteBack)
	backHole  = routeProblem("DSP431", say("the route from {subnet} back to {addresses} is a blackhole: {detail}", "{subnet} から {addresses} への戻り経路がブラックホール: {detail}"), causeHole, fixHole, reqRouteBack)
	backWrong = routeProblem("DSP432", say("the route from {subnet} back to {addresses} leads elsewhere: {detail}", "{subnet} から {addresses} への戻り経路が別の場所に向かう: {detail}"), causeAstray, fixAstray, reqRouteBack)
	backTGW   = gatewayProblem("DSP433", say("{connection} does not carry replies from {subnet} to {addresses}: {detail}", "{connection} が {subnet} から {addresses} への応答を運ばない: {detail}"), reqRouteBack)

	backAsymmetric = &Problem{
		Code: "DSP434", Severity: Warn,
		Title:     say("requests travel over {there} and replies over {back}", "要求は {there} を、応答は {back} を経由する"),
		Cause:     say("AWS itself delivers both, but a firewall in either way sees half of each connection and drops it, and a fault in one way is hard to find from the other.", "AWS 自体は両方を届けるが、途中のファイアウォールは片方向しか見えず破棄することがある。障害の切り分けも難しくなる。"),
		Fix:       say("Route both ways over one connection.", "往復とも同じ接続を経由させる。"),
		CLI:       []string{"aws ec2 describe-route-tables --region {region} --filters Name=vpc-id,Values={subject}"},
		Terraform: "# point the aws_route of both sides at one connection",
		Sources:   reqRouteBack.Sources,
	}
)

var _ = register(&Check{
	ID:       "route-to-endpoint",
	Area:     AreaPath,
	Title:    say("The agent's route tables lead to the endpoint and the task subnet", "エージェント側のルートテーブルがエンドポイントとタスクのサブネットに通じている"),
	Requires: reqRouteThere,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{connectionActive},
	Problems: []*Problem{thereNone, thereHole, thereWrong, thereTGW},
	Run: func(x *Exam) {
		j, ok := x.journey()
		switch {
		case !ok:
		case x.clash(j):
			x.See(whyClash, "cidr-overlap")
		case j.from.Outside:
			x.NotApplicable(say("the agent is outside AWS: its side of the routing is not visible to AWS", "エージェントが AWS 外にあり、その側の経路は AWS から見えない"))
		case !j.placed():
			x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
		default:
			x.judgeTrips(j.from.VPC, x.outward(j), map[netpath.Reason]*Problem{netpath.NoRoute: thereNone, netpath.Blackhole: thereHole, netpath.NotActive: thereHole, netpath.WrongWay: thereWrong, netpath.NotTransitive: thereWrong, netpath.NotAttached: thereTGW, netpath.GatewayDrops: thereTGW}, j.from.Scope.Region)
		}
	},
})

var _ = register(&Check{
	ID:       "route-to-agent",
	Area:     AreaPath,
	Title:    say("The endpoint's route tables lead back to the agent, over the same connection", "エンドポイント側のルートテーブルが、同じ接続を経由してエージェントに戻る"),
	Requires: reqRouteBack,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{connectionActive},
	Problems: []*Problem{backNone, backHole, backWrong, backTGW, backAsymmetric},
	Run: func(x *Exam) {
		j, ok := x.journey()
		switch {
		case !ok:
		case x.clash(j):
			x.See(whyClash, "cidr-overlap")
		default:
			home := x.homeward(j)
			x.judgeTrips(j.to.VPC, home, map[netpath.Reason]*Problem{netpath.NoRoute: backNone, netpath.Blackhole: backHole, netpath.NotActive: backHole, netpath.WrongWay: backWrong, netpath.NotTransitive: backWrong, netpath.NotAttached: backTGW, netpath.GatewayDrops: backTGW}, x.region())
			x.judgeSymmetry(j, home)
		}
	},
})

// judgeTrips reports every leg that is stopped, each by its reason.
func (x *Exam) judgeTrips(vpc string, trips []trip, problems map[netpath.Reason]*Problem, region string) {
	if len(trips) == 0 {
		x.OK(vpc, snapshot.Saw(snapshot.Subnets, vpc, say("agent and endpoint are in one subnet; nothing is routed", "エージェントとエンドポイントが同じサブネットにあり、ルーティングは不要")))
		return
	}
	for _, t := range trips {
		for _, l := range t.legs {
			switch l.Outcome {
			case netpath.Arrived:
				x.OK(t.subnet, stepEvidence(l.Steps)...)
			case netpath.Stopped:
				x.Report(problems[l.Reason], t.subnet, x.routeArgs(vpc, t, l, region), stepEvidence(l.Steps)...)
			default:
				gap := snapshot.Gap{Code: snapshot.NoEvidence}
				if l.Gap != nil {
					gap = *l.Gap
				}
				x.Unknown(t.subnet, gap)
			}
		}
	}
}

func (x *Exam) routeArgs(vpc string, t trip, l netpath.Leg, region string) Args {
	addresses := netpath.Addresses(l.Addrs)
	// A route of just this destination is replaced; otherwise a longer one wins.
	verb := "create-route"
	if cidrs := netpath.CIDRs(l.Addrs); len(cidrs) == 1 && cidrs[0] == l.Prefix {
		verb = "replace-route"
	}
	target, argument := routeTarget("CONNECTION_ID")
	if id := x.goodConnection(vpc); id != "" {
		target, argument = routeTarget(id)
	}
	return Args{
		"subnet": t.subnet, "addresses": addresses, "detail": l.Detail, "table": l.Table, "region": region, "connection": l.Connection,
		"cidr": netpath.CIDRs(l.Addrs)[0], "cidr_each": netpath.CIDRs(l.Addrs), "verb": verb, "target": target, "target_argument": argument,
	}
}

// goodConnection is the id of an active connection between the two networks that
// a route of the VPC could name, if there is one.
func (x *Exam) goodConnection(vpc string) string {
	j, ok := (&Exam{Target: x.Target, Snapshot: x.Snapshot, check: x.check}).journey()
	if !ok || j.from.VPC == "" {
		return ""
	}
	for _, l := range x.linksBetween(j.from.VPC, j.to.VPC) {
		if l.good && strings.HasPrefix(l.id, "pcx-") {
			return l.id
		}
	}
	for _, s := range x.Snapshot.Scopes {
		for _, a := range s.TransitGatewayVPCAttachments.All() {
			if a.VPC == vpc && strings.EqualFold(a.State, "available") {
				return a.Gateway
			}
		}
	}
	return ""
}

func routeTarget(id string) (flag []string, argument string) {
	if strings.HasPrefix(id, "tgw-") {
		return []string{"--transit-gateway-id", id}, "transit_gateway_id     = \"" + id + "\""
	}
	return []string{"--vpc-peering-connection-id", id}, "vpc_peering_connection_id = \"" + id + "\""
}

// judgeSymmetry compares the connections that the two ways take first. Two
// transit gateways that are peers count as one connection.
func (x *Exam) judgeSymmetry(j journey, home []trip) {
	if j.sameVPC() || !j.placed() || j.from.Outside {
		return
	}
	there, evidence := connections(x.outward(j))
	back, more := connections(home)
	if len(there) == 0 || len(back) == 0 {
		return
	}
	for _, a := range there {
		for _, b := range back {
			if a == b {
				return
			}
			if strings.HasPrefix(a, "tgw-") && strings.HasPrefix(b, "tgw-") {
				if _, ok := x.gatewayPeerings(a, b); ok {
					return
				}
			}
		}
	}
	x.Report(backAsymmetric, j.to.VPC, Args{"there": there, "back": back, "region": x.region()}, append(evidence, more...)...)
}

func connections(trips []trip) ([]string, []snapshot.Evidence) {
	var ids []string
	var ev []snapshot.Evidence
	for _, t := range trips {
		for _, l := range t.legs {
			if l.Outcome == netpath.Arrived && !slices.Contains(ids, l.Connection) {
				ids = append(ids, l.Connection)
				ev = append(ev, stepEvidence(l.Steps)...)
			}
		}
	}
	return ids, ev
}
