package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var routeKinds = []snapshot.Kind{snapshot.RouteTables}

func routeTypes() []Type {
	return []Type{
		{
			Name: "aws_route", Rank: RankMember, Kinds: routeKinds, Container: "route_table_id", Inside: true,
			Slot:       []string{"route_table_id", "destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"},
			Attributes: append([]string{"route_table_id", "destination_cidr_block", "destination_ipv6_cidr_block"}, routeAttributes...),
			CloudFormation: []Words{{Type: "AWS::EC2::Route", Properties: map[string]string{
				"RouteTableId": "route_table_id", "DestinationCidrBlock": "destination_cidr_block", "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
				"DestinationPrefixListId": "destination_prefix_list_id", "GatewayId": "gateway_id", "NatGatewayId": "nat_gateway_id", "InstanceId": "instance_id",
				"NetworkInterfaceId": "network_interface_id", "VpcPeeringConnectionId": "vpc_peering_connection_id", "TransitGatewayId": "transit_gateway_id",
				"LocalGatewayId": "local_gateway_id", "CarrierGatewayId": "carrier_gateway_id", "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
				"CoreNetworkArn": "core_network_arn", "VpcEndpointId": "vpc_endpoint_id",
			}}},
			Put: putRoute, Drop: dropRoute, Show: showRoutes,
		},
		{
			Name: "aws_vpn_gateway_route_propagation", Rank: RankLast, Kinds: routeKinds, Container: "route_table_id",
			Attributes: []string{"route_table_id", "vpn_gateway_id"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::VPNGatewayRoutePropagation", Properties: map[string]string{"VpnGatewayId": "vpn_gateway_id"},
				Each: struct{ Property, Attribute string }{"RouteTableIds", "route_table_id"},
				More: func(o *Object, properties map[string]any) {
					switch list, pending := TextsOf(properties["RouteTableIds"]); {
					case pending != "":
						o.Attributes["route_table_id"] = Unknown(pending)
					case len(list) > 0:
						o.Attributes["route_table_id"] = list[0] // a template has one for each further table
					}
				},
			}},
			Put: putPropagation, Drop: dropPropagation, Show: showPropagations,
		},
	}
}

// routeAttributes are those of a route, but for its blocks, which are called
// differently inline.
var routeAttributes = []string{
	"destination_prefix_list_id", "gateway_id", "nat_gateway_id", "network_interface_id", "instance_id", "vpc_peering_connection_id", "transit_gateway_id",
	"local_gateway_id", "carrier_gateway_id", "egress_only_gateway_id", "core_network_arn", "vpc_endpoint_id",
}

func propagated(r snapshot.Route) bool {
	return strings.EqualFold(r.Origin, "EnableVgwRoutePropagation")
}

// route reads a route, inline or a resource of its own.
func (w *World) route(o *Object, cidr, ipv6 string) snapshot.Route {
	r := snapshot.Route{State: "active", Origin: "CreateRoute"}
	var pending []snapshot.Pending
	take := func(s string, p snapshot.Pending) string {
		pending = append(pending, p)
		return s
	}
	var p snapshot.Pending
	r.CIDR, p = o.Prefix(cidr)
	take("", p)
	r.IPv6CIDR, p = o.Prefix(ipv6)
	take("", p)
	r.PrefixList = take(o.Text("destination_prefix_list_id"))
	r.Gateway = take(o.Text("gateway_id"))
	r.NATGateway = take(o.Text("nat_gateway_id"))
	r.Interface = take(o.Text("network_interface_id"))
	r.Instance = take(o.Text("instance_id"))
	r.Peering = take(o.Text("vpc_peering_connection_id"))
	r.TransitGateway = take(o.Text("transit_gateway_id"))
	r.LocalGateway = take(o.Text("local_gateway_id"))
	r.CarrierGateway = take(o.Text("carrier_gateway_id"))
	r.EgressOnly = take(o.Text("egress_only_gateway_id"))
	r.CoreNetwork = take(o.Text("core_network_arn"))
	if id := take(o.Text("vpc_endpoint_id")); id != "" {
		r.Gateway, r.Kind = id, snapshot.EndpointGateway
	}
	r.Pending = slices.Max(pending)
	if i, _ := find(w, interfaces, r.Interface); i.Attachment != nil && r.Instance == "" { // AWS shows both
		r.Instance = i.Attachment.InstanceID
	}
	if r.Kind == snapshot.ByID {
		r.Kind = w.gatewayKind(r.Gateway)
	}
	return r
}

// gatewayKind tells what a gateway is that has no id of AWS yet.
func (w *World) gatewayKind(id string) snapshot.GatewayKind {
	return Types().Of(w.TypeOf(id)).Gateway
}

// putRoute adds a route to its table, in place of one with the same destination,
// or to each table that may turn out to be its own.
func putRoute(w *World, before, o *Object) {
	r := w.route(o, "destination_cidr_block", "destination_ipv6_cidr_block")
	ids, pending := wanted(w, o, "route_table_id", tables)
	if pending = max(pending, o.MayGo); pending != "" {
		r.Pending = max(r.Pending, pending)
		for _, id := range ids {
			edit(w, tables, id, func(t *snapshot.RouteTable) { t.Routes = append(slices.Clip(t.Routes), r) })
		}
		return
	}
	within(w, o, snapshot.RouteTables, tables, ids[0], func(t *snapshot.RouteTable) {
		if w.Filling && slices.ContainsFunc(t.Routes, func(q snapshot.Route) bool { return sameDestination(q, r) }) {
			return
		}
		if contested := w.taken(o, ids[0], fmt.Sprint(r.CIDR, r.IPv6CIDR, r.PrefixList)); contested != "" {
			r.Pending = contested
			t.Routes = slices.Clone(t.Routes)
			for i := range t.Routes {
				if sameDestination(t.Routes[i], r) {
					t.Routes[i].Pending = r.Pending
				}
			}
			t.Routes = append(t.Routes, r)
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

func dropRoute(w *World, o *Object) {
	gone := w.route(o, "destination_cidr_block", "destination_ipv6_cidr_block")
	within(w, o, snapshot.RouteTables, tables, o.Known("route_table_id"), func(t *snapshot.RouteTable) { t.Routes = withoutRoute(t.Routes, gone) })
}

func (w *World) setPropagation(before, o *Object, table string) {
	if !o.Stated("propagating_vgws") || Same(before, o, "propagating_vgws") {
		return
	}
	ids, pending := o.Texts("propagating_vgws")
	if pending != "" {
		edit(w, tables, table, func(t *snapshot.RouteTable) { t.Pending = pending })
		return
	}
	if before != nil {
		for _, id := range before.KnownTexts("propagating_vgws") {
			if !slices.Contains(ids, id) {
				w.propagate(o, table, id, "")
			}
		}
	}
	for _, id := range ids {
		w.propagate(o, table, id, snapshot.Pending(o.Address+".propagating_vgws"))
	}
}

func putPropagation(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "route_table_id", tables)
	gateway, open := o.Text("vpn_gateway_id")
	for _, id := range ids {
		w.propagate(o, id, gateway, max(snapshot.Pending(o.Address), pending, open))
	}
}

func dropPropagation(w *World, o *Object) {
	w.propagate(o, o.Known("route_table_id"), o.Known("vpn_gateway_id"), "")
}

// propagate switches the propagation of a gateway's routes on, or off where
// nothing is pending. Which routes the other side announces is in no plan.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html#route-tables-vgw
func (w *World) propagate(o *Object, table, gateway string, pending snapshot.Pending) {
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

// ownRoute reports whether a route is AWS's own: local, propagated, or of a gateway
// endpoint.
func ownRoute(r snapshot.Route) bool {
	return r.Gateway == "local" || propagated(r) || strings.HasPrefix(r.Gateway, "vpce-") && r.PrefixList != ""
}

// routeTold is the inverse of route.
func routeTold(r snapshot.Route, cidr, ipv6 string) map[string]any {
	out := attributesOf(
		cidr, prefixText(r.CIDR), ipv6, prefixText(r.IPv6CIDR), "destination_prefix_list_id", r.PrefixList, "gateway_id", r.Gateway, "nat_gateway_id", r.NATGateway,
		"instance_id", r.Instance, "vpc_peering_connection_id", r.Peering, "transit_gateway_id", r.TransitGateway, "egress_only_gateway_id", r.EgressOnly,
		"local_gateway_id", r.LocalGateway, "carrier_gateway_id", r.CarrierGateway, "core_network_arn", r.CoreNetwork,
	)
	if strings.HasPrefix(r.Gateway, "vpce-") || r.Kind == snapshot.EndpointGateway {
		delete(out, "gateway_id")
		out["vpc_endpoint_id"] = r.Gateway
	}
	if r.Instance == "" && r.Interface != "" { // of an instance AWS shows the interface as well
		out["network_interface_id"] = r.Interface
	}
	return out
}

func showRoutes(w *World, o *Object) []map[string]any {
	t, _ := find(w, tables, o.Known("route_table_id"))
	var out []map[string]any
	for _, r := range t.Routes {
		if !ownRoute(r) {
			route := routeTold(r, "destination_cidr_block", "destination_ipv6_cidr_block")
			route["route_table_id"] = t.ID
			out = append(out, route)
		}
	}
	return out
}

func showPropagations(w *World, o *Object) []map[string]any {
	t, _ := find(w, tables, o.Known("route_table_id"))
	var out []map[string]any
	for _, g := range t.PropagatingVGWs {
		out = append(out, attributesOf("route_table_id", t.ID, "vpn_gateway_id", g.Gateway))
	}
	return out
}
