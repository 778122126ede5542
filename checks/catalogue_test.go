package checks

import (
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestWith refuses what would break a run, and changes nobody else's catalogue.
func TestWith(t *testing.T) {
	own := func(change func(*Check)) *Check {
		c := &Check{
			ID: "own", Title: Text{En: "It holds"}, Requires: reqEndpoint, Needs: []snapshot.Kind{snapshot.VPCs}, Run: func(*Exam) {},
			Problems: []*Problem{{Code: "ORG101", Severity: Fail, Title: Text{En: "it does not"}}},
		}
		change(c)
		return c
	}
	taken := own(func(c *Check) { c.ID, c.Problems[0].Code = "taken", "ORG100" })
	base, err := All().With(taken)
	if err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*Check){
		"small letters":      func(c *Check) { c.ID = "Own" },
		"taken":              func(c *Check) { c.ID = "taken" },
		"taken by":           func(c *Check) { c.ID = "endpoint-owner" },
		"no English":         func(c *Check) { c.Title = Text{Ja: "成り立つ"} },
		"no table":           func(c *Check) { c.Needs = nil },
		"no function":        func(c *Check) { c.Run = nil },
		"no problem":         func(c *Check) { c.Problems = nil },
		"not in the":         func(c *Check) { c.After = []*Check{own(func(*Check) {})} },
		"DSP is ours":        func(c *Check) { c.Problems[0].Code = "DSP101" },
		"three digits":       func(c *Check) { c.Problems[0].Code = "ORG1" },
		`"ORG100" is taken`:  func(c *Check) { c.Problems[0].Code = "ORG100" },
		`"ORG101" is taken`:  func(c *Check) { c.Problems = append(c.Problems, c.Problems[0]) },
		"FAIL or WARN":       func(c *Check) { c.Problems[0].Severity = Pass },
		"ORG101: the title ": func(c *Check) { c.Problems[0].Title = Text{} },
	} {
		if _, err := base.With(own(change)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", says, err)
		}
	}
	all, err := base.With(own(func(c *Check) { c.After = []*Check{taken, endpointAvailable} }))
	if err != nil || len(all) != len(All())+2 || len(base) != len(All())+1 {
		t.Fatalf("%d checks, %v", len(all), err)
	}
	list, err := all.Select([]string{"own"}, nil)
	if err != nil || len(list) != 3 || len(all.ByID("own").WithPrior()) != 3 {
		t.Errorf("own is selected with %d checks, %v", len(list), err)
	}
	if p, c := all.ByCode("org101"); p == nil || c.ID != "own" {
		t.Errorf("ORG101 is %v of %v", p, c)
	}
	if p, _ := ByCode("ORG101"); p != nil || ByID("own") != nil {
		t.Error("a check of a catalogue is among ours")
	}
}
