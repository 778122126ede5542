package iac

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var aclKinds = []snapshot.Kind{snapshot.NetworkACLs}

func init() {
	register("aws_network_acl", model{rankGroup, aclKinds, putACL, dropACL})
	register("aws_default_network_acl", model{rankGroup, aclKinds, putDefaultACL, nil})
	register("aws_network_acl_rule", model{rankMember, aclKinds, putACLRule, dropACLRule})
	register("aws_network_acl_association", model{rankMember, aclKinds, putACLAssociation, dropACLAssociation})
}

func putACL(w *world, before, o *object) {
	if before == nil {
		s := w.scope(o)
		s.NetworkACLs.Add(snapshot.NetworkACL{ID: o.id, VPC: o.known("vpc_id")})
	}
	w.setEntries(before, o, o.id)
	if !o.stated("subnet_ids") || same(before, o, "subnet_ids") {
		return
	}
	ids, pending := o.strs("subnet_ids")
	edit(w, acls, o.id, func(a *snapshot.NetworkACL) { a.Associations, a.Pending = nil, pending })
	for _, id := range ids {
		w.guard(o, id, o.id)
	}
}

func dropACL(w *world, o *object) { remove(w, acls, o.id) }

// putDefaultACL takes over the default network ACL of a VPC: it is left with
// just the entries of the configuration, and none deny everything.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_network_acl
func putDefaultACL(w *world, before, o *object) {
	ids, pending := wanted(w, o, "default_network_acl_id", acls)
	if ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" }); len(ids) == 0 && pending == "" || o.exists {
		ids, pending = []string{o.id}, ""
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
	if w.filling {
		w.scope(o).NetworkACLs.Add(snapshot.NetworkACL{ID: ids[0], VPC: o.known("vpc_id"), IsDefault: true})
	}
	if before == nil {
		edit(w, acls, ids[0], func(a *snapshot.NetworkACL) { a.Entries = nil })
	}
	w.setEntries(before, o, ids[0])
	subnetIDs, open := o.strs("subnet_ids")
	if open != "" && !same(before, o, "subnet_ids") {
		edit(w, acls, ids[0], func(a *snapshot.NetworkACL) { a.Pending = open })
	}
	for _, subnet := range subnetIDs {
		w.guard(o, subnet, ids[0])
	}
}

// setEntries replaces the entries of a network ACL by inline ones, in each
// direction whose list changes.
func (w *world) setEntries(before, o *object, id string) {
	for _, egress := range []bool{false, true} {
		name := listName(egress)
		if !o.stated(name) || same(before, o, name) {
			continue
		}
		blocks, pending := o.blocks(name)
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
func entry(o *object, egress bool, number, action string) snapshot.ACLEntry {
	e := snapshot.ACLEntry{Egress: egress, Secret: o.hides("cidr_block", "from_port", "to_port", "protocol", "rule_action", "rule_number")}
	var pending [7]snapshot.Pending
	var n string
	n, pending[0] = o.str(number)
	e.Number, _ = strconv.Atoi(n)
	e.Protocol, pending[1] = o.protocol("protocol")
	e.Action, pending[2] = o.str(action)
	e.Action = strings.ToLower(e.Action)
	e.CIDR, pending[3] = o.prefix("cidr_block")
	e.IPv6CIDR, pending[4] = o.prefix("ipv6_cidr_block")
	var from, to *int
	from, pending[5] = o.port("from_port")
	to, pending[6] = o.port("to_port")
	if from != nil && to != nil && e.Protocol != "-1" && pending[1] == "" { // without a protocol ports say nothing
		e.PortRange = &snapshot.ACLPorts{From: *from, To: *to}
	}
	e.Pending = slices.Max(pending[:])
	return e
}

// guard puts a subnet under a network ACL, and so takes it from any other.
func (w *world) guard(o *object, subnet, acl string) {
	w.unguard(subnet)
	within(w, o, snapshot.NetworkACLs, acls, acl, func(a *snapshot.NetworkACL) {
		a.Associations = append(slices.Clip(a.Associations), snapshot.ACLAssociation{Subnet: subnet})
	})
}

// unguard leaves a subnet to the default network ACL of its VPC.
func (w *world) unguard(subnet string) {
	for _, s := range w.snap.Scopes {
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
func putACLRule(w *world, before, o *object) {
	ids, pending := wanted(w, o, "network_acl_id", acls)
	_, open := o.str("egress")
	pending = max(pending, open, o.perhaps)
	for _, id := range ids {
		for _, egress := range []bool{false, true} {
			if open == "" && egress != o.on("egress") {
				continue
			}
			e := entry(o, egress, "rule_number", "rule_action")
			e.Pending = max(e.Pending, pending)
			within(w, o, snapshot.NetworkACLs, acls, id, func(a *snapshot.NetworkACL) {
				if e.Pending == "" {
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

func dropACLRule(w *world, o *object) {
	gone := entry(o, o.on("egress"), "rule_number", "rule_action")
	within(w, o, snapshot.NetworkACLs, acls, o.known("network_acl_id"), func(a *snapshot.NetworkACL) { a.Entries = withoutEntry(a.Entries, gone) })
}

func putACLAssociation(w *world, before, o *object) {
	subnet, open := o.str("subnet_id")
	ids, pending := wanted(w, o, "network_acl_id", acls)
	if pending = max(pending, o.perhaps); open == "" && pending == "" {
		w.guard(o, subnet, ids[0])
		return
	}
	w.unguard(subnet)
	for _, id := range ids {
		edit(w, acls, id, func(a *snapshot.NetworkACL) {
			if v := w.vpcOf(subnet); v == "" || a.VPC == "" || v == a.VPC {
				a.Pending = max(pending, open)
			}
		})
	}
	if len(ids) == 0 {
		w.scope(o).Doubt(snapshot.NetworkACLs, max(pending, open).Gap(subnet))
	}
}

func dropACLAssociation(w *world, o *object) {
	subnet := o.known("subnet_id")
	if row, _ := find(w, acls, o.known("network_acl_id")); slices.Contains(row.Associations, snapshot.ACLAssociation{Subnet: subnet}) {
		w.unguard(subnet)
	}
}
