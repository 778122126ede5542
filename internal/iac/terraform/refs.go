package terraform

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// The values of a plan show no id of a resource that does not exist yet. What the
// configuration says instead is which names an expression mentions, without the
// expression itself: the two branches of a conditional are both mentioned, and
// constants are not.
//
// An attribute is taken to be what it mentions where nothing else can be meant:
// one resource of the right kind, or for a list several, with nothing beside them
// that could choose among them. Everything else stays unknown. Where the files of
// the configuration are there, the expression itself is read.

// settle replaces what is unknown after a change by ids, where the configuration
// tells them, or by the address of the attribute.
func (g *graph) settle(rc *tfjson.ResourceChange, o *resource.Object) {
	mask, _ := rc.Change.AfterUnknown.(map[string]any)
	if len(mask) == 0 {
		return
	}
	config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	at := &instance{Object: o, module: rc.ModuleAddress, key: keyText(rc.Index), config: config}
	attrs := make(map[string]any, len(o.Attributes))
	for k, v := range o.Attributes {
		attrs[k] = v
	}
	for name, m := range mask {
		switch m := m.(type) {
		case bool:
			if m {
				attrs[name] = g.settled(at, name)
			}
		case []any:
			if list, ok := attrs[name].([]any); ok || marked(m) {
				attrs[name] = g.settleList(at, name, list, m)
			}
		case map[string]any:
			if marked(m) {
				attrs[name] = g.settleBlock(at, name, resource.AsMap(attrs[name]), m, false)
			}
		}
	}
	o.Attributes = attrs
}

// expression is what the configuration says of an attribute; nil if it says
// nothing.
func (at *instance) expression(name string) *tfjson.Expression {
	if at.config == nil {
		return nil
	}
	if e := at.config.Expressions[name]; e != nil && e.ExpressionData != nil {
		return e
	}
	return nil
}

// settled is the value of an attribute that is unknown as a whole.
func (g *graph) settled(at *instance, name string) any {
	address := resource.Unknown(at.Address + "." + name)
	e := at.expression(name)
	switch {
	case at.config == nil: // it may come from anywhere
		g.untold = g.untold || resource.Types().References[name] != nil
		return address
	case e == nil && (name == "cidr_block" && resource.Types().Models[at.Type].Put != nil || at.Exists && slices.Contains(blockLists, name) || g.dynamic(at, name)):
		return address // an address manager chooses it, or dynamic blocks do, which plans leave out
	case e == nil:
		return resource.Unset{}
	}
	if v, ok := g.worked(at, name, address); ok {
		return v
	}
	return g.value(at, name, g.configured(at, name), address)
}

// configured is what the configuration says of an attribute of a resource.
func (g *graph) configured(at *instance, name string) configuredValue {
	var body *hclsyntax.Body
	if m := g.source.of(at.module); m != nil && at.config != nil {
		body = m.resources[at.config.Address]
	}
	return saying(at.expression(name), body, name)
}

// settleList fills the unknown parts of a list: ids, or fields of its blocks.
func (g *graph) settleList(at *instance, name string, list, mask []any) []any {
	out := slices.Clone(list)
	for i := range mask {
		if !marked(mask[i]) {
			continue
		}
		if i >= len(out) {
			out = append(out, resource.Unknown(fmt.Sprintf("%s.%s", at.Address, name)))
			continue
		}
		switch m := mask[i].(type) {
		case bool:
			out[i] = resource.Unknown(fmt.Sprintf("%s.%s", at.Address, name))
		case map[string]any:
			out[i] = g.settleBlock(at, name, resource.AsMap(out[i]), m, len(list) > 1)
		}
	}
	return out
}

// settleBlock fills the unknown fields of a block, which may be one of several.
func (g *graph) settleBlock(at *instance, name string, block, mask map[string]any, mixed bool) map[string]any {
	filled := make(map[string]any, len(block))
	maps.Copy(filled, block)
	for k, m := range mask {
		if !marked(m) {
			continue
		}
		address := resource.Unknown(fmt.Sprintf("%s.%s.%s", at.Address, name, k))
		switch m := m.(type) {
		case bool:
			filled[k] = g.value(at, k, configuredValue{refs: g.blockRefs(at.expression(name), k, block), mixed: mixed}, address)
		case []any:
			if slices.Contains(m, any(true)) {
				filled[k] = withRest(block[k], g.value(at, k, configuredValue{refs: g.blockRefs(at.expression(name), k, block), mixed: mixed}, address))
			} else {
				filled[k] = address
			}
		case map[string]any:
			filled[k] = g.settleBlock(at, name, resource.AsMap(block[k]), m, mixed)
		}
	}
	return filled
}

// withRest puts the elements of a list that are known to what the others amount to.
func withRest(list, rest any) any {
	known, _ := resource.TextsOf(list)
	switch r := rest.(type) {
	case resource.Unknown:
		return resource.AtLeast{Known: known, Rest: r}
	case resource.AtLeast:
		return resource.AtLeast{Known: append(known, r.Known...), Rest: r.Rest}
	case []any:
		for _, s := range known {
			r = append(r, s)
		}
		return r
	}
	return rest
}

// blockRefs are the references of a field of a nested block. A plan lists blocks
// in another order than the configuration, so the block is told by what it holds.
func (g *graph) blockRefs(e *tfjson.Expression, field string, block map[string]any) []string {
	if e == nil {
		return nil
	}
	if len(e.NestedBlocks) == 0 {
		return e.References // a list that is an attribute: what it mentions as a whole, in whichever element
	}
	var found [][]string
	for _, b := range e.NestedBlocks {
		if f := b[field]; f != nil && f.ExpressionData != nil && len(f.References) > 0 && fits(b, block) {
			found = append(found, f.References)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// fits reports whether the constants of a configured block are those of a planned
// one.
func fits(config map[string]*tfjson.Expression, block map[string]any) bool {
	for k, e := range config {
		if e == nil || e.ExpressionData == nil || e.ConstantValue == nil || e.ConstantValue == tfjson.UnknownConstantValue {
			continue
		}
		if v, ok := block[k]; ok && fmt.Sprint(v) != fmt.Sprint(e.ConstantValue) {
			return false
		}
	}
	return true
}

// value is what the configuration's words amount to for an attribute.
func (g *graph) value(at *instance, name string, s configuredValue, address resource.Unknown) any {
	kinds := resource.Types().References[name]
	if kinds == nil || len(s.refs) == 0 {
		return address
	}
	g.steps = 0
	f := g.resolve(s, nil, g.where(at), kinds, "", 0)
	f.constant = f.constant || s.mixed && len(f.ids) > 1
	if f.unreadable || len(f.ids) == 0 {
		g.untold = g.untold || !g.mayMake(f, s.refs, at.module, kinds)
		return address
	}
	if !resource.Types().Lists[name] {
		if len(f.ids) == 1 {
			return f.ids[0]
		}
		return address
	}
	switch {
	case !f.constant:
		out := make([]any, len(f.ids))
		for i, id := range f.ids {
			out[i] = id
		}
		return out
	case len(f.ids) == 1 && !f.mayOmit: // what is unknown comes from it; what else there is can't be seen
		return resource.AtLeast{Known: f.ids, Rest: address}
	}
	return address
}

// mayMake reports whether references that don't tell which id is meant can only be to what
// the plan makes: it makes some of the types, and what is not told lies in what is in
// between. Anything else whose value comes with apply may choose among ids that exist.
func (g *graph) mayMake(f found, refs []string, module string, kinds []string) bool {
	between := slices.ContainsFunc(refs, func(ref string) bool {
		t := split(ref)
		return len(t) > 0 && (slices.Contains([]string{"local", "module", "each"}, t[0]) || t[0] == "var" && module != "") // those of the root are known
	})
	if !between {
		return len(f.ids) > 0 && !f.unreadable
	}
	return len(f.ids) > 0 || slices.ContainsFunc(slices.Collect(maps.Values(g.fresh)), func(kind string) bool { return slices.Contains(kinds, kind) })
}

// where is the place that an attribute of a resource is read in.
func (g *graph) where(at *instance) where {
	w := where{module: at.module, key: at.key}
	if at.config != nil {
		w.siblings = len(g.known[at.module+"|"+at.config.Address])
	}
	if at.config != nil {
		var body *hclsyntax.Body
		if m := g.source.of(at.module); m != nil {
			body = m.resources[at.config.Address]
		}
		w.each = saying(at.config.ForEachExpression, body, "for_each")
	}
	return w
}
