package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
)

// savedWound saves the estate of a wound.
func savedWound(t *testing.T, wound string) string {
	t.Helper()
	files, _, err := fixtures.Layer(os.DirFS(filepath.Join("../../checks/testdata", wound)))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "estate")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestProofOfText says "This is it" only of what the text speaks of: its ARN, its
// identity, its agent, by whichever name that is called.
func TestProofOfText(t *testing.T) {
	const (
		call        = "An error occurred (InvalidRequestException) when calling the CreateAgent operation: "
		subnet      = call + "Invalid EC2 subnet, ARN: arn:aws:ec2:us-east-1:444455556666:subnet/subnet-0da1b2c3d4e5f6071, reason: invalid subnet, StatusCode: 403"
		group       = call + "Invalid EC2 security group, ARN: arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778, reason: invalid security group, StatusCode: 403"
		account     = call + "Invalid parameter: ARN account (444455556666) must match authenticated user"
		unreachable = "\n< Location: https://console/?errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"
		denied      = "An error occurred (AccessDeniedException) when calling the CreateAgent operation: User: arn:aws:sts::111122223333:assumed-role/NetworkAudit/other is not authorized to perform: datasync:CreateAgent on resource: *"
		refused     = "\ncurl: (7) Failed to connect to AGENT port 80 after 1 ms: Connection refused"
		timeout     = "\ncurl: (28) Failed to connect to AGENT port 80 after 9 ms: Connection timed out"
	)
	asked := func(agent, said string) string {
		return "curl 'http://" + agent + "/?activationRegion=us-east-1&gatewayType=SYNC&endpointType=PRIVATE_LINK&privateLinkEndpoint=10.20.1.10'" + strings.ReplaceAll(said, "AGENT", agent)
	}
	for _, tt := range []struct {
		name, wound, text string
		begins, names     string
	}{
		{"the subnet's ARN", "activation-input/arn-of-another-account", subnet, "This is it: DSP808", "--subnet-arn"},
		{"the group's, not the subnet's", "activation-input/arn-of-another-account", group, "Possible", ""},
		{"the ARN's account", "activation-input/arn-of-another-account", account, "This is it: DSP808", ""},
		{"another ARN's account", "activation-input/arn-of-another-account", strings.Replace(account, "444455556666", "999988887777", 1), "Possible", ""},
		{"the identity in another session", "iam-activation/create-agent-denied", denied, "This is it: DSP730", ""},
		{"another identity", "iam-activation/create-agent-denied", strings.Replace(denied, "sts::111122223333:assumed-role/NetworkAudit/other", "iam::111122223333:user/ops", 1), "Possible", ""},
		{"the agent", "sg-ingress-443/rule-removed", asked("10.10.1.50", unreachable), "This is it: DSP201", "from 10.10.1.50"},
		{"the agent by its public address", "sg-ingress-443/rule-removed", asked("203.0.113.9", unreachable), "This is it: DSP201", "from 10.10.1.50"},
		{"an agent that is known by its public address only", "sg-ingress-443/agent-not-given", asked("203.0.113.9", unreachable), "What was seen does not explain it", ""},
		{"another agent", "sg-ingress-443/rule-removed", asked("10.10.9.9", unreachable), "The text and the target contradict each other", "the text is about 10.10.9.9, the target is 10.10.1.50"},
		{"another agent where the endpoint is elsewhere", "endpoint-service/itself-elsewhere", asked("10.10.9.9", unreachable), "The text and the target contradict each other", "10.10.9.9"},
		{"an endpoint in another Region answers all the same", "endpoint-service/itself-elsewhere", asked("10.10.1.50", unreachable), "Possible", "DSP115"},
		{"the port that refuses", "probe-agent-http/refused", asked("10.10.1.50", refused), "This is it: DSP631", ""},
		{"another agent's port", "probe-agent-http/refused", asked("10.10.9.9", refused), "The text and the target contradict each other", "10.10.9.9"},
		{"the port of a name that may be another's", "probe-agent-http/refused", asked("agent02.corp.example", refused), "Possible", "DSP631"},
		{"the port that is silent", "probe-agent-http/filtered", asked("10.10.1.50", timeout), "This is it: DSP632", ""},
		{"what is rejected is not silent", "probe-agent-http/rejected", asked("10.10.1.50", timeout), "Possible", "DSP633"},
	} {
		con := concluded(t, "--snapshot", savedWound(t, tt.wound), tt.text)
		if said, _ := json.Marshal(con); !strings.HasPrefix(con.Summary, tt.begins) || !strings.Contains(string(said), tt.names) {
			t.Errorf("%s: %s, want %s... and %q", tt.name, con.Summary, tt.begins, tt.names)
		}
	}
}
