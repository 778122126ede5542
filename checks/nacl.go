package checks

import (
	"fmt"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageACL = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"

var reqACL = &Requirement{
	ID: "network-acls", Grade: "required",
	Title:   say("The network ACLs of every subnet on the way let requests and replies through", "途中の各サブネットのネットワーク ACL が要求と応答を通す"),
	Sources: []string{pageArticle, pageACL},
}

// aclProblem makes the problems that differ only in grade and direction.
func aclProblem(code string, severity Status, title Text, cause Text, r *Requirement) *Problem {
	p := &Problem{
		Code: code, Severity: severity, Requires: r, Title: title, Cause: cause,
		Example: []repair.Change{exampleEntry()},
		Fix:     say("Add a rule {place} to {acl}: {direction}, allow TCP {ports}, {peers}.", "{acl} の{place}、{direction}の TCP {ports}（{peers}）を許可するルールを追加する。"),
		Sources: []string{pageArticle, pageACL},
	}
	if severity == Fail {
		p.Errors = []*documented.Error{documented.EndpointUnreachable}
	}
	return p
}

var (
	aclTitle       = say("{acl} of {subject} stops {direction} TCP {ports}, {peers}, by rule {rule}", "{subject} の {acl} が、ルール {rule} で{direction}の TCP {ports}（{peers}）を止めている")
	aclCauseThere  = say("Network ACLs know no connections: each subnet's must let the request through by itself.", "ネットワーク ACL は接続を追跡しない。要求は各サブネットの ACL で個別に許可されている必要がある。")
	aclCauseBack   = say("Network ACLs know no connections: replies to the agent's ephemeral ports need rules of their own, out of the endpoint's subnet and into the agent's.", "ネットワーク ACL は接続を追跡しない。エージェントの一時ポートへの応答にも、エンドポイント側のアウトバウンドとエージェント側のインバウンドのルールが必要である。")
	aclCauseGuide  = say("Only the user guide asks for these ports; the article stops at 1062.", "これらのポートを要求するのはユーザーガイドだけで、記事は 1062 まで。")
	aclCauseOnly22 = say("Only the AWS Support channel of a Basic mode agent needs this port.", "このポートは Basic モードのエージェントの AWS サポートチャネルだけが使う。")

	aclThere        = aclProblem("DSP501", Fail, aclTitle, aclCauseThere, reqACL)
	aclThereGuide   = aclProblem("DSP502", Warn, aclTitle, aclCauseGuide, reqControlGuide)
	aclThereSupport = aclProblem("DSP503", Warn, aclTitle, aclCauseOnly22, reqSupport)
	aclBack         = aclProblem("DSP511", Fail, aclTitle, aclCauseBack, reqACL)
)

var aclNeeds = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets, snapshot.NetworkACLs}

var aclsThere = register(&Check{
	ID:       "nacl-to-endpoint",
	Area:     AreaACL,
	Title:    say("The network ACLs of every subnet on the way let the requests through", "途中の各サブネットのネットワーク ACL が要求を通す"),
	Requires: reqACL,
	Needs:    aclNeeds,
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{aclThere, aclThereGuide, aclThereSupport},
	Run:      func(x *Exam) { x.judgeACLs(false) },
	On:       []netpath.Layer{netpath.ACLOut, netpath.ACLIn},
})

var aclsBack = register(&Check{
	ID:       "nacl-to-agent",
	Area:     AreaACL,
	Title:    say("The network ACLs of every subnet on the way let the replies through, to ephemeral ports", "途中の各サブネットのネットワーク ACL が一時ポートへの応答を通す"),
	Requires: reqACL,
	Needs:    aclNeeds,
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{aclBack},
	Run:      func(x *Exam) { x.judgeACLs(true) },
	On:       []netpath.Layer{netpath.ACLOut, netpath.ACLIn},
})

// portNeed is a documented need on ports, with the problem that a breach is.
type portNeed struct {
	ports   []netpath.Ports
	problem *Problem
	task    bool // of the task's interfaces too
}

// portNeeds lists what a network ACL must let through, as the target's mode and
// requirements grade it.
func (x *Exam) portNeeds() []portNeed {
	needs := []portNeed{{reqHTTPS.Ports, aclThere, true}, {reqControl.Ports, aclThere, false}}
	if x.severity(aclThereGuide) != Skip {
		needs = append(needs, portNeed{reqControlGuide.Ports, aclThereGuide, false})
	}
	if x.Target.Mode != "enhanced" {
		needs = append(needs, portNeed{reqSupport.Ports, aclThereSupport, false})
	}
	return needs
}

// judgeACLs asks the network ACL of every subnet that the packet crosses, in one
// direction: requests on the ports of each need, replies on those that the side
// which dialled takes.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
func (x *Exam) judgeACLs(back bool) {
	j, ok := x.journey()
	if !ok {
		return
	}
	if !j.placed() {
		// The endpoint's side can be judged; the agent's can't.
		x.Unknown(j.to.VPC, snapshot.Gap{Code: snapshot.AgentPlace})
	}
	w := j.there
	if back {
		w = j.back
	}
	hops := 0
	for _, i := range w.At(netpath.ACLOut, netpath.ACLIn) {
		h := w.Hops[i]
		if h.ACL == nil {
			x.Unknown(h.Subnet, gapOf(h))
			hops++
			continue
		}
		hops++
		x.askACL(j, w, i, h, back)
	}
	// Behind what can't be told, the packet may cross subnets that nobody names.
	for _, l := range j.legs(back) {
		if h, open := l.open(); open && l.last.Layer != netpath.Goal {
			x.restsOn(l.subject(j.to.VPC), x.owner(h, back))
			hops++
		}
	}
	if hops == 0 {
		for _, e := range j.ends {
			x.OK(e.Subnet, snapshot.Saw(snapshot.NetworkACLs, e.Subnet, say("agent and endpoint are in this subnet; its network ACL does not look at their traffic", "エージェントとエンドポイントが同じサブネットにあり、ネットワーク ACL は評価されない")))
		}
	}
}

// askACL asks the network ACL of one hop: for replies on the ports that the side which
// dialled takes; for requests on those of each need that its traffic has.
func (x *Exam) askACL(j journey, w netpath.Walk, i int, h netpath.Hop, back bool) {
	if back {
		x.filter(j, w, i, h, []netpath.Ports{h.In.Dial}, aclBack)
		return
	}
	for _, need := range x.portNeeds() {
		part := h
		if !need.task {
			part.In.Dst = netpath.Both(h.In.Dst, j.endpointAddrs())
		}
		if !netpath.Empty(part.In.Dst) {
			x.filter(j, w, i, part, need.ports, need.problem)
		}
	}
}

// endpointAddrs is every address of the endpoint that the agent may dial.
func (j journey) endpointAddrs() *netipx.IPSet {
	all := &netipx.IPSet{}
	for _, e := range j.ends {
		all = netpath.Union(all, e.Endpoint)
	}
	return all
}

// filter reports what a hop's network ACL stops.
func (x *Exam) filter(j journey, w netpath.Walk, i int, h netpath.Hop, ports []netpath.Ports, p *Problem) {
	f := h.Filter(ports)
	f.Denied = withoutReserved(f.Denied, j)
	switch {
	case len(f.Denied) == 0 && len(f.Gaps) > 0:
		x.Unknown(h.Subnet, f.Gaps...)
		return
	case len(f.Denied) == 0:
		x.OK(h.Subnet, aclEvidence(f.By)...)
		return
	case h.SelfRule:
		x.Unknown(h.Subnet, snapshot.Gap{Code: snapshot.OwnSubnetRule, Source: snapshot.NetworkACLs.Action(), Ref: h.ACL.ID, Detail: h.Subnet})
		return
	case !w.Sure(i):
		x.unsure(j, w, i, h)
		return
	}
	for i := range f.Denied {
		f.Denied[i].Addrs = netpath.Whole(f.Denied[i].Addrs, j.ends)
	}
	for _, d := range netpath.ByBlock(f.Denied) {
		changes, place := entries(h, d)
		x.Report(p, h.Subnet, x.aclArgs(h, d, place), snapshot.Saw(snapshot.NetworkACLs, h.ACL.ID+"/"+d.Rule, aclFact(*h.ACL, h.Layer == netpath.ACLOut, d)))
		x.mend(x.inVPC(h.At), changes...)
		x.about(About{Holder: h.ACL.ID, Direction: directionOf(h.Layer == netpath.ACLOut), Addrs: d.Addrs, Ports: []netpath.Ports{d.Ports}})
	}
}

// withoutReserved leaves out of what a network ACL denies the addresses of the agent's
// subnets that AWS keeps: no agent has one.
func withoutReserved(denied []netpath.Denial, j journey) []netpath.Denial {
	var out []netpath.Denial
	for _, d := range denied {
		for _, s := range j.starts {
			if n, p := s.At.Scope.Subnets.Get(s.Subnet); p == snapshot.Present && n.CIDR.IsValid() {
				d.Addrs = netpath.Minus(d.Addrs, netpath.Reserved(n.CIDR))
			}
		}
		if !netpath.Empty(d.Addrs) {
			out = append(out, d)
		}
	}
	return out
}

// unsure says why what a network ACL would stop may not come by it.
func (x *Exam) unsure(j journey, w netpath.Walk, i int, h netpath.Hop) {
	for _, b := range w.Chain(i) {
		if b.Several {
			x.Unknown(h.Subnet, snapshot.Gap{Code: snapshot.SeveralExits, Source: snapshot.NetworkACLs.Action(), Ref: b.Holder, Detail: h.ACL.ID + ", " + h.Subnet})
			return
		}
	}
	x.restsOn(h.Subnet, x.looseOwner(j))
}

func aclFact(acl snapshot.NetworkACL, egress bool, d netpath.Denial) Text {
	if d.Rule == "*" {
		return say("no other rule matches, and rule * denies", "他に一致するルールがなく、ルール * が拒否する")
	}
	for _, e := range acl.Entries {
		if fmt.Sprint(e.Number) == d.Rule && e.Egress == egress {
			what := "tcp"
			if e.PortRange != nil {
				what = fmt.Sprintf("tcp %d-%d", e.PortRange.From, e.PortRange.To)
			}
			return snapshot.Same(strings.TrimSpace(fmt.Sprintf("%s %s %s", strings.ToLower(e.Action), what, e.CIDR)))
		}
	}
	return snapshot.Same(d.Rule)
}

func (x *Exam) aclArgs(h netpath.Hop, d netpath.Denial, place Text) Args {
	egress := h.Layer == netpath.ACLOut
	direction := say("inbound", "インバウンド")
	peers := snapshot.Textf("from %s", "%s から", shorten(netpath.Addresses(d.Addrs)))
	if egress {
		direction = say("outbound", "アウトバウンド")
		peers = snapshot.Textf("to %s", "%s へ", shorten(netpath.Addresses(d.Addrs)))
	}
	return Args{"acl": h.ACL.ID, "direction": direction, "ports": d.Ports.String(), "peers": peers, "rule": d.Rule, "region": h.At.Scope.Region, "place": place}
}

var (
	placeBefore = say("before that one", "そのルールより前に")
	placeNone   = say("before that one, which no command can as long as no number is left there: give that rule a higher number first", "そのルールより前に（それより前の番号が空いていないため、コマンドでは追加できない。先にそのルールの番号を大きくする）")
)

// entries are the rules that let a denied part through, before the rule that denies.
func entries(h netpath.Hop, d netpath.Denial) (out []repair.Change, place Text) {
	egress := h.Layer == netpath.ACLOut
	var taken []int
	below := 0
	for _, e := range h.ACL.Entries {
		if e.Egress != egress {
			continue
		}
		taken = append(taken, e.Number)
		if fmt.Sprint(e.Number) == d.Rule {
			below = e.Number
		}
	}
	place = placeBefore
	for _, block := range d.Addrs.Prefixes() {
		one := &repair.ACLEntry{ACL: h.ACL.ID, Egress: egress, CIDR: block, Ports: d.Ports, Below: below, Taken: taken}
		if !one.Possible() {
			return nil, placeNone
		}
		out = append(out, one)
	}
	return out, place
}
