package checks

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// link is one thing that joins two networks, though no route leads to it.
type link struct {
	id     string
	state  string
	kind   netpath.Stateful
	source snapshot.Kind
}

// linksBetween lists peering connections between the two VPCs, those that work
// first; for an agent outside AWS the gateways that lead out.
func (x *Exam) linksBetween(j journey) []link {
	var out []link
	add := func(l link) {
		if !slices.ContainsFunc(out, func(o link) bool { return o.id == l.id }) {
			out = append(out, l)
		}
	}
	for _, s := range x.Snapshot.Scopes {
		for _, p := range s.PeeringsOf(j.to.VPC) {
			if other, ok := p.Other(j.to.VPC); ok && j.from.VPC != "" && other.VPC == j.from.VPC {
				add(link{p.ID, p.Status.Code, netpath.PeeringState, snapshot.Peerings})
			}
		}
		for _, a := range s.AttachmentsOf(j.to.VPC) {
			if b, in := x.attachedTo(a.Gateway, j.from.VPC); in {
				if netpath.Lives(netpath.AttachmentState, a.State) == netpath.On {
					a = b // the worse of the two
				}
				add(link{a.ID, a.State, netpath.AttachmentState, snapshot.TransitGatewayVPCAttachments})
			}
		}
		for _, g := range s.VPNGateways.All() {
			for _, a := range g.Attachments {
				if a.VPC == j.to.VPC && j.from.Outside {
					state, kind := a.State, netpath.VPNAttachmentState
					if netpath.Lives(netpath.VPNGatewayState, g.State) != netpath.On {
						state, kind = g.State, netpath.VPNGatewayState
					}
					add(link{g.ID, state, kind, snapshot.VPNGateways})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b link) int { return rank(a) - rank(b) })
	return out
}

// attachedTo finds a VPC's attachment to a gateway.
func (x *Exam) attachedTo(gateway, vpc string) (snapshot.TransitGatewayVPCAttachment, bool) {
	for _, s := range x.Snapshot.Scopes {
		for _, a := range s.AttachmentsOf(vpc) {
			if a.Gateway == gateway && vpc != "" {
				return a, true
			}
		}
	}
	return snapshot.TransitGatewayVPCAttachment{}, false
}

// lostRank is the rank of what does not come back.
const lostRank = 2

// rank puts what works before what waits for somebody, and that before what is
// gone for good.
func rank(l link) int {
	switch {
	case netpath.Lives(l.kind, l.state) == netpath.On:
		return 0
	case strings.Contains(strings.ToLower(l.state), "accept"):
		return 1
	}
	return lostRank
}
