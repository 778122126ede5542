package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/report"
)

// TestLiveFromElsewhere runs live on a machine that is in neither network: it
// dials nothing of the estate, tries the APIs, looks for tools, says where to
// dial, and replays to the same bytes.
func TestLiveFromElsewhere(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, files)
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	t.Setenv("NO_PROXY", "*")
	dir := filepath.Join(t.TempDir(), "saved")
	args := []string{"check", "--vantage", "elsewhere", "--region", "us-east-1", "--source-region", "ap-northeast-1", "--source-vpc-id", "vpc-05a1b2c3d4e5f6071", "--agent-instance-id", "i-0a1b2c3d4e5f60719", "--storage", "nfs://10.10.2.20", "-o", "json"}
	live := invoke(t, append(args, "--save", dir)...)
	rep := parse(t, live)
	want := map[string]report.Status{
		"probe-443": "UNKNOWN", "probe-control": "UNKNOWN", "probe-support": "UNKNOWN", "probe-agent-http": "UNKNOWN", "probe-storage": "UNKNOWN", "probe-agrees": "SKIP",
		"credentials": "PASS", "iam-activation": "PASS",
		"api-reachable": "UNKNOWN", // a stand-in is not AWS
	}
	for _, r := range rep.Targets[0].Results {
		if want[r.Check] != "" && r.Status != want[r.Check] {
			t.Errorf("%s is %s: %s", r.Check, r.Status, messages(rep, r.Check))
		}
		if r.Check == "machine-tools" && r.Status != "PASS" && r.Status != "WARN" {
			t.Errorf("machine-tools is %s", r.Status)
		}
	}
	if live.code != 3 || !strings.Contains(messages(rep, "probe-443"), "--endpoint-ip 10.20.1.10") {
		t.Errorf("exit code %d: %s", live.code, messages(rep, "probe-443"))
	}
	if replay := invoke(t, "check", "--snapshot", dir, "-o", "json"); replay.stdout != live.stdout || replay.code != live.code {
		t.Errorf("the replay differs:\n%s\n%s", live.stdout, replay.stdout)
	}
	// What is not asked for is not done.
	before := s.Calls()[""]
	one := invoke(t, "check", "--vantage", "elsewhere", "--region", "us-east-1", "--source-cidr", "10.10.0.0/16", "--check", "endpoint-policy", "-o", "json")
	if one.code != 0 || s.Calls()[""] != before {
		t.Errorf("exit code %d, %d requests to the APIs: %s", one.code, s.Calls()[""]-before, one.stderr)
	}
}
