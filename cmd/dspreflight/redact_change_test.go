package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// changed is what a report says of a change: of each check the status before and
// after, the effect, the codes, and how many resources are behind each.
func changed(t *testing.T, body string) []string {
	t.Helper()
	var r report.Report
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, target := range r.Targets {
		c := target.Change
		out = append(out, fmt.Sprint(target.Verdict, target.Summary, c.Before, c.After, c.Broken, c.UnknownNow, c.Weakened, c.Repaired, c.MaybeRepaired, c.StillBroken, len(c.Notes), len(target.Gaps), target.PathBefore == nil))
		if len(c.Notes) > 0 {
			out = append(out, c.Notes[0]) // how many of the changes touch the target
		}
		for _, res := range target.Results {
			line := []string{res.Check, string(res.Before), string(res.Status), string(res.Effect)}
			for _, f := range res.Findings {
				one := fmt.Sprint(f.Status, f.Code, f.Effect)
				for _, r := range f.Resources {
					kind := ""
					if m := plannedType.FindStringSubmatch(r.Address); m != nil {
						kind = m[1]
					}
					one += fmt.Sprint(" ", r.Action, kind, r.File != "", r.Line)
				}
				for _, g := range f.Gaps {
					one += " " + g.Code
				}
				line = append(line, one)
			}
			slices.Sort(line[4:])
			out = append(out, strings.Join(line, ", "))
		}
	}
	return out
}

var (
	plannedType  = regexp.MustCompile(`\b(aws_[a-z0-9_]+)\.[A-Za-z0-9_-]+(?:\[[^\]]*\])?$`)
	plannedNames = regexp.MustCompile(`\b(?:module\.[A-Za-z0-9_-]+|aws_[a-z0-9_]+\.[A-Za-z0-9_-]+)\b`)
	plannedKeys  = regexp.MustCompile(`\[\\?"([A-Za-z0-9_-]{4,})\\?"\]`)
)

// namesOfPlan are the names that a plan or template gives: of its modules and resources,
// and the keys of those of which there are several.
func namesOfPlan(t *testing.T, body string) map[string]bool {
	t.Helper()
	var doc struct {
		Resources map[string]any
		Changes   []struct {
			Address string `json:"address"`
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for id := range doc.Resources {
		out[id] = true
	}
	for _, c := range doc.Changes {
		for _, name := range plannedNames.FindAllString(c.Address, -1) {
			out[name] = true
		}
		for _, m := range plannedKeys.FindAllStringSubmatch(c.Address, -1) {
			out[`["`+m[1]+`"]`] = true
		}
	}
	return out
}

// TestRedactedChange redacts what plans and templates do to their estates: every report
// has the statuses, codes, effects and blame of the one that is not redacted, and names
// nothing of the estate or the plan, in no format.
func TestRedactedChange(t *testing.T) {
	type change struct{ name, file, before string }
	var all []change
	for _, file := range recorded.Glob(t, "plans", "*/plan.json") {
		all = append(all, change{filepath.Base(filepath.Dir(file)), file, filepath.Join(filepath.Dir(file), "describe_before")})
	}
	for _, file := range recorded.Glob(t, "plans", "cloudformation/*/describe_before") {
		dir := filepath.Dir(file)
		all = append(all, change{filepath.Base(dir), filepath.Join(dir, "template_after.json"), file})
	}
	if len(all) < 80 {
		t.Fatalf("only %d changes: the test proves little", len(all))
	}
	key := sureKey(t, filepath.Join(t.TempDir(), "key"))
	for n, c := range all {
		if !tier.Takes(n, 8) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"check", "--complete", "--requirements", "article", "--snapshot", c.before}, agentFlags(c.name)...)
			if strings.HasSuffix(c.file, "plan.json") {
				args = append(args, "--plan", c.file, "--configuration", filepath.Join(filepath.Dir(c.file), "after"))
			} else {
				args = append(args, "--template", c.file)
			}
			plain := invoke(t, append(args, "-o", "json")...)
			if plain.code == exitUsage {
				return // an estate or a plan that is refused
			}
			body := read(t, c.file)
			was, names := namesIn(plain.stdout, body, folderText(t, c.before)), namesOfPlan(t, body)
			args = append(args, "--redact", "--redact-key", key)
			clean := func(format, text string) {
				for word := range namesIn(text) {
					if was[word] {
						t.Errorf("%s is still in %s", word, format)
					}
				}
				for name := range names {
					if strings.Contains(text, name) && regexp.MustCompile(`(^|[^A-Za-z0-9_])`+regexp.QuoteMeta(name)+`($|[^A-Za-z0-9_])`).MatchString(text) {
						t.Errorf("%s is still in %s", name, format)
					}
				}
			}
			redacted := invoke(t, append(args, "-o", "json")...)
			if redacted.code != plain.code {
				t.Fatalf("exit code %d, want %d: %s", redacted.code, plain.code, redacted.stderr)
			}
			if got, want := changed(t, redacted.stdout), changed(t, plain.stdout); !slices.Equal(got, want) {
				for i := range want {
					if i < len(got) && got[i] != want[i] {
						t.Errorf("%s\nwant %s", got[i], want[i])
					}
				}
			}
			clean("json", redacted.stdout)
			format := formats[n%len(formats)]
			clean(format, invoke(t, append(args, "--explain", "--verbose", "-o", format)...).stdout)
			archive := filepath.Join(t.TempDir(), "b.zip")
			if out := invoke(t, append(slices.Concat([]string{"bundle"}, args[1:]), "-o", archive)...); out.code != plain.code {
				t.Fatalf("bundle: exit code %d, want %d: %s", out.code, plain.code, out.stderr)
			}
			files := unpacked(t, archive)
			for _, file := range slices.Sorted(maps.Keys(files)) {
				clean(file, files[file])
			}
			if got, want := changed(t, files["report.json"]), changed(t, redacted.stdout); !slices.Equal(got, want) {
				t.Errorf("the bundle's report says %v, want %v", got, want)
			}
		})
	}
}
