package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const (
	pageSAR        = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html"
	pageSARec2     = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"
	pageSimulate   = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"
	pageEvaluation = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
	pageActions    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"
)

// activationActions are what an activation calls. The first five are those of
// CreateAgent itself, from the DataSync team's own CloudFormation handler; the
// last two verify the result. The kind is the call that proves a read permission
// by having worked.
var activationActions = []struct {
	name string
	kind snapshot.Kind
	err  *documented.Error
}{
	{"datasync:CreateAgent", snapshot.NoKind, documented.AccessDenied},
	{"ec2:DescribeNetworkInterfaces", snapshot.Interfaces, documented.InvalidEndpoint},
	{"ec2:DescribeSecurityGroups", snapshot.SecurityGroups, documented.InvalidGroup},
	{"ec2:DescribeSubnets", snapshot.Subnets, documented.InvalidSubnet},
	{"ec2:DescribeVpcEndpoints", snapshot.Endpoints, documented.InvalidEndpoint},
	{"datasync:ListAgents", snapshot.Agents, documented.AccessDenied},
	{"datasync:DescribeAgent", snapshot.NoKind, documented.AccessDenied},
}

// ActivationActions lists the IAM actions that an activation needs.
func ActivationActions() []string {
	var out []string
	for _, a := range activationActions {
		out = append(out, a.name)
	}
	return out
}

var reqActivationIAM = &Requirement{
	ID: "activation-permissions", Grade: "required",
	Title:   say("The identity may call CreateAgent and what CreateAgent itself calls", "アイデンティティが CreateAgent と、CreateAgent が内部で使う呼び出しを許可されている"),
	Sources: []string{documented.PageCFN, pageSAR, pageArticle},
}

var (
	iamDenied = &Problem{
		Code: "DSP730", Severity: Fail,
		Title:   say("{subject} may not call {action}: {why}", "{subject} は {action} を呼び出せない: {why}"),
		Cause:   say("CreateAgent looks at the endpoint, its interfaces, the subnet and the security group with the caller's permissions. What it can't see, it calls invalid, with status 403. ListAgents and DescribeAgent tell afterwards whether the agent is ONLINE.", "CreateAgent は呼び出し元の権限でエンドポイント、そのインターフェイス、サブネット、セキュリティグループを参照する。見えないものはステータス 403 で「無効」とされる。その後、エージェントが ONLINE かどうかは ListAgents と DescribeAgent で確認する。"),
		Fix:     say("Grant {action} on *: `dspreflight iam-policy --for activation` prints the least policy. {where}", "{action} をリソース * で許可する。最小のポリシーは `dspreflight iam-policy --for activation` が出力する。{where}"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Example: []repair.Change{repair.Grant{Role: "DataSyncActivation", Name: activationPolicy, Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["datasync:CreateAgent"],"Resource":"*"}]}`}},
		Errors:  []*documented.Error{documented.AccessDenied, documented.InvalidSubnet, documented.InvalidGroup, documented.InvalidEndpoint},
		Sources: []string{documented.PageCFN, pageArticle, pageSAR},
	}
	iamStopped = &Problem{
		Code: "DSP734", Severity: Fail,
		Title:   say("{subject} may not call {action}: {why}", "{subject} は {action} を呼び出せない: {why}"),
		Cause:   iamDenied.Cause,
		Fix:     say("A further grant does not help against it. {remedy}", "許可を追加しても効果はない。{remedy}"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Errors:  iamDenied.Errors,
		Sources: []string{pageEvaluation, documented.PageCFN},
	}
	iamConditioned = &Problem{
		Code: "DSP735", Severity: Fail,
		Title:   say("{subject} may call {action} only under a condition that does not hold: {why}", "{subject} が {action} を呼び出せるのは、成立しない条件の下だけ: {why}"),
		Cause:   iamDenied.Cause,
		Fix:     say("Change the condition so that it holds for this activation, or grant {action} without it.", "このアクティブ化で成立するように条件を直すか、条件なしで {action} を許可する。"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Errors:  iamDenied.Errors,
		Sources: []string{pageEvaluation, documented.PageCFN},
	}
	iamStranger = &Problem{
		Code: "DSP736", Severity: Fail, Hides: true,
		Title:   say("the identity {subject} is of {seen}; the endpoint {endpoint} is of {expected}", "アイデンティティ {subject} は {seen} のもので、エンドポイント {endpoint} は {expected} のもの"),
		Cause:   say("CreateAgent is called with an identity of the account that the endpoint belongs to. Policies of an identity of another account say nothing there.", "CreateAgent はエンドポイントと同じアカウントのアイデンティティで呼び出す。別のアカウントのアイデンティティのポリシーは意味を持たない。"),
		Fix:     say("Name the identity of {expected} that will activate, and pass its policies.", "アクティブ化する {expected} のアイデンティティを指定し、そのポリシーを渡す。"),
		Look:    []Command{OnAWS("sts get-caller-identity")},
		Errors:  []*documented.Error{documented.AccessDenied, documented.AccountMismatch},
		Sources: []string{pageEndpoint, pageEvaluation},
	}
	iamDeadPattern = &Problem{
		Code: "DSP731", Severity: Warn,
		Title:   say("{pattern} in {policy} matches no action that AWS listed on {date}{hint}", "{policy} の {pattern} に一致するアクションは、AWS の一覧（{date} 時点）にない{hint}"),
		Cause:   say("A pattern that matches nothing allows nothing. The names of actions hold no hyphens: the re:Post article on activation prints ec2:*security-group*, and whoever follows it lacks ec2:DescribeSecurityGroups.", "何にも一致しないパターンは何も許可しない。アクション名にハイフンは含まれず、アクティブ化の re:Post 記事にある ec2:*security-group* のとおりにすると ec2:DescribeSecurityGroups が許可されない。"),
		Fix:     say("Replace {pattern} by {needed}.", "{pattern} を {needed} に置き換える。"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Errors:  []*documented.Error{documented.InvalidGroup},
		Sources: []string{pageActions, pageSARec2, pageArticle},
	}
	iamElsewhere = &Problem{
		Code: "DSP732", Severity: Warn,
		Title:   say("{policy} allows {pattern} on {resource} only, which is not of {expected}", "{policy} は {pattern} を {resource} にだけ許可しており、{expected} ではない"),
		Cause:   say("The ARN is bound to another Region or account, as that of the article is to us-east-1, so that the statement does not help here.", "ARN が別のリージョンまたはアカウントに固定されている（記事の例は us-east-1）ため、この文は効果がない。"),
		Fix:     say("Use * as the resource; only datasync:DescribeAgent may be limited to ARNs, and then to those of {expected}.", "リソースには * を使う。ARN に限定できるのは datasync:DescribeAgent だけで、その場合は {expected} の ARN にする。"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Errors:  []*documented.Error{documented.AccessDenied},
		Sources: []string{pageSAR, pageArticle},
	}
	iamTooBroad = &Problem{
		Code: "DSP733", Severity: Warn,
		Title:   say("{pattern} in {policy} allows at least {count} actions that an activation does not need, such as {example}", "{policy} の {pattern} は、アクティブ化に不要なアクションを少なくとも {count} 個（{example} など）許可している"),
		Cause:   say("An identity that only activates an agent should not be able to change or delete anything else.", "エージェントをアクティブ化するだけのアイデンティティに、それ以外の変更や削除を許可すべきではない。"),
		Fix:     say("Name the actions that are needed: {needed}.", "必要なアクションだけを指定する: {needed}。"),
		Look:    []Command{Here("dspreflight iam-policy --for activation")},
		Sources: []string{documented.PageCFN, pageArticle},
	}
)

var _ = register(&Check{
	ID:       "iam-activation",
	Ahead:    apiReachable,
	Area:     AreaIdentity,
	Title:    say("The identity may do what an activation calls", "アイデンティティがアクティブ化に必要な呼び出しを許可されている"),
	Requires: reqActivationIAM,
	Needs:    []snapshot.Kind{snapshot.CallerIdentity},
	Uses:     []snapshot.Kind{snapshot.PolicySimulation, snapshot.Policies, snapshot.Endpoints, snapshot.Interfaces, snapshot.SecurityGroups, snapshot.Subnets, snapshot.Agents},
	Problems: []*Problem{iamDenied, iamStopped, iamConditioned, iamStranger, iamDeadPattern, iamElsewhere, iamTooBroad},
	Run:      runIAMActivation,
})

func runIAMActivation(x *Exam) {
	if x.Target.AgentARN != "" {
		x.NotApplicable(say("the agent is activated already", "エージェントは既にアクティブ化済み"))
		return
	}
	s := x.destination()
	if s == nil {
		x.Unknown("", noDestination(x.Target, snapshot.CallerIdentity))
		return
	}
	if len(x.Snapshot.Policies) > 0 {
		x.judgePolicies(s)
		return
	}
	if !s.Called(snapshot.PolicySimulation) && s.Simulations.Len() == 0 && !s.Called(snapshot.CallerIdentity) {
		x.NotLooked(say("the estate does not say what the caller may do: pass --policy-file with its policies, or run without --snapshot", "環境に呼び出し元の権限が含まれていない。--policy-file でポリシーを渡すか、--snapshot なしで実行する"))
		return
	}
	caller := snapshot.Identity{}
	for _, id := range s.Identity.All() {
		caller = id
	}
	subject := caller.ARN
	if subject == "" {
		subject = s.Label()
	}
	if ep, p := s.Endpoints.Get(x.Target.EndpointID); p == snapshot.Present && caller.Account != "" && ep.OwnerID != "" && caller.Account != ep.OwnerID {
		x.See(say("what the caller may do is of another account than the endpoint's", "呼び出し元の権限はエンドポイントとは別のアカウントのもの"), "credentials")
		return
	}
	sim := simulationOf(s)
	if sim.looksOnly() {
		x.NotLooked(snapshot.Textf("%s may call neither CreateAgent nor DescribeAgent, so it is not the identity that activates: judge that one with --policy-file and --policy-identity, or run as it",
			"%s は CreateAgent も DescribeAgent も呼び出せないため、アクティブ化するアイデンティティではない。--policy-file と --policy-identity でそのアイデンティティを判定するか、そのアイデンティティで実行する", subject))
		return
	}
	var refuted []string
	for _, a := range activationActions {
		switch call := callOf(s, a.kind); {
		case call == nil:
			if x.simulated(sim, subject, a.name) {
				refuted = append(refuted, a.name)
			}
		case len(sim.forwarded(a.name)) > 0: // the answer is that of one way to call, from one machine
			code := snapshot.ForwardedOpen
			switch {
			case strings.HasPrefix(a.name, "datasync:"):
				code = snapshot.ConditionOpen
			case call.Error != nil:
				code = snapshot.ForwardedDenied
			}
			x.openAction(subject, snapshot.Gap{Code: code, Source: snapshot.PolicySimulation.Action(), Ref: a.name, Detail: strings.Join(sim.forwarded(a.name), ", ")})
		case call.Error == nil:
			x.OK(subject, snapshot.Saw(a.kind, subject, snapshot.Textf("%s worked", "%s が成功した", a.name)))
		default:
			why, problem := whyRefused(call.Error.Message, caller.ARN)
			x.Report(problem, subject, refusal(a.name, caller.ARN, why, problem),
				snapshot.Saw(a.kind, subject, say("AWS refused it: not authorized", "AWS が拒否した（権限なし）")))
			x.leadsTo(a.name)
			x.grant(problem, caller.ARN)
		}
	}
	if len(refuted) > 0 {
		x.Unknown(subject, snapshot.Gap{Code: snapshot.SimulationRefuted, Source: snapshot.PolicySimulation.Action(), Ref: strings.Join(refuted, ", "), Detail: sim.refuted})
	}
}

// leadsTo narrows the errors of the finding that was reported last to those of the
// actions that are denied: the call itself is refused, and CreateAgent calls invalid what
// it can't see.
func (x *Exam) leadsTo(actions ...string) {
	errors := []*documented.Error{documented.AccessDenied}
	for _, a := range activationActions {
		if slices.Contains(actions, a.name) && !slices.Contains(errors, a.err) {
			errors = append(errors, a.err)
		}
	}
	x.findings[len(x.findings)-1].errors = errors
}

// callOf is a call of the run that tells of a permission by itself: it worked, or
// AWS refused that very action. nil: none does.
func callOf(s *snapshot.Scope, k snapshot.Kind) *snapshot.Call {
	for i, c := range s.Calls {
		if k != snapshot.NoKind && c.Command == k.Command() && (c.Error == nil || snapshot.IsDenied(c.Error.Code) && c.Error.Action == k.Action()) {
			return &s.Calls[i]
		}
	}
	return nil
}
