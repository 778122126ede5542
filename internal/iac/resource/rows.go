package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Rows is a table whose rows have the ids of a type of resource.
type Rows struct {
	presence func(s *snapshot.Scope, id, vpc string) snapshot.Presence
	ids      func(s *snapshot.Scope) []string
	lose     func(w *World, id string, gap snapshot.Gap)
}

// rowsOf is the table of a kind. inVPC says that its rows stand in a VPC, of which it
// may be known that it has no other.
func rowsOf[T snapshot.Row](k snapshot.Kind, table func(*snapshot.Scope) *snapshot.Table[T], inVPC bool) Rows {
	return Rows{
		presence: func(s *snapshot.Scope, id, vpc string) snapshot.Presence {
			if !inVPC {
				vpc = ""
			}
			_, p := table(s).GetIn(vpc, id)
			return p
		},
		ids: func(s *snapshot.Scope) []string { return table(s).IDs() },
		lose: func(w *World, id string, gap snapshot.Gap) {
			_, holders := find(w, table, id)
			for _, s := range holders {
				table(s).Lose(id)
				s.Doubt(k, gap)
			}
		},
	}
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
				out = append(out, r.ids(s)...)
			}
		}
	}
	return out
}

// LoseRow gives up the rows with an id, whatever it is.
func (w *World) LoseRow(id string, gap snapshot.Gap) {
	for _, t := range Types().all {
		for _, r := range t.Rows {
			r.lose(w, id, gap)
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
