package terraform

import (
	"maps"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// takes notes a change that may take addresses of the subnets that it names: what is
// made, what is pointed at them, and what grows in them.
func (g *graph) takes(p *resource.Plan, rc *tfjson.ResourceChange, action resource.Action) {
	before, after := g.before[rc], g.after[rc]
	if after == nil || action == resource.Delete || !isAWS(rc.ProviderName, rc.Type) && !isCloudControl(rc.ProviderName) && !isForeign(rc.ProviderName, rc.Type) {
		return
	}
	kind := rc.Type
	if named, _ := inCloudFormation(rc, after); named != "" {
		kind = named
	}
	taking := resource.TakingOf(kind, after.Attributes, g.scales)
	if taking == 0 {
		return
	}
	s := &standing{graph: g}
	s.values(after.Attributes, 0)
	mask, _ := rc.Change.AfterUnknown.(map[string]any)
	s.masked(&instance{Object: after, module: rc.ModuleAddress, key: keyText(rc.Index), config: g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)}, mask, 0)
	if action == resource.Update && before != nil && !resource.Grown(before.Attributes, after.Attributes) && (!resource.AnyNumber(kind) || sameButTags(before, after)) {
		was := &standing{graph: g}
		was.values(before.Attributes, 0)
		s.IDs = slices.DeleteFunc(s.IDs, func(id string) bool { return slices.Contains(was.IDs, id) })
		s.Untold = s.Untold && !was.Untold
	}
	p.MayTake(after, kind, taking, s.Standing)
}

// scales reports whether the plan has something that scales services.
func (g *graph) scales() bool {
	for _, list := range g.known {
		if slices.ContainsFunc(list, func(i *instance) bool { return resource.Scales(i.Type) }) {
			return true
		}
	}
	return false
}

// standing collects the subnets that a resource stands in.
type standing struct {
	*graph
	resource.Standing
}

// values collects those that known values name, themselves or by a list of subnets.
func (s *standing) values(attributes map[string]any, depth int) {
	s.Read(attributes, func(name string) bool {
		for _, i := range s.lists()[name] {
			s.listed(i, depth+1)
		}
		return len(s.lists()[name]) > 0
	})
}

// listed collects the subnets that a resource lists: a member's cluster, a cluster's
// group.
func (s *standing) listed(i *instance, depth int) {
	if depth < 5 {
		s.values(i.Attributes, depth)
		s.masked(i, i.mask, depth)
	}
}

// lists are the resources that list subnets, by what they are named by.
func (g *graph) lists() map[string][]*instance {
	if g.listing == nil {
		g.listing = map[string][]*instance{}
		for _, list := range g.known {
			for _, i := range list {
				if !resource.ListsSubnets(i.Type) {
					continue
				}
				for _, name := range []string{i.ID, i.Known("name"), i.Known("arn"), i.Known("cluster_identifier"), i.Known("replication_group_id"), i.Known("subnet_group_name"), i.Known("replication_subnet_group_id")} {
					if name != "" && !slices.Contains(g.listing[name], i) {
						g.listing[name] = append(g.listing[name], i)
					}
				}
			}
		}
	}
	return g.listing
}

// masked collects those that values name which are known only after apply.
func (s *standing) masked(at *instance, mask map[string]any, depth int) {
	for _, name := range slices.Sorted(maps.Keys(mask)) {
		e := at.expression(name)
		if e == nil || name == "tags" || name == "tags_all" {
			continue
		}
		keys := map[string]bool{}
		maskedKeys(mask[name], name, keys)
		s.expression(at, name, e, keys, keys[name], depth)
	}
}

// maskedKeys are the names of what is known only after apply.
func maskedKeys(mask any, key string, out map[string]bool) {
	switch m := mask.(type) {
	case bool:
		if m {
			out[key] = true
		}
	case map[string]any:
		for k, v := range m {
			maskedKeys(v, k, out)
		}
	case []any:
		for _, v := range m {
			maskedKeys(v, key, out)
		}
	}
}

func (s *standing) expression(at *instance, name string, e *tfjson.Expression, keys map[string]bool, whole bool, depth int) {
	if e == nil || e.ExpressionData == nil {
		return
	}
	for _, block := range e.NestedBlocks {
		for _, field := range slices.Sorted(maps.Keys(block)) {
			s.expression(at, field, block[field], keys, whole, depth)
		}
	}
	if !whole && !keys[name] || len(e.References) == 0 {
		return
	}
	said := configuredValue{refs: e.References}
	if at.expression(name) == e { // what stands in blocks is told by the plan alone
		said = s.configured(at, name)
	}
	s.steps = 0
	f := s.resolve(said, nil, s.where(at), resource.SubnetTypes(), "", 0)
	for _, id := range f.ids {
		lists := s.lists()[id]
		for _, i := range lists {
			s.listed(i, depth+1)
		}
		if len(lists) == 0 {
			s.Add(id)
		}
	}
	if resource.OfSubnets(name) && (f.unreadable || len(f.ids) == 0) {
		s.Open, s.Untold = true, s.Untold || !s.mayMake(f, said.refs, at.module, resource.SubnetTypes())
	}
}
