package report

import (
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

// statusWeight orders statuses as the engine does.
var statusWeight = map[string]int{"SKIP": 0, "PASS": 1, "WARN": 2, "UNKNOWN": 3, "FAIL": 4}

// waive marks the findings that a waiver is about, and lets the rest decide the
// result: with nothing left it is SKIP. What was moot because of a waived finding
// was never judged, so it is UNKNOWN. It returns the waivers that were used.
func (t *Target) waive(waivers []Waiver, now time.Time, lang string) []int {
	var used []int
	if len(waivers) == 0 {
		return nil
	}
	lifted := map[string]bool{}
	for i := range t.Results {
		r := &t.Results[i]
		left, waived := "", false
		for j := range r.Findings {
			f := &r.Findings[j]
			first := -1
			for n, w := range waivers {
				if f.Status != "PASS" && f.Status != "SKIP" && !w.Expired(now) && w.matches(t.Name, *r, *f) {
					used = append(used, n)
					if first < 0 {
						first = n
					}
				}
			}
			if first < 0 {
				if left == "" || statusWeight[f.Status] > statusWeight[left] {
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
		}
		if waived {
			if left == "" {
				left = "SKIP"
			}
			lifted[r.Check] = r.Status == "FAIL" && left != "FAIL"
			r.Status = left
		}
	}
	for again := true; again; {
		again = false
		for i := range t.Results {
			r := &t.Results[i]
			for j := range r.Findings {
				f := &r.Findings[j]
				if f.Status != "SKIP" || !lifted[f.MootBy] {
					continue
				}
				f.Status, r.Status, r.lifted = "UNKNOWN", "UNKNOWN", true
				f.Message = snapshot.Textf("%s is waived, so nobody judged what rests on it: mend it, or skip this check with --skip", "%s が免除されているため、それを前提とする判定は行われていない。直すか、--skip で除外する", f.MootBy).In(lang)
				lifted[r.Check], again = true, true
			}
		}
	}
	waived := t.Summary.Waived
	t.Summary = Summary{Waived: waived}
	for _, r := range t.Results {
		t.Summary.add(Summary{}.with(r.Status))
	}
	return used
}

// with counts one result.
func (s Summary) with(status string) Summary {
	switch status {
	case "FAIL":
		s.Fail++
	case "WARN":
		s.Warn++
	case "PASS":
		s.Pass++
	case "SKIP":
		s.Skip++
	default:
		s.Unknown++
	}
	return s
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
