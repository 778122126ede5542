package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// module is what a module gives to the one that calls it: an object, or several by
// key or number.
func (w *evaluator) module(name, from string) cty.Value {
	return w.memoize(from+"|module."+name, func() cty.Value {
		bare := join(withoutKeys(from), "module."+name)
		m, call := w.graph.modules[bare], w.graph.calls[bare]
		if m == nil || call == nil {
			return cty.DynamicVal
		}
		several := call.CountExpression != nil || call.ForEachExpression != nil
		if !several {
			return w.outputs(m, join(from, "module."+name))
		}
		instances := map[string]cty.Value{}
		for _, path := range w.graph.paths[bare] {
			if up, key := parent(path); up == from {
				instances[key] = w.outputs(m, path)
			}
		}
		return w.several(instances, call.CountExpression, call.ForEachExpression, w.graph.callBody(join(from, "module."+name)), from)
	})
}

func (w *evaluator) outputs(m *tfjson.ConfigModule, path string) cty.Value {
	out := map[string]cty.Value{}
	for _, name := range slices.Sorted(maps.Keys(m.Outputs)) {
		out[name] = w.memoize(path+"|output."+name, func() cty.Value {
			o, src := m.Outputs[name], w.graph.source.of(path)
			if o == nil || o.Expression == nil || o.Expression.ExpressionData == nil || src == nil || src.outputs[name] == nil {
				return cty.DynamicVal
			}
			s := configuredValue{refs: o.Expression.References}
			if s.agree(src.outputs[name]); s.expr == nil {
				return cty.DynamicVal
			}
			return w.value(s.expr, position{module: path})
		})
	}
	return cty.ObjectVal(out)
}

// several puts instances together: a list by number, or an object by key. None is
// none only where the files say so, for a plan may leave some out.
func (w *evaluator) several(instances map[string]cty.Value, count, each *tfjson.Expression, body *hclsyntax.Body, module string) cty.Value {
	if c := w.graph.doc.Complete; c != nil && !*c { // others may be left out
		return cty.DynamicVal
	}
	if len(instances) == 0 {
		for name, e := range map[string]*tfjson.Expression{"count": count, "for_each": each} {
			if s := saying(e, body, name); s.expr != nil {
				v := w.value(s.expr, position{module: module})
				if v.IsKnown() && !v.IsNull() && (v.Type() == cty.Number && v.RawEquals(cty.Zero) || v.CanIterateElements() && v.LengthInt() == 0) {
					if name == "count" {
						return cty.EmptyTupleVal
					}
					return cty.EmptyObjectVal
				}
			}
		}
		return cty.DynamicVal
	}
	if _, numbered := instances["[0]"]; numbered {
		list := make([]cty.Value, len(instances))
		for i := range list {
			v, ok := instances[fmt.Sprintf("[%d]", i)]
			if !ok {
				return cty.DynamicVal
			}
			list[i] = v
		}
		return cty.TupleVal(list)
	}
	out := map[string]cty.Value{}
	for key, v := range instances {
		name, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(key, "["), "]"))
		if err != nil {
			return cty.DynamicVal
		}
		out[name] = v
	}
	return cty.ObjectVal(out)
}

// resource is a resource or data source as others see it.
func (w *evaluator) resource(mode tfjson.ResourceMode, kind, name, module string) cty.Value {
	ref := kind + "." + name
	if mode == tfjson.DataResourceMode {
		ref = "data." + ref
	}
	return w.memoize(module+"|"+ref, func() cty.Value {
		config := w.graph.config(module, mode, kind, name)
		if config == nil {
			return cty.DynamicVal
		}
		instances := map[string]cty.Value{}
		for _, i := range w.graph.known[module+"|"+ref] {
			instances[i.key] = w.instance(i)
		}
		if v, single := instances[""]; single {
			return v
		}
		var body *hclsyntax.Body
		if m := w.graph.source.of(module); m != nil {
			body = m.resources[config.Address]
		}
		return w.several(instances, config.CountExpression, config.ForEachExpression, body, module)
	})
}

// instance is one instance of a resource: its attributes, as far as the plan or the
// files tell them.
func (w *evaluator) instance(i *instance) cty.Value {
	if i.deferred {
		return cty.DynamicVal
	}
	out := map[string]cty.Value{}
	for name, v := range i.Attributes {
		out[name] = plainCty(v)
	}
	for name, m := range i.mask {
		if !marked(m) {
			continue
		}
		out[name] = cty.DynamicVal
		if expr, at := w.graph.expressionOf(i, name); expr != nil {
			out[name] = w.value(expr, at)
		}
	}
	if !i.Exists {
		out["id"], out["arn"] = cty.StringVal(freshMark+i.ID), cty.StringVal(arnMark+i.ID)
		for attribute, part := range resource.Types().Parts[i.Type] {
			out[attribute] = cty.StringVal(freshMark + i.Part(part))
		}
	}
	if alias := resource.Types().Aliases[i.Type]; alias != "" && out[alias] != cty.NilVal {
		out["id"] = out[alias]
	}
	return cty.ObjectVal(out)
}

// expressionOf is how the files say an attribute of a resource, where they agree
// with the plan.
func (g *graph) expressionOf(i *instance, name string) (hclsyntax.Expression, position) {
	m := g.source.of(i.module)
	if m == nil || i.config == nil {
		return nil, position{}
	}
	body := m.resources[i.config.Address]
	return saying(i.expression(name), body, name).expr, position{i.module, i.key, forEachOf(i.config.ForEachExpression, body)}
}
