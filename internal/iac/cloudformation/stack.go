package cloudformation

import (
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// A template says what a stack will be, not what changes. What there is of the
// stack already is told by the tags that CloudFormation puts on its resources, or
// by a change set. Rules, entries, routes and associations have no tags: which of
// them are the stack's is told by the template that it has now, and otherwise what
// the template does not name may go or stay.

// bind works a template out against the base that it is laid over.
// exports are the values that the templates bound before export, and gets those of
// this one.
func (t *Template) Over(base *resource.Base) (*resource.Plan, error) {
	p := &resource.Plan{Template: !t.inside, Partial: t.partial, RefersToExisting: true, OnePlace: true, Standing: t.standing != nil}
	b := &binding{template: t, plan: p, body: t.body.copy(), base: base.Snapshot, imports: maps.Clone(base.Exports), physical: map[string]string{}, after: map[string]*resource.Object{}}
	if t.changeSet != nil {
		p.Places = append(p.Places, t.changeSet.at)
	}
	if err := b.findStack(); err != nil {
		return nil, err
	}
	if t.deployed != nil {
		b.deployed = &binding{
			template: &Template{Region: t.Region, parameters: t.deployedWith}, plan: &resource.Plan{Stack: p.Stack}, body: t.deployed, base: b.base, imports: b.imports,
			scope: b.scope, physical: maps.Clone(b.physical), isDeployed: t.standing == nil, after: map[string]*resource.Object{},
		}
		for _, r := range t.deployed.resources {
			if r.physical != "" {
				b.deployed.physical[r.id] = r.physical
			}
		}
		b.deployed.evaluate()
		b.deployed.learnImports()
		b.deployed.evaluate()
	}
	b.body.inline(t.Files, func(id string) bool {
		if b.deployed != nil {
			return b.deployed.eval.byID[id].id == ""
		}
		return len(b.tagged) == 0
	})
	if err := b.body.circles(); err != nil {
		return nil, err
	}
	b.evaluate()
	b.entities()
	b.members()
	b.exports(base.Exports)
	p.Agents, p.Declared = resource.Agents(p.Current), b.body.declared()
	for _, c := range p.Changes {
		for _, o := range []*resource.Object{c.Before, c.After} {
			if o != nil {
				o.ByTemplate = true
			}
			if err := resource.Validate(o); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

type binding struct {
	template   *Template
	body       *sections // those of the template, with nested stacks in their places
	base       *snapshot.Snapshot
	plan       *resource.Plan  // what comes of it
	scope      *snapshot.Scope // of the stack; nil if there is none yet
	physical   map[string]string
	tagged     []resource.StackResource // what there is of the stack
	imports    map[string]any           // by the names of exports
	deployed   *binding                 // of the template that the stack has now; nil: not known
	isDeployed bool                     // this is that one: which parameters it was given is not known
	eval       *evaluator
	after      map[string]*resource.Object // by logical id
	order      []declaredResource
}

// evaluate works the functions of the template out, and settles the id that each
// resource has after the change: its own, or that of a replacement.
func (b *binding) evaluate() {
	t := b.body
	b.order = nil
	e := &evaluator{sections: t, parameters: b.template.parameters, region: b.region(), stack: b.plan.Stack, imports: b.imports, ids: map[string]string{}, objects: b.after, byID: map[string]declaredResource{}}
	if b.scope != nil {
		e.account = b.scope.Account
	}
	if e.stack == "" {
		e.stack = "stack"
	}
	b.eval = e
	if b.isDeployed {
		e.keepsDeployed = func(string) bool { return true }
	}
	for _, r := range t.resources {
		if r.condition != "" {
			yes, known := e.condition(r.condition, 0)
			if b.isDeployed && !known { // it may be there
				yes, known, r.maybe = true, true, true
			}
			kinds := resource.KindsOf(r.kind)
			if !known && (resource.Unread(r.kind) || len(kinds) == 0 && !resource.Foreign(r.kind)) { // it may be there: what it names it may change, or take addresses of
				yes, known = true, true
			}
			if !known {
				if len(kinds) > 0 || resource.Foreign(r.kind) {
					if resource.Foreign(r.kind) {
						kinds = resource.Everything
					}
					b.plan.Doubt(&resource.Object{Address: r.id, Type: r.kind, ID: r.id}, kinds, snapshot.KnownAfterApply, "Conditions."+r.condition, r.id)
				}
			}
			if !yes || !known {
				continue
			}
		}
		b.order = append(b.order, r)
		e.byID[r.id] = r
		e.ids[r.id] = r.id
		if id := b.physical[r.id]; id != "" {
			e.ids[r.id] = id
		}
	}
	slices.SortStableFunc(b.order, func(x, y declaredResource) int {
		return int(resource.Types().CloudFormation[x.kind].Rank) - int(resource.Types().CloudFormation[y.kind].Rank)
	})
	for range 2 { // the second time with the ids of what is replaced
		for _, r := range b.order {
			w, ok := resource.Types().CloudFormation[r.kind]
			if !ok {
				continue
			}
			o := b.translate(r)
			if r.maybe {
				o.Attributes["condition"] = resource.Unknown(r.id + ".Condition")
			}
			if id := b.physical[r.id]; id != "" {
				o.ID, o.Exists = id, true
				if shown := resource.Shown(b.base, o); shown != nil {
					b.reconcile(r, shown, o)
					if replaced(w, shown, o) {
						o.ID, o.Exists = r.id, false
					}
				}
			}
			o.Location = b.location()
			e.ids[r.id] = o.ID
			b.after[r.id] = o
		}
	}
}

// location is where the resources of the stack are.
func (b *binding) location() resource.Location {
	return resource.Location{Account: b.template.account, Region: b.eval.region}
}

// translate is a resource in the words of Terraform.
func (b *binding) translate(r declaredResource) *resource.Object {
	o := resource.Translate(r.id, r.kind, b.properties(r))
	o.Place = r.place
	return o
}

func (b *binding) properties(r declaredResource) map[string]any { return b.eval.properties(r) }

// entities are the resources that are rows of their own.
func (b *binding) entities() {
	p := b.plan
	b.unread()
	b.loops()
	for _, r := range b.order {
		o := b.after[r.id]
		b.fill(r)
		b.takes(r)
		if o == nil {
			if b.deployed == nil || !b.writtenAsDeployed(r) {
				p.Changed = append(p.Changed, r.id)
			}
			b.doubt(r)
			continue
		}
		p.Current = append(p.Current, o)
		m := resource.Types().Models[o.Type]
		if m.Put == nil || m.Rank >= resource.RankMember {
			continue
		}
		c := resource.Change{Address: r.id, Type: o.Type, Kinds: m.Kinds, Place: r.place, After: o}
		if m.Rows == nil && b.deployed != nil && b.writtenAsDeployed(r) {
			continue // no row tells that it is there
		}
		shown := resource.Shown(b.base, &resource.Object{Type: o.Type, ID: b.physical[r.id]})
		switch {
		case b.physical[r.id] == "":
			c.Action = resource.Create
		case !o.Exists:
			c.Action, c.Before = resource.Replace, &resource.Object{Address: r.id, Type: o.Type, ID: b.physical[r.id], Exists: true, Attributes: map[string]any{}}
			if shown != nil {
				c.Before.Attributes = shown.Attributes
			}
			if b.keepsReplaced(r.id) {
				b.plan.Doubt(o, m.Kinds, snapshot.NotModelled, r.id, "UpdateReplacePolicy")
			}
		default:
			c.Action, c.Before = resource.Update, shown
			if shown == nil {
				c.Before = &resource.Object{Address: r.id, Type: o.Type, ID: o.ID, Exists: true, Attributes: map[string]any{}}
			} else if !changes(shown, o) {
				continue
			}
		}
		p.Changes = append(p.Changes, c)
	}
	for _, gone := range b.gone() {
		w, ok := resource.Types().CloudFormation[gone.kind]
		if ok && b.template.changeSet != nil && w.Rank >= resource.RankMember {
			if gone.vague { // what a part said before, a change set does not always tell
				p.Doubt(&resource.Object{Address: gone.id, Type: w.Name, ID: gone.physical, Location: b.location()}, w.Kinds, snapshot.ValuesUntold, gone.id, w.Name)
			}
			continue
		}
		if _, odd := resource.Types().UnmodelledInCloudFormation[gone.kind]; odd || resource.Holds(gone.kind) || gone.vague && b.named(gone.kind) {
			p.Doubt(&resource.Object{Address: gone.id, Type: gone.kind, ID: gone.id, Location: b.location()}, resource.Everything, snapshot.NotModelled, gone.id, gone.kind)
		} else if b.named(gone.kind) && b.deployed != nil {
			b.provided(gone, b.deployed)
		}
		retained, known := b.retains(gone.id)
		if !ok || w.Drop == nil || gone.physical == "" || retained {
			continue
		}
		if !known {
			b.mayStay(gone, w)
			continue
		}
		before := &resource.Object{Address: gone.id, Type: w.Name, ID: gone.physical, Exists: true, Attributes: map[string]any{}}
		if shown := resource.Shown(b.base, before); shown != nil {
			before.Attributes = shown.Attributes
		}
		p.Changes = append(p.Changes, resource.Change{Address: gone.id, Type: w.Name, Action: resource.Delete, Kinds: w.Kinds, Place: gone.place, Before: before})
	}
	if b.template.changeSet != nil {
		for _, r := range b.order {
			// A rule that is changed, or taken out of a group, leaves the list that it was in.
			if o := b.after[r.id]; o != nil && r.vague && r.physical != "" && (resource.Types().Of(o.Type).Inline != nil || resource.Types().Models[o.Type].Rank >= resource.RankMember) {
				p.Doubt(&resource.Object{Address: r.id, Type: o.Type, ID: o.ID, Location: b.location()}, resource.Types().Models[o.Type].Kinds, snapshot.ValuesUntold, r.id, r.kind)
			}
		}
		for _, v := range b.template.changeSet.vague {
			if _, odd := resource.Types().UnmodelledInCloudFormation[v.kind]; odd || resource.Holds(v.kind) || b.named(v.kind) {
				p.Doubt(&resource.Object{Address: v.id, Type: v.kind, ID: v.id}, resource.Everything, snapshot.NotModelled, v.id, v.kind)
			}
			if resource.TakesMany(v.kind) && (v.physical == "" || resource.AnyNumber(v.kind)) {
				p.MayTake(&resource.Object{Address: v.id, Type: v.kind, ID: v.id, Location: b.location()}, v.kind, resource.Taking(v.kind), resource.Standing{Untold: true})
			}
			if w, ok := resource.Types().CloudFormation[v.kind]; ok {
				p.Doubt(&resource.Object{Address: v.id, Type: w.Name, ID: v.physical, Exists: v.physical != ""}, w.Kinds, snapshot.ValuesUntold, v.id, v.kind)
			}
		}
	}
}

// mayStay leaves open whether what is taken out of a template goes.
func (b *binding) mayStay(gone declaredResource, w resource.Type) {
	o := &resource.Object{Address: gone.id, Type: w.Name, ID: gone.physical, Location: b.location()}
	switch {
	case w.Rows == nil:
		b.plan.Doubt(o, w.Kinds, snapshot.MaybeKept, gone.id, gone.physical)
	default:
		b.plan.DoubtRows(o, []string{gone.physical}, snapshot.MaybeKept, gone.physical)
	}
}

// retains reports whether a resource that is taken out of a template is kept, and whether
// that is known: the template that the stack has now says so.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
func (b *binding) retains(id string) (yes, known bool) {
	if b.deployed == nil {
		return false, false
	}
	r, declared := b.deployed.eval.byID[id]
	if !declared && b.template.changeSet == nil {
		return false, false
	}
	return b.deployed.eval.keeps(r.deletion, id)
}

// keepsReplaced reports whether what a change replaces may stay beside what replaces it:
// which of the two templates decides that is not documented.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
func (b *binding) keepsReplaced(id string) bool {
	yes, known := b.eval.keeps(b.eval.byID[id].replacing, id)
	if b.deployed != nil && known && !yes {
		yes, known = b.deployed.eval.keeps(b.deployed.eval.byID[id].replacing, id)
	}
	return yes || !known
}

// keeps reads a policy of a resource, which may be an expression.
func (e *evaluator) keeps(policy any, id string) (yes, known bool) {
	if policy == nil {
		return false, true
	}
	s, known := e.value(policy, id).(string)
	return known && strings.HasPrefix(s, "Retain"), known
}

// gone lists what there is of the stack and will not be.
func (b *binding) gone() []declaredResource {
	if b.template.changeSet != nil {
		return b.template.changeSet.removed
	}
	var out []declaredResource
	for _, r := range b.tagged {
		if _, declared := b.eval.byID[r.LogicalID]; !declared {
			out = append(out, declaredResource{id: r.LogicalID, kind: r.Kind, physical: r.ID})
		}
	}
	if b.deployed != nil {
		for _, r := range b.deployed.order {
			_, odd := resource.Types().UnmodelledInCloudFormation[r.kind]
			retained, _ := b.retains(r.id)
			if now, declared := b.eval.byID[r.id]; (!declared || now.kind != r.kind) && (odd || resource.Holds(r.kind) || b.named(r.kind)) && !retained {
				out = append(out, r) // it carries no tags
			}
		}
	}
	slices.SortFunc(out, func(x, y declaredResource) int { return strings.Compare(x.id, y.id) })
	return out
}

// named reports whether a type may do anything to what its properties name. A share does
// where there was one: the other account loses what it was given.
func (b *binding) named(kind string) bool {
	return resource.Foreign(kind) || resource.Types().InTemplates(kind).Shares && (b.deployed != nil || len(b.tagged) > 0)
}

// doubt notes a resource that is not modelled, where it may touch the path. One
// that is written as before stays as it is.
func (b *binding) doubt(r declaredResource) {
	kind, odd := resource.Types().UnmodelledInCloudFormation[r.kind]
	switch {
	case !odd && !resource.Holds(r.kind) && !b.named(r.kind):
		return
	case b.template.changeSet == nil && b.deployed != nil && b.writtenAsDeployed(r) && r.child() == "": // a change set lists only what changes
		return
	case b.named(r.kind):
		b.provided(r, b)
		if b.deployed != nil {
			if before, was := b.deployed.eval.byID[r.id]; was { // it may undo what it did
				b.provided(before, b.deployed)
			}
		}
		return
	}
	kinds := resource.Types().Unmodelled[kind]
	if resource.Holds(r.kind) || b.template.changeSet != nil || b.deployed != nil {
		kinds = resource.Everything
	}
	b.plan.Doubt(&resource.Object{Address: r.id, Type: r.kind, ID: r.id, Location: b.location()}, kinds, snapshot.NotModelled, r.id, r.kind)
}
