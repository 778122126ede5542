package checks_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
)

// probed judges probe-443 of a wound whose runs were changed: each dial by one function.
func probed(t *testing.T, wound string, change func(dial map[string]any)) checks.Status {
	t.Helper()
	layered, _, err := fixtures.Layer(os.DirFS("testdata/probe-443/" + wound))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(layered, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(layered, name)
		files[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var runs []map[string]any
	if err := json.Unmarshal(files["probes.json"].Data, &runs); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		for _, p := range r["probes"].([]any) {
			change(p.(map[string]any))
		}
	}
	files["probes.json"].Data, _ = json.Marshal(runs)
	target, snap := open(t, files)
	selected, err := checks.All().Select([]string{"probe-443"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range checks.Run(context.Background(), target, snap, selected, checks.Options{}) {
		if r.Check.ID == "probe-443" {
			return r.Status
		}
	}
	t.Fatal("probe-443 was not judged")
	return checks.Unknown
}

// TestWhatADialProves changes what one wound's machine saw: only what others
// said to it proves anything.
func TestWhatADialProves(t *testing.T) {
	to443 := func(set map[string]any) func(map[string]any) {
		return func(d map[string]any) {
			if d["purpose"] == "endpoint" && d["port"] == 443.0 {
				for k, v := range set {
					d[k] = v
				}
			}
		}
	}
	answers := func(set map[string]any) func(map[string]any) {
		return func(d map[string]any) {
			if d["purpose"] == "agent-http" || d["purpose"] == "storage" {
				for k, v := range set {
					d[k] = v
				}
			}
		}
	}
	for name, tt := range map[string]struct {
		change func(map[string]any)
		want   checks.Status
	}{
		"silence to the limit":                   {to443(nil), checks.Fail},
		"forbidden, and nobody said so":          {to443(map[string]any{"outcome": "prohibited", "errno": "EHOSTUNREACH"}), checks.Unknown},
		"no such protocol, which only hosts say": {to443(map[string]any{"outcome": "prohibited", "errno": "ENOPROTOOPT"}), checks.Fail},
		"the answers of its own address":         {answers(map[string]any{"addr": "10.10.1.60"}), checks.Unknown},
		"answers that ended in the machine":      {answers(map[string]any{"local": true}), checks.Unknown},
	} {
		if got := probed(t, "filtered", tt.change); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
