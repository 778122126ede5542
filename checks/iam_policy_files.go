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
			x.Unknown(f.Name, snapshot.Gap{Code: snapshot.Malformed, Source: "--policy-file", Ref: f.Name, Detail: err.Error()})
			return
		}
		policies = append(policies, p)
	}
	names := policies[0].Name
	if len(policies) > 1 {
		names = fmt.Sprintf("%s (+%d)", names, len(policies)-1)
	}
	// What is denied for one and the same reason is one finding.
	denied := map[string][]string{}
	var reasons []denial
	for _, a := range activationActions {
		if d, ok := x.evaluated(s, policies, names, a.name); ok {
			if denied[d.why.En] == nil {
				reasons = append(reasons, d)
			}
			denied[d.why.En] = append(denied[d.why.En], a.name)
		}
	}
	for _, d := range reasons {
		actions := strings.Join(denied[d.why.En], ", ")
		saw := snapshot.Evidence{Source: "--policy-file", Ref: names, Fact: snapshot.Textf("%s: %s", "%s: %s", actions, d.decision.String())}
		x.Report(d.problem, names, deniedArgs(actions, "", d.why), saw)
	}
	for _, p := range policies {
		for i, st := range p.Statements {
			if st.Effect == "Allow" {
				x.written(s, p, i, st)
			}
		}
	}
}

// denial is why a policy does not let an action through.
type denial struct {
	problem  *Problem
	decision iam.Decision
	why      Text
}

// evaluated reports an action that is allowed or undecided, and returns why one
// is denied.
func (x *Exam) evaluated(s *snapshot.Scope, policies []iam.Policy, subject, action string) (denial, bool) {
	context := requestContext(s, x.region(), x.Snapshot.TakenAt)
	agent := snapshot.SampleAgentARN(x.region(), s.Account)
	ask := func(resource string) iam.Answer {
		return iam.Evaluate(policies, iam.Request{Action: action, Resource: resource, Context: context})
	}
	answer := ask("*")
	if strings.HasPrefix(action, "datasync:") {
		if s.Account == "" {
			x.Unknown(subject, snapshot.Gap{Code: snapshot.AccountUnknown, Source: "--policy-file", Ref: action, Detail: "?"})
			return denial{}, false
		}
		switch on := ask(agent); {
		case action == "datasync:DescribeAgent":
			answer = on
		case (on.Decision == iam.Allowed) != (answer.Decision == iam.Allowed), on.Decision != answer.Decision && iam.Undecided == max(on.Decision, answer.Decision):
			x.Unknown(subject, snapshot.Gap{Code: snapshot.SimulationSplit, Source: "--policy-file", Ref: action, Detail: agent})
			return denial{}, false
		}
	}
	fact := snapshot.Textf("%s: %s", "%s: %s", action, answer.Decision.String())
	if len(answer.By) > 0 {
		fact = say(fact.En+", by "+shorten(answer.By), fact.Ja+"、根拠 "+shorten(answer.By))
	}
	saw := snapshot.Evidence{Source: "--policy-file", Ref: subject, Fact: fact}
	switch answer.Decision {
	case iam.Allowed:
		saw.Fact = say(fact.En+" (boundaries and service control policies are not in the files)", fact.Ja+"（境界ポリシーと SCP はファイルに含まれない）")
		x.OK(subject, saw)
	case iam.Undecided:
		x.Unknown(subject, snapshot.Gap{Code: snapshot.ConditionOpen, Source: "--policy-file", Ref: action, Detail: strings.Join(answer.Unknown, "; ")})
	case iam.ExplicitDeny:
		return denial{iamStopped, answer.Decision, snapshot.Textf("%s denies it", "%s が拒否している", strings.Join(answer.By, ", "))}, true
	default:
		if len(answer.Near) > 0 {
			return denial{iamConditioned, answer.Decision, snapshot.Same(strings.Join(answer.Near, "; "))}, true
		}
		return denial{iamDenied, answer.Decision, say("no statement allows it", "許可する文がない")}, true
	}
	return denial{}, false
}

// requestContext holds the condition keys that are known of a call to come.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func requestContext(s *snapshot.Scope, region string, now time.Time) map[string][]string {
	out := map[string][]string{"aws:securetransport": {"true"}}
	if region != "" {
		out["aws:requestedregion"] = []string{region}
	}
	if !now.IsZero() {
		out["aws:currenttime"] = []string{now.UTC().Format(time.RFC3339)}
	}
	for _, id := range s.Identity.All() {
		out["aws:principalaccount"] = []string{id.Account}
		out["aws:userid"] = []string{id.UserID}
		if !strings.Contains(id.ARN, ":assumed-role/") { // aws:PrincipalArn of a session is the role's, path included
			out["aws:principalarn"] = []string{id.ARN}
		}
	}
	return out
}

// written looks at how a statement is written: patterns that match nothing, ARNs
// of elsewhere, rights far beyond the need.
func (x *Exam) written(s *snapshot.Scope, p iam.Policy, index int, st iam.Statement) {
	where := fmt.Sprintf("%s, statement %d", p.Name, index+1)
	for _, pattern := range st.Action {
		saw := snapshot.Evidence{Source: "--policy-file", Ref: where, Fact: snapshot.Textf("Action %s", "Action %s", pattern)}
		matches := iam.Matching(pattern)
		if len(matches) == 0 {
			if !iam.Known(pattern) {
				continue
			}
			meant := iam.Meant(pattern)
			needed := neededOf(iam.Matching(meant))
			if meant == "" {
				meant, needed = "?", ActivationActions()
			}
			if len(needed) == 0 {
				needed = []string{meant}
			}
			x.Report(iamDeadPattern, p.Name, Args{"pattern": pattern, "policy": where, "meant": meant, "needed": needed}, saw)
			continue
		}
		needed := neededOf(matches)
		if wrong := x.elsewhere(s, st.Resource); len(needed) > 0 && wrong != "" {
			x.Report(iamElsewhere, p.Name, Args{"pattern": pattern, "policy": where, "resource": wrong, "expected": x.region() + " / " + s.Account}, saw)
		}
		var excess []string
		for _, m := range matches {
			if !m.Read && !slices.Contains(needed, m.Name) {
				excess = append(excess, m.Name)
			}
		}
		if len(excess) > mostExcess {
			if len(needed) == 0 {
				needed = []string{"-"}
			}
			x.Report(iamTooBroad, p.Name, Args{"pattern": pattern, "policy": where, "count": fmt.Sprint(len(excess)), "example": worst(excess), "needed": needed}, saw)
		}
	}
}

// mostExcess is how many actions that change something a pattern may allow
// beyond the need before it is worth a word.
const mostExcess = 2

func neededOf(actions []iam.Action) []string {
	var out []string
	for _, a := range actions {
		if slices.Contains(ActivationActions(), a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// worst picks the example that frightens most.
func worst(actions []string) string {
	for _, a := range actions {
		if strings.Contains(a, ":Delete") {
			return a
		}
	}
	return actions[0]
}

// elsewhere is the first ARN of a statement, if none of its resources can be of
// the account and Region of the activation.
func (x *Exam) elsewhere(s *snapshot.Scope, resources []string) string {
	wrong := ""
	for _, r := range resources {
		parts := strings.SplitN(r, ":", 6)
		if len(parts) < 6 {
			return ""
		}
		region, account := parts[3], parts[4]
		other := region != "" && !strings.ContainsAny(region, "*?$") && x.region() != "" && region != x.region() ||
			account != "" && !strings.ContainsAny(account, "*?$") && s.Account != "" && account != s.Account
		if !other {
			return ""
		}
		if wrong == "" {
			wrong = r
		}
	}
	return wrong
}
