package cloudformation

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// loopKey is how the key of a loop begins, which stands where a resource, a
// condition, an output or a property stands.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
const loopKey = "Fn::ForEach"

// mostExpanded bounds what loops within loops may come to. CloudFormation takes
// 500 resources.
const mostExpanded = 20000

// loop is a loop of a template that was written out, and which may come to
// something else in the stack: its collection hangs on parameters.
type loop struct {
	raw        any
	parameters []string // those that it mentions and that are not given
	kinds      []snapshot.Kind
	place      resource.Place
}

// expander writes the loops of a template out, as AWS::LanguageExtensions does
// before anything else. One whose collection is not known is left where it stands.
type expander struct {
	e    *evaluator
	left int
	// assumed are the loops that were written out with the default of a parameter.
	assumed map[string]loop
	err     error
}

func newExpander(t *sections, parameters map[string]string) *expander {
	return &expander{e: &evaluator{sections: t, parameters: parameters}, left: mostExpanded, assumed: map[string]loop{}}
}

// section writes out the loops of a section of a template. It tells which loop each
// key comes from.
func (x *expander) section(v map[string]any) (out map[string]any, from map[string]string) {
	out, from = map[string]any{}, map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if !strings.HasPrefix(k, loopKey) {
			x.set(out, k, x.value(v[k], 0))
			continue
		}
		made, ok := x.loop(k, v[k], 0)
		if !ok {
			out[k] = v[k]
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(made)) {
			x.set(out, name, made[name])
			from[name] = k
		}
	}
	return out, from
}

func (x *expander) set(out map[string]any, k string, v any) {
	if _, twice := out[k]; twice && x.err == nil {
		x.err = snapshot.Errorf("%s is there twice: a loop makes it as well", "%s が重複している。ループも同じものを作る", resource.Shortened(k))
	}
	out[k] = v
}

// value writes out the loops in a value, however deep.
func (x *expander) value(v any, depth int) any {
	if depth > maxLevels {
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if strings.HasPrefix(k, loopKey) {
				if made, ok := x.loop(k, v[k], depth); ok {
					for name, e := range made {
						x.set(out, name, e)
					}
					continue
				}
			}
			out[k] = x.value(v[k], depth+1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = x.value(e, depth+1)
		}
		return out
	}
	return v
}

// loop is what a loop comes to, if its collection is known.
func (x *expander) loop(key string, v any, depth int) (map[string]any, bool) {
	args, _ := v.([]any)
	if len(args) != 3 || depth > maxLevels {
		return nil, false
	}
	name, isName := args[0].(string)
	body, isBody := args[2].(map[string]any)
	items, known := x.items(args[1])
	if !isName || !isBody || !known {
		return nil, false
	}
	if open := x.defaulted(args[1]); len(open) > 0 {
		x.assumed[key] = loop{raw: v, parameters: open}
	}
	out := map[string]any{}
	for _, item := range items {
		if x.left--; x.left < 0 {
			return nil, false
		}
		one := resource.AsMap(bound(body, name, item))
		if made, ok := x.value(one, depth+1).(map[string]any); ok {
			for _, k := range slices.Sorted(maps.Keys(made)) {
				x.set(out, k, made[k])
			}
		}
	}
	return out, true
}

// items are the elements of a collection; a list of parameters is flattened.
func (x *expander) items(v any) ([]string, bool) {
	list, ok := x.e.value(v, "?").([]any)
	if !ok || resource.AnyUnknown(list) {
		return nil, false
	}
	var out []string
	for _, e := range list {
		switch e := e.(type) {
		case []any:
			for _, s := range e {
				out = append(out, resource.PlainText(s))
			}
		case map[string]any:
			return nil, false
		default:
			out = append(out, resource.PlainText(e))
		}
	}
	return out, true
}

// defaulted are the parameters behind a value that have their default.
func (x *expander) defaulted(v any) []string {
	var out []string
	mentions(v, func(id string) {
		if _, is := x.e.sections.parameters[id]; is {
			if _, given := x.e.parameters[id]; !given {
				out = append(out, id)
			}
		}
	})
	return out
}

var notAlphanumeric = pattern.New(`[^A-Za-z0-9]`)

// bound puts an element in the place of the variable of a loop.
func bound(v any, name, item string) any {
	replace := strings.NewReplacer("${"+name+"}", item, "&{"+name+"}", notAlphanumeric.Re().ReplaceAllString(item, "")).Replace
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["Ref"].(string); ok && len(v) == 1 && s == name {
			return item
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[replace(k)] = bound(e, name, item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = bound(e, name, item)
		}
		return out
	case string:
		return replace(v)
	}
	return v
}

// loops notes the loops that may come to something else in the stack than is
// written out here: they rest on parameters that are not given, and the stack
// keeps the values that it has.
func (b *binding) loops() {
	if b.isDeployed || !b.plan.Updates && b.deployed == nil {
		return
	}
	note := func(key string, l loop) {
		b.plan.Doubt(&resource.Object{Address: key, Type: loopKey, ID: key, Location: b.location()}, l.kinds, snapshot.KnownAfterApply, "Parameters."+l.parameters[0], key)
	}
	deployed := map[string]loop{}
	if b.deployed != nil {
		deployed = b.deployed.body.loops
	}
	for _, key := range slices.Sorted(maps.Keys(b.body.loops)) {
		if l := b.body.loops[key]; !reflect.DeepEqual(deployed[key].raw, l.raw) {
			note(key, l)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(deployed)) {
		if l := b.body.loops[key]; !reflect.DeepEqual(deployed[key].raw, l.raw) {
			note(key, deployed[key])
		}
	}
}
