package iac

import "github.com/dspreflight/dspreflight/internal/snapshot"

// model knows which rows of a snapshot a type of resource is.
type model struct {
	rank  rank
	kinds []snapshot.Kind // the tables that it touches
	// put makes the resource as it is after; before is nil for one that did not
	// exist. nil: the resource itself is no row.
	put func(w *world, before, after *object)
	// drop takes the resource away.
	drop func(w *world, o *object)
}

// rank orders what is put: what others stand in comes first. What is dropped
// goes in the opposite order.
type rank uint8

const (
	rankVPC rank = iota
	rankBlock
	rankSubnet
	rankList
	rankGroup     // security groups, network ACLs and route tables, with their inline rules
	rankGateway   // what routes lead to
	rankAttach    // what joins a VPC to a gateway
	rankInterface // instances, endpoints and interfaces
	rankMember    // rules, routes and associations that are resources of their own
	rankLast      // what acts on the result
)

// models are the types of resources that the path may depend on.
var models = map[string]model{}

func register(kind string, m model) { models[kind] = m }

// unmodelled are types that may touch the path in ways that are not worked out,
// with the tables whose rows can then no longer be trusted. A firewall has none of
// its own: what leads through it is then open.
var unmodelled = map[string][]snapshot.Kind{
	"aws_ec2_transit_gateway_connect":                           {snapshot.TransitGatewayRoutes, snapshot.TransitGatewayAttachments},
	"aws_ec2_transit_gateway_connect_peer":                      {snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_peering_attachment":                {snapshot.TransitGatewayPeerings, snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_peering_attachment_accepter":       {snapshot.TransitGatewayPeerings, snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_policy_table":                      {snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_policy_table_association":          {snapshot.TransitGatewayAssociations, snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_prefix_list_reference":             {snapshot.TransitGatewayRoutes},
	"aws_ec2_transit_gateway_default_route_table_association":   {snapshot.TransitGatewayAssociations},
	"aws_ec2_transit_gateway_default_route_table_propagation":   {snapshot.TransitGatewayRoutes},
	"aws_dx_gateway_association":                                {snapshot.TransitGatewayRoutes, snapshot.VPNGateways},
	"aws_dx_gateway_association_proposal":                       {snapshot.TransitGatewayRoutes},
	"aws_dx_transit_virtual_interface":                          {snapshot.TransitGatewayRoutes},
	"aws_dx_private_virtual_interface":                          {snapshot.VPNGateways},
	"aws_vpn_connection":                                        {snapshot.VPNConnections, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayRoutes},
	"aws_vpn_connection_route":                                  {snapshot.VPNConnections},
	"aws_networkmanager_vpc_attachment":                         {snapshot.TransitGatewayRoutes},
	"aws_networkmanager_transit_gateway_peering":                {snapshot.TransitGatewayPeerings},
	"aws_networkmanager_transit_gateway_route_table_attachment": {snapshot.TransitGatewayRoutes},
	"aws_networkmanager_core_network_policy_attachment":         {snapshot.TransitGatewayRoutes},
	"aws_networkfirewall_firewall":                              nil,
	"aws_networkfirewall_firewall_policy":                       nil,
	"aws_networkfirewall_rule_group":                            nil,
	"aws_cloudformation_stack_set":                              everything,
	"aws_cloudformation_stack_set_instance":                     everything,
	"aws_cloudformation_stack_instances":                        everything,
	"aws_servicecatalog_provisioned_product":                    everything,
	"aws_fms_policy":                                            {snapshot.SecurityGroups, snapshot.NetworkACLs, snapshot.RouteTables},
	"aws_route_server_propagation":                              {snapshot.RouteTables},
	"aws_vpc_route_server_propagation":                          {snapshot.RouteTables},
}
