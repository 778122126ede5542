package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// connector is what signs in to AWS in this run: as people have it, with a code of an MFA
// device where there is a terminal to ask on.
func connector(c *cli.Context, env *environment) collect.Connector {
	k := collect.Connector{Sessions: &env.sessions}
	if c.Bool("debug") {
		k.Trace = func(line string) {
			env.asks.Lock()
			defer env.asks.Unlock()
			fmt.Fprintln(env.stderr, "debug: "+report.Harmless(line))
		}
	}
	in, isFile := env.stdin.(*os.File)
	if _, sees := terminal(env.stderr); sees && isFile && term.IsTerminal(int(in.Fd())) {
		k.Code = func(ctx context.Context, device string) (string, error) { return env.askCode(ctx, in, device) }
	}
	return k
}

// askCode asks for what an MFA device shows. It is seen as it is typed: it serves once.
func (env *environment) askCode(ctx context.Context, in *os.File, device string) (string, error) {
	env.asks.Lock()
	defer env.asks.Unlock()
	fmt.Fprint(env.stderr, "\r\x1b[K"+report.Harmless(snapshot.Textf("code of the MFA device %s: ", "MFA デバイス %s のコード: ", device).In(env.lang)))
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		done <- read{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return r.line, r.err
	}
}
