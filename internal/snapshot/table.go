package snapshot

import (
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Extent says how far a table was seen.
type Extent uint8

// The extents. Only Full lets a missing row prove absence.
const (
	None     Extent = iota // not seen: not collected, or the call failed
	Declined               // the user asked not to look
	Partial                // some rows are known, there may be others
	Full                   // every row (of the covered VPCs) is known
)

// Presence is the answer to a look-up.
type Presence uint8

// The presences.
const (
	Unobserved Presence = iota // nothing can be said
	Absent                     // proved not to exist
	Present                    // the row is there
)

// Row is one thing that a table holds.
type Row interface {
	key() string // the AWS id
}

// Table holds the rows of one kind in one scope, keyed by id. Copying a table
// is cheap and shares its rows, which must not be changed once it is in use.
type Table[T Row] struct {
	extent Extent
	vpcs   []string // a Full table that covers just these VPCs; nil: everything
	ids    []string // what was asked for by id, in a table that covers nothing else or a few VPCs
	known  []string // VPCs whose every row is known, however far the rest was seen
	gone   map[string]bool
	partly map[string]bool // sets of which only a part is known
	data   *rows[T]
	shared bool   // the rows, and gone, are those of another table too
	read   func() // is told of each look at the table; nil: nobody watches
}

type rows[T Row] struct {
	byID    map[string]T
	order   []string
	mu      sync.Mutex
	indexes map[string]map[string][]T
	derived map[derivation]any
}

// derivation names what follows from one row.
type derivation struct{ name, id string }

// NewTable returns a table of the given extent. A table with a list of VPCs is
// complete for those VPCs only.
func NewTable[T Row](extent Extent, vpcs ...string) Table[T] {
	return Table[T]{extent: extent, vpcs: vpcs, data: &rows[T]{byID: map[string]T{}}}
}

// looked tells who watches the table that somebody looks at it.
func (t Table[T]) looked() {
	if t.read != nil {
		t.read()
	}
}

// Extent says how far the table was seen.
func (t Table[T]) Extent() Extent {
	t.looked()
	return t.extent
}

// Covers reports whether every row that belongs to the VPC is in the table.
// With an empty id it reports whether every row of the scope is.
func (t Table[T]) Covers(vpc string) bool {
	t.looked()
	return t.extent == Full && (t.vpcs == nil && t.ids == nil || vpc != "" && slices.Contains(t.vpcs, vpc)) || vpc != "" && slices.Contains(t.known, vpc)
}

// Knows reports whether everything about an id was seen: the whole table, or an
// answer to a question about that id.
func (t Table[T]) Knows(id string) bool {
	t.looked()
	return t.Covers("") || t.extent == Full && slices.Contains(t.ids, id)
}

// Get looks a row up by id. The answer is Absent only when the whole table was
// seen, and Present only when the whole row was: of a set that may be longer
// comes what is known, with Unobserved.
func (t Table[T]) Get(id string) (T, Presence) { return t.GetIn("", id) }

// GetIn looks up a row that, if it exists, belongs to the given VPC.
func (t Table[T]) GetIn(vpc, id string) (T, Presence) {
	t.looked()
	if t.data != nil {
		if r, ok := t.data.byID[id]; ok {
			if t.partly[id] {
				return r, Unobserved
			}
			return r, Present
		}
	}
	var zero T
	if t.Covers(vpc) || t.Knows(id) || t.gone[id] {
		return zero, Absent
	}
	return zero, Unobserved
}

// Look is GetIn for who does not know what the table holds.
func (t Table[T]) Look(vpc, id string) (any, Presence) { return t.GetIn(vpc, id) }

// RowType is the type of the rows.
func (t Table[T]) RowType() reflect.Type { return reflect.TypeFor[T]() }

// All returns the rows in the order in which they were read.
func (t Table[T]) All() []T {
	t.looked()
	if t.data == nil {
		return nil
	}
	out := make([]T, 0, len(t.data.order))
	for _, id := range t.data.order {
		out = append(out, t.data.byID[id])
	}
	return out
}

// IDs returns the keys of the rows in the order in which they were read.
func (t Table[T]) IDs() []string {
	t.looked()
	if t.data == nil {
		return nil
	}
	return slices.Clone(t.data.order)
}

// Len is the number of rows.
func (t Table[T]) Len() int {
	t.looked()
	if t.data == nil {
		return 0
	}
	return len(t.data.order)
}

// Where returns the rows that keys files under key. The index is built once per
// name and shared by all copies of the table, so name must stand for one keys
// function.
func (t Table[T]) Where(name, key string, keys func(T) []string) []T {
	t.looked()
	if t.data == nil {
		return nil
	}
	t.data.mu.Lock()
	defer t.data.mu.Unlock()
	index, ok := t.data.indexes[name]
	if !ok {
		index = map[string][]T{}
		for _, id := range t.data.order {
			r := t.data.byID[id]
			for _, k := range keys(r) {
				index[k] = append(index[k], r)
			}
		}
		if t.data.indexes == nil {
			t.data.indexes = map[string]map[string][]T{}
		}
		t.data.indexes[name] = index
	}
	return index[key]
}

// Derive returns what follows from a row, and from nothing else. Like an index it
// is worked out once and shared by all copies of the table, so name must stand for
// one function. A row that the table does not hold is worked out each time.
func Derive[T Row, V any](t Table[T], name string, r T, work func(T) V) V {
	t.looked()
	if t.data == nil {
		return work(r)
	}
	key := derivation{name, r.key()}
	t.data.mu.Lock()
	defer t.data.mu.Unlock()
	if _, held := t.data.byID[key.id]; !held {
		return work(r)
	}
	if v, ok := t.data.derived[key]; ok {
		return v.(V)
	}
	v := work(t.data.byID[key.id])
	if t.data.derived == nil {
		t.data.derived = map[derivation]any{}
	}
	t.data.derived[key] = v
	return v
}

// Put adds a row or replaces the one with the same id.
func (t *Table[T]) Put(r T) {
	t.own()
	id := r.key()
	delete(t.gone, id)
	if _, ok := t.data.byID[id]; !ok {
		t.data.order = append(t.data.order, id)
	}
	t.data.byID[id] = r
	t.data.indexes, t.data.derived = nil, nil
}

// PutPart is Put for a set of which there may be more than was seen.
func (t *Table[T]) PutPart(r T) {
	t.Put(r)
	if t.partly == nil {
		t.partly = map[string]bool{}
	}
	t.partly[r.key()] = true
}

// Partly reports whether only a part of a set is known: what it lacks may exist.
func (t Table[T]) Partly(id string) bool {
	t.looked()
	return t.partly[id]
}

// Add is Put for a row that no call showed: of a table that was not seen, the
// rest stays unknown.
func (t *Table[T]) Add(r T) {
	t.Put(r)
	t.extent = max(t.extent, Partial)
}

// Delete removes a row, which is then known not to exist.
func (t *Table[T]) Delete(id string) {
	t.own()
	delete(t.data.byID, id)
	t.data.order = slices.DeleteFunc(t.data.order, func(o string) bool { return o == id })
	t.data.indexes, t.data.derived = nil, nil
	if t.gone == nil {
		t.gone = map[string]bool{}
	}
	t.gone[id] = true
}

// Lose removes a row of which nothing is known any longer.
func (t *Table[T]) Lose(id string) {
	t.Delete(id)
	delete(t.gone, id)
}

// own gives the table rows of its own.
func (t *Table[T]) own() {
	switch {
	case t.data == nil:
		t.data = &rows[T]{byID: map[string]T{}}
	case t.shared:
		t.data = &rows[T]{byID: maps.Clone(t.data.byID), order: slices.Clone(t.data.order)}
		t.gone, t.partly = maps.Clone(t.gone), maps.Clone(t.partly)
	}
	t.shared = false
}

func (t *Table[T]) disown() { t.shared = true }

// Settle records that every row of a VPC is known.
func (t *Table[T]) Settle(vpc string) {
	t.extent = max(t.extent, Partial)
	t.known = append(slices.Clip(t.known), vpc)
}

// Settled reports whether a plan makes the VPC, and with it every row of it.
func (t Table[T]) Settled(vpc string) bool {
	t.looked()
	return slices.Contains(t.known, vpc)
}

// Doubt records that rows may be missing, whatever was seen.
func (t *Table[T]) Doubt() { t.extent, t.known = Partial, nil }

// See records how far the table was seen. A second call can only lower it: a
// table gathered from several calls is as complete as the worst of them.
func (t *Table[T]) See(extent Extent, vpcs []string) {
	if t.data == nil {
		t.data = &rows[T]{byID: map[string]T{}}
		t.extent, t.vpcs = extent, vpcs
		return
	}
	t.extent = min(t.extent, extent)
}

// Asked records that the table answers for some ids, and only for them where no
// VPCs are given.
func (t *Table[T]) Asked(ids []string) { t.ids = append(t.ids, ids...) }

func (t *Table[T]) forget() { *t = Table[T]{read: t.read} }

func (t *Table[T]) watch(read func()) { t.read = read }
