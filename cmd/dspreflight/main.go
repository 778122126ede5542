// Command dspreflight checks whether an AWS DataSync agent can be activated
// through a VPC endpoint: before it is tried, when infrastructure changes, and
// after it failed.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dspreflight/dspreflight/internal/files"
)

// grace is how long an interrupted run may take to print what is decided. Reading
// a large file or waiting for a pipe notices no interrupt.
const grace = 500 * time.Millisecond

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process whatever it is waiting for
	done := make(chan int, 1)
	go func() { done <- run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr) }()
	var code int
	select {
	case code = <-done:
	case <-ctx.Done():
		select {
		case code = <-done:
		case <-time.After(grace):
			files.RemoveUnfinished()
			code = exitInterrupted
		}
	}
	os.Exit(code)
}
