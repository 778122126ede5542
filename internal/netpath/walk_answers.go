package netpath

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// To says what becomes of the traffic to some of the destinations on some ports, on
// all the ways that the walk found: Stopped, with the hop, if one stops any of it.
// Groups are not looked at.
func (w Walk) To(dst *netipx.IPSet, ports []Ports) (Fate, Hop) {
	return w.fate(func(chain []Hop) bool { return overlaps(chain[len(chain)-1].In.Dst, dst) }, func(Hop) []Ports { return ports })
}

// From is To for all that is sent from a subnet; the ACLs are asked for the ports
// that the replies go to.
func (w Walk) From(subnet string) (Fate, Hop) {
	return w.fate(func(chain []Hop) bool { return chain[0].Subnet == subnet }, func(h Hop) []Ports { return []Ports{h.In.Dial} })
}

func (w Walk) fate(concerns func(chain []Hop) bool, ports func(Hop) []Ports) (Fate, Hop) {
	fate, any := On, false
	for _, i := range w.Leaves() {
		chain := w.Chain(i)
		if !concerns(chain) {
			continue
		}
		any = true
		for _, h := range chain {
			switch f := h.passes(ports(h)); {
			case f == Stopped && w.Sure(i):
				return Stopped, h
			case f != On:
				fate = Open
			}
		}
	}
	if !any {
		return Open, Hop{}
	}
	return fate, Hop{}
}

// passes says what a hop does with all of its traffic on some ports.
func (h Hop) passes(ports []Ports) Fate {
	if h.Layer != ACLOut && h.Layer != ACLIn {
		return h.Fate
	}
	if h.ACL == nil {
		return Open
	}
	f := h.Filter(ports)
	switch {
	case len(f.Denied) > 0 && !h.SelfRule:
		return Stopped
	case len(f.Denied)+len(f.Gaps) > 0:
		return Open
	}
	return On
}

// Filter asks the network ACL of a hop about some ports: outbound rules see where
// the traffic goes, inbound rules where it comes from.
func (h Hop) Filter(ports []Ports) Filtered {
	peers := h.In.Src
	if h.Layer == ACLOut {
		peers = h.In.Dst
	}
	return filter(*h.ACL, h.Layer == ACLOut, h.rules, peers, ports)
}

// Connects composes every layer of the two ways: whether the agent, with its
// groups, opens connections to some ports of what is dialled, with its groups.
// What stops them, and what is open, comes with it.
func (e *Estate) Connects(there, back Walk, ports []Ports, out, in []snapshot.SecurityGroup) (fate Fate, stops, opens []Hop) {
	for _, w := range []struct {
		Walk
		ports func(Hop) []Ports
	}{{there, func(Hop) []Ports { return ports }}, {back, func(h Hop) []Ports { return []Ports{h.In.Dial} }}} {
		for i, h := range w.Hops {
			switch f := e.lets(w.Walk, i, w.ports(h), out, in); {
			case h.Detached:
			case f == Stopped && w.Sure(i):
				stops = append(stops, h)
			case f != On:
				opens = append(opens, h)
			}
		}
	}
	switch {
	case len(stops) > 0:
		return Stopped, stops, opens
	case len(opens) > 0 || len(there.Leaves()) == 0 || len(back.Leaves()) == 0:
		return Open, nil, opens
	}
	return On, nil, nil
}

// lets says what a hop does with its traffic to some ports, groups included.
func (e *Estate) lets(w Walk, i int, ports []Ports, out, in []snapshot.SecurityGroup) Fate {
	h := w.Hops[i]
	groups, d, peers := in, Ingress, h.In.Src
	switch h.Layer {
	case GroupOut:
		groups, d, peers = out, Egress, h.In.Dst
	case GroupIn:
	default:
		return h.passes(ports)
	}
	layer := GroupLayer{Snapshot: e.snap, Self: h.At, Peers: peers, Way: e.References(w, i, d, true)}
	var rules []Rule
	for _, g := range groups {
		rules = append(rules, layer.Rules(g, d)...)
	}
	switch a := Admit(peers, ports, rules); {
	case len(a.Stopped) > 0:
		return Stopped
	case len(a.Open) > 0:
		return Open
	}
	return On
}
