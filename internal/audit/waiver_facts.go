package audit

import (
	"net/netip"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// waiverFacts narrow a waiver to what was accepted: a finding that says more, for
// further addresses or ports, is another one.
type waiverFacts struct {
	Holder    string   `yaml:"holder,omitempty"`
	Direction string   `yaml:"direction,omitempty"`
	Addresses []string `yaml:"addresses,omitempty"`
	Ports     []string `yaml:"ports,omitempty"`
}

// about is what the waiver is about; nil for anything.
func (w waiverFacts) about(where string) (*checks.About, error) {
	if w.Holder == "" && w.Direction == "" && len(w.Addresses) == 0 && len(w.Ports) == 0 {
		return nil, nil
	}
	a := &checks.About{Holder: w.Holder, Direction: w.Direction}
	if w.Direction != "" && w.Direction != "ingress" && w.Direction != "egress" {
		return nil, snapshot.Errorf("%s: direction %q: expected ingress or egress", "%s: direction %q: ingress か egress を指定する", where, w.Direction)
	}
	var set netipx.IPSetBuilder
	for _, s := range w.Addresses {
		if p, err := netip.ParsePrefix(s); err == nil {
			set.AddPrefix(p)
		} else if ip, err := netip.ParseAddr(s); err == nil {
			set.Add(ip)
		} else {
			return nil, snapshot.Errorf("%s: addresses: %q is neither an address nor a CIDR block", "%s: addresses: %q はアドレスでも CIDR ブロックでもない", where, s)
		}
	}
	if len(w.Addresses) > 0 {
		addrs, err := set.IPSet()
		if err != nil {
			return nil, err
		}
		a.Addrs = addrs
	}
	for _, s := range w.Ports {
		first, last, ranged := strings.Cut(s, "-")
		if !ranged {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 16)
		to, err2 := strconv.ParseUint(last, 10, 16)
		if err != nil || err2 != nil || from > to {
			return nil, snapshot.Errorf("%s: ports: %q is neither a port nor a range such as 1024-1064", "%s: ports: %q はポートでも 1024-1064 のような範囲でもない", where, s)
		}
		a.Ports = append(a.Ports, netpath.Ports{First: uint16(from), Last: uint16(to)})
	}
	return a, nil
}

// factsOf are the facts as a file of waivers says them.
func factsOf(a *checks.About) waiverFacts {
	if a == nil {
		return waiverFacts{}
	}
	out := waiverFacts{Holder: a.Holder, Direction: a.Direction, Addresses: netpath.CIDRs(a.Addrs)}
	for _, p := range a.Ports {
		out.Ports = append(out.Ports, p.String())
	}
	return out
}
