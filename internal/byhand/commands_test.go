package byhand

import (
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestEachResourceIsListed holds that the resources of a call about one are picked from a
// list that is collected too, and that nothing else is said to be about one.
func TestEachResourceIsListed(t *testing.T) {
	for _, k := range snapshot.Kinds() {
		c := calls[k]
		switch about := c.about != ""; {
		case !Collected(k) || simulated(k):
			continue
		case about != k.PerID():
			t.Errorf("%s: about one resource: %v, and here: %v", k, k.PerID(), about)
		case about && (c.pick == "" || c.list.PerID() || c.list.ListKey() == ""):
			t.Errorf("%s: %s lists no resources", k, c.list)
		}
	}
}
