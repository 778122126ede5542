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
	if !o.exists {
		vpc := o.known("vpc_id")
		for _, s := range w.snap.Scopes {
			for _, g := range s.SecurityGroups.All() {
				if g.VPC == vpc && g.Name == "default" {
					id = g.ID
				}
			}
		}
		if id == o.id { // it may be that of any VPC
			w.scope(o).Forget(snapshot.SecurityGroups, snapshot.Pending(o.address+".vpc_id").Gap(o.address))
			return
		}
	}
	for _, egress := range []bool{false, true} {
		if before == nil || o.stated(listName(egress)) && !same(before, o, listName(egress)) {
			w.setRules(o, id, egress)
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
		if egress {
			g.Egress = perms
		} else {
			g.Ingress = perms
		}
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
		if _, pn := o.str(protocol); pn != "" {
			p.Protocol = ""
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

// direction reports whether a rule that is a resource of its own is outbound.
func direction(o *object) bool {
	return o.kind == "aws_vpc_security_group_egress_rule" || strings.EqualFold(o.known("type"), "egress")
}

func ruleProtocol(o *object) string {
	if o.kind == "aws_security_group_rule" {
		return "protocol"
	}
	return "ip_protocol"
}

// putGroupRule adds a rule to its group. One whose group is known only after
// apply may be a rule of any group that the plan makes.
func putGroupRule(w *world, before, o *object) {
	egress := direction(o)
	add := func(id string, pending snapshot.Pending) {
		within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
			list := &g.Ingress
			if egress {
				list = &g.Egress
			}
			for _, p := range permissions(o, ruleProtocol(o), *g) {
				p.Pending = max(p.Pending, pending)
				there := func(q snapshot.Permission) bool {
					return p.Pending == q.Pending && (p.Pending != "" || !p.Peerless()) && alike(p, q) && p.Without(q).Peerless()
				}
				if !slices.ContainsFunc(*list, there) { // AWS refuses a rule that is there already
					*list = append(slices.Clip(*list), p)
				}
			}
		})
	}
	id, pending := o.str("security_group_id")
	if id == "" {
		for _, c := range w.candidates(o, "aws_security_group") {
			add(c, pending)
		}
		return
	}
	add(id, "")
	w.nameRule(id, egress, o)
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
	egress := direction(o)
	id := o.known("security_group_id")
	within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
		list := &g.Ingress
		if egress {
			list = &g.Egress
		}
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

// putExclusive takes every rule away that is not listed; which those are is told
// by ids that most configurations don't show, so that what is left is open.
func putExclusive(w *world, before, o *object) {
	within(w, o, snapshot.SecurityGroups, groups, o.known("security_group_id"), func(g *snapshot.SecurityGroup) {
		for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
			*list = slices.Clone(*list)
			for i := range *list {
				(*list)[i].Pending = snapshot.Pending(o.address)
			}
		}
	})
}

func putGroupVPC(w *world, before, o *object) {
	s := w.scope(o)
	s.SecurityGroupVPCAssociations.Add(snapshot.GroupVPCAssociation{Group: o.known("security_group_id"), VPC: o.known("vpc_id"), State: "associated"})
}

func dropGroupVPC(w *world, o *object) {
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.GroupVPCAssociation] {
		return &s.SecurityGroupVPCAssociations
	}, o.known("security_group_id")+"/"+o.known("vpc_id"))
}
