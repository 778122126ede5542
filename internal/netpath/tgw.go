package netpath

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// transitGateway follows a route to a transit gateway: from the VPC's attachment
// by the table that it is associated with, over peerings with other gateways, to
// an attachment of the goal.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (t Tracer) transitGateway(at Place, subnet string, leg Leg, h Hop, goal Goal) []Leg {
	att, gap := t.attachmentOf(at, h.Target)
	if gap != nil {
		leg.Gap = gap
		return []Leg{leg}
	}
	if att.ID == "" {
		leg.Outcome, leg.Reason = Stopped, NotAttached
		leg.Detail = snapshot.Textf("%s is not attached to %s", "%s は %s にアタッチされていない", at.VPC, h.Target)
		return []Leg{leg}
	}
	leg.Steps = append(leg.Steps, Step{snapshot.TransitGatewayVPCAttachments.Action(), att.ID, snapshot.Textf("attachment of %s to %s, state %s", "%s の %s へのアタッチメント、状態 %s", at.VPC, h.Target, att.State)})
	if !strings.EqualFold(att.State, "available") && !strings.EqualFold(att.State, "modifying") {
		leg.Outcome, leg.Reason = Stopped, NotActive
		leg.Detail = snapshot.Textf("the attachment %s is %s", "アタッチメント %s の状態は %s", att.ID, att.State)
		return []Leg{leg}
	}
	switch inZone, gap := zoneAttached(at.Scope, att, subnet); {
	case gap != nil:
		leg.Gap = gap
		return []Leg{leg}
	case !inZone:
		leg.Outcome, leg.Reason = Stopped, NotAttached
		leg.Detail = snapshot.Textf("%s has no subnet in the Availability Zone of %s", "%s は %s のアベイラビリティーゾーンにサブネットを持たない", att.ID, subnet)
		return []Leg{leg}
	}
	return t.gateway(h.Target, att.ID, leg, goal, nil)
}

// attachmentOf finds the attachment of a VPC to a gateway; an empty one if there
// is none.
func (t Tracer) attachmentOf(at Place, gateway string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Gap) {
	known := false
	var found snapshot.TransitGatewayVPCAttachment
	for _, s := range t.Snapshot.Scopes {
		for _, a := range s.TransitGatewayVPCAttachments.Where("vpc", at.VPC, func(a snapshot.TransitGatewayVPCAttachment) []string { return []string{a.VPC} }) {
			if a.Gateway != gateway || strings.EqualFold(a.State, "deleted") {
				continue
			}
			if found.ID == "" || strings.EqualFold(a.State, "available") {
				found = a
			}
		}
		known = known || s == at.Scope && s.TransitGatewayVPCAttachments.Covers(at.VPC)
	}
	if found.ID == "" && !known {
		g := at.Scope.GapFor(snapshot.TransitGatewayVPCAttachments, at.VPC)
		return found, &g
	}
	return found, nil
}

// zoneAttached reports whether an attachment has a subnet in the zone of the one
// that the traffic leaves. Zones are compared by id: names differ by account.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func zoneAttached(s *snapshot.Scope, att snapshot.TransitGatewayVPCAttachment, subnet string) (bool, *snapshot.Gap) {
	if slices.Contains(att.SubnetIDs, subnet) {
		return true, nil
	}
	n, p := s.Subnets.GetIn(att.VPC, subnet)
	if p != snapshot.Present {
		g := s.GapFor(snapshot.Subnets, subnet)
		return false, &g
	}
	if n.AvailabilityZone == "" && n.AvailabilityZoneID == "" {
		g := snapshot.FieldGap(snapshot.Subnets, subnet, n.Pending, "AvailabilityZone")
		return false, &g
	}
	var unknown *snapshot.Gap // of a subnet whose zone can't be held against this one
	for _, id := range att.SubnetIDs {
		o, p := s.Subnets.GetIn(att.VPC, id)
		if p != snapshot.Present {
			g := s.GapFor(snapshot.Subnets, id)
			return false, &g
		}
		if o.AvailabilityZone == "" && o.AvailabilityZoneID == "" || (o.AvailabilityZone == "" || n.AvailabilityZone == "") && (o.AvailabilityZoneID == "" || n.AvailabilityZoneID == "") {
			g := snapshot.FieldGap(snapshot.Subnets, id, o.Pending, "AvailabilityZone")
			unknown = &g
			continue
		}
		byID := o.AvailabilityZoneID != "" && n.AvailabilityZoneID != "" // one account calls a zone by one name
		if byID && o.AvailabilityZoneID == n.AvailabilityZoneID || !byID && o.AvailabilityZone != "" && o.AvailabilityZone == n.AvailabilityZone {
			return true, nil
		}
	}
	return false, unknown
}

// gateway routes what arrives at a transit gateway from an attachment.
func (t Tracer) gateway(gateway, from string, leg Leg, goal Goal, visited []string) []Leg {
	key := gateway + "/" + from
	if slices.Contains(visited, key) {
		leg.Outcome, leg.Reason = Stopped, GatewayDrops
		leg.Detail = snapshot.Textf("the routes of %s lead in a circle", "%s の経路が循環している", gateway)
		return []Leg{leg}
	}
	visited = append(slices.Clone(visited), key)
	table, scope, gap := t.associatedTable(gateway, from)
	if gap != nil {
		leg.Gap = gap
		return []Leg{leg}
	}
	if table == "" {
		leg.Outcome, leg.Reason = Stopped, GatewayDrops
		leg.Detail = snapshot.Textf("%s is associated with no route table of %s", "%s は %s のどのルートテーブルにも関連付けられていない", from, gateway)
		return []Leg{leg}
	}
	routes, p := scope.TransitGatewayRoutes.Get(table)
	if p != snapshot.Present {
		g := scope.GapFor(snapshot.TransitGatewayRoutes, table)
		leg.Gap = &g
		return []Leg{leg}
	}
	var legs []Leg
	left := leg.Addrs
	for _, r := range orderRoutes(routes.Entries) {
		take := Both(left, Set(r.CIDR))
		if Empty(take) {
			continue
		}
		left = Minus(left, take)
		if r.Pending != "" {
			part := leg
			part.Addrs = take
			gap := r.Pending.Gap(table)
			part.Gap = &gap
			legs = append(legs, part)
			continue
		}
		part := leg
		part.Addrs = take
		part.Steps = append(slices.Clone(leg.Steps), Step{snapshot.TransitGatewayRoutes.Action(), table, snapshot.Textf("%s route %s, %s", "%s 経路 %s、%s", r.Type, r.CIDR, r.State)})
		if !strings.EqualFold(r.State, "active") || len(r.Attachments) == 0 {
			part.Outcome, part.Reason = Stopped, GatewayDrops
			part.Detail = snapshot.Textf("the route %s of %s is a %s", "%[2]s の経路 %[1]s は %[3]s", r.CIDR, table, r.State)
			legs = append(legs, part)
			continue
		}
		for _, a := range r.Attachments {
			legs = append(legs, t.attachment(gateway, scope, a.ID, a.ResourceType, a.ResourceID, part, goal, visited)...)
		}
	}
	if !Empty(left) {
		part := leg
		part.Addrs, part.Outcome, part.Reason = left, Stopped, GatewayDrops
		part.Detail = snapshot.Textf("%s has no route to %s", "%s に %s への経路がない", table, shortSet(left))
		part.Steps = append(slices.Clone(leg.Steps), Step{snapshot.TransitGatewayRoutes.Action(), table, snapshot.Textf("no route to %s", "%s への経路なし", shortSet(left))})
		legs = append(legs, part)
	}
	return legs
}

// attachment follows a route of a transit gateway to what it is attached to.
func (t Tracer) attachment(gateway string, scope *snapshot.Scope, id, kind, resource string, leg Leg, goal Goal, visited []string) []Leg {
	leg.Steps = append(slices.Clone(leg.Steps), Step{snapshot.TransitGatewayRoutes.Action(), id, snapshot.Textf("%s attachment to %s", "%s アタッチメント（%s）", kind, resource)})
	switch strings.ToLower(kind) {
	case "vpc":
		switch {
		case goal.VPC == "" && !goal.Outside, resource == goal.VPC:
			leg.Outcome = Arrived
		default:
			// Often a VPC with a firewall, which sends the packets back.
			leg.Inspected = leg.Steps
			leg.Gap = &snapshot.Gap{Code: snapshot.ThroughAppliance, Source: snapshot.TransitGatewayRoutes.Action(), Scope: scope.Label(), Ref: gateway, Detail: resource}
		}
		return []Leg{leg}
	case "peering":
		return t.gatewayPeering(gateway, scope, id, leg, goal, visited)
	case "vpn", "direct-connect-gateway", "connect", "vpn-concentrator":
		if goal.VPC != "" {
			leg.Gap = &snapshot.Gap{Code: snapshot.BeyondAWS, Source: snapshot.TransitGatewayRoutes.Action(), Scope: scope.Label(), Ref: id, Detail: goal.VPC}
		} else {
			leg.Outcome = Arrived
		}
		return []Leg{leg}
	}
	leg.Inspected = leg.Steps
	leg.Gap = &snapshot.Gap{Code: snapshot.ThroughAppliance, Source: snapshot.TransitGatewayRoutes.Action(), Scope: scope.Label(), Ref: id, Detail: kind + " " + resource}
	return []Leg{leg}
}

// gatewayPeering crosses to the gateway on the other side of a peering.
func (t Tracer) gatewayPeering(gateway string, scope *snapshot.Scope, id string, leg Leg, goal Goal, visited []string) []Leg {
	for _, s := range t.Snapshot.Scopes {
		p, seen := s.TransitGatewayPeerings.Get(id)
		if seen != snapshot.Present {
			continue
		}
		if !strings.EqualFold(p.State, "available") {
			leg.Outcome, leg.Reason = Stopped, NotActive
			leg.Detail = snapshot.Textf("the peering %s is %s", "ピアリング %s の状態は %s", id, p.State)
			return []Leg{leg}
		}
		next := p.Requester.Gateway
		if next == gateway {
			next = p.Accepter.Gateway
		}
		return t.gateway(next, id, leg, goal, visited)
	}
	g := scope.GapFor(snapshot.TransitGatewayPeerings, id)
	leg.Gap = &g
	return []Leg{leg}
}

// associatedTable finds the route table of a gateway that an attachment is
// associated with, and the scope that shows it. The associations that the route
// tables list win over what the attachment says of itself, and an explicit one
// over that with the default table.
func (t Tracer) associatedTable(gateway, attachment string) (string, *snapshot.Scope, *snapshot.Gap) {
	for _, s := range t.Snapshot.Scopes {
		if a, _ := s.TransitGatewayAttachments.Get(attachment); a.Pending != "" {
			g := a.Pending.Gap(attachment)
			return "", nil, &g
		}
	}
	var gap *snapshot.Gap
	anyTable, all := false, false
	var byDefault string
	var defaultScope *snapshot.Scope
	for _, s := range t.Snapshot.Scopes {
		for _, table := range s.TransitGatewayRouteTables.All() {
			if table.Gateway != gateway {
				continue
			}
			anyTable, all = true, all || s.TransitGatewayRouteTables.Covers(gateway)
			set, p := s.TransitGatewayAssociations.Get(table.ID)
			if p != snapshot.Present {
				if gap == nil {
					g := s.GapFor(snapshot.TransitGatewayAssociations, table.ID)
					gap = &g
				}
				continue
			}
			for _, a := range set.Entries {
				if a.Attachment != attachment || !associated(a.State) {
					continue
				}
				if !table.IsDefault {
					return table.ID, s, nil
				}
				byDefault, defaultScope = table.ID, s
			}
		}
		if a, p := s.TransitGatewayAttachments.Get(attachment); p == snapshot.Present && a.Association != nil && associated(a.Association.State) {
			if table, p := s.TransitGatewayRouteTables.Get(a.Association.RouteTable); p == snapshot.Present && table.Gateway == gateway && gap != nil {
				return table.ID, s, nil
			}
		}
	}
	if byDefault != "" {
		return byDefault, defaultScope, nil
	}
	if gap == nil && (!anyTable || !all) {
		gap = t.tablesUnseen(gateway)
	}
	return "", nil, gap
}

// tablesUnseen explains why not every route table of a gateway is known. Only its owner
// can read them: a gateway shared from another account keeps them to itself.
func (t Tracer) tablesUnseen(gateway string) *snapshot.Gap {
	for _, s := range t.Snapshot.Scopes {
		if g, p := s.TransitGateways.Get(gateway); p == snapshot.Present {
			if g.OwnerID != "" && s.Account != "" && g.OwnerID != s.Account {
				gap := s.Elsewhere(snapshot.TransitGatewayRoutes, gateway, g.OwnerID, "")
				return &gap
			}
			gap := s.GapFor(snapshot.TransitGatewayRouteTables, gateway)
			return &gap
		}
	}
	gap := snapshot.Gap{Code: snapshot.RowUnseen, Source: snapshot.TransitGateways.Action(), Ref: gateway}
	if len(t.Snapshot.Scopes) > 0 {
		gap.Scope = t.Snapshot.Scopes[0].Label()
	}
	return &gap
}

// orderRoutes sorts a transit gateway's routes by precedence: longest prefix,
// static, prefix list, then propagated by the kind of attachment.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview
func orderRoutes(routes []snapshot.TransitGatewayRoute) []snapshot.TransitGatewayRoute {
	rank := func(r snapshot.TransitGatewayRoute) int {
		switch {
		case strings.EqualFold(r.Type, "static") && r.PrefixList == "":
			return 0
		case r.PrefixList != "":
			return 1
		}
		kind := ""
		if len(r.Attachments) > 0 {
			kind = strings.ToLower(r.Attachments[0].ResourceType)
		}
		return 2 + max(slices.Index([]string{"vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "peering"}, kind), 0)
	}
	valid := slices.DeleteFunc(slices.Clone(routes), func(r snapshot.TransitGatewayRoute) bool {
		return !r.CIDR.IsValid() || strings.EqualFold(r.State, "deleted") || strings.EqualFold(r.State, "deleting")
	})
	slices.SortStableFunc(valid, func(a, b snapshot.TransitGatewayRoute) int {
		return cmp.Or(-cmp.Compare(a.CIDR.Bits(), b.CIDR.Bits()), cmp.Compare(rank(a), rank(b)))
	})
	return valid
}
