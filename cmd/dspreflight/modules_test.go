package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// modules is a configuration of modules that are written as the well-known ones
// are; its plans were made with version 5.100.0 of the provider.
const modules = "testdata/modules"

func judgeModules(t *testing.T, plan, configuration string) outcome {
	t.Helper()
	args := []string{"check", "--plan", plan, "--plan-only", "--gate", "all", "--region", "us-east-1", "--no-probe", "--vpc-endpoint-id", `module.endpoints.aws_vpc_endpoint.this["datasync"]`, "--agent-instance-id", "aws_instance.agent", "-o", "json"}
	return invoke(t, append(args, "--configuration", configuration)...)
}

// TestModules decides plans that make everything, through modules that hand ids on
// in every way.
func TestModules(t *testing.T) {
	out := judgeModules(t, filepath.Join(modules, "plan.json"), modules)
	if out.code != 0 {
		t.Errorf("exit code %d, %s", out.code, out.stderr)
	}
	for _, r := range parse(t, out).Targets[0].Results {
		if r.Status == "UNKNOWN" || r.Status == "FAIL" {
			t.Errorf("%s is %s", r.Check, r.Status)
		}
	}
	out = judgeModules(t, filepath.Join(modules, "narrow.json"), modules)
	var failed []string
	for _, r := range parse(t, out).Targets[0].Results {
		if r.Status == "FAIL" || r.Status == "UNKNOWN" {
			failed = append(failed, r.Check+" "+string(r.Status))
		}
	}
	if want := []string{"sg-ingress-control FAIL"}; !slices.Equal(failed, want) {
		t.Errorf("%v, want %v", failed, want)
	}
}

// TestFetchedModules finds modules where terraform init has noted that they are,
// and only those of the source that the plan names.
func TestFetchedModules(t *testing.T) {
	const source = "registry.example/acme/group/aws"
	for _, tt := range []struct {
		name, noted string
		code        int
	}{{"noted", source, 0}, {"of another source", "registry.example/other/group/aws", 3}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(modules)); err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(dir, ".terraform", "modules")
			moved := filepath.Join(folder, "agents")
			if err := os.MkdirAll(folder, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Join(dir, "group"), moved); err != nil {
				t.Fatal(err)
			}
			note := `{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"agents","Source":"` + tt.noted + `","Version":"1.0.0","Dir":".terraform/modules/agents"}]}`
			plan := strings.ReplaceAll(read(t, filepath.Join(modules, "plan.json")), `"source":"./group"`, `"source":"`+source+`"`)
			if plan == read(t, filepath.Join(modules, "plan.json")) {
				t.Fatal("the plan calls no module ./group")
			}
			for name, body := range map[string]string{filepath.Join(folder, "modules.json"): note, filepath.Join(dir, "plan.json"): plan} {
				if err := os.WriteFile(name, []byte(body), fs.FileMode(0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if out := judgeModules(t, filepath.Join(dir, "plan.json"), dir); out.code != tt.code {
				t.Errorf("exit code %d, want %d", out.code, tt.code)
			}
		})
	}
}
