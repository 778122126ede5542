package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// ingressNeeds decide what a security group admits; the way that the traffic takes
// matters where a rule refers to another group.
var ingressNeeds = []snapshot.Kind{snapshot.Endpoints, snapshot.SecurityGroups}

// groupUses is what security groups are judged with, for what the walk brings them.
var groupUses = append([]snapshot.Kind{snapshot.SecurityGroupRules}, pathUses...)

// ingressFix is the same for every port: one rule for what is missing.
var ingressFix = say(
	"Add an inbound rule for TCP {ports} from {sources} to {group}.",
	"{group} に {sources} からの TCP {ports} を許可するインバウンドルールを追加する。",
)

var (
	ingress443Closed = &Problem{
		Code: "DSP201", Severity: Fail, Requires: reqHTTPS,
		Title:   say("the security groups of {subject} do not admit TCP {ports} from {sources}", "{subject} のセキュリティグループが {sources} からの TCP {ports} を許可していない"),
		Cause:   say("The agent connects to the endpoint on TCP 443 while it is asked for a key; when that is stopped, it answers with an error instead of a key.", "エージェントはキーを求められた時点で TCP 443 でエンドポイントに接続する。遮断されるとキーの代わりにエラーを返す。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: reqHTTPS.Sources,
	}
	ingressControlClosed = &Problem{
		Code: "DSP202", Severity: Fail, Requires: reqControl,
		Title:   say("the security groups of {subject} do not admit TCP {ports} from {sources}", "{subject} のセキュリティグループが {sources} からの TCP {ports} を許可していない"),
		Cause:   say("The agent's control traffic to the endpoint runs on these ports. Without them the agent can't be activated or stays offline.", "エージェントの制御通信はこのポートを使う。許可されていないとアクティブ化できないか、オフラインのままになる。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: reqControl.Sources,
	}
	ingressGuideClosed = &Problem{
		Code: "DSP203", Severity: Warn, Requires: reqControlGuide,
		Title:   say("the security groups of {subject} do not admit TCP {ports} from {sources}, which only the user guide asks for", "{subject} のセキュリティグループが {sources} からの TCP {ports}（ユーザーガイドのみが要求）を許可していない"),
		Cause:   say("The re:Post article asks for 1024-1062, the user guide for 1024-1064. Which of them the agent really uses is not documented; --requirements guide makes this a failure.", "re:Post の記事は 1024-1062、ユーザーガイドは 1024-1064 を要求する。エージェントが実際に使うポートは文書化されていない。--requirements guide で失敗扱いになる。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Sources: reqControlGuide.Sources,
	}
	ingressSupportClosed = &Problem{
		Code: "DSP204", Severity: Warn, Requires: reqSupport,
		Title:   say("the security groups of {subject} do not admit TCP {ports} from {sources}", "{subject} のセキュリティグループが {sources} からの TCP {ports} を許可していない"),
		Cause:   say("The AWS Support channel of a Basic mode agent can't be opened. Activation and transfers work without it.", "Basic モードのエージェントの AWS サポートチャネルを開けない。アクティブ化と転送には影響しない。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Sources: reqSupport.Sources,
	}
)

var ingress443 = register(&Check{
	ID:       "sg-ingress-443",
	Area:     AreaGroups,
	Title:    say("The endpoint's security groups admit TCP 443 from every agent address", "エンドポイントのセキュリティグループがエージェントの全アドレスからの TCP 443 を許可"),
	Requires: reqHTTPS,
	Needs:    ingressNeeds,
	Uses:     groupUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{ingress443Closed},
	Run:      func(x *Exam) { x.endpointAdmits(ingress443Closed) },
	On:       []netpath.Layer{netpath.GroupIn},
	Place:    say("security groups of the endpoint, 443", "エンドポイントのセキュリティグループ（443）"),
})

var ingressControl = register(&Check{
	ID:       "sg-ingress-control",
	Area:     AreaGroups,
	Title:    say("The endpoint's groups admit TCP 1024-1064, the control traffic, from every agent address", "エージェントの全アドレスからの制御通信 TCP 1024-1064 を許可"),
	Requires: reqControl,
	Needs:    ingressNeeds,
	Uses:     groupUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{ingressControlClosed, ingressGuideClosed},
	Run:      func(x *Exam) { x.endpointAdmits(ingressControlClosed, ingressGuideClosed) },
	On:       []netpath.Layer{netpath.GroupIn},
	Place:    say("security groups of the endpoint, 1024-1064", "エンドポイントのセキュリティグループ（1024-1064）"),
})

var ingressSupport = register(&Check{
	ID:       "sg-ingress-support",
	Area:     AreaGroups,
	Title:    say("The endpoint's groups admit TCP 22, for the AWS Support channel, from every agent address", "エージェントの全アドレスからの TCP 22（AWS サポートチャネル）を許可"),
	Requires: reqSupport,
	Needs:    ingressNeeds,
	Uses:     groupUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{ingressSupportClosed},
	Run: func(x *Exam) {
		if x.Target.Mode == "enhanced" {
			x.NotApplicable(say("the support channel is for Basic mode agents only", "サポートチャネルは Basic モードのエージェント専用"))
			return
		}
		x.endpointAdmits(ingressSupportClosed)
	},
})

// endpointAdmits judges the endpoint's groups for the ports of each problem's
// requirement.
func (x *Exam) endpointAdmits(problems ...*Problem) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	if gap := groupsDiffer(s, ep); gap != nil {
		x.Unknown(ep.ID, *gap)
		return
	}
	groups, gaps := attachedGroups(s, ep)
	if len(groups) == 0 && len(gaps) == 0 {
		gaps = append(gaps, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "Groups"})
	}
	group := ""
	if len(ep.Groups) > 0 {
		group = ep.Groups[0].ID
	}
	x.admits(problems, ep.ID, groupHolder{group, s, false}, netpath.Place{Scope: s, VPC: ep.VPC}, groups, gaps, func(e netpath.End) *netipx.IPSet { return e.Endpoint }, true)
}

// admits judges some groups on the interfaces that the agent dials: those of the
// endpoint, or of the task. Every address that the traffic comes from on its way
// must be admitted.
func (x *Exam) admits(problems []*Problem, subject string, holder groupHolder, self netpath.Place, groups []snapshot.SecurityGroup, gaps []snapshot.Gap, dialled func(netpath.End) *netipx.IPSet, endpoint bool) {
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap != nil {
		gaps = append(gaps, *gap)
		agents.Addrs = netpath.Anywhere
	}
	agents.Addrs = netpath.IPv4(agents.Addrs)
	if netpath.Empty(agents.Addrs) {
		x.Unknown(subject, snapshot.Gap{Code: snapshot.Malformed, Source: agents.Given, Ref: subject, Words: onlyIPv4})
		return
	}
	var parts []groupTraffic
	for _, p := range x.comingIn(agents, dialled, endpoint) {
		layer := netpath.GroupLayer{Snapshot: x.Snapshot, Self: self, Peer: agents.Place, Peers: p.peers, Way: p.way, PeerCarries: netpath.CarriedBy(agents)}
		for _, g := range groups {
			p.rules = append(p.rules, layer.Rules(g, netpath.Ingress)...)
		}
		// A group or an agent that was not seen may admit, or be, anything.
		for _, g := range gaps {
			p.rules = append(p.rules, netpath.Rule{Peers: p.peers, Ports: netpath.AllPorts, Gap: &g})
		}
		parts = append(parts, p)
	}
	j, _, _ := x.walked()
	for _, p := range problems {
		if x.severity(p) != Skip {
			x.admission(p, subject, holder, admitted(p.Requires.Ports, parts, x.looseOwner(j)), agents, nil)
		}
	}
}

// groupsDiffer says that the endpoint lists other groups than its interfaces
// carry: a change is under way, or one of the two answers is old.
func groupsDiffer(s *snapshot.Scope, ep snapshot.Endpoint) *snapshot.Gap {
	if ep.GroupsPending != "" || len(ep.Groups) == 0 {
		return nil
	}
	interfaces, _ := endpointInterfaces(s, ep)
	for _, i := range interfaces {
		if len(i.Groups) == 0 || i.Pending != "" {
			continue
		}
		if !sameGroups(i.Groups, ep.Groups) {
			return &snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.Interfaces.Action(), Scope: s.Label(), Ref: i.ID + " (" + groupIDs(i.Groups) + ")", Detail: ep.ID + " (" + groupIDs(ep.Groups) + ")"}
		}
	}
	return nil
}

func sameGroups(a, b []snapshot.GroupRef) bool {
	in := func(list []snapshot.GroupRef, id string) bool {
		return slices.ContainsFunc(list, func(g snapshot.GroupRef) bool { return g.ID == id })
	}
	return !slices.ContainsFunc(a, func(g snapshot.GroupRef) bool { return !in(b, g.ID) }) && !slices.ContainsFunc(b, func(g snapshot.GroupRef) bool { return !in(a, g.ID) })
}

func groupIDs(list []snapshot.GroupRef) string {
	ids := make([]string, len(list))
	for i, g := range list {
		ids[i] = g.ID
	}
	return shorten(ids)
}

// attachedGroups returns the groups of an endpoint, and a gap for each that was
// not seen.
func attachedGroups(s *snapshot.Scope, ep snapshot.Endpoint) ([]snapshot.SecurityGroup, []snapshot.Gap) {
	var groups []snapshot.SecurityGroup
	var gaps []snapshot.Gap
	for _, ref := range ep.Groups {
		g, p := s.SecurityGroups.GetIn(ep.VPC, ref.ID)
		if p == snapshot.Present {
			groups = append(groups, g)
			continue
		}
		gaps = append(gaps, s.GapFor(snapshot.SecurityGroups, ref.ID))
	}
	if ep.GroupsPending != "" {
		gaps = append(gaps, ep.GroupsPending.Gap(ep.ID))
	}
	return groups, gaps
}

// whose are the credentials of the owner of the group.
func (h groupHolder) whose() repair.Whose {
	g, _ := h.scope.SecurityGroups.Get(h.group)
	return whose(h.scope, g.OwnerID)
}

// rulesFor are the rules of a group that admit the addresses on the ports.
func rulesFor(group string, egress bool, ports []netpath.Ports, peers *netipx.IPSet) repair.GroupRules {
	out := repair.GroupRules{Group: group, Egress: egress}
	for _, p := range ports {
		for _, block := range peers.Prefixes() {
			out.Rules = append(out.Rules, repair.GroupRule{Ports: p, CIDR: block})
		}
	}
	return out
}
