package netpath

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// attachmentOf finds the attachment of a VPC to a gateway; an empty one if there
// is none. Of several, one that works counts.
func (e *Estate) attachmentOf(at Place, gateway string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Gap) {
	var found snapshot.TransitGatewayVPCAttachment
	for _, s := range e.snap.Scopes {
		for _, a := range s.AttachmentsOf(at.VPC) {
			if a.Gateway == gateway && (found.ID == "" || Lives(AttachmentState, a.State) == On && Lives(AttachmentState, found.State) != On) {
				found = a
			}
		}
	}
	s := e.atOwner(at).Scope
	if g := e.opened(snapshot.TransitGatewayVPCAttachments); found.ID == "" && g != nil {
		return found, g
	}
	if found.ID == "" && !s.TransitGatewayVPCAttachments.Covers(at.VPC) {
		g := s.GapFor(snapshot.TransitGatewayVPCAttachments, at.VPC)
		return found, &g
	}
	if found.ID == "" {
		return found, foreign(s, at.VPC, snapshot.TransitGatewayVPCAttachments)
	}
	return found, nil
}

// attachmentIn finds the attachment that has its interface in a subnet.
func (e *Estate) attachmentIn(at Place, subnet string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Gap) {
	var found []snapshot.TransitGatewayVPCAttachment
	for _, s := range e.snap.Scopes {
		for _, a := range s.AttachmentsOf(at.VPC) {
			if slices.Contains(a.SubnetIDs, subnet) && !slices.ContainsFunc(found, func(o snapshot.TransitGatewayVPCAttachment) bool { return o.ID == a.ID }) {
				found = append(found, a)
			}
		}
	}
	if len(found) != 1 { // none was seen, or the VPC is attached to several gateways there
		g := at.Scope.GapFor(snapshot.TransitGatewayVPCAttachments, subnet)
		return snapshot.TransitGatewayVPCAttachment{}, &g
	}
	return found[0], nil
}

// vpcAttachment finds a VPC attachment by its id, and the scope that shows it.
func (e *Estate) vpcAttachment(id string) (snapshot.TransitGatewayVPCAttachment, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if a, p := s.TransitGatewayVPCAttachments.Get(id); p == snapshot.Present {
			return a, s
		}
	}
	return snapshot.TransitGatewayVPCAttachment{}, nil
}

// vpcElsewhere is the gap of a VPC behind a transit gateway that was not looked
// at: whose it is, where the gateway's attachments tell.
func (e *Estate) vpcElsewhere(s *snapshot.Scope, vpc, attachment string) *snapshot.Gap {
	if a, in := e.attachment(attachment); in != nil && a.ResourceOwner != "" && !slices.ContainsFunc(e.snap.Scopes, func(o *snapshot.Scope) bool { return o.Account == a.ResourceOwner }) {
		g := in.Elsewhere(snapshot.TransitGatewayVPCAttachments, vpc, a.ResourceOwner, "")
		return &g
	}
	return e.through(s, vpc, snapshot.TransitGatewayRoutes)
}

// attachmentDown reports whether what a blackhole route of a gateway leads to was
// seen, and does not work.
func (e *Estate) attachmentDown(r snapshot.TransitGatewayRoute) bool {
	return slices.ContainsFunc(r.Attachments, func(a snapshot.RouteAttachment) bool {
		if p, in := e.gatewayPeering(a.ID); in != nil {
			return Lives(AttachmentState, p.State) != On
		}
		row, in := e.attachment(a.ID)
		return in != nil && Lives(AttachmentState, row.State) != On
	})
}

// sameResource reports whether two resource types are one: the API has two names
// for peering.
func sameResource(a, b string) bool {
	return strings.TrimPrefix(strings.ToLower(a), "tgw-") == strings.TrimPrefix(strings.ToLower(b), "tgw-")
}

// attachment finds an attachment of any kind, and the scope that shows it.
func (e *Estate) attachment(id string) (snapshot.TransitGatewayAttachment, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if a, p := s.TransitGatewayAttachments.Get(id); p == snapshot.Present {
			return a, s
		}
	}
	return snapshot.TransitGatewayAttachment{}, nil
}

// entryOf returns the subnet in which an attachment takes in what a subnet sends:
// the one in its zone; "" if there is none there. Zones are compared by id: names
// differ by account.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
func (e *Estate) entryOf(at Place, att snapshot.TransitGatewayVPCAttachment, subnet string) (string, *snapshot.Gap) {
	if slices.Contains(att.SubnetIDs, subnet) {
		return subnet, nil
	}
	s := e.atOwner(at).Scope
	n, p := s.Subnets.GetIn(att.VPC, subnet)
	if p != snapshot.Present {
		g := s.GapFor(snapshot.Subnets, subnet)
		return "", &g
	}
	if n.AvailabilityZone == "" && n.AvailabilityZoneID == "" {
		g := snapshot.FieldGap(snapshot.Subnets, subnet, n.Pending, "AvailabilityZone")
		return "", &g
	}
	var unknown *snapshot.Gap // of a subnet whose zone can't be held against this one
	for _, id := range att.SubnetIDs {
		o, p := s.Subnets.GetIn(att.VPC, id)
		if p != snapshot.Present {
			g := s.GapFor(snapshot.Subnets, id)
			unknown = &g
			continue
		}
		if o.AvailabilityZone == "" && o.AvailabilityZoneID == "" || (o.AvailabilityZone == "" || n.AvailabilityZone == "") && (o.AvailabilityZoneID == "" || n.AvailabilityZoneID == "") {
			g := snapshot.FieldGap(snapshot.Subnets, id, o.Pending, "AvailabilityZone")
			unknown = &g
			continue
		}
		byID := o.AvailabilityZoneID != "" && n.AvailabilityZoneID != "" // one account calls a zone by one name
		if byID && o.AvailabilityZoneID == n.AvailabilityZoneID || !byID && o.AvailabilityZone != "" && o.AvailabilityZone == n.AvailabilityZone {
			return id, nil
		}
	}
	return "", unknown
}
