package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Kept is a group, route table or ACL that a plan deletes while something keeps it.
// AWS refuses that (DependencyViolation), and by then what it held is gone.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
type Kept struct {
	ID, Address string
	By          []string // the resources that keep it
	// Falls is set where the subnets that keep it are taken off it first, and fall to
	// what the VPC has for those without one.
	Falls bool
}

// leftover is what there was of something that is deleted, just before it is.
type leftover struct {
	of     *object
	scopes []*snapshot.Scope
	group  snapshot.SecurityGroup
	acl    snapshot.NetworkACL
	table  snapshot.RouteTable
}

func (w *world) leftover(o *object) leftover {
	l := leftover{of: o}
	switch o.kind {
	case "aws_security_group":
		l.group, l.scopes = find(w, groups, o.id)
	case "aws_network_acl":
		l.acl, l.scopes = find(w, acls, o.id)
	case "aws_route_table":
		l.table, l.scopes = find(w, tables, o.id)
	}
	return l
}

// keep puts back, emptied, what can't be deleted because something keeps it.
// Terraform takes the subnets off an ACL or a route table before it deletes them, so
// that they fall to the default ACL and the main table; CloudFormation does not.
func (w *world) keep(list []leftover) []Kept {
	var out []Kept
	for _, l := range list {
		var by []string
		falls := false
		switch {
		case len(l.scopes) == 0:
		case l.of.kind == "aws_security_group":
			if by = w.carriersOf(l.of.id); len(by) > 0 {
				l.group.Ingress, l.group.Egress = nil, nil
				for _, s := range l.scopes {
					s.SecurityGroups.Add(l.group)
				}
			}
		case l.of.kind == "aws_network_acl":
			by = w.left(subnetsOf(l.acl.Associations, func(a snapshot.ACLAssociation) string { return a.Subnet }), w.guarded)
			if !l.of.byTemplate {
				for _, subnet := range by {
					w.unguard(subnet)
				}
				falls = true
			} else if len(by) > 0 {
				l.acl.Entries = nil
				for _, s := range l.scopes {
					s.NetworkACLs.Add(l.acl)
				}
			}
		case l.of.kind == "aws_route_table":
			by = w.left(subnetsOf(l.table.Associations, func(a snapshot.RouteTableAssociation) string { return a.Subnet }), w.routed)
			if falls = !l.of.byTemplate; !falls && len(by) > 0 {
				l.table.Routes = slices.DeleteFunc(slices.Clone(l.table.Routes), func(r snapshot.Route) bool { return r.Gateway != "local" })
				for _, s := range l.scopes {
					s.RouteTables.Add(l.table)
				}
			}
		}
		if len(by) > 0 {
			out = append(out, Kept{l.of.id, l.of.address, by, falls})
		}
	}
	return out
}

// carriersOf are the endpoints, instances and interfaces that carry a group.
func (w *world) carriersOf(group string) []string {
	var out []string
	carries := func(id string, list []snapshot.GroupRef) {
		if slices.ContainsFunc(list, func(g snapshot.GroupRef) bool { return g.ID == group }) && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, s := range w.snap.Scopes {
		for _, e := range s.Endpoints.All() {
			if !strings.HasPrefix(strings.ToLower(e.State), "delet") { // it is on its way out
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

// left are the subnets that are still there and have no other table or ACL.
func (w *world) left(subnetIDs []string, elsewhere func(string) bool) []string {
	return slices.DeleteFunc(subnetIDs, func(id string) bool {
		_, there := find(w, subnets, id)
		return id == "" || len(there) == 0 || elsewhere(id)
	})
}

// guarded reports whether a subnet has an ACL.
func (w *world) guarded(subnet string) bool {
	return slices.ContainsFunc(w.snap.Scopes, func(s *snapshot.Scope) bool {
		return slices.ContainsFunc(s.NetworkACLs.All(), func(a snapshot.NetworkACL) bool {
			return slices.Contains(a.Associations, snapshot.ACLAssociation{Subnet: subnet})
		})
	})
}

// routed reports whether a subnet has a route table of its own.
func (w *world) routed(subnet string) bool {
	return slices.ContainsFunc(w.snap.Scopes, func(s *snapshot.Scope) bool {
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
