package cloudformation

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// Files returns a file that stands beside a template, by its path from there; nil
// if there is none.
type Files func(path string) []byte

// child is the path of the template of a nested stack, if it is one that stands
// beside the parent: as people write it before it is packaged, or as the CDK notes
// it.
func (r declaredResource) child() string {
	if r.kind != "AWS::CloudFormation::Stack" && r.kind != "AWS::Serverless::Application" {
		return ""
	}
	for _, v := range []any{r.properties["TemplateURL"], r.properties["Location"]} {
		if s, ok := v.(string); ok && s != "" && !strings.Contains(s, "://") && !strings.HasPrefix(s, "arn:") {
			return s
		}
	}
	if p, _ := r.metadata["aws:asset:property"].(string); p == "TemplateURL" {
		s, _ := r.metadata["aws:asset:path"].(string)
		return s
	}
	return ""
}

// mostChildren bounds how many nested stacks are read. CloudFormation has a quota of
// 2,000 stacks.
const mostChildren = 200

// inline puts the resources of nested stacks that are yet to be made, and whose
// templates are here, in the place of the stacks. isNew tells which are made.
func (t *sections) inline(files Files, isNew func(id string) bool) {
	if files == nil {
		return
	}
	for n, i := 0, 0; i < len(t.resources) && n < mostChildren; i++ {
		r := t.resources[i]
		from := r.child()
		if from == "" || r.condition != "" || !isNew(r.id) {
			continue
		}
		from = path.Join(r.dir, from)
		body := files(from)
		if body == nil {
			continue
		}
		inner, outputs, err := childOf(r, from, body)
		if err != nil { // it stays what is not read
			continue
		}
		n++
		t.take(r, inner, outputs)
		t.resources = slices.Delete(t.resources, i, i+1)
		i--
	}
}

// childOf reads the template of a nested stack, its names and parameters put in
// terms of the parent.
func childOf(r declaredResource, file string, body []byte) (*sections, map[string]any, error) {
	given := resource.AsMap(r.properties["Parameters"])
	known := map[string]string{}
	for name, v := range given {
		known[name] = notKnown
		if s, ok := v.(string); ok {
			known[name] = s
		}
	}
	p, err := Read(file, body, known)
	if err != nil {
		return nil, nil, err
	}
	c := p.body
	n := renamer{within: r.id + "/", ids: map[string]bool{}, values: map[string]any{}}
	for _, d := range c.resources {
		n.ids[d.id] = true
	}
	for name, decl := range c.parameters {
		n.values[name] = valueGiven(resource.AsMap(decl), given[name])
	}
	for i := range c.resources {
		d := &c.resources[i]
		d.id, d.properties, d.dir = n.within+d.id, resource.AsMap(n.value(d.properties)), path.Dir(file)
		if d.condition != "" {
			d.condition = n.within + d.condition
		}
	}
	for i := range c.standIns {
		c.standIns[i].at = n.within + c.standIns[i].at
	}
	c.mappings, c.conditions = n.keys(c.mappings), n.keys(resource.AsMap(n.value(c.conditions)))
	outputs := map[string]any{}
	for name, o := range c.outputs {
		outputs[name] = n.value(resource.AsMap(o)["Value"])
	}
	return c, outputs, nil
}

// take adds what a nested stack holds, and leads what refers to its outputs there.
func (t *sections) take(r declaredResource, c *sections, outputs map[string]any) {
	for i := range t.resources {
		t.resources[i].properties = resource.AsMap(output(t.resources[i].properties, r.id, outputs))
	}
	t.conditions, t.outputs = resource.AsMap(output(t.conditions, r.id, outputs)), resource.AsMap(output(t.outputs, r.id, outputs))
	merge := func(to *map[string]any, from map[string]any) {
		if *to == nil {
			*to = map[string]any{}
		}
		maps.Copy(*to, from)
	}
	merge(&t.mappings, c.mappings)
	merge(&t.conditions, c.conditions)
	t.resources = append(t.resources, c.resources...)
	t.standIns = append(t.standIns, c.standIns...)
}

// output replaces references to the outputs of a nested stack by their values.
func output(v any, id string, outputs map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		list, _ := v["Fn::GetAtt"].([]any)
		if s, ok := v["Fn::GetAtt"].(string); ok {
			from, attribute, _ := strings.Cut(s, ".")
			list = []any{from, attribute}
		}
		if len(v) == 1 && len(list) == 2 && list[0] == id {
			if name, ok := strings.CutPrefix(resource.PlainText(list[1]), "Outputs."); ok && outputs[name] != nil {
				return outputs[name]
			}
			return v
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = output(e, id, outputs)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = output(e, id, outputs)
		}
		return out
	}
	return v
}

// notKnown stands for the value of a parameter that is given, and not known.
const notKnown = "{{resolve:?}}"

// valueGiven is what a parameter of a nested stack is, in terms of the parent.
func valueGiven(decl map[string]any, given any) any {
	kind := resource.PlainText(decl["Type"])
	if given == nil {
		given = decl["Default"]
		if given == nil || strings.HasPrefix(kind, "AWS::SSM::Parameter::Value") {
			return notKnown
		}
	}
	if _, isList := given.([]any); !isList && (strings.HasPrefix(kind, "List<") || kind == "CommaDelimitedList") {
		return map[string]any{"Fn::Split": []any{",", given}}
	}
	return given
}

// renamer puts the names that a template uses in terms of another that takes it in.
type renamer struct {
	within string
	ids    map[string]bool // of resources
	values map[string]any  // of parameters
}

func (n renamer) keys(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[n.within+k] = v
	}
	return out
}

// refers is what a reference to a name becomes; nil if it stays.
func (n renamer) refers(name, attribute string) any {
	if v, ok := n.values[name]; ok && attribute == "" {
		return v
	}
	switch {
	case !n.ids[name]:
		return nil
	case attribute == "":
		return map[string]any{"Ref": n.within + name}
	}
	return map[string]any{"Fn::GetAtt": []any{n.within + name, attribute}}
}

func (n renamer) value(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for k, arg := range v {
				if out, ok := n.function(k, arg); ok {
					return out
				}
			}
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = n.value(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = n.value(e)
		}
		return out
	}
	return v
}

// function renames in the functions that hold names.
func (n renamer) function(name string, arg any) (any, bool) {
	list, _ := arg.([]any)
	switch name {
	case "Ref":
		s, _ := arg.(string)
		out := n.refers(s, "")
		return out, out != nil
	case "Fn::GetAtt":
		if s, ok := arg.(string); ok {
			id, attribute, _ := strings.Cut(s, ".")
			list = []any{id, attribute}
		}
		if len(list) == 2 && n.ids[resource.PlainText(list[0])] {
			return map[string]any{name: []any{n.within + resource.PlainText(list[0]), n.value(list[1])}}, true
		}
	case "Fn::Sub":
		return map[string]any{name: n.sub(arg)}, true
	case "Condition":
		if s, ok := arg.(string); ok {
			return map[string]any{name: n.within + s}, true
		}
	case "Fn::If":
		if s, ok := first(list).(string); ok && len(list) == 3 {
			return map[string]any{name: []any{n.within + s, n.value(list[1]), n.value(list[2])}}, true
		}
	case "Fn::FindInMap":
		if s, ok := first(list).(string); ok {
			return map[string]any{name: append([]any{n.within + s}, n.value(list[1:]).([]any)...)}, true
		}
	}
	return nil, false
}

func first(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// sub gives each name in a text a variable of its own, for the names of nested
// resources can't stand in one.
func (n renamer) sub(arg any) any {
	s, _ := arg.(string)
	own := map[string]any{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		s, _ = list[0].(string)
		own = resource.AsMap(n.value(resource.AsMap(list[1])))
	}
	s = substitution.Re().ReplaceAllStringFunc(s, func(m string) string {
		name := strings.TrimSpace(m[2 : len(m)-1])
		if _, is := own[name]; is {
			return m
		}
		id, attribute, _ := strings.Cut(name, ".")
		to := n.refers(id, attribute)
		if to == nil {
			return m
		}
		key := fmt.Sprintf("::%d", len(own))
		own[key] = to
		return "${" + key + "}"
	})
	return []any{s, own}
}
