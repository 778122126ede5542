package report_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// everyEstate judges each embedded estate and each wound of the checks' tests.
func everyEstate(t *testing.T, do func(name string, target snapshot.Target, snap *snapshot.Snapshot)) {
	t.Helper()
	estates := map[string]fs.FS{}
	for _, name := range fixtures.Names() {
		files, _, err := fixtures.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		estates[name] = files
	}
	wounds, err := filepath.Glob("../checks/testdata/*/*")
	if err != nil || len(wounds) == 0 {
		t.Fatalf("no wounds were found: %v", err)
	}
	for _, dir := range wounds {
		files, _, err := fixtures.Layer(os.DirFS(dir))
		if err != nil {
			t.Fatal(err)
		}
		estates[dir] = files
	}
	for name, files := range estates {
		target, snap := resolved(t, name, files)
		do(name, target, snap)
	}
}

// resolved reads an estate and completes its target.
func resolved(t *testing.T, name string, files fs.FS) (snapshot.Target, *snapshot.Snapshot) {
	t.Helper()
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return target, snap
}

// TestWaiversLeaveNoQuestion: whatever is waived, a verdict becomes READY only
// where every question that is left was judged: none was open, none moot because
// of what is waived, and no waived problem hides the rest of its check.
func TestWaiversLeaveNoQuestion(t *testing.T) {
	ready, refused := 0, 0
	everyEstate(t, func(name string, target snapshot.Target, snap *snapshot.Snapshot) {
		results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
		var codes []string
		question := false
		for _, r := range results {
			for _, f := range r.Findings {
				switch {
				case f.Status == checks.Unknown, f.MootBy != "", len(f.See) > 0:
					question = true
				case f.Status == checks.Fail:
					question = question || f.Problem.Hides
					codes = append(codes, f.Problem.Code)
				}
			}
		}
		if len(codes) == 0 {
			return
		}
		slices.Sort(codes)
		codes = slices.Compact(codes)
		all := make([]string, 0, len(codes))
		for _, c := range checks.All() { // by the ids of checks too, those of open questions among them
			all = append(all, c.ID)
		}
		for _, set := range [][]string{codes, all, codes[:1], append(all, codes...)} {
			var waivers []report.Waiver
			for _, id := range set {
				waivers = append(waivers, report.Waiver{Code: id, Reason: "x"})
			}
			rep := report.Build([]report.Judged{{Target: target, Snapshot: snap, Results: results}}, report.Options{FailOn: report.OnFail, Waivers: waivers, Now: time.Now()})
			namesWaived(t, name, rep.Targets[0].Results)
			switch {
			case rep.Verdict == report.Ready && question:
				t.Errorf("%s is READY with %v waived, and a question is left", name, set)
			case rep.Verdict == report.Ready:
				ready++
			default:
				refused++
			}
		}
	})
	if ready < 20 || refused < 20 {
		t.Errorf("%d ready, %d not: the estates are all alike", ready, refused)
	}
}

// TestWaivedAnswersLeaveTheClockOpen: whatever keeps the APIs from answering as AWS does
// hides what the clock shows; where another answer told that, nothing is left.
func TestWaivedAnswersLeaveTheClockOpen(t *testing.T) {
	for code, change := range map[string]func(*snapshot.API){
		"DSP710": func(a *snapshot.API) { a.Outcome, a.Status = snapshot.Refused, 0 },
		"DSP712": func(a *snapshot.API) { a.Untrusted = "unknown authority" },
		"DSP715": func(a *snapshot.API) { a.Status, a.Proxy = 407, "proxy:3128" },
		"DSP716": func(a *snapshot.API) { a.Status = 511 },
		"DSP717": func(a *snapshot.API) { a.Untrusted = snapshot.CertificateExpired },
	} {
		for spared, want := range map[string]report.Verdict{"": report.Inconclusive, "sts": report.Ready} {
			files, _, err := fixtures.Open("healthy-probed")
			if err != nil {
				t.Fatal(err)
			}
			target, snap := resolved(t, "healthy-probed", files)
			for i := range snap.Probes {
				for j := range snap.Probes[i].APIs {
					if a := &snap.Probes[i].APIs[j]; a.Service != spared {
						a.SkewS = nil
						change(a)
					}
				}
			}
			results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
			rep := report.Build([]report.Judged{{Target: target, Snapshot: snap, Results: results}}, report.Options{FailOn: report.OnFail, Waivers: []report.Waiver{{Code: code, Reason: "x"}}, Now: time.Now()})
			if rep.Verdict != want {
				t.Errorf("%s waived, %q answers: %s, want %s", code, spared, rep.Verdict, want)
			}
		}
	}
}

// namesWaived holds what is said of questions that a waiver leaves open against what is
// waived: no other check is named.
func namesWaived(t *testing.T, name string, results []report.Result) {
	t.Helper()
	waived := map[string]bool{}
	for _, r := range results {
		for _, f := range r.Findings {
			waived[r.Check] = waived[r.Check] || f.Waived != nil
		}
	}
	for _, r := range results {
		for _, f := range r.Findings {
			rest, told := strings.CutPrefix(f.Message, "the failure of ")
			ids, _, tail := strings.Cut(rest, " is waived, ")
			if !told || !tail {
				continue
			}
			for _, id := range strings.Split(ids, ", ") {
				if !waived[id] {
					t.Errorf("%s: %s is open because of %q, which is not waived: %s", name, r.Check, id, f.Message)
				}
			}
		}
	}
}

// TestReferencesAreFollowed: a check that calls its question moot because another
// one speaks of it is UNKNOWN where that one was not asked.
func TestReferencesAreFollowed(t *testing.T) {
	followed := map[string]bool{}
	everyEstate(t, func(name string, target snapshot.Target, snap *snapshot.Snapshot) {
		all := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
		for _, r := range all {
			for _, f := range r.Findings {
				if len(f.See) == 0 {
					continue
				}
				if !slices.ContainsFunc(all, func(o checks.Result) bool {
					return slices.Contains(f.See, o.Check.ID) && (o.Status == checks.Fail || o.Status == checks.Unknown)
				}) {
					t.Errorf("%s: %s refers to %v, which found nothing", name, r.Check.ID, f.See)
				}
				rest := slices.DeleteFunc(checks.All(), func(c *checks.Check) bool { return slices.Contains(f.See, c.ID) })
				for _, again := range checks.Run(context.Background(), target, snap, rest, checks.Options{}) {
					if again.Check == r.Check && again.Status != checks.Unknown && again.Status != checks.Fail {
						t.Errorf("%s: without %v, %s is %v", name, f.See, r.Check.ID, again.Status)
					}
				}
				followed[r.Check.ID] = true
			}
		}
	})
	if len(followed) < 4 {
		t.Errorf("only %v refer to others", followed)
	}
}
