package resource

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func vpcTypes() []Type {
	return []Type{
		{
			Name: "aws_vpc", Prefix: "vpc-", Rank: rankVPC, Rows: []Rows{{snapshot.VPCs, false}}, Shared: true, Local: true, Ground: true,
			Kinds:   []snapshot.Kind{snapshot.VPCs, snapshot.Subnets, snapshot.RouteTables, snapshot.SecurityGroups, snapshot.NetworkACLs},
			NamedBy: vpcNames,
			Parts: map[string]Part{
				DefaultGroup: {DefaultGroup, "aws_default_security_group"}, DefaultACL: {DefaultACL, "aws_default_network_acl"},
				MainTable: {MainTable, "aws_default_route_table"}, "default_route_table_id": {MainTable, "aws_default_route_table"},
			},
			Attributes: []string{"cidr_block", "instance_tenancy"}, Computed: []string{"owner_id", DefaultGroup, DefaultACL, MainTable}, Fixed: []string{"cidr_block"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::VPC", Properties: map[string]string{"CidrBlock": "cidr_block", "InstanceTenancy": "instance_tenancy"},
				Returns: map[string]string{"DefaultSecurityGroup": DefaultGroup, "DefaultNetworkAcl": DefaultACL},
			}},
			Put: putVPC, Drop: dropVPC, Show: showVPC, InUse: groundInUse(vpcs),
		},
		{Name: "aws_default_vpc", Prefix: "vpc-", Rank: rankVPC, Shared: true, Ground: true, Adopts: true, NamedBy: vpcNames},
		{
			Name: "aws_vpc_ipv4_cidr_block_association", Rank: RankBlock, Kinds: []snapshot.Kind{snapshot.VPCs, snapshot.RouteTables}, Container: "vpc_id",
			Attributes:     []string{"vpc_id", "cidr_block"},
			CloudFormation: []Words{{Type: "AWS::EC2::VPCCidrBlock", Properties: map[string]string{"VpcId": "vpc_id", "CidrBlock": "cidr_block"}}},
			Put:            putBlock, Drop: dropBlock, Show: showBlocks,
		},
		{
			Name: "aws_subnet", Prefix: "subnet-", Rank: rankSubnet, Rows: []Rows{{snapshot.Subnets, true}}, Kinds: []snapshot.Kind{snapshot.Subnets},
			Shared: true, Local: true, Ground: true, NamedBy: subnetNames, Container: "vpc_id",
			Attributes: []string{"vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "ipv6_native"}, Computed: []string{"owner_id"},
			Fixed: []string{"vpc_id", "cidr_block", "availability_zone", "availability_zone_id", "ipv6_native"},
			CloudFormation: []Words{{Type: "AWS::EC2::Subnet", Properties: map[string]string{
				"VpcId": "vpc_id", "CidrBlock": "cidr_block", "AvailabilityZone": "availability_zone", "AvailabilityZoneId": "availability_zone_id", "Ipv6Native": "ipv6_native",
			}}},
			Put: putSubnet, Drop: dropSubnet, Show: showSubnet, InUse: groundInUse(subnets),
		},
		{Name: "aws_default_subnet", Prefix: "subnet-", Shared: true, Ground: true, Ignored: true, Adopts: true, NamedBy: subnetNames},
		{
			Name: "aws_ec2_subnet_cidr_reservation", Rank: RankMember, Kinds: []snapshot.Kind{snapshot.SubnetCIDRReservations},
			Attributes:     []string{"subnet_id", "cidr_block", "reservation_type"},
			CloudFormation: []Words{{Type: "AWS::EC2::SubnetCidrReservation", Properties: map[string]string{"SubnetId": "subnet_id", "Cidr": "cidr_block", "ReservationType": "reservation_type"}}},
			Put:            putReservation, Drop: dropReservation, Show: showReservations,
		},
	}
}

var (
	vpcNames    = []Reference{{Attribute: "vpc_id", Here: true}, {Attribute: "peer_vpc_id"}}
	subnetNames = []Reference{{Attribute: "subnet_id", Here: true}, {Attribute: "subnet_ids", List: true, Here: true}, {Attribute: "subnet_arns", List: true, ARN: true}}
)

// The objects that AWS makes with a VPC, as Terraform names them.
const (
	DefaultGroup = "default_security_group_id"
	DefaultACL   = "default_network_acl_id"
	MainTable    = "main_route_table_id"
)

// putVPC makes a VPC with what AWS makes beside it: a security group that admits
// itself, a network ACL that lets everything through, and a main route table.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
// https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
func putVPC(w *World, before, o *Object) {
	tenancy, open := o.Text("instance_tenancy")
	if tenancy == "" && open == "" {
		tenancy = "default"
	}
	if before != nil { // its address block can't change
		if o.Stated("instance_tenancy") && !Same(before, o, "instance_tenancy") {
			edit(w, vpcs, o.ID, func(v *snapshot.VPC) { v.InstanceTenancy = tenancy })
		}
		return
	}
	s := w.Scope(o)
	cidr, pending := o.Prefix("cidr_block")
	v := snapshot.VPC{ID: o.ID, OwnerID: owner(s), CIDR: cidr, State: "available", InstanceTenancy: tenancy, Pending: pending}
	if cidr.IsValid() {
		v.CIDRs = []snapshot.CIDRAssociation{association(cidr)}
	}
	if account := o.Known("owner_id"); account != "" {
		v.OwnerID = account
	}
	s.VPCs.Add(v)
	if w.Filling {
		return
	}
	s.Settle(v.ID)
	group := o.Part(DefaultGroup)
	s.SecurityGroups.Add(snapshot.SecurityGroup{
		ID: group, Name: "default", VPC: v.ID, OwnerID: v.OwnerID,
		Ingress: []snapshot.Permission{{Protocol: "-1", GroupPairs: []snapshot.GroupPair{{GroupID: group, VPC: v.ID}}}},
		Egress:  []snapshot.Permission{allowAll()},
	})
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	s.NetworkACLs.Add(snapshot.NetworkACL{ID: o.Part(DefaultACL), VPC: v.ID, IsDefault: true, Entries: []snapshot.ACLEntry{
		{Number: 100, Protocol: "-1", Action: "allow", CIDR: everywhere},
		{Number: 100, Egress: true, Protocol: "-1", Action: "allow", CIDR: everywhere},
	}})
	s.RouteTables.Add(snapshot.RouteTable{ID: o.Part(MainTable), VPC: v.ID, Routes: localRoutes(v), Associations: []snapshot.RouteTableAssociation{{Main: true}}})
}

// Part is the id of an object that AWS makes with this one.
func (o *Object) Part(attribute string) string {
	if id := o.Known(attribute); id != "" {
		return id
	}
	return o.ID + "." + attribute
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

func dropVPC(w *World, o *Object) {
	remove(w, vpcs, o.ID)
	remove(w, groups, o.Part(DefaultGroup))
	remove(w, acls, o.Part(DefaultACL))
	remove(w, tables, o.Part(MainTable))
}

func putBlock(w *World, before, o *Object) {
	cidr, pending := o.Prefix("cidr_block")
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

func dropBlock(w *World, o *Object) {
	cidr := o.KnownPrefix("cidr_block")
	id := o.Known("vpc_id")
	edit(w, vpcs, id, func(v *snapshot.VPC) {
		v.CIDRs = slices.DeleteFunc(slices.Clone(v.CIDRs), func(a snapshot.CIDRAssociation) bool { return a.CIDR == cidr })
	})
	w.eachTable(id, func(t *snapshot.RouteTable) {
		t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool { return r.CIDR == cidr && r.Gateway == "local" })
	})
	w.eachPropagation(id)
}

// eachTable changes every route table of a VPC.
func (w *World) eachTable(vpc string, change func(*snapshot.RouteTable)) {
	for _, s := range w.Snapshot.Scopes {
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

func putSubnet(w *World, before, o *Object) {
	if _, there := find(w, subnets, o.ID); before != nil || len(there) > 0 {
		return // neither its block, its VPC nor its zone can change
	}
	s := w.Scope(o)
	cidr, pending := o.Prefix("cidr_block")
	vpc, open := o.Text("vpc_id")
	zone := o.Known("availability_zone")
	n := snapshot.Subnet{
		ID: o.ID, VPC: vpc, OwnerID: owner(s), CIDR: cidr, AvailabilityZone: zone, AvailabilityZoneID: o.Known("availability_zone_id"),
		State: "available", IPv6Native: o.On("ipv6_native"), Pending: max(pending, open, o.Pending("ipv6_native")),
	}
	if account := o.Known("owner_id"); account != "" {
		n.OwnerID = account
	}
	if n.AvailabilityZoneID == "" {
		for _, other := range s.Subnets.All() {
			if zone != "" && other.AvailabilityZone == zone {
				n.AvailabilityZoneID = other.AvailabilityZoneID
			}
		}
	}
	if cidr.IsValid() && cidr.Addr().Is4() && !w.Filling {
		free := 1<<(32-cidr.Bits()) - reserved
		n.FreeIPs = &free
	}
	s.Subnets.Add(n)
}

func dropSubnet(w *World, o *Object) {
	remove(w, subnets, o.ID)
	w.freeSubnet(o.ID)
	w.dissociateACL(o.ID)
}

func putReservation(w *World, before, o *Object) {
	cidr, pending := o.Prefix("cidr_block")
	s := w.Scope(o)
	if pending = max(pending, o.Pending("subnet_id"), o.Pending("reservation_type")); pending != "" {
		s.Doubt(snapshot.SubnetCIDRReservations, pending.Gap(o.Address))
		return
	}
	set, _ := s.Reservations.Get(o.Known("subnet_id"))
	set.Subnet = o.Known("subnet_id")
	set.Entries = append(slices.Clip(set.Entries), snapshot.SubnetCIDRReservation{CIDR: cidr, Type: o.Known("reservation_type")})
	s.Reservations.Add(set)
}

func dropReservation(w *World, o *Object) {
	cidr := o.KnownPrefix("cidr_block")
	edit(w, reservations, o.Known("subnet_id"), func(r *snapshot.Reservations) {
		r.Entries = slices.DeleteFunc(slices.Clone(r.Entries), func(e snapshot.SubnetCIDRReservation) bool { return e.CIDR == cidr })
	})
}

func showVPC(w *World, o *Object) []map[string]any {
	r, there := find(w, vpcs, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one("cidr_block", prefixText(r.CIDR), "instance_tenancy", r.InstanceTenancy)
}

func showBlocks(w *World, o *Object) []map[string]any {
	r, _ := find(w, vpcs, o.Known("vpc_id"))
	var out []map[string]any
	for _, a := range r.CIDRs {
		if a.CIDR != r.CIDR {
			out = append(out, attributesOf("vpc_id", r.ID, "cidr_block", a.CIDR.String()))
		}
	}
	return out
}

func showSubnet(w *World, o *Object) []map[string]any {
	r, there := find(w, subnets, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one("vpc_id", r.VPC, "cidr_block", prefixText(r.CIDR), "availability_zone", r.AvailabilityZone, "availability_zone_id", r.AvailabilityZoneID, "ipv6_native", r.IPv6Native)
}

func showReservations(w *World, o *Object) []map[string]any {
	set, _ := find(w, reservations, o.Known("subnet_id"))
	var out []map[string]any
	for _, e := range set.Entries {
		out = append(out, attributesOf("subnet_id", set.Subnet, "cidr_block", prefixText(e.CIDR), "reservation_type", e.Type))
	}
	return out
}
