package netpath

import (
	"net/netip"
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// WalkKinds are the tables that a walk reads. Every check that is a view of the
// walk declares them all, so that each sees the same way.
var WalkKinds = []snapshot.Kind{
	snapshot.VPCs, snapshot.Subnets, snapshot.Endpoints, snapshot.Interfaces,
	snapshot.PrefixLists, snapshot.PrefixListEntries, snapshot.NetworkACLs, snapshot.RouteTables, snapshot.Peerings,
	snapshot.TransitGateways, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings,
	snapshot.TransitGatewayRouteTables, snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes,
	snapshot.VPNGateways, snapshot.VPNConnections, snapshot.NATGateways, snapshot.Instances,
}

// Layer is what a hop asks of the traffic.
type Layer uint8

// The layers.
const (
	GroupOut     Layer = iota // the security groups of the interface that dials
	ACLOut                    // the network ACL of the subnet that the packet leaves
	Route                     // the route table of a subnet
	EdgeRoute                 // the route table of a gateway, for what comes in by it
	Connection                // the state of what carries the packet: a peering connection, an attachment, a gateway, a VPN, a NAT gateway
	GatewayRoute              // a route table of a transit gateway
	Exit                      // the subnet in which the packet leaves a transit gateway
	Inspect                   // something that can't be looked into
	ACLIn                     // the network ACL of the subnet that the packet enters
	GroupIn                   // the security groups of the interface that is dialled
	Goal                      // arrived
)

var layerNames = [...]string{"group-out", "acl-out", "route", "edge-route", "connection", "gateway-route", "exit", "inspect", "acl-in", "group-in", "goal"}

// String is the layer as a report names it.
func (l Layer) String() string { return layerNames[l] }

// Flow is traffic: from every address of Src to every address of Dst. Replies go
// to ports of Dial, the range that the side which dialled takes them from.
type Flow struct {
	Src, Dst *netipx.IPSet
	Dial     Ports
}

// Hop is one place that a part of the traffic passes, what decides there, and
// what became of it. Hops form a tree: where a table sends parts of the traffic
// different ways, each part is a hop of its own.
type Hop struct {
	From   int // the hop before; -1 for the first
	Layer  Layer
	At     Place
	Subnet string // for the layers of a subnet
	Holder string // the table, ACL, connection or gateway that decides
	In     Flow
	Fate   Fate // filters leave it On: what they stop depends on the ports
	Cause  Cause
	Gap    *snapshot.Gap // why it is Open

	ACL      *snapshot.NetworkACL // for ACLOut and ACLIn; nil: not known, see Gap
	SelfRule bool                 // for ACLIn: the instance's own subnet, by the odd rule of tgw-nacls
	Several  bool                 // for Exit: one of several, and nothing says that it is taken
	Mangles  bool                 // where it does not go on: what is behind may see another address, or be anywhere
	Detached bool                 // no way to it was found: its own layers are judged all the same
	Loose    bool                 // the traffic may be under another address than the one asked about
	Edge     bool                 // for Connection: nothing of AWS lies behind it
	Index    int                  // for GroupIn and Goal: which end, or start
	Route    *Hit                 // for Route and EdgeRoute: what the table says

	untranslated *Flow     // for a NAT gateway: the flow before it
	rules        []aclRule // of ACL, in the direction of the layer
}

// Reason is why a hop is stopped.
type Reason uint8

// The reasons.
const (
	NoReason       Reason = iota
	NoRoute               // no route in the table of the subnet
	Blackhole             // the route leads to nothing
	WrongWay              // the route leads to the internet, or to another network
	NotTransitive         // a peering connection carries only the peer VPC's own addresses
	NotAttached           // the VPC, or its Availability Zone, is not attached to the gateway
	NotAssociated         // the attachment is associated with no route table of the gateway
	GatewayNoRoute        // the transit gateway's table has no route
	GatewayHole           // the transit gateway's route is a blackhole, or not active
	Circle                // the routes lead in a circle
	NotActive             // the state of what carries the packet
	Missing               // what the route leads to does not exist
	Checked               // an appliance whose source/destination check is on forwards nothing
	Unattached            // a network interface that is attached to nothing
	Retranslated          // a NAT gateway would give replies another source address
)

// Cause is what decided about a hop: facts for sentences.
type Cause struct {
	Reason Reason
	ID     string // what the hop leads to, or is about
	Prefix string // the destination of the route that won
	State  string
	Other  string // a second id
	Where  string // the addresses in question, shortened
}

// Walk is the way of the traffic in one direction.
type Walk struct {
	Hops []Hop
}

// mostHops ends a walk through tables that lead to ever more of them. The widest
// real estates that were tried take a few hundred.
const mostHops = 4096

// Leaves lists the last hop of every part of the traffic.
func (w Walk) Leaves() []int {
	// Detached hops are no part of the way.
	inner := make([]bool, len(w.Hops))
	for _, h := range w.Hops {
		if h.From >= 0 {
			inner[h.From] = true
		}
	}
	var out []int
	for i := range w.Hops {
		if !inner[i] && !w.Hops[i].Detached {
			out = append(out, i)
		}
	}
	return out
}

// Chain returns the hops up to and including one, the first one first.
func (w Walk) Chain(i int) []Hop {
	n := 0
	for k := i; k >= 0; k = w.Hops[k].From {
		n++
	}
	out := make([]Hop, n)
	for ; i >= 0; i = w.Hops[i].From {
		n--
		out[n] = w.Hops[i]
	}
	return out
}

// At lists the hops of some layers, in the order of the way.
func (w Walk) At(layers ...Layer) []int {
	var out []int
	for i, h := range w.Hops {
		if slices.Contains(layers, h.Layer) {
			out = append(out, i)
		}
	}
	return out
}

// Sure reports whether a hop is surely passed by its traffic: nothing before it
// is open, and it is not behind one of several exits.
func (w Walk) Sure(i int) bool {
	for n := i; n >= 0; n = w.Hops[n].From {
		if h := w.Hops[n]; h.Loose || n != i && (h.Fate == Open && h.Mangles || h.Several) {
			return false
		}
	}
	return true
}

// End is what the agent dials in one subnet.
type End struct {
	At       Place
	Subnet   string
	Endpoint *netipx.IPSet // addresses of the endpoint there
	Task     *netipx.IPSet // the addresses that a task's interfaces may get there
	Block    netip.Prefix  // the subnet's block, if Task is not empty
}

// Whole writes a set that holds all that a task may get in a subnet as the
// subnet's block, and a part of it with the addresses that AWS keeps where that is
// fewer blocks: for people, and for rules to add.
func Whole(set *netipx.IPSet, ends []End) *netipx.IPSet {
	for _, e := range ends {
		switch {
		case !e.Block.IsValid() || !overlaps(set, e.Task):
		case Empty(Minus(e.Task, set)):
			set = Union(set, Set(e.Block))
		default:
			for _, kept := range Reserved(e.Block).Prefixes() {
				if wider := Union(set, Set(kept)); len(wider.Prefixes()) < len(set.Prefixes()) {
					set = wider
				}
			}
		}
	}
	return set
}

// Exactly is a set that Whole wrote, without the endpoint's addresses that were not
// in it before.
func Exactly(whole, set *netipx.IPSet, ends []End) *netipx.IPSet {
	for _, e := range ends {
		whole = Minus(whole, Minus(e.Endpoint, set))
	}
	return whole
}

// All is every address that the agent dials in the subnet.
func (e End) All() *netipx.IPSet { return Union(e.Endpoint, e.Task) }

// Start is the part of the agent's addresses in one subnet.
type Start struct {
	At     Place
	Subnet string
	Addrs  *netipx.IPSet
}

// walker builds a walk.
type walker struct {
	e        *Estate
	ends     []End
	hops     []Hop
	goals    []goal
	outside  bool // replies may leave AWS: the agent is there
	unplaced bool // it is not known where the agent is
	reply    bool
	agentVPC string // the agent's VPC, for replies: whatever else it holds is the agent's too
	doors    []door // the ways out of AWS that were met
}

// goal is a place where traffic is delivered.
type goal struct {
	at     Place
	subnet string
	addrs  *netipx.IPSet
	index  int  // the end or the start; -1 for a NAT gateway
	nat    *Hop // replies are translated back and go on
}

func (w *walker) add(h Hop) int {
	if h.Layer != Goal && len(w.hops) >= mostHops {
		h.Fate, h.Gap = Open, &snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.RouteTables.Action(), Ref: h.Holder, Detail: "mostHops"}
	}
	w.hops = append(w.hops, h)
	return len(w.hops) - 1
}

// where writes destinations for people.
func (w *walker) where(dst *netipx.IPSet) string { return shortSet(Whole(dst, w.ends)) }

func (w *walker) outOfHops() bool { return len(w.hops) >= mostHops }

// before reports whether a hop with the same holder and subnet has already sent
// some of the same destinations on: then the routes lead in a circle.
func (w *walker) before(from int, l Layer, at Place, holder, subnet string, dst *netipx.IPSet) bool {
	for i := from; i >= 0; i = w.hops[i].From {
		h := &w.hops[i]
		if h.untranslated != nil {
			return false // another flow, under another address
		}
		if h.Layer == l && h.Holder == holder && h.Subnet == subnet && h.At.VPC == at.VPC && overlaps(h.In.Dst, dst) {
			return true
		}
	}
	return false
}

// There walks the requests: from each of the agent's subnets, or for an agent
// outside AWS from each attachment that may carry it, to the ends.
func There(e *Estate, a Agents, starts []Start, ends []End) Walk {
	w := &walker{e: e, ends: ends}
	dst := &netipx.IPSet{}
	for i, end := range ends {
		dst = Union(dst, end.All())
		w.goals = append(w.goals, goal{at: end.At, subnet: end.Subnet, addrs: end.All(), index: i})
	}
	if a.Outside {
		rest := w.comeIn(a, ends, Flow{Src: a.Addrs, Dst: dst, Dial: e.ephemeral})
		w.hideBehind()
		w.detached(a.Addrs)
		w.unheld(rest)
		return Walk{w.hops}
	}
	for _, s := range starts {
		f := Flow{Src: s.Addrs, Dst: dst, Dial: e.ephemeral}
		w.leave(s.At, s.Subnet, f, w.dial(a, s, f))
	}
	w.hideBehind()
	w.detached(a.Addrs)
	rest := a.Addrs // what no subnet of the agent's holds
	for _, s := range starts {
		rest = Minus(rest, s.Addrs)
	}
	if len(starts) > 0 {
		w.unheld(rest)
	}
	return Walk{w.hops}
}

// unheld adds the own hops of the goals for addresses of the agent that are walked from
// nowhere: no subnet of its VPC holds them, or no way out of AWS leads to them.
func (w *walker) unheld(src *netipx.IPSet) {
	if Empty(src) {
		return
	}
	for _, g := range w.goals {
		if !Empty(g.addrs) {
			w.alone(g, Flow{Src: src, Dst: g.addrs, Dial: w.e.ephemeral}, false)
		}
	}
}

// detached adds the own hops of goals, or parts of them, that nothing reaches:
// their ACL and groups are judged all the same, with the address that the traffic
// had last.
func (w *walker) detached(src *netipx.IPSet) {
	loose := slices.ContainsFunc(w.hops, Hop.hides)
	for _, g := range w.goals {
		if g.index < 0 {
			continue
		}
		left := g.addrs
		for _, h := range w.hops {
			if h.Layer == Goal && h.Index == g.index {
				left = Minus(left, h.In.Dst)
			}
		}
		if Empty(left) || Empty(src) {
			continue
		}
		w.alone(g, Flow{Src: w.lastSrc(src, left), Dst: left, Dial: w.e.ephemeral}, loose)
	}
}

// hides reports whether what lies behind a hop that goes no further may see
// another address than that of the traffic so far.
func (h Hop) hides() bool { return h.Fate != On && h.Mangles }

// hideBehind marks the hops that stop requests where a NAT gateway may lie behind.
func (w *walker) hideBehind() {
	for i := range w.hops {
		w.hops[i].Mangles = w.hops[i].Mangles || w.inBetween(i)
	}
}

// inBetween reports whether a hop stops traffic in a VPC that is neither the
// sender's nor a goal's, where a NAT gateway may stand on the way that it would take.
func (w *walker) inBetween(i int) bool {
	h := w.hops[i]
	at := h.At
	if h.Fate != Stopped || at.VPC == "" || slices.ContainsFunc(w.goals, func(g goal) bool { return g.at.VPC == at.VPC }) {
		return false
	}
	return w.first(i).At.VPC != at.VPC && !w.e.withoutNAT(at)
}

// first is the hop that the traffic of another began with.
func (w *walker) first(i int) Hop {
	for w.hops[i].From >= 0 {
		i = w.hops[i].From
	}
	return w.hops[i]
}

// lastSrc is the addresses under which what was sent to some destinations was seen
// last: a NAT gateway on the way has changed those of what passed it.
func (w *walker) lastSrc(src, dst *netipx.IPSet) *netipx.IPSet {
	out := src
	for _, i := range (Walk{w.hops}).Leaves() {
		if was, is := w.first(i).In.Src, w.hops[i].In.Src; overlaps(w.hops[i].In.Dst, dst) && !overlaps(was, is) {
			out = Union(Minus(out, was), is)
		}
	}
	return out
}

// alone adds the own hops of a goal.
func (w *walker) alone(g goal, f Flow, loose bool) {
	i := w.acl(ACLIn, g.at, g.subnet, f, -1)
	w.hops[i].Detached, w.hops[i].Loose, w.hops[i].Index = true, loose, g.index
	if !w.reply {
		w.add(Hop{From: i, Layer: GroupIn, At: g.at, Subnet: g.subnet, In: f, Fate: On, Index: g.index, Detached: true, Loose: loose})
	}
}

// dial is the first hop: the agent itself, with its groups.
func (w *walker) dial(a Agents, s Start, f Flow) int {
	h := Hop{From: -1, Layer: GroupOut, At: s.At, Subnet: s.Subnet, In: f, Fate: On}
	if len(a.Groups) > 0 {
		h.Holder = a.Groups[0]
	}
	return w.add(h)
}
