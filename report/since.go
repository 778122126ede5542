package report

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// since is what changed of the nth target since a baseline; nil: there is none.
func (r Report) since(n int) *TargetDiff {
	if r.Baseline == nil || n >= len(r.Baseline.Targets) {
		return nil
	}
	return &r.Baseline.Targets[n]
}

// became says what became of a finding since the baseline, as one of the words of a Diff:
// "new", "revealed", "unchanged" or "gap opened".
func (t *TargetDiff) became(r Result, f Finding) string {
	if t == nil || f.Waived != nil {
		return ""
	}
	if f.Status == Unknown {
		if slices.ContainsFunc(t.GapsOpened, func(g DiffGap) bool {
			return g.Check == r.Check && (g.Message == f.Message || slices.ContainsFunc(f.Gaps, func(of Gap) bool { return of == g.Gap }))
		}) {
			return gapOpened
		}
		return "unchanged"
	}
	for _, l := range t.lists() {
		if slices.ContainsFunc(l.findings, func(one DiffFinding) bool {
			return one.Check == r.Check && one.Status == f.Status && one.Code == f.Code && one.Subject == f.Subject && one.Message == f.Message
		}) {
			return l.name
		}
	}
	return ""
}

// isNews reports whether what became of a finding is that it was not there before, or may
// hide one that was not.
func isNews(became string) bool {
	return became == "new" || became == "revealed" || became == gapOpened
}

// sinceWords say what became of a finding.
var sinceWords = map[string]snapshot.Text{
	"new":       {En: "New since the baseline.", Ja: "ベースライン以降に新しく生じた。"},
	"revealed":  {En: "Revealed since the baseline: before, it could not be told or was not asked.", Ja: "ベースライン以降に判明した（以前は判定できなかったか、対象外だった）。"},
	gapOpened:   {En: "It could be told at the time of the baseline.", Ja: "ベースラインの時点では判定できていた。"},
	"unchanged": {En: "It was so at the time of the baseline.", Ja: "ベースラインの時点から変わらない。"},
}
