package iac

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var groupKinds = []snapshot.Kind{snapshot.SecurityGroups, snapshot.SecurityGroupRules}

func init() {
	register("aws_security_group", model{rankGroup, groupKinds, putGroup, dropGroup})
	register("aws_default_security_group", model{rankGroup, groupKinds, putDefaultGroup, nil})
	register("aws_vpc_security_group_ingress_rule", model{rankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_vpc_security_group_egress_rule", model{rankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_security_group_rule", model{rankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_vpc_security_group_rules_exclusive", model{rankLast, groupKinds, putExclusive, nil})
	register("aws_vpc_security_group_vpc_association", model{rankMember, []snapshot.Kind{snapshot.SecurityGroupVPCAssociations}, putGroupVPC, dropGroupVPC})
}

// putGroup makes a security group with its inline rules. A list of inline rules
// replaces whatever rules the group has; one that the configuration does not set
// leaves them as they are, and on a new group there are none: the provider takes
// away the rule that AWS adds for all outbound traffic. CloudFormation does not.
// Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func putGroup(w *world, before, o *object) {
	if before == nil {
		s := w.scope(o)
		vpc, _ := o.str("vpc_id")
		g := snapshot.SecurityGroup{ID: o.id, Name: o.known("name"), VPC: vpc, OwnerID: owner(s), ARN: o.known("arn")}
		if account := o.known("owner_id"); account != "" {
			g.OwnerID = account
		}
		s.SecurityGroups.Add(g)
	}
	for _, egress := range []bool{false, true} {
		name := listName(egress)
		if o.stated(name) && !same(before, o, name) {
			w.setRules(o, o.id, egress)
		}
	}
}

func listName(egress bool) string {
	if egress {
		return "egress"
	}
	return "ingress"
}

func dropGroup(w *world, o *object) { remove(w, groups, o.id) }

// putDefaultGroup takes over the default security group of a VPC: on creation
// its rules are taken away, whatever the plan says of them.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_security_group
func putDefaultGroup(w *world, before, o *object) {
	if w.filling {
		putGroup(w, nil, o)
		return
	}
	id := o.id
	if vpc, pending := o.str("vpc_id"); !o.exists && pending != "" { // it may be that of any VPC
		w.openDefaultGroups(o, pending)
		return
	} else if ids := w.defaultGroupOf(vpc); !o.exists && len(ids) > 0 {
		id = ids[0]
	}
	for _, egress := range []bool{false, true} {
		if before == nil || o.stated(listName(egress)) && !same(before, o, listName(egress)) {
			w.setRules(o, id, egress)
		}
	}
}

// openDefaultGroups leaves open what is in the default groups that a resource may
// take over.
func (w *world) openDefaultGroups(o *object, pending snapshot.Pending) {
	for _, s := range w.snap.Scopes {
		for _, g := range s.SecurityGroups.All() {
			if g.Name != "default" || !w.anything && !w.fresh(g.ID) {
				continue
			}
			for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
				*list = append(slices.Clone(*list), snapshot.Permission{})
				for i := range *list {
					(*list)[i].Pending = pending
				}
			}
			s.SecurityGroups.Put(g)
		}
	}
}

// setRules replaces the rules of a group in one direction by inline ones.
func (w *world) setRules(o *object, id string, egress bool) {
	blocks, pending := o.blocks(listName(egress))
	within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
		var perms []snapshot.Permission
		for _, b := range blocks {
			perms = append(perms, permissions(b, "protocol", *g)...)
		}
		if pending != "" {
			perms = append(perms, snapshot.Permission{Pending: pending})
		}
		*rulesOf(g, egress) = perms
	})
	w.forgetRules(id, egress, func(snapshot.SecurityGroupRule) bool { return true })
}

// forgetRules takes away the ids of rules that are gone.
func (w *world) forgetRules(group string, egress bool, gone func(snapshot.SecurityGroupRule) bool) {
	for _, s := range w.snap.Scopes {
		for _, r := range s.SecurityGroupRules.Where("group", group, func(r snapshot.SecurityGroupRule) []string { return []string{r.Group} }) {
			if r.IsEgress == egress && gone(r) {
				s.SecurityGroupRules.Delete(r.ID)
			}
		}
	}
}

// permissions reads a rule of any of the ways to write one: the known peers as a
// permission, and one more for peers that are known only after apply.
func permissions(o *object, protocol string, g snapshot.SecurityGroup) []snapshot.Permission {
	p := snapshot.Permission{Secret: o.hides("from_port", "to_port", protocol, "cidr_blocks", "cidr_ipv4", "cidr_ipv6", "ipv6_cidr_blocks", "prefix_list_id", "prefix_list_ids")}
	var pending snapshot.Pending // of ports and protocol
	var open snapshot.Pending    // of peers
	note := func(to *snapshot.Pending, pn snapshot.Pending) { *to = max(*to, pn) }
	proto, pn := o.str(protocol)
	note(&pending, pn)
	if p.Protocol = proto; strings.EqualFold(proto, "all") {
		p.Protocol = "-1"
	}
	p.FromPort, pn = o.port("from_port")
	note(&pending, pn)
	p.ToPort, pn = o.port("to_port")
	note(&pending, pn)
	for _, name := range []string{"cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"} {
		list, pn := o.strs(name)
		note(&open, pn)
		for _, c := range list {
			if block, err := netip.ParsePrefix(c); err == nil {
				p.AddRange(block)
			}
		}
	}
	for _, name := range []string{"prefix_list_id", "prefix_list_ids"} {
		list, pn := o.strs(name)
		note(&open, pn)
		for _, id := range list {
			p.AddList(id)
		}
	}
	for _, name := range []string{"referenced_security_group_id", "source_security_group_id", "security_groups"} {
		list, pn := o.strs(name)
		note(&open, pn)
		for _, id := range list {
			id = id[strings.LastIndexByte(id, '/')+1:] // "account/group" for one of another account
			p.GroupPairs = append(p.GroupPairs, snapshot.GroupPair{GroupID: id})
		}
	}
	if o.on("self") {
		p.GroupPairs = append(p.GroupPairs, snapshot.GroupPair{GroupID: g.ID, VPC: g.VPC})
	}
	if pending != "" {
		p.Pending = pending
		if _, pn := o.str(protocol); pn != "" { // without a protocol ports say nothing
			p.Protocol, p.FromPort, p.ToPort = "", nil, nil
		}
	}
	var out []snapshot.Permission
	if !p.Peerless() {
		out = append(out, p)
	}
	if open != "" {
		out = append(out, snapshot.Permission{Protocol: p.Protocol, FromPort: p.FromPort, ToPort: p.ToPort, Pending: open, Secret: p.Secret})
	}
	return out
}

// directions are the lists that a rule that is a resource of its own belongs to:
// true is outbound. It may be in either where its type is known only after apply.
func directions(o *object) (list []bool, pending snapshot.Pending) {
	if o.kind != "aws_security_group_rule" {
		return []bool{o.kind == "aws_vpc_security_group_egress_rule"}, ""
	}
	way, pending := o.str("type")
	if pending != "" {
		return []bool{false, true}, pending
	}
	return []bool{strings.EqualFold(way, "egress")}, ""
}

func ruleProtocol(o *object) string {
	if o.kind == "aws_security_group_rule" {
		return "protocol"
	}
	return "ip_protocol"
}

// mostStrays is how many rules without a known group are told apart, for each may
// be in each group.
const mostStrays = 64

// putGroupRule adds a rule to its group, or to each that may turn out to be its
// group.
func putGroupRule(w *world, before, o *object) {
	ids, pending := wanted(w, o, "security_group_id", groups)
	ways, open := directions(o)
	pending = max(pending, open, o.perhaps)
	strays := 0
	if len(ids) > 1 {
		strays = w.stray(o)
	}
	if strays > mostStrays+1 {
		return // any rule may be in any of the groups already
	}
	for _, id := range ids {
		for _, egress := range ways {
			within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
				rules := permissions(o, ruleProtocol(o), *g)
				if strays > mostStrays {
					rules = []snapshot.Permission{{}}
				}
				for _, p := range rules {
					p.Pending = max(p.Pending, pending)
					admit(g, egress, p)
				}
			})
			if pending == "" {
				w.nameRule(id, egress, o)
			}
		}
	}
}

// stray counts the rules of one type and scope whose group is not known.
func (w *world) stray(o *object) int {
	if w.strays == nil {
		w.strays = map[string]int{}
	}
	key := o.kind + " " + w.scope(o).Label()
	w.strays[key]++
	return w.strays[key]
}

// rulesOf are the rules of a group in one direction.
func rulesOf(g *snapshot.SecurityGroup, egress bool) *[]snapshot.Permission {
	if egress {
		return &g.Egress
	}
	return &g.Ingress
}

// admit adds a permission to a group, unless it is there: AWS holds a rule once.
func admit(g *snapshot.SecurityGroup, egress bool, p snapshot.Permission) {
	list := rulesOf(g, egress)
	there := func(q snapshot.Permission) bool {
		return (p.Pending == "") == (q.Pending == "") && (p.Pending != "" || !p.Peerless()) && alike(p, q) && (p.Peerless() || p.Without(q).Peerless()) && p.Peerless() == q.Peerless()
	}
	if !slices.ContainsFunc(*list, there) {
		*list = append(slices.Clip(*list), p)
	}
}

// nameRule gives a rule its address for an id, so that evidence can name it.
func (w *world) nameRule(group string, egress bool, o *object) {
	if o.hides("from_port", "to_port", "cidr_ipv4", "cidr_blocks") {
		return
	}
	_, holders := find(w, groups, group)
	for _, s := range holders {
		for _, p := range permissions(o, ruleProtocol(o), snapshot.SecurityGroup{ID: group}) {
			r := snapshot.SecurityGroupRule{ID: o.address, Group: group, IsEgress: egress, Protocol: p.Protocol, FromPort: p.FromPort, ToPort: p.ToPort}
			switch {
			case len(p.Ranges) > 0:
				r.CIDRv4 = p.Ranges[0].CIDR.String()
			case len(p.IPv6Ranges) > 0:
				r.CIDRv6 = p.IPv6Ranges[0].CIDR.String()
			case len(p.PrefixLists) > 0:
				r.PrefixListID = p.PrefixLists[0].ID
			case len(p.GroupPairs) > 0:
				r.Referenced = &snapshot.GroupRef{ID: p.GroupPairs[0].GroupID}
			default:
				continue
			}
			s.SecurityGroupRules.Add(r)
		}
	}
}

// alike reports whether two permissions are about the same protocol and ports.
func alike(a, b snapshot.Permission) bool {
	norm := func(s string) string {
		if n, ok := protocols[strings.ToLower(s)]; ok {
			return n
		}
		return s
	}
	port := func(p *int) int {
		if p == nil || norm(a.Protocol) == "-1" {
			return -1
		}
		return *p
	}
	return norm(a.Protocol) == norm(b.Protocol) && port(a.FromPort) == port(b.FromPort) && port(a.ToPort) == port(b.ToPort)
}

func dropGroupRule(w *world, o *object) {
	ways, _ := directions(o)
	id := o.known("security_group_id")
	for _, egress := range ways {
		within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
			list := rulesOf(g, egress)
			for _, gone := range permissions(o, ruleProtocol(o), *g) {
				var left []snapshot.Permission
				for _, p := range *list {
					if p.Pending == "" && alike(p, gone) {
						if p = p.Without(gone); p.Peerless() {
							continue
						}
					}
					left = append(left, p)
				}
				*list = left
			}
		})
		w.forgetRules(id, egress, func(r snapshot.SecurityGroupRule) bool {
			return r.ID == o.address || r.ID == o.id || r.ID == o.known("security_group_rule_id")
		})
	}
}

// putExclusive takes every rule away that is not listed; which those are is told
// by ids that most configurations don't show, so that what is left is open.
func putExclusive(w *world, before, o *object) {
	ids, _ := wanted(w, o, "security_group_id", groups)
	for _, id := range ids {
		within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
			for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
				*list = slices.Clone(*list)
				for i := range *list {
					(*list)[i].Pending = snapshot.Pending(o.address)
				}
			}
		})
	}
}

func putGroupVPC(w *world, before, o *object) {
	group, pg := o.str("security_group_id")
	vpc, pv := o.str("vpc_id")
	if pending := max(pg, pv); pending != "" {
		w.scope(o).Doubt(snapshot.SecurityGroupVPCAssociations, pending.Gap(o.address))
		return
	}
	w.scope(o).SecurityGroupVPCAssociations.Add(snapshot.GroupVPCAssociation{Group: group, VPC: vpc, State: "associated"})
}

func dropGroupVPC(w *world, o *object) {
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.GroupVPCAssociation] {
		return &s.SecurityGroupVPCAssociations
	}, o.known("security_group_id")+"/"+o.known("vpc_id"))
}
