package snapshot

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Role says which side of the path a scope plays.
type Role string

// The roles. A scope can have both, when agent and endpoint share an account
// and a Region.
const (
	Destination Role = "destination"
	Source      Role = "source"
)

// Scope is one AWS account in one Region, as far as it was observed.
type Scope struct {
	Name    string
	Roles   []Role
	Account string // 12 digits; "" if it could not be told
	Region  string
	Calls   []Call // what was asked, in order; empty for files gathered by hand
	// Guessed says that the account is only what most resources belong to: no
	// caller and no manifest told it.
	Guessed bool
	// Planned says that only a plan knows of the scope: nobody looked there.
	Planned bool
	// Credentials says where the credentials came from; nil if nobody told.
	Credentials *Credentials

	Identity                     Table[Identity]
	VPCs                         Table[VPC]
	Subnets                      Table[Subnet]
	Reservations                 Table[Reservations]
	Endpoints                    Table[Endpoint]
	Interfaces                   Table[Interface]
	SecurityGroups               Table[SecurityGroup]
	SecurityGroupRules           Table[SecurityGroupRule]
	SecurityGroupVPCAssociations Table[GroupVPCAssociation]
	PrefixLists                  Table[PrefixList]
	PrefixListEntries            Table[PrefixListContent]
	NetworkACLs                  Table[NetworkACL]
	RouteTables                  Table[RouteTable]
	Peerings                     Table[Peering]
	TransitGateways              Table[TransitGateway]
	TransitGatewayAttachments    Table[TransitGatewayAttachment]
	TransitGatewayVPCAttachments Table[TransitGatewayVPCAttachment]
	TransitGatewayPeerings       Table[TransitGatewayPeering]
	TransitGatewayRouteTables    Table[TransitGatewayRouteTable]
	TransitGatewayAssociations   Table[TransitGatewayAssociationSet]
	TransitGatewayPropagations   Table[TransitGatewayAssociationSet]
	TransitGatewayRoutes         Table[TransitGatewayRouteSet]
	VPNGateways                  Table[VPNGateway]
	VPNConnections               Table[VPNConnection]
	NATGateways                  Table[NATGateway]
	Instances                    Table[Instance]
	Simulations                  Table[Simulation]
	Agents                       Table[Agent]
	AgentDetails                 Table[AgentDetail]
	Tasks                        Table[Task]
	TaskDetails                  Table[TaskDetail]
	Locations                    Table[Location]
	AgentLocations               [len(locationKinds)]Table[AgentLocation] // by their place in locationKinds
	Invocations                  Table[Invocation]
	CommandOutputs               Table[CommandOutput]

	// Opened says of tables in which rows may be missing because of a planned
	// change why that is.
	Opened map[Kind]*Gap

	documents []Document
}

// Credentials says where the credentials of a scope came from, and until when
// they are good. They themselves are never kept.
type Credentials struct {
	Source  string    `json:"source"`
	Expires time.Time `json:"expires,omitzero"`   // zero: they don't expire, or nobody said
	Profile string    `json:"profile,omitempty"`  // that was named for the scope
	Role    string    `json:"role_arn,omitempty"` // that was assumed
}

// observed is what all tables have in common.
type observed interface {
	Extent() Extent
	See(Extent, []string)
	Asked([]string)
	Settle(vpc string)
	Doubt()
	Lose(id string)
	forget()
	watch(read func())
	disown()
	IDs() []string
	Look(vpc, id string) (any, Presence)
	alike(later observed) bool
	take(from observed, id string)
	mapRows(Mapper)
	rows() any
}

// table returns the table that a kind fills.
func (s *Scope) table(k Kind) observed {
	switch k {
	case CallerIdentity:
		return &s.Identity
	case VPCs:
		return &s.VPCs
	case Subnets:
		return &s.Subnets
	case SubnetCIDRReservations:
		return &s.Reservations
	case Endpoints:
		return &s.Endpoints
	case Interfaces:
		return &s.Interfaces
	case SecurityGroups:
		return &s.SecurityGroups
	case SecurityGroupRules:
		return &s.SecurityGroupRules
	case SecurityGroupVPCAssociations:
		return &s.SecurityGroupVPCAssociations
	case PrefixLists:
		return &s.PrefixLists
	case PrefixListEntries:
		return &s.PrefixListEntries
	case NetworkACLs:
		return &s.NetworkACLs
	case RouteTables:
		return &s.RouteTables
	case Peerings:
		return &s.Peerings
	case TransitGateways:
		return &s.TransitGateways
	case TransitGatewayAttachments:
		return &s.TransitGatewayAttachments
	case TransitGatewayVPCAttachments:
		return &s.TransitGatewayVPCAttachments
	case TransitGatewayPeerings:
		return &s.TransitGatewayPeerings
	case TransitGatewayRouteTables:
		return &s.TransitGatewayRouteTables
	case TransitGatewayAssociations:
		return &s.TransitGatewayAssociations
	case TransitGatewayPropagations:
		return &s.TransitGatewayPropagations
	case TransitGatewayRoutes:
		return &s.TransitGatewayRoutes
	case VPNGateways:
		return &s.VPNGateways
	case VPNConnections:
		return &s.VPNConnections
	case NATGateways:
		return &s.NATGateways
	case Instances:
		return &s.Instances
	case PolicySimulation:
		return &s.Simulations
	case Agents:
		return &s.Agents
	case Invocations:
		return &s.Invocations
	case CommandOutputs:
		return &s.CommandOutputs
	case AgentDetails:
		return &s.AgentDetails
	case Tasks:
		return &s.Tasks
	case TaskDetails:
		return &s.TaskDetails
	case Locations:
		return &s.Locations
	}
	if n := slices.Index(locationKinds[:], k); n >= 0 {
		return &s.AgentLocations[n]
	}
	return &Table[VPC]{}
}

// Rows is a table, whatever it holds.
type Rows interface {
	Extent() Extent
	Covers(vpc string) bool
	IDs() []string
	Look(vpc, id string) (any, Presence)
	RowType() reflect.Type
}

// Rows returns the table of a kind.
func (s *Scope) Rows(k Kind) Rows { return s.table(k).(Rows) }

// Lose makes the row with an id unknown.
func (s *Scope) Lose(k Kind, id string) { s.table(k).Lose(id) }

// Asked records that a table answers for some ids.
func (s *Scope) Asked(k Kind, ids []string) {
	if len(ids) > 0 {
		s.table(k).Asked(ids)
	}
}

// Extent says how far the table of a kind was seen. A table gathered by id is
// never more than Partial: each id answers for itself.
func (s *Scope) Extent(k Kind) Extent { return s.table(k).Extent() }

// Called reports whether the call behind a kind was made, or tried.
func (s *Scope) Called(k Kind) bool {
	return slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Command == k.Command() })
}

// Has reports whether the scope plays the role.
func (s *Scope) Has(r Role) bool { return slices.Contains(s.Roles, r) }

// Partition is the AWS partition that the Region belongs to, such as "aws" or
// "aws-cn". Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func (s *Scope) Partition() string { return PartitionOf(s.Region) }

// NewAgentARN is the ARN of an agent that is yet to be made: ? stands for the
// characters of its id.
func NewAgentARN(region, account string) string {
	return "arn:" + PartitionOf(region) + ":datasync:" + region + ":" + account + ":agent/agent-?????????????????"
}

// SampleAgentARN is NewAgentARN where a real ARN is due, to ask IAM about one.
func SampleAgentARN(region, account string) string {
	return strings.ReplaceAll(NewAgentARN(region, account), "?", "0")
}

// PartitionOf returns the partition of a Region.
func PartitionOf(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"},
		{"us-gov-", "aws-us-gov"},
		{"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"},
		{"us-isof-", "aws-iso-f"},
		{"eu-isoe-", "aws-iso-e"},
		{"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// DNSSuffixes are the domains of AWS's APIs in the partition of a Region: the one
// that each service has, and the one of dual-stack endpoints.
// Source: https://github.com/aws/aws-sdk-go-v2/blob/main/internal/endpoints/awsrulesfn/partitions.json
func DNSSuffixes(region string) (plain, dual string) {
	switch PartitionOf(region) {
	case "aws-cn":
		return "amazonaws.com.cn", "api.amazonwebservices.com.cn"
	case "aws-eusc":
		return "amazonaws.eu", "api.amazonwebservices.eu"
	case "aws-iso":
		return "c2s.ic.gov", "api.aws.ic.gov"
	case "aws-iso-b":
		return "sc2s.sgov.gov", "api.aws.scloud"
	case "aws-iso-e":
		return "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"
	case "aws-iso-f":
		return "csp.hci.ic.gov", "api.aws.hci.ic.gov"
	}
	return "amazonaws.com", "api.aws"
}

// PeeringsOf lists the peering connections that a VPC is a side of.
func (s *Scope) PeeringsOf(vpc string) []Peering {
	return s.Peerings.Where("vpc", vpc, func(p Peering) []string {
		if p.Requester.VPC == p.Accepter.VPC {
			return []string{p.Requester.VPC}
		}
		return []string{p.Requester.VPC, p.Accepter.VPC}
	})
}

// AttachmentsOf lists a VPC's attachments to transit gateways.
func (s *Scope) AttachmentsOf(vpc string) []TransitGatewayVPCAttachment {
	return s.TransitGatewayVPCAttachments.Where("vpc", vpc, func(a TransitGatewayVPCAttachment) []string { return []string{a.VPC} })
}

// Clone returns a snapshot whose tables can be changed without touching this one.
func (s *Snapshot) Clone() *Snapshot {
	c := *s
	c.Scopes = make([]*Scope, len(s.Scopes))
	for i, sc := range s.Scopes {
		c.Scopes[i] = sc.clone()
	}
	return &c
}

func (s *Scope) clone() *Scope {
	c := *s
	c.Roles, c.Opened = slices.Clone(s.Roles), maps.Clone(s.Opened)
	for _, k := range Kinds() {
		c.table(k).disown()
	}
	return &c
}

// Settle records that every row of every table that belongs to a VPC is known:
// one that a plan creates holds nothing but what the plan says.
func (s *Scope) Settle(vpc string) {
	for _, k := range Kinds() {
		if k != CallerIdentity && k != PolicySimulation && !k.OfDataSync() && k != Invocations && k != CommandOutputs {
			s.table(k).Settle(vpc)
		}
	}
}

// Doubt records that rows of a table may be missing, and why.
func (s *Scope) Doubt(k Kind, why Gap) {
	s.table(k).Doubt()
	if s.Opened == nil {
		s.Opened = map[Kind]*Gap{}
	}
	if s.Opened[k] == nil {
		why.Scope = s.Label()
		s.Opened[k] = &why
	}
}

// Forget records that nothing is known of a table any longer, and why.
func (s *Scope) Forget(k Kind, why Gap) {
	s.table(k).forget()
	s.Doubt(k, why)
}

// Call records one AWS call and how it went.
type Call struct {
	Command   string     `json:"command"`
	ID        string     `json:"id,omitempty"`
	VPCs      []string   `json:"vpcs,omitempty"`
	Asked     []string   `json:"asked,omitempty"`   // ids that the call asked for by name
	Filters   []Filter   `json:"filters,omitempty"` // noted by hand; dspreflight's own are VPCs and Asked
	ElapsedMS float64    `json:"elapsed_ms"`
	Truncated bool       `json:"truncated,omitempty"`
	Error     *CallError `json:"error,omitempty"`
}

// CallError is why a call gave no table. Action is the IAM action that the
// caller lacks or that failed.
type CallError struct {
	Action  string `json:"action"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Snapshot is everything observed about an estate.
type Snapshot struct {
	TakenAt  time.Time
	Redacted string // where names are replaced, what tells the key from others; "": they are not
	Scopes   []*Scope
	Target   *Target      // the target the evidence was gathered for, if it is known
	ByHand   bool         // no manifest: the files were gathered by hand
	Passed   []Passed     // files that were not read, whose names say nothing
	Probes   []ProbeRun   // what machines of the user dialled; nil: nothing was
	Policies []PolicyFile // identity policies that the user passed; nil: none
}

// PolicyFile is an identity policy that the user passed, as it was read.
type PolicyFile struct {
	Name     string          `json:"name"`
	Identity string          `json:"identity,omitempty"` // ARN of the user or role whose it is; "": nobody said
	Document json.RawMessage `json:"document"`
}

// Role returns the first scope with the role, or nil.
func (s *Snapshot) Role(r Role) *Scope {
	for _, sc := range s.Scopes {
		if sc.Has(r) {
			return sc
		}
	}
	return nil
}
