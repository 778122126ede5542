package cloudformation

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// members are the parts of groups, ACLs and tables: what the template says is
// held against the template that the stack has now, else against what there is.
func (b *binding) members() {
	for _, r := range b.order {
		if o := b.after[r.id]; o != nil && resource.Types().Of(o.Type).Adopts {
			o.Exists = true
			o.ID = o.Known("id")
			b.plan.Changes = append(b.plan.Changes, resource.Change{Address: r.id, Type: o.Type, Action: resource.Create, Kinds: resource.Types().Models[o.Type].Kinds, Place: r.place, After: o})
		}
	}
	stated := b.stated()
	open := map[string]*resource.Object{}
	b.withDefaultsOpen(func() *resource.Object {
		for _, r := range b.order {
			if o := b.after[r.id]; o != nil && resource.Types().Models[o.Type].Rank >= resource.RankMember {
				x := b.translate(r)
				x.Location = o.Location
				open[x.ID] = x
			} else if o != nil {
				for _, x := range b.inlineRules(r, o) {
					open[x.ID] = x
				}
			}
		}
		return nil
	})
	if b.deployed != nil {
		b.difference(stated, open)
		return
	}
	var shown []*resource.Object
	for id, o := range b.after {
		if o.Exists {
			shown = append(shown, resource.PartsShown(b.base, id, o, stated)...)
		}
	}
	slices.SortFunc(shown, func(x, y *resource.Object) int {
		return strings.Compare(resource.Slot(x)+x.Address+resource.Contents(x), resource.Slot(y)+y.Address+resource.Contents(y))
	})
	stated = slices.DeleteFunc(stated, func(o *resource.Object) bool {
		i := slices.IndexFunc(shown, func(x *resource.Object) bool { return resource.Contents(x) == resource.Contents(o) })
		if i >= 0 {
			shown = slices.Delete(shown, i, i+1)
		}
		return i >= 0
	})
	for _, o := range stated {
		if x := open[o.ID]; x != nil && resource.Contents(x) != resource.Contents(o) {
			o = x
		}
		c := resource.Change{Address: o.Address, Type: o.Type, Action: resource.Create, Kinds: resource.Types().Models[o.Type].Kinds, Place: o.Place, After: o}
		if i := slices.IndexFunc(shown, func(x *resource.Object) bool {
			return resource.Slot(x) == resource.Slot(o) || resource.LikelySame(x, o)
		}); i >= 0 {
			c.Action, c.Before = resource.Update, shown[i]
			b.besideReplaced(o)
			shown = slices.Delete(shown, i, i+1)
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
	for _, o := range shown {
		c := resource.Change{Address: o.Address, Type: o.Type, Action: resource.Delete, Kinds: resource.Types().Models[o.Type].Kinds, Place: o.Place, Before: o}
		if !b.deletes(o.Known("subnet_id")) { // the stack's, and removed, or somebody else's
			c.Action = resource.Update
			left := *o
			left.MayGo = snapshot.Unclaimed(o.Address)
			c.After = &left
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
}

// difference holds the parts of the template against those of the one that the
// stack has now. What that one says and the estate does not show was changed by
// somebody, or depends on a value that is not known: what becomes of it is open.
func (b *binding) difference(stated []*resource.Object, open map[string]*resource.Object) {
	byIdentity := map[string]*resource.Object{}
	var order []string
	deployed := b.deployed.stated()
	for _, o := range deployed {
		byIdentity[identity(o)] = o
		order = append(order, identity(o))
	}
	isShown := func(o *resource.Object) bool {
		return !resource.AnyUnknown(resource.Values(o.Attributes)) && b.shows(o)
	}
	lost := func(o *resource.Object) {
		b.plan.Doubt(o, resource.Types().Models[o.Type].Kinds, snapshot.NotAsDeployed, o.Address, b.plan.Stack)
	}
	for _, o := range stated {
		before := byIdentity[identity(o)]
		delete(byIdentity, identity(o))
		c := resource.Change{Address: o.Address, Type: o.Type, Action: resource.Update, Kinds: resource.Types().Models[o.Type].Kinds, Place: o.Place, Before: before, After: o}
		if x := open[o.ID]; x != nil && resource.Contents(x) != resource.Contents(o) {
			c.After = x
		}
		switch {
		case before == nil:
			c.Action = resource.Create
		case !resource.AnyUnknown(resource.Values(before.Attributes)) && resource.Contents(before) == resource.Contents(o):
			continue // as it was: if somebody has taken it away, it stays away
		case isShown(o):
			continue
		case b.writtenAsDeployed(b.eval.byID[o.Address]):
			continue // whatever it is, it stays
		case !isShown(before):
			lost(before)
		default:
			b.besideReplaced(o)
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
	for _, r := range b.order {
		if o := b.after[r.id]; o != nil {
			b.openEgress(o, deployed, stated)
		}
	}
	for _, id := range order {
		before := byIdentity[id]
		retained, known := false, true
		if before != nil {
			retained, known = b.retains(before.Address)
		}
		switch {
		case before == nil || retained:
		case known && isShown(before):
			b.plan.Changes = append(b.plan.Changes, resource.Change{Address: before.Address, Type: before.Type, Action: resource.Delete, Kinds: resource.Types().Models[before.Type].Kinds, Place: before.Place, Before: before})
		default:
			lost(before)
		}
	}
}

// besideReplaced leaves open what is in force where a part that is a resource of its own
// changes, and its old self may stay: most of their properties can't be changed in place.
func (b *binding) besideReplaced(o *resource.Object) {
	if r := b.eval.byID[o.Address]; resource.Types().CloudFormation[r.kind].Name == o.Type && b.keepsReplaced(o.Address) {
		b.plan.Doubt(o, resource.Types().Models[o.Type].Kinds, snapshot.NotModelled, o.Address, "UpdateReplacePolicy")
	}
}

// openEgress leaves open whether the rule that AWS adds to a group, for all outbound
// traffic, stays where the template now states outbound rules for the first time.
func (b *binding) openEgress(o *resource.Object, deployed, stated []*resource.Object) {
	for _, list := range resource.Types().Of(o.Type).Inline {
		t := resource.Types().Of(list.Type)
		states := func(list []*resource.Object) bool {
			return slices.ContainsFunc(list, func(m *resource.Object) bool { return m.Type == t.Name && m.Known(t.Container) == o.ID })
		}
		if list.Default == nil || !o.Exists || !states(stated) || states(deployed) {
			continue
		}
		for _, x := range resource.PartsShown(b.base, o.Address, o, stated) {
			if p := x.Known("ip_protocol"); x.Type == t.Name && (p == "-1" || p == "all") {
				left := *x
				left.MayGo = snapshot.Unclaimed(o.Address)
				b.plan.Changes = append(b.plan.Changes, resource.Change{Address: o.Address, Type: t.Name, Action: resource.Update, Kinds: t.Kinds, Place: o.Place, Before: x, After: &left})
			}
		}
	}
}

// identity tells a part of a template from its others.
func identity(o *resource.Object) string { return o.ID + " " + o.Known("route_table_id") }

// shows reports whether the estate has a part as it is said to be. Of kinds that
// are no part of a group, ACL or table the template is taken at its word.
func (b *binding) shows(o *resource.Object) bool {
	t := resource.Types().Models[o.Type]
	if !t.Inside {
		return true
	}
	holder := &resource.Object{Type: resource.Types().References[t.Container][0], ID: o.Known(t.Container), Exists: true}
	there := resource.PartsShown(b.base, o.Address, holder, []*resource.Object{o})
	return slices.ContainsFunc(there, func(x *resource.Object) bool { return resource.Contents(x) == resource.Contents(o) })
}

// deletes reports whether a resource goes, and what is tied to it with it.
func (b *binding) deletes(id string) bool {
	return slices.ContainsFunc(b.plan.Changes, func(c resource.Change) bool {
		return id != "" && c.Before != nil && c.Before.ID == id && (c.Action == resource.Replace || c.Action == resource.Delete)
	})
}

// stated are the parts that a template states, inline or as resources of their
// own.
func (b *binding) stated() []*resource.Object {
	var out []*resource.Object
	for _, r := range b.order {
		o := b.after[r.id]
		if o == nil {
			continue
		}
		out = append(out, b.inlineRules(r, o)...)
		if m := resource.Types().Models[o.Type]; m.Put != nil && (m.Rank >= resource.RankMember || m.Rank == resource.RankBlock) {
			out = append(out, each(r, o, b)...)
		}
	}
	return out
}

// each is a resource as its parts: a propagation into several tables is one for each.
func each(r declaredResource, o *resource.Object, b *binding) []*resource.Object {
	listed := resource.Types().Words(r.kind).Each
	if listed.Property == "" {
		return []*resource.Object{o}
	}
	var out []*resource.Object
	list, pending := resource.TextsOf(b.properties(r)[listed.Property])
	if pending != "" { // it may be any
		return []*resource.Object{o}
	}
	for _, id := range list {
		one := *o
		one.Attributes = maps.Clone(o.Attributes)
		one.Attributes[listed.Attribute] = id
		out = append(out, &one)
	}
	return out
}

// inlineRules are the rules that a security group of a template holds itself. A
// new group to which nobody gives an outbound rule lets everything out; whether it
// still does when the rules are resources of their own is not documented.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func (b *binding) inlineRules(r declaredResource, o *resource.Object) []*resource.Object {
	var out []*resource.Object
	lists := resource.Types().Of(o.Type).Inline
	if lists == nil {
		return nil
	}
	properties := b.properties(r)
	for _, side := range lists {
		v, ok := properties[side.Property]
		if m, single := v.(map[string]any); single {
			v = []any{m}
		}
		list, isList := v.([]any)
		if ok && !isList { // unknown as a whole
			out = append(out, rule(r, o, side.Type, map[string]any{"ip_protocol": v, "cidr_ipv4": v}, "?"))
			continue
		}
		for i, e := range list {
			attrs := map[string]any{}
			m, isMap := e.(map[string]any)
			if !isMap {
				attrs = map[string]any{"ip_protocol": e, "cidr_ipv4": e}
			}
			for from, to := range side.Properties() {
				if x, ok := m[from]; ok {
					attrs[to] = x
				}
			}
			out = append(out, rule(r, o, side.Type, attrs, strconv.Itoa(i)))
		}
		if side.Default == nil || len(list) > 0 || o.Exists {
			continue
		}
		all := maps.Clone(side.Default)
		for _, x := range b.after {
			if x.Type == side.Type && x.Known("security_group_id") == o.ID {
				all["from_port"] = resource.Unknown(r.id + "." + side.Property)
			}
		}
		out = append(out, rule(r, o, side.Type, all, "default"))
	}
	return out
}

func rule(r declaredResource, o *resource.Object, kind string, attrs map[string]any, n string) *resource.Object {
	attrs["security_group_id"] = o.ID
	return &resource.Object{Address: r.id, Type: kind, ID: r.id + "/" + kind + "/" + n, Attributes: attrs, Place: r.place, Location: o.Location}
}
