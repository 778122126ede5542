package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

const (
	ownAccount   = "111122223333"
	fixtureAgent = "agent-0a1b2c3d4e5f60718"
	agentARN     = "arn:aws:datasync:us-east-1:" + ownAccount + ":agent/" + fixtureAgent
	agentSide    = "--source-cidr=10.10.0.0/16"
)

// organized is an AWS with an organization whose accounts each hold the endpoint of
// healthy-agent and so many agents; in the first of them are two more accounts: one that
// nobody may enter, and one that is closed.
func organized(t testing.TB, accounts, agents int) *fakeaws.Server {
	t.Helper()
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	copies := map[string]fakeaws.Copy{}
	members := []fakeaws.Member{{Account: "999900001111", State: "ACTIVE"}, {Account: "999900002222", State: "CLOSED"}, {Account: ownAccount, State: "ACTIVE"}}
	for n := 1; n < accounts; n++ {
		account := fmt.Sprintf("2000000000%02d", n)
		copies["member-"+account] = fakeaws.Copy{Folder: "destination", Account: account}
		members = append(members, fakeaws.Member{Account: account, State: "ACTIVE"})
	}
	wide := fakeaws.Widen(t, files, copies)
	for dir := range copies {
		moreAgents(t, wide, dir, agents)
	}
	moreAgents(t, wide, "destination", agents)
	s := fakeaws.New(t, wide)
	s.PageSize, s.Members = 50, members
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	return s
}

// moreAgents makes the agents of a scope so many.
func moreAgents(t testing.TB, files fstest.MapFS, dir string, n int) {
	t.Helper()
	detail := string(files[path.Join(dir, "datasync-describe-agent."+fixtureAgent+".json")].Data)
	var one struct{ AgentArn string }
	if err := json.Unmarshal([]byte(detail), &one); err != nil {
		t.Fatal(err)
	}
	rows := []map[string]string{{"AgentArn": one.AgentArn}}
	for i := 1; i < n; i++ {
		id := fmt.Sprintf("agent-%017d", i)
		rows = append(rows, map[string]string{"AgentArn": strings.Replace(one.AgentArn, fixtureAgent, id, 1)})
		files[path.Join(dir, "datasync-describe-agent."+id+".json")] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(detail, fixtureAgent, id))}
	}
	body, err := json.Marshal(map[string]any{"Agents": rows})
	if err != nil {
		t.Fatal(err)
	}
	files[path.Join(dir, "datasync-list-agents.json")] = &fstest.MapFile{Data: body}
}

func statusIn(tg report.Target, check string) report.Status {
	i := slices.IndexFunc(tg.Results, func(r report.Result) bool { return r.Check == check })
	return tg.Results[i].Status
}

// TestAuditOfAnOrganization judges 200 agents in 40 accounts by one command, where one
// account can't be entered and another is closed.
func TestAuditOfAnOrganization(t *testing.T) {
	accounts := tier.Size(40)
	s := organized(t, accounts, 5)
	start := time.Now()
	out := invoke(t, "check", "--all-agents", "--accounts-from", "organizations", "--role-name", "Closed", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json")
	rep := parse(t, out)
	t.Logf("%d targets in %v; calls %v", len(rep.Targets), time.Since(start).Round(time.Millisecond), s.Calls())
	if len(rep.Targets) != 5*accounts+1 || rep.Verdict != report.Inconclusive {
		t.Errorf("%d targets, %s: %s", len(rep.Targets), rep.Verdict, out.stderr)
	}
	if !strings.Contains(out.stderr, "left out, as nobody can enter them: accounts of the organization 999900002222 (CLOSED)") {
		t.Errorf("the closed account is left out in silence: %s", out.stderr)
	}
	for _, tg := range rep.Targets {
		for _, r := range tg.Results {
			for _, f := range r.Findings {
				if f.Status == "FAIL" {
					t.Fatalf("%s: %s: %s", tg.Name, r.Check, f.Message)
				}
			}
		}
		entered := !strings.Contains(tg.Name, "999900001111")
		if got := statusIn(tg, "agent-status"); (got == "PASS") != entered || !entered && got != "UNKNOWN" {
			t.Errorf("%s: agent-status is %s", tg.Name, got)
		}
		if !entered && !slices.ContainsFunc(tg.Gaps, func(g report.Gap) bool { return strings.Contains(g.Message, "sts:AssumeRole") }) {
			t.Errorf("no gap says that the account could not be entered: %+v", tg.Gaps)
		}
	}
	if !slices.IsSortedFunc(rep.Targets, func(a, b report.Target) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the targets are not grouped by account and Region")
	}
	for action, want := range map[string]int{"ListAgents": accounts, "DescribeAgent": 5 * accounts, "ListTasks": accounts, "DescribeTask": accounts, "ListLocations": accounts, "ListAccounts": (accounts + 2 + 19) / 20, "AssumeRole": accounts} {
		if got := s.Calls()[action]; got != want {
			t.Errorf("%s was called %d times, want %d", action, got, want)
		}
	}
}

// TestFaultsInOneAccount lets calls of one account fail, each in turn: its targets are
// UNKNOWN or gaps, those of others are not touched, and nothing is READY or FAIL by it.
func TestFaultsInOneAccount(t *testing.T) {
	for _, action := range []string{"ListAgents", "DescribeAgent", "ListTasks", "DescribeTask", "ListLocations", "DescribeLocationNfs"} {
		t.Run(action, func(t *testing.T) {
			s := organized(t, 1, 2)
			s.Fault = func(a string, _ int) fakeaws.Fault {
				if a == action {
					return fakeaws.Unauthorized
				}
				return fakeaws.None
			}
			rep := parse(t, invoke(t, "check", "--all-agents", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json"))
			if rep.Verdict != report.Inconclusive || rep.Summary.Fail > 0 {
				t.Errorf("%s, %+v", rep.Verdict, rep.Summary)
			}
			if !slices.ContainsFunc(rep.Targets, func(tg report.Target) bool {
				return slices.ContainsFunc(tg.Gaps, func(g report.Gap) bool { return g.Source == "datasync:"+action })
			}) {
				t.Errorf("no gap names datasync:%s", action)
			}
		})
	}
}

// TestOrganizationThatCannotBeListed has no verdict, and says why.
func TestOrganizationThatCannotBeListed(t *testing.T) {
	s := organized(t, 1, 1)
	for _, fault := range []fakeaws.Fault{fakeaws.Unauthorized, fakeaws.Portal} {
		s.SetFault(func(a string, _ int) fakeaws.Fault {
			if a == "ListAccounts" {
				return fault
			}
			return fakeaws.None
		})
		out := invoke(t, "check", "--all-agents", "--accounts-from", "organizations", "--role-name", "Audit", "--region", "us-east-1", "--no-probe")
		if out.code != exitUsage || !strings.Contains(out.stderr, "organizations:ListAccounts") {
			t.Errorf("exit code %d: %s", out.code, out.stderr)
		}
	}
}

// manyAgents judges so many agents of one account, of which the last is OFFLINE: one call
// each, and none is lost.
func manyAgents(t testing.TB, n int) {
	s := organized(t, 1, n)
	last := fmt.Sprintf("agent-%017d", n-1)
	s.Tamper = func(w http.ResponseWriter, _, action string, genuine []byte) bool {
		if action == "DescribeAgent" && bytes.Contains(genuine, []byte(last)) {
			genuine = bytes.Replace(genuine, []byte(`"ONLINE"`), []byte(`"OFFLINE"`), 1)
		}
		_, err := w.Write(genuine)
		return err == nil
	}
	rep := parse(t, invoke(t, "check", "--all-agents", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json"))
	if calls := s.Calls(); len(rep.Targets) != n || calls["DescribeAgent"] != n || calls["ListAgents"] != (n+49)/50 || calls["ListTasks"] != 1 {
		t.Errorf("%d targets, calls %v", len(rep.Targets), calls)
	}
	for _, tg := range rep.Targets {
		if want := map[bool]report.Status{true: report.Fail, false: report.Pass}[path.Base(tg.Name) == last]; statusIn(tg, "agent-status") != want || statusIn(tg, "agent-endpoint") != "PASS" {
			t.Errorf("%s: agent-status is %s", tg.Name, statusIn(tg, "agent-status"))
		}
	}
}

// TestManyAgents finds the one of 1,000 that is OFFLINE.
func TestManyAgents(t *testing.T) { manyAgents(t, tier.Size(1000)) }

func BenchmarkManyAgents(b *testing.B) {
	for b.Loop() {
		manyAgents(b, 1000)
	}
}

// TestListsThatEndEarly refuses the second page of each list, and cuts it: what the first
// page told is judged, and nobody is READY by what the rest may hold.
func TestListsThatEndEarly(t *testing.T) {
	for _, action := range []string{"ListAgents", "ListTasks", "ListLocations"} {
		for _, fault := range []fakeaws.Fault{fakeaws.Unauthorized, fakeaws.CutOff} {
			t.Run(fmt.Sprint(action, fault), func(t *testing.T) {
				s := organized(t, 1, 3)
				s.PageSize = 1
				if action == "ListTasks" {
					s.Tamper = another(t, "ListTasks")
				}
				s.Fault = func(a string, attempt int) fakeaws.Fault {
					if a == action && attempt > 1 {
						return fault
					}
					return fakeaws.None
				}
				rep := parse(t, invoke(t, "check", "--all-agents", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json"))
				if rep.Verdict != report.Inconclusive || rep.Summary.Fail > 0 {
					t.Errorf("%s, %+v", rep.Verdict, rep.Summary)
				}
				for _, tg := range rep.Targets {
					if !slices.ContainsFunc(tg.Gaps, func(g report.Gap) bool { return g.Source == "datasync:"+action }) && tg.Verdict != report.Ready {
						t.Errorf("%s: no gap names datasync:%s: %+v", tg.Name, action, tg.Gaps)
					}
					if tg.Verdict == report.Ready && action != "ListAgents" {
						t.Errorf("%s is READY without all of %s", tg.Name, action)
					}
				}
			})
		}
	}
}

// another lets a list say that a further page follows.
func another(t *testing.T, action string) func(http.ResponseWriter, string, string, []byte) bool {
	return func(w http.ResponseWriter, _, a string, genuine []byte) bool {
		if a == action {
			genuine = bytes.Replace(genuine, []byte("{"), []byte(`{"NextToken":"1",`), 1)
		}
		_, err := w.Write(genuine)
		if err != nil {
			t.Error(err)
		}
		return true
	}
}

// TestOneAgentLiveAndReplayed judges an agent by its ARN, saves it, and judges the files
// without a flag: the same statuses.
func TestOneAgentLiveAndReplayed(t *testing.T) {
	organized(t, 1, 3)
	dir := filepath.Join(t.TempDir(), "saved")
	live := parse(t, invoke(t, "check", "--agent-arn", agentARN, "--no-probe", agentSide, "-o", "json", "--save", dir))
	replay := parse(t, invoke(t, "check", "--snapshot", dir, "-o", "json"))
	if len(live.Targets) != 1 || live.Targets[0].Target.EndpointID == "" || live.Targets[0].Name != ownAccount+"/us-east-1/"+fixtureAgent {
		t.Fatalf("%+v", live.Targets)
	}
	for i, r := range live.Targets[0].Results {
		if again := replay.Targets[0].Results[i]; r.Status != again.Status && again.Status != "SKIP" { // what is live only
			t.Errorf("%s is %s live and %s replayed", r.Check, r.Status, again.Status)
		}
	}
	all := parse(t, invoke(t, "check", "--snapshot", dir, "--all-agents", "-o", "json"))
	if len(all.Targets) != 3 || all.Verdict != report.Inconclusive { // of two the details were not saved
		t.Errorf("%d targets, %s", len(all.Targets), all.Verdict)
	}
}

// TestAgentsThatAreElsewhere are UNKNOWN: those of an account, or a Region, where nobody
// looked.
func TestAgentsThatAreElsewhere(t *testing.T) {
	organized(t, 1, 1)
	for _, arn := range []string{strings.Replace(agentARN, ownAccount, "222233334444", 1), strings.Replace(agentARN, "us-east-1", "ap-northeast-1", 1)} {
		rep := parse(t, invoke(t, "check", "--agent-arn", arn, "--no-probe", agentSide, "-o", "json"))
		if rep.Verdict != report.Inconclusive || statusIn(rep.Targets[0], "agent-status") != "UNKNOWN" {
			t.Errorf("%s: %s", arn, rep.Verdict)
		}
	}
}

// TestListOfAnotherPlace judges no agent of another Region or account by what this one's
// DataSync lists: it is UNKNOWN, and the others are not touched.
func TestListOfAnotherPlace(t *testing.T) {
	s := organized(t, 1, 1)
	for _, arn := range []string{strings.Replace(agentARN, "us-east-1", "eu-west-1", 1), strings.Replace(agentARN, ownAccount, "222233334444", 1)} {
		s.Tamper = func(w http.ResponseWriter, _, action string, genuine []byte) bool {
			if action == "ListAgents" {
				genuine = bytes.Replace(genuine, []byte("["), []byte(`[{"AgentArn":"`+arn+`"},`), 1)
			}
			_, err := w.Write(genuine)
			return err == nil
		}
		rep := parse(t, invoke(t, "check", "--all-agents", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json"))
		if len(rep.Targets) != 2 || rep.Verdict != report.Inconclusive || rep.Summary.Fail > 0 {
			t.Errorf("%s: %d targets, %s, %+v", arn, len(rep.Targets), rep.Verdict, rep.Summary)
		}
		for _, tg := range rep.Targets {
			if own := tg.Target.AgentARN == agentARN; (statusIn(tg, "agent-status") == "PASS") != own || !own && statusIn(tg, "agent-status") != "UNKNOWN" {
				t.Errorf("%s: %s is %s", arn, tg.Target.AgentARN, statusIn(tg, "agent-status"))
			}
		}
	}
}

// TestAuditFlags refuses what can't be meant.
func TestAuditFlags(t *testing.T) {
	organized(t, 1, 1)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"--agent-arn", "agent-0a1b2c3d4e5f60718"}, "expected the ARN of an agent"},
		{[]string{"--agent-arn", strings.Replace(agentARN, "arn:aws:", "arn:aws-cn:", 1)}, "expected the ARN of an agent"},
		{[]string{"--agent-arn", agentARN, "--region", "eu-west-1"}, "is of us-east-1"},
		{[]string{"--agent-arn", agentARN, "--endpoint-ip", "10.20.1.11"}, "has 10.20.1.10"},
		{[]string{"--agent-arn", agentARN, "--all-agents"}, "exclude each other"},
		{[]string{"--all-agents", "--subnet-id", "subnet-0da1b2c3d4e5f6071"}, "leave it out"},
		{[]string{"--all-agents", "--accounts-from", "organizations"}, "go together"},
		{[]string{"--all-agents", "--accounts-from", "file", "--role-name", "Audit"}, "expected organizations"},
		{[]string{"--accounts-from", "organizations", "--role-name", "Audit"}, "say what to look for"},
		{[]string{"--all-agents", "--accounts-from", "organizations", "--role-name", "Audit", "--fixture", "healthy"}, "asks AWS"},
	} {
		if out := invoke(t, append([]string{"check", "--no-probe"}, tt.args...)...); out.code != exitUsage || !strings.Contains(out.stderr, tt.says) {
			t.Errorf("%v: exit code %d, %s", tt.args, out.code, out.stderr)
		}
	}
}

// TestAuditPolicies prints what is read: of DataSync only where agents are audited.
func TestAuditPolicies(t *testing.T) {
	plain, audit := invoke(t, "iam-policy"), invoke(t, "iam-policy", "--all-agents")
	for _, action := range []string{"datasync:DescribeAgent", "datasync:ListTasks", "datasync:DescribeTask", "datasync:ListLocations", "datasync:DescribeLocationSmb"} {
		if strings.Contains(plain.stdout, action) || !strings.Contains(audit.stdout, action) {
			t.Errorf("%s: plain %v, audit %v", action, strings.Contains(plain.stdout, action), strings.Contains(audit.stdout, action))
		}
	}
	org := invoke(t, "iam-policy", "--all-agents", "--accounts-from", "organizations", "--role-name", "Audit", "--region", "us-gov-west-1")
	for _, want := range []string{"organizations:ListAccounts", "arn:aws-us-gov:iam::*:role/Audit", "datasync:DescribeAgent"} {
		if !strings.Contains(org.stdout, want) {
			t.Errorf("%s is not in %s%s", want, org.stdout, org.stderr)
		}
	}
}

// TestAllEndpoints judges the endpoints that no agent uses, and none that one does.
func TestAllEndpoints(t *testing.T) {
	s := organized(t, 1, 2)
	if out := invoke(t, "check", "--all-endpoints", "--region", "us-east-1", "--no-probe", agentSide); out.code != exitUsage || !strings.Contains(out.stderr, "no agent and no endpoint to judge") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	s.Tamper = func(w http.ResponseWriter, _, action string, genuine []byte) bool {
		if action != "DescribeVpcEndpoints" {
			_, err := w.Write(genuine)
			return err == nil
		}
		i := bytes.Index(genuine, []byte("<item>"))
		j := bytes.LastIndex(genuine, []byte("</vpcEndpointSet>"))
		free := strings.ReplaceAll(string(genuine[i:j]), "vpce-0a1b2c3d4e5f60718", "vpce-0b1b2c3d4e5f60719")
		_, err := w.Write(slices.Concat(genuine[:j], []byte(free), genuine[j:]))
		return err == nil
	}
	both := parse(t, invoke(t, "check", "--all-agents", "--all-endpoints", "--region", "us-east-1", "--no-probe", agentSide, "-o", "json"))
	var names []string
	for _, tg := range both.Targets {
		names = append(names, path.Base(tg.Name))
	}
	if want := []string{"agent-00000000000000001", fixtureAgent, "vpce-0b1b2c3d4e5f60719"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}

// TestWaitForANewAgent looks again at an agent that was just made, which is OFFLINE and so
// UNKNOWN, until it is ONLINE.
func TestWaitForANewAgent(t *testing.T) {
	s := organized(t, 1, 1)
	looks := 0
	s.Tamper = func(w http.ResponseWriter, _, action string, genuine []byte) bool {
		if action == "DescribeAgent" {
			looks++
		}
		if action != "DescribeAgent" || looks > 1 {
			_, err := w.Write(genuine)
			return err == nil
		}
		var row map[string]any
		if err := json.Unmarshal(genuine, &row); err != nil {
			t.Error(err)
		}
		row["Status"], row["CreationTime"] = "OFFLINE", time.Now().Add(-time.Minute).Unix()
		body, err := json.Marshal(row)
		if err != nil {
			t.Error(err)
		}
		_, err = w.Write(body)
		return err == nil
	}
	args := []string{"check", "--agent-arn", agentARN, "--no-probe", agentSide, "-o", "json", "--check", "agent-status"}
	first := parse(t, invoke(t, args...))
	if first.Verdict != report.Inconclusive || statusIn(first.Targets[0], "agent-status") != "UNKNOWN" {
		t.Errorf("just made: %s", first.Verdict)
	}
	looks = 0
	out := invoke(t, append(args, "--wait", "10s")...)
	if rep := parse(t, out); rep.Verdict != report.Ready || looks != 2 {
		t.Errorf("%s after %d looks: %s %s", rep.Verdict, looks, messages(rep, "agent-status"), out.stderr)
	}
}

// TestAgentsOfEveryScope judges the agents of all accounts that a file lists, one of which
// nobody may enter.
func TestAgentsOfEveryScope(t *testing.T) {
	s := organized(t, 3, 2)
	file := filepath.Join(t.TempDir(), "scopes.yaml")
	body := "region: us-east-1\nsource-cidr: [10.10.0.0/16]\nscopes:\n"
	for _, account := range []string{"200000000001", "200000000002", "999900001111"} {
		body += "  - {name: of-" + account + ", role-arn: \"arn:aws:iam::" + account + ":role/Closed\"}\n"
	}
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	out := invoke(t, "check", "--all-agents", "--config", file, "--no-probe", "-o", "json")
	rep := parse(t, out)
	found := map[string]int{}
	for _, tg := range rep.Targets {
		account, _, _ := strings.Cut(tg.Name, "/")
		found[account]++
		want := report.Pass
		if account == "999900001111" {
			want = report.Unknown
		}
		if got := statusIn(tg, "agent-status"); got != want {
			t.Errorf("%s: agent-status is %s, want %s", tg.Name, got, want)
		}
	}
	if want := map[string]int{ownAccount: 2, "200000000001": 2, "200000000002": 2, "999900001111": 1}; !maps.Equal(found, want) || rep.Verdict != report.Inconclusive {
		t.Errorf("%v targets, want %v; %s: %s", found, want, rep.Verdict, out.stderr)
	}
	if calls := s.Calls(); calls["ListAgents"] != 3 || calls["ListTasks"] != 3 {
		t.Errorf("the calls do not grow with the accounts alone: %v", calls)
	}
}
