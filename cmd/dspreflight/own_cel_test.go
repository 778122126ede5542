//go:build cel

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/report"
)

const ownFile = `checks:
- id: endpoint-tagged
  code: ORG102
  title: {en: The endpoint says who owns it, ja: エンドポイントの所有者がわかる}
  needs: [describe-vpc-endpoints]
  expect: endpoint.Tags.exists(t, t.Key == "Owner")
  problem: {en: "{subject} has no tag Owner", ja: "{subject} に Owner タグがない"}
  fix: Tag {subject}.
  docs: https://handbook.example.com/owners
`

// TestOwnChecks judges, lists, explains, selects and waives the checks of a file as ours,
// in every format.
func TestOwnChecks(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.yaml")
	if err := os.WriteFile(own, []byte(ownFile), 0o600); err != nil {
		t.Fatal(err)
	}
	out := invoke(t, "check", "--fixture", "healthy", "--checks", own, "-o", "json")
	var rep report.Report
	if err := json.Unmarshal([]byte(out.stdout), &rep); err != nil || out.code != 1 || rep.Summary.Fail != 1 {
		t.Fatalf("exit code %d, %v, %s", out.code, err, out.stderr)
	}
	for _, format := range report.Formats() {
		out := invoke(t, "check", "--fixture", "healthy", "--checks", own, "--check", "endpoint-tagged", "-o", format.Name)
		if out.code != 1 || out.stderr != "" {
			t.Errorf("%s: exit code %d, %s", format.Name, out.code, out.stderr)
		}
		if drawn := format.Name == "svg" || format.Name == "mermaid"; !drawn && !strings.Contains(out.stdout, "ORG102") {
			t.Errorf("%s does not name ORG102:\n%s", format.Name, out.stdout)
		}
	}
	for _, tt := range []struct {
		code int
		says string
		args []string
	}{
		{0, "endpoint-tagged", []string{"checks", "--checks", own}},
		{0, "has no tag Owner", []string{"explain", "--checks", own, "ORG102"}},
		{0, "Found by: endpoint-tagged", []string{"explain", "--checks", own, "endpoint-tagged"}},
		{0, "READY", []string{"check", "--fixture", "healthy", "--checks", own, "--accept", "org102"}},
		{0, "READY", []string{"check", "--fixture", "healthy", "--checks", own, "--skip", "endpoint-t*"}},
		{1, "に Owner タグがない", []string{"check", "--fixture", "healthy", "--checks", own, "--lang", "ja"}},
		{2, "neither a problem code", []string{"check", "--fixture", "healthy", "--accept", "ORG102"}},
		{2, "line 1, column 1", []string{"check", "--fixture", "healthy", "--checks", filepath.Join(dir, "none.yaml")}},
	} {
		if tt.code == 2 && strings.Contains(tt.says, "line") {
			if err := os.WriteFile(filepath.Join(dir, "none.yaml"), []byte("# nothing\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out := invoke(t, tt.args...); out.code != tt.code || !strings.Contains(out.stdout+out.stderr, tt.says) {
			t.Errorf("%v: exit code %d, without %q:\n%s%s", tt.args, out.code, tt.says, out.stdout, out.stderr)
		}
	}
}

// TestBundleOwnChecks judges a bundle again by the checks in it, and redacts none that
// are in somebody's words.
func TestBundleOwnChecks(t *testing.T) {
	dir := t.TempDir()
	own, archive := filepath.Join(dir, "own.yaml"), filepath.Join(dir, "b.zip")
	if err := os.WriteFile(own, []byte(ownFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := invoke(t, "bundle", "--fixture", "healthy", "--checks", own, "-o", archive); out.code != 1 {
		t.Fatalf("exit code %d, %s", out.code, out.stderr)
	}
	files := unpacked(t, archive)
	if files[bundleChecks] != ownFile {
		t.Errorf("the bundle's checks are %q", files[bundleChecks])
	}
	at := filepath.Join(dir, "again")
	for name, body := range files {
		file := filepath.Join(at, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, command, _ := strings.Cut(files["README.md"], "```sh\ndspreflight-cel ")
	command, _, _ = strings.Cut(command, "\n")
	t.Chdir(at)
	if again := invoke(t, append(strings.Fields(command), "-o", "json")...); again.code != 1 || !strings.Contains(again.stdout, "ORG102") {
		t.Errorf("judged again: exit code %d, %s", again.code, again.stderr)
	}
	for _, args := range [][]string{{"bundle", "-o", filepath.Join(dir, "c.zip")}, {"check"}} {
		if out := invoke(t, append(args, "--fixture", "healthy", "--checks", own, "--redact")...); out.code != 2 || out.stdout != "" || !strings.Contains(out.stderr, "--checks") {
			t.Errorf("exit code %d: %s", out.code, out.stderr)
		}
	}
}

// TestOwnChecksOfOthers lists and explains a file of checks whose texts mean harm.
func TestOwnChecksOfOthers(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte(strings.NewReplacer("The endpoint says", `"\e[2J\u202e ::error::owned`, "who owns it, ja", `", ja`, "has no tag", `\e]0;owned\a ::stop-commands::x`).Replace(ownFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"checks", "--checks", own}, {"explain", "--checks", own, "ORG102"}, {"explain", "--checks", own, "endpoint-tagged"}, {"check", "--fixture", "healthy", "--checks", own}} {
		out := invoke(t, args...)
		if said := out.stdout + out.stderr; !strings.Contains(said, "owned") && !strings.Contains(said, "x1b") || strings.ContainsAny(said, "\x1b\a\u202e") || strings.Contains(said, " ::") {
			t.Errorf("%v: %q", args, said)
		}
	}
}
