package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestTerraformIsValid holds the blocks for each wound against the schema of the AWS
// provider (terraform providers schema -json, of 5.100.0: the resource types in use):
// they are formatted as terraform fmt does, no two have one name, every attribute is
// known and none that is required is missing.
func TestTerraformIsValid(t *testing.T) {
	body, err := os.ReadFile("repair/testdata/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]map[string]bool // by resource type and attribute: is it required?
	if err := json.Unmarshal(body, &schema); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	hold := func(where, text string) {
		t.Helper()
		if formatted := string(hclwrite.Format([]byte(text))); formatted != text {
			t.Errorf("%s: not as terraform fmt has it:\n%s", where, text)
		}
		file, diags := hclsyntax.ParseConfig([]byte(text), where, hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%s: %v\n%s", where, diags, text)
		}
		names := map[string]bool{}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			kind, name := b.Labels[0], b.Labels[1]
			if names[kind+name] || schema[kind] == nil {
				t.Errorf("%s: %s %s is there twice, or is no type of the schema", where, kind, name)
			}
			names[kind+name], seen[kind] = true, true
			for a := range b.Body.Attributes {
				if _, known := schema[kind][a]; !known {
					t.Errorf("%s: %s has no attribute %s", where, kind, a)
				}
			}
			for a, required := range schema[kind] {
				if required && b.Body.Attributes[a] == nil {
					t.Errorf("%s: %s lacks %s", where, kind, a)
				}
			}
		}
	}
	for where, text := range snippets(t) {
		hold(where, text)
	}
	for kind := range schema {
		if !seen[kind] {
			t.Errorf("%s is in the schema, and no repair makes it", kind)
		}
	}
}

// snippets are the Terraform for each wound, for the examples of each problem, and for what
// neither has.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, folder := range folders {
		files, _, err := fixtures.Layer(os.DirFS(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, snap := open(t, files)
		results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
		var all []repair.Repair
		for _, c := range checks.Changes(results, nil) {
			all = append(all, c.Repair)
		}
		for _, r := range results {
			for _, f := range r.Findings {
				if len(f.Changes) == 0 {
					all = append(all, f.Repairs...)
				}
			}
		}
		out[folder] = repair.Terraform(all, nil)
	}
	for _, c := range checks.All() {
		for _, p := range c.Problems {
			out[p.Code] = repair.Terraform(p.Examples(), nil)
		}
	}
	out["what no wound has"] = repair.Terraform([]repair.Repair{
		{Change: repair.Accept{ID: "tgw-attach-0a1b2c3d4e5f60718", Kind: repair.GatewayAttachment}},
		{Change: repair.AttachVPNGateway{Gateway: "vgw-0a1b2c3d4e5f60718", VPC: "vpc-0d5c1a2b3e4f50617"}},
		{Change: repair.StartInstance{ID: "i-0a1b2c3d4e5f60719"}},
		{Change: repair.Grant{User: "ann", Name: "${x}\"", Policy: `{"a":"%{b}"}`}},
	}, nil)
	return out
}

// TestRealTerraformValidates lets terraform itself format and validate each snippet, by the
// AWS provider in the folder that TERRAFORM_PLUGINS names, laid out as a mirror.
func TestRealTerraformValidates(t *testing.T) {
	tier.Real(t, "terraform and its AWS provider")
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("SKIPPED: no terraform here")
	}
	dir := t.TempDir()
	terraform := func(args ...string) (string, error) {
		cmd := exec.Command("terraform", append([]string{"-chdir=" + dir}, args...)...)
		cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	write := func(path, text string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Each is a module, so that one call of the slow provider judges all of them.
	const provider = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n"
	main, number := provider, 0
	for _, text := range slices.Compact(slices.Sorted(maps.Values(snippets(t)))) {
		if text == "" {
			continue
		}
		number++
		write(filepath.Join(dir, fmt.Sprintf("m%d", number), "main.tf"), provider+"\n"+text+"\n")
		main += fmt.Sprintf("\nmodule \"m%d\" {\n  source = \"./m%[1]d\"\n}\n", number)
	}
	write(filepath.Join(dir, "main.tf"), main)
	if out, err := terraform("fmt", "-recursive", "-check", "-diff"); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
	plugins := os.Getenv("TERRAFORM_PLUGINS")
	if plugins == "" {
		t.Skip("SKIPPED, but for terraform fmt: TERRAFORM_PLUGINS names no folder with the AWS provider")
	}
	if out, err := terraform("init", "-backend=false", "-input=false", "-no-color", "-plugin-dir="+plugins); err != nil {
		t.Fatalf("terraform init: %v\n%s", err, out)
	}
	if out, err := terraform("validate", "-no-color"); err != nil {
		t.Errorf("terraform validate: %v\n%s", err, out)
	}
	t.Logf("%d snippets", number)
}

// TestStringsOfTerraform reads back what a block says: a text from outside is a string and
// no template, whatever it holds.
func TestStringsOfTerraform(t *testing.T) {
	for _, text := range []string{`plain`, `a "quoted" \ word`, `${path.root}`, `$${x}`, `%{ if true }`, `%%{x}`, `$`, `日本語`} {
		written := repair.Terraform([]repair.Repair{{Change: repair.Grant{User: "ann", Name: "name", Policy: text}}}, nil)
		file, diags := hclsyntax.ParseConfig([]byte(written), "written", hcl.InitialPos)
		if diags.HasErrors() {
			t.Fatalf("%q: %v\n%s", text, diags, written)
		}
		value, diags := file.Body.(*hclsyntax.Body).Blocks[0].Body.Attributes["policy"].Expr.Value(nil)
		if diags.HasErrors() || value.AsString() != text {
			t.Errorf("%q is read as %#v: %v\n%s", text, value, diags, written)
		}
	}
}

// TestLayersBehindAConnection: while a connection is pending, gone or not there, the
// layers behind it are judged all the same, so that one run names all that must change.
func TestLayersBehindAConnection(t *testing.T) {
	for _, connection := range []string{"pending", "deleted", "none"} {
		for _, behind := range []struct{ check, wound, code string }{
			{"sg-ingress-443", "rule-removed", "DSP201"},
			{"agent-sg-egress", "no-443", "DSP220"},
			{"nacl-to-endpoint", "hole", "DSP501"},
			{"nacl-to-agent", "no-ephemeral", "DSP511"},
		} {
			files, _, err := fixtures.Layer(os.DirFS("testdata/connection-active/" + connection))
			if err != nil {
				t.Fatal(err)
			}
			target, snap := open(t, files)
			other, _, err := fixtures.Layer(os.DirFS("testdata/" + behind.check + "/" + behind.wound))
			if err != nil {
				t.Fatal(err)
			}
			_, wounded := open(t, other)
			for i, s := range snap.Scopes { // the connection is that of one, the filters those of the other
				s.SecurityGroups, s.NetworkACLs = wounded.Scopes[i].SecurityGroups, wounded.Scopes[i].NetworkACLs
			}
			codes := map[string]bool{}
			for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
				for _, f := range r.Findings {
					if f.Problem != nil {
						codes[f.Problem.Code] = true
					}
				}
			}
			if !codes["DSP410"] && !codes["DSP411"] || !codes[behind.code] {
				t.Errorf("connection %s and %s: found %v", connection, behind.code, codes)
			}
		}
	}
}
