package iac

import (
	"maps"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// StackReader reads the templates of stacks that resources of a plan are.
type StackReader interface {
	// Made is what a new stack makes; false if its template is not there.
	Made(stack *object) (Source, bool)
	// Kinds are the tables that the template of a stack may touch; all if it is not
	// there.
	Kinds(stack *object) []snapshot.Kind
}

// stacked reads the stack that a resource makes of a template, if the template
// is there. Of a stack that is there already, or goes, it says which tables the
// template touches. It reports whether nothing is left to say.
func stacked(p *Plan, stacks StackReader, before, after *object, mask any, action Action) bool {
	if after != nil {
		after = withOpen(after, mask)
	}
	if action == Update && sameIn(before, after, "template_body", "template_url", "parameters", "capabilities") {
		return true
	}
	if action == Create && after != nil {
		if s, ok := stacks.Made(after); ok {
			p.stacks = append(p.stacks, s)
			return true
		}
	}
	kinds := []snapshot.Kind{}
	for _, o := range []*object{before, after} {
		if o == nil {
			continue
		}
		kinds = append(kinds, stacks.Kinds(o)...)
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
