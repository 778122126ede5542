package netpath

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Way is what a rule that references a security group depends on: whether the
// way that the traffic takes carries such references.
type Way struct {
	Fate  Fate          // On: they match; Stopped: they never do
	Never Never         // why they don't
	Gap   *snapshot.Gap // why it is Open
	none  bool          // no way was found: what joins the two VPCs decides
}

// Same reports whether references fare alike on two ways.
func (w Way) Same(o Way) bool {
	gaps := w.Gap == o.Gap || w.Gap != nil && o.Gap != nil && *w.Gap == *o.Gap
	return gaps && w.Fate == o.Fate && w.Never == o.Never && w.none == o.none
}

// NoWay is for traffic whose way was not found: what joins the two VPCs decides
// then whether references count.
var NoWay = Way{none: true}

// Never is why a reference to a security group matches nothing.
type Never uint8

// The reasons.
const (
	Matches          Never = iota // it may
	AgentLacksGroup               // the agent does not carry the group
	NobodyCarries                 // none of the addresses in question carries it
	AcrossRegions                 // never across Regions
	ThroughMiddlebox              // never through an appliance
	OutboundOver                  // over a transit gateway in inbound rules only
	EndpointOver                  // over a transit gateway never for interface endpoints
	InZone                        // over a transit gateway never in use1-az3
	OverGateways                  // never over peered transit gateways
	ReferencingOff                // the option is off on the transit gateway or an attachment
	NothingJoins                  // nothing that carries references joins the two VPCs
)

// noReferencesZone is the one zone in which references over a transit gateway are
// not supported.
// Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security
const noReferencesZone = "use1-az3"

// References says whether a rule that references a security group counts on the
// way that ends at a hop: only what carries the packet decides.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security
func (e *Estate) References(w Walk, leaf int, d Direction, endpoint bool) Way {
	chain := w.Chain(leaf)
	gateways := map[string]bool{}
	never := func(why Never) Way { return Way{Fate: Stopped, Never: why} }
	for _, h := range chain {
		switch {
		case h.Layer == Inspect:
			return never(ThroughMiddlebox)
		case h.Layer == GatewayRoute && h.Cause.Other != "":
			gateways[h.Holder] = true
		case h.Layer == Connection && h.Fate == Stopped:
			return never(NothingJoins)
		case h.At.Outside && h.Layer == Connection:
			return never(NothingJoins)
		}
		if h.Fate == Open && h.Gap != nil {
			g := *h.Gap
			return Way{Gap: &g}
		}
		if h.Fate == Stopped {
			return Way{none: true}
		}
	}
	if len(gateways) == 0 {
		return Way{Fate: On}
	}
	switch {
	case d == Egress:
		return never(OutboundOver)
	case endpoint:
		return never(EndpointOver)
	case len(gateways) > 1:
		return never(OverGateways)
	}
	return e.referencesOver(chain)
}

// referencesOver judges a way over one transit gateway: the option must be on at
// the gateway and at both attachments, and no subnet in the zone without it.
func (e *Estate) referencesOver(chain []Hop) Way {
	for _, h := range chain {
		if h.Subnet != "" && h.At.Scope != nil && e.zoneOf(h.At, h.Subnet) == noReferencesZone {
			return Way{Fate: Stopped, Never: InZone}
		}
		if h.Layer != Connection {
			continue
		}
		option, source := "", snapshot.TransitGateways
		if a, in := e.vpcAttachment(h.Holder); in != nil {
			option, source = a.Options.SecurityGroupReferencingSupport, snapshot.TransitGatewayVPCAttachments
		} else if g, in := e.gateway(h.Holder); in != nil {
			if gap := e.gatewaySays(h.Holder, referencing); gap != nil {
				return Way{Gap: gap}
			}
			option = referencing(g)
		} else {
			continue
		}
		switch strings.ToLower(option) {
		case "enable":
		case "disable":
			return Way{Fate: Stopped, Never: ReferencingOff}
		default:
			return Way{Gap: &snapshot.Gap{Code: snapshot.FieldUnseen, Source: source.Action(), Ref: h.Holder, Detail: "SecurityGroupReferencingSupport"}}
		}
	}
	return Way{Fate: On}
}

func referencing(g snapshot.TransitGateway) string {
	return g.Options.SecurityGroupReferencingSupport
}

func (e *Estate) gateway(id string) (snapshot.TransitGateway, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if g, p := s.TransitGateways.Get(id); p == snapshot.Present {
			return g, s
		}
	}
	return snapshot.TransitGateway{}, nil
}
