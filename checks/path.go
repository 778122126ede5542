package checks

import (
	"net/netip"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// journey is the traffic of an activated agent: from its addresses to those of
// the endpoint and of the task's interfaces, and back.
type journey struct {
	agents netpath.Agents
	from   netpath.Place // where the agent stands
	to     netpath.Place // where the endpoint stands
	ends   []end         // by destination subnet
	starts []start       // by the agent's subnet; empty outside AWS
}

// end is what the agent dials in one subnet.
type end struct {
	subnet   string
	endpoint *netipx.IPSet // addresses of the endpoint there
	task     *netipx.IPSet // the addresses that a task's interfaces may get there
}

// all is every address that the agent dials in the subnet.
func (e end) all() *netipx.IPSet { return netpath.Union(e.endpoint, e.task) }

// start is the part of the agent's addresses in one subnet.
type start struct {
	subnet string
	addrs  *netipx.IPSet
}

// journey resolves both ends. When it can't, it has reported why.
func (x *Exam) journey() (journey, bool) {
	ep, s, ok := x.endpoint()
	if !ok {
		return journey{}, false
	}
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap != nil {
		x.Unknown(ep.ID, *gap)
		return journey{}, false
	}
	j := journey{agents: agents, from: agents.Place, to: netpath.Place{Scope: s, VPC: ep.VPC}}
	j.agents.Addrs = netpath.IPv4(agents.Addrs)
	if netpath.Empty(j.agents.Addrs) {
		x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.Malformed, Source: agents.Given, Ref: ep.ID, Detail: "no IPv4 address, and the key request takes none but IPv4"})
		return j, false
	}
	if j.ends, ok = x.ends(s, ep); !ok {
		return j, false
	}
	return j, x.begin(&j, ep)
}

// ends lists what the agent dials, by subnet: the addresses in the key request,
// or all of the endpoint's, and the task subnet as a whole.
func (x *Exam) ends(s *snapshot.Scope, ep snapshot.Endpoint) ([]end, bool) {
	interfaces, gaps := endpointInterfaces(s, ep)
	var out []end
	at := func(subnet string) *end {
		for i := range out {
			if out[i].subnet == subnet {
				return &out[i]
			}
		}
		out = append(out, end{subnet, &netipx.IPSet{}, &netipx.IPSet{}})
		return &out[len(out)-1]
	}
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() && (!x.Target.EndpointIP.IsValid() || x.Target.EndpointIP == a) {
				e := at(i.Subnet)
				e.endpoint = netpath.Union(e.endpoint, netpath.AddrSet(a))
			}
		}
		if i.Within.IsValid() && (!x.Target.EndpointIP.IsValid() || i.Within.Contains(x.Target.EndpointIP)) {
			e := at(i.Subnet) // its address is chosen when it is created: any of the block
			e.endpoint = netpath.Union(e.endpoint, netpath.Set(i.Within))
		}
	}
	if ep.SubnetsPending != "" {
		gaps = append(gaps, ep.SubnetsPending.Gap(ep.ID))
	}
	if len(out) == 0 {
		if len(gaps) == 0 {
			x.See(say("the endpoint has no address to reach", "到達すべきエンドポイントのアドレスがない"), "endpoint-address")
		} else {
			x.Unknown(ep.ID, gaps...)
		}
		return nil, false
	}
	if len(gaps) > 0 && !x.Target.EndpointIP.IsValid() {
		x.Unknown(ep.ID, gaps...)
	}
	chosen := x.Target.SubnetID
	for _, id := range x.taskSubnets(ep) {
		n, p := s.Subnets.GetIn(ep.VPC, id)
		if p != snapshot.Present || n.VPC != ep.VPC || !n.CIDR.IsValid() {
			continue // subnet-usable speaks of it
		}
		if chosen == "" && len(out) > 0 && x.Target.EndpointIP.IsValid() && !hasSubnet(out, id) {
			continue // the endpoint's other subnets, when its address is chosen
		}
		at(id).task = netpath.Set(n.CIDR)
	}
	return out, true
}

func hasSubnet(ends []end, id string) bool {
	for _, e := range ends {
		if e.subnet == id {
			return true
		}
	}
	return false
}

// begin finds the subnets that the agent may stand in.
func (x *Exam) begin(j *journey, ep snapshot.Endpoint) bool {
	if j.from.Outside || j.from.Scope == nil || j.from.VPC == "" {
		return true
	}
	left := j.agents.Addrs
	for _, n := range j.from.Scope.Subnets.Where("vpc", j.from.VPC, func(n snapshot.Subnet) []string { return []string{n.VPC} }) {
		if j.agents.Subnet != "" && n.ID != j.agents.Subnet {
			continue
		}
		part := netpath.Both(left, netpath.Set(n.CIDR))
		if netpath.Empty(part) {
			continue
		}
		left = netpath.Minus(left, part)
		j.starts = append(j.starts, start{n.ID, part})
	}
	if len(j.starts) == 0 {
		x.Unknown(ep.ID, j.from.Scope.GapFor(snapshot.Subnets, j.from.VPC))
		return false
	}
	return true
}

// sameVPC reports whether agent and endpoint share a VPC.
func (j journey) sameVPC() bool { return j.from.VPC != "" && j.from.VPC == j.to.VPC }

// placed reports whether it is known where the agent stands: in a VPC that was
// seen, or outside AWS.
func (j journey) placed() bool { return j.from.Outside || j.from.Scope != nil && j.from.VPC != "" }

// goal is where replies should arrive.
func (j journey) goal() netpath.Goal {
	return netpath.Goal{VPC: j.from.VPC, Outside: j.from.Outside, Reply: true}
}

// clash reports whether the agent's addresses are, wrongly, addresses of the
// endpoint's VPC as well.
func (x *Exam) clash(j journey) bool {
	v, p := j.to.Scope.VPCs.Get(j.to.VPC)
	if p != snapshot.Present || j.sameVPC() {
		return false
	}
	var source []netip.Prefix
	source = append(source, j.agents.Addrs.Prefixes()...)
	return len(netpath.Overlaps(source, v.Prefixes())) > 0
}

var whyClash = say("moot while the address spaces overlap", "アドレス空間が重複している間は判定の対象外")

// pathNeeds and pathUses are what following a path takes.
var (
	pathNeeds = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets, snapshot.RouteTables}
	pathUses  = []snapshot.Kind{
		snapshot.VPCs, snapshot.Instances, snapshot.PrefixLists, snapshot.PrefixListEntries, snapshot.Peerings,
		snapshot.TransitGateways, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings,
		snapshot.TransitGatewayRouteTables, snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes, snapshot.VPNGateways,
	}
)

// trip is the legs from one subnet.
type trip struct {
	subnet string
	legs   []netpath.Leg
}

// outward traces the requests, from each of the agent's subnets.
func (x *Exam) outward(j journey) []trip {
	t := netpath.Tracer{Snapshot: x.Snapshot}
	dst := &netipx.IPSet{}
	for _, e := range j.ends {
		dst = netpath.Union(dst, e.all())
	}
	var out []trip
	for _, s := range j.starts {
		to := dst
		if j.sameVPC() {
			to = withoutSubnet(j, dst, s.subnet)
		}
		if !netpath.Empty(to) {
			out = append(out, trip{s.subnet, t.From(j.from, s.subnet, to, netpath.Goal{VPC: j.to.VPC})})
		}
	}
	return out
}

// homeward traces the replies, from each subnet that the agent dials into.
func (x *Exam) homeward(j journey) []trip {
	t := netpath.Tracer{Snapshot: x.Snapshot}
	var out []trip
	for _, e := range j.ends {
		to := j.agents.Addrs
		if j.sameVPC() {
			for _, s := range j.starts {
				if s.subnet == e.subnet {
					to = netpath.Minus(to, s.addrs)
				}
			}
		}
		if !netpath.Empty(to) {
			out = append(out, trip{e.subnet, t.From(j.to, e.subnet, to, j.goal())})
		}
	}
	return out
}

// withoutSubnet leaves out what is in the agent's own subnet: such traffic is
// not routed.
func withoutSubnet(j journey, dst *netipx.IPSet, subnet string) *netipx.IPSet {
	for _, e := range j.ends {
		if e.subnet == subnet {
			dst = netpath.Minus(dst, e.all())
		}
	}
	return dst
}

func stepEvidence(steps []netpath.Step) []snapshot.Evidence {
	var out []snapshot.Evidence
	for _, s := range steps {
		out = append(out, snapshot.Evidence{Source: s.Source, Ref: s.Ref, Fact: s.Fact})
	}
	return out
}
