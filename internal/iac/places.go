package iac

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// Locate notes where the resources of the changes are declared. files returns
// the *.tf files of a directory, given relative to that of the root module, by
// name.
func (p *Plan) Locate(files func(dir string) map[string][]byte) {
	found := map[string]map[string]Place{}
	for i := range p.Changes {
		c := &p.Changes[i]
		dir, local := p.modules[withoutKeys(c.module)]
		if !local {
			continue
		}
		if found[dir] == nil {
			found[dir] = map[string]Place{}
			for name, body := range files(dir) {
				for address, line := range declared(body) {
					found[dir][address] = Place{path.Join(dir, name), line}
				}
			}
		}
		c.Place = found[dir][c.Type+"."+c.name]
	}
}

var declaration = regexp.MustCompile(`(?m)^[ \t]*resource[ \t]+"([^"\n]+)"[ \t]+"([^"\n]+)"`)

// declared finds the resource blocks of a file: their lines, by type and name.
func declared(body []byte) map[string]int {
	out := map[string]int{}
	line, at := 1, 0
	for _, m := range declaration.FindAllSubmatchIndex(body, -1) {
		line += bytes.Count(body[at:m[2]], []byte("\n"))
		at = m[2]
		out[string(body[m[2]:m[3]])+"."+string(body[m[4]:m[5]])] = line
	}
	return out
}

// moduleDirs maps modules to their directories, as far as these are local, by
// path without keys.
func (g *graph) moduleDirs() map[string]string {
	out := map[string]string{"": "."}
	var walk func(bare string, depth int)
	walk = func(bare string, depth int) {
		m := g.modules[bare]
		if m == nil || depth > deepest {
			return
		}
		for name, call := range m.ModuleCalls {
			if call == nil || !strings.HasPrefix(call.Source, "./") && !strings.HasPrefix(call.Source, "../") {
				continue
			}
			child := join(bare, "module."+name)
			out[child] = path.Join(out[bare], call.Source)
			walk(child, depth+1)
		}
	}
	walk("", 0)
	return out
}
