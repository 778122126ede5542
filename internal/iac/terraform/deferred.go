package terraform

import (
	"maps"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// deferred notes a change that is put off to another run: what it will be is not known,
// and how many there will be of it. What it runs, names and takes it may.
// Source: https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
func (g *graph) deferred(p *resource.Plan, rc *tfjson.ResourceChange) {
	change := tfjson.Change{}
	if rc.Change != nil {
		change = *rc.Change
	}
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	mask, _ := change.AfterUnknown.(map[string]any)
	mask = maps.Clone(mask)
	if config != nil && mask == nil {
		mask = map[string]any{}
		for name := range config.Expressions {
			mask[name] = true
		}
	}
	change.AfterUnknown, rc.Change = mask, &change
	of, err := newObject(rc.Address, rc.Type, change.After, change.AfterSensitive)
	if err != nil {
		of = &resource.Object{Address: rc.Address, Type: rc.Type, Attributes: map[string]any{}}
	}
	of.ID, of.Location.Provider = rc.Address, g.providerOf(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	delete(of.Attributes, "desired_count") // of each, and how many there will be is open
	g.after[rc] = of
	t := resource.Types().Of(rc.Type)
	if rc.Mode == tfjson.DataResourceMode {
		if t.RunsRead != nil {
			g.runs(p, rc, resource.Create)
		}
		return
	}
	g.runs(p, rc, resource.Create)
	g.takes(p, rc, resource.Create)
	kinds := resource.Types().Unmodelled[rc.Type]
	kind, _ := inCloudFormation(rc, of)
	switch m, modelled := resource.Types().Models[rc.Type]; {
	case modelled:
		kinds = m.Kinds
	case kind == "AWS::?" || t.Holds:
		kinds = resource.Everything
	case kind != "":
		kinds = resource.KindsOf(kind)
	}
	if len(kinds) > 0 {
		p.Doubt(&resource.Object{Address: rc.Address, Type: rc.Type}, kinds, snapshot.NotModelled, rc.Address, "deferred")
	}
}
