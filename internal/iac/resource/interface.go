package resource

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
	register("aws_network_interface", Model{rankInterface, interfaceKinds, putInterface, dropInterface})
	register("aws_network_interface_sg_attachment", Model{RankMember, interfaceKinds, putInterfaceGroup, dropInterfaceGroup})
	register("aws_instance", Model{rankInterface, instanceKinds, putInstance, dropInstance})
}

// putInterface makes a network interface; AWS chooses its address from the
// subnet's block unless the plan does.
func putInterface(w *World, before, o *Object) {
	groupIDs, groupsPending := o.Texts("security_groups")
	addrs := addresses(o, "private_ips", "private_ip", "private_ip_list")
	if before != nil {
		edit(w, interfaces, o.ID, func(i *snapshot.Interface) {
			if o.Stated("security_groups") && !Same(before, o, "security_groups") {
				i.Groups, i.Pending = groupRefs(groupIDs), groupsPending
			}
			w.take(i.Subnet, needs(o)-needs(before))
			if len(addrs) > 0 && !Same(before, o, "private_ips") {
				i.SetAddrs(addrs)
			}
		})
		w.showInterface(o.ID)
		return
	}
	subnet := o.Known("subnet_id")
	if len(groupIDs) == 0 && groupsPending == "" {
		groupIDs = w.defaultGroupOf(w.vpcOf(subnet))
	}
	s := w.Scope(o)
	i := snapshot.Interface{
		ID: o.ID, VPC: w.vpcOf(subnet), Subnet: subnet, Groups: groupRefs(groupIDs), Pending: groupsPending, Type: "interface",
		Description: o.Known("description"), OwnerID: owner(s), Status: "available",
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
func needs(o *Object) int {
	more, _ := strconv.Atoi(o.Known("private_ips_count")) // beside the primary address
	count, _ := strconv.Atoi(o.Known("ipv4_prefix_count"))
	prefixes, _ := o.Texts("ipv4_prefixes")
	return max(len(addresses(o, "private_ips", "private_ip", "private_ip_list")), 1+more) + 16*max(count, len(prefixes))
}

// addresses are the private addresses that an object gives itself.
func addresses(o *Object, names ...string) []netip.Addr {
	for _, n := range names {
		list, _ := o.Texts(n)
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

func dropInterface(w *World, o *Object) {
	if i, there := find(w, interfaces, o.ID); len(there) > 0 {
		remove(w, interfaces, o.ID)
		w.take(i.Subnet, -needs(o))
	}
}

func putInterfaceGroup(w *World, before, o *Object) {
	group, open := o.Text("security_group_id")
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

func dropInterfaceGroup(w *World, o *Object) {
	id := o.Known("network_interface_id")
	within(w, o, snapshot.Interfaces, interfaces, id, func(i *snapshot.Interface) {
		i.Groups = slices.DeleteFunc(slices.Clone(i.Groups), func(g snapshot.GroupRef) bool { return g.ID == o.Known("security_group_id") })
	})
	w.showInterface(id)
}

// showInterface makes an interface the same on the instance that it is attached
// to.
func (w *World) showInterface(id string) {
	i, _ := find(w, interfaces, id)
	for _, s := range w.Snapshot.Scopes {
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
func putInstance(w *World, before, o *Object) {
	groupIDs, groupsPending := o.Texts("vpc_security_group_ids")
	if before != nil {
		if o.Stated("vpc_security_group_ids") && !Same(before, o, "vpc_security_group_ids") {
			w.groupsOnInstance(o.ID, groupRefs(groupIDs), groupsPending)
		}
		return
	}
	s := w.Scope(o)
	subnet := o.Known("subnet_id")
	if _, pending := o.Text("subnet_id"); pending != "" {
		w.takeFor(o, 1)
		s.Doubt(snapshot.Instances, pending.Gap(o.ID))
		s.Doubt(snapshot.Interfaces, pending.Gap(o.ID))
		return
	}
	primary := snapshot.Interface{}
	if given, pending := primaryOf(o); pending != "" {
		s.Doubt(snapshot.Instances, pending.Gap(o.ID))
		return
	} else if given != "" {
		primary, _ = find(w, interfaces, given)
	} else {
		if len(groupIDs) == 0 && groupsPending == "" {
			groupIDs = w.defaultGroupOf(w.vpcOf(subnet))
		}
		primary = snapshot.Interface{
			ID: o.Part("primary_network_interface_id"), VPC: w.vpcOf(subnet), Subnet: subnet, Groups: groupRefs(groupIDs), Pending: groupsPending,
			Type: "interface", OwnerID: owner(s), Status: "in-use",
		}
		addrs := addresses(o, "private_ip")
		if primary.SetAddrs(addrs); len(addrs) == 0 {
			primary.Within = w.block(subnet)
		}
		primary.Attach(o.ID)
		if _, there := find(w, interfaces, primary.ID); len(there) == 0 {
			secondary, _ := o.Texts("secondary_private_ips")
			w.takeFor(o, 1+len(secondary))
		}
		s.Interfaces.Add(primary)
	}
	i := snapshot.Instance{ID: o.ID, VPC: primary.VPC, Subnet: primary.Subnet, PrivateIP: primary.PrivateIP, Groups: primary.Groups, Interfaces: []snapshot.Interface{primary}, Type: o.Known("instance_type")}
	i.State.Name = "running" // as it will be
	i.State.Name = "running"
	s.Instances.Add(i)
}

// primaryOf is the interface that an instance is given as its primary one: that of
// device index 0. Version 6 of the provider has a block of its own for it.
func primaryOf(o *Object) (id string, pending snapshot.Pending) {
	blocks, pending := o.Blocks("primary_network_interface")
	more, open := o.Blocks("network_interface")
	for _, b := range more {
		if n, p := b.Text("device_index"); n == "0" || p != "" {
			blocks, open = append(blocks, b), max(open, p)
		}
	}
	if pending = max(pending, open); len(blocks) == 0 || pending != "" {
		return "", pending
	}
	return blocks[0].Text("network_interface_id")
}

// groupsOnInstance puts groups on the primary interface of an instance.
func (w *World) groupsOnInstance(id string, refs []snapshot.GroupRef, pending snapshot.Pending) {
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
	for _, s := range w.Snapshot.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.ID == primary || i.Attachment != nil && i.Attachment.InstanceID == id && primary == "" {
				i.Groups, i.Pending = refs, pending
				s.Interfaces.Put(i)
			}
		}
	}
}

func dropInstance(w *World, o *Object) {
	remove(w, instances, o.ID)
	for _, s := range w.Snapshot.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.Attachment != nil && i.Attachment.InstanceID == o.ID || i.ID == o.Part("primary_network_interface_id") {
				s.Interfaces.Delete(i.ID)
				w.take(i.Subnet, -1)
			}
		}
	}
}
