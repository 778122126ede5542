package iac

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestRooms proves that imports run one way: this package on the two languages, each
// of them on resource and not on the other, and resource on the snapshot alone.
func TestRooms(t *testing.T) {
	const module = "github.com/dspreflight/dspreflight/"
	deps := func(room string) []string {
		out, err := exec.Command("go", "list", "-deps", module+room).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	snapshots := deps("internal/snapshot")
	for room, may := range map[string][]string{
		"internal/iac":                {"internal/iac/cloudformation", "internal/iac/resource", "internal/iac/terraform"},
		"internal/iac/terraform":      {"internal/iac/resource"},
		"internal/iac/cloudformation": {"internal/iac/resource"},
		"internal/iac/resource":       nil,
	} {
		for _, dep := range deps(room) {
			if own, ours := strings.CutPrefix(dep, module); ours && own != room && !slices.Contains(may, own) && !slices.Contains(snapshots, dep) {
				t.Errorf("%s depends on %s", room, own)
			}
		}
	}
}
