package terraform

import (
	"slices"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// TestSplit takes addresses apart, keys with dots and quotes included.
func TestSplit(t *testing.T) {
	for in, want := range map[string][]string{
		"aws_vpc.a.id":                      {"aws_vpc", "a", "id"},
		`module.a["x.y"].module.b[0].aws.c`: {"module", "a", `["x.y"]`, "module", "b", "[0]", "aws", "c"},
		`a["]"].b`:                          {"a", `["]"]`, "b"},
		`a["\"]"]`:                          {"a", `["\"]"]`},
		"":                                  nil,
		"a[":                                {"a", "["},
	} {
		if got := split(in); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := withoutKeys(`module.a["x.y"].module.b[0]`); got != "module.a.module.b" {
		t.Error(got)
	}
	if path, key := parent(`module.a["x.y"].module.b[0]`); path != `module.a["x.y"]` || key != "[0]" {
		t.Error(path, key)
	}
}

// TestHandsOver tells what makes an unknown reference lead to what exists.
func TestHandsOver(t *testing.T) {
	for _, tt := range []struct {
		mode tfjson.ResourceMode
		kind string
		act  tfjson.Action
		want bool
	}{
		{tfjson.DataResourceMode, "aws_security_group", tfjson.ActionRead, true},
		{tfjson.DataResourceMode, "external", tfjson.ActionRead, true},
		{tfjson.DataResourceMode, "aws_iam_policy_document", tfjson.ActionRead, false},
		{tfjson.DataResourceMode, "aws_security_group", tfjson.ActionNoop, false},
		{tfjson.ManagedResourceMode, "terraform_data", tfjson.ActionCreate, true},
		{tfjson.ManagedResourceMode, "terraform_data", tfjson.ActionNoop, false},
		{tfjson.ManagedResourceMode, "aws_cloudformation_stack", tfjson.ActionUpdate, true},
		{tfjson.ManagedResourceMode, "random_pet", tfjson.ActionCreate, false},
		{tfjson.ManagedResourceMode, "aws_instance", tfjson.ActionCreate, false},
	} {
		rc := &tfjson.ResourceChange{Mode: tt.mode, Type: tt.kind, Change: &tfjson.Change{Actions: tfjson.Actions{tt.act}}}
		if got := handsOver(rc); got != tt.want {
			t.Errorf("%s %s %s: %t", tt.mode, tt.kind, tt.act, got)
		}
	}
}
