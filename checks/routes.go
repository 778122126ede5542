package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
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
		Look: []Command{OnAWS("ec2 describe-route-tables --route-table-ids {table}")}, Example: exampleRoute,
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: r.Sources,
	}
}

// gatewayProblem is one inside a transit gateway: which of its parts must change
// is its owner's decision.
func gatewayProblem(code string, title Text, r *Requirement) *Problem {
	p := routeProblem(code, title, causeTGW, fixTGW, r)
	p.Look = []Command{OnAWS("ec2 describe-transit-gateway-attachments --filters Name=transit-gateway-id,Values={gateway}"), OnAWS("ec2 describe-transit-gateway-route-tables --filters Name=transit-gateway-id,Values={gateway}")}
	p.Example = exampleGateway
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
	fixTGW      = say("Mend the transit gateway: associate the attachment with a route table, give that table a route that leads to {addresses}, and attach a subnet in each zone in use.", "トランジットゲートウェイを直す。アタッチメントをルートテーブルに関連付け、{addresses} に通じる経路を追加し、使用する各ゾーンのサブネットをアタッチする。")

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
		Title:   say("requests travel over {there} and replies over {back}", "要求は {there} を、応答は {back} を経由する"),
		Cause:   say("AWS itself delivers both, but a firewall in either way sees half of each connection and drops it, and a fault in one way is hard to find from the other.", "AWS 自体は両方を届けるが、途中のファイアウォールは片方向しか見えず破棄することがある。障害の切り分けも難しくなる。"),
		Fix:     say("Route both ways over one connection.", "往復とも同じ接続を経由させる。"),
		Look:    []Command{OnAWS("ec2 describe-route-tables --filters Name=vpc-id,Values={subject}")},
		Sources: reqRouteBack.Sources,
	}
)

// The ids of the checks that speak of what routes leave open.
const (
	connectionID = "connection-active"
	routeThereID = "route-to-endpoint"
	routeBackID  = "route-to-agent"
	inspectedID  = "path-inspected"
)

// routeLayers are those that routes decide on, and those that a route leads into.
var routeLayers = []netpath.Layer{netpath.Route, netpath.EdgeRoute, netpath.GatewayRoute, netpath.Exit, netpath.Connection}

var routeThere = register(&Check{
	ID:       routeThereID,
	Area:     AreaPath,
	Title:    say("The agent's route tables lead to the endpoint and the task subnet", "エージェント側のルートテーブルがエンドポイントとタスクのサブネットに通じている"),
	Requires: reqRouteThere,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{thereNone, thereHole, thereWrong, thereTGW},
	On:       routeLayers,
	Run: func(x *Exam) {
		j, ok := x.journey()
		switch {
		case !ok:
		case x.clash(j):
			x.See(whyClash, "cidr-overlap")
		case j.from.Outside && len(j.there.Leaves()) == 0:
			x.noDoor(j)
		case !j.placed():
			x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
		default:
			region := x.region()
			if j.from.Scope != nil {
				region = j.from.Scope.Region
			}
			x.judgeRoutes(j, j.there, false, region)
		}
	},
})

var routeBack = register(&Check{
	ID:       routeBackID,
	Area:     AreaPath,
	Title:    say("The endpoint's route tables lead back to the agent, over the same connection", "エンドポイント側のルートテーブルが、同じ接続を経由してエージェントに戻る"),
	Requires: reqRouteBack,
	Needs:    pathNeeds,
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{backNone, backHole, backWrong, backTGW, backAsymmetric},
	On:       routeLayers,
	Run: func(x *Exam) {
		j, ok := x.journey()
		switch {
		case !ok:
		case x.clash(j):
			x.See(whyClash, "cidr-overlap")
		default:
			x.judgeRoutes(j, j.back, true, x.region())
			x.judgeSymmetry(j)
		}
	},
})

// noDoor says what is known of the half inside AWS for an agent outside that
// nothing is seen to take in.
func (x *Exam) noDoor(j journey) {
	for _, l := range j.legs(true) {
		if h, open := l.open(); open {
			x.restsOn(j.to.VPC, x.owner(h, true))
			return
		}
	}
	x.See(say("nothing that leads out of AWS is attached to the endpoint's network", "エンドポイントのネットワークに AWS の外へ通じるものがない"), connectionID, routeBackID)
}

// routeProblems is which problem a stopped part is, by direction.
func routeProblems(l leg, back bool) *Problem {
	h := l.last
	p := map[netpath.Reason]*Problem{
		netpath.NoRoute: thereNone, netpath.Blackhole: thereHole, netpath.NotActive: thereHole, netpath.Missing: thereHole, netpath.Unattached: thereHole, netpath.NotAttached: thereTGW,
		netpath.NotAssociated: thereTGW,
	}[h.Cause.Reason]
	switch {
	case h.Layer == netpath.GatewayRoute, l.byGateway(): // which part of it must change is its owner's decision
		p = thereTGW
	case p == nil:
		p = thereWrong
	}
	if !back {
		return p
	}
	return map[*Problem]*Problem{thereNone: backNone, thereHole: backHole, thereWrong: backWrong, thereTGW: backTGW}[p]
}

// judgeRoutes reports every part of a walk that goes no further, each by its
// reason. Where all that the two sides send ends at what is dead, or nowhere,
// connection-active says so.
func (x *Exam) judgeRoutes(j journey, w netpath.Walk, back bool, region string) {
	vpc := j.from.VPC
	if back || vpc == "" {
		vpc = j.to.VPC
	}
	parts := j.legs(back)
	told := x.told(connectionID)
	down, apart := told && j.down(), told && x.apart(j)
	for _, l := range parts {
		subject := l.subject(vpc)
		h, open := l.open()
		switch {
		case open && !(l.last.Fate == netpath.Stopped && l.inspectedOnly() && w.Sure(l.index)):
			if owner := x.owner(h, back); owner != x.check.ID {
				x.restsOn(subject, owner)
			} else {
				x.Unknown(subject, gapOf(h))
			}
		case l.last.Fate == netpath.On:
			x.OK(subject, wayEvidence(l)...)
		case !w.Sure(l.index):
			x.restsOn(subject, x.looseOwner(j))
		case j.from.Outside && !back && byOtherDoor(l, parts):
			x.Unknown(subject, snapshot.Gap{Code: snapshot.SeveralDoors, Source: snapshot.RouteTables.Action(), Ref: l.chain[1].Holder, Words: stopText(l.last)})
		case down && l.last.Layer == netpath.Connection:
			x.See(snapshot.Textf("%s: the routes lead to %s, which is down", "%s: 経路は %s に通じているが、稼働していない", subject, l.last.Holder), connectionID)
		case apart && l.last.Cause.Reason == netpath.NoRoute:
			x.See(snapshot.Textf("%s: there is no connection yet that a route could lead to", "%s: 経路を向ける接続がまだない", subject), connectionID)
		default:
			x.Report(routeProblems(l, back), subject, x.routeArgs(j, vpc, subject, l, region), wayEvidence(l)...)
			x.about(About{Holder: l.last.Holder, Addrs: l.last.In.Dst})
			x.mendRoute(j, l, vpc, back)
		}
	}
}

// looseOwner is the check that speaks of what may change the agent's address on
// the way.
func (x *Exam) looseOwner(j journey) string {
	for _, h := range j.there.Hops {
		if h.Fate != netpath.On && h.Mangles {
			return x.owner(h, false)
		}
	}
	return inspectedID
}

func gapOf(h netpath.Hop) snapshot.Gap {
	if h.Gap != nil {
		return *h.Gap
	}
	return snapshot.Gap{Code: snapshot.NoEvidence}
}

// byOtherDoor reports whether all that a stopped part carries may come into AWS
// another way, on which nothing is proved to stop it: nobody in AWS can say which one
// the agent's network takes.
func byOtherDoor(stopped leg, parts []leg) bool {
	type pairs struct{ src, dst *netipx.IPSet }
	left := []pairs{{stopped.chain[0].In.Src, stopped.last.In.Dst}}
	for _, l := range parts {
		if l.last.Fate == netpath.Stopped {
			continue
		}
		src, dst := l.chain[0].In.Src, l.last.In.Dst
		var next []pairs
		for _, p := range left {
			for _, q := range []pairs{{netpath.Minus(p.src, src), p.dst}, {netpath.Both(p.src, src), netpath.Minus(p.dst, dst)}} {
				if !netpath.Empty(q.src) && !netpath.Empty(q.dst) {
					next = append(next, q)
				}
			}
		}
		left = next
	}
	return len(left) == 0
}

func (x *Exam) routeArgs(j journey, vpc, subject string, l leg, region string) Args {
	if l.chain[0].At.Outside && len(l.chain) > 1 {
		subject = l.chain[1].Holder // what takes the packets into AWS
	}
	if h := l.last; h.Layer == netpath.Route && h.Subnet != "" {
		subject = h.Subnet // that whose table sends them nowhere
	}
	addrs := netpath.Whole(l.last.In.Dst, j.ends)
	table, connection := l.last.Holder, l.last.Holder
	if h, ok := l.final(netpath.Route, netpath.EdgeRoute); ok {
		table = h.Holder
		if h.Cause.ID != "" {
			connection = h.Cause.ID
		}
	}
	if h := l.last; h.Layer == netpath.Route || h.Layer == netpath.EdgeRoute {
		table = h.Holder // the table that must change
	}
	gateway := connection
	for _, h := range l.chain {
		if connectionKind(h.Cause.ID) == snapshot.TransitGateways {
			gateway = h.Cause.ID
		}
	}
	return Args{"subnet": subject, "addresses": netpath.Addresses(addrs), "detail": stopText(l.last), "table": table, "region": region, "connection": connection, "gateway": gateway}
}

// judgeSymmetry compares the connections that the two ways take first. Two
// transit gateways that one way passes count as one connection.
func (x *Exam) judgeSymmetry(j journey) {
	if j.sameVPC() || !j.placed() || j.from.Outside {
		return
	}
	there, evidence := j.connections(false)
	back, more := j.connections(true)
	if len(there) == 0 || len(back) == 0 {
		return
	}
	var first []string
	for _, c := range there {
		first = append(first, c[0])
		for _, d := range back {
			if slices.ContainsFunc(c, func(id string) bool { return slices.Contains(d, id) }) {
				return
			}
		}
	}
	var homeward []string
	for _, c := range back {
		homeward = append(homeward, c[0])
	}
	x.Report(backAsymmetric, j.to.VPC, Args{"there": slices.Compact(first), "back": slices.Compact(homeward), "region": x.region()}, append(evidence, more...)...)
}

// connections lists what carries each part that arrives: peering connections,
// transit gateways and virtual private gateways, in order.
func (j journey) connections(back bool) ([][]string, []snapshot.Evidence) {
	var ids [][]string
	var ev []snapshot.Evidence
	for _, l := range j.legs(back) {
		if l.last.Fate != netpath.On {
			continue
		}
		var chain []string
		for _, h := range l.chain {
			if h.Layer == netpath.Connection && slices.Contains([]snapshot.Kind{snapshot.Peerings, snapshot.TransitGateways, snapshot.VPNGateways}, connectionKind(h.Holder)) {
				chain = append(chain, h.Holder)
			}
		}
		if len(chain) > 0 && !slices.ContainsFunc(ids, func(o []string) bool { return slices.Equal(o, chain) }) {
			ids = append(ids, chain)
			ev = append(ev, wayEvidence(l)...)
		}
	}
	return ids, ev
}
