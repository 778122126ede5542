package resource

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var interfaceKinds = []snapshot.Kind{snapshot.Interfaces, snapshot.Subnets}

// interfaceWords are those of an interface in a template, on its own or within an instance.
var interfaceWords = Words{Type: "AWS::EC2::NetworkInterface", Properties: map[string]string{
	"SubnetId": "subnet_id", "GroupSet": "security_groups", "PrivateIpAddress": "private_ip", "Description": "description",
	"SecondaryPrivateIpAddressCount": "private_ips_count", "Ipv4PrefixCount": "ipv4_prefix_count", "Ipv4Prefixes": "ipv4_prefixes",
}, More: listedAddresses}

func interfaceTypes() []Type {
	return []Type{
		{
			Name: "aws_network_interface", Prefix: "eni-", Rank: rankInterface, Rows: []Rows{{snapshot.Interfaces, true}}, Kinds: interfaceKinds,
			Local: true, Sweeps: true, NamedBy: []Reference{{Attribute: "network_interface_id", Here: true}}, Container: "subnet_id",
			Attributes: []string{"subnet_id", "security_groups", "private_ips", "private_ip", "private_ip_list", "private_ips_count", "ipv4_prefix_count", "ipv4_prefixes"},
			Labels:     []string{"description"}, Fixed: []string{"subnet_id", "private_ip"},
			CloudFormation: []Words{interfaceWords},
			Put:            putInterface, Drop: dropInterface, Show: showInterface,
		},
		{
			Name: "aws_network_interface_sg_attachment", Rank: RankMember, Kinds: interfaceKinds, Container: "network_interface_id",
			Attributes: []string{"network_interface_id", "security_group_id"}, Put: putInterfaceGroup, Drop: dropInterfaceGroup, Show: showInterfaceGroups,
		},
		{
			Name: "aws_nat_gateway", Prefix: "nat-", Rank: RankMember, Kinds: []snapshot.Kind{snapshot.Subnets}, NamedBy: []Reference{{Attribute: "nat_gateway_id"}},
			Attributes: []string{"subnet_id", "secondary_private_ip_address_count", "secondary_private_ip_addresses", "secondary_allocation_ids"},
			CloudFormation: []Words{{Type: "AWS::EC2::NatGateway", Properties: map[string]string{
				"SubnetId": "subnet_id", "SecondaryPrivateIpAddressCount": "secondary_private_ip_address_count", "SecondaryPrivateIpAddresses": "secondary_private_ip_addresses",
				"SecondaryAllocationIds": "secondary_allocation_ids",
			}}},
			Put: putTaker, Drop: dropTaker,
		},
		{
			Name: "aws_efs_mount_target", Rank: RankMember, Kinds: []snapshot.Kind{snapshot.Subnets},
			Attributes: []string{"subnet_id"}, CloudFormation: []Words{{Type: "AWS::EFS::MountTarget", Properties: map[string]string{"SubnetId": "subnet_id"}}},
			Put: putTaker, Drop: dropTaker,
		},
	}
}

// putInterface makes a network interface; AWS chooses its address from the
// subnet's block unless the plan does.
func putInterface(w *World, before, o *Object) {
	groupIDs, groupsPending := o.Texts("security_groups")
	addrs := addresses(o, addressLists...)
	if before != nil {
		edit(w, interfaces, o.ID, func(i *snapshot.Interface) {
			if len(groupIDs)+len(groupsPending) > 0 && !Same(before, o, "security_groups") { // it can't be without any
				i.Groups, i.Pending = groupRefs(groupIDs), groupsPending
			}
			w.take(i.Subnet, needs(o)-needs(before))
			w.takeUncounted(i.Subnet, countPending(o))
			for _, name := range addressLists {
				switch list, pending := o.Texts(name); {
				case Same(before, o, name):
				case pending != "": // the first stays, as no interface can change it; which others it will have is not known
					if i.PrivateIP.IsValid() {
						i.SetAddrs([]netip.Addr{i.PrivateIP})
					}
					i.Within = w.block(i.Subnet)
				case len(list) > 0:
					i.SetAddrs(addresses(o, name))
				}
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
		w.takeUncounted(subnet, countPending(o))
	}
}

// addressLists are the attributes that give an interface its addresses.
var addressLists = []string{"private_ips", "private_ip", "private_ip_list"}

// countPending is what decides how many addresses a resource takes; "" if that is
// known.
func countPending(o *Object) snapshot.Pending {
	var out snapshot.Pending
	for _, name := range []string{"private_ips", "private_ip_list", "private_ips_count", "ipv4_prefix_count", "ipv4_prefixes", "secondary_private_ips", "secondary_private_ip_address_count", "secondary_private_ip_addresses", "secondary_allocation_ids"} {
		out = max(out, o.pendingIn(name))
	}
	return out
}

// needs is how many addresses an interface takes from its subnet: its own, and 16
// for each delegated prefix.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html
func needs(o *Object) int {
	more, _ := strconv.Atoi(o.Known("private_ips_count")) // beside the primary address
	count, _ := strconv.Atoi(o.Known("ipv4_prefix_count"))
	prefixes := o.KnownTexts("ipv4_prefixes")
	return max(len(addresses(o, addressLists...)), 1+more) + 16*max(count, len(prefixes))
}

// addresses are the private addresses that an object gives itself.
func addresses(o *Object, names ...string) []netip.Addr {
	for _, n := range names {
		list := o.KnownTexts(n)
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
			if n.Interfaces[at].PrivateIP == n.PrivateIP { // AWS shows those of the primary one as the instance's
				n.Groups = i.Groups
			}
			s.Instances.Put(n)
		}
	}
}

func showInterface(w *World, o *Object) []map[string]any {
	r, there := find(w, interfaces, o.ID)
	if len(there) == 0 {
		return nil
	}
	var addrs []string
	for _, a := range r.Addrs() {
		addrs = append(addrs, a.String())
	}
	out := attributesOf("subnet_id", r.Subnet, "private_ip", addrText(r.PrivateIP), "security_groups", texts(refIDs(r.Groups)), "description", r.Description)
	if len(addrs) > 0 {
		out["private_ips"], out["private_ip_list"] = texts(addrs), texts(addrs)
	}
	return []map[string]any{out}
}

func showInterfaceGroups(w *World, o *Object) []map[string]any {
	r, _ := find(w, interfaces, o.Known("network_interface_id"))
	var out []map[string]any
	for _, g := range r.Groups {
		out = append(out, attributesOf("network_interface_id", r.ID, "security_group_id", g.ID))
	}
	return out
}

// putTaker makes a resource that only uses up addresses of a subnet.
func putTaker(w *World, before, o *Object) {
	w.takeFor(o, usedUp(o))
	w.takeUncounted(o.Known("subnet_id"), countPending(o))
}

func dropTaker(w *World, o *Object) { w.take(o.Known("subnet_id"), -usedUp(o)) }

// listedAddresses reads the addresses that a template lists for an interface, the primary
// one first.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-networkinterface-privateipaddressspecification.html
func listedAddresses(o *Object, properties map[string]any) {
	if open, is := properties["PrivateIpAddresses"].(Unknown); is {
		o.Attributes["private_ips"] = open
	}
	var list []any
	for _, one := range blocksOf(properties["PrivateIpAddresses"]) {
		if PlainText(one["Primary"]) == "true" {
			list = append([]any{one["PrivateIpAddress"]}, list...)
			continue
		}
		list = append(list, one["PrivateIpAddress"])
	}
	if list != nil {
		o.Attributes["private_ips"] = list
	}
}

// usedUp is how many addresses a gateway or mount target takes: its own, and its secondary
// ones.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html
func usedUp(o *Object) int {
	more, _ := strconv.Atoi(o.Known("secondary_private_ip_address_count"))
	return 1 + max(more, len(o.KnownTexts("secondary_private_ip_addresses")), len(o.KnownTexts("secondary_allocation_ids")))
}
