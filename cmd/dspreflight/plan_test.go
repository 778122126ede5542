package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

const examplePlan = "../../examples/terraform/plan.json"

// made matches the names of plans that make everything.
var made = regexp.MustCompile(`^[a-z]0[01]-create`)

var (
	planVerdict = regexp.MustCompile(`(?m)^verdict: (\w+)`)
	planCause   = regexp.MustCompile(`(?m)^cause: ([a-z]\S*\.[^\s(]+)`)
)

// inWords sums a report up as the plans' expected verdicts do.
func inWords(rep report.Report) string {
	got := "OK"
	for _, r := range rep.Targets[0].Results {
		if slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Status == "FAIL" && !slices.Contains(onlySupport, f.Code) }) {
			return "BREAKS"
		}
		if r.Status == "UNKNOWN" && !newlyOpen(r) {
			got = "UNKNOWN"
		}
	}
	return got
}

func agentFlags(name string) []string {
	if name[0] == 'o' {
		return []string{"--source-cidr", "192.168.10.0/24", "--agent-ip", "192.168.10.50"}
	}
	return []string{"--agent-ip", "10.10.1.50"}
}

// overEstate holds what the recorded plans come to, by folder.
var overEstate sync.Map

// planned is what a recorded plan comes to over the estate from before it. Several tests
// ask: it is judged once.
func planned(t *testing.T, dir string) outcome {
	t.Helper()
	args := append([]string{"check", "--complete", "--requirements", "article", "-o", "json", "--snapshot", filepath.Join(dir, "describe_before"), "--plan", filepath.Join(dir, "plan.json")}, agentFlags(filepath.Base(dir))...)
	once, _ := overEstate.LoadOrStore(dir, sync.OnceValue(func() outcome { return invokeIn(context.Background(), "", args...) }))
	return once.(func() outcome)()
}

func read(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestPlanCases judges every plan that Terraform made: the verdict is the one in
// words, the change that is blamed is the one that is, and each check says what it
// says of the describe output after the plan was applied, or UNKNOWN where the
// plan could not know.
func TestPlanCases(t *testing.T) {
	for _, file := range tier.Share(recorded.Glob(t, "plans", "*/plan.json")) {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expected := read(t, filepath.Join(dir, "expected.txt"))
			want := documentedVerdict(t, dir, planVerdict.FindStringSubmatch(expected)[1])
			before := verdictBefore.FindStringSubmatch(expected)[1]
			args := append([]string{"check", "--complete", "--requirements", "article", "-o", "json"}, agentFlags(name)...)
			out := planned(t, dir)
			if strings.Contains(expected, "errored") {
				if out.code != exitUsage || out.stdout != "" || !strings.Contains(out.stderr, "errored is true") {
					t.Errorf("exit code %d, %s", out.code, out.stderr)
				}
				return
			}
			rep := parse(t, out)
			if got := inWords(rep); got != want {
				t.Errorf("%s, want %s: %s", got, want, expected)
				for _, r := range rep.Targets[0].Results {
					if r.Status == "FAIL" || r.Status == "UNKNOWN" {
						t.Logf("%s is %s: %s", r.Check, r.Status, messages(rep, r.Check))
					}
				}
			}
			// The files of the configuration tell as much or more: what is told beyond
			// is what came about.
			really := verdictAfter.FindStringSubmatch(expected)
			read := parse(t, invoke(t, append(args, "--snapshot", filepath.Join(dir, "describe_before"), "--plan", file, "--configuration", filepath.Join(dir, "after"))...))
			if got := inWords(read); got != want && (want != "UNKNOWN" || really == nil || got != documentedVerdict(t, dir, really[1])) {
				t.Errorf("with the configuration's files it is %s, want %s", got, want)
			}
			c := rep.Targets[0].Change
			switch broken := len(c.Broken) > 0; {
			case rep.ExitCode != out.code:
				t.Errorf("exit code %d, in the report %d", out.code, rep.ExitCode)
			case want == "BREAKS" && before == "OK" && (!broken || out.code != 1):
				t.Errorf("it breaks %v, exit code %d", c.Broken, out.code)
			case want == "BREAKS" && before == "BREAKS" && (broken || out.code != 0 || len(c.StillBroken) == 0):
				t.Errorf("broken before, but it breaks %v, still %v, exit code %d", c.Broken, c.StillBroken, out.code)
			case want == "UNKNOWN" && (len(c.UnknownNow) == 0 || out.code != 3):
				t.Errorf("unknown now: %v, exit code %d", c.UnknownNow, out.code)
			case want == "OK" && out.code != 0 && !(out.code == 3 && before != "OK" && onlyNewlyOpen(rep)) && !slices.Equal(c.Broken, []string{"sg-ingress-support"}):
				t.Errorf("exit code %d, it breaks %v", out.code, c.Broken)
			}
			if m := planCause.FindStringSubmatch(expected); m != nil && before == "OK" && want == "BREAKS" {
				blamed := map[string]bool{}
				for _, r := range rep.Targets[0].Results {
					for _, f := range r.Findings {
						for _, by := range f.Resources {
							blamed[by.Address] = true
						}
					}
				}
				if m[1] == "aws_vpc.dst" { // all that is in it is replaced with it
					m[1] = "aws_subnet.dst_a"
				}
				if base, _, _ := strings.Cut(m[1], "[0.."); !blamed[m[1]] && !slices.ContainsFunc(keys(blamed), func(a string) bool { return strings.HasPrefix(a, base) }) && !strings.Contains(m[1], "[*]") {
					t.Errorf("blamed are %v, it was %s", keys(blamed), m[1])
				}
			}
			if verdictAfter.FindStringSubmatch(expected) == nil {
				return // not confirmed on an after-state
			}
			after := parse(t, invoke(t, append(args, "--snapshot", filepath.Join(dir, "describe_after"))...))
			for i, r := range after.Targets[0].Results {
				planned := rep.Targets[0].Results[i]
				// Where nothing joins the networks, one of the two may say so for the routes.
				if strings.HasPrefix(r.Check, "route-") && slices.Contains([]report.Status{report.Fail, report.Skip}, planned.Status) && slices.Contains([]report.Status{report.Fail, report.Skip}, r.Status) && statusOf(rep, "connection-active") == "FAIL" && statusOf(after, "connection-active") == "FAIL" {
					continue
				}
				if planned.Status != r.Status && (planned.Status != "UNKNOWN" || !slices.ContainsFunc(planned.Findings, func(f report.Finding) bool { return len(f.Gaps) > 0 && f.Gaps[0].Code == "known-after-apply" })) {
					t.Errorf("%s is %s by the plan (%s) and %s after apply (%s)", r.Check, planned.Status, messages(rep, r.Check), r.Status, messages(after, r.Check))
				}
			}
		})
	}
}

// withoutVPN reports whether all that a plan leaves open is which VPN connections its
// virtual private gateway has: it makes none.
func withoutVPN(rep report.Report) bool {
	open := 0
	for _, r := range rep.Targets[0].Results {
		for _, f := range r.Findings {
			for _, g := range f.Gaps {
				if g.Code != "rests-on" && (g.Code != "not-in-plan" || g.Source != "ec2:DescribeVpnConnections") {
					return false
				}
				open++
			}
		}
	}
	return open > 0
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestPlanOnly judges plans by themselves, those of OpenTofu too. What a plan
// alone can't show is UNKNOWN; nothing that is breaks may pass, nothing that is
// fine may fail.
func TestPlanOnly(t *testing.T) {
	decided := 0
	for _, file := range tier.Share(append(recorded.Glob(t, "plans", "*/plan.json"), recorded.Glob(t, "plans", "opentofu/*/plan.json")...)) {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		expected := read(t, filepath.Join(dir, "expected.txt"))
		if strings.Contains(expected, "errored") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want := documentedVerdict(t, dir, planVerdict.FindStringSubmatch(expected)[1])
			rep := parse(t, invoke(t, append([]string{"check", "--plan-only", "--plan", file, "--requirements", "article", "-o", "json"}, agentFlags(name)...)...))
			got := inWords(rep)
			if got != want && got != "UNKNOWN" {
				t.Errorf("%s, want %s", got, want)
			}
			if got == want {
				decided++
			}
			if made.MatchString(name) && got != want && !withoutVPN(rep) {
				t.Errorf("a plan that makes everything is %s, want %s", got, want)
			}
			// As a change: what breaks must not pass.
			if want == "BREAKS" && verdictBefore.FindStringSubmatch(expected)[1] == "OK" && rep.ExitCode == 0 {
				t.Errorf("exit code 0 for a change that breaks it: %+v", rep.Targets[0].Change)
			}
		})
	}
	if decided < tier.Size(40) {
		t.Errorf("only %d plans are decided by themselves", decided)
	}
}

// TestTemplateCases judges templates over the stack that there is and by
// themselves.
func TestTemplateCases(t *testing.T) {
	for _, file := range recorded.Glob(t, "plans", "cloudformation/*/template_after.json") {
		dir := filepath.Dir(file)
		expected := read(t, filepath.Join(dir, "expected.txt"))
		want := planVerdict.FindStringSubmatch(expected)[1]
		bases := [][]string{{"--plan-only"}}
		if _, err := os.Stat(filepath.Join(dir, "describe_before")); err == nil {
			over := []string{"--complete", "--snapshot", filepath.Join(dir, "describe_before")}
			bases = append(bases, over, slices.Concat(over, []string{"--deployed-template", filepath.Join(dir, "template_before.json")}))
		}
		for _, base := range bases {
			t.Run(filepath.Base(dir)+base[0]+fmt.Sprint(len(base)), func(t *testing.T) {
				args := []string{"check", "--requirements", "article", "-o", "json", "--agent-ip", "10.10.1.50"}
				rep := parse(t, invoke(t, append(append(args, base...), "--template", file)...))
				if got := inWords(rep); got != want || rep.ExitCode != map[string]int{"OK": 0, "BREAKS": 1, "UNKNOWN": 3}[want] {
					t.Errorf("%s with exit code %d, want %s: %s", got, rep.ExitCode, want, expected)
				}
				deployed := filepath.Join(dir, "describe_after_fresh_deploy")
				if _, err := os.Stat(deployed); err != nil {
					return
				}
				after := parse(t, invoke(t, append(args, "--complete", "--snapshot", deployed)...))
				for i, r := range after.Targets[0].Results {
					if planned := rep.Targets[0].Results[i]; planned.Status != r.Status {
						t.Errorf("%s is %s by the template (%s) and %s when deployed", r.Check, planned.Status, messages(rep, r.Check), r.Status)
					}
				}
			})
		}
	}
}

// TestWrongFiles are files that people pass by mistake.
func TestWrongFiles(t *testing.T) {
	for _, file := range recorded.Glob(t, "plans", "wrong-inputs/*") {
		out := invoke(t, "check", "--fixture", "healthy", "--plan", file)
		want := map[bool]string{true: "JSON of a state", false: "terraform plan -json"}[strings.Contains(file, "STATE")]
		if out.code != exitUsage || out.stdout != "" || !strings.Contains(out.stderr, want) {
			t.Errorf("%s: exit code %d, %s", file, out.code, out.stderr)
		}
	}
}

// TestBadPlans are refused with the reason and exit code 2, in both languages.
func TestBadPlans(t *testing.T) {
	plan := read(t, examplePlan)
	replaced := func(old, with string) string {
		if !strings.Contains(plan, old) {
			t.Fatalf("the example has no %s", old)
		}
		return strings.Replace(plan, old, with, 1)
	}
	for name, tt := range map[string]struct{ body, want string }{
		"binary":          {"PK\x03\x04\x00\x00", "this is a plan file; dspreflight reads its JSON"},
		"empty":           {"", "empty"},
		"not JSON":        {"hello", "this is not JSON"},
		"cut":             {plan[:len(plan)/2], "cut short"},
		"a list":          {"[]", "array"},
		"another object":  {`{"a":1}`, "no format_version"},
		"a state":         {`{"format_version":"1.0","values":{"root_module":{}}}`, "JSON of a state"},
		"newer":           {replaced(`"format_version": "1.2"`, `"format_version": "2.0"`), `format_version "2.0"`},
		"strange version": {replaced(`"format_version": "1.2"`, `"format_version": "x"`), `format_version "x"`},
		"errored":         {replaced(`"errored": false`, `"errored": true`), "errored is true"},
		"huge number":     {replaced(`"to_port": 1060`, `"to_port": 1e400`), "1e400"},
		"huge port":       {replaced(`"to_port": 1060`, `"to_port": 106000000000000000000000`), "to_port"},
		"no block":        {replaced(`"cidr_ipv4": "10.10.0.0/16"`, `"cidr_ipv4": "10.10.0.0/99"`), `"10.10.0.0/99" is not a CIDR block`},
		"escape codes":    {replaced(`"cidr_ipv4": "10.10.0.0/16"`, `"cidr_ipv4": "\u001b[31m"`), `\x1b`},
		"the log":         {`{"@level":"info","@message":"Terraform 1.11.4"}`, "terraform plan -json"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			if err := os.WriteFile(file, []byte(tt.body), 0o600); err != nil {
				t.Fatal(err)
			}
			out := invoke(t, "check", "--fixture", "healthy", "--plan", file)
			if out.code != exitUsage || out.stdout != "" || !strings.Contains(out.stderr, tt.want) || !strings.Contains(out.stderr, "plan.json") || strings.Contains(out.stderr, "\x1b") {
				t.Errorf("exit code %d, want %q in %q", out.code, tt.want, out.stderr)
			}
			if ja := invoke(t, "check", "--fixture", "healthy", "--plan", file, "--lang", "ja"); ja.code != exitUsage {
				t.Errorf("in Japanese: exit code %d, %q", ja.code, ja.stderr)
			}
		})
	}
	for _, args := range [][]string{
		{"--plan", "nowhere.json"},
		{"--plan", "."},
		{"--plan", ""},
		{"--plan", "-", "--plan", "-"},
		{"--plan", examplePlan, "--gate", "some"},
		{"--plan", examplePlan, "--plan-only"},
		{"--plan-only"},
		{"--plan", examplePlan, "--probes", "p.json"},
		{"--plan", examplePlan, "--wait", "1m"},
		{"--plan", examplePlan, "--vpc-endpoint-id", "aws_vpc_endpoint.other"},
		{"--template", examplePlan},
		{"--parameters", "A=b"},
		{"--template", "../../examples/cloudformation/datasync.yaml", "--parameters", "Nope=1"},
	} {
		out := invoke(t, append([]string{"check", "--fixture", "healthy"}, args...)...)
		if out.code != exitUsage || out.stdout != "" || out.stderr == "" {
			t.Errorf("%v: exit code %d, %s", args, out.code, out.stderr)
		}
	}
}

// exampleWith is the example's plan with a change in its text, in a file.
func exampleWith(t *testing.T, pairs ...string) string {
	t.Helper()
	plan := read(t, examplePlan)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(plan, pairs[i]) {
			t.Fatalf("the example has no %s", pairs[i])
		}
		plan = strings.Replace(plan, pairs[i], pairs[i+1], 1)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(file, []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestGate is the matrix of what a change does, what counts, and every format:
// the same exit code in all of them, and JSON that follows the schema.
func TestGate(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../report/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	harmless := exampleWith(t, `"to_port": 1060`, `"to_port": 1064`)
	open := exampleWith(t, `"to_port": 1060`, `"to_port": 1064`, `"after_unknown": {},
    "before_sensitive": {},
    "after_sensitive": {}
   }
  },
  {
   "address": "aws_vpc_security_group_ingress_rule.https"`, `"after_unknown": {"cidr_ipv4": true},
    "before_sensitive": {},
    "after_sensitive": {}
   }
  },
  {
   "address": "aws_vpc_security_group_ingress_rule.https"`)
	for _, tt := range []struct {
		name     string
		args     []string
		code     int
		contains string
	}{
		{"breaks", []string{"--fixture", "healthy", "--plan", examplePlan}, 1, "This change breaks sg-ingress-control."},
		{"breaks, accepted", []string{"--fixture", "healthy", "--plan", examplePlan, "--accept", "sg-ingress-control"}, 0, "This change breaks nothing."},
		{"harmless", []string{"--fixture", "healthy", "--plan", harmless}, 0, "This change breaks nothing."},
		{"unknown", []string{"--fixture", "healthy", "--plan", open}, 3, "After this change it can't be told: sg-ingress-control."},
		{"unknown counts", []string{"--fixture", "healthy", "--plan", open, "--fail-on", "unknown"}, 1, "After this change it can't be told: sg-ingress-control."},
		{"broken before", []string{"--fixture", "few-addresses", "--plan", harmless}, 0, "Broken before and still, not by this change: subnet-free-ips."},
		{"broken before, all counts", []string{"--fixture", "few-addresses", "--plan", harmless, "--gate", "all"}, 1, "Broken before and still, not by this change: subnet-free-ips."},
		{"worse than before", []string{"--fixture", "few-addresses", "--plan", examplePlan}, 1, "This change breaks sg-ingress-control."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, format := range formats {
				out := invoke(t, append([]string{"check", "-o", format}, tt.args...)...)
				if out.code != tt.code {
					t.Errorf("%s: exit code %d, want %d: %s", format, out.code, tt.code, out.stderr)
				}
				switch format {
				case "json":
					doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out.stdout))
					if err != nil {
						t.Fatal(err)
					}
					if err := schema.Validate(doc); err != nil {
						t.Error(err)
					}
				case "table", "wide", "github", "markdown":
					if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(out.stdout, "%0A", " ")), " "), tt.contains) {
						t.Errorf("%s does not say %q:\n%s", format, tt.contains, out.stdout)
					}
				case "sarif":
					validSARIF(t, out.stdout)
				}
			}
		})
	}
}

func validSARIF(t *testing.T, body string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../report/testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
}

// TestDeclarations are named with file and line where the configuration lies
// beside the plan.
func TestDeclarations(t *testing.T) {
	lines := strings.Split(read(t, "../../examples/terraform/main.tf"), "\n")
	line := slices.IndexFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, `resource "aws_vpc_security_group_ingress_rule" "control"`)
	}) + 1
	want := fmt.Sprintf("file=../../examples/terraform/main.tf,line=%d,", line)
	for _, args := range [][]string{
		{"--plan", examplePlan},
		{"--plan", exampleWith(t), "--configuration", "../../examples/terraform"},
	} {
		out := invoke(t, append([]string{"check", "--fixture", "healthy", "-o", "github"}, args...)...)
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%v: no %s in %s", args, want, out.stdout)
		}
	}
}

// TestPlanFromStandardInput reads -.
func TestPlanFromStandardInput(t *testing.T) {
	out := invokeIn(t.Context(), read(t, examplePlan), "check", "--fixture", "healthy", "--plan", "-", "-o", "json")
	if rep := parse(t, out); rep.ExitCode != 1 || !slices.Equal(rep.Targets[0].Change.Broken, []string{"sg-ingress-control"}) {
		t.Errorf("%+v", rep.Targets[0].Change)
	}
}

// TestInterruptedInput ends a run that waits for standard input which never ends.
func TestInterruptedInput(t *testing.T) {
	for _, args := range [][]string{{"check", "--fixture", "healthy", "--plan", "-"}, {"explain", "-"}} {
		in, feed := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		var stdout, stderr bytes.Buffer
		if code := run(ctx, append([]string{"dspreflight"}, args...), in, &stdout, &stderr); code != exitInterrupted || stdout.Len() != 0 {
			t.Errorf("%v: exit code %d, %s%s", args, code, stdout.String(), stderr.String())
		}
		feed.Close()
	}
}

// TestStacks refuses a stack that is not there, and takes a new one for new.
func TestStacks(t *testing.T) {
	const template = "../../examples/cloudformation/datasync.yaml"
	args := []string{"check", "--fixture", "healthy", "--template", template, "--region", "us-east-1", "--agent-ip", "10.10.1.50"}
	if out := invoke(t, append(args, "--stack", "nope")...); out.code != exitUsage || !strings.Contains(out.stderr, "no resource of the estate is of a stack nope") || !strings.Contains(out.stderr, "--new-stack") {
		t.Errorf("exit code %d, %s", out.code, out.stderr)
	}
	if out := invoke(t, append(args, "--new-stack")...); out.code == exitUsage {
		t.Error(out.stderr)
	}
	for body, want := range map[string]string{`{"LastControlPort": "1050"}`: "neither a list", `["LastControlPort"]`: "expected KEY=VALUE", `[{"Key": "x"}]`: "no ParameterKey"} {
		file := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := invoke(t, append(args, "--parameters", file)...); out.code != exitUsage || !strings.Contains(out.stderr, want) {
			t.Errorf("%s: exit code %d, %s", body, out.code, out.stderr)
		}
	}
	for _, body := range []string{`["LastControlPort=1050"]`, `[{"ParameterKey": "LastControlPort", "ParameterValue": "1050"}]`, `{"Parameters": {"LastControlPort": "1050"}}`} {
		file := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		out := invoke(t, "check", "--plan-only", "--template", template, "--region", "us-east-1", "--agent-ip", "10.10.1.50", "--parameters", file, "-o", "json")
		if rep := parse(t, out); !slices.Equal(rep.Targets[0].Change.Broken, []string{"sg-ingress-control"}) || rep.Targets[0].Change.Notes == nil {
			t.Errorf("%s: %+v", body, rep.Targets[0].Change)
		}
	}
}

// TestHeadlines speak of the change, and name the target where there are several.
func TestHeadlines(t *testing.T) {
	good := exampleWith(t, `"to_port": 1060`, `"to_port": 1064`)
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"--fixture", "nacl-no-replies", "--plan", good, "-o", "markdown"}, []string{"✅ DataSync: this change breaks nothing", "The estate: NOT READY before"}},
		{[]string{"--fixture", "nacl-no-replies", "--plan", good}, []string{"READY (this change; the estate after it: NOT READY)  1 fail"}},
		{[]string{"--fixture", "healthy", "--plan", examplePlan, "-o", "markdown"}, []string{"❌ DataSync: this change breaks activation", "Or leave aws\\_vpc\\_security\\_group\\_ingress\\_rule.control as it was"}},
		{[]string{"--fixture", "nacl-no-replies", "--plan", good, "-o", "markdown", "--gate", "all"}, []string{"❌ DataSync: NOT READY"}},
		{[]string{"--fixture", "healthy", "--plan", examplePlan, "--fail-on", "warn", "--accept", "DSP202"}, []string{"This change goes against advice: sg-ingress-control."}},
	} {
		out := invoke(t, append([]string{"check"}, tt.args...)...)
		for _, want := range tt.want {
			if !strings.Contains(out.stdout, want) {
				t.Errorf("%v: no %q in\n%s", tt.args, want, out.stdout)
			}
		}
	}
}

// TestSensitiveValues never shows a value that is marked as sensitive, nor what
// would tell it: the ports and addresses that a secret rule leaves out.
func TestSensitiveValues(t *testing.T) {
	file := exampleWith(t, `"after": {
     "arn": "arn:aws:ec2:us-east-1:111122223333:security-group-rule/sgr-0d102a2b3c4d5e6f2",
     "cidr_ipv4": "10.10.0.0/16"`, `"after": {
     "arn": "arn:aws:ec2:us-east-1:111122223333:security-group-rule/sgr-0d102a2b3c4d5e6f2",
     "cidr_ipv4": "10.10.77.0/24"`, `"after_unknown": {},
    "before_sensitive": {},
    "after_sensitive": {}
   }
  },
  {
   "address": "aws_vpc_security_group_ingress_rule.https"`, `"after_unknown": {},
    "before_sensitive": {},
    "after_sensitive": {"cidr_ipv4": true, "to_port": true}
   }
  },
  {
   "address": "aws_vpc_security_group_ingress_rule.https"`)
	for _, format := range formats {
		for _, lang := range []string{"en", "ja"} {
			out := invoke(t, "check", "--fixture", "healthy", "--plan", file, "--source-cidr", "10.10.0.0/16", "--explain", "--lang", lang, "-o", format)
			if out.code != 1 {
				t.Errorf("%s: exit code %d, %s", format, out.code, out.stderr)
			}
			for _, secret := range []string{"10.10.77", "10.10.76", "10.10.78", "1060", "1061"} {
				if strings.Contains(out.stdout+out.stderr, secret) {
					t.Errorf("%s in %s shows %s", format, lang, secret)
				}
			}
		}
	}
}

// TestPlannedAddresses may stand for ids.
func TestPlannedAddresses(t *testing.T) {
	rep := parse(t, invoke(t, "check", "--fixture", "healthy", "--plan", examplePlan, "--vpc-endpoint-id", "aws_vpc_endpoint.datasync", "-o", "json"))
	if got := rep.Targets[0].Target.EndpointID; got != "vpce-0a1b2c3d4e5f60718" {
		t.Error(got)
	}
}

// TestPlanWithoutCredentials is judged by itself, and says so.
func TestPlanWithoutCredentials(t *testing.T) {
	for _, v := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"} {
		t.Setenv(v, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	out := invoke(t, "check", "--plan", examplePlan, "--region", "us-east-1", "--agent-ip", "10.10.1.50", "-o", "json")
	rep := parse(t, out)
	if rep.ExitCode != 1 || !strings.Contains(out.stderr, "no AWS credentials") || !strings.Contains(out.stderr, "--plan-only") {
		t.Errorf("exit code %d, %s", rep.ExitCode, out.stderr)
	}
	if !slices.Equal(rep.Targets[0].Change.Broken, []string{"sg-ingress-control"}) {
		t.Errorf("%+v", rep.Targets[0].Change)
	}
}

// TestPlanIsDeterministic writes the same bytes twice.
func TestPlanIsDeterministic(t *testing.T) {
	for _, args := range [][]string{
		{"--fixture", "healthy", "--plan", examplePlan},
		{"--plan-only", "--template", "../../examples/cloudformation/datasync.yaml", "--parameters", "LastControlPort=1060", "--region", "us-east-1", "--agent-ip", "10.10.1.50"},
	} {
		args = append([]string{"check", "-o", "json", "--explain"}, args...)
		first := invoke(t, args...)
		for range 5 {
			if again := invoke(t, args...); again != first {
				t.Errorf("%v: the output differs", args)
			}
		}
		if !bytes.Contains([]byte(first.stdout), []byte(`"effect": "broken"`)) {
			t.Errorf("%v breaks nothing: %s", args, first.stderr)
		}
	}
}
