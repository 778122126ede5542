package resource

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func routeTableTypes() []Type {
	return []Type{
		{
			Name: "aws_route_table", Prefix: "rtb-", Rank: rankGroup, Rows: []Rows{{snapshot.RouteTables, true}}, Kinds: routeKinds, Local: true,
			NamedBy: []Reference{{Attribute: "route_table_id", Here: true}}, Container: "vpc_id",
			Attributes: []string{"vpc_id", "route", "propagating_vgws"}, Fixed: []string{"vpc_id"}, Blocks: map[string][]string{"route": {"aws_route"}},
			CloudFormation: []Words{{Type: "AWS::EC2::RouteTable", Properties: map[string]string{"VpcId": "vpc_id"}}},
			Put:            putTable, Drop: dropTable, Show: showTable, InUse: tableInUse,
		},
		{
			Name: "aws_default_route_table", Prefix: "rtb-", Rank: rankGroup, Kinds: routeKinds, Adopts: true, Blocks: map[string][]string{"route": {"aws_route"}},
			NamedBy:    []Reference{{Attribute: "route_table_id", Here: true}, {Attribute: "default_route_table_id"}},
			Fixed:      []string{"default_route_table_id"},
			Attributes: []string{"default_route_table_id", "route", "propagating_vgws"}, Computed: []string{"vpc_id"},
			Put: putDefaultTable, Show: showTable,
		},
		{
			Name: "aws_route_table_association", Rank: RankMember, Kinds: routeKinds, Container: "route_table_id", Slot: []string{"subnet_id", "gateway_id"}, Inside: true,
			Attributes: []string{"route_table_id", "subnet_id", "gateway_id"},
			CloudFormation: []Words{
				{Type: "AWS::EC2::SubnetRouteTableAssociation", Properties: map[string]string{"RouteTableId": "route_table_id", "SubnetId": "subnet_id"}},
				{Type: "AWS::EC2::GatewayRouteTableAssociation", Properties: map[string]string{"RouteTableId": "route_table_id", "GatewayId": "gateway_id"}},
			},
			Put: putTableAssociation, Drop: dropTableAssociation, Show: showTableAssociations, Unstated: withoutGateways, Holders: tablesOf,
		},
		{
			Name: "aws_main_route_table_association", Rank: RankMember, Kinds: routeKinds, Container: "route_table_id",
			Attributes: []string{"vpc_id", "route_table_id"}, Computed: []string{"original_route_table_id"},
			Put: putMainTable, Drop: dropMainTable, Show: showMainTable,
		},
	}
}

// withoutGateways leaves out the associations of gateways, unless a template states some.
func withoutGateways(shown []map[string]any, states func(string) bool) []map[string]any {
	if states("gateway_id") {
		return shown
	}
	return slices.DeleteFunc(shown, func(a map[string]any) bool { return a["gateway_id"] != nil })
}

// tablesOf are the route tables that a subnet has of its own.
func tablesOf(s *snapshot.Scope, subnet string) []string {
	var out []string
	for _, t := range s.RouteTables.All() {
		if slices.ContainsFunc(t.Associations, func(x snapshot.RouteTableAssociation) bool { return x.Subnet == subnet && !x.Main }) {
			out = append(out, t.ID)
		}
	}
	return out
}

func putTable(w *World, before, o *Object) {
	if before == nil {
		s := w.Scope(o)
		vpc := o.Known("vpc_id")
		row, _ := find(w, vpcs, vpc)
		s.RouteTables.Add(snapshot.RouteTable{ID: o.ID, VPC: vpc, Routes: localRoutes(row)})
	}
	if o.Stated("route") && !Same(before, o, "route") {
		w.setRoutes(o, o.ID)
	}
	w.setPropagation(before, o, o.ID)
}

func dropTable(w *World, o *Object) { remove(w, tables, o.ID) }

// putDefaultTable takes over the main route table of a VPC: the routes that it
// had are taken away when the resource is created.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_route_table
func putDefaultTable(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "default_route_table_id", tables)
	if o.Exists {
		ids, pending = []string{o.ID}, ""
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
	if w.Filling {
		vpc := o.Known("vpc_id")
		row, _ := find(w, vpcs, vpc)
		w.Scope(o).RouteTables.Add(snapshot.RouteTable{ID: id, VPC: vpc, Routes: localRoutes(row), Associations: []snapshot.RouteTableAssociation{{Main: true}}})
	}
	if before == nil || o.Stated("route") && !Same(before, o, "route") {
		w.setRoutes(o, id)
	}
	if row, _ := find(w, tables, id); before == nil && !w.Filling { // as the routes, gateways are taken away first
		for _, g := range row.PropagatingVGWs {
			w.propagate(o, id, g.Gateway, "")
		}
	}
	w.setPropagation(before, o, id)
}

// setRoutes replaces the routes of a table by inline ones. Local and propagated
// routes, and those of gateway endpoints, are AWS's own and stay.
func (w *World) setRoutes(o *Object, id string) {
	blocks, pending := o.Blocks("route")
	within(w, o, snapshot.RouteTables, tables, id, func(t *snapshot.RouteTable) {
		t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool {
			return !ownRoute(r)
		})
		for _, b := range blocks {
			t.Routes = append(t.Routes, w.route(b, "cidr_block", "ipv6_cidr_block"))
		}
		t.Pending = pending
	})
}

func putTableAssociation(w *World, before, o *Object) {
	subnet, ps := o.Text("subnet_id")
	gateway, pg := o.Text("gateway_id")
	ids, pending := wanted(w, o, "route_table_id", tables)
	open := max(ps, pg, o.MayGo)
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
		w.Scope(o).Doubt(snapshot.RouteTables, max(pending, open).Gap(subnet))
	}
}

func (w *World) associate(o *Object, table string, a snapshot.RouteTableAssociation) {
	within(w, o, snapshot.RouteTables, tables, table, func(t *snapshot.RouteTable) {
		if !slices.Contains(t.Associations, a) {
			t.Associations = append(slices.Clip(t.Associations), a)
		}
	})
}

// freeSubnet leaves a subnet to the main route table of its VPC.
func (w *World) freeSubnet(subnet string) {
	w.dissociate(func(a snapshot.RouteTableAssociation) bool { return a.Subnet == subnet && subnet != "" })
}

func (w *World) dissociate(gone func(snapshot.RouteTableAssociation) bool) {
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.RouteTables.All() {
			if slices.ContainsFunc(t.Associations, gone) {
				t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), gone)
				s.RouteTables.Put(t)
			}
		}
	}
}

func dropTableAssociation(w *World, o *Object) {
	subnet, gateway, table := o.Known("subnet_id"), o.Known("gateway_id"), o.Known("route_table_id")
	within(w, o, snapshot.RouteTables, tables, table, func(t *snapshot.RouteTable) {
		t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), func(a snapshot.RouteTableAssociation) bool {
			return subnet != "" && a.Subnet == subnet || gateway != "" && a.Gateway == gateway
		})
	})
}

// putMainTable makes a table the main one of its VPC.
func putMainTable(w *World, before, o *Object) {
	w.makeMain(o.Known("vpc_id"), o.Known("route_table_id"), o)
}

func dropMainTable(w *World, o *Object) {
	w.makeMain(o.Known("vpc_id"), o.Known("original_route_table_id"), o)
}

func (w *World) makeMain(vpc, table string, o *Object) {
	if vpc == "" {
		row, _ := find(w, tables, table)
		vpc = row.VPC
	}
	if table == "" || vpc == "" {
		w.Scope(o).Doubt(snapshot.RouteTables, max(o.Pending("route_table_id"), o.Pending("vpc_id"), snapshot.Pending(o.Address)).Gap(vpc))
		return
	}
	w.eachTable(vpc, func(t *snapshot.RouteTable) {
		t.Associations = slices.DeleteFunc(slices.Clone(t.Associations), func(a snapshot.RouteTableAssociation) bool { return a.Main })
		if t.ID == table {
			t.Associations = append(t.Associations, snapshot.RouteTableAssociation{Main: true})
		}
	})
}

func showTable(w *World, o *Object) []map[string]any {
	id := o.ID
	named := o.Known("default_route_table_id")
	if named != "" {
		id = named
	}
	t, there := find(w, tables, id)
	if len(there) == 0 {
		return nil
	}
	var gateways []string
	for _, g := range t.PropagatingVGWs {
		gateways = append(gateways, g.Gateway)
	}
	routes := []any{}
	for _, r := range t.Routes {
		if !ownRoute(r) {
			routes = append(routes, routeTold(r, "cidr_block", "ipv6_cidr_block"))
		}
	}
	out := attributesOf("vpc_id", t.VPC, "propagating_vgws", texts(gateways), "default_route_table_id", named)
	out["route"] = routes
	return []map[string]any{out}
}

func showTableAssociations(w *World, o *Object) []map[string]any {
	t, _ := find(w, tables, o.Known("route_table_id"))
	var out []map[string]any
	for _, a := range t.Associations {
		if a.Subnet != "" || a.Gateway != "" {
			out = append(out, attributesOf("route_table_id", t.ID, "subnet_id", a.Subnet, "gateway_id", a.Gateway))
		}
	}
	return out
}

func showMainTable(w *World, o *Object) []map[string]any {
	t, _ := find(w, tables, o.Known("route_table_id"))
	if !slices.ContainsFunc(t.Associations, func(a snapshot.RouteTableAssociation) bool { return a.Main }) {
		return nil
	}
	return one("route_table_id", t.ID, "vpc_id", t.VPC)
}
