package snapshot

import (
	"reflect"
	"slices"
)

// RowChange is a row of a table that two snapshots hold otherwise.
type RowChange struct {
	Kind   Kind
	ID     string
	Action string // "create", "update" or "delete"
	Scope  *Scope // of the later snapshot

	of int // the index of the earlier snapshot's scope
}

// Changes lists the rows that both snapshots can tell of, and hold otherwise: a row
// that one of them just didn't see has not changed.
func Changes(before, after *Snapshot) []RowChange {
	var out []RowChange
	for i, s := range before.Scopes {
		at := slices.IndexFunc(after.Scopes, func(o *Scope) bool { return o.Account == s.Account && o.Region == s.Region })
		if at < 0 || s.Account == "" {
			continue
		}
		for _, k := range Kinds() {
			for _, c := range s.table(k).changes(after.Scopes[at].table(k)) {
				c.Kind, c.Scope, c.of = k, after.Scopes[at], i
				out = append(out, c)
			}
		}
	}
	return out
}

// With is the snapshot with some of the changes to it.
func (s *Snapshot) With(changes []RowChange) *Snapshot {
	out := s.Clone()
	for _, c := range changes {
		out.Scopes[c.of].table(c.Kind).take(c.Scope.table(c.Kind), c.ID)
	}
	return out
}

func (t *Table[T]) changes(o observed) []RowChange {
	other := o.(*Table[T])
	alike := t.extent == Full && other.extent == Full && slices.Equal(t.vpcs, other.vpcs) && slices.Equal(t.ids, other.ids) // the same was asked
	absent := func(t *Table[T], id string) bool {
		if _, p := t.Get(id); p != Unobserved {
			return p == Absent
		}
		return alike && !slices.Contains(t.IDs(), id)
	}
	var out []RowChange
	for _, id := range t.IDs() {
		was, p := t.Get(id)
		is, q := other.Get(id)
		switch {
		case p != Present:
		case q == Present && !reflect.DeepEqual(was, is):
			out = append(out, RowChange{ID: id, Action: "update"})
		case q != Present && absent(other, id):
			out = append(out, RowChange{ID: id, Action: "delete"})
		}
	}
	for _, id := range other.IDs() {
		if _, p := other.Get(id); p == Present && absent(t, id) {
			out = append(out, RowChange{ID: id, Action: "create"})
		}
	}
	return out
}

func (t *Table[T]) take(o observed, id string) {
	if r, p := o.(*Table[T]).Get(id); p == Present {
		t.Put(r)
		return
	}
	t.Delete(id)
}
