package iac

import "github.com/dspreflight/dspreflight/internal/snapshot"

// over makes plans of sources. Those which export values come before those that
// import some, as far as there is such an order.
func over(base *snapshot.Snapshot, sources []Source) ([]*Plan, error) {
	plans := make([]*Plan, len(sources))
	on := &Base{Snapshot: base, Exports: map[string]any{}}
	for _, importing := range []bool{false, true} {
		for i, s := range sources {
			t, is := s.(*Template)
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

// standing is the estate that the templates say that stacks have now, where nothing
// else is known of it: each is laid over nothing, and its resources are taken to be
// there under their logical ids. The templates that it comes from are then laid over
// it.
func standing(sources []Source) (*snapshot.Snapshot, []Source, error) {
	var there, of []Source
	for _, s := range sources {
		if t, is := s.(*Template); is && t.Standing() != nil {
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
	out := make([]Source, len(sources))
	n := 0
	for i, s := range sources {
		if out[i] = s; n < len(of) && s == of[n] {
			out[i] = of[n].(*Template).Upon(o.Plans[n].current)
			n++
		}
	}
	return o.After(nil), out, nil
}
