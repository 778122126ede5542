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
		Title:   say("the credentials of {caller} are good until {expires}, {left}", "{caller} の認証情報の有効期限は {expires}（{left}）"),
		Cause:   say("An activation takes some minutes, and the key is good for thirty.", "アクティブ化には数分かかり、キーの有効期間は 30 分である。"),
		Fix:     say("Renew them first (with `aws sso login` where they come from IAM Identity Center), and keep one set of credentials throughout.", "先に更新し（IAM Identity Center の認証情報なら `aws sso login`）、最後まで同じ認証情報を使う。"),
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
		owner := ownerOf(s, ep)
		seen, due := caller.Account, owner
		parts := strings.SplitN(caller.ARN, ":", 6)
		if partition := snapshot.PartitionOf(x.region()); len(parts) == 6 && x.region() != "" && parts[1] != partition { // an account is one partition's
			seen, due = parts[1]+" / "+seen, partition+" / "+due
		}
		switch {
		case owner == "":
			x.Unknown(caller.ARN, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "OwnerId"})
			return
		case len(parts) == 6 && parts[4] != caller.Account:
			x.Unknown(caller.ARN, snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.CallerIdentity.Action(), Ref: "Arn " + caller.ARN, Detail: "Account " + caller.Account})
			return
		case seen != due:
			x.Report(credentialsElsewhere, caller.ARN, Args{"caller": caller.ARN, "account": seen, "endpoint": ep.ID, "owner": due}, saw, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("owner %s", "所有者 %s", owner)))
			return
		}
		if c := s.Credentials; c != nil && !c.Expires.IsZero() {
			if left := c.Expires.Sub(x.Snapshot.TakenAt); left < expiresSoon {
				x.Report(credentialsExpiring, caller.ARN, Args{"caller": caller.ARN, "expires": c.Expires.UTC().Format("2006-01-02 15:04:05 UTC"), "left": whenExpired(left.Round(time.Second))}, saw)
				return
			}
		}
		x.OK(caller.ARN, append([]snapshot.Evidence{saw}, x.ownedAlike(s, ep, caller.Account)...)...)
	},
})

// ownerOf is the account that an endpoint belongs to; "": nothing tells.
func ownerOf(s *snapshot.Scope, ep snapshot.Endpoint) string {
	if v, p := s.VPCs.Get(ep.VPC); ep.OwnerID == "" && p == snapshot.Present {
		return v.OwnerID
	}
	return ep.OwnerID
}

// whenExpired words how long after the look at the credentials they expire.
func whenExpired(left time.Duration) Text {
	if left < 0 {
		return snapshot.Textf("%s before they were looked at", "確認の %s 前", -left)
	}
	return snapshot.Textf("%s after they were looked at", "確認の %s 後", left)
}

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
