package documented

import (
	"go/ast"
	"testing"

	"github.com/dspreflight/dspreflight/internal/source"
)

// TestEveryErrorIsListed: an error that is declared and is in no list would be neither
// recognised nor told of.
func TestEveryErrorIsListed(t *testing.T) {
	declared := 0
	source.Each(t, func(file source.File) {
		ast.Inspect(file.File, func(n ast.Node) bool {
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
				if id, ok := source.Text(kv.Value); ok {
					if declared++; ByID(id) == nil {
						t.Errorf("%s: %s is in no list: add it to the one at the end of the file", file.Position(kv), id)
					}
				}
			}
			return true
		})
	}, ".")
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
