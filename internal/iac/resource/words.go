package resource

import (
	"encoding/json"
	"strings"
)

// Renamed gives the keys of the objects in a list other names.
func Renamed(v any, names map[string]string) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			out = append(out, e)
			continue
		}
		to := map[string]any{}
		for from, name := range names {
			if v, ok := m[from]; ok {
				to[name] = v
			}
		}
		out = append(out, to)
	}
	return out
}

func jsonText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	body, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(body))
}

// Translate puts a resource that is said in the words of CloudFormation, its functions
// worked out, into those of Terraform.
func Translate(address, kind string, properties map[string]any) *Object {
	o := &Object{Address: address, Type: Types().CloudFormation[kind].Name, ID: address, Attributes: map[string]any{}}
	Types().words[kind].read(o, properties)
	return o
}

// read gives a resource the attributes that properties say.
func (w Words) read(o *Object, properties map[string]any) {
	for from, to := range w.Properties {
		if v, ok := properties[from]; ok {
			o.Attributes[to] = v
		}
	}
	if w.More != nil {
		w.More(o, properties)
	}
}
