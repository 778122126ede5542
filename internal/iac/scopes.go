package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// settleScopes finds the scope of every resource of the plans: the one whose
// rows hold it, else the one that its ARN, its own region, its provider, or what
// it stands in belongs to. Where there is none, a new scope is made.
func (o *Overlay) settleScopes() {
	o.scopes = map[string]int{}
	for i, s := range o.before.Scopes {
		for _, id := range rowIDs(s) {
			o.scopes[id] = i
		}
	}
	for _, p := range o.Plans {
		all := slices.Clone(p.state)
		for _, c := range p.Changes {
			for _, r := range []*object{c.before, c.after} {
				if r != nil {
					all = append(all, r)
				}
			}
		}
		for _, d := range p.doubts {
			if d.home.region != "" || d.home.provider != "" {
				all = append(all, d.object)
			}
		}
		o.settleHomes(all)
	}
}

// settleHomes finds the scopes of the resources of one plan. Its providers are
// learned from what they already manage; another plan's of the same name are
// others.
func (o *Overlay) settleHomes(all []*object) {
	learned := map[string]home{}
	for _, r := range all {
		h := learned[r.home.provider]
		if i, ok := o.scopes[r.id]; ok && r.exists && o.before.Scopes[i].Region != "" {
			h.account, h.region = o.before.Scopes[i].Account, o.before.Scopes[i].Region
		}
		if h.account == "" {
			h.account = r.home.account
		}
		if h.region == "" {
			h.region = r.home.region
		}
		learned[r.home.provider] = h
	}
	for _, r := range all {
		if i, ok := o.scopes[r.id]; ok && r.exists {
			o.scopes[placeKey(r)] = i
			continue
		}
		h := r.home
		if l := learned[h.provider]; h.provider != "" {
			if h.account == "" {
				h.account = l.account
			}
			if h.region == "" {
				h.region = l.region
			}
		}
		o.scopes[placeKey(r)] = o.scopeFor(r, h)
	}
}

func placeKey(r *object) string { return "at " + r.home.provider + " " + r.address + " " + r.id }

func (o *Overlay) scopeOf(r *object) int { return o.scopes[placeKey(r)] }

// scopeFor is the scope of an account and Region. Where a plan does not tell the
// Region, the scope of what the resource stands in counts, or the only one.
func (o *Overlay) scopeFor(r *object, h home) int {
	if h.region == "" {
		for _, name := range []string{"vpc_id", "subnet_id", "security_group_id", "route_table_id", "network_acl_id", "vpc_endpoint_id", "transit_gateway_id", "transit_gateway_route_table_id", "prefix_list_id"} {
			if i, ok := o.scopes[r.known(name)]; ok {
				return i
			}
		}
		if len(o.before.Scopes) == 1 {
			return 0
		}
	}
	var same []int
	for i, s := range o.before.Scopes {
		if s.Region == h.region && (h.account == "" || s.Account == "" || s.Account == snapshot.PlannedAccount || s.Account == h.account) {
			same = append(same, i)
		}
	}
	if len(same) > 0 {
		exact := slices.IndexFunc(same, func(i int) bool { return o.before.Scopes[i].Account == h.account })
		return same[max(exact, 0)]
	}
	name := h.region
	if name == "" {
		name = "planned"
	}
	if h.account != "" && slices.ContainsFunc(o.before.Scopes, func(s *snapshot.Scope) bool { return s.Name == name }) {
		name += "-" + h.account
	}
	o.before.Scopes = append(o.before.Scopes, &snapshot.Scope{Name: name, Region: h.region, Account: h.account, Guessed: true, Planned: true})
	return len(o.before.Scopes) - 1
}

// rowIDs are the ids of the rows that a plan may refer to.
func rowIDs(s *snapshot.Scope) []string {
	var out []string
	out = appendIDs(out, s.VPCs, func(r snapshot.VPC) string { return r.ID })
	out = appendIDs(out, s.Subnets, func(r snapshot.Subnet) string { return r.ID })
	out = appendIDs(out, s.SecurityGroups, func(r snapshot.SecurityGroup) string { return r.ID })
	out = appendIDs(out, s.NetworkACLs, func(r snapshot.NetworkACL) string { return r.ID })
	out = appendIDs(out, s.RouteTables, func(r snapshot.RouteTable) string { return r.ID })
	out = appendIDs(out, s.Endpoints, func(r snapshot.Endpoint) string { return r.ID })
	out = appendIDs(out, s.Interfaces, func(r snapshot.Interface) string { return r.ID })
	out = appendIDs(out, s.Instances, func(r snapshot.Instance) string { return r.ID })
	out = appendIDs(out, s.PrefixLists, func(r snapshot.PrefixList) string { return r.ID })
	out = appendIDs(out, s.TransitGatewayRouteTables, func(r snapshot.TransitGatewayRouteTable) string { return r.ID })
	return appendIDs(out, s.VPNGateways, func(r snapshot.VPNGateway) string { return r.ID })
}

func appendIDs[T snapshot.Row](out []string, t snapshot.Table[T], id func(T) string) []string {
	for _, r := range t.All() {
		out = append(out, id(r))
	}
	return out
}

// ofARN takes account and Region from an ARN.
func (h home) ofARN(arn string) home {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && parts[0] == "arn" {
		if parts[3] != "" {
			h.region = parts[3]
		}
		if len(parts[4]) == 12 {
			h.account = parts[4]
		}
	}
	return h
}
