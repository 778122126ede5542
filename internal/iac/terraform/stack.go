package terraform

import (
	"maps"
	"slices"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// StackReader reads the templates of stacks that resources of a plan are.
type StackReader interface {
	// Made is what a new stack makes; false if its template is not there.
	Made(stack *resource.Object) (resource.Source, bool)
	// Kinds are the tables that the template of a stack may touch; all if it is not
	// there.
	Kinds(stack *resource.Object) []snapshot.Kind
}

// stacked reads the stack that a resource makes of a template, if the template
// is there. Of a stack that is there already, or goes, it says which tables the
// template touches. It reports whether nothing is left to say.
func stacked(p *resource.Plan, stacks StackReader, before, after *resource.Object, mask any, action resource.Action) bool {
	if after != nil {
		after = withOpen(after, mask)
	}
	if action == resource.Update && sameIn(before, after, "template_body", "template_url", "parameters", "capabilities") {
		return true
	}
	if action == resource.Create && after != nil {
		if s, ok := stacks.Made(after); ok {
			p.Stacks = append(p.Stacks, s)
			return true
		}
	}
	kinds := []snapshot.Kind{}
	for _, o := range []*resource.Object{before, after} {
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
		p.Doubt(of, slices.Compact(kinds), snapshot.NotModelled, of.Address, of.Type)
	}
	return true
}

// withOpen is a stack with what is known only after apply in its place: parameters
// that are left out of the values would be taken for those that are not given.
func withOpen(o *resource.Object, mask any) *resource.Object {
	m, _ := mask.(map[string]any)
	one := *o
	one.Attributes = maps.Clone(o.Attributes)
	for name, v := range m {
		switch v := v.(type) {
		case bool:
			if v {
				one.Attributes[name] = resource.Unknown(o.Address + "." + name)
			}
		case map[string]any:
			inner := maps.Clone(resource.AsMap(o.Attributes[name]))
			if inner == nil {
				inner = map[string]any{}
			}
			for k, x := range v {
				if marked(x) {
					inner[k] = resource.Unknown(o.Address + "." + name + "." + k)
				}
			}
			one.Attributes[name] = inner
		}
	}
	return &one
}

func sameIn(before, after *resource.Object, names ...string) bool {
	if before == nil || after == nil {
		return false
	}
	return !slices.ContainsFunc(names, func(n string) bool {
		return resource.AnyUnknown(after.Attributes[n]) || !resource.Same(before, after, n)
	})
}
