package iac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Overlay is one or more plans laid over a snapshot.
type Overlay struct {
	Plans    []*resource.Plan
	compared map[*resource.Plan]estate
	InUse    []resource.InUse   // what the changes delete and something keeps; told by After
	given    *snapshot.Snapshot // the base as it is
	before   *snapshot.Snapshot
	changes  []resource.Change
	scopes   map[string]int     // by id of a row, and by provider
	fresh    []*resource.Object // what the plans make
	renamed  map[string]string
	touched  map[string][]int // changes, by the ids that they are of or name
}

// New lays plans over a base, which stays as it is. What the base did not see
// and a plan's state knows is added to it. A nil base is one of which nothing is
// known.
//
// The error is that of a template that can't be laid over this base.
func New(base *snapshot.Snapshot, sources []resource.Source) (*Overlay, error) {
	if base == nil {
		var err error
		if base, sources, err = standingEstate(sources); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(sources); i++ { // what they hold in turn
		if p, ok := sources[i].(*resource.Plan); ok {
			sources = slices.Insert(slices.Clone(sources), i+1, p.Stacks...)
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
			if c.After != nil && !c.After.Exists {
				o.fresh = append(o.fresh, c.After)
			}
		}
		for _, r := range p.Current {
			if !r.Exists && made[r.ID] {
				return nil, snapshot.Errorf("two plans make a resource called %s: judge them in separate runs", "2 つのプランが同じ名前のリソース %s を作成する。別々に実行する", r.ID)
			}
		}
		for _, r := range p.Current {
			made[r.ID] = made[r.ID] || !r.Exists
		}
		for _, c := range p.Changes {
			if c.Before != nil && c.After != nil && c.Before.ID != c.After.ID {
				o.renamed[c.Before.ID] = c.After.ID
			}
		}
	}
	o.settleScopes()
	o.differs()
	o.fill()
	return o, nil
}

// Before is the base, with what the plans know of it.
func (o *Overlay) Before() *snapshot.Snapshot { return o.before }

// Changes are those that may touch the path, in the order of the plans.
func (o *Overlay) Changes() []resource.Change { return o.changes }

// IDs are the ids that a resource has before and after the changes, by its id
// before or its address in a plan.
func (o *Overlay) IDs(name string) (before, after string) {
	for _, p := range o.Plans {
		for _, list := range [][]*resource.Object{p.Current, p.State} {
			for _, r := range list {
				if r.Address == name {
					before = name
					if r.Exists {
						before = r.ID
					}
					return before, o.Renewed(r.ID)
				}
			}
		}
	}
	return name, o.Renewed(name)
}

// Names are what the plans call their resources, and the types of those.
func (o *Overlay) Names() (addresses, types []string) {
	for _, p := range o.Plans {
		all := slices.Concat(p.State, p.Current, p.DataSources)
		for _, c := range p.Changes {
			addresses, types = append(addresses, c.Address), append(types, c.Type)
			all = append(all, c.Before, c.After)
		}
		for _, d := range p.Doubts {
			all = append(all, d.Object)
			types = append(types, d.Gap.Detail) // of what is not worked out, as the plan writes it
		}
		for _, r := range all {
			if r != nil {
				addresses, types = append(addresses, r.Address), append(types, r.Type)
				if !r.Exists {
					addresses = append(addresses, r.ID)
				}
			}
		}
		addresses = append(addresses, p.Changed...)
	}
	return addresses, types
}

// Touches reports whether a change may matter to one of the tables.
func (o *Overlay) Touches(kinds []snapshot.Kind) bool {
	return slices.ContainsFunc(o.changes, func(c resource.Change) bool {
		return slices.ContainsFunc(c.Kinds, func(k snapshot.Kind) bool { return slices.Contains(kinds, k) })
	}) || slices.Contains(kinds, snapshot.Subnets) && o.takes("")
}

// takes reports whether the plans make something that may take addresses of a subnet; ""
// for any.
func (o *Overlay) takes(subnet string) bool {
	return slices.ContainsFunc(o.Plans, func(p *resource.Plan) bool {
		return slices.ContainsFunc(p.Doubts, func(d resource.Doubt) bool {
			return d.Takes > 0 && (subnet == "" || d.In.Open || d.In.Untold || slices.Contains(d.IDs, subnet))
		})
	})
}

// Concerns reports whether a change that may matter to one of the tables is of the
// resource with an id, or names it: a rule concerns its group.
func (o *Overlay) Concerns(id string, kinds []snapshot.Kind) bool {
	o.index()
	return id != "" && (o.Planned(id) || slices.Contains(kinds, snapshot.Subnets) && o.takes(id) || slices.ContainsFunc(o.touched[id], func(i int) bool {
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
		for _, id := range c.IDs() {
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
	return slices.ContainsFunc(o.fresh, func(f *resource.Object) bool {
		return f.ID == id || strings.HasPrefix(id, f.ID+".") || strings.HasPrefix(id, f.ID+"/")
	})
}

// AddressOf is the address of the resource with an id, if a plan manages it.
func (o *Overlay) AddressOf(id string) string {
	for _, p := range o.Plans {
		for _, r := range p.Current {
			if r.ID == id {
				return r.Address
			}
		}
	}
	return ""
}

// After is the snapshot after those of the changes that pick chooses; nil chooses
// all of them.
func (o *Overlay) After(pick func(int) bool) *snapshot.Snapshot {
	w := o.world()
	var chosen []resource.Change
	for i, c := range o.changes {
		if pick == nil || pick(i) {
			chosen = append(chosen, c)
		}
	}
	kept := w.Apply(chosen)
	if pick == nil {
		o.InUse = kept
		for _, p := range o.Plans {
			giveUp(w, p)
		}
	}
	return w.Snapshot
}

func (o *Overlay) world() *resource.World {
	w := &resource.World{Snapshot: o.before.Clone()}
	w.ScopeOf = o.scopeOf
	w.TypeOf = func(id string) string {
		for _, f := range o.fresh {
			if f.ID == id {
				return f.Type
			}
		}
		return ""
	}
	w.IsNew = o.Planned
	w.RefersToExisting = slices.ContainsFunc(o.Plans, func(p *resource.Plan) bool { return p.RefersToExisting })
	return w
}

// giveUp gives up what planned resources may touch that are not modelled.
func giveUp(w *resource.World, p *resource.Plan) {
	w.MayTake(p.Doubts)
	for _, d := range p.Doubts {
		if d.Takes > 0 {
			continue
		}
		for _, id := range d.IDs {
			w.LoseRow(id, d.Gap)
		}
		if len(d.IDs) == 0 && len(d.Kinds) == 0 {
			w.LoseInspected(d.Gap)
		}
		scopes := w.Snapshot.Scopes // where it lives is not always known
		if d.Location.Region != "" || d.Location.Provider != "" {
			scopes = []*snapshot.Scope{w.Scope(d.Object)}
		}
		for _, s := range scopes {
			for _, k := range d.Kinds {
				s.Forget(k, d.Gap)
			}
		}
	}
}

// fill adds what the state of a plan knows and the base did not see.
func (o *Overlay) fill() {
	w := o.world()
	w.Filling = true
	filled := map[string]bool{}
	for _, p := range o.Plans {
		list := slices.Clone(p.State)
		slices.SortStableFunc(list, func(a, b *resource.Object) int {
			return cmp.Compare(resource.Types().Models[a.Type].Rank, resource.Types().Models[b.Type].Rank)
		})
		for _, r := range list {
			m := resource.Types().Models[r.Type]
			if m.Put == nil {
				continue
			}
			if m.Rank == resource.RankMember || m.Rank == resource.RankLast || m.Rank == resource.RankBlock {
				if container := r.Known(m.Container); container != "" && filled[container] {
					m.Put(w, nil, r)
				}
				continue
			}
			if !o.seen(w.Snapshot, r.ID) {
				m.Put(w, nil, r)
				filled[r.ID] = true
			}
		}
	}
	o.before = w.Snapshot
}

// seen reports whether the base knows a resource, or knows that it is not there.
func (o *Overlay) seen(snap *snapshot.Snapshot, id string) bool {
	return slices.ContainsFunc(snap.Scopes, func(s *snapshot.Scope) bool { return resource.PresenceIn(s, id, "") != snapshot.Unobserved })
}
