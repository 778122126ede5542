package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
)

// firstTry is what a person who has just installed the program gets wrong.
type firstTry struct {
	name  string
	args  []string
	env   map[string]string
	fault fakeaws.Fault // of every call but GetCallerIdentity, unless all fail
	code  int
	lines int      // that a person reads, if they are more than five: the evidence comes before the remedy
	want  []string // in the first lines of what is printed, of the first finding if there is a report
}

// TestFirstTries makes the mistakes of first tries and looks for the way out in
// the first lines.
func TestFirstTries(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	mfa := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(mfa, []byte("[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n[profile mfa]\nregion = us-east-1\nrole_arn = arn:aws:iam::111122223333:role/Audit\nsource_profile = base\nmfa_serial = arn:aws:iam::111122223333:mfa/me\n"+
		"[profile sso]\nregion = us-east-1\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Audit\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n"+
		"[profile old-sso]\nregion = us-east-1\nsso_region = us-east-1\nsso_start_url = https://old.awsapps.com/start\nsso_account_id = 111122223333\nsso_role_name = Audit\n"+
		"[profile login]\nregion = us-east-1\nlogin_session = arn:aws:iam::111122223333:user/me\n"+
		"[profile process]\nregion = us-east-1\ncredential_process = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	live := []string{"check", "--no-probe", "--region", "us-east-1"}
	ids := []string{"--source-cidr", "10.10.0.0/16"}
	with := func(lists ...[]string) []string {
		var out []string
		for _, l := range lists {
			out = append(out, l...)
		}
		return out
	}
	for _, tt := range []firstTry{
		{name: "no arguments", args: nil, code: 0, want: []string{"dspreflight COMMAND [flags]"}},
		{name: "no flags", args: []string{"check"}, code: 2, want: []string{"no AWS Region: pass --region, or set AWS_REGION"}},
		{name: "wrong Region", args: with([]string{"check", "--no-probe", "--region", "us-esat-1"}, ids), env: map[string]string{"AWS_ENDPOINT_URL": ""}, code: 3, lines: 8, want: []string{"did you mean us-east-1?"}},
		{name: "expired token", args: with(live, ids), fault: fakeaws.Expired, code: 3, want: []string{"UNKNOWN", "Sign in again"}},
		{name: "no permission", args: with(live, ids), fault: fakeaws.Unauthorized, code: 1, lines: 10, want: []string{"FAIL iam-activation", "may not call", "Grant "}},
		{name: "another's id", args: with(live, ids, []string{"--vpc-endpoint-id", "vpce-00000000000000000"}), code: 1, want: []string{"FAIL endpoint-available", "vpce-00000000000000000"}},
		{name: "an id cut short", args: with(live, []string{"--vpc-endpoint-id", "vpce-0a1b2c3d"}), code: 2, want: []string{`expected an id such as vpce-0123456789abcdef0`}},
		{name: "a flag of another program", args: with(live, ids, []string{"--json"}), code: 2, want: []string{"did you mean -o json?"}},
		{name: "a profile that is none", args: with(live, []string{"--profile", "nobody"}), code: 2, want: []string{"no profile nobody", "aws configure list-profiles"}},
		{name: "MFA, and no terminal", args: with([]string{"check", "--no-probe", "--profile", "mfa"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"the profile mfa wants a code of the MFA device arn:aws:iam::111122223333:mfa/me", "aws configure export-credentials --profile mfa"}},
		{name: "a session that ended", args: with([]string{"check", "--no-probe", "--profile", "sso"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"aws sso login --profile sso"}},
		{name: "an older session that ended", args: with([]string{"check", "--no-probe", "--profile", "old-sso"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"aws sso login --profile old-sso"}},
		{name: "a login that ended", args: with([]string{"check", "--no-probe", "--profile", "login"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"aws login --profile login"}},
		{name: "a process that fails", args: with([]string{"check", "--no-probe", "--profile", "process"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"credential_process of the profile process gave no credentials"}},
		{name: "a role through such a profile", args: with([]string{"check", "--no-probe", "--profile", "sso", "--role-arn", "arn:aws:iam::111122223333:role/Audit"}, ids), env: map[string]string{"AWS_CONFIG_FILE": mfa}, code: 2, want: []string{"aws sso login --profile sso"}},
		{name: "no agent", args: live, code: 3, want: []string{"UNKNOWN", "--agent-ip"}},
		{name: "a fixture that is none", args: []string{"check", "--fixture", "broken"}, code: 2, want: []string{"the fixtures are: healthy"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := fakeaws.New(t, files)
			s.Fault = func(action string, _ int) fakeaws.Fault {
				if tt.fault == fakeaws.Unauthorized && action == "GetCallerIdentity" {
					return fakeaws.None // which needs no permission
				}
				return tt.fault
			}
			for k, v := range s.Env() {
				t.Setenv(k, v)
			}
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			out := invoke(t, tt.args...)
			if out.code != tt.code {
				t.Errorf("exit code %d, expected %d\n%s%s", out.code, tt.code, out.stdout, out.stderr)
			}
			first := firstLines(out, cmp.Or(tt.lines, 5))
			for _, want := range tt.want {
				if !strings.Contains(first, want) {
					t.Errorf("%q is not in the first lines:\n%s", want, first)
				}
			}
		})
	}
}

// firstLines are the first that a person sees, in one, as a narrow terminal may break
// them: of the first finding, if there is a report.
func firstLines(out outcome, n int) string {
	text := out.stdout
	if text == "" {
		text = out.stderr
	}
	if blocks := strings.Split(text, "\n\n"); len(blocks) > 2 && strings.HasPrefix(text, "endpoint") {
		text = blocks[1]
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(strings.Fields(strings.Join(lines[:min(n, len(lines))], " ")), " ")
}
