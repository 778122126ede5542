package cloudformation

import (
	"fmt"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// condition reports whether a condition of the template holds, and whether that
// can be told.
func (e *evaluator) condition(name string, depth int) (yes, known bool) {
	c, ok := e.sections.conditions[name]
	if !ok || depth > maxLevels {
		return false, false
	}
	return e.decide(c, depth+1)
}

func (e *evaluator) decide(v any, depth int) (yes, known bool) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 || depth > maxLevels {
		return false, false
	}
	for name, arg := range m {
		list, _ := arg.([]any)
		switch name {
		case "Condition":
			return e.condition(resource.PlainText(arg), depth+1)
		case "Fn::Equals":
			if len(list) != 2 {
				return false, false
			}
			a, b := e.value(list[0], ""), e.value(list[1], "")
			return fmt.Sprint(a) == fmt.Sprint(b), !resource.AnyUnknown(a) && !resource.AnyUnknown(b)
		case "Fn::Not":
			if len(list) != 1 {
				return false, false
			}
			yes, known = e.decide(list[0], depth+1)
			return !yes, known
		case "Fn::And", "Fn::Or":
			yes, known = name == "Fn::And", true
			for _, x := range list {
				y, k := e.decide(x, depth+1)
				if k && y == (name == "Fn::Or") {
					return y, true // one is enough
				}
				known = known && k
			}
			return yes, known
		}
	}
	return false, false
}
