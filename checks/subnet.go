package checks

import (
	"fmt"
	"math"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	subnetMissing = &Problem{
		Code: "DSP303", Severity: Fail, Hides: true,
		Title:     say("the task subnet {subject} does not exist in {scope}", "タスクのサブネット {subject} が {scope} に存在しない"),
		Cause:     say("CreateAgent refuses a subnet that it can't find in the account and Region.", "CreateAgent は、アカウントとリージョンに見つからないサブネットを拒否する。"),
		Fix:       say("Pass the ARN of a subnet of {vpc}; one of the endpoint's own is the simplest choice.", "{vpc} のサブネットの ARN を渡す。エンドポイントと同じサブネットが最も簡単である。"),
		CLI:       []string{"aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc}"},
		Terraform: "subnet_arns = [aws_subnet.datasync.arn]",
		Errors:    []*DocumentedError{errSubnet},
		Sources:   []string{pageCreate},
	}
	subnetNotAvailable = &Problem{
		Code: "DSP304", Severity: Fail,
		Title:   say("the state of the task subnet {subject} is {seen}; it must be available", "タスクのサブネット {subject} の状態が {seen} で、available ではない"),
		Cause:   say("Network interfaces can be created only in an available subnet.", "ネットワークインターフェイスを作成できるのは available のサブネットだけである。"),
		Fix:     say("Wait while it is pending; otherwise choose another subnet of {vpc}.", "pending なら待つ。それ以外は {vpc} の別のサブネットを選ぶ。"),
		CLI:     []string{"aws ec2 describe-subnets --region {region} --subnet-ids {subject}"},
		Errors:  []*DocumentedError{errSubnet},
		Sources: []string{pageCreate},
	}
	subnetNoIPv4 = &Problem{
		Code: "DSP305", Severity: Fail,
		Title:     say("the task subnet {subject} has no IPv4 addresses", "タスクのサブネット {subject} に IPv4 アドレスがない"),
		Cause:     say("The agent reaches the endpoint and the task's interfaces by IPv4 addresses.", "エージェントはエンドポイントとタスクのインターフェイスに IPv4 で接続する。"),
		Fix:       say("Choose a subnet of {vpc} with an IPv4 CIDR block.", "{vpc} の IPv4 CIDR ブロックを持つサブネットを選ぶ。"),
		CLI:       []string{"aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc} Name=ipv6-native,Values=false"},
		Terraform: "cidr_block = \"10.0.1.0/24\" # and no ipv6_native",
		Sources:   []string{pagePrivLink, pageENI},
	}
	subnetOtherVPC = &Problem{
		Code: "DSP306", Severity: Fail,
		Title:     say("the task subnet {subject} is in {seen}; the endpoint is in {vpc}", "タスクのサブネット {subject} は {seen} にあり、エンドポイントは {vpc} にある"),
		Cause:     say("The task's interfaces must be in the endpoint's VPC.", "タスクのインターフェイスはエンドポイントと同じ VPC になければならない。"),
		Fix:       say("Choose a subnet of {vpc}.", "{vpc} のサブネットを選ぶ。"),
		CLI:       []string{"aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc}"},
		Terraform: "subnet_arns = [aws_subnet.datasync.arn]",
		Errors:    []*DocumentedError{errSubnet},
		Sources:   []string{pageCreate, pageENI},
	}
	subnetNotEndpoints = &Problem{
		Code: "DSP307", Severity: Warn,
		Title:     say("the task subnet {subject} is not a subnet of the endpoint, which is in {subnets}", "タスクのサブネット {subject} はエンドポイントのサブネット（{subnets}）ではない"),
		Cause:     say("This works, but the routes and network ACLs of two subnets must then be right. The article advises one subnet for both.", "動作はするが、2 つのサブネットの経路とネットワーク ACL を正しく保つ必要がある。記事は同じサブネットを勧めている。"),
		Fix:       say("Use one of {subnets}, unless the interfaces are meant to be elsewhere.", "意図して分ける場合を除き、{subnets} のいずれかを使う。"),
		CLI:       []string{"aws ec2 describe-subnets --region {region} --subnet-ids {subnets}"},
		Terraform: "subnet_arns = [aws_subnet.datasync.arn]",
		Sources:   []string{pageArticle, pageCreate},
	}
)

var _ = register(&Check{
	ID:       "subnet-usable",
	Area:     AreaSubnet,
	Title:    say("The task subnet exists, is available, has IPv4, and is in the endpoint's VPC", "タスクのサブネットが存在し、利用可能で IPv4 を持ち、エンドポイントの VPC にある"),
	Requires: reqSubnet,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Subnets},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{subnetMissing, subnetNotAvailable, subnetNoIPv4, subnetOtherVPC, subnetNotEndpoints},
	Run: func(x *Exam) {
		x.eachTaskSubnet(func(s *snapshot.Scope, ep snapshot.Endpoint, choices []string) {
			for _, id := range choices {
				x.judgeSubnet(s, ep, id)
			}
		})
	},
})

// eachTaskSubnet hands on the ids of the subnets that a task may use.
func (x *Exam) eachTaskSubnet(judge func(*snapshot.Scope, snapshot.Endpoint, []string)) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	choices := x.taskSubnets(ep)
	if len(choices) == 0 || x.Target.SubnetID == "" && ep.SubnetsPending != "" {
		x.Unknown(ep.ID, snapshot.FieldGap(snapshot.Endpoints, ep.ID, ep.SubnetsPending, "SubnetIds"))
		return
	}
	judge(s, ep, choices)
}

func (x *Exam) judgeSubnet(s *snapshot.Scope, ep snapshot.Endpoint, id string) {
	n, p := s.Subnets.GetIn(ep.VPC, id)
	switch p {
	case snapshot.Absent:
		x.Report(subnetMissing, id, Args{"scope": s.Label(), "vpc": ep.VPC, "region": x.region()},
			snapshot.Saw(snapshot.Subnets, id, snapshot.Textf("not among the subnets of %s", "%s のサブネットの中にない", s.Label())))
		return
	case snapshot.Unobserved:
		x.Unknown(id, s.GapFor(snapshot.Subnets, id))
		return
	}
	saw := snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("%s in %s, state %s", "%[2]s の %[1]s、状態 %[3]s", n.CIDR, n.VPC, n.State))
	args := Args{"vpc": ep.VPC, "region": x.region(), "subnets": ep.SubnetIDs}
	bad := false
	report := func(p *Problem, seen string) {
		a := Args{"seen": seen}
		for k, v := range args {
			a[k] = v
		}
		x.Report(p, n.ID, a, saw)
		bad = true
	}
	if n.State == "" {
		x.Unknown(n.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Subnets.Action(), Ref: n.ID, Detail: "State"})
	} else if !strings.EqualFold(n.State, "available") {
		report(subnetNotAvailable, n.State)
	}
	location := x.Target.DestinationType == "efs" || x.Target.DestinationType == "fsx"
	switch {
	case n.IPv6Native:
		report(subnetNoIPv4, "")
	case !n.CIDR.IsValid() || n.VPC == "":
		x.Unknown(n.ID, snapshot.FieldGap(snapshot.Subnets, n.ID, n.Pending, "CidrBlock, VpcId"))
		bad = true
	}
	switch {
	case n.VPC == "":
	case location: // the location's own subnet, of whatever VPC
	case n.VPC != ep.VPC:
		report(subnetOtherVPC, n.VPC)
	case !contains(ep.SubnetIDs, n.ID):
		report(subnetNotEndpoints, "")
	}
	if !bad {
		x.OK(n.ID, saw)
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// addressesPerTask is how many network interfaces, of one address each, a task
// that uses an agent creates.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html
const addressesPerTask = 4

var (
	subnetFull = &Problem{
		Code: "DSP301", Severity: Fail,
		Title:     say("the task subnet {subject} ({cidr}) has {seen} free IPv4 addresses and needs {needed} (planned tasks: {tasks})", "タスクのサブネット {subject}（{cidr}）の空き IPv4 アドレスは {seen} 個で、予定タスク {tasks} 個には {needed} 個必要"),
		Cause:     say("Each task creates four network interfaces in this subnet when it is created. The agent is activated all the same; creating or starting the task fails.", "タスクは作成時にこのサブネットにネットワークインターフェイスを 4 つ作る。アクティベーションは成功するが、タスクの作成か開始が失敗する。"),
		Fix:       say("Free addresses in {subject}, or choose a larger subnet of {vpc} (AWS reserves 5 addresses of each).", "{subject} のアドレスを空けるか、{vpc} のより大きいサブネットを選ぶ（各サブネットで 5 アドレスは AWS が予約する）。"),
		CLI:       []string{"aws ec2 describe-network-interfaces --region {region} --filters Name=subnet-id,Values={subject} --query 'NetworkInterfaces[].[NetworkInterfaceId,PrivateIpAddress,Description]'", "aws ec2 describe-subnets --region {region} --filters Name=vpc-id,Values={vpc} --query 'Subnets[].[SubnetId,CidrBlock,AvailableIpAddressCount]'"},
		Terraform: "resource \"aws_subnet\" \"datasync\" {\n  vpc_id     = \"{vpc}\"\n  cidr_block = \"10.0.1.0/24\" # a /28 holds 11, a /24 holds 251\n}",
		Sources:   []string{pageArticle, pageENI, pageSizing},
	}
	subnetReserved = &Problem{
		Code: "DSP302", Severity: Warn,
		Title:     say("the task subnet {subject} has {seen} free IPv4 addresses, but CIDR reservations hold {reserved} of the subnet back; it needs {needed} (planned tasks: {tasks})", "タスクのサブネット {subject} の空き IPv4 アドレスは {seen} 個だが、CIDR 予約が {reserved} 個を確保している。予定タスク {tasks} 個には {needed} 個必要"),
		Cause:     say("Reserved blocks are not given out automatically. Whether the free count already leaves them out is not documented.", "予約されたブロックは自動割り当ての対象外。空き個数がそれを除いた値かどうかは文書化されていない。"),
		Fix:       say("Remove reservations that nothing uses, or choose another subnet of {vpc}.", "使われていない予約を削除するか、{vpc} の別のサブネットを選ぶ。"),
		CLI:       []string{"aws ec2 get-subnet-cidr-reservations --region {region} --subnet-id {subject}"},
		Terraform: "# remove the aws_ec2_subnet_cidr_reservation of {subject}",
		Sources:   []string{pageReserve, pageENI},
	}
	subnetNotChosen = &Problem{
		Code: "DSP308", Severity: Warn,
		Title:     say("of the endpoint's subnets {good} has room for the task; {bad} is not proved to", "エンドポイントのサブネットのうち {good} にはタスク用の空きがあるが、{bad} にあるとは確認できない"),
		Cause:     say("CreateAgent takes exactly one subnet for the task's interfaces, and nobody has said which.", "CreateAgent がタスクのインターフェイス用に受け取るサブネットは 1 つだけで、どれかが指定されていない。"),
		Fix:       say("Give {good} to CreateAgent, and to dspreflight as --subnet-id.", "CreateAgent と、dspreflight の --subnet-id に {good} を指定する。"),
		CLI:       []string{"aws ec2 describe-subnets --region {region} --subnet-ids {good}"},
		Terraform: "subnet_arns = [aws_subnet.datasync.arn] # {good}",
		Sources:   []string{pageCreate, pageENI},
	}
)

var _ = register(&Check{
	ID:       "subnet-free-ips",
	Area:     AreaSubnet,
	Title:    say("The task subnet has four free addresses for every planned task", "タスクのサブネットに、予定タスク 1 つにつき 4 つの空きアドレスがある"),
	Requires: reqFreeIPs,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Subnets},
	Uses:     []snapshot.Kind{snapshot.SubnetCIDRReservations},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{subnetFull, subnetReserved, subnetNotChosen},
	Run: func(x *Exam) {
		if t := x.Target.DestinationType; (t == "efs" || t == "fsx") && x.Target.SubnetID == "" {
			x.Unknown("", snapshot.Gap{Code: snapshot.LocationSubnet, Detail: t})
			return
		}
		x.eachTaskSubnet(func(s *snapshot.Scope, ep snapshot.Endpoint, choices []string) {
			x.oneOf(ep.ID, choices, subnetNotChosen, func(y *Exam, id string) { y.judgeFreeIPs(s, ep, id) })
		})
	},
})

func (x *Exam) judgeFreeIPs(s *snapshot.Scope, ep snapshot.Endpoint, id string) {
	n, p := s.Subnets.GetIn(ep.VPC, id)
	switch p {
	case snapshot.Absent:
		x.See(snapshot.Textf("%s does not exist", "%s が存在しない", id), "subnet-usable")
		return
	case snapshot.Unobserved:
		x.Unknown(id, s.GapFor(snapshot.Subnets, id))
		return
	}
	tasks := max(x.Target.Tasks, 1)
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
	args := Args{"seen": fmt.Sprint(free), "needed": fmt.Sprint(needed), "tasks": fmt.Sprint(tasks), "vpc": ep.VPC, "region": x.region(), "cidr": n.CIDR.String()}
	saw := snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("%d free addresses in %s; %d needed", "%[2]s に空き %[1]d 個、必要 %[3]d 個", free, n.CIDR, needed))
	if free < needed {
		x.Report(subnetFull, n.ID, args, saw)
		return
	}
	if gap := s.GapFor(snapshot.SubnetCIDRReservations, n.ID); gap.Code == snapshot.NoPermission || gap.Code == snapshot.CallFailed {
		x.Unknown(n.ID, gap)
		return
	}
	reserved := 0
	if r, p := s.Reservations.Get(n.ID); p == snapshot.Present {
		for _, e := range r.Entries {
			if e.CIDR.IsValid() && e.CIDR.Addr().Is4() {
				reserved += int(math.Exp2(float64(32 - e.CIDR.Bits())))
			}
		}
	}
	if free-reserved < needed {
		args["reserved"] = fmt.Sprint(reserved)
		x.Report(subnetReserved, n.ID, args, saw, snapshot.Saw(snapshot.SubnetCIDRReservations, n.ID, snapshot.Textf("%d addresses reserved", "%d アドレスが予約済み", reserved)))
		return
	}
	if free-reserved-n.MaybeTaken < needed {
		x.Unknown(n.ID, n.TakenBy.Gap(n.ID))
		return
	}
	x.OK(n.ID, saw)
}
