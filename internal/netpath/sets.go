package netpath

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"
)

// Ports is a range of TCP ports, both ends included.
type Ports struct{ First, Last uint16 }

// AllPorts is every TCP port.
var AllPorts = Ports{0, 65535}

// Port is the range of a single port.
func Port(p uint16) Ports { return Ports{p, p} }

// String writes "443" or "1024-1064".
func (p Ports) String() string {
	if p.First == p.Last {
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d-%d", p.First, p.Last)
}

func (p Ports) contains(o Ports) bool { return p.First <= o.First && o.Last <= p.Last }

// Piece is a part of the traffic: every address in the set on every port of the
// range.
type Piece struct {
	Addrs *netipx.IPSet
	Ports Ports
}

// Set builds an address set from prefixes.
func Set(prefixes ...netip.Prefix) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		if p.IsValid() {
			b.AddPrefix(p.Masked())
		}
	}
	return must(b.IPSet())
}

// AddrSet builds a set of single addresses.
func AddrSet(addrs ...netip.Addr) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, a := range addrs {
		if a.IsValid() {
			b.Add(a.Unmap())
		}
	}
	return must(b.IPSet())
}

// must unwraps results that fail only for invalid input, which the callers have
// already left out.
func must(s *netipx.IPSet, err error) *netipx.IPSet {
	if err != nil || s == nil {
		return &netipx.IPSet{}
	}
	return s
}

var nothing = &netipx.IPSet{}

// Empty reports whether the set holds no address.
func Empty(s *netipx.IPSet) bool { return s == nil || s.Equal(nothing) }

// within reports whether every address of a is in b. Most sets that meet are of
// one range, and either apart or one within the other: no new set is needed then.
func within(a, b *netipx.IPSet) bool {
	if Empty(a) || Empty(b) {
		return Empty(a)
	}
	return !slices.ContainsFunc(a.Ranges(), func(r netipx.IPRange) bool { return !b.ContainsRange(r) })
}

// Minus returns the addresses of a that are not in b.
func Minus(a, b *netipx.IPSet) *netipx.IPSet {
	switch {
	case within(a, b):
		return nothing
	case !overlaps(a, b):
		return a
	}
	var w netipx.IPSetBuilder
	w.AddSet(a)
	w.RemoveSet(b)
	return must(w.IPSet())
}

// Both returns the addresses in both sets.
func Both(a, b *netipx.IPSet) *netipx.IPSet {
	switch {
	case !overlaps(a, b):
		return nothing
	case within(a, b):
		return a
	case within(b, a):
		return b
	}
	var w netipx.IPSetBuilder
	w.AddSet(a)
	w.Intersect(b)
	return must(w.IPSet())
}

// Union returns the addresses in either set.
func Union(a, b *netipx.IPSet) *netipx.IPSet {
	switch {
	case a != nil && within(b, a):
		return a
	case b != nil && within(a, b):
		return b
	}
	var w netipx.IPSetBuilder
	w.AddSet(a)
	w.AddSet(b)
	return must(w.IPSet())
}

var everyIPv4 = Set(netip.MustParsePrefix("0.0.0.0/0"))

// IPv4 returns the IPv4 addresses of the set.
func IPv4(s *netipx.IPSet) *netipx.IPSet { return Both(s, everyIPv4) }

// Addresses writes a set as its shortest list of prefixes; single addresses
// stand without a prefix length.
func Addresses(s *netipx.IPSet) []string {
	if s == nil {
		return nil
	}
	var out []string
	for _, p := range s.Prefixes() {
		if p.IsSingleIP() {
			out = append(out, p.Addr().String())
		} else {
			out = append(out, p.String())
		}
	}
	return out
}

// CIDRs writes a set as its shortest list of prefixes.
func CIDRs(s *netipx.IPSet) []string {
	if s == nil {
		return nil
	}
	var out []string
	for _, p := range s.Prefixes() {
		out = append(out, p.String())
	}
	return out
}

// Shorten keeps the first few entries of a list and says how many it left out.
func Shorten(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:most], ", ") + fmt.Sprintf(" (+%d)", len(list)-most)
}

// merge joins pieces that lie beside each other: same addresses, adjoining ports.
func merge(pieces []Piece) []Piece {
	var out []Piece
	for _, p := range pieces {
		if n := len(out); n > 0 && uint32(out[n-1].Ports.Last)+1 == uint32(p.Ports.First) && out[n-1].Addrs.Equal(p.Addrs) {
			out[n-1].Ports.Last = p.Ports.Last
			continue
		}
		out = append(out, p)
	}
	return out
}

// PortsOf lists the port ranges of pieces, joined and in order.
func PortsOf(pieces []Piece) []Ports {
	var all []Ports
	for _, p := range pieces {
		all = append(all, p.Ports)
	}
	return joinPorts(all)
}

func joinPorts(all []Ports) []Ports {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Ports) int { return cmp.Compare(a.First, b.First) })
	var out []Ports
	for _, p := range all {
		if n := len(out); n > 0 && uint32(p.First) <= uint32(out[n-1].Last)+1 {
			out[n-1].Last = max(out[n-1].Last, p.Last)
			continue
		}
		out = append(out, p)
	}
	return out
}

// AddrsOf joins the address sets of pieces.
func AddrsOf(pieces []Piece) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range pieces {
		b.AddSet(p.Addrs)
	}
	return must(b.IPSet())
}

// JoinPorts writes port ranges as "443, 1024-1064", neighbours as one range.
func JoinPorts(ports []Ports) string {
	var out []string
	for _, p := range joinPorts(ports) {
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// ParsePorts reads what JoinPorts wrote. ok is false for anything else.
func ParsePorts(text string) (out []Ports, ok bool) {
	for _, part := range strings.Split(text, ", ") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		a, err1 := strconv.ParseUint(first, 10, 16)
		b, err2 := strconv.ParseUint(last, 10, 16)
		if err1 != nil || err2 != nil {
			return nil, false
		}
		out = append(out, Ports{First: uint16(a), Last: uint16(b)})
	}
	return out, true
}

// Anywhere is every IPv4 and IPv6 address.
var Anywhere = Set(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))

// ByAddresses groups pieces that are about the same addresses.
func ByAddresses(pieces []Piece) [][]Piece {
	var out [][]Piece
next:
	for _, p := range pieces {
		for i := range out {
			if out[i][0].Addrs.Equal(p.Addrs) {
				out[i] = append(out[i], p)
				continue next
			}
		}
		out = append(out, []Piece{p})
	}
	return out
}

// mostShown is how many blocks of an address set a sentence names.
const mostShown = 3

func shortSet(s *netipx.IPSet) string { return Shorten(Addresses(s), mostShown) }

// Single reports whether the set holds just one address.
func Single(s *netipx.IPSet) bool {
	p := s.Prefixes()
	return len(p) == 1 && p[0].IsSingleIP()
}
