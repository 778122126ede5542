package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// PresenceIn reports whether a scope has a resource, whatever it is.
func PresenceIn(s *snapshot.Scope, id, vpc string) snapshot.Presence {
	prefix, _, _ := strings.Cut(id, "-")
	switch {
	case strings.HasPrefix(id, "tgw-rtb-"):
		return presence(&s.TransitGatewayRouteTables, id, "")
	case strings.HasPrefix(id, "tgw-attach-"):
		return presence(&s.TransitGatewayVPCAttachments, id, "")
	}
	switch prefix {
	case "vpc":
		return presence(&s.VPCs, id, "")
	case "subnet":
		return presence(&s.Subnets, id, vpc)
	case "sg":
		return presence(&s.SecurityGroups, id, vpc)
	case "acl":
		return presence(&s.NetworkACLs, id, vpc)
	case "rtb":
		return presence(&s.RouteTables, id, vpc)
	case "vpce":
		return presence(&s.Endpoints, id, vpc)
	case "eni":
		return presence(&s.Interfaces, id, vpc)
	case "i":
		return presence(&s.Instances, id, vpc)
	case "pcx":
		return presence(&s.Peerings, id, "")
	case "pl":
		return presence(&s.PrefixListEntries, id, "")
	case "tgw":
		return presence(&s.TransitGateways, id, "")
	case "vgw":
		return presence(&s.VPNGateways, id, "")
	}
	return snapshot.Unobserved
}

func presence[T snapshot.Row](t *snapshot.Table[T], id, vpc string) snapshot.Presence {
	if vpc != "" {
		_, p := t.GetIn(vpc, id)
		return p
	}
	_, p := t.Get(id)
	return p
}

// RowIDs are the ids of the rows that a plan may refer to.
func RowIDs(s *snapshot.Scope) []string {
	var out []string
	out = appendIDs(out, s.VPCs, func(r snapshot.VPC) string { return r.ID })
	out = appendIDs(out, s.Subnets, func(r snapshot.Subnet) string { return r.ID })
	out = appendIDs(out, s.SecurityGroups, func(r snapshot.SecurityGroup) string { return r.ID })
	out = appendIDs(out, s.NetworkACLs, func(r snapshot.NetworkACL) string { return r.ID })
	out = appendIDs(out, s.RouteTables, func(r snapshot.RouteTable) string { return r.ID })
	out = appendIDs(out, s.Endpoints, func(r snapshot.Endpoint) string { return r.ID })
	out = appendIDs(out, s.Interfaces, func(r snapshot.Interface) string { return r.ID })
	out = appendIDs(out, s.Instances, func(r snapshot.Instance) string { return r.ID })
	out = appendIDs(out, s.PrefixLists, func(r snapshot.PrefixList) string { return r.ID })
	out = appendIDs(out, s.TransitGatewayRouteTables, func(r snapshot.TransitGatewayRouteTable) string { return r.ID })
	return appendIDs(out, s.VPNGateways, func(r snapshot.VPNGateway) string { return r.ID })
}

func appendIDs[T snapshot.Row](out []string, t snapshot.Table[T], id func(T) string) []string {
	for _, r := range t.All() {
		out = append(out, id(r))
	}
	return out
}

// LoseRow gives up the row with an id, whatever it is.
func (w *World) LoseRow(id string, gap snapshot.Gap) {
	loseIn(w, snapshot.VPCs, vpcs, id, gap)
	loseIn(w, snapshot.Subnets, subnets, id, gap)
	loseIn(w, snapshot.SecurityGroups, groups, id, gap)
	loseIn(w, snapshot.NetworkACLs, acls, id, gap)
	loseIn(w, snapshot.RouteTables, tables, id, gap)
	loseIn(w, snapshot.Endpoints, endpoints, id, gap)
	loseIn(w, snapshot.Interfaces, interfaces, id, gap)
	loseIn(w, snapshot.Instances, instances, id, gap)
	loseIn(w, snapshot.Peerings, peerings, id, gap)
	loseIn(w, snapshot.VPNGateways, vpnGateways, id, gap)
	loseIn(w, snapshot.PrefixListEntries, lists, id, gap)
	loseIn(w, snapshot.TransitGateways, tgws, id, gap)
	loseIn(w, snapshot.TransitGatewayRoutes, tgwRoutes, id, gap)
	loseIn(w, snapshot.TransitGatewayRouteTables, tgwTables, id, gap)
	loseIn(w, snapshot.TransitGatewayAssociations, tgwAssociations, id, gap)
	loseIn(w, snapshot.TransitGatewayAttachments, tgwAttachments, id, gap)
	loseIn(w, snapshot.TransitGatewayVPCAttachments, tgwVPCAttachments, id, gap)
}

func loseIn[T snapshot.Row](w *World, k snapshot.Kind, table func(*snapshot.Scope) *snapshot.Table[T], id string, gap snapshot.Gap) {
	_, holders := find(w, table, id)
	for _, s := range holders {
		table(s).Lose(id)
		s.Doubt(k, gap)
	}
}

// LoseInspected gives up the route tables that lead through an endpoint, as traffic
// to a firewall does.
func (w *World) LoseInspected(gap snapshot.Gap) {
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.RouteTables.All() {
			if slices.ContainsFunc(t.Routes, inspects) {
				s.RouteTables.Lose(t.ID)
				s.Doubt(snapshot.RouteTables, gap)
			}
		}
	}
}

// inspects reports whether a route leads to an endpoint of a firewall: those of
// services are led to by their prefix lists.
func inspects(r snapshot.Route) bool {
	return r.PrefixList == "" && len(r.Gateway) > 5 && r.Gateway[:5] == "vpce-"
}
