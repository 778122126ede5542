package report

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Effect is what a planned change does to a check, or to a finding of it.
type Effect string

// The effects. The zero value is none.
const (
	Broken      Effect = "broken"       // a FAIL that was not there before
	UnknownNow  Effect = "unknown-now"  // it can no longer be told, or not for what is new
	Weakened    Effect = "weakened"     // a WARN that was not there before
	Repaired    Effect = "repaired"     // it was FAIL and no longer is
	StillBroken Effect = "still-broken" // it was FAIL and is, not by this change
)

// Earlier is how a target was judged before the planned changes, and what is
// known of them.
type Earlier struct {
	Results  []checks.Result
	Target   snapshot.Target
	Snapshot *snapshot.Snapshot
	// Replaced is set where the endpoint is another one after the changes.
	Replaced bool
	// Renewed is the id after the changes of the resource with an id before.
	Renewed func(string) string
	// Touched reports whether a change may matter to the tables.
	Touched func([]snapshot.Kind) bool
	// Concerns reports whether a change that may matter to one of the tables is of
	// the resource with an id, or names it.
	Concerns func(string, []snapshot.Kind) bool
	// Planned reports whether an id is that of a resource that is yet to be made.
	Planned func(string) bool
	// Blamed are the changes behind each finding of a check, by its id.
	Blamed map[string][][]Resource
	// AddressOf is the address of a resource that the plan manages, by its id.
	AddressOf func(string) string
	Template  bool // the changes are those of a CloudFormation template
	Gaps      []snapshot.Gap
	Notes     []snapshot.Text
	Secrets   []string
}

// Resource is one that a plan changes.
type Resource struct {
	Address string `json:"address"`
	Action  string `json:"action"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// Compare tells the effect of a change on a check, and on each finding of it
// after the change.
func (e *Earlier) Compare(before, after checks.Result) (Effect, []Effect) {
	each := make([]Effect, len(after.Findings))
	for i, f := range after.Findings {
		switch f.Status {
		case checks.Fail:
			each[i] = Broken
			if e.covered(f, before) || before.Status == checks.Skip && !e.concerned(f, after.Check) {
				each[i] = StillBroken
			}
		case checks.Unknown:
			if (before.Status != checks.Fail || after.Status == checks.Fail) && !e.sameUnknown(f, before, after.Check) {
				each[i] = UnknownNow
			}
		case checks.Skip:
			if (before.Status == checks.Pass || before.Status == checks.Warn) && f.MootBy == "" && after.Check.Egress() {
				each[i] = UnknownNow // the agent is no longer found where it was
			}
		case checks.Warn:
			if !e.covered(f, before) {
				each[i] = Weakened
			}
		}
	}
	for _, effect := range []Effect{Broken, UnknownNow, StillBroken} {
		if slices.Contains(each, effect) {
			return effect, each
		}
	}
	if before.Status == checks.Fail && (after.Status == checks.Pass || after.Status == checks.Warn) {
		return Repaired, each
	}
	if slices.Contains(each, Weakened) {
		return Weakened, each
	}
	return "", each
}

// concerned reports whether a change is about one of the resources that a finding
// rests on. If none is, it only came to light: what it was hidden behind is gone.
func (e *Earlier) concerned(f checks.Finding, c *checks.Check) bool {
	ids := []string{f.Subject}
	for _, ev := range f.Evidence {
		ids = append(ids, ev.Ref)
	}
	for _, v := range f.Args {
		switch v := v.(type) {
		case string:
			ids = append(ids, v)
		case []string:
			ids = append(ids, v...)
		}
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		base, _, _ := strings.Cut(id, "/")
		kinds := slices.Concat(c.Needs, c.Uses)
		return e.Concerns(id, kinds) || e.Concerns(base, kinds)
	})
}

// covered reports whether what a finding says was found before as well: the same
// of the same resource, and no address on any port more than before.
func (e *Earlier) covered(f checks.Finding, before checks.Result) bool {
	var had []*checks.About
	found := false
	for _, g := range before.Findings {
		if g.Problem == nil || e.Renewed(g.Subject) != f.Subject || g.Status != f.Status && g.Status != checks.Fail {
			continue
		}
		if g.Problem != f.Problem && before.Check.Area != checks.AreaPath || !e.sameHolder(g.About, f.About, before.Check) {
			continue
		}
		if found = true; g.About != nil {
			had = append(had, g.About)
		}
	}
	if !found || f.About == nil {
		return found
	}
	own := *f.About
	if e.Replaced && !ofAgents(before.Check) { // the addresses are those of another endpoint, not of the agents
		own.Addrs = nil
		had = withoutAddresses(had)
	}
	return len(own.Beyond(had)) == 0
}

// ofAgents reports whether the addresses in the findings of a check are the
// agent's, wherever the endpoint is.
func ofAgents(c *checks.Check) bool {
	return c.Area == checks.AreaGroups && !c.Egress()
}

func withoutAddresses(list []*checks.About) []*checks.About {
	out := make([]*checks.About, len(list))
	for i, a := range list {
		one := *a
		one.Addrs = nil
		out[i] = &one
	}
	return out
}

// sameHolder reports whether two findings are about one direction and, of network
// ACLs, about one ACL: those of both subnets may stop the same packet.
func (e *Earlier) sameHolder(before, after *checks.About, c *checks.Check) bool {
	if before == nil || after == nil {
		return before == nil && after == nil
	}
	return before.Direction == after.Direction && (c.Area != checks.AreaACL || e.Renewed(before.Holder) == after.Holder)
}

// sameUnknown reports whether an UNKNOWN was there before the change, and the
// change has nothing to do with it.
func (e *Earlier) sameUnknown(f checks.Finding, before checks.Result, c *checks.Check) bool {
	if e.Target.EndpointID == "" && e.Touched(slices.Concat(c.Needs, c.Uses)) {
		return false // any endpoint may be meant
	}
	if slices.ContainsFunc(f.Gaps, func(g snapshot.Gap) bool { return e.concerns(g, c) }) {
		return false
	}
	for _, g := range before.Findings {
		if g.Status == checks.Unknown && e.Renewed(g.Subject) == f.Subject && slices.EqualFunc(g.Gaps, f.Gaps, func(a, b snapshot.Gap) bool {
			return a.Code == b.Code && e.Renewed(a.Ref) == b.Ref && a.Detail == b.Detail && a.Source == b.Source
		}) {
			return true
		}
	}
	return false
}

// concerns reports whether a change may lie in what a gap hides: in a table that
// was not seen, or anywhere that the check looks, if it could not be asked at all.
// Most fields that a row lacks hide nothing: what a plan does to them shows.
func (e *Earlier) concerns(g snapshot.Gap, c *checks.Check) bool {
	switch g.Code {
	case snapshot.NeedsPrior, snapshot.AgentNotGiven, snapshot.AgentNotFound, snapshot.AgentAmbiguous, snapshot.AgentPlace, snapshot.AgentElsewhere, snapshot.NoDestination,
		snapshot.EndpointUnnamed, snapshot.NoEvidence, snapshot.Interrupted, snapshot.TookTooLong, snapshot.Panicked, snapshot.Malformed,
		snapshot.NotModelled, snapshot.EstateDiffers: // a table that is given up hides what else changes in it
		return e.Touched(slices.Concat(c.Needs, c.Uses))
	case snapshot.FieldUnseen:
		return g.Detail == "AvailableIpAddressCount" && e.Concerns(g.Ref, []snapshot.Kind{snapshot.Subnets}) // what takes addresses shows nowhere else
	case snapshot.NoPermission, snapshot.CallFailed, snapshot.NotCollected, snapshot.NotInPlan, snapshot.FileNotThere, snapshot.NotComplete, snapshot.SearchFiltered, snapshot.OwnedElsewhere, snapshot.CutShort,
		snapshot.RowUnseen, snapshot.ListUnseen, snapshot.ReferenceUnseen, snapshot.ReferenceOpen:
		return e.Touched(slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool { return k.Action() != g.Source }))
	}
	return false
}

// mark adds to a result what the change does to it, and the resources behind
// that.
func (e *Earlier) mark(out *Result, before, after checks.Result, lang string) {
	effect, each := e.Compare(before, after)
	out.Before, out.Effect = statusOf(before.Status), effect
	blamed := e.Blamed[after.Check.ID]
	if len(blamed) < len(out.Findings) {
		blamed = slices.Concat(blamed, make([][]Resource, len(out.Findings)-len(blamed)))
	}
	for i := range out.Findings {
		f := &out.Findings[i]
		f.Effect = each[i]
		switch each[i] {
		case Broken, UnknownNow, Weakened:
			f.Resources = harmlessResources(blamed[i])
		}
		if f.Fix != nil {
			if undo := undone(f.Resources); each[i] == Broken && undo != "" {
				f.Fix.Text += snapshot.Textf(" Or leave %s as it was.", "または %s を変更しない。", undo).In(lang)
			}
		}
	}
}

// undone names the resources that were there before the change.
func undone(list []Resource) string {
	var out []string
	for _, r := range list {
		if r.Action != "create" {
			out = append(out, r.Address)
		}
	}
	return strings.Join(out, ", ")
}

// harmlessResources are resources with addresses that are safe to print.
func harmlessResources(list []Resource) []Resource {
	out := slices.Clone(list)
	for i := range out {
		out[i].Address, out[i].File = Harmless(out[i].Address), Harmless(out[i].File)
	}
	return out
}
