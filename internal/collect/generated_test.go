package collect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestLiveOfGeneratedEstates reads generated estates over the SDK, each scope with
// a role of its own, and comes to the same statuses as from the files: also where
// the way leads through a third VPC, of whichever account.
func TestLiveOfGeneratedEstates(t *testing.T) {
	seeds := map[healthy.Kind]uint64{healthy.Inspected: 12}
	for _, kind := range append(healthy.Kinds(), healthy.Inspected) {
		for seed := range max(seeds[kind], 2) {
			t.Run(fmt.Sprint(kind, " ", seed), func(t *testing.T) {
				files := healthy.Estate(kind, seed)
				direct, err := snapshot.Read(files, snapshot.ReadOptions{})
				if err != nil {
					t.Fatal(err)
				}
				tg, err := checks.Resolve(*direct.Target, direct)
				if err != nil {
					t.Fatal(err)
				}
				s := fakeaws.New(t, files)
				r := request(s, tg)
				r.Scopes = nil
				for _, sc := range direct.Scopes {
					r.Scopes = append(r.Scopes, collect.Scope{Name: sc.Name, Account: collect.Account{Region: sc.Region, RoleARN: "arn:aws:iam::" + sc.Account + ":role/Audit"}})
				}
				r.Targets[0].Sides = direct.For(tg).Sides()
				live, err := collect.Live(context.Background(), r)
				if err != nil {
					t.Fatal(err)
				}
				got, want := statuses(judged(t, tg, live)), statuses(judged(t, tg, direct))
				if got != want {
					t.Errorf("live   %s\ndirect %s", got, want)
				}
				if through := strings.Contains(want, "path-inspected=UNKNOWN"); through != (kind == healthy.Inspected) || strings.Contains(want, "=FAIL") {
					t.Errorf("%s: %s", kind, want)
				}
			})
		}
	}
}
