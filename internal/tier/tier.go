// Package tier tells tests apart by what they cost. "make test" runs all that a
// change must pass at once, with the race detector; "make real" runs what has real
// parts (moto, shells, Terraform, a browser) and every step of the sweeps; "make
// soak" runs sweeps that take as long as they are given. In between, "go test ./..."
// takes a share of the steps, and with the race detector, which finds nothing more in
// a sweep, a share of those.
package tier

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

const (
	variable = "REAL_PARTS" // is set to run the tests that have real parts
	every    = "EVERY_STEP" // is set to take every step of the sweeps
	slower   = 8            // with the race detector one step takes as long as so many
)

// Real skips a test with real parts, unless they were asked for. Its name says
// Real, by which "make real" finds it. why names the parts.
func Real(t testing.TB, why string) {
	t.Helper()
	if _, bench := t.(*testing.B); bench {
		return
	}
	if !strings.Contains(t.Name(), "Real") {
		t.Fatalf("%s has real parts (%s): let its name say Real, or make real does not find it", t.Name(), why)
	}
	if os.Getenv(variable) == "" {
		t.Skipf("SKIPPED: %s; make real runs it", why)
	}
}

// Takes reports whether the step of a sweep is taken: every one where that is asked
// for, else one in so many. An odd number takes both of what alternates.
func Takes(step, oneIn int) bool {
	if race {
		oneIn *= slower
	}
	return os.Getenv(every) != "" || step%oneIn == 0
}

// Size is how large a made estate is: with the race detector, smaller.
func Size(n int) int {
	if race && os.Getenv(every) == "" {
		return n / slower
	}
	return n
}

// Spend lets the tests of a package take more memory and less time: they throw away most
// of what they make. Benchmarks measure the program as it is. It belongs into a TestMain.
func Spend() {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		debug.SetGCPercent(200)
	}
}

// Loud is what a check does, but that it ends the tests where it panics: the engine
// makes UNKNOWN of that, which no test of a verdict would see. It belongs into a
// TestMain.
func Loud[Exam any](id string, run func(Exam)) func(Exam) {
	return func(x Exam) {
		defer func() {
			if r := recover(); r != nil {
				fmt.Fprintf(os.Stderr, "--- FAIL: the check %s panicked: %v\n%s", id, r, debug.Stack())
				os.Exit(1)
			}
		}()
		run(x)
	}
}

// Share is what a test takes of a long list: with the race detector one in so many.
func Share[T any](list []T) []T {
	var out []T
	for n, one := range list {
		if Takes(n, 1) {
			out = append(out, one)
		}
	}
	return out
}
