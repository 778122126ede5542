package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// A plan leaves dynamic blocks out of the configuration, and what they make is unknown
// where what they run over is: an attribute that the configuration does not set, and
// that the provider then tells, looks the same. The files tell the two apart.

// blockLists are attributes that are made of blocks. Of what exists the provider keeps
// those that the configuration does not set, so that unknown ones are set by dynamic
// blocks.
var blockLists = []string{"ingress", "egress", "route", "entry", "subnet_configuration", "network_interface"}

// dynamic reports whether an attribute that is unknown, and of which the
// configuration says nothing, must be made of dynamic blocks: the files say so, the
// provider computes no value for it, or nothing else fills it. A group may be empty, and
// is then told of.
func (g *graph) dynamic(at *instance, name string) bool {
	if m := g.source.of(at.module); m != nil && m.resources[at.config.Address] != nil {
		return slices.ContainsFunc(m.resources[at.config.Address].Blocks, func(b *hclsyntax.Block) bool {
			return b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name
		})
	}
	t := resource.Types().Of(at.Type)
	parts, made := t.Blocks[name]
	switch {
	case !made || g.saidApart(at, parts):
		return false
	case t.MayBeBare:
		g.untoldBlocks = append(g.untoldBlocks, at.Address+"."+name)
		return false
	}
	return true
}

// saidApart reports whether a resource of some types may name another one.
func (g *graph) saidApart(at *instance, types []string) bool {
	for key, r := range g.configs {
		if !slices.Contains(types, r.Type) {
			continue
		}
		path, _, _ := strings.Cut(key, "|")
		e := r.Expressions[resource.Types().Of(r.Type).Container]
		if e == nil || e.ExpressionData == nil {
			continue
		}
		for _, ref := range e.References {
			name, _, _ := strings.Cut(ref, "[")
			here := path == withoutKeys(at.module) && (name == at.config.Address || strings.HasPrefix(name, at.config.Address+"."))
			if here || !strings.HasPrefix(name, "aws_") && name != "count.index" && name != "each.key" { // a variable, a local value or an output may lead anywhere
				return true
			}
		}
	}
	return false
}
