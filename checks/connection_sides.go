package checks

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/netpath"
)

// sideFate is what becomes of the traffic that one side sends: Stopped if all of
// it is, On if some goes through and nothing is open.
type sideFate struct {
	fate netpath.Fate
	legs []leg
	back bool
}

func (j journey) side(back bool) sideFate {
	s := sideFate{fate: netpath.Stopped, legs: j.legs(back), back: back}
	for _, l := range s.legs {
		_, open := l.open()
		_, edge := l.edge()
		if open || edge {
			s.fate = netpath.Open
			return s
		}
		if l.last.Fate == netpath.On {
			s.fate = netpath.On
		}
	}
	return s
}

// sides lists the sides that lie in AWS. That of an agent outside AWS lies there
// only as far as something of AWS takes its packets in.
func (j journey) sides() []sideFate {
	var out []sideFate
	if len(j.there.Leaves()) > 0 {
		out = append(out, j.side(false))
	}
	return append(out, j.side(true))
}

// deadOf lists what is proved not to carry anything, where all that a side sends
// is lost.
func deadOf(sides []sideFate) []netpath.Hop {
	var out []netpath.Hop
	for _, s := range sides {
		for _, l := range s.legs {
			h := l.last
			if h.Layer == netpath.Connection && h.Fate == netpath.Stopped && !slices.ContainsFunc(out, func(o netpath.Hop) bool { return o.Holder == h.Holder }) {
				out = append(out, h)
			}
		}
	}
	return out
}

// apart reports whether routes of neither side lead to any connection, and none is
// there that they could lead to.
func (x *Exam) apart(j journey) bool {
	return j.down() && len(deadOf(j.sides())) == 0 && !slices.ContainsFunc(x.linksBetween(j), func(l link) bool { return rank(l) < lostRank })
}

// down reports whether the connection is proved down: every side that lies in AWS
// was seen, and what it sends leads nowhere, or to what is dead.
func (j journey) down() bool {
	return j.placed() && !slices.ContainsFunc(j.sides(), func(s sideFate) bool { return s.fate != netpath.Stopped })
}
