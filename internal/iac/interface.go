package iac

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	interfaceKinds = []snapshot.Kind{snapshot.Interfaces, snapshot.Subnets}
	instanceKinds  = []snapshot.Kind{snapshot.Instances, snapshot.Interfaces, snapshot.Subnets}
)

func init() {
	register("aws_network_interface", model{rankInterface, interfaceKinds, putInterface, dropInterface})
	register("aws_network_interface_sg_attachment", model{rankMember, interfaceKinds, putInterfaceGroup, dropInterfaceGroup})
	register("aws_instance", model{rankInterface, instanceKinds, putInstance, dropInstance})
}

// putInterface makes a network interface; AWS chooses its address from the
// subnet's block unless the plan does.
func putInterface(w *world, before, o *object) {
	groupIDs, groupsPending := o.strs("security_groups")
	addrs := addresses(o, "private_ips", "private_ip", "private_ip_list")
	if before != nil {
		edit(w, interfaces, o.id, func(i *snapshot.Interface) {
			if o.stated("security_groups") && !same(before, o, "security_groups") {
				i.Groups, i.Pending = groupRefs(groupIDs), groupsPending
			}
			w.take(i.Subnet, needs(o)-needs(before))
			if len(addrs) > 0 && !same(before, o, "private_ips") {
				i.SetAddrs(addrs)
			}
		})
		w.showInterface(o.id)
		return
	}
	subnet := o.known("subnet_id")
	if len(groupIDs) == 0 && groupsPending == "" {
		groupIDs = w.defaultGroupOf(w.vpcOf(subnet))
	}
	s := w.scope(o)
	i := snapshot.Interface{
		ID: o.id, VPC: w.vpcOf(subnet), Subnet: subnet, Groups: groupRefs(groupIDs), Pending: groupsPending, Type: "interface",
		Description: o.known("description"), OwnerID: owner(s), Status: "available",
	}
	if i.SetAddrs(addrs); len(addrs) == 0 {
		i.Within = w.block(subnet)
	}
	_, there := find(w, interfaces, i.ID)
	s.Interfaces.Add(i)
	if len(there) == 0 {
		w.takeFor(o, needs(o))
	}
}

// needs is how many addresses an interface takes from its subnet: its own, and 16
// for each delegated prefix.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
func needs(o *object) int {
	more, _ := strconv.Atoi(o.known("private_ips_count")) // beside the primary address
	count, _ := strconv.Atoi(o.known("ipv4_prefix_count"))
	prefixes, _ := o.strs("ipv4_prefixes")
	return max(len(addresses(o, "private_ips", "private_ip", "private_ip_list")), 1+more) + 16*max(count, len(prefixes))
}

// addresses are the private addresses that an object gives itself.
func addresses(o *object, names ...string) []netip.Addr {
	for _, n := range names {
		list, _ := o.strs(n)
		var out []netip.Addr
		for _, s := range list {
			if a, err := netip.ParseAddr(s); err == nil {
				out = append(out, a)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func dropInterface(w *world, o *object) {
	if i, there := find(w, interfaces, o.id); len(there) > 0 {
		remove(w, interfaces, o.id)
		w.take(i.Subnet, -needs(o))
	}
}

func putInterfaceGroup(w *world, before, o *object) {
	group, open := o.str("security_group_id")
	ids, pending := wanted(w, o, "network_interface_id", interfaces)
	for _, id := range ids {
		within(w, o, snapshot.Interfaces, interfaces, id, func(i *snapshot.Interface) {
			i.Pending = max(i.Pending, open, pending)
			if pending == "" && group != "" && !slices.Contains(i.Groups, snapshot.GroupRef{ID: group}) {
				i.Groups = append(slices.Clip(i.Groups), snapshot.GroupRef{ID: group})
			}
		})
		w.showInterface(id)
	}
}

func dropInterfaceGroup(w *world, o *object) {
	id := o.known("network_interface_id")
	within(w, o, snapshot.Interfaces, interfaces, id, func(i *snapshot.Interface) {
		i.Groups = slices.DeleteFunc(slices.Clone(i.Groups), func(g snapshot.GroupRef) bool { return g.ID == o.known("security_group_id") })
	})
	w.showInterface(id)
}

// showInterface makes an interface the same on the instance that it is attached
// to.
func (w *world) showInterface(id string) {
	i, _ := find(w, interfaces, id)
	for _, s := range w.snap.Scopes {
		for _, n := range s.Instances.All() {
			at := slices.IndexFunc(n.Interfaces, func(x snapshot.Interface) bool { return x.ID == id })
			if at < 0 {
				continue
			}
			n.Interfaces = slices.Clone(n.Interfaces)
			n.Interfaces[at].Groups, n.Interfaces[at].Pending, n.Interfaces[at].PrivateIPs = i.Groups, i.Pending, i.PrivateIPs
			s.Instances.Put(n)
		}
	}
}

// putInstance makes an instance with its primary interface, unless it is given
// one that is a resource of its own.
func putInstance(w *world, before, o *object) {
	groupIDs, groupsPending := o.strs("vpc_security_group_ids")
	if before != nil {
		if o.stated("vpc_security_group_ids") && !same(before, o, "vpc_security_group_ids") {
			w.dressInstance(o.id, groupRefs(groupIDs), groupsPending)
		}
		return
	}
	s := w.scope(o)
	subnet := o.known("subnet_id")
	if _, pending := o.str("subnet_id"); pending != "" {
		w.takeFor(o, 1)
		s.Doubt(snapshot.Instances, pending.Gap(o.id))
		s.Doubt(snapshot.Interfaces, pending.Gap(o.id))
		return
	}
	primary := snapshot.Interface{}
	if given, pending := primaryOf(o); pending != "" {
		s.Doubt(snapshot.Instances, pending.Gap(o.id))
		return
	} else if given != "" {
		primary, _ = find(w, interfaces, given)
	} else {
		if len(groupIDs) == 0 && groupsPending == "" {
			groupIDs = w.defaultGroupOf(w.vpcOf(subnet))
		}
		primary = snapshot.Interface{
			ID: o.part("primary_network_interface_id"), VPC: w.vpcOf(subnet), Subnet: subnet, Groups: groupRefs(groupIDs), Pending: groupsPending,
			Type: "interface", OwnerID: owner(s), Status: "in-use",
		}
		addrs := addresses(o, "private_ip")
		if primary.SetAddrs(addrs); len(addrs) == 0 {
			primary.Within = w.block(subnet)
		}
		primary.Attach(o.id)
		if _, there := find(w, interfaces, primary.ID); len(there) == 0 {
			secondary, _ := o.strs("secondary_private_ips")
			w.takeFor(o, 1+len(secondary))
		}
		s.Interfaces.Add(primary)
	}
	i := snapshot.Instance{ID: o.id, VPC: primary.VPC, Subnet: primary.Subnet, PrivateIP: primary.PrivateIP, Groups: primary.Groups, Interfaces: []snapshot.Interface{primary}, Type: o.known("instance_type")}
	i.State.Name = "running" // as it will be
	i.State.Name = "running"
	s.Instances.Add(i)
}

// primaryOf is the interface that an instance is given as its primary one: that of
// device index 0. Version 6 of the provider has a block of its own for it.
func primaryOf(o *object) (id string, pending snapshot.Pending) {
	blocks, pending := o.blocks("primary_network_interface")
	more, open := o.blocks("network_interface")
	for _, b := range more {
		if n, p := b.str("device_index"); n == "0" || p != "" {
			blocks, open = append(blocks, b), max(open, p)
		}
	}
	if pending = max(pending, open); len(blocks) == 0 || pending != "" {
		return "", pending
	}
	return blocks[0].str("network_interface_id")
}

// dressInstance puts groups on the primary interface of an instance.
func (w *world) dressInstance(id string, refs []snapshot.GroupRef, pending snapshot.Pending) {
	var primary string
	edit(w, instances, id, func(i *snapshot.Instance) {
		i.Groups = refs
		i.Interfaces = slices.Clone(i.Interfaces)
		for n := range i.Interfaces {
			if i.Interfaces[n].PrivateIP == i.PrivateIP {
				i.Interfaces[n].Groups, i.Interfaces[n].Pending = refs, pending
				primary = i.Interfaces[n].ID
			}
		}
	})
	for _, s := range w.snap.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.ID == primary || i.Attachment != nil && i.Attachment.InstanceID == id && primary == "" {
				i.Groups, i.Pending = refs, pending
				s.Interfaces.Put(i)
			}
		}
	}
}

func dropInstance(w *world, o *object) {
	remove(w, instances, o.id)
	for _, s := range w.snap.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.Attachment != nil && i.Attachment.InstanceID == o.id || i.ID == o.part("primary_network_interface_id") {
				s.Interfaces.Delete(i.ID)
				w.take(i.Subnet, -1)
			}
		}
	}
}
