package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPolicyIdentity: whose the policies are must be somebody who has policies and
// can call CreateAgent.
func TestPolicyIdentity(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.json")
	if err := os.WriteFile(file, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["datasync:*","ec2:Describe*"],"Resource":"*"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const iam, sts = "arn:aws:iam::111122223333:", "arn:aws:sts::111122223333:"
	for arn, want := range map[string]int{
		iam + "user/net/ann": 0, iam + "role/Ops": 0, sts + "assumed-role/Ops/me": 0,
		iam + "root": exitUsage, iam + "group/ops": exitUsage, iam + "policy/x": exitUsage, iam + "instance-profile/x": exitUsage, sts + "federated-user/bob": exitUsage, "arn:aws:iam::1111:role/x": exitUsage, "Ops": exitUsage,
		iam + "role/aws-service-role/datasync.amazonaws.com/AWSServiceRoleForDataSync": exitUsage,
	} {
		out := invoke(t, "check", "--fixture", "healthy", "--policy-file", file, "--policy-identity", arn)
		if out.code != want || want == exitUsage && !strings.Contains(out.stderr, arn) {
			t.Errorf("%s: exit %d, want %d: %s", arn, out.code, want, out.stderr)
		}
	}
	if out := invoke(t, "check", "--fixture", "healthy", "--policy-identity", iam+"role/Ops"); out.code != exitUsage {
		t.Errorf("without policies: exit %d", out.code)
	}
}
