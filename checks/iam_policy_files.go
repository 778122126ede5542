package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// judgePolicies evaluates the policies that the user passed, and looks at how
// they are written.
func (x *Exam) judgePolicies(s *snapshot.Scope) {
	var policies []iam.Policy
	for _, f := range x.Snapshot.Policies {
		p, err := iam.Parse(f.Name, f.Document)
		if err != nil {
			x.Unknown(f.Name, snapshot.Gap{Code: snapshot.Malformed, Source: "--policy-file", Ref: f.Name, Words: wordsOf(err)})
			return
		}
		policies = append(policies, p)
	}
	j := x.judging(s, policies)
	if x.stranger(j) {
		return
	}
	// What is denied for one and the same reason is one finding.
	denied := map[string][]string{}
	var reasons []refused
	for _, a := range activationActions {
		if d, ok := x.evaluated(j, a.name); ok {
			if denied[d.why.En] == nil {
				reasons = append(reasons, d)
			}
			denied[d.why.En] = append(denied[d.why.En], a.name)
		}
	}
	for _, d := range reasons {
		actions := strings.Join(denied[d.why.En], ", ")
		saw := snapshot.Evidence{Source: "--policy-file", Ref: j.subject, Fact: snapshot.Textf("%s: %s", "%s: %s", actions, d.decision.String())}
		x.Report(d.problem, j.subject, refusal(actions, j.identity, d.obstacle, d.problem), saw)
		x.leadsTo(denied[d.why.En]...)
		x.grant(d.problem, j.identity)
	}
	for _, p := range policies {
		for i, st := range p.Statements {
			if st.Effect == "Allow" {
				x.written(j, p, i, st)
			}
		}
	}
}

// judging is whose policies are judged, and for which account and Region.
type judging struct {
	policies []iam.Policy
	subject  string // the identity, else the names of the files
	identity string // its ARN; "": nobody said whose the policies are
	account  string // that of the endpoint, where CreateAgent must be called
	region   string
	userID   string // of the identity, where it is the caller
	now      time.Time
}

func (x *Exam) judging(s *snapshot.Scope, policies []iam.Policy) judging {
	j := judging{policies: policies, identity: x.Snapshot.Policies[0].Identity, account: s.Account, region: x.region(), now: x.Now}
	if ep, p := s.Endpoints.Get(x.Target.EndpointID); p == snapshot.Present && ep.OwnerID != "" {
		j.account = ep.OwnerID
	}
	if j.subject = j.identity; j.subject == "" {
		j.subject = policies[0].Name
		if len(policies) > 1 {
			j.subject = fmt.Sprintf("%s (+%d)", j.subject, len(policies)-1)
		}
	}
	for _, id := range s.Identity.All() {
		if id.ARN == j.identity {
			j.userID = id.UserID
		}
	}
	return j
}

// stranger reports an identity of another account or partition than the
// endpoint's: it can't activate, whatever its policies say.
func (x *Exam) stranger(j judging) bool {
	parts := strings.SplitN(j.identity, ":", 6)
	if len(parts) < 6 || j.account == "" || j.region == "" {
		return false
	}
	seen, due := parts[1]+" / "+parts[4], snapshot.PartitionOf(j.region)+" / "+j.account
	if seen == due {
		return false
	}
	x.Report(iamStranger, j.identity, Args{"seen": seen, "expected": due, "endpoint": x.Target.EndpointID},
		snapshot.Evidence{Source: "--policy-identity", Ref: j.identity, Fact: snapshot.Same(seen)})
	return true
}

// refused is why policies do not let an action through.
type refused struct {
	obstacle
	problem  *Problem
	decision iam.Decision
}

// evaluated reports an action that is allowed or undecided, and returns why one
// is denied.
func (x *Exam) evaluated(j judging, action string) (refused, bool) {
	agent := snapshot.NewAgentARN(j.region, j.account)
	ask := func(resource string) iam.Answer {
		return iam.Evaluate(j.policies, iam.Request{Action: action, Resource: resource, Context: j.context(action)})
	}
	answer := ask("*")
	if strings.HasPrefix(action, "datasync:") {
		if j.account == "" {
			x.openAction(j.subject, snapshot.Gap{Code: snapshot.AccountUnknown, Source: "--policy-file", Ref: action, Detail: "?"})
			return refused{}, false
		}
		switch on := ask(agent); {
		case action == "datasync:DescribeAgent":
			answer = on
		case (on.Decision == iam.Allowed) != (answer.Decision == iam.Allowed), on.Decision != answer.Decision && iam.Undecided == max(on.Decision, answer.Decision):
			x.openAction(j.subject, snapshot.Gap{Code: snapshot.SimulationSplit, Source: "--policy-file", Ref: action, Detail: agent})
			return refused{}, false
		}
	}
	fact := snapshot.Textf("%s: %s", "%s: %s", action, answer.Decision.String())
	if len(answer.By) > 0 {
		fact = say(fact.En+", by "+shorten(answer.By), fact.Ja+"、根拠 "+shorten(answer.By))
	}
	if len(answer.Timed) > 0 {
		fact = say(fact.En+", judged for "+strings.Join(answer.Timed, "; "), fact.Ja+"、判定した時刻 "+strings.Join(answer.Timed, "; "))
	}
	switch answer.Decision {
	case iam.Allowed:
		x.OK(j.subject, snapshot.Evidence{Source: "--policy-file", Ref: j.subject, Fact: say(fact.En+" (boundaries and service control policies are not in the files)", fact.Ja+"（境界ポリシーと SCP はファイルに含まれない）")})
	case iam.Undecided:
		x.openAction(j.subject, x.openCondition(j, action, answer))
	case iam.ExplicitDeny:
		why := snapshot.Textf("%s denies it", "%s が拒否している", strings.Join(answer.By, "; "))
		if len(answer.Timed) > 0 {
			why = say(why.En+", judged for "+strings.Join(answer.Timed, "; "), why.Ja+"、判定した時刻 "+strings.Join(answer.Timed, "; "))
		}
		return refused{obstacle{why, say("Change that statement.", "その文を直す。")}, iamStopped, answer.Decision}, true
	default:
		if len(answer.Unmet) > 0 {
			return refused{obstacle{why: snapshot.Same(strings.Join(answer.Unmet, "; "))}, iamConditioned, answer.Decision}, true
		}
		return refused{obstacle{why: say("no statement allows it", "許可する文がない")}, iamDenied, answer.Decision}, true
	}
	return refused{}, false
}

// openAction leaves an action open: with others, where all hang on one thing.
func (x *Exam) openAction(subject string, g snapshot.Gap) {
	for _, f := range x.findings {
		if f.Status != Unknown || f.Subject != subject || len(f.Gaps) != 1 {
			continue
		}
		if other := &f.Gaps[0]; other.Code == g.Code && other.Source == g.Source && other.Detail == g.Detail {
			other.Ref += ", " + g.Ref
			return
		}
	}
	x.Unknown(subject, g)
}

// openCondition is the gap of an action that hangs on something that is not
// known; where nobody said whose the policies are, that may be all.
func (x *Exam) openCondition(j judging, action string, answer iam.Answer) snapshot.Gap {
	code := snapshot.ConditionOpen
	if j.identity == "" && slices.ContainsFunc(answer.Unknown, func(s string) bool {
		s = strings.ToLower(s)
		return slices.ContainsFunc(identityKeys, func(k string) bool { return strings.Contains(s, k) })
	}) {
		code = snapshot.IdentityUnnamed
	}
	return snapshot.Gap{Code: code, Source: "--policy-file", Ref: action, Detail: strings.Join(answer.Unknown, "; ")}
}

// identityKeys are the condition keys that tell who asks.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
var identityKeys = []string{"aws:principalarn", "aws:principaltype", "aws:userid", "aws:username"}

// horizon is how long after the run a permission must still hold: an activation
// may be tomorrow's work.
const horizon = 24 * time.Hour

// context holds what is known of the condition keys of a call to come.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (j judging) context(action string) iam.Context {
	out := iam.Context{"aws:securetransport": {Is: "true"}}
	if j.region != "" {
		out["aws:requestedregion"] = iam.Value{Is: j.region}
		if strings.HasPrefix(action, "ec2:") {
			out["ec2:region"] = iam.Value{Is: j.region}
		}
	}
	if !j.now.IsZero() {
		span := iam.Value{From: j.now.UTC().Truncate(time.Second), To: j.now.UTC().Truncate(time.Second).Add(horizon)}
		out["aws:currenttime"], out["aws:epochtime"] = span, span
	}
	if strings.HasPrefix(action, "datasync:") { // a direct call; those to EC2 are made on the caller's behalf
		out["aws:viaawsservice"] = iam.Value{Is: "false"}
		for _, key := range []string{"aws:calledvia", "aws:calledviafirst", "aws:calledvialast"} {
			out[key] = iam.Value{Absent: true}
		}
	}
	if j.account != "" {
		out["aws:principalaccount"] = iam.Value{Is: j.account}
		out["aws:principalarn"] = iam.Value{Like: "arn:" + snapshot.PartitionOf(j.region) + ":*::" + j.account + ":*"}
	}
	j.name(out)
	return out
}

// name adds what the ARN of the identity tells.
func (j judging) name(out iam.Context) {
	parts := strings.SplitN(j.identity, ":", 6)
	if len(parts) < 6 {
		return
	}
	who := principalOf(j.identity)
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch kind {
	case "user":
		out["aws:principalarn"], out["aws:principaltype"], out["aws:username"] = iam.Value{Is: j.identity}, iam.Value{Is: "User"}, iam.Value{Is: who.name}
	case "role":
		out["aws:principalarn"], out["aws:principaltype"], out["aws:username"] = iam.Value{Is: j.identity}, iam.Value{Is: "AssumedRole"}, iam.Value{Absent: true}
	case "assumed-role": // the key has the role's ARN, whose path a session does not tell
		name, _, _ := strings.Cut(rest, "/")
		out["aws:principalarn"], out["aws:principaltype"], out["aws:username"] = iam.Value{Like: "arn:" + parts[1] + ":iam::" + parts[4] + ":role/*" + name}, iam.Value{Is: "AssumedRole"}, iam.Value{Absent: true}
	}
	if j.userID != "" {
		out["aws:userid"] = iam.Value{Is: j.userID}
	}
}
