package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/report"
)

// edited saves a fixture and changes files of it: each old text must be there.
func edited(t *testing.T, fixture string, edits map[string][2]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "estate")
	if out := invoke(t, "fixtures", fixture, "--save", dir); out.code != 0 {
		t.Fatal(out.stderr)
	}
	for name, edit := range edits {
		file := filepath.Join(dir, name)
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), edit[0]) {
			t.Fatalf("%s does not hold %q", name, edit[0])
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(body), edit[0], edit[1])), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func concluded(t *testing.T, args ...string) conclusion {
	t.Helper()
	out := invoke(t, append([]string{"explain", "--run", "-o", "json", "--lang", "en"}, args...)...)
	var got explanation
	if err := json.Unmarshal([]byte(out.stdout), &got); err != nil || got.Conclusion == nil {
		t.Fatalf("%v: %s%s", err, out.stdout, out.stderr)
	}
	if out.code == 0 {
		t.Errorf("an error that was seen ends in exit code 0: %s", got.Conclusion.Summary)
	}
	return *got.Conclusion
}

// TestProof says "This is it" of the wound that was made where the message says so,
// and of no other.
func TestProof(t *testing.T) {
	const (
		unreachable = "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"
		subnet      = "Invalid EC2 subnet, ARN: arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071, reason: invalid subnet, StatusCode: 403"
		group       = "Invalid EC2 security group, ARN: arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778, reason: invalid security group, StatusCode: 403"
		denied      = "An error occurred (AccessDeniedException) when calling the CreateAgent operation: User: arn:aws:sts::111122223333:assumed-role/NetworkAudit/audit is not authorized to perform: datasync:CreateAgent on resource: *"
	)
	allow := func(actions ...string) string {
		quoted, _ := json.Marshal(actions)
		return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ` + string(quoted) + `, "Resource": "*"}]}`
	}
	all := []string{"datasync:CreateAgent", "datasync:ListAgents", "datasync:DescribeAgent", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints"}
	without := func(gone ...string) string {
		return allow(slices.DeleteFunc(slices.Clone(all), func(a string) bool { return slices.Contains(gone, a) })...)
	}
	for name, tt := range map[string]struct {
		edits  map[string][2]string
		policy string
		text   string
		sure   bool
		names  string
	}{
		"nothing":                                   {text: unreachable},
		"the agent may reach the endpoint only":     {edits: map[string][2]string{"source/describe-security-groups.json": {"10.20.0.0/16", "10.20.1.10/32"}}, text: unreachable},
		"the agent may reach all but the endpoint":  {edits: map[string][2]string{"source/describe-security-groups.json": {"10.20.0.0/16", "10.20.1.128/25"}}, text: unreachable, sure: true, names: "DSP220"},
		"the endpoint is being deleted":             {edits: map[string][2]string{"destination/describe-vpc-endpoints.json": {`"State": "available"`, `"State": "deleting"`}}, text: unreachable, sure: true, names: "DSP103"},
		"the endpoint is another service's":         {edits: map[string][2]string{"destination/describe-vpc-endpoints.json": {"com.amazonaws.us-east-1.datasync", "com.amazonaws.us-east-1.s3"}}, text: unreachable},
		"another endpoint's address was asked for":  {text: "curl 'http://10.10.1.50/?gatewayType=SYNC&privateLinkEndpoint=10.20.7.7'\n" + unreachable, sure: true, names: "10.20.7.7"},
		"another of its addresses was asked for":    {text: "curl 'http://10.10.1.50/?gatewayType=SYNC&privateLinkEndpoint=10.20.2.10'\n" + unreachable, names: "10.20.2.10"},
		"the subnet of the text is there":           {text: subnet},
		"the subnet of the text is not there":       {text: strings.ReplaceAll(subnet, "subnet-0da1b2c3d4e5f6071", "subnet-0bad0bad0bad0bad0"), sure: true, names: "subnet-0bad0bad0bad0bad0"},
		"the group of the text is of another place": {text: strings.ReplaceAll(group, "ec2:us-east-1", "ec2:eu-west-1"), sure: true, names: "eu-west-1"},
		"subnets can't be described":                {policy: without("ec2:DescribeSubnets"), text: subnet, sure: true, names: "ec2:DescribeSubnets"},
		"groups can't be described":                 {policy: without("ec2:DescribeSecurityGroups"), text: subnet},
		"agents can't be listed":                    {policy: without("datasync:ListAgents", "datasync:DescribeAgent"), text: group},
		"the action may not be called":              {policy: without("datasync:CreateAgent"), text: denied, sure: true, names: "datasync:CreateAgent"},
		"another action may not be called":          {policy: without("datasync:ListAgents"), text: denied},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"--snapshot", edited(t, "healthy", tt.edits)}
			if tt.policy != "" {
				file := filepath.Join(t.TempDir(), "policy.json")
				if err := os.WriteFile(file, []byte(tt.policy), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--policy-file", file)
			}
			con := concluded(t, append(args, tt.text)...)
			if sure := strings.HasPrefix(con.Summary, "This is it"); sure != tt.sure {
				t.Errorf("%s: %s", con.Verdict, con.Summary)
			}
			if said, _ := json.Marshal(con); !strings.Contains(string(said), tt.names) {
				t.Errorf("%s is not named: %s", tt.names, said)
			}
		})
	}
}

// TestRecordedPastes judges texts of which the wrong thing was said once.
func TestRecordedPastes(t *testing.T) {
	for _, file := range recorded.Glob(t, "cases", "pastes/*.json") {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []struct {
			ID, Text string
			Want     []string
		}
		if err := json.Unmarshal(body, &list); err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			var got explanation
			out := invokeIn(t.Context(), c.Text, "explain", "-o", "json", "-")
			if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range got.Matches {
				ids = append(ids, m.Error)
			}
			if !slices.Equal(ids, c.Want) && len(ids)+len(c.Want) > 0 {
				t.Errorf("%s: %v, want %v", c.ID, ids, c.Want)
			}
		}
	}
}

// TestRecordedConclusions judges errors over estates of which the wrong thing was concluded once:
// each is a difference from one of the bases.
func TestRecordedConclusions(t *testing.T) {
	for _, file := range recorded.Glob(t, "cases", "conclusions/*.json") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				Base, Paste, Want string
				Without           []string
				Files             map[string]json.RawMessage
			}
			if err := json.Unmarshal(body, &c); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "estate")
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(recorded.Folder(t, "cases"), "bases", c.Base))); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.Without {
				if err := os.Remove(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(c.Files)) {
				var text string
				if json.Unmarshal(c.Files[name], &text) != nil {
					text = string(c.Files[name])
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			con := concluded(t, "--snapshot", dir, c.Paste)
			said, _ := json.Marshal(con)
			want, named := strings.CutPrefix(c.Want, "names:")
			sure := con.Verdict == "found" && strings.HasPrefix(con.Summary, "This is it")
			if named && !strings.Contains(string(said), want) || !named && sure != (c.Want == "sure:yes") {
				t.Errorf("%s: %s", c.Want, said)
			}
		})
	}
}

// TestTextOfAnother pastes texts that are about another agent, endpoint or Region than
// the target: what is wrong with the target is then not proved to be the cause.
func TestTextOfAnother(t *testing.T) {
	const unreachable = "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"
	for name, tt := range map[string]struct{ text, says string }{
		"this one":         {"curl 'http://10.10.1.50/?gatewayType=SYNC&activationRegion=us-east-1&privateLinkEndpoint=10.20.2.10'\n" + unreachable, "This is it: DSP201"},
		"another address":  {unreachable + " privateLinkEndpoint=10.99.1.10", "This is it: DSP107"},
		"another Region":   {unreachable + " activationRegion=eu-west-1", "contradict each other: the text is about eu-west-1"},
		"another endpoint": {unreachable + " vpce-0fffffffffffffff1", "contradict each other: the text is about vpce-0fffffffffffffff1"},
		"another agent":    {"curl 'http://10.77.1.1/?gatewayType=SYNC'\n" + unreachable, "contradict each other: the text is about 10.77.1.1"},
	} {
		if c := concluded(t, "--fixture", "unreachable-443", tt.text); !strings.Contains(c.Summary, tt.says) {
			t.Errorf("%s: %q, want %q", name, c.Summary, tt.says)
		}
	}
}

// TestNeverReady pastes errors that are about the target, about another one, or explained
// by nothing, over every estate: where there was an error nothing is READY.
func TestNeverReady(t *testing.T) {
	for _, text := range []string{
		"errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE vpce-0fffffffffffffff1",
		"curl 'http://10.77.1.1/?gatewayType=SYNC&activationRegion=us-east-1'\ncurl: (28) Failed to connect to 10.77.1.1 port 80: Connection timed out",
		"An error occurred (InvalidRequestException) when calling the CreateAgent operation: Invalid EC2 subnet, ARN: arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0bad0bad0bad0bad0, reason: invalid subnet, StatusCode: 403",
		"An error occurred (AccessDeniedException) when calling the CreateAgent operation: denied",
	} {
		for _, estate := range fixtures.Names() {
			var e explanation
			if r := invoke(t, "explain", "--run", "--fixture", estate, "-o", "json", text); json.Unmarshal([]byte(r.stdout), &e) != nil || e.Report == nil || e.Report.Verdict == report.Ready || r.code == 0 {
				t.Errorf("%s, %q: exit code %d, %.300s", estate, text, r.code, r.stdout+r.stderr)
			}
		}
	}
}
