package checks_test

import (
	"context"
	"slices"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// A transit gateway of a third account, known only as the other side of a peering
// attachment, is open, and named with its owner.
func TestPeeredGatewayOfAThirdAccount(t *testing.T) {
	target, snap := openFixture(t, "healthy-tgw")
	const gateway, owner = "tgw-0fedcba9876543210", "777788889999"
	d := snap.Role(snapshot.Destination)
	p := d.TransitGatewayPeerings.All()[0]
	p.Requester.Gateway, p.Requester.OwnerID = gateway, owner
	for _, s := range snap.Scopes {
		s.TransitGatewayPeerings.Put(p)
	}
	a, _ := d.TransitGatewayAttachments.Get(p.ID)
	a.ResourceID, a.ResourceOwner = gateway, owner
	d.TransitGatewayAttachments.Put(a)
	r := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("connection-active")}, checks.Options{})[0]
	if r.Status != checks.Unknown || !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool {
		return slices.ContainsFunc(f.Gaps, func(g snapshot.Gap) bool {
			return g.Code == snapshot.OwnedElsewhere && g.Ref == gateway && g.Detail == owner && g.Region == p.Requester.Region
		})
	}) {
		t.Errorf("%v: %+v", r.Status, r.Findings)
	}
}

// A prefix list that AWS is changing may hold other entries the next moment.
func TestPrefixListInTransition(t *testing.T) {
	for state, want := range map[string]checks.Status{"create-complete": checks.Pass, "modify-complete": checks.Pass, "modify-in-progress": checks.Unknown, "delete-failed": checks.Unknown} {
		target, snap := openFixture(t, "healthy")
		d := snap.Role(snapshot.Destination)
		const list = "pl-0123456789abcdef0"
		d.PrefixLists.Put(snapshot.PrefixList{ID: list, State: state, OwnerID: d.Account})
		content := snapshot.PrefixListContent{PrefixList: list}
		for _, table := range d.RouteTables.All() {
			table.Routes = slices.Clone(table.Routes)
			for i, route := range table.Routes {
				if route.Peering != "" {
					content.Entries = []snapshot.PrefixListEntry{{CIDR: route.CIDR}}
					table.Routes[i] = snapshot.Route{PrefixList: list, Peering: route.Peering, State: route.State}
				}
			}
			d.RouteTables.Put(table)
		}
		d.PrefixListEntries.Put(content)
		r := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("route-to-agent")}, checks.Options{})[0]
		if r.Status != want {
			t.Errorf("%s: %v, want %v: %+v", state, r.Status, want, r.Findings)
		}
	}
}
