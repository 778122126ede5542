package checks

import (
	"slices"
	"sync"
	"sync/atomic"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// journey is the traffic of an activated agent: from its addresses to those of
// the endpoint and of the task's interfaces, and back, hop by hop.
type journey struct {
	agents netpath.Agents
	from   netpath.Place // where the agent stands
	to     netpath.Place // where the endpoint stands
	ends   []netpath.End // what the agent dials, by subnet
	starts []netpath.Start
	there  netpath.Walk
	back   netpath.Walk
	parts  [2][]leg // of the way there, of the way back
	estate *netpath.Estate
	lacks  []lack // by subnet: why none of those that a task might use serves, each for a reason of its own
}

// journeys holds the walk of one target, which several checks look at. It is a
// pure function of the target and the tables in pathUses.
type journeys struct {
	once   sync.Once
	walked atomic.Bool        // once is done
	snap   *snapshot.Snapshot // what the walk saw: of the tables of any check, those in pathUses
	j      journey
	ok     bool
	found  []Finding // what is to be said where it can't be walked, or not wholly
}

// pathUses is what every check that looks at the walk declares.
var pathUses = slices.Concat([]snapshot.Kind{snapshot.SubnetCIDRReservations}, netpath.WalkKinds, taskUses)

// journey walks the path. When it can't, it has reported why.
func (x *Exam) journey() (journey, bool) {
	j, ok, found := x.walked()
	x.findings = append(x.findings, found...)
	return j, ok
}

// walked is the walk of the target, and what is to be said of it.
func (x *Exam) walked() (journey, bool, []Finding) {
	shared := x.shared
	if shared == nil {
		shared = &journeys{}
	}
	shared.once.Do(func() {
		y := &Exam{Target: x.Target, Snapshot: x.Snapshot.Only(pathUses), Tasks: x.Tasks, check: x.check}
		shared.snap = y.Snapshot
		shared.j, shared.ok = y.walk()
		shared.found = y.findings
		shared.walked.Store(true)
	})
	j := shared.j
	j.from, j.to = x.own(j.from, shared.snap), x.own(j.to, shared.snap)
	return j, shared.ok, shared.found
}

// own is a place of a walk as the check itself sees it, with tables that the walk does
// not read.
func (x *Exam) own(p netpath.Place, walked *snapshot.Snapshot) netpath.Place {
	if i := slices.Index(walked.Scopes, p.Scope); i >= 0 {
		p.Scope = x.Snapshot.Scopes[i]
	}
	return p
}

func (x *Exam) walk() (journey, bool) {
	ep, s, ok := x.endpoint()
	if !ok {
		return journey{}, false
	}
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap != nil {
		x.Unknown(ep.ID, *gap)
		return journey{}, false
	}
	j := journey{agents: agents, from: agents.Place, to: netpath.Place{Scope: s, VPC: ep.VPC}, estate: netpath.NewEstate(x.Snapshot)}
	j.agents.Addrs = netpath.IPv4(agents.Addrs)
	if netpath.Empty(j.agents.Addrs) {
		x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.Malformed, Source: agents.Given, Ref: ep.ID, Words: onlyIPv4})
		return j, false
	}
	if j.ends, ok = x.ends(s, ep); !ok {
		return j, false
	}
	if !x.begin(&j, ep) {
		return j, false
	}
	j.follow()
	x.choose(&j, s, ep)
	return j, true
}

// follow walks both ways.
func (j *journey) follow() {
	j.there = netpath.There(j.estate, j.agents, j.starts, j.ends)
	j.back = netpath.Back(j.estate, j.there, j.agents, j.starts, j.ends)
	j.parts = [2][]leg{legs(j.there), legs(j.back)}
}

// legs lists the parts of the way there, or of that back.
func (j journey) legs(back bool) []leg {
	if back {
		return j.parts[1]
	}
	return j.parts[0]
}

// ends lists what the agent dials, by subnet: the addresses in the key request,
// or all of the endpoint's, those of the interfaces that its tasks have, and whatever
// address a task's interface may get.
func (x *Exam) ends(s *snapshot.Scope, ep snapshot.Endpoint) ([]netpath.End, bool) {
	interfaces, gaps := endpointInterfaces(s, ep)
	var out []netpath.End
	at := func(p netpath.Place, subnet string) *netpath.End {
		for i := range out {
			if out[i].Subnet == subnet {
				return &out[i]
			}
		}
		out = append(out, netpath.End{At: p, Subnet: subnet, Endpoint: &netipx.IPSet{}, Task: &netipx.IPSet{}})
		return &out[len(out)-1]
	}
	endpointPlace := netpath.Place{Scope: s, VPC: ep.VPC}
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() && (!x.Target.EndpointIP.IsValid() || x.Target.EndpointIP == a) {
				e := at(endpointPlace, i.Subnet)
				e.Endpoint = netpath.Union(e.Endpoint, netpath.AddrSet(a))
			}
		}
		if i.Within.IsValid() && (!x.Target.EndpointIP.IsValid() || i.Within.Contains(x.Target.EndpointIP)) {
			e := at(endpointPlace, i.Subnet) // its address is chosen when it is created: any of the block
			e.Endpoint = netpath.Union(e.Endpoint, netpath.Set(i.Within))
		}
	}
	if ep.SubnetsPending != "" {
		gaps = append(gaps, ep.SubnetsPending.Gap(ep.ID))
	}
	if len(out) == 0 {
		if len(gaps) == 0 {
			x.See(say("the endpoint has no address to reach", "到達すべきエンドポイントのアドレスがない"), x.given("endpoint-address")...)
		} else {
			x.Unknown(ep.ID, gaps...)
		}
		return nil, false
	}
	if len(gaps) > 0 && !x.Target.EndpointIP.IsValid() {
		x.Unknown(ep.ID, gaps...)
	}
	for _, i := range x.taskInterfaces(s) {
		e := at(netpath.Place{Scope: s, VPC: i.VPC}, i.Subnet)
		for _, a := range i.Addrs() {
			e.Task = netpath.Union(e.Task, netpath.IPv4(netpath.AddrSet(a)))
		}
		if n, p := s.Subnets.Get(i.Subnet); p == snapshot.Present && n.CIDR.IsValid() {
			e.Block = n.CIDR.Masked()
		}
	}
	if x.inLocation() && x.Target.SubnetID == "" {
		return out, true // subnet-free-ips asks for the location's subnet
	}
	for _, id := range x.taskSubnets(ep) {
		n, in := x.taskSubnet(s, ep, id)
		if in == nil || n.VPC != ep.VPC && !x.inLocation() || !n.CIDR.IsValid() {
			continue // subnet-usable speaks of it
		}
		e := at(netpath.Place{Scope: in, VPC: n.VPC}, id)
		e.Task, e.Block = netpath.Union(e.Task, netpath.Minus(freeIn(in, n), e.Endpoint)), n.CIDR.Masked()
	}
	return out, true
}

// inLocation reports whether the task's interfaces go where its location is: into
// the subnet of the EFS or FSx file system, which may be of another VPC.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html
func (x *Exam) inLocation() bool {
	return x.Target.DestinationType == "efs" || x.Target.DestinationType == "fsx"
}

// taskSubnet finds a subnet for the task's interfaces, and the scope that shows it.
func (x *Exam) taskSubnet(s *snapshot.Scope, ep snapshot.Endpoint, id string) (snapshot.Subnet, *snapshot.Scope) {
	if n, p := s.Subnets.GetIn(ep.VPC, id); p == snapshot.Present {
		return n, s
	}
	for _, o := range x.Snapshot.Scopes {
		if n, p := o.Subnets.Get(id); p == snapshot.Present {
			return n, o
		}
	}
	return snapshot.Subnet{}, nil
}

// freeIn is the addresses that a new interface in a subnet may get: none that
// another interface holds, none of the five that AWS reserves. Of a subnet that
// is full it is all of them; subnet-free-ips says that it is full.
func freeIn(s *snapshot.Scope, n snapshot.Subnet) *netipx.IPSet {
	if free := netpath.FreeIn(s, n); !netpath.Empty(free) {
		return free
	}
	return netpath.Minus(netpath.Set(n.CIDR), netpath.Reserved(n.CIDR))
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
		j.starts = append(j.starts, netpath.Start{At: j.from, Subnet: n.ID, Addrs: part})
	}
	if len(j.starts) == 0 {
		gap := j.from.Scope.GapFor(snapshot.Subnets, j.from.VPC)
		if j.from.Scope.Subnets.Covers(j.from.VPC) {
			gap.Code, gap.Ref, gap.Detail = snapshot.NoSubnetHolds, shorten(netpath.Addresses(left)), j.from.VPC
		}
		x.Unknown(ep.ID, gap)
		return false
	}
	return true
}

// sameVPC reports whether agent and endpoint share a VPC.
func (j journey) sameVPC() bool { return j.from.VPC != "" && j.from.VPC == j.to.VPC }

// placed reports whether it is known where the agent stands: in a VPC that was
// seen, or outside AWS.
func (j journey) placed() bool { return j.agents.Placed() }

// clash reports whether the agent's addresses are, wrongly, addresses of the
// endpoint's VPC as well.
func (x *Exam) clash(j journey) bool {
	v, p := j.to.Scope.VPCs.Get(j.to.VPC)
	if p != snapshot.Present || j.sameVPC() {
		return false
	}
	return len(netpath.Overlaps(j.agents.Addrs.Prefixes(), v.Prefixes())) > 0
}

var whyClash = say("moot while the address spaces overlap", "アドレス空間が重複している間は判定の対象外")

// pathNeeds is what following a path takes.
var pathNeeds = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets, snapshot.RouteTables}

// leg is one part of the traffic, from its first hop to its last.
type leg struct {
	chain []netpath.Hop
	last  netpath.Hop
	index int
}

// legs lists the parts of a walk that begin in a subnet, by subnet in the order
// in which they were walked.
func legs(w netpath.Walk) []leg {
	var out []leg
	for _, i := range w.Leaves() {
		out = append(out, leg{w.Chain(i), w.Hops[i], i})
	}
	return out
}

// subject is the subnet in which a part begins; the VPC for one that comes from
// outside AWS.
func (l leg) subject(vpc string) string {
	if s := l.chain[0].Subnet; s != "" {
		return s
	}
	return vpc
}

// final returns the last hop of one of the layers.
func (l leg) final(layers ...netpath.Layer) (netpath.Hop, bool) {
	for _, h := range slices.Backward(l.chain) {
		if slices.Contains(layers, h.Layer) {
			return h, true
		}
	}
	return netpath.Hop{}, false
}

// byGateway reports whether a transit gateway's table sent the part where it ends.
func (l leg) byGateway() bool {
	for _, h := range slices.Backward(l.chain) {
		if h.Layer != netpath.Connection {
			return h.Layer == netpath.GatewayRoute
		}
	}
	return false
}

// inspectedOnly reports whether all that can't be told of a part is what appliances and
// firewalls do with it: it ends where it ends, unless they end it before.
func (l leg) inspectedOnly() bool {
	return !slices.ContainsFunc(l.chain, func(h netpath.Hop) bool { return h.Fate == netpath.Open && h.Layer != netpath.Inspect })
}

// open returns the first hop of the part that can't be told, of those that
// something of AWS may lie behind.
func (l leg) open() (netpath.Hop, bool) { return l.find(netpath.Open, false) }

// edge returns the hop that leads out of AWS, if it can't be told whether it
// does.
func (l leg) edge() (netpath.Hop, bool) { return l.find(netpath.Open, true) }

func (l leg) find(fate netpath.Fate, edge bool) (netpath.Hop, bool) {
	for _, h := range l.chain {
		if h.Fate == fate && h.Edge == edge {
			return h, true
		}
	}
	return netpath.Hop{}, false
}

// owner is the check that speaks of what is open at a hop.
func (x *Exam) owner(h netpath.Hop, back bool) string {
	switch h.Layer {
	case netpath.Connection:
		return connectionID
	case netpath.Inspect:
		return inspectedID
	}
	if back {
		return routeBackID
	}
	return routeThereID
}

// restsOn says that a subject rests on what another check speaks of.
func (x *Exam) restsOn(subject, check string) {
	x.Unknown(subject, snapshot.Gap{Code: snapshot.RestsOn, Ref: check})
}
