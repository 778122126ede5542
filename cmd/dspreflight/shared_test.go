package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/report"
)

// The estates here were made by others: describe output of a moto server, and of
// estates that Terraform applied, each with the verdict in words. They lie
// beside the project where it is developed; elsewhere the tests skip.
const shared = "../../../shared"

func sharedFolders(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(shared, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skipf("SKIPPED: %s is not there, so its estates are not judged", filepath.Join(shared, pattern))
	}
	return found
}

// TestTestbedEstates expects exactly the checks that expect.json names to fail,
// and nothing else.
func TestTestbedEstates(t *testing.T) {
	for _, file := range sharedFolders(t, "testbed/estates/*/expect.json") {
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
			if rep.Verdict != want.Verdict {
				t.Errorf("%s, want %s", rep.Verdict, want.Verdict)
			}
			for _, r := range rep.Targets[0].Results {
				if expected, named := want.Expect[r.Check]; named && r.Status != expected || !named && (r.Status == "FAIL" || r.Status == "UNKNOWN") {
					t.Errorf("%s is %s: %s", r.Check, r.Status, messages(rep, r.Check))
				}
			}
		})
	}
}

func parse(t *testing.T, out outcome) report.Report {
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
	for _, dir := range sharedFolders(t, "plans/*/describe_*") {
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
				t.Skip("not confirmed on a live state")
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
				case r.Status == "UNKNOWN" && got == "OK":
					got = "UNKNOWN"
				}
			}
			want := m[1]
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
