package iac

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func init() {
	register("aws_vpc", model{rankVPC, []snapshot.Kind{snapshot.VPCs, snapshot.Subnets, snapshot.RouteTables, snapshot.SecurityGroups, snapshot.NetworkACLs}, putVPC, dropVPC})
	register("aws_default_vpc", model{rank: rankVPC})
	register("aws_vpc_ipv4_cidr_block_association", model{rankBlock, []snapshot.Kind{snapshot.VPCs, snapshot.RouteTables}, putBlock, dropBlock})
	register("aws_subnet", model{rankSubnet, []snapshot.Kind{snapshot.Subnets}, putSubnet, dropSubnet})
	register("aws_ec2_subnet_cidr_reservation", model{rankMember, []snapshot.Kind{snapshot.SubnetCIDRReservations}, putReservation, dropReservation})
}

// The objects that AWS makes with a VPC, as Terraform names them.
const (
	defaultGroup = "default_security_group_id"
	defaultACL   = "default_network_acl_id"
	mainTable    = "main_route_table_id"
)

// putVPC makes a VPC with what AWS makes beside it: a security group that admits
// itself, a network ACL that lets everything through, and a main route table.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
func putVPC(w *world, before, o *object) {
	if before != nil {
		return // its address block can't change, and nothing else counts
	}
	s := w.scope(o)
	cidr, pending := o.prefix("cidr_block")
	tenancy := o.known("instance_tenancy")
	if tenancy == "" {
		tenancy = "default"
	}
	v := snapshot.VPC{ID: o.id, OwnerID: owner(s), CIDR: cidr, State: "available", InstanceTenancy: tenancy, Pending: pending}
	if cidr.IsValid() {
		v.CIDRs = []snapshot.CIDRAssociation{association(cidr)}
	}
	if account := o.known("owner_id"); account != "" {
		v.OwnerID = account
	}
	s.VPCs.Add(v)
	if w.filling {
		return
	}
	s.Settle(v.ID)
	group := o.part(defaultGroup)
	s.SecurityGroups.Add(snapshot.SecurityGroup{
		ID: group, Name: "default", VPC: v.ID, OwnerID: v.OwnerID,
		Ingress: []snapshot.Permission{{Protocol: "-1", GroupPairs: []snapshot.GroupPair{{GroupID: group, VPC: v.ID}}}},
		Egress:  []snapshot.Permission{allowAll()},
	})
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	s.NetworkACLs.Add(snapshot.NetworkACL{ID: o.part(defaultACL), VPC: v.ID, IsDefault: true, Entries: []snapshot.ACLEntry{
		{Number: 100, Protocol: "-1", Action: "allow", CIDR: everywhere},
		{Number: 100, Egress: true, Protocol: "-1", Action: "allow", CIDR: everywhere},
	}})
	s.RouteTables.Add(snapshot.RouteTable{ID: o.part(mainTable), VPC: v.ID, Routes: localRoutes(v), Associations: []snapshot.RouteTableAssociation{{Main: true}}})
}

// part is the id of an object that AWS makes with this one.
func (o *object) part(attribute string) string {
	if id := o.known(attribute); id != "" {
		return id
	}
	return o.id + "." + attribute
}

func association(p netip.Prefix) snapshot.CIDRAssociation {
	a := snapshot.CIDRAssociation{CIDR: p}
	a.CIDRState.State = "associated"
	return a
}

func localRoutes(v snapshot.VPC) []snapshot.Route {
	var out []snapshot.Route
	for _, p := range v.Prefixes() {
		r := snapshot.Route{Gateway: "local", State: "active", Origin: "CreateRouteTable"}
		if p.Addr().Is4() {
			r.CIDR = p
		} else {
			r.IPv6CIDR = p
		}
		out = append(out, r)
	}
	if v.Pending != "" {
		out = append(out, snapshot.Route{Gateway: "local", State: "active", Origin: "CreateRouteTable", Pending: v.Pending})
	}
	return out
}

func allowAll() snapshot.Permission {
	p := snapshot.Permission{Protocol: "-1"}
	p.AddRange(netip.MustParsePrefix("0.0.0.0/0"))
	return p
}

func dropVPC(w *world, o *object) {
	remove(w, vpcs, o.id)
	remove(w, groups, o.part(defaultGroup))
	remove(w, acls, o.part(defaultACL))
	remove(w, tables, o.part(mainTable))
}

func putBlock(w *world, before, o *object) {
	cidr, pending := o.prefix("cidr_block")
	ids, open := wanted(w, o, "vpc_id", vpcs)
	if pending = max(pending, open); pending != "" {
		for _, id := range ids {
			edit(w, vpcs, id, func(v *snapshot.VPC) { v.Pending = max(v.Pending, pending) })
			w.eachTable(id, func(t *snapshot.RouteTable) {
				t.Routes = append(slices.Clip(t.Routes), snapshot.Route{CIDR: cidr, Gateway: "local", State: "active", Origin: "CreateRouteTable", Pending: pending})
			})
			w.eachPropagation(id)
		}
		return
	}
	id := ids[0]
	edit(w, vpcs, id, func(v *snapshot.VPC) {
		if !cidr.IsValid() || slices.Contains(v.Prefixes(), cidr) {
			return
		}
		if len(v.CIDRs) == 0 && v.CIDR.IsValid() {
			v.CIDRs = []snapshot.CIDRAssociation{association(v.CIDR)}
		}
		v.CIDRs = append(slices.Clip(v.CIDRs), association(cidr))
	})
	w.eachTable(id, func(t *snapshot.RouteTable) {
		if cidr.IsValid() && !slices.ContainsFunc(t.Routes, func(r snapshot.Route) bool { return r.CIDR == cidr && r.Gateway == "local" }) {
			t.Routes = append(slices.Clip(t.Routes), snapshot.Route{CIDR: cidr, Gateway: "local", State: "active", Origin: "CreateRouteTable"})
		}
	})
	w.eachPropagation(id)
}

func dropBlock(w *world, o *object) {
	cidr, _ := o.prefix("cidr_block")
	id := o.known("vpc_id")
	edit(w, vpcs, id, func(v *snapshot.VPC) {
		v.CIDRs = slices.DeleteFunc(slices.Clone(v.CIDRs), func(a snapshot.CIDRAssociation) bool { return a.CIDR == cidr })
	})
	w.eachTable(id, func(t *snapshot.RouteTable) {
		t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool { return r.CIDR == cidr && r.Gateway == "local" })
	})
	w.eachPropagation(id)
}

// eachTable changes every route table of a VPC.
func (w *world) eachTable(vpc string, change func(*snapshot.RouteTable)) {
	for _, s := range w.snap.Scopes {
		for _, t := range s.RouteTables.All() {
			if t.VPC == vpc {
				change(&t)
				s.RouteTables.Add(t)
			}
		}
	}
}

// reserved is how many addresses of each subnet AWS keeps for itself.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
const reserved = 5

func putSubnet(w *world, before, o *object) {
	if _, there := find(w, subnets, o.id); before != nil || len(there) > 0 {
		return // neither its block, its VPC nor its zone can change
	}
	s := w.scope(o)
	cidr, pending := o.prefix("cidr_block")
	vpc, open := o.str("vpc_id")
	zone, _ := o.str("availability_zone")
	n := snapshot.Subnet{
		ID: o.id, VPC: vpc, OwnerID: owner(s), CIDR: cidr, AvailabilityZone: zone, AvailabilityZoneID: o.known("availability_zone_id"),
		State: "available", IPv6Native: o.on("ipv6_native"), Pending: max(pending, open),
	}
	if account := o.known("owner_id"); account != "" {
		n.OwnerID = account
	}
	if n.AvailabilityZoneID == "" {
		for _, other := range s.Subnets.All() {
			if zone != "" && other.AvailabilityZone == zone {
				n.AvailabilityZoneID = other.AvailabilityZoneID
			}
		}
	}
	if cidr.IsValid() && cidr.Addr().Is4() && !w.filling {
		free := 1<<(32-cidr.Bits()) - reserved
		n.FreeIPs = &free
	}
	s.Subnets.Add(n)
}

func dropSubnet(w *world, o *object) {
	remove(w, subnets, o.id)
	w.freeSubnet(o.id)
	w.unguard(o.id)
}

func putReservation(w *world, before, o *object) {
	cidr, _ := o.prefix("cidr_block")
	s := w.scope(o)
	set, _ := s.Reservations.Get(o.known("subnet_id"))
	set.Subnet = o.known("subnet_id")
	set.Entries = append(slices.Clip(set.Entries), snapshot.SubnetCIDRReservation{ID: o.id, CIDR: cidr, Type: o.known("reservation_type")})
	s.Reservations.Add(set)
}

func dropReservation(w *world, o *object) {
	cidr, _ := o.prefix("cidr_block")
	edit(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.Reservations] { return &s.Reservations }, o.known("subnet_id"), func(r *snapshot.Reservations) {
		r.Entries = slices.DeleteFunc(slices.Clone(r.Entries), func(e snapshot.SubnetCIDRReservation) bool { return e.CIDR == cidr })
	})
}
