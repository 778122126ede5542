package checks_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
)

// TestWhatIsDownIsMendedByKind: the remedy is that of what is down, and of its state.
func TestWhatIsDownIsMendedByKind(t *testing.T) {
	for _, tt := range []struct {
		name, wound string
		title, fix  string
	}{
		{"peering that waits", "pending", "carries nothing: it is pending-acceptance, not active", "carry traffic: accept it."},
		{"peering that is gone", "deleted", "carries nothing: it is deleted, not active", "it does not come back"},
		{"gateway peering that waits", "gateway-peering-pending", "carries nothing: it is pendingAcceptance, not available", "accept it."},
	} {
		files, _, err := fixtures.Layer(os.DirFS("testdata/connection-active/" + tt.wound))
		if err != nil {
			t.Fatal(err)
		}
		target, snap := open(t, files)
		found := false
		for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
			for _, f := range r.Findings {
				if f.Problem == nil || f.Problem.Code != "DSP411" {
					continue
				}
				found = true
				title, fix := f.Args.In("en").Fill(f.Problem.Title.En), f.Args.In("en").Fill(f.Fix().En)
				if !strings.Contains(title, tt.title) || !strings.Contains(fix, tt.fix) {
					t.Errorf("%s: %s\n%s", tt.name, title, fix)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing is down", tt.name)
		}
	}
}
