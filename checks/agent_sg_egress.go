package checks

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	egressTitle = say("the agent's security groups do not let TCP {ports} out to {sources}", "エージェントのセキュリティグループが {sources} への TCP {ports} を許可していない")
	egressFix   = say("Add an outbound rule for TCP {ports} to {sources} to {group}.", "{group} に {sources} への TCP {ports} を許可するアウトバウンドルールを追加する。")

	egress443Closed = &Problem{
		Code: "DSP220", Severity: Fail, Requires: reqHTTPS, Title: egressTitle, Fix: egressFix, Example: exampleEgress,
		Cause:  say("The agent can't open the connections that it needs for activation and for sending data.", "エージェントがアクティブ化とデータ送信に必要な接続を開始できない。"),
		Errors: []*documented.Error{documented.EndpointUnreachable}, Sources: reqHTTPS.Sources,
	}
	egressControlClosed = &Problem{
		Code: "DSP221", Severity: Fail, Requires: reqControl, Title: egressTitle, Fix: egressFix, Example: exampleEgress,
		Cause:  say("The agent's control traffic runs on these ports.", "エージェントの制御通信はこのポートを使う。"),
		Errors: []*documented.Error{documented.EndpointUnreachable}, Sources: reqControl.Sources,
	}
	egressGuideClosed = &Problem{
		Code: "DSP222", Severity: Warn, Requires: reqControlGuide, Title: egressTitle, Fix: egressFix, Example: exampleEgress,
		Cause: aclCauseGuide, Sources: reqControlGuide.Sources,
	}
	egressSupportClosed = &Problem{
		Code: "DSP223", Severity: Warn, Requires: reqSupport, Title: egressTitle, Fix: egressFix, Example: exampleEgress,
		Cause: aclCauseOnly22, Sources: reqSupport.Sources,
	}
)

var agentEgress = register(&Check{
	ID:       "agent-sg-egress",
	Area:     AreaGroups,
	Title:    say("The agent's own security groups let 443, 1024-1064 and 22 out to the endpoint", "エージェント自身のセキュリティグループが 443・1024-1064・22 の送信を許可"),
	Requires: reqHTTPS,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets, snapshot.SecurityGroups},
	Uses:     groupUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{egress443Closed, egressControlClosed, egressGuideClosed, egressSupportClosed},
	Run:      runAgentEgress,
	On:       []netpath.Layer{netpath.GroupOut},
	Place:    say("security groups of the agent, outbound", "エージェントのセキュリティグループ（アウトバウンド）"),
})

func runAgentEgress(x *Exam) {
	j, ok := x.journey()
	if !ok {
		return
	}
	switch {
	case j.from.Outside:
		x.NotApplicable(say("the agent is outside AWS and has no security groups", "エージェントが AWS 外にあり、セキュリティグループはない"))
		return
	case len(j.agents.Groups) == 0 && j.agents.Pending != "":
		x.Unknown(j.agents.Given, j.agents.Pending.Gap(j.agents.Given))
		return
	case len(j.agents.Groups) == 0 && x.Target.AgentIP.IsValid() && !j.placed():
		x.Unknown(x.Target.AgentIP.String(), snapshot.Gap{Code: snapshot.AgentPlace})
		return
	case len(j.agents.Groups) == 0 && x.Target.AgentIP.IsValid() && !j.from.Scope.Interfaces.Covers(j.from.VPC):
		x.Unknown(x.Target.AgentIP.String(), j.from.Scope.GapFor(snapshot.Interfaces, x.Target.AgentIP.String()))
		return
	case len(j.agents.Groups) == 0 && x.Target.AgentIP.IsValid():
		x.NotApplicable(snapshot.Textf("no network interface in %s has %s, so the agent is judged as one that is yet to be launched; which security groups it will have is not known", "%[1]s のどのネットワークインターフェイスにも %[2]s がないため、これから起動するエージェントとして判定した。そのセキュリティグループは不明", j.from.VPC, x.Target.AgentIP))
		return
	case len(j.agents.Groups) == 0:
		x.NotApplicable(say("which instance is the agent is not known: pass --agent-instance-id to have its security groups judged", "どのインスタンスがエージェントか不明。--agent-instance-id を指定するとセキュリティグループを判定する"))
		return
	}
	task, endpoint := &netipx.IPSet{}, &netipx.IPSet{}
	for _, e := range j.ends {
		task, endpoint = netpath.Union(task, e.Task), netpath.Union(endpoint, e.Endpoint)
	}
	x.withTaskGroup(j, netpath.Minus(task, endpoint), func(y *Exam, carries *netpath.Carried) { y.judgeEgress(j, carries) })
}

// judgeEgress judges the agent's groups, given what is known of those of the task.
func (x *Exam) judgeEgress(j journey, carries *netpath.Carried) {
	ways := j.goingOut()
	subject := j.agents.Groups[0]
	judge := func(p *Problem, dialled func(netpath.End) *netipx.IPSet) {
		if x.severity(p) == Skip {
			return
		}
		to := &netipx.IPSet{}
		for _, e := range j.ends {
			to = netpath.Union(to, dialled(e))
		}
		var parts []groupTraffic
		for _, w := range ways {
			if w.peers = netpath.Both(w.peers, to); !netpath.Empty(w.peers) {
				w.rules = x.egressRules(j, w, carries)
				parts = append(parts, w)
			}
		}
		if len(parts) > 0 {
			x.admission(p, subject, groupHolder{subject, j.from.Scope, true}, admitted(p.Requires.Ports, parts, inspectedID), j.agents, j.ends)
		}
	}
	all := netpath.End.All
	endpoint := func(e netpath.End) *netipx.IPSet { return e.Endpoint }
	judge(egress443Closed, all)
	judge(egressControlClosed, endpoint)
	judge(egressGuideClosed, endpoint)
	if x.Target.Mode != "enhanced" {
		judge(egressSupportClosed, endpoint)
	}
}

// goingOut lists what the agent dials by the way that leads there.
func (j journey) goingOut() []groupTraffic {
	var out []groupTraffic
	left := &netipx.IPSet{}
	for _, e := range j.ends {
		left = netpath.Union(left, e.All())
	}
	for _, i := range j.there.Leaves() {
		dst := netpath.Both(left, j.there.Hops[i].In.Dst)
		if netpath.Empty(dst) {
			continue
		}
		out = join(out, groupTraffic{peers: dst, way: j.estate.References(j.there, i, netpath.Egress, false)})
	}
	for _, a := range out {
		left = netpath.Minus(left, a.peers)
	}
	if !netpath.Empty(left) {
		out = append(out, groupTraffic{peers: left, way: netpath.NoWay})
	}
	return out
}

// egressRules resolves the outbound rules of the agent's groups for what is
// dialled over one way.
func (x *Exam) egressRules(j journey, w groupTraffic, carries *netpath.Carried) []netpath.Rule {
	layer := netpath.GroupLayer{Snapshot: x.Snapshot, Self: j.from, Peer: j.to, Peers: w.peers, Way: w.way, PeerCarries: carries}
	var rules []netpath.Rule
	for _, id := range j.agents.Groups {
		g, p := j.from.Scope.SecurityGroups.GetIn(j.from.VPC, id)
		if p != snapshot.Present {
			gap := j.from.Scope.GapFor(snapshot.SecurityGroups, id)
			rules = append(rules, netpath.Rule{Peers: w.peers, Ports: netpath.AllPorts, Gap: &gap})
			continue
		}
		rules = append(rules, layer.Rules(g, netpath.Egress)...)
	}
	if j.agents.Pending != "" {
		gap := j.agents.Pending.Gap(j.agents.Given)
		rules = append(rules, netpath.Rule{Peers: w.peers, Ports: netpath.AllPorts, Gap: &gap})
	}
	return rules
}
