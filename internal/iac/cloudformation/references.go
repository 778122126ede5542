package cloudformation

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// circles refuses resources and conditions that depend on themselves, which
// CloudFormation refuses as well.
func (t *sections) circles() error {
	deps := map[string][]string{}
	known := map[string]bool{}
	for _, r := range t.resources {
		known[r.id] = true
	}
	for _, r := range t.resources {
		mentions(r.properties, func(id string) {
			if known[id] {
				deps[r.id] = append(deps[r.id], id)
			}
		})
	}
	for name, c := range t.conditions {
		conditionsIn(c, func(other string) { deps["Condition "+name] = append(deps["Condition "+name], "Condition "+other) })
	}
	state := map[string]int{}
	var visit func(id string, trail []string) error
	visit = func(id string, trail []string) error {
		switch state[id] {
		case 1:
			at := max(slices.Index(trail, id), 0)
			return snapshot.Errorf("circular dependency: %s", "循環依存: %s", shortenedList(append(slices.Clone(trail[at:]), id)))
		case 2:
			return nil
		}
		state[id] = 1
		for _, d := range deps[id] {
			if err := visit(d, append(trail, id)); err != nil {
				return err
			}
		}
		state[id] = 2
		return nil
	}
	ids := make([]string, 0, len(deps))
	for id := range deps {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := visit(id, nil); err != nil {
			return err
		}
	}
	return nil
}

func shortenedList(list []string) string {
	if len(list) > 8 {
		list = append(slices.Clone(list[:7]), "...", list[len(list)-1])
	}
	return strings.Join(list, " -> ")
}

// mentions hands on the logical ids that a value refers to.
func mentions(v any, use func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch k {
			case "Ref":
				if s, ok := e.(string); ok {
					use(s)
				}
			case "Fn::GetAtt":
				if list, ok := e.([]any); ok && len(list) > 0 {
					if s, ok := list[0].(string); ok {
						use(s)
					}
				} else if s, ok := e.(string); ok {
					id, _, _ := strings.Cut(s, ".")
					use(id)
				}
			case "Fn::Sub":
				s, _ := e.(string)
				if list, ok := e.([]any); ok && len(list) > 0 {
					s, _ = list[0].(string)
				}
				for _, m := range substitution.Re().FindAllStringSubmatch(s, -1) {
					id, _, _ := strings.Cut(m[1], ".")
					use(id)
				}
				mentions(e, use)
			default:
				mentions(e, use)
			}
		}
	case []any:
		for _, e := range v {
			mentions(e, use)
		}
	}
}

func conditionsIn(v any, use func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && k == "Condition" {
				use(s)
				continue
			}
			conditionsIn(e, use)
		}
	case []any:
		for _, e := range v {
			conditionsIn(e, use)
		}
	}
}
