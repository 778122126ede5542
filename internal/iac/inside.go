package iac

import "github.com/dspreflight/dspreflight/internal/snapshot"

// Stacks reads the templates of the stacks that resources of a Terraform plan are.
type Stacks struct{}

// Kinds are the tables that the template of a stack may touch; all if it is
// not there.
func (Stacks) Kinds(o *object) []snapshot.Kind {
	t, err := ReadTemplate(o.address, []byte(o.known("template_body")), nil)
	if err != nil || len(t.body.standIns) > 0 {
		return everything
	}
	var kinds []snapshot.Kind
	for _, r := range t.body.resources {
		if foreign(r.kind) {
			return everything
		}
		kinds = append(kinds, kindsOf(r.kind)...)
	}
	return kinds
}

// Made is the template of a new stack as a plan of its own, its names put in
// terms of the resource.
func (Stacks) Made(o *object) (Source, bool) {
	given := map[string]string{}
	switch v := o.attrs["parameters"].(type) {
	case nil, unset:
	case map[string]any:
		for name, x := range v {
			given[name] = notKnown
			if s, pending := text(x); pending == "" {
				given[name] = s
			}
		}
	default:
		return nil, false
	}
	s, err := ReadTemplate(o.address, []byte(o.known("template_body")), given)
	if err != nil || s.changeSet != nil {
		return nil, false
	}
	n := renamer{within: o.address + "/", ids: map[string]bool{}}
	t := s.body
	for _, r := range t.resources {
		n.ids[r.id] = true
	}
	for i := range t.resources {
		r := &t.resources[i]
		r.id, r.properties, r.place = n.within+r.id, asMap(n.value(r.properties)), Place{}
		if r.condition != "" {
			r.condition = n.within + r.condition
		}
	}
	for i := range t.standIns {
		t.standIns[i].at = n.within + t.standIns[i].at
	}
	t.mappings, t.conditions = n.keys(t.mappings), n.keys(asMap(n.value(t.conditions)))
	s.inside, s.NewStack, s.Region, s.account = true, true, o.home.region, o.home.account
	return s, true
}
