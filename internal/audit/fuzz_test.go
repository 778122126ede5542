package audit

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// FuzzSnapshot judges a whole estate of which one file is anything: no crash, no
// verdict from nothing, and the same bytes from the same input.
func FuzzSnapshot(f *testing.F) {
	const base = "healthy"
	files, _, err := fixtures.Open(base)
	if err != nil {
		f.Fatal(err)
	}
	estate := fstest.MapFS{}
	for _, scope := range []string{"destination", "source", "."} {
		entries, err := fs.ReadDir(files, scope)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range entries {
			name := path.Join(scope, e.Name())
			if e.IsDir() {
				continue
			}
			body, err := fs.ReadFile(files, name)
			if err != nil {
				f.Fatal(err)
			}
			estate[name] = &fstest.MapFile{Data: body}
			f.Add(name, body)
		}
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		if _, known := estate[name]; !known {
			return
		}
		changed := fstest.MapFS{}
		for k, v := range estate {
			changed[k] = v
		}
		changed[name] = &fstest.MapFile{Data: body}
		one, other := judgeFolder(t, changed), judgeFolder(t, changed)
		if one != other {
			t.Fatalf("two runs differ:\n%s\n%s", one, other)
		}
	})
}

func judgeFolder(t *testing.T, files fstest.MapFS) string {
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		return err.Error()
	}
	targets, err := complete(snap, snapshot.Target{}, []snapshot.Target{{}})
	if err != nil {
		return err.Error()
	}
	results := checks.Run(context.Background(), targets[0], snap, checks.All(), checks.Options{Budget: time.Minute})
	for _, r := range results {
		for _, f := range r.Findings {
			for _, g := range f.Gaps {
				if g.Code == snapshot.Panicked {
					t.Fatalf("%s crashed: %s", r.Check.ID, g.Detail)
				}
			}
			if (f.Status == checks.Pass || f.Status == checks.Fail) && len(f.Evidence) == 0 {
				t.Fatalf("%s: %s from nothing", r.Check.ID, f.Status)
			}
		}
	}
	var b bytes.Buffer
	rep := report.Build([]report.Judged{{Target: targets[0], Snapshot: snap, Results: results}}, report.Options{FailOn: report.OnFail})
	if err := report.JSON(&b, rep); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzConfig reads anything as --config: an error in one line, or targets.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{"", "region: us-east-1\n", "targets:\n  - name: a\n    source-cidr: [10.0.0.0/8]\n", "targets: [{tasks: x}]", "a: &a [*a]", "---\n---\n", "? [a]\n: b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseConfig("file", body)
		if err != nil {
			oneLine(t, err)
			return
		}
		for _, target := range c.Targets {
			if err := Validate(checks.Tidy(target.Merge(c.Target)), "--config", nil); err != nil {
				oneLine(t, err)
			}
		}
	})
}

// FuzzWaivers reads anything as --waivers.
func FuzzWaivers(f *testing.F) {
	for _, s := range []string{"", "waivers:\n  - {id: DSP201, reason: a, owner: b, expires: 2027-01-31}\n", "waivers: [{id: x}]", "waivers: {}", "{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := parseWaivers("file", body, checks.All())
		if err != nil {
			oneLine(t, err)
		}
		for _, w := range list {
			if w.Reason == "" || w.Owner == "" || w.Expires.IsZero() || canonicalID(checks.All(), w.Code) != w.Code {
				t.Fatalf("a waiver that nobody answers for: %+v", w)
			}
		}
	})
}

// FuzzScriptProbes reads anything as the output of a probe script, and judges it.
func FuzzScriptProbes(f *testing.F) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		f.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		f.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	selected, err := checks.All().Select([]string{"probe-*", "api-*", "machine-*"}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"schema":"dspreflight.probes/v1","tool_version":"v (script)","taken_at":"2026-11-01T00:00:00Z","vantage":{"place":"agent-network","guessed":false,"addresses":["10.10.1.50"]},"connect_timeout_ms":4000,"probes":[{"purpose":"endpoint","addr":"10.20.1.10","port":443,"outcome":"open","tries":1,"elapsed_ms":-5},{"purpose":"control","addr":"10.20.1.10","port":9,"outcome":"filtered","errno":"exit 1","local":true,"tries":1,"elapsed_ms":3}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		runs, err := snapshot.ReadProbes(body, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
		if err != nil {
			oneLine(t, err)
			return
		}
		view := *snap
		view.Probes = runs
		for _, r := range checks.Run(context.Background(), *snap.Target, &view, selected, checks.Options{Budget: time.Minute}) {
			for _, f := range r.Findings {
				for _, g := range f.Gaps {
					if g.Code == snapshot.Panicked {
						t.Fatalf("%s crashed: %s", r.Check.ID, g.Detail)
					}
				}
			}
		}
	})
}

// oneLine holds an error to what tell prints: one line, whatever is in it.
func oneLine(t *testing.T, err error) {
	t.Helper()
	var b bytes.Buffer
	(&console.Console{Err: &b}).Tell("dspreflight: " + snapshot.ErrorIn(err, "ja"))
	if strings.Count(b.String(), "\n") != 1 || strings.ContainsAny(b.String(), "\x1b\r") {
		t.Fatalf("the error takes more than a line: %q", b.String())
	}
}
