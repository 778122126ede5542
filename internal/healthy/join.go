package healthy

import (
	"net/netip"
	"slices"
)

// join leads the two VPCs to each other.
func (e *estate) join(kind Kind) {
	switch {
	case kind == SameVPC:
	case kind == Peering, kind == PrivateNAT && e.chance(2):
		e.peer()
	case kind == TwoGateways:
		e.twoGateways()
	default:
		e.oneGateway(kind == SharedGateway)
	}
}

// from is the subnet in which what the agent sends leaves its VPC.
func (e *estate) from() *subnet {
	if e.natAt != nil {
		return e.natAt
	}
	return e.agentAt
}

// agentSideBlocks are those that the endpoint's side knows: of the whole VPC, or,
// behind a NAT gateway, of that one's subnet alone.
func (e *estate) agentSideBlocks() []netip.Prefix {
	if e.natAt != nil || e.outside() || e.chance(3) {
		return []netip.Prefix{e.agentNet}
	}
	return e.agents.blocks
}

// towards adds routes in one of the ways in which people write them: one for each
// block, wide ones, or one for a prefix list.
func (e *estate) towards(n *subnet, blocks []netip.Prefix, to row) {
	switch e.rng.IntN(5) {
	case 4:
		if to["TransitGatewayId"] != nil {
			n.leads([]netip.Prefix{anywhere}, to)
			return
		}
		n.leads(blocks, to)
	case 0:
		wide := []netip.Prefix{}
		for _, b := range blocks {
			if w := private(b); !slices.Contains(wide, w) {
				wide = append(wide, w)
			}
		}
		n.leads(wide, to)
	case 1:
		n.leads(blocks[:1], to)
		r := n.routes[len(n.routes)-1]
		delete(r, "DestinationCidrBlock")
		r["DestinationPrefixListId"] = e.list(n.of.in, blocks)
	default:
		n.leads(blocks, to)
	}
}

// private is the whole range for private networks that a block is part of.
// Sources: RFC 1918, RFC 6598.
func private(b netip.Prefix) netip.Prefix {
	for _, w := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"} {
		if p := netip.MustParsePrefix(w); p.Overlaps(b) {
			return p
		}
	}
	return b
}

// list makes a customer-managed prefix list.
func (e *estate) list(a *account, blocks []netip.Prefix) string {
	id := e.id("pl")
	a.add("describe-managed-prefix-lists", row{"PrefixListId": id, "PrefixListName": "net-" + id, "OwnerId": a.number, "AddressFamily": "IPv4", "State": "create-complete", "MaxEntries": 10, "Version": 1})
	for _, b := range blocks {
		a.addSet("get-managed-prefix-list-entries", id, row{"Cidr": b.String()})
	}
	return id
}

func (e *estate) peer() {
	e.peering = e.id("pcx")
	side := func(v *vpc) row {
		var set []row
		for _, b := range v.blocks {
			set = append(set, row{"CidrBlock": b.String()})
		}
		return row{"VpcId": v.id, "OwnerId": v.in.number, "Region": v.in.region, "CidrBlock": v.blocks[0].String(), "CidrBlockSet": set}
	}
	sides := []row{side(e.agents), side(e.ends)}
	if e.chance(2) {
		slices.Reverse(sides)
	}
	connection := row{"VpcPeeringConnectionId": e.peering, "RequesterVpcInfo": sides[0], "AccepterVpcInfo": sides[1], "Status": row{"Code": "active", "Message": "Active"}}
	e.src.add("describe-vpc-peering-connections", connection)
	if e.dst != e.src {
		e.dst.add("describe-vpc-peering-connections", connection)
	}
	e.lead(row{"VpcPeeringConnectionId": e.peering}, row{"VpcPeeringConnectionId": e.peering})
}

// lead adds the routes of the two VPCs.
func (e *estate) lead(there, back row) {
	e.towards(e.from(), e.ends.blocks, there)
	blocks := e.agentSideBlocks()
	if e.chance(3) { // each subnet has a table of its own
		for _, n := range e.endAt {
			e.towards(n, blocks, back)
		}
		return
	}
	e.towards(e.endAt[0], blocks, back)
	for _, n := range e.endAt[1:] {
		n.routes = append(n.routes, e.endAt[0].routes...)
	}
}

func (e *estate) oneGateway(shared bool) {
	owner := pick(e, e.dst, e.src)
	if shared && e.chance(2) {
		owner = e.account("777788889999", destinationRegion, "")
	}
	g := e.gateway(owner, e.src, e.dst)
	there, back := g.attach(e, e.agents, e.from()), g.attach(e, e.ends, e.endAt...)
	reaches := []reach{{there, e.agentSideBlocks()}, {back, e.ends.blocks}}
	if e.chance(2) { // a VPC that has nothing to do with it
		other := e.vpc(owner, netip.MustParsePrefix("10.98.0.0/16"))
		reaches = append(reaches, reach{g.attach(e, other, e.subnet(other, 0, 24)), other.blocks})
	}
	g.tables(e, reaches)
	e.lead(row{"TransitGatewayId": g.id}, row{"TransitGatewayId": g.id})
}

func (e *estate) twoGateways() {
	near, far := e.gateway(e.src), e.gateway(e.dst)
	there, back := near.attach(e, e.agents, e.from()), far.attach(e, e.ends, e.endAt...)
	peering := e.id("tgw-attach")
	side := func(g *gateway) row {
		return row{"TransitGatewayId": g.id, "OwnerId": g.owner.number, "Region": g.owner.region}
	}
	sides, gateways := []row{side(near), side(far)}, []*gateway{near, far}
	if e.chance(2) {
		slices.Reverse(sides)
	}
	for i, g := range gateways {
		other := gateways[1-i]
		g.owner.add("describe-transit-gateway-peering-attachments", row{"TransitGatewayAttachmentId": peering, "RequesterTgwInfo": sides[0], "AccepterTgwInfo": sides[1], "State": "available", "Status": row{"Code": "available"}})
		g.attachments = append(g.attachments, &attachment{id: peering, kind: "peering", resource: other.id, owner: other.owner.number})
	}
	near.tables(e, []reach{{there, e.agentSideBlocks()}, {near.attachments[1], e.ends.blocks}})
	far.tables(e, []reach{{back, e.ends.blocks}, {far.attachments[1], e.agentSideBlocks()}})
	e.lead(row{"TransitGatewayId": near.id}, row{"TransitGatewayId": far.id})
}

// onPremises leads the endpoint's VPC to a network outside AWS, by a virtual
// private gateway or a transit gateway.
func (e *estate) onPremises(kind Kind) {
	e.agentNet = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 168, byte(e.rng.IntN(256)), 0}), 24)
	a := e.agentNet.Addr().As4()
	a[3] = byte(10 + e.rng.IntN(200))
	e.agentIP, e.given = netip.AddrFrom4(a), "address"
	if e.chance(2) {
		gateway := e.id("vgw")
		e.dst.add("describe-vpn-gateways", row{"VpnGatewayId": gateway, "State": "available", "Type": "ipsec.1", "VpcAttachments": []row{{"VpcId": e.ends.id, "State": "attached"}}})
		origin := "EnableVgwRoutePropagation"
		if kind == VPN {
			static := e.chance(2)
			if static && e.chance(2) {
				origin = "CreateRoute"
			}
			e.vpn(e.dst, row{"VpnGatewayId": gateway}, static)
		}
		for _, n := range e.endAt {
			n.leads([]netip.Prefix{e.agentNet}, row{"GatewayId": gateway, "Origin": origin})
		}
		return
	}
	owner := e.dst
	if e.chance(3) {
		owner = e.account("777788889999", destinationRegion, "")
	}
	g := e.gateway(owner, e.dst)
	back := g.attach(e, e.ends, e.endAt...)
	out := &attachment{id: e.id("tgw-attach"), kind: "direct-connect-gateway", resource: "0a1b2c3d-0000-4000-8000-" + e.id("x")[3:15], owner: owner.number}
	if kind == VPN {
		out.kind = "vpn"
		out.resource = e.vpn(owner, row{"TransitGatewayId": g.id}, e.chance(2))
	}
	g.attachments = append(g.attachments, out)
	reaches := []reach{{back, e.ends.blocks}, {out, []netip.Prefix{e.agentNet}}}
	if e.chance(3) { // a VPN beside it: for Direct Connect, which comes first, one to fall back to
		second := &attachment{id: e.id("tgw-attach"), kind: "vpn", owner: owner.number}
		second.resource = e.vpn(owner, row{"TransitGatewayId": g.id}, false)
		g.attachments = append(g.attachments, second)
		reaches = append(reaches, reach{second, []netip.Prefix{e.agentNet}})
	}
	g.tables(e, reaches)
	for _, n := range e.endAt {
		e.towards(n, []netip.Prefix{e.agentNet}, row{"TransitGatewayId": g.id})
	}
}

// vpn makes a Site-to-Site VPN connection with both tunnels up.
func (e *estate) vpn(a *account, at row, static bool) string {
	id := e.id("vpn")
	tunnel := func(addr string) row {
		return row{"OutsideIpAddress": addr, "Status": "UP", "StatusMessage": "", "AcceptedRouteCount": 1}
	}
	c := row{"VpnConnectionId": id, "State": "available", "Type": "ipsec.1", "Options": row{"StaticRoutesOnly": static}, "Routes": []row{}, "VgwTelemetry": []row{tunnel("203.0.113.10"), tunnel("203.0.113.11")}}
	if static && at["VpnGatewayId"] != nil {
		c["Routes"] = []row{{"DestinationCidrBlock": e.agentNet.String(), "State": "available"}}
	}
	for k, v := range at {
		c[k] = v
	}
	a.add("describe-vpn-connections", c)
	return id
}
