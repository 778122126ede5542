package iac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Overlay is one or more plans laid over a snapshot.
type Overlay struct {
	Plans    []*Plan
	compared map[*Plan]estate
	Kept     []Kept             // what the changes delete and something keeps; told by After
	given    *snapshot.Snapshot // the base as it is
	before   *snapshot.Snapshot
	changes  []Change
	scopes   map[string]int // by id of a row, and by provider
	fresh    []*object      // what the plans make
	renamed  map[string]string
	touched  map[string][]int // changes, by the ids that they are of or name
}

// New lays plans over a base, which stays as it is. What the base did not see
// and a plan's state knows is added to it. A nil base is one of which nothing is
// known.
//
// The error is that of a template that can't be laid over this base.
func New(base *snapshot.Snapshot, sources []Source) (*Overlay, error) {
	if base == nil {
		var err error
		if base, sources, err = standing(sources); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(sources); i++ { // what they hold in turn
		if p, ok := sources[i].(*Plan); ok {
			sources = slices.Insert(slices.Clone(sources), i+1, p.stacks...)
		}
	}
	plans, err := over(base, sources)
	if err != nil {
		return nil, err
	}
	o := &Overlay{Plans: plans, given: base, before: base.Clone(), renamed: map[string]string{}}
	made := map[string]bool{}
	for _, p := range plans {
		for _, c := range p.Changes {
			o.changes = append(o.changes, c)
			if c.after != nil && !c.after.exists {
				o.fresh = append(o.fresh, c.after)
			}
		}
		for _, r := range p.current {
			if !r.exists && made[r.id] {
				return nil, snapshot.Errorf("two plans make a resource called %s: judge them in separate runs", "2 つのプランが同じ名前のリソース %s を作成する。別々に実行する", r.id)
			}
		}
		for _, r := range p.current {
			made[r.id] = made[r.id] || !r.exists
		}
		for _, c := range p.Changes {
			if c.before != nil && c.after != nil && c.before.id != c.after.id {
				o.renamed[c.before.id] = c.after.id
			}
		}
	}
	o.differs()
	o.settleScopes()
	o.fill()
	return o, nil
}

// Before is the base, with what the plans know of it.
func (o *Overlay) Before() *snapshot.Snapshot { return o.before }

// Changes are those that may touch the path, in the order of the plans.
func (o *Overlay) Changes() []Change { return o.changes }

// IDs are the ids that a resource has before and after the changes, by its id
// before or its address in a plan.
func (o *Overlay) IDs(name string) (before, after string) {
	for _, p := range o.Plans {
		for _, list := range [][]*object{p.current, p.state} {
			for _, r := range list {
				if r.address == name {
					before = name
					if r.exists {
						before = r.id
					}
					return before, o.Renewed(r.id)
				}
			}
		}
	}
	return name, o.Renewed(name)
}

// Touches reports whether a change may matter to one of the tables.
func (o *Overlay) Touches(kinds []snapshot.Kind) bool {
	return slices.ContainsFunc(o.changes, func(c Change) bool {
		return slices.ContainsFunc(c.Kinds, func(k snapshot.Kind) bool { return slices.Contains(kinds, k) })
	})
}

// Concerns reports whether a change that may matter to one of the tables is of the
// resource with an id, or names it: a rule concerns its group.
func (o *Overlay) Concerns(id string, kinds []snapshot.Kind) bool {
	o.index()
	return id != "" && (o.Planned(id) || slices.ContainsFunc(o.touched[id], func(i int) bool {
		return slices.ContainsFunc(o.changes[i].Kinds, func(k snapshot.Kind) bool { return slices.Contains(kinds, k) })
	}))
}

// index notes which changes are of a resource, or name it.
func (o *Overlay) index() {
	if o.touched != nil {
		return
	}
	o.touched = map[string][]int{}
	for i, c := range o.changes {
		for _, id := range c.ids() {
			o.touched[id] = append(o.touched[id], i)
		}
	}
}

// Renewed is the id of what replaces a resource, or its own.
func (o *Overlay) Renewed(id string) string {
	if to, ok := o.renamed[id]; ok {
		return to
	}
	return id
}

// Planned reports whether an id is the address of a resource that does not exist
// yet.
func (o *Overlay) Planned(id string) bool {
	return slices.ContainsFunc(o.fresh, func(f *object) bool {
		return f.id == id || strings.HasPrefix(id, f.id+".") || strings.HasPrefix(id, f.id+"/")
	})
}

// AddressOf is the address of the resource with an id, if a plan manages it.
func (o *Overlay) AddressOf(id string) string {
	for _, p := range o.Plans {
		for _, r := range p.current {
			if r.id == id {
				return r.address
			}
		}
	}
	return ""
}

// After is the snapshot after those of the changes that pick chooses; nil chooses
// all of them.
func (o *Overlay) After(pick func(int) bool) *snapshot.Snapshot {
	w := o.world()
	var chosen []Change
	for i, c := range o.changes {
		if pick == nil || pick(i) {
			chosen = append(chosen, c)
		}
	}
	byRank := func(a, b Change) int { return cmp.Compare(models[a.Type].rank, models[b.Type].rank) }
	slices.SortStableFunc(chosen, byRank)
	var left []leftover
	for _, c := range slices.Backward(chosen) {
		if drop := models[c.Type].drop; drop != nil && c.before != nil && (c.Action != Update || remade(c)) {
			if c.Action != Update {
				left = append(left, w.leftover(c.before))
			}
			drop(w, c.before)
		}
	}
	for _, c := range chosen {
		if c.after == nil || models[c.Type].put == nil {
			continue
		}
		before := c.before
		if c.Action != Update || remade(c) {
			before = nil
		}
		models[c.Type].put(w, before, c.after)
	}
	kept := w.keep(left)
	if pick == nil {
		o.Kept = kept
		for _, p := range o.Plans {
			giveUp(w, p)
		}
	}
	return w.snap
}

// remade reports whether an update is made by taking away what was and putting
// what is, before which all else that goes must be gone: two rules may swap
// places.
func remade(c Change) bool { return models[c.Type].rank >= rankMember }

func (o *Overlay) world() *world {
	w := &world{snap: o.before.Clone()}
	w.homes = o.scopeOf
	w.kindOf = func(id string) string {
		for _, f := range o.fresh {
			if f.id == id {
				return f.kind
			}
		}
		return ""
	}
	w.fresh = o.Planned
	w.anything = slices.ContainsFunc(o.Plans, func(p *Plan) bool { return p.anything })
	return w
}

// giveUp gives up what planned resources may touch that are not modelled.
func giveUp(w *world, p *Plan) {
	for _, d := range p.doubts {
		for _, id := range d.ids {
			w.loseRow(id, d.gap)
		}
		if len(d.ids) == 0 && len(d.kinds) == 0 {
			w.loseInspected(d.gap)
		}
		scopes := w.snap.Scopes // where it lives is not always known
		if d.home.region != "" || d.home.provider != "" {
			scopes = []*snapshot.Scope{w.scope(d.object)}
		}
		for _, s := range scopes {
			for _, k := range d.kinds {
				s.Forget(k, d.gap)
			}
		}
	}
}

// fill adds what the state of a plan knows and the base did not see.
func (o *Overlay) fill() {
	w := o.world()
	w.filling = true
	filled := map[string]bool{}
	for _, p := range o.Plans {
		list := slices.Clone(p.state)
		slices.SortStableFunc(list, func(a, b *object) int { return cmp.Compare(models[a.kind].rank, models[b.kind].rank) })
		for _, r := range list {
			m := models[r.kind]
			if m.put == nil {
				continue
			}
			if m.rank == rankMember || m.rank == rankLast || m.rank == rankBlock {
				if container := containerOf(r); container != "" && filled[container] {
					m.put(w, nil, r)
				}
				continue
			}
			if !o.seen(w.snap, r.id) {
				m.put(w, nil, r)
				filled[r.id] = true
			}
		}
	}
	o.before = w.snap
}

// containerOf is the id of the row that a member is part of.
func containerOf(r *object) string {
	for _, name := range []string{"security_group_id", "network_acl_id", "route_table_id", "prefix_list_id", "vpc_endpoint_id", "network_interface_id", "transit_gateway_route_table_id", "vpn_gateway_id", "vpc_id"} {
		if v := r.known(name); v != "" {
			return v
		}
	}
	return ""
}

// seen reports whether the base knows a resource, or knows that it is not there.
func (o *Overlay) seen(snap *snapshot.Snapshot, id string) bool {
	return slices.ContainsFunc(snap.Scopes, func(s *snapshot.Scope) bool { return presenceIn(s, id, "") != snapshot.Unobserved })
}
