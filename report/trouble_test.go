package report

import (
	"bytes"
	"strings"
	"testing"
)

// TestOneProbeOnce tells once what one run of the probe settles, whatever it dials, and
// keeps apart what another one does.
func TestOneProbeOnce(t *testing.T) {
	open := func(check, ref, recipe string) Result {
		message := ref + " was not dialled from agent-network: run there " + recipe
		return Result{Check: check, Status: "UNKNOWN", Findings: []Finding{{Status: "UNKNOWN", Subject: ref, Message: message, Gaps: []Gap{{Code: "not-dialled", Scope: "agent-network", Ref: ref, Message: message}}}}}
	}
	tg := Target{Results: []Result{
		open("probe-443", "10.20.1.10 tcp 443", "probe A"), open("probe-443", "10.20.2.10 tcp 443", "probe A"),
		open("probe-control", "10.20.1.10 tcp 1024-1062", "probe A"), open("probe-control", "10.20.2.10 tcp 1024-1062", "probe A"), open("probe-support", "10.20.1.10 tcp 22", "probe A"),
		open("probe-storage", "nfs://10.10.1.9", "probe B"),
	}}
	var b bytes.Buffer
	p := &printer{opt: TableOptions{Lang: "en", Width: 200}, out: &b, told: Told{}, label: labelUnknown}
	for _, one := range tg.unknowns() {
		p.unknown(one)
	}
	const want = `
UNKNOWN  probe-443
         10.20.1.10 tcp 443, 10.20.2.10 tcp 443, 10.20.1.10 tcp 1024-1062, (+2) was not dialled from agent-network: run there probe A
         settles  probe-control, probe-support

UNKNOWN  probe-storage
         nfs://10.10.1.9 was not dialled from agent-network: run there probe B
`
	if got := b.String(); got != want {
		t.Errorf("it says\n%s", got)
	}
	if strings.Count(b.String(), "probe A") != 1 {
		t.Error("a step is told twice")
	}
}

// TestWaivedBesideItsCheck holds that a finding that may stand is told with the status
// that is left of its check, and not as one that was skipped.
func TestWaivedBesideItsCheck(t *testing.T) {
	waived := Finding{Status: "FAIL", Code: "DSP202", Message: "a", Waived: &Waived{Reason: "b"}}
	for _, status := range []Status{Warn, Skip, Unknown} {
		target := Target{Results: []Result{{Check: "sg-ingress-control", Status: status, Findings: []Finding{waived, {Status: status, Message: "c"}}}}}
		if got := target.skips("en")[0]; got.status != status {
			t.Errorf("%s, and its waived finding is told as %s", status, got.status)
		}
	}
}
