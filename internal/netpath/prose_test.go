package netpath

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoProse: reasoning gives facts, checks word them.
func TestNoProse(t *testing.T) {
	for _, dir := range []string{".", "../iam"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, word := range []string{"snapshot.Text", "snapshot.Saw", "Ja:"} {
				if strings.Contains(string(body), word) {
					t.Errorf("%s words something: %s", file, word)
				}
			}
		}
	}
}
