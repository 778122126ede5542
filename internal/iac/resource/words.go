package resource

import (
	"encoding/json"
	"strings"
)

// Words says how a type of CloudFormation is called by Terraform's AWS provider,
// and its properties.
type Words struct {
	Type       string
	Properties map[string]string // attributes by property
	// Fixed are the attributes that can't change: another value is another
	// resource.
	Fixed []string
	// More adds what the two say in different ways.
	More func(o *Object, properties map[string]any)
}

// CloudFormation are the types of CloudFormation that the path may depend on.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
var CloudFormation = map[string]Words{
	"AWS::EC2::VPC":          {Type: "aws_vpc", Properties: map[string]string{"CidrBlock": "cidr_block", "InstanceTenancy": "instance_tenancy"}, Fixed: []string{"cidr_block"}},
	"AWS::EC2::VPCCidrBlock": {Type: "aws_vpc_ipv4_cidr_block_association", Properties: map[string]string{"VpcId": "vpc_id", "CidrBlock": "cidr_block"}},
	"AWS::EC2::Subnet": {
		Type: "aws_subnet", Properties: map[string]string{"VpcId": "vpc_id", "CidrBlock": "cidr_block", "AvailabilityZone": "availability_zone", "AvailabilityZoneId": "availability_zone_id", "Ipv6Native": "ipv6_native"},
		Fixed: []string{"vpc_id", "cidr_block", "availability_zone"},
	},
	"AWS::EC2::SecurityGroup":        {Type: "aws_security_group", Properties: map[string]string{"VpcId": "vpc_id", "GroupName": "name", "GroupDescription": "description"}, Fixed: []string{"vpc_id", "name", "description"}},
	"AWS::EC2::SecurityGroupIngress": {Type: "aws_vpc_security_group_ingress_rule", Properties: RuleNames("Source")},
	"AWS::EC2::SecurityGroupEgress":  {Type: "aws_vpc_security_group_egress_rule", Properties: RuleNames("Destination")},
	"AWS::EC2::NetworkAcl":           {Type: "aws_network_acl", Properties: map[string]string{"VpcId": "vpc_id"}, Fixed: []string{"vpc_id"}},
	"AWS::EC2::NetworkAclEntry": {
		Type: "aws_network_acl_rule", Properties: map[string]string{
			"NetworkAclId": "network_acl_id", "Egress": "egress", "RuleNumber": "rule_number", "RuleAction": "rule_action", "Protocol": "protocol",
			"CidrBlock": "cidr_block", "Ipv6CidrBlock": "ipv6_cidr_block",
		},
		More: func(o *Object, properties map[string]any) {
			if r, ok := properties["PortRange"].(map[string]any); ok {
				o.Attributes["from_port"], o.Attributes["to_port"] = r["From"], r["To"]
			} else if u, ok := properties["PortRange"].(Unknown); ok {
				o.Attributes["from_port"], o.Attributes["to_port"] = u, u
			}
		},
	},
	"AWS::EC2::SubnetNetworkAclAssociation": {Type: "aws_network_acl_association", Properties: map[string]string{"NetworkAclId": "network_acl_id", "SubnetId": "subnet_id"}},
	"AWS::EC2::RouteTable":                  {Type: "aws_route_table", Properties: map[string]string{"VpcId": "vpc_id"}, Fixed: []string{"vpc_id"}},
	"AWS::EC2::Route": {
		Type: "aws_route", Properties: map[string]string{
			"RouteTableId": "route_table_id", "DestinationCidrBlock": "destination_cidr_block", "DestinationIpv6CidrBlock": "destination_ipv6_cidr_block",
			"DestinationPrefixListId": "destination_prefix_list_id", "GatewayId": "gateway_id", "NatGatewayId": "nat_gateway_id", "InstanceId": "instance_id",
			"NetworkInterfaceId": "network_interface_id", "VpcPeeringConnectionId": "vpc_peering_connection_id", "TransitGatewayId": "transit_gateway_id",
			"LocalGatewayId": "local_gateway_id", "CarrierGatewayId": "carrier_gateway_id", "EgressOnlyInternetGatewayId": "egress_only_gateway_id",
			"CoreNetworkArn": "core_network_arn", "VpcEndpointId": "vpc_endpoint_id",
		},
	},
	"AWS::EC2::SubnetRouteTableAssociation":  {Type: "aws_route_table_association", Properties: map[string]string{"RouteTableId": "route_table_id", "SubnetId": "subnet_id"}},
	"AWS::EC2::GatewayRouteTableAssociation": {Type: "aws_route_table_association", Properties: map[string]string{"RouteTableId": "route_table_id", "GatewayId": "gateway_id"}},
	"AWS::EC2::PrefixList": {
		Type: "aws_ec2_managed_prefix_list", Properties: map[string]string{"PrefixListName": "name"},
		More: func(o *Object, properties map[string]any) {
			o.Attributes["entry"] = Renamed(properties["Entries"], map[string]string{"Cidr": "cidr"})
			if o.Attributes["entry"] == nil {
				o.Attributes["entry"] = []any{}
			}
		},
	},
	"AWS::EC2::VPCPeeringConnection": {
		Type: "aws_vpc_peering_connection", Properties: map[string]string{"VpcId": "vpc_id", "PeerVpcId": "peer_vpc_id", "PeerRegion": "peer_region", "PeerOwnerId": "peer_owner_id"},
		Fixed: []string{"vpc_id", "peer_vpc_id"},
		// CloudFormation accepts by itself within one account, and with a role in the other.
		More: func(o *Object, properties map[string]any) {
			_, owner := properties["PeerOwnerId"]
			_, role := properties["PeerRoleArn"]
			o.Attributes["auto_accept"] = !owner || role
		},
	},
	"AWS::EC2::VPCEndpoint": {
		Type: "aws_vpc_endpoint", Properties: map[string]string{
			"VpcId": "vpc_id", "ServiceName": "service_name", "VpcEndpointType": "vpc_endpoint_type", "SubnetIds": "subnet_ids", "SecurityGroupIds": "security_group_ids",
			"PrivateDnsEnabled": "private_dns_enabled", "IpAddressType": "ip_address_type",
		},
		Fixed: []string{"vpc_id", "service_name", "vpc_endpoint_type"},
		More: func(o *Object, properties map[string]any) {
			if p, ok := properties["PolicyDocument"]; ok && AnyUnknown(p) {
				o.Attributes["policy"] = Unknown(o.Address + ".PolicyDocument")
			} else if ok {
				o.Attributes["policy"] = jsonText(p)
			}
		},
	},
	"AWS::EC2::NetworkInterface": {
		Type: "aws_network_interface", Properties: map[string]string{"SubnetId": "subnet_id", "GroupSet": "security_groups", "PrivateIpAddress": "private_ip", "Description": "description"},
		Fixed: []string{"subnet_id", "private_ip"},
	},
	"AWS::EC2::Instance": {
		Type: "aws_instance", Properties: map[string]string{"SubnetId": "subnet_id", "SecurityGroupIds": "vpc_security_group_ids", "PrivateIpAddress": "private_ip", "InstanceType": "instance_type"},
		Fixed: []string{"subnet_id", "private_ip"},
		More: func(o *Object, properties map[string]any) {
			list, _ := properties["NetworkInterfaces"].([]any)
			for _, n := range list {
				nic, _ := n.(map[string]any)
				if id, ok := nic["NetworkInterfaceId"]; ok {
					o.Attributes["network_interface"] = []any{map[string]any{"network_interface_id": id}}
					return
				}
				if d := PlainText(nic["DeviceIndex"]); d == "0" || d == "" {
					for from, to := range map[string]string{"SubnetId": "subnet_id", "GroupSet": "vpc_security_group_ids", "PrivateIpAddress": "private_ip"} {
						if v, ok := nic[from]; ok {
							o.Attributes[to] = v
						}
					}
				}
			}
		},
	},
	"AWS::EC2::TransitGateway": {Type: "aws_ec2_transit_gateway", Properties: map[string]string{
		"DefaultRouteTableAssociation": "default_route_table_association", "DefaultRouteTablePropagation": "default_route_table_propagation",
		"SecurityGroupReferencingSupport": "security_group_referencing_support",
	}},
	"AWS::EC2::TransitGatewayAttachment":            attachmentWord,
	"AWS::EC2::TransitGatewayVpcAttachment":         attachmentWord,
	"AWS::EC2::TransitGatewayRouteTable":            {Type: "aws_ec2_transit_gateway_route_table", Properties: map[string]string{"TransitGatewayId": "transit_gateway_id"}, Fixed: []string{"transit_gateway_id"}},
	"AWS::EC2::TransitGatewayRouteTableAssociation": {Type: "aws_ec2_transit_gateway_route_table_association", Properties: tgwMemberNames},
	"AWS::EC2::TransitGatewayRouteTablePropagation": {Type: "aws_ec2_transit_gateway_route_table_propagation", Properties: tgwMemberNames},
	"AWS::EC2::TransitGatewayRoute": {Type: "aws_ec2_transit_gateway_route", Properties: map[string]string{
		"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id",
		"DestinationCidrBlock": "destination_cidr_block", "Blackhole": "blackhole",
	}},
	"AWS::EC2::VPNGateway":           {Type: "aws_vpn_gateway", Properties: map[string]string{}},
	"AWS::EC2::VPCGatewayAttachment": {Type: "aws_vpn_gateway_attachment", Properties: map[string]string{"VpcId": "vpc_id", "VpnGatewayId": "vpn_gateway_id"}},
	"AWS::EC2::VPNGatewayRoutePropagation": {Type: "aws_vpn_gateway_route_propagation", Properties: map[string]string{"VpnGatewayId": "vpn_gateway_id"}, More: func(o *Object, properties map[string]any) {
		if list, _ := TextsOf(properties["RouteTableIds"]); len(list) > 0 {
			o.Attributes["route_table_id"] = list[0] // further ones: see spread
		}
	}},
	"AWS::EC2::InternetGateway":             {Type: "aws_internet_gateway", Properties: map[string]string{}},
	"AWS::EC2::NatGateway":                  {Type: "aws_nat_gateway", Properties: map[string]string{"SubnetId": "subnet_id"}},
	"AWS::EFS::MountTarget":                 {Type: "aws_efs_mount_target", Properties: map[string]string{"SubnetId": "subnet_id"}},
	"AWS::EC2::SubnetCidrReservation":       {Type: "aws_ec2_subnet_cidr_reservation", Properties: map[string]string{"SubnetId": "subnet_id", "Cidr": "cidr_block", "ReservationType": "reservation_type"}},
	"AWS::EC2::SecurityGroupVpcAssociation": {Type: "aws_vpc_security_group_vpc_association", Properties: map[string]string{"GroupId": "security_group_id", "VpcId": "vpc_id"}},
	"AWS::DataSync::Agent":                  {Type: "aws_datasync_agent", Properties: map[string]string{"VpcEndpointId": "vpc_endpoint_id"}},
	"Custom::VpcRestrictDefaultSG":          {Type: "aws_default_security_group", Properties: map[string]string{"DefaultSecurityGroupId": "id"}},
}

var (
	attachmentWord = Words{
		Type: "aws_ec2_transit_gateway_vpc_attachment", Properties: map[string]string{"TransitGatewayId": "transit_gateway_id", "VpcId": "vpc_id", "SubnetIds": "subnet_ids"},
		Fixed: []string{"transit_gateway_id", "vpc_id"},
		More: func(o *Object, properties map[string]any) {
			options, _ := properties["Options"].(map[string]any)
			for property, attribute := range map[string]string{"ApplianceModeSupport": "appliance_mode_support", "SecurityGroupReferencingSupport": "security_group_referencing_support"} {
				if v, ok := options[property]; ok {
					o.Attributes[attribute] = v
				}
			}
		},
	}
	tgwMemberNames = map[string]string{"TransitGatewayAttachmentId": "transit_gateway_attachment_id", "TransitGatewayRouteTableId": "transit_gateway_route_table_id"}
)

// UnmodelledInCloudFormation are types that may touch the path in ways that are not worked out, as
// Terraform calls them.
var UnmodelledInCloudFormation = map[string]string{
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

// RuleNames are the properties of a rule of a security group; that of the peer is
// called by its side.
func RuleNames(side string) map[string]string {
	return map[string]string{
		"GroupId": "security_group_id", "IpProtocol": "ip_protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4", "CidrIpv6": "cidr_ipv6",
		side + "SecurityGroupId": "referenced_security_group_id", side + "PrefixListId": "prefix_list_id",
	}
}

// Renamed gives the keys of the objects in a list other names.
func Renamed(v any, names map[string]string) any {
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

// Translate puts a resource that is said in the words of CloudFormation, its functions
// worked out, into those of Terraform.
func Translate(address, kind string, properties map[string]any) *Object {
	w := CloudFormation[kind]
	o := &Object{Address: address, Type: w.Type, ID: address, Attributes: map[string]any{}}
	for from, to := range w.Properties {
		if v, ok := properties[from]; ok {
			o.Attributes[to] = v
		}
	}
	if w.More != nil {
		w.More(o, properties)
	}
	return o
}
