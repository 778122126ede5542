package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
)

// said is one field of a target, as a flag, in YAML and in a manifest.
type said struct {
	flag     string
	manifest string
	value    any
}

// moved runs an estate with each field said in one of four places, and returns
// exit code and report.
func moved(t *testing.T, name string, fields []said, place func(i int) int) (int, string) {
	t.Helper()
	files, _, err := fixtures.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, "estate", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, body, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"dspreflight", "check", "--snapshot", filepath.Join(dir, "estate"), "-o", "json"}
	manifest, file := map[string]any{"name": "x"}, map[string]any{}
	environ := map[string]string{}
	for i, f := range fields {
		at := place(i)
		if at == 3 && len(values(f.value)) > 1 { // a variable holds one value: commas never split
			at = 2
		}
		switch at {
		case 0:
			manifest[f.manifest] = f.value
		case 1:
			file[f.flag] = f.value
		case 2:
			for _, v := range values(f.value) {
				args = append(args, "--"+f.flag, v)
			}
		case 3:
			environ[variable(f.flag)[0]] = strings.Join(values(f.value), ",")
		}
	}
	root := map[string]any{}
	path := filepath.Join(dir, "estate", "manifest.json")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &root); err != nil {
		t.Fatal(err)
	}
	root["target"] = manifest
	write := func(path string, v any) {
		body, err := json.Marshal(v) // YAML reads JSON
		if err == nil {
			err = os.WriteFile(path, body, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(path, root)
	write(filepath.Join(dir, "c.yaml"), file)
	if len(file) > 0 {
		args = append(args, "--config", filepath.Join(dir, "c.yaml"))
	}
	for k, v := range environ {
		t.Setenv(k, v)
	}
	var out, stderr bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &out, &stderr)
	for k := range environ {
		os.Unsetenv(k)
	}
	return code, out.String() + stderr.String()
}

func values(v any) []string {
	if list, ok := v.([]string); ok {
		return list
	}
	return []string{fmt.Sprint(v)}
}

// TestMovedFields: wherever the fields of a target are said, in flags, the
// environment, a file or the manifest, the report is the same.
func TestMovedFields(t *testing.T) {
	const publicKey = "http://10.10.1.50/?gatewayType=SYNC&activationRegion=us-east-1&endpointType=PUBLIC&privateLinkEndpoint=10.20.1.10&no_redirect"
	const arn = "arn:aws:ec2:us-east-1:111122223333:"
	base := []said{
		{"region", "region", "us-east-1"},
		{"vpc-endpoint-id", "vpc_endpoint_id", "vpce-0a1b2c3d4e5f60718"},
		{"endpoint-ip", "endpoint_ip", "10.20.1.10"},
		{"subnet-id", "subnet_id", "subnet-0da1b2c3d4e5f6071"},
		{"security-group-id", "security_group_id", "sg-0e1d2c3b4a5968778"},
		{"tasks", "tasks", 2},
		{"source-region", "source_region", "ap-northeast-1"},
		{"source-vpc-id", "source_vpc_id", "vpc-05a1b2c3d4e5f6071"},
		{"agent-instance-id", "agent_instance_id", "i-0a1b2c3d4e5f60719"},
		{"key-request", "key_request", publicKey},
	}
	extra := [][]said{
		nil,
		{{"source-cidr", "source_cidr", []string{"10.10.0.0/16"}}, {"agent-ip", "agent_ip", "10.10.1.50"}},
		{{"subnet-arn", "subnet_arn", []string{arn + "subnet/subnet-0da1b2c3d4e5f6071"}}, {"security-group-arn", "security_group_arn", []string{arn + "security-group/sg-0e1d2c3b4a5968778"}}},
		{{"subnet-arn", "subnet_arn", []string{arn + "subnet/subnet-0ffffffffffffffff"}}, {"security-group-arn", "security_group_arn", []string{arn + "security-group/sg-0eeeeeeeeeeeeeeee"}}},
		{{"subnet-arn", "subnet_arn", []string{arn + "subnet/subnet-0da1b2c3d4e5f607"}}, {"mode", "mode", "enhanced"}, {"requirements", "requirements", "guide"}},
		{{"source-cidr", "source_cidr", []string{"10.0.0.0/8"}}, {"destination-type", "destination_type", "efs"}},
		{{"source-cidr", "source_cidr", []string{"10.10.1.0/24", "192.168.0.0/16"}}, {"storage", "storage", []string{"nfs://10.10.1.60"}}},
	}
	rng := rand.New(rand.NewPCG(12, 1))
	codes := map[int]int{}
	for _, name := range []string{"healthy", "four-faults", "invalid-subnet"} {
		for n, more := range extra {
			fields := slices.Concat(base, more)
			if n%2 == 1 { // ids said by ARN alone
				fields = slices.DeleteFunc(fields, func(f said) bool { return f.flag == "subnet-id" || f.flag == "security-group-id" })
			}
			if n < 3 {
				fields[slices.IndexFunc(fields, func(f said) bool { return f.flag == "key-request" })].value = strings.Replace(publicKey, "PUBLIC", "PRIVATE_LINK", 1)
			}
			code, want := moved(t, name, fields, func(int) int { return 0 })
			codes[code]++
			for range 4 {
				where := make([]int, len(fields))
				for i := range where {
					where[i] = rng.IntN(4)
				}
				gotCode, got := moved(t, name, fields, func(i int) int { return where[i] })
				if gotCode != code || got != want {
					t.Fatalf("%s, %v at %v: exit %d, want %d\n%s", name, fields, where, gotCode, code, firstDifference(got, want))
				}
			}
		}
	}
	if len(codes) < 2 {
		t.Errorf("all runs end alike: %v", codes)
	}
}

// firstDifference is the first line in which two reports differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return got
}

// TestFlagsOverSeveralTargets: a flag or a variable that would replace what
// several targets each say is refused, and names them; one that agrees with all,
// or that only one target contradicts, is not.
func TestFlagsOverSeveralTargets(t *testing.T) {
	const a, b = "subnet-0da1b2c3d4e5f6071", "subnet-0db1b2c3d4e5f6072"
	file := filepath.Join(t.TempDir(), "c.yaml")
	for yaml, want := range map[string]bool{
		"targets:\n- {name: one, subnet-id: " + a + "}\n- {name: two, subnet-id: " + b + "}\n":               true,
		"targets:\n- {name: one, subnet-id: " + b + "}\n- {name: two, subnet-id: " + b + "}\n":               true,
		"targets:\n- {name: one, subnet-id: " + a + "}\n- {name: two, subnet-id: " + a + "}\n":               false,
		"targets:\n- {name: one, subnet-id: " + b + "}\n- {name: two}\n":                                     false,
		"subnet-id: " + b + "\ntargets:\n- {name: one}\n- {name: two}\n":                                     false,
		"targets:\n- {name: one, tasks: 1}\n- {name: two, tasks: 5}\n":                                       true,
		"targets:\n- {name: one, agent-ip: 10.10.1.50}\n- {name: two, agent-instance-id: i-0a1b2c3d4e5f6}\n": true,
		// The agent's network is each target's own: one agent is not in both.
		"targets:\n- {name: one, source-cidr: [10.10.0.0/16]}\n- {name: two, source-cidr: [10.11.0.0/16]}\n":                   true,
		"targets:\n- {name: one, source-cidr: [10.11.0.0/16]}\n- {name: two, source-cidr: [10.11.0.0/16]}\n":                   true,
		"targets:\n- {name: one, source-cidr: [10.10.0.0/16]}\n- {name: two, source-cidr: [10.10.0.0/16, 192.168.0.0/16]}\n":   false,
		"targets:\n- {name: one, source-vpc-id: vpc-05a1b2c3d4e5f6071}\n- {name: two, source-vpc-id: vpc-05a1b2c3d4e5f6072}\n": true,
		"targets:\n- {name: one, source-vpc-id: vpc-05a1b2c3d4e5f6071}\n- {name: two, source-vpc-id: vpc-05a1b2c3d4e5f6071}\n": false,
	} {
		if err := os.WriteFile(file, []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
		flags := map[string]string{"subnet-id": a}
		switch {
		case strings.Contains(yaml, "tasks"):
			flags = map[string]string{"tasks": "3"}
		case strings.Contains(yaml, "agent-ip"), strings.Contains(yaml, "source-"):
			flags = map[string]string{"agent-ip": "10.10.1.51"}
		}
		for _, byVariable := range []bool{false, true} {
			args := []string{"dspreflight", "check", "--fixture", "healthy", "--config", file, "-o", "json"}
			for _, flag := range slices.Sorted(maps.Keys(flags)) {
				if byVariable {
					t.Setenv(variable(flag)[0], flags[flag])
				} else {
					args = append(args, "--"+flag, flags[flag])
				}
			}
			var out, stderr bytes.Buffer
			code := run(context.Background(), args, strings.NewReader(""), &out, &stderr)
			for flag := range flags {
				os.Unsetenv(variable(flag)[0])
			}
			if got := code == exitUsage; got != want {
				t.Errorf("%s: exit %d: %s", yaml, code, stderr.String())
			}
			if want && (!strings.Contains(stderr.String(), "one: ") || !strings.Contains(stderr.String(), "two: ")) {
				t.Errorf("the targets are not named: %s", stderr.String())
			}
		}
	}
}

// TestNoTasks: a written zero is not what was left out.
func TestNoTasks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	for yaml, want := range map[string]int{"tasks: 0\n": exitUsage, "targets:\n- {tasks: 1}\n- {tasks: 0}\n": exitUsage, "targets:\n- {tasks: -1}\n": exitUsage, "tasks: 1\n": 0} {
		if err := os.WriteFile(file, []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, stderr bytes.Buffer
		if code := run(context.Background(), []string{"dspreflight", "check", "--fixture", "healthy", "--config", file}, strings.NewReader(""), &out, &stderr); code != want {
			t.Errorf("%q: exit %d: %s", yaml, code, stderr.String())
		}
	}
	code, said := moved(t, "healthy", []said{{"tasks", "tasks", 0}}, func(int) int { return 0 })
	if code != exitUsage || !strings.Contains(said, "tasks 0") {
		t.Errorf("in a manifest: exit %d: %s", code, said)
	}
}

// TestFlagsBesideAnAgent: a flag drops the agent of the manifest only where the
// estate shows that it speaks of another one.
func TestFlagsBesideAnAgent(t *testing.T) {
	for args, keeps := range map[string]bool{
		"":                           true,
		"--source-cidr 10.10.0.0/16": true, "--source-cidr 10.10.1.0/24": true, "--source-cidr 192.168.0.0/16": true,
		"--source-cidr 10.10.1.20/32": false, "--source-cidr 10.10.9.0/24": false,
		"--agent-instance-id i-0a1b2c3d4e5f60719": true, "--agent-instance-id i-0fffffffffffffff0": false,
		"--agent-ip 10.10.1.50": true, "--agent-ip 10.10.1.51": false,
		"--source-vpc-id vpc-05a1b2c3d4e5f6071": true, "--source-vpc-id vpc-0d5c1a2b3e4f50617": false,
	} {
		out := invoke(t, append([]string{"check", "--fixture", "healthy", "-o", "json"}, strings.Fields(args)...)...)
		got := parse(t, out).Targets[0].Target
		if kept := got.AgentInstanceID == "i-0a1b2c3d4e5f60719" && got.KeyRequest != ""; kept != keeps {
			t.Errorf("%q: the agent is %q at %v, the key request %q", args, got.AgentInstanceID, got.AgentIP, got.KeyRequest)
		}
	}
}
