package terraform

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// worked is what the files say that an attribute will be, in terms of ids; false
// where that does not decide it.
func (g *graph) worked(at *instance, name string, address resource.Unknown) (any, bool) {
	expr, where := g.expressionOf(at, name)
	kinds := resource.Types().References[name]
	if expr == nil || kinds == nil {
		return nil, false
	}
	w := g.evaluator()
	w.steps = 0
	v := w.value(expr, where)
	if !v.IsKnown() {
		return nil, false
	}
	if v.IsNull() {
		return resource.Unset{}, true
	}
	if !resource.Types().Lists[name] {
		id, ok := g.idOf(v, kinds)
		return id, ok
	}
	if !v.CanIterateElements() {
		return nil, false
	}
	var out []any
	var sure []string
	open := false
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsKnown() && e.IsNull() {
			continue
		}
		id, ok := g.idOf(e, kinds)
		switch {
		case ok && !slices.Contains(sure, id):
			sure, out = append(sure, id), append(out, id)
		case ok:
		case !e.IsKnown():
			open = true
		default:
			return nil, false
		}
	}
	switch {
	case !open && out == nil:
		return []any{}, true
	case !open:
		return out, true
	case len(sure) > 0:
		return resource.AtLeast{Known: sure, Rest: address}, true
	}
	return nil, false
}

// idOf is the id that a text stands for, if it is one of some kinds.
func (g *graph) idOf(v cty.Value, kinds []string) (string, bool) {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	s := v.AsString()
	if id, ok := strings.CutPrefix(s, arnMark); ok {
		return id, slices.Contains(kinds, resource.ARNWanted) && slices.Contains(kinds, g.fresh[id])
	}
	if id, ok := strings.CutPrefix(s, freshMark); ok {
		if kind := g.fresh[id]; kind != "" {
			return id, slices.Contains(kinds, kind)
		}
		return id, g.isPart(id, kinds)
	}
	s = resource.IDOfARN(s)
	return s, resource.HasType(s, kinds)
}

// isPart reports whether an id is that of an object which is made with a resource,
// of one of some kinds.
func (g *graph) isPart(id string, kinds []string) bool {
	i := strings.LastIndexAny(id, "./")
	return i > 0 && slices.Contains(kinds, resource.Types().PartTypes[id[i+1:]])
}
