package iac

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// standing is the estate that the templates say that stacks have now, where nothing
// else is known of it: each is laid over nothing, and its resources are taken to be
// there under their logical ids. nil: none is given.
func standing(plans []*Plan) (*snapshot.Snapshot, error) {
	var deployed, of []*Plan
	for _, p := range plans {
		if p.template == nil || p.deployed == nil || p.changeSet != nil {
			continue
		}
		d := &Plan{Template: true, anything: true, template: p.deployed, parameters: map[string]string{}, Region: p.Region, Stack: p.Stack, NewStack: true}
		for name, v := range p.deployedWith {
			d.parameters[name] = v
		}
		for name := range p.parameters { // what it was before is not told
			if _, told := d.parameters[name]; !told && p.deployed.parameters[name] != nil {
				d.parameters[name] = notKnown
			}
		}
		p.deployedWith = d.parameters
		deployed, of = append(deployed, d), append(of, p)
	}
	if len(deployed) == 0 {
		return nil, nil
	}
	o, err := New(nil, deployed)
	if err != nil {
		return nil, err
	}
	for i, d := range deployed {
		of[i].standing = map[string]string{}
		for _, r := range d.current {
			of[i].standing[r.address] = r.id
		}
	}
	return o.After(nil), nil
}

// takeStanding takes the stack to be made of what its template says that it has.
func (b *binding) takeStanding() {
	for _, r := range b.plan.deployed.resources {
		id := b.plan.standing[r.id]
		if id == "" {
			continue
		}
		b.physical[r.id] = id
		b.tagged = append(b.tagged, snapshot.StackResource{Stack: b.plan.Stack, LogicalID: r.id, ID: id, Kind: r.kind})
		for _, s := range b.base.Scopes {
			if b.scope == nil && slices.Contains(rowIDs(s), id) {
				b.scope = s
			}
		}
	}
	if b.scope == nil && len(b.base.Scopes) > 0 {
		b.scope = b.base.Scopes[0]
	}
}
