package iac

import (
	"maps"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// runners are the types of resources that run something of the user's.
var runners = []string{"aws_lambda_invocation", "aws_ssm_association", "restapi_object", "shell_script", "shell_script_resource"}

// runs notes a change that runs something: a provisioner of the resource, or the
// resource itself. What it does is up to it, and it may do it to all that its
// triggers and arguments name.
// Source: https://developer.hashicorp.com/terraform/language/resources/provisioners/syntax
func (g *graph) runs(p *Plan, rc *tfjson.ResourceChange, action Action) {
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	provisioned := config != nil && len(config.Provisioners) > 0 && action != Update
	if !provisioned && !slices.Contains(runners, rc.Type) {
		return
	}
	var ids []string
	planned := func(s string) bool { return g.fresh[s] != "" }
	of := &object{address: rc.Address, kind: rc.Type}
	for _, o := range []*object{g.before[rc], g.after[rc]} {
		if o != nil {
			of = o
			ids = idsIn(o.attrs, planned, ids)
		}
	}
	if config != nil {
		at := g.where(&instance{object: of, module: rc.ModuleAddress, key: keyText(rc.Index), config: config})
		ids = g.namedIn(config.Expressions, at, ids)
		for _, pr := range config.Provisioners {
			if pr != nil {
				ids = g.namedIn(pr.Expressions, at, ids)
			}
		}
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == of.id })
	p.mayChange(&object{address: rc.Address, kind: rc.Type, id: rc.Address}, ids, rc.Address)
}

// anyPathKind are the types whose ids are followed.
var anyPathKind = slices.Sorted(maps.Keys(idPrefixes))

// namedIn collects the ids that expressions mention.
func (g *graph) namedIn(list map[string]*tfjson.Expression, at where, ids []string) []string {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		e := list[name]
		if e == nil || e.ExpressionData == nil {
			continue
		}
		if e.ConstantValue != tfjson.UnknownConstantValue {
			ids = idsIn(e.ConstantValue, nil, ids)
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
func shares(p *Plan, before *object, action Action) {
	if action == Create || before == nil {
		return
	}
	if id := idOfARN(before.known("resource_arn")); id != "" {
		p.mayChange(before, []string{id}, before.address)
		return
	}
	p.doubtful(before, []snapshot.Kind{snapshot.Subnets, snapshot.TransitGateways, snapshot.TransitGatewayVPCAttachments, snapshot.PrefixListEntries}, snapshot.NotModelled, before.address, before.kind)
}
