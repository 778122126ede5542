package netpath

import (
	"cmp"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// gatewayState finds a transit gateway, and the scope that shows it.
func (e *Estate) gatewayState(id string) (string, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if g, p := s.TransitGateways.Get(id); p == snapshot.Present {
			return g.State, s
		}
	}
	return "", nil
}

// gatewayElsewhere is the gap of a transit gateway that no scope shows: whose it is,
// where a peering attachment tells.
func (e *Estate) gatewayElsewhere(id string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		for _, p := range s.TransitGatewayPeerings.All() {
			for _, side := range []snapshot.TransitGatewaySide{p.Requester, p.Accepter} {
				if side.Gateway == id && side.OwnerID != "" && !slices.ContainsFunc(e.snap.Scopes, func(o *snapshot.Scope) bool { return o.Account == side.OwnerID && o.Region == side.Region }) {
					g := s.Elsewhere(snapshot.TransitGateways, id, side.OwnerID, side.Region)
					return &g
				}
			}
		}
	}
	return e.elsewhere(id, snapshot.TransitGateways)
}

// reallyOwns reports whether a scope is known to be that of a gateway's owner.
func (e *Estate) reallyOwns(s *snapshot.Scope, gateway string) bool {
	g, p := s.TransitGateways.Get(gateway)
	return p == snapshot.Present && g.OwnerID != "" && g.OwnerID == s.Account && !s.Guessed
}

func (e *Estate) gatewayPeering(id string) (snapshot.TransitGatewayPeering, *snapshot.Scope) {
	for _, s := range e.snap.Scopes {
		if p, seen := s.TransitGatewayPeerings.Get(id); seen == snapshot.Present {
			return p, s
		}
	}
	return snapshot.TransitGatewayPeering{}, nil
}

// ends names what a peering joins.
func ends(p snapshot.TransitGatewayPeering) string {
	return cmp.Or(p.Requester.CoreNetwork, p.Requester.Gateway) + " - " + cmp.Or(p.Accepter.CoreNetwork, p.Accepter.Gateway)
}

// associatedTable finds the route table of a gateway that an attachment is
// associated with, the scope that shows it, and the state of the association. The
// associations that the route tables list win over what the attachment says of
// itself, and an explicit one over that with the default table. No table and no
// gap: there provably is none.
func (e *Estate) associatedTable(gateway, attachment string) (table string, in *snapshot.Scope, state string, gap *snapshot.Gap) {
	for _, s := range e.snap.Scopes {
		if a, _ := s.TransitGatewayAttachments.Get(attachment); a.Pending != "" {
			g := a.Pending.Gap(attachment)
			return "", nil, "", &g
		}
	}
	if g := e.byPolicy(gateway, attachment); g != nil {
		return "", nil, "", g
	}
	all, found, explicit := false, false, false
	var says *snapshot.Gap // what contradicts the association found
	for _, s := range e.snap.Scopes {
		for _, t := range s.TransitGatewayRouteTables.All() {
			if t.Gateway != gateway {
				continue
			}
			all = all || s.TransitGatewayRouteTables.Covers(gateway) && e.ownsGateway(s, gateway)
			set, p := s.TransitGatewayAssociations.Get(t.ID)
			if p != snapshot.Present && gap == nil {
				g := s.GapFor(snapshot.TransitGatewayAssociations, t.ID)
				gap = &g
			}
			for _, a := range set.Entries {
				if a.Attachment != attachment {
					continue
				}
				if fate := Lives(AssociationState, a.State); fate == Stopped {
					state = a.State
					continue
				} else if fate == Open {
					return "", nil, a.State, stateGap(s, snapshot.TransitGatewayAssociations, attachment, a.State)
				}
				switch fate := Lives(GatewayTableState, t.State); {
				case fate == Open && t.State != "":
					return "", nil, t.State, stateGap(s, snapshot.TransitGatewayRouteTables, t.ID, t.State)
				case fate == Stopped:
					state = t.State
					continue
				}
				switch {
				case t.IsDefault && explicit:
				case explicit && t.ID != table: // AWS allows one
					return "", nil, "", disagree(s, snapshot.TransitGatewayAssociations, attachment, table, t.ID)
				default:
					table, in, state, explicit, found = t.ID, s, a.State, !t.IsDefault, true
					says = e.associationSays(gateway, t.ID, a)
				}
			}
		}
		if a, p := s.TransitGatewayAttachments.Get(attachment); !found && p == snapshot.Present && a.Association != nil && gap != nil && Lives(AssociationState, a.Association.State) == On {
			if t, p := s.TransitGatewayRouteTables.Get(a.Association.RouteTable); p == snapshot.Present && t.Gateway == gateway {
				return t.ID, s, a.Association.State, nil
			}
		}
	}
	if says != nil {
		return "", nil, state, says
	}
	if found {
		return table, in, state, nil
	}
	switch {
	case gap != nil:
	case !all:
		gap = e.tablesUnseen(gateway)
	case state == "":
		gap = e.saysAssociated(gateway, attachment)
	}
	return "", nil, state, gap
}

// ownsGateway reports whether a scope is that of a gateway's owner, who alone
// sees its route tables and all of its attachments.
func (e *Estate) ownsGateway(s *snapshot.Scope, gateway string) bool {
	g, p := s.TransitGateways.Get(gateway)
	return p != snapshot.Present || g.OwnerID == "" || s.Account == "" || g.OwnerID == s.Account
}

// scopeOfAccount is the scope of an account in a Region, if it was looked at.
func (e *Estate) scopeOfAccount(account, region string) *snapshot.Scope {
	for _, s := range e.snap.Scopes {
		if account != "" && s.Account == account && s.Region == region {
			return s
		}
	}
	return nil
}

// tablesUnseen explains why not every route table of a gateway is known. Only its
// owner can read them: a gateway shared from another account keeps them to itself.
func (e *Estate) tablesUnseen(gateway string) *snapshot.Gap {
	for _, s := range e.snap.Scopes {
		if g, p := s.TransitGateways.Get(gateway); p == snapshot.Present {
			if owner := e.scopeOfAccount(g.OwnerID, s.Region); owner != nil {
				s = owner
			} else if !e.ownsGateway(s, gateway) {
				g := s.Elsewhere(snapshot.TransitGatewayRoutes, gateway, g.OwnerID, "")
				return &g
			}
			gap := s.GapFor(snapshot.TransitGatewayRouteTables, gateway)
			return &gap
		}
	}
	return e.gatewayElsewhere(gateway)
}
