package iac

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// A template says what a stack will be, not what changes. What there is of the
// stack already is told by the tags that CloudFormation puts on its resources, or
// by a change set. Rules, entries, routes and associations have no tags: those of
// a group, ACL or table of the stack are taken to be the stack's, so that what the
// template no longer says of them goes.

// bind works a template out against the base that it is laid over.
func (p *Plan) bind(base *snapshot.Snapshot) error {
	b := &binding{plan: p, base: base, physical: map[string]string{}, after: map[string]*object{}}
	if err := b.findStack(); err != nil {
		return err
	}
	b.evaluate()
	b.entities()
	b.members()
	p.Agents = agents(p.current)
	for _, c := range p.Changes {
		for _, o := range []*object{c.before, c.after} {
			if err := validate(o); err != nil {
				return err
			}
		}
	}
	return nil
}

type binding struct {
	plan     *Plan
	base     *snapshot.Snapshot
	scope    *snapshot.Scope // of the stack; nil if there is none yet
	physical map[string]string
	tagged   []snapshot.StackResource // what there is of the stack
	eval     *evaluator
	after    map[string]*object // by logical id
	order    []declaredResource
}

// findStack finds the stack that the template is of: the one that the user names,
// or whose resources carry the most of the template's logical ids.
func (b *binding) findStack() error {
	stack := b.plan.Stack
	if stack == "" && b.plan.changeSet != nil {
		stack = b.plan.changeSet.stack
	}
	ids := map[string]bool{}
	for _, r := range b.plan.template.resources {
		ids[r.id] = true
		if r.physical != "" {
			b.physical[r.id] = r.physical
		}
	}
	hits := map[string]int{}
	byStack := map[string][]snapshot.StackResource{}
	scopes := map[string]*snapshot.Scope{}
	for _, s := range b.base.Scopes {
		for _, r := range s.StackResources() {
			byStack[r.Stack] = append(byStack[r.Stack], r)
			scopes[r.Stack] = s
			if ids[r.LogicalID] {
				hits[r.Stack]++
			}
		}
	}
	if stack == "" {
		best, tie := 0, ""
		for name, n := range hits {
			switch {
			case n > best:
				stack, best, tie = name, n, ""
			case n == best:
				tie = name
			}
		}
		if tie != "" {
			names := []string{stack, tie}
			slices.Sort(names)
			return snapshot.Errorf("the estate has several stacks with the template's resources (%s): say which with --stack", "テンプレートのリソースを持つスタックが複数ある（%s）。--stack で指定する", strings.Join(names, ", "))
		}
	}
	b.tagged, b.scope = byStack[stack], scopes[stack]
	for _, r := range b.tagged {
		if b.physical[r.LogicalID] == "" {
			b.physical[r.LogicalID] = r.ID
		}
	}
	b.plan.Stack = stack
	if stack != "" && len(b.tagged) > 0 {
		b.untagged()
	}
	return nil
}

// untagged finds ACLs and tables of the stack that carry no tags: those that its
// subnets have, where the template says which of its own they should have.
func (b *binding) untagged() {
	owned := map[string]bool{}
	for _, id := range b.physical {
		owned[id] = true
	}
	w := &world{snap: b.base}
	for _, r := range b.plan.template.resources {
		container := map[string]string{"AWS::EC2::SubnetNetworkAclAssociation": "NetworkAclId", "AWS::EC2::SubnetRouteTableAssociation": "RouteTableId"}[r.kind]
		if container == "" {
			continue
		}
		var subnet, logical string
		mentions(r.properties["SubnetId"], func(id string) { subnet = b.physical[id] })
		mentions(r.properties[container], func(id string) { logical = id })
		if subnet == "" || logical == "" || b.physical[logical] != "" {
			continue
		}
		for _, s := range w.snap.Scopes {
			for _, a := range s.NetworkACLs.All() {
				if container == "NetworkAclId" && !a.IsDefault && !owned[a.ID] && slices.Contains(a.Associations, snapshot.ACLAssociation{Subnet: subnet}) {
					b.physical[logical] = a.ID
				}
			}
			for _, t := range s.RouteTables.All() {
				if container == "RouteTableId" && !owned[t.ID] && slices.ContainsFunc(t.Associations, func(x snapshot.RouteTableAssociation) bool { return x.Subnet == subnet && !x.Main }) {
					b.physical[logical] = t.ID
				}
			}
		}
	}
}

// evaluate works the functions of the template out, and settles the id that each
// resource has after the change: its own, or that of a replacement.
func (b *binding) evaluate() {
	t := b.plan.template
	e := &evaluator{t: t, parameters: b.plan.parameters, region: b.region(), stack: b.plan.Stack, ids: map[string]string{}, objects: b.after, byID: map[string]declaredResource{}}
	if b.scope != nil {
		e.account = b.scope.Account
	}
	if e.stack == "" {
		e.stack = "stack"
	}
	b.eval = e
	for _, r := range t.resources {
		if r.condition != "" {
			yes, known := e.condition(r.condition, 0)
			if !known {
				b.plan.doubtful(&object{address: r.id, kind: r.kind, id: r.id}, models[words[r.kind].kind].kinds, "Condition "+r.condition)
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
			o := translate(r, b.properties(r))
			if id := b.physical[r.id]; id != "" {
				o.id, o.exists = id, true
				if was := b.row(o); was != nil && replaced(w, was, o) {
					o.id, o.exists = r.id, false
				}
			}
			o.home = home{region: e.region}
			e.ids[r.id] = o.id
			b.after[r.id] = o
		}
	}
}

// region is where the stack is: that of its resources, of the user, or of the
// zones that the template names.
func (b *binding) region() string {
	if b.scope != nil && b.scope.Region != "" {
		return b.scope.Region
	}
	if b.plan.Region != "" {
		return b.plan.Region
	}
	if len(b.base.Scopes) == 1 && b.base.Scopes[0].Region != "" {
		return b.base.Scopes[0].Region
	}
	for _, r := range b.plan.template.resources {
		if zone, ok := r.properties["AvailabilityZone"].(string); ok {
			if region := snapshot.RegionOfZone(zone); region != "" {
				return region
			}
		}
	}
	return ""
}

func (b *binding) properties(r declaredResource) map[string]any {
	out := map[string]any{}
	for name, v := range r.properties {
		if x := b.eval.value(v, r.id+"."+name); x != any(noValue{}) {
			out[name] = x
		}
	}
	return out
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
	for _, r := range b.order {
		o := b.after[r.id]
		if o == nil {
			if kind, ok := strange[r.kind]; ok {
				p.doubtful(&object{address: r.id, kind: kind, id: r.id, home: home{region: b.eval.region}}, unmodelled[kind], r.kind)
			}
			continue
		}
		p.current = append(p.current, o)
		m := models[o.kind]
		if m.put == nil || m.rank >= rankMember {
			continue
		}
		c := Change{Address: r.id, Type: o.kind, Kinds: m.kinds, Place: r.place, after: o}
		was := b.row(&object{kind: o.kind, id: b.physical[r.id]})
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
		if ok && p.changeSet != nil && models[w.kind].rank >= rankMember {
			// What a part said before, a change set does not always tell.
			p.doubtful(&object{address: gone.id, kind: w.kind, id: gone.physical, home: home{region: b.eval.region}}, models[w.kind].kinds, "Remove")
			continue
		}
		if !ok || models[w.kind].drop == nil || gone.physical == "" {
			continue
		}
		before := &object{address: gone.id, kind: w.kind, id: gone.physical, exists: true, attrs: map[string]any{}}
		if was := b.row(before); was != nil {
			before.attrs = was.attrs
		}
		p.Changes = append(p.Changes, Change{Address: gone.id, Type: w.kind, Action: Delete, Kinds: models[w.kind].kinds, Place: gone.place, before: before})
	}
	if p.changeSet != nil {
		for _, r := range b.order {
			// A rule that is changed, or taken out of a group, leaves the list that it was in.
			if o := b.after[r.id]; o != nil && r.physical != "" && (o.kind == "aws_security_group" || models[o.kind].rank >= rankMember) {
				p.doubtful(&object{address: r.id, kind: o.kind, id: o.id, home: home{region: b.eval.region}}, models[o.kind].kinds, "Modify")
			}
		}
		for _, v := range p.changeSet.vague {
			if w, ok := words[v.kind]; ok {
				p.doubtful(&object{address: v.id, kind: w.kind, id: v.physical, exists: v.physical != ""}, models[w.kind].kinds, "--include-property-values")
			}
		}
	}
}

// gone lists what there is of the stack and will not be.
func (b *binding) gone() []declaredResource {
	if b.plan.changeSet != nil {
		return b.plan.changeSet.removed
	}
	var out []declaredResource
	for _, r := range b.tagged {
		if _, declared := b.eval.byID[r.LogicalID]; !declared {
			out = append(out, declaredResource{id: r.LogicalID, kind: r.Kind, physical: r.ID})
		}
	}
	slices.SortFunc(out, func(x, y declaredResource) int { return strings.Compare(x.id, y.id) })
	return out
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

// row is what AWS shows of a resource, in the words of Terraform; nil if it was
// not seen. Lists are put in the order of the other side, as far as they agree.
func (b *binding) row(o *object) *object {
	w := &world{snap: b.base}
	attrs := map[string]any{}
	found := false
	set := func(name string, v any) { attrs[name], found = v, true }
	ids := func(name string, list []string) {
		theirs, _ := o.strs(name)
		if len(theirs) == len(list) && !slices.ContainsFunc(theirs, func(s string) bool { return !slices.Contains(list, s) }) {
			list = theirs
		}
		out := make([]any, len(list))
		for i, s := range list {
			out[i] = s
		}
		set(name, out)
	}
	refs := func(list []snapshot.GroupRef) []string {
		var out []string
		for _, g := range list {
			out = append(out, g.ID)
		}
		return out
	}
	switch o.kind {
	case "aws_vpc":
		if r, h := find(w, vpcs, o.id); len(h) > 0 {
			set("cidr_block", r.CIDR.String())
		}
	case "aws_subnet":
		if r, h := find(w, subnets, o.id); len(h) > 0 {
			set("vpc_id", r.VPC)
			set("cidr_block", r.CIDR.String())
			set("availability_zone", r.AvailabilityZone)
		}
	case "aws_security_group":
		if r, h := find(w, groups, o.id); len(h) > 0 {
			set("vpc_id", r.VPC)
		}
	case "aws_network_acl":
		if r, h := find(w, acls, o.id); len(h) > 0 {
			set("vpc_id", r.VPC)
		}
	case "aws_route_table":
		if r, h := find(w, tables, o.id); len(h) > 0 {
			set("vpc_id", r.VPC)
		}
	case "aws_vpc_endpoint":
		if r, h := find(w, endpoints, o.id); len(h) > 0 {
			set("vpc_id", r.VPC)
			set("service_name", r.ServiceName)
			set("vpc_endpoint_type", r.Type)
			ids("subnet_ids", r.SubnetIDs)
			ids("security_group_ids", refs(r.Groups))
			if r.PrivateDNSEnabled != nil {
				set("private_dns_enabled", *r.PrivateDNSEnabled)
			}
			if r.PolicyDocument != nil {
				set("policy", *r.PolicyDocument)
			}
		}
	case "aws_network_interface":
		if r, h := find(w, interfaces, o.id); len(h) > 0 {
			set("subnet_id", r.Subnet)
			set("private_ip", r.PrivateIP.String())
			ids("security_groups", refs(r.Groups))
		}
	case "aws_instance":
		if r, h := find(w, instances, o.id); len(h) > 0 {
			set("subnet_id", r.Subnet)
			set("private_ip", r.PrivateIP.String())
			ids("vpc_security_group_ids", refs(r.Groups))
		}
	case "aws_ec2_managed_prefix_list":
		if r, h := find(w, lists, o.id); len(h) > 0 {
			var entries []any
			for _, e := range r.Entries {
				entries = append(entries, map[string]any{"cidr": e.CIDR.String()})
			}
			set("entry", entries)
		}
	case "aws_vpc_peering_connection":
		if r, h := find(w, peerings, o.id); len(h) > 0 {
			set("vpc_id", r.Requester.VPC)
			set("peer_vpc_id", r.Accepter.VPC)
		}
	case "aws_ec2_transit_gateway_vpc_attachment":
		if r, h := find(w, tgwVPCAttachments, o.id); len(h) > 0 {
			set("transit_gateway_id", r.Gateway)
			set("vpc_id", r.VPC)
			ids("subnet_ids", r.SubnetIDs)
		}
	}
	if !found {
		return nil
	}
	return &object{address: o.address, kind: o.kind, id: o.id, exists: true, attrs: attrs}
}
