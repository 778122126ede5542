//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeagent"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/lab"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// world is an agent and an AWS that knows the keys that it makes.
type world struct {
	agent *fakeagent.Agent
	at    string // host and port of the agent
	aws   *fakeaws.Server
	leaks chan string
}

// newWorld starts both on loopback: the AWS of a fixture.
func newWorld(t *testing.T, fixture string) *world {
	t.Helper()
	tier.Real(t, "curl, the AWS CLI and shells")
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the AWS CLI is not installed (pip install awscli)")
	}
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{agent: &fakeagent.Agent{Keys: fakeagent.NewKeys()}, aws: fakeaws.New(t, files), leaks: make(chan string, 100)}
	w.aws.DataSync = &fakeaws.DataSync{Keys: w.agent.Keys, Offline: 1500 * time.Millisecond}
	w.aws.DataSync.Created = func(string) { w.agent.Activated() }
	w.faults(nil)
	return w
}

// faults sets how AWS fails; whatever it does, it looks whether others could see a
// key while it is called.
func (w *world) faults(decide func(action string, attempt int) fakeaws.Fault) {
	w.aws.SetFault(func(action string, attempt int) fakeaws.Fault {
		if action == "CreateAgent" || action == "DescribeAgent" {
			for _, leak := range visibleKeys(w.agent.Keys.Made()) {
				w.leaks <- leak
			}
		}
		if decide == nil {
			return fakeaws.None
		}
		return decide(action, attempt)
	})
}

// visibleKeys looks for keys in the arguments and the environment of every process.
func visibleKeys(keys []string) []string {
	var out []string
	for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/environ"} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			body, _ := os.ReadFile(f)
			for _, k := range keys {
				if bytes.Contains(body, []byte(k)) {
					out = append(out, f)
				}
			}
		}
	}
	return out
}

// listen starts the agent on loopback.
func (w *world) listen(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.at = l.Addr().String()
	w.agent.Serve(t, l)
}

// activationScript prints the script for the healthy fixture.
func activationScript(t *testing.T, flags ...string) string {
	t.Helper()
	if !slices.Contains(flags, "--fixture") {
		flags = append(flags, "--fixture", "healthy")
	}
	out := invoke(t, append([]string{"activate"}, flags...)...)
	if out.code != 0 || out.stderr != "" {
		t.Fatalf("exit code %d: %s", out.code, out.stderr)
	}
	return out.stdout
}

// script is the activation of the world's agent: its address is that of loopback.
func (w *world) script(t *testing.T, flags ...string) string {
	t.Helper()
	s := activationScript(t, flags...)
	if !strings.Contains(s, "\nagent=10.10.1.50\n") {
		t.Fatalf("the agent's address is not in the script:\n%s", s)
	}
	return strings.Replace(s, "\nagent=10.10.1.50\n", "\nagent="+w.at+"\n", 1)
}

// shells are those that the script is for.
var shells = map[string][]string{"dash": {"dash"}, "bash": {"bash"}, "busybox": {"busybox", "sh"}}

// command prepares a script to be run by a shell that has little more than it needs;
// with busybox, its tools are busybox's.
func (w *world) command(t *testing.T, shell string, arguments ...string) (cmd *exec.Cmd, home string) {
	t.Helper()
	bin := t.TempDir()
	tools := []string{"curl", "aws", "tr", "sed", "head", "sleep", "stty", "bash", "env", "cut", "python3", "dirname", "readlink", "realpath", "basename", "cat", "pyenv", "ip"}
	for _, tool := range tools {
		path, err := exec.LookPath(tool)
		if err != nil {
			continue
		}
		if box, err := exec.LookPath("busybox"); shell == "busybox" && err == nil && slices.Contains([]string{"tr", "sed", "head", "sleep"}, tool) {
			path = box
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	line := shells[shell]
	if _, err := exec.LookPath(line[0]); err != nil {
		t.Skipf("SKIPPED: %s is not installed", line[0])
	}
	cmd = exec.Command(line[0], slices.Concat(line[1:], arguments)...)
	home = t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(home, ".aws", "config")
	if err := os.WriteFile(settings, []byte("[default]\ncli_history = enabled\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := w.aws.Env()
	env["AWS_CONFIG_FILE"], env["HOME"], env["TMPDIR"], env["PATH"] = settings, home, home, bin
	env["http_proxy"], env["PYENV_ROOT"] = "http://127.0.0.1:1", os.Getenv("PYENV_ROOT")
	env["NO_PROXY"] = "127.0.0.1"
	for _, name := range []string{"key", "answer", "location", "body", "reply"} {
		env[name] = "of somebody else" // a shell exports again what it was handed
	}
	for _, k := range []string{"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		delete(env, k)
	}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd, home
}

// run runs a script on standard input, as in "dspreflight activate | sh", and looks
// for the key wherever it must not be.
func (w *world) run(t *testing.T, shell, script string) outcome {
	t.Helper()
	cmd, home := w.command(t, shell)
	cmd.Stdin = strings.NewReader(script)
	return w.finish(t, cmd, home)
}

func (w *world) finish(t *testing.T, cmd *exec.Cmd, home string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	w.noKeys(t, home, stdout.String()+stderr.String())
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (w *world) noKeys(t *testing.T, home, output string) {
	t.Helper()
	for _, k := range w.agent.Keys.Made() {
		if strings.Contains(output, k) {
			t.Errorf("the key is in the output:\n%s", output)
		}
		_ = filepath.WalkDir(home, func(path string, d os.DirEntry, _ error) error {
			if body, err := os.ReadFile(path); err == nil && bytes.Contains(body, []byte(k)) {
				t.Errorf("the key is in %s", path)
			}
			return nil
		})
	}
	for {
		select {
		case leak := <-w.leaks:
			t.Errorf("the key was in %s", leak)
			continue
		default:
		}
		return
	}
}

// TestRealActivationScript takes a fresh agent to ONLINE, by each shell and in both forms
// of the reply.
func TestRealActivationScript(t *testing.T) {
	for shell := range shells {
		for _, manner := range []fakeagent.Manner{fakeagent.Proper, fakeagent.RedirectOnly} {
			t.Run(fmt.Sprint(shell, manner), func(t *testing.T) {
				w := newWorld(t, "healthy")
				w.agent.Manner = manner
				w.aws.DataSync.Listed = time.Second
				w.listen(t)
				script := w.script(t)
				if strings.Contains(script, "<<") {
					t.Error("a here-document may be a file")
				}
				out := w.run(t, shell, script)
				made := w.aws.DataSync.Agents()
				if out.code != 0 || len(made) != 1 || out.stdout != made[0]+"\n" {
					t.Fatalf("exit code %d, agents %v\n%s\n%s", out.code, made, out.stdout, out.stderr)
				}
				for _, q := range w.agent.Requests() {
					got, err := url.ParseQuery(q)
					if err != nil || got.Get("gatewayType") != "SYNC" || got.Get("activationRegion") != "us-east-1" || got.Get("endpointType") != "PRIVATE_LINK" || got.Get("privateLinkEndpoint") != "10.20.1.10" {
						t.Errorf("asked with %s", q)
					}
				}
				if n := w.aws.Calls()["CreateAgent"]; n != 1 {
					t.Errorf("CreateAgent was called %d times", n)
				}
				if again := w.run(t, shell, script); again.code != 1 || !strings.Contains(again.stderr, "takes no connection on port 80") || !strings.Contains(again.stderr, "Nothing was changed.") {
					t.Errorf("after activation: exit code %d\n%s", again.code, again.stderr)
				}
			})
		}
	}
}

// TestRealActivationScriptFaults holds what the script says of each fault, how often it
// calls CreateAgent, and what explain knows of the error that it hands on.
func TestRealActivationScriptFaults(t *testing.T) {
	on := func(action string, fault fakeaws.Fault, attempts ...int) func(string, int) fakeaws.Fault {
		return func(a string, n int) fakeaws.Fault {
			if a == action && (len(attempts) == 0 || slices.Contains(attempts, n)) {
				return fault
			}
			return fakeaws.None
		}
	}
	for _, tt := range []struct {
		name   string
		manner fakeagent.Manner
		edit   func(*world)
		faults func(string, int) fakeaws.Fault
		code   int
		calls  int // of CreateAgent
		says   []string
		known  string // the id that explain gives the error; "": there is none
	}{
		{name: "unreachable", edit: func(w *world) { w.agent.Dial = func(netip.AddrPort) error { return errors.New("filtered") } }, code: 1, says: []string{"can't reach 10.20.1.10 on TCP 443"}, known: "PRIVATE_LINK_ENDPOINT_UNREACHABLE"},
		{name: "another errorType", manner: fakeagent.Failing, edit: func(w *world) { w.agent.Error = "SOMETHING_ELSE" }, code: 1, says: []string{"errorType=SOMETHING_ELSE"}},
		{name: "no agent", edit: func(w *world) { w.at = "127.0.0.1:1" }, code: 1, says: []string{"takes no connection on port 80", "Nothing was changed."}, known: "AGENT_HTTP_REFUSED"},
		{name: "a login page", manner: fakeagent.Elsewhere, code: 1, says: []string{"is it the agent?", "http://login.example/portal"}, known: "AGENT_HTTP_NOT_A_KEY"},
		{name: "a circle", manner: fakeagent.Loop, code: 1, says: []string{"is it the agent?"}},
		{name: "markup", manner: fakeagent.HTML, code: 1, says: []string{"is it the agent?", "<?xml"}, known: "AGENT_HTTP_NOT_A_KEY"},
		{name: "not found", manner: fakeagent.NotFound, code: 1, says: []string{"404"}, known: "AGENT_HTTP_UNEXPECTED_STATUS"},
		{name: "garbage", manner: fakeagent.Garbage, code: 1, says: []string{"is it the agent?"}, known: "AGENT_HTTP_NOT_A_KEY"},
		{name: "endless", manner: fakeagent.Endless, code: 1, says: []string{"is it the agent?"}, known: "ACTIVATION_KEY_EMPTY"},
		{name: "reset", manner: fakeagent.Reset, code: 1, says: []string{"could not be asked"}, known: "AGENT_HTTP_RESET"},
		{name: "an empty key", manner: fakeagent.Empty, code: 1, says: []string{"is it the agent?"}},
		{name: "hostile text", manner: fakeagent.Escape, code: 1, says: []string{"is it the agent?"}},
		{name: "an expired key", edit: func(w *world) { w.agent.Life = time.Nanosecond }, code: 1, calls: 1, says: []string{"CreateAgent failed", "activation key ACTIVATION-KEY is not valid", "Nothing was created"}},
		{name: "throttled, then not", faults: on("CreateAgent", fakeaws.ThrottledOnce), calls: 3},
		{name: "a lost reply", faults: on("CreateAgent", fakeaws.Lost), edit: func(w *world) { w.aws.DataSync.Listed = 2 * time.Second }, calls: 1, says: []string{"The answer of CreateAgent was lost"}},
		{name: "denied", faults: on("CreateAgent", fakeaws.Unauthorized), code: 1, calls: 1, says: []string{"AccessDeniedException", "Nothing was created"}, known: "ACCESS_DENIED"},
		{name: "no lists", faults: on("ListAgents", fakeaws.Unauthorized), code: 1, says: []string{"could not be listed", "Nothing was changed."}, known: "ACCESS_DENIED"},
		{name: "no descriptions", faults: on("DescribeAgent", fakeaws.Unauthorized), code: 1, calls: 1, says: []string{"The status of the agent could not be seen", "The agent was created: arn:aws:datasync:us-east-1:111122223333:agent/agent-"}, known: "ACCESS_DENIED"},
		{name: "never online", edit: func(w *world) { w.aws.DataSync.Offline = time.Hour }, code: 1, calls: 1, says: []string{"still OFFLINE after 3 s"}, known: "AGENT_OFFLINE"},
		{name: "a public key", edit: func(w *world) {
			w.agent.Heard = func(q url.Values) { q.Set("endpointType", "PUBLIC"); q.Del("privateLinkEndpoint") }
		}, code: 1, calls: 1, says: []string{"public-endpoint activation keys"}, known: "PUBLIC_KEY_WITH_VPC_ENDPOINT"},
		{name: "a key of another Region", edit: func(w *world) {
			w.agent.Heard = func(q url.Values) { q.Set("activationRegion", "eu-west-1") }
		}, code: 1, calls: 1, says: []string{"is not valid"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "healthy")
			w.agent.Manner = tt.manner
			w.listen(t)
			if tt.edit != nil {
				tt.edit(w)
			}
			w.faults(tt.faults)
			out := w.run(t, "dash", w.script(t, "--online-timeout", "3s"))
			if out.code != tt.code || w.aws.Calls()["CreateAgent"] != tt.calls || (tt.code == 0) != strings.HasPrefix(out.stdout, "arn:") {
				t.Errorf("exit code %d, CreateAgent called %d times\n%s\n%s", out.code, w.aws.Calls()["CreateAgent"], out.stdout, out.stderr)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.stderr, s) {
					t.Errorf("%q is not said:\n%s", s, out.stderr)
				}
			}
			if _, err := os.Stat("owned"); err == nil {
				t.Error("text of the agent was run")
			}
			if tt.known != "" {
				if got := w.explained(t, out.stderr, ""); !strings.Contains(got.stdout, `"error": "`+tt.known+`"`) {
					t.Errorf("explain does not know %s:\n%s\n%s", tt.known, out.stderr, got.stdout)
				}
			}
		})
	}
}

var explainLine = regexp.MustCompile(`(?m)^  dspreflight (explain --run .*)$`)

// explained runs the line that a script ends with: over another estate if one is
// named, and with the agent on the address and port that it would have.
func (w *world) explained(t *testing.T, stderr, fixture string) outcome {
	t.Helper()
	if host, port, ok := strings.Cut(w.at, ":"); ok {
		stderr = strings.NewReplacer(w.at, "10.10.1.50", host+" port "+port, "10.10.1.50 port 80").Replace(stderr)
	}
	m := explainLine.FindStringSubmatch(stderr)
	if m == nil {
		t.Fatalf("there is no line for explain:\n%s", stderr)
	}
	words, err := exec.Command("sh", "-c", "printf '%s\\0' "+m[1]).Output()
	if err != nil {
		t.Fatal(err)
	}
	args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
	if i := slices.Index(args, "--fixture"); fixture != "" {
		args[i+1] = fixture
	}
	at := slices.Index(args, "--run")
	return invoke(t, slices.Concat(args[:at], []string{"-o", "json"}, args[at:])...)
}

// TestRealActivationErrorsEndToEnd lets each of the article's errors happen, in an estate
// that broke after it was judged, and expects explain to find the cause by what the
// script prints.
func TestRealActivationErrorsEndToEnd(t *testing.T) {
	for _, tt := range []struct {
		fixture string
		judged  []string // how the script came to be
		agent   func(*fakeagent.Agent)
		error   string
		cause   string
	}{
		{"unreachable-443", []string{"--fixture", "healthy"}, func(a *fakeagent.Agent) { a.Dial = func(netip.AddrPort) error { return errors.New("filtered") } }, "PRIVATE_LINK_ENDPOINT_UNREACHABLE", "DSP201"},
		{"public-key", []string{"--fixture", "healthy"}, func(a *fakeagent.Agent) {
			a.Heard = func(q url.Values) { q.Set("endpointType", "PUBLIC"); q.Del("privateLinkEndpoint") }
		}, "PUBLIC_KEY_WITH_VPC_ENDPOINT", "DSP801"},
		{"invalid-subnet", []string{"--accept", "subnet-usable"}, nil, "INVALID_EC2_SUBNET", "DSP303"},
		{"invalid-security-group", []string{"--accept", "task-sg"}, nil, "INVALID_EC2_SECURITY_GROUP", "DSP210"},
		{"invalid-endpoint", []string{"--accept", "endpoint-available"}, nil, "INVALID_VPC_ENDPOINT", "DSP103"},
	} {
		t.Run(tt.fixture, func(t *testing.T) {
			w := newWorld(t, tt.fixture)
			if tt.agent != nil {
				tt.agent(w.agent)
			}
			w.listen(t)
			if tt.agent == nil { // let stand by a waiver, which is how people learn
				tt.judged = append(tt.judged, "--fixture", tt.fixture, "--anyway", "inconclusive")
			}
			out := w.run(t, "dash", w.script(t, tt.judged...))
			if out.code != 1 {
				t.Fatalf("exit code %d\n%s", out.code, out.stderr)
			}
			got := w.explained(t, out.stderr, tt.fixture)
			if !strings.Contains(got.stdout, `"error": "`+tt.error+`"`) || !strings.Contains(got.stdout, `"verdict": "found"`) || !strings.Contains(got.stdout, tt.cause) {
				t.Errorf("%s is not found:\n%s\n%.3000s\n%s", tt.cause, out.stderr, got.stdout, got.stderr)
			}
		})
	}
}

// TestRealActivationLocalConsole types keys in, without a terminal and on one.
func TestRealActivationLocalConsole(t *testing.T) {
	w := newWorld(t, "healthy")
	script := activationScript(t, "--local-console")
	if strings.Contains(script, "curl") {
		t.Error("the script asks by HTTP")
	}
	file := filepath.Join(t.TempDir(), "activate.sh")
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	w.aws.DataSync.Created = nil
	for _, tt := range []struct {
		typed string
		code  int
	}{
		{w.agent.Keys.Make(fakeagent.Key{Type: "PRIVATE_LINK", Address: "10.20.1.10", Region: "us-east-1", Expires: time.Now().Add(time.Hour)}) + "\n", 0},
		{w.agent.Keys.Make(fakeagent.Key{Type: "PUBLIC", Expires: time.Now().Add(time.Hour)}) + "\n", 1},
		{"UxxxQ-0xxxB-LxxxL-AUxxV-JxxxN\n", 1},
		{"", 1},
	} {
		cmd, home := w.command(t, "dash", file)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
		cmd.Stdin = strings.NewReader(tt.typed)
		if out := w.finish(t, cmd, home); out.code != tt.code || !strings.Contains(out.stderr, "type 0 in the main menu") {
			t.Errorf("%q: exit code %d\n%s", tt.typed, out.code, out.stderr)
		}
	}
}

// TestRealActivationInterrupted stops the script at each stage, and expects it to say what
// is left.
func TestRealActivationInterrupted(t *testing.T) {
	for _, tt := range []struct{ at, says string }{
		{"GetCallerIdentity", "Nothing was changed."},
		{"key", "Nothing was created in AWS. The agent may have made a key"},
		{"CreateAgent", "the agent may exist"},
		{"DescribeAgent", "The agent was created: arn:"},
	} {
		t.Run(tt.at, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "healthy")
			reached := make(chan struct{}, 10)
			if tt.at == "key" {
				w.agent.Slow = 5 * time.Second
				w.agent.Heard = func(url.Values) { reached <- struct{}{} }
			}
			w.listen(t)
			w.faults(func(action string, _ int) fakeaws.Fault {
				if action == tt.at {
					reached <- struct{}{}
					return fakeaws.Silent
				}
				return fakeaws.None
			})
			cmd, home := w.command(t, "dash")
			cmd.Stdin = strings.NewReader(w.script(t))
			go func() {
				<-reached
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // as a terminal does
			}()
			begun := time.Now()
			if out := w.finish(t, cmd, home); out.code != exitInterrupted || !strings.Contains(out.stderr, tt.says) || out.stdout != "" {
				t.Errorf("exit code %d after %s\n%s\n%s", out.code, time.Since(begun), out.stdout, out.stderr)
			}
		})
	}
}

// TestRealActivationOtherAccount expects a caller of another account to get no further.
func TestRealActivationOtherAccount(t *testing.T) {
	w := newWorld(t, "healthy")
	w.listen(t)
	script := strings.Replace(w.script(t), "\naccount=111122223333\n", "\naccount=999900001111\n", 1)
	if out := w.run(t, "bash", script); out.code != 1 || !strings.Contains(out.stderr, "The credentials here are of account 111122223333; the endpoint is in 999900001111") || len(w.agent.Requests()) > 0 {
		t.Errorf("exit code %d\n%s", out.code, out.stderr)
	}
}

// TestActivateRefuses expects no script for what is not ready, and the exit code of
// check.
func TestActivateRefuses(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--fixture", "unreachable-443"}, 1, "DSP201"},
		{[]string{"--fixture", "unreachable-443", "--anyway", "inconclusive"}, 1, "DSP201"},
		{[]string{"--fixture", "no-permission", "--accept", "iam-activation"}, 3, "--anyway inconclusive"},
		{[]string{"--fixture", "healthy", "--anyway", "fail"}, 2, "--accept or --waivers alone"},
		{[]string{"--fixture", "healthy", "--terraform", "--cloudformation"}, 2, "exclude each other"},
		{[]string{"--fixture", "healthy", "--agent-name", "a'b"}, 2, "--agent-name"},
		{[]string{"--fixture", "healthy-agent", "--agent-ip", "10.10.1.50"}, 2, "check --agent-arn " + agentARN},
		{[]string{"--fixture", "healthy-agent", "--agent-arn", agentARN}, 2, "check --agent-arn ARN"},
		{[]string{"--fixture", "healthy", agentARN}, 2, "check --agent-arn " + agentARN},
	} {
		if out := invoke(t, append([]string{"activate"}, tt.args...)...); out.code != tt.code || out.stdout != "" || !strings.Contains(out.stderr, tt.says) {
			t.Errorf("%v: exit code %d\n%s\n%s", tt.args, out.code, out.stdout, out.stderr)
		}
	}
	for _, args := range [][]string{
		{"--fixture", "healthy-agent", "--vpc-endpoint-id", "vpce-0a1b2c3d4e5f60718", "--agent-ip", "10.10.1.50"}, // another in its place
		{"--fixture", "unreachable-443", "--accept", "DSP201", "--accept", "DSP212"},
		{"--fixture", "no-permission", "--accept", "iam-activation", "--anyway", "inconclusive"},
	} {
		if out := invoke(t, append([]string{"activate"}, args...)...); out.code != 0 || !strings.HasPrefix(out.stdout, "#!/bin/sh\n") {
			t.Errorf("%v: exit code %d\n%s", args, out.code, out.stderr)
		}
	}
}

// TestRealActivationTexts runs shellcheck over what is printed, and the two templates by
// the tools that read them.
func TestRealActivationTexts(t *testing.T) {
	tier.Real(t, "shellcheck")
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("SKIPPED: shellcheck is not installed")
	}
	for _, flags := range [][]string{nil, {"--local-console"}, {"--lang", "ja"}, {"--agent-name", "a b"}} {
		cmd := exec.Command("shellcheck", "-s", "sh", "-")
		cmd.Stdin = strings.NewReader(activationScript(t, flags...))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", flags, out)
		}
	}
}

// TestRealLabActivation takes an agent to ONLINE over a network with a firewall in it, by
// one pipe, and expects the firewall's doing to have its name.
func TestRealLabActivation(t *testing.T) {
	l := lab.Up(t, lab.Options{})
	w := newWorld(t, "healthy")
	l.Listen(t, l.Source, lab.SourceAddr+":80", func(n net.Listener) { w.agent.Serve(t, n) })
	l.Listen(t, l.Source, "127.0.0.1:8080", func(n net.Listener) { w.aws.ServeToo(t, n) })
	w.agent.Dial = func(to netip.AddrPort) (err error) {
		l.Within(l.Source, func() {
			var c net.Conn
			if c, err = net.DialTimeout("tcp4", to.String(), time.Second); err == nil {
				_ = c.Close()
			}
		})
		return err
	}
	pipe := func() outcome {
		// The agent of the lab has another address than the fixture's, in its network.
		script := activationScript(t, "--agent-ip", lab.SourceAddr)
		cmd, home := w.command(t, "dash")
		args := append([]string{"netns", "exec", l.Source, cmd.Path}, cmd.Args[1:]...)
		inside := exec.Command("ip", args...)
		inside.Env, inside.Dir, inside.Stdin = append(cmd.Env, "AWS_ENDPOINT_URL=http://127.0.0.1:8080"), cmd.Dir, strings.NewReader(script)
		return w.finish(t, inside, home)
	}
	l.Firewall(t, l.Router, "tcp dport 443 drop")
	out := pipe()
	if out.code != 1 || !strings.Contains(out.stderr, "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE") {
		t.Fatalf("exit code %d\n%s", out.code, out.stderr)
	}
	if got := w.explained(t, out.stderr, "unreachable-443"); !strings.Contains(got.stdout, `"verdict": "found"`) {
		t.Errorf("the cause is not found: %s", got.stdout)
	}
	l.Firewall(t, l.Router)
	if out := pipe(); out.code != 0 || !strings.HasPrefix(out.stdout, "arn:aws:datasync:us-east-1:111122223333:agent/agent-") {
		t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
	}
}
