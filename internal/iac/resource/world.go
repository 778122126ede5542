package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// World is a snapshot that changes are applied to.
type World struct {
	Snapshot *snapshot.Snapshot
	// ScopeOf maps what is known of the place of a resource to a scope.
	ScopeOf func(*Object) int
	// IsNew reports whether an id is that of something that the plans make.
	IsNew func(id string) bool
	// RefersToExisting is set where a reference that is not known may lead to what exists
	// already, and not just to what the plans make.
	RefersToExisting bool
	// TypeOf is the type of a resource that the plans create, by its id.
	TypeOf func(id string) string
	// unplaced counts the rules whose group is known only after apply, by type and
	// scope.
	unplaced map[string]int
	// places are the numbers and destinations that resources of their own put
	// something at, and which.
	places map[string]string
	// Filling is set while the state of a plan fills in what the base did not
	// see: such rows are not all that there is.
	Filling bool
}

// taken is pending where another resource of the plans has put something at the same
// place of a network ACL or route table: AWS refuses the second of two.
func (w *World) taken(o *Object, in, at string) snapshot.Pending {
	if w.Filling {
		return ""
	}
	if w.places == nil {
		w.places = map[string]string{}
	}
	first, ok := w.places[in+" "+at]
	if !ok {
		w.places[in+" "+at] = o.Address
	}
	if !ok || first == o.Address {
		return ""
	}
	return snapshot.Contested(first, o.Address)
}

func (w *World) Scope(o *Object) *snapshot.Scope { return w.Snapshot.Scopes[w.ScopeOf(o)] }

// owner is the account that a new resource will belong to.
func owner(s *snapshot.Scope) string {
	if s.Account == "" {
		s.Account, s.Guessed = snapshot.PlannedAccount, true
	}
	return s.Account
}

// find looks a row up in every scope: ids of AWS are unique.
func find[T snapshot.Row](w *World, table func(*snapshot.Scope) *snapshot.Table[T], id string) (row T, holders []*snapshot.Scope) {
	for _, s := range w.Snapshot.Scopes {
		if r, p := table(s).Get(id); p == snapshot.Present {
			row = r
			holders = append(holders, s)
		}
	}
	return row, holders
}

// edit changes a row wherever it stands, and reports whether it stands anywhere.
func edit[T snapshot.Row](w *World, table func(*snapshot.Scope) *snapshot.Table[T], id string, change func(*T)) bool {
	_, holders := find(w, table, id)
	for _, s := range holders {
		r, _ := table(s).Get(id)
		change(&r)
		table(s).Put(r)
	}
	return len(holders) > 0
}

// within is edit for a change that is a part of the row. Where the row was not
// seen, neither was what the change does.
func within[T snapshot.Row](w *World, o *Object, k snapshot.Kind, table func(*snapshot.Scope) *snapshot.Table[T], id string, change func(*T)) {
	if edit(w, table, id, change) || w.Filling || id == "" {
		return
	}
	s := w.Scope(o)
	if _, p := table(s).Get(id); p == snapshot.Unobserved {
		s.Doubt(k, snapshot.Gap{Code: snapshot.PartUnseen, Source: "plan", Ref: o.Address, Detail: id})
	}
}

// remove takes a row away wherever it stands.
func remove[T snapshot.Row](w *World, table func(*snapshot.Scope) *snapshot.Table[T], id string) {
	_, holders := find(w, table, id)
	for _, s := range holders {
		table(s).Delete(id)
	}
}

// The tables, as functions of a scope.
func vpcs(s *snapshot.Scope) *snapshot.Table[snapshot.VPC]               { return &s.VPCs }
func subnets(s *snapshot.Scope) *snapshot.Table[snapshot.Subnet]         { return &s.Subnets }
func groups(s *snapshot.Scope) *snapshot.Table[snapshot.SecurityGroup]   { return &s.SecurityGroups }
func acls(s *snapshot.Scope) *snapshot.Table[snapshot.NetworkACL]        { return &s.NetworkACLs }
func tables(s *snapshot.Scope) *snapshot.Table[snapshot.RouteTable]      { return &s.RouteTables }
func endpoints(s *snapshot.Scope) *snapshot.Table[snapshot.Endpoint]     { return &s.Endpoints }
func interfaces(s *snapshot.Scope) *snapshot.Table[snapshot.Interface]   { return &s.Interfaces }
func instances(s *snapshot.Scope) *snapshot.Table[snapshot.Instance]     { return &s.Instances }
func peerings(s *snapshot.Scope) *snapshot.Table[snapshot.Peering]       { return &s.Peerings }
func vpnGateways(s *snapshot.Scope) *snapshot.Table[snapshot.VPNGateway] { return &s.VPNGateways }
func lists(s *snapshot.Scope) *snapshot.Table[snapshot.PrefixListContent] {
	return &s.PrefixListEntries
}

func tgws(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGateway] { return &s.TransitGateways }

func tgwRoutes(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayRouteSet] {
	return &s.TransitGatewayRoutes
}

func tgwTables(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayRouteTable] {
	return &s.TransitGatewayRouteTables
}

func tgwAssociations(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayAssociationSet] {
	return &s.TransitGatewayAssociations
}

func tgwPropagations(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayAssociationSet] {
	return &s.TransitGatewayPropagations
}

func tgwAttachments(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayAttachment] {
	return &s.TransitGatewayAttachments
}

func tgwVPCAttachments(s *snapshot.Scope) *snapshot.Table[snapshot.TransitGatewayVPCAttachment] {
	return &s.TransitGatewayVPCAttachments
}

// wanted are the rows that an attribute of a resource may lead to: the one that it
// names or, where it is known only after apply, each that it could turn out to be.
func wanted[T snapshot.Row](w *World, o *Object, name string, table func(*snapshot.Scope) *snapshot.Table[T]) (ids []string, pending snapshot.Pending) {
	id, pending := o.Text(name)
	if pending == "" {
		return []string{id}, ""
	}
	return w.candidates(o, w.RefersToExisting, func(s *snapshot.Scope) []string { return table(s).IDs() }), pending
}

// candidates are the rows that a reference which is not known may lead to.
func (w *World) candidates(o *Object, existing bool, table func(*snapshot.Scope) []string) (ids []string) {
	own := w.Scope(o)
	abroad := own.Region == "" || strings.HasSuffix(o.Type, "_accepter") // of what another account or Region asks for
	for _, s := range w.Snapshot.Scopes {
		if s != own && !abroad {
			continue
		}
		for _, id := range table(s) {
			if existing || w.IsNew(id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// lose gives up a row: something of it is known only after apply.
func lose[T snapshot.Row](w *World, o *Object, k snapshot.Kind, table func(*snapshot.Scope) *snapshot.Table[T], id string, pending snapshot.Pending) {
	_, holders := find(w, table, id)
	for _, s := range holders {
		table(s).Lose(id)
		s.Doubt(k, pending.Gap(id))
	}
	if len(holders) == 0 {
		w.Scope(o).Doubt(k, pending.Gap(id))
	}
}

// take counts addresses that interfaces use up in a subnet; a negative number
// gives them back.
func (w *World) take(subnet string, n int) {
	if w.Filling {
		return
	}
	edit(w, subnets, subnet, func(r *snapshot.Subnet) {
		if r.FreeIPs != nil {
			left := max(*r.FreeIPs-n, 0)
			r.FreeIPs = &left
		}
	})
}

// takeFor counts the addresses that a resource uses up in its subnet, or may use
// up in each that could turn out to be it.
func (w *World) takeFor(o *Object, n int) {
	if w.Filling {
		return
	}
	ids, pending := wanted(w, o, "subnet_id", subnets)
	for _, id := range ids {
		if pending == "" {
			w.take(id, n)
		} else {
			edit(w, subnets, id, func(r *snapshot.Subnet) { r.MaybeTaken, r.TakenBy = r.MaybeTaken+n, pending })
		}
	}
}

// takeUncounted notes that a resource may take any number of addresses of a subnet,
// which something pending decides.
func (w *World) takeUncounted(subnet string, pending snapshot.Pending) {
	if w.Filling || pending == "" {
		return
	}
	edit(w, subnets, subnet, func(r *snapshot.Subnet) {
		if r.FreeIPs != nil {
			r.MaybeTaken, r.TakenBy = max(r.MaybeTaken, *r.FreeIPs), pending
		}
	})
}

// block is the address block of a subnet.
func (w *World) block(subnet string) netip.Prefix {
	r, _ := find(w, subnets, subnet)
	return r.CIDR
}

// vpcOf is the VPC of a subnet.
func (w *World) vpcOf(subnet string) string {
	r, _ := find(w, subnets, subnet)
	return r.VPC
}

func groupRefs(ids []string) []snapshot.GroupRef {
	var out []snapshot.GroupRef
	for _, id := range ids {
		out = append(out, snapshot.GroupRef{ID: id})
	}
	return out
}

func without(list []string, s string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(e string) bool { return e == s })
}

// IDOfARN is the id at the end of an ARN, or the text itself.
func IDOfARN(s string) string {
	if !strings.HasPrefix(s, "arn:") {
		return s
	}
	return s[strings.LastIndexAny(s, "/:")+1:]
}

func prefixLists(s *snapshot.Scope) *snapshot.Table[snapshot.PrefixList] { return &s.PrefixLists }

func reservations(s *snapshot.Scope) *snapshot.Table[snapshot.Reservations] { return &s.Reservations }
