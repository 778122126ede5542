package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// opaqueTypes may touch the path in ways that are not worked out. A firewall has no
// table of its own: what leads through it is then open.
func opaqueTypes() []Type {
	return slices.Concat(
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes, snapshot.TransitGatewayAttachments}},
			"aws_ec2_transit_gateway_connect AWS::EC2::TransitGatewayConnect",
			"aws_networkfirewall_firewall_transit_gateway_attachment_accepter",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes}},
			"aws_ec2_transit_gateway_connect_peer AWS::EC2::TransitGatewayConnectPeer",
			"aws_ec2_transit_gateway_policy_table",
			"aws_ec2_transit_gateway_prefix_list_reference",
			"aws_ec2_transit_gateway_default_route_table_propagation",
			"aws_dx_gateway_association_proposal",
			"aws_dx_transit_virtual_interface AWS::DirectConnect::TransitVirtualInterface",
			"aws_networkmanager_vpc_attachment AWS::NetworkManager::VpcAttachment",
			"aws_networkmanager_transit_gateway_route_table_attachment AWS::NetworkManager::TransitGatewayRouteTableAttachment",
			"aws_networkmanager_core_network_policy_attachment AWS::NetworkManager::CoreNetwork",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayPeerings, snapshot.TransitGatewayRoutes}},
			"aws_ec2_transit_gateway_peering_attachment AWS::EC2::TransitGatewayPeeringAttachment",
			"aws_ec2_transit_gateway_peering_attachment_accepter",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes}},
			"aws_ec2_transit_gateway_policy_table_association",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayAssociations}},
			"aws_ec2_transit_gateway_default_route_table_association",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayRoutes, snapshot.VPNGateways}},
			"aws_dx_gateway_association AWS::DirectConnect::DirectConnectGatewayAssociation",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNGateways}},
			"aws_dx_private_virtual_interface AWS::DirectConnect::PrivateVirtualInterface",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNConnections, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayRoutes}},
			"aws_vpn_connection AWS::EC2::VPNConnection",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.VPNConnections}},
			"aws_vpn_connection_route AWS::EC2::VPNConnectionRoute",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.TransitGatewayPeerings}},
			"aws_networkmanager_transit_gateway_peering AWS::NetworkManager::TransitGatewayPeering",
		),
		marked(Type{Opaque: true},
			"aws_networkfirewall_firewall AWS::NetworkFirewall::Firewall",
			"aws_networkfirewall_firewall_policy AWS::NetworkFirewall::FirewallPolicy",
			"aws_networkfirewall_rule_group AWS::NetworkFirewall::RuleGroup",
			"aws_networkfirewall_tls_inspection_configuration AWS::NetworkFirewall::TLSInspectionConfiguration",
			"aws_networkfirewall_vpc_endpoint_association AWS::NetworkFirewall::VpcEndpointAssociation",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.SecurityGroups, snapshot.NetworkACLs, snapshot.RouteTables}},
			"aws_fms_policy AWS::FMS::Policy",
		),
		marked(Type{Opaque: true, Kinds: []snapshot.Kind{snapshot.RouteTables}},
			"aws_route_server_propagation",
			"aws_vpc_route_server_propagation AWS::EC2::RouteServerPropagation",
		),
	)
}

// marked are rows that say the same of several types: of each its name in Terraform, in
// CloudFormation, or both.
func marked(t Type, names ...string) []Type {
	out := make([]Type, len(names))
	for i, name := range names {
		out[i] = t
		for _, word := range strings.Fields(name) {
			if strings.HasPrefix(word, "AWS::") {
				out[i].CloudFormation = []Words{{Type: word}}
			} else {
				out[i].Name = word
			}
		}
	}
	return out
}
