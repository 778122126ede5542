package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/report"
)

// TestDiffMirrors compares the reports of all fixtures, each with each, read back
// from JSON: with itself nothing changed, and the other way round is the mirror.
func TestDiffMirrors(t *testing.T) {
	var all []report.Report
	for _, name := range fixtures.Names() {
		rep, err := report.ReadJSON([]byte(invoke(t, "check", "--fixture", name, "-o", "json").stdout))
		if err != nil {
			t.Fatal(name, err)
		}
		all = append(all, rep)
	}
	changed := 0
	for i, a := range all {
		for j, b := range all {
			d, back := compared(t, a, b), compared(t, b, a)
			if i == j && !d.Equal {
				t.Errorf("%s differs from itself: %+v", fixtures.Names()[i], d)
			}
			if d.Equal != back.Equal || d.Before != back.After || len(d.Targets) != len(back.Targets) {
				t.Fatalf("%s and %s: %+v, back %+v", fixtures.Names()[i], fixtures.Names()[j], d, back)
			}
			for n, x := range d.Targets {
				y := back.Targets[n]
				changed += len(x.New) + len(x.Hidden)
				for _, lists := range [][2][]report.DiffFinding{{x.New, y.Resolved}, {x.Revealed, y.Hidden}, {x.Resolved, y.New}, {x.Hidden, y.Revealed}, {x.Unchanged, y.Unchanged}} {
					if !reflect.DeepEqual(ids(lists[0]), ids(lists[1])) {
						t.Errorf("%s and %s: %v, back %v", fixtures.Names()[i], fixtures.Names()[j], ids(lists[0]), ids(lists[1]))
					}
				}
				if len(x.GapsOpened) != len(y.GapsClosed) || len(x.GapsClosed) != len(y.GapsOpened) || len(x.Checks) != len(y.Checks) {
					t.Errorf("%s and %s: gaps or checks do not mirror", fixtures.Names()[i], fixtures.Names()[j])
				}
			}
		}
	}
	if changed < len(all) {
		t.Errorf("only %d findings are new or hidden in all pairs", changed)
	}
}

func compared(t *testing.T, a, b report.Report) report.Diff {
	t.Helper()
	d, err := report.Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ids(list []report.DiffFinding) []string {
	var out []string
	for _, f := range list {
		out = append(out, strings.Join([]string{f.Check, string(f.Status), f.Code, f.Subject, f.About.Key()}, " "))
	}
	slices.Sort(out)
	return out
}

// TestDiff compares reports and snapshots, in both languages.
func TestDiff(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"healthy", "unreachable-443", "no-permission"} {
		if out := invoke(t, "fixtures", "--save", at(name), name); out.code != 0 {
			t.Fatal(out.stderr)
		}
		for _, lang := range []string{"en", "ja"} {
			if out := invoke(t, "check", "--snapshot", at(name), "--lang", lang, "-o", "json="+at(name+"."+lang)); out.code == exitUsage {
				t.Fatal(out.stderr)
			}
		}
	}
	if err := os.WriteFile(at("other"), []byte(`{"schema":"other/v1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	healthy, broken, blind := at("healthy"), at("unreachable-443"), at("no-permission")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want []string // in the output, or of a usage error, on stderr; nil: it is silent
	}{
		{"a report in one language and one in another", []string{"-q", broken + ".en", broken + ".ja"}, 0, nil},
		{"a snapshot and its report", []string{"-q", "-o", "json", healthy, healthy + ".ja"}, 0, nil},
		{"nothing changed", []string{healthy, healthy}, 0, []string{"No finding changed.", "READY -> READY"}},
		{"what is unchanged is shown", []string{broken, broken}, 0, []string{"DSP201  unchanged"}},
		{"new", []string{"--fail-on", "new", healthy, broken + ".en"}, 1, []string{"DSP201  new", "PASS -> FAIL  sg-ingress-443, task-sg", "READY -> NOT READY  2 new"}},
		{"the row to blame", []string{healthy, broken}, 0, []string{"by describe-security-group-rules sgr-0d443a2b3c4d5e6f1 (delete,", "Rows that changed: 2"}},
		{"the row that mended it", []string{"-q", broken, healthy}, 0, []string{"by describe-security-group-rules sgr-0d443a2b3c4d5e6f1 (create,"}},
		{"new, without a gate", []string{healthy, broken + ".en"}, 0, []string{"DSP201  new"}},
		{"resolved", []string{"--fail-on", "new", broken, healthy}, 0, []string{"DSP201  resolved", "0 new  2 resolved\n"}},
		{"a lost permission resolves nothing", []string{broken, blind}, 0, []string{"DSP201  hidden", "not resolved", "a gap opened", "1 new  2 hidden  8 gaps opened\n"}},
		{"what comes to light", []string{"--fail-on", "new", blind, broken}, 1, []string{"DSP201  revealed", "a gap closed"}},
		{"in Japanese", []string{"--lang", "ja", broken, blind}, 0, []string{"DSP201  未確認", "解消したとは言えない", "見えなくなった"}},
		{"one side", []string{healthy}, exitUsage, []string{"got 1"}},
		{"no such format", []string{"-o", "xml", healthy, broken}, exitUsage, []string{"expected one of table, wide, json"}},
		{"no such gate", []string{"--fail-on", "warn", healthy, broken}, exitUsage, []string{"expected new"}},
		{"not a report", []string{healthy, at("other")}, exitUsage, []string{`schema is "other/v1"`}},
		{"nothing there", []string{healthy, at("none")}, exitUsage, []string{"no such file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := invoke(t, append([]string{"diff"}, tt.args...)...)
			text := out.stdout
			if tt.code == exitUsage {
				text = out.stderr
			}
			if out.code != tt.code || tt.want == nil && text != "" {
				t.Errorf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in:\n%s", want, text)
				}
			}
		})
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // in the output, or on stderr; "": it is silent
	}{
		{"as before, though broken", []string{"--snapshot", broken, "--baseline", broken + ".ja", "--fail-on", "new", "-q"}, 0, ""},
		{"new", []string{"--snapshot", broken, "--baseline", healthy + ".en", "--fail-on", "new", "-q"}, 1, "DSP201  new"},
		{"against a snapshot", []string{"--snapshot", broken, "--baseline", healthy, "-q"}, 1, "READY -> NOT READY  2 new"},
		{"the verdict decides without a gate", []string{"--snapshot", broken, "--baseline", broken}, 1, "No finding changed."},
		{"may hide something", []string{"--snapshot", blind, "--baseline", broken, "--skip", "iam-activation", "--fail-on", "new"}, 3, "DSP201  hidden"},
		{"since when", []string{"--snapshot", healthy, "--fail-on", "new"}, exitUsage, "--baseline"},
		{"of a plan", []string{"--snapshot", healthy, "--baseline", healthy, "--plan", "plan.json"}, exitUsage, "exclude each other"},
		{"no such baseline", []string{"--snapshot", healthy, "--baseline", at("none")}, exitUsage, "no such file"},
	} {
		out := invoke(t, append([]string{"check"}, tt.args...)...)
		if out.code != tt.code || !strings.Contains(out.stdout+out.stderr, tt.want) || tt.want == "" && out.stdout+out.stderr != "" {
			t.Errorf("--baseline, %s: exit code %d: %s%s", tt.name, out.code, out.stdout, out.stderr)
		}
	}
	var rep report.Report
	if err := json.Unmarshal([]byte(invoke(t, "check", "--snapshot", broken, "--baseline", broken, "--fail-on", "new", "-o", "json").stdout), &rep); err != nil || rep.Verdict != report.NotReady || rep.ExitCode != 0 || !rep.Baseline.Equal {
		t.Errorf("%v: %s, exit code %d", err, rep.Verdict, rep.ExitCode)
	}
	if out := invoke(t, "diff", healthy, blind); strings.Contains(out.stdout, "describe-security-groups sg-") {
		t.Errorf("rows that were only not seen have changed:\n%s", out.stdout)
	}
	var d report.Diff
	if err := json.Unmarshal([]byte(invoke(t, "diff", "-o", "json", healthy, broken).stdout), &d); err != nil || d.Schema != report.DiffSchema || d.New() != 2 {
		t.Errorf("%v: %+v", err, d)
	}
}

// TestDiffFormats writes the same findings in every format of a report, nothing where
// nothing changed with -q, but whole files.
func TestDiffFormats(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"healthy", "unreachable-443", "no-permission"} {
		if out := invoke(t, "fixtures", "--save", filepath.Join(dir, name), name); out.code != 0 {
			t.Fatal(out.stderr)
		}
	}
	t.Chdir(dir)
	for _, f := range report.Formats() {
		news := slices.Contains([]string{"junit", "sarif", "gitlab"}, f.Name) // see TestDiffNews
		for _, lang := range []string{"en", "ja"} {
			out := invoke(t, "diff", "-o", f.Name, "--lang", lang, "healthy", "unreachable-443")
			if out.code != 0 || strings.Count(out.stdout, "DSP201") < 1 || !news && !strings.Contains(out.stdout, "describe-security-group-rules") {
				t.Errorf("%s, %s: exit code %d: %s%s", f.Name, lang, out.code, out.stdout, out.stderr)
			}
			if out := invoke(t, "diff", "-q", "-o", f.Name, "--lang", lang, "healthy", "healthy"); out.code != 0 || out.stdout != "" {
				t.Errorf("%s, %s: %q", f.Name, lang, out.stdout)
			}
			if out := invoke(t, "diff", "-o", f.Name, "--lang", lang, "healthy", "no-permission"); !strings.Contains(strings.ReplaceAll(out.stdout, "#58;", ":"), "ec2:DescribeSecurityGroups") {
				t.Errorf("%s, %s: no gap: %s", f.Name, lang, out.stdout)
			}
			for _, args := range [][]string{{"diff", "unreachable-443", "unreachable-443"}, {"check", "--snapshot", "unreachable-443", "--baseline", "unreachable-443"}} {
				if out := invoke(t, append(args, "-q", "-o", f.Name+"=out", "--lang", lang)...); out.code == exitUsage || out.stdout != "" {
					t.Errorf("%s, %s: %q: exit code %d: %s", f.Name, lang, args, out.code, out.stdout+out.stderr)
				}
				if body, err := os.ReadFile("out"); err != nil || len(body) == 0 {
					t.Errorf("%s, %s: %q: the file is empty, %v", f.Name, lang, args, err)
				}
				if err := os.Remove("out"); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if out := invoke(t, "diff", "-o", "nonsense", "healthy", "healthy"); out.code != 2 || !strings.Contains(out.stderr, report.FormatNames()) {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// TestDiffDraws marks in the pictures of both sides what is other in the other, whatever
// the languages of the reports, and draws nothing where nothing changed.
func TestDiffDraws(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"healthy", "unreachable-443", "healthy-tgw", "no-permission"} {
		if out := invoke(t, "fixtures", "--save", filepath.Join(dir, name), name); out.code != 0 {
			t.Fatal(out.stderr)
		}
	}
	t.Chdir(dir)
	for _, lang := range []string{"en", "ja"} {
		for _, name := range []string{"healthy", "unreachable-443"} {
			if out := invoke(t, "check", "--snapshot", name, "--lang", lang, "-o", "json="+name+"."+lang); out.code == exitUsage {
				t.Fatal(out.stderr)
			}
		}
	}
	for _, tt := range []struct {
		before, after string
		marks         int // in both pictures together
		says          []string
	}{
		{"healthy", "unreachable-443", 4, []string{"before: PASS", "after: FAIL"}},
		{"healthy.en", "unreachable-443.ja", 4, []string{"before: PASS", "after: FAIL"}}, // words differ everywhere
		{"unreachable-443.en", "healthy", 4, []string{"before: FAIL", "after: PASS"}},
		{"healthy", "no-permission", 8, []string{"before: PASS", "after: UNKNOWN"}}, // groups that were not seen are no others
		{"healthy.en", "healthy", 0, nil},
		{"unreachable-443.en", "unreachable-443.ja", 0, nil},
		{"healthy", "healthy-tgw", 31, []string{"not in the picture before", "not in the picture after", "other before"}},
	} {
		for format, mark := range map[string]string{"svg": `<rect class="mark"`, "mermaid": " changed\n", "html": `<rect class="mark"`} {
			out := invoke(t, "diff", tt.before, tt.after, "-o", format)
			if out.code != 0 {
				t.Fatal(out.stderr)
			}
			text := strings.NewReplacer("#58;", ":", "&#39;", "'").Replace(out.stdout)
			if format != "html" { // which draws some ways twice: see TestWayAlone
				if n := strings.Count(text, mark); n != tt.marks {
					t.Errorf("%s to %s, %s: %d marks, want %d", tt.before, tt.after, format, n, tt.marks)
				}
			}
			for _, s := range tt.says {
				if !strings.Contains(text, "≠ "+s) {
					t.Errorf("%s to %s, %s: %q is missing", tt.before, tt.after, format, s)
				}
			}
			if drawn := strings.Contains(text, "acl-0d1a2b3c4d5e6f701"); drawn != (tt.marks > 0) {
				t.Errorf("%s to %s, %s: drawn: %v", tt.before, tt.after, format, drawn)
			}
		}
	}
}

// TestDiffWide lists every check of both sides with all its evidence: once where it is the
// same, behind a sign where it is not.
func TestDiffWide(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"healthy", "unreachable-443"} {
		if out := invoke(t, "fixtures", "--save", filepath.Join(dir, name), name); out.code != 0 {
			t.Fatal(out.stderr)
		}
	}
	t.Chdir(dir)
	count := func(text, sign, check string) int {
		n := 0
		for _, l := range strings.Split(text, "\n") {
			if f := strings.Fields(l); strings.HasPrefix(l, sign+" ") && strings.Contains(l, " "+check+" ") && len(f) > 2 && (f[0] == check || f[1] == check || f[2] == check) {
				n++
			}
		}
		return n
	}
	text := invoke(t, "diff", "healthy", "unreachable-443", "-o", "wide").stdout
	for _, c := range checks.All() {
		same := c.ID != "sg-ingress-443" && c.ID != "task-sg"
		if count(text, " ", c.ID) != map[bool]int{true: 1, false: 0}[same] || count(text, "-", c.ID) != map[bool]int{true: 0, false: 1}[same] || count(text, "+", c.ID) != map[bool]int{true: 0, false: 1}[same] {
			t.Errorf("%s: %d, -%d, +%d", c.ID, count(text, " ", c.ID), count(text, "-", c.ID), count(text, "+", c.ID))
		}
	}
	for _, evidence := range []string{"sg-0e1d2c3b4a5968778/sgr-0d443a2b3c4d5e6f1: tcp 443 from", "ec2:DescribeVpcs vpc-0d5c1a2b3e4f50617: tenancy default"} {
		if !strings.Contains(text, evidence) {
			t.Errorf("%q is missing in:\n%s", evidence, text)
		}
	}
	for _, args := range [][]string{{"diff", "-q", "healthy", "unreachable-443", "-o", "wide"}, {"check", "--snapshot", "unreachable-443", "--baseline", "healthy", "-o", "wide"}} {
		out := invoke(t, args...)
		_, since, _ := strings.Cut(out.stdout, "All checks: - before, + after")
		if count(since, "-", "task-sg") != 1 || count(since, "+", "task-sg") != 1 || count(since, " ", "endpoint-available") != 0 {
			t.Errorf("%q: %s", args, out.stdout)
		}
	}
	if out := invoke(t, "diff", "healthy", "healthy", "-o", "wide"); strings.Contains(out.stdout, "\n+ ") || strings.Contains(out.stdout, "\n- ") {
		t.Errorf("nothing changed: %s", out.stdout)
	}
}

// TestBaselineInEveryFormat says in every format of a report what is new since a baseline,
// and with --fail-on new, what is not new counts nowhere.
func TestBaselineInEveryFormat(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"healthy", "unreachable-443", "four-faults"} {
		if out := invoke(t, "fixtures", "--save", filepath.Join(dir, name), name); out.code != 0 {
			t.Fatal(out.stderr)
		}
	}
	t.Chdir(dir)
	for format, want := range map[string][3]string{ // of what is new, of what stood before, of what is gone
		"table":    {"DSP201  new\n", "DSP202  unchanged", "DSP220  resolved"},
		"wide":     {"DSP201  new\n", "No finding changed.", "DSP220  resolved"},
		"json":     {`"new": [`, `"unchanged": [`, `"resolved": [`},
		"junit":    {"New since the baseline.", "It was so at the time of the baseline.", ""},
		"sarif":    {`"baselineState": "new"`, `"baselineState": "unchanged"`, ""},
		"github":   {"New since the baseline.", "It was so at the time of the baseline.", "Since the baseline"},
		"gitlab":   {"New since the baseline.", "It was so at the time of the baseline.", ""},
		"markdown": {"**New**", "DSP202", "**Resolved**"},
		"html":     {"<h3>New (", "DSP202", "<h3>Resolved ("},
		"svg":      {"New: FAIL sg-ingress-443 DSP201", "DSP202", "Resolved: FAIL"},
		"mermaid":  {"New#58; FAIL sg-ingress-443 DSP201", "DSP202", "Resolved#58; FAIL"},
		"csv":      {",new\n", ",unchanged\n", ",resolved\n"},
	} {
		out := invoke(t, "check", "--snapshot", "four-faults", "--baseline", "unreachable-443", "-o", format, "--fail-on", "new")
		for i, w := range []string{strings.NewReplacer("sg-ingress-443 DSP201", "sg-ingress-control DSP202", "DSP201", "DSP202").Replace(want[0]), "", strings.NewReplacer("DSP220", "DSP201").Replace(want[2])} {
			if !strings.Contains(out.stdout, w) {
				t.Errorf("%s: %d, %q is missing in\n%s", format, i, w, out.stdout)
			}
		}
		same := invoke(t, "check", "--snapshot", "four-faults", "--baseline", "four-faults", "-o", format, "--fail-on", "new")
		if same.code != 0 || !strings.Contains(same.stdout, want[1]) {
			t.Errorf("%s, as before: exit code %d, %q is missing in\n%s", format, same.code, want[1], same.stdout)
		}
		for _, counts := range []string{"<failure", "::error", `"severity": "critical"`, `"level": "error",\n          "message"`} {
			if strings.Contains(same.stdout, counts) {
				t.Errorf("%s, as before: %s", format, counts)
			}
		}
	}
	if out := invoke(t, "check", "--snapshot", "unreachable-443", "--baseline", "healthy"); !strings.Contains(out.stdout, "by describe-security-group-rules sgr-0d443a2b3c4d5e6f1 (delete,") {
		t.Errorf("no row is to blame: %s", out.stdout)
	}
}

// TestDiffNews writes for CI what is new, and nothing else: not what stood before, and
// not what is gone; a gap that opened may hide a finding, and is one of them.
func TestDiffNews(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"healthy", "unreachable-443", "four-faults", "no-permission"} {
		if out := invoke(t, "check", "--fixture", name, "-q", "-o", "json="+filepath.Join(dir, name)); out.code == exitUsage {
			t.Fatal(out.stderr)
		}
	}
	for _, tt := range []struct {
		before, after string
		has, lacks    []string
	}{
		{"healthy", "unreachable-443", []string{"DSP201", "DSP212"}, []string{"DSP202", "endpoint-available"}},
		{"unreachable-443", "healthy", nil, []string{"DSP201", "sg-ingress-443"}},
		{"unreachable-443", "four-faults", []string{"DSP202", "DSP430"}, []string{"DSP201"}},
		{"four-faults", "four-faults", nil, []string{"DSP202"}},
	} {
		for _, format := range []string{"junit", "sarif", "gitlab"} {
			out := invoke(t, "diff", filepath.Join(dir, tt.before), filepath.Join(dir, tt.after), "-o", format, "--fail-on", "new")
			if want := min(len(tt.has), 1); out.code != want || out.stderr != "" {
				t.Errorf("%v, %s: exit code %d, want %d: %s", tt, format, out.code, want, out.stderr)
			}
			for _, id := range tt.has {
				if !strings.Contains(out.stdout, id) {
					t.Errorf("%v, %s: %s is missing\n%s", tt, format, id, out.stdout)
				}
			}
			for _, id := range tt.lacks {
				if strings.Contains(out.stdout, id) {
					t.Errorf("%v, %s: %s is there\n%s", tt, format, id, out.stdout)
				}
			}
		}
	}
	out := invoke(t, "diff", "-o", "junit", filepath.Join(dir, "healthy"), filepath.Join(dir, "no-permission"))
	if !strings.Contains(out.stdout, `errors="6"`) || !strings.Contains(out.stdout, `name="sg-ingress-443"`) || strings.Contains(out.stdout, "route-to-agent") {
		t.Errorf("gaps that opened: %s", out.stdout)
	}
}
