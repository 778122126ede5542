package checks_test

import (
	"go/ast"
	"go/token"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/source"
)

// idIn is the id of a check of ours that an expression writes out; "" for none.
func idIn(e ast.Expr) string {
	if s, ok := source.Text(e); ok && checks.ByID(s) != nil {
		return s
	}
	return ""
}

// TestNothingDecidesByTheNameOfACheck looks through the program for comparisons, cases
// and maps of ids: what is to be known of a check is one of its fields, so that a new
// check says it too.
func TestNothingDecidesByTheNameOfACheck(t *testing.T) {
	source.Each(t, func(f source.File) {
		ast.Inspect(f.File, func(n ast.Node) bool {
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
					t.Errorf("%s decides by the name %q", f.Position(e), id)
				}
			}
			return true
		})
	}, ".", "../report", "../internal", "../cmd")
}

// TestReferencesLead reads which checks others refer to, where they say that these
// speak instead: each is there, though no estate may lead to the sentence.
func TestReferencesLead(t *testing.T) {
	references := 0
	source.Each(t, func(file source.File) {
		ast.Inspect(file.File, func(n ast.Node) bool {
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
						t.Errorf("%s: there is no check %s", file.Position(e), lit.Value)
					}
				}
			}
			return true
		})
	}, ".")
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
