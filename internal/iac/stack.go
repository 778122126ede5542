package iac

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

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
func (t *Template) Over(base *Base) (*Plan, error) {
	p := &Plan{Template: !t.inside, Partial: t.partial, anything: true, onePlace: true, Standing: t.standing != nil}
	b := &binding{of: t, plan: p, body: t.body.copy(), base: base.Snapshot, imports: maps.Clone(base.Exports), physical: map[string]string{}, after: map[string]*object{}}
	if err := b.findStack(); err != nil {
		return nil, err
	}
	if t.deployed != nil {
		b.was = &binding{
			of: &Template{Region: t.Region, parameters: t.deployedWith}, plan: &Plan{Stack: p.Stack}, body: t.deployed, base: b.base, imports: b.imports,
			scope: b.scope, physical: maps.Clone(b.physical), past: t.standing == nil, after: map[string]*object{},
		}
		for _, r := range t.deployed.resources {
			if r.physical != "" {
				b.was.physical[r.id] = r.physical
			}
		}
		b.was.evaluate()
		b.was.learnImports()
		b.was.evaluate()
	}
	b.body.inline(t.Files, func(id string) bool {
		if b.was != nil {
			return b.was.eval.byID[id].id == ""
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
	p.Agents, p.declared = agents(p.current), b.body.declared()
	for _, c := range p.Changes {
		for _, o := range []*object{c.before, c.after} {
			if o != nil {
				o.byTemplate = true
			}
			if err := validate(o); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

type binding struct {
	of       *Template
	body     *sections // those of the template, with nested stacks in their places
	base     *snapshot.Snapshot
	plan     *Plan           // what comes of it
	scope    *snapshot.Scope // of the stack; nil if there is none yet
	physical map[string]string
	tagged   []snapshot.StackResource // what there is of the stack
	imports  map[string]any           // by the names of exports
	was      *binding                 // of the template that the stack has now; nil: not known
	past     bool                     // this is that one: which parameters it was given is not known
	eval     *evaluator
	after    map[string]*object // by logical id
	order    []declaredResource
}

// evaluate works the functions of the template out, and settles the id that each
// resource has after the change: its own, or that of a replacement.
func (b *binding) evaluate() {
	t := b.body
	b.order = nil
	e := &evaluator{t: t, parameters: b.of.parameters, region: b.region(), stack: b.plan.Stack, imports: b.imports, ids: map[string]string{}, objects: b.after, byID: map[string]declaredResource{}}
	if b.scope != nil {
		e.account = b.scope.Account
	}
	if e.stack == "" {
		e.stack = "stack"
	}
	b.eval = e
	if b.past {
		e.keeps = func(string) bool { return true }
	}
	for _, r := range t.resources {
		if r.condition != "" {
			yes, known := e.condition(r.condition, 0)
			if b.past && !known { // it may be there
				yes, known, r.maybe = true, true, true
			}
			if !known {
				if kinds := kindsOf(r.kind); len(kinds) > 0 || foreign(r.kind) {
					if foreign(r.kind) {
						kinds = everything
					}
					b.plan.doubtful(&object{address: r.id, kind: r.kind, id: r.id}, kinds, snapshot.KnownAfterApply, "Conditions."+r.condition, r.id)
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
		return int(models[words[x.kind].kind].rank) - int(models[words[y.kind].kind].rank)
	})
	for range 2 { // the second time with the ids of what is replaced
		for _, r := range b.order {
			w, ok := words[r.kind]
			if !ok {
				continue
			}
			o := b.translate(r)
			if r.maybe {
				o.attrs["condition"] = unknown(r.id + ".Condition")
			}
			if id := b.physical[r.id]; id != "" {
				o.id, o.exists = id, true
				if was := shownBy(b.base, o); was != nil {
					b.reconcile(r, was, o)
					if replaced(w, was, o) {
						o.id, o.exists = r.id, false
					}
				}
			}
			o.home = b.home()
			e.ids[r.id] = o.id
			b.after[r.id] = o
		}
	}
}

// home is where the resources of the stack are.
func (b *binding) home() home {
	return home{account: b.of.account, region: b.eval.region}
}

// translate is a resource in the words of Terraform.
func (b *binding) translate(r declaredResource) *object {
	o := translate(r.id, r.kind, b.properties(r))
	o.place = r.place
	return o
}

func (b *binding) properties(r declaredResource) map[string]any { return b.eval.properties(r) }

// reconcile settles the attributes that are not what AWS shows. One about which the
// template is as it was stays as it is: CloudFormation does not mend what others
// have changed. One that depends on a parameter that is not given may keep the
// value that the stack has for it.
func (b *binding) reconcile(r declaredResource, was, o *object) {
	var open *object
	for name, v := range o.attrs {
		told, ok := was.attrs[name]
		if !ok || equal(told, v) {
			continue
		}
		if b.was != nil && b.wrote(r, name, v) {
			o.attrs[name] = told
			continue
		}
		if b.was != nil && anyUnknown(v) && slices.Contains(words[r.kind].keep, name) { // another one may be made
			b.plan.doubtful(&object{address: r.id, kind: o.kind, id: o.id, home: b.home()}, models[o.kind].kinds, snapshot.KnownAfterApply, r.id+"."+name, r.id)
		}
		if open == nil {
			open = b.openly(func() *object { return b.translate(r) })
		}
		if x := open.attrs[name]; !equal(x, v) {
			if o.attrs[name] = x; slices.Contains(words[r.kind].keep, name) {
				o.attrs[name] = told // or all that is in it would be made anew
			}
		}
	}
}

// wrote reports whether the template says the same of a resource, and nothing that
// it says depends on a value that may be another one at each update.
func (b *binding) wrote(r declaredResource, name string, v any) bool {
	before := b.was.after[r.id]
	if before == nil {
		return false
	}
	if !anyUnknown(before.attrs[name]) && !anyUnknown(v) {
		return equal(before.attrs[name], v)
	}
	return b.sameWords(r)
}

// sameWords is wrote for all that is said of a resource.
func (b *binding) sameWords(r declaredResource) bool {
	old, ok := b.was.eval.byID[r.id]
	if !ok || old.condition != r.condition || !reflect.DeepEqual(old.properties, r.properties) {
		return false
	}
	if r.condition != "" && len(b.of.parameters) > 0 { // what it rests on is not followed
		return false
	}
	moved := false // what it refers to is another one, or says something else
	mentions(r.properties, func(id string) {
		other, ok := b.eval.byID[id]
		if _, modelled := words[other.kind]; ok && !modelled {
			moved = moved || !reflect.DeepEqual(b.was.eval.byID[id].properties, other.properties)
		}
		if o := b.after[id]; o != nil {
			moved = moved || b.physical[id] != "" && !o.exists
		}
	})
	return !moved && !b.eval.open(r.properties, b.of.parameters, 0)
}

// openly reads resources with the parameters unknown that are not given and may
// have another value in the stack than the default.
func (b *binding) openly(read func() *object) *object {
	if b.scope != nil && len(b.tagged) > 0 && !b.past && b.of.standing == nil {
		b.eval.keeps = func(name string) bool {
			if b.was == nil {
				return true
			}
			_, had := b.was.body.parameters[name]
			return had
		}
		defer func() { b.eval.keeps = nil }()
	}
	return read()
}

// replaced reports whether something changes that can't be changed.
func replaced(w word, was, o *object) bool {
	for _, name := range w.keep {
		a, b := was.known(name), o.known(name)
		if a != "" && b != "" && !strings.EqualFold(a, b) {
			return true
		}
	}
	return false
}

// entities are the resources that are rows of their own.
func (b *binding) entities() {
	p := b.plan
	b.unread()
	b.loops()
	for _, r := range b.order {
		o := b.after[r.id]
		b.fill(r)
		if o == nil {
			if b.was == nil || !b.sameWords(r) {
				p.others = append(p.others, r.id)
			}
			b.doubt(r)
			continue
		}
		p.current = append(p.current, o)
		m := models[o.kind]
		if m.put == nil || m.rank >= rankMember {
			continue
		}
		c := Change{Address: r.id, Type: o.kind, Kinds: m.kinds, Place: r.place, after: o}
		was := shownBy(b.base, &object{kind: o.kind, id: b.physical[r.id]})
		switch {
		case b.physical[r.id] == "":
			c.Action = Create
		case !o.exists:
			c.Action, c.before = Replace, &object{address: r.id, kind: o.kind, id: b.physical[r.id], exists: true, attrs: map[string]any{}}
			if was != nil {
				c.before.attrs = was.attrs
			}
		default:
			c.Action, c.before = Update, was
			if was == nil {
				c.before = &object{address: r.id, kind: o.kind, id: o.id, exists: true, attrs: map[string]any{}}
			} else if !changes(was, o) {
				continue
			}
		}
		p.Changes = append(p.Changes, c)
	}
	for _, gone := range b.gone() {
		w, ok := words[gone.kind]
		if ok && b.of.changeSet != nil && models[w.kind].rank >= rankMember {
			if gone.vague { // what a part said before, a change set does not always tell
				p.doubtful(&object{address: gone.id, kind: w.kind, id: gone.physical, home: b.home()}, models[w.kind].kinds, snapshot.ValuesUntold, gone.id, w.kind)
			}
			continue
		}
		if _, odd := strange[gone.kind]; odd || holds(gone.kind) {
			p.doubtful(&object{address: gone.id, kind: gone.kind, id: gone.id, home: b.home()}, everything, snapshot.NotModelled, gone.id, gone.kind)
		} else if foreign(gone.kind) && b.was != nil {
			b.provided(gone, b.was)
		}
		if !ok || models[w.kind].drop == nil || gone.physical == "" || b.retains(gone.id) {
			continue
		}
		before := &object{address: gone.id, kind: w.kind, id: gone.physical, exists: true, attrs: map[string]any{}}
		if was := shownBy(b.base, before); was != nil {
			before.attrs = was.attrs
		}
		p.Changes = append(p.Changes, Change{Address: gone.id, Type: w.kind, Action: Delete, Kinds: models[w.kind].kinds, Place: gone.place, before: before})
	}
	if b.of.changeSet != nil {
		for _, r := range b.order {
			// A rule that is changed, or taken out of a group, leaves the list that it was in.
			if o := b.after[r.id]; o != nil && r.vague && r.physical != "" && (o.kind == "aws_security_group" || models[o.kind].rank >= rankMember) {
				p.doubtful(&object{address: r.id, kind: o.kind, id: o.id, home: b.home()}, models[o.kind].kinds, snapshot.ValuesUntold, r.id, r.kind)
			}
		}
		for _, v := range b.of.changeSet.vague {
			if _, odd := strange[v.kind]; odd || holds(v.kind) || foreign(v.kind) {
				p.doubtful(&object{address: v.id, kind: v.kind, id: v.id}, everything, snapshot.NotModelled, v.id, v.kind)
			}
			if w, ok := words[v.kind]; ok {
				p.doubtful(&object{address: v.id, kind: w.kind, id: v.physical, exists: v.physical != ""}, models[w.kind].kinds, snapshot.ValuesUntold, v.id, v.kind)
			}
		}
	}
}

// retains reports whether the template that the stack has now keeps a resource that
// is taken out of it.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
func (b *binding) retains(id string) bool {
	return b.was != nil && strings.HasPrefix(b.was.eval.byID[id].deletion, "Retain")
}

// gone lists what there is of the stack and will not be.
func (b *binding) gone() []declaredResource {
	if b.of.changeSet != nil {
		return b.of.changeSet.removed
	}
	var out []declaredResource
	for _, r := range b.tagged {
		if _, declared := b.eval.byID[r.LogicalID]; !declared {
			out = append(out, declaredResource{id: r.LogicalID, kind: r.Kind, physical: r.ID})
		}
	}
	if b.was != nil {
		for _, r := range b.was.order {
			_, odd := strange[r.kind]
			if _, declared := b.eval.byID[r.id]; !declared && (odd || holds(r.kind) || foreign(r.kind)) && !b.retains(r.id) {
				out = append(out, r) // it carries no tags
			}
		}
	}
	slices.SortFunc(out, func(x, y declaredResource) int { return strings.Compare(x.id, y.id) })
	return out
}

// doubt notes a resource that is not modelled, where it may touch the path. One
// that is written as before stays as it is.
func (b *binding) doubt(r declaredResource) {
	kind, odd := strange[r.kind]
	switch {
	case !odd && !holds(r.kind) && !foreign(r.kind):
		return
	case b.of.changeSet == nil && b.was != nil && b.sameWords(r) && r.child() == "": // a change set lists only what changes
		return
	case foreign(r.kind):
		b.provided(r, b)
		return
	}
	kinds := unmodelled[kind]
	if holds(r.kind) || b.of.changeSet != nil || b.was != nil {
		kinds = everything
	}
	b.plan.doubtful(&object{address: r.id, kind: r.kind, id: r.id, home: b.home()}, kinds, snapshot.NotModelled, r.id, r.kind)
}

// changes reports whether an attribute that the template sets is another one in
// AWS.
func changes(was, o *object) bool {
	for name := range o.attrs {
		if _, told := was.attrs[name]; told && !equal(was.attrs[name], o.attrs[name]) {
			return true
		}
	}
	return false
}

func equal(a, b any) bool {
	if s, ok := a.(string); ok && strings.HasPrefix(s, "{") {
		var x, y any
		if json.Unmarshal([]byte(s), &x) == nil && json.Unmarshal([]byte(plainText(b)), &y) == nil {
			return reflect.DeepEqual(x, y)
		}
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}
