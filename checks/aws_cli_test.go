package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// cliParser runs argument lists through the AWS CLI in one process: it parses and
// validates them, and builds each request, which goes nowhere.
const cliParser = `
import contextlib, io, json, sys
import botocore.endpoint
from botocore.awsrequest import AWSResponse
from awscli.clidriver import create_clidriver
made, driver = [], create_clidriver()
def make_request(self, model, request):
    made.append(model.name)
    return AWSResponse("https://localhost", 200, {}, None), {}
botocore.endpoint.Endpoint.make_request = make_request
refused = []
for words in json.load(sys.stdin):
    out, err, before = io.StringIO(), io.StringIO(), len(made)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = driver.main(words[1:])
        except SystemExit as e:
            code = e.code
    if code or len(made) == before:
        refused.append([words, code, err.getvalue()[-300:]])
json.dump({"made": len(made), "refused": refused}, sys.stdout)
`

// ofWounds are the commands of the AWS CLI that the wounds show, those that only look
// included, as a shell hands them over, each once.
func ofWounds(t *testing.T) [][]string {
	t.Helper()
	folders, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	var list [][]string
	seen := map[string]bool{}
	add := func(command string) {
		if words, err := fakeaws.ShellWords(command); err != nil {
			t.Error(err)
		} else if !seen[command] && words[0] == "aws" && words[1][0] != '-' && words[1] != "sso" {
			seen[command] = true
			list = append(list, words)
		}
	}
	for _, folder := range folders {
		files, _, err := fixtures.Layer(os.DirFS(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, snap := open(t, files)
		results := checks.Run(context.Background(), target, snap, checks.All(), checks.Options{})
		for _, c := range checks.Changes(results, nil) {
			add(repair.Shell(c.Words()))
		}
		for _, r := range results {
			for _, f := range r.Findings {
				if f.Problem != nil {
					for _, command := range shown(f) {
						add(command)
					}
				}
			}
		}
	}
	if t.Logf("%d commands", len(list)); len(list) < 80 {
		t.Errorf("only %d commands", len(list))
	}
	return list
}

// runPython hands the commands to a program in Python that has the AWS CLI, and reads its answer.
func runPython(t *testing.T, modules, program string, commands [][]string, answer any) {
	t.Helper()
	input, err := json.Marshal(commands)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(moto.Python(t, modules), "-c", program)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestRealCommandsParse: the AWS CLI itself takes every command of every wound.
func TestRealCommandsParse(t *testing.T) {
	tier.Real(t, "the AWS CLI as a Python library")
	var got struct {
		Made    int
		Refused []json.RawMessage
	}
	runPython(t, "awscli", cliParser, ofWounds(t), &got)
	for _, r := range got.Refused {
		t.Errorf("the AWS CLI refuses %s", r)
	}
}

// unknownToMoto are the commands that moto has no operation for.
var unknownToMoto = []string{"datasync describe-agent", "datasync list-agents", "ec2 replace-transit-gateway-route"}

// TestRealCommandsInMoto: moto takes every command of every wound that it knows, from
// the AWS CLI.
func TestRealCommandsInMoto(t *testing.T) {
	tier.Real(t, "the AWS CLI and moto as Python libraries")
	var got struct {
		Accepted int
		Unknown  []string
		Refused  []json.RawMessage
	}
	runPython(t, "awscli, boto3, moto.server, moto.datasync", moto.Paste, ofWounds(t), &got)
	for _, r := range got.Refused {
		t.Errorf("moto refuses %s", r)
	}
	for _, command := range got.Unknown {
		if !slices.Contains(unknownToMoto, command) {
			t.Errorf("moto does not know %s", command)
		}
	}
	if t.Logf("%d accepted, not known: %v", got.Accepted, got.Unknown); got.Accepted < 80 {
		t.Errorf("only %d commands were accepted", got.Accepted)
	}
}
