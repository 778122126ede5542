package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Rows is a table whose rows have the ids of a type of resource.
type Rows struct {
	Kind snapshot.Kind
	// InVPC says that its rows stand in a VPC, of which it may be known that it has no
	// other.
	InVPC bool
}

func (r Rows) presence(s *snapshot.Scope, id, vpc string) snapshot.Presence {
	if !r.InVPC {
		vpc = ""
	}
	_, p := s.Rows(r.Kind).Look(vpc, id)
	return p
}

// PresenceIn reports whether a scope has a resource, whatever it is.
func PresenceIn(s *snapshot.Scope, id, vpc string) snapshot.Presence {
	var of *Type
	for i := range Types().all {
		if t := &Types().all[i]; t.Rows != nil && strings.HasPrefix(id, t.Prefix) && (of == nil || len(t.Prefix) > len(of.Prefix)) {
			of = t
		}
	}
	if of == nil {
		return snapshot.Unobserved
	}
	return of.Rows[0].presence(s, id, vpc)
}

// RowIDs are the ids of the rows that tell in which scope a resource is.
func RowIDs(s *snapshot.Scope) []string {
	var out []string
	for _, t := range Types().all {
		if t.Local {
			for _, r := range t.Rows {
				out = append(out, s.Rows(r.Kind).IDs()...)
			}
		}
	}
	return out
}

// StackResource is a resource that CloudFormation made, as its tags tell.
type StackResource struct {
	Stack, LogicalID string
	ID               string
	Kind             string // such as "AWS::EC2::VPC"
}

// StackResources lists the resources of a scope that stacks have made.
func StackResources(s *snapshot.Scope) []StackResource {
	var out []StackResource
	for _, t := range Types().all {
		for _, r := range t.Rows {
			rows := s.Rows(r.Kind)
			if !snapshot.CarriesTags(rows.RowType()) {
				continue
			}
			for _, id := range rows.IDs() {
				row, _ := rows.Look("", id)
				if stack, logicalID := snapshot.StackOf(row); stack != "" && logicalID != "" {
					out = append(out, StackResource{Stack: stack, LogicalID: logicalID, ID: id, Kind: t.CloudFormation[0].Type})
				}
			}
		}
	}
	return out
}

// CarriesStackTags reports whether the resources of a type can be told by their
// tags to be a stack's.
func CarriesStackTags(kind string) bool {
	t := Types().InTemplates(kind)
	return t.CloudFormation != nil && t.CloudFormation[0].Type == kind && slices.ContainsFunc(t.Rows, func(r Rows) bool {
		return snapshot.CarriesTags((&snapshot.Scope{}).Rows(r.Kind).RowType())
	})
}

// LoseRow gives up the rows with an id, whatever it is.
func (w *World) LoseRow(id string, gap snapshot.Gap) {
	for _, t := range Types().all {
		for _, r := range t.Rows {
			for _, s := range w.Snapshot.Scopes {
				if r.presence(s, id, "") == snapshot.Present {
					s.Lose(r.Kind, id)
					s.Doubt(r.Kind, gap)
				}
			}
		}
	}
}

// LoseInspected gives up the route tables that lead through an endpoint, as traffic
// to a firewall does.
func (w *World) LoseInspected(gap snapshot.Gap) {
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.RouteTables.All() {
			if slices.ContainsFunc(t.Routes, inspects) {
				s.RouteTables.Lose(t.ID)
				s.Doubt(snapshot.RouteTables, gap)
			}
		}
	}
}

// inspects reports whether a route leads to an endpoint of a firewall: those of
// services are led to by their prefix lists.
func inspects(r snapshot.Route) bool {
	return r.PrefixList == "" && len(r.Gateway) > 5 && r.Gateway[:5] == "vpce-"
}
