package main

import (
	"strings"
	"testing"
)

// TestShortFlags writes flags of one letter as one word.
func TestShortFlags(t *testing.T) {
	want := invoke(t, "check", "--fixture", "healthy", "-q", "-o", "json")
	for _, args := range [][]string{{"-qo", "json"}, {"-qo=json"}} {
		out := invoke(t, append([]string{"check", "--fixture", "healthy"}, args...)...)
		if out.code != 0 || len(out.stdout) != len(want.stdout) {
			t.Errorf("%v: exit code %d: %s", args, out.code, out.stderr)
		}
	}
	for args, says := range map[string]string{
		"-oq json": "there is no flag -oq", "-qx": "there is no flag -qx", "-ojson": "did you mean -o json?", "-qq": "is given twice",
	} {
		if out := invoke(t, append([]string{"check", "--fixture", "healthy"}, strings.Fields(args)...)...); out.code != 2 || !strings.Contains(out.stderr, says) {
			t.Errorf("%s: exit code %d, %q is not said: %s", args, out.code, says, out.stderr)
		}
	}
}

// TestNearest suggests words that are near, and no others.
func TestNearest(t *testing.T) {
	known := []string{"check", "explain", "probe", "diff", "role", "region", "vpc-endpoint-id", "source-cidr", "lang", "out"}
	for word, want := range map[string]string{
		"chekc": "check", "cheqk": "check", "expl": "explain", "regoin": "region", "vpc-endpiont-id": "vpc-endpoint-id", "vpc-endpont-d": "vpc-endpoint-id", "source-cdr": "source-cidr",
		"host": "", "dir": "", "help": "", "prune": "", "post": "", "run": "", "x": "", "long": "lang", "checking": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// TestActivateForms pins what Terraform and CloudFormation get, and what is refused
// before anything is judged.
func TestActivateForms(t *testing.T) {
	for form, lines := range map[string][]string{
		"--terraform": {
			`resource "aws_datasync_agent"`, `activation_key`, `vpc_endpoint_id`, `"vpce-0a1b2c3d4e5f60718"`,
			`"arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071"`, `"arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778"`, `sensitive`,
		},
		"--cloudformation": {
			`AWS::DataSync::Agent`, `ActivationKey`, `NoEcho`, `VpcEndpointId`, `vpce-0a1b2c3d4e5f60718`,
			`arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071`, `arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778`,
		},
	} {
		out := invoke(t, "activate", "--fixture", "healthy", form)
		if out.code != 0 {
			t.Fatalf("%s: exit code %d: %s", form, out.code, out.stderr)
		}
		for _, line := range lines {
			if !strings.Contains(out.stdout, line) {
				t.Errorf("%s: %q is not in\n%s", form, line, out.stdout)
			}
		}
	}
	if out := invoke(t, "activate", "--fixture", "healthy", "--color", "red"); out.code != 2 || out.stdout != "" || !strings.Contains(out.stderr, "red") {
		t.Errorf("--color red: exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
	out := invoke(t, "activate", "--fixture", "healthy", "--requirements", "guide", "--allow-public")
	for _, flag := range []string{"--requirements guide", "--allow-public"} {
		if !strings.Contains(out.stdout, flag) {
			t.Errorf("%s is not in the explain line of the script", flag)
		}
	}
}

// TestFlagsBehindArguments reads flags wherever they stand, up to "--"; what holds
// spaces is a text.
func TestFlagsBehindArguments(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"explain", "DSP201", "-o", "json"}, `"code": "DSP201"`},
		{[]string{"explain", "DSP201", "--lang", "ja"}, "対処"},
		{[]string{"explain", "- agent said: errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE", "--lang=en"}, "Appears during"},
		{[]string{"explain", "--lang", "en", "--", "curl", "-vvv", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"}, "Appears during"},
		{[]string{"--help", "--lang", "ja"}, "使い方"},
		{[]string{"help", "--lang=ja"}, "使い方"},
	} {
		if out := invoke(t, tt.args...); out.code != 0 || !strings.Contains(out.stdout, tt.want) {
			t.Errorf("%v: exit code %d, %q is not said: %s", tt.args, out.code, tt.want, out.stdout+out.stderr)
		}
	}
}
