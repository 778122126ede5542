package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

// damaged is an output with something done to it that changes what it says.
func damaged(t *testing.T, r *rand.Rand, whole string) string {
	t.Helper()
	intact, err := snapshot.ReadProbes([]byte(whole), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for {
		text, at := []byte(whole), r.IntN(len(whole))
		switch lines := strings.SplitAfter(whole, "\n"); r.IntN(6) {
		case 0: // cut off
			text = text[:at]
		case 1: // its beginning is missing
			text = text[at:]
		case 2:
			text[at] ^= 1 << r.IntN(8)
		case 3: // a part is missing
			text = append(text[:at:at], text[min(len(text), at+1+r.IntN(20)):]...)
		case 4: // a line twice
			n := r.IntN(len(lines))
			text = []byte(strings.Join(append(lines[:n:n], append([]string{lines[n]}, lines[n:]...)...), ""))
		case 5: // something else spoke in between
			text = append(text[:at:at], append([]byte("\nwarning: low disk\n"), text[at:]...)...)
		}
		if runs, err := snapshot.ReadProbes(text, time.Now()); err != nil || !reflect.DeepEqual(runs, intact) {
			return string(text)
		}
	}
}

// TestDamagedOutputsOfACommand damages what each of many machines printed, where all is open
// and where 443 is closed: none of it passes or fails anything, and each machine is told of.
func TestDamagedOutputsOfACommand(t *testing.T) {
	for seed := range uint64(5) {
		if !tier.Takes(int(seed), 5) {
			continue
		}
		for _, closed := range [][]int{nil, {443}} {
			r := rand.New(rand.NewPCG(seed, 17))
			list := nodes(60)
			said := map[string]string{}
			for _, n := range list {
				said[n.id] = damaged(t, r, printed(t, n.addr, closed...))
			}
			ssm := &fakeaws.SSM{Run: func(id, _ string) (string, string, int) { return said[id], "", 0 }}
			rep, out, _ := sendAndCheck(t, list, ssm, nil)
			for _, check := range []string{"probe-443", "probe-control"} {
				if statusOf(rep, check) != "UNKNOWN" {
					t.Errorf("seed %d, closed %v: %s", seed, closed, messages(rep, check))
				}
			}
			for _, n := range list {
				if !strings.Contains(out.stderr, n.id) {
					t.Errorf("seed %d: nothing is said of %s, which printed %q", seed, n.id, said[n.id])
				}
			}
		}
	}
}

// TestPlacesOfACommand lets one machine, of the agent's VPC or of another with the same
// blocks, print that it dialled from addresses of all kinds: only one that EC2 shows it to
// have, in the agent's VPC, passes or fails the way from there. It has an interface in a
// third VPC too, and one run can't tell from where it dialled.
func TestPlacesOfACommand(t *testing.T) {
	froms := []string{"", "10.10.1.50", "10.10.1.101", "10.10.7.7", "10.10.9.9", "unknown", "10.20.1.40", "192.168.7.7", "203.0.113.9", "127.0.0.1", "169.254.1.1"}
	n := 0
	for _, vpc := range []string{"vpc-05a1b2c3d4e5f6071", "vpc-0fedcba9876543210"} {
		for _, from := range froms {
			for _, closed := range [][]int{nil, {443}} {
				if n++; !tier.Takes(n, 7) {
					continue
				}
				t.Run(fmt.Sprint(vpc, from, closed), func(t *testing.T) {
					list := nodes(1)
					list[0].vpc, list[0].second = vpc, "10.10.9.9"
					want := report.Unknown
					if from == "" && vpc == "vpc-05a1b2c3d4e5f6071" {
						want = map[bool]report.Status{true: report.Pass, false: report.Fail}[closed == nil]
					}
					at := from
					if at == "" {
						at = list[0].addr
					}
					ssm := &fakeaws.SSM{Run: func(string, string) (string, string, int) { return printed(t, at, closed...), "", 0 }}
					if rep, _, _ := sendAndCheck(t, list, ssm, nil); statusOf(rep, "probe-443") != want {
						t.Errorf("%s, want %s: %s", statusOf(rep, "probe-443"), want, messages(rep, "probe-443"))
					}
				})
			}
		}
	}
}
