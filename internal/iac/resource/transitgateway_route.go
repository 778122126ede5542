package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func transitGatewayRouteTypes() []Type {
	return []Type{
		{
			Name: "aws_ec2_transit_gateway_route_table", Prefix: "tgw-rtb-", Rank: rankGateway, Kinds: tgwKinds, Local: true,
			Rows: []Rows{
				{snapshot.TransitGatewayRouteTables, false},
				{snapshot.TransitGatewayRoutes, false},
				{snapshot.TransitGatewayAssociations, false},
			},
			NamedBy: []Reference{{Attribute: "transit_gateway_route_table_id"}}, Container: "transit_gateway_id",
			Attributes: []string{"transit_gateway_id"}, Fixed: []string{"transit_gateway_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayRouteTable", Properties: map[string]string{"TransitGatewayId": "transit_gateway_id"}}},
			Put:            putTGWTable, Drop: dropTGWTable, Show: showTGWTable,
		},
		{
			Name: "aws_ec2_transit_gateway_route_table_association", Rank: RankMember, Kinds: tgwKinds, Container: "transit_gateway_route_table_id",
			Attributes:     []string{"transit_gateway_route_table_id", "transit_gateway_attachment_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayRouteTableAssociation", Properties: tgwMemberProperties}},
			Put:            putTGWAssociation, Drop: dropTGWAssociation, Show: showTGWAssociations,
		},
		{
			Name: "aws_ec2_transit_gateway_route_table_propagation", Rank: RankMember, Kinds: tgwKinds, Container: "transit_gateway_route_table_id",
			Attributes:     []string{"transit_gateway_route_table_id", "transit_gateway_attachment_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayRouteTablePropagation", Properties: tgwMemberProperties}},
			Put:            putTGWPropagation, Drop: dropTGWPropagation, Show: showTGWPropagations,
		},
		{
			Name: "aws_ec2_transit_gateway_route", Rank: RankMember, Kinds: tgwKinds, Container: "transit_gateway_route_table_id",
			Attributes: []string{"transit_gateway_route_table_id", "transit_gateway_attachment_id", "destination_cidr_block", "blackhole"},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayRoute", Properties: map[string]string{
				"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id",
				"DestinationCidrBlock": "destination_cidr_block", "Blackhole": "blackhole",
			}}},
			Put: putTGWRoute, Drop: dropTGWRoute, Show: showTGWRoutes,
		},
	}
}

var tgwMemberProperties = map[string]string{"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id"}

// fillTGWTable gives a new route table its empty lists. In the state of a plan
// they are not all that there is.
func (w *World) fillTGWTable(s *snapshot.Scope, id string) {
	if w.Filling {
		return
	}
	s.TransitGatewayAssociations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
	s.TransitGatewayPropagations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
	s.TransitGatewayRoutes.Add(snapshot.TransitGatewayRouteSet{RouteTable: id})
}

func putTGWTable(w *World, before, o *Object) {
	if before != nil {
		return
	}
	s := w.Scope(o)
	gateway, pending := o.Text("transit_gateway_id")
	if pending != "" {
		for _, s := range w.Snapshot.Scopes {
			s.Doubt(snapshot.TransitGatewayRouteTables, pending.Gap(o.ID))
		}
		return
	}
	s.TransitGatewayRouteTables.Add(snapshot.TransitGatewayRouteTable{ID: o.ID, Gateway: gateway, State: "available"})
	w.fillTGWTable(s, o.ID)
}

func dropTGWTable(w *World, o *Object) { w.loseTGWTable(o.ID) }

func (w *World) loseTGWTable(id string) {
	remove(w, tgwTables, id)
	remove(w, tgwAssociations, id)
	remove(w, tgwPropagations, id)
	remove(w, tgwRoutes, id)
}

func withoutAttachment(list []snapshot.TransitGatewayAssociation, id string) []snapshot.TransitGatewayAssociation {
	return slices.DeleteFunc(slices.Clone(list), func(a snapshot.TransitGatewayAssociation) bool { return a.Attachment == id })
}

func leadsTo(r snapshot.TransitGatewayRoute, attachment string) bool {
	return slices.ContainsFunc(r.Attachments, func(a snapshot.RouteAttachment) bool { return a.ID == attachment })
}

// associateTGW makes the packets that arrive from an attachment be routed by a
// table, and by no other.
func (w *World) associateTGW(o *Object, table, attachment, vpc string, pending snapshot.Pending) {
	for _, s := range w.Snapshot.Scopes {
		if pending != "" {
			break // it may stay where it is
		}
		for _, set := range s.TransitGatewayAssociations.All() {
			if left := withoutAttachment(set.Entries, attachment); len(left) != len(set.Entries) {
				set.Entries = left
				s.TransitGatewayAssociations.Put(set)
			}
		}
	}
	if pending != "" {
		if !edit(w, tgwAttachments, attachment, func(a *snapshot.TransitGatewayAttachment) { a.Association, a.Pending = nil, pending }) {
			for _, s := range w.Snapshot.Scopes {
				s.Forget(snapshot.TransitGatewayAssociations, pending.Gap(o.Address))
			}
		}
		return
	}
	within(w, o, snapshot.TransitGatewayAssociations, tgwAssociations, table, func(set *snapshot.TransitGatewayAssociationSet) {
		set.Entries = append(slices.Clip(set.Entries), snapshot.TransitGatewayAssociation{Attachment: attachment, ResourceID: vpc, State: "associated"})
	})
	edit(w, tgwAttachments, attachment, func(a *snapshot.TransitGatewayAttachment) {
		a.Association = &snapshot.AttachmentAssociation{RouteTable: table, State: "associated"}
	})
}

func putTGWAssociation(w *World, before, o *Object) {
	if w.Filling {
		return
	}
	attachments, pa := wanted(w, o, "transit_gateway_attachment_id", tgwAttachments)
	table, pt := o.Text("transit_gateway_route_table_id")
	for _, attachment := range attachments {
		w.associateTGW(o, table, attachment, w.attached(attachment), max(pa, pt))
	}
}

func dropTGWAssociation(w *World, o *Object) {
	w.dissociateTGW(o, o.Known("transit_gateway_route_table_id"), o.Known("transit_gateway_attachment_id"))
}

func (w *World) dissociateTGW(o *Object, table, attachment string) {
	within(w, o, snapshot.TransitGatewayAssociations, tgwAssociations, table, func(set *snapshot.TransitGatewayAssociationSet) {
		set.Entries = withoutAttachment(set.Entries, attachment)
	})
	edit(w, tgwAttachments, attachment, func(a *snapshot.TransitGatewayAttachment) {
		if a.Association != nil && a.Association.RouteTable == table {
			a.Association = nil
		}
	})
}

// propagateTGW makes a table hold routes to the address blocks of an attached
// VPC, or no longer.
func (w *World) propagateTGW(table, attachment, vpc string, on bool) {
	row, _ := find(w, vpcs, vpc)
	edit(w, tgwPropagations, table, func(set *snapshot.TransitGatewayAssociationSet) {
		set.Entries = withoutAttachment(set.Entries, attachment)
		if on {
			set.Entries = append(set.Entries, snapshot.TransitGatewayAssociation{Attachment: attachment, ResourceID: vpc, State: "enabled"})
		}
	})
	edit(w, tgwRoutes, table, func(set *snapshot.TransitGatewayRouteSet) {
		set.Entries = slices.DeleteFunc(slices.Clone(set.Entries), func(r snapshot.TransitGatewayRoute) bool {
			return strings.EqualFold(r.Type, "propagated") && leadsTo(r, attachment)
		})
		if !on {
			return
		}
		for _, p := range row.Prefixes() {
			set.Entries = append(set.Entries, tgwRoute(p, "propagated", attachment, vpc))
		}
	})
	if on && row.Pending != "" {
		w.loseRoutes(table, row.Pending)
	}
}

// loseRoutes gives up the routes of a table: one of them has a block that is
// known only after apply, and may win over any other.
func (w *World) loseRoutes(table string, pending snapshot.Pending) {
	_, holders := find(w, tgwRoutes, table)
	for _, s := range holders {
		s.TransitGatewayRoutes.Lose(table)
		s.Doubt(snapshot.TransitGatewayRoutes, pending.Gap(table))
	}
}

func tgwRoute(p netip.Prefix, kind, attachment, vpc string) snapshot.TransitGatewayRoute {
	return snapshot.TransitGatewayRoute{CIDR: p, Type: kind, State: "active", Attachments: []snapshot.RouteAttachment{{ID: attachment, ResourceID: vpc, ResourceType: "vpc"}}}
}

// eachPropagation renews the routes to a VPC whose address blocks have changed.
func (w *World) eachPropagation(vpc string) {
	for _, s := range w.Snapshot.Scopes {
		for _, set := range s.TransitGatewayPropagations.All() {
			for _, e := range set.Entries {
				if e.ResourceID == vpc || w.attached(e.Attachment) == vpc {
					w.propagateTGW(set.RouteTable, e.Attachment, vpc, true)
				}
			}
		}
	}
}

func putTGWPropagation(w *World, before, o *Object) {
	attachment, open := o.Text("transit_gateway_attachment_id")
	tables, pending := wanted(w, o, "transit_gateway_route_table_id", tgwRoutes)
	vpc := w.attached(attachment)
	if _, seen := find(w, vpcs, vpc); len(seen) == 0 { // what a VPN or another account's VPC announces is in no plan
		open = max(open, snapshot.Pending(o.Address))
	}
	for _, table := range tables {
		if open = max(open, pending); open != "" {
			w.loseRoutes(table, open)
		} else {
			w.propagateTGW(table, attachment, vpc, true)
		}
	}
}

func dropTGWPropagation(w *World, o *Object) {
	attachment := o.Known("transit_gateway_attachment_id")
	w.propagateTGW(o.Known("transit_gateway_route_table_id"), attachment, w.attached(attachment), false)
}

func putTGWRoute(w *World, before, o *Object) {
	tables, pt := wanted(w, o, "transit_gateway_route_table_id", tgwRoutes)
	attachment, pa := o.Text("transit_gateway_attachment_id")
	cidr, pc := o.Prefix("destination_cidr_block")
	if pending := max(pt, pc); pending != "" {
		for _, table := range tables {
			w.loseRoutes(table, pending)
		}
		return
	}
	table := tables[0]
	a, _ := find(w, tgwAttachments, attachment)
	r := tgwRoute(cidr, "static", attachment, a.ResourceID)
	r.Attachments[0].ResourceType = a.ResourceType
	if a.ResourceType == "" {
		r.Pending = max(r.Pending, snapshot.Pending(o.Address+".transit_gateway_attachment_id"))
	}
	switch {
	case o.On("blackhole"):
		r.State, r.Attachments, r.Pending = "blackhole", nil, ""
	case pa != "" || o.Pending("blackhole") != "":
		r.Pending = max(pa, o.Pending("blackhole"))
	}
	within(w, o, snapshot.TransitGatewayRoutes, tgwRoutes, table, func(set *snapshot.TransitGatewayRouteSet) {
		set.Entries = append(withoutStatic(set.Entries, cidr), r)
	})
}

func withoutStatic(list []snapshot.TransitGatewayRoute, cidr netip.Prefix) []snapshot.TransitGatewayRoute {
	return slices.DeleteFunc(slices.Clone(list), func(r snapshot.TransitGatewayRoute) bool {
		return r.CIDR == cidr && strings.EqualFold(r.Type, "static") && r.PrefixList == ""
	})
}

func dropTGWRoute(w *World, o *Object) {
	cidr := o.KnownPrefix("destination_cidr_block")
	within(w, o, snapshot.TransitGatewayRoutes, tgwRoutes, o.Known("transit_gateway_route_table_id"), func(set *snapshot.TransitGatewayRouteSet) {
		set.Entries = withoutStatic(set.Entries, cidr)
	})
}

func showTGWTable(w *World, o *Object) []map[string]any {
	t, there := find(w, tgwTables, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one("transit_gateway_id", t.Gateway)
}

func showTGWAssociations(w *World, o *Object) []map[string]any {
	set, _ := find(w, tgwAssociations, o.Known("transit_gateway_route_table_id"))
	return tgwMembers(set)
}

func showTGWPropagations(w *World, o *Object) []map[string]any {
	set, _ := find(w, tgwPropagations, o.Known("transit_gateway_route_table_id"))
	return tgwMembers(set)
}

func tgwMembers(set snapshot.TransitGatewayAssociationSet) []map[string]any {
	var out []map[string]any
	for _, e := range set.Entries {
		out = append(out, attributesOf("transit_gateway_route_table_id", set.RouteTable, "transit_gateway_attachment_id", e.Attachment))
	}
	return out
}

// showTGWRoutes are the static routes of a table, to one attachment or to nowhere.
func showTGWRoutes(w *World, o *Object) []map[string]any {
	set, _ := find(w, tgwRoutes, o.Known("transit_gateway_route_table_id"))
	var out []map[string]any
	for _, r := range set.Entries {
		if !strings.EqualFold(r.Type, "static") || r.PrefixList != "" {
			continue
		}
		route := attributesOf("transit_gateway_route_table_id", set.RouteTable, "destination_cidr_block", prefixText(r.CIDR), "blackhole", r.State == "blackhole" && r.Attachments == nil)
		for _, a := range r.Attachments {
			route["transit_gateway_attachment_id"] = a.ID
		}
		out = append(out, route)
	}
	return out
}
