package resource

import "github.com/dspreflight/dspreflight/internal/snapshot"

// opaqueTypes may touch the path in ways that are not worked out. A firewall has no
// table of its own: what leads through it is then open.
func opaqueTypes() []Type {
	return []Type{
		{Name: "aws_ec2_transit_gateway_connect", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes, snapshot.TransitGatewayAttachments}, CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayConnect"}}},
		{Name: "aws_ec2_transit_gateway_connect_peer", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayConnectPeer"}}},
		{Name: "aws_ec2_transit_gateway_peering_attachment", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayPeerings, snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::EC2::TransitGatewayPeeringAttachment"}}},
		{Name: "aws_ec2_transit_gateway_peering_attachment_accepter", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayPeerings, snapshot.TransitGatewayRoutes}},
		{Name: "aws_ec2_transit_gateway_policy_table", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}},
		{Name: "aws_ec2_transit_gateway_policy_table_association", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes}},
		{Name: "aws_ec2_transit_gateway_prefix_list_reference", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}},
		{Name: "aws_ec2_transit_gateway_default_route_table_association", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayAssociations}},
		{Name: "aws_ec2_transit_gateway_default_route_table_propagation", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}},
		{Name: "aws_dx_gateway_association", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes, snapshot.VPNGateways}, CloudFormation: []Words{{Type: "AWS::DirectConnect::DirectConnectGatewayAssociation"}}},
		{Name: "aws_dx_gateway_association_proposal", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}},
		{Name: "aws_dx_transit_virtual_interface", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::DirectConnect::TransitVirtualInterface"}}},
		{Name: "aws_dx_private_virtual_interface", Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNGateways}, CloudFormation: []Words{{Type: "AWS::DirectConnect::PrivateVirtualInterface"}}},
		{Name: "aws_vpn_connection", Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNConnections, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::EC2::VPNConnection"}}},
		{Name: "aws_vpn_connection_route", Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNConnections}, CloudFormation: []Words{{Type: "AWS::EC2::VPNConnectionRoute"}}},
		{Name: "aws_networkmanager_vpc_attachment", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::NetworkManager::VpcAttachment"}}},
		{Name: "aws_networkmanager_transit_gateway_peering", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayPeerings}, CloudFormation: []Words{{Type: "AWS::NetworkManager::TransitGatewayPeering"}}},
		{Name: "aws_networkmanager_transit_gateway_route_table_attachment", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::NetworkManager::TransitGatewayRouteTableAttachment"}}},
		{Name: "aws_networkmanager_core_network_policy_attachment", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}, CloudFormation: []Words{{Type: "AWS::NetworkManager::CoreNetwork"}}},
		{Name: "aws_networkfirewall_firewall", Opaque: true, CloudFormation: []Words{{Type: "AWS::NetworkFirewall::Firewall"}}},
		{Name: "aws_networkfirewall_firewall_policy", Opaque: true, CloudFormation: []Words{{Type: "AWS::NetworkFirewall::FirewallPolicy"}}},
		{Name: "aws_networkfirewall_rule_group", Opaque: true, CloudFormation: []Words{{Type: "AWS::NetworkFirewall::RuleGroup"}}},
		{Name: "aws_networkfirewall_tls_inspection_configuration", Opaque: true, CloudFormation: []Words{{Type: "AWS::NetworkFirewall::TLSInspectionConfiguration"}}},
		{Name: "aws_networkfirewall_vpc_endpoint_association", Opaque: true, CloudFormation: []Words{{Type: "AWS::NetworkFirewall::VpcEndpointAssociation"}}},
		{Name: "aws_networkfirewall_firewall_transit_gateway_attachment_accepter", Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes, snapshot.TransitGatewayAttachments}},
		{Name: "aws_cloudformation_stack_set", Opaque: true, Kinds: Everything},
		{Name: "aws_cloudformation_stack_set_instance", Opaque: true, Kinds: Everything},
		{Name: "aws_cloudformation_stack_instances", Opaque: true, Kinds: Everything},
		{Name: "aws_servicecatalog_provisioned_product", Opaque: true, Kinds: Everything},
		{Name: "aws_fms_policy", Opaque: true, Kinds: []snapshot.Kind{snapshot.SecurityGroups, snapshot.NetworkACLs, snapshot.RouteTables}, CloudFormation: []Words{{Type: "AWS::FMS::Policy"}}},
		{Name: "aws_route_server_propagation", Opaque: true, Kinds: []snapshot.Kind{snapshot.RouteTables}},
		{Name: "aws_vpc_route_server_propagation", Opaque: true, Kinds: []snapshot.Kind{snapshot.RouteTables}, CloudFormation: []Words{{Type: "AWS::EC2::RouteServerPropagation"}}},
	}
}
