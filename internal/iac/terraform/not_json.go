package terraform

import (
	"bytes"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// beginning is how much of a file tells what it is.
const beginning = 64 << 10

var (
	// What hashicorp/setup-terraform puts around the output of the terraform that it wraps.
	// Source: https://github.com/hashicorp/setup-terraform#inputs
	wrappedByAction = pattern.New(`(?m)^(\[command\]\S+|::debug::Terraform exited)`)
	// How Terragrunt marks the lines that it logs, its own and those of Terraform.
	// Source: https://docs.terragrunt.com/reference/logging/formatting
	loggedByTerragrunt = pattern.New(`(?m)^(\d\d:\d\d:\d\d(\.\d+)?\s+(STDOUT|STDERR|INFO|WARN|DEBUG|ERROR)\b|time=\S+ level=\w+)`)
	// What a plan says to people.
	planForPeople = pattern.New(`(Terraform|OpenTofu) (used the selected providers|will perform the following actions)|(?m)^Plan: \d+ to |No changes\. `)
	jsonOfPlan    = pattern.New(`(?m)^\s*\{\s*"format_version"`)
	escapes       = pattern.New(`\x1b\[[0-9;]*m`)
)

// isWrapped reports whether lines of that wrapper stand in a part of a file. Plans are
// large and hardly one holds its words, which are found faster than its lines.
func isWrapped(part []byte) bool {
	return (bytes.Contains(part, []byte("[command]")) || bytes.Contains(part, []byte("::debug::"))) && wrappedByAction.Re().Match(part)
}

// notJSON says what a file is in which something else stands where the JSON of a plan
// should begin; nil for one that may be JSON.
func notJSON(body []byte) error {
	head := body[:min(len(body), beginning)]
	is := func(p *pattern.Pattern) bool { return p.Re().Match(head) }
	start := bytes.TrimSpace(head)
	switch {
	case isWrapped(head), isWrapped(body[max(0, len(body)-beginning):]):
		return snapshot.Errorf("the wrapper of hashicorp/setup-terraform wrote lines of its own around the JSON: set terraform_wrapper: false there, or call terraform-bin show -json FILE", "hashicorp/setup-terraform のラッパーが JSON の前後に行を加えている。terraform_wrapper: false を指定するか、terraform-bin show -json FILE を使う")
	case len(start) == 0 || start[0] == '{' || start[0] == '[' || bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil
	case is(loggedByTerragrunt):
		return snapshot.Errorf("Terragrunt logged around the JSON or before each of its lines: keep the plan (terragrunt plan -out FILE), then terragrunt show -json FILE with TG_TF_FORWARD_STDOUT=true and TG_LOG_DISABLE=true", "Terragrunt が JSON の前後や各行の先頭にログを出力している。プランを保存し（terragrunt plan -out FILE）、TG_TF_FORWARD_STDOUT=true と TG_LOG_DISABLE=true を設定して terragrunt show -json FILE を実行する")
	case planForPeople.Re().Match(escapes.Re().ReplaceAll(head, nil)):
		return snapshot.Errorf("this is a plan as people read it; keep the plan (terraform plan -out FILE), and pass what terraform show -json FILE prints; of OpenTofu, tofu show -json FILE", "これは人が読む形のプランである。プランを保存し（terraform plan -out FILE）、terraform show -json FILE の出力を渡す。OpenTofu では tofu show -json FILE")
	case is(jsonOfPlan):
		return snapshot.Errorf("there is something else before the JSON, such as a warning: redirect standard output alone, as in terraform show -json FILE > plan.json, without 2>&1", "JSON の前に警告などの別の出力がある。terraform show -json FILE > plan.json のように、2>&1 なしで標準出力だけを書き込む")
	}
	return snapshot.Errorf("this is not JSON; pass what terraform show -json PLANFILE prints", "JSON ではない。terraform show -json PLANFILE の出力を渡す")
}
