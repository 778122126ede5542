package netpath

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The oracles below look at one address and one port at a time, in a space of
// 64 addresses and 16 ports, and share no code with what they test.

const spacePorts = 16

func spaceAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}) }

// drawPrefix draws a prefix within 10.0.0.0/26.
func drawPrefix(t *rapid.T, label string) netip.Prefix {
	bits := rapid.IntRange(26, 32).Draw(t, label+" bits")
	return netip.PrefixFrom(spaceAddr(rapid.IntRange(0, 63).Draw(t, label)), bits).Masked()
}

func drawPorts(t *rapid.T, label string) Ports {
	a, b := rapid.IntRange(0, spacePorts-1).Draw(t, label+" a"), rapid.IntRange(0, spacePorts-1).Draw(t, label+" b")
	return Ports{uint16(min(a, b)), uint16(max(a, b))}
}

func inPorts(p uint16, ranges []Ports) bool {
	for _, r := range ranges {
		if r.First <= p && p <= r.Last {
			return true
		}
	}
	return false
}

func inPieces(a netip.Addr, p uint16, pieces []Piece) bool {
	for _, piece := range pieces {
		if piece.Addrs.Contains(a) && piece.Ports.First <= p && p <= piece.Ports.Last {
			return true
		}
	}
	return false
}

// TestAdmitAgainstOracle holds every address and port of small spaces against
// the definition: stopped if no rule lets it through and none that is unresolved
// could; open if only an unresolved one could.
func TestAdmitAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type plainRule struct {
			prefixes []netip.Prefix
			ports    Ports
			unsure   bool
		}
		var plain []plainRule
		var rules []Rule
		for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
			r := plainRule{ports: drawPorts(t, "ports"), unsure: rapid.IntRange(0, 3).Draw(t, "unsure") == 0}
			for range rapid.IntRange(0, 3).Draw(t, "prefixes") {
				r.prefixes = append(r.prefixes, drawPrefix(t, "rule"))
			}
			plain = append(plain, r)
			rule := Rule{Ref: fmt.Sprint(i), Peers: Set(r.prefixes...), Ports: r.ports}
			if r.unsure {
				rule.Gap = &snapshot.Gap{Code: snapshot.ListUnseen, Ref: fmt.Sprint(i)}
			}
			rules = append(rules, rule)
		}
		var sources []netip.Prefix
		for range rapid.IntRange(1, 3).Draw(t, "sources") {
			sources = append(sources, drawPrefix(t, "source"))
		}
		ports := []Ports{drawPorts(t, "wanted"), drawPorts(t, "wanted")}
		got := Admit(Set(sources...), ports, rules)

		for i := range 64 {
			a := spaceAddr(i)
			asked := false
			for _, s := range sources {
				asked = asked || s.Contains(a)
			}
			for p := range uint16(spacePorts) {
				let, might := false, false
				for _, r := range plain {
					for _, prefix := range r.prefixes {
						if prefix.Contains(a) && inPorts(p, []Ports{r.ports}) {
							if r.unsure {
								might = true
							} else {
								let = true
							}
						}
					}
				}
				wanted := asked && inPorts(p, ports)
				if stopped := wanted && !let && !might; inPieces(a, p, got.Stopped) != stopped {
					t.Fatalf("%v on %d: stopped is %v", a, p, !stopped)
				}
				if open := wanted && !let && might; inPieces(a, p, got.Open) != open {
					t.Fatalf("%v on %d: open is %v", a, p, !open)
				}
			}
		}
		if got.Whole() != (len(got.Stopped) == 0 && len(got.Open) == 0) || len(got.Open) > 0 && len(got.Gaps) == 0 {
			t.Fatal("open pieces without a gap")
		}
	})
}

func TestOverlapsAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []netip.Prefix {
			var out []netip.Prefix
			for range rapid.IntRange(0, 12).Draw(t, label) {
				out = append(out, drawPrefix(t, label))
			}
			return out
		}
		a, b := draw("a"), draw("b")
		want := map[Overlap]bool{}
		for _, p := range a {
			for _, q := range b {
				if p.Overlaps(q) {
					want[Overlap{p, q}] = true
				}
			}
		}
		got := map[Overlap]bool{}
		for _, o := range Overlaps(a, b) {
			got[o] = true
		}
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for o := range want {
			if !got[o] {
				t.Fatalf("%v is missing", o)
			}
		}
	})
}

func TestOverlapsMixesFamilies(t *testing.T) {
	p := netip.MustParsePrefix
	got := Overlaps([]netip.Prefix{p("10.0.0.0/8"), p("2001:db8::/32"), {}}, []netip.Prefix{p("10.1.0.0/16"), p("2001:db8:1::/48"), p("::ffff:10.2.0.0/112")})
	if len(got) != 3 {
		t.Errorf("got %v", got)
	}
	if len(Overlaps([]netip.Prefix{p("0.0.0.0/0")}, []netip.Prefix{p("::/0")})) != 0 {
		t.Error("IPv4 overlaps IPv6")
	}
}

// BenchmarkOverlaps shows n log n: the time per prefix hardly grows.
func BenchmarkOverlaps(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		rng := rand.New(rand.NewPCG(1, 2))
		draw := func(first byte) []netip.Prefix {
			out := make([]netip.Prefix, n)
			for i := range out {
				out[i] = netip.PrefixFrom(netip.AddrFrom4([4]byte{first, byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())}), 24+rng.IntN(9)).Masked()
			}
			return out
		}
		left, right := draw(10), draw(11)
		right[n/2] = left[n/2] // one real overlap
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if len(Overlaps(left, right)) == 0 {
					b.Fatal("the overlap was missed")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(2*n), "ns/prefix")
		})
	}
}
