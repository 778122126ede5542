package terraform

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// harmless are providers of HashiCorp's whose resources reach nothing outside of the
// plan, but by a provisioner.
var harmless = []string{"archive", "cloudinit", "external", "http", "local", "null", "random", "template", "terraform", "time", "tls"}

// isForeign reports whether a resource's provider may reach AWS in ways of its own, as
// one for Kubernetes does through its controllers.
func isForeign(provider, kind string) bool {
	of := strings.Split(provider, "/")
	named := slices.Contains(harmless, of[len(of)-1]) && (len(of) < 2 || slices.Contains([]string{"hashicorp", "builtin", "opentofu"}, of[len(of)-2]))
	return !isAWS(provider, kind) && !isCloudControl(provider) && !named
}

// isRun reports whether a data source does something where it is read.
func isRun(o *resource.Object) bool {
	if o == nil {
		return false
	}
	runs := resource.Types().Of(o.Type).RunsRead
	return runs != nil && runs(o)
}

// runs notes a change that runs something: a provisioner of the resource, or the
// resource itself. What it does is up to it, and it may do it to all that its
// triggers and arguments name. A resource of another provider, and one of AWS's network
// that is not known here, stands in a VPC and its subnets as others do; what else it
// names it may change.
// Source: https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax
func (g *graph) runs(p *resource.Plan, rc *tfjson.ResourceChange, action resource.Action) {
	before, after := g.before[rc], g.after[rc]
	kind := rc.Type
	if named, _ := inCloudFormation(rc, cmp.Or(after, before)); named != "" {
		kind = named
	}
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	provisioned := config != nil && len(config.Provisioners) > 0 && action != resource.Update
	runs := provisioned || resource.Types().Of(kind).Runs || resource.Types().InTemplates(kind).Runs || rc.Mode == tfjson.DataResourceMode
	foreign := isForeign(rc.ProviderName, rc.Type) || strings.Contains(kind, "::") && !resource.Unread(kind) && resource.Foreign(kind)
	switch {
	case !runs && !foreign && !resource.Unread(kind):
		return
	case !runs && action == resource.Update && sameButTags(before, after):
		return
	}
	var ids []string
	planned := func(s string) bool { return g.fresh[s] != "" }
	of := &resource.Object{Address: rc.Address, Type: rc.Type}
	for _, o := range []*resource.Object{before, after} {
		if o != nil {
			of = o
			ids = resource.IDsIn(o.Attributes, planned, ids)
		}
	}
	if config != nil {
		at := g.where(&instance{Object: of, module: rc.ModuleAddress, key: keyText(rc.Index), config: config})
		ids = g.namedIn(config.Expressions, at, ids)
		for _, pr := range config.Provisioners {
			if pr != nil {
				ids = g.namedIn(pr.Expressions, at, ids)
			}
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		return id == of.ID || !runs && resource.IsPlace(id, g.fresh[id])
	})
	if !runs && !foreign && len(ids) == 0 {
		return
	}
	p.MayChange(&resource.Object{Address: rc.Address, Type: rc.Type, ID: rc.Address}, ids, rc.Address)
}

// invokes notes the actions that a plan invokes, such as a call of a function. What
// they do is up to them, as with provisioners.
// Source: https://developer.hashicorp.com/terraform/language/block/action
func invokes(p *resource.Plan, g *graph, list []*tfjson.ActionInvocation) {
	for _, a := range list {
		if a != nil {
			ids := resource.IDsIn(a.ConfigValues, func(s string) bool { return g.fresh[s] != "" }, nil)
			p.Changed = append(p.Changed, a.Address)
			p.MayChange(&resource.Object{Address: a.Address, Type: a.Type, ID: a.Address}, ids, a.Address)
		}
	}
}

// anyPathKind are the types whose ids are followed.
var anyPathKind = sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(resource.Types().IDPrefixes)) })

// namedIn collects the ids that expressions mention.
func (g *graph) namedIn(list map[string]*tfjson.Expression, at where, ids []string) []string {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		e := list[name]
		if e == nil || e.ExpressionData == nil {
			continue
		}
		if e.ConstantValue != tfjson.UnknownConstantValue {
			ids = resource.IDsIn(e.ConstantValue, nil, ids)
		}
		for _, b := range e.NestedBlocks {
			ids = g.namedIn(b, at, ids)
		}
		for _, ref := range e.References {
			ids = g.givenTo(ref, at, ids)
			g.steps = 0
			for _, id := range g.follow([]string{ref}, at, anyPathKind(), "", 0).ids {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// givenTo collects the ids that the call of a module gives a variable of it.
func (g *graph) givenTo(ref string, at where, ids []string) []string {
	t := split(ref)
	call := g.calls[withoutKeys(at.module)]
	if len(t) < 2 || t[0] != "var" || at.module == "" || call == nil || call.Expressions[t[1]] == nil {
		return ids
	}
	path, key := parent(at.module)
	return g.namedIn(map[string]*tfjson.Expression{t[1]: call.Expressions[t[1]]}, where{module: path, key: key}, ids)
}

// shares notes a share that ceases: the other account loses what it was given. One
// that comes takes nothing away.
func shares(p *resource.Plan, before *resource.Object, action resource.Action) {
	if action == resource.Create || before == nil {
		return
	}
	if id := resource.IDOfARN(before.Known("resource_arn")); id != "" {
		p.MayChange(before, []string{id}, before.Address)
		return
	}
	p.Doubt(before, []snapshot.Kind{snapshot.Subnets, snapshot.TransitGateways, snapshot.TransitGatewayVPCAttachments, snapshot.PrefixListEntries}, snapshot.NotModelled, before.Address, before.Type)
}
