package iac

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
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

// placed is where an expression stands: in which instance of which module, and of
// which instance of a resource or call.
type placed struct {
	module string
	key    string
	each   hclsyntax.Expression // the for_each behind key; nil: count, or neither
}

// worker works expressions out.
type worker struct {
	g     *graph
	done  map[string]cty.Value // of variables, locals and outputs; unknown while they are worked out
	steps int
}

func (g *graph) worker() *worker {
	if g.works == nil {
		g.works = &worker{g: g, done: map[string]cty.Value{}}
	}
	return g.works
}

// value works an expression out. What can't be is an unknown value.
func (w *worker) value(e hclsyntax.Expression, at placed) cty.Value {
	if w.steps++; w.steps > mostSteps {
		return cty.DynamicVal
	}
	v, diags := e.Value(&hcl.EvalContext{Variables: w.variables(e, at), Functions: functionsFor(e)})
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// once works something out that others may mention, each in terms of others again.
func (w *worker) once(key string, work func() cty.Value) cty.Value {
	if v, ok := w.done[key]; ok {
		return v
	}
	w.done[key] = cty.DynamicVal
	w.done[key] = work()
	return w.done[key]
}

// variables are the values of the names that an expression mentions.
func (w *worker) variables(e hclsyntax.Expression, at placed) map[string]cty.Value {
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
func (w *worker) each(at placed) (each, count cty.Value) {
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
		all := w.value(at.each, placed{module: at.module})
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
func (w *worker) variable(name, module string) cty.Value {
	return w.once(module+"|var."+name, func() cty.Value {
		v := w.given(name, module)
		m := w.g.source.of(module)
		if m == nil || m.variables[name] == nil {
			return v
		}
		body := m.variables[name]
		if n := body.Attributes["nullable"]; n != nil && v.IsNull() && w.value(n.Expr, placed{}).RawEquals(cty.False) {
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

func (w *worker) byDefault(name, module string) cty.Value {
	m := w.g.modules[withoutKeys(module)]
	if m == nil || m.Variables[name] == nil {
		return cty.DynamicVal
	}
	return plainCty(m.Variables[name].Default)
}

// given is the value that a variable is given, before its type is applied.
func (w *worker) given(name, module string) cty.Value {
	if module == "" {
		if v := w.g.doc.Variables[name]; v != nil {
			return plainCty(v.Value)
		}
		return w.byDefault(name, module)
	}
	call := w.g.calls[withoutKeys(module)]
	if call == nil {
		return cty.DynamicVal
	}
	e := call.Expressions[name]
	if e == nil || e.ExpressionData == nil {
		return w.byDefault(name, module)
	}
	path, key := parent(module)
	body := w.g.callBody(module)
	s := saying(e, body, name)
	if s.expr == nil {
		if len(e.References) == 0 && e.ConstantValue != tfjson.UnknownConstantValue {
			return plainCty(e.ConstantValue)
		}
		return cty.DynamicVal
	}
	return w.value(s.expr, placed{path, key, forEachOf(call.ForEachExpression, body)})
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

func (w *worker) local(name, module string) cty.Value {
	return w.once(module+"|local."+name, func() cty.Value {
		m := w.g.source.of(module)
		if m == nil || m.locals[name] == nil {
			return cty.DynamicVal
		}
		return w.value(m.locals[name], placed{module: module})
	})
}

// module is what a module gives to the one that calls it: an object, or several by
// key or number.
func (w *worker) module(name, from string) cty.Value {
	return w.once(from+"|module."+name, func() cty.Value {
		bare := join(withoutKeys(from), "module."+name)
		m, call := w.g.modules[bare], w.g.calls[bare]
		if m == nil || call == nil {
			return cty.DynamicVal
		}
		several := call.CountExpression != nil || call.ForEachExpression != nil
		if !several {
			return w.outputs(m, join(from, "module."+name))
		}
		instances := map[string]cty.Value{}
		for _, path := range w.g.paths[bare] {
			if up, key := parent(path); up == from {
				instances[key] = w.outputs(m, path)
			}
		}
		return w.several(instances, call.CountExpression, call.ForEachExpression, w.g.callBody(join(from, "module."+name)), from)
	})
}

func (w *worker) outputs(m *tfjson.ConfigModule, path string) cty.Value {
	out := map[string]cty.Value{}
	for _, name := range slices.Sorted(maps.Keys(m.Outputs)) {
		out[name] = w.once(path+"|output."+name, func() cty.Value {
			o, src := m.Outputs[name], w.g.source.of(path)
			if o == nil || o.Expression == nil || o.Expression.ExpressionData == nil || src == nil || src.outputs[name] == nil {
				return cty.DynamicVal
			}
			s := said{refs: o.Expression.References}
			if s.agree(src.outputs[name]); s.expr == nil {
				return cty.DynamicVal
			}
			return w.value(s.expr, placed{module: path})
		})
	}
	return cty.ObjectVal(out)
}

// several puts instances together: a list by number, or an object by key. None is
// none only where the files say so, for a plan may leave some out.
func (w *worker) several(instances map[string]cty.Value, count, each *tfjson.Expression, body *hclsyntax.Body, module string) cty.Value {
	if c := w.g.doc.Complete; c != nil && !*c { // others may be left out
		return cty.DynamicVal
	}
	if len(instances) == 0 {
		for name, e := range map[string]*tfjson.Expression{"count": count, "for_each": each} {
			if s := saying(e, body, name); s.expr != nil {
				v := w.value(s.expr, placed{module: module})
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
func (w *worker) resource(mode tfjson.ResourceMode, kind, name, module string) cty.Value {
	ref := kind + "." + name
	if mode == tfjson.DataResourceMode {
		ref = "data." + ref
	}
	return w.once(module+"|"+ref, func() cty.Value {
		config := w.g.config(module, mode, kind, name)
		if config == nil {
			return cty.DynamicVal
		}
		instances := map[string]cty.Value{}
		for _, i := range w.g.known[module+"|"+ref] {
			instances[i.key] = w.instance(i)
		}
		if v, single := instances[""]; single {
			return v
		}
		var body *hclsyntax.Body
		if m := w.g.source.of(module); m != nil {
			body = m.resources[config.Address]
		}
		return w.several(instances, config.CountExpression, config.ForEachExpression, body, module)
	})
}

// instance is one instance of a resource: its attributes, as far as the plan or the
// files tell them.
func (w *worker) instance(i *instance) cty.Value {
	if i.dark {
		return cty.DynamicVal
	}
	out := map[string]cty.Value{}
	for name, v := range i.attrs {
		out[name] = plainCty(v)
	}
	for name, m := range i.mask {
		if !marked(m) {
			continue
		}
		out[name] = cty.DynamicVal
		if expr, at := w.g.expressionOf(i, name); expr != nil {
			out[name] = w.value(expr, at)
		}
	}
	if !i.exists {
		out["id"], out["arn"] = cty.StringVal(freshMark+i.id), cty.StringVal(arnMark+i.id)
		for attribute, part := range parts[i.kind] {
			out[attribute] = cty.StringVal(freshMark + i.part(part))
		}
	}
	if alias := aliases[i.kind]; alias != "" && out[alias] != cty.NilVal {
		out["id"] = out[alias]
	}
	return cty.ObjectVal(out)
}

// expressionOf is how the files say an attribute of a resource, where they agree
// with the plan.
func (g *graph) expressionOf(i *instance, name string) (hclsyntax.Expression, placed) {
	m := g.source.of(i.module)
	if m == nil || i.config == nil {
		return nil, placed{}
	}
	body := m.resources[i.config.Address]
	return saying(i.expression(name), body, name).expr, placed{i.module, i.key, forEachOf(i.config.ForEachExpression, body)}
}

// plainCty is a value of JSON as Terraform sees it.
func plainCty(v any) cty.Value {
	switch v := v.(type) {
	case nil:
		return cty.NullVal(cty.DynamicPseudoType)
	case unknown, atLeast, unset:
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

// worked is what the files say that an attribute will be, in terms of ids; false
// where that does not decide it.
func (g *graph) worked(at *instance, name string, address unknown) (any, bool) {
	expr, where := g.expressionOf(at, name)
	kinds := kindsFor[name]
	if expr == nil || kinds == nil {
		return nil, false
	}
	w := g.worker()
	w.steps = 0
	v := w.value(expr, where)
	if !v.IsKnown() {
		return nil, false
	}
	if v.IsNull() {
		return unset{}, true
	}
	if !listed[name] {
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
		return atLeast{sure, address}, true
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
		return id, slices.Contains(kinds, arnWanted) && slices.Contains(kinds, g.fresh[id])
	}
	if id, ok := strings.CutPrefix(s, freshMark); ok {
		if kind := g.fresh[id]; kind != "" {
			return id, slices.Contains(kinds, kind)
		}
		return id, g.isPart(id, kinds)
	}
	s = idOfARN(s)
	return s, hasKind(s, kinds)
}

// isPart reports whether an id is that of an object which is made with a resource,
// of one of some kinds.
func (g *graph) isPart(id string, kinds []string) bool {
	of := map[string]string{defaultGroup: "aws_default_security_group", defaultACL: "aws_default_network_acl", mainTable: "aws_default_route_table", defaultTGWTable: "aws_ec2_transit_gateway_route_table", "primary_network_interface_id": "aws_network_interface"}
	i := strings.LastIndexAny(id, "./")
	return i > 0 && slices.Contains(kinds, of[id[i+1:]])
}
