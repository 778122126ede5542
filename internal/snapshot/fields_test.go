package snapshot_test

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFieldsAreRead takes every field of every row that is decoded, and looks for
// where the program reads it: to judge, to show, to find its way, or to lay a plan
// over it. What nobody reads is a wrong verdict waiting, or a cost for nothing.
func TestFieldsAreRead(t *testing.T) {
	packages, exports := program(t)
	files := token.NewFileSet()
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	// The same field has one line in the source, whichever package reads it.
	at := func(o types.Object) token.Position {
		p := files.Position(o.Pos())
		return token.Position{Filename: filepath.Base(p.Filename), Line: p.Line}
	}
	read, fields := map[token.Position]bool{}, map[token.Position]string{}
	for _, p := range packages {
		parsed := make([]*ast.File, len(p.files))
		for i, name := range p.files {
			var err error
			if parsed[i], err = parser.ParseFile(files, name, nil, 0); err != nil {
				t.Fatal(err)
			}
		}
		info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Defs: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: imports}).Check(p.path, files, parsed, info); err != nil {
			t.Fatalf("%s: %v", p.path, err)
		}
		written := map[ast.Expr]bool{}
		for _, f := range parsed {
			ast.Inspect(f, func(n ast.Node) bool {
				if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
					for _, l := range a.Lhs {
						written[l] = true
					}
				}
				return true
			})
			if strings.HasPrefix(filepath.Base(files.Position(f.Pos()).Filename), "rows") && strings.HasSuffix(p.path, "/snapshot") {
				decoded(f, func(name string, id *ast.Ident) { fields[at(info.Defs[id])] = name })
			}
		}
		for e, s := range info.Selections {
			if s.Kind() == types.FieldVal && !written[e] {
				read[at(s.Obj())] = true
			}
		}
	}
	if len(fields) < 100 || len(read) < 100 {
		t.Fatalf("only %d fields, and %d that are read: the test proves little", len(fields), len(read))
	}
	var idle []string
	for p, name := range fields {
		if !read[p] {
			idle = append(idle, name)
		}
	}
	slices.Sort(idle)
	if len(idle) > 0 {
		t.Errorf("decoded, and read by nothing: %s", strings.Join(idle, ", "))
	}
}

// decoded hands on the fields of the types in a file that come from a document.
func decoded(f *ast.File, use func(name string, id *ast.Ident)) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			ast.Inspect(typ.Type, func(n ast.Node) bool {
				field, ok := n.(*ast.Field)
				if ok && (field.Tag == nil || !strings.Contains(field.Tag.Value, `json:"-"`)) {
					for _, id := range field.Names {
						if id.IsExported() {
							use(typ.Name.Name+"."+id.Name, id)
						}
					}
				}
				return true
			})
		}
	}
}

type goPackage struct {
	path  string
	files []string
}

// program lists the packages of the module that the program is made of, and where
// the compiled form of each package lies.
func program(t *testing.T) (own []goPackage, exports map[string]string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-f", `{{.ImportPath}}|{{.Export}}|{{.Dir}}|{{if .Module}}{{.Module.Main}}{{end}}|{{join .GoFiles " "}}`, "../../cmd/dspreflight")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	exports = map[string]string{}
	for line := range strings.Lines(string(out)) {
		part := strings.Split(strings.TrimSpace(line), "|")
		exports[part[0]] = part[1]
		if part[3] != "true" {
			continue
		}
		p := goPackage{path: part[0]}
		for _, name := range strings.Fields(part[4]) {
			p.files = append(p.files, filepath.Join(part[2], name))
		}
		own = append(own, p)
	}
	return own, exports
}
