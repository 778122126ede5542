package netpath

import (
	"go4.org/netipx"
)

// Back walks the replies: from each end, to the addresses that its requests came
// from.
func Back(e *Estate, there Walk, a Agents, starts []Start, ends []End) Walk {
	w := &walker{e: e, ends: ends, reply: true, outside: a.Outside, unplaced: !a.Placed(), agentVPC: a.VPC}
	for i, h := range there.Hops {
		if h.untranslated != nil {
			w.goals = append(w.goals, goal{at: h.At, subnet: h.Subnet, addrs: w.hopSrc(there, i), index: -1, nat: &there.Hops[i]})
		}
	}
	for i, s := range starts {
		w.goals = append(w.goals, goal{at: s.At, subnet: s.Subnet, addrs: s.Addrs, index: i})
	}
	for _, end := range ends {
		for _, r := range e.replies(there, a, starts, end) {
			if !Empty(r.Src) && !Empty(r.Dst) {
				n := len(w.hops)
				w.leave(end.At, end.Subnet, r.Flow, -1)
				for i := n; i < len(w.hops); i++ {
					w.hops[i].Loose = r.loose
				}
			}
		}
	}
	all := &netipx.IPSet{}
	for _, end := range ends {
		all = Union(all, end.All())
	}
	w.detached(all)
	return Walk{w.hops}
}

// hopSrc is the address that a NAT gateway gave to what it forwarded.
func (w *walker) hopSrc(there Walk, i int) *netipx.IPSet {
	for _, h := range there.Hops {
		if h.From == i {
			return h.In.Src
		}
	}
	return &netipx.IPSet{}
}

// reply is what an end answers to.
type reply struct {
	Flow
	loose bool // the request may have come from another address
}

// replies lists what an end answers to: requests as they came in, each under the
// address and from the ports that they had last; the agent's own where none was
// seen on its way.
func (e *Estate) replies(there Walk, a Agents, starts []Start, end End) []reply {
	var out []reply
	add := func(dst *netipx.IPSet, dial Ports, loose bool) {
		for i := range out {
			if out[i].Dial == dial && out[i].loose == loose {
				out[i].Dst = Union(out[i].Dst, dst)
				return
			}
		}
		out = append(out, reply{Flow{Src: end.All(), Dst: dst, Dial: dial}, loose})
	}
	rest := a.Addrs // what no subnet of the agent's holds, or no way into AWS carries
	for _, i := range there.Leaves() {
		if h := there.Hops[i]; overlaps(h.In.Dst, end.All()) {
			add(h.In.Src, h.In.Dial, h.hides())
			if a.Outside {
				rest = Minus(rest, there.Chain(i)[0].In.Src)
			}
		}
	}
	for _, s := range starts {
		rest = Minus(rest, s.Addrs)
	}
	if len(out) == 0 {
		rest = a.Addrs
	}
	if !Empty(rest) {
		add(rest, e.ephemeral, false)
	}
	return out
}
