package checks

import (
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	subnetMissing = &Problem{
		Code: "DSP303", Severity: Fail, Hides: true,
		Title:   say("the task subnet {subject} does not exist in {scope}", "タスクのサブネット {subject} が {scope} に存在しない"),
		Cause:   say("CreateAgent refuses a subnet that it can't find in the account and Region.", "CreateAgent は、アカウントとリージョンに見つからないサブネットを拒否する。"),
		Fix:     say("Pass the ARN of a subnet of {vpc}; one of the endpoint's own is the simplest choice.", "{vpc} のサブネットの ARN を渡す。エンドポイントと同じサブネットが最も簡単である。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --filters Name=vpc-id,Values={vpc}")},
		Errors:  []*documented.Error{documented.InvalidSubnet},
		Sources: []string{pageCreate},
	}
	subnetNotAvailable = &Problem{
		Code: "DSP304", Severity: Fail, Given: true,
		Title:   say("the state of the task subnet {subject} is {seen}; it must be available", "タスクのサブネット {subject} の状態が {seen} で、available ではない"),
		Cause:   say("Network interfaces can be created only in an available subnet.", "ネットワークインターフェイスを作成できるのは available のサブネットだけである。"),
		Fix:     say("Wait while it is pending; otherwise choose another subnet of {vpc}.", "pending なら待つ。それ以外は {vpc} の別のサブネットを選ぶ。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --subnet-ids {subject}")},
		Errors:  []*documented.Error{documented.InvalidSubnet},
		Sources: []string{pageCreate},
	}
	subnetNoIPv4 = &Problem{
		Code: "DSP305", Severity: Fail, Given: true,
		Title:   say("the task subnet {subject} has no IPv4 addresses", "タスクのサブネット {subject} に IPv4 アドレスがない"),
		Cause:   say("The agent reaches the endpoint and the task's interfaces by IPv4 addresses.", "エージェントはエンドポイントとタスクのインターフェイスに IPv4 で接続する。"),
		Fix:     say("Choose a subnet of {vpc} with an IPv4 CIDR block.", "{vpc} の IPv4 CIDR ブロックを持つサブネットを選ぶ。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --filters Name=vpc-id,Values={vpc} Name=ipv6-native,Values=false")},
		Sources: []string{pagePrivLink, pageENI},
	}
	subnetOtherVPC = &Problem{
		Code: "DSP306", Severity: Fail, Given: true,
		Title:   say("the task subnet {subject} is in {seen}; the endpoint is in {vpc}", "タスクのサブネット {subject} は {seen} にあり、エンドポイントは {vpc} にある"),
		Cause:   say("The task's interfaces must be in the endpoint's VPC.", "タスクのインターフェイスはエンドポイントと同じ VPC になければならない。"),
		Fix:     say("Choose a subnet of {vpc}.", "{vpc} のサブネットを選ぶ。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --filters Name=vpc-id,Values={vpc}")},
		Errors:  []*documented.Error{documented.InvalidSubnet},
		Sources: []string{pageCreate, pageENI},
	}
	subnetNotEndpoints = &Problem{
		Code: "DSP307", Severity: Warn, Given: true,
		Title:   say("the task subnet {subject} is not a subnet of the endpoint, which is in {subnets}", "タスクのサブネット {subject} はエンドポイントのサブネット（{subnets}）ではない"),
		Cause:   say("This works, but the routes and network ACLs of two subnets must then be right. The article advises one subnet for both.", "動作はするが、2 つのサブネットの経路とネットワーク ACL を正しく保つ必要がある。記事は同じサブネットを勧めている。"),
		Fix:     say("Use one of {subnets}, unless the interfaces are meant to be elsewhere.", "意図して分ける場合を除き、{subnets} のいずれかを使う。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --subnet-ids {subnets}")},
		Sources: []string{pageArticle, pageCreate},
	}
)

var _ = register(&Check{
	ID:       "subnet-usable",
	Ahead:    subnetFreeIPs,
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
	switch {
	case p == snapshot.Absent && x.Target.AgentARN != "":
		x.See(snapshot.Textf("%s does not exist", "%s が存在しない", id), "agent-endpoint")
		return
	case p == snapshot.Absent:
		x.Report(subnetMissing, id, Args{"scope": s.Label(), "vpc": ep.VPC, "region": x.region()},
			snapshot.Saw(snapshot.Subnets, id, snapshot.Textf("not among the subnets of %s", "%s のサブネットの中にない", s.Label())))
		return
	case p == snapshot.Unobserved:
		x.Unknown(id, s.GapFor(snapshot.Subnets, id))
		return
	}
	cidr := "IPv6"
	if n.CIDR.IsValid() {
		cidr = n.CIDR.String()
	}
	saw := snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("%s in %s, state %s", "%[2]s の %[1]s、状態 %[3]s", cidr, n.VPC, n.State))
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
	} else if fate := netpath.Lives(netpath.SubnetState, n.State); fate == netpath.Stopped {
		report(subnetNotAvailable, n.State)
	} else if fate == netpath.Open {
		x.Unknown(n.ID, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.Subnets.Action(), Ref: n.ID, Detail: n.State})
		bad = true
	}
	switch {
	case n.IPv6Native:
		report(subnetNoIPv4, "")
	case !n.CIDR.IsValid() || n.VPC == "":
		x.Unknown(n.ID, snapshot.FieldGap(snapshot.Subnets, n.ID, n.Pending, "CidrBlock, VpcId"))
		bad = true
	}
	switch {
	case n.VPC == "":
	case x.inLocation(): // the location's own subnet, of whatever VPC
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
