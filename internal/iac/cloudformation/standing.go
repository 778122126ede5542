package cloudformation

import (
	"maps"
	"slices"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// Standing is the template that the stack has now as one of its own, to be laid over
// nothing where nothing else is known of the estate, so that its resources are there
// under their logical ids; nil: it is not known.
func (t *Template) Standing() *Template {
	if t.deployed == nil || t.changeSet != nil {
		return nil
	}
	return &Template{body: t.deployed, parameters: t.parametersBefore(), Region: t.Region, Stack: t.Stack, NewStack: true}
}

// parametersBefore are those that the stack has now: what a parameter was that is
// given now is not told.
func (t *Template) parametersBefore() map[string]string {
	out := maps.Clone(t.deployedWith)
	if out == nil {
		out = map[string]string{}
	}
	for name := range t.parameters {
		if _, told := out[name]; !told && t.deployed.parameters[name] != nil {
			out[name] = notKnown
		}
	}
	return out
}

// Upon is the template over the estate that Standing came to: made are the resources
// that it made.
func (t *Template) Upon(made []*resource.Object) *Template {
	one := *t
	one.deployedWith, one.standing = t.parametersBefore(), map[string]string{}
	for _, r := range made {
		one.standing[r.Address] = r.ID
	}
	return &one
}

// takeStanding takes the stack to be made of what its template says that it has.
func (b *binding) takeStanding() {
	b.plan.Stack = b.template.Stack
	for _, r := range b.template.deployed.resources {
		id := b.template.standing[r.id]
		if id == "" {
			continue
		}
		b.physical[r.id] = id
		b.tagged = append(b.tagged, resource.StackResource{Stack: b.template.Stack, LogicalID: r.id, ID: id, Kind: r.kind})
		for _, s := range b.base.Scopes {
			if b.scope == nil && slices.Contains(resource.RowIDs(s), id) {
				b.scope = s
			}
		}
	}
	if b.scope == nil && len(b.base.Scopes) > 0 {
		b.scope = b.base.Scopes[0]
	}
}
