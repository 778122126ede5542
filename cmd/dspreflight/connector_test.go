package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// TestDebugTellsEachCall expects each request on standard error, with who made it, and no
// secret of those that are at hand.
func TestDebugTellsEachCall(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, files)
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	key := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(key, []byte("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s3cr3t-of-mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", key)
	args := []string{"check", "--no-probe", "--region", "us-east-1", "--agent-ip", "10.10.1.50", "--source-role-arn", "arn:aws:iam::444455556666:role/Audit"}
	if out := invoke(t, args...); strings.Contains(out.stderr, "debug:") {
		t.Errorf("it tells without --debug: %s", out.stderr)
	}
	out := invoke(t, append(args, "--debug")...)
	for _, want := range []string{"debug: EC2 DescribeVpcs  127.0.0.1", "  200  ", " ms  by arn:aws:sts::", "debug: STS AssumeRole", "has its credentials from SharedConfigCredentials", "profile default", "role arn:aws:iam::444455556666:role/Audit"} {
		if !strings.Contains(out.stderr, want) {
			t.Errorf("%q is not said:\n%s", want, out.stderr)
		}
	}
	for _, secret := range []string{"s3cr3t-of-mine", "Signature", "AWS4-HMAC", "SecretAccessKey", "SessionToken"} {
		if strings.Contains(out.stdout+out.stderr, secret) {
			t.Errorf("%s is said", secret)
		}
	}
}
