//go:build linux

package main

import (
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks/documented"
)

var shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)\n```$")

// typed are the commands of a runbook, without those that find the cause of an error.
func typed(t *testing.T, book string) string {
	t.Helper()
	var lines []string
	for _, m := range shellBlock.FindAllStringSubmatch(book, -1) {
		if !strings.HasPrefix(m[1], "dspreflight ") {
			lines = append(lines, m[1])
		}
	}
	if len(lines) < 6 {
		t.Fatalf("%d commands:\n%s", len(lines), book)
	}
	return strings.Join(lines, "\n") + "\n"
}

func runbookOf(t *testing.T, flags ...string) string {
	t.Helper()
	out := invoke(t, append([]string{"runbook", "--fixture", "healthy"}, flags...)...)
	if out.code != 0 || out.stderr != "" {
		t.Fatalf("%v: exit code %d: %s", flags, out.code, out.stderr)
	}
	return out.stdout
}

// TestRunbookTakesTheStepsOfTheScript runs both with an AWS CLI and a curl that take down
// what they are asked, and expects the same, in the same order.
func TestRunbookTakesTheStepsOfTheScript(t *testing.T) {
	const clerk = `#!/bin/sh
{ printf '%s\n' "${0##*/}" "$@"; echo; } >>"$NOTES"
case "$*" in
  *redirect*) printf 'HTTP/1.1 200 OK\r\n\r\nABCDE-FGHIJ-KLMNO-PQRST-UVWXY' ;;
  *get-caller*) echo 111122223333 ;;
  *create-agent*) cat >/dev/null; echo arn:aws:datasync:us-east-1:111122223333:agent/agent-0123456789abcdef0 ;;
  *describe-agent*) echo ONLINE ;;
esac
`
	bin := t.TempDir()
	for _, name := range []string{"aws", "curl"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(clerk), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// What only the script says: how it waits, and that it wants the head of an answer.
	apart := regexp.MustCompile(`(?m)^(--cli-(connect|read)-timeout|--connect-timeout|--max-time|--proto|--max-redirs|--noproxy|-[qgsSiG]+|=http|\*|[0-9]{1,3})\n`)
	notes := func(text string) string {
		file := filepath.Join(t.TempDir(), "notes")
		cmd := exec.Command("sh")
		cmd.Stdin = strings.NewReader(text)
		cmd.Env = []string{"NOTES=" + file, "PATH=" + bin + ":" + os.Getenv("PATH")}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, text)
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return apart.ReplaceAllString(string(body), "")
	}
	for _, flags := range [][]string{nil, {"--agent-name", "a b", "--lang", "ja"}} {
		script, book := notes(activationScript(t, flags...)), notes(typed(t, runbookOf(t, flags...)))
		if script != book || strings.Count(script, "\n\n") != 5 {
			t.Errorf("%v: the script asks\n%s\nthe runbook\n%s", flags, script, book)
		}
	}
}

// TestRunbookPages holds what every page has: each step's values, the article put right,
// and a page for each error; and that a browser may do nothing but show it.
func TestRunbookPages(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		for _, form := range [][]string{nil, {"--local-console"}, {"--terraform"}, {"--cloudformation"}} {
			flags := append([]string{"--lang", lang}, form...)
			markdown := runbookOf(t, flags...)
			page := runbookOf(t, append(flags, "-o", "html")...)
			text := html.UnescapeString(page)
			for _, want := range []string{"10.20.1.10", "arn:aws:ec2:us-east-1:111122223333:security-group/sg-0e1d2c3b4a5968778", "GroupID", "security-group", "docs/errors/INVALID_EC2_SUBNET.md", "dspreflight explain --run --fixture healthy"} {
				if !strings.Contains(markdown, want) || !strings.Contains(text, want) {
					t.Errorf("%v: %q is missing", flags, want)
				}
			}
			for _, m := range shellBlock.FindAllStringSubmatch(markdown, -1) {
				if !strings.Contains(text, m[1]) {
					t.Errorf("%v: the page lacks %q", flags, m[1])
				}
			}
			if !strings.Contains(page, "default-src 'none'; style-src 'sha256-") || regexp.MustCompile(`(?i)<script|\son[a-z]+=|src=`).MatchString(page) || strings.Count(page, "<section") != strings.Count(page, "</section>") {
				t.Errorf("%v: the page may do more than show itself", flags)
			}
		}
	}
	book := runbookOf(t)
	for _, e := range documented.All() {
		if asked := e.Stage == documented.KeyFetch || e.Stage == documented.CreateAgent; asked && !strings.Contains(book, "docs/errors/"+e.ID+".md") {
			t.Errorf("%s is not among what may go wrong", e.ID)
		}
	}
	file := filepath.Join(t.TempDir(), "book.html")
	if out := invoke(t, "runbook", "--fixture", "healthy", "-o", "html="+file); out.code != 0 || out.stdout != "" {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	if body, err := os.ReadFile(file); err != nil || string(body) != runbookOf(t, "-o", "html") {
		t.Errorf("the file holds another page (%v)", err)
	}
}

// TestRunbookRefuses expects no page for what is not ready, as of activate, and a page
// that says so for what is let through.
func TestRunbookRefuses(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--fixture", "unreachable-443"}, 1, "DSP201"},
		{[]string{"--fixture", "unreachable-443", "--anyway", "inconclusive"}, 1, "DSP201"},
		{[]string{"--fixture", "no-permission", "--accept", "iam-activation"}, 3, "--anyway inconclusive"},
		{[]string{"--fixture", "healthy-agent", "--agent-ip", "10.10.1.50"}, 2, "check --agent-arn " + agentARN},
		{[]string{"--fixture", "healthy", "-o", "pdf"}, 2, "expected markdown or html"},
		{[]string{"--fixture", "healthy", "-o", "html="}, 2, "expected markdown or html"},
		{[]string{"--fixture", "healthy", "--terraform", "--local-console"}, 2, "exclude each other"},
	} {
		if out := invoke(t, append([]string{"runbook"}, tt.args...)...); out.code != tt.code || out.stdout != "" || !strings.Contains(out.stderr, tt.says) {
			t.Errorf("%v: exit code %d\n%s\n%s", tt.args, out.code, out.stdout, out.stderr)
		}
	}
	for _, tt := range []struct{ args, says []string }{
		{[]string{"--fixture", "unreachable-443", "--accept", "DSP201", "--accept", "DSP212"}, []string{"READY, as 2 findings are let stand", "DSP201 sg-ingress-443"}},
		{[]string{"--fixture", "no-permission", "--accept", "iam-activation", "--anyway", "inconclusive"}, []string{"INCONCLUSIVE: it is not known whether these steps succeed", "UNKNOWN task-sg"}},
	} {
		for _, form := range []string{"markdown", "html"} {
			out := invoke(t, slices.Concat([]string{"runbook", "-o", form}, tt.args)...)
			for _, s := range tt.says {
				if out.code != 0 || !strings.Contains(strings.NewReplacer(`<span class="k">`, "", "</span>", "").Replace(out.stdout), s) {
					t.Errorf("%v: exit code %d, %q is not said", tt.args, out.code, s)
				}
			}
		}
	}
}

// TestRealRunbook takes a fresh agent to ONLINE by what a runbook says to type.
func TestRealRunbook(t *testing.T) {
	w := newWorld(t, "healthy")
	w.listen(t)
	lines := strings.Replace(typed(t, runbookOf(t)), "http://10.10.1.50/", "http://"+w.at+"/", 1)
	status := lines[strings.LastIndex(lines, "\naws "):]
	out := w.run(t, "dash", lines+"sleep 2\n"+status)
	if made := w.aws.DataSync.Agents(); out.code != 0 || len(made) != 1 || !strings.Contains(out.stdout, "a key\n"+made[0]+"\n") || !strings.HasSuffix(out.stdout, "ONLINE\n") {
		t.Errorf("exit code %d, agents %v\n%s\n%s", out.code, made, out.stdout, out.stderr)
	}
}
