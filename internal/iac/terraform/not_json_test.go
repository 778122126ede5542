package terraform

import (
	"os"
	"strings"
	"testing"
)

// TestPlansThroughWrappers passes a plan as wrappers write it, and expects to be told what
// to do about each.
func TestPlansThroughWrappers(t *testing.T) {
	body, err := os.ReadFile("../../../examples/terraform/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	plan := string(body)
	before := func(mark string) string {
		return mark + strings.ReplaceAll(strings.TrimSpace(plan), "\n", "\n"+mark)
	}
	for _, tt := range []struct{ name, file, want string }{
		{"setup-terraform", "[command]/actions-runner/_work/_temp/terraform-bin show -json plan.bin\n" + plan + "\n::debug::Terraform exited with code 0.\n", "terraform_wrapper: false"},
		{"setup-terraform, without its first line", plan + "\n::debug::Terraform exited with code 0.\n", "terraform_wrapper: false"},
		{"Terragrunt, before each line", before("14:02:11.123 STDOUT terraform: "), "TG_TF_FORWARD_STDOUT=true"},
		{"Terragrunt, of a unit", before("14:02:11.123 STDOUT [vpc] tofu: "), "TG_TF_FORWARD_STDOUT=true"},
		{"Terragrunt, its own log", "time=2026-01-01T00:00:00Z level=info msg=Downloading\n" + plan, "TG_LOG_DISABLE=true"},
		{"for people", "\nTerraform used the selected providers to generate the following execution\nplan.", "as people read it"},
		{"for people, in colour", "\x1b[0m\x1b[1mTerraform used the selected providers\x1b[0m to", "as people read it"},
		{"for people, of OpenTofu", "OpenTofu used the selected providers to generate", "tofu show -json"},
		{"a warning first", "\x1b[33mWarning: deprecated\x1b[0m\n" + plan, "without 2>&1"},
		{"something else", "hello", "this is not JSON"},
	} {
		if _, err := Read([]byte(tt.file), nil, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
