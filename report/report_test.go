package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// built judges an embedded estate and words the result.
func built(t testing.TB, fixture, lang string) report.Report {
	t.Helper()
	return builtWith(t, fixture, report.Options{Lang: lang})
}

func builtWith(t testing.TB, fixture string, opt report.Options) report.Report {
	t.Helper()
	target, snap := opened(t, fixture)
	return reported(target, snap, checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}), opt)
}

func opened(t testing.TB, fixture string) (snapshot.Target, *snapshot.Snapshot) {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	target, err := checks.Resolve(*snap.Target, snap.For(*snap.Target))
	if err != nil || snap.Target.AgentARN == "" {
		return *snap.Target, snap // as the goldens have it
	}
	return target, snap
}

func reported(target snapshot.Target, snap *snapshot.Snapshot, results []checks.Result, opt report.Options) report.Report {
	opt.Version, opt.FailOn, opt.GeneratedAt = "test", report.OnFail, snap.TakenAt
	return report.Build([]report.Judged{{Target: target, Snapshot: snap, Results: results}}, opt)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./report -update writes it: read it, it is the expectation)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what was printed (go test ./report -update rewrites it):\n%s", path, got)
	}
}

// unlikeHealthy judges an embedded estate and words what comes out otherwise than for
// the healthy one: another check changes nothing in it, unless it is about this.
func unlikeHealthy(t testing.TB, fixture, lang string) report.Report {
	t.Helper()
	healthy := map[string]checks.Status{}
	target, snap := opened(t, "healthy")
	for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
		healthy[r.Check.ID] = r.Status
	}
	target, snap = opened(t, fixture)
	results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
	results = slices.DeleteFunc(results, func(r checks.Result) bool { return r.Status == healthy[r.Check.ID] })
	return reported(target, snap, results, report.Options{Lang: lang})
}

// TestGolden pins every format, in both languages, for a healthy estate, and what
// comes out otherwise for one with failures and one with gaps.
func TestGolden(t *testing.T) {
	for fixture, build := range map[string]func(testing.TB, string, string) report.Report{"healthy": built, "unreachable-443": unlikeHealthy, "no-permission": unlikeHealthy} {
		for _, lang := range []string{"en", "ja"} {
			rep := build(t, fixture, lang)
			wide := report.TableOptions{Width: 160, Lang: lang}
			golden(t, strings.Join([]string{fixture, lang, "explain.txt"}, "."), rendered(t, report.Table(report.TableOptions{Width: 80, Lang: lang, Explain: true, Quiet: true}), rep))
			for name, opt := range map[string]report.TableOptions{
				"60.txt": {Width: 60, Lang: lang}, "120.txt": {Width: 120, Lang: lang}, "200.txt": {Width: 200, Lang: lang, Color: true},
				"verbose.txt": {Width: 80, Lang: lang, Verbose: true},
			} {
				golden(t, strings.Join([]string{fixture, lang, name}, "."), rendered(t, report.Table(opt), rep))
			}
			for _, f := range report.Formats() {
				opt := report.TableOptions{Width: 80, Lang: lang}
				if f.Name == "wide" {
					opt = wide
				}
				name := f.Name
				if f.Ending != f.Name {
					name += "." + f.Ending
				}
				golden(t, strings.Join([]string{fixture, lang, name}, "."), rendered(t, f.Render(opt), rep))
			}
		}
	}
}

// pasted lines are left whole, so that they can be copied: commands, Terraform,
// addresses, the table of the firewall request.
var pasted = regexp.MustCompile(`^    \S|^      (--|\S)|^\|`)

// TestTableFits holds every fixture's table to its width in both languages, and
// the columns to the same place.
func TestTableFits(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		for _, lang := range []string{"en", "ja"} {
			rep := built(t, fixture, lang)
			for _, width := range []int{60, 80, 120, 200} {
				var b bytes.Buffer
				opt := report.TableOptions{Width: width, Lang: lang, Wide: width == 200, Verbose: width == 80, Explain: true}
				if err := report.Table(opt)(&b, rep); err != nil {
					t.Fatal(err)
				}
				for _, line := range strings.Split(b.String(), "\n") {
					if w := report.Width(line); w > width && !pasted.MatchString(line) {
						t.Errorf("%s, %s: %d columns in a table of %d: %q", fixture, lang, w, width, line)
					}
					if strings.TrimRight(line, " ") != line {
						t.Errorf("%s, %s: trailing space: %q", fixture, lang, line)
					}
				}
			}
		}
	}
}

// id is what must stay whole to be copied.
var id = regexp.MustCompile(`\b(?:vpce|vpc|subnet|sg|sgr|i|eni|rtb|acl|pcx|tgw|tgw-rtb|tgw-attach)-[0-9a-f]{17}\b|\b\d+\.\d+\.\d+\.\d+(?:/\d+)?\b`)

// TestNoIDIsBroken finds every id that a wide report shows in a narrow one too.
func TestNoIDIsBroken(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		for _, lang := range []string{"en", "ja"} {
			rep := built(t, fixture, lang)
			var wide, narrow bytes.Buffer
			if err := report.Table(report.TableOptions{Width: 1000, Lang: lang})(&wide, rep); err != nil {
				t.Fatal(err)
			}
			if err := report.Table(report.TableOptions{Width: 60, Lang: lang})(&narrow, rep); err != nil {
				t.Fatal(err)
			}
			if a, b := id.FindAllString(wide.String(), -1), id.FindAllString(narrow.String(), -1); len(a) != len(b) {
				t.Errorf("%s, %s: %d ids in 1000 columns, %d in 60", fixture, lang, len(a), len(b))
			}
		}
	}
}

// TestFirstThings looks for the worst finding of every estate, whole, at the top:
// in 24 rows of 80 columns.
func TestFirstThings(t *testing.T) {
	for _, fixture := range fixtures.Names() {
		for _, lang := range []string{"en", "ja"} {
			rep := built(t, fixture, lang)
			var b bytes.Buffer
			if err := report.Table(report.TableOptions{Width: 80, Lang: lang})(&b, rep); err != nil {
				t.Fatal(err)
			}
			blocks := strings.Split(b.String(), "\n\n")
			if rows := strings.Count(blocks[0]+"\n\n"+blocks[1], "\n") + 1; rows > 24 {
				t.Errorf("%s, %s: the first finding ends in row %d", fixture, lang, rows)
			}
			worst := map[report.Verdict]string{report.NotReady: "FAIL", report.Inconclusive: "UNKNOWN"}[rep.Verdict]
			if !strings.HasPrefix(blocks[1], worst) {
				t.Errorf("%s, %s: it is %s and begins with %q", fixture, lang, rep.Verdict, blocks[1])
			}
		}
	}
}

func TestJSONFollowsTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	waivers := []report.Waiver{{Code: "sg-ingress-443", Reason: "agreed", Owner: "network", Expires: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)}}
	for _, fixture := range fixtures.Names() {
		var b bytes.Buffer
		rep := builtWith(t, fixture, report.Options{Lang: "en", Waivers: waivers})
		if err := rep.Since(built(t, "no-permission", "en")); err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&b, rep); err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", fixture, err)
		}
	}
}

// TestVerdict is the contract's table.
func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		sum         report.Summary
		on          report.FailOn
		interrupted bool
		want        report.Verdict
		code        int
	}{
		{report.Summary{Pass: 1}, report.OnFail, false, report.Ready, 0},
		{report.Summary{Pass: 1, Warn: 3, Skip: 2}, report.OnFail, false, report.Ready, 0},
		{report.Summary{Pass: 1, Warn: 1}, report.OnWarn, false, report.NotReady, 1},
		{report.Summary{Pass: 1, Unknown: 1}, report.OnFail, false, report.Inconclusive, 3},
		{report.Summary{Pass: 1, Unknown: 1}, report.OnWarn, false, report.Inconclusive, 3},
		{report.Summary{Pass: 1, Unknown: 1}, report.OnUnknown, false, report.NotReady, 1},
		{report.Summary{Pass: 9, Fail: 1, Unknown: 1}, report.OnFail, false, report.NotReady, 1},
		{report.Summary{}, report.OnFail, false, report.Inconclusive, 3},
		{report.Summary{Skip: 9}, report.OnFail, false, report.Inconclusive, 3},
		{report.Summary{Warn: 1}, report.OnFail, false, report.Inconclusive, 3},
		{report.Summary{Pass: 9, Fail: 1}, report.OnFail, true, report.Interrupted, 130},
	} {
		if got := report.Judge(tt.sum, tt.on, tt.interrupted); got != tt.want || got.ExitCode() != tt.code {
			t.Errorf("%+v, fail on %s, interrupted %v: got %s (%d), want %s (%d)", tt.sum, tt.on, tt.interrupted, got, got.ExitCode(), tt.want, tt.code)
		}
	}
}

// TestHostileText puts escape codes, line breaks and text that reorders itself
// into every string of an estate; none of it comes out alive.
func TestHostileText(t *testing.T) {
	const evil = "sg-\x1b[2J\x1b]0;owned\x07\r\n\u202egnp.\u200b<b>\"'&amp;"
	s := &snapshot.Scope{Name: evil, Account: evil, Region: evil, Roles: []snapshot.Role{snapshot.Destination}}
	s.Endpoints.See(snapshot.Full, nil)
	s.Endpoints.Put(snapshot.Endpoint{ID: evil, Type: evil, State: evil, VPC: evil, ServiceName: evil})
	s.Calls = []snapshot.Call{{Command: "describe-subnets", Error: &snapshot.CallError{Action: "ec2:DescribeSubnets", Code: evil, Message: evil}}}
	snap := &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}
	target := snapshot.Target{Name: evil, EndpointID: evil, Region: evil}
	rep := report.Build([]report.Judged{{Target: target, Snapshot: snap, Results: checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})}}, report.Options{})
	for _, f := range report.Formats() {
		name := f.Name
		var b bytes.Buffer
		if err := f.Render(report.TableOptions{Explain: true, Width: 160, Lang: "en"})(&b, rep); err != nil {
			t.Fatal(err)
		}
		if markup := name == "html" || name == "svg" || name == "mermaid" || name == "junit"; markup && strings.Contains(b.String(), "<b>") {
			t.Errorf("%s: an element came through", name)
		}
		if name == "json" && !json.Valid(b.Bytes()) {
			t.Error("the JSON is broken")
		}
		for _, c := range []string{"\x1b", "\x07", "\r", "\u202e", "\u200b"} {
			if strings.Contains(b.String(), c) {
				t.Errorf("%s: %q came through", name, c)
			}
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("the security groups of vpce-0a1 do not admit", 20)
	f.Add("エンドポイントのセキュリティグループが、許可していない（TCP 443）。", 10)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 8 || width > 200 {
			return
		}
		text = report.Harmless(text)
		lines := report.Wrap(text, width)
		for _, line := range lines {
			if report.Width(line) > width {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if strip(strings.Join(lines, "")) != strip(text) {
			t.Errorf("wrapping lost text: %q became %q", text, lines)
		}
	})
}
