// Package tier tells tests apart by what they cost. "make test" runs all that a
// change must pass at once, with the race detector; "make real" runs what has real
// parts (moto, shells, Terraform, a browser) and every step of the sweeps; "make
// soak" runs sweeps that take as long as they are given.
package tier

import (
	"os"
	"strings"
	"testing"
)

// variable is set to run the tests that have real parts.
const variable = "REAL_PARTS"

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

// Takes reports whether the step of a sweep is taken: with the race detector,
// which makes each several times as slow, one in so many; without it, every one.
func Takes(step, oneIn int) bool { return !race || step%oneIn == 0 }
