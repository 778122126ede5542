package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	endpointMissing = &Problem{
		Code: "DSP101", Severity: Fail, Given: true,
		Title:   say("{subject} does not exist in {scope}", "{subject} が {scope} に存在しない"),
		Cause:   say("Without a DataSync VPC endpoint in the activating account and Region the agent has nothing to activate against.", "アクティブ化先のアカウントとリージョンに DataSync の VPC エンドポイントがないと、エージェントのアクティブ化先がない。"),
		Fix:     say("Check the id, the Region and the credentials; if there is no endpoint yet, create one.", "ID・リージョン・認証情報を確認する。まだない場合はエンドポイントを作成する。"),
		Look:    []Command{OnAWS("ec2 describe-vpc-endpoints --filters Name=service-name,Values=*.datasync,*.datasync-fips")},
		Errors:  []*documented.Error{documented.InvalidEndpoint, documented.EndpointUnreachable},
		Sources: []string{pageArticle},
	}
	endpointWrongType = &Problem{
		Code: "DSP102", Severity: Fail, Given: true,
		Title:   say("{subject} is of type {seen}; it must be Interface", "{subject} のタイプが {seen} で、Interface ではない"),
		Cause:   say("Only an interface endpoint has addresses in the VPC that an agent can connect to.", "エージェントが接続できる VPC 内のアドレスを持つのはインターフェイス型だけである。"),
		Fix:     say("Create an interface endpoint for DataSync and use its id.", "DataSync のインターフェイス型エンドポイントを作成し、その ID を使う。"),
		Look:    []Command{OnAWS("ec2 describe-vpc-endpoints --filters Name=service-name,Values=*.datasync,*.datasync-fips")},
		Example: []repair.Change{repair.NewEndpoint{VPC: "vpc-0d5c1a2b3e4f50617", Service: "com.amazonaws.us-east-1.datasync", Subnet: "subnet-0da1b2c3d4e5f6071"}},
		Errors:  []*documented.Error{documented.InvalidEndpoint},
		Sources: []string{pageEndpoint, pageVPCE},
	}
	endpointNotAvailable = &Problem{
		Code: "DSP103", Severity: Fail, Given: true,
		Title:   say("the state of {subject} is {seen}; it must be available{reason}", "{subject} の状態が {seen} で、available ではない{reason}"),
		Cause:   say("An endpoint accepts connections only while it is available.", "エンドポイントが接続を受け付けるのは available の間だけである。"),
		Fix:     say("Wait while it is pending; have the service owner accept it while it is pendingAcceptance; create a new one if it was rejected, failed or deleted.", "pending なら待つ。pendingAcceptance なら承認を依頼する。rejected・failed・deleted なら作り直す。"),
		Look:    []Command{OnAWS("ec2 describe-vpc-endpoints --vpc-endpoint-ids {subject}")},
		Errors:  []*documented.Error{documented.EndpointUnreachable, documented.InvalidEndpoint},
		Sources: []string{pageVPCE},
	}
)

var endpointAvailable = register(&Check{
	ID:       "endpoint-available",
	Area:     AreaEndpoint,
	Vital:    true,
	Title:    say("The VPC endpoint exists, is of type Interface, and is available", "VPC エンドポイントが存在し、Interface 型で、利用可能"),
	Requires: reqEndpoint,
	Needs:    []snapshot.Kind{snapshot.Endpoints},
	Uses:     []snapshot.Kind{snapshot.AgentDetails},
	Problems: []*Problem{endpointMissing, endpointWrongType, endpointNotAvailable},
	Run:      runEndpointAvailable,
})

func runEndpointAvailable(x *Exam) {
	s := x.destination()
	id := x.Target.EndpointID
	if id == "" {
		noEndpointNamed(x, s)
		return
	}
	ep, p := s.Endpoints.Get(id)
	switch p {
	case snapshot.Absent:
		x.Report(endpointMissing, id, Args{"scope": s.Label(), "region": x.Target.Region},
			snapshot.Saw(snapshot.Endpoints, id, snapshot.Textf("not among the %d endpoints of %s", "%[2]s の %[1]d 個のエンドポイントの中にない", s.Endpoints.Len(), s.Label())))
		return
	case snapshot.Unobserved:
		x.Unknown(id, s.GapFor(snapshot.Endpoints, id))
		return
	}
	saw := snapshot.Saw(snapshot.Endpoints, id, snapshot.Textf("type %s, state %s, in %s", "タイプ %s、状態 %s、%s にある", ep.Type, ep.State, ep.VPC))
	switch {
	case ep.Type == "" || ep.State == "":
		x.Unknown(id, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: id, Detail: "VpcEndpointType, State"})
	case !strings.EqualFold(ep.Type, "Interface"):
		x.Report(endpointWrongType, id, Args{"seen": ep.Type, "region": x.Target.Region, "vpc": ep.VPC}, saw)
		if x.Target.SubnetID != "" {
			x.mend(whose(s, ep.OwnerID), repair.NewEndpoint{VPC: ep.VPC, Service: serviceName(x.Target.Region), Subnet: x.Target.SubnetID, Group: x.Target.GroupID})
		}
	case len(ep.Uprooted) > 0:
		x.Report(endpointNotAvailable, id, Args{"seen": "deleted", "region": x.Target.Region, "reason": snapshot.Textf(" (the change deletes %s, which it stands in)", "（変更が設置先の %s を削除する）", strings.Join(ep.Uprooted, ", "))}, saw)
	case strings.EqualFold(ep.State, "available"):
		x.OK(id, saw)
	case netpath.Lives(netpath.EndpointState, ep.State) == netpath.Open && !strings.EqualFold(ep.State, "pending"):
		x.Unknown(id, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.Endpoints.Action(), Scope: s.Label(), Ref: id, Detail: ep.State})
	default:
		reason := ""
		if ep.LastError != nil && ep.LastError.Message != "" {
			reason = " (" + ep.LastError.Message + ")"
		} else if ep.FailureReason != "" {
			reason = " (" + ep.FailureReason + ")"
		}
		x.Report(endpointNotAvailable, id, Args{"seen": ep.State, "reason": reason, "region": x.Target.Region}, saw)
	}
}

// serviceName is that of DataSync in a Region. Those of China begin with cn.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
func serviceName(region string) string {
	name := "com.amazonaws." + region + ".datasync"
	if snapshot.PartitionOf(region) == "aws-cn" {
		return "cn." + name
	}
	return name
}

// noEndpointNamed answers for a target that names no endpoint, in an estate that
// shows none of DataSync's.
func noEndpointNamed(x *Exam, s *snapshot.Scope) {
	if x.Target.AgentARN != "" {
		if noSuchAgent(s, x.Target.AgentARN) {
			x.See(say("there is no such agent", "該当するエージェントがない"), "agent-status")
			return
		}
		switch d, _, p := x.agent(); {
		case p == snapshot.Unobserved:
			x.Unknown("", x.agentGap())
		case d.Public():
			x.See(say("the agent uses no VPC endpoint", "エージェントが VPC エンドポイントを使っていない"), "agent-endpoint")
		default:
			x.Unknown("", snapshot.FieldGap(snapshot.AgentDetails, d.ID, "", "PrivateLinkConfig"))
		}
		return
	}
	if slices.ContainsFunc(x.Snapshot.Scopes, func(s *snapshot.Scope) bool { return !s.Endpoints.Covers("") }) {
		x.Unknown("", snapshot.Gap{Code: snapshot.EndpointUnnamed, Source: snapshot.Endpoints.Action(), Scope: s.Label()})
		return
	}
	service := serviceName(x.Target.Region)
	x.Report(endpointMissing, service, Args{"scope": s.Label(), "region": x.Target.Region},
		snapshot.Saw(snapshot.Endpoints, service, snapshot.Textf("none of the %d endpoints of %s is one of DataSync", "%[2]s の %[1]d 個のエンドポイントに DataSync のものがない", s.Endpoints.Len(), s.Label())))
}
