// Package source reads the program's own Go files, for the tests that hold what may
// stand in them.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// File is a parsed file.
type File struct {
	*ast.File
	Path string
	set  *token.FileSet
}

// Position is where something stands, for a message.
func (f File) Position(n ast.Node) token.Position { return f.set.Position(n.Pos()) }

// Each hands on the files in some folders, and in those below, but for tests.
func Each(t testing.TB, use func(File), folders ...string) {
	t.Helper()
	set, seen := token.NewFileSet(), 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			seen++
			use(File{file, name, set})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen == 0 {
		t.Fatalf("no source is in %v", folders)
	}
}

// Text is the text that an expression writes out, and whether it does.
func Text(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
