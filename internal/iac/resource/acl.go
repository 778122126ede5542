package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var aclKinds = []snapshot.Kind{snapshot.NetworkACLs}

func aclTypes() []Type {
	return []Type{
		{
			Name: "aws_network_acl", Prefix: "acl-", Rank: rankGroup, Rows: []Rows{{snapshot.NetworkACLs, true}}, Kinds: aclKinds, Local: true,
			NamedBy: []Reference{{Attribute: "network_acl_id", Here: true}}, Container: "vpc_id",
			Attributes: []string{"vpc_id", "subnet_ids", "ingress", "egress"}, Fixed: []string{"vpc_id"},
			Blocks:         map[string][]string{"ingress": {"aws_network_acl_rule"}, "egress": {"aws_network_acl_rule"}},
			CloudFormation: []Words{{Type: "AWS::EC2::NetworkAcl", Properties: map[string]string{"VpcId": "vpc_id"}}},
			Put:            putACL, Drop: dropACL, Show: showACL, InUse: aclInUse,
		},
		{
			Name: "aws_default_network_acl", Prefix: "acl-", Rank: rankGroup, Kinds: aclKinds, Adopts: true, Blocks: map[string][]string{"ingress": nil, "egress": nil},
			NamedBy:    []Reference{{Attribute: "network_acl_id", Here: true}, {Attribute: "default_network_acl_id"}},
			Fixed:      []string{"default_network_acl_id"},
			Attributes: []string{"default_network_acl_id", "subnet_ids", "ingress", "egress"}, Computed: []string{"vpc_id"},
			Put: putDefaultACL, Show: showACL,
		},
		{
			Name: "aws_network_acl_rule", Rank: RankMember, Kinds: aclKinds, Container: "network_acl_id", Slot: []string{"network_acl_id", "egress", "rule_number"}, Inside: true,
			Attributes: []string{"network_acl_id", "egress", "rule_number", "rule_action", "protocol", "from_port", "to_port", "cidr_block", "ipv6_cidr_block"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::NetworkAclEntry", Properties: map[string]string{
					"NetworkAclId": "network_acl_id", "Egress": "egress", "RuleNumber": "rule_number", "RuleAction": "rule_action", "Protocol": "protocol",
					"CidrBlock": "cidr_block", "Ipv6CidrBlock": "ipv6_cidr_block",
				},
				More: func(o *Object, properties map[string]any) {
					if r, ok := properties["PortRange"].(map[string]any); ok {
						o.Attributes["from_port"], o.Attributes["to_port"] = r["From"], r["To"]
					} else if u, ok := properties["PortRange"].(Unknown); ok {
						o.Attributes["from_port"], o.Attributes["to_port"] = u, u
					}
				},
			}},
			Put: putACLRule, Drop: dropACLRule, Show: showACLRules,
		},
		{
			Name: "aws_network_acl_association", Rank: RankMember, Kinds: aclKinds, Container: "network_acl_id", Slot: []string{"subnet_id"}, Inside: true,
			Attributes:     []string{"network_acl_id", "subnet_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::SubnetNetworkAclAssociation", Properties: map[string]string{"NetworkAclId": "network_acl_id", "SubnetId": "subnet_id"}}},
			Put:            putACLAssociation, Drop: dropACLAssociation, Show: showACLAssociations, Holders: aclsOf,
		},
	}
}

// aclsOf are the ACLs that a subnet has.
func aclsOf(s *snapshot.Scope, subnet string) []string {
	var out []string
	for _, a := range s.NetworkACLs.All() {
		if !a.IsDefault && slices.Contains(a.Associations, snapshot.ACLAssociation{Subnet: subnet}) {
			out = append(out, a.ID)
		}
	}
	return out
}

func putACL(w *World, before, o *Object) {
	if before == nil {
		s := w.Scope(o)
		s.NetworkACLs.Add(snapshot.NetworkACL{ID: o.ID, VPC: o.Known("vpc_id")})
	}
	w.setEntries(before, o, o.ID)
	if !o.Stated("subnet_ids") || Same(before, o, "subnet_ids") {
		return
	}
	ids, pending := o.Texts("subnet_ids")
	edit(w, acls, o.ID, func(a *snapshot.NetworkACL) { a.Associations, a.Pending = nil, pending })
	for _, id := range ids {
		w.associateACL(o, id, o.ID)
	}
}

func dropACL(w *World, o *Object) { remove(w, acls, o.ID) }

// putDefaultACL takes over the default network ACL of a VPC: it is left with
// just the entries of the configuration, and none deny everything.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_network_acl
func putDefaultACL(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "default_network_acl_id", acls)
	if ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" }); len(ids) == 0 && pending == "" || o.Exists {
		ids, pending = []string{o.ID}, ""
	}
	if pending != "" { // any default one may lose its entries
		for _, id := range ids {
			edit(w, acls, id, func(a *snapshot.NetworkACL) {
				if a.IsDefault {
					a.Entries = append(slices.Clip(a.Entries), snapshot.ACLEntry{Pending: pending}, snapshot.ACLEntry{Pending: pending, Egress: true})
				}
			})
		}
		return
	}
	if w.Filling {
		w.Scope(o).NetworkACLs.Add(snapshot.NetworkACL{ID: ids[0], VPC: o.Known("vpc_id"), IsDefault: true})
	}
	if before == nil {
		edit(w, acls, ids[0], func(a *snapshot.NetworkACL) { a.Entries = nil })
	}
	w.setEntries(before, o, ids[0])
	subnetIDs, open := o.Texts("subnet_ids")
	if open != "" && !Same(before, o, "subnet_ids") {
		edit(w, acls, ids[0], func(a *snapshot.NetworkACL) { a.Pending = open })
	}
	for _, subnet := range subnetIDs {
		w.associateACL(o, subnet, ids[0])
	}
}

// setEntries replaces the entries of a network ACL by inline ones, in each
// direction whose list changes.
func (w *World) setEntries(before, o *Object, id string) {
	for _, egress := range []bool{false, true} {
		name := listName(egress)
		if !o.Stated(name) || Same(before, o, name) {
			continue
		}
		blocks, pending := o.Blocks(name)
		within(w, o, snapshot.NetworkACLs, acls, id, func(a *snapshot.NetworkACL) {
			left := slices.DeleteFunc(slices.Clone(a.Entries), func(e snapshot.ACLEntry) bool { return e.Egress == egress })
			for _, b := range blocks {
				left = append(left, entry(b, egress, "rule_no", "action"))
			}
			if pending != "" {
				left = append(left, snapshot.ACLEntry{Egress: egress, Pending: pending})
			}
			a.Entries = left
		})
	}
}

// entry reads an entry, inline or a resource of its own.
func entry(o *Object, egress bool, number, action string) snapshot.ACLEntry {
	e := snapshot.ACLEntry{Egress: egress, Secret: o.Hides("cidr_block", "from_port", "to_port", "protocol", "rule_action", "rule_number")}
	var pending [7]snapshot.Pending
	var n string
	n, pending[0] = o.Text(number)
	e.Number, _ = strconv.Atoi(n)
	e.Protocol, pending[1] = o.Protocol("protocol")
	e.Action, pending[2] = o.Text(action)
	e.Action = strings.ToLower(e.Action)
	e.CIDR, pending[3] = o.Prefix("cidr_block")
	e.IPv6CIDR, pending[4] = o.Prefix("ipv6_cidr_block")
	var from, to *int
	from, pending[5] = o.Port("from_port")
	to, pending[6] = o.Port("to_port")
	if from != nil && to != nil && e.Protocol != "-1" && pending[1] == "" { // without a protocol ports say nothing
		e.PortRange = &snapshot.ACLPorts{From: *from, To: *to}
	}
	e.Pending = slices.Max(pending[:])
	return e
}

// associateACL puts a subnet under a network ACL, and so takes it from any other.
func (w *World) associateACL(o *Object, subnet, acl string) {
	w.dissociateACL(subnet)
	within(w, o, snapshot.NetworkACLs, acls, acl, func(a *snapshot.NetworkACL) {
		a.Associations = append(slices.Clip(a.Associations), snapshot.ACLAssociation{Subnet: subnet})
	})
}

// dissociateACL leaves a subnet to the default network ACL of its VPC.
func (w *World) dissociateACL(subnet string) {
	for _, s := range w.Snapshot.Scopes {
		for _, a := range s.NetworkACLs.All() {
			if slices.Contains(a.Associations, snapshot.ACLAssociation{Subnet: subnet}) {
				a.Associations = slices.DeleteFunc(slices.Clone(a.Associations), func(x snapshot.ACLAssociation) bool { return x.Subnet == subnet })
				s.NetworkACLs.Put(a)
			}
		}
	}
}

// putACLRule adds an entry to its network ACL, or to each that may turn out to be
// its ACL, and in both directions where its own is known only after apply.
func putACLRule(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "network_acl_id", acls)
	open := o.Pending("egress")
	pending = max(pending, open, o.MayGo)
	for _, id := range ids {
		for _, egress := range []bool{false, true} {
			if open == "" && egress != o.On("egress") {
				continue
			}
			e := entry(o, egress, "rule_number", "rule_action")
			e.Pending = max(e.Pending, pending)
			within(w, o, snapshot.NetworkACLs, acls, id, func(a *snapshot.NetworkACL) {
				if e.Pending == "" {
					e.Pending = w.taken(o, id, fmt.Sprint(egress, e.Number))
				}
				if e.Pending != "" { // what has its number may be displaced
					a.Entries = slices.Clone(a.Entries)
					for i := range a.Entries {
						if a.Entries[i].Number == e.Number && a.Entries[i].Egress == egress {
							a.Entries[i].Pending = e.Pending
						}
					}
				} else {
					a.Entries = withoutEntry(a.Entries, e)
				}
				a.Entries = append(slices.Clip(a.Entries), e)
			})
		}
	}
}

func withoutEntry(list []snapshot.ACLEntry, gone snapshot.ACLEntry) []snapshot.ACLEntry {
	return slices.DeleteFunc(slices.Clone(list), func(e snapshot.ACLEntry) bool {
		return e.Number == gone.Number && e.Egress == gone.Egress && e.Pending == ""
	})
}

func dropACLRule(w *World, o *Object) {
	gone := entry(o, o.On("egress"), "rule_number", "rule_action")
	within(w, o, snapshot.NetworkACLs, acls, o.Known("network_acl_id"), func(a *snapshot.NetworkACL) { a.Entries = withoutEntry(a.Entries, gone) })
}

func putACLAssociation(w *World, before, o *Object) {
	subnet, open := o.Text("subnet_id")
	ids, pending := wanted(w, o, "network_acl_id", acls)
	if pending = max(pending, o.MayGo); open == "" && pending == "" {
		w.associateACL(o, subnet, ids[0])
		return
	}
	w.dissociateACL(subnet)
	for _, id := range ids {
		edit(w, acls, id, func(a *snapshot.NetworkACL) {
			if v := w.vpcOf(subnet); v == "" || a.VPC == "" || v == a.VPC {
				a.Pending = max(pending, open)
			}
		})
	}
	if len(ids) == 0 {
		w.Scope(o).Doubt(snapshot.NetworkACLs, max(pending, open).Gap(subnet))
	}
}

func dropACLAssociation(w *World, o *Object) {
	subnet := o.Known("subnet_id")
	if row, _ := find(w, acls, o.Known("network_acl_id")); slices.Contains(row.Associations, snapshot.ACLAssociation{Subnet: subnet}) {
		w.dissociateACL(subnet)
	}
}

func showACL(w *World, o *Object) []map[string]any {
	id := o.ID
	if named := o.Known("default_network_acl_id"); named != "" {
		id = named
	}
	a, there := find(w, acls, id)
	if len(there) == 0 {
		return nil
	}
	out := attributesOf("vpc_id", a.VPC, "subnet_ids", texts(subnetsOf(a.Associations, func(x snapshot.ACLAssociation) string { return x.Subnet })))
	if a.IsDefault {
		out["default_network_acl_id"] = a.ID
	}
	for _, egress := range []bool{false, true} {
		blocks := []any{}
		for _, e := range a.Entries {
			if e.Egress == egress && e.Number < aclLast {
				b := entryAttributes(e)
				b["rule_no"], b["action"] = strconv.Itoa(e.Number), e.Action
				blocks = append(blocks, b)
			}
		}
		out[listName(egress)] = blocks
	}
	return []map[string]any{out}
}

// aclLast is the number of the rule that AWS adds, which denies what no other admits.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
const aclLast = 32767

// entryAttributes are what an entry says, but for its number and action.
func entryAttributes(e snapshot.ACLEntry) map[string]any {
	out := attributesOf("protocol", e.Protocol, "cidr_block", prefixText(e.CIDR), "ipv6_cidr_block", prefixText(e.IPv6CIDR))
	if e.PortRange != nil {
		out["from_port"], out["to_port"] = e.PortRange.From, e.PortRange.To
	}
	return out
}

func showACLRules(w *World, o *Object) []map[string]any {
	a, _ := find(w, acls, o.Known("network_acl_id"))
	var out []map[string]any
	for _, e := range a.Entries {
		if e.Number < aclLast {
			rule := entryAttributes(e)
			rule["network_acl_id"], rule["egress"], rule["rule_number"], rule["rule_action"] = a.ID, strconv.FormatBool(e.Egress), strconv.Itoa(e.Number), e.Action
			out = append(out, rule)
		}
	}
	return out
}

func showACLAssociations(w *World, o *Object) []map[string]any {
	a, _ := find(w, acls, o.Known("network_acl_id"))
	var out []map[string]any
	for _, x := range a.Associations {
		out = append(out, map[string]any{"network_acl_id": a.ID, "subnet_id": x.Subnet})
	}
	return out
}
