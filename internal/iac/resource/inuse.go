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

// kept tells what of the things that went something keeps: see Type.InUse.
func kept(went []func() InUse) []InUse {
	var out []InUse
	for _, look := range went {
		if u := look(); len(u.By) > 0 {
			out = append(out, u)
		}
	}
	return out
}

// groupInUse puts a group back, emptied, that can't be deleted because something
// carries it.
func groupInUse(w *World, o *Object) func() InUse {
	g, scopes := find(w, groups, o.ID)
	return func() InUse {
		if len(scopes) == 0 {
			return InUse{}
		}
		by := w.carriersOf(o.ID)
		if len(by) > 0 {
			g.Ingress, g.Egress = nil, nil
			for _, s := range scopes {
				s.SecurityGroups.Add(g)
			}
		}
		return InUse{ID: o.ID, Address: o.Address, By: by}
	}
}

// groundInUse tells what stands in a VPC or subnet that goes.
func groundInUse[T snapshot.Row](table func(*snapshot.Scope) *snapshot.Table[T]) func(*World, *Object) func() InUse {
	return func(w *World, o *Object) func() InUse {
		_, scopes := find(w, table, o.ID)
		return func() InUse {
			if len(scopes) == 0 {
				return InUse{}
			}
			return InUse{ID: o.ID, Address: o.Address, By: w.uproot(o.ID), Ground: true}
		}
	}
}

// aclInUse puts an ACL back, emptied, that guards subnets still. Terraform takes the
// subnets off it before it deletes it, so that they fall to the default ACL;
// CloudFormation does not.
func aclInUse(w *World, o *Object) func() InUse {
	a, scopes := find(w, acls, o.ID)
	return func() InUse {
		if len(scopes) == 0 {
			return InUse{}
		}
		by := w.stillBare(subnetsOf(a.Associations, func(x snapshot.ACLAssociation) string { return x.Subnet }), w.hasACL)
		if !o.ByTemplate {
			for _, subnet := range by {
				w.dissociateACL(subnet)
			}
		} else if len(by) > 0 {
			a.Entries = nil
			for _, s := range scopes {
				s.NetworkACLs.Add(a)
			}
		}
		return InUse{ID: o.ID, Address: o.Address, By: by, Detached: !o.ByTemplate}
	}
}

// tableInUse puts a route table back with its local routes, as aclInUse does an ACL;
// the subnets that Terraform takes off it fall to the main table.
func tableInUse(w *World, o *Object) func() InUse {
	t, scopes := find(w, tables, o.ID)
	return func() InUse {
		if len(scopes) == 0 {
			return InUse{}
		}
		by := w.stillBare(subnetsOf(t.Associations, func(a snapshot.RouteTableAssociation) string { return a.Subnet }), w.hasRouteTable)
		if o.ByTemplate && len(by) > 0 {
			t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), func(r snapshot.Route) bool { return r.Gateway != "local" })
			for _, s := range scopes {
				s.RouteTables.Add(t)
			}
		}
		return InUse{ID: o.ID, Address: o.Address, By: by, Detached: !o.ByTemplate}
	}
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
