package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/tier"
)

var update = flag.Bool("update", false, "rewrite the sample output and the picture of README.md and docs/gate.md")

// TestReadmeShowsRealOutput runs the commands of the console blocks of the README
// and of the guide, and compares what they print.
func TestReadmeShowsRealOutput(t *testing.T) {
	t.Chdir("../..") // where a reader stands
	for _, path := range []string{"README.md", "README.ja.md", "docs/gate.md"} {
		t.Run(path, func(t *testing.T) { showsRealOutput(t, path) })
	}
}

func showsRealOutput(t *testing.T, path string) {
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const start, end = "```console\n$ dspreflight ", "\n```"
	text := string(body)
	blocks := strings.Split(text, start)
	if len(blocks) < 2 {
		t.Fatal("it shows no output")
	}
	out := blocks[0]
	for _, block := range blocks[1:] {
		at := strings.Index(block, end)
		command, _, _ := strings.Cut(block[:at], "\n")
		printed := invoke(t, strings.Fields(command)...)
		out += start + command + "\n" + strings.TrimRight(printed.stdout, "\n") + block[at:]
	}
	if *update {
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if out != text {
		t.Error("the sample output is out of date: go test ./cmd/dspreflight -run Readme -update")
	}
}

// TestReadmePicture holds the picture to what the program draws.
func TestReadmePicture(t *testing.T) {
	const file = "../../docs/path.svg"
	drawn := invoke(t, "check", "--fixture", "unreachable-443", "-o", "svg").stdout
	if *update {
		if err := os.WriteFile(file, []byte(drawn), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if body, err := os.ReadFile(file); err != nil || string(body) != drawn {
		t.Errorf("the picture is out of date (%v): go test ./cmd/dspreflight -run Readme -update", err)
	}
}

// guides are the pages that people read from the beginning.
func guides(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(err)
	}
	return append([]string{"../../README.md", "../../README.ja.md"}, pages...)
}

// blocks are the code blocks of a page in a language.
func blocks(page, language string) []string {
	var out []string
	for _, b := range strings.Split("\n"+page, "\n```"+language+"\n")[1:] {
		body, _, _ := strings.Cut(b, "\n```")
		out = append(out, body)
	}
	return out
}

// TestRealReadmeCommands gives every command of the README and of the guides to a shell,
// as a reader does, in a folder that has the files that they name and before the healthy
// estate: none is a mistake.
func TestRealReadmeCommands(t *testing.T) {
	tier.Real(t, "a shell, and the built program")
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("SKIPPED: there is no shell")
	}
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	built, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	s := fakeaws.New(t, files)
	s.Members = []fakeaws.Member{{Account: "111122223333", State: "ACTIVE"}}
	env := os.Environ()
	for k, v := range s.Env() {
		env = append(env, k+"="+v)
	}
	env = append(env, "PATH="+built+":"+os.Getenv("PATH"), "DSPREFLIGHT_CONNECT_TIMEOUT=50ms", "HOME="+t.TempDir())
	ran := 0
	for _, page := range guides(t) {
		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		prepare(t, dir, string(body))
		for _, block := range blocks(string(body), "sh") {
			for _, line := range strings.Split(strings.ReplaceAll(block, "\\\n", " "), "\n") {
				if !strings.HasPrefix(line, "dspreflight ") {
					continue
				}
				command := exec.Command("sh", "-c", strings.ReplaceAll(line, "| ssh activation-host sh", "> /dev/null"))
				command.Dir, command.Env = dir, env
				said, err := command.CombinedOutput()
				if ran++; err != nil && command.ProcessState.ExitCode() != 1 && command.ProcessState.ExitCode() != 3 {
					t.Errorf("%s: %s: %v\n%s", path.Base(page), line, err, said)
				}
			}
		}
	}
	if ran < 30 {
		t.Errorf("%d commands were found", ran)
	}
}

// prepare puts into a folder what the commands of a page read: its own YAML, and files
// that others would have made.
func prepare(t *testing.T, dir, page string) {
	t.Helper()
	write := func(name, body string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("targets.yaml", "region: us-east-1\nsource-cidr: [10.10.0.0/16]\ntargets:\n  - {name: finance, vpc-endpoint-id: vpce-0a1b2c3d4e5f60718}\n")
	write("scopes.yaml", "region: us-east-1\nscopes:\n  - {name: other, role-arn: \"arn:aws:iam::444455556666:role/Audit\"}\n")
	for _, y := range blocks(page, "yaml") {
		if head, body, ok := strings.Cut(y, "\n"); ok && strings.HasPrefix(head, "# ") {
			name, _, _ := strings.Cut(strings.TrimPrefix(head, "# "), ",")
			if strings.HasSuffix(name, ".yaml") && !strings.Contains(name, "/") {
				write(name, body)
			}
		}
	}
	write("today.json", invoke(t, "check", "--fixture", "healthy", "-o", "json").stdout)
	write("yesterday.json", invoke(t, "check", "--fixture", "healthy", "-o", "json").stdout)
	write("error.txt", "errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE")
	plan, err := os.ReadFile("../../examples/terraform/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	write("plan.json", string(plan))
	write("probes.json", invoke(t, "probe", "--endpoint-ip", "127.0.0.1", "--connect-timeout", "50ms", "-o", "json").stdout)
	template, err := os.ReadFile("../../examples/cloudformation/datasync.yaml")
	if err != nil {
		t.Fatal(err)
	}
	deployed, err := json.Marshal(map[string]string{"TemplateBody": string(template)})
	if err != nil {
		t.Fatal(err)
	}
	write("template.yaml", string(template))
	write("deployed.json", string(deployed))
	write("parameters.json", `[{"ParameterKey": "LastControlPort", "ParameterValue": "1064"}]`)
	write("changes.json", `{"StackName": "network", "ChangeSetName": "n", "Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": {"Action": "Add", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic", "Scope": [], "Details": []}}]}`)
	folders := []string{"yesterday", "today"}
	if !strings.Contains(page, "--save estate") {
		folders = append(folders, "estate")
	}
	for _, folder := range folders {
		if out := invoke(t, "fixtures", "healthy", "--save", filepath.Join(dir, folder)); out.code != 0 {
			t.Fatal(out.stderr)
		}
	}
}

// TestGuidesLeadSomewhere follows the links of the guides to files of the repository.
func TestGuidesLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[a-z-]+)?\)`)
	for _, page := range guides(t) {
		body, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(body), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s leads to %s: %v", path.Base(page), m[1], err)
			}
		}
	}
}

// TestReadmesAgree holds both READMEs to the same structure: headings of the same levels,
// the same blocks, tables of the same size, the same links but for their language.
func TestReadmesAgree(t *testing.T) {
	shape := func(file string) []string {
		body, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		inBlock := false
		for _, line := range strings.Split(string(body), "\n") {
			switch {
			case strings.HasPrefix(line, "```"):
				inBlock = !inBlock
				out = append(out, line)
			case inBlock:
				if strings.HasPrefix(line, "$ ") || strings.HasPrefix(line, "dspreflight ") {
					command, _, _ := strings.Cut(strings.ReplaceAll(line, " --lang ja", ""), " #")
					out = append(out, strings.TrimSpace(command))
				}
			case strings.HasPrefix(line, "#"):
				out = append(out, strings.TrimRight(line[:strings.Index(line, " ")], " "))
			case strings.HasPrefix(line, "|"):
				out = append(out, strings.Repeat("|", strings.Count(line, "|")))
			case line == "":
				out = append(out, "")
			}
		}
		return slices.Compact(out)
	}
	if diff := unequal(shape("README.md"), shape("README.ja.md")); diff != "" {
		t.Errorf("README.md, and README.ja.md:\n%s", diff)
	}
}
