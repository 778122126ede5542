package report

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Gate says what of a planned change counts.
type Gate string

// The values of --gate.
const (
	GateChange Gate = "change" // only what the change breaks
	GateAll    Gate = "all"    // everything that is wrong after it
)

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

// summarize lists the checks by effect.
func (t *Target) summarize(before Verdict, on FailOn, interrupted bool) {
	s := &ChangeSummary{Before: before, After: Judge(t.Summary, on, interrupted), Broken: []string{}, UnknownNow: []string{}, Weakened: []string{}, Repaired: []string{}, MaybeRepaired: []string{}, StillBroken: []string{}}
	for i := range t.Results {
		r := &t.Results[i]
		r.unwaived()
		switch {
		case r.Effect == Broken && r.Status == Fail:
			s.Broken = append(s.Broken, r.Check)
		case r.Status == Skip && r.Effect == UnknownNow:
			s.UnknownNow = append(s.UnknownNow, r.Check)
		case r.Status == Fail && r.Effect == UnknownNow: // broken before, and there is more that can't be told
			s.UnknownNow, s.StillBroken = append(s.UnknownNow, r.Check), append(s.StillBroken, r.Check)
		case r.Status == Unknown && (r.Effect == UnknownNow || r.lifted && r.Before != Skip):
			s.UnknownNow = append(s.UnknownNow, r.Check)
		case r.Effect == Weakened && r.Status == Warn:
			s.Weakened = append(s.Weakened, r.Check)
		case r.Effect == Repaired:
			s.Repaired = append(s.Repaired, r.Check)
		case r.Status == Unknown && r.Before == Fail:
			s.MaybeRepaired = append(s.MaybeRepaired, r.Check)
		case r.Effect == StillBroken && r.Status == Fail:
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

// verdict is that on the estate before the changes.
func (e *Earlier) verdict(name string, opt Options) Verdict {
	t := Target{Name: name}
	for _, r := range e.Results {
		out := Result{Check: r.Check.ID, Status: statusOf(r.Status)}
		for _, f := range r.Findings {
			out.Findings = append(out.Findings, findingOf(f, r.Check, e, opt.Lang))
		}
		t.Results = append(t.Results, out)
		t.Summary.count(out.Status)
	}
	t.waive(opt.Waivers, opt.Now, opt.Lang)
	return Judge(t.Summary, opt.FailOn, opt.Interrupted)
}
