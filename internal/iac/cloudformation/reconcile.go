package cloudformation

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// reconcile settles the attributes that are not what AWS shows. One about which the
// template is as it was stays as it is: CloudFormation does not mend what others
// have changed. One that depends on a parameter that is not given may keep the
// value that the stack has for it.
func (b *binding) reconcile(r declaredResource, shown, o *resource.Object) {
	var open *resource.Object
	for name, v := range o.Attributes {
		told, ok := shown.Attributes[name]
		if !ok || equal(told, v) {
			continue
		}
		if b.deployed != nil && b.asDeployed(r, name, v) {
			o.Attributes[name] = told
			continue
		}
		if b.deployed != nil && resource.AnyUnknown(v) && slices.Contains(resource.Types().CloudFormation[r.kind].Fixed, name) { // another one may be made
			b.plan.Doubt(&resource.Object{Address: r.id, Type: o.Type, ID: o.ID, Location: b.location()}, resource.Types().Models[o.Type].Kinds, snapshot.KnownAfterApply, r.id+"."+name, r.id)
		}
		if open == nil {
			open = b.withDefaultsOpen(func() *resource.Object { return b.translate(r) })
		}
		if x := open.Attributes[name]; !equal(x, v) {
			if o.Attributes[name] = x; slices.Contains(resource.Types().CloudFormation[r.kind].Fixed, name) {
				o.Attributes[name] = told // or all that is in it would be made anew
			}
		}
	}
}

// asDeployed reports whether the template says the same of a resource, and nothing that
// it says depends on a value that may be another one at each update.
func (b *binding) asDeployed(r declaredResource, name string, v any) bool {
	before := b.deployed.after[r.id]
	if before == nil {
		return false
	}
	if !resource.AnyUnknown(before.Attributes[name]) && !resource.AnyUnknown(v) {
		return equal(before.Attributes[name], v)
	}
	return b.writtenAsDeployed(r)
}

// writtenAsDeployed is asDeployed for all that is said of a resource, with the mappings and
// conditions that it rests on.
func (b *binding) writtenAsDeployed(r declaredResource) bool {
	old, ok := b.deployed.eval.byID[r.id]
	if !ok || old.kind != r.kind || old.condition != r.condition || !reflect.DeepEqual(old.properties, r.properties) {
		return false
	}
	decided := r.condition != "" || calls(r.properties, "Fn::If")
	if decided && !sameSection(b.body.conditions, b.deployed.body.conditions) ||
		(decided || calls(r.properties, "Fn::FindInMap")) && !sameSection(b.body.mappings, b.deployed.body.mappings) {
		return false
	}
	if r.condition != "" && len(b.template.parameters) > 0 { // what it rests on is not followed
		return false
	}
	moved := false // what it refers to is another one, or says something else
	mentions(r.properties, func(id string) {
		now, before := resource.AsMap(b.body.parameters[id]), resource.AsMap(b.deployed.body.parameters[id])
		moved = moved || !reflect.DeepEqual(now["Type"], before["Type"]) || !reflect.DeepEqual(now["Default"], before["Default"])
		other, ok := b.eval.byID[id]
		if _, modelled := resource.Types().CloudFormation[other.kind]; ok && !modelled {
			moved = moved || !reflect.DeepEqual(b.deployed.eval.byID[id].properties, other.properties)
		}
		if o := b.after[id]; o != nil {
			moved = moved || b.physical[id] != "" && !o.Exists
		}
	})
	return !moved && !b.eval.open(r.properties, b.template.parameters, 0)
}

// sameSection compares what two templates themselves say, without the nested ones that are
// put into one of them.
func sameSection(a, b map[string]any) bool {
	nested := func(name string, _ any) bool { return strings.Contains(name, "/") }
	a, b = maps.Clone(a), maps.Clone(b)
	maps.DeleteFunc(a, nested)
	maps.DeleteFunc(b, nested)
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// calls reports whether a function stands in a value, at any depth.
func calls(v any, function string) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if k == function || calls(e, function) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return calls(e, function) })
	}
	return false
}

// withDefaultsOpen reads resources with the parameters unknown that are not given and may
// have another value in the stack than the default.
func (b *binding) withDefaultsOpen(read func() *resource.Object) *resource.Object {
	if b.scope != nil && len(b.tagged) > 0 && !b.isDeployed && b.template.standing == nil {
		b.eval.keepsDeployed = func(name string) bool {
			if b.deployed == nil {
				return true
			}
			_, declared := b.deployed.body.parameters[name]
			return declared
		}
		defer func() { b.eval.keepsDeployed = nil }()
	}
	return read()
}

// replaced reports whether something changes that can't be changed.
func replaced(w resource.Type, shown, o *resource.Object) bool {
	for _, name := range w.Fixed {
		a, b := shown.Known(name), o.Known(name)
		if a != "" && b != "" && !strings.EqualFold(a, b) {
			return true
		}
	}
	return false
}

// changes reports whether an attribute that the template sets, and that decides
// something, is another one in AWS.
func changes(shown, o *resource.Object) bool {
	t := resource.Types().Models[o.Type]
	for name := range o.Attributes {
		if slices.Contains(t.Labels, name) && !slices.Contains(t.Fixed, name) {
			continue
		}
		if _, told := shown.Attributes[name]; told && !equal(shown.Attributes[name], o.Attributes[name]) {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	if s, ok := a.(string); ok && strings.HasPrefix(s, "{") {
		var x, y any
		if json.Unmarshal([]byte(s), &x) == nil && json.Unmarshal([]byte(resource.PlainText(b)), &y) == nil {
			return reflect.DeepEqual(x, y)
		}
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}
