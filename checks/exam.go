package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Exam is what a check sees, and where it writes what it found.
type Exam struct {
	Target   snapshot.Target
	Snapshot *snapshot.Snapshot // only the tables that the check declares
	Now      time.Time          // the run's own clock; zero: not told
	Tasks    *PlannedTasks      // of every target of the run; nil: not told
	check    *Check
	others   []*Check  // what the run asks besides; nil: nothing
	shared   *journeys // the walk of the target; nil: this exam is on its own
	findings []Finding
}

// OK says that the claim holds for a subject. Without evidence it proves
// nothing and counts as UNKNOWN.
func (x *Exam) OK(subject string, ev ...snapshot.Evidence) {
	if len(ev) == 0 {
		x.Unknown(subject, snapshot.Gap{Code: snapshot.NoEvidence})
		return
	}
	x.findings = append(x.findings, Finding{Status: Pass, Subject: subject, Evidence: ev})
}

// Report says that the claim is false for a subject, in the way that the
// problem describes.
func (x *Exam) Report(p *Problem, subject string, args Args, ev ...snapshot.Evidence) {
	if args == nil {
		args = Args{}
	}
	if args["subject"] == nil {
		args["subject"] = subject
	}
	w := whose(x.destination(), "")
	if region, ok := args["region"].(string); ok {
		w.Region = region
	}
	x.findings = append(x.findings, Finding{Status: x.severity(p), Problem: p, Subject: subject, Args: args, Evidence: ev, Whose: w, exists: x.Target.AgentARN != ""})
}

// severity is the problem's own, or that of its requirement in the mode asked
// for.
func (x *Exam) severity(p *Problem) Status {
	r := p.Requires
	if r == nil {
		return p.Severity
	}
	return r.severity(x.Target, p.Severity)
}

// Unknown says what stood in the way of an answer for a subject.
func (x *Exam) Unknown(subject string, gaps ...snapshot.Gap) {
	if len(gaps) == 0 {
		gaps = []snapshot.Gap{{Code: snapshot.NoEvidence}}
	}
	x.findings = append(x.findings, Finding{Status: Unknown, Subject: subject, Gaps: gaps})
}

// NotApplicable says that the question is moot, and why.
func (x *Exam) NotApplicable(why Text) {
	x.findings = append(x.findings, Finding{Status: Skip, Note: why})
}

// See says that the question is moot because of something that other checks
// speak of: one of them at least has found something, or it is not moot but open.
func (x *Exam) See(why Text, ids ...string) {
	for _, id := range ids {
		if ByID(id) == nil && ByID(x.check.ID) == x.check {
			panic("there is no check " + id)
		}
	}
	note := say(why.En+": see "+strings.Join(ids, " and "), why.Ja+"（"+strings.Join(ids, " と ")+" を参照）")
	x.findings = append(x.findings, Finding{Status: Skip, Note: note, See: ids})
}

// given are the checks that speak of something that CreateAgent is given: where an agent
// has it already, agent-endpoint does too.
func (x *Exam) given(id string) []string {
	if x.Target.AgentARN == "" {
		return []string{id}
	}
	return []string{id, "agent-endpoint"}
}

// told reports whether the run asks another check too, which can then speak for
// this one.
func (x *Exam) told(id string) bool {
	return slices.ContainsFunc(x.others, func(c *Check) bool { return c.ID == id })
}

// NotLooked says that nobody gathered what the answer takes, and how to.
func (x *Exam) NotLooked(why Text) {
	x.findings = append(x.findings, Finding{Status: Skip, Note: why, Unasked: true})
}

// destination is the scope of the endpoint; it is nil only for an estate
// without scopes.
func (x *Exam) destination() *snapshot.Scope { return x.Snapshot.Role(snapshot.Destination) }

// region is that of the endpoint's side, where commands that mend it must run.
func (x *Exam) region() string {
	if s := x.destination(); s != nil && s.Region != "" {
		return s.Region
	}
	return x.Target.Region
}

// endpoint returns the endpoint of the target. When there is none it has
// reported why, and the check has nothing left to do.
func (x *Exam) endpoint() (snapshot.Endpoint, *snapshot.Scope, bool) {
	s := x.destination()
	if s == nil {
		x.Unknown("", snapshot.Gap{Code: snapshot.NotCollected, Source: snapshot.Endpoints.Action()})
		return snapshot.Endpoint{}, nil, false
	}
	ep, p := s.Endpoints.Get(x.Target.EndpointID)
	switch p {
	case snapshot.Present:
		return ep, s, true
	case snapshot.Absent:
		x.See(say("there is no such endpoint", "該当するエンドポイントがない"), "endpoint-available")
	default:
		x.Unknown(x.Target.EndpointID, s.GapFor(snapshot.Endpoints, x.Target.EndpointID))
	}
	return ep, s, false
}

// endpointInterfaces returns the interfaces of an endpoint, and a gap for each
// one that was not seen.
func endpointInterfaces(s *snapshot.Scope, ep snapshot.Endpoint) ([]snapshot.Interface, []snapshot.Gap) {
	var found []snapshot.Interface
	var gaps []snapshot.Gap
	for _, id := range ep.InterfaceIDs {
		i, p := s.Interfaces.GetIn(ep.VPC, id)
		switch p {
		case snapshot.Present:
			found = append(found, i)
			if i.Status != "" && netpath.Lives(netpath.InterfaceState, i.Status) == netpath.Open {
				gaps = append(gaps, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.Interfaces.Action(), Scope: s.Label(), Ref: id, Detail: i.Status})
			}
		case snapshot.Unobserved:
			gaps = append(gaps, s.GapFor(snapshot.Interfaces, id))
		default: // the endpoint lists it and the interfaces don't: one of the two is out of date
			gaps = append(gaps, snapshot.Gap{Code: snapshot.RowUnseen, Source: snapshot.Interfaces.Action(), Scope: s.Label(), Ref: id})
		}
	}
	return found, gaps
}

// unsettled says why an interface that the endpoint lists may not keep its address: it
// is being detached, or stands in a subnet that the endpoint does not have, or no
// longer. ("available" is what stand-ins for AWS say of every one.)
func unsettled(s *snapshot.Scope, ep snapshot.Endpoint, i snapshot.Interface) *snapshot.Gap {
	gap := snapshot.Gap{Source: snapshot.Interfaces.Action(), Scope: s.Label(), Ref: i.ID}
	switch {
	case !strings.EqualFold(i.Status, "available") && netpath.Lives(netpath.InterfaceState, i.Status) == netpath.Stopped:
		gap.Code, gap.Detail = snapshot.InTransition, i.Status
	case i.Subnet != "" && len(ep.SubnetIDs) > 0 && ep.SubnetsPending == "" && !slices.Contains(ep.SubnetIDs, i.Subnet):
		gap.Code, gap.Ref, gap.Detail = snapshot.Contradiction, i.ID+" ("+i.Subnet+")", ep.ID+" ("+shorten(ep.SubnetIDs)+")"
	default:
		return nil
	}
	return &gap
}

// taskSubnets returns the ids of the subnets that a task may use: the chosen
// one, else every subnet of the endpoint.
func (x *Exam) taskSubnets(ep snapshot.Endpoint) []string {
	if x.Target.SubnetID != "" {
		return []string{x.Target.SubnetID}
	}
	return ep.SubnetIDs
}
