package healthy

import (
	"encoding/json"
	"fmt"
	"net/netip"
)

// vpc is a VPC with its subnets.
type vpc struct {
	in      *account
	id      string
	blocks  []netip.Prefix
	subnets []*subnet
	next    netip.Addr // where the next subnet begins
	six     bool       // it has IPv6 too
}

// subnet is a subnet with the routes of its table, the local ones left out, and
// what its network ACL lets through.
type subnet struct {
	of      *vpc
	id      string
	block   netip.Prefix
	zone    int
	taken   int
	routes  []row
	in, out []opening // nil: the default ACL
	// One of a transit gateway attachment: its own, or with other machines in it.
	attachment, shared bool
}

// opening is what an entry of a network ACL lets through.
type opening struct {
	peer        netip.Prefix
	first, last int
}

func (e *estate) vpc(a *account, block netip.Prefix) *vpc {
	v := &vpc{in: a, id: e.id("vpc"), blocks: []netip.Prefix{block.Masked()}, next: block.Masked().Addr(), six: e.chance(4)}
	a.vpcs = append(a.vpcs, v)
	return v
}

// add associates a further block, in which the subnets to come are.
func (v *vpc) add(block netip.Prefix) {
	v.blocks, v.next = append(v.blocks, block), block.Addr()
}

func (e *estate) subnet(v *vpc, zone, bits int) *subnet {
	n := &subnet{of: v, id: e.id("subnet"), zone: zone, block: netip.PrefixFrom(v.next, bits)}
	a := v.next.As4()
	a[2]++
	v.next = netip.AddrFrom4(a)
	v.subnets = append(v.subnets, n)
	return n
}

// free takes an address of a subnet.
func (e *estate) free(n *subnet) netip.Addr {
	a := n.block.Addr().As4()
	n.taken++
	a[3] += byte(3 + n.taken + e.rng.IntN(4)*8)
	return netip.AddrFrom4(a)
}

// leads adds routes for some blocks.
func (n *subnet) leads(blocks []netip.Prefix, to row) {
	for _, b := range blocks {
		r := row{"DestinationCidrBlock": b.Masked().String(), "Origin": "CreateRoute", "State": "active"}
		for k, v := range to {
			r[k] = v
		}
		n.routes = append(n.routes, r)
	}
}

// eni makes a network interface, and returns its id.
func (e *estate) eni(n *subnet, addr netip.Addr, more row) string {
	id := e.id("eni")
	_, zone := n.of.in.zone(n.zone)
	r := row{
		"NetworkInterfaceId": id, "VpcId": n.of.id, "SubnetId": n.id, "AvailabilityZone": zone, "OwnerId": n.of.in.number, "PrivateIpAddress": addr.String(),
		"PrivateIpAddresses": []row{{"Primary": true, "PrivateIpAddress": addr.String()}}, "Ipv6Addresses": []row{}, "Groups": []row{}, "SourceDestCheck": true, "Status": "in-use",
	}
	for k, v := range more {
		r[k] = v
	}
	n.of.in.add("describe-network-interfaces", r)
	return id
}

var anywhere = netip.MustParsePrefix("0.0.0.0/0")

// write adds the rows of the VPC: route tables are shared by the subnets with the
// same routes, or by all through the main one, and ACLs by those without one of
// their own.
func (v *vpc) write(e *estate) {
	a := v.in
	var sets []row
	for _, b := range v.blocks {
		sets = append(sets, row{"AssociationId": e.id("vpc-cidr-assoc"), "CidrBlock": b.String(), "CidrBlockState": row{"State": "associated"}})
	}
	r := row{"VpcId": v.id, "OwnerId": a.number, "CidrBlock": v.blocks[0].String(), "CidrBlockAssociationSet": sets, "State": "available", "InstanceTenancy": "default", "IsDefault": false}
	if v.six {
		r["Ipv6CidrBlockAssociationSet"] = []row{{"AssociationId": e.id("vpc-cidr-assoc"), "Ipv6CidrBlock": v.sixBlock(), "Ipv6CidrBlockState": row{"State": "associated"}}}
	}
	a.add("describe-vpcs", r)
	tables := map[string]row{}
	main := v.table(e, nil)
	main["Associations"] = []row{{"Main": true, "RouteTableAssociationId": e.id("rtbassoc"), "RouteTableId": main["RouteTableId"], "AssociationState": row{"State": "associated"}}}
	implicit := ""
	if len(v.subnets) > 0 && e.chance(3) { // these subnets are served by the main table
		implicit = v.subnets[e.rng.IntN(len(v.subnets))].key()
	}
	open := v.acl(e, true)
	for _, n := range v.subnets {
		id, zone := a.zone(n.zone)
		a.add("describe-subnets", row{
			"SubnetId": n.id, "SubnetArn": fmt.Sprintf("arn:aws:ec2:%s:%s:subnet/%s", a.region, a.number, n.id), "VpcId": v.id, "OwnerId": a.number, "CidrBlock": n.block.String(),
			"AvailabilityZone": zone, "AvailabilityZoneId": id, "AvailableIpAddressCount": 1<<(32-n.block.Bits()) - 5 - n.taken, "State": "available", "Ipv6Native": false, "Ipv6CidrBlockAssociationSet": []row{},
		})
		switch t := tables[n.key()]; {
		case n.key() == implicit:
			main["Routes"] = v.routes(n.routes)
		case t == nil || e.chance(4):
			tables[n.key()] = v.table(e, n.routes)
			fallthrough
		default:
			t = tables[n.key()]
			t["Associations"] = append(t["Associations"].([]row), row{"Main": false, "RouteTableAssociationId": e.id("rtbassoc"), "RouteTableId": t["RouteTableId"], "SubnetId": n.id, "AssociationState": row{"State": "associated"}})
		}
		acl := open
		if n.in != nil {
			acl = v.acl(e, false)
			acl["Entries"] = append(entries(n.in, false), entries(n.out, true)...)
		}
		acl["Associations"] = append(acl["Associations"].([]row), row{"NetworkAclAssociationId": e.id("aclassoc"), "NetworkAclId": acl["NetworkAclId"], "SubnetId": n.id})
	}
}

func (n *subnet) key() string {
	body, _ := json.Marshal(n.routes) // rows of texts
	return string(body)
}

// table adds a route table with the local routes and some others.
func (v *vpc) table(e *estate, routes []row) row {
	t := row{"RouteTableId": e.id("rtb"), "VpcId": v.id, "OwnerId": v.in.number, "Routes": v.routes(routes), "Associations": []row{}, "PropagatingVgws": []row{}}
	for _, r := range routes {
		if r["Origin"] == "EnableVgwRoutePropagation" {
			t["PropagatingVgws"] = []row{{"GatewayId": r["GatewayId"]}}
		}
	}
	v.in.add("describe-route-tables", t)
	return t
}

func (v *vpc) routes(others []row) []row {
	var out []row
	for _, b := range v.blocks {
		out = append(out, row{"DestinationCidrBlock": b.String(), "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"})
	}
	if v.six {
		out = append(out, row{"DestinationIpv6CidrBlock": v.sixBlock(), "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"})
	}
	return append(out, others...)
}

// sixBlock is the block that Amazon gave the VPC, by its id.
func (v *vpc) sixBlock() string {
	return "2600:1f18:" + v.id[len(v.id)-4:] + ":" + v.id[len(v.id)-8:len(v.id)-6] + "00::/56"
}

// acl adds a network ACL: the default one, which lets all through, or an empty one.
func (v *vpc) acl(e *estate, isDefault bool) row {
	acl := row{"NetworkAclId": e.id("acl"), "VpcId": v.id, "OwnerId": v.in.number, "IsDefault": isDefault, "Associations": []row{}}
	if isDefault {
		all := []opening{{anywhere, 0, 65535}}
		acl["Entries"] = append(entries(all, false), entries(all, true)...)
	}
	v.in.add("describe-network-acls", acl)
	return acl
}

// entries are those of one direction, with the last one that denies all.
func entries(list []opening, egress bool) []row {
	var out []row
	for i, o := range list {
		if o.first == 22 && !egress { // what has nothing to do with it stands first
			out = append(out, row{"RuleNumber": 50, "Egress": false, "Protocol": "6", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "PortRange": row{"From": 23, "To": 23}})
		}
		r := row{"RuleNumber": 100 + 10*i, "Egress": egress, "Protocol": "6", "RuleAction": "allow", "CidrBlock": o.peer.String(), "PortRange": row{"From": o.first, "To": o.last}}
		if o.first == 0 {
			r["Protocol"] = "-1"
			delete(r, "PortRange")
		}
		out = append(out, r)
	}
	return append(out, row{"RuleNumber": 32767, "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"})
}
