package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// BenchmarkPlan times whole processes that judge plans: the example, harmless and
// not, and one of 10,000 resources over a base of 5,000 security groups.
func BenchmarkPlan(b *testing.B) {
	path := filepath.Join(built(b), "dspreflight")
	dir := b.TempDir()
	plan, base := largePlan(b, dir)
	info, err := os.Stat(plan)
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"example", []string{"--fixture", "healthy", "--plan", examplePlan}},
		{fmt.Sprintf("10000 resources, %d MB, over 5000 groups", info.Size()>>20), []string{"--snapshot", base, "--plan", plan}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			resident := 0
			for b.Loop() {
				cmd := exec.Command(path, append([]string{"check", "-q"}, tt.args...)...)
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				done := make(chan error)
				go func() { done <- cmd.Wait() }()
				for running := true; running; {
					resident = max(resident, highWater(cmd.Process.Pid))
					select {
					case <-done:
						running = false
					case <-time.After(time.Millisecond):
					}
				}
				if code := cmd.ProcessState.ExitCode(); code != 1 { // both break something
					b.Fatalf("exit code %d", code)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/run")
			b.ReportMetric(float64(resident)/1024, "MB-resident")
		})
	}
}

// highWater is the most memory that a process has held so far, in kB. What the
// kernel says of a process that has ended counts its parent's as well.
func highWater(pid int) int {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(body), "VmHWM:")
	n := 0
	if _, err := fmt.Sscan(rest, &n); err != nil {
		return 0
	}
	return n
}

// largePlan writes the example's plan with 5,000 more groups, and a change of one
// rule of each, and the healthy estate with these groups.
func largePlan(b testing.TB, dir string) (plan, base string) {
	b.Helper()
	const groups = 5000
	var doc map[string]any
	body, err := os.ReadFile(examplePlan)
	if err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		b.Fatal(err)
	}
	changes := doc["resource_changes"].([]any)
	root := doc["prior_state"].(map[string]any)["values"].(map[string]any)["root_module"].(map[string]any)
	state := root["resources"].([]any)
	var rows []any
	add := func(kind, name string, index int, before, after map[string]any, action string) {
		address := fmt.Sprintf("%s.%s[%d]", kind, name, index)
		c := map[string]any{"address": address, "mode": "managed", "type": kind, "name": name, "index": index, "provider_name": "registry.terraform.io/hashicorp/aws"}
		state = append(state, map[string]any{"address": address, "mode": "managed", "type": kind, "name": name, "index": index, "provider_name": c["provider_name"], "schema_version": 1, "values": before})
		c["change"] = map[string]any{"actions": []string{action}, "before": before, "after": after, "after_unknown": map[string]any{}, "before_sensitive": map[string]any{}, "after_sensitive": map[string]any{}}
		changes = append(changes, c)
	}
	for i := range groups {
		id := fmt.Sprintf("sg-%017x", 0x1000+i)
		g := map[string]any{
			"id": id, "arn": "arn:aws:ec2:us-east-1:111122223333:security-group/" + id, "name": fmt.Sprintf("group-%d", i), "owner_id": "111122223333", "vpc_id": "vpc-0d5c1a2b3e4f50617",
			"description": strings.Repeat("d", 200), "egress": []any{}, "ingress": []any{map[string]any{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": []string{"10.1.0.0/16"}}},
			"tags": map[string]any{"text": strings.Repeat("t", 1000)},
		}
		add("aws_security_group", "g", i, g, g, "no-op")
		r := map[string]any{
			"id": fmt.Sprintf("sgr-%017x", i), "security_group_id": id, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "10.1.0.0/16", "description": strings.Repeat("d", 200),
			"tags": map[string]any{"text": strings.Repeat("t", 1000)},
		}
		changed := maps.Clone(r)
		changed["to_port"] = 23
		add("aws_vpc_security_group_ingress_rule", "r", i, r, changed, "update")
		rows = append(rows, map[string]any{
			"GroupId": id, "GroupName": g["name"], "VpcId": g["vpc_id"], "OwnerId": g["owner_id"],
			"IpPermissions": []any{map[string]any{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": []any{map[string]any{"CidrIp": "10.1.0.0/16"}}}},
		})
	}
	doc["resource_changes"], root["resources"] = changes, state
	plan, base = filepath.Join(dir, "plan.json"), filepath.Join(dir, "base")
	write := func(path string, v any) {
		out, err := json.Marshal(v)
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, out, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	write(plan, doc)
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.CopyFS(base, files); err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(base, "destination", snapshot.SecurityGroups.Command()+".json")
	var list struct{ SecurityGroups []any }
	if body, err = os.ReadFile(path); err != nil {
		b.Fatal(err)
	}
	if err := json.Unmarshal(body, &list); err != nil {
		b.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		b.Fatal(err)
	}
	list.SecurityGroups = slices.Concat(list.SecurityGroups, rows)
	write(path, list)
	return plan, base
}
