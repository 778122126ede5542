package report

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
)

// TestWhatDecidesIsShown cuts the facts of long ways in the middle: the place that a
// finding is about is always among them, wherever it stands, and what is not shown is
// counted.
func TestWhatDecidesIsShown(t *testing.T) {
	for n := range 12 {
		for decides := -1; decides < n; decides++ {
			f := Finding{About: &checks.About{Holder: "elsewhere"}}
			for i := range n {
				f.Evidence = append(f.Evidence, Evidence{Ref: fmt.Sprint("hop-", i), Fact: "x"})
			}
			if decides >= 0 {
				f.About.Holder = f.Evidence[decides].Ref
			}
			shown, counted := 0, 0
			var texts []string
			for _, line := range has(f) {
				texts = append(texts, line.text)
				if k, _ := fmt.Sscanf(line.text, "(+%d)", &counted); k == 0 {
					shown++
				}
			}
			if shown+counted != n || shown > mostEvidence {
				t.Errorf("%d facts: %q", n, texts)
			}
			if decides >= 0 && !slices.Contains(texts, fmt.Sprintf("hop-%d: x", decides)) {
				t.Errorf("%d facts: hop-%d is not among %q", n, decides, texts)
			}
		}
	}
}
