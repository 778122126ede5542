package checks

import (
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqCredentials = &Requirement{
	ID: "one-account-credentials", Grade: "required",
	Title:   say("CreateAgent is called with credentials of the endpoint's account", "CreateAgent をエンドポイントのアカウントの認証情報で呼び出す"),
	Sources: []string{pageEndpoint, pageArticle},
}

var (
	credentialsElsewhere = &Problem{
		Code: "DSP701", Severity: Fail, Hides: true,
		Title:   say("the caller {caller} belongs to account {account}, the endpoint {endpoint} to {owner}", "呼び出し元 {caller} のアカウントは {account} で、エンドポイント {endpoint} のアカウントは {owner}"),
		Cause:   say("Endpoint, VPC and agent must belong to one account, that of the caller of CreateAgent. Only the network may cross accounts.", "エンドポイント・VPC・エージェントは、CreateAgent の呼び出し元と同じアカウントでなければならない。アカウントをまたげるのはネットワークだけである。"),
		Fix:     say("Use credentials of account {owner}: another --profile, or --role-arn with a role there.", "アカウント {owner} の認証情報を使う。別の --profile か、そのアカウントのロールを --role-arn で指定する。"),
		Look:    []Command{OnAWS("sts get-caller-identity")},
		Errors:  []*documented.Error{documented.AccountMismatch, documented.InvalidEndpoint, documented.InvalidSubnet, documented.InvalidGroup},
		Sources: []string{pageEndpoint},
	}
	credentialsExpiring = &Problem{
		Code: "DSP702", Severity: Warn,
		Title:   say("the credentials of {caller} expire at {expires}, {left} after they were looked at", "{caller} の認証情報は {expires}（確認から {left} 後）に失効する"),
		Cause:   say("An activation takes some minutes, and the key is good for thirty.", "アクティブ化には数分かかり、キーの有効期間は 30 分である。"),
		Fix:     say("Renew them first, for instance with `aws sso login`, and keep one set of credentials throughout.", "先に `aws sso login` などで更新し、最後まで同じ認証情報を使う。"),
		Do:      []Command{Here("aws sso login")},
		Sources: []string{pageActivate},
	}
)

// expiresSoon is how long credentials should still be good: the time for which
// an activation key is.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
const expiresSoon = 30 * time.Minute

var _ = register(&Check{
	ID:       "credentials",
	Area:     AreaIdentity,
	Title:    say("The caller is known, and is of the endpoint's account", "呼び出し元が判明しており、エンドポイントと同じアカウントである"),
	Requires: reqCredentials,
	Needs:    []snapshot.Kind{snapshot.CallerIdentity, snapshot.Endpoints},
	Uses:     []snapshot.Kind{snapshot.VPCs, snapshot.SecurityGroups},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{credentialsElsewhere, credentialsExpiring},
	Run: func(x *Exam) {
		ep, s, ok := x.endpoint()
		if !ok {
			return
		}
		ids := s.Identity.All()
		if len(ids) == 0 || ids[0].Account == "" {
			x.Unknown("", s.GapFor(snapshot.CallerIdentity, ""))
			return
		}
		caller := ids[0]
		saw := snapshot.Saw(snapshot.CallerIdentity, caller.ARN, callerFact(caller, s.Credentials))
		owner := ep.OwnerID
		if owner == "" {
			if v, p := s.VPCs.Get(ep.VPC); p == snapshot.Present {
				owner = v.OwnerID
			}
		}
		switch owner {
		case "":
			x.Unknown(caller.ARN, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "OwnerId"})
			return
		case caller.Account:
		default:
			x.Report(credentialsElsewhere, caller.ARN, Args{"caller": caller.ARN, "account": caller.Account, "endpoint": ep.ID, "owner": owner}, saw, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("owner %s", "所有者 %s", owner)))
			return
		}
		if c := s.Credentials; c != nil && !c.Expires.IsZero() {
			if left := c.Expires.Sub(x.Snapshot.TakenAt); left < expiresSoon {
				x.Report(credentialsExpiring, caller.ARN, Args{"caller": caller.ARN, "expires": c.Expires.UTC().Format("15:04:05 UTC"), "left": left.Round(time.Second).String()}, saw)
				return
			}
		}
		x.OK(caller.ARN, append([]snapshot.Evidence{saw}, x.ownedAlike(s, ep, caller.Account)...)...)
	},
})

// ownedAlike is what else is seen to belong to the caller's account; what does
// not is endpoint-owner's to judge.
func (x *Exam) ownedAlike(s *snapshot.Scope, ep snapshot.Endpoint, account string) []snapshot.Evidence {
	same := snapshot.Textf("owner %s", "所有者 %s", account)
	out := []snapshot.Evidence{snapshot.Saw(snapshot.Endpoints, ep.ID, same)}
	if v, p := s.VPCs.Get(ep.VPC); p == snapshot.Present && v.OwnerID == account {
		out = append(out, snapshot.Saw(snapshot.VPCs, v.ID, same))
	}
	group := x.Target.GroupID
	if group == "" && len(ep.Groups) > 0 {
		group = ep.Groups[0].ID
	}
	if g, p := s.SecurityGroups.GetIn(ep.VPC, group); p == snapshot.Present && g.OwnerID == account {
		out = append(out, snapshot.Saw(snapshot.SecurityGroups, g.ID, same))
	}
	return out
}

func callerFact(id snapshot.Identity, c *snapshot.Credentials) Text {
	fact := snapshot.Textf("account %s", "アカウント %s", id.Account)
	if c != nil && c.Source != "" {
		source := strings.TrimSpace(c.Source)
		fact = say(fact.En+", credentials from "+source, fact.Ja+"、認証情報の取得元 "+source)
	}
	return fact
}
