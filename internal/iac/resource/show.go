package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Shown is what AWS shows of a resource, in the words of Terraform; nil if it was
// not seen. Lists are put in the order of the other side, as far as they agree.
func Shown(base *snapshot.Snapshot, o *Object) *Object {
	w := &World{Snapshot: base}
	attrs := map[string]any{}
	found := false
	set := func(name string, v any) { attrs[name], found = v, true }
	ids := func(name string, list []string) {
		theirs, _ := o.Texts(name)
		if len(theirs) == len(list) && !slices.ContainsFunc(theirs, func(s string) bool { return !slices.Contains(list, s) }) {
			list = theirs
		}
		out := make([]any, len(list))
		for i, s := range list {
			out[i] = s
		}
		set(name, out)
	}
	refs := func(list []snapshot.GroupRef) []string {
		var out []string
		for _, g := range list {
			out = append(out, g.ID)
		}
		return out
	}
	switch o.Type {
	case "aws_vpc":
		if r, h := find(w, vpcs, o.ID); len(h) > 0 {
			set("cidr_block", r.CIDR.String())
		}
	case "aws_subnet":
		if r, h := find(w, subnets, o.ID); len(h) > 0 {
			set("vpc_id", r.VPC)
			set("cidr_block", r.CIDR.String())
			set("availability_zone", r.AvailabilityZone)
		}
	case "aws_security_group":
		if r, h := find(w, groups, o.ID); len(h) > 0 {
			set("vpc_id", r.VPC)
			for name, v := range map[string]string{"name": r.Name, "description": r.About} {
				if v != "" {
					set(name, v)
				}
			}
		}
	case "aws_network_acl":
		if r, h := find(w, acls, o.ID); len(h) > 0 {
			set("vpc_id", r.VPC)
		}
	case "aws_route_table":
		if r, h := find(w, tables, o.ID); len(h) > 0 {
			set("vpc_id", r.VPC)
		}
	case "aws_vpc_endpoint":
		if r, h := find(w, endpoints, o.ID); len(h) > 0 {
			set("vpc_id", r.VPC)
			set("service_name", r.ServiceName)
			set("vpc_endpoint_type", r.Type)
			ids("subnet_ids", r.SubnetIDs)
			ids("security_group_ids", refs(r.Groups))
			if r.PrivateDNSEnabled != nil {
				set("private_dns_enabled", *r.PrivateDNSEnabled)
			}
			if r.PolicyDocument != nil {
				set("policy", *r.PolicyDocument)
			}
		}
	case "aws_network_interface":
		if r, h := find(w, interfaces, o.ID); len(h) > 0 {
			set("subnet_id", r.Subnet)
			set("private_ip", r.PrivateIP.String())
			ids("security_groups", refs(r.Groups))
		}
	case "aws_instance":
		if r, h := find(w, instances, o.ID); len(h) > 0 {
			set("subnet_id", r.Subnet)
			set("private_ip", r.PrivateIP.String())
			ids("vpc_security_group_ids", refs(r.Groups))
		}
	case "aws_ec2_managed_prefix_list":
		if r, h := find(w, lists, o.ID); len(h) > 0 {
			var entries []any
			for _, e := range r.Entries {
				entries = append(entries, map[string]any{"cidr": e.CIDR.String()})
			}
			set("entry", entries)
		}
	case "aws_vpc_peering_connection":
		if r, h := find(w, peerings, o.ID); len(h) > 0 {
			set("vpc_id", r.Requester.VPC)
			set("peer_vpc_id", r.Accepter.VPC)
		}
	case "aws_ec2_transit_gateway_vpc_attachment":
		if r, h := find(w, tgwVPCAttachments, o.ID); len(h) > 0 {
			set("transit_gateway_id", r.Gateway)
			set("vpc_id", r.VPC)
			ids("subnet_ids", r.SubnetIDs)
		}
	}
	if !found {
		return nil
	}
	return &Object{Address: o.Address, Type: o.Type, ID: o.ID, Exists: true, Attributes: attrs}
}

// PartsShown lists what a group, ACL or table of the stack holds in AWS.
func PartsShown(base *snapshot.Snapshot, id string, o *Object, stated []*Object) []*Object {
	w := &World{Snapshot: base}
	var out []*Object
	add := func(kind string, attrs map[string]any) {
		out = append(out, &Object{Address: id, Type: kind, ID: fmt.Sprintf("%s/%s/%d", id, kind, len(out)), Exists: true, Attributes: attrs, Place: o.Place})
	}
	switch o.Type {
	case "aws_security_group":
		g, _ := find(w, groups, o.ID)
		rules := func(kind string, perms []snapshot.Permission) {
			for _, p := range perms {
				one := func(name, v string) {
					attrs := map[string]any{"security_group_id": o.ID, "ip_protocol": p.Protocol, name: v}
					if p.FromPort != nil && p.ToPort != nil {
						attrs["from_port"], attrs["to_port"] = *p.FromPort, *p.ToPort
					}
					add(kind, attrs)
				}
				for _, r := range p.Ranges {
					one("cidr_ipv4", r.CIDR.String())
				}
				for _, r := range p.IPv6Ranges {
					one("cidr_ipv6", r.CIDR.String())
				}
				for _, r := range p.PrefixLists {
					one("prefix_list_id", r.ID)
				}
				for _, r := range p.GroupPairs {
					one("referenced_security_group_id", r.GroupID)
				}
			}
		}
		rules("aws_vpc_security_group_ingress_rule", g.Ingress)
		const egress = "aws_vpc_security_group_egress_rule"
		statesEgress := slices.ContainsFunc(stated, func(m *Object) bool { return m.Type == egress && m.Known("security_group_id") == o.ID })
		allOut := len(g.Egress) == 1 && g.Egress[0].Protocol == "-1"
		if statesEgress || !allOut { // the rule that AWS adds stays where the template says nothing
			rules(egress, g.Egress)
		}
	case "aws_network_acl":
		a, _ := find(w, acls, o.ID)
		for _, e := range a.Entries {
			if e.Number >= 32767 {
				continue // the rule that AWS adds
			}
			attrs := map[string]any{"network_acl_id": o.ID, "egress": strconv.FormatBool(e.Egress), "rule_number": strconv.Itoa(e.Number), "rule_action": e.Action, "protocol": e.Protocol}
			if e.CIDR.IsValid() {
				attrs["cidr_block"] = e.CIDR.String()
			}
			if e.IPv6CIDR.IsValid() {
				attrs["ipv6_cidr_block"] = e.IPv6CIDR.String()
			}
			if e.PortRange != nil {
				attrs["from_port"], attrs["to_port"] = e.PortRange.From, e.PortRange.To
			}
			add("aws_network_acl_rule", attrs)
		}
		for _, x := range a.Associations {
			add("aws_network_acl_association", map[string]any{"network_acl_id": o.ID, "subnet_id": x.Subnet})
		}
	case "aws_route_table":
		t, _ := find(w, tables, o.ID)
		for _, r := range t.Routes {
			if r.Gateway == "local" || propagated(r) || strings.HasPrefix(r.Gateway, "vpce-") && r.PrefixList != "" {
				continue
			}
			attrs := map[string]any{"route_table_id": o.ID}
			if r.CIDR.IsValid() {
				attrs["destination_cidr_block"] = r.CIDR.String()
			}
			if r.IPv6CIDR.IsValid() {
				attrs["destination_ipv6_cidr_block"] = r.IPv6CIDR.String()
			}
			for name, v := range map[string]string{
				"destination_prefix_list_id": r.PrefixList, "gateway_id": r.Gateway, "nat_gateway_id": r.NATGateway, "vpc_peering_connection_id": r.Peering,
				"transit_gateway_id": r.TransitGateway, "egress_only_gateway_id": r.EgressOnly, "local_gateway_id": r.LocalGateway, "carrier_gateway_id": r.CarrierGateway,
				"core_network_arn": r.CoreNetwork,
			} {
				if v != "" {
					attrs[name] = v
				}
			}
			if r.Interface != "" && r.Instance == "" {
				attrs["network_interface_id"] = r.Interface
			}
			if r.Instance != "" {
				attrs["instance_id"] = r.Instance
			}
			add("aws_route", attrs)
		}
		for _, x := range t.Associations {
			if x.Subnet != "" {
				add("aws_route_table_association", map[string]any{"route_table_id": o.ID, "subnet_id": x.Subnet})
			}
		}
	}
	return out
}
