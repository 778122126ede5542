package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/report"
)

// TestRealMotoOrganization audits 200 agents in 40 accounts by one command: Organizations,
// STS and EC2 are moto's, DataSync is the project's, which moto has no agents for. In one
// account a group is closed, in another DataSync answers nothing: its targets are FAIL, and
// UNKNOWN, and nobody else's.
func TestRealMotoOrganization(t *testing.T) {
	const accounts, agents, closed, silent = 40, 5, 12, 27
	server := moto.Start(t)
	ctx := context.Background()
	members, err := server.Organization(ctx, accounts)
	if err != nil {
		t.Fatal(err)
	}
	image, err := server.Image(ctx)
	if err != nil {
		t.Fatal(err)
	}
	estate := fstest.MapFS{}
	for n, account := range members {
		fault := ""
		if n == closed {
			fault = "sg-no-443"
		}
		home, err := server.BuildHome(ctx, account, image, fault)
		if err != nil {
			t.Fatal(err)
		}
		if n != silent {
			agentsOf(t, estate, account, home, agents)
		}
	}
	dataSync := fakeaws.New(t, estate)
	dataSync.Whose, dataSync.PageSize = server.Whose(t), 3
	for k, v := range server.Env() {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_ENDPOINT_URL_DATASYNC", dataSync.URL)
	begun := time.Now()
	args := []string{"check", "--all-agents", "--accounts-from", "organizations", "--role-name", "Audit", "--region", moto.DestinationRegion, "--source-cidr", "10.10.0.0/16", "--no-probe", "-o", "json"}
	for _, check := range []string{"endpoint-*", "sg-ingress-443", "sg-ingress-control", "task-sg", "subnet-*", "agent-status", "agent-endpoint", "task-interfaces"} {
		args = append(args, "--check", check)
	}
	out := invoke(t, args...)
	rep := parse(t, out)
	t.Logf("%d targets in %v", len(rep.Targets), time.Since(begun).Round(10*time.Millisecond))
	if want := agents*(accounts-1) + 1; len(rep.Targets) != want || rep.Verdict != report.NotReady {
		t.Fatalf("%d targets, want %d; %s\n%s", len(rep.Targets), want, rep.Verdict, out.stderr)
	}
	for _, tg := range rep.Targets {
		verdict, bad := report.Ready, []string{}
		switch account, _, _ := strings.Cut(tg.Name, "/"); account {
		case members[closed]:
			verdict, bad = report.NotReady, []string{"sg-ingress-443", "task-sg"}
			if path.Base(tg.Name) == fixtureAgent { // the one that has a task
				bad = append(bad, "task-interfaces")
			}
		case members[silent]:
			verdict = report.Inconclusive
			if !slices.ContainsFunc(tg.Gaps, func(g report.Gap) bool { return g.Source == "datasync:ListAgents" }) {
				t.Errorf("no gap names what %s does not tell: %+v", account, tg.Gaps)
			}
		}
		if tg.Verdict != verdict {
			t.Errorf("%s: %s, want %s", tg.Name, tg.Verdict, verdict)
		}
		for _, r := range tg.Results {
			if (r.Status == "FAIL") != slices.Contains(bad, r.Check) || verdict == report.Ready && r.Status == "UNKNOWN" {
				t.Errorf("%s: %s is %s: %+v", tg.Name, r.Check, r.Status, r.Findings)
			}
		}
	}
}

// agentsOf adds to an estate what DataSync tells of an account: the agents, the task and
// the locations of healthy-agent, at home there.
func agentsOf(t *testing.T, estate fstest.MapFS, account string, home moto.Home, n int) {
	t.Helper()
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	there := []string{
		ownAccount, account, "vpce-0a1b2c3d4e5f60718", home.Endpoint, "subnet-0da1b2c3d4e5f6071", home.DestinationSubnet,
		"sg-0e1d2c3b4a5968778", home.EndpointGroup, `"10.20.1.10"`, `"` + home.EndpointIP + `"`,
	}
	for _, i := range []string{"eni-0f11b2c3d4e5f6071", "eni-0f21b2c3d4e5f6071", "eni-0f31b2c3d4e5f6071", "eni-0f41b2c3d4e5f6071"} {
		there = append(there, i, home.TaskInterface)
	}
	names, err := fs.Glob(files, "destination/datasync-*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("%v: %v", names, err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		estate[path.Join(account, path.Base(name))] = &fstest.MapFile{Data: []byte(strings.NewReplacer(there...).Replace(string(body)))}
	}
	estate[path.Join(account, "manifest.json")] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"account":%q,"region":%q}`, account, moto.DestinationRegion)}
	moreAgents(t, estate, account, n)
}
