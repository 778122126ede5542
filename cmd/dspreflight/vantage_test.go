package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// probed is the estate healthy-probed in a folder, and what is in its probes.json.
type probed struct{ dir, body string }

func saveProbed(t *testing.T) probed {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "estate")
	if out := invoke(t, "fixtures", "--save", dir, "healthy-probed"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	return probed{dir, read(t, filepath.Join(dir, "probes.json"))}
}

// runs are those of the estate, each time anew.
func (p probed) runs(t *testing.T) []snapshot.ProbeRun {
	t.Helper()
	var out []snapshot.ProbeRun
	if err := json.Unmarshal([]byte(p.body), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// judged is what a check says of the estate with other runs.
func (p probed) judged(t *testing.T, id string, runs []snapshot.ProbeRun, flags ...string) report.Result {
	t.Helper()
	body, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "probes.json"), body, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range parse(t, invoke(t, append([]string{"check", "--snapshot", p.dir, "--check", id, "-o", "json"}, flags...)...)).Targets[0].Results {
		if r.Check == id {
			return r
		}
	}
	t.Fatalf("%s is not in the report", id)
	return report.Result{}
}

// TestPlaceIsProved leaves some of what answered a machine whose place nobody stated:
// one answer with a private address may be anything's.
func TestPlaceIsProved(t *testing.T) {
	estate := saveProbed(t)
	for name, tt := range map[string]struct {
		keep   []snapshot.Purpose
		tls    bool
		want   report.Status
		forged func(*snapshot.TLSState)
	}{
		"the agent and a file server":               {[]snapshot.Purpose{snapshot.ToAgentHTTP, snapshot.ToStorage}, false, "PASS", nil},
		"the agent, and the endpoint's certificate": {[]snapshot.Purpose{snapshot.ToAgentHTTP}, true, "PASS", nil},
		"a file server, and the certificate":        {[]snapshot.Purpose{snapshot.ToStorage}, true, "PASS", nil},
		"the agent alone":                           {[]snapshot.Purpose{snapshot.ToAgentHTTP}, false, "UNKNOWN", nil},
		"a file server alone, on two ports":         {[]snapshot.Purpose{snapshot.ToStorage}, false, "UNKNOWN", nil},
		"a certificate that nobody has verified":    {[]snapshot.Purpose{snapshot.ToAgentHTTP}, true, "UNKNOWN", func(s *snapshot.TLSState) { s.Verified = new(bool) }},
		"a certificate of a run that did not look":  {[]snapshot.Purpose{snapshot.ToAgentHTTP}, true, "PASS", func(s *snapshot.TLSState) { s.Verified = nil }},
		"a verified certificate of somebody else": {[]snapshot.Purpose{snapshot.ToAgentHTTP}, true, "UNKNOWN", func(s *snapshot.TLSState) {
			s.Names = []string{"datasync.us-east-1.amazonaws.com.example.net", "*.datasync.us-west-2.amazonaws.com", "ec2.us-east-1.amazonaws.com"}
		}},
		"the endpoint alone": {nil, true, "UNKNOWN", nil},
	} {
		t.Run(name, func(t *testing.T) {
			runs := estate.runs(t)
			for i := range runs {
				r := &runs[i]
				r.Vantage.Guessed = true
				r.Probes = slices.DeleteFunc(r.Probes, func(p snapshot.Probe) bool {
					return (p.Purpose == snapshot.ToAgentHTTP || p.Purpose == snapshot.ToStorage) && !slices.Contains(tt.keep, p.Purpose)
				})
				for j := range r.Probes {
					if !tt.tls {
						r.Probes[j].TLS = nil
					} else if s := r.Probes[j].TLS; s != nil && tt.forged != nil {
						tt.forged(s)
					}
				}
			}
			if got := estate.judged(t, "probe-control", runs); got.Status != tt.want {
				t.Errorf("probe-control is %s, want %s: %v", got.Status, tt.want, got.Findings)
			}
		})
	}
}

// TestDialsThatProveNothing: of two dials of one moment that contradict each other neither
// counts.
func TestDialsThatProveNothing(t *testing.T) {
	estate := saveProbed(t)
	is443 := func(p snapshot.Probe) bool { return p.Purpose == snapshot.ToEndpointPort && p.Port == 443 }
	silent := func(ms float64) func([]snapshot.ProbeRun) []snapshot.ProbeRun {
		return func(runs []snapshot.ProbeRun) []snapshot.ProbeRun {
			for i := range runs {
				for j := range runs[i].Probes {
					if p := &runs[i].Probes[j]; is443(*p) {
						p.Outcome, p.TLS, p.ElapsedMS = snapshot.Filtered, nil, ms
					}
				}
			}
			return runs
		}
	}
	for name, tt := range map[string]struct {
		change func([]snapshot.ProbeRun) []snapshot.ProbeRun
		want   report.Status
	}{
		"silence to the limit":         {silent(3500), "FAIL"},
		"silence of a spoilt duration": {silent(0), "FAIL"},
		"a second answer in one run": {func(runs []snapshot.ProbeRun) []snapshot.ProbeRun {
			for i := range runs {
				for _, p := range runs[i].Probes {
					if is443(p) {
						p.Outcome, p.TLS = snapshot.Refused, nil
						runs[i].Probes = append(runs[i].Probes, p)
					}
				}
			}
			return runs
		}, "UNKNOWN"},
		"a second run of the same moment": {func(runs []snapshot.ProbeRun) []snapshot.ProbeRun {
			for _, r := range runs {
				r.Probes = slices.Clone(r.Probes)
				runs = append(runs, silent(3500)([]snapshot.ProbeRun{r})...)
			}
			return runs
		}, "UNKNOWN"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := estate.judged(t, "probe-443", tt.change(estate.runs(t))); got.Status != tt.want {
				t.Errorf("probe-443 is %s, want %s: %v", got.Status, tt.want, got.Findings)
			}
		})
	}
}
