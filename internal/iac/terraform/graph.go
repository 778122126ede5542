package terraform

import (
	"encoding/json"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// graph is the configuration of a plan with the resources that it declares, to
// follow references that the values don't show.
type graph struct {
	doc         *document
	untold      bool // of a resource it is not told which of its attributes are known, or where an id comes from
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
	// untoldBlocks are attributes of groups that are taken to be unset, though dynamic
	// blocks may make them.
	untoldBlocks []string
	listing      map[string][]*instance // what lists subnets, by its names
	source       source
	evaluated    *evaluator
	steps        int // that the value which is being followed has taken
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

func (g *graph) add(rc *tfjson.ResourceChange) {
	provider := g.providerOf(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name)
	if b, err := newObject(rc.Address, rc.Type, rc.Change.Before, rc.Change.BeforeSensitive); err == nil {
		b.Location.Provider = provider
		g.before[rc] = b
		g.masked = leaves(rc.Change.Before, rc.Change.BeforeSensitive, g.masked)
	}
	if whole, _ := rc.Change.AfterUnknown.(bool); whole && rc.Change.After == nil {
		rc.Change.After = map[string]any{}
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
		if config := g.config(rc.ModuleAddress, rc.Mode, rc.Type, rc.Name); config != nil {
			for name := range config.Expressions {
				mask[name] = true
			}
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

func anyMap(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}

func (g *graph) config(module string, mode tfjson.ResourceMode, kind, name string) *tfjson.ConfigResource {
	return g.configs[withoutKeys(module)+"|"+string(mode)+"."+kind+"."+name]
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
