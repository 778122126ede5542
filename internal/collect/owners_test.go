package collect_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// estateOf builds the estate of a case: a difference from a whole one.
func estateOf(t *testing.T, file string) fstest.MapFS {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		Base    string                     `json:"base"`
		Files   map[string]json.RawMessage `json:"files"`
		Without []string                   `json:"without"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	out := fakeaws.Widen(t, os.DirFS(filepath.Join(recorded.Folder(t, "cases"), "bases", c.Base)), nil)
	for _, name := range c.Without {
		delete(out, name)
	}
	for name, body := range c.Files {
		out[name] = &fstest.MapFile{Data: body}
	}
	return out
}

// TestLiveOfManyScopes reads estates of three scopes and more over the SDK, each
// scope with a role of its own, and comes to the same statuses as from the files.
// Refused its role, the third one is a gap, and nothing fails or is READY by that.
func TestLiveOfManyScopes(t *testing.T) {
	for _, file := range recorded.Glob(t, "cases", "scopes/*.json") {
		estate := estateOf(t, file)
		t.Run(filepath.Base(file), func(t *testing.T) {
			direct, err := snapshot.Read(estate, snapshot.ReadOptions{})
			if err != nil || len(direct.Scopes) < 3 {
				t.Fatalf("%d scopes, %v", len(direct.Scopes), err)
			}
			tg := *direct.Target
			ask := func(refused string) string {
				s := fakeaws.New(t, estate)
				r := request(s, tg)
				r.Scopes = nil
				for _, sc := range direct.Scopes {
					role := "arn:aws:iam::" + sc.Account + ":role/Audit"
					if sc.Name == refused {
						role = fakeaws.RefusedRole
					}
					r.Scopes = append(r.Scopes, collect.Scope{Name: sc.Name, Account: collect.Account{Region: sc.Region, RoleARN: role}})
				}
				r.Targets[0].Sides = direct.For(tg).Sides()
				if r.Targets[0].Sides.Source < 0 { // several folders call themselves the source: the agent's is one
					for i, sc := range direct.Scopes {
						if _, p := sc.Instances.Get(tg.AgentInstanceID); p == snapshot.Present {
							r.Targets[0].Sides.Source = i
						}
					}
				}
				live, err := collect.Live(context.Background(), r)
				if err != nil {
					t.Fatal(err)
				}
				return statuses(judged(t, tg, live))
			}
			if got, want := ask(""), statuses(judged(t, tg, direct)); got != want {
				t.Errorf("live   %s\ndirect %s", got, want)
			}
			for i, sc := range direct.Scopes {
				sides := direct.For(tg).Sides()
				if i == sides.Destination || i == sides.Source {
					continue
				}
				if got := ask(sc.Name); strings.Contains(got, "=FAIL") || !strings.Contains(got, "=UNKNOWN") {
					t.Errorf("without %s: %s", sc.Name, got)
				}
			}
		})
	}
}
