// Package console talks to whoever runs dspreflight: on standard error, and where there is
// a terminal, in a line that changes and with questions. Standard output is the report's.
package console

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// Console is where a run is told things and tells them.
type Console struct {
	In   io.Reader
	Err  io.Writer
	Lang string // of what the command line itself is told

	asks sync.Mutex // held while a person is asked
}

// Tell says something on standard error, in one line: what was inserted, such as
// the name of a file or what a library says of one, can't begin another, which a
// terminal or a runner of workflows might obey.
func (c *Console) Tell(text string) {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	for i := range lines {
		lines[i] = strings.TrimSpace(report.Harmless(lines[i]))
	}
	fmt.Fprintln(c.Err, strings.Join(lines, "; "))
}

// Debug says what --debug shows, not in the middle of a question.
func (c *Console) Debug(line string) {
	c.asks.Lock()
	defer c.asks.Unlock()
	fmt.Fprintln(c.Err, "debug: "+report.Harmless(line))
}

// Read reads standard input to its end, unless the run is interrupted: the other end may
// never close it.
func (c *Console) Read(ctx context.Context, limit int64) ([]byte, error) {
	type read struct {
		body []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		body, err := io.ReadAll(io.LimitReader(c.In, limit+1))
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

// CanAsk reports whether there is a person to ask.
func (c *Console) CanAsk() bool {
	in, isFile := c.In.(*os.File)
	_, sees := Terminal(c.Err)
	return sees && isFile && term.IsTerminal(int(in.Fd()))
}

// Ask asks for a line. It is seen as it is typed.
func (c *Console) Ask(ctx context.Context, question string) (string, error) {
	c.asks.Lock()
	defer c.asks.Unlock()
	fmt.Fprint(c.Err, clearLine+report.Harmless(question))
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := bufio.NewReader(c.In).ReadString('\n')
		done <- read{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return r.line, r.err
	}
}

// Terminal reports whether a stream is a terminal, and how wide it is: what COLUMNS
// says, else what the terminal does.
func Terminal(stream any) (width int, ok bool) {
	if w, wraps := stream.(interface{ Unwrap() io.Writer }); wraps {
		stream = w.Unwrap()
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

const clearLine = "\r\x1b[K"

// Line is a status line on standard error, where that is a terminal; elsewhere it is
// silent.
type Line struct {
	console *Console
	width   int
	Seen    bool // there is a terminal
}

// Line returns the status line.
func (c *Console) Line() Line {
	width, tty := Terminal(c.Err)
	return Line{c, width, tty}
}

// Say puts a text in the place of the one before.
func (l Line) Say(text string) {
	if l.Seen {
		l.console.asks.Lock()
		defer l.console.asks.Unlock()
		// A line that wraps could not be taken back.
		fmt.Fprintf(l.console.Err, clearLine+"%s", report.Wrap(report.Harmless(text), l.width-1)[0])
	}
}

// Done takes the line back.
func (l Line) Done() {
	if l.Seen {
		fmt.Fprint(l.console.Err, clearLine)
	}
}
