package checks_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
)

// idIn is the id of a check of ours that an expression writes out; "" for none.
func idIn(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil && checks.ByID(s) != nil {
			return s
		}
	}
	return ""
}

// TestNothingDecidesByTheNameOfACheck looks through the program for comparisons, cases
// and maps of ids: what is to be known of a check is one of its fields, so that a new
// check says it too.
func TestNothingDecidesByTheNameOfACheck(t *testing.T) {
	files := token.NewFileSet()
	for _, room := range []string{".", "../report", "../internal", "../cmd"} {
		err := filepath.WalkDir(room, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				var decide []ast.Expr
				switch n := n.(type) {
				case *ast.BinaryExpr:
					if n.Op == token.EQL || n.Op == token.NEQ {
						decide = []ast.Expr{n.X, n.Y}
					}
				case *ast.CaseClause:
					decide = n.List
				case *ast.KeyValueExpr:
					decide = []ast.Expr{n.Key}
				}
				for _, e := range decide {
					if id := idIn(e); id != "" {
						t.Errorf("%s decides by the name %q", files.Position(e.Pos()), id)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReferencesLead reads which checks others refer to, where they say that these
// speak instead: each is there, though no estate may lead to the sentence.
func TestReferencesLead(t *testing.T) {
	files := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	references := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "See" && f.Sel.Name != "given" {
				return true
			}
			for _, e := range call.Args {
				if lit, is := e.(*ast.BasicLit); is {
					if references++; idIn(lit) == "" {
						t.Errorf("%s: there is no check %s", files.Position(e.Pos()), lit.Value)
					}
				}
			}
			return true
		})
	}
	if references == 0 {
		t.Error("no reference was found")
	}
}

// TestGroupsHaveAPlace: a check that judges security groups on the path says how the
// story of the path calls them.
func TestGroupsHaveAPlace(t *testing.T) {
	for _, c := range checks.All() {
		for _, l := range c.On {
			if groups := l == netpath.GroupOut || l == netpath.GroupIn; groups && (c.Place.En == "" || c.Place.Ja == "") {
				t.Errorf("%s has no place", c.ID)
			}
		}
	}
}
