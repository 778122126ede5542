package checks_test

import (
	"context"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// openAnyway are what may be left open in a healthy estate, by check and the code of
// the gap, each with the reason.
var openAnyway = map[string]string{
	"cidr-overlap/space-not-declared": "what other blocks a network outside AWS has only the user can say, with --source-cidr",
}

// estatesOfAKind is how many healthy estates of each kind are judged.
const estatesOfAKind = 20

// TestReadyIsReached judges estates in which nothing is wrong, of every kind: a
// tool that leaves them open is worth nothing.
func TestReadyIsReached(t *testing.T) {
	for _, kind := range healthy.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			ready := 0
			for seed := range uint64(estatesOfAKind) {
				files := healthy.Estate(kind, seed)
				snap, err := snapshot.Read(files, snapshot.ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				snap.AssignRoles(*snap.Target)
				target, err := checks.Resolve(*snap.Target, snap)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				open := 0
				for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
					switch {
					case r.Status == checks.Fail:
						t.Errorf("seed %d: %s is FAIL: %+v", seed, r.Check.ID, r.Findings)
					case r.Status == checks.Unknown:
						open++
						for _, gap := range gapsOf(r) {
							if openAnyway[r.Check.ID+"/"+string(gap.Code)] == "" {
								t.Errorf("seed %d: %s is UNKNOWN: %+v", seed, r.Check.ID, gap)
							}
						}
					}
				}
				if open == 0 {
					ready++
				}
			}
			if ready < estatesOfAKind/2 {
				t.Errorf("only %d of %d are READY", ready, estatesOfAKind)
			}
		})
	}
}

// gapsOf lists the gaps of a result; one without is a gap of its own.
func gapsOf(r checks.Result) []snapshot.Gap {
	var out []snapshot.Gap
	for _, f := range r.Findings {
		out = append(out, f.Gaps...)
	}
	if len(out) == 0 {
		out = append(out, snapshot.Gap{Detail: "no gap"})
	}
	return out
}
