package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func (x *Exam) revive(j journey, id, state string) revival {
	accept := func(account, region string, kind repair.Acceptable, needed, command, option string) revival {
		r := revival{needed: needed, look: []string{"ec2", command, option, id}}
		if r.Whose = x.inAccount(account, region); waits(state) {
			r.Change = repair.Accept{ID: id, Kind: kind}
		}
		return r
	}
	for _, s := range x.Snapshot.Scopes {
		if p, ok := s.Peerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.Peering, "active", "describe-vpc-peering-connections", "--vpc-peering-connection-ids")
		}
		if p, ok := s.TransitGatewayPeerings.Get(id); ok == snapshot.Present {
			return accept(p.Accepter.OwnerID, p.Accepter.Region, repair.GatewayPeering, "available", "describe-transit-gateway-peering-attachments", "--transit-gateway-attachment-ids")
		}
		if a, ok := s.TransitGatewayVPCAttachments.Get(id); ok == snapshot.Present {
			g, _ := x.gateway(a.Gateway)
			return accept(cmp.Or(g.OwnerID, s.Account), s.Region, repair.GatewayAttachment, "available", "describe-transit-gateway-vpc-attachments", "--transit-gateway-attachment-ids")
		}
		if g, ok := s.VPNGateways.Get(id); ok == snapshot.Present {
			r := revival{needed: "attached", look: []string{"ec2", "describe-vpn-gateways", "--vpn-gateway-ids", id}}
			r.Whose = whose(s, "")
			if netpath.Lives(netpath.VPNGatewayState, g.State) == netpath.On && (state == "detached" || len(g.Attachments) == 0) {
				r.Change = repair.AttachVPNGateway{Gateway: id, VPC: j.to.VPC}
			}
			return r
		}
	}
	look := func(needed string, words ...string) revival { return revival{needed: needed, look: words} }
	for _, s := range x.Snapshot.Scopes {
		if _, ok := s.Subnets.Get(id); ok == snapshot.Present {
			r := look("available", "ec2", "describe-subnets", "--subnet-ids", id)
			r.Whose = whose(s, "")
			return r
		}
		vpc, _, block := strings.Cut(id, " ") // the whole of it, or an address block
		if _, ok := s.VPCs.Get(vpc); ok == snapshot.Present {
			r := look("available", "ec2", "describe-vpcs", "--vpc-ids", vpc)
			if r.Whose = whose(s, ""); block {
				r.needed = "associated"
			}
			return r
		}
	}
	switch connectionKind(id) {
	case snapshot.Instances:
		r := look("running", "ec2", "describe-instances", "--instance-ids", id)
		if r.Whose = whose(j.from.Scope, ""); state == "stopped" {
			r.Change = repair.StartInstance{ID: id}
		}
		return r
	case snapshot.VPNConnections:
		return look("UP", "ec2", "describe-vpn-connections", "--vpn-connection-ids", id)
	case snapshot.NATGateways:
		r := look("available", "ec2", "describe-nat-gateways", "--nat-gateway-ids", id)
		r.Whose = whose(j.from.Scope, "")
		return r
	}
	return look("available", "ec2", "describe-transit-gateways")
}

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
