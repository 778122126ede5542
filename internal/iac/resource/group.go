package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var groupKinds = []snapshot.Kind{snapshot.SecurityGroups, snapshot.SecurityGroupRules}

func init() {
	register("aws_security_group", Model{rankGroup, groupKinds, putGroup, dropGroup})
	register("aws_default_security_group", Model{rankGroup, groupKinds, putDefaultGroup, nil})
	register("aws_vpc_security_group_ingress_rule", Model{RankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_vpc_security_group_egress_rule", Model{RankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_security_group_rule", Model{RankMember, groupKinds, putGroupRule, dropGroupRule})
	register("aws_vpc_security_group_rules_exclusive", Model{RankLast, groupKinds, putExclusive, nil})
	register("aws_vpc_security_group_vpc_association", Model{RankMember, []snapshot.Kind{snapshot.SecurityGroupVPCAssociations}, putGroupVPC, dropGroupVPC})
}

// putGroup makes a security group with its inline rules. A list of inline rules
// replaces whatever rules the group has; one that the configuration does not set
// leaves them as they are, and on a new group there are none: the provider takes
// away the rule that AWS adds for all outbound traffic. CloudFormation does not.
// Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
func putGroup(w *World, before, o *Object) {
	if before == nil {
		s := w.Scope(o)
		vpc, _ := o.Text("vpc_id")
		g := snapshot.SecurityGroup{ID: o.ID, Name: o.Known("name"), VPC: vpc, OwnerID: owner(s), ARN: o.Known("arn")}
		if account := o.Known("owner_id"); account != "" {
			g.OwnerID = account
		}
		s.SecurityGroups.Add(g)
	}
	for _, egress := range []bool{false, true} {
		name := listName(egress)
		if o.Stated(name) && !Same(before, o, name) {
			w.setRules(o, o.ID, egress)
		}
	}
}

func listName(egress bool) string {
	if egress {
		return "egress"
	}
	return "ingress"
}

func dropGroup(w *World, o *Object) { remove(w, groups, o.ID) }

// putDefaultGroup takes over the default security group of a VPC: on creation
// its rules are taken away, whatever the plan says of them.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_security_group
func putDefaultGroup(w *World, before, o *Object) {
	if w.Filling {
		putGroup(w, nil, o)
		return
	}
	id := o.ID
	if vpc, pending := o.Text("vpc_id"); !o.Exists && pending != "" { // it may be that of any VPC
		w.openDefaultGroups(o, pending)
		return
	} else if ids := w.defaultGroupOf(vpc); !o.Exists && len(ids) > 0 {
		id = ids[0]
	}
	for _, egress := range []bool{false, true} {
		if before == nil || o.Stated(listName(egress)) && !Same(before, o, listName(egress)) {
			w.setRules(o, id, egress)
		}
	}
}

// openDefaultGroups leaves open what is in the default groups that a resource may
// take over.
func (w *World) openDefaultGroups(o *Object, pending snapshot.Pending) {
	for _, s := range w.Snapshot.Scopes {
		for _, g := range s.SecurityGroups.All() {
			if g.Name != "default" || !w.RefersToExisting && !w.IsNew(g.ID) {
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
func (w *World) setRules(o *Object, id string, egress bool) {
	blocks, pending := o.Blocks(listName(egress))
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
func (w *World) forgetRules(group string, egress bool, gone func(snapshot.SecurityGroupRule) bool) {
	for _, s := range w.Snapshot.Scopes {
		for _, r := range s.SecurityGroupRules.Where("group", group, func(r snapshot.SecurityGroupRule) []string { return []string{r.Group} }) {
			if r.IsEgress == egress && gone(r) {
				s.SecurityGroupRules.Delete(r.ID)
			}
		}
	}
}

// permissions reads a rule of any of the ways to write one: the known peers as a
// permission, and one more for peers that are known only after apply.
func permissions(o *Object, protocol string, g snapshot.SecurityGroup) []snapshot.Permission {
	p := snapshot.Permission{Secret: o.Hides("from_port", "to_port", protocol, "cidr_blocks", "cidr_ipv4", "cidr_ipv6", "ipv6_cidr_blocks", "prefix_list_id", "prefix_list_ids")}
	var pending snapshot.Pending // of ports and protocol
	var open snapshot.Pending    // of peers
	note := func(to *snapshot.Pending, pn snapshot.Pending) { *to = max(*to, pn) }
	proto, pn := o.Text(protocol)
	note(&pending, pn)
	if p.Protocol = proto; strings.EqualFold(proto, "all") {
		p.Protocol = "-1"
	}
	p.FromPort, pn = o.Port("from_port")
	note(&pending, pn)
	p.ToPort, pn = o.Port("to_port")
	note(&pending, pn)
	for _, name := range []string{"cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"} {
		list, pn := o.Texts(name)
		note(&open, pn)
		for _, c := range list {
			if block, err := netip.ParsePrefix(c); err == nil {
				p.AddRange(block)
			}
		}
	}
	for _, name := range []string{"prefix_list_id", "prefix_list_ids"} {
		list, pn := o.Texts(name)
		note(&open, pn)
		for _, id := range list {
			p.AddList(id)
		}
	}
	for _, name := range []string{"referenced_security_group_id", "source_security_group_id", "security_groups"} {
		list, pn := o.Texts(name)
		note(&open, pn)
		for _, id := range list {
			id = id[strings.LastIndexByte(id, '/')+1:] // "account/group" for one of another account
			p.GroupPairs = append(p.GroupPairs, snapshot.GroupPair{GroupID: id})
		}
	}
	if o.On("self") {
		p.GroupPairs = append(p.GroupPairs, snapshot.GroupPair{GroupID: g.ID, VPC: g.VPC})
	}
	if pending != "" {
		p.Pending = pending
		if _, pn := o.Text(protocol); pn != "" { // without a protocol ports say nothing
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
func directions(o *Object) (list []bool, pending snapshot.Pending) {
	if o.Type != "aws_security_group_rule" {
		return []bool{o.Type == "aws_vpc_security_group_egress_rule"}, ""
	}
	way, pending := o.Text("type")
	if pending != "" {
		return []bool{false, true}, pending
	}
	return []bool{strings.EqualFold(way, "egress")}, ""
}

func ruleProtocol(o *Object) string {
	if o.Type == "aws_security_group_rule" {
		return "protocol"
	}
	return "ip_protocol"
}

// mostUnplaced is how many rules without a known group are told apart, for each may
// be in each group.
const mostUnplaced = 64

// putGroupRule adds a rule to its group, or to each that may turn out to be its
// group.
func putGroupRule(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "security_group_id", groups)
	ways, open := directions(o)
	pending = max(pending, open, o.MayGo)
	strays := 0
	if len(ids) > 1 {
		strays = w.countUnplaced(o)
	}
	if strays > mostUnplaced+1 {
		return // any rule may be in any of the groups already
	}
	for _, id := range ids {
		for _, egress := range ways {
			within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
				rules := permissions(o, ruleProtocol(o), *g)
				if strays > mostUnplaced {
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

// countUnplaced counts the rules of one type and scope whose group is not known.
func (w *World) countUnplaced(o *Object) int {
	if w.unplaced == nil {
		w.unplaced = map[string]int{}
	}
	key := o.Type + " " + w.Scope(o).Label()
	w.unplaced[key]++
	return w.unplaced[key]
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
func (w *World) nameRule(group string, egress bool, o *Object) {
	if o.Hides("from_port", "to_port", "cidr_ipv4", "cidr_blocks") {
		return
	}
	_, holders := find(w, groups, group)
	for _, s := range holders {
		for _, p := range permissions(o, ruleProtocol(o), snapshot.SecurityGroup{ID: group}) {
			r := snapshot.SecurityGroupRule{ID: o.Address, Group: group, IsEgress: egress, Protocol: p.Protocol, FromPort: p.FromPort, ToPort: p.ToPort}
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
		if n, ok := Protocols[strings.ToLower(s)]; ok {
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

func dropGroupRule(w *World, o *Object) {
	ways, _ := directions(o)
	id := o.Known("security_group_id")
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
			return r.ID == o.Address || r.ID == o.ID || r.ID == o.Known("security_group_rule_id")
		})
	}
}

// putExclusive takes every rule away that is not listed; which those are is told
// by ids that most configurations don't show, so that what is left is open.
func putExclusive(w *World, before, o *Object) {
	ids, _ := wanted(w, o, "security_group_id", groups)
	for _, id := range ids {
		within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
			for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
				*list = slices.Clone(*list)
				for i := range *list {
					(*list)[i].Pending = snapshot.Pending(o.Address)
				}
			}
		})
	}
}

func putGroupVPC(w *World, before, o *Object) {
	group, pg := o.Text("security_group_id")
	vpc, pv := o.Text("vpc_id")
	if pending := max(pg, pv); pending != "" {
		w.Scope(o).Doubt(snapshot.SecurityGroupVPCAssociations, pending.Gap(o.Address))
		return
	}
	w.Scope(o).SecurityGroupVPCAssociations.Add(snapshot.GroupVPCAssociation{Group: group, VPC: vpc, State: "associated"})
}

func dropGroupVPC(w *World, o *Object) {
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.GroupVPCAssociation] {
		return &s.SecurityGroupVPCAssociations
	}, o.Known("security_group_id")+"/"+o.Known("vpc_id"))
}
