package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// TestPasteToCause pastes each of the article's errors, in English and Japanese,
// and expects the cause on the broken estate, with one command.
func TestPasteToCause(t *testing.T) {
	for fixture, tt := range map[string]struct{ id, check, code, en, ja string }{
		"unreachable-443": {
			"PRIVATE_LINK_ENDPOINT_UNREACHABLE", "sg-ingress-443", "DSP201",
			"< Location: https://us-east-1.console.aws.amazon.com/datasync/home?region=us-east-1&errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE#/agents/create",
			"curl コマンドを実行すると、errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE が返され、アクティベーションキーが返されません",
		},
		"public-key": {
			"PUBLIC_KEY_WITH_VPC_ENDPOINT", "activation-input", "DSP801",
			"An error occurred (InvalidRequestException) when calling the CreateAgent operation: Private Link configuration is invalid: VPC Endpoint Id should remain unspecified for public-endpoint activation keys.",
			"CreateAgent オペレーションを呼び出すときにエラー (InvalidRequestException) が発生しました: プライベートリンクの設定が無効です: パブリックエンドポイントのアクティベーションキーに対して VPC エンドポイント ID が指定されていないままにする必要があります。",
		},
		"invalid-subnet": {
			"INVALID_EC2_SUBNET", "subnet-usable", "DSP30",
			"An error occurred (InvalidRequestException) when calling the CreateAgent operation: Invalid EC2 subnet, ARN: arn:aws:ec2:us-east-1:123456789012:subnet/subnet-41534b011f55e8a2a, reason: invalid subnet, StatusCode: 403",
			"無効な EC2 サブネット、ARN: arn:aws:ec2:us-east-1:123456789012:subnet/subnet-41534b011f55e8a2a、理由: 無効なサブネット、ステータスコード: 403",
		},
		"invalid-security-group": {
			"INVALID_EC2_SECURITY_GROUP", "task-sg", "DSP21",
			"Invalid EC2 security group, ARN: arn:aws:ec2:us-east-1:123456789012:security-group/sg-000e8edadbd1b2c33, reason: invalid security group, StatusCode: 403",
			"無効な EC2 セキュリティグループ、ARN: arn:aws:ec2:us-east-1:123456789012:security-group/sg-000e8edadbd1b2c33、理由: 無効なセキュリティグループ、ステータスコード: 403",
		},
		"invalid-endpoint": {
			"INVALID_VPC_ENDPOINT", "endpoint-", "DSP10",
			"Private Link configuration is invalid: VPC Endpoint vpce-0ba34edf0123752b6 is not valid",
			"プライベートリンクの設定が無効です: VPC エンドポイント vpce-0ba34edf0123752b6 が無効です",
		},
	} {
		for lang, text := range map[string]string{"en": tt.en, "ja": tt.ja} {
			out := invoke(t, "explain", "--run", "--fixture", fixture, "-o", "json", text)
			var got explanation
			if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
				t.Fatalf("%s: %v %s", fixture, err, out.stderr)
			}
			if got.Matches[0].Error != tt.id {
				t.Errorf("%s (%s): recognised as %s", fixture, lang, got.Matches[0].Error)
			}
			con := got.Conclusion
			if con == nil || con.Verdict != "found" || out.code != 1 || !strings.HasPrefix(con.Causes[0].Check, tt.check) || !strings.HasPrefix(con.Causes[0].Code, tt.code) {
				t.Errorf("%s (%s): exit code %d, %+v", fixture, lang, out.code, con)
			}
			after := invoke(t, "explain", text, "--run", "--fixture", fixture, "--lang", lang)
			if after.code != 1 || !strings.Contains(strings.Join(strings.Fields(after.stdout), ""), strings.Join(strings.Fields(con.Causes[0].Code), "")) {
				t.Errorf("%s (%s): flags behind the text: %d %s", fixture, lang, after.code, after.stdout+after.stderr)
			}
		}
	}
}

// TestPasteOnAHealthyEstate concludes nothing where nothing is wrong, and does not
// call READY what failed.
func TestPasteOnAHealthyEstate(t *testing.T) {
	out := invoke(t, "explain", "--run", "--fixture", "healthy-probed", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE")
	if out.code != 3 || !strings.Contains(out.stdout, "None of the checks") || strings.Contains(out.stdout, "READY") {
		t.Errorf("exit code %d: %s", out.code, out.stdout)
	}
	out = invoke(t, "explain", "--fixture", "healthy", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE")
	if out.code != exitUsage || !strings.Contains(out.stderr, "--run") {
		t.Errorf("an estate without --run: %d %s", out.code, out.stderr)
	}
}

// TestArticlePolicy tells an identity with the article's own policy why it will
// fail and what to change.
func TestArticlePolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "article.json")
	policy := `{"Version": "2012-10-17", "Statement": [
	  {"Effect": "Allow", "Action": ["datasync:*"], "Resource": "arn:aws:datasync:us-east-1:123456789012:*"},
	  {"Effect": "Allow", "Action": ["ec2:*VpcEndpoint*", "ec2:*subnet*", "ec2:*security-group*"], "Resource": "*"}]}`
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	out := invoke(t, "explain", "--run", "--fixture", "healthy", "--policy-file", file, "Invalid EC2 security group, ARN: arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778, reason: invalid security group, StatusCode: 403")
	for _, want := range []string{"ec2:DescribeSecurityGroups", "DSP730"} {
		if out.code != 1 || !strings.Contains(out.stdout, want) {
			t.Errorf("%s is not said (exit code %d):\n%s", want, out.code, out.stdout+out.stderr)
		}
	}
	rep := parse(t, invoke(t, "check", "--fixture", "healthy", "--policy-file", file, "--check", "iam-activation", "-o", "json"))
	said := messages(rep, "iam-activation")
	for _, want := range []string{"ec2:*security-group*", "ec2:*securitygroup*", "matches no action", "ec2:DescribeNetworkInterfaces", "DeleteVpcEndpoint", "123456789012"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not said: %s", want, said)
		}
	}
}

// TestKeysStayOut pastes activation keys, whole and broken, and finds them in no
// output.
func TestKeysStayOut(t *testing.T) {
	const key = "ABCDE-12345-FGHIJ-67890-KLMNO"
	files, err := filepath.Glob("../../fixtures/pastes/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"aws datasync create-agent --activation-key " + key + " Private Link configuration is invalid: VPC Endpoint Id should remain unspecified for public-endpoint activation keys",
		"activationKey=" + key + " nothing known here",
		key[:13] + "\n   " + key[13:] + " errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE",
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(body))
	}
	for _, wrapped := range []string{
		"An entirely unknown message about something: KEY", `Could not connect to the endpoint URL: "https://datasync.us-east-1.amazonaws.com/?activationKey=KEY"`,
		"activationKey%3DKEY", "key_KEY", "%253DKEY errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE", "zz AB\x1b[31mCDE-12345-FGHIJ-67890-KLMNO", "zz ABCDE\u221212345\u2212FGHIJ\u221267890\u2212KLMNO", "zz ABCDE-12345-\n> FGHIJ-67890-KLMNO", `zz ABCDE\u002d12345\u002dFGHIJ\u002d67890\u002dKLMNO`,
	} {
		texts = append(texts, strings.ReplaceAll(wrapped, "KEY", key))
	}
	for i, url := range []string{
		"http://10.10.1.50/?gatewayType=SYNC&activationkey=KEY", "http://10.10.1.50/?activationKey=KEY;x", "http://10.10.1.50/#activationKey=KEY", "http://10.10.1.50/KEY?a=b",
		"http://10.10.1.50/?redirect_to=https%3A%2F%2Fx%3FactivationKey%3DKEY", "http://10.10.1.50:abc/?activationKey=KEY", "KEY",
	} {
		url = strings.ReplaceAll(url, "KEY", key)
		saved := filepath.Join(t.TempDir(), "saved", fmt.Sprint(i))
		out := invoke(t, "check", "--fixture", "healthy", "--key-request", url, "--subnet-arn", key, "--security-group-arn", "arn:"+key, "--save", saved, "-o", "json")
		_ = filepath.WalkDir(saved, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				body, _ := os.ReadFile(path)
				out.stdout += string(body)
			}
			return nil
		})
		if strings.Contains(out.stdout+out.stderr, key) {
			t.Errorf("--key-request %s: the key is shown or saved", url)
		}
	}
	for _, flag := range []string{"--vpc-endpoint-id", "--agent-ip", "--storage", "--region"} {
		if out := invoke(t, "check", "--fixture", "healthy", flag, key); strings.Contains(out.stdout+out.stderr, key) || out.code != exitUsage {
			t.Errorf("%s: exit code %d: %s", flag, out.code, out.stderr)
		}
	}
	dir := filepath.Join(t.TempDir(), "saved")
	for n, text := range tier.Share(texts) {
		ways := [][]string{{"explain", "-"}, {"explain", "-o", "json", "-"}}
		if tier.Takes(n, 5) {
			ways = append(ways, []string{"explain", "--run", "--fixture", "healthy", "-"})
		}
		for _, args := range ways {
			out := invokeIn(t.Context(), text, args...)
			if all := strings.ToUpper(strings.Join(strings.Fields(out.stdout+out.stderr), "")); strings.Contains(all, key) || strings.Contains(all, "FGHIJ") || strings.Contains(all, "KLMNO") {
				t.Errorf("%v shows a key of %q:\n%s", args, text, out.stdout+out.stderr)
			}
		}
	}
	out := invoke(t, "check", "--fixture", "healthy", "--activation-key", key, "--save", dir, "-o", "json")
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if strings.Contains(string(body), key) {
			t.Errorf("%s holds the key", path)
		}
		return err
	})
	if err != nil || strings.Contains(out.stdout+out.stderr, key) {
		t.Errorf("%v: %s", err, out.stdout)
	}
}

// TestIAMPolicy holds the policies against what they are derived from.
func TestIAMPolicy(t *testing.T) {
	for _, agents := range []bool{false, true} {
		args := []string{"iam-policy", "--for", "audit"}
		if agents {
			args = append(args, "--all-agents")
		}
		var p policyDocument
		if err := json.Unmarshal([]byte(invoke(t, args...).stdout), &p); err != nil {
			t.Fatal(err)
		}
		for _, k := range checks.Kinds(checks.All()) {
			if listed := slices.Contains(p.Statement[0].Action, k.Action()); listed != (agents || !k.OfAudit()) {
				t.Errorf("with agents %v: %s is in the policy: %v", agents, k.Action(), listed)
			}
		}
	}
	if out := invoke(t, "iam-policy", "--for", "activation", "-o", "terraform"); !strings.Contains(out.stdout, `"datasync:CreateAgent"`) || out.code != 0 {
		t.Errorf("%d %s", out.code, out.stdout)
	}
	// The least policy is judged as enough, and as no more than that.
	file := filepath.Join(t.TempDir(), "least.json")
	if err := os.WriteFile(file, []byte(invoke(t, "iam-policy", "--for", "activation").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := invoke(t, "check", "--fixture", "healthy", "--check", "iam-activation", "--policy-file", file, "--fail-on", "warn"); out.code != 0 {
		t.Errorf("exit code %d:\n%s", out.code, out.stdout)
	}
}

// TestPowerShellsRedirection reads a text in UTF-16, which Windows PowerShell writes.
func TestPowerShellsRedirection(t *testing.T) {
	body := "\xff\xfe"
	for _, u := range utf16.Encode([]rune("パブリックエンドポイントのアクティベーションキーに対して\r\n")) {
		body += string([]byte{byte(u), byte(u >> 8)})
	}
	got := invokeIn(t.Context(), body, "explain", "-o", "json", "-")
	if got.code != 0 || !strings.Contains(got.stdout, `"PUBLIC_KEY_WITH_VPC_ENDPOINT"`) {
		t.Errorf("exit %d: %s%s", got.code, got.stdout, got.stderr)
	}
}

// TestUnseenOnce says once what one run of the probe would settle, with all that it dials.
func TestUnseenOnce(t *testing.T) {
	c := &conclusion{}
	open := func(check, ref, recipe string) {
		message := ref + " was not dialled: run " + recipe
		c.leaveOpen(check, report.Finding{Message: message, Gaps: []report.Gap{{Code: "not-dialled", Ref: ref, Message: message}}})
	}
	open("probe-443", "10.20.1.10 tcp 443", "A")
	open("probe-443", "10.20.2.10 tcp 443", "A")
	open("probe-control", "10.20.1.10 tcp 1024-1062", "A")
	open("probe-storage", "nfs://10.10.1.9", "B")
	c.leaveOpen("cidr-overlap", report.Finding{Message: "not known"})
	var b strings.Builder
	c.print(&b, 200, "en")
	const want = `  Not seen: probe-443, probe-control: 10.20.1.10 tcp 443, 10.20.2.10 tcp 443, 10.20.1.10 tcp 1024-1062 was not dialled: run A
  Not seen: probe-storage: nfs://10.10.1.9 was not dialled: run B
  Not seen: cidr-overlap: not known
`
	if !strings.HasSuffix(b.String(), want) || strings.Count(b.String(), "Not seen") != 3 {
		t.Errorf("it says\n%s", b.String())
	}
}
