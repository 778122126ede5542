package netpath

import (
	"cmp"
	"net/netip"
	"slices"
)

// Overlap is a pair of prefixes, one of each side, that share addresses.
type Overlap struct{ A, B netip.Prefix }

// Overlaps returns the pairs of prefixes that overlap, in order of address. Of
// two prefixes that overlap one holds the other, so a sweep over both sides in
// order needs to remember only the prefixes that are still open. The time is
// n log n in the number of prefixes plus the pairs found.
func Overlaps(a, b []netip.Prefix) []Overlap {
	type item struct {
		prefix netip.Prefix
		left   bool
	}
	items := make([]item, 0, len(a)+len(b))
	for _, p := range a {
		if p.IsValid() {
			items = append(items, item{unmapped(p), true})
		}
	}
	for _, p := range b {
		if p.IsValid() {
			items = append(items, item{unmapped(p), false})
		}
	}
	slices.SortFunc(items, func(x, y item) int {
		return cmp.Or(x.prefix.Addr().Compare(y.prefix.Addr()), cmp.Compare(x.prefix.Bits(), y.prefix.Bits()))
	})
	var found []Overlap
	var open [2][]netip.Prefix // by side, each holding the next
	for _, it := range items {
		for side := range open {
			for n := len(open[side]); n > 0 && !open[side][n-1].Contains(it.prefix.Addr()); n-- {
				open[side] = open[side][:n-1]
			}
		}
		if it.left {
			for _, o := range open[1] {
				found = append(found, Overlap{it.prefix, o})
			}
			open[0] = append(open[0], it.prefix)
		} else {
			for _, o := range open[0] {
				found = append(found, Overlap{o, it.prefix})
			}
			open[1] = append(open[1], it.prefix)
		}
	}
	return slices.Compact(found)
}

// unmapped is the canonical form of a prefix: host bits zero, IPv4 as IPv4.
func unmapped(p netip.Prefix) netip.Prefix {
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
