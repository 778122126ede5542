package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/report"
)

// everyHelpText is what --help says of itself, its commands and their flags.
func everyHelpText() map[string]bool {
	app := newApp(&environment{Console: new(console.Console)})
	said := map[string]bool{app.Usage: true}
	for _, list := range [][][2]string{startHere, exitCodes, variables} {
		for _, e := range list {
			said[e[1]] = true
		}
	}
	for _, cmd := range app.Commands {
		said[cmd.Usage] = true
		for _, e := range examples[cmd.Name] {
			said[e[1]] = true
		}
		names, in := groups(cmd)
		for _, g := range names {
			said[g] = g != ""
			for _, o := range in[g] {
				said[o.GetUsage()] = true
			}
		}
	}
	return said
}

// TestHelpIsJapaneseToo holds that each text of the help is there in Japanese, and
// that no Japanese text is of one that is no more.
func TestHelpIsJapaneseToo(t *testing.T) {
	own := []string{
		"USAGE", "START HERE", "COMMANDS", "EXIT CODES", "ENVIRONMENT", "EXAMPLES", "FLAGS", "what a command does, and its flags", "into a file",
		`Run "dspreflight COMMAND --help" for the flags of a command.`, `Exit codes and environment: "dspreflight --help".`,
	}
	said, known := everyHelpText(), inJapanese()
	for _, text := range own {
		said[text] = true
	}
	for text, is := range said {
		if is && known[text] == "" {
			t.Errorf("japanese.go lacks %q", text)
		}
	}
	for text := range known {
		if !said[text] {
			t.Errorf("japanese.go holds %q, which nothing says", text)
		}
	}
	for _, cmd := range newApp(&environment{Console: new(console.Console)}).Commands {
		if _, _, told := strings.Cut(cmd.UsageText, "\n\n"); told != (usageInJapanese[cmd.Name] != "") && cmd.Name != "completion" {
			t.Errorf("usageInJapanese: %s", cmd.Name)
		}
	}
}

// TestCommandsAreFoundByTheirNames finds each under the name that it calls itself.
func TestCommandsAreFoundByTheirNames(t *testing.T) {
	env := &environment{Console: new(console.Console)}
	for _, want := range newApp(env).Commands {
		if got := newCommand(env, want.Name); got == nil || got.Name != want.Name || len(want.Aliases) > 0 {
			t.Errorf("%q finds %v; other names, which are not looked for: %v", want.Name, got, want.Aliases)
		}
	}
	if newCommand(env, "") != nil {
		t.Error("no name finds a command")
	}
}

// TestHelpExamplesAreRead reads the flags of every example.
func TestHelpExamplesAreRead(t *testing.T) {
	app := newApp(&environment{Console: new(console.Console)})
	lists := [][][2]string{startHere}
	for _, list := range examples {
		lists = append(lists, list)
	}
	for _, list := range lists {
		for _, e := range list {
			words := strings.Fields(e[0])
			if words[0] != "dspreflight" || app.Command(words[1]) == nil {
				t.Fatalf("%q calls no command", e[0])
			}
			if _, _, err := readFlags(app.Command(words[1]), words[2:]); err != nil {
				t.Errorf("%s: %v", e[0], err)
			}
		}
	}
}

// TestReferenceIsUpToDate compares docs/cli.md with what make docs would write.
func TestReferenceIsUpToDate(t *testing.T) {
	want, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	if got := invoke(t, referenceCommand).stdout; got != string(want) {
		t.Error("docs/cli.md is out of date: make docs")
	}
}

// TestHelpFits shows every help in narrow and wide terminals, in both languages.
func TestHelpFits(t *testing.T) {
	for _, columns := range []int{60, 80, 200} {
		t.Setenv("COLUMNS", strconv.Itoa(columns))
		for _, lang := range []string{"en", "ja"} {
			var out bytes.Buffer
			env := &environment{Console: &console.Console{Lang: lang}, stdout: &out}
			app := newApp(env)
			if err := appHelp(env, app); err != nil {
				t.Fatal(err)
			}
			for _, cmd := range app.Commands {
				if err := commandHelp(env, cmd); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range strings.Split(out.String(), "\n") {
				if w := report.Width(line); w > columns && !strings.Contains(line, "FORMAT[=PATH]") {
					t.Errorf("%d columns, %s: %d in %q", columns, lang, w, line)
				}
			}
		}
	}
}

// TestHelpBreaksCommandsAsShellsReadThem puts the lines of every command of the help
// together again.
func TestHelpBreaksCommandsAsShellsReadThem(t *testing.T) {
	t.Setenv("COLUMNS", "60")
	var out bytes.Buffer
	env := &environment{Console: new(console.Console), stdout: &out}
	app := newApp(env)
	whole := slices.Clone(startHere)
	for _, cmd := range app.Commands {
		if err := commandHelp(env, cmd); err != nil {
			t.Fatal(err)
		}
		calls, _ := env.usageOf(cmd)
		for _, call := range calls {
			whole = append(whole, [2]string{call})
		}
		whole = append(whole, examples[cmd.Name]...)
	}
	if err := appHelp(env, app); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), " \\\n") {
		t.Error("no command is broken in 60 columns")
	}
	joined := regexp.MustCompile(` \\\n +`).ReplaceAllString(out.String(), " ")
	for _, c := range whole {
		if !strings.Contains(joined, "\n   "+c[0]+"\n") {
			t.Errorf("%q does not stand in the help as one command", c[0])
		}
	}
}

// TestVersionAsJSON reads what scripts ask for.
func TestVersionAsJSON(t *testing.T) {
	for args, want := range map[string]string{"-o json": `"version": "`, "--output=text": "dspreflight "} {
		if out := invoke(t, append([]string{"version"}, strings.Fields(args)...)...); out.code != 0 || !strings.Contains(out.stdout, want) {
			t.Errorf("version %s: %d %s", args, out.code, out.stdout)
		}
	}
	if out := invoke(t, "version", "-o", "yaml"); out.code != 2 {
		t.Errorf("version -o yaml: %d", out.code)
	}
}
