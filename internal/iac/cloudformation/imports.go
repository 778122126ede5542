package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// An output that other stacks import can't be changed or removed while they do, so
// that the same import is the same value before and after. The value itself is told
// by a template that is given too, or by what there is of the resources that were
// made with it.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html

// imported names what a value takes from outside the template, if it is nothing
// else: an export, a dynamic reference, or a parameter that keeps the value that the
// stack has for it.
func (e *evaluator) imported(v any) string {
	if s, ok := v.(string); ok && strings.HasPrefix(s, "{{resolve:") && strings.HasSuffix(s, "}}") {
		return s
	}
	m, _ := v.(map[string]any)
	if name, ok := m["Ref"].(string); ok && len(m) == 1 {
		if p, is := e.sections.parameters[name].(map[string]any); is && e.isKept(name, p) {
			return keptParameter + name
		}
	}
	if arg, ok := m["Fn::ImportValue"]; ok && len(m) == 1 {
		if name := e.value(arg, ""); !resource.AnyUnknown(name) {
			return resource.PlainText(name)
		}
	}
	return ""
}

// keptParameter begins the name of a parameter among what is imported.
const keptParameter = "Ref "

// isKept reports whether a parameter has the value that it had: it is not given, and
// nothing looks it up anew.
func (e *evaluator) isKept(name string, p map[string]any) bool {
	_, given := e.parameters[name]
	return !given && !strings.HasPrefix(resource.PlainText(p["Type"]), "AWS::SSM::Parameter::Value")
}

// exports are the values that a template exports, by name.
func (b *binding) exports(into map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(b.body.outputs)) {
		out := resource.AsMap(b.body.outputs[name])
		export := b.eval.value(resource.AsMap(out["Export"])["Name"], "?")
		value := b.eval.value(out["Value"], "?")
		if s := resource.PlainText(export); s != "" && !resource.AnyUnknown(export) && !resource.AnyUnknown(value) {
			into[s] = value
		}
	}
}

// learnImports finds the values that are imported in what there is of the stack's
// resources.
func (b *binding) learnImports() {
	learn := func(r declaredResource, raw, seen any) {
		name := b.eval.imported(raw)
		if list, ok := seen.([]any); ok && len(list) == 1 {
			seen = list[0]
		}
		if s := resource.PlainText(seen); name != "" && s != "" && b.eval.imports[name] == nil {
			b.eval.imports[name] = s
		}
	}
	for _, r := range b.order {
		o := b.after[r.id]
		if o == nil || !o.Exists {
			continue
		}
		if shown := resource.Shown(b.base, o); shown != nil {
			for property, name := range resource.Types().Properties[r.kind] {
				raw := r.properties[property]
				if list, ok := raw.([]any); ok && len(list) == 1 {
					raw = list[0]
				}
				learn(r, raw, shown.Attributes[name])
			}
		}
		b.learnFromRules(r, o, learn)
	}
}

// learnFromRules finds imported values in the rules of a group: a rule that is
// known but for them is the one that is alike in all else, if only one is.
func (b *binding) learnFromRules(r declaredResource, o *resource.Object, learn func(declaredResource, any, any)) {
	lists := resource.Types().Of(o.Type).Inline
	if lists == nil {
		return
	}
	there := resource.PartsShown(b.base, o.Address, o, nil)
	for _, side := range lists {
		names := side.Properties()
		list, _ := r.properties[side.Property].([]any)
		for _, e := range list {
			raw := resource.AsMap(e)
			stated := map[string]any{}
			open := ""
			for property, name := range names {
				if v, ok := raw[property]; ok {
					if stated[name] = b.eval.value(v, "?"); resource.AnyUnknown(stated[name]) {
						open = property
						delete(stated, name)
					}
				}
			}
			name := names[open]
			alike := slices.DeleteFunc(slices.Clone(there), func(x *resource.Object) bool {
				return x.Type != side.Type || x.Attributes[name] == nil || !agrees(x, stated)
			})
			if open != "" && len(alike) == 1 {
				learn(r, raw[open], alike[0].Attributes[name])
			}
		}
	}
}

// agrees reports whether a rule has all that is known of another.
func agrees(x *resource.Object, attrs map[string]any) bool {
	one := &resource.Object{Type: x.Type, Attributes: attrs}
	other := &resource.Object{Type: x.Type, Attributes: map[string]any{}}
	for name := range attrs {
		other.Attributes[name] = x.Attributes[name]
	}
	return resource.Contents(one) == resource.Contents(other)
}

func importsIn(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if k == "Fn::ImportValue" || importsIn(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, importsIn)
	}
	return false
}
