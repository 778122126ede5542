//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/lab"
	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestRealLabSSM runs the very script of the document on 50 machines of the lab, and
// judges what they printed; one whose output does not fit a reply is named.
func TestRealLabSSM(t *testing.T) {
	l := lab.Up(t, lab.Options{})
	list := nodes(50)
	var addrs []string
	for _, n := range list {
		addrs = append(addrs, n.addr)
	}
	namespaces := map[string]string{}
	for i, ns := range l.Instances(t, addrs) {
		namespaces[list[i].id] = ns
	}
	bare := t.TempDir() // a machine that can't pack
	for _, tool := range []string{"bash", "timeout", "true", "sleep", "date", "grep", "sed", "cat", "mkdir", "rm", "head", "sort", "tr", "ip"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("SKIPPED: %s is not installed", tool)
		}
		if err := os.Symlink(path, filepath.Join(bare, tool)); err != nil {
			t.Fatal(err)
		}
	}
	var longest int
	var mu sync.Mutex // nodes run side by side
	run := func(path string) func(string, string) (string, string, int) {
		return func(id, script string) (string, string, int) {
			file := filepath.Join(t.TempDir(), "_script.sh")
			if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
				t.Error(err)
			}
			cmd := l.In(namespaces[id], "/bin/sh", file)
			cmd.Env = []string{"PATH=" + path, "TMPDIR=" + filepath.Dir(file)}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
				t.Error(err)
			}
			return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
		}
	}
	fits := &fakeaws.SSM{Run: run(os.Getenv("PATH")), Output: func(_, s string) string {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, len(s))
		return s
	}}
	l.Firewall(t, l.Router, "tcp dport 1063-1064 drop")
	rep, out, _ := sendAndCheck(t, list, fits, nil)
	if statusOf(rep, "probe-443") != "PASS" || statusOf(rep, "probe-control") != "WARN" || len(rep.Targets[0].Gaps) != 0 {
		t.Errorf("%s\n%s\n%s", messages(rep, "probe-443"), messages(rep, "probe-control"), out.stderr)
	}
	if longest == 0 || longest > 24000 {
		t.Errorf("an output has %d characters", longest)
	}
	t.Logf("the longest of 50 outputs has %d characters", longest)

	l.Firewall(t, l.Router)
	cut := &fakeaws.SSM{Account: "444455556666", Run: run(bare)}
	s := fakeaws.New(t, estateWith(t, list[:1]))
	s.SSM = cut
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	document := documentOf(t, "--endpoint-ip", "10.20.1.11", "--endpoint-ip", "10.20.1.12", "--endpoint-ip", "10.20.1.13", "--endpoint-ip", "10.20.1.14", "--endpoint-ip", "10.20.1.15", "--connect-timeout", "1s")
	id, err := cut.Send(document, nil, idsOf(list[:1]))
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, invoke(t, "check", "-o", "json", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "--endpoint-ip", "10.20.1.10", "--vantage", "elsewhere", "--check", "probe-443", "--probes", "ssm:"+id))
	if statusOf(got, "probe-443") != "UNKNOWN" || len(got.Targets[0].Gaps) != 1 || !strings.Contains(got.Targets[0].Gaps[0].Message, "cut off (24000 characters)") {
		t.Errorf("%s: %v", messages(got, "probe-443"), got.Targets[0].Gaps)
	}
}

// TestRealSSMDocument has shellcheck read the script of the document, and moto take the
// document and the command by the lines that are printed.
func TestRealSSMDocument(t *testing.T) {
	tier.Real(t, "shellcheck, the AWS CLI and moto")
	out := invoke(t, "probe", "--ssm-document", "--endpoint-ip", "10.20.1.10", "--region", moto.SourceRegion)
	var doc struct {
		Parameters map[string]struct{ Default string }
		MainSteps  []struct {
			Inputs struct{ RunCommand []string }
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
		t.Fatal(err)
	}
	script := strings.Join(doc.MainSteps[0].Inputs.RunCommand, "\n") + "\n"
	for name, p := range doc.Parameters {
		script = strings.ReplaceAll(script, "{{ "+name+" }}", p.Default)
	}
	if _, err := exec.LookPath("shellcheck"); err == nil {
		check := exec.Command("shellcheck", "-s", "sh", "-S", "warning", "-")
		check.Stdin = strings.NewReader(script)
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("shellcheck: %s", said)
		}
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("SKIPPED: the AWS CLI is not installed (pip install awscli)")
	}
	server := moto.Start(t)
	for k, v := range server.Env() {
		t.Setenv(k, v)
	}
	ids, err := server.Build(context.Background(), moto.Scenario{Link: moto.Peering})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ssmDocument+".json"), []byte(out.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	sh := func(line string) string {
		t.Helper()
		cmd := exec.Command("sh", "-c", "unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION; [ -n \"$AWS_SESSION_TOKEN\" ] || unset AWS_SESSION_TOKEN; export AWS_PAGER=''; "+line)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		said, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", line, err, stderr.String())
		}
		return strings.TrimSpace(string(said))
	}
	credentials := sh("aws sts assume-role --role-arn " + moto.SourceRole + " --role-session-name test --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text --region us-east-1")
	keys := strings.Fields(credentials)
	as := "AWS_ACCESS_KEY_ID=" + keys[0] + " AWS_SECRET_ACCESS_KEY=" + keys[1] + " AWS_SESSION_TOKEN=" + keys[2] + " "
	sh(as + "aws ec2 create-tags --resources " + ids.Instance + " --tags Key=dspreflight,Value=probe --region " + moto.SourceRegion)
	var last string
	for _, line := range strings.Split(out.stderr, "\n") {
		if strings.HasPrefix(line, "aws ssm ") {
			last = sh(as + line)
		}
	}
	if !commandID.Re().MatchString(last) {
		t.Fatalf("moto took no command: %q", last)
	}
	if got := sh(as + "aws ssm get-command-invocation --command-id " + last + " --instance-id " + ids.Instance + " --query Status --output text --region " + moto.SourceRegion); got != "Success" {
		t.Errorf("the command went to nobody with the tag: %s", got)
	}
	// moto lists no invocations: it fails, and that is what is said.
	args := append([]string{"check", "-o", "json", "--region", moto.DestinationRegion, "--vantage", "elsewhere", "--check", "probe-443", "--probes", "ssm:" + last}, sourceArgs(ids)...)
	got := invoke(t, args...)
	if m := messages(parse(t, got), "probe-443"); !strings.Contains(m, "UNKNOWN") || !strings.Contains(m, "ssm:ListCommandInvocations failed") || !strings.Contains(got.stderr, "ssm:ListCommandInvocations failed") {
		t.Errorf("%s\n%s", m, got.stderr)
	}
}
