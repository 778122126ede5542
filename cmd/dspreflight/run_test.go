package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

func TestMain(m *testing.M) {
	tier.Spend()
	for _, c := range checks.All() {
		c.Run = tier.Loud(c.ID, c.Run)
	}
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG", "AWS_CA_BUNDLE"} { // each client would read the bundle anew
		if err := os.Unsetenv(v); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(tests{m}, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

// tests removes after the last test what they share.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	recorded.Remove()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	return code
}

type outcome struct {
	code           int
	stdout, stderr string
}

// invoke runs the program as a shell would, with nothing on standard input.
func invoke(t testing.TB, args ...string) outcome {
	t.Helper()
	return invokeIn(context.Background(), "", args...)
}

func invokeIn(ctx context.Context, stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(ctx, append([]string{"dspreflight"}, args...), strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// formats are the names of all.
var formats = strings.Split(report.FormatNames(), ", ")

// TestExitCodes holds one function of the statuses against every way of asking.
func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		last string // how the last line begins
	}{
		{[]string{"check", "--fixture", "healthy"}, 0, "READY  0 fail  0 unknown  0 warn  "},
		{[]string{"check", "--fixture", "unreachable-443"}, 1, "NOT READY  2 fail  0 unknown  0 warn  "},
		{[]string{"check", "--fixture", "no-permission"}, 1, "NOT READY  1 fail  6 unknown  0 warn  "},
		{[]string{"check", "--fixture", "no-permission", "--skip", "iam-activation"}, 3, "INCONCLUSIVE  0 fail  6 unknown  0 warn  "},
		{[]string{"check", "--fixture", "no-permission", "--skip", "iam-activation", "--fail-on", "unknown"}, 1, "NOT READY  0 fail  6 unknown  0 warn  "},
		{[]string{"check", "--fixture", "healthy", "--check", "endpoint-policy"}, 0, "READY  0 fail  0 unknown  0 warn  "},
		{[]string{"check", "--fixture", "unreachable-443", "-q"}, 1, "NOT READY  2 fail  0 unknown  0 warn  "},
	} {
		out := invoke(t, tt.args...)
		lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
		if out.code != tt.code || !strings.HasPrefix(lines[len(lines)-1], tt.last) || out.stderr != "" {
			t.Errorf("%v: exit code %d, last line %q, stderr %q", tt.args, out.code, lines[len(lines)-1], out.stderr)
		}
		for _, format := range formats {
			if again := invoke(t, append(tt.args, "-o", format)...); again.code != tt.code {
				t.Errorf("%v -o %s: exit code %d", tt.args, format, again.code)
			}
		}
	}
}

// TestFixturesNameTheirCause opens the broken estate of each documented error
// and expects that error, and the verdict that the list shows.
func TestFixturesNameTheirCause(t *testing.T) {
	for fixture, want := range map[string]string{
		"unreachable-443": "PRIVATE_LINK_ENDPOINT_UNREACHABLE", "public-key": "PUBLIC_KEY_WITH_VPC_ENDPOINT", "invalid-subnet": "INVALID_EC2_SUBNET",
		"invalid-security-group": "INVALID_EC2_SECURITY_GROUP", "invalid-endpoint": "INVALID_VPC_ENDPOINT",
	} {
		out := invoke(t, "check", "--fixture", fixture)
		if out.code != 1 || !strings.Contains(out.stdout, want) {
			t.Errorf("%s: exit code %d, %s is not named:\n%s", fixture, out.code, want, out.stdout)
		}
	}
	var rows []fixtureRow
	if err := json.Unmarshal([]byte(invoke(t, "fixtures", "-o", "json").stdout), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(fixtures.Names()) || rows[0].Name != "healthy" || rows[0].Verdict != report.Ready {
		t.Errorf("got %+v", rows)
	}
	for _, r := range rows {
		if code := invoke(t, "check", "--fixture", r.Name).code; code != r.Verdict.ExitCode() {
			t.Errorf("%s is listed as %s, and exits with %d", r.Name, r.Verdict, code)
		}
	}
}

func TestBadUsage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"chekc"}, `did you mean "check"?`},
		{[]string{"check", "--fixtur", "healthy"}, "did you mean --fixture?"},
		{[]string{"check", "--zzz"}, `there is no flag --zzz (see "dspreflight check --help")`},
		{[]string{"qqqq"}, `"qqqq" is not a command (see`},
		{[]string{"--region", "us-east-1", "check"}, "--region stands before the command"},
		{[]string{"check", "--json"}, "did you mean -o json?"},
		{[]string{"check", "-ojson"}, "did you mean -o json?"},
		{[]string{"check", "--region"}, "its value is missing"},
		{[]string{"check", "--region", "us-east-1", "--region", "us-west-2"}, `--region is given twice, as "us-east-1" and "us-west-2"`},
		{[]string{"check", "--tasks", "four"}, `--tasks "four": expected a whole number`},
		{[]string{"check", "--timeout", "5"}, `--timeout "5": expected a time with its unit`},
		{[]string{"check", "--explain=maybe"}, `--explain "maybe": expected true or false`},
		{[]string{"check", "--check", "sg-*,nacl-*"}, `"sg-*,nacl-*" matches no check`},
		{[]string{"check", "healthy", "--color", "never"}, `takes no argument, but got "healthy"`},
		{[]string{"explain", "curl", "-vvv", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"}, "there is no flag -vvv"},
		{[]string{"--help", "--region", "us-east-1"}, "--help stands before the command"},
		{[]string{"check", "healthy"}, `takes no argument, but got "healthy"`},
		{[]string{"check", "--fixture", "helthy"}, "the fixtures are: healthy"},
		{[]string{"check", "--fixture", "healthy", "--check", "sg-*", "--skip", "nothing"}, `"nothing" matches no check`},
		{[]string{"check", "--fixture", "healthy", "-o", "yaml"}, "expected one of table, wide, json"},
		{[]string{"check", "--fixture", "healthy", "-o", "json", "-o", "table"}, "give all but one a path"},
		{[]string{"check", "--fixture", "healthy", "--snapshot", dir}, "exclude each other"},
		{[]string{"check", "--fixture", "healthy", "--complete"}, "--snapshot"},
		{[]string{"check", "--fixture", "healthy", "--lang", "de"}, "en or ja"},
		{[]string{"check", "--fixture", "healthy", "--color", "pink"}, "auto, always or never"},
		{[]string{"check", "--fixture", "healthy", "--fail-on", "skip"}, "fail, warn or unknown"},
		{[]string{"check", "--fixture", "healthy", "--save", dir}, "not empty"},
		{[]string{"check", "--vpc-endpoint-id", "vpce-0ABC"}, `--vpc-endpoint-id "vpce-0ABC": expected an id such as vpce-0123456789abcdef0`},
		{[]string{"check", "--vpc-endpoint-id", "vpce-0123abcd"}, "expected an id such as vpce-0123456789abcdef0"},
		{[]string{"check", "--subnet-id", "arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0123456789abcdef0"}, "expected the id alone, subnet-0123456789abcdef0"},
		{[]string{"check", "--security-group-id", "subnet-0123456789abcdef0"}, "expected an id such as sg-"},
		{[]string{"check", "--source-cidr", "10.0.0.1/16"}, "did you mean 10.0.0.0/16?"},
		{[]string{"check", "--source-cidr", "10.0.0.0"}, "expected a CIDR block"},
		{[]string{"check", "--agent-ip", "fe80::1%eth0"}, "an address with a zone"},
		{[]string{"check", "--agent-ip", "300.1.1.1"}, "expected an IP address"},
		{[]string{"check", "--endpoint-ip", "2001:db8::1"}, "IPv4 address only"},
		{[]string{"check", "--tasks", "0"}, "--tasks 0"},
		{[]string{"check", "--tasks", "many"}, "tasks"},
		{[]string{"check", "--region", "US East"}, "expected a Region"},
		{[]string{"check", "--role-arn", "Admin"}, "expected the ARN of a role"},
		{[]string{"check", "--mode", "fast"}, "expected one of basic, enhanced"},
		{[]string{"check", "--key-request", "ftp://x"}, "expected the URL of the agent"},
		{[]string{"check", "--snapshot", filepath.Join(dir, "nowhere")}, "no such file"},
		{[]string{"check", "--snapshot", empty}, "no file named after an AWS CLI command"},
		{[]string{"check", "--snapshot", write("notes.txt", "x")}, "not a folder"},
		{[]string{"check", "--config", filepath.Join(dir, "nowhere.yaml")}, "no such file"},
		{[]string{"check", "--config", write("bad.yaml", "targets:\n  - vpc-endpoint: x\n")}, "vpc-endpoint"},
		{[]string{"check", "--config", write("worse.yaml", "targets: [")}, "worse.yaml"},
		{[]string{"check", "--config", write("id.yaml", "targets:\n  - vpc-endpoint-id: nope\n")}, `targets[0]: vpc-endpoint-id "nope"`},
		{[]string{"check", "--config", write("cidr.yaml", "source-cidr: [10.0.0.0/99]\n")}, "cidr.yaml"},
		{[]string{"check", "--config", write("names.yaml", "targets:\n  - {name: a}\n  - {name: a}\n")}, `the name "a" is taken`},
		{[]string{"snapshot"}, "--save DIR"},
		{[]string{"fixtures", "healthy"}, "--save DIR"},
		{[]string{"fixtures", "-o", "xml"}, "table or json"},
		{[]string{"completion", "tcsh"}, "bash, zsh, fish, powershell"},
		{[]string{"explain"}, "name a check"},
		{[]string{"explain", "DSP201", "--output", "yaml"}, "expected text or json"},
		{[]string{"explain", "-"}, "standard input is empty"},
		{[]string{"explain", "DSP201", "--run=maybe"}, "true or false"},
	} {
		out := invoke(t, tt.args...)
		if out.code != exitUsage || !strings.Contains(out.stderr, tt.want) || out.stdout != "" || strings.Count(strings.TrimSpace(out.stderr), "\n") > 3 {
			t.Errorf("%v: exit code %d, stderr %q (want %q), stdout %q", tt.args, out.code, out.stderr, tt.want, out.stdout)
		}
	}
}

// TestSaveAndReplay takes each fixture out, judges it from the folder, saves that
// again, and compares the bytes.
func TestSaveAndReplay(t *testing.T) {
	for _, name := range fixtures.Names() {
		dir, again := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
		if out := invoke(t, "fixtures", name, "--save", dir); out.code != 0 {
			t.Fatalf("%s: %s", name, out.stderr)
		}
		embedded := invoke(t, "check", "--fixture", name, "-o", "json")
		folder := invoke(t, "check", "--snapshot", dir, "-o", "json", "--save", again)
		saved := invoke(t, "check", "--snapshot", again, "-o", "json")
		if embedded.stdout != folder.stdout || folder.stdout != saved.stdout {
			t.Errorf("%s: the report changes on the way through a folder", name)
		}
	}
}

func TestSeveralOutputs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	out := invoke(t, "check", "--fixture", "healthy", "-o", "table", "-o", "json="+path)
	body, err := os.ReadFile(path)
	if err != nil || !json.Valid(body) || !strings.Contains(out.stdout, "READY") {
		t.Errorf("%v: %q", err, out.stdout)
	}
}

// TestPrecedence: flag before environment before file.
func TestPrecedence(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte("tasks: 7\nmode: enhanced\ntargets:\n  - {name: one}\n  - {name: two, tasks: 9}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tasks := func(args ...string) []int {
		var rep report.Report
		out := invoke(t, append([]string{"check", "--fixture", "healthy", "-o", "json", "--config", path}, args...)...)
		if err := json.Unmarshal([]byte(out.stdout), &rep); err != nil {
			t.Fatalf("%v: %s", err, out.stderr)
		}
		var n []int
		for _, tg := range rep.Targets {
			n = append(n, tg.Target.Tasks)
		}
		return n
	}
	if got := tasks(); got[0] != 7 || got[1] != 9 {
		t.Errorf("from the file: %v", got)
	}
	t.Setenv("DSPREFLIGHT_TASKS", "5")
	if got := tasks(); got[0] != 5 || got[1] != 5 {
		t.Errorf("from the environment: %v", got)
	}
	if got := tasks("--tasks", "3"); got[0] != 3 || got[1] != 3 {
		t.Errorf("from the flag: %v", got)
	}
}

// TestByHand is a folder filled with the AWS CLI, without a manifest: absence
// proves nothing until the user vouches for the files.
func TestByHand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	if out := invoke(t, "fixtures", "--save", dir, "healthy"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	for _, m := range []string{"manifest.json", "destination/manifest.json", "source/manifest.json"} {
		if err := os.Remove(filepath.Join(dir, m)); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"check", "--snapshot", dir, "--agent-ip", "10.10.1.50"}
	if out := invoke(t, append(args, "--complete")...); out.code != 0 {
		t.Errorf("complete: exit code %d\n%s%s", out.code, out.stdout, out.stderr)
	}
	missing := append(args, "--vpc-endpoint-id", "vpce-00000000000000000")
	if out := invoke(t, missing...); out.code != 3 || !strings.Contains(out.stdout, "--complete") {
		t.Errorf("an endpoint that isn't there, perhaps: exit code %d\n%s", out.code, out.stdout)
	}
	if out := invoke(t, append(missing, "--complete")...); out.code != 1 || !strings.Contains(out.stdout, "DSP101") {
		t.Errorf("an endpoint that isn't there, for sure: exit code %d\n%s", out.code, out.stdout)
	}
}

// TestSeveralEndpoints asks which one when the estate has two.
func TestSeveralEndpoints(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "x")
	if out := invoke(t, "fixtures", "--save", dir, "healthy"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	path := filepath.Join(dir, "destination", "describe-vpc-endpoints.json")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var page map[string][]map[string]any
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	second := map[string]any{}
	for k, v := range page["VpcEndpoints"][0] {
		second[k] = v
	}
	second["VpcEndpointId"] = "vpce-0ffffffffffffffff"
	page["VpcEndpoints"] = append(page["VpcEndpoints"], second)
	body, _ = json.Marshal(page)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	out := invoke(t, "check", "--snapshot", dir)
	if out.code != exitUsage || !strings.Contains(out.stderr, "vpce-0ffffffffffffffff") || !strings.Contains(out.stderr, "--vpc-endpoint-id") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// TestExplainKnowsEverything asks for every check, code and error in both
// languages and formats.
func TestExplainKnowsEverything(t *testing.T) {
	var ids []string
	for _, c := range checks.All() {
		ids = append(ids, c.ID)
		for _, p := range c.Problems {
			ids = append(ids, p.Code)
		}
	}
	for _, e := range documented.All() {
		ids = append(ids, e.ID)
	}
	for _, id := range tier.Share(ids) {
		for _, lang := range []string{"en", "ja"} {
			text := invoke(t, "explain", "--lang", lang, id)
			if text.code != 0 || len(text.stdout) < 80 {
				t.Errorf("%s (%s): exit code %d, %q", id, lang, text.code, text.stdout)
			}
		}
		var parsed struct {
			Matches []match `json:"matches"`
		}
		out := invoke(t, "explain", "-o", "json", id)
		if err := json.Unmarshal([]byte(out.stdout), &parsed); err != nil || len(parsed.Matches) != 1 || parsed.Matches[0].Checks == nil {
			t.Errorf("%s: %v %s", id, err, out.stdout)
		}
	}
	if out := invokeIn(context.Background(), "curl: (22) ... errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE", "explain", "-"); out.code != 0 || !strings.Contains(out.stdout, "sg-ingress-443") {
		t.Errorf("from standard input: %d %s", out.code, out.stdout)
	}
	if out := invoke(t, "explain", "all is well"); out.code != exitUnknownText || out.stdout != "" {
		t.Errorf("an unknown text: %d %q", out.code, out.stdout)
	}
}

// TestManual finds every command, flag and exit code on the manual page.
func TestManual(t *testing.T) {
	page := strings.NewReplacer(`\-`, "-", `\(aq`, "'").Replace(invoke(t, manCommand).stdout)
	app := newApp(&environment{Console: new(console.Console)})
	for _, cmd := range app.Commands {
		if !strings.Contains(page, ".SS "+cmd.Name+"\n"+cmd.Usage+"\n") {
			t.Errorf("it does not tell of %s", cmd.Name)
		}
		for _, o := range options(cmd) {
			if !strings.Contains(page, "\\fB"+o.label()+"\\fR\n"+o.says(&environment{Console: new(console.Console)})+"\n") {
				t.Errorf("%s: it does not tell of %s", cmd.Name, o.label())
			}
		}
	}
	for _, e := range exitCodes {
		if !strings.Contains(page, "\\fB"+e[0]+"\\fR\n"+e[1]) {
			t.Errorf("it does not tell of exit code %s", e[0])
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		args []string
		ja   bool
	}{
		{nil, nil, false},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, nil, true},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, nil, false},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, []string{"--lang", "en"}, false},
		{nil, []string{"--lang", "ja"}, true},
	} {
		for k, v := range tt.env {
			t.Setenv(k, v)
		}
		out := invoke(t, append([]string{"check", "--fixture", "healthy"}, tt.args...)...)
		if strings.Contains(out.stdout, "エンドポイント") != tt.ja {
			t.Errorf("%v %v: Japanese is %v", tt.env, tt.args, !tt.ja)
		}
		for k := range tt.env {
			t.Setenv(k, "")
		}
	}
}

func TestColor(t *testing.T) {
	if out := invoke(t, "check", "--fixture", "healthy"); strings.Contains(out.stdout, "\x1b") {
		t.Error("colour in a pipe")
	}
	plain := invoke(t, "check", "--fixture", "unreachable-443").stdout
	painted := invoke(t, "check", "--fixture", "unreachable-443", "--color", "always").stdout
	stripped := strings.NewReplacer("\x1b[32m", "", "\x1b[31;1m", "", "\x1b[32;1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(painted)
	if painted == plain || stripped != plain {
		t.Errorf("colour changes more than colour:\n%q", painted)
	}
}

// TestInterrupt stops a run in the middle of collecting.
func TestInterrupt(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, files)
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.Fault = func(action string, _ int) fakeaws.Fault {
		if action == "DescribeSecurityGroups" {
			cancel()
			return fakeaws.Silent
		}
		return fakeaws.None
	}
	out := invokeIn(ctx, "", "check", "--region", "us-east-1", "--source-cidr", "10.10.0.0/16")
	if out.code != 130 || !strings.Contains(out.stdout, "INTERRUPTED") {
		t.Errorf("exit code %d\n%s%s", out.code, out.stdout, out.stderr)
	}
}

func TestNoCredentials(t *testing.T) {
	for k, v := range fakeaws.Env("http://127.0.0.1:1") {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if out := invoke(t, "check", "--region", "us-east-1"); out.code != exitUsage || !strings.Contains(out.stderr, "aws sso login") || out.stdout != "" {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
	if out := invoke(t, "check"); out.code != exitUsage || !strings.Contains(out.stderr, "--region") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// TestHelp keeps the help usable without the README.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {}, {"check", "--help"}, {"explain", "-h"}, {"fixtures", "--help"}, {"--version"}, {"version"}} {
		out := invoke(t, args...)
		if out.code != 0 || out.stderr != "" || len(out.stdout) < 20 {
			t.Errorf("%v: exit code %d, %q %q", args, out.code, out.stdout, out.stderr)
		}
	}
	help := invoke(t, "check", "--help").stdout
	for _, group := range []string{groupDestination, groupSource, groupEvidence, groupSelection, groupOutput, groupGate, groupTime, groupMany} {
		if !strings.Contains(help, group) {
			t.Errorf("check --help lacks %q", group)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := invoke(t, "completion", shell); out.code != 0 || !strings.Contains(out.stdout, "dspreflight") {
			t.Errorf("completion %s: exit code %d", shell, out.code)
		}
	}
}

// TestVariables reads flags from the environment, and refuses what sets none.
func TestVariables(t *testing.T) {
	t.Setenv("DSPREFLIGHT_CHECK", "endpoint-available")
	out := invoke(t, "check", "--fixture", "healthy", "-o", "json")
	if got := strings.Count(out.stdout, `"message": "not selected by --check"`); out.code != 0 || got < 20 {
		t.Errorf("exit code %d, %d checks were not selected: %s", out.code, got, out.stderr)
	}
	t.Setenv("DSPREFLIGHT_TASKS", "four")
	if out := invoke(t, "check", "--fixture", "healthy"); out.code != 2 || !strings.Contains(out.stderr, `DSPREFLIGHT_TASKS "four": expected a whole number`) {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	t.Setenv("DSPREFLIGHT_TASKS", "")
	t.Setenv("DSPREFLIGHT_REGOIN", "us-east-1")
	if out := invoke(t, "check", "--fixture", "healthy"); out.code != 2 || !strings.Contains(out.stderr, "DSPREFLIGHT_REGOIN sets no flag; did you mean DSPREFLIGHT_REGION?") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// TestCompletion asks what words may become.
func TestCompletion(t *testing.T) {
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"ch"}, "check\tchecks"},
		{[]string{"check", "--fix"}, "--fixture"},
		{[]string{"check", "--region", "us-east-1", "--reg"}, ""},
		{[]string{"check", "--check", "sg-*", "--che"}, "--check\t--checks"},
	} {
		var got []string
		for _, line := range strings.Split(invoke(t, append([]string{completeCommand}, tt.words...)...).stdout, "\n") {
			value, _, _ := strings.Cut(line, "\t")
			got = append(got, value)
		}
		if text := strings.Trim(strings.Join(got, "\t"), "\t"); text != tt.want {
			t.Errorf("%q becomes %q, expected %q", tt.words, text, tt.want)
		}
	}
}

// TestErrorsInJapanese asks for errors of several layers in Japanese.
func TestErrorsInJapanese(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "describe-vpcs.json"), []byte(`{"Vpcs": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"check", "--lang", "ja", "--vpc-endpoint-id", "x"}, "のような ID を指定する"},
		{[]string{"check", "--lang", "ja", "--snapshot", dir}, "JSON が途中で終わっている"},
		{[]string{"check", "--lang=ja", "--fixture", "x"}, "フィクスチャー"},
		{[]string{"check", "--lang", "ja", "--nothing"}, "というフラグはない"},
		{[]string{"check", "--lang", "ja", "--source-cidr", "10.0.0.1/8"}, "10.0.0.0/8 のことか"},
	} {
		if out := invoke(t, tt.args...); out.code != exitUsage || !strings.Contains(out.stderr, tt.want) {
			t.Errorf("%v: %d %q", tt.args, out.code, out.stderr)
		}
	}
}

// TestOneSideOnly judges an estate of which one side can't be read: nothing about
// that side is claimed.
func TestOneSideOnly(t *testing.T) {
	for _, side := range []string{"destination", "source"} {
		for _, fixture := range []string{"healthy", "healthy-tgw"} {
			dir := filepath.Join(t.TempDir(), "x")
			if out := invoke(t, "fixtures", "--save", dir, fixture); out.code != 0 {
				t.Fatal(out.stderr)
			}
			if err := os.RemoveAll(filepath.Join(dir, side)); err != nil {
				t.Fatal(err)
			}
			if out := invoke(t, "check", "--snapshot", dir, "-q"); out.code != 3 || strings.Contains(out.stdout, "FAIL") {
				t.Errorf("%s without %s: exit code %d\n%s", fixture, side, out.code, out.stdout)
			}
		}
	}
}

// TestDestinationAlone judges the endpoint's side without that of the agent, which
// stands in a VPC beyond a peering connection: that it is not among the files does
// not put it outside AWS.
func TestDestinationAlone(t *testing.T) {
	dir := t.TempDir()
	if out := invoke(t, "fixtures", "--save", dir, "healthy"); out.code != 0 {
		t.Fatal(out.stderr)
	}
	for _, gone := range []string{"source", "manifest.json"} {
		if err := os.RemoveAll(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	rep := parse(t, invoke(t, "check", "--snapshot", dir, "--complete", "--agent-ip", "10.10.1.50", "--source-cidr", "10.10.0.0/16", "-o", "json"))
	for _, r := range rep.Targets[0].Results {
		if r.Status == "FAIL" {
			t.Errorf("%s fails: %s", r.Check, messages(rep, r.Check))
		}
	}
}
