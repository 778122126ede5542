package checks

import (
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestReviveVPN: tunnels that are down are brought up, what was deleted is replaced.
func TestReviveVPN(t *testing.T) {
	x := &Exam{Snapshot: &snapshot.Snapshot{}}
	for state, want := range map[string]Text{"DOWN": remedyTunnel, "deleted": remedyReplace, "deleting": remedyReplace} {
		if r := x.revive(journey{}, "vpn-0a1b2c3d4e5f60718", state); r.remedy != want || r.Change != nil {
			t.Errorf("%s: %+v", state, r)
		}
	}
}
