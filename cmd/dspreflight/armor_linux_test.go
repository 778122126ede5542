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

	"golang.org/x/sys/unix"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
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
		"AWS, to save":   {append([]string{"snapshot", "--save", "FOLDER"}, targetOf[:len(targetOf)-1]...), true, "", waiting.asks},
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
				for n, arg := range args {
					switch arg {
					case "PIPE":
						args[n] = pipe
					case "FOLDER":
						args[n] = filepath.Join(filepath.Dir(pipe), "folder")
					}
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
				took := interrupted(t, cmd, sig, func() bool {
					p.process = cmd.Process
					return phase.reached(p)
				})
				if cmd.ProcessState.ExitCode() != exitInterrupted || took > time.Second || !strings.Contains(out.String(), phase.says) {
					t.Errorf("exit %d after %v: %s", cmd.ProcessState.ExitCode(), took, out.String())
				}
			})
		}
	}
}

// large are files that take long to read.
type large struct{ snapshot, report, plan, targets, paste string }

// largeFiles writes them: each takes at least a second to understand.
func largeFiles(t *testing.T) large {
	t.Helper()
	dir := t.TempDir()
	out := large{paste: filepath.Join(dir, "paste.txt"), report: filepath.Join(dir, "report.json"), targets: filepath.Join(dir, "targets.yaml")}
	repeated := func(file, before, entry, sep, after string, size int) {
		t.Helper()
		body := before + entry + strings.Repeat(sep+entry, size/(len(sep)+len(entry))) + after
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out.plan, out.snapshot = largePlan(t, dir)
	groups := filepath.Join(out.snapshot, "destination", snapshot.SecurityGroups.Command()+".json")
	repeated(groups, `{"SecurityGroups":[`, `{"GroupId":"sg-0a1b2c3d4e5f60718","GroupName":"g","VpcId":"vpc-0d5c1a2b3e4f50617","OwnerId":"111122223333","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.1.0.0/16"}]}],"IpPermissionsEgress":[]}`, ",", "]}", 100<<20)
	body := invoke(t, "check", "--fixture", "healthy", "-o", "json").stdout
	before, targets, _ := strings.Cut(body, `"targets": [`)
	last := strings.LastIndex(targets, "}\n  ]")
	repeated(out.report, before+`"targets": [`, targets[:last+1], ",", targets[last+1:], 100<<20)
	repeated(out.targets, "source-vpc-id: vpc-05a1b2c3d4e5f6071\ntargets:\n", "  - {name: target, vpc-endpoint-id: vpce-0a1b2c3d4e5f60718}", "\n", "\n", 7<<20)
	repeated(out.paste, "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE\n", "An error occurred (InvalidRequestException) when calling the CreateAgent operation: errorType=", "\n", "", 3<<20)
	return out
}

// TestArmorSignalsWhileReading interrupts runs that read what is large: they end as
// those that wait do, and nothing is left of what they would have written.
func TestArmorSignalsWhileReading(t *testing.T) {
	files := largeFiles(t)
	phases := [][]string{
		{"check", "--snapshot", files.snapshot},
		{"bundle", "--snapshot", files.snapshot, "-o", "out.zip"},
		{"check", "--snapshot", files.snapshot, "--save", "out", "-o", "json=out.json"},
		{"check", "--fixture", "healthy", "--baseline", files.snapshot},
		{"diff", files.snapshot, files.snapshot},
		{"diff", files.report, files.report},
		{"check", "--fixture", "healthy", "--plan", files.plan, "-o", "html=out.html"},
		{"bundle", "--fixture", "healthy", "--plan", files.plan, "-o", "out.zip"},
		{"activate", "--snapshot", files.snapshot},
		{"check", "--fixture", "healthy", "--config", files.targets, "-o", "json=out.json"},
		{"explain", "--run", "--snapshot", files.snapshot, "-"},
	}
	step := 0
	for _, args := range phases {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			if step++; !tier.Takes(step, 7) {
				continue
			}
			t.Run(strings.Join(args[:2], " ")+"/"+fmt.Sprint(step)+"/"+sig.String(), func(t *testing.T) {
				took := interruptedWhileReading(t, args, files.paste, sig)
				for try := 0; try < 2 && took > time.Second; try++ { // a busy machine may leave it no processor for a while
					took = interruptedWhileReading(t, args, files.paste, sig)
				}
				if took > time.Second {
					t.Errorf("it ends after %v", took)
				}
			})
		}
	}
}

func interruptedWhileReading(t *testing.T, args []string, paste string, sig syscall.Signal) time.Duration {
	t.Helper()
	cmd := program(t, args...)
	cmd.Dir = t.TempDir()
	enough := int64(4 << 20)
	if args[0] == "explain" {
		input, err := os.Open(paste)
		if err != nil {
			t.Fatal(err)
		}
		defer input.Close()
		cmd.Stdin, enough = input, 2<<20
	}
	took := interrupted(t, cmd, sig, func() bool { return hasRead(cmd.Process.Pid) > enough })
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit %d", code)
	}
	if left := entries(t, cmd.Dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return took
}

// interrupted starts a program and sends it a signal once it has come so far. It says
// how long the program took to end.
func interrupted(t *testing.T, cmd *exec.Cmd, sig syscall.Signal, soFar func() bool) time.Duration {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !soFar(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatal("it does not come so far")
		}
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_ = cmd.Wait()
	return time.Since(start)
}

// hasRead is how much a process has read so far.
func hasRead(pid int) (bytes int64) {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err == nil {
		_, err = fmt.Sscanf(string(body), "rchar: %d", &bytes)
	}
	if err != nil {
		return 0
	}
	return bytes
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
