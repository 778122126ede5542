package checks

import (
	"fmt"
	"net/netip"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// addressesPerTask is how many network interfaces, of one address each, a task
// that uses an agent creates.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html
const addressesPerTask = 4

var (
	subnetFull = &Problem{
		Code: "DSP301", Severity: Fail, Given: true,
		Title:   say("the task subnet {subject} ({cidr}) has {seen} free IPv4 addresses and needs {needed} (planned tasks: {tasks})", "タスクのサブネット {subject}（{cidr}）の空き IPv4 アドレスは {seen} 個で、予定タスク {tasks} 個には {needed} 個必要"),
		Cause:   say("Each task creates four network interfaces in this subnet when it is created. The agent is activated all the same; creating or starting the task fails.", "タスクは作成時にこのサブネットにネットワークインターフェイスを 4 つ作る。アクティブ化は成功するが、タスクの作成か開始が失敗する。"),
		Fix:     say("Free addresses in {subject}, or choose a larger subnet of {vpc} (AWS reserves 5 addresses of each).", "{subject} のアドレスを空けるか、{vpc} のより大きいサブネットを選ぶ（各サブネットで 5 アドレスは AWS が予約する）。"),
		Example: []repair.Change{repair.NewSubnet{VPC: "vpc-0d5c1a2b3e4f50617", CIDR: netip.MustParsePrefix("10.20.9.0/28")}},
		Look:    []Command{OnAWS("ec2 describe-network-interfaces --filters Name=subnet-id,Values={subject} --query NetworkInterfaces[].[NetworkInterfaceId,PrivateIpAddress,Description]"), OnAWS("ec2 describe-subnets --filters Name=vpc-id,Values={vpc} --query Subnets[].[SubnetId,CidrBlock,AvailableIpAddressCount]")},
		Sources: []string{pageArticle, pageENI, pageSizing},
	}
	subnetReserved = &Problem{
		Code: "DSP302", Severity: Warn, Given: true,
		Title:   say("the task subnet {subject} has {seen} free IPv4 addresses, but CIDR reservations hold {reserved} of the subnet back; it needs {needed} (planned tasks: {tasks})", "タスクのサブネット {subject} の空き IPv4 アドレスは {seen} 個だが、CIDR 予約が {reserved} 個を確保している。予定タスク {tasks} 個には {needed} 個必要"),
		Cause:   say("Reserved blocks are not given out automatically. Whether the free count already leaves them out is not documented.", "予約されたブロックは自動割り当ての対象外。空き個数がそれを除いた値かどうかは文書化されていない。"),
		Fix:     say("Remove reservations that nothing uses, or choose another subnet of {vpc}.", "使われていない予約を削除するか、{vpc} の別のサブネットを選ぶ。"),
		Look:    []Command{OnAWS("ec2 get-subnet-cidr-reservations --subnet-id {subject}")},
		Sources: []string{pageReserve, pageENI},
	}
	subnetAllReserved = &Problem{
		Code: "DSP309", Severity: Fail, Given: true,
		Title:   say("of the task subnet {subject} ({cidr}) CIDR reservations and addresses in use leave {rest} IPv4 addresses that can be given out automatically; it needs {needed} (planned tasks: {tasks})", "タスクのサブネット {subject}（{cidr}）で、CIDR 予約と使用中のアドレスを除いて自動で割り当てられる IPv4 アドレスは {rest} 個しかない。予定タスク {tasks} 個には {needed} 個必要"),
		Cause:   say("AWS never assigns an address of a reservation to a network interface by itself, as those of a task are, whatever the free count says.", "タスクのインターフェイスには自動でアドレスが割り当てられるが、空き個数にかかわらず、予約されたブロックからは割り当てられない。"),
		Fix:     subnetReserved.Fix,
		Look:    subnetReserved.Look,
		Sources: []string{pageReserve, pageENI},
	}
	subnetNoneServes = &Problem{
		Code: "DSP310", Severity: Fail,
		Title:   say("none of the endpoint's subnets {subnets} serves the task: {lacks}", "エンドポイントのサブネット {subnets} のどれもタスクに使えない: {lacks}"),
		Cause:   say("CreateAgent takes exactly one subnet for the task's interfaces. What one of these has, another lacks.", "CreateAgent がタスクのインターフェイス用に受け取るサブネットは 1 つだけ。どのサブネットにも足りないものがある。"),
		Fix:     say("Mend what one of them lacks, and give that one to CreateAgent, and to dspreflight as --subnet-id.", "いずれか 1 つの不足を解消し、CreateAgent と、dspreflight の --subnet-id に指定する。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --subnet-ids {subnets}")},
		Sources: []string{pageCreate, pageENI},
	}
	subnetNotChosen = &Problem{
		Code: "DSP308", Severity: Warn,
		Title:   say("of the endpoint's subnets {good} has room for the task; {bad} is not proved to", "エンドポイントのサブネットのうち {good} にはタスク用の空きがあるが、{bad} にあるとは確認できない"),
		Cause:   say("CreateAgent takes exactly one subnet for the task's interfaces, and nobody has said which.", "CreateAgent がタスクのインターフェイス用に受け取るサブネットは 1 つだけで、どれかが指定されていない。"),
		Fix:     say("Give {good} to CreateAgent, and to dspreflight as --subnet-id.", "CreateAgent と、dspreflight の --subnet-id に {good} を指定する。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --subnet-ids {good}")},
		Sources: []string{pageCreate, pageENI},
	}
)

var subnetFreeIPs = register(&Check{
	ID:       "subnet-free-ips",
	Area:     AreaSubnet,
	Title:    say("The task subnet has four free addresses for every planned task", "タスクのサブネットに、予定タスク 1 つにつき 4 つの空きアドレスがある"),
	Requires: reqFreeIPs,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Subnets},
	Uses:     pathUses,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{subnetFull, subnetReserved, subnetAllReserved, subnetNotChosen, subnetNoneServes},
	Run: func(x *Exam) {
		if t := x.Target.DestinationType; (t == "efs" || t == "fsx") && x.Target.SubnetID == "" {
			x.Unknown("", snapshot.Gap{Code: snapshot.LocationSubnet, Detail: t})
			return
		}
		if nothingPlanned(&x.Target) {
			x.NotLooked(say("the agent's tasks have their interfaces, and no further one is planned: say how many with --tasks", "エージェントのタスクにはインターフェイスがあり、新しいタスクの予定がない。予定数は --tasks で指定する"))
			return
		}
		x.eachTaskSubnet(func(s *snapshot.Scope, ep snapshot.Endpoint, choices []string) {
			if lacks := x.lacking(); len(lacks) > 0 {
				x.noneServes(ep, lacks)
				return
			}
			x.oneOf(ep.ID, choices, subnetNotChosen, func(y *Exam, id string) { y.judgeFreeIPs(s, ep, id) })
		})
	},
})

// noneServes names what each subnet lacks, where one alone would be enough.
func (x *Exam) noneServes(ep snapshot.Endpoint, lacks []lack) {
	var subnets []string
	var says []Text
	var evidence []snapshot.Evidence
	for _, l := range lacks {
		text, ev := l.words()
		subnets, says, evidence = append(subnets, l.subnet), append(says, text), append(evidence, ev...)
	}
	x.Report(subnetNoneServes, ep.ID, Args{"subnets": subnets, "lacks": inTurn(says), "region": x.region()}, evidence...)
}

func (x *Exam) judgeFreeIPs(s *snapshot.Scope, ep snapshot.Endpoint, id string) {
	n, p := s.Subnets.GetIn(ep.VPC, id)
	switch p {
	case snapshot.Absent:
		x.See(snapshot.Textf("%s does not exist", "%s が存在しない", id), x.given("subnet-usable")...)
		return
	case snapshot.Unobserved:
		x.Unknown(id, s.GapFor(snapshot.Subnets, id))
		return
	}
	sure, open := x.Tasks.besides(&x.Target, x.Snapshot, id)
	tasks := tasksOf(&x.Target) + sure.tasks
	needed := addressesPerTask * tasks
	if n.IPv6Native {
		x.See(snapshot.Textf("%s has no IPv4 addresses", "%s に IPv4 アドレスがない", n.ID), "subnet-usable")
		return
	}
	if n.FreeIPs == nil {
		x.Unknown(n.ID, snapshot.FieldGap(snapshot.Subnets, n.ID, n.Pending, "AvailableIpAddressCount"))
		return
	}
	free := *n.FreeIPs
	args := Args{"seen": fmt.Sprint(free), "needed": fmt.Sprint(needed), "tasks": taskCount(tasks, sure), "vpc": ep.VPC, "region": x.region(), "cidr": n.CIDR.String()}
	saw := snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("%d free addresses in %s; %d needed", "%[2]s に空き %[1]d 個、必要 %[3]d 個", free, n.CIDR, needed))
	if free < needed {
		x.Report(subnetFull, n.ID, args, saw)
		if block, ok := freeBlock(s, ep.VPC, needed); ok && !x.inLocation() {
			x.mend(x.inVPC(netpath.Place{Scope: s, VPC: ep.VPC}), repair.NewSubnet{VPC: ep.VPC, CIDR: block, Zone: n.AvailabilityZoneID})
		}
	}
	if gap := s.GapFor(snapshot.SubnetCIDRReservations, n.ID); free >= needed && (gap.Code == snapshot.NoPermission || gap.Code == snapshot.CallFailed) {
		x.Unknown(n.ID, gap)
		return
	}
	reserved, rest := reservations(s, n)
	sawReserved := snapshot.Saw(snapshot.SubnetCIDRReservations, n.ID, snapshot.Textf("%d addresses reserved", "%d アドレスが予約済み", reserved))
	args["reserved"], args["rest"] = fmt.Sprint(reserved), fmt.Sprint(rest)
	switch {
	case reserved > 0 && rest < needed:
		x.Report(subnetAllReserved, n.ID, args, saw, sawReserved)
	case free < needed:
	case free-reserved < needed:
		x.Report(subnetReserved, n.ID, args, saw, sawReserved)
	case free-reserved-n.MaybeTaken < needed:
		gap := n.TakenBy.Gap(n.ID)
		if gap.Code == snapshot.MayTakeAddresses {
			gap.Words = snapshot.Textf("%[1]s (%[2]d free, %[3]d needed)", "空き %[2]d 個・必要 %[3]d 個の %[1]s", n.ID, free-reserved, needed)
		}
		x.Unknown(n.ID, gap)
	case free-reserved < needed+addressesPerTask*open.tasks:
		x.Unknown(n.ID, snapshot.Gap{Code: snapshot.SubnetShared, Source: snapshot.Subnets.Action(), Ref: n.ID, Detail: open.listed()})
	default:
		x.OK(n.ID, saw)
	}
}

// taskCount words how many tasks a subnet is to hold.
func taskCount(tasks int, sure neighbours) Text {
	if sure.tasks == 0 {
		return snapshot.Same(fmt.Sprint(tasks))
	}
	return snapshot.Textf("%d, with those of %s", "%[2]s の分を含む %[1]d", tasks, sure.listed())
}

// reservations counts the IPv4 addresses of a subnet that its CIDR reservations
// hold back, and those that neither they nor AWS nor an interface hold.
func reservations(s *snapshot.Scope, n snapshot.Subnet) (reserved, rest int) {
	r, _ := s.Reservations.Get(n.ID)
	var blocks []netip.Prefix
	for _, e := range r.Entries {
		if e.CIDR.IsValid() && e.CIDR.Addr().Is4() {
			blocks = append(blocks, e.CIDR)
		}
	}
	if len(blocks) == 0 || !n.CIDR.IsValid() {
		return 0, 0
	}
	return count(netpath.Set(blocks...).Prefixes()), count(netpath.FreeIn(s, n).Prefixes())
}

func count(blocks []netip.Prefix) int {
	n := 0
	for _, b := range blocks {
		if b.Addr().Is4() {
			n += 1 << (32 - b.Bits())
		}
	}
	return n
}
