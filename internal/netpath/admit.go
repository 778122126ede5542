package netpath

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Rule is a rule of a layer that only ever allows, as a set of peers and ports.
type Rule struct {
	Ref   string // the resource that holds it, such as "sg-0a1/sgr-0b2"
	Says  Clause
	Peers *netipx.IPSet
	Ports Ports
	// Gap is set on a rule that could not be resolved: Peers is then what it
	// may admit at most.
	Gap *snapshot.Gap
	// Secret is set on a rule that must not be shown, nor told from what it
	// leaves out.
	Secret bool
}

// Clause is what a rule says, for whoever shows it; the zero value says nothing.
type Clause struct {
	Direction Direction
	Action    string // allow or deny; "" of a security group, which only allows
	All       bool   // all traffic, whatever its protocol
	Ports     Ports  // of TCP, where it is not all
	Peer      string // a block of addresses, a prefix list or a security group
	Never     Never  // why a reference to a security group matches nothing
	Secret    bool   // marked as sensitive: nothing of it may be shown
}

// Admission is how a layer of allow rules answers to some traffic.
type Admission struct {
	By      []Rule         // the rules that let some of it through
	Stopped []Piece        // proved not let through
	Open    []Piece        // depends on what could not be resolved
	Gaps    []snapshot.Gap // what would settle the open pieces
	Partly  []Rule         // rules on one of the ports, or for one of the peers, that still don't let it all through
}

// Whole reports whether all of the traffic is proved to be let through.
func (a Admission) Whole() bool { return len(a.Stopped) == 0 && len(a.Open) == 0 }

// Admit splits the traffic from peers to ports by the union of allow rules. It
// is exact: a port range may be covered by several rules, and a block of
// addresses by several blocks.
func Admit(peers *netipx.IPSet, ports []Ports, rules []Rule) Admission {
	var a Admission
	used := make([]bool, len(rules))
	for _, span := range cut(ports, rules) {
		left := peers
		var maybe *netipx.IPSet
		var gaps []snapshot.Gap
		for i, r := range rules {
			if !r.Ports.contains(span) || !overlaps(r.Peers, peers) {
				continue
			}
			if r.Gap != nil {
				maybe = Union(orEmpty(maybe), r.Peers)
				gaps = append(gaps, *r.Gap)
				continue
			}
			used[i] = true
			left = Minus(left, r.Peers)
		}
		if Empty(left) {
			continue
		}
		if maybe == nil {
			a.Stopped = append(a.Stopped, Piece{left, span})
			continue
		}
		if open := Both(left, maybe); !Empty(open) {
			a.Open = append(a.Open, Piece{open, span})
			for _, g := range gaps {
				if !slices.Contains(a.Gaps, g) {
					a.Gaps = append(a.Gaps, g)
				}
			}
		}
		if shut := Minus(left, maybe); !Empty(shut) {
			a.Stopped = append(a.Stopped, Piece{shut, span})
		}
	}
	for i, r := range rules {
		switch {
		case used[i]:
			a.By = append(a.By, r)
		case r.Gap == nil && touches(r, peers, ports):
			a.Partly = append(a.Partly, r)
		}
	}
	a.Stopped, a.Open = merge(a.Stopped), merge(a.Open)
	if len(a.Stopped) > 0 && slices.ContainsFunc(rules, func(r Rule) bool { return r.Secret && touches(r, peers, ports) }) {
		a.Stopped = nil // the remainder would tell the rule
		for _, p := range joinPorts(ports) {
			a.Stopped = append(a.Stopped, Piece{peers, p})
		}
	}
	return a
}

func orEmpty(s *netipx.IPSet) *netipx.IPSet {
	if s == nil {
		return &netipx.IPSet{}
	}
	return s
}

func overlaps(a, b *netipx.IPSet) bool { return a != nil && b != nil && a.Overlaps(b) }

// touches reports whether a rule that let nothing through comes close enough to
// be worth showing: it is for one of the ports, or for one of the peers.
func touches(r Rule, peers *netipx.IPSet, ports []Ports) bool {
	for _, p := range ports {
		if r.Ports.First <= p.Last && p.First <= r.Ports.Last {
			return true
		}
	}
	return overlaps(r.Peers, peers)
}

// cut splits port ranges at every boundary of a rule, so that each rule holds
// either all of a span or none of it.
func cut(ports []Ports, rules []Rule) []Ports {
	var out []Ports
	for _, p := range joinPorts(ports) {
		starts := []uint32{uint32(p.First)}
		for _, r := range rules {
			for _, s := range []uint32{uint32(r.Ports.First), uint32(r.Ports.Last) + 1} {
				if s > uint32(p.First) && s <= uint32(p.Last) {
					starts = append(starts, s)
				}
			}
		}
		slices.Sort(starts)
		starts = append(slices.Compact(starts), uint32(p.Last)+1)
		for i := range len(starts) - 1 {
			out = append(out, Ports{uint16(starts[i]), uint16(starts[i+1] - 1)})
		}
	}
	return out
}
