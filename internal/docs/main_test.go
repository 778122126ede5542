package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPagesAreCurrent compares the pages in docs/ with what the catalogue says,
// and refuses pages of checks and errors that are gone.
func TestPagesAreCurrent(t *testing.T) {
	want := pages()
	for name, body := range want {
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil || string(got) != body {
			t.Errorf("docs/%s is out of date: run make docs", name)
		}
	}
	for _, dir := range []string{"checks", "errors"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "docs", dir, "*.md"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			if name := dir + "/" + filepath.Base(path); want[name] == "" {
				t.Errorf("docs/%s is about something that no longer exists", name)
			}
		}
	}
}
