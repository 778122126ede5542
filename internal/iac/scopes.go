package iac

import (
	"slices"

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
