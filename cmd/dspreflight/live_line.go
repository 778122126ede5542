package main

import (
	"fmt"

	"github.com/dspreflight/dspreflight/report"
)

// line is a status line on standard error, where that is a terminal; elsewhere
// it is silent.
type line struct {
	env   *environment
	tty   bool
	width int
}

func liveLine(env *environment) line {
	width, tty := terminal(env.stderr)
	return line{env, tty, width}
}

func (l line) say(text string) {
	if l.tty {
		l.env.asks.Lock()
		defer l.env.asks.Unlock()
		// A line that wraps could not be taken back.
		fmt.Fprintf(l.env.stderr, "\r\x1b[K%s", report.Wrap(report.Harmless(text), l.width-1)[0])
	}
}

func (l line) done() {
	if l.tty {
		fmt.Fprint(l.env.stderr, "\r\x1b[K")
	}
}
