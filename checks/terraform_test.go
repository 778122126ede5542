package checks_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/fixtures"
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
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil {
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
		hold(folder, repair.Terraform(all, nil))
	}
	for _, c := range checks.All() {
		for _, p := range c.Problems {
			hold(p.Code, repair.Terraform(p.Examples(), nil))
		}
	}
	hold("what no wound has", repair.Terraform([]repair.Repair{
		{Change: repair.Accept{ID: "tgw-attach-0a1b2c3d4e5f60718", Kind: repair.GatewayAttachment}},
		{Change: repair.AttachVPNGateway{Gateway: "vgw-0a1b2c3d4e5f60718", VPC: "vpc-0d5c1a2b3e4f50617"}},
		{Change: repair.StartInstance{ID: "i-0a1b2c3d4e5f60719"}},
		{Change: repair.Grant{User: "ann", Name: "${x}\"", Policy: `{"a":"%{b}"}`}},
	}, nil))
	for kind := range schema {
		if !seen[kind] {
			t.Errorf("%s is in the schema, and no repair makes it", kind)
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
