package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var routeKinds = []snapshot.Kind{snapshot.RouteTables}

func init() {
	register("aws_route_table", model{rankGroup, routeKinds, putTable, dropTable})
	register("aws_default_route_table", model{rankGroup, routeKinds, putDefaultTable, nil})
	register("aws_route", model{rankMember, routeKinds, putRoute, dropRoute})
	register("aws_route_table_association", model{rankMember, routeKinds, putTableAssociation, dropTableAssociation})
	register("aws_main_route_table_association", model{rankMember, routeKinds, putMainTable, dropMainTable})
	register("aws_vpn_gateway_route_propagation", model{rankLast, routeKinds, putPropagation, dropPropagation})
}

func putTable(w *world, before, o *object) {
	if before == nil {
		s := w.scope(o)
		vpc := o.known("vpc_id")
		row, _ := find(w, vpcs, vpc)
		s.RouteTables.Add(snapshot.RouteTable{ID: o.id, VPC: vpc, Routes: localRoutes(row)})
	}
	if o.stated("route") && !same(before, o, "route") {
		w.setRoutes(o, o.id)
	}
	w.setPropagation(before, o, o.id)
}

func dropTable(w *world, o *object) { remove(w, tables, o.id) }

// putDefaultTable takes over the main route table of a VPC: the routes that it
// had are taken away when the resource is created.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_route_table
func putDefaultTable(w *world, before, o *object) {
	ids, pending := wanted(w, o, "default_route_table_id", tables)
	if o.exists {
		ids, pending = []string{o.id}, ""
	}
	if pending != "" { // any main one may lose its routes
		for _, id := range ids {
			edit(w, tables, id, func(t *snapshot.RouteTable) {
				if slices.ContainsFunc(t.Associations, func(a snapshot.RouteTableAssociation) bool { return a.Main }) {
					t.Pending = pending
				}
			})
		}
		return
	}
	id := ids[0]
	if w.filling {
		vpc := o.known("vpc_id")
		row, _ := find(w, vpcs, vpc)
		w.scope(o).RouteTables.Add(snapshot.RouteTable{ID: id, VPC: vpc, Routes: localRoutes(row), Associations: []snapshot.RouteTableAssociation{{Main: true}}})
	}
	if before == nil || o.stated("route") && !same(before, o, "route") {
		w.setRoutes(o, id)
	}
	if row, _ := find(w, tables, id); before == nil && !w.filling { // as the routes, gateways are taken away first
		for _, g := range row.PropagatingVGWs {
			w.propagate(o, id, g.Gateway, "")
		}
	}
	w.setPropagation(before, o, id)
}

// setRoutes replaces the routes of a table by inline ones. Local and propagated
// routes, and those of gateway endpoints, are AWS's own and stay.
func (w *world) setRoutes(o *object, id string) {
	blocks, pending := o.blocks("route")
	within(w, o, snapshot.RouteTables, tables, id, func(t *snapshot.RouteTable) {
		t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool {
			return r.Gateway != "local" && !propagated(r) && !(strings.HasPrefix(r.Gateway, "vpce-") && r.PrefixList != "")
		})
		for _, b := range blocks {
			t.Routes = append(t.Routes, w.route(b, "cidr_block", "ipv6_cidr_block"))
		}
		t.Pending = pending
	})
}

func propagated(r snapshot.Route) bool {
	return strings.EqualFold(r.Origin, "EnableVgwRoutePropagation")
}

// route reads a route, inline or a resource of its own.
func (w *world) route(o *object, cidr, ipv6 string) snapshot.Route {
	r := snapshot.Route{State: "active", Origin: "CreateRoute"}
	var pending []snapshot.Pending
	take := func(s string, p snapshot.Pending) string {
		pending = append(pending, p)
		return s
	}
	var p snapshot.Pending
	r.CIDR, p = o.prefix(cidr)
	take("", p)
	r.IPv6CIDR, p = o.prefix(ipv6)
	take("", p)
	r.PrefixList = take(o.str("destination_prefix_list_id"))
	r.Gateway = take(o.str("gateway_id"))
	r.NATGateway = take(o.str("nat_gateway_id"))
	r.Interface = take(o.str("network_interface_id"))
	r.Instance = take(o.str("instance_id"))
	r.Peering = take(o.str("vpc_peering_connection_id"))
	r.TransitGateway = take(o.str("transit_gateway_id"))
	r.LocalGateway = take(o.str("local_gateway_id"))
	r.CarrierGateway = take(o.str("carrier_gateway_id"))
	r.EgressOnly = take(o.str("egress_only_gateway_id"))
	r.CoreNetwork = take(o.str("core_network_arn"))
	if id := take(o.str("vpc_endpoint_id")); id != "" {
		r.Gateway, r.Kind = id, snapshot.EndpointGateway
	}
	r.Pending = slices.Max(pending)
	if r.Kind == snapshot.ByID {
		r.Kind = w.gatewayKind(r.Gateway)
	}
	return r
}

// gatewayKind tells what a gateway is that has no id of AWS yet.
func (w *world) gatewayKind(id string) snapshot.GatewayKind {
	switch w.kindOf(id) {
	case "aws_vpn_gateway":
		return snapshot.VPNGatewayKind
	case "aws_vpc_endpoint":
		return snapshot.EndpointGateway
	case "aws_internet_gateway":
		return snapshot.InternetGateway
	}
	return snapshot.ByID
}

// putRoute adds a route to its table, in place of one with the same destination,
// or to each table that may turn out to be its own.
func putRoute(w *world, before, o *object) {
	r := w.route(o, "destination_cidr_block", "destination_ipv6_cidr_block")
	ids, pending := wanted(w, o, "route_table_id", tables)
	if pending = max(pending, o.perhaps); pending != "" {
		r.Pending = max(r.Pending, pending)
		for _, id := range ids {
			edit(w, tables, id, func(t *snapshot.RouteTable) { t.Routes = append(slices.Clip(t.Routes), r) })
		}
		return
	}
	within(w, o, snapshot.RouteTables, tables, ids[0], func(t *snapshot.RouteTable) {
		if w.filling && slices.ContainsFunc(t.Routes, func(q snapshot.Route) bool { return sameDestination(q, r) }) {
			return
		}
		t.Routes = append(withoutRoute(t.Routes, r), r)
	})
}

func sameDestination(a, b snapshot.Route) bool {
	return a.CIDR == b.CIDR && a.IPv6CIDR == b.IPv6CIDR && a.PrefixList == b.PrefixList && (a.CIDR.IsValid() || a.IPv6CIDR.IsValid() || a.PrefixList != "")
}

func withoutRoute(list []snapshot.Route, gone snapshot.Route) []snapshot.Route {
	return slices.DeleteFunc(slices.Clone(list), func(r snapshot.Route) bool {
		return sameDestination(r, gone) && r.Gateway != "local" && !propagated(r)
	})
}

func dropRoute(w *world, o *object) {
	gone := w.route(o, "destination_cidr_block", "destination_ipv6_cidr_block")
	within(w, o, snapshot.RouteTables, tables, o.known("route_table_id"), func(t *snapshot.RouteTable) { t.Routes = withoutRoute(t.Routes, gone) })
}

func putTableAssociation(w *world, before, o *object) {
	subnet, ps := o.str("subnet_id")
	gateway, pg := o.str("gateway_id")
	ids, pending := wanted(w, o, "route_table_id", tables)
	open := max(ps, pg, o.perhaps)
	w.freeSubnet(subnet)
	if open == "" && pending == "" {
		w.associate(o, ids[0], snapshot.RouteTableAssociation{Subnet: subnet, Gateway: gateway})
		return
	}
	for _, id := range ids {
		edit(w, tables, id, func(t *snapshot.RouteTable) {
			if v := w.vpcOf(subnet); v == "" || t.VPC == "" || v == t.VPC {
				t.Pending = max(pending, open)
			}
		})
	}
	if len(ids) == 0 {
		w.scope(o).Doubt(snapshot.RouteTables, max(pending, open).Gap(subnet))
	}
}

func (w *world) associate(o *object, table string, a snapshot.RouteTableAssociation) {
	within(w, o, snapshot.RouteTables, tables, table, func(t *snapshot.RouteTable) {
		if !slices.Contains(t.Associations, a) {
			t.Associations = append(slices.Clip(t.Associations), a)
		}
	})
}

// freeSubnet leaves a subnet to the main route table of its VPC.
func (w *world) freeSubnet(subnet string) {
	w.dissociate(func(a snapshot.RouteTableAssociation) bool { return a.Subnet == subnet && subnet != "" })
}

func (w *world) dissociate(gone func(snapshot.RouteTableAssociation) bool) {
	for _, s := range w.snap.Scopes {
		for _, t := range s.RouteTables.All() {
			if slices.ContainsFunc(t.Associations, gone) {
				t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), gone)
				s.RouteTables.Put(t)
			}
		}
	}
}

func dropTableAssociation(w *world, o *object) {
	subnet, gateway, table := o.known("subnet_id"), o.known("gateway_id"), o.known("route_table_id")
	within(w, o, snapshot.RouteTables, tables, table, func(t *snapshot.RouteTable) {
		t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), func(a snapshot.RouteTableAssociation) bool {
			return subnet != "" && a.Subnet == subnet || gateway != "" && a.Gateway == gateway
		})
	})
}

// putMainTable makes a table the main one of its VPC.
func putMainTable(w *world, before, o *object) {
	w.makeMain(o.known("vpc_id"), o.known("route_table_id"), o)
}

func dropMainTable(w *world, o *object) {
	w.makeMain(o.known("vpc_id"), o.known("original_route_table_id"), o)
}

func (w *world) makeMain(vpc, table string, o *object) {
	if vpc == "" {
		row, _ := find(w, tables, table)
		vpc = row.VPC
	}
	if table == "" || vpc == "" {
		_, pt := o.str("route_table_id")
		_, pv := o.str("vpc_id")
		w.scope(o).Doubt(snapshot.RouteTables, max(pt, pv, snapshot.Pending(o.address)).Gap(vpc))
		return
	}
	w.eachTable(vpc, func(t *snapshot.RouteTable) {
		t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), func(a snapshot.RouteTableAssociation) bool { return a.Main })
		if t.ID == table {
			t.Associations = append(t.Associations, snapshot.RouteTableAssociation{Main: true})
		}
	})
}

func (w *world) setPropagation(before, o *object, table string) {
	if !o.stated("propagating_vgws") || same(before, o, "propagating_vgws") {
		return
	}
	ids, pending := o.strs("propagating_vgws")
	if pending != "" {
		edit(w, tables, table, func(t *snapshot.RouteTable) { t.Pending = pending })
		return
	}
	if before != nil {
		old, _ := before.strs("propagating_vgws")
		for _, id := range old {
			if !slices.Contains(ids, id) {
				w.propagate(o, table, id, "")
			}
		}
	}
	for _, id := range ids {
		w.propagate(o, table, id, snapshot.Pending(o.address+".propagating_vgws"))
	}
}

func putPropagation(w *world, before, o *object) {
	ids, pending := wanted(w, o, "route_table_id", tables)
	gateway, open := o.str("vpn_gateway_id")
	for _, id := range ids {
		w.propagate(o, id, gateway, max(snapshot.Pending(o.address), pending, open))
	}
}

func dropPropagation(w *world, o *object) {
	w.propagate(o, o.known("route_table_id"), o.known("vpn_gateway_id"), "")
}

// propagate switches the propagation of a gateway's routes on, or off where
// nothing is pending. Which routes the other side announces is in no plan.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html#route-tables-vgw
func (w *world) propagate(o *object, table, gateway string, pending snapshot.Pending) {
	this := snapshot.PropagatingVGW{Gateway: gateway}
	within(w, o, snapshot.RouteTables, tables, table, func(t *snapshot.RouteTable) {
		switch on := slices.Contains(t.PropagatingVGWs, this); {
		case pending == "":
			t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool { return propagated(r) && r.Gateway == gateway })
			t.PropagatingVGWs = slices.DeleteFunc(slices.Clone(t.PropagatingVGWs), func(g snapshot.PropagatingVGW) bool { return g == this })
		case !on:
			t.Routes = append(slices.Clip(t.Routes), snapshot.Route{Gateway: gateway, Kind: snapshot.VPNGatewayKind, Origin: "EnableVgwRoutePropagation", State: "active", Pending: pending})
			t.PropagatingVGWs = append(slices.Clip(t.PropagatingVGWs), this)
		}
	})
}
