//go:build linux

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"golang.org/x/sys/unix"
)

// tinyDisk is a file system of so many bytes.
func tinyDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: not root, so no full disk")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED: no tmpfs here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	return dir
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// TestArmorFullDisk saves and writes where there is no room: an error that says so,
// nothing half under any name, and what was there before as it was.
func TestArmorFullDisk(t *testing.T) {
	disk := tinyDisk(t, "32k")
	for name, where := range map[string]string{"new": filepath.Join(disk, "a", "estate"), "there": disk} {
		r := invoke(t, "check", "--fixture", "healthy", "--save", where)
		if r.code != exitUsage || !strings.Contains(r.stderr, "no space left") {
			t.Errorf("--save %s: exit %d, %s", name, r.code, r.stderr)
		}
		if name == "new" {
			if _, err := os.Stat(where); err == nil {
				t.Errorf("--save %s: the folder is there", name)
			}
			_ = os.Remove(filepath.Join(disk, "a"))
		}
		if left := entries(t, disk); len(left) > 0 {
			t.Errorf("--save %s: left behind: %v", name, left)
		}
	}
	file := filepath.Join(disk, "report.json")
	if err := os.WriteFile(file, []byte("yesterday's"), 0o640); err != nil {
		t.Fatal(err)
	}
	if r := invoke(t, "check", "--fixture", "healthy", "-o", "json="+file); r.code != exitUsage || !strings.Contains(r.stderr, "no space left") {
		t.Errorf("-o: exit %d, %s", r.code, r.stderr)
	}
	if body, err := os.ReadFile(file); err != nil || string(body) != "yesterday's" || len(entries(t, disk)) != 1 {
		t.Errorf("-o: %q, %v, %v", body, err, entries(t, disk))
	}
	roomy := tinyDisk(t, "4m")
	for _, where := range []string{filepath.Join(roomy, "estate")} {
		if r := invoke(t, "check", "--fixture", "healthy", "--save", where); r.code != 0 {
			t.Errorf("--save %s: exit %d, %s", where, r.code, r.stderr)
		}
	}
	if r := invoke(t, "check", "--fixture", "healthy", "--save", tinyDisk(t, "4m")); r.code != 0 { // the root of a disk can't be renamed over
		t.Errorf("--save to a disk: exit %d, %s", r.code, r.stderr)
	}
}

// TestArmorLinks: a link to a report stays one, and its target is replaced whole.
func TestArmorLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "link.json")
	if err := os.WriteFile(file, []byte("yesterday's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if r := invoke(t, "check", "--fixture", "healthy", "-o", "json="+link); r.code != 0 {
		t.Fatal(r.stderr)
	}
	at, err := os.Readlink(link)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || at != file || info.Size() < 1000 || info.Mode().Perm() != 0o600 {
		t.Errorf("%q %v %v %v", at, err, statErr, info.Mode())
	}
}

// program is the test binary as the program itself.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	return cmd
}

// TestArmorSignals interrupts a run in every phase: it ends with 130 within a
// second, whatever it waits for.
func TestArmorSignals(t *testing.T) {
	files, _, err := fixtures.Open("unreachable-443")
	if err != nil {
		t.Fatal(err)
	}
	targetOf := []string{"--vpc-endpoint-id", "vpce-0a1b2c3d4e5f60718", "--region", "us-east-1", "--no-probe"}
	phases := map[string]struct {
		args    []string
		silent  bool   // AWS never answers
		says    string // on standard output, at the end
		reached func(p waiting) bool
	}{
		"a pipe":         {[]string{"check", "--plan", "PIPE", "--region", "us-east-1"}, false, "", waiting.opensPipe},
		"standard input": {[]string{"explain", "-"}, false, "", waiting.readsInput},
		"the pause":      {append([]string{"check", "--wait", "10m"}, targetOf...), false, "INTERRUPTED", waiting.asksNoMore},
		"AWS":            {append([]string{"check"}, targetOf...), true, "INTERRUPTED", waiting.asks},
	}
	for name, phase := range phases {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(name+"/"+sig.String(), func(t *testing.T) {
				t.Parallel()
				p, pipe := waiting{aws: fakeaws.New(t, files)}, filepath.Join(t.TempDir(), "pipe")
				if err := unix.Mkfifo(pipe, 0o600); err != nil {
					t.Fatal(err)
				}
				if phase.silent {
					p.aws.SetFault(func(string, int) fakeaws.Fault { return fakeaws.Silent })
				}
				args := slices.Clone(phase.args)
				if n := slices.Index(args, "PIPE"); n >= 0 {
					args[n] = pipe
				}
				cmd := program(t, args...)
				for k, v := range p.aws.Env() {
					cmd.Env = append(cmd.Env, k+"="+v)
				}
				var out bytes.Buffer
				cmd.Stdout = &out
				theirs, ours, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer theirs.Close()
				defer ours.Close()
				cmd.Stdin, p.input = theirs, ours
				if _, err := ours.WriteString("x"); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				p.process = cmd.Process
				for deadline := time.Now().Add(time.Minute); !phase.reached(p); time.Sleep(20 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("it does not come so far")
					}
				}
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				_ = cmd.Wait()
				if took := time.Since(start); cmd.ProcessState.ExitCode() != exitInterrupted || took > time.Second || !strings.Contains(out.String(), phase.says) {
					t.Errorf("exit %d after %v: %s", cmd.ProcessState.ExitCode(), took, out.String())
				}
			})
		}
	}
}

// waiting is what a run may wait for.
type waiting struct {
	process *os.Process
	input   *os.File // holds one byte at first
	aws     *fakeaws.Server
}

// opensPipe reports whether a thread of the process waits for somebody to write to
// the named pipe.
func (p waiting) opensPipe() bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/wchan", p.process.Pid))
	return slices.ContainsFunc(threads, func(file string) bool {
		where, err := os.ReadFile(file)
		return err == nil && string(where) == "wait_for_partner"
	})
}

// readsInput reports whether the byte was read.
func (p waiting) readsInput() bool {
	left, err := unix.IoctlGetInt(int(p.input.Fd()), unix.TIOCINQ)
	return err == nil && left == 0
}

// asks reports whether AWS was asked.
func (p waiting) asks() bool { return len(p.aws.Calls()) > 0 }

// asksNoMore reports whether AWS was asked, and not again for a while.
func (p waiting) asksNoMore() bool {
	before := p.aws.Calls()
	time.Sleep(300 * time.Millisecond)
	return len(before) > 0 && maps.Equal(before, p.aws.Calls())
}
