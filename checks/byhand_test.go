package checks_test

import (
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// byHand is an estate as people gather it: without the manifests of its scopes.
func byHand(t *testing.T, fixture string) fstest.MapFS {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(name) == "manifest.json" && name != "manifest.json" {
			return err
		}
		body, err := fs.ReadFile(files, name)
		out[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// thinned leaves some rows of a list, as a filter would.
func thinned(t *testing.T, body []byte, list string, keep func() bool) []byte {
	t.Helper()
	var doc map[string]json.RawMessage
	var rows, left []json.RawMessage
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc[list], &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if keep() {
			left = append(left, r)
		}
	}
	if left == nil {
		left = []json.RawMessage{}
	}
	doc[list], _ = json.Marshal(left) // of what was JSON
	out, _ := json.Marshal(doc)
	return out
}

// TestSearchedRoutesProveNothing draws what a filter leaves of a gateway's routes.
// Without anybody's word that it left all, the routes neither pass nor fail,
// however many there are; with it, whole ones pass.
func TestSearchedRoutesProveNothing(t *testing.T) {
	statuses := func(files fstest.MapFS, complete bool) [2]checks.Status {
		snap, err := snapshot.Read(files, snapshot.ReadOptions{Complete: complete})
		if err != nil {
			t.Fatal(err)
		}
		view := snap.For(*snap.Target)
		target, err := checks.Resolve(*snap.Target, view)
		if err != nil {
			t.Fatal(err)
		}
		var out [2]checks.Status
		for i, id := range []string{"route-to-endpoint", "route-to-agent"} {
			for _, c := range checks.All() {
				if c.ID == id {
					out[i] = judge(c, target, view)
				}
			}
		}
		return out
	}
	whole := byHand(t, "healthy-tgw")
	if got := statuses(whole, true); got != [2]checks.Status{checks.Pass, checks.Pass} {
		t.Errorf("whole, and vouched for: %v", got)
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		files := fstest.MapFS{}
		for name, f := range whole {
			body := f.Data
			if strings.HasPrefix(path.Base(name), snapshot.TransitGatewayRoutes.Command()) {
				share := r.Float64()
				body = thinned(t, body, "Routes", func() bool { return r.Float64() < share })
			}
			files[name] = &fstest.MapFile{Data: body}
		}
		if got := statuses(files, false); got != [2]checks.Status{checks.Unknown, checks.Unknown} {
			t.Fatalf("seed %d: %v", seed, got)
		}
	}
}

// TestElsewhereSpeaks words the gap of another account's resource with and without
// what is known of it, and names the flag that adds the account.
func TestElsewhereSpeaks(t *testing.T) {
	s := &snapshot.Scope{Name: "source", Region: "eu-west-1"}
	for _, tt := range []struct {
		account, region string
		want            []string
	}{
		{"777788889999", "us-east-1", []string{"tgw-1", "777788889999", "us-east-1", "--network-profile", "--network-role-arn", "--config"}},
		{"777788889999", "", []string{"777788889999", "eu-west-1"}},
		{"", "", []string{"eu-west-1", "--network-profile"}},
	} {
		text := checks.GapText(s.Elsewhere(snapshot.TransitGatewayRoutes, "tgw-1", tt.account, tt.region))
		for _, want := range tt.want {
			if !strings.Contains(text.En, want) || !strings.Contains(text.Ja, want) {
				t.Errorf("%q, %q: no %s in %q or %q", tt.account, tt.region, want, text.En, text.Ja)
			}
		}
		if strings.Contains(text.En+text.Ja, "{") || strings.Contains(text.En, "by  in") {
			t.Errorf("unfilled: %v", text)
		}
	}
}
