package checks

import (
	"slices"

	"github.com/dspreflight/dspreflight/checks/documented"
)

// CausesOf returns the checks that can find the cause of an error: those that
// the error itself names, most likely first, then those with a problem that
// leads to it.
func CausesOf(e *documented.Error) []*Check {
	var out []*Check
	for _, id := range e.Checks {
		out = append(out, ByID(id))
	}
	for _, c := range All() {
		if !slices.Contains(out, c) && slices.ContainsFunc(c.Problems, func(p *Problem) bool { return slices.Contains(p.Errors, e) }) {
			out = append(out, c)
		}
	}
	return out
}
