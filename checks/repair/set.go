package repair

import "reflect"

// Set joins the repairs of several findings: rules of one security group and
// direction become one change, and what is the same is there once.
type Set struct {
	Repairs []Repair
}

// Add takes a repair, and returns its place in the set.
func (s *Set) Add(r Repair) int {
	for i, o := range s.Repairs {
		if o.Whose != r.Whose {
			continue
		}
		own, isGroup := r.Change.(GroupRules)
		other, isToo := o.Change.(GroupRules)
		if isGroup && isToo && own.Group == other.Group && own.Egress == other.Egress {
			s.Repairs[i].Change = other.with(own.Rules)
			return i
		}
		if !isGroup && reflect.DeepEqual(o.Words(), r.Words()) {
			return i
		}
	}
	s.Repairs = append(s.Repairs, r)
	return len(s.Repairs) - 1
}
