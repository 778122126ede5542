package fakeaws

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// Element names of the EC2 query protocol that are not the member's name with a
// small first letter. Where one name has two elements, the list that holds it
// decides. Source: the locationName traits of the EC2 service model.
var (
	elements = map[string]string{
		"Associations": "associationSet", "DnsEntries": "dnsEntrySet", "Entries": "entrySet", "Groups": "groupSet", "Instances": "instancesSet",
		"Ipv6Addresses": "ipv6AddressesSet", "NatGatewayAddresses": "natGatewayAddressSet", "NatGateways": "natGatewaySet", "NetworkAcls": "networkAclSet", "NetworkInterfaceIds": "networkInterfaceIdSet", "NetworkInterfaces": "networkInterfaceSet",
		"PrefixLists": "prefixListSet", "PrivateIpAddresses": "privateIpAddressesSet", "PropagatingVgws": "propagatingVgwSet", "Reservations": "reservationSet",
		"RouteTables": "routeTableSet", "Routes": "routeSet", "SecurityGroupRules": "securityGroupRuleSet", "SecurityGroupVpcAssociations": "securityGroupVpcAssociationSet",
		"SecurityGroups": "securityGroupInfo", "SubnetIds": "subnetIdSet", "SubnetIpv4CidrReservations": "subnetIpv4CidrReservationSet", "Subnets": "subnetSet", "Tags": "tagSet",
		"TransitGateways": "transitGatewaySet", "UserIdGroupPairs": "groups", "VpcAttachments": "attachments", "VpcEndpoints": "vpcEndpointSet",
		"VpcPeeringConnections": "vpcPeeringConnectionSet", "Vpcs": "vpcSet", "VpnConnections": "vpnConnectionSet", "VpnGateways": "vpnGatewaySet",
	}
	elementsWithin = map[string]string{
		"/Associations": "associations", "NetworkAcls/IsDefault": "default", "SecurityGroups/Description": "groupDescription", "Instances/SecurityGroups": "groupSet",
		"Instances/State": "instanceState", "TransitGatewayVpcAttachments/SubnetIds": "subnetIds", "VpnConnections/Routes": "routes",
	}
)

func elementName(parent, member string) string {
	if name, ok := elementsWithin[parent+"/"+member]; ok {
		return name
	}
	if name, ok := elements[member]; ok {
		return name
	}
	return strings.ToLower(member[:1]) + member[1:]
}

// element writes a member of a JSON reply as the query protocol's XML.
func element(b *strings.Builder, parent, member string, v any) {
	name := elementName(parent, member)
	fmt.Fprintf(b, "<%s>", name)
	value(b, member, v)
	fmt.Fprintf(b, "</%s>", name)
}

func value(b *strings.Builder, member string, v any) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			element(b, member, k, v[k])
		}
	case []any:
		for _, item := range v {
			b.WriteString("<item>")
			value(b, member, item)
			b.WriteString("</item>")
		}
	case nil:
	case float64:
		fmt.Fprintf(b, "%v", int64(v))
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, v)) // a strings.Builder never fails
	}
}
