package checks

import (
	"slices"
	"strings"

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
	err  *DocumentedError
}{
	{"datasync:CreateAgent", snapshot.NoKind, errAccessDenied},
	{"ec2:DescribeNetworkInterfaces", snapshot.Interfaces, errEndpoint},
	{"ec2:DescribeSecurityGroups", snapshot.SecurityGroups, errGroup},
	{"ec2:DescribeSubnets", snapshot.Subnets, errSubnet},
	{"ec2:DescribeVpcEndpoints", snapshot.Endpoints, errEndpoint},
	{"datasync:ListAgents", snapshot.NoKind, errAccessDenied},
	{"datasync:DescribeAgent", snapshot.NoKind, errAccessDenied},
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
	Sources: []string{pageCFN, pageSAR, pageArticle},
}

var (
	iamFix = say("Grant {action} on *: `dspreflight iam-policy --for activation` prints the least policy.", "{action} をリソース * で許可する。最小のポリシーは `dspreflight iam-policy --for activation` が出力する。")
	iamCLI = []string{"dspreflight iam-policy --for activation > activation.json", "aws iam {verb} {option} {role} --policy-name DataSyncActivation --policy-document file://activation.json"}

	iamDenied = &Problem{
		Code: "DSP730", Severity: Fail,
		Title:   say("{subject} may not call {action}: {why}", "{subject} は {action} を呼び出せない: {why}"),
		Cause:   say("CreateAgent looks at the endpoint, its interfaces, the subnet and the security group with the caller's permissions. What it can't see, it calls invalid, with status 403.", "CreateAgent は呼び出し元の権限でエンドポイント、そのインターフェイス、サブネット、セキュリティグループを参照する。見えないものはステータス 403 で「無効」とされる。"),
		Fix:     iamFix,
		CLI:     iamCLI,
		Errors:  []*DocumentedError{errAccessDenied, errSubnet, errGroup, errEndpoint},
		Sources: []string{pageCFN, pageArticle, pageSAR},
	}
	iamStopped = &Problem{
		Code: "DSP734", Severity: Fail,
		Title:   say("{subject} may not call {action}: {why}", "{subject} は {action} を呼び出せない: {why}"),
		Cause:   iamDenied.Cause,
		Fix:     say("Change that statement; a further grant does not help against it.", "その文を直す。許可を追加しても効果はない。"),
		CLI:     []string{"dspreflight iam-policy --for activation"},
		Errors:  iamDenied.Errors,
		Sources: []string{pageEvaluation, pageCFN},
	}
	iamConditioned = &Problem{
		Code: "DSP735", Severity: Fail,
		Title:   say("{subject} allows {action} only under a condition: {why}", "{subject} は条件付きでのみ {action} を許可している: {why}"),
		Cause:   iamDenied.Cause,
		Fix:     say("Change the condition so that it holds for this activation, or grant {action} without it.", "このアクティベーションで成立するように条件を直すか、条件なしで {action} を許可する。"),
		CLI:     []string{"dspreflight iam-policy --for activation"},
		Errors:  iamDenied.Errors,
		Sources: []string{pageEvaluation, pageCFN},
	}
	iamDeadPattern = &Problem{
		Code: "DSP731", Severity: Warn,
		Title:   say("{pattern} in {policy} matches no action of AWS; {meant} was meant", "{policy} の {pattern} に一致する AWS のアクションはない。{meant} の誤りと思われる"),
		Cause:   say("The names of actions hold no hyphens. The re:Post article on activation prints this very pattern, so that whoever follows it lacks ec2:DescribeSecurityGroups.", "アクション名にハイフンは含まれない。アクティベーションの re:Post 記事にこのパターンがあり、記事どおりにすると ec2:DescribeSecurityGroups が許可されない。"),
		Fix:     say("Replace {pattern} by {needed}.", "{pattern} を {needed} に置き換える。"),
		CLI:     []string{"dspreflight iam-policy --for activation"},
		Errors:  []*DocumentedError{errGroup},
		Sources: []string{pageActions, pageSARec2, pageArticle},
	}
	iamElsewhere = &Problem{
		Code: "DSP732", Severity: Warn,
		Title:   say("{policy} allows {pattern} on {resource} only, which is not of {expected}", "{policy} は {pattern} を {resource} にだけ許可しており、{expected} ではない"),
		Cause:   say("The ARN is bound to another Region or account, as that of the article is to us-east-1, so that the statement does not help here.", "ARN が別のリージョンまたはアカウントに固定されている（記事の例は us-east-1）ため、この文は効果がない。"),
		Fix:     say("Use * for CreateAgent and ListAgents, and the ARN of {expected} for the rest.", "CreateAgent と ListAgents には * を、その他には {expected} の ARN を使う。"),
		CLI:     []string{"dspreflight iam-policy --for activation"},
		Errors:  []*DocumentedError{errAccessDenied},
		Sources: []string{pageSAR, pageArticle},
	}
	iamTooBroad = &Problem{
		Code: "DSP733", Severity: Warn,
		Title:   say("{pattern} in {policy} allows {count} actions that an activation does not need, such as {example}", "{policy} の {pattern} はアクティベーションに不要な {count} 個のアクション（{example} など）を許可している"),
		Cause:   say("An identity that only activates an agent should not be able to change or delete the network.", "エージェントをアクティベートするだけのアイデンティティに、ネットワークの変更や削除を許可すべきではない。"),
		Fix:     say("Name the actions that are needed: {needed}.", "必要なアクションだけを指定する: {needed}。"),
		CLI:     []string{"dspreflight iam-policy --for activation"},
		Sources: []string{pageCFN, pageArticle},
	}
)

var _ = register(&Check{
	ID:       "iam-activation",
	Area:     AreaIdentity,
	Title:    say("The identity may do what an activation calls", "アイデンティティがアクティベーションに必要な呼び出しを許可されている"),
	Requires: reqActivationIAM,
	Needs:    []snapshot.Kind{snapshot.CallerIdentity},
	Uses:     []snapshot.Kind{snapshot.PolicySimulation, snapshot.Policies, snapshot.Endpoints, snapshot.Interfaces, snapshot.SecurityGroups, snapshot.Subnets},
	Problems: []*Problem{iamDenied, iamStopped, iamConditioned, iamDeadPattern, iamElsewhere, iamTooBroad},
	Run:      runIAMActivation,
})

func runIAMActivation(x *Exam) {
	s := x.destination()
	if s == nil {
		x.Unknown("", snapshot.Gap{Code: snapshot.NoDestination, Source: snapshot.CallerIdentity.Action()})
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
	for _, a := range activationActions {
		if a.kind != snapshot.NoKind && worked(s, a.kind) {
			x.OK(subject, snapshot.Saw(a.kind, subject, snapshot.Textf("%s worked", "%s が成功した", a.name)))
			continue
		}
		if a.kind != snapshot.NoKind && refused(s, a.kind) {
			x.Report(iamDenied, subject, deniedArgs(a.name, caller.ARN, say("AWS refused the very call", "AWS が実際の呼び出しを拒否した")),
				snapshot.Saw(a.kind, subject, say("AWS refused it: not authorized", "AWS が拒否した（権限なし）")))
			continue
		}
		x.simulated(s, subject, a.name)
	}
}

// worked reports whether a call of a live run succeeded: that proves the
// permission of the identity that made it.
func worked(s *snapshot.Scope, k snapshot.Kind) bool {
	return slices.ContainsFunc(s.Calls, func(c snapshot.Call) bool { return c.Command == k.Command() && c.Error == nil })
}

func refused(s *snapshot.Scope, k snapshot.Kind) bool {
	return slices.ContainsFunc(s.Calls, func(c snapshot.Call) bool {
		return c.Command == k.Command() && c.Error != nil && snapshot.IsDenied(c.Error.Code) && c.Error.Action == k.Action()
	})
}

// simulated asks what IAM's simulation said of an action. CreateAgent and
// ListAgents have no resource type, so that the resource is *; whether DataSync
// takes an ARN of the account for one is not documented, so where the two differ
// nothing is concluded. DescribeAgent is about an agent of the account.
func (x *Exam) simulated(s *snapshot.Scope, subject, action string) {
	anywhere, hasAny := resultOf(s, snapshot.AnyResource, action)
	account, hasAccount := resultOf(s, snapshot.AccountResource, action)
	needsAccount := strings.HasPrefix(action, "datasync:")
	if needsAccount && !hasAccount {
		x.Unknown(subject, simulationGap(s, snapshot.AccountResource, action))
		return
	}
	if action == "datasync:DescribeAgent" {
		anywhere, hasAny, needsAccount = account, true, false
	}
	switch {
	case !hasAny:
		x.Unknown(subject, simulationGap(s, snapshot.AnyResource, action))
	case needsAccount && (anywhere.Decision == "allowed") != (account.Decision == "allowed"):
		x.Unknown(subject, snapshot.Gap{Code: snapshot.SimulationSplit, Source: snapshot.PolicySimulation.Action(), Ref: action, Detail: account.Resource})
	case needsAccount && len(account.Missing) > 0:
		x.Unknown(subject, snapshot.Gap{Code: snapshot.ConditionOpen, Source: snapshot.PolicySimulation.Action(), Ref: action, Detail: strings.Join(account.Missing, ", ")})
	case len(anywhere.Missing) > 0:
		// A negated condition holds while its key is missing: even a deny is open.
		x.Unknown(subject, snapshot.Gap{Code: snapshot.ConditionOpen, Source: snapshot.PolicySimulation.Action(), Ref: action, Detail: strings.Join(anywhere.Missing, ", ")})
	case anywhere.Decision == "allowed":
		x.OK(subject, snapshot.Saw(snapshot.PolicySimulation, subject, simulationFact(anywhere)))
	default:
		x.Report(iamDenied, subject, deniedArgs(action, subject, whyDenied(anywhere)), snapshot.Saw(snapshot.PolicySimulation, subject, simulationFact(anywhere)))
	}
}

func resultOf(s *snapshot.Scope, resource, action string) (snapshot.SimulationResult, bool) {
	set, p := s.Simulations.Get(resource)
	if p != snapshot.Present {
		return snapshot.SimulationResult{}, false
	}
	for _, r := range set.Results {
		if strings.EqualFold(r.Action, action) {
			return r, true
		}
	}
	return snapshot.SimulationResult{}, false
}

// simulationGap says why IAM was not asked, or did not answer.
func simulationGap(s *snapshot.Scope, resource, action string) snapshot.Gap {
	simulates := slices.ContainsFunc(s.Identity.All(), func(id snapshot.Identity) bool {
		return strings.Contains(id.ARN, ":user/") || strings.Contains(id.ARN, ":assumed-role/")
	})
	if s.Called(snapshot.PolicySimulation) || simulates {
		return s.GapFor(snapshot.PolicySimulation, resource)
	}
	return snapshot.Gap{Code: snapshot.NotSimulated, Source: snapshot.PolicySimulation.Action(), Scope: s.Label(), Ref: action}
}

func simulationFact(r snapshot.SimulationResult) Text {
	fact := snapshot.Textf("%s on %s: %s", "%s（リソース %s）: %s", r.Action, r.Resource, r.Decision)
	var by []string
	for _, m := range r.Matched {
		if m.Policy != "" {
			by = append(by, m.Policy)
		}
	}
	if len(by) > 0 {
		fact = say(fact.En+", by "+shorten(by), fact.Ja+"、根拠 "+shorten(by))
	}
	return say(fact.En+" (the simulation does not see session policies, VPC endpoint policies or resource control policies)", fact.Ja+"（セッションポリシー、VPC エンドポイントポリシー、RCP はシミュレーションの対象外）")
}

func whyDenied(r snapshot.SimulationResult) Text {
	switch {
	case r.Organizations != nil && !r.Organizations.Allowed:
		return say("a service control policy of the organization does not allow it", "組織のサービスコントロールポリシーが許可していない")
	case r.Boundary != nil && !r.Boundary.Allowed:
		return say("its permissions boundary does not allow it", "アクセス許可の境界が許可していない")
	case r.Decision == "explicitDeny":
		return say("a policy denies it", "ポリシーが明示的に拒否している")
	}
	return say("no policy allows it", "許可するポリシーがない")
}

// deniedArgs are the arguments of iamDenied, with the command that grants to the
// kind of principal at hand.
func deniedArgs(action, arn string, why Text) Args {
	args := Args{"action": action, "why": why, "role": roleName(arn), "verb": "put-role-policy", "option": "--role-name"}
	if strings.Contains(arn, ":user/") {
		args["verb"], args["option"] = "put-user-policy", "--user-name"
	}
	return args
}

// roleName is the name of the role or user in an ARN, for a command.
func roleName(arn string) string {
	_, rest, ok := strings.Cut(arn, ":assumed-role/")
	if ok {
		name, _, _ := strings.Cut(rest, "/")
		return name
	}
	if i := strings.LastIndexByte(arn, '/'); i >= 0 {
		return arn[i+1:]
	}
	return "ROLE"
}
