package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/report"
)

// motoCase is a scenario and the checks that must not pass in it.
type motoCase struct {
	name     string
	scenario moto.Scenario
	verdict  report.Verdict
	red      map[string]string // every check that is neither PASS nor SKIP
}

var motoCases = []motoCase{
	{"peering", moto.Scenario{Link: moto.Peering}, report.Ready, nil},
	{"peering with a prefix list", moto.Scenario{Link: moto.Peering, PrefixList: true}, report.Ready, nil},
	{"transit gateways", moto.Scenario{Link: moto.TransitGateway}, report.Ready, nil},
	// moto knows neither propagation nor tunnels: nothing proves that the gateway leads there.
	{"VPN gateway", moto.Scenario{Link: moto.VPNGateway}, report.Inconclusive, map[string]string{"connection-active": "UNKNOWN"}},
	{"no 443", moto.Scenario{Fault: "sg-no-443"}, report.NotReady, map[string]string{"sg-ingress-443": "FAIL", "task-sg": "FAIL"}},
	{"no control ports", moto.Scenario{Fault: "sg-no-control"}, report.NotReady, map[string]string{"sg-ingress-control": "FAIL"}},
	{"1024-1061", moto.Scenario{Fault: "sg-partial-range"}, report.NotReady, map[string]string{"sg-ingress-control": "FAIL"}},
	{"few addresses", moto.Scenario{Fault: "few-ips"}, report.NotReady, map[string]string{"subnet-free-ips": "FAIL"}},
	{"a deny rule first", moto.Scenario{Fault: "nacl-deny-first"}, report.NotReady, map[string]string{"nacl-to-endpoint": "FAIL"}},
	{"no ephemeral ports", moto.Scenario{Fault: "nacl-no-ephemeral"}, report.NotReady, map[string]string{"nacl-to-agent": "FAIL"}},
	{"the agent's group is closed", moto.Scenario{Fault: "agent-egress"}, report.NotReady, map[string]string{"agent-sg-egress": "FAIL"}},
	{"peering not accepted", moto.Scenario{Fault: "pcx-pending"}, report.NotReady, map[string]string{"connection-active": "FAIL"}},
	{"peering deleted", moto.Scenario{Fault: "pcx-deleted"}, report.NotReady, map[string]string{"connection-active": "FAIL"}},
	{"no route back", moto.Scenario{Fault: "no-return-route"}, report.NotReady, map[string]string{"route-to-agent": "FAIL"}},
	{"a blackhole in the transit gateway", moto.Scenario{Link: moto.TransitGateway, Fault: "tgw-blackhole"}, report.NotReady, map[string]string{"route-to-endpoint": "FAIL"}},
	{"gateway peering not accepted", moto.Scenario{Link: moto.TransitGateway, Fault: "tgw-peer-pending"}, report.NotReady, map[string]string{"connection-active": "FAIL"}},
	{"the VPN gateway does not propagate", moto.Scenario{Link: moto.VPNGateway, Fault: "no-propagation"}, report.NotReady, map[string]string{"route-to-agent": "FAIL"}},
	{"overlap", moto.Scenario{Fault: "overlap"}, report.NotReady, map[string]string{"cidr-overlap": "FAIL"}},
}

// TestRealMoto runs the command over two accounts and two Regions of an AWS that
// nobody here wrote, saves what it saw, judges that again, and expects the same
// report and exit code in every format.
func TestRealMoto(t *testing.T) {
	server := moto.Start(t)
	for k, v := range server.Env() {
		t.Setenv(k, v)
	}
	for _, tt := range motoCases {
		t.Run(tt.name, func(t *testing.T) {
			server.Reset(t)
			ids, err := server.Build(context.Background(), tt.scenario)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "saved")
			args := append([]string{"--region", moto.DestinationRegion, "--vpc-endpoint-id", ids.Endpoint, "--subnet-id", ids.DestinationSubnet, "--security-group-id", ids.EndpointGroup}, sourceArgs(ids)...)
			live := invoke(t, append([]string{"check", "-o", "json", "--no-probe", "--skip", "iam-activation", "--save", dir}, args...)...)
			var rep report.Report
			if err := json.Unmarshal([]byte(live.stdout), &rep); err != nil {
				t.Fatalf("%v: %s%s", err, live.stdout, live.stderr)
			}
			if rep.Verdict != tt.verdict || live.code != tt.verdict.ExitCode() {
				t.Errorf("%s, exit code %d; want %s", rep.Verdict, live.code, tt.verdict)
			}
			red := map[string]string{}
			for _, r := range rep.Targets[0].Results {
				if r.Status != "PASS" && r.Status != "SKIP" {
					red[r.Check] = string(r.Status)
				}
			}
			for check, status := range tt.red {
				if red[check] != status {
					t.Errorf("%s is %q, want %s", check, red[check], status)
				}
			}
			for check, status := range red {
				if tt.red[check] == "" {
					t.Errorf("%s is %s: %s", check, status, messages(rep, check))
				}
			}
			replay := invoke(t, "check", "-o", "json", "--skip", "iam-activation", "--snapshot", dir)
			if replay.stdout != live.stdout || replay.code != live.code {
				t.Errorf("the replay differs (exit code %d and %d):\n%s\n%s", live.code, replay.code, live.stdout, replay.stdout)
			}
			for _, format := range []string{"table", "wide"} {
				out := invoke(t, "check", "-o", format, "--skip", "iam-activation", "--snapshot", dir)
				if out.code != live.code {
					t.Errorf("%s: exit code %d, json: %d", format, out.code, live.code)
				}
				for check := range tt.red {
					if !strings.Contains(out.stdout, check) {
						t.Errorf("%s does not name %s", format, check)
					}
				}
			}
			noSecrets(t, dir)
		})
	}
}

func sourceArgs(ids moto.IDs) []string {
	if ids.SourceVPC == "" {
		return []string{"--source-cidr", "10.10.0.0/16"}
	}
	return []string{"--source-region", moto.SourceRegion, "--source-role-arn", moto.SourceRole, "--source-vpc-id", ids.SourceVPC, "--agent-instance-id", ids.Instance}
}

func messages(rep report.Report, check string) string {
	var b bytes.Buffer
	for _, r := range rep.Targets[0].Results {
		if r.Check == check {
			for _, f := range r.Findings {
				b.WriteString(string(f.Status) + " " + f.Message + "; ")
			}
		}
	}
	return b.String()
}

func noSecrets(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if strings.Contains(string(body), "CustomerGatewayConfiguration") || strings.Contains(string(body), "PreSharedKey") {
			t.Errorf("%s holds the keys of a VPN connection", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
