package terraform

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// where is the place that a reference is read in.
type where struct {
	module string            // with keys
	key    string            // of the resource or module that the reference belongs to
	each   configuredValue   // its for_each
	vars   map[string]string // keys that loops run over, by the loops' variables
	// siblings is how many instances the resource has whose attribute is read, where
	// count.index is mentioned.
	siblings int
}

// found is where references lead.
type found struct {
	ids        []string
	unreadable bool // something that can't be followed is mentioned
	constant   bool // a value that is known at planning, and may choose, is mentioned
	// byKey is set where the key of the instance that asks, or an index, has picked
	// an instance.
	byKey bool
	// mayOmit is set where the expression may leave out what it mentions.
	mayOmit bool
}

func (f *found) add(o found) {
	for _, id := range o.ids {
		if !slices.Contains(f.ids, id) {
			f.ids = append(f.ids, id)
		}
	}
	f.unreadable, f.constant, f.byKey, f.mayOmit = f.unreadable || o.unreadable, f.constant || o.constant, f.byKey || o.byKey, f.mayOmit || o.mayOmit
}

// follow leads references to ids. filter is the key of the wanted instance, ""
// for any.
func (g *graph) follow(refs []string, at where, kinds []string, filter string, depth int) found {
	var f found
	if g.steps++; depth > deepest || g.steps > mostSteps {
		return found{unreadable: true}
	}
	if !slices.Contains(refs, "count.index") {
		at.siblings = 0
	}
	keyed := slices.ContainsFunc(refs, func(r string) bool { return r == "each.key" || r == "count.index" })
	if keyed && filter == "" {
		filter = at.key
	}
	last := ""
	for _, ref := range refs {
		if last != "" && (strings.HasPrefix(last, ref+".") || strings.HasPrefix(last, ref+"[")) {
			continue // a shorter form of the one before
		}
		last = ref
		t := split(ref)
		if len(t) == 0 {
			f.unreadable = true
			continue
		}
		switch t[0] {
		case "each", "count":
			if len(t) > 1 && t[1] == "value" {
				f.add(g.followEach(at, kinds, depth))
			} else if at.key == "" {
				f.constant = true
			}
		case "var":
			f.add(g.followVariable(t, at, kinds, filter, depth))
		case "module":
			f.add(g.followModule(t, at, kinds, filter, depth))
		case "path", "terraform", "self":
			f.constant = true
		case "local":
			f.add(g.followLocal(t, at, kinds, depth))
		default:
			f.add(g.followResource(t, at, kinds, filter, depth))
		}
	}
	if filter != "" && !f.byKey {
		f.constant = true // a key that picks no instance chooses among what is mentioned
	}
	return f
}

// followEach leads each.value to the instance of the same key that for_each runs
// over.
func (g *graph) followEach(at where, kinds []string, depth int) found {
	if len(at.each.refs) == 0 {
		return found{constant: true}
	}
	return g.resolve(at.each, []string{at.key}, where{module: at.module}, kinds, at.key, depth+1)
}

// followVariable leads a variable to what the call of the module says.
func (g *graph) followVariable(t []string, at where, kinds []string, filter string, depth int) found {
	call := g.calls[withoutKeys(at.module)]
	if at.module == "" || call == nil || len(t) < 2 {
		return found{constant: true} // of the root module: known at planning
	}
	path, key := parent(at.module)
	var body *hclsyntax.Body
	if m := g.source.of(path); m != nil {
		parts := split(withoutKeys(at.module))
		body = m.calls[parts[len(parts)-1]]
	}
	s := saying(call.Expressions[t[1]], body, t[1])
	if len(s.refs) == 0 {
		return found{constant: true}
	}
	if len(t) > 2 && strings.HasPrefix(t[2], "[") {
		filter = t[2]
	}
	return g.resolve(s, t[2:], where{module: path, key: key, each: saying(call.ForEachExpression, body, "for_each")}, kinds, filter, depth+1)
}

// followModule leads the outputs of a module to what they are made of: of the one
// that is named, else of all.
func (g *graph) followModule(t []string, at where, kinds []string, filter string, depth int) found {
	if len(t) < 2 {
		return found{unreadable: true}
	}
	bare := join(withoutKeys(at.module), "module."+t[1])
	m := g.modules[bare]
	if m == nil {
		return found{unreadable: true}
	}
	rest := t[2:]
	key := ""
	if len(rest) > 0 && strings.HasPrefix(rest[0], "[") {
		if !all(rest[0]) {
			key = rest[0]
		}
		rest = rest[1:]
	}
	output, inner := "", ""
	if len(rest) > 0 {
		output = rest[0]
	}
	if len(rest) > 1 && strings.HasPrefix(rest[1], "[") {
		inner = rest[1]
	}
	chosen := false
	var called []string
	for _, path := range g.paths[bare] {
		up, k := parent(path)
		if up == at.module && (key == "" || k == key) {
			called = append(called, path)
		}
	}
	if key == "" && filter != "" {
		exact := slices.DeleteFunc(slices.Clone(called), func(p string) bool { _, k := parent(p); return k != filter })
		if len(exact) > 0 {
			called, filter, chosen = exact, "", true
		}
	}
	if inner == "" {
		inner = filter
	}
	f := found{byKey: chosen}
	for _, path := range called {
		if output != "" {
			e := m.Outputs[output]
			if e == nil || e.Expression == nil || e.Expression.ExpressionData == nil {
				return found{unreadable: true}
			}
			s := configuredValue{refs: e.Expression.References}
			if m := g.source.of(path); m != nil && m.outputs[output] != nil {
				s.agree(m.outputs[output])
			}
			f.add(g.resolve(s, rest[1:], where{module: path}, kinds, inner, depth+1))
			continue
		}
		names := make([]string, 0, len(m.Outputs))
		for name := range m.Outputs {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if e := m.Outputs[name]; e != nil && e.Expression != nil && e.Expression.ExpressionData != nil {
				if of := g.follow(e.Expression.References, where{module: path}, kinds, inner, depth+1); !of.unreadable && len(of.ids) > 0 {
					f.add(of)
				}
			}
		}
	}
	f.unreadable = f.unreadable || len(f.ids) == 0
	return f
}

// followResource leads to the instances of a resource, or of a data source that
// was read already.
func (g *graph) followResource(t []string, at where, kinds []string, filter string, depth int) found {
	n := 2
	if t[0] == "data" {
		n = 3
	}
	if len(t) < n {
		return found{unreadable: true}
	}
	list := g.known[at.module+"|"+strings.Join(t[:n], ".")]
	if len(list) == 0 {
		return found{unreadable: true}
	}
	rest := t[n:]
	explicit := ""
	if len(rest) > 0 && strings.HasPrefix(rest[0], "[") {
		if !all(rest[0]) {
			filter, explicit = rest[0], rest[0]
		}
		rest = rest[1:]
	}
	attribute := "id"
	if len(rest) > 0 {
		attribute = rest[0]
	}
	var f found
	if filter != "" {
		exact := slices.DeleteFunc(slices.Clone(list), func(i *instance) bool { return !sameKey(i.key, filter) })
		if explicit == "" && at.siblings > 0 && at.siblings != len(list) {
			exact = nil // an index that is counted with: count.index + 1
		}
		if f.byKey = len(exact) > 0; f.byKey {
			list = exact
		} else if explicit != "" {
			return found{unreadable: true} // an instance that is not there
		}
	}
	for _, i := range list {
		f.add(g.identity(i, attribute, rest[min(1, len(rest)):], kinds, depth))
	}
	return f
}

// identity is the id that an attribute of a resource stands for, or the element of
// it that is picked.
func (g *graph) identity(i *instance, attribute string, pick []string, kinds []string, depth int) found {
	if i.deferred {
		return found{unreadable: true}
	}
	if alias := resource.Types().Aliases[i.Type]; alias != "" && (attribute == "id" || attribute == "") {
		attribute = alias
	}
	if attribute == "arn" && !slices.Contains(kinds, resource.ARNWanted) {
		return found{constant: i.Exists, unreadable: !i.Exists} // it is used for something else
	}
	if attribute == "id" || attribute == "arn" {
		if slices.Contains(kinds, i.Type) {
			return found{ids: []string{i.ID}}
		}
		return found{constant: i.Exists, unreadable: !i.Exists && resource.Types().Models[i.Type].Put == nil}
	}
	if slices.Contains(kinds, i.Type) && resource.ListsSubnets(i.Type) { // whatever names it
		return found{ids: []string{i.ID}}
	}
	if part := resource.Types().Parts[i.Type][attribute]; part != "" {
		return found{ids: []string{i.Part(part)}}
	}
	switch v := i.Attributes[attribute].(type) {
	case string:
		if v = resource.IDOfARN(v); resource.HasType(v, kinds) || slices.Contains(kinds, g.fresh[v]) {
			return found{ids: []string{v}}
		}
		return found{constant: true}
	case []any:
		if len(pick) > 0 && !all(pick[0]) {
			for n, e := range v {
				if s, ok := e.(string); ok && sameKey(pick[0], fmt.Sprintf("[%d]", n)) && resource.HasType(s, kinds) {
					return found{ids: []string{s}}
				}
			}
			return found{unreadable: true}
		}
		ids, pending := resource.TextsOf(v)
		ids = slices.DeleteFunc(ids, func(id string) bool { return !resource.HasType(id, kinds) })
		return found{ids: ids, unreadable: pending != "", constant: len(ids) == 0}
	}
	if s := g.configured(i, attribute); len(s.refs) > 0 {
		return g.resolve(s, nil, g.where(i), kinds, "", depth+1)
	}
	return found{unreadable: true}
}
