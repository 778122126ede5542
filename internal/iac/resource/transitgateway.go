package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var tgwKinds = []snapshot.Kind{
	snapshot.TransitGateways, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayRouteTables,
	snapshot.TransitGatewayAssociations, snapshot.TransitGatewayPropagations, snapshot.TransitGatewayRoutes,
}

func transitGatewayTypes() []Type {
	return []Type{
		{
			Name: "aws_ec2_transit_gateway", Prefix: "tgw-", Rank: rankGateway, Rows: []Rows{rowsOf(snapshot.TransitGateways, tgws, false)}, Kinds: tgwKinds, Shared: true,
			NamedBy: []Reference{{Attribute: "transit_gateway_id"}},
			Parts: map[string]Part{
				DefaultTGWTable: {DefaultTGWTable, "aws_ec2_transit_gateway_route_table"}, "propagation_default_route_table_id": {DefaultTGWTable, "aws_ec2_transit_gateway_route_table"},
			},
			Attributes: []string{"auto_accept_shared_attachments", "default_route_table_association", "default_route_table_propagation", "security_group_referencing_support"},
			Computed:   []string{"owner_id", DefaultTGWTable},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGateway", Properties: map[string]string{
				"DefaultRouteTableAssociation": "default_route_table_association", "DefaultRouteTablePropagation": "default_route_table_propagation",
				"SecurityGroupReferencingSupport": "security_group_referencing_support",
			}}},
			Put: putTGW, Drop: dropTGW, Show: showTGW,
		},
		{
			Name: "aws_ec2_transit_gateway_route_table", Prefix: "tgw-rtb-", Rank: rankGateway, Kinds: tgwKinds, Local: true,
			Rows: []Rows{
				rowsOf(snapshot.TransitGatewayRouteTables, tgwTables, false), rowsOf(snapshot.TransitGatewayRoutes, tgwRoutes, false),
				rowsOf(snapshot.TransitGatewayAssociations, tgwAssociations, false),
			},
			NamedBy: []Reference{{Attribute: "transit_gateway_route_table_id"}}, Container: "transit_gateway_id",
			Attributes: []string{"transit_gateway_id"}, Fixed: []string{"transit_gateway_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayRouteTable", Properties: map[string]string{"TransitGatewayId": "transit_gateway_id"}}},
			Put:            putTGWTable, Drop: dropTGWTable, Show: showTGWTable,
		},
		{
			Name: "aws_ec2_transit_gateway_vpc_attachment", Prefix: "tgw-attach-", Rank: rankAttach, Kinds: tgwKinds, Shared: true,
			Rows: []Rows{
				rowsOf(snapshot.TransitGatewayVPCAttachments, tgwVPCAttachments, false), rowsOf(snapshot.TransitGatewayAttachments, tgwAttachments, false),
			},
			NamedBy: []Reference{{Attribute: "transit_gateway_attachment_id"}}, Container: "vpc_id",
			Attributes: []string{
				"transit_gateway_id", "vpc_id", "subnet_ids", "security_group_referencing_support", "appliance_mode_support", attachmentAssociates, attachmentPropagates,
			},
			Fixed: []string{"transit_gateway_id", "vpc_id"},
			CloudFormation: []Words{
				{Type: "AWS::EC2::TransitGatewayAttachment", Properties: attachmentProperties, More: attachmentOptions},
				{Type: "AWS::EC2::TransitGatewayVpcAttachment", Properties: attachmentProperties, More: attachmentOptions},
			},
			Put: putTGWAttachment, Drop: dropTGWAttachment, Show: showTGWAttachment,
		},
		{
			Name: "aws_ec2_transit_gateway_vpc_attachment_accepter", Rank: rankInterface, Kinds: tgwKinds, AliasOf: "transit_gateway_attachment_id",
			Attributes: []string{"transit_gateway_attachment_id", attachmentAssociates, attachmentPropagates}, Put: putTGWAccepter, Drop: dropTGWAccepter, Show: showTGWAccepter,
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

// What an attachment says of the default route tables of its gateway.
const (
	attachmentAssociates = "transit_gateway_default_route_table_association"
	attachmentPropagates = "transit_gateway_default_route_table_propagation"
)

var (
	attachmentProperties = map[string]string{"TransitGatewayId": "transit_gateway_id", "VpcId": "vpc_id", "SubnetIds": "subnet_ids"}
	tgwMemberProperties  = map[string]string{"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id"}
)

func attachmentOptions(o *Object, properties map[string]any) {
	options, _ := properties["Options"].(map[string]any)
	for property, attribute := range map[string]string{"ApplianceModeSupport": "appliance_mode_support", "SecurityGroupReferencingSupport": "security_group_referencing_support"} {
		if v, ok := options[property]; ok {
			o.Attributes[attribute] = v
		}
	}
}

// The default route tables of a transit gateway, as Terraform names them; both
// are one table until somebody chooses others.
const DefaultTGWTable = "association_default_route_table_id"

// putTGW makes a transit gateway with its default route table, unless it is
// switched off. Its options count for attachments that are made from then on.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html
func putTGW(w *World, before, o *Object) {
	if before != nil {
		edit(w, tgws, o.ID, func(g *snapshot.TransitGateway) { o.setTGWOptions(g) })
		return
	}
	s := w.Scope(o)
	g := snapshot.TransitGateway{ID: o.ID, OwnerID: owner(s), State: "available"}
	if account := o.Known("owner_id"); account != "" {
		g.OwnerID = account
	}
	g.Options.AutoAcceptSharedAttachments, g.Options.SecurityGroupReferencingSupport = "disable", "disable"
	g.Options.DefaultRouteTableAssociation, g.Options.DefaultRouteTablePropagation = "enable", "enable"
	open := o.setTGWOptions(&g)
	s.TransitGateways.Add(g)
	if !w.Filling {
		s.TransitGatewayRouteTables.Settle(o.ID)
	}
	associates, propagates := g.Options.DefaultRouteTableAssociation != "disable", g.Options.DefaultRouteTablePropagation != "disable"
	if !associates && !propagates || w.Filling && o.Known(DefaultTGWTable) == "" {
		return
	}
	id := o.Part(DefaultTGWTable)
	s.TransitGatewayRouteTables.Add(snapshot.TransitGatewayRouteTable{ID: id, Gateway: o.ID, State: "available", IsDefault: associates, IsDefaultPropagation: propagates})
	if open != "" { // whether there is such a table, and what it holds
		s.Doubt(snapshot.TransitGatewayAssociations, open.Gap(o.ID))
		s.Doubt(snapshot.TransitGatewayRoutes, open.Gap(o.ID))
		return
	}
	w.fillTGWTable(s, id)
}

// setTGWOptions takes over the options that are set, and returns what decides one
// of the default route table's.
func (o *Object) setTGWOptions(g *snapshot.TransitGateway) snapshot.Pending {
	var open snapshot.Pending
	set := func(to *string, name string) {
		v, pending := o.Text(name)
		if v != "" || pending != "" {
			*to = v
		}
		if name != "security_group_referencing_support" && name != "auto_accept_shared_attachments" {
			open = max(open, pending)
		}
	}
	set(&g.Options.AutoAcceptSharedAttachments, "auto_accept_shared_attachments")
	set(&g.Options.DefaultRouteTableAssociation, "default_route_table_association")
	set(&g.Options.DefaultRouteTablePropagation, "default_route_table_propagation")
	set(&g.Options.SecurityGroupReferencingSupport, "security_group_referencing_support")
	return open
}

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

func dropTGW(w *World, o *Object) {
	remove(w, tgws, o.ID)
	w.loseTGWTable(o.Part(DefaultTGWTable))
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

// putTGWAttachment attaches a VPC, and joins it to the gateway's default route
// tables unless that is switched off.
func putTGWAttachment(w *World, before, o *Object) {
	subnetIDs, ps := o.Texts("subnet_ids")
	support, unsure := o.Text("security_group_referencing_support")
	appliance, open := o.Text("appliance_mode_support")
	if open != "" { // it may be on, and then every subnet of the attachment counts
		appliance = "enable"
	}
	gateway, pg := o.Text("transit_gateway_id")
	vpc, pv := o.Text("vpc_id")
	if vpc == "" && len(subnetIDs) > 0 {
		if vpc = w.vpcOf(subnetIDs[0]); vpc != "" {
			pv = ""
		}
	}
	if pending := max(ps, pg, pv); pending != "" {
		lose(w, o, snapshot.TransitGatewayVPCAttachments, tgwVPCAttachments, o.ID, pending)
		lose(w, o, snapshot.TransitGatewayAttachments, tgwAttachments, o.ID, pending)
		w.mayPropagate(o, gateway, pending)
		return
	}
	old, there := find(w, tgwVPCAttachments, o.ID)
	if !w.Filling {
		for _, id := range subnetIDs {
			if !slices.Contains(old.SubnetIDs, id) {
				w.take(id, 1)
			}
		}
		for _, id := range old.SubnetIDs {
			if before != nil && !slices.Contains(subnetIDs, id) {
				w.take(id, -1)
			}
		}
	}
	if before != nil {
		edit(w, tgwVPCAttachments, o.ID, func(a *snapshot.TransitGatewayVPCAttachment) {
			if a.SubnetIDs = subnetIDs; support != "" || unsure != "" {
				a.Options.SecurityGroupReferencingSupport = support
			}
			if appliance != "" {
				a.Options.ApplianceModeSupport = appliance
			}
		})
		w.joinDefaults(before, o, o.ID, gateway, vpc)
		return
	}
	s := w.Scope(o)
	a := snapshot.TransitGatewayVPCAttachment{ID: o.ID, Gateway: gateway, VPC: vpc, State: "available", SubnetIDs: subnetIDs}
	a.Options.SecurityGroupReferencingSupport, a.Options.ApplianceModeSupport = support, appliance
	if len(there) == 0 && !w.Filling {
		a.State = w.acceptance(s, gateway)
	}
	if a.State == "" {
		row, _ := find(w, tgws, gateway)
		g := s.Elsewhere(snapshot.TransitGateways, gateway, row.OwnerID, "")
		s.Doubt(snapshot.TransitGatewayVPCAttachments, g)
		s.Doubt(snapshot.TransitGatewayAttachments, g)
		w.mayPropagate(o, gateway, snapshot.Pending(o.Address))
		return
	}
	s.TransitGatewayVPCAttachments.Add(a)
	s.TransitGatewayAttachments.Add(snapshot.TransitGatewayAttachment{ID: o.ID, Gateway: gateway, ResourceType: "vpc", ResourceID: vpc, State: a.State})
	if !w.Filling && a.State == "available" {
		w.joinDefaults(nil, o, o.ID, gateway, vpc)
	}
}

// acceptance is the state of a new attachment: the owner of a shared gateway
// accepts it, unless the gateway does so by itself. "" if that can't be told.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html#tgw-modifying
func (w *World) acceptance(s *snapshot.Scope, gateway string) string {
	row, holders := find(w, tgws, gateway)
	switch {
	case row.Options.AutoAcceptSharedAttachments == "enable", slices.Contains(holders, s) && row.OwnerID == "", row.OwnerID == s.Account:
		return "available"
	case len(holders) == 0, row.OwnerID == "", row.OwnerID == snapshot.PlannedAccount, s.Account == "", s.Account == snapshot.PlannedAccount, row.Options.AutoAcceptSharedAttachments == "":
		return ""
	}
	return "pendingAcceptance"
}

// Whether an attachment joins the default route tables of its gateway.
const (
	associatesByDefault = "transit_gateway_default_route_table_association"
	propagatesByDefault = "transit_gateway_default_route_table_propagation"
)

// joinDefaults associates an attachment with the gateway's default route table
// and propagates its routes to it, or no longer, as far as a change says so.
func (w *World) joinDefaults(before, o *Object, attachment, gateway, vpc string) {
	row, _ := find(w, tgws, gateway)
	openA, openP := o.Pending(associatesByDefault), o.Pending(propagatesByDefault)
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.TransitGatewayRouteTables.All() {
			if t.Gateway != gateway {
				continue
			}
			if t.IsDefault && row.Options.DefaultRouteTableAssociation != "disable" && !Same(before, o, associatesByDefault) {
				switch on := o.Known(associatesByDefault) != "false"; {
				case openA != "":
					w.associateTGW(o, "", attachment, vpc, openA)
				case on:
					w.associateTGW(o, t.ID, attachment, vpc, "")
				default:
					w.dissociateTGW(o, t.ID, attachment)
				}
			}
			if t.IsDefaultPropagation && row.Options.DefaultRouteTablePropagation != "disable" && !Same(before, o, propagatesByDefault) {
				if openP != "" {
					w.loseRoutes(t.ID, openP)
				} else {
					w.propagateTGW(t.ID, attachment, vpc, o.Known(propagatesByDefault) != "false")
				}
			}
		}
	}
}

// mayPropagate gives up the routes of the tables that an attachment of which too
// little is known propagates to by default: those of its gateway, or of every
// gateway if that is not known either.
func (w *World) mayPropagate(o *Object, gateway string, pending snapshot.Pending) {
	if w.Filling || o.Known(propagatesByDefault) == "false" {
		return
	}
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.TransitGatewayRouteTables.All() {
			row, _ := find(w, tgws, t.Gateway)
			if t.IsDefaultPropagation && (gateway == "" || gateway == t.Gateway) && row.Options.DefaultRouteTablePropagation != "disable" {
				w.loseRoutes(t.ID, pending)
			}
		}
	}
}

// putTGWAccepter accepts an attachment of another account, which then joins the
// default route tables as the accepter says.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_transit_gateway_vpc_attachment_accepter
func putTGWAccepter(w *World, before, o *Object) {
	if w.Filling {
		return
	}
	ids, pending := wanted(w, o, "transit_gateway_attachment_id", tgwVPCAttachments)
	for _, id := range ids {
		a, _ := find(w, tgwVPCAttachments, id)
		switch {
		case pending != "" && a.State == "pendingAcceptance":
			lose(w, o, snapshot.TransitGatewayVPCAttachments, tgwVPCAttachments, id, pending)
		case pending == "":
			edit(w, tgwVPCAttachments, id, func(a *snapshot.TransitGatewayVPCAttachment) { a.State = "available" })
			edit(w, tgwAttachments, id, func(a *snapshot.TransitGatewayAttachment) { a.State = "available" })
			w.joinDefaults(before, o, id, a.Gateway, a.VPC)
		}
	}
}

// dropTGWAccepter deletes the attachment that was accepted.
func dropTGWAccepter(w *World, o *Object) {
	id := o.Known("transit_gateway_attachment_id")
	row, _ := find(w, tgwVPCAttachments, id)
	for _, subnet := range row.SubnetIDs {
		w.take(subnet, -1)
	}
	w.detachTGW(id)
}

// dropTGWAttachment detaches a VPC. Static routes to it become blackholes,
// propagated ones go.
func dropTGWAttachment(w *World, o *Object) {
	for _, id := range o.KnownTexts("subnet_ids") {
		w.take(id, -1)
	}
	w.detachTGW(o.ID)
}

func (w *World) detachTGW(id string) {
	edit(w, tgwVPCAttachments, id, func(a *snapshot.TransitGatewayVPCAttachment) { a.State = "deleted" })
	edit(w, tgwAttachments, id, func(a *snapshot.TransitGatewayAttachment) { a.State, a.Association = "deleted", nil })
	for _, s := range w.Snapshot.Scopes {
		for _, set := range s.TransitGatewayAssociations.All() {
			set.Entries = withoutAttachment(set.Entries, id)
			s.TransitGatewayAssociations.Put(set)
		}
		for _, set := range s.TransitGatewayPropagations.All() {
			set.Entries = withoutAttachment(set.Entries, id)
			s.TransitGatewayPropagations.Put(set)
		}
		for _, set := range s.TransitGatewayRoutes.All() {
			var left []snapshot.TransitGatewayRoute
			for _, r := range set.Entries {
				if leadsTo(r, id) {
					if strings.EqualFold(r.Type, "propagated") {
						continue
					}
					r.State, r.Attachments = "blackhole", nil
				}
				left = append(left, r)
			}
			set.Entries = left
			s.TransitGatewayRoutes.Put(set)
		}
	}
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

// attached is the VPC behind an attachment.
func (w *World) attached(attachment string) string {
	a, _ := find(w, tgwVPCAttachments, attachment)
	return a.VPC
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

func showTGW(w *World, o *Object) []map[string]any {
	g, there := find(w, tgws, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one(
		"auto_accept_shared_attachments", g.Options.AutoAcceptSharedAttachments, "default_route_table_association", g.Options.DefaultRouteTableAssociation,
		"default_route_table_propagation", g.Options.DefaultRouteTablePropagation, "security_group_referencing_support", g.Options.SecurityGroupReferencingSupport,
	)
}

func showTGWTable(w *World, o *Object) []map[string]any {
	t, there := find(w, tgwTables, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one("transit_gateway_id", t.Gateway)
}

func showTGWAttachment(w *World, o *Object) []map[string]any {
	a, there := find(w, tgwVPCAttachments, o.ID)
	if len(there) == 0 || a.State == "deleted" {
		return nil
	}
	out := attributesOf(
		"transit_gateway_id", a.Gateway, "vpc_id", a.VPC, "subnet_ids", texts(a.SubnetIDs),
		"security_group_referencing_support", a.Options.SecurityGroupReferencingSupport, "appliance_mode_support", a.Options.ApplianceModeSupport,
	)
	w.showDefaults(out, o.ID, a.Gateway)
	return []map[string]any{out}
}

// showDefaults tells whether an attachment has joined the default route tables of its
// gateway, as far as that has some.
func (w *World) showDefaults(out map[string]any, attachment, gateway string) {
	has := func(list []snapshot.TransitGatewayAssociation) bool {
		return slices.ContainsFunc(list, func(a snapshot.TransitGatewayAssociation) bool { return a.Attachment == attachment })
	}
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.TransitGatewayRouteTables.All() {
			if t.Gateway != gateway {
				continue
			}
			if set, seen := s.TransitGatewayAssociations.Get(t.ID); t.IsDefault && seen == snapshot.Present {
				out[attachmentAssociates] = has(set.Entries)
			}
			if set, seen := s.TransitGatewayPropagations.Get(t.ID); t.IsDefaultPropagation && seen == snapshot.Present {
				out[attachmentPropagates] = has(set.Entries)
			}
		}
	}
}

func showTGWAccepter(w *World, o *Object) []map[string]any {
	id := o.Known("transit_gateway_attachment_id")
	a, there := find(w, tgwVPCAttachments, id)
	if len(there) == 0 || a.State != "available" {
		return nil
	}
	out := attributesOf("transit_gateway_attachment_id", id)
	w.showDefaults(out, id, a.Gateway)
	return []map[string]any{out}
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
