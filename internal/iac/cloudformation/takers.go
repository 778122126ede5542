package cloudformation

import (
	"maps"
	"slices"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// takes notes a resource that may take addresses of the subnets that it names: one that
// is made, pointed at them, or that grows in them. Without the template that the stack
// has, each may be new.
func (b *binding) takes(r declaredResource) {
	unread := resource.Unread(r.kind)
	taking := resource.TakingOf(r.kind, b.properties(r), func() bool {
		return slices.ContainsFunc(b.order, func(other declaredResource) bool { return resource.Scales(other.kind) })
	})
	if taking == 0 || b.named(r.kind) && !unread || b.template.changeSet == nil && b.deployed != nil && b.writtenAsDeployed(r) {
		return
	}
	s := b.standing(r, 0)
	if old, was := b.before(r); was && !resource.Grown(b.deployed.properties(old), b.properties(r)) && !resource.AnyNumber(r.kind) {
		before := b.deployed.standing(old, 0)
		s.IDs = slices.DeleteFunc(s.IDs, func(id string) bool { return slices.Contains(before.IDs, id) })
		s.Untold = s.Untold && !before.Untold
	}
	b.plan.MayTake(&resource.Object{Address: r.id, Type: r.kind, ID: r.id, Location: b.location()}, r.kind, taking, s)
}

// before is a resource as the stack has it now, if that is known.
func (b *binding) before(r declaredResource) (declaredResource, bool) {
	if b.deployed == nil {
		return declaredResource{}, false
	}
	old, was := b.deployed.eval.byID[r.id]
	return old, was && old.kind == r.kind
}

// standing are the subnets that a resource names, itself or by what lists some.
func (b *binding) standing(r declaredResource, depth int) resource.Standing {
	properties := maps.Clone(b.properties(r))
	delete(properties, "Tags")
	var s resource.Standing
	planned := func(name string) bool {
		o := b.after[name]
		return o != nil && !o.Exists && resource.IsPlace("", o.Type)
	}
	for _, id := range resource.IDsIn(properties, planned, nil) {
		if o := b.after[id]; o != nil && slices.Contains(resource.SubnetTypes(), o.Type) {
			s.Add(o.ID)
		}
	}
	s.Read(properties, func(name string) bool {
		known := resource.Taking(r.kind) == 0 // its own name
		for _, other := range b.order {
			if !resource.ListsSubnets(other.kind) || other.id == r.id || depth > 4 || !b.isCalled(other, name) {
				continue
			}
			known = true
			more := b.standing(other, depth+1)
			for _, id := range more.IDs {
				s.Add(id)
			}
			s.Open, s.Untold = s.Open || more.Open, s.Untold || more.Untold
		}
		return known
	})
	return s
}

// isCalled reports whether a resource goes by a name: its logical id, which stands for
// what Ref returns, or one that its properties give it.
func (b *binding) isCalled(r declaredResource, name string) bool {
	if r.id == name {
		return true
	}
	for _, v := range b.properties(r) {
		if resource.PlainText(v) == name {
			return true
		}
	}
	return false
}
