package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/report"
)

// wide is an AWS with the estate of a fixture, and the same once more in two
// other accounts.
func wide(t testing.TB, fixture string) *fakeaws.Server {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, fakeaws.Widen(t, files, map[string]fakeaws.Copy{
		"network": {Folder: "destination", Account: "777788889999"},
		"spoke":   {Folder: "source", Account: "222233334444"},
	}))
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	return s
}

func configFile(t testing.TB, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "targets.yaml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sidesOf words the scopes of each target with their accounts and roles.
func sidesOf(t *testing.T, out outcome) []string {
	t.Helper()
	var rep report.Report
	if err := json.Unmarshal([]byte(out.stdout), &rep); err != nil {
		t.Fatalf("%v: %s%s", err, out.stdout, out.stderr)
	}
	var all []string
	for _, tg := range rep.Targets {
		line := tg.Name + ":"
		for _, s := range tg.Scopes {
			line += fmt.Sprintf(" %s=%s/%s%v", s.Name, s.Account, s.Region, s.Roles)
		}
		all = append(all, line)
	}
	return all
}

func TestNetworkFlagsAddAScope(t *testing.T) {
	wide(t, "healthy-tgw")
	args := []string{"check", "--no-probe", "-o", "json", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719"}
	for _, tt := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--network-role-arn", "arn:aws:iam::777788889999:role/Audit"}, " network=777788889999/us-east-1[]"},
		{[]string{"--network-region", "ap-northeast-1", "--network-role-arn", "arn:aws:iam::222233334444:role/Audit"}, " network=222233334444/ap-northeast-1[]"},
		{[]string{"--network-region", "us-east-1"}, ""}, // it is the endpoint's own
	} {
		got := sidesOf(t, invoke(t, append(slices.Clone(args), tt.flags...)...))[0]
		_, scopes, _ := strings.Cut(got, ":")
		if want := " destination=111122223333/us-east-1[destination] source=444455556666/ap-northeast-1[source]" + tt.want; scopes != want {
			t.Errorf("%v: got %s, want %s", tt.flags, scopes, want)
		}
	}
}

// TestSavedWithItsNetworkReplays saves a run with a third scope and judges the
// files: the same sides, and the same statuses.
func TestSavedWithItsNetworkReplays(t *testing.T) {
	wide(t, "healthy-tgw")
	dir := filepath.Join(t.TempDir(), "saved")
	live := invoke(t, "check", "--no-probe", "-o", "json", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071",
		"--agent-instance-id", "i-0a1b2c3d4e5f60719", "--network-role-arn", "arn:aws:iam::777788889999:role/Audit", "--save", dir)
	replay := invoke(t, "check", "--snapshot", dir, "-o", "json")
	if a, b := sidesOf(t, live), sidesOf(t, replay); a[0] != b[0] {
		t.Errorf("live   %s\nreplay %s", a, b)
	}
	var a, b report.Report
	if json.Unmarshal([]byte(live.stdout), &a) != nil || json.Unmarshal([]byte(replay.stdout), &b) != nil || a.Verdict != b.Verdict {
		t.Fatalf("live %s, replay %s", a.Verdict, b.Verdict)
	}
	for i, r := range a.Targets[0].Results {
		if again := b.Targets[0].Results[i]; r.Status != again.Status && again.Status != "SKIP" { // what is live only
			t.Errorf("%s is %s live and %s replayed", r.Check, r.Status, again.Status)
		}
	}
}

// TestFoldersOfManyAccounts judges two targets by hand-gathered folders of two
// endpoints' accounts and one agent's, whichever target comes first.
func TestFoldersOfManyAccounts(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, f := range fakeaws.Widen(t, files, map[string]fakeaws.Copy{"second": {Folder: "destination", Account: "777788889999"}}) {
		if filepath.Base(name) == "manifest.json" {
			continue
		}
		body := string(f.Data)
		if strings.HasPrefix(name, "second/") {
			body = strings.ReplaceAll(body, "vpce-0a1b2c3d4e5f60718", "vpce-0f1b2c3d4e5f60718")
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	targets := []string{"  - {name: first, vpc-endpoint-id: vpce-0a1b2c3d4e5f60718}", "  - {name: second, vpc-endpoint-id: vpce-0f1b2c3d4e5f60718}"}
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		config := "source-vpc-id: vpc-05a1b2c3d4e5f6071\nagent-instance-id: i-0a1b2c3d4e5f60719\ntargets:\n"
		for _, n := range order {
			config += targets[n] + "\n"
		}
		got := sidesOf(t, invoke(t, "check", "--snapshot", dir, "--complete", "--config", configFile(t, config), "-o", "json"))
		for i, n := range order {
			home := []string{"destination=111122223333/us-east-1[destination]", "second=777788889999/us-east-1[destination]"}[n]
			if !strings.Contains(got[i], home) || strings.Count(got[i], "destination]") != 1 || !strings.Contains(got[i], "source=444455556666/ap-northeast-1[source]") {
				t.Errorf("in the order %v: %s", order, got[i])
			}
		}
	}
}

// TestPassedOverIsNamed says on stderr what was not read, and leaves stdout alone.
func TestPassedOverIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{
		"estate/describe-vpc-endpoints.json": `{"VpcEndpoints": []}`, "estate/describe-subnet.json": `{"Subnets": []}`, "estate/.DS_Store": "x", "notes.md": "x", "empty/readme": "x",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for lang, near := range map[string]string{"en": "did you mean describe-subnets.json?", "ja": "describe-subnets.json のことか"} {
		out := invoke(t, "check", "--snapshot", dir, "--lang", lang, "--vpc-endpoint-id", "vpce-0a1b2c3d4e5f60718", "-o", "json")
		for _, want := range []string{near, "notes.md", "/empty"} {
			if !strings.Contains(out.stderr, want) {
				t.Errorf("%s: no %q in %q", lang, want, out.stderr)
			}
		}
		if strings.Contains(out.stderr, "DS_Store") || !json.Valid([]byte(out.stdout)) {
			t.Errorf("%s: %q, %q", lang, out.stderr, out.stdout)
		}
	}
}

func TestConfigOfManyAccounts(t *testing.T) {
	wide(t, "healthy-tgw")
	path := configFile(t, `
region: us-east-1
source-region: ap-northeast-1
source-vpc-id: vpc-05a1b2c3d4e5f6071
agent-instance-id: i-0a1b2c3d4e5f60719
scopes:
  - {name: core, role-arn: "arn:aws:iam::777788889999:role/Audit"}
  - {region: ap-northeast-1}
targets:
  - {name: here}
  - {name: there, role-arn: "arn:aws:iam::777788889999:role/Audit", source-role-arn: "arn:aws:iam::222233334444:role/Audit"}
  - {name: onprem, source-region: us-east-1, source-cidr: [192.168.10.0/24], agent-ip: 192.168.10.5}
`)
	out := invoke(t, "check", "--no-probe", "--config", path, "-o", "json")
	got := sidesOf(t, out)
	scopes := []string{"destination=111122223333/us-east-1", "destination-2=777788889999/us-east-1", "source=444455556666/ap-northeast-1", "source-2=222233334444/ap-northeast-1"}
	for i, want := range [][]string{{"[destination]", "[]", "[source]", "[]"}, {"[]", "[destination]", "[]", "[source]"}, {"[destination source]", "[]", "[]", "[]"}} {
		line := ""
		for n, s := range scopes {
			line += " " + s + want[n]
		}
		if _, have, _ := strings.Cut(got[i], ":"); have != line {
			t.Errorf("target %d: got  %s\nwant %s", i, have, line)
		}
	}
	// Saved and read again, nothing but the evidence tells which endpoint is meant.
	dir := filepath.Join(t.TempDir(), "saved")
	if out := invoke(t, "check", "--no-probe", "--config", path, "-o", "json", "--save", dir); out.code == exitUsage {
		t.Fatal(out.stderr)
	}
	if again := invoke(t, "check", "--snapshot", dir, "--config", path); again.code != exitUsage || !strings.Contains(again.stderr, "2 DataSync endpoints") {
		t.Errorf("read again: exit %d, %q", again.code, again.stderr)
	}
}

func TestScopesThatCantBeMeant(t *testing.T) {
	for _, tt := range []struct{ config, want string }{
		{"scopes: [{name: x}]", "scopes[0]: say which account or Region"},
		{"scopes: [{region: nowhere}]", `scopes[0]: region "nowhere"`},
		{"scopes: [{role-arn: role/Audit}]", `scopes[0]: role-arn "role/Audit"`},
		{"scopes: [{name: a, region: eu-west-1}, {name: a, region: eu-west-2}]", `scopes[1]: the name "a" is taken`},
		{"scopes: [{name: source, region: eu-west-1}]", `the name "source" is taken`},
		{"scopes: [{name: a, account: '111122223333'}]", "account"},
		{"scopes: {name: a}", "a list is due here"},
		{"targets: [{name: a, role-arn: x}]", `targets[0]: role-arn "x"`},
	} {
		out := invoke(t, "check", "--config", configFile(t, tt.config))
		if out.code != exitUsage || !strings.Contains(out.stderr, tt.want) || out.stdout != "" {
			t.Errorf("%s: exit %d, %q", tt.config, out.code, out.stderr)
		}
	}
	if out := invoke(t, "check", "--network-role-arn", "Audit", "--region", "us-east-1"); out.code != exitUsage || !strings.Contains(out.stderr, "--network-role-arn") {
		t.Errorf("exit %d, %q", out.code, out.stderr)
	}
}

func TestPolicyOfEachScope(t *testing.T) {
	path := configFile(t, "region: us-east-1\nsource-region: eu-west-1\nscopes: [{name: core net, region: eu-west-2}]\n")
	out := invoke(t, "iam-policy", "--for", "audit", "--config", path)
	var byScope map[string]policyDocument
	if err := json.Unmarshal([]byte(out.stdout), &byScope); err != nil {
		t.Fatalf("%v: %s", err, out.stdout+out.stderr)
	}
	actions := func(scope string) []string {
		if len(byScope[scope].Statement) != 1 {
			t.Fatalf("no policy for %s: %s", scope, out.stdout)
		}
		return byScope[scope].Statement[0].Action
	}
	if len(byScope) != 3 || !slices.Contains(actions("destination"), "iam:SimulatePrincipalPolicy") || slices.Contains(actions("source"), "iam:SimulatePrincipalPolicy") || !slices.Contains(actions("core net"), "ec2:SearchTransitGatewayRoutes") {
		t.Errorf("got %s", out.stdout)
	}
	one := invoke(t, "iam-policy", "--config", path, "--scope", "core net")
	var p policyDocument
	if err := json.Unmarshal([]byte(one.stdout), &p); err != nil || len(p.Statement) != 1 || !slices.Equal(p.Statement[0].Action, actions("core net")) {
		t.Errorf("%v: %s", err, one.stdout)
	}
	if tf := invoke(t, "iam-policy", "--config", path, "-o", "terraform"); strings.Count(tf.stdout, "data \"aws_iam_policy_document\"") != 3 || !strings.Contains(tf.stdout, "datasync_preflight_audit_core_net") {
		t.Errorf("got %s", tf.stdout)
	}
	if bad := invoke(t, "iam-policy", "--config", path, "--scope", "x"); bad.code != exitUsage || !strings.Contains(bad.stderr, "core net") {
		t.Errorf("got %q", bad.stderr)
	}
}

// BenchmarkScopes reports, for two to four scopes, how many calls a live run makes
// and how many round trips it waits for: the time that a delay of 100 ms on every
// call adds, in delays.
func BenchmarkScopes(b *testing.B) {
	const delay = 100 * time.Millisecond
	others := []string{`  - {name: network, role-arn: "arn:aws:iam::777788889999:role/Audit"}`, `  - {name: spoke, region: ap-northeast-1, role-arn: "arn:aws:iam::222233334444:role/Audit"}`}
	for n := range len(others) + 1 {
		b.Run(fmt.Sprint(n+2), func(b *testing.B) {
			config := "region: us-east-1\nsource-region: ap-northeast-1\nsource-vpc-id: vpc-05a1b2c3d4e5f6071\nagent-instance-id: i-0a1b2c3d4e5f60719\n"
			if n > 0 {
				config += "scopes:\n" + strings.Join(others[:n], "\n") + "\n"
			}
			path := configFile(b, config)
			took, calls := map[time.Duration]time.Duration{}, 0
			for b.Loop() {
				for _, d := range []time.Duration{0, delay} {
					s := wide(b, "healthy-tgw")
					s.Delay = d
					start := time.Now()
					if out := invoke(b, "check", "--no-probe", "--config", path, "-o", "json"); out.code == exitUsage {
						b.Fatal(out.stderr)
					}
					took[d] += time.Since(start)
					calls = 0
					for _, c := range s.Calls() {
						calls += c
					}
				}
			}
			b.ReportMetric(float64(calls), "calls")
			b.ReportMetric(float64(took[delay]-took[0])/float64(b.N)/float64(delay), "delays")
		})
	}
}
