package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var endpointKinds = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets}

func init() {
	register("aws_vpc_endpoint", Model{rankInterface, endpointKinds, putEndpoint, dropEndpoint})
	register("aws_vpc_endpoint_security_group_association", Model{RankMember, endpointKinds, putEndpointGroup, dropEndpointGroup})
	register("aws_vpc_endpoint_subnet_association", Model{RankMember, endpointKinds, putEndpointSubnet, dropEndpointSubnet})
	register("aws_vpc_endpoint_policy", Model{RankMember, endpointKinds, putEndpointPolicy, nil})
	register("aws_vpc_endpoint_private_dns", Model{RankMember, endpointKinds, putEndpointDNS, nil})
}

// fullAccess is the policy of an endpoint for which nobody writes one.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
const fullAccess = `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`

// putEndpoint makes an endpoint with an interface in each of its subnets, whose
// addresses AWS chooses unless subnet_configuration does. What the plan says of
// interfaces and addresses is stale where the subnets change.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint
func putEndpoint(w *World, before, o *Object) {
	subnetIDs, subnetsPending := o.Texts("subnet_ids")
	groupIDs, groupsPending := o.Texts("security_group_ids")
	if before == nil {
		s := w.Scope(o)
		vpc, pv := o.Text("vpc_id")
		if vpc == "" && len(subnetIDs) > 0 {
			if vpc = w.vpcOf(subnetIDs[0]); vpc != "" {
				pv = ""
			}
		}
		kind, pt := o.Text("vpc_endpoint_type")
		if pending := max(pv, pt); pending != "" {
			s.Doubt(snapshot.Endpoints, pending.Gap(o.ID))
			return
		}
		if kind == "" {
			kind = "Gateway"
		}
		policy := fullAccess
		if p := o.Known("policy"); p != "" {
			policy = p
		}
		ep := snapshot.Endpoint{
			ID: o.ID, Type: kind, VPC: vpc, ServiceName: o.Known("service_name"), State: "available", PolicyDocument: &policy,
			PrivateDNSEnabled: o.OnIfKnown("private_dns_enabled"), IPAddressType: "ipv4", OwnerID: owner(s), GroupsPending: groupsPending, SubnetsPending: subnetsPending,
		}
		if _, pending := o.Text("policy"); pending != "" {
			ep.PolicyDocument = nil
		}
		if v := o.Known("ip_address_type"); v != "" {
			ep.IPAddressType = v
		}
		if v := o.Known("state"); v != "" {
			ep.State = v
		}
		if account := o.Known("owner_id"); account != "" {
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
	edit(w, endpoints, o.ID, func(ep *snapshot.Endpoint) {
		if o.Stated("security_group_ids") && !Same(before, o, "security_group_ids") {
			ep.Groups, ep.GroupsPending = groupRefs(groupIDs), groupsPending
		}
		if o.Stated("subnet_ids") && !Same(before, o, "subnet_ids") {
			ep.SubnetsPending = subnetsPending
		}
		if !Same(before, o, "private_dns_enabled") {
			ep.PrivateDNSEnabled = o.OnIfKnown("private_dns_enabled")
		}
		switch policy, pending := o.Text("policy"); {
		case pending != "":
			ep.PolicyDocument = nil
		case policy != "" && !Same(before, o, "policy"):
			ep.PolicyDocument = &policy
		}
	})
	switch ep, _ := find(w, endpoints, o.ID); {
	case o.Stated("subnet_ids") && !Same(before, o, "subnet_ids"):
		w.placeEndpoint(o, subnetIDs)
	case o.Stated("subnet_configuration") && !Same(before, o, "subnet_configuration"):
		w.placeEndpoint(o, ep.SubnetIDs)
	}
	w.groupsOnInterfaces(o.ID)
}

// defaultGroupOf is the group that an endpoint gets for which none is named.
func (w *World) defaultGroupOf(vpc string) []string {
	for _, s := range w.Snapshot.Scopes {
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
func (w *World) placeEndpoint(o *Object, subnetIDs []string) {
	fixed := map[string]netip.Addr{}
	blocks, _ := o.Blocks("subnet_configuration")
	for _, b := range blocks {
		if a, err := netip.ParseAddr(b.Known("ipv4")); err == nil {
			fixed[b.Known("subnet_id")] = a
		}
	}
	edit(w, endpoints, o.ID, func(ep *snapshot.Endpoint) {
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
func (w *World) readdress(ep *snapshot.Endpoint, subnet string, a netip.Addr) {
	for _, id := range ep.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.Subnet == subnet && !slices.Contains(i.Addrs(), a) {
			edit(w, interfaces, id, func(i *snapshot.Interface) { i.SetAddrs([]netip.Addr{a}) })
		}
	}
}

func (w *World) enterSubnet(ep *snapshot.Endpoint, subnet string, addr netip.Addr) {
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
		w.addInterface(s, i)
	}
}

// addInterface adds an interface, and takes its addresses from the subnet unless it was
// there before.
func (w *World) addInterface(s *snapshot.Scope, i snapshot.Interface) {
	if _, p := s.Interfaces.Get(i.ID); p != snapshot.Present {
		w.take(i.Subnet, max(len(i.PrivateIPs), 1))
	}
	s.Interfaces.Add(i)
}

func (w *World) leaveSubnet(ep *snapshot.Endpoint, subnet string) {
	for _, id := range ep.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.Subnet == subnet {
			remove(w, interfaces, id)
			ep.InterfaceIDs = without(ep.InterfaceIDs, id)
			w.take(subnet, -1)
		}
	}
}

// groupsOnInterfaces puts an endpoint's groups on its interfaces.
func (w *World) groupsOnInterfaces(id string) {
	ep, _ := find(w, endpoints, id)
	for _, i := range ep.InterfaceIDs {
		edit(w, interfaces, i, func(n *snapshot.Interface) { n.Groups, n.Pending = ep.Groups, ep.GroupsPending })
	}
}

// dropEndpoint deletes an endpoint: it is still listed for a while.
func dropEndpoint(w *World, o *Object) {
	edit(w, endpoints, o.ID, func(ep *snapshot.Endpoint) {
		for _, id := range ep.SubnetIDs {
			w.leaveSubnet(ep, id)
		}
		ep.State = "deleted"
	})
}

// putEndpointGroup adds a group to an endpoint, instead of the VPC's default one
// if it is told to.
func putEndpointGroup(w *World, before, o *Object) {
	group, open := o.Text("security_group_id")
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			if pending != "" {
				ep.GroupsPending = pending
				return
			}
			var ids []string
			for _, g := range ep.Groups {
				if o.On("replace_default_association") && slices.Contains(w.defaultGroupOf(ep.VPC), g.ID) {
					continue
				}
				ids = append(ids, g.ID)
			}
			if group != "" && !slices.Contains(ids, group) {
				ids = append(ids, group)
			}
			ep.Groups, ep.GroupsPending = groupRefs(ids), max(ep.GroupsPending, open)
		})
		w.groupsOnInterfaces(id)
	}
}

func dropEndpointGroup(w *World, o *Object) {
	id := o.Known("vpc_endpoint_id")
	within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
		ep.Groups = slices.DeleteFunc(slices.Clone(ep.Groups), func(g snapshot.GroupRef) bool { return g.ID == o.Known("security_group_id") })
		if len(ep.Groups) == 0 {
			ep.Groups = groupRefs(w.defaultGroupOf(ep.VPC))
		}
	})
	w.groupsOnInterfaces(id)
}

func putEndpointSubnet(w *World, before, o *Object) {
	subnet, open := o.Text("subnet_id")
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

func dropEndpointSubnet(w *World, o *Object) {
	subnet := o.Known("subnet_id")
	within(w, o, snapshot.Endpoints, endpoints, o.Known("vpc_endpoint_id"), func(ep *snapshot.Endpoint) {
		if slices.Contains(ep.SubnetIDs, subnet) {
			ep.SubnetIDs = without(ep.SubnetIDs, subnet)
			w.leaveSubnet(ep, subnet)
		}
	})
}

func putEndpointPolicy(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			ep.PolicyDocument = nil // until it is known
			if policy := o.Known("policy"); policy != "" && pending == "" {
				ep.PolicyDocument = &policy
			}
		})
	}
}

func putEndpointDNS(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "vpc_endpoint_id", endpoints)
	for _, id := range ids {
		within(w, o, snapshot.Endpoints, endpoints, id, func(ep *snapshot.Endpoint) {
			if ep.PrivateDNSEnabled = o.OnIfKnown("private_dns_enabled"); pending != "" {
				ep.PrivateDNSEnabled = nil
			}
		})
	}
}
