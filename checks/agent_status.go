package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageDescribeAgent = "https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeAgent.html"

var reqOnline = &Requirement{
	ID: "agent-online", Grade: "required",
	Title:   say("The agent is ONLINE", "エージェントが ONLINE である"),
	Sources: []string{pageDescribeAgent, pageAgentHelp},
}

var (
	agentOffline = &Problem{
		Code: "DSP812", Severity: Fail,
		Title:   say("{subject} is OFFLINE; DataSync last heard of it at {seen}", "{subject} が OFFLINE。DataSync との最後の通信は {seen}"),
		Cause:   say("DataSync has not heard of the agent for five minutes or longer: it is switched off, or the path to its VPC endpoint is cut.", "DataSync がエージェントと 5 分以上通信できていない。電源が切れているか、VPC エンドポイントへの経路が断たれている。"),
		Fix:     say("See which checks of groups, routes and network ACLs fail here; if none does, see whether the machine runs, and test its connectivity in its local console.", "セキュリティグループ・経路・ネットワーク ACL のチェックに失敗がないか確認する。なければマシンが動作しているか確認し、ローカルコンソールで接続テストを行う。"),
		Look:    []Command{OnAWS("datasync describe-agent --agent-arn {arn}")},
		Errors:  []*documented.Error{documented.AgentOffline},
		Sources: []string{pageDescribeAgent, pageAgentHelp},
	}
	agentGone = &Problem{
		Code: "DSP813", Severity: Fail, Hides: true,
		Title:   say("there is no agent {subject} in {scope}", "{scope} にエージェント {subject} がない"),
		Cause:   say("It was deleted, or never made: DataSync neither lists nor describes it.", "削除されたか、作成されていない。DataSync の一覧にも詳細にもない。"),
		Fix:     say("Correct the ARN, or activate the agent.", "ARN を直すか、エージェントをアクティブ化する。"),
		Look:    []Command{OnAWS("datasync list-agents")},
		Errors:  []*documented.Error{documented.AgentNotFound},
		Sources: []string{pageDescribeAgent},
	}
)

// agentUses are the calls that tell of an agent.
var agentUses = []snapshot.Kind{snapshot.Agents, snapshot.AgentDetails}

var _ = register(&Check{
	ID:       "agent-status",
	Area:     AreaInput,
	Title:    say("The agent is ONLINE", "エージェントが ONLINE"),
	Requires: reqOnline,
	Uses:     agentUses,
	Problems: []*Problem{agentOffline, agentGone},
	Run:      runAgentStatus,
})

// settlesIn is how long a new agent may be OFFLINE: that it is so briefly is documented,
// and it becomes OFFLINE after five minutes of silence.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
const settlesIn = 10 * time.Minute

func runAgentStatus(x *Exam) {
	if x.agentNotNamed() {
		return
	}
	d, s, p := x.agent()
	id := snapshot.LastOf(x.Target.AgentARN)
	switch p {
	case snapshot.Absent:
		x.Report(agentGone, id, Args{"scope": s.Label(), "region": x.region()},
			snapshot.Saw(snapshot.Agents, id, snapshot.Textf("not among the %d agents of %s, and DescribeAgent refuses it", "%[2]s の %[1]d 個のエージェントの中になく、DescribeAgent も拒否した", s.Agents.Len(), s.Label())))
		return
	case snapshot.Unobserved:
		x.Unknown(id, x.agentGap())
		return
	}
	last := say("a time that is not told", "不明な時刻")
	if !d.Connected.IsZero() {
		last = snapshot.Same(d.Connected.String())
	}
	saw := snapshot.Saw(snapshot.AgentDetails, d.ID, snapshot.Textf("status %s, last heard of at %s", "状態 %s、最後の通信 %s", d.Status, last))
	switch {
	// AWS documents ONLINE as "configured properly and ready to use". How often it renews
	// LastConnectionTime is not documented, so an old one proves nothing against it.
	case d.Status == "ONLINE":
		x.OK(d.ID, saw)
	case d.Status != "OFFLINE", !d.Created.IsZero() && x.Snapshot.TakenAt.Sub(d.Created.Time).Abs() < settlesIn:
		detail := d.Status
		if d.Status == "OFFLINE" {
			detail = "OFFLINE, CreationTime " + d.Created.String()
		}
		x.Unknown(d.ID, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: d.ID, Detail: detail})
	default:
		x.Report(agentOffline, d.ID, Args{"seen": last, "arn": d.ARN, "region": x.region()}, saw)
	}
}

// agentNotNamed reports, and says, that the run is about no agent.
func (x *Exam) agentNotNamed() bool {
	if x.Target.AgentARN == "" {
		x.NotLooked(say("no agent is named: pass --agent-arn or --all-agents", "エージェントが指定されていない。--agent-arn か --all-agents を指定する"))
	}
	return x.Target.AgentARN == ""
}

// agent is the agent of the target. It is Absent where DataSync neither lists nor
// describes it; the list alone may be behind.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_ListAgents.html
func (x *Exam) agent() (snapshot.AgentDetail, *snapshot.Scope, snapshot.Presence) {
	s := x.destination()
	if s == nil || x.Target.Whole() {
		return snapshot.AgentDetail{}, s, snapshot.Unobserved
	}
	id := snapshot.LastOf(x.Target.AgentARN)
	d, p := s.AgentDetails.Get(id)
	if p == snapshot.Present && d.ARN == x.Target.AgentARN {
		return d, s, p
	}
	if noSuchAgent(s, x.Target.AgentARN) {
		if _, listed := s.Agents.Get(x.Target.AgentARN); listed == snapshot.Absent {
			return d, s, snapshot.Absent
		}
	}
	return snapshot.AgentDetail{}, s, snapshot.Unobserved
}

// noSuchAgent reports whether DataSync says that there is no such agent.
func noSuchAgent(s *snapshot.Scope, arn string) bool {
	return slices.ContainsFunc(s.Calls, func(c snapshot.Call) bool {
		return c.Command == snapshot.AgentDetails.Command() && c.ID == snapshot.LastOf(arn) && c.Error != nil && c.Error.Code == "InvalidRequestException" && strings.Contains(c.Error.Message, "exist")
	})
}

// agentGap says why nothing is known of the agent.
func (x *Exam) agentGap() snapshot.Gap {
	s, arn := x.destination(), x.Target.AgentARN
	id, account := snapshot.LastOf(arn), snapshot.AccountOf(arn)
	switch {
	case s == nil || s.Account != "" && account != "" && s.Account != account:
		return agentElsewhere(arn)
	case x.Target.Whole() || s.Called(snapshot.Agents) && !s.Called(snapshot.AgentDetails) && s.Agents.Extent() == snapshot.None:
		return s.GapFor(snapshot.Agents, id)
	}
	return s.GapFor(snapshot.AgentDetails, id)
}
