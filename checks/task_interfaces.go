package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageDescribeTask = "https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeTask.html"

var reqTaskInterfaces = &Requirement{
	ID: "task-interfaces", Grade: "required",
	Title:   say("The agent's tasks can start, and their network interfaces are as they were made", "エージェントのタスクが開始でき、ネットワークインターフェイスが作成時のままである"),
	Sources: []string{pageENI, pageDescribeTask},
}

var (
	taskUnavailable = &Problem{
		Code: "DSP818", Severity: Fail,
		Title:   say("{subject} can't start: it is UNAVAILABLE ({seen})", "{subject} を開始できない。状態が UNAVAILABLE（{seen}）"),
		Cause:   say("DataSync found a fault when it last tried the task, and starts it no more until that is mended.", "DataSync がタスクの前回の試行で問題を検出しており、直るまで開始しない。"),
		Fix:     say("Mend what the error names; dspreflight explain tells what it means.", "エラーが示す問題を直す。意味は dspreflight explain で調べられる。"),
		Look:    []Command{OnAWS("datasync describe-task --task-arn {arn}")},
		Errors:  []*documented.Error{documented.TaskUnavailable},
		Sources: []string{pageDescribeTask},
	}
	taskInterfaceGone = &Problem{
		Code: "DSP819", Severity: Fail,
		Title:   say("{subject} has lost its network interface {seen}", "{subject} のネットワークインターフェイス {seen} が失われている"),
		Cause:   say("DataSync made it for the task, and the task can't run without it. Somebody deleted it.", "DataSync がタスク用に作成したもので、なければタスクを実行できない。誰かが削除している。"),
		Fix:     say("Make the task anew: that makes new interfaces. Leave interfaces of DataSync alone.", "タスクを作り直す（新しいインターフェイスが作られる）。DataSync のインターフェイスには手を触れない。"),
		Look:    []Command{OnAWS("datasync describe-task --task-arn {arn}")},
		Errors:  []*documented.Error{documented.ENINotFound},
		Sources: []string{pageENI, pageDescribeTask},
	}
	taskInterfaceElsewhere = &Problem{
		Code: "DSP820", Severity: Warn,
		Title:   say("the interface {seen} of {subject} is in {subnet}; the agent's tasks go into {needed}", "{subject} のインターフェイス {seen} が {subnet} にある。エージェントのタスクのサブネットは {needed}"),
		Cause:   say("The task keeps the interfaces that it was made with, and new tasks go elsewhere. Both subnets are judged, and must stay right.", "タスクは作成時のインターフェイスを使い続け、新しいタスクは別のサブネットに作られる。両方のサブネットが判定対象で、どちらも正しく保つ必要がある。"),
		Fix:     say("Keep both subnets as they should be, or make the task anew.", "両方のサブネットを正しく保つか、タスクを作り直す。"),
		Look:    []Command{OnAWS("ec2 describe-network-interfaces --network-interface-ids {seen}")},
		Sources: []string{pageENI},
	}
	taskInterfaceClosed = &Problem{
		Code: "DSP821", Severity: Fail, Requires: reqTaskHTTPS,
		Title:   say("the security groups of the task interface {subject} do not admit TCP {ports} from {sources}", "タスクのインターフェイス {subject} のセキュリティグループが {sources} からの TCP {ports} を許可していない"),
		Cause:   say("The agent sends the data itself on TCP 443 to the task's network interfaces.", "エージェントはデータ本体を TCP 443 でタスクのネットワークインターフェイスに送る。"),
		Fix:     ingressFix,
		Example: exampleIngress,
		Sources: reqTaskHTTPS.Sources,
	}
)

// taskUses are the calls that tell which tasks an agent has, and their interfaces.
var taskUses = []snapshot.Kind{
	snapshot.Tasks, snapshot.TaskDetails, snapshot.Locations, snapshot.LocationsNFS, snapshot.LocationsSMB,
	snapshot.LocationsHDFS, snapshot.LocationsObjectStorage, snapshot.LocationsAzureBlob,
}

var _ = register(&Check{
	ID:       "task-interfaces",
	Area:     AreaInput,
	Title:    say("The agent's tasks can start, and their interfaces are where they should be and admit the agent", "エージェントのタスクが開始でき、インターフェイスが正しい場所にあってエージェントを許可している"),
	Requires: reqTaskInterfaces,
	Uses:     slices.Concat([]snapshot.Kind{snapshot.Endpoints}, agentUses, ingressNeeds, groupUses),
	Problems: []*Problem{taskUnavailable, taskInterfaceGone, taskInterfaceElsewhere, taskInterfaceClosed},
	Run:      runTaskInterfaces,
})

func runTaskInterfaces(x *Exam) {
	if x.agentNotNamed() {
		return
	}
	d, s, p := x.agent()
	id := snapshot.LastOf(x.Target.AgentARN)
	switch {
	case p == snapshot.Absent:
		x.See(say("there is no such agent", "該当するエージェントがない"), "agent-status")
		return
	case p == snapshot.Unobserved:
		x.Unknown(id, x.agentGap())
		return
	}
	tasks, gaps := s.TasksOf(d.ARN)
	for _, t := range tasks {
		x.task(s, d, t)
	}
	for _, g := range gaps {
		x.Unknown(id, g)
	}
	if len(tasks) == 0 && len(gaps) == 0 {
		x.NotApplicable(snapshot.Textf("%s has no tasks yet", "%s にはまだタスクがない", id))
	}
}

// task judges one task and its interfaces.
func (x *Exam) task(s *snapshot.Scope, d snapshot.AgentDetail, t snapshot.TaskDetail) {
	saw := snapshot.Saw(snapshot.TaskDetails, t.ID, snapshot.Textf("status %s", "状態 %s", t.Status))
	args := Args{"arn": t.ARN, "region": x.region()}
	switch t.Status {
	case "AVAILABLE", "QUEUED", "RUNNING":
		if t.ErrorCode != "" || t.ErrorDetail != "" {
			x.Unknown(t.ID, snapshot.Gap{Code: snapshot.TaskErred, Source: snapshot.TaskDetails.Action(), Scope: s.Label(), Ref: t.ID + " (" + t.Status + ")", Detail: t.Why()})
		}
	case "UNAVAILABLE":
		x.Report(taskUnavailable, t.ID, Args{"arn": t.ARN, "region": x.region(), "seen": orNone(t.Why())}, saw)
	default:
		x.Unknown(t.ID, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.TaskDetails.Action(), Scope: s.Label(), Ref: t.ID, Detail: t.Status})
	}
	if len(t.Interfaces()) == 0 {
		x.Unknown(t.ID, snapshot.FieldGap(snapshot.TaskDetails, t.ID, "", "SourceNetworkInterfaceArns, DestinationNetworkInterfaceArns"))
		return
	}
	fileSystem, known := inFileSystem(s, t)
	for _, arn := range slices.Concat(t.SourceInterfaces, t.DestinationInterfaces) {
		id := snapshot.LastOf(arn)
		i, p := s.Interfaces.Get(id)
		account, region := snapshot.AccountOf(arn), snapshot.RegionOf(arn)
		switch {
		case account != s.Account || region != s.Region:
			x.Unknown(t.ID, snapshot.Gap{Code: snapshot.OwnedElsewhere, Source: snapshot.TaskDetails.Action(), Scope: s.Label(), Ref: id, Detail: account, Region: region})
			continue
		case p == snapshot.Absent:
			args = Args{"arn": t.ARN, "region": x.region(), "seen": id}
			x.Report(taskInterfaceGone, t.ID, args, saw, snapshot.Saw(snapshot.Interfaces, id, snapshot.Textf("not among the interfaces of %s", "%s のインターフェイスの中にない", s.Label())))
			continue
		case p == snapshot.Unobserved:
			x.Unknown(t.ID, s.GapFor(snapshot.Interfaces, id))
			continue
		}
		at := snapshot.Saw(snapshot.Interfaces, id, snapshot.Textf("%s in %s, status %s", "%s（%s）、状態 %s", i.PrivateIP, i.Subnet, i.Status))
		elsewhere := d.PrivateLink != nil && x.Target.SubnetID != "" && i.Subnet != x.Target.SubnetID
		switch fate := netpath.Lives(netpath.InterfaceState, i.Status); {
		case i.Status == "" || i.Subnet == "" || len(i.Addrs()) == 0:
			x.Unknown(t.ID, snapshot.FieldGap(snapshot.Interfaces, id, "", "Status, SubnetId, PrivateIpAddress"))
		case fate != netpath.On:
			x.Unknown(t.ID, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.Interfaces.Action(), Scope: s.Label(), Ref: id, Detail: i.Status})
		case elsewhere && !known:
			x.Unknown(t.ID, s.GapFor(snapshot.Locations, t.ID))
		case elsewhere && !fileSystem:
			x.Report(taskInterfaceElsewhere, t.ID, Args{"seen": id, "subnet": i.Subnet, "needed": x.Target.SubnetID, "region": x.region()}, at)
		default:
			x.OK(t.ID, saw, at)
		}
		x.interfaceGroups(s, i)
	}
}

// taskInterfaces are the network interfaces that the agent's tasks have, as far as they
// were seen.
func (x *Exam) taskInterfaces(s *snapshot.Scope) []snapshot.Interface {
	if x.Target.AgentARN == "" {
		return nil
	}
	var out []snapshot.Interface
	tasks, _ := s.TasksOf(x.Target.AgentARN)
	for _, t := range tasks {
		for _, id := range t.Interfaces() {
			if i, p := s.Interfaces.Get(id); p == snapshot.Present {
				out = append(out, i)
			}
		}
	}
	return out
}

// inFileSystem reports whether a task writes to, or reads, a file system of AWS, whose
// subnet its interfaces are in; known is false where a location was not seen.
func inFileSystem(s *snapshot.Scope, t snapshot.TaskDetail) (is, known bool) {
	known = true
	for _, arn := range []string{t.Source, t.Destination} {
		l, p := s.Locations.Get(arn)
		known = known && p == snapshot.Present && l.Scheme() != ""
		is = is || l.InFileSystem()
	}
	return is, known
}

// interfaceGroups judges whether the groups that an interface really has admit the agent.
func (x *Exam) interfaceGroups(s *snapshot.Scope, i snapshot.Interface) {
	var groups []snapshot.SecurityGroup
	var gaps []snapshot.Gap
	for _, ref := range i.Groups {
		g, p := s.SecurityGroups.Get(ref.ID)
		if p != snapshot.Present {
			gaps = append(gaps, s.GapFor(snapshot.SecurityGroups, ref.ID))
			continue
		}
		groups = append(groups, g)
	}
	if len(i.Groups) == 0 {
		x.Unknown(i.ID, snapshot.FieldGap(snapshot.Interfaces, i.ID, "", "Groups"))
		return
	}
	holder := groupHolder{i.Groups[0].ID, s, false}
	x.admits([]*Problem{taskInterfaceClosed}, i.ID, holder, netpath.Place{Scope: s, VPC: i.VPC}, groups, gaps, func(e netpath.End) *netipx.IPSet { return e.Task }, false)
}
