package iac

import (
	"encoding/json"
	"strings"
)

// word says how a type of CloudFormation is called by Terraform's AWS provider,
// and its properties.
type word struct {
	kind  string
	names map[string]string // attributes by property
	// keep are the attributes that can't change: another value is another
	// resource.
	keep []string
	// more adds what the two say in different ways.
	more func(o *object, properties map[string]any)
}

// words are the types of CloudFormation that the path may depend on.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
var words = map[string]word{
	"AWS::EC2::VPC":          {kind: "aws_vpc", names: map[string]string{"CidrBlock": "cidr_block", "InstanceTenancy": "instance_tenancy"}, keep: []string{"cidr_block"}},
	"AWS::EC2::VPCCidrBlock": {kind: "aws_vpc_ipv4_cidr_block_association", names: map[string]string{"VpcId": "vpc_id", "CidrBlock": "cidr_block"}},
	"AWS::EC2::Subnet": {
		kind: "aws_subnet", names: map[string]string{"VpcId": "vpc_id", "CidrBlock": "cidr_block", "AvailabilityZone": "availability_zone", "AvailabilityZoneId": "availability_zone_id", "Ipv6Native": "ipv6_native"},
		keep: []string{"vpc_id", "cidr_block", "availability_zone"},
	},
	"AWS::EC2::SecurityGroup":        {kind: "aws_security_group", names: map[string]string{"VpcId": "vpc_id", "GroupName": "name", "GroupDescription": "description"}, keep: []string{"vpc_id", "name", "description"}},
	"AWS::EC2::SecurityGroupIngress": {kind: "aws_vpc_security_group_ingress_rule", names: ruleNames("Source")},
	"AWS::EC2::SecurityGroupEgress":  {kind: "aws_vpc_security_group_egress_rule", names: ruleNames("Destination")},
	"AWS::EC2::NetworkAcl":           {kind: "aws_network_acl", names: map[string]string{"VpcId": "vpc_id"}, keep: []string{"vpc_id"}},
	"AWS::EC2::NetworkAclEntry": {
		kind: "aws_network_acl_rule", names: map[string]string{
			"NetworkAclId": "network_acl_id", "Egress": "egress", "RuleNumber": "rule_number", "RuleAction": "rule_action", "Protocol": "protocol",
			"CidrBlock": "cidr_block", "Ipv6CidrBlock": "ipv6_cidr_block",
		},
		more: func(o *object, properties map[string]any) {
			if r, ok := properties["PortRange"].(map[string]any); ok {
				o.attrs["from_port"], o.attrs["to_port"] = r["From"], r["To"]
			} else if u, ok := properties["PortRange"].(unknown); ok {
				o.attrs["from_port"], o.attrs["to_port"] = u, u
			}
		},
	},
	"AWS::EC2::SubnetNetworkAclAssociation": {kind: "aws_network_acl_association", names: map[string]string{"NetworkAclId": "network_acl_id", "SubnetId": "subnet_id"}},
	"AWS::EC2::RouteTable":                  {kind: "aws_route_table", names: map[string]string{"VpcId": "vpc_id"}, keep: []string{"vpc_id"}},
	"AWS::EC2::Route": {
		kind: "aws_route", names: map[string]string{
			"RouteTableId": "route_table_id", "DestinationCidrBlock": "destination_cidr_block", "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
			"DestinationPrefixListId": "destination_prefix_list_id", "GatewayId": "gateway_id", "NatGatewayId": "nat_gateway_id", "InstanceId": "instance_id",
			"NetworkInterfaceId": "network_interface_id", "VpcPeeringConnectionId": "vpc_peering_connection_id", "TransitGatewayId": "transit_gateway_id",
			"LocalGatewayId": "local_gateway_id", "CarrierGatewayId": "carrier_gateway_id", "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
			"CoreNetworkArn": "core_network_arn", "VpcEndpointId": "vpc_endpoint_id",
		},
	},
	"AWS::EC2::SubnetRouteTableAssociation":  {kind: "aws_route_table_association", names: map[string]string{"RouteTableId": "route_table_id", "SubnetId": "subnet_id"}},
	"AWS::EC2::GatewayRouteTableAssociation": {kind: "aws_route_table_association", names: map[string]string{"RouteTableId": "route_table_id", "GatewayId": "gateway_id"}},
	"AWS::EC2::PrefixList": {
		kind: "aws_ec2_managed_prefix_list", names: map[string]string{"PrefixListName": "name"},
		more: func(o *object, properties map[string]any) {
			o.attrs["entry"] = renamed(properties["Entries"], map[string]string{"Cidr": "cidr"})
			if o.attrs["entry"] == nil {
				o.attrs["entry"] = []any{}
			}
		},
	},
	"AWS::EC2::VPCPeeringConnection": {
		kind: "aws_vpc_peering_connection", names: map[string]string{"VpcId": "vpc_id", "PeerVpcId": "peer_vpc_id", "PeerRegion": "peer_region", "PeerOwnerId": "peer_owner_id"},
		keep: []string{"vpc_id", "peer_vpc_id"},
		// CloudFormation accepts by itself within one account, and with a role in the other.
		more: func(o *object, properties map[string]any) {
			_, owner := properties["PeerOwnerId"]
			_, role := properties["PeerRoleArn"]
			o.attrs["auto_accept"] = !owner || role
		},
	},
	"AWS::EC2::VPCEndpoint": {
		kind: "aws_vpc_endpoint", names: map[string]string{
			"VpcId": "vpc_id", "ServiceName": "service_name", "VpcEndpointType": "vpc_endpoint_type", "SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids",
			"PrivateDnsEnabled": "private_dns_enabled", "IpAddressType": "ip_address_type",
		},
		keep: []string{"vpc_id", "service_name", "vpc_endpoint_type"},
		more: func(o *object, properties map[string]any) {
			if p, ok := properties["PolicyDocument"]; ok && anyUnknown(p) {
				o.attrs["policy"] = unknown(o.address + ".PolicyDocument")
			} else if ok {
				o.attrs["policy"] = jsonText(p)
			}
		},
	},
	"AWS::EC2::NetworkInterface": {
		kind: "aws_network_interface", names: map[string]string{"SubnetId": "subnet_id", "GroupSet": "security_groups", "PrivateIpAddress": "private_ip", "Description": "description"},
		keep: []string{"subnet_id", "private_ip"},
	},
	"AWS::EC2::Instance": {
		kind: "aws_instance", names: map[string]string{"SubnetId": "subnet_id", "SecurityGroupIds": "vpc_security_group_ids", "PrivateIpAddress": "private_ip", "InstanceType": "instance_type"},
		keep: []string{"subnet_id", "private_ip"},
		more: func(o *object, properties map[string]any) {
			list, _ := properties["NetworkInterfaces"].([]any)
			for _, n := range list {
				nic, _ := n.(map[string]any)
				if id, ok := nic["NetworkInterfaceId"]; ok {
					o.attrs["network_interface"] = []any{map[string]any{"network_interface_id": id}}
					return
				}
				if d := plainText(nic["DeviceIndex"]); d == "0" || d == "" {
					for from, to := range map[string]string{"SubnetId": "subnet_id", "GroupSet": "vpc_security_group_ids", "PrivateIpAddress": "private_ip"} {
						if v, ok := nic[from]; ok {
							o.attrs[to] = v
						}
					}
				}
			}
		},
	},
	"AWS::EC2::TransitGateway": {kind: "aws_ec2_transit_gateway", names: map[string]string{
		"DefaultRouteTableAssociation": "default_route_table_association", "DefaultRouteTablePropagation": "default_route_table_propagation",
		"SecurityGroupReferencingSupport": "security_group_referencing_support",
	}},
	"AWS::EC2::TransitGatewayAttachment":            attachmentWord,
	"AWS::EC2::TransitGatewayVpcAttachment":         attachmentWord,
	"AWS::EC2::TransitGatewayRouteTable":            {kind: "aws_ec2_transit_gateway_route_table", names: map[string]string{"TransitGatewayId": "transit_gateway_id"}, keep: []string{"transit_gateway_id"}},
	"AWS::EC2::TransitGatewayRouteTableAssociation": {kind: "aws_ec2_transit_gateway_route_table_association", names: tgwMemberNames},
	"AWS::EC2::TransitGatewayRouteTablePropagation": {kind: "aws_ec2_transit_gateway_route_table_propagation", names: tgwMemberNames},
	"AWS::EC2::TransitGatewayRoute": {kind: "aws_ec2_transit_gateway_route", names: map[string]string{
		"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id",
		"DestinationCidrBlock": "destination_cidr_block", "Blackhole": "blackhole",
	}},
	"AWS::EC2::VPNGateway":           {kind: "aws_vpn_gateway", names: map[string]string{}},
	"AWS::EC2::VPCGatewayAttachment": {kind: "aws_vpn_gateway_attachment", names: map[string]string{"VpcId": "vpc_id", "VpnGatewayId": "vpn_gateway_id"}},
	"AWS::EC2::VPNGatewayRoutePropagation": {kind: "aws_vpn_gateway_route_propagation", names: map[string]string{"VpnGatewayId": "vpn_gateway_id"}, more: func(o *object, properties map[string]any) {
		if list, _ := texts(properties["RouteTableIds"]); len(list) > 0 {
			o.attrs["route_table_id"] = list[0] // further ones: see spread
		}
	}},
	"AWS::EC2::InternetGateway":             {kind: "aws_internet_gateway", names: map[string]string{}},
	"AWS::EC2::NatGateway":                  {kind: "aws_nat_gateway", names: map[string]string{"SubnetId": "subnet_id"}},
	"AWS::EFS::MountTarget":                 {kind: "aws_efs_mount_target", names: map[string]string{"SubnetId": "subnet_id"}},
	"AWS::EC2::SubnetCidrReservation":       {kind: "aws_ec2_subnet_cidr_reservation", names: map[string]string{"SubnetId": "subnet_id", "Cidr": "cidr_block", "ReservationType": "reservation_type"}},
	"AWS::EC2::SecurityGroupVpcAssociation": {kind: "aws_vpc_security_group_vpc_association", names: map[string]string{"GroupId": "security_group_id", "VpcId": "vpc_id"}},
	"AWS::DataSync::Agent":                  {kind: "aws_datasync_agent", names: map[string]string{"VpcEndpointId": "vpc_endpoint_id"}},
	"Custom::VpcRestrictDefaultSG":          {kind: "aws_default_security_group", names: map[string]string{"DefaultSecurityGroupId": "id"}},
}

var (
	attachmentWord = word{
		kind: "aws_ec2_transit_gateway_vpc_attachment", names: map[string]string{"TransitGatewayId": "transit_gateway_id", "VpcId": "vpc_id", "SubnetIds": "subnet_ids"},
		keep: []string{"transit_gateway_id", "vpc_id"},
		more: func(o *object, properties map[string]any) {
			options, _ := properties["Options"].(map[string]any)
			for property, attribute := range map[string]string{"ApplianceModeSupport": "appliance_mode_support", "SecurityGroupReferencingSupport": "security_group_referencing_support"} {
				if v, ok := options[property]; ok {
					o.attrs[attribute] = v
				}
			}
		},
	}
	tgwMemberNames = map[string]string{"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id"}
)

// strange are types that may touch the path in ways that are not worked out, as
// Terraform calls them.
var strange = map[string]string{
	"AWS::EC2::TransitGatewayConnect":                         "aws_ec2_transit_gateway_connect",
	"AWS::EC2::TransitGatewayConnectPeer":                     "aws_ec2_transit_gateway_connect_peer",
	"AWS::EC2::TransitGatewayPeeringAttachment":               "aws_ec2_transit_gateway_peering_attachment",
	"AWS::EC2::VPNConnection":                                 "aws_vpn_connection",
	"AWS::EC2::VPNConnectionRoute":                            "aws_vpn_connection_route",
	"AWS::NetworkFirewall::Firewall":                          "aws_networkfirewall_firewall",
	"AWS::NetworkFirewall::FirewallPolicy":                    "aws_networkfirewall_firewall_policy",
	"AWS::NetworkFirewall::RuleGroup":                         "aws_networkfirewall_rule_group",
	"AWS::NetworkManager::VpcAttachment":                      "aws_networkmanager_vpc_attachment",
	"AWS::NetworkManager::TransitGatewayPeering":              "aws_networkmanager_transit_gateway_peering",
	"AWS::EC2::RouteServerPropagation":                        "aws_vpc_route_server_propagation",
	"AWS::NetworkManager::TransitGatewayRouteTableAttachment": "aws_networkmanager_transit_gateway_route_table_attachment",
}

// ruleNames are the properties of a rule of a security group; that of the peer is
// called by its side.
func ruleNames(side string) map[string]string {
	return map[string]string{
		"GroupId": "security_group_id", "IpProtocol": "ip_protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6",
		side + "SecurityGroupId": "referenced_security_group_id", side + "PrefixListId": "prefix_list_id",
	}
}

// renamed gives the keys of the objects in a list other names.
func renamed(v any, names map[string]string) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			out = append(out, e)
			continue
		}
		to := map[string]any{}
		for from, name := range names {
			if v, ok := m[from]; ok {
				to[name] = v
			}
		}
		out = append(out, to)
	}
	return out
}

func jsonText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	body, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(body))
}

// translate puts a resource that is said in the words of CloudFormation, its functions
// worked out, into those of Terraform.
func translate(address, kind string, properties map[string]any) *object {
	w := words[kind]
	o := &object{address: address, kind: w.kind, id: address, attrs: map[string]any{}}
	for from, to := range w.names {
		if v, ok := properties[from]; ok {
			o.attrs[to] = v
		}
	}
	if w.more != nil {
		w.more(o, properties)
	}
	return o
}
