package netpath

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Estate looks things up over all the scopes of a snapshot. It is the only reader
// of the tables on the way.
type Estate struct {
	snap      *snapshot.Snapshot
	ephemeral Ports // that the agent dials from
	nat       Ports // that NAT gateways dial from
}

// NewEstate makes an estate of a snapshot.
func NewEstate(s *snapshot.Snapshot) *Estate { return &Estate{s, Ephemeral, NATPorts} }

func itoa(n int) string { return strconv.Itoa(n) }

// scopeOf returns the scope that shows a VPC: its owner's if that was looked at,
// since only the owner sees all that belongs to it; nil if none does.
func (e *Estate) scopeOf(vpc string) *snapshot.Scope {
	var found *snapshot.Scope
	for _, s := range e.snap.Scopes {
		if v, p := s.VPCs.Get(vpc); p == snapshot.Present {
			if owns(s, v) {
				return s
			}
			if found == nil {
				found = s
			}
		}
	}
	return found
}

// owns reports whether a scope is that of the owner of a VPC, as far as is known.
func owns(s *snapshot.Scope, v snapshot.VPC) bool {
	return v.OwnerID == "" || s.Account == "" || v.OwnerID == s.Account
}

// foreign says who owns a VPC that others share with the scope's account: its
// tables may be hidden there.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
func foreign(s *snapshot.Scope, vpc string, k snapshot.Kind) *snapshot.Gap {
	if v, p := s.VPCs.Get(vpc); p == snapshot.Present && !owns(s, v) && !s.Guessed {
		g := s.Elsewhere(k, vpc, v.OwnerID, "")
		return &g
	}
	return nil
}

// atOwner is the place as its owner's scope shows it.
func (e *Estate) atOwner(at Place) Place {
	if s := e.scopeOf(at.VPC); s != nil {
		at.Scope = s
	}
	return at
}

// through is the gap of something that can't be looked into.
func (e *Estate) through(s *snapshot.Scope, id string, source snapshot.Kind) *snapshot.Gap {
	g := &snapshot.Gap{Code: snapshot.ThroughAppliance, Source: source.Action(), Ref: id}
	if s != nil {
		g.Scope = s.Label()
	}
	return g
}

// peering finds a peering connection. One that a table of the VPC leads to has
// the VPC's account for one side, so that its full list tells whether it exists.
// Both sides list it; where they say different things of it, neither counts.
func (e *Estate) peering(at Place, id string) (snapshot.Peering, snapshot.Presence, *snapshot.Gap) {
	var found snapshot.Peering
	var in *snapshot.Scope
	for _, s := range e.snap.Scopes {
		p, presence := s.Peerings.Get(id)
		switch {
		case presence != snapshot.Present:
		case in == nil:
			found, in = p, s
		case !strings.EqualFold(p.Status.Code, found.Status.Code):
			return found, snapshot.Unobserved, disagree(s, snapshot.Peerings, id, found.Status.Code, p.Status.Code)
		case differ(p.Requester.VPC, found.Requester.VPC) || differ(p.Accepter.VPC, found.Accepter.VPC):
			return found, snapshot.Unobserved, disagree(s, snapshot.Peerings, id, joins(found), joins(p))
		}
	}
	own, presence := at.Scope.Peerings.Get(id)
	switch {
	case in == nil && e.opened(snapshot.Peerings) != nil:
		return found, snapshot.Unobserved, e.opened(snapshot.Peerings)
	case in != nil && presence == snapshot.Absent:
		return found, snapshot.Unobserved, disagree(at.Scope, snapshot.Peerings, id, found.Status.Code, "absent")
	case in != nil:
		return found, snapshot.Present, nil
	case presence == snapshot.Unobserved:
		g := at.Scope.GapFor(snapshot.Peerings, id)
		return own, presence, &g
	}
	return own, presence, nil
}

// opened is why rows of a table may be missing in some scope because of a planned
// change; nil if none may.
func (e *Estate) opened(k snapshot.Kind) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if g := s.Opened[k]; g != nil {
			return g
		}
	}
	return nil
}

// Planned says that a planned change leaves open what may join two networks.
func (e *Estate) Planned() *snapshot.Gap {
	for _, k := range []snapshot.Kind{snapshot.Peerings, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings, snapshot.TransitGatewayAttachments, snapshot.VPNGateways} {
		if g := e.opened(k); g != nil {
			return g
		}
	}
	return nil
}

// explains reports whether what a blackhole route leads to was seen, and does not
// work: then that is the cause.
func (e *Estate) explains(at Place, hit Hit) bool {
	switch hit.Kind {
	case ToPeering:
		p, presence, _ := e.peering(at, hit.Target)
		return presence == snapshot.Present && Lives(PeeringState, p.Status.Code) != On
	case ToTransitGateway:
		if g, in := e.gateway(hit.Target); in != nil && Lives(GatewayState, g.State) != On {
			return true
		}
		a, gap := e.attachmentOf(at, hit.Target)
		return gap == nil && a.ID != "" && Lives(AttachmentState, a.State) != On
	case ToVPNGateway:
		g, presence := at.Scope.VPNGateways.Get(hit.Target)
		return presence == snapshot.Present && (Lives(VPNGatewayState, g.State) != On || !slices.ContainsFunc(g.Attachments, func(a snapshot.VPNGatewayAttachment) bool {
			return a.VPC == at.VPC && Lives(VPNAttachmentState, a.State) == On
		}))
	case ToNAT:
		g, presence := at.Scope.NATGateways.Get(hit.Target)
		return presence == snapshot.Present && Lives(NATState, g.State) != On
	}
	return false
}

// withoutNAT reports whether no NAT gateway stands in a VPC.
func (e *Estate) withoutNAT(at Place) bool {
	s := e.atOwner(at).Scope
	if s == nil || !s.NATGateways.Covers(at.VPC) {
		return false
	}
	return !slices.ContainsFunc(s.NATGateways.All(), func(g snapshot.NATGateway) bool {
		n, p := s.Subnets.Get(g.Subnet)
		return p != snapshot.Present || n.VPC == at.VPC
	})
}

// elsewhere is the gap of something that no scope shows.
func (e *Estate) elsewhere(id string, k snapshot.Kind) *snapshot.Gap {
	return e.gapAnywhere(nil, k, id)
}

// gapAnywhere is the gap of the table that should have shown something: of the
// given scope, else of the first in which a call failed, else of the first.
func (e *Estate) gapAnywhere(s *snapshot.Scope, k snapshot.Kind, id string) *snapshot.Gap {
	if s == nil {
		for _, o := range e.snap.Scopes {
			if o.Extent(k) != snapshot.Full || s == nil {
				s = o
			}
		}
	}
	if s == nil {
		return &snapshot.Gap{Code: snapshot.RowUnseen, Source: k.Action(), Ref: id}
	}
	g := s.GapFor(k, id)
	return &g
}

func (e *Estate) vpn(id string) (snapshot.VPNConnection, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if c, p := s.VPNConnections.Get(id); p == snapshot.Present {
			return c, s
		}
	}
	return snapshot.VPNConnection{}, nil
}
