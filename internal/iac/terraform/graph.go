package terraform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// graph is the configuration of a plan with the resources that it declares, to
// follow references that the values don't show.
type graph struct {
	doc         *document
	untold      bool // of a resource it is not told which of its attributes are known
	before      map[*tfjson.ResourceChange]*resource.Object
	after       map[*tfjson.ResourceChange]*resource.Object
	state       []*resource.Object
	dataSources []*resource.Object              // by data sources
	modules     map[string]*tfjson.ConfigModule // by path without keys; "" is the root
	configs     map[string]*tfjson.ConfigResource
	calls       map[string]*tfjson.ModuleCall // by path of the called module, without keys
	known       map[string][]*instance        // by module path, with keys, and "type.name"
	paths       map[string][]string           // instances of each module, by path without keys
	fresh       map[string]string             // types of the resources that don't exist yet, by address
	masked      []string
	source      source
	evaluated   *evaluator
	steps       int // that the value which is being followed has taken
}

// instance is a resource that a reference may lead to.
type instance struct {
	*resource.Object
	module   string
	key      string // of count or for_each; "" without
	config   *tfjson.ConfigResource
	mask     map[string]any // what of its attributes is known after apply
	deferred bool           // a data source that is read during apply
}

func newGraph(d *document, files Sources) *graph {
	g := &graph{
		doc: d, before: map[*tfjson.ResourceChange]*resource.Object{}, after: map[*tfjson.ResourceChange]*resource.Object{}, modules: map[string]*tfjson.ConfigModule{},
		configs: map[string]*tfjson.ConfigResource{},
		calls:   map[string]*tfjson.ModuleCall{}, known: map[string][]*instance{}, paths: map[string][]string{}, fresh: map[string]string{},
	}
	if d.Config != nil && d.Config.RootModule != nil {
		g.index("", d.Config.RootModule, 0)
	}
	g.source = source{files, g.moduleDirs(files), map[string]*moduleSource{}}
	listed := map[string]bool{}
	for _, rc := range d.Changes {
		if rc == nil || rc.Change == nil {
			continue
		}
		listed[rc.Address] = true
		g.add(rc)
	}
	if d.Prior != nil && d.Prior.Values != nil {
		g.addState(d.Prior.Values.RootModule, listed, 0)
	}
	return g
}

// deepest is how far modules may be nested.
const deepest = 100

func (g *graph) index(path string, m *tfjson.ConfigModule, depth int) {
	g.modules[path] = m
	for _, r := range m.Resources {
		if r != nil {
			g.configs[path+"|"+string(r.Mode)+"."+r.Type+"."+r.Name] = r
		}
	}
	if depth > deepest {
		return
	}
	for name, call := range m.ModuleCalls {
		if call != nil && call.Module != nil {
			child := join(path, "module."+name)
			g.calls[child] = call
			g.index(child, call.Module, depth+1)
		}
	}
}

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "." + step
}

// keyText writes a key of count or for_each as it stands in an address.
func keyText(index any) string {
	switch k := index.(type) {
	case nil:
		return ""
	case string:
		return fmt.Sprintf("[%q]", k)
	}
	return fmt.Sprintf("[%v]", index)
}

func (g *graph) add(rc *tfjson.ResourceChange) {
	provider := g.providerOf(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	if b, err := newObject(rc.Address, rc.Type, rc.Change.Before, rc.Change.BeforeSensitive); err == nil {
		b.Location.Provider = provider
		g.before[rc] = b
		g.masked = leaves(rc.Change.Before, rc.Change.BeforeSensitive, g.masked)
	}
	a, err := newObject(rc.Address, rc.Type, rc.Change.After, rc.Change.AfterSensitive)
	if err != nil {
		return
	}
	g.masked = leaves(rc.Change.After, rc.Change.AfterSensitive, g.masked)
	a.Location.Provider = provider
	if a.Location.Region == "" {
		a.Location.Region = g.regionOf(provider)
	}
	if b := g.before[rc]; b != nil && slices.Contains(rc.Change.Actions, tfjson.ActionUpdate) && b.Exists {
		a.ID, a.Exists = b.ID, true
	}
	if !a.Exists {
		a.ID = rc.Address
		g.fresh[a.ID] = a.Type
	}
	g.after[rc] = a
	if whole, _ := rc.Change.AfterUnknown.(bool); whole { // all of it
		mask := map[string]any{}
		for _, name := range resource.Types().Models[rc.Type].Attributes {
			mask[name] = true
		}
		rc.Change.AfterUnknown, g.untold = mask, true
	}
	mask, _ := rc.Change.AfterUnknown.(map[string]any)
	g.put(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name, rc.Index, a, mask, slices.Contains(rc.Change.Actions, tfjson.ActionRead))
}

func (g *graph) put(module string, mode tfjson.ResourceMode, kind, name string, index any, o *resource.Object, mask map[string]any, deferred bool) {
	ref := kind + "." + name
	if mode == tfjson.DataResourceMode {
		ref = "data." + ref
	}
	g.known[module+"|"+ref] = append(g.known[module+"|"+ref], &instance{o, module, keyText(index), g.config(module, mode, kind, name), mask, deferred})
	g.notePath(module)
}

// notePath remembers a module instance and those that it is nested in.
func (g *graph) notePath(module string) {
	for module != "" {
		bare := withoutKeys(module)
		if slices.Contains(g.paths[bare], module) {
			return
		}
		g.paths[bare] = append(g.paths[bare], module)
		module, _ = parent(module)
	}
}

func (g *graph) addState(m *tfjson.StateModule, listed map[string]bool, depth int) {
	if m == nil || depth > deepest {
		return
	}
	for _, r := range m.Resources {
		if r == nil || !isAWS(r.ProviderName, r.Type) {
			continue
		}
		var mask any
		if len(r.SensitiveValues) > 0 {
			if err := json.Unmarshal(r.SensitiveValues, &mask); err != nil {
				mask = true // what can't be read is not shown
			}
		}
		o, err := newObject(r.Address, r.Type, anyMap(r.AttributeValues), mask)
		if err != nil {
			continue
		}
		g.masked = leaves(anyMap(r.AttributeValues), mask, g.masked)
		o.Location.Provider = g.providerOf(m.Address, r.Mode, r.Type, r.Name)
		if r.Mode == tfjson.ManagedResourceMode {
			g.state = append(g.state, o)
		} else {
			g.dataSources = append(g.dataSources, o)
		}
		if !listed[r.Address] {
			g.put(m.Address, r.Mode, r.Type, r.Name, r.Index, o, nil, false)
		}
	}
	for _, c := range m.ChildModules {
		g.addState(c, listed, depth+1)
	}
}

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
		switch o.Type {
		case "aws_caller_identity":
			learn(o, o.Location.Account, "")
		case "aws_region":
			learn(o, "", cmp.Or(o.Known("region"), o.Known("name")))
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

func anyMap(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

func (g *graph) config(module string, mode tfjson.ResourceMode, kind, name string) *tfjson.ConfigResource {
	return g.configs[withoutKeys(module)+"|"+string(mode)+"."+kind+"."+name]
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

// secrets are the values that must not be shown, longest first.
func (g *graph) secrets() []string {
	out := slices.DeleteFunc(slices.Clone(g.masked), func(s string) bool { return len(s) < 4 })
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}

// withoutKeys takes the keys of count and for_each out of a module's address.
func withoutKeys(address string) string {
	if !strings.Contains(address, "[") {
		return address
	}
	var b strings.Builder
	for _, s := range split(address) {
		if strings.HasPrefix(s, "[") {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s)
	}
	return b.String()
}

// split takes an address or a reference apart: names, and keys with their
// brackets.
func split(s string) []string {
	var out []string
	start, depth, quoted := 0, 0, false
	cut := func(end int) {
		if end > start {
			out = append(out, s[start:end])
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '[':
			if depth == 0 {
				cut(i)
				start = i
			}
			depth++
		case c == ']' && depth > 0:
			if depth--; depth == 0 {
				cut(i + 1)
				start = i + 1
			}
		case c == '.' && depth == 0:
			cut(i)
			start = i + 1
		}
	}
	cut(len(s))
	return out
}

// parent is the module that calls a module, and the key of the call.
func parent(module string) (path, key string) {
	parts := split(module)
	if n := len(parts); n > 0 && strings.HasPrefix(parts[n-1], "[") {
		key = parts[n-1]
		parts = parts[:n-1]
	}
	if len(parts) < 2 {
		return "", key
	}
	return unsplit(parts[:len(parts)-2]), key
}

func unsplit(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		if b.Len() > 0 && !strings.HasPrefix(p, "[") {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}
