package snapshot

import (
	"slices"
	"sync"
)

// Only returns the scope with every table outside the given kinds unobserved.
func (s *Scope) Only(kinds []Kind) *Scope {
	view := *s
	view.documents = nil
	for _, k := range Kinds() {
		if !slices.Contains(kinds, k) {
			view.table(k).forget()
		}
	}
	return &view
}

// Without returns the scope with the tables of the given kinds unobserved.
func (s *Scope) Without(kinds ...Kind) *Scope {
	view := *s
	for _, k := range kinds {
		view.table(k).forget()
	}
	return &view
}

// Only returns the snapshot with every table outside the given kinds unobserved.
func (s *Snapshot) Only(kinds []Kind) *Snapshot {
	view := *s
	view.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		view.Scopes[i] = sc.Only(kinds)
	}
	if !slices.Contains(kinds, Probes) {
		view.Probes = nil
	}
	if !slices.Contains(kinds, Policies) {
		view.Policies = nil
	}
	return &view
}

// Views keeps the views of one snapshot that must no longer be changed: many checks
// of many targets look at the same tables.
type Views struct {
	of   *Snapshot
	mu   sync.Mutex
	made map[kindSet]*Snapshot
}

// NewViews keeps views of a snapshot.
func NewViews(of *Snapshot) *Views { return &Views{of: of, made: map[kindSet]*Snapshot{}} }

// Only is Snapshot.Only; views of the snapshot that it was made for are kept.
func (v *Views) Only(s *Snapshot, kinds []Kind) *Snapshot {
	if v == nil || v.of != s {
		return s.Only(kinds)
	}
	var key kindSet
	for _, k := range kinds {
		key[k/64] |= 1 << (k % 64)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.made[key] == nil {
		v.made[key] = s.Only(kinds)
	}
	return v.made[key]
}

// Without returns the snapshot with the tables of the given kinds unobserved.
func (s *Snapshot) Without(kinds ...Kind) *Snapshot {
	view := *s
	view.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		view.Scopes[i] = sc.Without(kinds...)
	}
	if slices.Contains(kinds, Probes) {
		view.Probes = nil
	}
	if slices.Contains(kinds, Policies) {
		view.Policies = nil
	}
	return &view
}

// Watched returns the snapshot with somebody told of each look at a table, also of one
// that was not seen: tests learn by it what a check reads.
func (s *Snapshot) Watched(read func(Kind)) *Snapshot {
	watched := *s
	watched.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		c := *sc
		for _, k := range Kinds() {
			c.table(k).watch(func() { read(k) })
		}
		watched.Scopes[i] = &c
	}
	return &watched
}

// kindSet is a set of kinds, one bit each.
type kindSet [4]uint64
