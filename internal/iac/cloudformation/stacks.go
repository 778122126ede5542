package cloudformation

import (
	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Stacks reads the templates of the stacks that resources of a Terraform plan are.
type Stacks struct{}

// Kinds are the tables that the template of a stack may touch; all if it is
// not there.
func (Stacks) Kinds(o *resource.Object) []snapshot.Kind {
	t, err := Read(o.Address, []byte(o.Known("template_body")), nil)
	if err != nil || len(t.body.standIns) > 0 {
		return resource.Everything
	}
	var kinds []snapshot.Kind
	for _, r := range t.body.resources {
		if resource.Foreign(r.kind) {
			return resource.Everything
		}
		kinds = append(kinds, resource.KindsOf(r.kind)...)
	}
	return kinds
}

// Made is the template of a new stack as a plan of its own, its names put in
// terms of the resource.
func (Stacks) Made(o *resource.Object) (resource.Source, bool) {
	given := map[string]string{}
	switch v := o.Attributes["parameters"].(type) {
	case nil, resource.Unset:
	case map[string]any:
		for name, x := range v {
			given[name] = notKnown
			if s, pending := resource.TextOf(x); pending == "" {
				given[name] = s
			}
		}
	default:
		return nil, false
	}
	s, err := Read(o.Address, []byte(o.Known("template_body")), given)
	if err != nil || s.changeSet != nil {
		return nil, false
	}
	n := renamer{within: o.Address + "/", ids: map[string]bool{}}
	t := s.body
	for _, r := range t.resources {
		n.ids[r.id] = true
	}
	for i := range t.resources {
		r := &t.resources[i]
		r.id, r.properties, r.place = n.within+r.id, resource.AsMap(n.value(r.properties)), resource.Place{}
		if r.condition != "" {
			r.condition = n.within + r.condition
		}
	}
	for i := range t.standIns {
		t.standIns[i].at = n.within + t.standIns[i].at
	}
	t.mappings, t.conditions = n.keys(t.mappings), n.keys(resource.AsMap(n.value(t.conditions)))
	s.inside, s.NewStack, s.Region, s.account = true, true, o.Location.Region, o.Location.Account
	return s, true
}
