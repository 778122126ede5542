package checks_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the want files of the wounds")

// open reads an estate and completes its target, as the command does.
func open(t testing.TB, files fs.FS) (snapshot.Target, *snapshot.Snapshot) {
	t.Helper()
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		t.Fatal(err)
	}
	return target, snap
}

func openFixture(t testing.TB, name string) (snapshot.Target, *snapshot.Snapshot) {
	t.Helper()
	files, _, err := fixtures.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, files)
}

// bad lists every finding that is neither PASS nor SKIP, of every check.
func bad(results []checks.Result) []string {
	var out []string
	for _, r := range results {
		for _, f := range r.Findings {
			switch {
			case f.Problem != nil:
				out = append(out, fmt.Sprintf("%s %s %s %s", r.Check.ID, f.Status, f.Problem.Code, f.Subject))
			case f.Status == checks.Unknown:
				for _, g := range f.Gaps {
					out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Check.ID, f.Status, g.Code, f.Subject)))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wounds are the folders that each provoke a problem.
func wounds(t testing.TB) []string {
	t.Helper()
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no wounds found: %v", err)
	}
	return folders
}

// wounded opens the estate of one.
func wounded(t testing.TB, folder string) (snapshot.Target, *snapshot.Snapshot) {
	t.Helper()
	files, _, err := fixtures.Layer(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	return open(t, files)
}

// TestWounds wounds the healthy estate in one place after another. Each want
// file lists all that then turns up, in every check: what is missing fails the
// test, and so does what is not listed.
func TestWounds(t *testing.T) {
	provoked := map[string]bool{}
	for _, folder := range wounds(t) {
		check := filepath.Base(filepath.Dir(folder))
		t.Run(check+"/"+filepath.Base(folder), func(t *testing.T) {
			if checks.ByID(check) == nil {
				t.Fatalf("the folder is named after %q, which is no check", check)
			}
			target, snap := wounded(t, folder)
			results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
			got := bad(results)
			for _, r := range results {
				for _, f := range r.Findings {
					if f.Problem != nil {
						provoked[f.Problem.Code] = true
						complete(t, f)
						if !slices.Contains(r.Check.Problems, f.Problem) {
							t.Errorf("%s reports %s, which is not in its Problems: nothing explains it", r.Check.ID, f.Problem.Code)
						}
					}
				}
			}
			want := filepath.Join(folder, "want")
			if *update {
				if err := os.WriteFile(want, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			body, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			expected := strings.FieldsFunc(string(body), func(r rune) bool { return r == '\n' })
			if !slices.Equal(got, expected) {
				t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(expected, "\n  "))
			}
		})
	}
	for _, c := range checks.All() {
		for _, p := range c.Problems {
			if !provoked[p.Code] {
				t.Errorf("%s of %s: no wound provokes it: make checks/testdata/%[2]s/<wound> (CONTRIBUTING.md, Adding a check)", p.Code, c.ID)
			}
		}
	}
}

// commands are a problem's own, with their arguments open.
func commands(p *checks.Problem) []string {
	var out []string
	for _, c := range slices.Concat(p.Look, p.Do) {
		out = append(out, strings.ReplaceAll(c.String(), "{region}", ""))
	}
	return out
}

// complete refuses a finding whose texts ask for arguments that it doesn't give,
// or that proves nothing.
func complete(t *testing.T, f checks.Finding) {
	t.Helper()
	p := f.Problem
	texts := append([]string{p.Title.En, p.Title.Ja, p.Cause.En, p.Cause.Ja, p.Fix.En, p.Fix.Ja}, commands(p)...)
	for _, text := range texts {
		for _, name := range checks.Placeholders(text) {
			if _, ok := f.Args[name]; !ok {
				t.Errorf("%s: the text %q wants {%s}, which the finding does not give", p.Code, text, name)
			}
		}
	}
	if len(f.Evidence) == 0 {
		t.Errorf("%s: no evidence", p.Code)
	}
	if f.Subject == "" {
		t.Errorf("%s: no subject", p.Code)
	}
}
