package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// InUse is a group, route table, ACL, subnet or VPC that a plan deletes while something
// keeps it. AWS refuses that (DependencyViolation), and by then what it held is gone.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
type InUse struct {
	ID, Address string
	By          []string // the resources that keep it
	// Detached is set where the subnets that keep it are taken off it first, and fall to
	// what the VPC has for those without one.
	Detached bool
	// Ground is set for a VPC or subnet: what stands in it goes with it.
	Ground bool
}

// leftover is what there was of something that is deleted, just before it is.
type leftover struct {
	of     *Object
	scopes []*snapshot.Scope
	group  snapshot.SecurityGroup
	acl    snapshot.NetworkACL
	table  snapshot.RouteTable
}

func (w *World) leftover(o *Object) leftover {
	l := leftover{of: o}
	switch o.Type {
	case "aws_security_group":
		l.group, l.scopes = find(w, groups, o.ID)
	case "aws_network_acl":
		l.acl, l.scopes = find(w, acls, o.ID)
	case "aws_route_table":
		l.table, l.scopes = find(w, tables, o.ID)
	case "aws_subnet":
		_, l.scopes = find(w, subnets, o.ID)
	case "aws_vpc":
		_, l.scopes = find(w, vpcs, o.ID)
	}
	return l
}

// putBackInUse puts back, emptied, what can't be deleted because something keeps it.
// Terraform takes the subnets off an ACL or a route table before it deletes them, so
// that they fall to the default ACL and the main table; CloudFormation does not.
func (w *World) putBackInUse(list []leftover) []InUse {
	var out []InUse
	for _, l := range list {
		var by []string
		toDefault, ground := false, false
		switch {
		case len(l.scopes) == 0:
		case l.of.Type == "aws_security_group":
			if by = w.carriersOf(l.of.ID); len(by) > 0 {
				l.group.Ingress, l.group.Egress = nil, nil
				for _, s := range l.scopes {
					s.SecurityGroups.Add(l.group)
				}
			}
		case l.of.Type == "aws_vpc", l.of.Type == "aws_subnet":
			by, ground = w.uproot(l.of.ID), true
		case l.of.Type == "aws_network_acl":
			by = w.stillBare(subnetsOf(l.acl.Associations, func(a snapshot.ACLAssociation) string { return a.Subnet }), w.hasACL)
			if !l.of.ByTemplate {
				for _, subnet := range by {
					w.dissociateACL(subnet)
				}
				toDefault = true
			} else if len(by) > 0 {
				l.acl.Entries = nil
				for _, s := range l.scopes {
					s.NetworkACLs.Add(l.acl)
				}
			}
		case l.of.Type == "aws_route_table":
			by = w.stillBare(subnetsOf(l.table.Associations, func(a snapshot.RouteTableAssociation) string { return a.Subnet }), w.hasRouteTable)
			if toDefault = !l.of.ByTemplate; !toDefault && len(by) > 0 {
				l.table.Routes = slices.DeleteFunc(slices.Clone(l.table.Routes), func(r snapshot.Route) bool { return r.Gateway != "local" })
				for _, s := range l.scopes {
					s.RouteTables.Add(l.table)
				}
			}
		}
		if len(by) > 0 {
			out = append(out, InUse{l.of.ID, l.of.Address, by, toDefault, ground})
		}
	}
	return out
}

// uproot notes with the endpoints that stay in a VPC or subnet that it goes, and tells
// these and the instances that do.
func (w *World) uproot(ground string) []string {
	var out []string
	for _, s := range w.Snapshot.Scopes {
		for _, e := range s.Endpoints.All() {
			if (e.VPC == ground || slices.Contains(e.SubnetIDs, ground)) && !goes(e.State) {
				e.Uprooted = append(slices.Clip(e.Uprooted), ground)
				s.Endpoints.Put(e)
				out = append(out, e.ID)
			}
		}
		for _, i := range s.Instances.All() {
			if (i.VPC == ground || i.Subnet == ground) && !goes(i.State.Name) {
				out = append(out, i.ID)
			}
		}
	}
	return out
}

// goes reports whether something is on its way out, or has left.
func goes(state string) bool {
	state = strings.ToLower(state)
	return strings.HasPrefix(state, "delet") || state == "terminated" || state == "shutting-down"
}

// carriersOf are the endpoints, instances and interfaces that carry a group.
func (w *World) carriersOf(group string) []string {
	var out []string
	carries := func(id string, list []snapshot.GroupRef) {
		if slices.ContainsFunc(list, func(g snapshot.GroupRef) bool { return g.ID == group }) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, s := range w.Snapshot.Scopes {
		for _, e := range s.Endpoints.All() {
			if !goes(e.State) {
				carries(e.ID, e.Groups)
			}
		}
		for _, i := range s.Instances.All() {
			carries(i.ID, i.Groups)
		}
		for _, i := range s.Interfaces.All() {
			if !strings.EqualFold(i.Type, "vpc_endpoint") { // the endpoint is named already
				carries(i.ID, i.Groups)
			}
		}
	}
	return out
}

// stillBare are the subnets that are still there and have no other table or ACL.
func (w *World) stillBare(subnetIDs []string, elsewhere func(string) bool) []string {
	return slices.DeleteFunc(subnetIDs, func(id string) bool {
		_, there := find(w, subnets, id)
		return id == "" || len(there) == 0 || elsewhere(id)
	})
}

// hasACL reports whether a subnet has an ACL.
func (w *World) hasACL(subnet string) bool {
	return slices.ContainsFunc(w.Snapshot.Scopes, func(s *snapshot.Scope) bool {
		return slices.ContainsFunc(s.NetworkACLs.All(), func(a snapshot.NetworkACL) bool {
			return slices.Contains(a.Associations, snapshot.ACLAssociation{Subnet: subnet})
		})
	})
}

// hasRouteTable reports whether a subnet has a route table of its own.
func (w *World) hasRouteTable(subnet string) bool {
	return slices.ContainsFunc(w.Snapshot.Scopes, func(s *snapshot.Scope) bool {
		return slices.ContainsFunc(s.RouteTables.All(), func(t snapshot.RouteTable) bool {
			return slices.ContainsFunc(t.Associations, func(a snapshot.RouteTableAssociation) bool { return a.Subnet == subnet })
		})
	})
}

func subnetsOf[T any](list []T, subnet func(T) string) []string {
	var out []string
	for _, e := range list {
		out = append(out, subnet(e))
	}
	return out
}
