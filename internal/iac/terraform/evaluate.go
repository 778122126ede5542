package terraform

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// Where the files of a configuration are there, its expressions are worked out as
// Terraform does, with the values that the plan knows. The id of a resource that
// does not exist yet is a text of its own: whatever it will be, it is neither empty
// nor that of anything else, so that what counts, compares and chooses by it comes
// out as it will. What reads into the text does not, and is not known.

// freshMark begins the text that stands for an id that is known after apply, and
// arnMark that for an ARN. Neither can stand in a configuration.
const (
	freshMark = "\x00"
	arnMark   = "\x00arn:"
)

// position is where an expression stands: in which instance of which module, and of
// which instance of a resource or call.
type position struct {
	module string
	key    string
	each   hclsyntax.Expression // the for_each behind key; nil: count, or neither
}

// evaluator works expressions out.
type evaluator struct {
	graph *graph
	done  map[string]cty.Value // of variables, locals and outputs; unknown while they are worked out
	steps int
}

func (g *graph) evaluator() *evaluator {
	if g.evaluated == nil {
		g.evaluated = &evaluator{graph: g, done: map[string]cty.Value{}}
	}
	return g.evaluated
}

// value works an expression out. What can't be is an unknown value.
func (w *evaluator) value(e hclsyntax.Expression, at position) cty.Value {
	if w.steps++; w.steps > mostSteps {
		return cty.DynamicVal
	}
	v, diags := e.Value(&hcl.EvalContext{Variables: w.variables(e, at), Functions: functionsFor(e)})
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// memoize works something out that others may mention, each in terms of others again.
func (w *evaluator) memoize(key string, work func() cty.Value) cty.Value {
	if v, ok := w.done[key]; ok {
		return v
	}
	w.done[key] = cty.DynamicVal
	w.done[key] = work()
	return w.done[key]
}

// variables are the values of the names that an expression mentions.
func (w *evaluator) variables(e hclsyntax.Expression, at position) map[string]cty.Value {
	roots := map[string]map[string]cty.Value{}
	data := map[string]map[string]cty.Value{}
	put := func(root, name string, v cty.Value) {
		if roots[root] == nil {
			roots[root] = map[string]cty.Value{}
		}
		roots[root][name] = v
	}
	out := map[string]cty.Value{}
	for _, t := range e.Variables() {
		steps := tokens(t)
		if len(steps) < 2 {
			out[steps[0]] = cty.DynamicVal
			continue
		}
		switch root, name := steps[0], steps[1]; root {
		case "var":
			put(root, name, w.variable(name, at.module))
		case "local":
			put(root, name, w.local(name, at.module))
		case "module":
			put(root, name, w.module(name, at.module))
		case "each", "count":
			out["each"], out["count"] = w.each(at)
		case "path", "terraform", "self":
			out[root] = cty.DynamicVal
		case "data":
			if len(steps) > 2 {
				if data[name] == nil {
					data[name] = map[string]cty.Value{}
				}
				data[name][steps[2]] = w.resource(tfjson.DataResourceMode, name, steps[2], at.module)
			}
		default:
			put(root, name, w.resource(tfjson.ManagedResourceMode, root, name, at.module))
		}
	}
	for kind, names := range data {
		put("data", kind, cty.ObjectVal(names))
	}
	for root, names := range roots {
		if _, whole := out[root]; !whole {
			out[root] = cty.ObjectVal(names)
		}
	}
	return out
}

// each are the values of "each" and "count".
func (w *evaluator) each(at position) (each, count cty.Value) {
	each, count = cty.DynamicVal, cty.DynamicVal
	inner := strings.TrimSuffix(strings.TrimPrefix(at.key, "["), "]")
	if n, err := strconv.Atoi(inner); err == nil {
		return each, cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(int64(n))})
	}
	key, err := strconv.Unquote(inner)
	if err != nil {
		return each, count
	}
	value := cty.DynamicVal
	if at.each != nil {
		all := w.value(at.each, position{module: at.module})
		switch ty := all.Type(); {
		case !all.IsKnown() || all.IsNull():
		case ty.IsSetType():
			value = cty.StringVal(key)
		case ty.IsObjectType() && ty.HasAttribute(key):
			value = all.GetAttr(key)
		case ty.IsMapType() && all.HasIndex(cty.StringVal(key)).True():
			value = all.Index(cty.StringVal(key))
		}
	}
	return cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(key), "value": value}), count
}

// variable is a variable of a module: what its call says, or the default.
func (w *evaluator) variable(name, module string) cty.Value {
	return w.memoize(module+"|var."+name, func() cty.Value {
		v := w.given(name, module)
		m := w.graph.source.of(module)
		if m == nil || m.variables[name] == nil {
			return v
		}
		body := m.variables[name]
		if n := body.Attributes["nullable"]; n != nil && v.IsNull() && w.value(n.Expr, position{}).RawEquals(cty.False) {
			v = w.byDefault(name, module)
		}
		if t := body.Attributes["type"]; t != nil {
			ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(t.Expr)
			if diags.HasErrors() {
				return v
			}
			if defaults != nil && v.IsKnown() && !v.IsNull() {
				v = defaults.Apply(v)
			}
			if c, err := convert.Convert(v, ty); err == nil {
				return c
			}
		}
		return v
	})
}

func (w *evaluator) byDefault(name, module string) cty.Value {
	m := w.graph.modules[withoutKeys(module)]
	if m == nil || m.Variables[name] == nil {
		return cty.DynamicVal
	}
	return plainCty(m.Variables[name].Default)
}

// given is the value that a variable is given, before its type is applied.
func (w *evaluator) given(name, module string) cty.Value {
	if module == "" {
		if v := w.graph.doc.Variables[name]; v != nil {
			return plainCty(v.Value)
		}
		return w.byDefault(name, module)
	}
	call := w.graph.calls[withoutKeys(module)]
	if call == nil {
		return cty.DynamicVal
	}
	e := call.Expressions[name]
	if e == nil || e.ExpressionData == nil {
		return w.byDefault(name, module)
	}
	path, key := parent(module)
	body := w.graph.callBody(module)
	s := saying(e, body, name)
	if s.expr == nil {
		if len(e.References) == 0 && e.ConstantValue != tfjson.UnknownConstantValue {
			return plainCty(e.ConstantValue)
		}
		return cty.DynamicVal
	}
	return w.value(s.expr, position{path, key, forEachOf(call.ForEachExpression, body)})
}

// callBody is how the files call a module; nil if they don't show it.
func (g *graph) callBody(module string) *hclsyntax.Body {
	path, _ := parent(module)
	m := g.source.of(path)
	if m == nil {
		return nil
	}
	parts := split(withoutKeys(module))
	return m.calls[parts[len(parts)-1]]
}

// forEachOf is a for_each as the files say it, where they agree with the plan.
func forEachOf(e *tfjson.Expression, body *hclsyntax.Body) hclsyntax.Expression {
	return saying(e, body, "for_each").expr
}

func (w *evaluator) local(name, module string) cty.Value {
	return w.memoize(module+"|local."+name, func() cty.Value {
		m := w.graph.source.of(module)
		if m == nil || m.locals[name] == nil {
			return cty.DynamicVal
		}
		return w.value(m.locals[name], position{module: module})
	})
}

// plainCty is a value of JSON as Terraform sees it.
func plainCty(v any) cty.Value {
	switch v := v.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType)
	case resource.Unknown, resource.AtLeast, resource.Unset:
		return cty.DynamicVal
	case string:
		return cty.StringVal(v)
	case bool:
		return cty.BoolVal(v)
	case map[string]any:
		out := make(map[string]cty.Value, len(v))
		for k, e := range v {
			out[k] = plainCty(e)
		}
		return cty.ObjectVal(out)
	case []any:
		out := make([]cty.Value, len(v))
		for i, e := range v {
			out[i] = plainCty(e)
		}
		return cty.TupleVal(out)
	}
	if n, err := ctyjson.Unmarshal([]byte(fmt.Sprint(v)), cty.Number); err == nil {
		return n
	}
	return cty.DynamicVal
}
