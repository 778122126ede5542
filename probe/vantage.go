package probe

import (
	"net"
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Here is the machine that this process runs on, its place still open.
func Here() snapshot.Vantage {
	v := snapshot.Vantage{Place: snapshot.Elsewhere, Guessed: true, Addresses: []netip.Addr{}}
	list, err := net.InterfaceAddrs()
	if err != nil {
		return v
	}
	for _, a := range addressesOf(list) {
		if !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			v.Addresses = append(v.Addresses, a)
		}
	}
	slices.SortFunc(v.Addresses, netip.Addr.Compare)
	v.Addresses = slices.Compact(v.Addresses)
	return v
}

func addressesOf(list []net.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		if p, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(p.IP); ok {
				out = append(out, addr.Unmap())
			}
		}
	}
	return out
}
