package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Model knows which rows of a snapshot a type of resource is.
type Model struct {
	Rank  Rank
	Kinds []snapshot.Kind // the tables that it touches
	// Put makes the resource as it is after; before is nil for one that did not
	// exist. nil: the resource itself is no row.
	Put func(w *World, before, after *Object)
	// Drop takes the resource away.
	Drop func(w *World, o *Object)
}

// Rank orders what is put: what others stand in comes first. What is dropped
// goes in the opposite order.
type Rank uint8

const (
	rankVPC Rank = iota
	RankBlock
	rankSubnet
	rankList
	rankGroup     // security groups, network ACLs and route tables, with their inline rules
	rankGateway   // what routes lead to
	rankAttach    // what joins a VPC to a gateway
	rankInterface // instances, endpoints and interfaces
	RankMember    // rules, routes and associations that are resources of their own
	RankLast      // what acts on the result
)

// Models are the types of resources that the path may depend on.
var Models = map[string]Model{}

func register(kind string, m Model) { Models[kind] = m }

// Unmodelled are types that may touch the path in ways that are not worked out,
// with the tables whose rows can then no longer be trusted. A firewall has none of
// its own: what leads through it is then open.
var Unmodelled = map[string][]snapshot.Kind{
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
	"aws_cloudformation_stack_set":                              Everything,
	"aws_cloudformation_stack_set_instance":                     Everything,
	"aws_cloudformation_stack_instances":                        Everything,
	"aws_servicecatalog_provisioned_product":                    Everything,
	"aws_fms_policy":                                            {snapshot.SecurityGroups, snapshot.NetworkACLs, snapshot.RouteTables},
	"aws_route_server_propagation":                              {snapshot.RouteTables},
	"aws_vpc_route_server_propagation":                          {snapshot.RouteTables},
}

// IDPrefixes are how the ids of AWS begin.
var IDPrefixes = map[string]string{
	"aws_vpc": "vpc-", "aws_subnet": "subnet-", "aws_security_group": "sg-", "aws_network_acl": "acl-", "aws_default_network_acl": "acl-",
	"aws_route_table": "rtb-", "aws_default_route_table": "rtb-", "aws_ec2_managed_prefix_list": "pl-", "aws_vpc_peering_connection": "pcx-",
	"aws_ec2_transit_gateway": "tgw-", "aws_ec2_transit_gateway_vpc_attachment": "tgw-attach-", "aws_ec2_transit_gateway_route_table": "tgw-rtb-",
	"aws_vpn_gateway": "vgw-", "aws_internet_gateway": "igw-", "aws_nat_gateway": "nat-", "aws_network_interface": "eni-", "aws_vpc_endpoint": "vpce-",
	"aws_egress_only_internet_gateway": "eigw-", "aws_instance": "i-", "aws_default_security_group": "sg-", "aws_default_subnet": "subnet-", "aws_default_vpc": "vpc-",
}

// HasType reports whether an id is one of the kinds.
func HasType(id string, kinds []string) bool {
	return slices.ContainsFunc(kinds, func(k string) bool { return IDPrefixes[k] != "" && strings.HasPrefix(id, IDPrefixes[k]) })
}

// References are the types of resources that an attribute can be the id of.
var References = map[string][]string{
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
	"security_group_arns":            {"aws_security_group", "aws_default_security_group", ARNWanted},
	"subnet_arns":                    {"aws_subnet", "aws_default_subnet", ARNWanted},
}

// ARNWanted stands among the types for an attribute that holds ARNs.
const ARNWanted = "arn"

// Lists are the attributes that hold several ids.
var Lists = map[string]bool{
	"subnet_ids": true, "security_group_ids": true, "security_groups": true, "vpc_security_group_ids": true, "prefix_list_ids": true,
	"propagating_vgws": true, "security_group_arns": true, "subnet_arns": true,
}

// Parts are the attributes that are ids of objects made with a resource.
var Parts = map[string]map[string]string{
	"aws_vpc": {
		"default_security_group_id": DefaultGroup, "default_network_acl_id": DefaultACL, "main_route_table_id": MainTable, "default_route_table_id": MainTable,
	},
	"aws_ec2_transit_gateway": {DefaultTGWTable: DefaultTGWTable, "propagation_default_route_table_id": DefaultTGWTable},
	"aws_instance":            {"primary_network_interface_id": "primary_network_interface_id"},
}

// Aliases are types whose id is that of another resource, by the attribute that
// holds it.
var Aliases = map[string]string{
	"aws_vpc_peering_connection_accepter":             "vpc_peering_connection_id",
	"aws_vpc_peering_connection_options":              "vpc_peering_connection_id",
	"aws_ec2_transit_gateway_vpc_attachment_accepter": "transit_gateway_attachment_id",
}

// Claimed are the attributes that name what a resource stands in or is put on, in
// the same account and Region.
var Claimed = []string{"vpc_id", "subnet_id", "subnet_ids", "security_group_id", "security_group_ids", "vpc_security_group_ids", "network_acl_id", "route_table_id", "vpc_endpoint_id", "network_interface_id", "prefix_list_id"}

// AliasOf are the types whose ids those of others are. What else they say is of the
// account and Region of the side that asked.
var AliasOf = map[string]string{
	"aws_vpc_peering_connection_accepter": "aws_vpc_peering_connection", "aws_vpc_peering_connection_options": "aws_vpc_peering_connection",
	"aws_ec2_transit_gateway_vpc_attachment_accepter": "aws_ec2_transit_gateway_vpc_attachment",
}

// StandsIn are the attributes that every resource of a type has in a state: what it
// stands in, or is part of.
var StandsIn = map[string]string{
	"aws_subnet": "vpc_id", "aws_security_group": "vpc_id", "aws_network_acl": "vpc_id", "aws_route_table": "vpc_id", "aws_vpc_endpoint": "vpc_id",
	"aws_instance": "subnet_id", "aws_network_interface": "subnet_id", "aws_route": "route_table_id", "aws_route_table_association": "route_table_id",
	"aws_network_acl_rule": "network_acl_id", "aws_network_acl_association": "network_acl_id", "aws_security_group_rule": "security_group_id",
	"aws_vpc_security_group_ingress_rule": "security_group_id", "aws_vpc_security_group_egress_rule": "security_group_id", "aws_vpc_peering_connection": "vpc_id",
	"aws_ec2_transit_gateway_vpc_attachment": "vpc_id",
}

// Shared are the types that an account may see though another owns them.
var Shared = []string{"aws_vpc", "aws_default_vpc", "aws_subnet", "aws_default_subnet", "aws_security_group", "aws_ec2_managed_prefix_list", "aws_ec2_transit_gateway", "aws_vpc_peering_connection", "aws_ec2_transit_gateway_vpc_attachment"}

// ContainerOf is the id of the row that a member is part of.
func ContainerOf(r *Object) string {
	for _, name := range []string{"security_group_id", "network_acl_id", "route_table_id", "prefix_list_id", "vpc_endpoint_id", "network_interface_id", "transit_gateway_route_table_id", "vpn_gateway_id", "vpc_id"} {
		if v := r.Known(name); v != "" {
			return v
		}
	}
	return ""
}
