package iac

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	interfaceKinds = []snapshot.Kind{snapshot.Interfaces, snapshot.Subnets}
	endpointKinds  = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets}
	instanceKinds  = []snapshot.Kind{snapshot.Instances, snapshot.Interfaces, snapshot.Subnets}
)

func init() {
	register("aws_vpc_endpoint", model{rankInterface, endpointKinds, putEndpoint, dropEndpoint})
	register("aws_vpc_endpoint_security_group_association", model{rankMember, endpointKinds, putEndpointGroup, dropEndpointGroup})
	register("aws_vpc_endpoint_subnet_association", model{rankMember, endpointKinds, putEndpointSubnet, dropEndpointSubnet})
	register("aws_vpc_endpoint_policy", model{rankMember, endpointKinds, putEndpointPolicy, nil})
	register("aws_vpc_endpoint_private_dns", model{rankMember, endpointKinds, putEndpointDNS, nil})
	register("aws_network_interface", model{rankInterface, interfaceKinds, putInterface, dropInterface})
	register("aws_network_interface_sg_attachment", model{rankMember, interfaceKinds, putInterfaceGroup, dropInterfaceGroup})
	register("aws_instance", model{rankInterface, instanceKinds, putInstance, dropInstance})
}

// fullAccess is the policy of an endpoint for which nobody writes one.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
const fullAccess = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`

// putEndpoint makes an endpoint with an interface in each of its subnets, whose
// addresses AWS chooses unless subnet_configuration does. What the plan says of
// interfaces and addresses is stale where the subnets change.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint
func putEndpoint(w *world, before, o *object) {
	subnetIDs, subnetsPending := o.strs("subnet_ids")
	groupIDs, groupsPending := o.strs("security_group_ids")
	if before == nil {
		s := w.scope(o)
		vpc, pv := o.str("vpc_id")
		if vpc == "" && len(subnetIDs) > 0 {
			if vpc = w.vpcOf(subnetIDs[0]); vpc != "" {
				pv = ""
			}
		}
		kind, pt := o.str("vpc_endpoint_type")
		if pending := max(pv, pt); pending != "" {
			s.Doubt(snapshot.Endpoints, pending.Gap(o.id))
			return
		}
		if kind == "" {
			kind = "Gateway"
		}
		policy := fullAccess
		if p := o.known("policy"); p != "" {
			policy = p
		}
		ep := snapshot.Endpoint{
			ID: o.id, Type: kind, VPC: vpc, ServiceName: o.known("service_name"), State: "available", PolicyDocument: &policy,
			PrivateDNSEnabled: o.maybe("private_dns_enabled"), IPAddressType: "ipv4", OwnerID: owner(s), GroupsPending: groupsPending, SubnetsPending: subnetsPending,
		}
		if _, pending := o.str("policy"); pending != "" {
			ep.PolicyDocument = nil
		}
		if v := o.known("ip_address_type"); v != "" {
			ep.IPAddressType = v
		}
		if v := o.known("state"); v != "" {
			ep.State = v
		}
		if account := o.known("owner_id"); account != "" {
			ep.OwnerID = account
		}
		if len(groupIDs) == 0 && groupsPending == "" && kind == "Interface" {
			groupIDs = w.defaultGroupOf(vpc)
		}
		ep.Groups = groupRefs(groupIDs)
		s.Endpoints.Add(ep)
		w.placeEndpoint(o, subnetIDs)
		return
	}
	edit(w, endpoints, o.id, func(ep *snapshot.Endpoint) {
		if o.stated("security_group_ids") && !same(before, o, "security_group_ids") {
			ep.Groups, ep.GroupsPending = groupRefs(groupIDs), groupsPending
		}
		if o.stated("subnet_ids") && !same(before, o, "subnet_ids") {
			ep.SubnetsPending = subnetsPending
		}
		if !same(before, o, "private_dns_enabled") {
			ep.PrivateDNSEnabled = o.maybe("private_dns_enabled")
		}
		switch policy, pending := o.str("policy"); {
		case pending != "":
			ep.PolicyDocument = nil
		case policy != "" && !same(before, o, "policy"):
			ep.PolicyDocument = &policy
		}
	})
	switch ep, _ := find(w, endpoints, o.id); {
	case o.stated("subnet_ids") && !same(before, o, "subnet_ids"):
		w.placeEndpoint(o, subnetIDs)
	case o.stated("subnet_configuration") && !same(before, o, "subnet_configuration"):
		w.placeEndpoint(o, ep.SubnetIDs)
	}
	w.dressEndpoint(o.id)
}

// defaultGroupOf is the group that an endpoint gets for which none is named.
func (w *world) defaultGroupOf(vpc string) []string {
	for _, s := range w.snap.Scopes {
		for _, g := range s.SecurityGroups.All() {
			if g.VPC == vpc && g.Name == "default" {
				return []string{g.ID}
			}
		}
	}
	return nil
}

// placeEndpoint gives an endpoint an interface in each of the subnets, and in no
// other.
func (w *world) placeEndpoint(o *object, subnetIDs []string) {
	fixed := map[string]netip.Addr{}
	blocks, _ := o.blocks("subnet_configuration")
	for _, b := range blocks {
		if a, err := netip.ParseAddr(b.known("ipv4")); err == nil {
			fixed[b.known("subnet_id")] = a
		}
	}
	edit(w, endpoints, o.id, func(ep *snapshot.Endpoint) {
		for _, id := range ep.SubnetIDs {
			if !slices.Contains(subnetIDs, id) {
				w.leaveSubnet(ep, id)
			}
		}
		for _, id := range subnetIDs {
			if !slices.Contains(ep.SubnetIDs, id) {
				w.enterSubnet(ep, id, fixed[id])
			} else if a := fixed[id]; a.IsValid() {
				w.readdress(ep, id, a)
			}
		}
		ep.SubnetIDs = subnetIDs
	})
}

// readdress gives the interface of an endpoint in a subnet another address.
func (w *world) readdress(ep *snapshot.Endpoint, subnet string, a netip.Addr) {
	for _, id := range ep.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.Subnet == subnet && !slices.Contains(i.Addrs(), a) {
			edit(w, interfaces, id, func(i *snapshot.Interface) { i.SetAddrs([]netip.Addr{a}) })
		}
	}
}

func (w *world) enterSubnet(ep *snapshot.Endpoint, subnet string, addr netip.Addr) {
	if strings.EqualFold(ep.Type, "Gateway") {
		return
	}
	i := snapshot.Interface{
		ID: ep.ID + "/" + subnet, VPC: ep.VPC, Subnet: subnet, Groups: ep.Groups, Pending: ep.GroupsPending, Type: "vpc_endpoint",
		OwnerID: ep.OwnerID, Status: "in-use", PrivateIP: addr,
	}
	row, _ := find(w, subnets, subnet)
	if !addr.IsValid() {
		i.Within = row.CIDR
	}
	ep.InterfaceIDs = append(slices.Clip(ep.InterfaceIDs), i.ID)
	_, holders := find(w, endpoints, ep.ID)
	for _, s := range holders {
		if !addr.IsValid() && !row.CIDR.IsValid() { // it has an address, of a block that is not known
			why := s.GapFor(snapshot.Subnets, subnet)
			if row.Pending != "" {
				why = row.Pending.Gap(i.ID)
			}
			s.Doubt(snapshot.Interfaces, why)
			continue
		}
		w.house(s, i)
	}
}

// house adds an interface, and takes its addresses from the subnet unless it was
// there before.
func (w *world) house(s *snapshot.Scope, i snapshot.Interface) {
	if _, p := s.Interfaces.Get(i.ID); p != snapshot.Present {
		w.take(i.Subnet, max(len(i.PrivateIPs), 1))
	}
	s.Interfaces.Add(i)
}

func (w *world) leaveSubnet(ep *snapshot.Endpoint, subnet string) {
	for _, id := range ep.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.Subnet == subnet {
			remove(w, interfaces, id)
			ep.InterfaceIDs = without(ep.InterfaceIDs, id)
			w.take(subnet, -1)
		}
	}
}

// dressEndpoint puts an endpoint's groups on its interfaces.
func (w *world) dressEndpoint(id string) {
	ep, _ := find(w, endpoints, id)
	for _, i := range ep.InterfaceIDs {
		edit(w, interfaces, i, func(n *snapshot.Interface) { n.Groups, n.Pending = ep.Groups, ep.GroupsPending })
	}
}

// dropEndpoint deletes an endpoint: it is still listed for a while.
func dropEndpoint(w *world, o *object) {
	edit(w, endpoints, o.id, func(ep *snapshot.Endpoint) {
		for _, id := range ep.SubnetIDs {
			w.leaveSubnet(ep, id)
		}
		ep.State = "deleted"
	})
}

// putEndpointGroup adds a group to an endpoint, instead of the VPC's default one
// if it is told to.
func putEndpointGroup(w *world, before, o *object) {
	group, open := o.str("security_group_id")
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			if pending != "" {
				ep.GroupsPending = pending
				return
			}
			var ids []string
			for _, g := range ep.Groups {
				if o.on("replace_default_association") && slices.Contains(w.defaultGroupOf(ep.VPC), g.ID) {
					continue
				}
				ids = append(ids, g.ID)
			}
			if group != "" && !slices.Contains(ids, group) {
				ids = append(ids, group)
			}
			ep.Groups, ep.GroupsPending = groupRefs(ids), max(ep.GroupsPending, open)
		})
		w.dressEndpoint(id)
	}
}

func dropEndpointGroup(w *world, o *object) {
	id := o.known("vpc_endpoint_id")
	within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
		ep.Groups = slices.DeleteFunc(slices.Clone(ep.Groups), func(g snapshot.GroupRef) bool { return g.ID == o.known("security_group_id") })
		if len(ep.Groups) == 0 {
			ep.Groups = groupRefs(w.defaultGroupOf(ep.VPC))
		}
	})
	w.dressEndpoint(id)
}

func putEndpointSubnet(w *world, before, o *object) {
	subnet, open := o.str("subnet_id")
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			ep.SubnetsPending = max(ep.SubnetsPending, open, pending)
			if pending == "" && subnet != "" && !slices.Contains(ep.SubnetIDs, subnet) {
				ep.SubnetIDs = append(slices.Clip(ep.SubnetIDs), subnet)
				w.enterSubnet(ep, subnet, netip.Addr{})
			}
		})
	}
}

func dropEndpointSubnet(w *world, o *object) {
	subnet := o.known("subnet_id")
	within(w, o, snapshot.Endpoints, endpoints, o.known("vpc_endpoint_id"), func(ep *snapshot.Endpoint) {
		if slices.Contains(ep.SubnetIDs, subnet) {
			ep.SubnetIDs = without(ep.SubnetIDs, subnet)
			w.leaveSubnet(ep, subnet)
		}
	})
}

func putEndpointPolicy(w *world, before, o *object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			ep.PolicyDocument = nil // until it is known
			if policy := o.known("policy"); policy != "" && pending == "" {
				ep.PolicyDocument = &policy
			}
		})
	}
}

func putEndpointDNS(w *world, before, o *object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			if ep.PrivateDNSEnabled = o.maybe("private_dns_enabled"); pending != "" {
				ep.PrivateDNSEnabled = nil
			}
		})
	}
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
