package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// exitUsage is the exit code for usage errors and unreadable input: no verdict.
const exitUsage = 2

// exitInterrupted is the exit code of a run that was stopped, as shells have it.
const exitInterrupted = 130

// environment is what a command may touch of the outside world.
type environment struct {
	*console.Console
	stdout io.Writer
	code   int // the exit code of a command that ran to its end
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{Writer: stdout}
	env := &environment{Console: &console.Console{In: stdin, Err: stderr, Lang: languageOf(args)}, stdout: out}
	err := dispatch(ctx, env, args)
	if err == nil && out.err != nil {
		err = snapshot.Errorf("write to standard output: %w", "標準出力への書き込み: %w", out.err)
	}
	if err != nil && ctx.Err() != nil {
		return exitInterrupted
	}
	if err != nil {
		env.Tell("dspreflight: " + snapshot.ErrorIn(err, env.Lang))
		return exitUsage
	}
	return env.code
}

// checkedWriter remembers the first error of writing, which most printing
// functions don't pass on.
type checkedWriter struct {
	io.Writer
	err error
}

// Unwrap is where it is written to.
func (w *checkedWriter) Unwrap() io.Writer { return w.Writer }

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

// commands are what makes each command, in the order of the help: a run lays out the
// flags of its own command only.
var commands = []struct {
	name string
	make func(*environment) *cli.Command
}{
	{"check", checkCommand},
	{"explain", explainCommand},
	{"activate", activateCommand},
	{"runbook", runbookCommand},
	{"probe", probeCommand},
	{"checks", checksCommand},
	{"fixtures", fixturesCommand},
	{"snapshot", snapshotCommand},
	{"bundle", bundleCommand},
	{"iam-policy", iamPolicyCommand},
	{"diff", diffCommand},
	{"version", versionCommand},
	{"completion", completionCommand},
}

// newApp is the program with all its commands.
func newApp(env *environment) *cli.App {
	app := &cli.App{
		Name:  "dspreflight",
		Usage: "find out why an AWS DataSync agent can't be activated through a VPC endpoint, before you try or after it failed",
	}
	for _, c := range commands {
		app.Commands = append(app.Commands, c.make(env))
	}
	return app
}

// newCommand is one command; nil if there is none of the name.
func newCommand(env *environment, name string) *cli.Command {
	for _, c := range commands {
		if c.name == name {
			return c.make(env)
		}
	}
	return nil
}

// language is that of --lang, else of the locale.
func language(c *cli.Context) (string, error) {
	switch l := c.String("lang"); l {
	case "en", "ja":
		return l, nil
	case "":
	default:
		return "", snapshot.Errorf("--lang %q: it is en or ja", "--lang %q: en か ja を指定する", l)
	}
	return localeLanguage(), nil
}

// localeLanguage is what the environment's locale asks for.
func localeLanguage() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if s := os.Getenv(v); s != "" {
			if strings.HasPrefix(s, "ja") {
				return "ja"
			}
			return "en"
		}
	}
	return "en"
}

// languageOf finds the language for an error, which may be one about the flags
// themselves.
func languageOf(args []string) string {
	lang := os.Getenv("DSPREFLIGHT_LANG")
	for i, a := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if !strings.HasPrefix(a, "-") || name != "lang" {
			continue
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		lang = value
	}
	if lang == "en" || lang == "ja" {
		return lang
	}
	return localeLanguage()
}

// colored decides --color for a stream. https://no-color.org
func colored(mode string, stream any) (bool, error) {
	_, tty := console.Terminal(stream)
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto", "":
		return tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	}
	return false, snapshot.Errorf("--color %q: it is auto, always or never", "--color %q: auto、always、never のいずれかを指定する", mode)
}
