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
			for _, c := range changesOf(s.table(k), after.Scopes[at].table(k), s.without(k), after.Scopes[at].without(k)) {
				c.Kind, c.Scope, c.of = k, after.Scopes[at], i
				out = append(out, c)
			}
		}
	}
	return out
}

// askedOf are kinds whose rows are asked for one by one, by the ids of another's: what
// does not exist has none.
var askedOf = map[Kind]Kind{
	SubnetCIDRReservations: Subnets, PrefixListEntries: PrefixLists,
	TransitGatewayAssociations: TransitGatewayRouteTables, TransitGatewayPropagations: TransitGatewayRouteTables, TransitGatewayRoutes: TransitGatewayRouteTables,
}

// without reports whether a kind can have no row of an id, as that does not exist.
func (s *Scope) without(k Kind) func(id string) bool {
	parent, dependent := askedOf[k]
	return func(id string) bool {
		if !dependent {
			return false
		}
		_, p := s.Rows(parent).Look("", id)
		return p == Absent
	}
}

// With is the snapshot with some of the changes to it.
func (s *Snapshot) With(changes []RowChange) *Snapshot {
	out := s.Clone()
	for _, c := range changes {
		out.Scopes[c.of].table(c.Kind).take(c.Scope.table(c.Kind), c.ID)
	}
	return out
}

func changesOf(t, later observed, without, laterWithout func(id string) bool) []RowChange {
	alike := t.alike(later)
	absent := func(t observed, without func(string) bool, id string) bool {
		if _, p := t.Look("", id); p != Unobserved {
			return p == Absent
		}
		return without(id) || alike && !slices.Contains(t.IDs(), id)
	}
	var out []RowChange
	for _, id := range t.IDs() {
		earlierRow, p := t.Look("", id)
		laterRow, pLater := later.Look("", id)
		switch {
		case p != Present:
		case pLater == Present && !reflect.DeepEqual(earlierRow, laterRow):
			out = append(out, RowChange{ID: id, Action: "update"})
		case pLater != Present && absent(later, laterWithout, id):
			out = append(out, RowChange{ID: id, Action: "delete"})
		}
	}
	for _, id := range later.IDs() {
		if _, p := later.Look("", id); p == Present && absent(t, without, id) {
			out = append(out, RowChange{ID: id, Action: "create"})
		}
	}
	return out
}

// alike reports whether two tables saw all, of the same that was asked.
func (t *Table[T]) alike(later observed) bool {
	other := later.(*Table[T])
	return t.extent == Full && other.extent == Full && slices.Equal(t.vpcs, other.vpcs) && slices.Equal(t.ids, other.ids)
}

func (t *Table[T]) take(o observed, id string) {
	if r, p := o.(*Table[T]).Get(id); p == Present {
		t.Put(r)
		return
	}
	t.Delete(id)
}
