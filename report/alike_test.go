package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/report"
)

// TestAlikeTargetsAreToldOnce: of many targets a table tells once what is the same of
// several, names who they are, and counts them; with --verbose it tells each.
func TestAlikeTargetsAreToldOnce(t *testing.T) {
	crowd := func(n int) report.Report {
		r := report.Report{Verdict: report.NotReady}
		for i := range n {
			tg := report.Target{Name: fmt.Sprintf("a%d", i), Verdict: report.Ready, Results: []report.Result{{Check: "sg-ingress-443", Status: "PASS", Findings: []report.Finding{{Status: "PASS", Message: "it is open"}}}}}
			if i == n/2 {
				tg.Verdict, tg.Results[0].Status = report.NotReady, "FAIL"
				tg.Results[0].Findings[0] = report.Finding{Status: "FAIL", Code: "DSP201", Message: "the port is shut"}
			}
			r.Targets = append(r.Targets, tg)
		}
		return r
	}
	for _, tt := range []struct {
		targets int
		verbose bool
		heads   int
		says    string
	}{
		{10, false, 10, ""},
		{50, false, 2, "READY: 48 more as a0: a1, a2, a3, (+45)\n\nTargets: 1 NOT READY, 49 READY\n"},
		{50, true, 50, ""},
	} {
		var b bytes.Buffer
		if err := report.Table(report.TableOptions{Lang: "en", Verbose: tt.verbose})(&b, report.Counted(crowd(tt.targets))); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "== a"); n != tt.heads || !strings.Contains(b.String(), tt.says) || strings.Count(b.String(), "is shut") == 0 {
			t.Errorf("%d targets, verbose %v: %d heads\n%s", tt.targets, tt.verbose, n, b.String())
		}
	}
}
