package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What the large estate holds.
const (
	largeVPCs     = 200
	largeGateways = 20
	largeGroups   = 5000
	largeRules    = 20 // of each group
)

// bigEstate grows an estate by copying what it has.
type bigEstate struct {
	dst, src *snapshot.Scope
	peering  snapshot.Peering
}

// largeEstate copies the endpoint side of a healthy estate many times over, and
// makes targets of it.
func largeEstate(b *testing.B, targets int) (*snapshot.Snapshot, []snapshot.Target) {
	b.Helper()
	snap := readFixture(b, "healthy-tgw")
	e := &bigEstate{dst: snap.Role(snapshot.Destination), src: snap.Role(snapshot.Source)}
	e.peering = readFixture(b, "healthy").Role(snapshot.Destination).Peerings.All()[0]
	e.open()
	e.groups()
	e.vpcs()
	out := make([]snapshot.Target, targets)
	for i := range out {
		out[i] = snapshot.Target{Name: fmt.Sprint(i), Region: snap.Target.Region, EndpointID: numbered("vpce", i%largeVPCs), SourceVPCID: snap.Target.SourceVPCID, AgentInstanceID: snap.Target.AgentInstanceID}
	}
	path, err := checks.All().Select([]string{"connection-active", "route-*", "nacl-*"}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range out[:2] { // one of each sort: the benchmark is of estates that are well
		for _, r := range checks.Run(context.Background(), t, snap.For(t), path, checks.Options{}) {
			if r.Status != checks.Pass {
				b.Fatalf("%s of target %s is %v: %+v", r.Check.ID, t.Name, r.Status, r.Findings)
			}
		}
	}
	return snap, out
}

func readFixture(b *testing.B, name string) *snapshot.Snapshot {
	b.Helper()
	files, _, err := fixtures.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return snap
}

func numbered(prefix string, n int) string { return fmt.Sprintf("%s-%017x", prefix, n+1) }

// open lets the agents' side speak with every VPC.
func (e *bigEstate) open() {
	everywhere := netip.MustParsePrefix("10.0.0.0/8")
	for _, a := range e.src.NetworkACLs.All() {
		a.Entries = slices.Clone(a.Entries)
		for i := range a.Entries {
			if a.Entries[i].Action == "allow" && a.Entries[i].CIDR.Bits() > 0 {
				a.Entries[i].CIDR = everywhere
			}
		}
		e.src.NetworkACLs.Put(a)
	}
	for _, g := range e.src.SecurityGroups.All() {
		g.Egress = slices.Clone(g.Egress)
		for i := range g.Egress {
			g.Egress[i].Ranges = slices.Clone(g.Egress[i].Ranges)
			for k := range g.Egress[i].Ranges {
				g.Egress[i].Ranges[k].CIDR = everywhere
			}
		}
		e.src.SecurityGroups.Put(g)
	}
}

func (e *bigEstate) groups() {
	group := e.dst.SecurityGroups.All()[0]
	port := func(n int) *int { return &n }
	for i := range largeGroups {
		g := group
		g.ID, g.VPC = numbered("sg", i), numbered("vpc", i%largeVPCs)
		for r := range largeRules - len(group.Ingress) {
			g.Ingress = append(slices.Clip(g.Ingress), snapshot.Permission{Protocol: "tcp", FromPort: port(2000 + r), ToPort: port(2010 + r), Ranges: group.Ingress[0].Ranges})
		}
		e.dst.SecurityGroups.Put(g)
	}
}

func (e *bigEstate) vpcs() {
	ep, vpc, subnet, iface := e.dst.Endpoints.All()[0], e.dst.VPCs.All()[0], e.dst.Subnets.All()[0], e.dst.Interfaces.All()[0]
	acl, table, home := e.dst.NetworkACLs.All()[0], e.dst.RouteTables.All()[0], e.homeTable()
	for i := range largeGateways {
		e.gateway(i)
	}
	for i := range largeVPCs {
		v := vpc
		v.ID, v.CIDRs = numbered("vpc", i), nil
		v.CIDR = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(30 + i), 0, 0}), 16)
		e.dst.VPCs.Put(v)
		n := subnet
		n.ID, n.VPC, n.CIDR = numbered("subnet", i), v.ID, netip.PrefixFrom(v.CIDR.Addr(), 24)
		e.dst.Subnets.Put(n)
		p := ep
		p.ID, p.VPC, p.SubnetIDs, p.InterfaceIDs = numbered("vpce", i), v.ID, []string{n.ID}, []string{numbered("eni", i)}
		p.Groups = []snapshot.GroupRef{{ID: numbered("sg", i)}, {ID: numbered("sg", i+largeVPCs)}}
		e.dst.Endpoints.Put(p)
		f := iface
		f.ID, f.VPC, f.Subnet, f.PrivateIP, f.PrivateIPs = numbered("eni", i), v.ID, n.ID, netip.AddrFrom4([4]byte{10, byte(30 + i), 0, 10}), nil
		e.dst.Interfaces.Put(f)
		a := acl
		a.ID, a.VPC, a.Associations = numbered("acl", i), v.ID, []snapshot.ACLAssociation{{Subnet: n.ID}}
		for len(a.Entries) < 10 {
			entry := a.Entries[0]
			entry.Number = 1000 + len(a.Entries)
			a.Entries = append(slices.Clip(a.Entries), entry)
		}
		e.dst.NetworkACLs.Put(a)
		var there, back snapshot.Route
		if i%2 == 0 {
			there, back = e.attach(i, v, n, acl, table)
		} else {
			there, back = e.peer(i, v)
		}
		rt := table
		rt.ID, rt.VPC, rt.Associations = numbered("rtb", i), v.ID, []snapshot.RouteTableAssociation{{Subnet: n.ID}}
		rt.Routes = []snapshot.Route{{CIDR: v.CIDR, Gateway: "local", State: "active"}, back}
		for len(rt.Routes) < 25 {
			more := back
			more.CIDR = netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(len(rt.Routes)), 0}), 24)
			rt.Routes = append(rt.Routes, more)
		}
		e.dst.RouteTables.Put(rt)
		there.CIDR = v.CIDR
		home.Routes = append(slices.Clip(home.Routes), there)
	}
	e.src.RouteTables.Put(home)
}

var agentsBlock = netip.MustParsePrefix("10.10.0.0/16")

// homeTable is the route table of the agents' subnet.
func (e *bigEstate) homeTable() snapshot.RouteTable {
	all := e.src.RouteTables.All()
	return all[slices.IndexFunc(all, func(t snapshot.RouteTable) bool {
		return slices.ContainsFunc(t.Routes, func(r snapshot.Route) bool { return r.TransitGateway != "" })
	})]
}

// peer joins a VPC by a peering connection; the routes are those there and back.
func (e *bigEstate) peer(i int, v snapshot.VPC) (there, back snapshot.Route) {
	p := e.peering
	p.ID, p.Accepter.VPC, p.Accepter.CIDR, p.Accepter.CIDRs = numbered("pcx", i), v.ID, v.CIDR, nil
	e.dst.Peerings.Put(p)
	e.src.Peerings.Put(p)
	return snapshot.Route{Peering: p.ID, State: "active"}, snapshot.Route{CIDR: agentsBlock, Peering: p.ID, State: "active"}
}

// gateway adds a transit gateway, peered with that of the agents.
func (e *bigEstate) gateway(i int) {
	g, home := e.dst.TransitGateways.All()[0], e.src.TransitGateways.All()[0]
	g.ID = numbered("tgw", i)
	e.dst.TransitGateways.Put(g)
	p := e.dst.TransitGatewayPeerings.All()[0]
	p.ID, p.Accepter.Gateway = numbered("tgw-attach", 1000+i), g.ID
	e.dst.TransitGatewayPeerings.Put(p)
	e.src.TransitGatewayPeerings.Put(p)
	table := e.dst.TransitGatewayRouteTables.All()[0]
	table.ID, table.Gateway = numbered("tgw-rtb", i), g.ID
	e.dst.TransitGatewayRouteTables.Put(table)
	e.dst.TransitGatewayRoutes.Put(snapshot.TransitGatewayRouteSet{RouteTable: table.ID, Entries: []snapshot.TransitGatewayRoute{
		{CIDR: agentsBlock, Type: "static", State: "active", Attachments: []snapshot.RouteAttachment{{ID: p.ID, ResourceID: home.ID, ResourceType: "peering"}}},
	}})
	e.dst.TransitGatewayAssociations.Put(snapshot.TransitGatewayAssociationSet{RouteTable: table.ID})
	e.dst.TransitGatewayPropagations.Put(snapshot.TransitGatewayAssociationSet{RouteTable: table.ID})
	e.associate(e.dst, g.ID, table.ID, p.ID, "peering", home.ID)
	e.associate(e.src, home.ID, e.homeGatewayTable(), p.ID, "peering", g.ID)
}

func (e *bigEstate) homeGatewayTable() string { return e.src.TransitGatewayRouteTables.All()[0].ID }

// associate adds an attachment and ties it to a table of its gateway.
func (e *bigEstate) associate(s *snapshot.Scope, gateway, table, attachment, kind, resource string) {
	s.TransitGatewayAttachments.Put(snapshot.TransitGatewayAttachment{
		ID: attachment, Gateway: gateway, ResourceType: kind, ResourceID: resource, ResourceOwner: s.Account, State: "available",
		Association: &snapshot.AttachmentAssociation{RouteTable: table, State: "associated"},
	})
	set, _ := s.TransitGatewayAssociations.Get(table)
	set.Entries = append(slices.Clip(set.Entries), snapshot.TransitGatewayAssociation{Attachment: attachment, ResourceID: resource, State: "associated"})
	s.TransitGatewayAssociations.Put(set)
}

// attach joins a VPC, in a subnet of its own, to a transit gateway.
func (e *bigEstate) attach(i int, v snapshot.VPC, n snapshot.Subnet, acl snapshot.NetworkACL, table snapshot.RouteTable) (there, back snapshot.Route) {
	gateway, rtb := numbered("tgw", i/2%largeGateways), numbered("tgw-rtb", i/2%largeGateways)
	n.ID, n.CIDR = numbered("subnet", 1000+i), netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(30 + i), 255, 0}), 24)
	e.dst.Subnets.Put(n)
	acl.ID, acl.VPC, acl.Associations = numbered("acl", 1000+i), v.ID, []snapshot.ACLAssociation{{Subnet: n.ID}}
	acl.Entries = nil
	for _, egress := range []bool{false, true} {
		acl.Entries = append(acl.Entries, snapshot.ACLEntry{Number: 100, Egress: egress, Protocol: "-1", Action: "allow", CIDR: netip.MustParsePrefix("0.0.0.0/0")})
	}
	e.dst.NetworkACLs.Put(acl)
	table.ID, table.VPC, table.Associations = numbered("rtb", 1000+i), v.ID, []snapshot.RouteTableAssociation{{Subnet: n.ID}}
	table.Routes = []snapshot.Route{{CIDR: v.CIDR, Gateway: "local", State: "active"}}
	e.dst.RouteTables.Put(table)
	a := e.dst.TransitGatewayVPCAttachments.All()[0]
	a.ID, a.Gateway, a.VPC, a.SubnetIDs = numbered("tgw-attach", i), gateway, v.ID, []string{n.ID}
	e.dst.TransitGatewayVPCAttachments.Put(a)
	e.associate(e.dst, gateway, rtb, a.ID, "vpc", v.ID)
	leads := func(s *snapshot.Scope, table, attachment, kind, resource string) {
		set, _ := s.TransitGatewayRoutes.Get(table)
		set.Entries = append(slices.Clip(set.Entries), snapshot.TransitGatewayRoute{CIDR: v.CIDR, Type: "static", State: "active", Attachments: []snapshot.RouteAttachment{{ID: attachment, ResourceID: resource, ResourceType: kind}}})
		s.TransitGatewayRoutes.Put(set)
	}
	leads(e.dst, rtb, a.ID, "vpc", v.ID)
	leads(e.src, e.homeGatewayTable(), numbered("tgw-attach", 1000+i/2%largeGateways), "peering", gateway)
	return snapshot.Route{TransitGateway: e.src.TransitGateways.All()[0].ID, State: "active"}, snapshot.Route{CIDR: agentsBlock, TransitGateway: gateway, State: "active"}
}
