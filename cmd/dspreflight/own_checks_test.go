//go:build !cel

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestNoCELWithoutItsTag holds that the program is made of nothing of CEL, unless it is
// built with the tag, and that it says so.
func TestNoCELWithoutItsTag(t *testing.T) {
	for _, tags := range []string{"", "cel"} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tags, ".").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range []string{"cel.dev/", "google.golang.org/protobuf/", "github.com/antlr4-go/"} {
			if has := strings.Contains("\n"+string(out), "\n"+module); has != (tags == "cel") {
				t.Errorf("tags %q: %s is in the program: %v", tags, module, has)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte("checks: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "--fixture", "healthy"}, {"checks"}, {"explain", "--checks", path, "ORG101"}} {
		if !strings.Contains(strings.Join(args, " "), "--checks") {
			args = append(args, "--checks", path)
		}
		if out := invoke(t, args...); out.code != exitUsage || !strings.Contains(out.stderr, "dspreflight-cel") || out.stdout != "" {
			t.Errorf("%v: exit code %d, %s", args, out.code, out.stderr)
		}
	}
}

// The programs may have so many bytes, as they are released.
const (
	largest        = 25_000_000
	largestWithCEL = 34_000_000
)

// unreached are services of which the second program holds operations that nothing
// calls: protobuf, on which CEL stands, looks methods up by their names, so that the
// linker keeps every method of the clients that get credentials.
var unreached = []string{"signin", "sso", "ssooidc", "sts"}

// TestRealProgramWithCEL holds the second program to its size and, but for getting credentials, to
// the calls of AWS that the first has.
func TestRealProgramWithCEL(t *testing.T) {
	tier.Real(t, "builds the second program")
	path := released(t, "build-cel", "dspreflight-cel", largestWithCEL)
	found := operationsIn(t, path)
	if !slices.Contains(found, "ec2:DescribeVpcEndpoints") {
		t.Error("no operation is found: the test looks for the wrong names")
	}
	for _, call := range found {
		service, op, _ := strings.Cut(call, ":")
		if !slices.Contains(unreached, service) && !looks.MatchString(op) && !slices.Contains(signsIn[service], op) {
			t.Errorf("the program can call %s", call)
		}
	}
}

// TestRealProgramIsSmall holds the program to its size.
func TestRealProgramIsSmall(t *testing.T) {
	tier.Real(t, "builds the program as it is released")
	released(t, "build", "dspreflight", largest)
}

// released builds a program as it is released and holds it to its size.
func released(t *testing.T, target, name string, most int64) string {
	t.Helper()
	build := exec.Command("make", "-s", target)
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	path := filepath.Join(build.Dir, "bin", name)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s has %d bytes", name, info.Size())
	if info.Size() > most {
		t.Errorf("%s has %d bytes, more than %d", name, info.Size(), most)
	}
	return path
}
