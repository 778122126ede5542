package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestRealCollector lets the AWS CLI collect two accounts of an AWS that nobody here
// wrote, by the script, and expects of each check what it says live.
func TestRealCollector(t *testing.T) {
	tier.Real(t, "the AWS CLI, moto")
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the AWS CLI is not installed (pip install awscli)")
	}
	server := moto.Start(t)
	for k, v := range server.Env() {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // moto does not know every call
	// Of the route that counts here the state is blackhole, which the filter must leave.
	ids, err := server.Build(context.Background(), moto.Scenario{Link: moto.TransitGateway, PrefixList: true, Fault: "tgw-blackhole"})
	if err != nil {
		t.Fatal(err)
	}
	flags := append([]string{"--skip", "iam-activation", "--region", moto.DestinationRegion, "--vpc-endpoint-id", ids.Endpoint}, sourceArgs(ids)...)
	live := invoke(t, append([]string{"check", "-o", "json", "--no-probe"}, flags...)...)
	dir, file := filepath.Join(t.TempDir(), "estate"), filepath.Join(t.TempDir(), "collect.sh")
	script := invoke(t, append([]string{"snapshot", "--script"}, flags...)...)
	if err := os.WriteFile(file, []byte(script.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("sh", file, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	files := invoke(t, "check", "-o", "json", "--skip", "iam-activation", "--snapshot", dir)
	if diff := unequal(statuses(t, files.stdout), statuses(t, live.stdout)); diff != "" || files.code != live.code {
		t.Errorf("exit code %d by the script, %d live:\n%s\n%s", files.code, live.code, diff, said)
	}
	noSecrets(t, dir)
}

// unequal are the lines in which two lists differ.
func unequal(a, b []string) string {
	var out []string
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			out = append(out, "+ "+b[i])
		case i >= len(b):
			out = append(out, "- "+a[i])
		case a[i] != b[i]:
			out = append(out, "- "+a[i], "+ "+b[i])
		}
	}
	return strings.Join(out, "\n")
}

// TestRealCollectorText has shellcheck read the script, for everything that flags can ask
// of it.
func TestRealCollectorText(t *testing.T) {
	tier.Real(t, "shellcheck")
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("SKIPPED: shellcheck is not installed")
	}
	for _, flags := range [][]string{
		{"--region", "us-east-1", "--source-role-arn", "arn:aws:iam::444455556666:role/Audit", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "--profile", "it's"},
		{"--agent-arn", "arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718", "--lang", "ja"},
		{"--all-agents", "--region", "us-east-1"},
	} {
		cmd := exec.Command("shellcheck", "-s", "sh", "-")
		cmd.Stdin = strings.NewReader(invoke(t, append([]string{"snapshot", "--script"}, flags...)...).stdout)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v: %s", flags, err, said)
		}
	}
}

// TestCollectorTellsWhatFailed runs the script with an AWS CLI that is refused, in the
// words that the real one has, and expects what a live run says of the same.
func TestCollectorTellsWhatFailed(t *testing.T) {
	dir := t.TempDir()
	fake := "#!/bin/sh\ncase \"$*\" in\n*get-caller-identity*Account*) echo 111122223333 ;;\n*) printf '\n%s\n' 'An error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: You are not \"authorized\" to do C:\\this. Encoded authorization failure message: abc' >&2; exit 254 ;;\nesac\n"
	if err := os.WriteFile(filepath.Join(dir, "aws"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	script := invoke(t, "snapshot", "--script", "--region", "us-east-1", "--agent-ip", "10.10.1.50", "--source-role-arn", "arn:aws:iam::444455556666:role/Audit")
	cmd := exec.Command("sh", "-s", filepath.Join(dir, "estate"))
	cmd.Stdin = strings.NewReader(script.stdout)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "estate", "destination", "manifest.json"))
	if want := `{"action": "ec2:DescribeVpcs", "code": "UnauthorizedOperation", "message": "You are not \"authorized\" to do C:\\this."}`; err != nil || !strings.Contains(string(manifest), want) {
		t.Errorf("%v, and no %s in %s", err, want, manifest)
	}
	out := invoke(t, "check", "--snapshot", filepath.Join(dir, "estate"), "--check", "endpoint-*", "-o", "json")
	for _, want := range []string{"sts:AssumeRole is denied in source (444455556666, us-east-1) (UnauthorizedOperation)", "ec2:DescribeVpcEndpoints is denied in destination (111122223333, us-east-1)"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%s is not in the report: %s", want, out.stderr)
		}
	}
}
