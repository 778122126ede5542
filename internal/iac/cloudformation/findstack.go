package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// findStack finds the stack that the template is of: the one that the user names,
// else the one that is made of the template's resources. Stacks share logical ids
// such as VPC, so that a few in common say nothing.
func (b *binding) findStack() error {
	if b.template.standing != nil {
		b.takeStanding()
		return nil
	}
	stack := b.template.Stack
	if stack == "" && b.template.changeSet != nil {
		stack = b.template.changeSet.stack
	}
	type key struct{ id, kind string }
	declared := map[key]bool{}
	for _, r := range b.body.resources {
		declared[key{r.id, r.kind}] = true
		if r.physical != "" {
			b.physical[r.id] = r.physical
		}
	}
	byStack := map[string][]resource.StackResource{}
	scopes := map[string]*snapshot.Scope{}
	shared := map[string]int{}
	for _, s := range b.base.Scopes {
		for _, r := range resource.StackResources(s) {
			byStack[r.Stack] = append(byStack[r.Stack], r)
			scopes[r.Stack] = s
			if declared[key{r.LogicalID, r.Kind}] {
				shared[r.Stack]++
			}
		}
	}
	names := func() string {
		if len(byStack) == 0 {
			return "-"
		}
		return strings.Join(slices.Sorted(maps.Keys(byStack)), ", ")
	}
	switch {
	case b.template.NewStack && byStack[stack] != nil:
		return snapshot.Errorf("the estate has a stack %s: --new-stack does not fit", "環境にスタック %s がすでにある。--new-stack と矛盾する", stack)
	case b.template.NewStack:
	case stack != "" && byStack[stack] == nil && b.template.changeSet == nil && len(b.base.Scopes) > 0:
		return snapshot.Errorf("no resource of the estate is of a stack %s (there are: %s); if it is a new one, say --new-stack", "環境にスタック %s のリソースがない（あるスタック: %s）。新しいスタックなら --new-stack を付ける", stack, names())
	case stack == "" && b.template.changeSet == nil:
		taggable := 0
		for k := range declared {
			if resource.CarriesStackTags(k.kind) {
				taggable++
			}
		}
		var mine, doubtful []string
		for name, n := range shared {
			if 2*n > len(byStack[name]) && 2*n > taggable {
				mine = append(mine, name)
			} else {
				doubtful = append(doubtful, name)
			}
		}
		if len(mine) == 1 {
			stack = mine[0]
		} else if all := slices.Sorted(slices.Values(append(mine, doubtful...))); len(all) > 0 {
			return snapshot.Errorf("the estate has stacks with some of the template's resources (%s): say which one it updates with --stack, or --new-stack", "テンプレートのリソースの一部を持つスタックがある（%s）。更新するスタックを --stack で指定するか、--new-stack を付ける", strings.Join(all, ", "))
		}
	}
	b.tagged, b.scope = byStack[stack], scopes[stack]
	for _, r := range b.tagged {
		if b.physical[r.LogicalID] == "" {
			b.physical[r.LogicalID] = r.ID
		}
	}
	b.plan.Updates = len(b.tagged) > 0
	if b.plan.Stack = stack; b.scope == nil {
		for _, s := range b.base.Scopes {
			held := resource.RowIDs(s)
			if slices.ContainsFunc(b.body.resources, func(r declaredResource) bool { return slices.Contains(held, r.physical) }) {
				b.scope = s
			}
		}
	}
	if stack != "" && len(b.tagged) > 0 {
		b.untagged()
	}
	return nil
}

// untagged finds ACLs and tables of the stack that carry no tags: those that its
// subnets have, where the template says which of its own they should have.
func (b *binding) untagged() {
	owned := map[string]bool{}
	for _, id := range b.physical {
		owned[id] = true
	}
	for _, r := range b.body.resources {
		t := resource.Types().InTemplates(r.kind)
		if t.Holders == nil {
			continue
		}
		var subnet, logical string
		for property, name := range resource.Types().Properties[r.kind] {
			switch name {
			case "subnet_id":
				mentions(r.properties[property], func(id string) { subnet = b.physical[id] })
			case t.Container:
				mentions(r.properties[property], func(id string) { logical = id })
			}
		}
		if subnet == "" || logical == "" || b.physical[logical] != "" {
			continue
		}
		for _, s := range b.base.Scopes {
			for _, id := range t.Holders(s, subnet) {
				if !owned[id] {
					b.physical[logical] = id
				}
			}
		}
	}
}

// region is where the stack is: that of its resources, of the user, or of the
// zones that the template names.
func (b *binding) region() string {
	if b.scope != nil && b.scope.Region != "" {
		return b.scope.Region
	}
	if b.template.Region != "" {
		return b.template.Region
	}
	if len(b.base.Scopes) == 1 && b.base.Scopes[0].Region != "" {
		return b.base.Scopes[0].Region
	}
	for _, r := range b.body.resources {
		if zone, ok := r.properties["AvailabilityZone"].(string); ok {
			if region := snapshot.RegionOfZone(zone); region != "" {
				return region
			}
		}
	}
	return ""
}
