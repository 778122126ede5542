package resource

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Member is a rule, an entry, a route or an association, inline or a resource of its
// own: a part of the row of something else.
type Member struct {
	In   string // the id of what it is part of
	Says string // in the words of Terraform
}

// Lacks are the members that a resource is said to hold, or to be, and that an estate
// lacks in a row that it has: those that show once the resource is put over it. w is
// a world of that estate, which changes; it may be used again for resources of the
// same sort, rows or members.
func (w *World) Lacks(estate *World, o *Object) []Member {
	model, kinds := Types().Models[o.Type], memberTypes(o)
	if model.Put == nil || !o.Exists || len(kinds) == 0 {
		return nil
	}
	was := make([][]map[string]any, len(kinds))
	for i, t := range kinds {
		was[i] = t.Show(estate, holder(t, o))
	}
	var before *Object
	if !IsMember(o.Type) { // it is there, and is given what it is said to hold
		before = &Object{Address: o.Address, Type: o.Type, ID: o.ID, Exists: true, Attributes: map[string]any{}}
	}
	model.Put(w, before, o)
	lacking := map[Member]bool{}
	for i, t := range kinds {
		shown, in := t.Show(w, holder(t, o)), holder(t, o).Known(t.Container)
		if reflect.DeepEqual(shown, was[i]) || !estate.shows(t, in) {
			continue
		}
		held := map[string]bool{}
		for _, attributes := range was[i] {
			held[Contents(&Object{Type: t.Name, Attributes: attributes})] = true
		}
		for _, attributes := range shown {
			if says := Contents(&Object{Type: t.Name, Attributes: attributes}); !held[says] {
				lacking[Member{in, strings.ReplaceAll(strings.Replace(says, "|"+t.Container+"="+in, "", 1), "|", " ")}] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(lacking), func(a, b Member) int { return cmp.Or(cmp.Compare(a.In, b.In), cmp.Compare(a.Says, b.Says)) })
}

// IsMember reports whether what a type makes comes and goes in the row of another.
func IsMember(kind string) bool {
	t := Types().Models[kind]
	return (t.Rank >= RankMember || t.Rank == RankBlock) && t.Container != "" && !t.Sets && t.Drop != nil && t.Show != nil
}

// memberTypes are the types of members that a resource is, or that its row may hold.
func memberTypes(o *Object) []Type {
	if IsMember(o.Type) {
		return []Type{Types().Models[o.Type]}
	}
	var out []Type
	for _, t := range Types().all {
		if IsMember(t.Name) && !t.Sums && slices.Contains(Types().References[t.Container], o.Type) {
			out = append(out, t)
		}
	}
	return out
}

// holder asks for the members of a type in the row that a resource is, or is part of.
func holder(t Type, o *Object) *Object {
	in := o.ID
	if t.Name == o.Type {
		in = o.Known(t.Container)
	}
	return &Object{Type: t.Name, Attributes: map[string]any{t.Container: in}}
}

// shows reports whether a row, and the table that its members of a type are in, were
// seen.
func (w *World) shows(t Type, id string) bool {
	return slices.ContainsFunc(w.Snapshot.Scopes, func(s *snapshot.Scope) bool {
		return PresenceIn(s, id, "") == snapshot.Present && slices.ContainsFunc(t.Kinds, func(k snapshot.Kind) bool { return s.Extent(k) != snapshot.None })
	})
}
