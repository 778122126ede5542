package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

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

// idPrefixes are how the ids of AWS begin.
var idPrefixes = map[string]string{
	"aws_vpc": "vpc-", "aws_subnet": "subnet-", "aws_security_group": "sg-", "aws_network_acl": "acl-", "aws_default_network_acl": "acl-",
	"aws_route_table": "rtb-", "aws_default_route_table": "rtb-", "aws_ec2_managed_prefix_list": "pl-", "aws_vpc_peering_connection": "pcx-",
	"aws_ec2_transit_gateway": "tgw-", "aws_ec2_transit_gateway_vpc_attachment": "tgw-attach-", "aws_ec2_transit_gateway_route_table": "tgw-rtb-",
	"aws_vpn_gateway": "vgw-", "aws_internet_gateway": "igw-", "aws_nat_gateway": "nat-", "aws_network_interface": "eni-", "aws_vpc_endpoint": "vpce-",
	"aws_egress_only_internet_gateway": "eigw-", "aws_instance": "i-", "aws_default_security_group": "sg-", "aws_default_subnet": "subnet-", "aws_default_vpc": "vpc-",
}

// hasKind reports whether an id is one of the kinds.
func hasKind(id string, kinds []string) bool {
	return slices.ContainsFunc(kinds, func(k string) bool { return idPrefixes[k] != "" && strings.HasPrefix(id, idPrefixes[k]) })
}

// kindsFor are the types of resources that an attribute can be the id of.
var kindsFor = map[string][]string{
	"vpc_id":                         {"aws_vpc", "aws_default_vpc"},
	"peer_vpc_id":                    {"aws_vpc", "aws_default_vpc"},
	"subnet_id":                      {"aws_subnet", "aws_default_subnet"},
	"subnet_ids":                     {"aws_subnet", "aws_default_subnet"},
	"security_group_id":              {"aws_security_group", "aws_default_security_group"},
	"source_security_group_id":       {"aws_security_group", "aws_default_security_group"},
	"referenced_security_group_id":   {"aws_security_group", "aws_default_security_group"},
	"security_group_ids":             {"aws_security_group", "aws_default_security_group"},
	"security_groups":                {"aws_security_group", "aws_default_security_group"},
	"vpc_security_group_ids":         {"aws_security_group", "aws_default_security_group"},
	"network_acl_id":                 {"aws_network_acl", "aws_default_network_acl"},
	"default_network_acl_id":         {"aws_default_network_acl"},
	"route_table_id":                 {"aws_route_table", "aws_default_route_table"},
	"default_route_table_id":         {"aws_default_route_table"},
	"prefix_list_id":                 {"aws_ec2_managed_prefix_list"},
	"prefix_list_ids":                {"aws_ec2_managed_prefix_list"},
	"destination_prefix_list_id":     {"aws_ec2_managed_prefix_list"},
	"vpc_peering_connection_id":      {"aws_vpc_peering_connection"},
	"transit_gateway_id":             {"aws_ec2_transit_gateway"},
	"transit_gateway_attachment_id":  {"aws_ec2_transit_gateway_vpc_attachment"},
	"transit_gateway_route_table_id": {"aws_ec2_transit_gateway_route_table"},
	"gateway_id":                     {"aws_vpn_gateway", "aws_internet_gateway", "aws_vpc_endpoint"},
	"vpn_gateway_id":                 {"aws_vpn_gateway"},
	"propagating_vgws":               {"aws_vpn_gateway"},
	"nat_gateway_id":                 {"aws_nat_gateway"},
	"egress_only_gateway_id":         {"aws_egress_only_internet_gateway"},
	"network_interface_id":           {"aws_network_interface"},
	"vpc_endpoint_id":                {"aws_vpc_endpoint"},
	"security_group_arns":            {"aws_security_group", "aws_default_security_group", arnWanted},
	"subnet_arns":                    {"aws_subnet", "aws_default_subnet", arnWanted},
}

// arnWanted stands among the types for an attribute that holds ARNs.
const arnWanted = "arn"

// listed are the attributes that hold several ids.
var listed = map[string]bool{
	"subnet_ids": true, "security_group_ids": true, "security_groups": true, "vpc_security_group_ids": true, "prefix_list_ids": true,
	"propagating_vgws": true, "security_group_arns": true, "subnet_arns": true,
}

// parts are the attributes that are ids of objects made with a resource.
var parts = map[string]map[string]string{
	"aws_vpc": {
		"default_security_group_id": defaultGroup, "default_network_acl_id": defaultACL, "main_route_table_id": mainTable, "default_route_table_id": mainTable,
	},
	"aws_ec2_transit_gateway": {defaultTGWTable: defaultTGWTable, "propagation_default_route_table_id": defaultTGWTable},
	"aws_instance":            {"primary_network_interface_id": "primary_network_interface_id"},
}

// aliases are types whose id is that of another resource, by the attribute that
// holds it.
var aliases = map[string]string{
	"aws_vpc_peering_connection_accepter":             "vpc_peering_connection_id",
	"aws_vpc_peering_connection_options":              "vpc_peering_connection_id",
	"aws_ec2_transit_gateway_vpc_attachment_accepter": "transit_gateway_attachment_id",
}

// claimed are the attributes that name what a resource stands in or is put on, in
// the same account and Region.
var claimed = []string{"vpc_id", "subnet_id", "subnet_ids", "security_group_id", "security_group_ids", "vpc_security_group_ids", "network_acl_id", "route_table_id", "vpc_endpoint_id", "network_interface_id", "prefix_list_id"}

// aliasOf are the types whose ids those of others are. What else they say is of the
// account and Region of the side that asked.
var aliasOf = map[string]string{
	"aws_vpc_peering_connection_accepter": "aws_vpc_peering_connection", "aws_vpc_peering_connection_options": "aws_vpc_peering_connection",
	"aws_ec2_transit_gateway_vpc_attachment_accepter": "aws_ec2_transit_gateway_vpc_attachment",
}

// standsIn are the attributes that every resource of a type has in a state: what it
// stands in, or is part of.
var standsIn = map[string]string{
	"aws_subnet": "vpc_id", "aws_security_group": "vpc_id", "aws_network_acl": "vpc_id", "aws_route_table": "vpc_id", "aws_vpc_endpoint": "vpc_id",
	"aws_instance": "subnet_id", "aws_network_interface": "subnet_id", "aws_route": "route_table_id", "aws_route_table_association": "route_table_id",
	"aws_network_acl_rule": "network_acl_id", "aws_network_acl_association": "network_acl_id", "aws_security_group_rule": "security_group_id",
	"aws_vpc_security_group_ingress_rule": "security_group_id", "aws_vpc_security_group_egress_rule": "security_group_id", "aws_vpc_peering_connection": "vpc_id",
	"aws_ec2_transit_gateway_vpc_attachment": "vpc_id",
}

// shared are the types that an account may see though another owns them.
var shared = []string{"aws_vpc", "aws_default_vpc", "aws_subnet", "aws_default_subnet", "aws_security_group", "aws_ec2_managed_prefix_list", "aws_ec2_transit_gateway", "aws_vpc_peering_connection", "aws_ec2_transit_gateway_vpc_attachment"}
