package netpath

import (
	"net/netip"
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Carried is what is known of the groups on an interface whatever its address turns
// out to be: those of a planned agent, and that of a task, which CreateAgent is
// given.
type Carried struct {
	Addrs   *netipx.IPSet // the addresses that it has, or that one will be chosen from
	Groups  []string
	Pending snapshot.Pending // what decides whether it has further groups; "": it has not
}

// CarriedBy is what is known of the groups of the agent; nil if nothing is.
func CarriedBy(a Agents) *Carried {
	if len(a.Groups) == 0 {
		return nil
	}
	return &Carried{Addrs: a.Addrs, Groups: a.Groups, Pending: a.Pending}
}

// carried adds to the addresses that carry a group those that are known to, and
// returns the addresses of the other end of which the interfaces must tell.
func (l GroupLayer) carried(set *netipx.IPSet, group string) (sure, rest *netipx.IPSet) {
	c := l.PeerCarries
	if c == nil {
		return set, l.Peers
	}
	rest = l.Peers
	has := slices.Contains(c.Groups, group)
	if has {
		set = Union(set, c.Addrs)
	}
	if has || c.Pending == "" {
		rest = Minus(rest, c.Addrs)
	}
	return set, rest
}

// FreeIn is the addresses of a subnet that an interface which is yet to be made may
// get: none that another holds, by itself or in a block delegated to it, none of the
// five that AWS reserves, and none that a CIDR reservation keeps from being given out.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
func FreeIn(s *snapshot.Scope, n snapshot.Subnet) *netipx.IPSet {
	var b netipx.IPSetBuilder
	b.AddPrefix(n.CIDR.Masked())
	b.RemoveSet(Reserved(n.CIDR))
	for _, i := range s.Interfaces.Where("subnet", n.ID, func(i snapshot.Interface) []string { return []string{i.Subnet} }) {
		for _, a := range i.Addrs() {
			if a != (netip.Addr{}) {
				b.Remove(a)
			}
		}
		for _, block := range i.Prefixes {
			if block.Prefix.IsValid() {
				b.RemovePrefix(block.Prefix.Masked())
			}
		}
	}
	held, _ := s.Reservations.Get(n.ID)
	for _, e := range held.Entries {
		if e.CIDR.IsValid() {
			b.RemovePrefix(e.CIDR.Masked())
		}
	}
	return must(b.IPSet())
}
