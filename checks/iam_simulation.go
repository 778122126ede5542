package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// simulation is what IAM's simulation said, held against the calls of its run.
type simulation struct {
	scope *snapshot.Scope
	// refuted is the action whose real call contradicts the simulation; what it
	// says of others proves no more. "": none.
	refuted string
}

func simulationOf(s *snapshot.Scope) simulation {
	sim := simulation{scope: s}
	for _, a := range activationActions {
		call := callOf(s, a.kind)
		set := sim.results(snapshot.AnyResource, a.name)
		if call == nil || len(set) == 0 || len(untold(set[0])) > 0 {
			continue
		}
		if (call.Error == nil) != (set[0].Decision == "allowed") {
			sim.refuted = a.name
		}
	}
	return sim
}

// looksOnly reports whether the caller is plainly not the identity that activates:
// no policy lets it call CreateAgent or DescribeAgent, the two actions of an
// activation that an audit does without, and none forbids them either.
func (m simulation) looksOnly() bool {
	for _, a := range []struct{ resource, action string }{
		{snapshot.AnyResource, "datasync:CreateAgent"}, {snapshot.AccountResource, "datasync:CreateAgent"}, {snapshot.AccountResource, "datasync:DescribeAgent"},
	} {
		list := m.results(a.resource, a.action)
		if len(list) == 0 || m.doubt(a.resource, list) != "" || m.refuted != "" {
			return false
		}
		r := list[0]
		if r.Decision != "implicitDeny" || len(untold(r)) > 0 || r.Organizations != nil && !r.Organizations.Allowed || r.Boundary != nil && !r.Boundary.Allowed {
			return false
		}
	}
	return true
}

// results lists what a simulation about a resource says of an action.
func (m simulation) results(resource, action string) []snapshot.SimulationResult {
	set, p := m.scope.Simulations.Get(resource)
	if p != snapshot.Present {
		return nil
	}
	var out []snapshot.SimulationResult
	for _, r := range set.Results {
		if strings.EqualFold(r.Action, action) {
			out = append(out, r)
		}
	}
	return out
}

// untold lists the condition keys that policies ask for and the simulation was not
// told, of the whole and of each resource.
func untold(r snapshot.SimulationResult) []string {
	out := slices.Clone(r.Missing)
	for _, s := range r.Specific {
		out = append(out, s.Missing...)
	}
	return out
}

// forwardedKeys are those that differ between a call of the caller's own and the
// one that a service makes with the caller's permissions.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var forwardedKeys = []string{"aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpcarn", "aws:sourcevpce"}

// forwarded lists the keys on which the policies judge the call that CreateAgent
// makes on the caller's behalf unlike the caller's own.
func (m simulation) forwarded(action string) []string {
	var out []string
	for _, r := range m.results(snapshot.AnyResource, action) {
		for _, key := range untold(r) {
			if slices.Contains(forwardedKeys, strings.ToLower(key)) && !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// simulated asks what IAM's simulation said of an action. CreateAgent and
// ListAgents have no resource type, so that the resource is *; whether DataSync
// takes an ARN of the account for one is not documented, so where the two differ
// nothing is concluded. DescribeAgent is about an agent of the account. It reports
// whether the answer would count, had the run's calls not refuted the simulation.
func (x *Exam) simulated(m simulation, subject, action string) (refuted bool) {
	resources := []string{snapshot.AnyResource}
	switch {
	case action == "datasync:DescribeAgent":
		resources = []string{snapshot.AccountResource}
	case strings.HasPrefix(action, "datasync:"):
		resources = []string{snapshot.AccountResource, snapshot.AnyResource}
	}
	var answers []snapshot.SimulationResult
	for _, resource := range resources {
		results := m.results(resource, action)
		if len(results) == 0 {
			x.openAction(subject, simulationGap(m.scope, resource, action))
			return false
		}
		if why := m.doubt(resource, results); why != "" {
			x.openAction(subject, snapshot.Gap{Code: snapshot.SimulationDoubted, Source: snapshot.PolicySimulation.Action(), Ref: action, Detail: why})
			return false
		}
		answers = append(answers, results[0])
	}
	last := answers[len(answers)-1]
	open := func(code snapshot.GapCode, detail string) {
		x.openAction(subject, snapshot.Gap{Code: code, Source: snapshot.PolicySimulation.Action(), Ref: action, Detail: detail})
	}
	var keys []string
	for _, r := range answers {
		keys = append(keys, untold(r)...)
	}
	slices.Sort(keys)
	denied := slices.ContainsFunc(answers, func(r snapshot.SimulationResult) bool { return r.Decision != "allowed" })
	switch {
	case (answers[0].Decision == "allowed") != (last.Decision == "allowed"):
		open(snapshot.SimulationSplit, answers[0].Resource)
	case len(keys) > 0: // a negated condition holds while its key is missing: even a deny is open
		open(snapshot.ConditionOpen, strings.Join(slices.Compact(keys), ", "))
	case m.refuted != "":
		return true
	case !denied:
		x.OK(subject, snapshot.Saw(snapshot.PolicySimulation, subject, simulationFact(last)))
	case slices.ContainsFunc(answers, organizationAlone):
		open(snapshot.OrganizationOpen, "EvalDecision implicitDeny, AllowedByOrganizations false")
	default:
		why, problem := whyDenied(last)
		x.Report(problem, subject, refusal(action, subject, why, problem), snapshot.Saw(snapshot.PolicySimulation, subject, simulationFact(last)))
		x.leadsTo(action)
		x.grant(problem, subject)
	}
	return false
}

// doubt says, in the simulation's own terms, why its results for an action prove
// nothing: they are of something else, or contradict themselves.
func (m simulation) doubt(resource string, results []snapshot.SimulationResult) string {
	for _, r := range results {
		about := "EvalResourceName " + r.Resource
		switch {
		case !slices.Contains([]string{"allowed", "explicitDeny", "implicitDeny"}, r.Decision):
			return "EvalDecision " + orNone(r.Decision)
		case r.Decision != results[0].Decision:
			return "EvalDecision " + results[0].Decision + ", " + r.Decision
		case resource == snapshot.AnyResource && r.Resource != "*":
			return about
		case resource == snapshot.AccountResource && !m.ofAccount(r.Resource):
			return about
		case r.Differs() != "":
			return "EvalDecision " + r.Decision + ", EvalResourceDecision " + r.Differs()
		case r.Decision == "allowed" && r.Organizations != nil && !r.Organizations.Allowed:
			return "EvalDecision allowed, AllowedByOrganizations false"
		case r.Decision == "allowed" && r.Boundary != nil && !r.Boundary.Allowed:
			return "EvalDecision allowed, AllowedByPermissionsBoundary false"
		}
	}
	return ""
}

// ofAccount reports whether an ARN can be of the account's DataSync resources.
func (m simulation) ofAccount(arn string) bool {
	want := strings.SplitN(snapshot.SampleAgentARN(m.scope.Region, m.scope.Account), ":", 6)
	have := strings.SplitN(arn, ":", 6)
	return len(have) == 6 && slices.Equal(have[:5], want[:5])
}

// organizationAlone reports whether nothing but the organization's policies, by
// mere silence, is said to stand in the way: no boundary. The simulation has said so of
// roles that may, where those policies have conditions.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
func organizationAlone(r snapshot.SimulationResult) bool {
	return r.Decision == "implicitDeny" && r.Organizations != nil && !r.Organizations.Allowed && (r.Boundary == nil || r.Boundary.Allowed)
}

// simulationGap says why IAM was not asked, or did not answer.
func simulationGap(s *snapshot.Scope, resource, action string) snapshot.Gap {
	simulates := slices.ContainsFunc(s.Identity.All(), func(id snapshot.Identity) bool {
		return strings.Contains(id.ARN, ":user/") || strings.Contains(id.ARN, ":assumed-role/")
	})
	if s.Called(snapshot.PolicySimulation) || simulates {
		g := s.GapFor(snapshot.PolicySimulation, resource)
		if g.Code == snapshot.NotComplete || g.Code == snapshot.RowUnseen {
			g.Ref = action // and not the name of the file
		}
		return g
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
