package resource

import (
	"cmp"
	"slices"
)

// Apply makes changes: what goes is taken away first, and what others stand in is put
// first. It tells what is deleted while something uses it.
func (w *World) Apply(changes []Change) []InUse {
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(Types().Models[a.Type].Rank, Types().Models[b.Type].Rank) })
	var went []func() InUse
	for _, c := range slices.Backward(changes) {
		if drop := Types().Models[c.Type].Drop; drop != nil && c.Before != nil && (c.Action != Update || Remade(c)) {
			if look := Types().Models[c.Type].InUse; look != nil && c.Action != Update {
				went = append(went, look(w, c.Before))
			}
			drop(w, c.Before)
		}
	}
	for _, c := range changes {
		if c.After == nil || Types().Models[c.Type].Put == nil {
			continue
		}
		before := c.Before
		if c.Action != Update || Remade(c) {
			before = nil
		}
		Types().Models[c.Type].Put(w, before, c.After)
	}
	return kept(went)
}

// Remade reports whether an update is made by taking away what was and putting
// what is, before which all else that goes must be gone: two rules may swap
// places.
func Remade(c Change) bool { return Types().Models[c.Type].Rank >= RankMember }
