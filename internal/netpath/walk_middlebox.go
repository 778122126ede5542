package netpath

import (
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// nat passes a NAT gateway: the packet enters its subnet, and leaves it under the
// gateway's private address, from ports 1024-65535.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
func (w *walker) nat(at Place, subnet, id string, f Flow, from int) {
	h := Hop{From: from, Layer: Connection, At: at, Holder: id, In: f, Mangles: true, Cause: Cause{ID: id}}
	g, presence := at.Scope.NATGateways.Get(id)
	switch {
	case presence == snapshot.Unobserved:
		gap := at.Scope.GapFor(snapshot.NATGateways, id)
		h.Gap = &gap
	case presence == snapshot.Absent:
		h.Fate, h.Cause.Reason = Stopped, Missing
	default:
		h.Cause.State, h.Subnet = g.State, g.Subnet
		h.Fate = Lives(NATState, g.State)
		if h.Fate == Stopped {
			h.Cause.Reason = NotActive
		}
		if h.Fate == Open {
			h.Gap = stateGap(at.Scope, snapshot.NATGateways, id, g.State)
		}
	}
	addrs, moving := g.Addrs()
	outside := w.e.outsideBlock(at, g.Subnet, AddrSet(addrs...))
	switch {
	case h.Fate != On:
	case moving != "":
		h.Fate, h.Gap = Open, stateGap(at.Scope, snapshot.NATGateways, id, moving)
	case outside != nil:
		h.Fate, h.Gap = Open, outside
	case g.VPC != "" && g.VPC != at.VPC:
		h.Fate, h.Gap = Open, disagree(at.Scope, snapshot.NATGateways, id, g.VPC, at.VPC)
	case len(addrs) == 0:
		h.Fate, h.Gap = Open, natUnseen(at, id, "NatGatewayAddresses")
	case g.Subnet == "":
		h.Fate, h.Gap = Open, natUnseen(at, id, "SubnetId")
	}
	if h.Fate != On {
		w.add(h)
		return
	}
	if w.translated(from, id, f.Dst) {
		h.Fate, h.Cause.Reason = Stopped, Circle
		w.add(h)
		return
	}
	if g.Subnet != subnet {
		from = w.acl(ACLIn, at, g.Subnet, f, from)
	}
	out := Flow{Src: IPv4(AddrSet(addrs...)), Dst: f.Dst, Dial: w.e.nat}
	h.From, h.untranslated, h.Mangles = from, &f, false // under which address is known
	h.Cause.Where = shortSet(f.Src) + " -> " + shortSet(out.Src) + " (" + out.Dial.String() + ")"
	w.leave(at, g.Subnet, out, w.add(h))
}

func natUnseen(at Place, id, field string) *snapshot.Gap {
	return &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.NATGateways.Action(), Scope: at.Scope.Label(), Ref: id, Detail: field}
}

// translated reports whether a NAT gateway has already sent some of the same
// destinations on: routes don't look at who sends, so that they lead in a circle.
func (w *walker) translated(from int, id string, dst *netipx.IPSet) bool {
	for i := from; i >= 0; i = w.hops[i].From {
		if h := &w.hops[i]; h.untranslated != nil && h.Holder == id && overlaps(h.In.Dst, dst) {
			return true
		}
	}
	return false
}

// appliance follows a route to a network interface or an instance: that of a
// transit gateway attachment leads to the gateway; any other belongs to a machine
// that nobody can look into.
func (w *walker) appliance(at Place, subnet string, hit Hit, f Flow, from int) {
	i, presence := w.e.behindRoute(at, hit.Target)
	if presence != snapshot.Present {
		w.opaque(at, subnet, hit.Target, f, from, true)
		return
	}
	idle := w.e.idle(at, i)
	switch {
	case strings.EqualFold(i.Type, "transit_gateway"):
		w.byAttachmentInterface(at, subnet, i, f, from)
	case idle.Reason != NoReason:
		w.add(Hop{From: from, Layer: Inspect, At: at, Subnet: i.Subnet, Holder: idle.ID, In: f, Fate: Stopped, Cause: idle})
	case i.SourceDestHop != nil && *i.SourceDestHop:
		w.add(Hop{From: from, Layer: Inspect, At: at, Subnet: i.Subnet, Holder: hit.Target, In: f, Fate: Stopped, Cause: Cause{Reason: Checked, ID: hit.Target}})
	case i.Subnet == "":
		w.opaque(at, subnet, hit.Target, f, from, true)
	default:
		w.pass(at, subnet, i.Subnet, hit.Target, f, from, true)
	}
}

// firewall follows a route to a VPC endpoint: that of AWS Network Firewall or of
// a Gateway Load Balancer hands packets on, unchanged, by the table of its subnet, while
// it is available.
// Sources: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html
// https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html
func (w *walker) firewall(at Place, subnet, id string, f Flow, from int) {
	ep, presence := at.Scope.Endpoints.Get(id)
	if presence != snapshot.Present || !strings.EqualFold(ep.Type, "GatewayLoadBalancer") || len(ep.SubnetIDs) != 1 {
		w.opaque(at, subnet, id, f, from, true)
		return
	}
	h := Hop{From: from, Layer: Inspect, At: at, Subnet: ep.SubnetIDs[0], Holder: id, In: f, Fate: Lives(EndpointState, ep.State), Cause: Cause{ID: id, State: ep.State}}
	switch h.Fate {
	case On:
		w.pass(at, subnet, ep.SubnetIDs[0], id, f, from, false)
		return
	case Stopped:
		h.Cause.Reason = NotActive
	default:
		h.Gap = stateGap(at.Scope, snapshot.Endpoints, id, ep.State)
	}
	w.add(h)
}

// pass goes through something that can't be looked into and stands in a subnet:
// the walk goes on where it comes out.
func (w *walker) pass(at Place, subnet, its, id string, f Flow, from int, mangles bool) {
	if w.before(from, Inspect, at, id, its, f.Dst) {
		w.add(Hop{From: from, Layer: Inspect, At: at, Subnet: its, Holder: id, In: f, Fate: Stopped, Cause: Cause{Reason: Circle, ID: id}})
		return
	}
	if its != subnet {
		from = w.acl(ACLIn, at, its, f, from)
	}
	i := w.add(Hop{From: from, Layer: Inspect, At: at, Subnet: its, Holder: id, In: f, Mangles: mangles, Cause: Cause{ID: id}, Gap: w.e.through(at.Scope, id, snapshot.RouteTables)})
	w.leave(at, its, f, i)
}

// opaque ends a part of the walk at something that nothing is known of.
func (w *walker) opaque(at Place, subnet, id string, f Flow, from int, mangles bool) {
	w.add(Hop{From: from, Layer: Inspect, At: at, Subnet: subnet, Holder: id, In: f, Mangles: mangles, Cause: Cause{ID: id}, Gap: w.e.through(at.Scope, id, snapshot.RouteTables)})
}
