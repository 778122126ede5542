package iac

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// settleScopes finds the scope of every resource of the plans: the one whose
// rows hold it, else the one that its ARN, its own region, its provider, or what
// it stands in belongs to. Where there is none, a new scope is made.
func (o *Overlay) settleScopes() {
	o.scopes = map[string]int{}
	for i, s := range o.before.Scopes {
		for _, id := range resource.RowIDs(s) {
			o.scopes[id] = i
		}
	}
	for _, p := range o.Plans {
		all := slices.Clone(p.State)
		for _, c := range p.Changes {
			for _, r := range []*resource.Object{c.Before, c.After} {
				if r != nil {
					all = append(all, r)
				}
			}
		}
		for _, d := range p.Doubts {
			if d.Location.Region != "" || d.Location.Provider != "" || d.Takes > 0 {
				all = append(all, d.Object)
			}
		}
		o.settlePlan(all)
	}
}

// settlePlan finds the scopes of the resources of one plan. Its providers are
// learned from what they already manage; another plan's of the same name are
// others.
func (o *Overlay) settlePlan(all []*resource.Object) {
	learned := map[string]resource.Location{}
	for _, r := range all {
		h := learned[r.Location.Provider]
		if i, ok := o.scopes[r.ID]; ok && r.Exists && o.before.Scopes[i].Region != "" {
			h.Account, h.Region = o.before.Scopes[i].Account, o.before.Scopes[i].Region
		}
		if h.Account == "" {
			h.Account = r.Location.Account
		}
		if h.Region == "" {
			h.Region = r.Location.Region
		}
		learned[r.Location.Provider] = h
	}
	for _, r := range all {
		if i, ok := o.scopes[r.ID]; ok && r.Exists {
			o.scopes[placeKey(r)] = i
			continue
		}
		h := r.Location
		if l := learned[h.Provider]; h.Provider != "" {
			if h.Account == "" {
				h.Account = l.Account
			}
			if h.Region == "" {
				h.Region = l.Region
			}
		}
		o.scopes[placeKey(r)] = o.scopeFor(r, h)
	}
}

func placeKey(r *resource.Object) string {
	return "at " + r.Location.Provider + " " + r.Address + " " + r.ID
}

func (o *Overlay) scopeOf(r *resource.Object) int { return o.scopes[placeKey(r)] }

// scopeFor is the scope of an account and Region. Where a plan does not tell the
// Region, the scope of what the resource stands in counts, or the only one.
func (o *Overlay) scopeFor(r *resource.Object, h resource.Location) int {
	if h.Region == "" {
		for _, name := range resource.Types().Containers {
			if i, ok := o.scopes[r.Known(name)]; ok {
				return i
			}
		}
		if len(o.before.Scopes) == 1 {
			return 0
		}
	}
	var same []int
	for i, s := range o.before.Scopes {
		if s.Region == h.Region && (h.Account == "" || s.Account == "" || s.Account == snapshot.PlannedAccount || s.Account == h.Account) {
			same = append(same, i)
		}
	}
	if len(same) > 0 {
		exact := slices.IndexFunc(same, func(i int) bool { return o.before.Scopes[i].Account == h.Account })
		return same[max(exact, 0)]
	}
	name := h.Region
	if name == "" {
		name = "planned"
	}
	if h.Account != "" && slices.ContainsFunc(o.before.Scopes, func(s *snapshot.Scope) bool { return s.Name == name }) {
		name += "-" + h.Account
	}
	o.before.Scopes = append(o.before.Scopes, &snapshot.Scope{Name: name, Region: h.Region, Account: h.Account, Guessed: true, Planned: true})
	return len(o.before.Scopes) - 1
}
