package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWaivers lets findings stand: they no longer decide, and stay visible and
// counted in every format.
func TestWaivers(t *testing.T) {
	dir := t.TempDir()
	write := func(body string) string {
		path := filepath.Join(dir, "waivers.yaml")
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := func(id, extra, expires string) string {
		return "  - {id: " + id + ", reason: agreed in CHG-1, owner: network team, expires: " + expires + extra + "}\n"
	}
	for _, tt := range []struct {
		name, body string
		code       int
		says       []string // on either stream
	}{
		{"both failures", "waivers:\n" + one("DSP201", "", "2999-01-31") + one("task-sg", "", "2999-01-31"), 0, []string{"READY", "2 waived", "agreed in CHG-1", "2999-01-31", "DSP201"}},
		{"one of two", "waivers:\n" + one("DSP201", "", "2999-01-31"), 1, []string{"1 fail", "1 waived"}},
		{"of another resource", "waivers:\n" + one("DSP201", ", subject: vpce-0000000000000000f", "2999-01-31") + one("DSP212", "", "2999-01-31"), 1, []string{"1 fail", "note: the waiver of DSP201 (subject vpce-0000000000000000f) is about nothing"}},
		{"within the facts", "waivers:\n" + one("DSP201", ", addresses: [10.10.1.0/24], ports: ['443'], direction: ingress", "2999-01-31") + one("DSP212", "", "2999-01-31"), 0, []string{"2 waived"}},
		{"of other addresses", "waivers:\n" + one("DSP201", ", addresses: [10.10.9.0/24, 10.10.1.5]", "2999-01-31") + one("DSP212", "", "2999-01-31"), 1, []string{"1 fail"}},
		{"of other ports", "waivers:\n" + one("DSP201", ", ports: ['22', 1024-1064]", "2999-01-31") + one("DSP212", "", "2999-01-31"), 1, []string{"1 fail"}},
		{"of no ports", "waivers:\n" + one("DSP201", ", ports: [ssh]", "2999-01-31"), exitUsage, []string{"waivers[0]: ports", "ssh"}},
		{"expired", "waivers:\n" + one("DSP201", "", "2020-01-31") + one("DSP212", "", "2999-01-31"), 1, []string{"1 fail", "expired on 2020-01-31"}},
		{"no owner", "waivers:\n  - {id: DSP201, reason: x, expires: 2999-01-31}\n", exitUsage, []string{"waivers[0]", "owner"}},
		{"no such code", "waivers:\n" + one("DSP999", "", "2999-01-31"), exitUsage, []string{"DSP999"}},
		{"no date", "waivers:\n" + one("DSP201", "", "soon"), exitUsage, []string{"soon", "2027-01-31"}},
		{"an unknown key", "waivers:\n" + one("DSP201", ", colour: red", "2999-01-31"), exitUsage, []string{"colour"}},
		{"no YAML", "\t{", exitUsage, []string{"waivers.yaml"}},
		{"empty", "", exitUsage, []string{"empty"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := write(tt.body)
			out := invoke(t, "check", "--fixture", "unreachable-443", "--waivers", file)
			if out.code != tt.code {
				t.Errorf("exit code %d, want %d: %s", out.code, tt.code, out.stderr)
			}
			for _, s := range tt.says {
				if all := strings.Join(strings.Fields(out.stdout+out.stderr), " "); !strings.Contains(all, s) {
					t.Errorf("%q is not said: %s", s, all)
				}
			}
			for _, format := range formats {
				again := invoke(t, "check", "--fixture", "unreachable-443", "--waivers", file, "-o", format)
				if again.code != tt.code {
					t.Errorf("%s: exit code %d, want %d", format, again.code, tt.code)
				}
				if tt.code == 0 && !slices.Contains([]string{"github", "gitlab", "svg", "mermaid"}, format) && !strings.Contains(again.stdout, "CHG-1") {
					t.Errorf("%s hides the waiver: %s", format, again.stdout)
				}
			}
		})
	}
	if out := invoke(t, "check", "--fixture", "unreachable-443", "--accept", "DSP201", "--accept", "DSP212"); out.code != 0 || !strings.Contains(out.stdout, "2 waived") {
		t.Errorf("--accept: exit code %d: %s", out.code, out.stdout)
	}
	// What rests on a waived failure was not judged.
	if out := invoke(t, "check", "--fixture", "invalid-endpoint", "--accept", "endpoint-available"); out.code != 3 || !strings.Contains(out.stdout, "endpoint-available is waived, so nobody judged") {
		t.Errorf("a waived prerequisite: exit code %d: %s", out.code, out.stdout)
	}
	if out := invoke(t, "check", "--fixture", "healthy", "--accept", "DSP1"); out.code != exitUsage {
		t.Errorf("an unknown code: exit code %d", out.code)
	}
}

// TestStepSummary writes the summary of a GitHub step beside the annotations.
func TestStepSummary(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", file)
	out := invoke(t, "check", "--fixture", "unreachable-443", "-o", "github")
	body, err := os.ReadFile(file)
	if err != nil || out.code != 1 || !strings.Contains(string(body), "## ❌ DataSync: NOT READY") || !strings.Contains(out.stdout, "::error title=FAIL") {
		t.Errorf("%v, exit code %d: %s\n%s", err, out.code, out.stdout, body)
	}
}
