package report

import "testing"

// TestWaivedBesideItsCheck holds that a finding that may stand is told with the status
// that is left of its check, and not as one that was skipped.
func TestWaivedBesideItsCheck(t *testing.T) {
	waived := Finding{Status: "FAIL", Code: "DSP202", Message: "a", Waived: &Waived{Reason: "b"}}
	for _, status := range []string{"WARN", "SKIP", "UNKNOWN"} {
		target := Target{Results: []Result{{Check: "sg-ingress-control", Status: status, Findings: []Finding{waived, {Status: status, Message: "c"}}}}}
		if got := target.skips("en")[0]; got.status != status {
			t.Errorf("%s, and its waived finding is told as %s", status, got.status)
		}
	}
}
