package resource

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Shown is what AWS shows of a resource that is no part of another, in the words of
// Terraform; nil if it was not seen. Lists are put in the order of the other side, as
// far as they agree.
func Shown(base *snapshot.Snapshot, o *Object) *Object {
	t := Types().Models[o.Type]
	if t.Show == nil || t.Rank >= RankMember {
		return nil
	}
	shown := t.Show(&World{Snapshot: base}, o)
	if len(shown) == 0 {
		return nil
	}
	for name, v := range shown[0] {
		list, _ := TextsOf(v)
		theirs := o.KnownTexts(name)
		if _, several := v.([]any); several && len(theirs) == len(list) && len(list) > 0 && !slices.ContainsFunc(theirs, func(s string) bool { return !slices.Contains(list, s) }) {
			shown[0][name] = texts(theirs)
		}
	}
	return &Object{Address: o.Address, Type: o.Type, ID: o.ID, Exists: true, Attributes: shown[0]}
}

// PartsShown lists what a group, ACL or table of a stack holds in AWS. What AWS itself
// adds, and gateways, stay where the template states none of the kind.
func PartsShown(base *snapshot.Snapshot, id string, o *Object, stated []*Object) []*Object {
	w := &World{Snapshot: base}
	var out []*Object
	for _, t := range Types().all {
		if !t.Inside || Types().References[t.Container][0] != o.Type {
			continue
		}
		states := func(attribute string) bool {
			return slices.ContainsFunc(stated, func(m *Object) bool {
				return m.Type == t.Name && m.Known(t.Container) == o.ID && (attribute == "" || m.Known(attribute) != "")
			})
		}
		shown := t.Show(w, &Object{Type: t.Name, Attributes: map[string]any{t.Container: o.ID}})
		if t.Unstated != nil {
			shown = t.Unstated(shown, states)
		}
		for _, attributes := range shown {
			out = append(out, &Object{Address: id, Type: t.Name, ID: fmt.Sprintf("%s/%s/%d", id, t.Name, len(out)), Exists: true, Attributes: attributes, Place: o.Place})
		}
	}
	return out
}

// attributesOf are attributes with their values, in turn, without those that are empty.
func attributesOf(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if v := pairs[i+1]; v != "" {
			out[pairs[i].(string)] = v
		}
	}
	return out
}

// one is told of a single resource.
func one(pairs ...any) []map[string]any { return []map[string]any{attributesOf(pairs...)} }

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func refIDs(list []snapshot.GroupRef) []string {
	var out []string
	for _, g := range list {
		out = append(out, g.ID)
	}
	return out
}

func prefixText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
