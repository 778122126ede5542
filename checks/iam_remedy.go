package checks

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// obstacle is what stands between an identity and an action. Only silence of the
// identity's own policies is surely mended by a grant.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type obstacle struct {
	why    Text
	remedy Text // who must change what; empty for silence
}

var (
	silence = obstacle{why: say("no policy allows it", "許可するポリシーがない")}
	unsaid  = obstacle{
		say("AWS refused the very call, and does not say which policy is behind it", "AWS が実際の呼び出しを拒否したが、どのポリシーによるかは示していない"),
		say("If that does not help, an explicit denial, a permissions boundary or a policy of the organization is in the way.", "それで解決しない場合は、明示的な拒否、アクセス許可の境界、組織のポリシーのいずれかが原因である。"),
	}
	denial = obstacle{
		say("a policy denies it explicitly", "ポリシーが明示的に拒否している"),
		say("Find the statement that denies it, and except {identity} from it.", "拒否している文を探し、{identity} を対象から外す。"),
	}
	boundary = obstacle{
		say("its permissions boundary does not allow it", "アクセス許可の境界が許可していない"),
		say("Have whoever set the permissions boundary of {identity} allow {action} in it.", "{identity} のアクセス許可の境界を設定した人に、{action} をその中で許可してもらう。"),
	}
	serviceControl  = byOrganization("SCP")
	resourceControl = byOrganization("RCP")
	rootRefused     = obstacle{
		unsaid.why,
		say("No policy of the account limits its root user: activate with a role or a user, or have whoever manages the organization's policies allow {action} in this account and Region.", "アカウントのポリシーはルートユーザーを制限しない。ロールかユーザーでアクティブ化するか、組織のポリシーの管理者に、このアカウントとリージョンで {action} を許可してもらう。"),
	}
	sessionPolicy = obstacle{
		say("the session policy does not allow it", "セッションポリシーが許可していない"),
		say("Assume the role without that session policy, or with one that allows {action}.", "そのセッションポリシーを付けずに、または {action} を許可するものを付けてロールを引き受ける。"),
	}
	endpointPolicy = obstacle{
		say("the policy of the VPC endpoint that the call went through does not allow it", "呼び出しが通った VPC エンドポイントのポリシーが許可していない"),
		say("Allow {action} in the policy of that interface endpoint.", "そのインターフェイスエンドポイントのポリシーで {action} を許可する。"),
	}
)

// byOrganization is the obstacle of a service or a resource control policy.
func byOrganization(kind string) obstacle {
	return obstacle{
		snapshot.Textf("a policy of the organization (%s) does not allow it", "組織のポリシー（%s）が許可していない", kind),
		say("Have whoever manages the organization's policies allow {action} in this account and Region.", "組織のポリシーの管理者に、このアカウントとリージョンで {action} を許可してもらう。"),
	}
}

// whyDenied reads a denial of the simulation, which sees service control policies and
// no resource control policies. Each obstacle that it names must go.
// Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_OrganizationsDecisionDetail.html
func whyDenied(r snapshot.SimulationResult) (obstacle, *Problem) {
	organization, bounded := r.Organizations != nil && !r.Organizations.Allowed, r.Boundary != nil && !r.Boundary.Allowed
	switch {
	case organization && bounded:
		return obstacle{
			say(serviceControl.why.En+", and "+boundary.why.En, serviceControl.why.Ja+"。また、"+boundary.why.Ja),
			say(serviceControl.remedy.En+" "+boundary.remedy.En, serviceControl.remedy.Ja+boundary.remedy.Ja),
		}, iamStopped
	case organization:
		return serviceControl, iamStopped
	case bounded:
		return boundary, iamStopped
	case r.Decision == "explicitDeny":
		return denial, iamStopped
	}
	return silence, iamDenied
}

// whyRefused reads the message of a refused call of an identity, which names the kind of
// policy.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func whyRefused(message, arn string) (obstacle, *Problem) {
	message = strings.ToLower(message)
	for _, k := range []struct {
		words string
		is    obstacle
	}{
		{"service control policy", serviceControl},
		{"resource control policy", resourceControl},
		{"permissions boundary", boundary},
		{"session policy", sessionPolicy},
		{"vpc endpoint policy", endpointPolicy},
		{"explicit deny", denial},
	} {
		if strings.Contains(message, k.words) {
			return k.is, iamStopped
		}
	}
	switch {
	case principalOf(arn).kind == "root":
		return rootRefused, iamStopped
	case strings.Contains(message, "no identity-based policy allows"):
		return silence, iamDenied
	}
	return unsaid, iamDenied
}

// refusal are the arguments of iamDenied and iamStopped.
func refusal(action, arn string, o obstacle, p *Problem) Args {
	identity := principalOf(arn)
	args := Args{"action": action, "why": o.why}
	if p == iamDenied {
		where := identity.where()
		args["where"] = say(strings.TrimSpace(where.En+" "+o.remedy.En), where.Ja+o.remedy.Ja)
		return args
	}
	named := Text{En: identity.name, Ja: identity.name}
	if identity.name == "" {
		named = say("the identity", "そのアイデンティティ")
	}
	args["remedy"] = say(Args{"identity": named.En, "action": action}.Fill(o.remedy.En), Args{"identity": named.Ja, "action": action}.Fill(o.remedy.Ja))
	return args
}

// principal is the user or role behind an ARN.
type principal struct {
	kind string // "user", "role", "permission-set", "federated", "root" or "": not known
	name string
}

// ssoRole begins the names of the roles that IAM Identity Center makes for its
// permission sets, and keeps as the sets say.
// Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
const ssoRole = "AWSReservedSSO_"

func principalOf(arn string) principal {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return principal{}
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	last := rest[strings.LastIndexByte(rest, '/')+1:]
	switch kind {
	case "root":
		return principal{"root", "root"}
	case "user":
		return principal{"user", last}
	case "federated-user":
		return principal{"federated", last}
	case "assumed-role":
		last, _, _ = strings.Cut(rest, "/")
	case "role":
	default:
		return principal{}
	}
	if set, ok := strings.CutPrefix(last, ssoRole); ok {
		if i := strings.LastIndexByte(set, '_'); i > 0 {
			set = set[:i]
		}
		return principal{"permission-set", set}
	}
	return principal{"role", last}
}

// where says where a grant to the principal belongs.
func (p principal) where() Text {
	switch p.kind {
	case "user":
		return snapshot.Textf("Attach it to the user %s.", "ユーザー %s に付ける。", p.name)
	case "role":
		return snapshot.Textf("Attach it to the role %s.", "ロール %s に付ける。", p.name)
	case "permission-set":
		return snapshot.Textf("Add it to the permission set %s of IAM Identity Center: what is attached to its role directly does not last.", "IAM Identity Center の許可セット %s に追加する。ロールに直接付けたものは維持されない。", p.name)
	case "federated":
		return snapshot.Textf("Attach it to the user whose credentials federate %s, and to the policy given to GetFederationToken.", "%s のフェデレーションに使うユーザーと、GetFederationToken に渡すポリシーに追加する。", p.name)
	}
	return say("Attach it to the identity that will call CreateAgent.", "CreateAgent を呼び出すアイデンティティに付ける。")
}

// activationPolicy is the name of the inline policy that is proposed.
const activationPolicy = "DataSyncActivation"

// grant mends the finding that was reported last by a grant to the identity, where
// one command can give it: the rest of what identities are has no policy of its own.
func (x *Exam) grant(p *Problem, arn string) {
	if p != iamDenied {
		return
	}
	identity := principalOf(arn)
	g := repair.Grant{Name: activationPolicy, Policy: activationDocument()}
	switch identity.kind {
	case "user":
		g.User = identity.name
	case "role":
		g.Role = identity.name
	default:
		return
	}
	w := x.findings[len(x.findings)-1].Whose
	if parts := strings.Split(arn, ":"); len(parts) > 4 && parts[4] != w.Account {
		w = repair.Whose{Account: parts[4]}
	}
	w.Region = "" // IAM is one for all Regions
	x.mend(w, g)
}

// activationDocument is the least policy of an activation.
func activationDocument() string {
	actions := ActivationActions()
	slices.Sort(actions)
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Sid": activationPolicy, "Effect": "Allow", "Action": actions, "Resource": "*"}}})
	if err != nil {
		return "{}"
	}
	return string(b)
}
