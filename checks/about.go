package checks

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
)

// About is what a finding says, as facts to compare: texts are cut and worded for
// people.
type About struct {
	Holder    string          // the group, ACL or route table whose rules or routes it is about
	Direction string          // "ingress" or "egress" of the holder; "" for routes
	Addrs     *netipx.IPSet   // the addresses at the other end that are concerned; nil: none
	Ports     []netpath.Ports // the TCP ports; none: all of them
}

func directionOf(egress bool) string {
	if egress {
		return "egress"
	}
	return "ingress"
}

// about says what the finding that was reported last is about.
func (x *Exam) about(a About) {
	x.findings[len(x.findings)-1].About = &a
}

// Key is the same for the same facts, whatever the language and the order.
func (a *About) Key() string {
	if a == nil {
		return ""
	}
	return strings.Join([]string{a.Holder, a.Direction, strings.Join(netpath.CIDRs(a.Addrs), ","), netpath.JoinPorts(a.Ports)}, "|")
}

// Beyond is what of the facts is in none of the others: an address on a port counts
// by itself. nil: nothing.
func (a *About) Beyond(others []*About) []netpath.Piece {
	var out []netpath.Piece
	for _, ports := range a.slices(others) {
		left, had := a.Addrs, false
		for _, o := range others {
			if !o.hasPorts(ports) {
				continue
			}
			had = true
			if left = netpath.Minus(left, o.Addrs); o.Addrs == nil { // all of them
				left = nil
			}
		}
		if left != nil && !netpath.Empty(left) || left == nil && !had {
			out = append(out, netpath.Piece{Addrs: left, Ports: ports})
		}
	}
	return out
}

// Meets reports whether an address on a port of some pieces is among the facts.
func (a *About) Meets(pieces []netpath.Piece) bool {
	return slices.ContainsFunc(pieces, func(p netpath.Piece) bool {
		ports := len(a.Ports) == 0 || slices.ContainsFunc(a.Ports, func(q netpath.Ports) bool { return q.First <= p.Ports.Last && p.Ports.First <= q.Last })
		return ports && (p.Addrs == nil || a.Addrs == nil || !netpath.Empty(netpath.Both(a.Addrs, p.Addrs)))
	})
}

// hasPorts reports whether the facts hold on all of a range of ports.
func (a *About) hasPorts(p netpath.Ports) bool {
	return len(a.Ports) == 0 || slices.ContainsFunc(a.Ports, func(q netpath.Ports) bool { return q.First <= p.First && p.Last <= q.Last })
}

// slices cuts the ports where those of the others begin and end.
func (a *About) slices(others []*About) []netpath.Ports {
	own := a.Ports
	if len(own) == 0 {
		own = []netpath.Ports{netpath.AllPorts}
	}
	var cuts []int // where a slice begins
	for _, o := range others {
		for _, p := range o.Ports {
			cuts = append(cuts, int(p.First), int(p.Last)+1)
		}
	}
	slices.Sort(cuts)
	var out []netpath.Ports
	for _, p := range own {
		first := int(p.First)
		for _, c := range cuts {
			if c > first && c <= int(p.Last) {
				out = append(out, netpath.Ports{First: uint16(first), Last: uint16(c - 1)})
				first = c
			}
		}
		out = append(out, netpath.Ports{First: uint16(first), Last: p.Last})
	}
	return out
}
