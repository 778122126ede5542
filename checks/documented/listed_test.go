package documented

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestEveryErrorIsListed: an error that is declared and is in no list would be neither
// recognised nor told of.
func TestEveryErrorIsListed(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			made, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if of, ok := made.Type.(*ast.Ident); !ok || of.Name != "Error" {
				return true
			}
			for _, field := range made.Elts {
				kv, ok := field.(*ast.KeyValueExpr)
				if !ok {
					continue
				}
				if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != "ID" {
					continue
				}
				if lit, ok := kv.Value.(*ast.BasicLit); ok {
					id, err := strconv.Unquote(lit.Value)
					if declared++; err != nil || ByID(id) == nil {
						t.Errorf("%s: %s is in no list: add it to the one at the end of the file", name, lit.Value)
					}
				}
			}
			return true
		})
	}
	seen := map[string]bool{}
	for _, e := range All() {
		if seen[e.ID] {
			t.Errorf("two errors are called %s, or one is listed twice", e.ID)
		}
		seen[e.ID] = true
	}
	if declared != len(All()) {
		t.Errorf("%d errors are declared, %d listed", declared, len(All()))
	}
}
