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

// Gate says what of a planned change counts.
type Gate string

// The values of --gate.
const (
	GateChange Gate = "change" // only what the change breaks
	GateAll    Gate = "all"    // everything that is wrong after it
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

// ChangeSummary says what the planned changes do to a target: the checks by
// effect, and the verdicts on the estate before and after.
type ChangeSummary struct {
	Before     Verdict  `json:"before"`
	After      Verdict  `json:"after"`
	Broken     []string `json:"broken"`
	UnknownNow []string `json:"unknown_now"`
	Weakened   []string `json:"weakened"`
	Repaired   []string `json:"repaired"`
	// MaybeRepaired are checks that were FAIL and can't be told after the change.
	MaybeRepaired []string `json:"maybe_repaired"`
	StillBroken   []string `json:"still_broken"`
	Notes         []string `json:"notes,omitempty"` // what else there is to know of the change
}

// verdictText is the verdict in words. That of a change is not that of the estate.
func (r Report) verdictText(lang string) string {
	if r.Gate != GateChange {
		return r.Verdict.Label()
	}
	var all []Verdict
	for _, t := range r.Targets {
		if t.Change != nil {
			all = append(all, t.Change.After)
		}
	}
	after := worst(all)
	if after == r.Verdict {
		return r.Verdict.Label()
	}
	return snapshot.Textf("%s (this change; the estate after it: %s)", "%s（この変更。変更後の環境は %s）", r.Verdict.Label(), after.Label()).In(lang)
}

// headline says what the changes of a report come to.
func (r Report) headline(lang string) string {
	broken := false
	for _, t := range r.Targets {
		broken = broken || t.Change != nil && len(t.Change.Broken) > 0
	}
	switch {
	case r.Gate != GateChange || r.Verdict == Interrupted:
		return r.Verdict.Label()
	case broken && r.Verdict == NotReady:
		return snapshot.Text{En: "this change breaks activation", Ja: "この変更でアクティブ化できなくなる"}.In(lang)
	case r.Verdict == NotReady:
		return snapshot.Text{En: "this change does not pass", Ja: "この変更は不合格"}.In(lang)
	case r.Verdict == Inconclusive:
		return snapshot.Text{En: "what this change does can't be told", Ja: "この変更の影響を判定できない"}.In(lang)
	}
	return snapshot.Text{En: "this change breaks nothing", Ja: "この変更で壊れるものはない"}.In(lang)
}

// changeLines say in words what the changes do to each target, which is named
// where there are several.
func (r Report) changeLines(lang string) []string {
	var out []string
	for _, t := range r.Targets {
		if t.Change == nil {
			continue
		}
		for _, line := range t.Change.lines(lang) {
			if len(r.Targets) > 1 {
				line = t.Name + ": " + line
			}
			out = append(out, line)
		}
	}
	return out
}

// lines say in words what the changes do, worst first.
func (s ChangeSummary) lines(lang string) []string {
	var out []string
	say := func(list []string, en, ja string) {
		if len(list) > 0 {
			out = append(out, snapshot.Textf(en, ja, strings.Join(list, ", ")).In(lang))
		}
	}
	say(s.Broken, "This change breaks %s.", "この変更により %s が満たされなくなる。")
	say(s.UnknownNow, "After this change it can't be told: %s.", "この変更の後は判定できない: %s。")
	say(s.Weakened, "This change goes against advice: %s.", "この変更により推奨から外れる: %s。")
	if len(out) == 0 {
		out = append(out, snapshot.Text{En: "This change breaks nothing.", Ja: "この変更で満たされなくなるものはない。"}.In(lang))
	}
	say(s.Repaired, "It repairs %s.", "%s は満たされるようになる。")
	say(s.MaybeRepaired, "Broken before, and after this change it can't be told: %s.", "変更前は満たされておらず、変更後は判定できない: %s。")
	say(s.StillBroken, "Broken before and still, not by this change: %s.", "変更前から満たされておらず、変更後も同じ: %s。")
	if s.Before != Ready || s.After != Ready {
		out = append(out, snapshot.Textf("The estate: %s before this change, %s after it.", "環境の状態: 変更前は %s、変更後は %s。", s.Before.Label(), s.After.Label()).In(lang))
	}
	return append(out, s.Notes...)
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

// summarize lists the checks by effect.
func (t *Target) summarize(before Verdict, on FailOn, interrupted bool) {
	s := &ChangeSummary{Before: before, After: Judge(t.Summary, on, interrupted), Broken: []string{}, UnknownNow: []string{}, Weakened: []string{}, Repaired: []string{}, MaybeRepaired: []string{}, StillBroken: []string{}}
	for i := range t.Results {
		r := &t.Results[i]
		r.unwaived()
		switch {
		case r.Effect == Broken && r.Status == "FAIL":
			s.Broken = append(s.Broken, r.Check)
		case r.Status == "SKIP" && r.Effect == UnknownNow:
			s.UnknownNow = append(s.UnknownNow, r.Check)
		case r.Status == "FAIL" && r.Effect == UnknownNow: // broken before, and there is more that can't be told
			s.UnknownNow, s.StillBroken = append(s.UnknownNow, r.Check), append(s.StillBroken, r.Check)
		case r.Status == "UNKNOWN" && (r.Effect == UnknownNow || r.lifted && r.Before != "SKIP"):
			s.UnknownNow = append(s.UnknownNow, r.Check)
		case r.Effect == Weakened && r.Status == "WARN":
			s.Weakened = append(s.Weakened, r.Check)
		case r.Effect == Repaired:
			s.Repaired = append(s.Repaired, r.Check)
		case r.Status == "UNKNOWN" && r.Before == "FAIL":
			s.MaybeRepaired = append(s.MaybeRepaired, r.Check)
		case r.Effect == StillBroken && r.Status == "FAIL":
			s.StillBroken = append(s.StillBroken, r.Check)
		}
	}
	t.Change = s
}

// unwaived lets the findings that are not waived tell what the change does to a
// check, if some are.
func (r *Result) unwaived() {
	if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Waived != nil }) {
		return
	}
	r.Effect = ""
	for _, effect := range []Effect{Broken, UnknownNow, StillBroken, Weakened} {
		if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Waived == nil && f.Effect == effect }) {
			r.Effect = effect
			return
		}
	}
}

// counted is the summary of what the gate looks at: with GateChange, what the
// change does. A change that does nothing to the path passes.
func (t Target) counted(gate Gate) Summary {
	if t.Change == nil || gate == GateAll {
		return t.Summary
	}
	return Summary{Fail: len(t.Change.Broken), Unknown: len(t.Change.UnknownNow), Warn: len(t.Change.Weakened), Pass: max(t.Summary.Pass, 1)}
}

// mark adds to a result what the change does to it, and the resources behind
// that.
func (e *Earlier) mark(out *Result, before, after checks.Result, lang string) {
	effect, each := e.Compare(before, after)
	out.Before, out.Effect = before.Status.String(), effect
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

// verdict is that on the estate before the changes.
func (e *Earlier) verdict(name string, opt Options) Verdict {
	t := Target{Name: name}
	for _, r := range e.Results {
		out := Result{Check: r.Check.ID, Status: r.Status.String()}
		for _, f := range r.Findings {
			out.Findings = append(out.Findings, findingOf(f, r.Check, e, opt.Lang))
		}
		t.Results = append(t.Results, out)
		t.Summary.count(r.Status)
	}
	t.waive(opt.Waivers, opt.Now, opt.Lang)
	return Judge(t.Summary, opt.FailOn, opt.Interrupted)
}

// masked stands for a value that is marked as sensitive.
const masked = "(sensitive)"

// hide takes the values that are marked as sensitive out of all that is said.
func (e *Earlier) hide(t *Target) {
	if len(e.Secrets) == 0 {
		return
	}
	var pairs []string
	for _, s := range e.Secrets {
		pairs = append(pairs, s, masked)
	}
	replace := strings.NewReplacer(pairs...).Replace
	list := func(l []string) {
		for i := range l {
			l[i] = replace(l[i])
		}
	}
	for i := range t.Gaps {
		t.Gaps[i].Message = replace(t.Gaps[i].Message)
	}
	for i := range t.Results {
		for j := range t.Results[i].Findings {
			f := &t.Results[i].Findings[j]
			f.Message, f.Cause = replace(f.Message), replace(f.Cause)
			for k, v := range f.Args {
				switch v := v.(type) {
				case string:
					f.Args[k] = replace(v)
				case []string:
					list(v)
				}
			}
			for k := range f.Evidence {
				f.Evidence[k].Fact = replace(f.Evidence[k].Fact)
			}
			for k := range f.Gaps {
				f.Gaps[k].Message = replace(f.Gaps[k].Message)
			}
			if f.Fix != nil {
				f.Fix.Text, f.Fix.Terraform = replace(f.Fix.Text), replace(f.Fix.Terraform)
				list(f.Fix.AWSCLI)
				list(f.Fix.Look)
			}
		}
	}
	for _, p := range []*Path{t.Path, t.PathBefore} {
		if p == nil {
			continue
		}
		for _, hops := range [][]Hop{p.There, p.Back} {
			for i := range hops {
				list(hops[i].Facts)
			}
		}
		for _, e := range []*Terminus{&p.Agent, &p.Endpoint, &p.Task} {
			list(e.Addresses)
		}
	}
	for i := range t.Firewall {
		t.Firewall[i].Source, t.Firewall[i].Destination = slices.Clone(t.Firewall[i].Source), slices.Clone(t.Firewall[i].Destination)
		list(t.Firewall[i].Source)
		list(t.Firewall[i].Destination)
	}
	for i := range t.Changes {
		t.Changes[i].AWSCLI, t.Changes[i].Terraform = replace(t.Changes[i].AWSCLI), replace(t.Changes[i].Terraform)
	}
}
