package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestReleasesAreBuiltAsHere holds the flags of a release against those of "make build" and
// "make build-cel": what is measured and tried is what people get.
func TestReleasesAreBuiltAsHere(t *testing.T) {
	read := func(name string) []byte {
		body, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	makefile := string(read("Makefile"))
	variable := func(name string) []string {
		m := regexp.MustCompile(`(?m)^(?:build-cel: )?` + name + ` *= (.*)$`).FindStringSubmatch(makefile)
		if m == nil {
			t.Fatalf("the Makefile sets no %s", name)
		}
		return strings.Fields(m[1])
	}
	gcflags := func(name string) []string {
		list := variable(name)
		for i := range list {
			list[i] = strings.TrimPrefix(list[i], "-gcflags=")
		}
		return list
	}
	var release struct {
		Builds []struct {
			ID      string
			Flags   []string
			GCFlags []string
		}
	}
	if err := yaml.Unmarshal(read(".goreleaser.yaml"), &release); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"dspreflight": gcflags("SMALL"), "dspreflight-cel": gcflags("CEL")}
	if len(release.Builds) != len(want) {
		t.Errorf("%d builds", len(release.Builds))
	}
	for _, b := range release.Builds {
		if !slices.Equal(b.GCFlags, want[b.ID]) {
			t.Errorf("%s: gcflags %q, and make has %q", b.ID, b.GCFlags, want[b.ID])
		}
		tags := strings.Join(variable("TAGS"), "")
		if b.ID == "dspreflight-cel" {
			tags += ",cel"
		}
		if !slices.Contains(b.Flags, "-tags="+tags) || !slices.Contains(b.Flags, "-trimpath") {
			t.Errorf("%s: flags %q, and make has the tags %q", b.ID, b.Flags, tags)
		}
	}
}
