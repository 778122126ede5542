package redact

import (
	"net/netip"
	"slices"

	"go4.org/netipx"
)

// Addresses keep how many bits they share, so that what lies in one network, or
// overlaps, still does: each bit is turned, or not, by a secret of the bits before
// it. Source: Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization",
// ICNP 2002 (Crypto-PAn).

// The blocks that mean something by themselves stay where they are. In the first,
// which are everybody's, the rest of an address is replaced; in the second nothing is.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry/ and, of IPv6,
// https://www.iana.org/assignments/iana-ipv6-special-registry/; fd00:ec2::/32 holds
// the services of an instance.
var (
	everybodys = blocks("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "fc00::/7")
	fixed      = blocks("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3", "::/8", "64:ff9b::/96", "fd00:ec2::/32", "fe80::/10", "ff00::/8")
)

func blocks(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Addr is the address that stands for another.
func (r *Redactor) Addr(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	to := r.turned(a)
	r.stands(a.String(), to.String())
	return to
}

func (r *Redactor) turned(a netip.Addr) netip.Addr {
	if a.Is4In6() {
		return netip.AddrFrom16(r.turned(a.Unmap()).As16())
	}
	out := a.WithZone("").AsSlice()
	for i := range a.BitLen() {
		if r.turns(netip.PrefixFrom(a.WithZone(""), i).Masked()) {
			out[i/8] ^= 0x80 >> (i % 8)
		}
	}
	to, _ := netip.AddrFromSlice(out) // it has the length of one
	return to
}

// Prefix is the block that stands for another, of the same size.
func (r *Redactor) Prefix(p netip.Prefix) netip.Prefix {
	if !p.IsValid() {
		return p
	}
	to := netip.PrefixFrom(r.turned(p.Addr()), p.Bits())
	if p == p.Masked() {
		to = to.Masked()
	}
	r.stands(p.String(), to.String())
	return to
}

// turns reports whether the bit behind a block is turned. It is not where that would
// carry a special block elsewhere, and within a subnet, where AWS counts addresses
// from either end.
func (r *Redactor) turns(p netip.Prefix) bool {
	if turn, known := r.flips[p]; known {
		return turn
	}
	around := func(b netip.Prefix) bool { return p.Bits() < b.Bits() && p.Overlaps(b) }
	within := func(b netip.Prefix) bool { return p.Bits() >= b.Bits() && p.Overlaps(b) }
	stays := slices.ContainsFunc(everybodys, around) || slices.ContainsFunc(fixed, around) || slices.ContainsFunc(fixed, within) || slices.ContainsFunc(r.subnets, within)
	turn := !stays && r.digest("bit", p.String())[0]&1 == 1
	r.flips[p] = turn
	return turn
}

// Set is the set of the addresses that stand for those of another.
func (r *Redactor) Set(s *netipx.IPSet) (*netipx.IPSet, error) {
	var b netipx.IPSetBuilder
	for _, p := range s.Prefixes() {
		b.AddPrefix(r.Prefix(p))
	}
	return b.IPSet()
}
