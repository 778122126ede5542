package collect_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// fourScopes is a request for an estate whose network is that of two more
// accounts, each read with a role of its own.
func fourScopes(t testing.TB) (*fakeaws.Server, collect.Request) {
	t.Helper()
	files, _, err := fixtures.Open("healthy-tgw")
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, fakeaws.Widen(t, files, map[string]fakeaws.Copy{
		"network": {Folder: "destination", Account: "777788889999"},
		"spoke":   {Folder: "source", Account: "222233334444"},
	}))
	r := request(s, target(t, "healthy-tgw"))
	r.Scopes = append(r.Scopes,
		collect.Scope{Name: "network", Account: collect.Account{Region: "us-east-1", RoleARN: "arn:aws:iam::777788889999:role/Audit"}},
		collect.Scope{Name: "spoke", Account: collect.Account{Region: "ap-northeast-1", RoleARN: "arn:aws:iam::222233334444:role/Audit"}})
	return s, r
}

func total(calls map[string]int) int {
	n := 0
	for _, c := range calls {
		n += c
	}
	return n
}

// TestCallsOfScopes adds scopes, and targets, and counts: each further scope costs
// the same calls, whatever the number of targets.
func TestCallsOfScopes(t *testing.T) {
	count := func(scopes, targets int) int {
		s, r := fourScopes(t)
		r.Scopes = r.Scopes[:scopes]
		for i := 1; i < targets; i++ {
			tg := r.Targets[0]
			tg.Name = fmt.Sprint(i)
			r.Targets = append(r.Targets, tg)
		}
		snap, err := collect.Live(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		for i, sc := range snap.Scopes {
			for _, k := range []snapshot.Kind{snapshot.TransitGatewayRouteTables, snapshot.TransitGatewayPeerings, snapshot.CallerIdentity} {
				if sc.Extent(k) != snapshot.Full {
					t.Errorf("%s of scope %d is %v", k, i, sc.Extent(k))
				}
			}
		}
		return total(s.Calls())
	}
	two := count(2, 1)
	three, four := count(3, 1)-two, count(4, 1)-two
	if many := count(4, 50) - two; many != four {
		t.Errorf("%d calls more for two further scopes with one target, %d with 50", four, many)
	}
	if three <= 0 || three >= two || four > two {
		t.Errorf("%d calls for two scopes, %d more for one further, %d more for two", two, three, four)
	}
}

// TestDepthOfScopes measures in delays how long a run waits: as long with four
// scopes as with one, in three round trips with roles.
func TestDepthOfScopes(t *testing.T) {
	took := func(scopes int, delay time.Duration) float64 {
		s, r := fourScopes(t)
		r.Scopes, s.Delay = r.Scopes[:scopes], delay
		start := time.Now()
		if _, err := collect.Live(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		return float64(time.Since(start)) / float64(delay)
	}
	// What a busy machine adds is less of a longer delay; one more round trip is as much of any.
	for want, scopes := range map[float64]int{2: 2, 3: 4} {
		best := 1e9
		for delay := 400 * time.Millisecond; best > want+0.9 && delay < 8*time.Second; delay *= 2 {
			best = took(scopes, delay)
		}
		if best < want || best > want+0.9 {
			t.Errorf("%d scopes took %.1f delays, want %.0f and a little", scopes, best, want)
		}
	}
}

// TestTargetsOfDifferentAccounts looks at two targets whose endpoints are in two
// accounts of one Region, and judges each by its own.
func TestTargetsOfDifferentAccounts(t *testing.T) {
	s, r := fourScopes(t)
	other := r.Targets[0]
	other.Name, other.Sides = "other", &snapshot.Sides{Destination: 2, Source: 3}
	r.Targets = append(r.Targets, other)
	snap, err := collect.Live(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]string{{"111122223333", "444455556666"}, {"777788889999", "222233334444"}} {
		view := snap.For(r.Targets[i])
		if d, a := view.Role(snapshot.Destination), view.Role(snapshot.Source); d.Account != want[0] || a.Account != want[1] {
			t.Errorf("target %d is judged between %s and %s, want %v", i, d.Label(), a.Label(), want)
		}
		for n, sc := range view.Scopes {
			sides := r.Targets[i].Sides
			if sc.Has(snapshot.Destination) != (n == sides.Destination) || sc.Has(snapshot.Source) != (n == sides.Source) {
				t.Errorf("target %d: scope %d plays %v", i, n, sc.Roles)
			}
		}
	}
	if s.Calls()["AssumeRole"] != 2 {
		t.Errorf("%d roles assumed", s.Calls()["AssumeRole"])
	}
}

// TestWantedBySide asks each scope for what it has only.
func TestWantedBySide(t *testing.T) {
	all := snapshot.Kinds()
	if got := collect.Wanted(all, []snapshot.Role{snapshot.Destination}); len(got) != len(all) {
		t.Errorf("the destination is asked for %d of %d kinds", len(got), len(all))
	}
	for _, roles := range [][]snapshot.Role{nil, {snapshot.Source}} {
		got := collect.Wanted(all, roles)
		if slices.Contains(got, snapshot.PolicySimulation) || !slices.Contains(got, snapshot.TransitGatewayRoutes) {
			t.Errorf("with the roles %v: %v", roles, got)
		}
	}
	s, r := fourScopes(t)
	if _, err := collect.Live(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if n := s.Calls()["SimulatePrincipalPolicy"]; n != 2 { // two ways to name a resource, in one scope
		t.Errorf("%d simulations", n)
	}
}
