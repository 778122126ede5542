package report

import "github.com/dspreflight/dspreflight/checks"

// covers reports whether a waiver is about all that a finding says.
func (w Waiver) covers(f Finding) bool {
	if w.About == nil {
		return true
	}
	if f.About == nil || w.About.Holder != "" && w.About.Holder != f.About.Holder || w.About.Direction != "" && w.About.Direction != f.About.Direction {
		return false
	}
	return len(f.About.Beyond([]*checks.About{w.About})) == 0
}
