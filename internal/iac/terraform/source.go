package terraform

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// Sources returns the *.tf files of a module's directory, which is given relative
// to that of the root module, by their paths.
type Sources func(dir string) map[string][]byte

// source is the configuration as people wrote it. A plan repeats only which names
// an expression mentions; the files say how, what locals are, and where things
// are declared. They need not be those that the plan was made from: an expression
// counts only where it mentions what the plan says that it does.
type source struct {
	files   Sources
	dirs    map[string]string // of the modules that are local, by path without keys
	modules map[string]*moduleSource
}

// moduleSource is what the files of one module declare.
type moduleSource struct {
	places    map[string]resource.Place // of resources, by type and name
	resources map[string]*hclsyntax.Body
	calls     map[string]*hclsyntax.Body
	variables map[string]*hclsyntax.Body
	outputs   map[string]hclsyntax.Expression
	locals    map[string]hclsyntax.Expression
	// opaque is set where not every file can be read: others may say otherwise.
	opaque bool
}

// of returns the source of a module; nil if there is none.
func (s *source) of(module string) *moduleSource {
	dir, local := s.dirs[withoutKeys(module)]
	if s.files == nil || !local {
		return nil
	}
	m := s.modules[dir]
	if m == nil {
		m = &moduleSource{
			places: map[string]resource.Place{}, resources: map[string]*hclsyntax.Body{}, calls: map[string]*hclsyntax.Body{}, variables: map[string]*hclsyntax.Body{},
			outputs: map[string]hclsyntax.Expression{}, locals: map[string]hclsyntax.Expression{},
		}
		s.modules[dir] = m
		files := s.files(dir)
		names := make([]string, 0, len(files))
		for name := range files {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if overrides(name) {
				m.opaque = true
				continue
			}
			m.read(name, files[name])
		}
		if m.opaque { // where things are declared still holds
			m.resources, m.calls, m.variables, m.outputs, m.locals = nil, nil, nil, nil, nil
		}
	}
	return m
}

// overrides reports whether a file changes what others say, or is written in a way
// that is not read here.
// Source: https://developer.hashicorp.com/terraform/language/files/override
func overrides(name string) bool {
	base := path.Base(name)
	return !strings.HasSuffix(base, ".tf") || base == "override.tf" || strings.HasSuffix(base, "_override.tf")
}

// read notes what a file declares. What is wrong in it is not worth a word here:
// it only tells where and how.
func (m *moduleSource) read(name string, text []byte) {
	if nested(text) {
		m.opaque = true
		return
	}
	file, _ := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if file == nil {
		return
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, b := range body.Blocks {
		label := strings.Join(b.Labels, ".")
		switch {
		case b.Type == "resource" && len(b.Labels) == 2:
			m.places[label] = resource.Place{File: name, Line: b.TypeRange.Start.Line}
			m.resources[label] = b.Body
		case b.Type == "data" && len(b.Labels) == 2:
			m.resources["data."+label] = b.Body
		case b.Type == "module" && len(b.Labels) == 1:
			m.calls[label] = b.Body
		case b.Type == "variable" && len(b.Labels) == 1:
			m.variables[label] = b.Body
		case b.Type == "output" && len(b.Labels) == 1:
			if v := b.Body.Attributes["value"]; v != nil {
				m.outputs[label] = v.Expr
			}
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				m.locals[name] = a.Expr
			}
		}
	}
}

// mostNested is far deeper than people nest; the parser has no limit of its own.
const mostNested = 500

// nested reports whether a text has too many brackets open at once.
func nested(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			if depth++; depth > mostNested {
				return true
			}
		case ')', ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return false
}

// configuredValue is what the configuration says of a value: the names that it mentions, and
// the expression where the files show it.
type configuredValue struct {
	refs  []string
	expr  hclsyntax.Expression
	mixed bool // the names are of several blocks together
}

// saying pairs what a plan says of an expression with a body's attribute.
func saying(e *tfjson.Expression, body *hclsyntax.Body, attribute string) configuredValue {
	if e == nil || e.ExpressionData == nil {
		return configuredValue{}
	}
	s := configuredValue{refs: e.References}
	if body != nil && body.Attributes[attribute] != nil {
		s.agree(body.Attributes[attribute].Expr)
	}
	return s
}

// agree takes an expression that mentions the same things, with the same keys.
func (s *configuredValue) agree(e hclsyntax.Expression) {
	mentioned := map[string]bool{}
	for _, t := range e.Variables() {
		ref := unsplit(tokens(t))
		if !slices.Contains(s.refs, ref) {
			return
		}
		mentioned[ref] = true
	}
	last := ""
	for _, r := range s.refs {
		if shorter := last != "" && (strings.HasPrefix(last, r+".") || strings.HasPrefix(last, r+"[")); !shorter && !mentioned[r] {
			return
		}
		last = r
	}
	s.expr = e
}

// tokens writes a traversal as split does a reference.
func tokens(t hcl.Traversal) []string {
	var out []string
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			out = append(out, s.Name)
		case hcl.TraverseAttr:
			out = append(out, s.Name)
		case hcl.TraverseIndex:
			out = append(out, keyToken(s.Key))
		case hcl.TraverseSplat:
			out = append(out, "[*]")
		}
	}
	return out
}

// keyToken writes a key as it stands in an address; "" for none.
func keyToken(v cty.Value) string {
	switch {
	case v.IsNull() || !v.IsKnown():
		return ""
	case v.Type() == cty.String:
		return fmt.Sprintf("[%q]", v.AsString())
	case v.Type() == cty.Number:
		return "[" + v.AsBigFloat().Text('f', -1) + "]"
	}
	return ""
}

// place is where a resource is declared.
func (s *source) place(module, kind, name string) resource.Place {
	if m := s.of(module); m != nil {
		return m.places[kind+"."+name]
	}
	return resource.Place{}
}

// installed are the modules that "terraform init" has fetched, as it notes them in
// ModulesFolder.
type installed struct {
	Modules []struct{ Key, Source, Dir string }
}

// ModulesFolder is the folder in which "terraform init" notes where modules are, in
// a file called modules.json.
const ModulesFolder = ".terraform/modules"

// fetched reads where modules are, by path without keys: those whose source is the
// one that the plan names.
func (g *graph) fetched(files Sources) map[string]string {
	out := map[string]string{}
	if files == nil {
		return out
	}
	var list installed
	for name, body := range files(ModulesFolder) {
		if path.Base(name) == "modules.json" && json.Unmarshal(body, &list) != nil {
			return out
		}
	}
	for _, m := range list.Modules {
		bare := ""
		for _, step := range strings.Split(m.Key, ".") {
			bare = join(bare, "module."+step)
		}
		if call := g.calls[bare]; call != nil && m.Key != "" && (call.Source == m.Source || strings.HasSuffix(m.Source, "/"+call.Source)) {
			out[bare] = m.Dir
		}
	}
	return out
}

// moduleDirs maps modules to their directories, as far as these are here, by path
// without keys.
func (g *graph) moduleDirs(files Sources) map[string]string {
	out := map[string]string{"": "."}
	fetched := g.fetched(files)
	var walk func(bare string, depth int)
	walk = func(bare string, depth int) {
		m := g.modules[bare]
		if m == nil || depth > deepest {
			return
		}
		for name, call := range m.ModuleCalls {
			child := join(bare, "module."+name)
			from, local := out[bare]
			switch dir := fetched[child]; {
			case call == nil:
				continue
			case dir != "":
				out[child] = path.Clean(dir)
			case local && (strings.HasPrefix(call.Source, "./") || strings.HasPrefix(call.Source, "../")):
				out[child] = path.Join(from, call.Source)
			}
			walk(child, depth+1)
		}
	}
	walk("", 0)
	return out
}
