package checks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
)

// BenchmarkWalk judges the whole path of one target, both ways, from nothing.
func BenchmarkWalk(b *testing.B) {
	for _, name := range []string{"healthy", "healthy-tgw", "on-premises", "through-appliance"} {
		b.Run(name, func(b *testing.B) {
			target, snap := openFixture(b, name)
			path, err := checks.All().Select([]string{"connection-active", "route-*", "nacl-*", "path-inspected"}, nil)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, r := range checks.Run(context.Background(), target, snap, path, checks.Options{}) {
					if strings.HasPrefix(r.Check.ID, "route") && len(r.Findings) == 0 {
						b.Fatal("no findings")
					}
				}
			}
		})
	}
}
