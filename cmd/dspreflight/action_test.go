package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestRealActionRelease runs the step of the action that gets a release: the binary is
// used when its checksum is right, refused when it is not, and built where there is none.
func TestRealActionRelease(t *testing.T) {
	tier.Real(t, "bash, curl and tar")
	for _, tool := range []string{"bash", "curl", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed", tool)
		}
	}
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: the step leaves Windows to the build")
	}
	var action struct {
		Runs struct {
			Steps []struct{ ID, Run string }
		}
	}
	readYAML(t, "../../action.yml", &action)
	step := action.Runs.Steps[0]
	if step.ID != "release" {
		t.Fatal(step.ID)
	}
	host := t.TempDir()
	dir := filepath.Join(host, "o", "r", "releases", "download", "v1.2.3")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	archive := "dspreflight_1.2.3_linux_amd64.tar.gz"
	if err := os.WriteFile(filepath.Join(dir, "dspreflight"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-czf", filepath.Join(dir, archive), "-C", dir, "dspreflight").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	body, err := os.ReadFile(filepath.Join(dir, archive))
	if err != nil {
		t.Fatal(err)
	}
	right := fmt.Sprintf("%x", sha256.Sum256(body))
	wrong := strings.Repeat("0", 64)
	for _, tt := range []struct {
		name, ref, version, checksum, listed string
		code                                 int
		used                                 bool
	}{
		{name: "the release of the ref", ref: "v1.2.3", listed: right, used: true},
		{name: "a pinned checksum", version: "v1.2.3", checksum: right, listed: wrong, used: true},
		{name: "another file's checksum", ref: "v1.2.3", listed: wrong, code: 2},
		{name: "not the pinned checksum", ref: "v1.2.3", checksum: wrong, listed: right, code: 2},
		{name: "no checksum", ref: "v1.2.3", code: 2},
		{name: "a branch", ref: "main"},
		{name: "a release without binaries", ref: "v1.2.4"},
		{name: "a version that is none", version: "v9.9.9", code: 2},
		{name: "a version that is not one", version: "latest; touch hacked", code: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sums := filepath.Join(dir, "checksums.txt")
			_ = os.Remove(sums)
			if tt.listed != "" {
				if err := os.WriteFile(sums, []byte(wrong+"  other.tar.gz\n"+tt.listed+"  "+archive+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			temp, outputs := t.TempDir(), filepath.Join(t.TempDir(), "outputs")
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir = temp
			cmd.Env = []string{
				"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + temp, "GITHUB_OUTPUT=" + outputs, "SERVER=file://" + host, "ACTION_REPOSITORY=o/r", "OS=Linux", "ARCH=X64",
				"ACTION_REF=" + tt.ref, "INPUT_VERSION=" + tt.version, "INPUT_CHECKSUM=" + tt.checksum,
			}
			said, err := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("exit code %d (%v), want %d: %s", got, err, tt.code, said)
			}
			told, _ := os.ReadFile(outputs)
			_, missing := os.Stat(filepath.Join(temp, "dspreflight"))
			if used := string(told) == "binary=v1.2.3\n" && missing == nil; used != tt.used {
				t.Errorf("used: %v; outputs %q: %s", used, told, said)
			}
			if _, err := os.Stat(filepath.Join(temp, "hacked")); err == nil {
				t.Error("an input was run")
			}
		})
	}
}
