package checks

import (
	"context"
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/source"
	"github.com/dspreflight/dspreflight/internal/tier"
)

func TestMain(m *testing.M) {
	tier.Spend()
	for _, c := range registry {
		c.Run = tier.Loud(c.ID, c.Run)
	}
	goleak.VerifyTestMain(m)
}

// estate is a snapshot with a destination scope whose VPC table was seen.
func estate(extent snapshot.Extent) *snapshot.Snapshot {
	s := &snapshot.Scope{Name: "destination", Roles: []snapshot.Role{snapshot.Destination}}
	if extent != snapshot.None {
		s.VPCs.See(extent, nil)
		s.VPCs.Put(snapshot.VPC{ID: "vpc-1"})
		s.Subnets.See(extent, nil)
	}
	return &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}
}

func evidenceOf(fact string) snapshot.Evidence {
	return snapshot.Saw(snapshot.VPCs, "vpc-1", snapshot.Same(fact))
}

var badProblem = &Problem{Code: "DSP999", Severity: Fail}

func checkOf(id string, run func(*Exam), after ...*Check) *Check {
	return &Check{ID: id, Requires: reqEndpoint, Needs: []snapshot.Kind{snapshot.VPCs}, After: after, Run: run}
}

func statusOf(t *testing.T, c *Check, snap *snapshot.Snapshot) Result {
	t.Helper()
	return Run(context.Background(), snapshot.Target{}, snap, []*Check{c}, Options{Budget: time.Second})[0]
}

func TestZeroIsUnknown(t *testing.T) {
	var s Status
	if s != Unknown || s.String() != "UNKNOWN" || Status(200).String() != "UNKNOWN" {
		t.Errorf("the zero Status is %v", s)
	}
	var p snapshot.Presence
	var e snapshot.Extent
	if p != snapshot.Unobserved || e != snapshot.None {
		t.Errorf("the zero Presence is %v, the zero Extent %v", p, e)
	}
	var table snapshot.Table[snapshot.VPC]
	if _, got := table.Get("vpc-1"); got != snapshot.Unobserved {
		t.Errorf("a table nobody filled says %v", got)
	}
}

func TestPassIsEarned(t *testing.T) {
	if r := statusOf(t, checkOf("no-evidence", func(x *Exam) { x.OK("vpc-1") }), estate(snapshot.Full)); r.Status != Unknown {
		t.Errorf("OK without evidence is %v", r.Status)
	}
	if r := statusOf(t, checkOf("silent", func(*Exam) {}), estate(snapshot.Full)); r.Status != Unknown {
		t.Errorf("a check that reports nothing is %v", r.Status)
	}
	if r := statusOf(t, checkOf("good", func(x *Exam) { x.OK("vpc-1", evidenceOf("there")) }), estate(snapshot.Full)); r.Status != Pass {
		t.Errorf("OK with evidence is %v", r.Status)
	}
}

func TestUnseenNeed(t *testing.T) {
	called := false
	c := checkOf("needs", func(x *Exam) { called = true; x.OK("vpc-1", evidenceOf("there")) })
	if r := statusOf(t, c, estate(snapshot.None)); r.Status != Unknown || r.Findings[0].Gaps[0].Code != snapshot.NotCollected {
		t.Errorf("got %+v", r)
	}
	if r := statusOf(t, c, estate(snapshot.Declined)); r.Status != Skip {
		t.Errorf("a declined table gives %v", r.Status)
	}
	if called {
		t.Error("the check ran without its table")
	}
}

func TestViewIsLimitedToNeeds(t *testing.T) {
	c := checkOf("peeks", func(x *Exam) {
		if x.Snapshot.Scopes[0].Subnets.Extent() != snapshot.None || x.Snapshot.Scopes[0].VPCs.Extent() != snapshot.Full {
			x.Report(badProblem, "vpc-1", nil, evidenceOf("sees an undeclared table"))
			return
		}
		x.OK("vpc-1", evidenceOf("sees what it declared"))
	})
	if r := statusOf(t, c, estate(snapshot.Full)); r.Status != Pass {
		t.Errorf("got %v", r.Status)
	}
}

func TestPanicsAndOverrunsAreUnknown(t *testing.T) {
	r := statusOf(t, checkOf("panics", func(*Exam) { panic("boom") }), estate(snapshot.Full))
	if r.Status != Unknown || r.Findings[0].Gaps[0].Code != snapshot.Panicked || !strings.Contains(GapText(r.Findings[0].Gaps[0]).En, "boom") {
		t.Errorf("got %+v", r)
	}
	release := make(chan struct{})
	slow := checkOf("slow", func(x *Exam) { <-release; x.OK("vpc-1", evidenceOf("late")) })
	other := checkOf("other", func(x *Exam) { x.OK("vpc-1", evidenceOf("there")) })
	results := Run(context.Background(), snapshot.Target{}, estate(snapshot.Full), []*Check{slow, other}, Options{Budget: 20 * time.Millisecond})
	close(release)
	if results[0].Status != Unknown || results[0].Findings[0].Gaps[0].Code != snapshot.TookTooLong || results[1].Status != Pass {
		t.Errorf("got %+v", results)
	}
}

// TestSideBySide runs checks that wait for each other, which ends only if they run at
// once; with a limit of one, none runs beside another.
func TestSideBySide(t *testing.T) {
	const n = 5
	var met sync.WaitGroup
	met.Add(n)
	var list []*Check
	for range n {
		list = append(list, checkOf("meets", func(x *Exam) {
			met.Done()
			met.Wait()
			x.OK("vpc-1", evidenceOf("there"))
		}))
	}
	for _, r := range Run(context.Background(), snapshot.Target{}, estate(snapshot.Full), list, Options{Budget: time.Minute}) {
		if r.Status != Pass {
			t.Errorf("%v", r.Findings)
		}
	}
	var under, most atomic.Int32
	for i := range list {
		list[i] = checkOf("counts", func(x *Exam) {
			most.Store(max(most.Load(), under.Add(1)))
			x.OK("vpc-1", evidenceOf("there"))
			under.Add(-1)
		})
	}
	list[0].After = []*Check{list[4]}
	for _, r := range Run(context.Background(), snapshot.Target{}, estate(snapshot.Full), list, Options{Limit: 1}) {
		if r.Status != Pass {
			t.Errorf("%v", r.Findings)
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestWeights(t *testing.T) {
	report := map[Status]func(*Exam){
		Fail:    func(x *Exam) { x.Report(badProblem, "vpc-1", nil, evidenceOf("bad")) },
		Unknown: func(x *Exam) { x.Unknown("vpc-1") },
		Warn:    func(x *Exam) { x.Report(&Problem{Code: "DSP998", Severity: Warn}, "vpc-1", nil, evidenceOf("odd")) },
		Pass:    func(x *Exam) { x.OK("vpc-1", evidenceOf("good")) },
		Skip:    func(x *Exam) { x.NotApplicable(say("moot", "対象外")) },
	}
	order := []Status{Fail, Unknown, Warn, Pass, Skip}
	for i, heavy := range order {
		for _, light := range order[i:] {
			c := checkOf("both", func(x *Exam) { report[light](x); report[heavy](x) })
			if r := statusOf(t, c, estate(snapshot.Full)); r.Status != heavy {
				t.Errorf("%v and %v give %v", light, heavy, r.Status)
			}
		}
	}
}

func TestPrerequisites(t *testing.T) {
	for _, tt := range []struct {
		prior func(*Exam)
		want  Status
	}{
		{func(x *Exam) { x.Report(badProblem, "vpc-1", nil, evidenceOf("bad")) }, Skip},
		{func(x *Exam) { x.NotApplicable(say("moot", "対象外")) }, Skip},
		{func(x *Exam) { x.Unknown("vpc-1") }, Unknown},
		{func(x *Exam) { x.OK("vpc-1", evidenceOf("good")) }, Pass},
	} {
		first := checkOf("first", tt.prior)
		second := checkOf("second", func(x *Exam) { x.OK("vpc-1", evidenceOf("good")) }, first)
		// The order of the list is that of the results, not that of the runs.
		results := Run(context.Background(), snapshot.Target{}, estate(snapshot.Full), []*Check{second, first}, Options{})
		if results[0].Check != second || results[0].Status != tt.want {
			t.Errorf("after %v: got %v", results[1].Status, results[0].Status)
		}
		if tt.want == Skip && !strings.Contains(results[0].Findings[0].Note.En, "first") {
			t.Errorf("the skip does not name its cause: %q", results[0].Findings[0].Note.En)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := Run(ctx, snapshot.Target{}, estate(snapshot.Full), []*Check{checkOf("late", func(x *Exam) { x.OK("vpc-1", evidenceOf("good")) })}, Options{})[0]
	if r.Status != Unknown || r.Findings[0].Gaps[0].Code != snapshot.Interrupted {
		t.Errorf("got %+v", r)
	}
}

func TestSelect(t *testing.T) {
	ids := func(list []*Check) string {
		var out []string
		for _, c := range list {
			out = append(out, c.ID)
		}
		return strings.Join(out, " ")
	}
	got, err := All().Select([]string{"sg-ingress-*"}, []string{"sg-ingress-support"})
	if err != nil || ids(got) != "endpoint-available sg-ingress-443 sg-ingress-control" {
		t.Errorf("got %q, %v", ids(got), err)
	}
	if _, err := All().Select([]string{"sg-ingres"}, nil); err == nil || !strings.Contains(err.Error(), "sg-ingress-443") {
		t.Errorf("a glob that matches nothing gives %v", err)
	}
	for _, skip := range []string{"*", "subnet-usable"} { // no check at all would read as every one
		if got, err := All().Select([]string{"subnet-usable"}, []string{skip}); err == nil {
			t.Errorf("--skip %s selects %q", skip, ids(got))
		}
	}
	if got, err := All().Select(nil, nil); err != nil || len(got) != len(All()) {
		t.Errorf("no glob selects %d of %d, %v", len(got), len(All()), err)
	}
}

// TestCatalogue holds the rules that every entry follows.
func TestCatalogue(t *testing.T) {
	both := func(where string, texts ...Text) {
		for _, text := range texts {
			if text.En == "" || text.Ja == "" || text.En == text.Ja {
				t.Errorf("%s: a text lacks a language: %+v", where, text)
			}
			en, ja := Placeholders(text.En), Placeholders(text.Ja)
			slices.Sort(en)
			slices.Sort(ja)
			if !slices.Equal(slices.Compact(en), slices.Compact(ja)) {
				t.Errorf("%s: English asks for %v, Japanese for %v", where, en, ja)
			}
		}
	}
	requirements := map[string]*Requirement{}
	states := func(where string, r *Requirement) {
		both(where+", its requirement "+r.ID, r.Title)
		if len(r.Sources) == 0 {
			t.Errorf("%s: its requirement %s has no source: name the page of AWS that says so", where, r.ID)
		}
		if !slices.Contains([]string{"required", "recommended", "support-only"}, r.Grade) {
			t.Errorf("%s: its requirement %s is of grade %q: required, recommended or support-only", where, r.ID, r.Grade)
		}
		if other := requirements[r.ID]; other != nil && other != r {
			t.Errorf("%s: there are two requirements %q", where, r.ID)
		}
		requirements[r.ID] = r
	}
	for _, c := range All() {
		if c.Area < AreaEndpoint || c.Area > AreaInput {
			t.Errorf("%s: its Area is none of ours", c.ID)
		}
		if c.Ahead != nil && c.Ahead.Area != c.Area {
			t.Errorf("%s: it stands ahead of %s, which is of another area", c.ID, c.Ahead.ID)
		}
		if !idShape.Re().MatchString(c.ID) {
			t.Errorf("%s: an id is words of small letters and digits with hyphens between them", c.ID)
		}
		both(c.ID, c.Title, c.Area.Title())
		states(c.ID, c.Requires)
		if len(c.Needs) == 0 && !slices.Contains(c.Uses, snapshot.AgentDetails) {
			t.Errorf("%s: Needs is empty, so that nothing could prove it", c.ID)
		}
		for _, p := range c.Problems {
			both(p.Code, p.Title, p.Cause, p.Fix)
			if p.Requires != nil {
				states(p.Code, p.Requires)
			}
			if !regexp.MustCompile(fmt.Sprintf(`^DSP%d[0-9]{2}$`, c.Area)).MatchString(p.Code) {
				t.Errorf("%s of %s: the code must be DSP%d and two digits, as its check is of area %[3]d", p.Code, c.ID, c.Area)
			}
			if p.Severity != Fail && p.Severity != Warn {
				t.Errorf("%s: Severity is %v: Fail or Warn", p.Code, p.Severity)
			}
			if len(p.Sources) == 0 {
				t.Errorf("%s: Sources is empty: name the page of AWS that says so", p.Code)
			}
			if len(p.Look)+len(p.Do)+len(p.Example) == 0 {
				t.Errorf("%s: no command in Look or Do and no change in Example: what does the reader run?", p.Code)
			}
		}
	}
	for code, text := range gapTexts {
		both(string(code), text)
	}
	source.Each(t, func(f source.File) {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if c, ok := n.(*ast.ValueSpec); ok && len(c.Values) == 1 {
				code, is := source.Text(c.Values[0])
				if of, ok := c.Type.(*ast.Ident); is && ok && of.Name == "GapCode" && gapTexts[snapshot.GapCode(code)].Empty() {
					t.Errorf("%s: the gap %s has no words: add them to gapTexts in checks/gaps.go", f.Position(c), code)
				}
			}
			return true
		})
	}, "../internal/snapshot")
	for _, e := range documented.All() {
		if e.Stage.Title() == (Text{}) {
			t.Errorf("%s: its Stage is %q, which has no title: it is one of the constants of Stage", e.ID, e.Stage)
		}
		if e.Message.En == "" || e.Message.Ja == "" {
			t.Errorf("%s: Message is empty: the text as documented, or say in both languages that it is not", e.ID)
		}
		both(e.ID, e.Title, e.Cause, e.Fix)
		if len(e.Match()) == 0 && e.Literal {
			t.Errorf("%s: its wording is known (Literal), and no pattern matches it", e.ID)
		}
		if len(e.Sources) == 0 {
			t.Errorf("%s: Sources is empty: name the page that the text comes from", e.ID)
		}
		for _, id := range e.Checks {
			if ByID(id) == nil {
				t.Errorf("%s: there is no check %q", e.ID, id)
			}
		}
	}
}
