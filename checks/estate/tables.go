package estate

import "github.com/dspreflight/dspreflight/internal/snapshot"

// Kind is one call of AWS, and so one table of a scope. A check declares those that it
// reads.
type Kind = snapshot.Kind

// KindOf returns the kind whose AWS CLI command is given, such as describe-subnets, or
// zero.
func KindOf(command string) Kind { return snapshot.KindOf(command) }

// The calls, in the order in which they are listed to users.
const (
	CallerIdentity               = snapshot.CallerIdentity
	VPCs                         = snapshot.VPCs
	Subnets                      = snapshot.Subnets
	SubnetCIDRReservations       = snapshot.SubnetCIDRReservations
	Endpoints                    = snapshot.Endpoints
	Interfaces                   = snapshot.Interfaces
	SecurityGroups               = snapshot.SecurityGroups
	SecurityGroupRules           = snapshot.SecurityGroupRules
	SecurityGroupVPCAssociations = snapshot.SecurityGroupVPCAssociations
	PrefixLists                  = snapshot.PrefixLists
	PrefixListEntries            = snapshot.PrefixListEntries
	NetworkACLs                  = snapshot.NetworkACLs
	RouteTables                  = snapshot.RouteTables
	Peerings                     = snapshot.Peerings
	TransitGateways              = snapshot.TransitGateways
	TransitGatewayAttachments    = snapshot.TransitGatewayAttachments
	TransitGatewayVPCAttachments = snapshot.TransitGatewayVPCAttachments
	TransitGatewayPeerings       = snapshot.TransitGatewayPeerings
	TransitGatewayRouteTables    = snapshot.TransitGatewayRouteTables
	TransitGatewayAssociations   = snapshot.TransitGatewayAssociations
	TransitGatewayPropagations   = snapshot.TransitGatewayPropagations
	TransitGatewayRoutes         = snapshot.TransitGatewayRoutes
	VPNGateways                  = snapshot.VPNGateways
	VPNConnections               = snapshot.VPNConnections
	NATGateways                  = snapshot.NATGateways
	Instances                    = snapshot.Instances
	PolicySimulation             = snapshot.PolicySimulation
	Agents                       = snapshot.Agents
	AgentDetails                 = snapshot.AgentDetails
	Tasks                        = snapshot.Tasks
	TaskDetails                  = snapshot.TaskDetails
	Locations                    = snapshot.Locations
	LocationsNFS                 = snapshot.LocationsNFS
	LocationsSMB                 = snapshot.LocationsSMB
	LocationsHDFS                = snapshot.LocationsHDFS
	LocationsObjectStorage       = snapshot.LocationsObjectStorage
	LocationsAzureBlob           = snapshot.LocationsAzureBlob
	Invocations                  = snapshot.Invocations
	CommandOutputs               = snapshot.CommandOutputs
)

// Evidence that no call of AWS gives.
const (
	Probes   = snapshot.Probes   // what was dialled
	Policies = snapshot.Policies // identity policies that were passed as files
)

// The resources about which permissions are simulated.
const (
	AnyResource     = snapshot.AnyResource
	AccountResource = snapshot.AccountResource
)

// The rows of the tables.
type (
	Identity                     = snapshot.Identity
	VPC                          = snapshot.VPC
	Subnet                       = snapshot.Subnet
	Reservations                 = snapshot.Reservations
	Endpoint                     = snapshot.Endpoint
	Interface                    = snapshot.Interface
	SecurityGroup                = snapshot.SecurityGroup
	SecurityGroupRule            = snapshot.SecurityGroupRule
	GroupVPCAssociation          = snapshot.GroupVPCAssociation
	PrefixList                   = snapshot.PrefixList
	PrefixListContent            = snapshot.PrefixListContent
	NetworkACL                   = snapshot.NetworkACL
	RouteTable                   = snapshot.RouteTable
	Peering                      = snapshot.Peering
	TransitGateway               = snapshot.TransitGateway
	TransitGatewayAttachment     = snapshot.TransitGatewayAttachment
	TransitGatewayVPCAttachment  = snapshot.TransitGatewayVPCAttachment
	TransitGatewayPeering        = snapshot.TransitGatewayPeering
	TransitGatewayRouteTable     = snapshot.TransitGatewayRouteTable
	TransitGatewayAssociationSet = snapshot.TransitGatewayAssociationSet
	TransitGatewayRouteSet       = snapshot.TransitGatewayRouteSet
	VPNGateway                   = snapshot.VPNGateway
	VPNConnection                = snapshot.VPNConnection
	NATGateway                   = snapshot.NATGateway
	Instance                     = snapshot.Instance
	Simulation                   = snapshot.Simulation
	Agent                        = snapshot.Agent
	AgentDetail                  = snapshot.AgentDetail
	Task                         = snapshot.Task
	TaskDetail                   = snapshot.TaskDetail
	Location                     = snapshot.Location
	AgentLocation                = snapshot.AgentLocation
	PrivateLink                  = snapshot.PrivateLink
	Time                         = snapshot.Time // as the AWS CLI prints it
	Invocation                   = snapshot.Invocation
	CommandOutput                = snapshot.CommandOutput
)

// What rows hold.
type (
	Tag                       = snapshot.Tag
	CIDRAssociation           = snapshot.CIDRAssociation
	SubnetCIDRReservation     = snapshot.SubnetCIDRReservation
	GroupRef                  = snapshot.GroupRef
	Permission                = snapshot.Permission
	GroupPair                 = snapshot.GroupPair
	PrefixListEntry           = snapshot.PrefixListEntry
	ACLAssociation            = snapshot.ACLAssociation
	ACLEntry                  = snapshot.ACLEntry
	ACLPorts                  = snapshot.ACLPorts
	PropagatingVGW            = snapshot.PropagatingVGW
	RouteTableAssociation     = snapshot.RouteTableAssociation
	Route                     = snapshot.Route
	PeeringSide               = snapshot.PeeringSide
	AttachmentAssociation     = snapshot.AttachmentAssociation
	TransitGatewaySide        = snapshot.TransitGatewaySide
	TransitGatewayAssociation = snapshot.TransitGatewayAssociation
	TransitGatewayRoute       = snapshot.TransitGatewayRoute
	RouteAttachment           = snapshot.RouteAttachment
	VPNGatewayAttachment      = snapshot.VPNGatewayAttachment
	NATGatewayAddress         = snapshot.NATGatewayAddress
	SimulationResult          = snapshot.SimulationResult
)
