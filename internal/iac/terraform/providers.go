package terraform

import (
	"cmp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// places are the accounts and Regions of what a plan manages and makes, whatever the
// type. What a resource does not tell, its provider does, where all that is known of
// it is one. An image or a policy that the plan looked up may be anybody's.
func (g *graph) places() []resource.Location {
	var all []*resource.Object
	all = append(all, g.state...)
	for rc, o := range g.before {
		if o.Exists && rc.Mode == tfjson.ManagedResourceMode && isAWS(rc.ProviderName, rc.Type) {
			all = append(all, o)
		}
	}
	for rc, o := range g.after {
		if !o.Exists && rc.Mode == tfjson.ManagedResourceMode && isAWS(rc.ProviderName, rc.Type) {
			all = append(all, o)
		}
	}
	known := map[string]resource.Location{}
	learn := func(o *resource.Object, account, region string) {
		at, seen := known[o.Location.Provider]
		if !seen {
			at.Account, at.Region = g.accountOf(o.Location.Provider), g.regionOf(o.Location.Provider)
		}
		known[o.Location.Provider] = resource.Location{Account: agreed(at.Account, account), Region: agreed(at.Region, region)}
	}
	for _, o := range all {
		learn(o, o.Location.Account, o.Location.Region)
	}
	for _, o := range g.dataSources {
		if tells := resource.Types().Of(o.Type).Tells; tells != nil {
			account, region := tells(o)
			learn(o, account, region)
		}
	}
	var out []resource.Location
	for _, o := range all {
		by := known[o.Location.Provider]
		at := resource.Location{Account: cmp.Or(o.Location.Account, strings.TrimSuffix(by.Account, several)), Region: cmp.Or(o.Location.Region, strings.TrimSuffix(by.Region, several))}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, func(a, b resource.Location) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// several stands for values that differ.
const several = "*"

// agreed is the one value that is known so far, or several.
func agreed(so, now string) string {
	if so == "" || now == "" || so == now {
		return cmp.Or(so, now)
	}
	return several
}

func (g *graph) providerOf(module string, mode tfjson.ResourceMode, kind, name string) string {
	if r := g.config(module, mode, kind, name); r != nil {
		return r.ProviderConfigKey
	}
	return ""
}

// regionOf is the Region that a provider is configured for, if the plan tells.
func (g *graph) regionOf(key string) string {
	if p := g.provider(key); p != nil {
		return g.said(p, p.Expressions["region"])
	}
	return ""
}

// accountOf is the account of the role that a provider assumes, the last of several, if
// the plan tells: whoever assumes it works in that account.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs#assuming-an-iam-role
func (g *graph) accountOf(key string) string {
	p := g.provider(key)
	if p == nil {
		return ""
	}
	for _, name := range []string{"assume_role", "assume_role_with_web_identity"} {
		if e := p.Expressions[name]; e != nil && e.ExpressionData != nil && len(e.NestedBlocks) > 0 {
			return snapshot.AccountOf(g.said(p, e.NestedBlocks[len(e.NestedBlocks)-1]["role_arn"]))
		}
	}
	return ""
}

func (g *graph) provider(key string) *tfjson.ProviderConfig {
	if g.doc.Config == nil {
		return nil
	}
	return g.doc.Config.ProviderConfigs[key]
}

// said is the text that an expression of a provider is, if the plan tells: as a
// constant, or as a variable of the root module.
func (g *graph) said(p *tfjson.ProviderConfig, e *tfjson.Expression) string {
	if e == nil || e.ExpressionData == nil {
		return ""
	}
	if s, ok := e.ConstantValue.(string); ok {
		return s
	}
	if len(e.References) == 1 {
		if name, ok := strings.CutPrefix(e.References[0], "var."); ok && p.ModuleAddress == "" {
			if v := g.doc.Variables[name]; v != nil {
				s, _ := v.Value.(string)
				return s
			}
		}
	}
	return ""
}
