package checks

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Resolve completes a target from the estate: with no endpoint named, the single
// DataSync endpoint of the destination; with no Region, that of the destination.
// Several endpoints are an error that lists them.
func Resolve(t snapshot.Target, snap *snapshot.Snapshot) (snapshot.Target, error) {
	s := snap.Role(snapshot.Destination)
	if s == nil && t.AgentARN != "" {
		return t, nil
	}
	if s == nil {
		return t, severalScopes(t, snap)
	}
	if t.Region == "" {
		t.Region = s.Region
	}
	if t.AgentARN != "" {
		return s.OfAgent(t), nil
	}
	if t.EndpointID != "" {
		return t, nil
	}
	var found []string
	for _, ep := range s.Endpoints.All() {
		if ep.IsDataSync() && !gone(ep.State) {
			found = append(found, ep.ID)
		}
	}
	if len(found) > 1 {
		return t, snapshot.Errorf("%s has %d DataSync endpoints: say which with --vpc-endpoint-id (%s)", "%s に DataSync のエンドポイントが %d 個ある。--vpc-endpoint-id で指定する（%s）", s.Label(), len(found), strings.Join(found, ", "))
	}
	if len(found) == 1 {
		t.EndpointID = found[0]
	}
	return t, nil
}

// severalScopes is the error for an estate in which each of several scopes may be
// the destination, as it has an endpoint of DataSync; nil for any other.
func severalScopes(t snapshot.Target, snap *snapshot.Snapshot) error {
	var found []string
	for _, s := range snap.Scopes {
		for _, ep := range s.Endpoints.All() {
			if ep.IsDataSync() && !gone(ep.State) && (t.Region == "" || s.Region == t.Region) {
				found = append(found, ep.ID+" ("+s.Label()+")")
			}
		}
	}
	if t.EndpointID != "" || len(found) < 2 {
		return nil
	}
	return snapshot.Errorf("there are %d DataSync endpoints: say which with --vpc-endpoint-id: %s", "DataSync のエンドポイントが %d 個ある。--vpc-endpoint-id で指定する: %s", len(found), strings.Join(found, ", "))
}

// Stands reports whether an endpoint is there, and not on its way out.
func Stands(snap *snapshot.Snapshot, id string) bool {
	for _, s := range snap.Scopes {
		if ep, p := s.Endpoints.Get(id); p == snapshot.Present && !gone(ep.State) {
			return true
		}
	}
	return false
}

// gone reports whether an endpoint in the state is on its way out; AWS lists one
// for a while after it was deleted.
func gone(state string) bool {
	return strings.EqualFold(state, "deleted") || strings.EqualFold(state, "deleting")
}

// ExcludedResult is the result of a check that the user left out.
func ExcludedResult(c *Check, why Text) Result {
	return Result{Check: c, Status: Skip, Findings: []Finding{{Status: Skip, Note: why}}}
}
