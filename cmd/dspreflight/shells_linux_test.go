package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// completing is how each shell is started without anybody's settings, and what it is told to
// complete for the program.
var completing = map[string]struct {
	args  []string
	setup string
}{
	"bash": {[]string{"--norc", "--noprofile", "-i"}, "source <(dspreflight completion bash)"},
	"zsh":  {[]string{"-f", "-i"}, "autoload -Uz compinit && compinit -u -D; source <(dspreflight completion zsh)"},
	"fish": {[]string{"--no-config", "-i"}, "dspreflight completion fish | source"},
}

// TestRealShellsComplete types the beginnings of words into real shells on a
// terminal, and a tab behind each.
func TestRealShellsComplete(t *testing.T) {
	tier.Real(t, "it types into shells")
	bin := built(t)
	for name, shell := range completing {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("SKIPPED: no %s here, so it completes nothing", name)
			}
			home := t.TempDir()
			write(t, filepath.Join(home, "estate.json"), "{}")
			write(t, filepath.Join(home, ".aws", "config"), "[profile nightwatch]\nregion = us-east-1\n")
			for typed, want := range map[string]string{
				"dspreflight expl\t":                          "dspreflight explain ",
				"dspreflight check --fixture unreachable-4\t": "--fixture unreachable-443",
				"dspreflight check --fixture=unreachable-4\t": "--fixture=unreachable-443",
				"dspreflight check --vpc-endp\t":              "--vpc-endpoint-id",
				"dspreflight check --check sg-ingress-su\t":   "--check sg-ingress-support",
				"dspreflight check --accept DSP20\t4\t":       "DSP204",
				"dspreflight check -o mer\t":                  "-o mermaid",
				"dspreflight check -o json=est\t":             "-o json=estate.json",
				"dspreflight check --lang j\t":                "--lang ja",
				"dspreflight check --region us-gov-w\t":       "--region us-gov-west-1",
				"dspreflight check --profile nightw\t":        "--profile nightwatch",
				"dspreflight check --probes est\t":            "--probes estate.json",
				"dspreflight explain PRIVATE_LINK_END\t":      "PRIVATE_LINK_ENDPOINT_UNREACHABLE",
				"dspreflight completion po\t":                 "completion powershell",
			} {
				env := append(os.Environ(), "HOME="+home, "PATH="+bin+":"+os.Getenv("PATH"), "TERM=xterm", "COLUMNS=200", "LC_ALL=C.UTF-8", "AWS_CONFIG_FILE=", "AWS_SHARED_CREDENTIALS_FILE=")
				if shown, ok := typeInto(t, append([]string{path}, shell.args...), home, env, shell.setup, typed, want); !ok {
					t.Errorf("%q: %q is not in\n%q", typed, want, shown)
				}
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// typeInto starts a shell on a terminal, lets it run the setup, types and waits for
// what is wanted.
func typeInto(t *testing.T, command []string, dir string, env []string, setup, typed, want string) (shown string, ok bool) {
	t.Helper()
	screen, program := openTerminal(t, 200)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, env, program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = program.Close()
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	read := make(chan string, 64)
	go func() {
		defer close(read)
		buffer := make([]byte, 4096)
		for {
			n, err := screen.Read(buffer)
			if n > 0 {
				read <- string(buffer[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	until := func(what string, within time.Duration) bool {
		deadline := time.After(within)
		for !strings.Contains(strings.ReplaceAll(outside.Escapes.Re().ReplaceAllString(shown, ""), "\a", ""), what) {
			select {
			case part, open := <-read:
				if shown += part; !open {
					return false
				}
			case <-deadline:
				return false
			}
		}
		return true
	}
	if _, err := screen.WriteString(setup + "; echo set\"\"up-done\n"); err != nil {
		t.Fatal(err)
	}
	if !until("setup-done", 20*time.Second) {
		return shown, false
	}
	shown = ""
	if _, err := screen.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	return shown, until(want, 10*time.Second)
}
