package report_test

import (
	"context"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/report"
)

// factsAt are what a story says, in one direction, of the places whose id begins so.
func factsAt(hops []report.Hop, prefix string) string {
	var out []string
	for _, h := range hops {
		if strings.HasPrefix(h.Ref, prefix) {
			out = append(out, h.Facts...)
		}
	}
	return strings.Join(out, "; ")
}

// TestStoryOfTranslationAndDirection: a NAT gateway tells what it makes of the agent's
// address, and of that of its replies; what leads out of AWS is not said to lead into it.
func TestStoryOfTranslationAndDirection(t *testing.T) {
	for seed := range uint64(10) {
		for _, kind := range []healthy.Kind{healthy.PrivateNAT, healthy.DirectConnect, healthy.VPN} {
			target, snap := resolved(t, string(kind), healthy.Estate(kind, seed))
			story := reported(target, snap, checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}), report.Options{Lang: "en"}).Targets[0].Path
			if story == nil {
				t.Fatalf("%s, seed %d: no story", kind, seed)
			}
			there, back := factsAt(story.There, "nat-"), factsAt(story.Back, "nat-")
			if kind == healthy.PrivateNAT {
				told := false
				for _, s := range snap.Scopes {
					for _, n := range s.NATGateways.All() {
						own := n.Addresses[0].PrivateIP.String()
						told = told || strings.Contains(there, "-> "+own+" (1024-65535)") && strings.Contains(back, "translates "+own+" -> ")
					}
				}
				if !told {
					t.Errorf("seed %d: no gateway tells of its translation: %q, %q", seed, there, back)
				}
				continue
			}
			if out := factsAt(story.Back, "vgw-"); strings.Contains(out, "leads to vpc-") {
				t.Errorf("%s, seed %d: replies leave AWS by what leads into it: %q", kind, seed, out)
			}
			if all := factsAt(append(story.There, story.Back...), "tgw-attach-"); strings.Contains(all, "leads to direct-connect-gateway") || strings.Contains(all, "leads to vpn;") {
				t.Errorf("%s, seed %d: %q", kind, seed, all)
			}
		}
	}
}
