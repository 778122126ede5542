package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// exitUsage is the exit code for usage errors and unreadable input: no verdict.
const exitUsage = 2

// exitInterrupted is the exit code of a run that was stopped, as shells have it.
const exitInterrupted = 130

// environment is what a command may touch of the outside world.
type environment struct {
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	lang     string     // of what the command line itself is told: help, completion
	asks     sync.Mutex // held while a person is asked
	sessions collect.Sessions
	code     int // the exit code of a command that ran to its end
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{Writer: stdout}
	env := &environment{stdin: stdin, stdout: out, stderr: stderr, lang: languageOf(args)}
	app := newApp(env)
	err := dispatch(ctx, env, app, args)
	if err == nil && out.err != nil {
		err = snapshot.Errorf("write to standard output: %w", "標準出力への書き込み: %w", out.err)
	}
	if err != nil && ctx.Err() != nil {
		return exitInterrupted
	}
	if err != nil {
		env.tell("dspreflight: " + snapshot.ErrorIn(err, env.lang))
		return exitUsage
	}
	return env.code
}

// tell says something on standard error, in one line: what was inserted, such as
// the name of a file or what a library says of one, can't begin another, which a
// terminal or a runner of workflows might obey.
func (env *environment) tell(text string) {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	for i := range lines {
		lines[i] = strings.TrimSpace(report.Harmless(lines[i]))
	}
	fmt.Fprintln(env.stderr, strings.Join(lines, "; "))
}

// readInput reads standard input to its end, unless the run is interrupted: the
// other end may never close it.
func (env *environment) readInput(ctx context.Context, limit int64) ([]byte, error) {
	type read struct {
		body []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		body, err := io.ReadAll(io.LimitReader(env.stdin, limit+1))
		done <- read{body, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.err == nil && int64(len(r.body)) > limit {
			return nil, snapshot.Errorf("it is larger than %d MB", "%d MB を超えている", limit>>20)
		}
		return r.body, r.err
	}
}

// checkedWriter remembers the first error of writing, which most printing
// functions don't pass on.
type checkedWriter struct {
	io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil && w.err == nil {
		w.err = err
	}
	return n, err
}

func newApp(env *environment) *cli.App {
	return &cli.App{
		Name:  "dspreflight",
		Usage: "find out why an AWS DataSync agent can't be activated through a VPC endpoint, before you try or after it failed",
		Commands: []*cli.Command{
			checkCommand(env), explainCommand(env), activateCommand(env), runbookCommand(env), probeCommand(env), checksCommand(env), fixturesCommand(env),
			snapshotCommand(env), bundleCommand(env), iamPolicyCommand(env), diffCommand(env), versionCommand(env), completionCommand(env),
		},
	}
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

// terminal reports whether a stream is a terminal, and how wide it is: what COLUMNS
// says, else what the terminal does.
func terminal(stream any) (width int, ok bool) {
	if w, ok := stream.(*checkedWriter); ok {
		stream = w.Writer
	}
	width = report.DefaultWidth
	f, isFile := stream.(*os.File)
	if ok = isFile && term.IsTerminal(int(f.Fd())); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			width = w
		}
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		width = n
	}
	return width, ok
}

// colored decides --color for a stream. https://no-color.org
func colored(mode string, stream any) (bool, error) {
	_, tty := terminal(stream)
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
