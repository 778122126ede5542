package collect_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// probeDocument is the least that Systems Manager takes.
const probeDocument = `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "probe", "inputs": {"timeoutSeconds": "600", "runCommand": ["true"]}}]}`

// dialledByAgent is what the agent's own instance prints: it reached the endpoint on
// every port of the path, or, closed, on all but 443.
func dialledByAgent(t *testing.T, at time.Time, closed bool) string {
	t.Helper()
	from := netip.MustParseAddr("10.10.1.50")
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, ToolVersion: "test (script)", TakenAt: at, TimeoutMS: 4000, Vantage: snapshot.Vantage{Place: snapshot.AgentNetwork, Addresses: []netip.Addr{from}}}
	for _, port := range []uint16{443, 22, 1024, 1025} {
		p := snapshot.Probe{Purpose: snapshot.ToEndpointPort, Addr: netip.MustParseAddr("10.20.1.10"), Port: port, Outcome: snapshot.Open, From: from, Tries: 1, ElapsedMS: 2}
		if closed && port == 443 {
			p.Outcome, p.Tries, p.ElapsedMS = snapshot.Filtered, 3, 12000
		}
		run.Probes = append(run.Probes, p)
	}
	body, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(body); err != nil || zip.Close() != nil {
		t.Fatal(err)
	}
	return snapshot.PackedProbes + "\n" + base64.StdEncoding.EncodeToString(packed.Bytes()) + "\n" + snapshot.ProbesEnd + "\n"
}

// TestAnswersThatAreNotSystemsManagers puts every false answer in the place of what
// Systems Manager says of a command: what a machine printed proves something only where
// its answer came whole, and a gap names the call that told nothing.
func TestAnswersThatAreNotSystemsManagers(t *testing.T) {
	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer elsewhere.Close()
	tg, probe443 := target(t, "healthy"), checks.ByID("probe-443")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ask := func(t *testing.T, closed bool, tamper func(w http.ResponseWriter, region, action string, genuine []byte) bool) (status report.Status, gaps []report.Gap) {
		printed := dialledByAgent(t, now, closed)
		s := serve(t, "healthy")
		s.SSM = &fakeaws.SSM{Account: "444455556666", Run: func(string, string) (string, string, int) { return printed, "", 0 }}
		s.Tamper = tamper
		r := request(s, tg)
		id, err := s.SSM.Send([]byte(probeDocument), nil, []string{"i-0a1b2c3d4e5f60719"})
		if err != nil {
			t.Fatal(err)
		}
		r.Command, r.Kinds = id, slices.Concat(probe443.Needs, probe443.Uses, collect.CommandKinds())
		ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
		defer cancel()
		snap, err := collect.Live(ctx, r)
		if err != nil {
			t.Fatal(err)
		}
		snap.AssignRoles(tg)
		results := checks.Run(context.Background(), tg, snap, checks.Catalogue{probe443}, checks.Options{})
		rep := report.Build([]report.Judged{{Target: tg, Snapshot: snap, Results: results}}, report.Options{FailOn: report.OnFail, GeneratedAt: snap.TakenAt})
		return rep.Targets[0].Results[0].Status, rep.Targets[0].Gaps
	}
	for closed, want := range map[bool]report.Status{false: report.Pass, true: report.Fail} {
		if got, gaps := ask(t, closed, nil); got != want {
			t.Fatalf("nothing in between, 443 closed is %v: %s, %+v", closed, got, gaps)
		}
	}
	row := 0
	for _, f := range falseAnswers(elsewhere.URL) {
		for _, action := range []string{"ListCommandInvocations", "GetCommandInvocation"} {
			if strings.HasSuffix(f.name, "-token") && action == "GetCommandInvocation" || f.name == "one-blank-entry" || f.name == "blank-entries" {
				continue // it has no pages; there is no <item> in JSON
			}
			if row++; !tier.Takes(row, 3) {
				continue
			}
			t.Run(f.name+"/"+action, func(t *testing.T) {
				t.Parallel()
				for _, closed := range []bool{false, true} {
					var tampered atomic.Int32
					status, gaps := ask(t, closed, func(w http.ResponseWriter, region, a string, genuine []byte) bool {
						if a != action || region != "ap-northeast-1" {
							return false
						}
						tampered.Add(1)
						f.write(w, a, genuine)
						return true
					})
					named := slices.ContainsFunc(gaps, func(g report.Gap) bool { return g.Source == "ssm:"+action })
					switch proved := status == "PASS" || status == "FAIL"; {
					case tampered.Load() == 0:
						t.Error("it was not asked")
					case f.whole || strings.HasSuffix(f.name, "-token"): // the rows were seen
						if proved && (status == "FAIL") != closed {
							t.Errorf("443 closed is %v: %s", closed, status)
						}
					case proved:
						t.Errorf("443 closed is %v: %s by an answer that AWS did not give", closed, status)
					case !named:
						t.Errorf("no gap names ssm:%s: %+v", action, gaps)
					}
				}
			})
		}
	}
	t.Cleanup(func() {
		if n := followed.Load(); n > 0 {
			t.Errorf("%d signed requests followed a redirect", n)
		}
	})
}
