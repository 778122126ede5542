package main

import (
	"fmt"

	"github.com/dspreflight/dspreflight/report"
)

// line is a status line on standard error, where that is a terminal; elsewhere
// it is silent.
type line struct {
	env *environment
	tty bool
}

func liveLine(env *environment) line {
	_, tty := terminal(env.stderr)
	return line{env, tty}
}

func (l line) say(text string) {
	if l.tty {
		fmt.Fprintf(l.env.stderr, "\r\x1b[K%s", report.Harmless(text))
	}
}

func (l line) done() {
	if l.tty {
		fmt.Fprint(l.env.stderr, "\r\x1b[K")
	}
}
