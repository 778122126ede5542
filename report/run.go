package report

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Run is what is asked of each target.
type Run struct {
	All      checks.Catalogue // what the report lists
	Selected []*checks.Check  // what is asked; nil: all of them
	Options  checks.Options   // Tasks, if nil, are those of the targets at hand
}

const targetsAtOnce = 8

// Judge runs the checks for every target, a few at a time. A check that was not
// selected is SKIP, so that none is silently absent.
func (r Run) Judge(ctx context.Context, snap *snapshot.Snapshot, targets []snapshot.Target) []Judged {
	if r.Selected == nil {
		r.Selected = r.All
	}
	if r.Options.Tasks == nil {
		r.Options.Tasks = checks.TasksOf(targets, snap)
	}
	r.Options.Views = snapshot.NewViews(snap)
	if len(targets) >= targetsAtOnce {
		r.Options.Limit = 1
	}
	out := make([]Judged, len(targets))
	var g errgroup.Group
	g.SetLimit(targetsAtOnce)
	for i, t := range targets {
		g.Go(func() error {
			view := snap.For(t)
			out[i] = Judged{Target: t, Snapshot: view, Results: r.withUnselected(checks.Run(ctx, t, view, r.Selected, r.Options))}
			return nil
		})
	}
	_ = g.Wait() // the functions return no error
	return out
}

func (r Run) withUnselected(results []checks.Result) []checks.Result {
	var out []checks.Result
	for _, c := range r.All {
		if i := slices.IndexFunc(results, func(r checks.Result) bool { return r.Check == c }); i >= 0 {
			out = append(out, results[i])
		} else {
			out = append(out, checks.ExcludedResult(c, NotSelected))
		}
	}
	return out
}
