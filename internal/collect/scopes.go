package collect

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Scope is one account in one Region to look at.
type Scope struct {
	Name    string // as reports call it
	Account Account
}

// collector is what fills one of the scopes. One that is no target's side, such as
// that of the account that owns the transit gateways, may hold any agent.
func (r Request) collector(n int) *collector {
	c := &collector{request: r, role: r.Scopes[n].Account.RoleARN, slots: make(chan struct{}, r.Concurrency), scope: &snapshot.Scope{Name: r.Scopes[n].Name, Roles: Roles(r.Targets, n)}}
	for _, t := range r.Targets {
		if plays(t, snapshot.Destination, n) {
			c.endpoints = append(c.endpoints, t)
		}
		if plays(t, snapshot.Source, n) || len(c.scope.Roles) == 0 {
			c.agents = append(c.agents, t)
		}
	}
	return c
}

// Roles are those that the nth scope plays for any of the targets.
func Roles(targets []snapshot.Target, n int) []snapshot.Role {
	var out []snapshot.Role
	for _, r := range []snapshot.Role{snapshot.Destination, snapshot.Source} {
		if slices.ContainsFunc(targets, func(t snapshot.Target) bool { return plays(t, r, n) }) {
			out = append(out, r)
		}
	}
	return out
}

// plays reports whether the nth scope is one of a target's sides; both are in the
// first one where nothing else is said.
func plays(t snapshot.Target, r snapshot.Role, n int) bool {
	sides := snapshot.Sides{}
	if t.Sides != nil {
		sides = *t.Sides
	}
	if r == snapshot.Destination {
		return sides.Destination == n
	}
	return sides.Source == n
}

// Wanted are the kinds that are asked for in a scope with the roles: some are of
// the endpoint's side only.
func Wanted(kinds []snapshot.Kind, roles []snapshot.Role) []snapshot.Kind {
	if slices.Contains(roles, snapshot.Destination) {
		return kinds
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k snapshot.Kind) bool {
		return k == snapshot.SubnetCIDRReservations || k == snapshot.SecurityGroupVPCAssociations || k == snapshot.PolicySimulation || k.OfDataSync()
	})
}

// crossed lists the VPCs that a path may lead through, in a scope that is no
// target's side: those of the account itself that are attached to a gateway, as
// one with a firewall is.
func (c *collector) crossed() []string {
	if len(c.scope.Roles) > 0 {
		return nil
	}
	var vpcs []string
	for _, a := range c.scope.TransitGatewayVPCAttachments.All() {
		_, p := c.scope.VPCs.Get(a.VPC)
		if p == snapshot.Present && !strings.EqualFold(a.State, "deleted") && !slices.Contains(vpcs, a.VPC) {
			vpcs = append(vpcs, a.VPC)
		}
	}
	return vpcs
}
