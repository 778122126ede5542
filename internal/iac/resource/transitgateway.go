package resource

import (
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
			Name: "aws_ec2_transit_gateway", Prefix: "tgw-", Rank: rankGateway, Rows: []Rows{{snapshot.TransitGateways, false}}, Kinds: tgwKinds, Shared: true,
			NamedBy: []Reference{{Attribute: "transit_gateway_id"}},
			Parts: map[string]Part{
				DefaultTGWTable: {DefaultTGWTable, "aws_ec2_transit_gateway_route_table"}, "propagation_default_route_table_id": {DefaultTGWTable, "aws_ec2_transit_gateway_route_table"},
			},
			Attributes: []string{"auto_accept_shared_attachments", "default_route_table_association", "default_route_table_propagation", "security_group_referencing_support"},
			Computed:   []string{"owner_id", DefaultTGWTable},
			CloudFormation: []Words{{Type: "AWS::EC2::TransitGateway", Properties: map[string]string{
				"DefaultRouteTableAssociation": "default_route_table_association", "DefaultRouteTablePropagation": "default_route_table_propagation",
				"SecurityGroupReferencingSupport": "security_group_referencing_support", "AutoAcceptSharedAttachments": "auto_accept_shared_attachments",
			}}},
			Put: putTGW, Drop: dropTGW, Show: showTGW,
		},
		{
			Name: "aws_ec2_transit_gateway_vpc_attachment", Prefix: "tgw-attach-", Rank: rankAttach, Kinds: tgwKinds, Shared: true,
			Rows: []Rows{
				{snapshot.TransitGatewayVPCAttachments, false}, {snapshot.TransitGatewayAttachments, false},
			},
			NamedBy: []Reference{{Attribute: "transit_gateway_attachment_id"}}, Container: "vpc_id",
			Attributes: []string{
				"transit_gateway_id", "vpc_id", "subnet_ids", "security_group_referencing_support", "appliance_mode_support", attachmentAssociates, attachmentPropagates,
			},
			Fixed: []string{"transit_gateway_id", "vpc_id"},
			CloudFormation: []Words{
				{Type: "AWS::EC2::TransitGatewayVpcAttachment", Properties: attachmentProperties, More: attachmentOptions},
				{Type: "AWS::EC2::TransitGatewayAttachment", Properties: attachmentProperties, More: attachmentOptions},
			},
			Put: putTGWAttachment, Drop: dropTGWAttachment, Show: showTGWAttachment,
		},
		{
			Name: "aws_ec2_transit_gateway_vpc_attachment_accepter", Rank: rankInterface, Kinds: tgwKinds, AliasOf: "transit_gateway_attachment_id",
			Attributes: []string{"transit_gateway_attachment_id", attachmentAssociates, attachmentPropagates}, Put: putTGWAccepter, Drop: dropTGWAccepter, Show: showTGWAccepter,
		},
	}
}

// What an attachment says of the default route tables of its gateway.
const (
	attachmentAssociates = "transit_gateway_default_route_table_association"
	attachmentPropagates = "transit_gateway_default_route_table_propagation"
)

var attachmentProperties = map[string]string{"TransitGatewayId": "transit_gateway_id", "VpcId": "vpc_id", "SubnetIds": "subnet_ids"}

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

func dropTGW(w *World, o *Object) {
	remove(w, tgws, o.ID)
	w.loseTGWTable(o.Part(DefaultTGWTable))
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

// attached is the VPC behind an attachment.
func (w *World) attached(attachment string) string {
	a, _ := find(w, tgwVPCAttachments, attachment)
	return a.VPC
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
