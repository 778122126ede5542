//go:build linux

package netpath

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The shapes of the random estates.
const (
	peered      = "peering"
	oneGateway  = "one transit gateway"
	twoGateways = "two peered transit gateways"
	inspected   = "one transit gateway, and an inspection VPC"
)

// estate is two VPCs and what joins them: an agent's subnet, one of a NAT gateway
// and one of a transit gateway attachment on one side, two subnets with an endpoint
// and one of an attachment on the other. Each part is right about half of the time.
type estate struct {
	rng        *rand.Rand
	shape      string
	translated bool // the agent's table leads to a private NAT gateway
	snap       *snapshot.Snapshot
	src, dst   *snapshot.Scope
	samples    []sample
}

type sample struct {
	src, dst     netip.Addr
	sport, dport uint16
	fate         Fate
	through      bool // all that is open is an appliance, which in the lab forwards whatever comes
	passes       []string
	got          bool
	why          string
}

// want is what the walk says of the connection. What it leaves open is an
// appliance that it can't look into, and what is stopped only behind that one;
// the appliance of the lab forwards whatever comes.
func (s sample) want() bool { return s.fate == On || s.fate == Open && s.through }

var (
	kernelPorts   = []int{22, 443, 1024, 1025, 1040, 1062, 1064}
	agentNet      = netip.MustParsePrefix("10.1.0.0/26")
	destNet       = netip.MustParsePrefix("10.2.0.0/25")
	everywhere    = netip.MustParsePrefix("0.0.0.0/0")
	endpointAddrs = []netip.Addr{netip.MustParseAddr("10.2.0.10"), netip.MustParseAddr("10.2.0.20"), netip.MustParseAddr("10.2.0.80")}
	natAddr       = netip.MustParseAddr("10.1.0.70")
)

func randomEstate(seed uint64) *estate {
	e := &estate{rng: rand.New(rand.NewPCG(seed, 7))}
	e.shape = pick(e.rng, []string{peered, oneGateway, twoGateways, inspected})
	e.translated = e.rng.IntN(4) == 0
	e.src = &snapshot.Scope{Name: "source", Region: "us-east-1", Roles: []snapshot.Role{snapshot.Source}}
	e.dst = &snapshot.Scope{Name: "destination", Region: "us-east-1", Roles: []snapshot.Role{snapshot.Destination}}
	e.snap = &snapshot.Snapshot{Scopes: []*snapshot.Scope{e.dst, e.src}}
	for _, s := range e.snap.Scopes {
		for _, see := range []func(snapshot.Extent, []string){
			s.VPCs.See, s.Subnets.See, s.Peerings.See, s.RouteTables.See, s.NetworkACLs.See, s.SecurityGroups.See, s.Interfaces.See, s.NATGateways.See, s.TransitGateways.See,
			s.TransitGatewayVPCAttachments.See, s.TransitGatewayAttachments.See, s.TransitGatewayPeerings.See, s.TransitGatewayRouteTables.See, s.TransitGatewayAssociations.See, s.TransitGatewayRoutes.See,
		} {
			see(snapshot.Full, nil)
		}
	}
	pcx := snapshot.Peering{ID: "pcx-1"}
	pcx.Status.Code = "active"
	pcx.Requester = snapshot.PeeringSide{VPC: "vpc-s", CIDR: netip.MustParsePrefix("10.1.0.0/24")}
	pcx.Accepter = snapshot.PeeringSide{VPC: "vpc-d", CIDR: netip.MustParsePrefix("10.2.0.0/24")}
	e.src.Peerings.Put(pcx)
	e.dst.Peerings.Put(pcx)
	e.vpc(e.src, "vpc-s", "10.1.0.0/24")
	e.subnet(e.src, "vpc-s", "subnet-s", "10.1.0.0/26", destNet)
	e.subnet(e.src, "vpc-s", "subnet-n", "10.1.0.64/26", destNet)
	e.subnet(e.src, "vpc-s", "subnet-sa", "10.1.0.128/28", destNet)
	e.vpc(e.dst, "vpc-d", "10.2.0.0/24")
	for _, n := range [][2]string{{"subnet-1", "10.2.0.0/26"}, {"subnet-2", "10.2.0.64/26"}, {"subnet-da", "10.2.0.128/28"}} {
		e.subnet(e.dst, "vpc-d", n[0], n[1], e.agentSide())
	}
	e.gateways()
	e.group(e.src, "sg-s", "vpc-s", destNet, false)
	e.group(e.dst, "sg-d", "vpc-d", e.agentSide(), true)
	e.src.NATGateways.Put(snapshot.NATGateway{ID: "nat-1", Subnet: "subnet-n", State: "available", Addresses: []snapshot.NATGatewayAddress{{PrivateIP: natAddr}}})
	for i := range 8 {
		s := sample{src: at(agentNet, 2+e.rng.IntN(60)), dst: pick(e.rng, endpointAddrs), dport: uint16(pick(e.rng, kernelPorts)), sport: uint16(32768 + i*3500 + e.rng.IntN(3000))}
		e.judge(&s)
		e.samples = append(e.samples, s)
	}
	return e
}

// agentSide is the block that the endpoint's side should know of.
func (e *estate) agentSide() netip.Prefix {
	if e.translated {
		return netip.MustParsePrefix("10.1.0.64/26")
	}
	return agentNet
}

func at(p netip.Prefix, n int) netip.Addr {
	a := p.Addr().As4()
	a[3] += byte(n)
	return netip.AddrFrom4(a)
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

func (e *estate) vpc(s *snapshot.Scope, id, block string) {
	s.VPCs.Put(snapshot.VPC{ID: id, CIDR: netip.MustParsePrefix(block)})
}

// subnet makes a subnet with its route table and its network ACL.
func (e *estate) subnet(s *snapshot.Scope, vpc, id, block string, other netip.Prefix) {
	p := netip.MustParsePrefix(block)
	s.Subnets.Put(snapshot.Subnet{ID: id, VPC: vpc, CIDR: p, AvailabilityZoneID: "use1-az1"})
	whole := netip.PrefixFrom(p.Addr(), 24).Masked()
	table := snapshot.RouteTable{ID: "rtb-" + id, VPC: vpc, Associations: []snapshot.RouteTableAssociation{{Subnet: id}}, Routes: []snapshot.Route{{CIDR: whole, Gateway: "local", State: "active"}}}
	add := func(p netip.Prefix, right bool) {
		for _, r := range table.Routes {
			if r.CIDR == p {
				return
			}
		}
		table.Routes = append(table.Routes, e.routeOf(id, p, right))
	}
	if e.rng.IntN(20) > 0 {
		add(netip.PrefixFrom(other.Addr(), 24).Masked(), true)
	}
	for range e.rng.IntN(3) {
		add(netip.PrefixFrom(at(other, e.rng.IntN(128)), 25+e.rng.IntN(8)).Masked(), e.rng.IntN(6) > 0)
	}
	s.RouteTables.Put(table)
	e.acl(s, vpc, id, other)
}

// routeOf is a route of a subnet's table: over the connection of the estate if it
// is right, else a blackhole or out to the internet.
func (e *estate) routeOf(subnet string, p netip.Prefix, right bool) snapshot.Route {
	r := snapshot.Route{CIDR: p, State: "active"}
	switch {
	case !right && e.rng.IntN(2) == 0:
		r.Peering, r.State = "pcx-gone", "blackhole"
	case !right:
		r.Gateway = "igw-1"
	case subnet == "subnet-s" && e.translated:
		r.NATGateway = "nat-1"
	case subnet == "subnet-ia":
		r.Interface = "eni-f"
	case e.shape == peered:
		r.Peering = "pcx-1"
	case e.shape == twoGateways && strings.HasPrefix(subnet, "subnet-") && (subnet == "subnet-1" || subnet == "subnet-2" || subnet == "subnet-da"):
		r.TransitGateway = "tgw-u"
	default:
		r.TransitGateway = "tgw-t"
	}
	return r
}

// acl makes the network ACL of a subnet, open to most.
func (e *estate) acl(s *snapshot.Scope, vpc, subnet string, other netip.Prefix) {
	acl := snapshot.NetworkACL{ID: "acl-" + subnet, VPC: vpc, Associations: []snapshot.ACLAssociation{{Subnet: subnet}}}
	for _, egress := range []bool{false, true} {
		for i := range e.rng.IntN(2) {
			acl.Entries = append(acl.Entries, e.aclEntry(10*(i+1), egress, other))
		}
		if e.rng.IntN(20) > 0 {
			acl.Entries = append(acl.Entries, snapshot.ACLEntry{Number: 100, Egress: egress, Protocol: "-1", Action: "allow", CIDR: everywhere})
		}
	}
	s.NetworkACLs.Put(acl)
}

func (e *estate) aclEntry(number int, egress bool, other netip.Prefix) snapshot.ACLEntry {
	lo, hi := pick(e.rng, kernelPorts), pick(e.rng, kernelPorts)
	if e.rng.IntN(2) == 0 { // ephemeral
		lo, hi = 30000+e.rng.IntN(10000), 40000+e.rng.IntN(25000)
	}
	block := e.block(pick(e.rng, []netip.Prefix{other, agentNet, destNet}))
	return snapshot.ACLEntry{
		Number: number, Egress: egress, Protocol: pick(e.rng, []string{"6", "6", "6", "17", "-1"}), Action: pick(e.rng, []string{"allow", "allow", "deny"}),
		CIDR: block, PortRange: &snapshot.ACLPorts{From: min(lo, hi), To: max(lo, hi)},
	}
}

// block is a network, or a part of it.
func (e *estate) block(of netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(at(of, e.rng.IntN(64)), pick(e.rng, []int{24, 26, 26, 27, 28, 30, 32})).Masked()
}

func (e *estate) group(s *snapshot.Scope, id, vpc string, other netip.Prefix, inbound bool) {
	perms := []snapshot.Permission{}
	for range 1 + e.rng.IntN(3) {
		perms = append(perms, e.permission(other))
	}
	if e.rng.IntN(3) > 0 {
		perms = append(perms, snapshot.Permission{Protocol: "-1"})
		perms[len(perms)-1].AddRange(everywhere)
	}
	g := snapshot.SecurityGroup{ID: id, VPC: vpc}
	if inbound {
		g.Ingress = perms
	} else {
		g.Egress = perms
	}
	s.SecurityGroups.Put(g)
}

func (e *estate) permission(other netip.Prefix) snapshot.Permission {
	p := snapshot.Permission{Protocol: pick(e.rng, []string{"tcp", "tcp", "tcp", "udp", "6", "-1"})}
	a, b := pick(e.rng, kernelPorts), pick(e.rng, kernelPorts)
	lo, hi := min(a, b), max(a, b)
	p.FromPort, p.ToPort = &lo, &hi
	p.AddRange(e.block(other))
	return p
}

// gateways makes the transit gateways of the shape, with tables, associations and
// routes, each right most of the time.
func (e *estate) gateways() {
	if e.shape == peered {
		return
	}
	attach := func(id, gateway, vpc, subnet string) {
		e.dst.TransitGatewayVPCAttachments.Put(snapshot.TransitGatewayVPCAttachment{ID: id, Gateway: gateway, VPC: vpc, State: "available", SubnetIDs: []string{subnet}})
	}
	for _, id := range []string{"tgw-t", "tgw-u"} {
		e.dst.TransitGateways.Put(snapshot.TransitGateway{ID: id, State: "available"})
	}
	attach("tgw-attach-s", "tgw-t", "vpc-s", "subnet-sa")
	south, north := "tgw-attach-d", "tgw-attach-s" // where the tables of tgw-t lead
	switch e.shape {
	case twoGateways:
		attach("tgw-attach-d", "tgw-u", "vpc-d", "subnet-da")
		e.dst.TransitGatewayPeerings.Put(snapshot.TransitGatewayPeering{ID: "tgw-attach-p", State: "available", Requester: snapshot.TransitGatewaySide{Gateway: "tgw-t"}, Accepter: snapshot.TransitGatewaySide{Gateway: "tgw-u"}})
		e.gatewayTable("tgw-u", "tgw-rtb-u1", "tgw-attach-d", "tgw-attach-d", "tgw-attach-p")
		e.gatewayTable("tgw-u", "tgw-rtb-u2", "tgw-attach-p", "tgw-attach-d", "tgw-attach-p")
		south = "tgw-attach-p"
	case inspected:
		attach("tgw-attach-d", "tgw-t", "vpc-d", "subnet-da")
		attach("tgw-attach-i", "tgw-t", "vpc-i", "subnet-ia")
		e.vpc(e.dst, "vpc-i", "10.3.0.0/24")
		e.subnet(e.dst, "vpc-i", "subnet-ia", "10.3.0.0/28", pick(e.rng, []netip.Prefix{destNet, destNet, agentNet}))
		e.subnet(e.dst, "vpc-i", "subnet-f", "10.3.0.64/26", pick(e.rng, []netip.Prefix{destNet, destNet, agentNet}))
		off := false
		e.dst.Interfaces.Put(snapshot.Interface{ID: "eni-f", VPC: "vpc-i", Subnet: "subnet-f", PrivateIP: netip.MustParseAddr("10.3.0.70"), SourceDestHop: &off})
		// The way there, or the way back, or both, go through the inspection VPC.
		e.gatewayTable("tgw-t", "tgw-rtb-i", "tgw-attach-i", south, north)
		if e.rng.IntN(4) > 0 {
			south = "tgw-attach-i"
		} else {
			north = "tgw-attach-i"
		}
	default:
		attach("tgw-attach-d", "tgw-t", "vpc-d", "subnet-da")
	}
	e.gatewayTable("tgw-t", "tgw-rtb-t1", "tgw-attach-s", south, north)
	if e.shape == twoGateways {
		e.gatewayTable("tgw-t", "tgw-rtb-t2", "tgw-attach-p", south, north)
	} else {
		e.gatewayTable("tgw-t", "tgw-rtb-t2", "tgw-attach-d", south, north)
	}
}

// gatewayTable makes a table of a gateway for what an attachment sends in.
func (e *estate) gatewayTable(gateway, id, from, south, north string) {
	e.dst.TransitGatewayRouteTables.Put(snapshot.TransitGatewayRouteTable{ID: id, Gateway: gateway, State: "available"})
	set := snapshot.TransitGatewayAssociationSet{RouteTable: id}
	if e.rng.IntN(40) > 0 {
		set.Entries = append(set.Entries, snapshot.TransitGatewayAssociation{Attachment: from, State: "associated"})
	}
	e.dst.TransitGatewayAssociations.Put(set)
	rows := snapshot.TransitGatewayRouteSet{RouteTable: id}
	add := func(p netip.Prefix, to string, hole bool) {
		for _, r := range rows.Entries {
			if r.CIDR == p {
				return
			}
		}
		r := snapshot.TransitGatewayRoute{CIDR: p, Type: pick(e.rng, []string{"static", "propagated"}), State: "active", Attachments: []snapshot.RouteAttachment{{ID: to, ResourceType: "vpc", ResourceID: "vpc-" + to[len(to)-1:]}}}
		if to == "tgw-attach-p" {
			r.Attachments[0].ResourceType = pick(e.rng, []string{"peering", "tgw-peering"})
		}
		if hole {
			r.Type, r.State, r.Attachments = "static", "blackhole", nil
		}
		rows.Entries = append(rows.Entries, r)
	}
	for _, way := range []struct {
		block netip.Prefix
		to    string
	}{{netip.MustParsePrefix("10.2.0.0/24"), south}, {netip.MustParsePrefix("10.1.0.0/24"), north}} {
		if e.rng.IntN(20) > 0 {
			add(way.block, way.to, false)
		}
		for range e.rng.IntN(2) {
			add(netip.PrefixFrom(at(way.block, e.rng.IntN(128)), 25+e.rng.IntN(8)).Masked(), way.to, e.rng.IntN(6) == 0)
		}
	}
	e.dst.TransitGatewayRoutes.Put(rows)
}

// judge is the walk's answer for one connection.
func (e *estate) judge(s *sample) {
	agents, starts, ends := e.endsOf(s.src, s.dst)
	es := &Estate{snap: e.snap, ephemeral: Port(s.sport), nat: Port(s.sport)} // the kernel keeps the port
	there := There(es, agents, starts, ends)
	back := Back(es, there, agents, starts, ends)
	groupS, _ := e.src.SecurityGroups.Get("sg-s")
	groupD, _ := e.dst.SecurityGroups.Get("sg-d")
	fate, stops, opens := es.Connects(there, back, []Ports{Port(s.dport)}, []snapshot.SecurityGroup{groupS}, []snapshot.SecurityGroup{groupD})
	s.fate, s.passes = fate, partsOf(there, back)
	s.through = !slices.ContainsFunc(opens, func(h Hop) bool { return h.Layer != Inspect })
	for _, h := range append(stops, opens...) {
		s.why += fmt.Sprintf("%d %s %s %d; ", h.Layer, h.Subnet, h.Holder, h.Cause.Reason)
	}
}

// labParts is what the random estates are there for.
var labParts = []string{
	"a peering connection", "the subnet of an attachment", "a further route in the table of such a subnet", "a rule of the network ACL of such a subnet", "a table of a transit gateway",
	"a peering between two gateways", "an appliance that forwards", "a private NAT gateway",
}

// partsOf names those of labParts that the way of a connection passes.
func partsOf(walks ...Walk) []string {
	found := map[string]bool{}
	for _, w := range walks {
		exits := map[string]bool{}
		for _, h := range w.Hops {
			exits[h.Subnet] = exits[h.Subnet] || h.Layer == Exit
			for i, is := range []bool{
				strings.HasPrefix(h.Holder, "pcx-"), h.Layer == Exit, exits[h.Subnet] && h.Layer == Route && h.Route != nil && h.Route.Kind != ToLocal,
				exits[h.Subnet] && h.ACL != nil && len(h.ACL.Entries) > 2, h.Layer == GatewayRoute, h.Holder == "tgw-attach-p", h.Layer == Inspect, h.untranslated != nil,
			} {
				found[labParts[i]] = found[labParts[i]] || is
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(labParts), func(what string) bool { return !found[what] })
}

// endsOf is an agent and an endpoint with one address each.
func (e *estate) endsOf(src, dst netip.Addr) (Agents, []Start, []End) {
	from := Place{Scope: e.src, VPC: "vpc-s"}
	agents := Agents{Place: from, Addrs: AddrSet(src)}
	subnet := "subnet-1"
	if dst == endpointAddrs[2] {
		subnet = "subnet-2"
	}
	return agents, []Start{{At: from, Subnet: "subnet-s", Addrs: agents.Addrs}}, []End{{At: Place{Scope: e.dst, VPC: "vpc-d"}, Subnet: subnet, Endpoint: AddrSet(dst), Task: AddrSet()}}
}

// rightEstate is the first random estate of a shape in which the agent reaches
// the endpoint, as far as can be looked into.
func rightEstate(shape string) *estate {
	for seed := uint64(1); ; seed++ {
		e := randomEstate(seed)
		if e.shape != shape || e.translated {
			continue
		}
		s := sample{src: at(agentNet, 5), dst: endpointAddrs[0], dport: 443, sport: 40000}
		if e.judge(&s); s.fate != Stopped && s.want() {
			return e
		}
	}
}
