package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// node is an instance of the agent's VPC.
type node struct {
	id, addr, vpc string
	second        string // the address of an interface that it has in another VPC
}

func nodes(n int) []node {
	out := make([]node, n)
	for i := range out {
		out[i] = node{fmt.Sprintf("i-0b%015d", i), fmt.Sprintf("10.10.%d.%d", 1+i/100, 100+i%100), "vpc-05a1b2c3d4e5f6071", ""}
	}
	return out
}

func idsOf(list []node) []string {
	var out []string
	for _, n := range list {
		out = append(out, n.id)
	}
	return out
}

// estateWith is the healthy estate with further instances beside the agent.
func estateWith(t *testing.T, list []node) fs.FS {
	t.Helper()
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, path)
		out[path] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const path = "source/describe-instances.json"
	var reply struct{ Reservations []map[string]any }
	if err := json.Unmarshal(out[path].Data, &reply); err != nil {
		t.Fatal(err)
	}
	sample, err := json.Marshal(reply.Reservations[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range list {
		one := strings.NewReplacer("vpc-05a1b2c3d4e5f6071", n.vpc, "i-0a1b2c3d4e5f60719", n.id, "10.10.1.50", n.addr, "eni-0a3a2b3c4d5e6f703", fmt.Sprintf("eni-0c%015d", i), "r-0a1b2c3d4e5f60720", fmt.Sprintf("r-0c%015d", i)).Replace(string(sample))
		var row map[string]any
		if err := json.Unmarshal([]byte(one), &row); err != nil {
			t.Fatal(err)
		}
		if n.second != "" {
			instance := row["Instances"].([]any)[0].(map[string]any)
			first := instance["NetworkInterfaces"].([]any)
			beside, err := json.Marshal(first[0])
			if err != nil {
				t.Fatal(err)
			}
			var other any
			if err := json.Unmarshal([]byte(strings.NewReplacer(n.vpc, "vpc-0fedcba9876543210", n.addr, n.second, "eni-0c", "eni-0d").Replace(string(beside))), &other); err != nil {
				t.Fatal(err)
			}
			instance["NetworkInterfaces"] = append(first, other)
		}
		reply.Reservations = append(reply.Reservations, row)
	}
	body, err := json.Marshal(reply)
	if err != nil {
		t.Fatal(err)
	}
	out[path] = &fstest.MapFile{Data: body}
	return out
}

// printed is what the document prints on a machine that reaches everything from an
// address, or can't tell from which; the closed ports are refused.
func printed(t *testing.T, from string, closed ...int) string {
	t.Helper()
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, ToolVersion: "test (script)", TakenAt: time.Now().UTC().Truncate(time.Second), TimeoutMS: 4000, Vantage: snapshot.Vantage{Place: snapshot.AgentNetwork, Addresses: []netip.Addr{}}}
	at, err := netip.ParseAddr(from)
	if err == nil {
		run.Vantage.Addresses = append(run.Vantage.Addresses, at)
	}
	for _, port := range slices.Concat([]int{443, 22, 9}, ports(1024, 1064)) {
		p := snapshot.Probe{Purpose: snapshot.ToEndpointPort, Addr: netip.MustParseAddr("10.20.1.10"), Port: uint16(port), Outcome: snapshot.Open, From: at, Tries: 1, ElapsedMS: 2}
		if port == 9 {
			p.Purpose, p.Outcome = snapshot.ToControlPort, snapshot.Filtered
		}
		if slices.Contains(closed, port) {
			p.Outcome = snapshot.Filtered
		}
		run.Probes = append(run.Probes, p)
	}
	body, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return snapshot.PackedProbes + "\n" + base64.StdEncoding.EncodeToString(b.Bytes()) + "\n" + snapshot.ProbesEnd + "\n"
}

func ports(first, last int) []int {
	var out []int
	for p := first; p <= last; p++ {
		out = append(out, p)
	}
	return out
}

func documentOf(t *testing.T, flags ...string) []byte {
	t.Helper()
	out := invoke(t, append([]string{"probe", "--ssm-document", "--endpoint-ip", "10.20.1.10"}, flags...)...)
	if out.code != 0 || !strings.Contains(out.stderr, "aws ssm send-command") {
		t.Fatalf("exit code %d: %s", out.code, out.stderr)
	}
	return []byte(out.stdout)
}

// sendAndCheck sends the document to nodes of an estate, and judges what they printed.
func sendAndCheck(t *testing.T, list []node, ssm *fakeaws.SSM, edit func(*fakeaws.Server), flags ...string) (report.Report, outcome, string) {
	t.Helper()
	s := fakeaws.New(t, estateWith(t, list))
	ssm.Account = "444455556666"
	s.SSM, s.PageSize = ssm, 0
	if edit != nil {
		edit(s)
	}
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	id, err := ssm.Send(documentOf(t), nil, idsOf(list))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"check", "-o", "json", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "--endpoint-ip", "10.20.1.10", "--vantage", "elsewhere", "--check", "probe-443", "--check", "probe-control", "--probes", "ssm:" + id}
	out := invoke(t, append(args, flags...)...)
	if out.code == 2 {
		t.Fatal(out.stderr)
	}
	return parse(t, out), out, id
}

// TestProbesOfACommand reads what hundreds of instances printed: in pages, each place
// proved by EC2, in calls that don't grow but with the instances.
func TestProbesOfACommand(t *testing.T) {
	list := nodes(tier.Size(300))
	at := map[string]string{}
	for _, n := range list {
		at[n.id] = n.addr
	}
	ssm := &fakeaws.SSM{Run: func(id, _ string) (string, string, int) { return printed(t, at[id]), "", 0 }}
	var s *fakeaws.Server
	rep, out, _ := sendAndCheck(t, list, ssm, func(server *fakeaws.Server) { s = server })
	if statusOf(rep, "probe-443") != "PASS" || statusOf(rep, "probe-control") != "PASS" {
		t.Errorf("%s\n%s\n%s", messages(rep, "probe-443"), messages(rep, "probe-control"), out.stderr)
	}
	calls := s.Calls()
	if calls["ListCommandInvocations"] != (len(list)+49)/50+1 || calls["GetCommandInvocation"] != len(list) { // pages of 50, and one of the other scope
		t.Errorf("calls: %v", calls)
	}
}

// TestProbesOfACommandGaps expects every instance that told nothing to be named with what
// became of it, in the report and on standard error, and to prove nothing.
func TestProbesOfACommandGaps(t *testing.T) {
	list := nodes(9)
	whole := printed(t, list[0].addr)
	ends := map[string]string{list[0].id: "Undeliverable", list[1].id: "DeliveryTimedOut", list[2].id: "ExecutionTimedOut", list[3].id: "InProgress", list[4].id: "Failed"}
	ssm := &fakeaws.SSM{
		Run: func(id, _ string) (string, string, int) {
			switch id {
			case list[4].id:
				return "", "none of bash, nc and curl is here: nothing can be dialled", 2
			case list[5].id:
				return whole[:len(whole)/2], "", 0 // cut
			case list[6].id:
				return "<html>\x1b[2J::error::log in</html>", "", 0
			case list[7].id:
				return snapshot.PackedProbes + "\nAAAA\n" + snapshot.ProbesEnd, "", 0
			}
			return printed(t, "192.168.7.7"), "", 0 // from a tunnel: whose network that is, nobody knows
		},
		Status: func(id string) string { return ends[id] },
	}
	for _, lang := range []string{"en", "ja"} {
		rep, out, _ := sendAndCheck(t, list, ssm, nil, "--lang", lang)
		if rep.Verdict == report.Ready || statusOf(rep, "probe-443") != "UNKNOWN" || statusOf(rep, "probe-control") != "UNKNOWN" {
			t.Errorf("%s: %s", rep.Verdict, messages(rep, "probe-443"))
		}
		codes := map[string]int{}
		for _, g := range rep.Targets[0].Gaps {
			codes[g.Code]++
		}
		if codes["command-failed"] != 4 || codes["command-open"] != 1 || codes["command-cut"] != 1 || codes["command-garbage"] != 2 {
			t.Errorf("gaps: %v", codes)
		}
		for _, n := range list[:8] {
			if !strings.Contains(out.stderr, n.id) {
				t.Errorf("%s is not named: %s", n.id, out.stderr)
			}
		}
		if strings.ContainsRune(out.stdout+out.stderr, 0x1b) || !strings.Contains(out.stderr, "none of bash, nc and curl is here") {
			t.Errorf("what the machines said: %q", out.stderr)
		}
	}
	// One that tells is enough, and is not silenced by those that don't.
	list = nodes(10)
	tells := list[9]
	good := &fakeaws.SSM{Status: ssm.Status, Run: func(id, script string) (string, string, int) {
		if id == tells.id {
			return printed(t, tells.addr), "", 0
		}
		return ssm.Run(id, script)
	}}
	rep, _, _ := sendAndCheck(t, list, good, nil)
	if statusOf(rep, "probe-443") != "PASS" || len(rep.Targets[0].Gaps) == 0 {
		t.Error(messages(rep, "probe-443"))
	}
}

// TestProbesOfACommandSaved expects a saved run, and files as the AWS CLI prints them, to
// say what the live run said.
func TestProbesOfACommandSaved(t *testing.T) {
	list := nodes(3)
	ssm := &fakeaws.SSM{
		Run:    func(string, string) (string, string, int) { return printed(t, list[0].addr), "", 0 },
		Status: func(id string) string { return map[string]string{list[1].id: "Undeliverable"}[id] },
	}
	dir := filepath.Join(t.TempDir(), "saved")
	rep, _, _ := sendAndCheck(t, list, ssm, nil, "--save", dir)
	again := func(what string) {
		t.Helper()
		got := parse(t, invoke(t, "check", "-o", "json", "--snapshot", dir, "--check", "probe-443", "--check", "probe-control"))
		if messages(got, "probe-443") != messages(rep, "probe-443") || statusOf(got, "probe-443") != "PASS" || len(got.Targets[0].Gaps) != len(rep.Targets[0].Gaps) {
			t.Errorf("%s: %s, live %s", what, messages(got, "probe-443"), messages(rep, "probe-443"))
		}
	}
	again("saved")
	if err := os.Remove(filepath.Join(dir, "probes.json")); err != nil {
		t.Fatal(err)
	}
	again("files alone")
	names, err := filepath.Glob(filepath.Join(dir, "*", "ssm-get-command-invocation.i-*.json"))
	if err != nil || len(names) != 3 {
		t.Fatalf("%v %v", names, err)
	}
	if err := os.Rename(names[0], strings.Replace(names[0], "i-0b", "i-0d", 1)); err != nil {
		t.Fatal(err)
	}
	if out := invoke(t, "check", "--snapshot", dir); out.code != 2 || !strings.Contains(out.stderr, "ssm-get-command-invocation.i-0d") {
		t.Errorf("a file of another instance: exit code %d: %s", out.code, out.stderr)
	}
}

// TestProbesOfACommandInS3 expects the command that fetches an output which no reply holds,
// and that its file is then told to be of the machine whose reply begins in the same way.
func TestProbesOfACommandInS3(t *testing.T) {
	list := nodes(2)
	whole := map[string]string{}
	for _, n := range list {
		run, err := snapshot.ReadProbes([]byte(printed(t, n.addr)), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for a := range 200 {
			more := run[0].Probes[0]
			more.Addr = netip.AddrFrom4([4]byte{10, 20, 1, byte(20 + a)})
			run[0].Probes = append(run[0].Probes, more)
		}
		body, err := json.Marshal(run[0])
		if err != nil {
			t.Fatal(err)
		}
		whole[n.id] = snapshot.PlainProbes + "\n" + string(body) + "\n" + snapshot.ProbesEnd + "\n"
	}
	ssm := &fakeaws.SSM{Bucket: "outputs", Run: func(id, _ string) (string, string, int) { return whole[id], "", 0 }}
	rep, out, id := sendAndCheck(t, list, ssm, nil)
	fetch := "aws s3 cp s3://outputs/" + id + "/" + list[0].id + "/awsrunShellScript/probe/stdout " + list[0].id + ".stdout"
	if statusOf(rep, "probe-443") != "UNKNOWN" || !strings.Contains(out.stderr, fetch) || !strings.Contains(out.stderr, "--probes "+list[0].id+".stdout") {
		t.Errorf("%s: %s", statusOf(rep, "probe-443"), out.stderr)
	}
	file := filepath.Join(t.TempDir(), list[0].id+".stdout")
	for text, whose := range map[string]bool{
		whole[list[0].id]: true,
		strings.Replace(whole[list[0].id], `"tries":1`, `"tries":2`, 1): false, // of another run
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		rep, out, _ = sendAndCheck(t, list, ssm, nil, "--probes", file)
		if whose && statusOf(rep, "probe-443") != "PASS" || strings.Contains(out.stderr, "what "+list[0].id+" answered") == whose {
			t.Errorf("%s: %s\n%s", statusOf(rep, "probe-443"), messages(rep, "probe-443"), out.stderr)
		}
	}
}

// TestProbesPacked reads what the document prints from a file, whole or not at all.
func TestProbesPacked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stdout")
	whole := printed(t, "10.10.1.50")
	for body, code := range map[string]int{whole: 0, strings.ReplaceAll(whole, "\n", "\r\n"): 0, whole[:100]: 2, strings.Replace(whole, "H4sI", "H4sJ", 1): 2} {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := invoke(t, "check", "--fixture", "healthy", "--check", "endpoint-service", "--probes", file); out.code != code {
			t.Errorf("%.40q: exit code %d: %s", body, out.code, out.stderr)
		}
	}
}

// TestProbesOfACommandElsewhere expects a dial from a VPC that is not the agent's to prove
// nothing of the agent's way, whatever the machine's script says of its place.
func TestProbesOfACommandElsewhere(t *testing.T) {
	list := nodes(1)
	ssm := &fakeaws.SSM{Run: func(string, string) (string, string, int) { return printed(t, list[0].addr), "", 0 }}
	rep, _, _ := sendAndCheck(t, list, ssm, nil)
	if statusOf(rep, "probe-443") != "PASS" {
		t.Fatal(messages(rep, "probe-443"))
	}
	list[0].vpc = "vpc-0fedcba9876543210" // which may have the same blocks
	rep, _, _ = sendAndCheck(t, list, ssm, nil)
	if s := statusOf(rep, "probe-443"); s == "PASS" || s == "FAIL" {
		t.Errorf("%s: %s", s, messages(rep, "probe-443"))
	}
}

// TestProbesOfACommandFails expects a FAIL where instances in the agent's network don't get
// through, and an error for a command that nobody was sent.
func TestProbesOfACommandFails(t *testing.T) {
	list := nodes(2)
	at := map[string]string{list[0].id: list[0].addr, list[1].id: list[1].addr}
	ssm := &fakeaws.SSM{Run: func(id, _ string) (string, string, int) { return printed(t, at[id], 443), "", 0 }}
	rep, _, _ := sendAndCheck(t, list, ssm, nil)
	if statusOf(rep, "probe-443") != "FAIL" || statusOf(rep, "probe-control") != "PASS" {
		t.Error(messages(rep, "probe-443"))
	}
	for _, tt := range []struct{ value, says string }{
		{"ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9", "no instance was sent the command"},
		{"ssm:x", "expected ssm: and the id of a command"},
		{"ssm:", "expected ssm: and the id of a command"},
	} {
		if out := invoke(t, "check", "--region", "us-east-1", "--no-probe", "--probes", tt.value); out.code != 2 || !strings.Contains(out.stderr, tt.says) {
			t.Errorf("%s: exit code %d: %s", tt.value, out.code, out.stderr)
		}
	}
	if out := invoke(t, "check", "--fixture", "healthy", "--probes", "ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"); out.code != 2 || !strings.Contains(out.stderr, "asks AWS") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// TestSSMDocument holds the document to what Systems Manager takes, and its patterns to
// keeping every value inside its quotes.
func TestSSMDocument(t *testing.T) {
	body := documentOf(t, "--storage", "nfs://files.example.com", "--storage", "smb://FILES_1", "--storage", "nfs://[fd00::5]", "--agent-ip", "10.10.1.50", "--ssm-tag", "it's=a,b $(x)", "--ssm-bucket", "outputs", "--region", "us-east-1")
	var doc struct {
		SchemaVersion string
		Parameters    map[string]struct{ Type, Description, Default, AllowedPattern string }
		MainSteps     []struct {
			Inputs struct{ RunCommand []string }
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil || doc.SchemaVersion != "2.2" || len(doc.MainSteps) != 1 || len(body) > maxSSMDocument {
		t.Fatalf("%v: %s", err, body)
	}
	script := strings.Join(doc.MainSteps[0].Inputs.RunCommand, "\n")
	for name, p := range doc.Parameters {
		pattern := regexp.MustCompile(p.AllowedPattern)
		if !pattern.MatchString(p.Default) || !strings.HasPrefix(p.AllowedPattern, "^") || !strings.HasSuffix(p.AllowedPattern, "$") {
			t.Errorf("%s: the default %q does not match %s", name, p.Default, p.AllowedPattern)
		}
		for _, hostile := range []string{"", "'", "4'; touch owned; '", "$(id)", "`id`", "4\nid", "4 ", " 4", "-1", "0", "99999999", "\"", "a\\", "{{ x }}", "4;id", p.Default + "'", p.Default + "\n", p.Default + ",", "endpoint 10.20.1.10 443 addr;id", "endpoint $(id) 443 addr", "endpoint -o 443 addr", "x 10.20.1.10 443 addr", "endpoint 10.20.1.10 443 addr\nx"} {
			if pattern.MatchString(hostile) {
				t.Errorf("%s takes %q", name, hostile)
			}
		}
		script = strings.ReplaceAll(script, "{{ "+name+" }}", p.Default)
	}
	if strings.Contains(script, "{{") {
		t.Error("the script holds what Systems Manager would take for a parameter")
	}
	ssm := &fakeaws.SSM{Run: func(string, string) (string, string, int) { t.Error("it was run"); return "", "", 0 }}
	for name, value := range map[string]string{"Targets": "endpoint 10.20.1.10 443 addr'; id; '", "ConnectTimeout": "4'", "ExecutionTimeout": "$(id)"} {
		if _, err := ssm.Send(body, map[string]string{name: value}, []string{"i-0a1b2c3d4e5f60719"}); err == nil {
			t.Errorf("%s takes %q", name, value)
		}
	}
	out := invoke(t, "probe", "--ssm-document", "--endpoint-ip", "10.20.1.10", "--ssm-tag", "it's=a,b $(x)", "--ssm-bucket", "outputs", "--region", "us-east-1")
	for _, s := range []string{`'[{"Key":"tag:it'\''s","Values":["a,b $(x)"]}]'`, "--timeout-seconds 600", "--output-s3-bucket-name outputs", "--region us-east-1"} {
		if !strings.Contains(out.stderr, s) {
			t.Errorf("%q is not said: %s", s, out.stderr)
		}
	}
	for _, args := range [][]string{
		{"--script"}, {"--vantage", "agent-network"}, {"--ssm-tag", "x"}, {"--ssm-bucket", "A_b"},
	} {
		if out := invoke(t, append([]string{"probe", "--ssm-document", "--endpoint-ip", "10.20.1.10"}, args...)...); out.code != 2 || out.stdout != "" {
			t.Errorf("%v: exit code %d: %s", args, out.code, out.stderr)
		}
	}
	if out := invoke(t, "iam-policy", "--for", "audit", "--probes", "ssm:0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"); !strings.Contains(out.stdout, "ssm:GetCommandInvocation") || !strings.Contains(out.stdout, "ssm:ListCommandInvocations") {
		t.Errorf("the policy lacks them: %s%s", out.stdout, out.stderr)
	}
	if out := invoke(t, "iam-policy", "--for", "audit"); strings.Contains(out.stdout, "ssm:") {
		t.Error("the policy has them although nobody asked")
	}
}
