package report

import (
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Waiver accepts a finding for a while: it stays visible and is counted, but no
// longer decides the verdict.
type Waiver struct {
	Code    string        // a problem code or the id of a check
	Target  string        // only for this target; "": for all
	Subject string        // only about this resource; "": about any
	About   *checks.About // only within these facts; nil: about any
	Reason  string        // why it may stand
	Owner   string        // who answers for it
	Expires time.Time     // the last moment on which it counts; zero: this run only (--accept)
}

// Waived is the waiver of a finding, in the report.
type Waived struct {
	Reason  string `json:"reason"`
	Owner   string `json:"owner,omitempty"`
	Expires string `json:"expires,omitempty"` // a date
}

// matches reports whether the waiver is about a finding.
func (w Waiver) matches(target string, r Result, f Finding) bool {
	return (w.Code == f.Code && f.Code != "" || w.Code == r.Check) && (w.Target == "" || w.Target == target) && (w.Subject == "" || w.Subject == f.Subject) && w.covers(f)
}

// Expired reports whether a waiver no longer counts.
func (w Waiver) Expired(now time.Time) bool { return !w.Expires.IsZero() && now.After(w.Expires) }

// waive marks the findings that a waiver is about, and lets the rest decide the
// result: with nothing left it is SKIP. A waiver lifts a finding, never a
// question: what is UNKNOWN stays so, and so becomes what was not judged because
// of a waived finding, be it in the same check or in one that rests on it. It
// returns the waivers that lift something, and those about a question.
func (t *Target) waive(waivers []Waiver, now time.Time, lang string) (used, open []int) {
	if len(waivers) == 0 {
		return nil, nil
	}
	lifted := map[string]bool{}
	for i := range t.Results {
		r := &t.Results[i]
		left, waived := Status(""), false
		var hidden []Finding
		for j := range r.Findings {
			f := &r.Findings[j]
			first := -1
			for n, w := range waivers {
				switch about := !w.Expired(now) && w.matches(t.Name, *r, *f); {
				case about && f.Status == Unknown:
					open = append(open, n)
				case about && f.Status != Pass && f.Status != Skip:
					used = append(used, n)
					if first < 0 {
						first = n
					}
				}
			}
			if first < 0 {
				if left == "" || f.Status.worse(left) {
					left = f.Status
				}
				continue
			}
			waived = true
			w := waivers[first]
			f.Waived = &Waived{Reason: Harmless(w.Reason), Owner: Harmless(w.Owner)}
			if !w.Expires.IsZero() {
				f.Waived.Expires = w.Expires.UTC().Format(time.DateOnly)
			}
			t.Summary.Waived++
			if f.hides {
				hidden = append(hidden, Finding{
					Status: Unknown, Subject: f.Subject, Evidence: []Evidence{}, Requirement: f.Requirement,
					Message: snapshot.Textf("%s is waived, so nobody judged what else this check asks of %s: mend it, or skip this check with --skip", "%s が免除されているため、このチェックが %s について確認する他の点は判定されていない。直すか、--skip で除外する", f.Code, f.Subject).In(lang),
				})
			}
		}
		if !waived {
			continue
		}
		lifted[r.Check] = r.Status == Fail && left != Fail
		switch {
		case len(hidden) > 0:
			r.Findings, r.lifted = append(r.Findings, hidden...), true
			if left != Fail {
				left = Unknown
			}
		case left == "":
			left = Skip
		}
		r.Status = left
	}
	t.reopen(lifted, lang)
	waived := t.Summary.Waived
	t.Summary = Summary{Waived: waived}
	for _, r := range t.Results {
		t.Summary.count(r.Status)
	}
	return used, open
}

// reopen makes UNKNOWN what was moot only because of checks that are now lifted.
func (t *Target) reopen(lifted map[string]bool, lang string) {
	status, waived := map[string]Status{}, map[string][]string{} // what is waived, of what a check rests on
	for _, r := range t.Results {
		status[r.Check] = r.Status
		if lifted[r.Check] {
			waived[r.Check] = []string{r.Check}
		}
	}
	for again := true; again; {
		again = false
		for i := range t.Results {
			r := &t.Results[i]
			for j := range r.Findings {
				f := &r.Findings[j]
				if f.Status != Skip || !slices.ContainsFunc(f.restsOn, func(id string) bool { return lifted[id] }) ||
					slices.ContainsFunc(f.restsOn, func(id string) bool { return status[id] == Fail }) {
					continue
				}
				f.Status = Unknown
				if Unknown.worse(r.Status) {
					r.Status, r.lifted = Unknown, true
				}
				for _, id := range f.restsOn {
					for _, root := range waived[id] {
						if !slices.Contains(waived[r.Check], root) {
							waived[r.Check] = append(waived[r.Check], root)
						}
					}
				}
				f.Message = snapshot.Textf("the failure of %s is waived, so nobody judged what rests on it: mend it, or skip this check with --skip", "%s の失敗が免除されているため、それを前提とする判定は行われていない。直すか、--skip で除外する", strings.Join(waived[r.Check], ", ")).In(lang)
				lifted[r.Check], again = true, true
			}
		}
	}
}

// Note says in words that a finding is waived.
func (w Waived) Note(lang string) string {
	until := snapshot.Textf("for this run", "今回の実行のみ")
	if w.Expires != "" {
		until = snapshot.Textf("until %s", "%s まで", w.Expires)
	}
	if w.Owner != "" {
		until = snapshot.Textf("%s (%s)", "%s、%s", until, w.Owner)
	}
	return snapshot.Textf("waived %s: %s", "免除（%s）: %s", until, w.Reason).In(lang)
}
