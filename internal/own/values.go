//go:build cel

package own

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// evaluation is one asking of a check: what its expressions could not know.
type evaluation struct {
	gaps  []snapshot.Gap
	lists map[listKey]ref.Val
}

type listKey struct {
	scope *snapshot.Scope
	kind  snapshot.Kind
	vpc   string
}

// unknown is a value that is not known, for a reason; CEL hands it on, and leaves it out
// where it decides nothing.
func (e *evaluation) unknown(g snapshot.Gap) *types.Unknown {
	i := slices.Index(e.gaps, g)
	if i < 0 {
		i, e.gaps = len(e.gaps), append(e.gaps, g)
	}
	return types.NewUnknown(int64(i+1), nil)
}

// gapsOf are the reasons behind an unknown value.
func (e *evaluation) gapsOf(u *types.Unknown) []snapshot.Gap {
	var out []snapshot.Gap
	for _, id := range u.IDs() {
		if id >= 1 && int(id) <= len(e.gaps) {
			out = append(out, e.gaps[id-1])
		}
	}
	return out
}

// object is a row, or a part of one.
type object struct {
	*model
	v  reflect.Value
	at *place
}

// place is where a row was seen.
type place struct {
	*evaluation
	scope *snapshot.Scope
	kind  snapshot.Kind
	id    string
}

func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %s", o.celType, t)
}

func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return o.celType
	}
	return types.NewErr("%s can't be made a %s", o.celType, t.TypeName())
}

// Equal holds for the same facts: rows of one type print alike.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	return types.Bool(ok && o.goType == p.goType && reflect.DeepEqual(o.v.Interface(), p.v.Interface()))
}
func (o *object) Type() ref.Type { return o.celType }
func (o *object) Value() any     { return o }

// notKept says of a field that it is not kept, and which are.
func (o *object) notKept(field string) snapshot.Text {
	kept := strings.Join(slices.Sorted(maps.Keys(o.fields)), ", ")
	return snapshot.Textf("%s, which dspreflight does not keep of %s: ask for one of %s", "%s を参照しているが、dspreflight はこれを %s から保持していない。使えるのは %s", field, o.at.kind.Action(), kept)
}

// get is the value of a field, or unknown.
func (o *object) get(name string) ref.Val {
	i, read := o.fields[name]
	if !read {
		return o.at.unknown(snapshot.Gap{Code: snapshot.FieldNotRead, Source: o.at.kind.Action(), Scope: o.at.scope.Label(), Ref: o.at.id, Detail: name, Words: o.notKept(name)})
	}
	if open, is := o.open(name); is {
		return o.at.unknown(open.Gap(o.at.id))
	}
	v := o.v.Field(i)
	if o.absent(v) {
		if v.Kind() == reflect.Slice && o.maybeOmitted(name) {
			return types.NewRefValList(types.DefaultTypeAdapter, nil)
		}
		return o.at.unknown(snapshot.FieldGap(o.at.kind, o.at.id, "", name))
	}
	return o.at.value(v, o.typeOf(name))
}

// has reports whether a field is there. That one is not there is known of those that
// AWS leaves out.
func (o *object) has(name string) ref.Val {
	i, read := o.fields[name]
	if !read {
		return o.get(name)
	}
	if _, is := o.open(name); !is && o.absent(o.v.Field(i)) && o.maybeOmitted(name) {
		return types.False
	}
	if u, is := o.get(name).(*types.Unknown); is {
		return u
	}
	return types.True
}

func (o *object) typeOf(name string) *types.Type {
	if i, read := o.fields[name]; read {
		return celTypeOf(o.goType.Field(i).Type, o.goType.Name()+"."+name)
	}
	return types.DynType
}

// open is what a field hangs on that is known only after apply: in the row itself, or in
// a part of it.
func (o *object) open(name string) (snapshot.Pending, bool) {
	for _, p := range o.pending {
		if p.of != nil && !slices.Contains(p.of, name) || p.of == nil && o.fields[name] == 0 {
			continue
		}
		if why, is := pendingIn(o.v.Field(p.index)); is {
			return why, true
		}
	}
	return openParts(o.v.Field(o.fields[name]))
}

func openParts(v reflect.Value) (snapshot.Pending, bool) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			if why, is := openParts(v.Index(i)); is {
				return why, true
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return openParts(v.Elem())
		}
	case reflect.Struct:
		m := byGo[v.Type()]
		if m == nil {
			return "", false // an address
		}
		for _, p := range m.pending {
			if why, is := pendingIn(v.Field(p.index)); is {
				return why, true
			}
		}
		for _, i := range m.fields {
			if why, is := openParts(v.Field(i)); is {
				return why, true
			}
		}
	}
	return "", false
}

// pendingIn reads a Pending, or a Secret, whose value is not to be shown.
func pendingIn(v reflect.Value) (snapshot.Pending, bool) {
	if v.Kind() == reflect.Bool {
		return "a sensitive value", v.Bool()
	}
	return snapshot.Pending(v.String()), v.String() != ""
}

// absent reports whether the row lacks a field. A yes or no and a number that AWS always
// prints can't be told from no and zero.
func (o *object) absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0 && o.goType != reflect.TypeFor[snapshot.Tag]()
	case reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	switch a := v.Interface().(type) {
	case netip.Addr:
		return !a.IsValid()
	case netip.Prefix:
		return !a.IsValid()
	}
	return false
}

// value makes a value of a field that is there.
func (p *place) value(v reflect.Value, t *types.Type) ref.Val {
	switch a := v.Interface().(type) {
	case netip.Addr:
		return types.String(a.String())
	case netip.Prefix:
		return types.String(a.String())
	}
	switch v.Kind() {
	case reflect.String:
		return types.String(v.String())
	case reflect.Bool:
		return types.Bool(v.Bool())
	case reflect.Int:
		return types.Int(v.Int())
	case reflect.Pointer:
		return p.value(v.Elem(), t)
	case reflect.Slice:
		list := make([]ref.Val, v.Len())
		for i := range list {
			list[i] = p.value(v.Index(i), t)
		}
		return types.NewRefValList(types.DefaultTypeAdapter, list)
	case reflect.Struct:
		return &object{byGo[v.Type()], v, p}
	}
	return types.NewErr("a row holds a %s", v.Type())
}

// scopeValue is an account in a Region; with a VPC, what belongs to that.
type scopeValue struct {
	*evaluation
	scope *snapshot.Scope // nil: it is not known which it is
	role  snapshot.Role
	vpc   string
}

func (s *scopeValue) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a scope is no %s", t)
}

func (s *scopeValue) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a scope can't be made a %s", t.TypeName())
}

func (s *scopeValue) Equal(other ref.Val) ref.Val {
	o, ok := other.(*scopeValue)
	return types.Bool(ok && s.scope == o.scope && s.vpc == o.vpc)
}

func (s *scopeValue) Type() ref.Type {
	if s.vpc != "" {
		return inVPCType
	}
	return scopeType
}
func (s *scopeValue) Value() any { return s }

// noScope is why nothing is known of a side.
func (s *scopeValue) noScope(k snapshot.Kind) snapshot.Gap {
	if s.role == snapshot.Source {
		return snapshot.Gap{Code: snapshot.AgentPlace, Source: k.Action()}
	}
	return snapshot.Gap{Code: snapshot.NoDestination, Source: k.Action()}
}

func (s *scopeValue) get(name string) ref.Val {
	text := map[string]func() string{"Account": func() string { return s.scope.Account }, "Region": func() string { return s.scope.Region }}[name]
	t := tables[name]
	switch {
	case s.scope == nil && t == nil:
		return s.unknown(s.noScope(snapshot.NoKind))
	case s.scope == nil:
		return s.unknown(s.noScope(t.kind))
	case text != nil && text() == "":
		return s.unknown(snapshot.Gap{Code: snapshot.FieldUnseen, Source: "estate", Ref: s.scope.Label(), Detail: name})
	case text != nil:
		return types.String(text())
	case t.entry != nil:
		return &sets{s, t}
	}
	key := listKey{s.scope, t.kind, s.vpc}
	if s.lists[key] == nil {
		rows, whole := s.rows(t)
		if whole {
			s.lists[key] = types.NewRefValList(types.DefaultTypeAdapter, rows)
		} else {
			s.lists[key] = s.unknown(s.scope.GapFor(t.kind, s.vpc))
		}
	}
	return s.lists[key]
}

// rows are those of a table that are known, and whether there are no others.
func (s *scopeValue) rows(t *table) (rows []ref.Val, whole bool) {
	all := s.scope.Rows(t.kind)
	for _, id := range all.IDs() {
		row, p := all.Look(s.vpc, id)
		o := &object{t.row, reflect.ValueOf(row), &place{s.evaluation, s.scope, t.kind, id}}
		if s.vpc != "" && o.v.Field(t.row.fields["VpcId"]).String() != s.vpc {
			continue
		}
		if p != snapshot.Present {
			return rows, false
		}
		rows = append(rows, o)
	}
	return rows, all.Covers(s.vpc)
}

// sets are the lists of a call that is about one resource.
type sets struct {
	*scopeValue
	table *table
}

func (s *sets) Equal(ref.Val) ref.Val { return s.unknown(s.scope.GapFor(s.table.kind, "")) }
func (s *sets) Type() ref.Type        { return setsType(s.table.entry) }
func (s *sets) Value() any            { return s }

// of is the list of one resource.
func (s *sets) of(id string) ref.Val {
	row, p := s.scope.Rows(s.table.kind).Look("", id)
	if p == snapshot.Unobserved {
		return s.unknown(s.scope.GapFor(s.table.kind, id))
	}
	if p == snapshot.Absent {
		return types.NewErr("%s does not exist", id)
	}
	list := reflect.ValueOf(row).Field(1)
	if why, open := openParts(list); open {
		return s.unknown(why.Gap(id))
	}
	if list.Len() == 0 {
		return types.NewRefValList(types.DefaultTypeAdapter, nil)
	}
	at := &place{s.evaluation, s.scope, s.table.kind, id}
	return at.value(list, s.table.entry)
}
