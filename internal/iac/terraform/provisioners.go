package terraform

import (
	"maps"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// runners are the types of resources that run something of the user's.
var runners = []string{"aws_lambda_invocation", "aws_ssm_association", "restapi_object", "shell_script", "shell_script_resource"}

// runs notes a change that runs something: a provisioner of the resource, or the
// resource itself. What it does is up to it, and it may do it to all that its
// triggers and arguments name.
// Source: https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax
func (g *graph) runs(p *resource.Plan, rc *tfjson.ResourceChange, action resource.Action) {
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	provisioned := config != nil && len(config.Provisioners) > 0 && action != resource.Update
	if !provisioned && !slices.Contains(runners, rc.Type) {
		return
	}
	var ids []string
	planned := func(s string) bool { return g.fresh[s] != "" }
	of := &resource.Object{Address: rc.Address, Type: rc.Type}
	for _, o := range []*resource.Object{g.before[rc], g.after[rc]} {
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
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == of.ID })
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
var anyPathKind = slices.Sorted(maps.Keys(resource.IDPrefixes))

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
			g.steps = 0
			for _, id := range g.follow([]string{ref}, at, anyPathKind, "", 0).ids {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
	}
	return ids
}

// sharing are the types that share with another account, or cease to.
var sharing = []string{"aws_ram_resource_association", "aws_ram_principal_association", "aws_ram_resource_share"}

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
