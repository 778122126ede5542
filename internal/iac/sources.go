package iac

import (
	"github.com/dspreflight/dspreflight/internal/iac/cloudformation"
	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// over makes plans of sources. Those which export values come before those that
// import some, as far as there is such an order.
func over(base *snapshot.Snapshot, sources []resource.Source) ([]*resource.Plan, error) {
	plans := make([]*resource.Plan, len(sources))
	on := &resource.Base{Snapshot: base, Exports: map[string]any{}}
	for _, importing := range []bool{false, true} {
		for i, s := range sources {
			t, is := s.(*cloudformation.Template)
			if (is && t.Imports()) != importing {
				continue
			}
			var err error
			if plans[i], err = s.Over(on); err != nil {
				return nil, err
			}
		}
	}
	return plans, nil
}

// standingEstate is the estate that the templates say that stacks have now, where nothing
// else is known of it: each is laid over nothing, and its resources are taken to be
// there under their logical ids. The templates that it comes from are then laid over
// it.
func standingEstate(sources []resource.Source) (*snapshot.Snapshot, []resource.Source, error) {
	var there, of []resource.Source
	for _, s := range sources {
		if t, is := s.(*cloudformation.Template); is && t.Standing() != nil {
			there, of = append(there, t.Standing()), append(of, t)
		}
	}
	if there == nil {
		return &snapshot.Snapshot{}, sources, nil
	}
	o, err := New(nil, there)
	if err != nil {
		return nil, nil, err
	}
	out := make([]resource.Source, len(sources))
	n := 0
	for i, s := range sources {
		if out[i] = s; n < len(of) && s == of[n] {
			out[i] = of[n].(*cloudformation.Template).Upon(o.Plans[n].Current)
			n++
		}
	}
	return o.After(nil), out, nil
}
