package iac

import (
	"maps"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// stackChange reads the stack that a resource makes of a template, if the template
// is there. Of a stack that is there already, or goes, it says which tables the
// template touches. It reports whether nothing is left to say.
func (p *Plan) stackChange(before, after *object, mask any, action Action) bool {
	if after != nil {
		after = withOpen(after, mask)
	}
	if action == Update && sameIn(before, after, "template_body", "template_url", "parameters", "capabilities") {
		return true
	}
	if action == Create && after != nil {
		if s, ok := stackMade(after); ok {
			p.stacks = append(p.stacks, s)
			return true
		}
	}
	kinds := []snapshot.Kind{}
	for _, o := range []*object{before, after} {
		if o == nil {
			continue
		}
		kinds = append(kinds, kindsOfStack(o)...)
	}
	of := after
	if of == nil {
		of = before
	}
	if slices.Sort(kinds); of != nil && len(kinds) > 0 {
		p.doubtful(of, slices.Compact(kinds), snapshot.NotModelled, of.address, of.kind)
	}
	return true
}

// withOpen is a stack with what is known only after apply in its place: parameters
// that are left out of the values would be taken for those that are not given.
func withOpen(o *object, mask any) *object {
	m, _ := mask.(map[string]any)
	one := *o
	one.attrs = maps.Clone(o.attrs)
	for name, v := range m {
		switch v := v.(type) {
		case bool:
			if v {
				one.attrs[name] = unknown(o.address + "." + name)
			}
		case map[string]any:
			inner := maps.Clone(asMap(o.attrs[name]))
			if inner == nil {
				inner = map[string]any{}
			}
			for k, x := range v {
				if marked(x) {
					inner[k] = unknown(o.address + "." + name + "." + k)
				}
			}
			one.attrs[name] = inner
		}
	}
	return &one
}

func sameIn(before, after *object, names ...string) bool {
	if before == nil || after == nil {
		return false
	}
	return !slices.ContainsFunc(names, func(n string) bool { return anyUnknown(after.attrs[n]) || !same(before, after, n) })
}

// kindsOfStack are the tables that the template of a stack may touch; all if it is
// not there.
func kindsOfStack(o *object) []snapshot.Kind {
	t, err := ReadTemplate(o.address, []byte(o.known("template_body")), nil)
	if err != nil || len(t.template.standIns) > 0 {
		return everything
	}
	var kinds []snapshot.Kind
	for _, r := range t.template.resources {
		if foreign(r.kind) {
			return everything
		}
		kinds = append(kinds, kindsOf(r.kind)...)
	}
	return kinds
}

// stackMade is the template of a new stack as a plan of its own, its names put in
// terms of the resource.
func stackMade(o *object) (*Plan, bool) {
	given := map[string]string{}
	switch v := o.attrs["parameters"].(type) {
	case nil, unset:
	case map[string]any:
		for name, x := range v {
			given[name] = notKnown
			if s, pending := text(x); pending == "" {
				given[name] = s
			}
		}
	default:
		return nil, false
	}
	s, err := ReadTemplate(o.address, []byte(o.known("template_body")), given)
	if err != nil || s.changeSet != nil {
		return nil, false
	}
	n := renamer{within: o.address + "/", ids: map[string]bool{}}
	t := s.template
	for _, r := range t.resources {
		n.ids[r.id] = true
	}
	for i := range t.resources {
		r := &t.resources[i]
		r.id, r.properties, r.place = n.within+r.id, asMap(n.value(r.properties)), Place{}
		if r.condition != "" {
			r.condition = n.within + r.condition
		}
	}
	for i := range t.standIns {
		t.standIns[i].at = n.within + t.standIns[i].at
	}
	t.mappings, t.conditions = n.keys(t.mappings), n.keys(asMap(n.value(t.conditions)))
	s.Template, s.NewStack, s.Region, s.account = false, true, o.home.region, o.home.account
	return s, true
}
