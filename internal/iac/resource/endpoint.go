package resource

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var endpointKinds = []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets}

func endpointTypes() []Type {
	return []Type{
		{
			Name: "aws_vpc_endpoint", Prefix: "vpce-", Rank: rankInterface, Rows: []Rows{{snapshot.Endpoints, true}}, Kinds: endpointKinds,
			Local: true, Sweeps: true, Gateway: snapshot.EndpointGateway, NamedBy: []Reference{{Attribute: "vpc_endpoint_id", Here: true}, {Attribute: "gateway_id"}}, Container: "vpc_id",
			Attributes: []string{
				"vpc_id", "service_name", "vpc_endpoint_type", "subnet_ids", "security_group_ids", "private_dns_enabled", "policy", "ip_address_type", "subnet_configuration",
			},
			Computed: []string{"state", "owner_id"}, Fixed: []string{"vpc_id", "service_name", "vpc_endpoint_type"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::VPCEndpoint", Properties: map[string]string{
					"VpcId": "vpc_id", "ServiceName": "service_name", "VpcEndpointType": "vpc_endpoint_type", "SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids",
					"PrivateDnsEnabled": "private_dns_enabled", "IpAddressType": "ip_address_type",
				},
				More: func(o *Object, properties map[string]any) {
					if p, ok := properties["PolicyDocument"]; ok && AnyUnknown(p) {
						o.Attributes["policy"] = Unknown(o.Address + ".PolicyDocument")
					} else if ok {
						o.Attributes["policy"] = jsonText(p)
					}
				},
			}},
			Put: putEndpoint, Drop: dropEndpoint, Show: showEndpoint,
		},
		{
			Name: "aws_vpc_endpoint_security_group_association", Rank: RankMember, Kinds: endpointKinds, Container: "vpc_endpoint_id",
			Attributes: []string{"vpc_endpoint_id", "security_group_id", "replace_default_association"},
			Put:        putEndpointGroup, Drop: dropEndpointGroup, Show: showEndpointGroups,
		},
		{
			Name: "aws_vpc_endpoint_subnet_association", Rank: RankMember, Kinds: endpointKinds, Container: "vpc_endpoint_id",
			Attributes: []string{"vpc_endpoint_id", "subnet_id"}, Put: putEndpointSubnet, Drop: dropEndpointSubnet, Show: showEndpointSubnets,
		},
		{
			Name: "aws_vpc_endpoint_policy", Rank: RankMember, Kinds: endpointKinds, Container: "vpc_endpoint_id", Sets: true,
			Attributes: []string{"vpc_endpoint_id", "policy"}, Put: putEndpointPolicy, Drop: dropEndpointPolicy, Show: showEndpointPart,
		},
		{
			Name: "aws_vpc_endpoint_private_dns", Rank: RankMember, Kinds: endpointKinds, Container: "vpc_endpoint_id", Sets: true,
			Attributes: []string{"vpc_endpoint_id", "private_dns_enabled"}, Put: putEndpointDNS, Show: showEndpointPart,
		},
	}
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
		if o.Pending("policy") != "" {
			ep.PolicyDocument = nil
		}
		if v, pending := o.Text("ip_address_type"); v != "" || pending != "" {
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
		if o.Stated("ip_address_type") && !Same(before, o, "ip_address_type") {
			ep.IPAddressType = o.Known("ip_address_type")
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
	blocks, pending := o.Blocks("subnet_configuration")
	for _, b := range blocks {
		pending = max(pending, b.Pending("ipv4"), b.Pending("subnet_id"))
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
			} else if a := fixed[id]; a.IsValid() || pending != "" {
				w.readdress(ep, id, a)
			}
		}
		ep.SubnetIDs = subnetIDs
	})
}

// readdress gives the interface of an endpoint in a subnet another address, or one
// that is not known yet.
func (w *World) readdress(ep *snapshot.Endpoint, subnet string, a netip.Addr) {
	for _, id := range ep.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.Subnet == subnet && !slices.Contains(i.Addrs(), a) {
			edit(w, interfaces, id, func(i *snapshot.Interface) {
				if i.SetAddrs([]netip.Addr{a}); !a.IsValid() {
					i.SetAddrs(nil)
					i.Within = w.block(subnet)
				}
			})
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
			replaces, unsure := o.Text("replace_default_association")
			for _, g := range ep.Groups {
				if (replaces == "true" || unsure != "") && slices.Contains(w.defaultGroupOf(ep.VPC), g.ID) {
					open = max(open, unsure) // it may stay
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

func showEndpoint(w *World, o *Object) []map[string]any {
	r, there := find(w, endpoints, o.ID)
	if len(there) == 0 {
		return nil
	}
	out := attributesOf(
		"vpc_id", r.VPC, "service_name", r.ServiceName, "vpc_endpoint_type", r.Type, "subnet_ids", texts(r.SubnetIDs), "security_group_ids", texts(refIDs(r.Groups)),
		"ip_address_type", r.IPAddressType,
	)
	if r.PrivateDNSEnabled != nil {
		out["private_dns_enabled"] = *r.PrivateDNSEnabled
	}
	if r.PolicyDocument != nil {
		out["policy"] = *r.PolicyDocument
	}
	fixed := []any{}
	for _, id := range r.InterfaceIDs {
		if i, _ := find(w, interfaces, id); i.PrivateIP.IsValid() {
			fixed = append(fixed, map[string]any{"subnet_id": i.Subnet, "ipv4": i.PrivateIP.String()})
		}
	}
	if len(fixed) > 0 {
		out["subnet_configuration"] = fixed
	}
	return []map[string]any{out}
}

func showEndpointGroups(w *World, o *Object) []map[string]any {
	r, _ := find(w, endpoints, o.Known("vpc_endpoint_id"))
	var out []map[string]any
	for _, g := range r.Groups {
		out = append(out, attributesOf("vpc_endpoint_id", r.ID, "security_group_id", g.ID))
	}
	return out
}

func showEndpointSubnets(w *World, o *Object) []map[string]any {
	r, _ := find(w, endpoints, o.Known("vpc_endpoint_id"))
	var out []map[string]any
	for _, id := range r.SubnetIDs {
		out = append(out, attributesOf("vpc_endpoint_id", r.ID, "subnet_id", id))
	}
	return out
}
