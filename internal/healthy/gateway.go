package healthy

import (
	"net/netip"
	"slices"
)

// gateway is a transit gateway, with the accounts that it is shared with.
type gateway struct {
	owner       *account
	others      []*account
	id          string
	attachments []*attachment
}

// attachment is one of a VPC, or of anything else.
type attachment struct {
	id, kind, resource, owner string
	vpc                       *vpc
	subnets                   []string
	appliance                 string
}

// reach is what lies behind an attachment.
type reach struct {
	by     *attachment
	blocks []netip.Prefix
}

func (e *estate) gateway(owner *account, users ...*account) *gateway {
	g := &gateway{owner: owner, id: e.id("tgw")}
	for _, u := range users {
		if u != owner && !slices.Contains(g.others, u) {
			g.others = append(g.others, u)
		}
	}
	for _, a := range append([]*account{owner}, g.others...) {
		a.add("describe-transit-gateways", row{"TransitGatewayId": g.id, "OwnerId": owner.number, "State": "available", "Options": row{
			"AutoAcceptSharedAttachments": "disable", "DefaultRouteTableAssociation": "enable", "DefaultRouteTablePropagation": "enable", "SecurityGroupReferencingSupport": pick(e, "enable", "disable"),
		}})
	}
	return g
}

// attach attaches a VPC in the zones of some of its subnets: in subnets of the
// attachment's own, or in those themselves.
func (g *gateway) attach(e *estate, v *vpc, near ...*subnet) *attachment {
	a := &attachment{id: e.id("tgw-attach"), kind: "vpc", resource: v.id, owner: v.in.number, vpc: v, appliance: "disable"}
	if e.chance(4) {
		a.appliance = "enable"
	}
	same := e.chance(4)
	var zones []int
	if !same && e.chance(3) { // in every zone, whatever stands there
		for z := range 3 {
			near = append(near, &subnet{zone: z})
		}
	}
	for _, n := range near {
		if slices.Contains(zones, n.zone) {
			continue
		}
		zones = append(zones, n.zone)
		at := n
		if !same {
			at = e.subnet(v, n.zone, 28)
		}
		at.attachment, at.shared = true, same
		a.subnets = append(a.subnets, at.id)
		e.eni(at, e.free(at), row{"InterfaceType": "transit_gateway", "RequesterManaged": true, "Description": "Network Interface for Transit Gateway Attachment " + a.id})
	}
	g.attachments = append(g.attachments, a)
	return a
}

// tables makes the route tables of the gateway: the default one, in which all is
// propagated, or one for each attachment.
func (g *gateway) tables(e *estate, reaches []reach) {
	of := map[string]string{}
	table := func(isDefault bool, routes []reach, static bool, users ...*attachment) {
		id := e.id("tgw-rtb")
		g.owner.add("describe-transit-gateway-route-tables", row{"TransitGatewayRouteTableId": id, "TransitGatewayId": g.id, "State": "available", "DefaultAssociationRouteTable": isDefault, "DefaultPropagationRouteTable": isDefault})
		for _, call := range []string{"get-transit-gateway-route-table-associations", "get-transit-gateway-route-table-propagations", "search-transit-gateway-routes"} {
			g.owner.addSet(call, id)
		}
		for _, a := range users {
			of[a.id] = id
			g.owner.addSet("get-transit-gateway-route-table-associations", id, row{"TransitGatewayAttachmentId": a.id, "ResourceId": a.resource, "ResourceType": a.kind, "State": "associated"})
		}
		for _, r := range routes {
			kind := "propagated"
			// A peering propagates nothing, a Direct Connect gateway takes no static routes.
			if static && r.by.kind != "direct-connect-gateway" || r.by.kind == "peering" {
				kind = "static"
			} else {
				g.owner.addSet("get-transit-gateway-route-table-propagations", id, row{"TransitGatewayAttachmentId": r.by.id, "ResourceId": r.by.resource, "ResourceType": r.by.kind, "State": "enabled"})
			}
			for _, b := range r.blocks {
				to := row{"TransitGatewayAttachmentId": r.by.id, "ResourceId": r.by.resource, "ResourceType": r.by.kind}
				file := "search-transit-gateway-routes." + id
				at := slices.IndexFunc(g.owner.rows[file], func(o row) bool { return o["DestinationCidrBlock"] == b.String() })
				if at < 0 {
					g.owner.addSet("search-transit-gateway-routes", id, row{"DestinationCidrBlock": b.String(), "TransitGatewayAttachments": []row{to}, "Type": kind, "State": "active"})
					continue
				}
				// Of two propagated routes to one block AWS takes the better one, or both if they are of one kind.
				if same := g.owner.rows[file][at]; same["TransitGatewayAttachments"].([]row)[0]["ResourceType"] == r.by.kind {
					same["TransitGatewayAttachments"] = append(same["TransitGatewayAttachments"].([]row), to)
				}
			}
		}
	}
	if e.chance(2) {
		table(true, reaches, false, g.attachments...)
	} else {
		for _, r := range reaches {
			others := slices.DeleteFunc(slices.Clone(reaches), func(o reach) bool { return o.by == r.by || r.by.vpc == nil && o.by.vpc == nil })
			table(false, others, e.chance(2) && !parallel(others), r.by)
		}
	}
	for _, a := range g.attachments {
		g.show(g.owner, a, row{"TransitGatewayRouteTableId": of[a.id], "State": "associated"})
		if a.vpc != nil && a.vpc.in != g.owner { // who shares the gateway sees its own attachments, and no table
			g.show(a.vpc.in, a, nil)
		}
	}
}

// parallel reports whether two attachments lead to the same addresses: of two
// propagated routes the kind of attachment decides, and no two static ones can be.
func parallel(list []reach) bool {
	for i, r := range list {
		for _, o := range list[:i] {
			if slices.ContainsFunc(r.blocks, func(b netip.Prefix) bool { return slices.Contains(o.blocks, b) }) {
				return true
			}
		}
	}
	return false
}

// show adds an attachment to what an account sees.
func (g *gateway) show(to *account, a *attachment, association row) {
	r := row{"TransitGatewayAttachmentId": a.id, "TransitGatewayId": g.id, "TransitGatewayOwnerId": g.owner.number, "ResourceOwnerId": a.owner, "ResourceType": a.kind, "ResourceId": a.resource, "State": "available"}
	if association != nil {
		r["Association"] = association
	}
	to.add("describe-transit-gateway-attachments", r)
	if a.vpc != nil {
		to.add("describe-transit-gateway-vpc-attachments", row{
			"TransitGatewayAttachmentId": a.id, "TransitGatewayId": g.id, "VpcId": a.vpc.id, "VpcOwnerId": a.owner, "State": "available", "SubnetIds": a.subnets,
			"Options": row{"SecurityGroupReferencingSupport": "enable", "ApplianceModeSupport": a.appliance, "Ipv6Support": "disable", "DnsSupport": "enable"},
		})
	}
}
