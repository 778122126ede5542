package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// TestTestbedEstates expects exactly the checks that expect.json names to fail,
// and nothing else.
func TestTestbedEstates(t *testing.T) {
	for _, file := range recorded.Glob(t, "estates", "*/expect.json") {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Target  map[string]any    `json:"target"`
				Expect  map[string]string `json:"expect"`
				Verdict report.Verdict    `json:"verdict_with_requirements_article"`
			}
			if err := json.Unmarshal(body, &want); err != nil {
				t.Fatal(err)
			}
			args := []string{"check", "--snapshot", dir, "--complete", "--requirements", "article", "-o", "json"}
			for k, v := range want.Target {
				flag := "--" + strings.ReplaceAll(k, "_", "-")
				switch v := v.(type) {
				case string:
					args = append(args, flag, v)
				case []any:
					for _, e := range v {
						args = append(args, flag, e.(string))
					}
				}
			}
			rep := parse(t, invoke(t, args...))
			if rep.Verdict != want.Verdict && !(want.Verdict == report.Ready && rep.Verdict == report.Inconclusive && onlyNewlyOpen(rep)) {
				t.Errorf("%s, want %s", rep.Verdict, want.Verdict)
			}
			for _, r := range rep.Targets[0].Results {
				if newlyOpen(r) {
					continue
				}
				if expected, named := want.Expect[r.Check]; named && string(r.Status) != expected || !named && (r.Status == "FAIL" || r.Status == "UNKNOWN") {
					t.Errorf("%s is %s: %s", r.Check, r.Status, messages(rep, r.Check))
				}
			}
		})
	}
}

// sinceThen are the gaps of which these estates' makers did not know when they
// wrote their verdicts, each with the reason.
var sinceThen = map[string]string{
	"own-subnet-rule": "transit gateways attached in the endpoints' own subnets, under ACLs that AWS's page on the two does not find open",
	"several-exits":   "the ACL of one of several attachment subnets is closed to other subnets",
	"nothing-learned": "a static route to a virtual private gateway that has learned nothing and has no VPN connection",
	"rests-on":        "what lies behind one of these",
}

// documentedVerdict is the verdict on a plan, as far as its makers knew, or as AWS documents
// it where that decides otherwise.
func documentedVerdict(t *testing.T, dir, recorded string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, "documented.txt"))
	if err != nil {
		return recorded
	}
	return planVerdict.FindStringSubmatch(string(body))[1]
}

// newlyOpen reports whether a check is UNKNOWN for nothing but such a gap.
func newlyOpen(r report.Result) bool {
	return r.Status == "UNKNOWN" && !slices.ContainsFunc(r.Findings, func(f report.Finding) bool {
		return slices.ContainsFunc(f.Gaps, func(g report.Gap) bool { return sinceThen[g.Code] == "" })
	})
}

// onlyNewlyOpen reports whether every UNKNOWN of a report is one.
func onlyNewlyOpen(rep report.Report) bool {
	return !slices.ContainsFunc(rep.Targets[0].Results, func(r report.Result) bool { return r.Status == "UNKNOWN" && !newlyOpen(r) })
}

func parse(t testing.TB, out outcome) report.Report {
	t.Helper()
	var rep report.Report
	if err := json.Unmarshal([]byte(out.stdout), &rep); err != nil {
		t.Fatalf("%v: %s", err, out.stderr)
	}
	return rep
}

var (
	verdictAfter  = regexp.MustCompile(`confirmed on the live state after apply: (\w+)`)
	verdictBefore = regexp.MustCompile(`before: (\w+)`)
)

// onlySupport are the problems of port 22, which the plans' verdicts leave out.
var onlySupport = []string{"DSP204", "DSP223", "DSP503"}

// TestPlanEstates judges the describe output from before and after each plan was
// applied, and expects the verdict in words.
func TestPlanEstates(t *testing.T) {
	for _, dir := range tier.Share(recorded.Glob(t, "plans", "*/describe_*")) {
		name, side := filepath.Base(filepath.Dir(dir)), filepath.Base(dir)
		t.Run(name+"/"+side, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "expected.txt"))
			if err != nil {
				t.Fatal(err)
			}
			pattern := verdictBefore
			if side == "describe_after" {
				pattern = verdictAfter
			}
			m := pattern.FindStringSubmatch(string(body))
			if m == nil {
				return // not confirmed on a live state
			}
			agent := []string{"--agent-ip", "10.10.1.50"}
			if name[0] == 'o' {
				agent = []string{"--source-cidr", "192.168.10.0/24", "--agent-ip", "192.168.10.50"}
			}
			rep := parse(t, invoke(t, append([]string{"check", "--snapshot", dir, "--complete", "--requirements", "article", "-o", "json"}, agent...)...))
			got := "OK"
			for _, r := range rep.Targets[0].Results {
				broken := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Status == "FAIL" && !slices.Contains(onlySupport, f.Code) })
				switch {
				case broken:
					got = "BREAKS"
				case r.Status == "UNKNOWN" && got == "OK" && !newlyOpen(r):
					got = "UNKNOWN"
				}
			}
			want := m[1]
			if side == "describe_after" {
				want = documentedVerdict(t, filepath.Dir(dir), want)
			}
			if want == "NOTHING" { // there is no endpoint yet
				want = "BREAKS"
			}
			if got != want {
				t.Errorf("%s, want %s: %s", got, want, body)
				for _, r := range rep.Targets[0].Results {
					if r.Status == "FAIL" || r.Status == "UNKNOWN" {
						t.Logf("%s is %s: %s", r.Check, r.Status, messages(rep, r.Check))
					}
				}
			}
		})
	}
}
