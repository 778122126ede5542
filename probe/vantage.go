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

// SourceFor is the address that this machine would dial another from; it is
// invalid if there is no way. A UDP socket is only bound for it: nothing is sent.
func SourceFor(to netip.Addr) netip.Addr {
	conn, err := net.Dial("udp", netip.AddrPortFrom(to, ControlPort).String())
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
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
