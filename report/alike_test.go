package report_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/report"
)

// TestAlikeButForTheAgent: targets that differ by their agents' addresses alone are told
// once, in a table and on a page, and no other address is taken for one of them.
func TestAlikeButForTheAgent(t *testing.T) {
	crowd := report.Report{Verdict: report.NotReady}
	for i := range 30 {
		tg := built(t, "unreachable-443", "en").Targets[0]
		tg.Name = fmt.Sprintf("site-%d", i)
		from, to := "10.10.1.50", fmt.Sprintf("10.10.1.%d", 5+i)
		tg.Target.AgentIP = netip.MustParseAddr(to)
		for _, r := range tg.Results {
			for n := range r.Findings {
				f := &r.Findings[n]
				f.Message = strings.ReplaceAll(f.Message, from, to)
				if f.Fix != nil {
					fix := *f.Fix
					fix.Text = strings.ReplaceAll(fix.Text, from, to)
					f.Fix = &fix
				}
				if i == 29 && f.Code == "DSP201" { // its own address, and another one, which begins like it
					f.Message = strings.ReplaceAll(f.Message, to, to+"0")
				}
			}
		}
		crowd.Targets = append(crowd.Targets, tg)
	}
	crowd = report.Counted(crowd)
	var b bytes.Buffer
	if err := report.Table(report.TableOptions{Lang: "en"})(&b, crowd); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "== site-"); n != 2 || !strings.Contains(b.String(), "28 more as site-0: site-1 (i-0a1b2c3d4e5f60719 10.10.1.6), ") {
		t.Errorf("%d are told:\n%s", n, b.String())
	}
	page := string(rendered(t, report.HTML("en"), crowd))
	for says, n := range map[string]int{"<summary>Targets: 29</summary>": 1, "<summary>Targets: 30</summary>": 2, "<summary>Targets: 1</summary>": 1, `Told of <span class="k">site-0</span>; `: 2, "<svg": 3, "29 more paths are like one of these": 1} {
		if got := strings.Count(page, says); got != n {
			t.Errorf("the page says %q %d times, not %d", says, got, n)
		}
	}
}

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
