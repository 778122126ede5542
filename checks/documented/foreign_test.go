package documented_test

import (
	"os"
	"strings"
	"testing"
)

// TestForeign reads lines of other services and programs, one by one: each names
// where it comes from, and none is DataSync's.
func TestForeign(t *testing.T) {
	body, err := os.ReadFile("../../fixtures/pastes/foreign.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	if len(lines) < 1500 {
		t.Fatalf("only %d lines", len(lines))
	}
	for n, line := range lines {
		source, text, ok := strings.Cut(line, "\t")
		if !ok || source == "" {
			t.Fatalf("line %d names no source: %q", n+1, line)
		}
		if got := recognised(text); got != nil {
			t.Errorf("line %d: %v in %q", n+1, got, text)
		}
	}
	if got := recognised(strings.Join(lines, "\n")); got != nil {
		t.Errorf("in the whole: %v", got)
	}
}
