package estate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// exported lists the types and constants that a file declares for others.
func exported(t *testing.T, name string) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, d := range file.Decls {
		decl, _ := d.(*ast.GenDecl)
		if decl == nil {
			continue
		}
		for _, s := range decl.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				out[s.Name.Name] = s.Name.IsExported()
			case *ast.ValueSpec:
				for _, n := range s.Names {
					out[n.Name] = n.IsExported() && decl.Tok == token.CONST
				}
			}
		}
	}
	return out
}

// TestEveryTableHasAName holds that other modules can name each call and all that rows
// hold.
func TestEveryTableHasAName(t *testing.T) {
	names := exported(t, "tables.go")
	for k, v := range exported(t, "estate.go") {
		names[k] = v
	}
	// What a plan alone tells is not for others to set.
	left := map[string]bool{"NoKind": true, "GatewayKind": true, "ByID": true, "VPNGatewayKind": true, "InternetGateway": true, "EndpointGateway": true}
	seen := 0
	files, err := filepath.Glob("../../internal/snapshot/rows*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../../internal/snapshot/kind.go") {
		for name, public := range exported(t, file) {
			if !public || left[name] {
				continue
			}
			if seen++; !names[name] {
				t.Errorf("%s of %s has no name in checks/estate", name, file)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d names were looked for", seen)
	}
}
