package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func groupRuleTypes() []Type {
	return []Type{
		{
			Name: "aws_vpc_security_group_ingress_rule", Rank: RankMember, Kinds: groupKinds, Container: "security_group_id", Inside: true,
			Attributes: ruleAttributes, Computed: []string{"security_group_rule_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::SecurityGroupIngress", Properties: ruleNames("Source")}},
			Put:            putGroupRule, Drop: dropGroupRule, Show: showRules,
		},
		{
			Name: "aws_vpc_security_group_egress_rule", Rank: RankMember, Kinds: groupKinds, Container: "security_group_id", Inside: true,
			Attributes: ruleAttributes, Computed: []string{"security_group_rule_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::SecurityGroupEgress", Properties: ruleNames("Destination")}},
			Put:            putGroupRule, Drop: dropGroupRule, Show: showRules, Unstated: allAlone,
		},
		{
			Name: "aws_security_group_rule", Rank: RankMember, Kinds: groupKinds, Container: "security_group_id", Sums: true,
			Attributes: []string{"security_group_id", "type", "protocol", "from_port", "to_port", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id", "self"},
			Computed:   []string{"security_group_rule_id"},
			Put:        putGroupRule, Drop: dropGroupRule, Show: showOldRules,
		},
		{
			Name: "aws_vpc_security_group_rules_exclusive", Rank: RankLast, Kinds: groupKinds, Container: "security_group_id",
			Attributes: []string{"security_group_id"}, Put: putExclusive,
		},
	}
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

var ruleAttributes = []string{"security_group_id", "ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"}

// ruleNames are the properties of a rule of a security group; that of the peer is
// called by its side.
func ruleNames(side string) map[string]string {
	return map[string]string{
		"GroupId": "security_group_id", "IpProtocol": "ip_protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6",
		side + "SecurityGroupId": "referenced_security_group_id", side + "PrefixListId": "prefix_list_id",
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
	note(&open, o.Pending("self"))
	if o.On("self") {
		p.GroupPairs = append(p.GroupPairs, snapshot.GroupPair{GroupID: g.ID, VPC: g.VPC})
	}
	if pending != "" {
		p.Pending = pending
		if o.Pending(protocol) != "" { // without a protocol ports say nothing
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
	ways, open := directions(o)
	id := o.Known("security_group_id")
	if open != "" { // what it was is not known
		lose(w, o, snapshot.SecurityGroups, groups, id, open)
		return
	}
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
	ids, pending := wanted(w, o, "security_group_id", groups)
	pending = max(pending, snapshot.Pending(o.Address))
	for _, id := range ids {
		within(w, o, snapshot.SecurityGroups, groups, id, func(g *snapshot.SecurityGroup) {
			for _, list := range []*[]snapshot.Permission{&g.Ingress, &g.Egress} {
				*list = slices.Clone(*list)
				for i := range *list {
					(*list)[i].Pending = pending
				}
			}
		})
	}
}

// peers are the ports and peers of a permission, as blocks and the oldest type of
// rule write them; those of groups under a name.
func peers(p snapshot.Permission, own, groups string) map[string]any {
	out := portsOf(p.FromPort, p.ToPort)
	add := func(name string, v any) {
		list, _ := out[name].([]any)
		out[name] = append(list, v)
	}
	for _, r := range p.Ranges {
		add("cidr_blocks", r.CIDR.String())
	}
	for _, r := range p.IPv6Ranges {
		add("ipv6_cidr_blocks", r.CIDR.String())
	}
	for _, r := range p.PrefixLists {
		add("prefix_list_ids", r.ID)
	}
	for _, r := range p.GroupPairs {
		if r.GroupID == own {
			out["self"] = true
		} else {
			add(groups, r.GroupID)
		}
	}
	return out
}

// portsOf are the ports of a rule that has both.
func portsOf(from, to *int) map[string]any {
	if from == nil || to == nil {
		return map[string]any{}
	}
	return map[string]any{"from_port": *from, "to_port": *to}
}

// showRules are the rules of a group, one for each peer.
func showRules(w *World, o *Object) []map[string]any {
	g, _ := find(w, groups, o.Known("security_group_id"))
	var out []map[string]any
	for _, p := range *rulesOf(&g, o.Type == "aws_vpc_security_group_egress_rule") {
		add := func(name, peer string) {
			rule := portsOf(p.FromPort, p.ToPort)
			rule["security_group_id"], rule["ip_protocol"], rule[name] = g.ID, p.Protocol, peer
			out = append(out, rule)
		}
		for _, r := range p.Ranges {
			add("cidr_ipv4", r.CIDR.String())
		}
		for _, r := range p.IPv6Ranges {
			add("cidr_ipv6", r.CIDR.String())
		}
		for _, r := range p.PrefixLists {
			add("prefix_list_id", r.ID)
		}
		for _, r := range p.GroupPairs {
			add("referenced_security_group_id", r.GroupID)
		}
	}
	return out
}

// allAlone leaves out the outbound rules of a group that has none but those for all
// traffic: a template that states none leaves AWS's.
func allAlone(shown []map[string]any, states func(string) bool) []map[string]any {
	limits := func(rule map[string]any) bool { return rule["ip_protocol"] != "-1" }
	if !states("") && !slices.ContainsFunc(shown, limits) {
		return nil
	}
	return shown
}

// showOldRules are the rules of a group as it holds them, several peers in one.
func showOldRules(w *World, o *Object) []map[string]any {
	g, _ := find(w, groups, o.Known("security_group_id"))
	var out []map[string]any
	for _, egress := range []bool{false, true} {
		for _, p := range *rulesOf(&g, egress) {
			rule := peers(p, g.ID, "source_security_group_id")
			rule["security_group_id"], rule["protocol"], rule["type"] = g.ID, p.Protocol, listName(egress)
			out = append(out, rule)
		}
	}
	return out
}
