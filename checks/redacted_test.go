package checks_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/redact"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// answersOf are the statuses and codes of a judgement, in order.
func answersOf(results []checks.Result) []string {
	var out []string
	for _, r := range results {
		out = append(out, r.Check.ID+" "+r.Status.String())
		var own []string
		for _, f := range r.Findings {
			line := "  " + f.Status.String()
			if f.Problem != nil {
				line += " " + f.Problem.Code
			}
			for _, g := range f.Gaps {
				line += " " + string(g.Code)
			}
			own = append(own, line)
		}
		slices.Sort(own) // findings are told in the order of ids
		out = append(out, own...)
	}
	return out
}

// TestRedacted judges every fixture and every wound, redacted, saved and read back,
// as it does the original, and finds nothing of the original in what is saved.
func TestRedacted(t *testing.T) {
	estates := map[string]fs.FS{}
	for _, name := range fixtures.Names() {
		files, _, err := fixtures.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		estates[name] = files
	}
	wounds, err := filepath.Glob("testdata/*/*/fixture.json")
	if err != nil || len(wounds) < 100 {
		t.Fatal(len(wounds), err)
	}
	for _, file := range wounds {
		files, _, err := fixtures.Layer(os.DirFS(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		estates[filepath.Dir(file)] = files
	}
	for n, name := range slices.Sorted(maps.Keys(estates)) {
		if !tier.Takes(n, 3) {
			continue
		}
		files := estates[name]
		snap, err := snapshot.Read(files, snapshot.ReadOptions{KeepDocuments: true})
		if err != nil {
			t.Fatal(name, err)
		}
		masked, err := redact.New(redact.Key{1}, snap).Snapshot(snap)
		if err != nil {
			t.Fatal(name, err)
		}
		saved, err := masked.Files("test")
		if err != nil {
			t.Fatal(name, err)
		}
		folder := fstest.MapFS{}
		for file, body := range saved {
			folder[file] = &fstest.MapFile{Data: body}
		}
		was, is := said(t, files), said(t, folder)
		for word := range is {
			if was[word] {
				t.Errorf("%s: %s is still there", name, word)
			}
		}
		target, original := open(t, files)
		want := answersOf(checks.Run(context.Background(), target, original, checks.All(), checks.Options{Now: snap.TakenAt}))
		target, replay := open(t, folder)
		got := answersOf(checks.Run(context.Background(), target, replay, checks.All(), checks.Options{Now: snap.TakenAt}))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s", name, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%v, want %v", got[max(0, i-1):i+1], want[max(0, i-1):i+1])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(got), len(want))
}

var (
	saidName = regexp.MustCompile(`"(?:Name|GroupName|Description|Value|UserId|Sid|SourcePolicyId|host|name|Message)": ?"([^"]+)"`)
	saidID   = regexp.MustCompile(`[0-9]{12}|[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]+)?`)
	// everybodys are blocks that stand for themselves.
	everybodys = []string{"0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.1", "255.255.255.255"}
)

// said are the accounts, ids, addresses and names in the files of an estate, and in
// their names.
func said(t *testing.T, files fs.FS) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		for _, id := range saidID.FindAllString(name+" "+string(body), -1) {
			out[id] = !slices.Contains(everybodys, id)
		}
		for _, m := range saidName.FindAllSubmatch(body, -1) {
			word := string(m[1])
			out[word] = !slices.Contains([]string{"default", "active", "blackhole", "vpc-id", "state", "running", "destination", "source", "network", "curl", "aws"}, word) &&
				!strings.HasPrefix(word, "com.amazonaws.")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
