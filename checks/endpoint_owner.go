package checks

import (
	"net/netip"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	ownerOtherAccount = &Problem{
		Code: "DSP110", Severity: Fail,
		Title:   say("{subject} belongs to account {seen}; the activating account is {account}", "{subject} の所有アカウントは {seen} で、アクティブ化するアカウントは {account}"),
		Cause:   say("The service endpoint, its VPC and the agent must belong to the account that activates. The network may cross accounts, these three may not.", "エンドポイント、その VPC、エージェントは、アクティブ化するアカウントに属する必要がある。ネットワークはアカウントをまたいでよいが、この 3 つはまたげない。"),
		Fix:     say("Run CreateAgent with credentials of account {seen}, or create the endpoint in account {account}.", "アカウント {seen} の認証情報で CreateAgent を実行するか、アカウント {account} にエンドポイントを作成する。"),
		Look:    []Command{OnAWS("sts get-caller-identity")},
		Errors:  []*documented.Error{documented.InvalidEndpoint, documented.InvalidSubnet, documented.InvalidGroup},
		Sources: []string{pageEndpoint},
	}
	ownerTenancy = &Problem{
		Code: "DSP111", Severity: Fail,
		Title:   say("{subject} has {seen} tenancy; DataSync supports only default tenancy", "{subject} のテナンシーが {seen} で、DataSync が対応するのは default だけ"),
		Cause:   say("DataSync does not work with a VPC of dedicated tenancy.", "DataSync は専有テナンシーの VPC では使えない。"),
		Fix:     say("Set the tenancy of the VPC to default, or place the endpoint in a VPC of default tenancy.", "VPC のテナンシーを default に変更するか、default の VPC にエンドポイントを置く。"),
		Example: []repair.Change{repair.Tenancy{VPC: "vpc-0d5c1a2b3e4f50617", CIDR: netip.MustParsePrefix("10.20.0.0/16")}},
		Sources: []string{pageEndpoint},
	}
	ownerSharedVPC = &Problem{
		Code: "DSP112", Severity: Warn,
		Title:   say("{subject} is shared by account {seen} with the activating account {account}", "{subject} はアカウント {seen} からアクティブ化側 {account} に共有されている"),
		Cause:   say("The user guide says that DataSync doesn't support shared VPCs; newer API text speaks of shared security groups. It may work or fail, by the date of the service.", "ユーザーガイドは共有 VPC を非対応とし、新しい API 文書は共有セキュリティグループに触れている。時期により動作するかどうかが異なる。"),
		Fix:     say("Prefer a subnet and a security group that account {account} owns; in ARNs use the activating account's id.", "アカウント {account} が所有するサブネットとセキュリティグループを使う。ARN にはアクティブ化側のアカウント ID を書く。"),
		Look:    []Command{OnAWS("ec2 describe-subnets --filters Name=owner-id,Values={account}")},
		Sources: []string{pageEndpoint, pageCreate},
	}
)

var _ = register(&Check{
	ID:       "endpoint-owner",
	Area:     AreaEndpoint,
	Title:    say("Endpoint, VPC, subnet and group belong to the activating account; tenancy is default", "エンドポイント・VPC・サブネット・グループがアクティブ化側アカウントのもので、テナンシーがデフォルト"),
	Requires: reqOwner,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.VPCs},
	Uses:     []snapshot.Kind{snapshot.CallerIdentity, snapshot.Subnets, snapshot.SecurityGroups},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{ownerOtherAccount, ownerTenancy, ownerSharedVPC},
	Run:      runEndpointOwner,
})

func runEndpointOwner(x *Exam) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	account := s.Account
	region := x.region()
	if account == "" || ep.OwnerID == "" {
		x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "OwnerId"})
	} else if ep.OwnerID != account && s.Guessed {
		x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.AccountUnknown, Source: snapshot.CallerIdentity.Action(), Scope: s.Label(), Ref: ep.ID, Detail: ep.OwnerID})
	} else if ep.OwnerID != account {
		x.Report(ownerOtherAccount, ep.ID, Args{"seen": ep.OwnerID, "account": account}, owned(snapshot.Endpoints, ep.ID, ep.OwnerID))
	} else {
		x.OK(ep.ID, owned(snapshot.Endpoints, ep.ID, ep.OwnerID))
	}
	v, p := s.VPCs.Get(ep.VPC)
	if p != snapshot.Present {
		x.Unknown(ep.VPC, s.GapFor(snapshot.VPCs, ep.VPC))
	} else {
		x.judgeVPC(s, v, region)
	}
	for _, id := range x.taskSubnets(ep) {
		switch n, p := s.Subnets.GetIn(ep.VPC, id); p {
		case snapshot.Present:
			x.judgeOwner(s, snapshot.Subnets, id, n.OwnerID, region)
		case snapshot.Unobserved:
			x.Unknown(id, s.GapFor(snapshot.Subnets, id))
		}
	}
	groups := ep.Groups
	if x.Target.GroupID != "" {
		groups = []snapshot.GroupRef{{ID: x.Target.GroupID}}
	}
	for _, g := range groups {
		switch row, p := s.SecurityGroups.GetIn(ep.VPC, g.ID); p {
		case snapshot.Present:
			x.judgeOwner(s, snapshot.SecurityGroups, g.ID, row.OwnerID, region)
		case snapshot.Unobserved:
			x.Unknown(g.ID, s.GapFor(snapshot.SecurityGroups, g.ID))
		}
	}
}

func (x *Exam) judgeVPC(s *snapshot.Scope, v snapshot.VPC, region string) {
	x.judgeOwner(s, snapshot.VPCs, v.ID, v.OwnerID, region)
	saw := snapshot.Saw(snapshot.VPCs, v.ID, snapshot.Textf("tenancy %s", "テナンシー %s", v.InstanceTenancy))
	switch {
	case v.InstanceTenancy == "":
		x.Unknown(v.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.VPCs.Action(), Ref: v.ID, Detail: "InstanceTenancy"})
	case strings.EqualFold(v.InstanceTenancy, "default"):
		x.OK(v.ID, saw)
	default:
		x.Report(ownerTenancy, v.ID, Args{"seen": v.InstanceTenancy, "region": region}, saw)
		x.mend(whose(s, v.OwnerID), repair.Tenancy{VPC: v.ID, CIDR: v.CIDR})
	}
}

// judgeOwner reports a resource that another account shares with this one.
func (x *Exam) judgeOwner(s *snapshot.Scope, k snapshot.Kind, id, owner, region string) {
	switch {
	case owner == "" || s.Account == "":
		x.Unknown(id, snapshot.Gap{Code: snapshot.FieldUnseen, Source: k.Action(), Ref: id, Detail: "OwnerId"})
	case owner == s.Account:
		x.OK(id, owned(k, id, owner))
	case s.Guessed:
		x.Unknown(id, snapshot.Gap{Code: snapshot.AccountUnknown, Source: snapshot.CallerIdentity.Action(), Scope: s.Label(), Ref: id, Detail: owner})
	default:
		x.Report(ownerSharedVPC, id, Args{"seen": owner, "account": s.Account, "region": region}, owned(k, id, owner))
	}
}

func owned(k snapshot.Kind, id, owner string) snapshot.Evidence {
	return snapshot.Saw(k, id, snapshot.Textf("owned by account %s", "所有アカウント %s", owner))
}
