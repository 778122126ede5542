package iac

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// members are the parts of groups, ACLs and tables: what the template says is
// held against the template that the stack has now, else against what there is.
func (b *binding) members() {
	for _, r := range b.order {
		if o := b.after[r.id]; o != nil && o.kind == "aws_default_security_group" {
			o.exists = true
			o.id = o.known("id")
			b.plan.Changes = append(b.plan.Changes, Change{Address: r.id, Type: o.kind, Action: Create, Kinds: models[o.kind].kinds, Place: r.place, after: o})
		}
	}
	will := b.stated()
	open := map[string]*object{}
	b.openly(func() *object {
		for _, r := range b.order {
			if o := b.after[r.id]; o != nil && models[o.kind].rank >= rankMember {
				x := b.translate(r)
				x.home = o.home
				open[x.id] = x
			} else if o != nil && o.kind == "aws_security_group" {
				for _, x := range b.inlineRules(r, o) {
					open[x.id] = x
				}
			}
		}
		return nil
	})
	if b.was != nil {
		b.difference(will, open)
		return
	}
	var was []*object
	for id, o := range b.after {
		if o.exists {
			was = append(was, partsOf(b.base, id, o, will)...)
		}
	}
	slices.SortFunc(was, func(x, y *object) int { return strings.Compare(slot(x)+x.address+full(x), slot(y)+y.address+full(y)) })
	will = slices.DeleteFunc(will, func(o *object) bool {
		i := slices.IndexFunc(was, func(x *object) bool { return full(x) == full(o) })
		if i >= 0 {
			was = slices.Delete(was, i, i+1)
		}
		return i >= 0
	})
	for _, o := range will {
		if x := open[o.id]; x != nil && full(x) != full(o) {
			o = x
		}
		c := Change{Address: o.address, Type: o.kind, Action: Create, Kinds: models[o.kind].kinds, Place: o.place, after: o}
		if i := slices.IndexFunc(was, func(x *object) bool { return slot(x) == slot(o) || near(x, o) }); i >= 0 {
			c.Action, c.before = Update, was[i]
			was = slices.Delete(was, i, i+1)
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
	for _, o := range was {
		c := Change{Address: o.address, Type: o.kind, Action: Delete, Kinds: models[o.kind].kinds, Place: o.place, before: o}
		if !b.falls(o.known("subnet_id")) { // the stack's, and removed, or somebody else's
			c.Action = Update
			left := *o
			left.perhaps = snapshot.Unclaimed(o.address)
			c.after = &left
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
}

// difference holds the parts of the template against those of the one that the
// stack has now. What that one says and the estate does not show was changed by
// somebody, or depends on a value that is not known: what becomes of it is open.
func (b *binding) difference(will []*object, open map[string]*object) {
	before := map[string]*object{}
	var order []string
	had := b.was.stated()
	for _, o := range had {
		before[identity(o)] = o
		order = append(order, identity(o))
	}
	shown := func(o *object) bool { return !anyUnknown(values(o.attrs)) && b.shows(o) }
	lost := func(o *object) {
		b.plan.doubtful(o, models[o.kind].kinds, snapshot.NotAsDeployed, o.address, b.plan.Stack)
	}
	for _, o := range will {
		was := before[identity(o)]
		delete(before, identity(o))
		c := Change{Address: o.address, Type: o.kind, Action: Update, Kinds: models[o.kind].kinds, Place: o.place, before: was, after: o}
		if x := open[o.id]; x != nil && full(x) != full(o) {
			c.after = x
		}
		switch {
		case was == nil:
			c.Action = Create
		case !anyUnknown(values(was.attrs)) && full(was) == full(o):
			continue // as it was: if somebody has taken it away, it stays away
		case shown(o):
			continue
		case b.sameWords(b.eval.byID[o.address]):
			continue // whatever it is, it stays
		case !shown(was):
			lost(was)
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
	for _, r := range b.order {
		if o := b.after[r.id]; o != nil {
			b.openEgress(o, had, will)
		}
	}
	for _, id := range order {
		was := before[id]
		switch {
		case was == nil, b.retains(was.address):
		case shown(was):
			b.plan.Changes = append(b.plan.Changes, Change{Address: was.address, Type: was.kind, Action: Delete, Kinds: models[was.kind].kinds, Place: was.place, before: was})
		default:
			lost(was)
		}
	}
}

// openEgress leaves open whether the rule that AWS adds to a group, for all outbound
// traffic, stays where the template now states outbound rules for the first time.
func (b *binding) openEgress(o *object, had, will []*object) {
	const egress = "aws_vpc_security_group_egress_rule"
	states := func(list []*object) bool {
		return slices.ContainsFunc(list, func(m *object) bool { return m.kind == egress && m.known("security_group_id") == o.id })
	}
	if o.kind != "aws_security_group" || !o.exists || !states(will) || states(had) {
		return
	}
	for _, x := range partsOf(b.base, o.address, o, will) {
		if p := x.known("ip_protocol"); x.kind == egress && (p == "-1" || p == "all") {
			left := *x
			left.perhaps = snapshot.Unclaimed(o.address)
			b.plan.Changes = append(b.plan.Changes, Change{Address: o.address, Type: egress, Action: Update, Kinds: models[egress].kinds, Place: o.place, before: x, after: &left})
		}
	}
}

// identity tells a part of a template from its others.
func identity(o *object) string { return o.id + " " + o.known("route_table_id") }

// shows reports whether the estate has a part as it is said to be. Of kinds that
// are no part of a group, ACL or table the template is taken at its word.
func (b *binding) shows(o *object) bool {
	container := map[string]string{
		"aws_vpc_security_group_ingress_rule": "security_group_id", "aws_vpc_security_group_egress_rule": "security_group_id",
		"aws_network_acl_rule": "network_acl_id", "aws_network_acl_association": "network_acl_id",
		"aws_route": "route_table_id", "aws_route_table_association": "route_table_id",
	}[o.kind]
	if container == "" {
		return true
	}
	kind := map[string]string{"security_group_id": "aws_security_group", "network_acl_id": "aws_network_acl", "route_table_id": "aws_route_table"}[container]
	there := partsOf(b.base, o.address, &object{kind: kind, id: o.known(container), exists: true}, []*object{o})
	return slices.ContainsFunc(there, func(x *object) bool { return full(x) == full(o) })
}

// falls reports whether a resource goes, and what is tied to it with it.
func (b *binding) falls(id string) bool {
	return slices.ContainsFunc(b.plan.Changes, func(c Change) bool {
		return id != "" && c.before != nil && c.before.id == id && (c.Action == Replace || c.Action == Delete)
	})
}

// stated are the parts that a template states, inline or as resources of their
// own.
func (b *binding) stated() []*object {
	var out []*object
	for _, r := range b.order {
		o := b.after[r.id]
		if o == nil {
			continue
		}
		if o.kind == "aws_security_group" {
			out = append(out, b.inlineRules(r, o)...)
		}
		if m := models[o.kind]; m.put != nil && (m.rank >= rankMember || m.rank == rankBlock) {
			out = append(out, spread(r, o, b)...)
		}
	}
	return out
}

// spread is a resource as its parts: a propagation into several tables is one
// for each.
func spread(r declaredResource, o *object, b *binding) []*object {
	if o.kind != "aws_vpn_gateway_route_propagation" {
		return []*object{o}
	}
	var out []*object
	list, _ := texts(b.properties(r)["RouteTableIds"])
	for _, table := range list {
		one := *o
		one.attrs = map[string]any{"route_table_id": table, "vpn_gateway_id": o.attrs["vpn_gateway_id"]}
		out = append(out, &one)
	}
	return out
}

// inlineRules are the rules that a security group of a template holds itself. A
// new group to which nobody gives an outbound rule lets everything out; whether it
// still does when the rules are resources of their own is not documented.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func (b *binding) inlineRules(r declaredResource, o *object) []*object {
	var out []*object
	properties := b.properties(r)
	for _, side := range []struct{ property, kind, peer string }{
		{"SecurityGroupIngress", "aws_vpc_security_group_ingress_rule", "Source"},
		{"SecurityGroupEgress", "aws_vpc_security_group_egress_rule", "Destination"},
	} {
		v, ok := properties[side.property]
		if m, single := v.(map[string]any); single {
			v = []any{m}
		}
		list, isList := v.([]any)
		if ok && !isList { // unknown as a whole
			out = append(out, rule(r, o, side.kind, map[string]any{"ip_protocol": v, "cidr_ipv4": v}, "?"))
			continue
		}
		for i, e := range list {
			attrs := map[string]any{}
			m, isMap := e.(map[string]any)
			if !isMap {
				attrs = map[string]any{"ip_protocol": e, "cidr_ipv4": e}
			}
			for from, to := range ruleNames(side.peer) {
				if x, ok := m[from]; ok {
					attrs[to] = x
				}
			}
			out = append(out, rule(r, o, side.kind, attrs, strconv.Itoa(i)))
		}
		if side.property != "SecurityGroupEgress" || len(list) > 0 || o.exists {
			continue
		}
		all := map[string]any{"ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}
		for _, x := range b.after {
			if x.kind == side.kind && x.known("security_group_id") == o.id {
				all["from_port"] = unknown(r.id + ".SecurityGroupEgress")
			}
		}
		out = append(out, rule(r, o, side.kind, all, "default"))
	}
	return out
}

func rule(r declaredResource, o *object, kind string, attrs map[string]any, n string) *object {
	attrs["security_group_id"] = o.id
	return &object{address: r.id, kind: kind, id: r.id + "/" + kind + "/" + n, attrs: attrs, place: r.place, home: o.home}
}
