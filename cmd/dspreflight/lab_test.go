//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/lab"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// programVariable makes a copy of the test binary be the program itself, so that
// it can run inside a namespace.
const programVariable = "TEST_DSPREFLIGHT_PROGRAM"

func init() {
	lab.Main()
	if os.Getenv(programVariable) != "" {
		_ = os.Unsetenv(programVariable)
		main()
	}
}

// probeIn runs "dspreflight probe" in a namespace and saves what it saw.
func probeIn(t *testing.T, l *lab.Lab, ns string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "probes.json")
	cmd := l.In(ns, append([]string{self, "probe", "-o", "json=" + file}, args...)...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() == exitUsage {
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

// TestRealLab breaks the path between the kernel's namespaces in one way after
// another, dials from the agent's side, and holds the result against the healthy
// configuration: each fault is named as what it is.
func TestRealLab(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: 20 * time.Millisecond})
	for _, tt := range []struct {
		name     string
		router   []string
		dest     []string
		fixture  string
		statuses map[string]string
		says     []string
	}{
		{"open", nil, nil, "healthy", map[string]string{"probe-443": "PASS", "probe-control": "PASS", "probe-support": "PASS", "probe-agrees": "PASS", "probe-agent-http": "UNKNOWN"}, nil},
		{"a hidden firewall drops the control ports", []string{"tcp dport 1024-1062 drop"}, nil, "healthy", map[string]string{"probe-443": "PASS", "probe-control": "FAIL", "probe-agrees": "WARN"}, []string{"DSP611", "DSP651", "1024-1062"}},
		{"a firewall rejects and its ICMP is rate limited", []string{"tcp dport { 22, 443, 1024-1064 } reject with icmp admin-prohibited"}, nil, "healthy", map[string]string{"probe-control": "FAIL", "probe-agrees": "WARN"}, []string{"DSP613", "10.10.1.1", "code 13"}},
		{"a firewall resets", []string{"tcp dport 1024-1064 reject with tcp reset"}, nil, "healthy", map[string]string{"probe-443": "PASS", "probe-control": "FAIL"}, []string{"DSP613", "faster than the endpoint can answer"}},
		{"nothing listens", []string{}, []string{"input: tcp dport 1024-1064 reject with tcp reset"}, "healthy", map[string]string{"probe-control": "FAIL", "probe-agrees": "WARN"}, []string{"DSP612", "DSP654"}},
		{"replies are dropped", nil, []string{"output: tcp sport { 22, 443, 1024-1064 } drop"}, "healthy", map[string]string{"probe-443": "FAIL", "probe-control": "FAIL"}, []string{"DSP601", "the way back is missing"}},
		{"an MTU black hole", []string{"ip length > 1200 drop"}, nil, "healthy", map[string]string{"probe-443": "WARN"}, []string{"DSP605", "no-answer"}},
		{"a stale snapshot", nil, nil, "unreachable-443", map[string]string{"probe-443": "PASS", "sg-ingress-443": "FAIL", "probe-agrees": "WARN"}, []string{"DSP652"}},
		{"the snapshot is right that 443 is shut", []string{"tcp dport 443 drop"}, nil, "unreachable-443", map[string]string{"probe-443": "FAIL", "sg-ingress-443": "FAIL", "probe-agrees": "PASS"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.Limit(t, true)
			l.Firewall(t, l.Router, tt.router...)
			l.Firewall(t, l.Dest, tt.dest...)
			file := probeIn(t, l, l.Source, "--vantage", "agent-network", "--endpoint-ip", lab.Endpoint, "--connect-timeout", "1500ms")
			rep := parse(t, invoke(t, "check", "--fixture", tt.fixture, "--probes", file, "-o", "json"))
			got := map[string]string{}
			for _, r := range rep.Targets[0].Results {
				got[r.Check] = string(r.Status)
			}
			for check, want := range tt.statuses {
				if got[check] != want {
					t.Errorf("%s is %s, want %s: %s", check, got[check], want, messages(rep, check))
				}
			}
			text := invoke(t, "check", "--fixture", tt.fixture, "--probes", file, "--explain", "-o", "wide").stdout
			for _, s := range tt.says {
				if !strings.Contains(strings.Join(strings.Fields(text), " "), s) {
					t.Errorf("%q is not said:\n%s", s, text)
				}
			}
		})
	}
	l.Firewall(t, l.Router)
	l.Firewall(t, l.Dest)
	t.Run("from elsewhere", func(t *testing.T) {
		file := probeIn(t, l, l.Router, "--endpoint-ip", lab.Endpoint, "--vantage", "elsewhere")
		rep := parse(t, invoke(t, "check", "--fixture", "healthy", "--probes", file, "-o", "json"))
		for _, r := range rep.Targets[0].Results {
			if strings.HasPrefix(r.Check, "probe-") && (r.Status == "PASS" || r.Status == "FAIL") {
				t.Errorf("%s is %s by a dial from elsewhere", r.Check, r.Status)
			}
		}
		if m := messages(rep, "probe-443"); !strings.Contains(m, "dspreflight probe --vantage agent-network --endpoint-ip 10.20.1.10") {
			t.Errorf("the command to run is missing: %s", m)
		}
	})
	t.Run("the activation machine", func(t *testing.T) {
		file := probeIn(t, l, l.Router, "--agent-ip", lab.Endpoint, "--vantage", "activation-machine")
		rep := parse(t, invoke(t, "check", "--fixture", "healthy", "--agent-ip", lab.Endpoint, "--probes", file, "-o", "json", "--check", "probe-agent-http"))
		if m := messages(rep, "probe-agent-http"); !strings.HasPrefix(m, "PASS") {
			t.Errorf("got %s", m)
		}
	})
}

// TestRealWait dials while a firewall drops, and again after somebody has mended it.
func TestRealWait(t *testing.T) {
	l := lab.Up(t, lab.Options{})
	l.Firewall(t, l.Router, "tcp dport 443 drop")
	mended := time.AfterFunc(2*time.Second, func() { _ = l.In(l.Router, "nft", "flush", "ruleset").Run() })
	defer mended.Stop()
	file := probeIn(t, l, l.Source, "--endpoint-ip", lab.Endpoint, "--connect-timeout", "300ms", "--wait", "1m")
	for what, outcome := range facts(t, file) {
		if outcome != snapshot.Open {
			t.Errorf("%s is %s", what, outcome)
		}
	}
}

// TestRealScript runs the generated script with each of the tools that it may find,
// and expects the facts that the program itself sees.
func TestRealScript(t *testing.T) {
	l := lab.Up(t, lab.Options{Delay: 5 * time.Millisecond})
	l.Limit(t, false)
	l.Firewall(t, l.Router, "tcp dport 1060-1062 drop", "ip daddr 10.20.1.15 reject with icmp host-unreachable", "ip daddr 10.20.1.16 reject with icmp net-unreachable")
	args := []string{"--endpoint-ip", lab.Endpoint, "--endpoint-ip", "10.20.1.15", "--endpoint-ip", "10.20.1.16", "--agent-ip", "10.10.1.1", "--source-cidr", "10.10.0.0/16"}
	want := facts(t, probeIn(t, l, l.Source, args...))
	script := invoke(t, append([]string{"probe", "--script"}, args...)...)
	if script.code != 0 {
		t.Fatal(script.stderr)
	}
	file := filepath.Join(t.TempDir(), "probe.sh")
	if err := os.WriteFile(file, []byte(script.stdout), 0o700); err != nil {
		t.Fatal(err)
	}
	basics := []string{"timeout", "true", "sleep", "date", "grep", "sed", "cat", "mkdir", "rm", "head", "sort", "ip"}
	for _, tt := range []struct {
		name, shell string
		tools       []string
	}{
		{"busybox alone", "busybox", nil},
		{"bash", "sh", append([]string{"bash"}, basics...)},
		{"curl", "sh", append([]string{"curl"}, basics...)},
		{"netcat", "sh", append([]string{"nc"}, basics...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			shell, err := exec.LookPath(tt.shell)
			if err != nil {
				t.Skipf("SKIPPED: %s is not installed", tt.shell)
			}
			command := []string{shell, file}
			if tt.shell == "busybox" {
				list, err := exec.Command(shell, "--list").Output()
				if err != nil {
					t.Fatal(err)
				}
				tt.tools = strings.Fields(string(list))
				command = []string{shell, "sh", file}
			}
			for _, tool := range tt.tools {
				path := shell
				if tt.shell != "busybox" {
					if path, err = exec.LookPath(tool); err != nil {
						t.Skipf("SKIPPED: %s is not installed", tool)
					}
				}
				if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := l.In(l.Source, command...)
			cmd.Env = []string{"PATH=" + bin, "TMPDIR=" + t.TempDir()}
			var out, complaints bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &complaints
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v: %s", err, complaints.String())
			}
			saved := filepath.Join(t.TempDir(), "probes.json")
			if err := os.WriteFile(saved, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			got := facts(t, saved)
			for what, outcome := range want {
				if got[what] != outcome {
					t.Errorf("%s: the script says %s, the program %s", what, got[what], outcome)
				}
			}
			if out := invoke(t, "check", "--fixture", "healthy", "--probes", saved, "-o", "json"); out.code == exitUsage {
				t.Errorf("the output is not accepted: %s", out.stderr)
			}
		})
	}
}

// facts are the outcomes of a saved run, by address and port.
func facts(t *testing.T, file string) map[string]snapshot.Outcome {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := snapshot.ReadProbes(body, time.Now())
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	out := map[string]snapshot.Outcome{}
	for _, p := range runs[0].Probes {
		if p.Purpose == snapshot.ToControlPort {
			continue
		}
		key, _ := json.Marshal([]any{p.Purpose, p.Addr, p.Port})
		out[string(key)] = p.Outcome
	}
	return out
}
