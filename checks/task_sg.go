package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	taskGroupMissing = &Problem{
		Code: "DSP210", Severity: Fail, Hides: true,
		Title:   say("the task's security group {subject} does not exist in {scope}", "タスクのセキュリティグループ {subject} が {scope} に存在しない"),
		Cause:   say("CreateAgent refuses a group that it can't find in the account and Region.", "CreateAgent は、アカウントとリージョンに見つからないグループを拒否する。"),
		Fix:     say("Pass the ARN of a security group of {vpc}; the endpoint's own is the simplest choice.", "{vpc} のセキュリティグループの ARN を渡す。エンドポイントと同じグループが最も簡単である。"),
		Look:    []Command{OnAWS("ec2 describe-security-groups --filters Name=vpc-id,Values={vpc}")},
		Errors:  []*documented.Error{documented.InvalidGroup},
		Sources: []string{pageCreate},
	}
	taskGroupOtherVPC = &Problem{
		Code: "DSP211", Severity: Fail, Hides: true, Given: true,
		Title:   say("the task's security group {subject} belongs to {seen}, not to {vpc}, and can't be used there", "タスクのセキュリティグループ {subject} は {seen} のもので、{vpc} では使えない"),
		Cause:   say("The group and the subnet of the task's interfaces must be of one VPC.", "タスクのインターフェイスのグループとサブネットは同じ VPC のものでなければならない。"),
		Fix:     say("Pass a security group of {vpc}.", "{vpc} のセキュリティグループを渡す。"),
		Look:    []Command{OnAWS("ec2 describe-security-groups --filters Name=vpc-id,Values={vpc}")},
		Errors:  []*documented.Error{documented.InvalidGroup},
		Sources: []string{pageCreate, pageGroupVPC},
	}
	taskGroupClosed = &Problem{
		Code: "DSP212", Severity: Fail, Requires: reqTaskHTTPS,
		Title:   say("the task's security group {subject} does not admit TCP {ports} from {sources}", "タスクのセキュリティグループ {subject} が {sources} からの TCP {ports} を許可していない"),
		Cause:   say("The agent sends the data itself on TCP 443 to the task's network interfaces, which carry this group. The agent is activated, and then its tasks fail.", "エージェントはデータ本体を TCP 443 でタスクのネットワークインターフェイスに送る。このグループはそこに付く。アクティブ化は成功しても、タスクが失敗する。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Sources: reqTaskHTTPS.Sources,
	}
	taskGroupNotChosen = &Problem{
		Code: "DSP213", Severity: Warn,
		Title:   say("of the endpoint's security groups {good} can serve the task; {bad} is not proved to", "エンドポイントのセキュリティグループのうち {good} はタスクに使えるが、{bad} は使えるとは確認できない"),
		Cause:   say("CreateAgent takes exactly one group for the task's interfaces, and nobody has said which.", "CreateAgent がタスクのインターフェイス用に受け取るグループは 1 つだけで、どれかが指定されていない。"),
		Fix:     say("Give {good} to CreateAgent, and to dspreflight as --security-group-id.", "CreateAgent と、dspreflight の --security-group-id に {good} を指定する。"),
		Look:    []Command{OnAWS("ec2 describe-security-groups --group-ids {good}")},
		Sources: []string{pageCreate},
	}
)

var taskGroup = register(&Check{
	ID:       "task-sg",
	Area:     AreaGroups,
	Title:    say("The task's security group is usable in the VPC and admits TCP 443 from the agent", "タスクのセキュリティグループが VPC で使え、エージェントからの TCP 443 を許可"),
	Requires: reqTaskGroup,
	Needs:    ingressNeeds,
	Uses:     append([]snapshot.Kind{snapshot.SecurityGroupVPCAssociations}, groupUses...),
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{taskGroupMissing, taskGroupOtherVPC, taskGroupClosed, taskGroupNotChosen},
	Run:      runTaskSG,
	On:       []netpath.Layer{netpath.GroupIn},
	Place:    say("security group of the task, 443", "タスクのセキュリティグループ（443）"),
})

func runTaskSG(x *Exam) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	if x.Target.GroupID != "" {
		x.judgeTaskGroup(s, ep, x.Target.GroupID)
		return
	}
	if len(ep.Groups) == 0 || ep.GroupsPending != "" {
		x.Unknown(ep.ID, snapshot.FieldGap(snapshot.Endpoints, ep.ID, ep.GroupsPending, "Groups"))
		return
	}
	choices := make([]string, len(ep.Groups))
	for i, g := range ep.Groups {
		choices[i] = g.ID
	}
	x.oneOf(ep.ID, choices, taskGroupNotChosen, func(y *Exam, id string) { y.judgeTaskGroup(s, ep, id) })
}

// oneOf judges several resources of which the user will choose one: all good is
// PASS, all bad keeps every finding, and some of each is the given problem.
func (x *Exam) oneOf(subject string, choices []string, mixed *Problem, judge func(*Exam, string)) {
	var good, bad, open []string
	var all, unknown []Finding
	var evidence []snapshot.Evidence
	for _, id := range choices {
		y := *x
		y.findings = nil
		judge(&y, id)
		all = append(all, y.findings...)
		switch s := conclude(x.check, y.findings).Status; s {
		case Pass, Warn:
			good = append(good, id)
			evidence = append(evidence, y.findings[0].Evidence...)
		case Fail:
			bad = append(bad, id)
		case Unknown:
			open = append(open, id)
			unknown = append(unknown, y.findings...)
		}
	}
	if len(open) > 0 && len(good) == 0 {
		// The one that was not seen may serve; the others don't decide.
		x.findings = append(x.findings, unknown...)
		return
	}
	if rest := append(bad, open...); len(good) > 0 && len(rest) > 0 {
		x.Report(mixed, subject, Args{"good": good, "bad": rest, "region": x.region()}, evidence...)
		return
	}
	x.findings = append(x.findings, all...)
}

func (x *Exam) judgeTaskGroup(s *snapshot.Scope, ep snapshot.Endpoint, id string) {
	vpc, in := x.taskVPC(s, ep)
	if in == nil {
		x.Unknown(id, snapshot.Gap{Code: snapshot.RowUnseen, Source: snapshot.Subnets.Action(), Scope: s.Label(), Ref: x.Target.SubnetID})
		return
	}
	args := Args{"scope": in.Label(), "vpc": vpc, "region": x.region()}
	// A group that the user names may be one of any VPC.
	g, p := in.SecurityGroups.Get(id)
	switch {
	case p == snapshot.Absent && carried(s, ep, id):
		x.Unknown(id, snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.SecurityGroups.Action(), Scope: s.Label(), Ref: id, Detail: ep.ID})
		return
	case p == snapshot.Absent && x.Target.AgentARN != "":
		x.See(snapshot.Textf("%s does not exist", "%s が存在しない", id), "agent-endpoint")
		return
	case p == snapshot.Absent:
		x.Report(taskGroupMissing, id, args, snapshot.Saw(snapshot.SecurityGroups, id, snapshot.Textf("not among the security groups of %s", "%s のセキュリティグループの中にない", in.Label())))
		return
	case p == snapshot.Unobserved:
		x.Unknown(id, in.GapFor(snapshot.SecurityGroups, id))
		return
	}
	if g.VPC != vpc {
		usable, gap := groupUsable(in, g, vpc)
		if gap != nil {
			x.Unknown(id, *gap)
			return
		}
		if usable != netpath.On {
			x.groupOfOtherVPC(s, ep, g, vpc)
			return
		}
	}
	x.admits([]*Problem{taskGroupClosed}, id, groupHolder{id, in, false}, netpath.Place{Scope: in, VPC: vpc}, []snapshot.SecurityGroup{g}, nil, func(e netpath.End) *netipx.IPSet { return e.Task }, false)
}

// groupOfOtherVPC tells of a group that can't be used in the VPC of the task's interfaces.
// That an agent's subnet and group are not of one VPC is for agent-endpoint to tell, that
// both are of another than its endpoint for subnet-usable.
func (x *Exam) groupOfOtherVPC(s *snapshot.Scope, ep snapshot.Endpoint, g snapshot.SecurityGroup, vpc string) {
	seen := snapshot.Textf("a group of %s, not associated with %s", "%s のグループで、%s に関連付けられていない", g.VPC, vpc)
	n, in := x.taskSubnet(s, ep, x.Target.SubnetID)
	switch {
	case x.Target.AgentARN == "" || in == nil:
		args := Args{"scope": s.Label(), "vpc": vpc, "region": x.region(), "seen": g.VPC}
		x.Report(taskGroupOtherVPC, g.ID, args, snapshot.Saw(snapshot.SecurityGroups, g.ID, seen))
	case n.VPC == g.VPC:
		x.See(seen, "subnet-usable")
	default:
		x.See(seen, "agent-endpoint")
	}
}

// taskVPC is the VPC that the task's interfaces are in, and the scope that shows
// it: the endpoint's, or that of the location's subnet.
func (x *Exam) taskVPC(s *snapshot.Scope, ep snapshot.Endpoint) (string, *snapshot.Scope) {
	if !x.inLocation() || x.Target.SubnetID == "" {
		return ep.VPC, s
	}
	n, in := x.taskSubnet(s, ep, x.Target.SubnetID)
	return n.VPC, in
}

// carried reports whether the endpoint or an interface carries a group, which
// then exists, whatever the list of groups says.
func carried(s *snapshot.Scope, ep snapshot.Endpoint, id string) bool {
	is := func(g snapshot.GroupRef) bool { return g.ID == id }
	return slices.ContainsFunc(ep.Groups, is) || slices.ContainsFunc(s.Interfaces.All(), func(i snapshot.Interface) bool { return slices.ContainsFunc(i.Groups, is) })
}

// groupUsable reports whether a group of another VPC may be used in this one. A
// group can be associated with further VPCs of its Region, but not the default
// group of a VPC, and not with a default VPC.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html
func groupUsable(s *snapshot.Scope, g snapshot.SecurityGroup, vpc string) (netpath.Fate, *snapshot.Gap) {
	if v, p := s.VPCs.Get(vpc); g.Name == "default" || p == snapshot.Present && v.IsDefault {
		return netpath.Stopped, nil
	}
	a, p := s.SecurityGroupVPCAssociations.Get(g.ID + "/" + vpc)
	if p == snapshot.Present {
		fate := netpath.Lives(netpath.GroupAssociationState, a.State)
		if fate == netpath.Open {
			return fate, &snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.SecurityGroupVPCAssociations.Action(), Scope: s.Label(), Ref: g.ID, Detail: a.State}
		}
		return fate, nil
	}
	if s.SecurityGroupVPCAssociations.Knows(g.ID) {
		return netpath.Stopped, nil
	}
	gap := s.GapFor(snapshot.SecurityGroupVPCAssociations, g.ID)
	return netpath.Open, &gap
}
