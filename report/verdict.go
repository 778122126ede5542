package report

import (
	"fmt"

	"github.com/dspreflight/dspreflight/checks"
)

// Verdict is what the statuses amount to.
type Verdict string

// The verdicts.
const (
	Ready        Verdict = "READY"
	NotReady     Verdict = "NOT_READY"
	Inconclusive Verdict = "INCONCLUSIVE"
	Interrupted  Verdict = "INTERRUPTED"
)

// Status is that of a check, or of a finding. "" is that of a check which was not run.
type Status string

// The statuses, as package checks has them.
const (
	Pass    Status = "PASS"
	Fail    Status = "FAIL"
	Warn    Status = "WARN"
	Unknown Status = "UNKNOWN"
	Skip    Status = "SKIP"
)

func statusOf(s checks.Status) Status { return Status(s.String()) }

// Value is the status that the word stands for; UNKNOWN for a word that is none.
func (s Status) Value() checks.Status {
	for _, v := range []checks.Status{checks.Skip, checks.Pass, checks.Warn, checks.Fail} {
		if statusOf(v) == s {
			return v
		}
	}
	return checks.Unknown
}

// worse orders statuses by how much they matter to a result.
func (s Status) worse(than Status) bool { return s.Value().Weight() > than.Value().Weight() }

// Label is the verdict as the table prints it.
func (v Verdict) Label() string {
	if v == NotReady {
		return "NOT READY"
	}
	return string(v)
}

// ExitCode is the process's exit code for the verdict. 2, no verdict, is for
// usage errors and unreadable input.
func (v Verdict) ExitCode() int {
	switch v {
	case Ready:
		return 0
	case NotReady:
		return 1
	case Interrupted:
		return 130
	}
	return 3
}

// FailOn is the least status that makes a target not ready.
type FailOn string

// The values of --fail-on.
const (
	OnFail    FailOn = "fail"
	OnWarn    FailOn = "warn"
	OnUnknown FailOn = "unknown"
	OnNew     FailOn = "new" // against a baseline: see Report.Since
)

// Summary counts results by status.
type Summary struct {
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
	Warn    int `json:"warn"`
	Pass    int `json:"pass"`
	Skip    int `json:"skip"`
	Waived  int `json:"waived,omitempty"` // findings, whatever became of their results
}

// count counts one result.
func (s *Summary) count(status Status) {
	switch status {
	case Fail:
		s.Fail++
	case Warn:
		s.Warn++
	case Pass:
		s.Pass++
	case Skip:
		s.Skip++
	default:
		s.Unknown++
	}
}

func (s *Summary) add(o Summary) {
	s.Fail += o.Fail
	s.Unknown += o.Unknown
	s.Warn += o.Warn
	s.Pass += o.Pass
	s.Skip += o.Skip
	s.Waived += o.Waived
}

// String is the tail of the table's last line.
func (s Summary) String() string {
	line := fmt.Sprintf("%d fail  %d unknown  %d warn  %d pass  %d skip", s.Fail, s.Unknown, s.Warn, s.Pass, s.Skip)
	if s.Waived > 0 {
		line += fmt.Sprintf("  %d waived", s.Waived)
	}
	return line
}

// Judge is the one function from statuses to a verdict.
func Judge(s Summary, on FailOn, interrupted bool) Verdict {
	switch {
	case interrupted:
		return Interrupted
	case s.Fail > 0, on == OnWarn && s.Warn > 0, on == OnUnknown && s.Unknown > 0:
		return NotReady
	case s.Unknown > 0, s.Pass == 0:
		return Inconclusive
	}
	return Ready
}

// Interrupt makes the verdict that of a run which was stopped: what is decided
// stands, but nobody looked again.
func (r *Report) Interrupt() {
	r.Verdict, r.ExitCode = Interrupted, Interrupted.ExitCode()
	for i := range r.Targets {
		r.Targets[i].Verdict = Interrupted
	}
}

// worst is the verdict over several targets.
func worst(verdicts []Verdict) Verdict {
	rank := map[Verdict]int{Ready: 1, Inconclusive: 2, NotReady: 3, Interrupted: 4}
	out := Inconclusive
	best := 0
	for _, v := range verdicts {
		if rank[v] > best {
			out, best = v, rank[v]
		}
	}
	return out
}
