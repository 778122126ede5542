package snapshot

import "strings"

// Kind is one AWS call that dspreflight can make, and so one table of a scope.
type Kind uint8

// The kinds, in the order in which they are listed to users.
const (
	NoKind Kind = iota
	CallerIdentity
	VPCs
	Subnets
	SubnetCIDRReservations
	Endpoints
	Interfaces
	SecurityGroups
	SecurityGroupRules
	SecurityGroupVPCAssociations
	PrefixLists
	PrefixListEntries
	NetworkACLs
	RouteTables
	Peerings
	TransitGateways
	TransitGatewayAttachments
	TransitGatewayVPCAttachments
	TransitGatewayPeerings
	TransitGatewayRouteTables
	TransitGatewayAssociations
	TransitGatewayPropagations
	TransitGatewayRoutes
	VPNGateways
	VPNConnections
	NATGateways
	Instances
	PolicySimulation
	Agents
	AgentDetails
	Tasks
	TaskDetails
	Locations
	LocationsNFS
	LocationsSMB
	LocationsHDFS
	LocationsObjectStorage
	LocationsAzureBlob
	Invocations
	CommandOutputs
	kindCount
)

// Evidence that no AWS call gives. It belongs to the snapshot, not to one of its
// scopes.
const (
	Probes   Kind = 200 // what was dialled, from machines of the user
	Policies Kind = 201 // identity policies that the user passed as files
)

// spec describes the call behind a kind.
type spec struct {
	service string // as IAM and the AWS CLI write it
	api     string // the API operation; also the IAM action
	list    string // the key of the list in the reply; "" for a single object
	perID   bool   // the call is about one resource, named in the file name
}

var specs = [kindCount]spec{
	CallerIdentity:               {"sts", "GetCallerIdentity", "", false},
	VPCs:                         {"ec2", "DescribeVpcs", "Vpcs", false},
	Subnets:                      {"ec2", "DescribeSubnets", "Subnets", false},
	SubnetCIDRReservations:       {"ec2", "GetSubnetCidrReservations", "SubnetIpv4CidrReservations", true},
	Endpoints:                    {"ec2", "DescribeVpcEndpoints", "VpcEndpoints", false},
	Interfaces:                   {"ec2", "DescribeNetworkInterfaces", "NetworkInterfaces", false},
	SecurityGroups:               {"ec2", "DescribeSecurityGroups", "SecurityGroups", false},
	SecurityGroupRules:           {"ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", false},
	SecurityGroupVPCAssociations: {"ec2", "DescribeSecurityGroupVpcAssociations", "SecurityGroupVpcAssociations", false},
	PrefixLists:                  {"ec2", "DescribeManagedPrefixLists", "PrefixLists", false},
	PrefixListEntries:            {"ec2", "GetManagedPrefixListEntries", "Entries", true},
	NetworkACLs:                  {"ec2", "DescribeNetworkAcls", "NetworkAcls", false},
	RouteTables:                  {"ec2", "DescribeRouteTables", "RouteTables", false},
	Peerings:                     {"ec2", "DescribeVpcPeeringConnections", "VpcPeeringConnections", false},
	TransitGateways:              {"ec2", "DescribeTransitGateways", "TransitGateways", false},
	TransitGatewayAttachments:    {"ec2", "DescribeTransitGatewayAttachments", "TransitGatewayAttachments", false},
	TransitGatewayVPCAttachments: {"ec2", "DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", false},
	TransitGatewayPeerings:       {"ec2", "DescribeTransitGatewayPeeringAttachments", "TransitGatewayPeeringAttachments", false},
	TransitGatewayRouteTables:    {"ec2", "DescribeTransitGatewayRouteTables", "TransitGatewayRouteTables", false},
	TransitGatewayAssociations:   {"ec2", "GetTransitGatewayRouteTableAssociations", "Associations", true},
	TransitGatewayPropagations:   {"ec2", "GetTransitGatewayRouteTablePropagations", "TransitGatewayRouteTablePropagations", true},
	TransitGatewayRoutes:         {"ec2", "SearchTransitGatewayRoutes", "Routes", true},
	VPNGateways:                  {"ec2", "DescribeVpnGateways", "VpnGateways", false},
	VPNConnections:               {"ec2", "DescribeVpnConnections", "VpnConnections", false},
	NATGateways:                  {"ec2", "DescribeNatGateways", "NatGateways", false},
	Instances:                    {"ec2", "DescribeInstances", "Reservations", false},
	PolicySimulation:             {"iam", "SimulatePrincipalPolicy", "EvaluationResults", true},
	Agents:                       {"datasync", "ListAgents", "Agents", false},
	AgentDetails:                 {"datasync", "DescribeAgent", "", true},
	Tasks:                        {"datasync", "ListTasks", "Tasks", false},
	TaskDetails:                  {"datasync", "DescribeTask", "", true},
	Locations:                    {"datasync", "ListLocations", "Locations", false},
	LocationsNFS:                 {"datasync", "DescribeLocationNfs", "", true},
	LocationsSMB:                 {"datasync", "DescribeLocationSmb", "", true},
	LocationsHDFS:                {"datasync", "DescribeLocationHdfs", "", true},
	LocationsObjectStorage:       {"datasync", "DescribeLocationObjectStorage", "", true},
	LocationsAzureBlob:           {"datasync", "DescribeLocationAzureBlob", "", true},
	Invocations:                  {"ssm", "ListCommandInvocations", "CommandInvocations", false},
	CommandOutputs:               {"ssm", "GetCommandInvocation", "", true},
}

// Kinds lists every kind in order.
func Kinds() []Kind {
	out := make([]Kind, 0, kindCount-1)
	for k := NoKind + 1; k < kindCount; k++ {
		out = append(out, k)
	}
	return out
}

// Action is the IAM action that the call needs, such as "ec2:DescribeVpcs". It
// is also how evidence names its source.
func (k Kind) Action() string {
	switch k {
	case Probes:
		return "probe"
	case Policies:
		return "--policy-file"
	}
	if k == NoKind || k >= kindCount {
		return ""
	}
	return actions[k]
}

// Command is the AWS CLI's name for the call, such as "describe-vpcs", which is
// also the stem of the file that holds its output. Those of DataSync and Systems
// Manager carry their names: other services list agents too.
func (k Kind) Command() string {
	if k == NoKind || k >= kindCount {
		return ""
	}
	return commands[k]
}

// Both are asked for often.
var actions, commands = func() (actions, commands [kindCount]string) {
	for _, k := range Kinds() {
		actions[k], commands[k] = specs[k].service+":"+specs[k].api, specs[k].command()
	}
	return actions, commands
}()

func (s spec) command() string {
	var b strings.Builder
	if s.service == "datasync" || s.service == "ssm" {
		b.WriteString(s.service + "-")
	}
	for i, r := range s.api {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// PerID reports whether the call is about one resource, so that a table is
// gathered from several calls.
func (k Kind) PerID() bool { return k < kindCount && specs[k].perID }

// String returns the name of the AWS CLI command.
func (k Kind) String() string { return k.Command() }

// ListKey is the key under which a reply holds its list, "" for a reply that is
// one object.
func (k Kind) ListKey() string { return specs[k].list }

var byCommand = func() map[string]Kind {
	m := make(map[string]Kind, kindCount)
	for _, k := range Kinds() {
		m[k.Command()] = k
	}
	return m
}()

// KindOf returns the kind whose AWS CLI command is given, or NoKind.
func KindOf(command string) Kind { return byCommand[command] }
