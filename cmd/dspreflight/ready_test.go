package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/internal/tier"
)

// built is the folder of the program as a binary.
func built(t testing.TB) string {
	t.Helper()
	tier.Real(t, "the program, built, and bash")
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: the scripts here are for bash")
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: there is no bash")
	}
	dir, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// builtOnce builds it for all tests; TestMain removes the folder.
var builtOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dspreflight")
	if err != nil {
		return "", err
	}
	builtIn = dir
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "dspreflight"), ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return dir, nil
})

var builtIn string

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestRealAction runs the script of the GitHub Action as GitHub does: with its inputs
// in the environment and a file for its outputs.
func TestRealAction(t *testing.T) {
	var action struct {
		Inputs  map[string]struct{ Description, Default string }
		Outputs map[string]struct{ Description, Value string }
		Runs    struct {
			Using string
			Steps []struct {
				ID, Run, Shell string
				Env            map[string]string
			}
		}
	}
	readYAML(t, "../../action.yml", &action)
	if action.Runs.Using != "composite" {
		t.Fatal(action.Runs.Using)
	}
	bin := built(t)
	step := action.Runs.Steps[len(action.Runs.Steps)-1]
	for _, tt := range []struct {
		name   string
		inputs map[string]string
		code   int
		output string
	}{
		{"breaks", map[string]string{"plan": "examples/terraform/plan.json", "arguments": "--fixture=healthy\n"}, 1, "exit-code=1"},
		{"accepted", map[string]string{"plan": "  examples/terraform/plan.json  \n\n", "arguments": "--fixture=healthy\n--accept=sg-ingress-control"}, 0, "exit-code=0"},
		{"template", map[string]string{"template": "examples/cloudformation/datasync.yaml", "arguments": "--plan-only\n--region=us-east-1\n--agent-ip=10.10.1.50"}, 0, "exit-code=0"},
		{"parameters", map[string]string{"template": "examples/cloudformation/datasync.yaml", "parameters": "LastControlPort=1060", "arguments": "--plan-only\n--region=us-east-1\n--agent-ip=10.10.1.50"}, 1, "exit-code=1"},
		{"no file", map[string]string{"plan": "nowhere.json", "arguments": "--fixture=healthy"}, 2, "exit-code=2"},
		{"inconclusive", map[string]string{"arguments": "--fixture=no-permission\n--skip=iam-activation"}, 3, "exit-code=3"},
		{"inconclusive passes", map[string]string{"arguments": "--fixture=no-permission\n--skip=iam-activation", "inconclusive": "pass"}, 0, "exit-code=3"},
		{"nothing is run", map[string]string{"plan": "$(touch hacked)`touch hacked`;touch hacked", "arguments": "--fixture=healthy"}, 2, "exit-code=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			outputs := filepath.Join(t.TempDir(), "outputs")
			env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "RUNNER_TEMP=" + bin, "GITHUB_OUTPUT=" + outputs, "GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary")}
			reports := filepath.Join(t.TempDir(), "reports")
			tt.inputs["reports"] = reports
			for name, from := range step.Env {
				input := strings.TrimSuffix(strings.TrimPrefix(from, "${{ inputs."), " }}")
				declared, ok := action.Inputs[input]
				if !ok {
					t.Fatalf("%s takes an input %q that is not declared", name, input)
				}
				value, given := tt.inputs[input]
				if !given {
					value = declared.Default
				}
				env = append(env, name+"="+value)
			}
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
			cmd.Dir, cmd.Env = "../..", env
			out, err := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("exit code %d (%v), want %d: %s", got, err, tt.code, out)
			}
			said := read(t, outputs)
			if !strings.Contains(said, tt.output) {
				t.Errorf("outputs %q", said)
			}
			if tt.code == 1 && !strings.Contains(string(out), "::error ") {
				t.Errorf("no annotation in %s", out)
			}
			for name := range action.Outputs {
				if !strings.Contains(step.Run, name+"=") {
					t.Errorf("an output that the script does not set: %q", name)
				}
			}
			for _, line := range strings.Split(said, "\n") {
				if _, file, ok := strings.Cut(line, "="); ok && strings.HasPrefix(file, reports) {
					if _, err := os.Stat(file); err != nil {
						t.Error(err)
					}
				}
			}
			if _, err := os.Stat("../../hacked"); err == nil {
				t.Error("an input was run")
			}
		})
	}
}

// TestWorkflow holds the example of a workflow against the action that it uses.
func TestWorkflow(t *testing.T) {
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]any
				If   string
			}
		}
	}
	readYAML(t, "../../examples/github/dspreflight.yml", &workflow)
	var action struct {
		Inputs, Outputs map[string]any
	}
	readYAML(t, "../../action.yml", &action)
	uses := 0
	for _, step := range workflow.Jobs["gate"].Steps {
		if strings.HasPrefix(step.Uses, "dspreflight/dspreflight@") {
			uses++
			for name := range step.With {
				if action.Inputs[name] == nil {
					t.Errorf("the action has no input %q", name)
				}
			}
		}
	}
	if uses != 1 {
		t.Errorf("the action is used %d times", uses)
	}
	for _, part := range strings.Split(read(t, "../../examples/github/dspreflight.yml"), "steps.datasync.outputs.")[1:] {
		name := strings.FieldsFunc(part, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })[0]
		if action.Outputs[name] == nil {
			t.Errorf("the action has no output %q", name)
		}
	}
}

// TestRealGitLabJob runs the command of the job, over an embedded estate.
func TestRealGitLabJob(t *testing.T) {
	var file map[string]struct {
		Script    []string
		Artifacts struct{ Reports map[string]string }
	}
	readYAML(t, "../../examples/gitlab/dspreflight.gitlab-ci.yml", &file)
	job := file["datasync-activation"]
	command := job.Script[len(job.Script)-1]
	bin, dir := built(t), t.TempDir()
	plan, err := filepath.Abs(examplePlan)
	if err != nil {
		t.Fatal(err)
	}
	command = strings.NewReplacer("--plan plan.json", "--fixture healthy --plan "+plan, "--agent-ip 10.10.1.50 --source-cidr 10.10.0.0/16", "").Replace(command)
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("exit code %d (%v): %s", cmd.ProcessState.ExitCode(), err, out)
	}
	for kind, name := range job.Artifacts.Reports {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("the report %s: %v", kind, err)
		}
	}
}

// TestRealPreCommitHook runs the hook with the arguments of the example.
func TestRealPreCommitHook(t *testing.T) {
	var hooks []struct{ ID, Entry, Language string }
	readYAML(t, "../../.pre-commit-hooks.yaml", &hooks)
	var config struct {
		Repos []struct {
			Hooks []struct {
				ID   string
				Args []string
			}
		}
	}
	readYAML(t, "../../examples/pre-commit/.pre-commit-config.yaml", &config)
	used := config.Repos[0].Hooks[0]
	if used.ID != hooks[0].ID || hooks[0].Language != "golang" {
		t.Fatalf("%+v uses %+v", used, hooks[0])
	}
	bin := built(t)
	for _, tt := range []struct {
		more []string
		code int
	}{{nil, 0}, {[]string{"--parameters", "LastControlPort=1060"}, 1}} {
		entry := append(strings.Fields(hooks[0].Entry), append(used.Args, tt.more...)...)
		cmd := exec.Command(filepath.Join(bin, entry[0]), entry[1:]...)
		cmd.Dir = "../.."
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != tt.code {
			t.Errorf("exit code %d (%v), want %d: %s", cmd.ProcessState.ExitCode(), err, tt.code, out)
		}
	}
}
