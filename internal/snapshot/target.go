package snapshot

import (
	"net/netip"
)

// Target is what the user wants to activate. Empty fields were not given.
type Target struct {
	Name            string         `json:"name,omitempty" yaml:"name"`
	Region          string         `json:"region,omitempty" yaml:"region"`
	EndpointID      string         `json:"vpc_endpoint_id,omitempty" yaml:"vpc-endpoint-id"`
	EndpointIP      netip.Addr     `json:"endpoint_ip,omitzero" yaml:"endpoint-ip"`
	SubnetID        string         `json:"subnet_id,omitempty" yaml:"subnet-id"`
	GroupID         string         `json:"security_group_id,omitempty" yaml:"security-group-id"`
	Tasks           int            `json:"tasks,omitempty" yaml:"tasks"`
	DestinationType string         `json:"destination_type,omitempty" yaml:"destination-type"`
	Mode            string         `json:"mode,omitempty" yaml:"mode"`
	SourceCIDRs     []netip.Prefix `json:"source_cidr,omitempty" yaml:"source-cidr"`
	SourceRegion    string         `json:"source_region,omitempty" yaml:"source-region"`
	SourceVPCID     string         `json:"source_vpc_id,omitempty" yaml:"source-vpc-id"`
	SourceSubnetID  string         `json:"source_subnet_id,omitempty" yaml:"source-subnet-id"`
	AgentInstanceID string         `json:"agent_instance_id,omitempty" yaml:"agent-instance-id"`
	AgentIP         netip.Addr     `json:"agent_ip,omitzero" yaml:"agent-ip"`
	Storage         []string       `json:"storage,omitempty" yaml:"storage"`
	KeyRequest      string         `json:"key_request,omitempty" yaml:"key-request"`
	Requirements    string         `json:"requirements,omitempty" yaml:"requirements"`
	SubnetARNs      []string       `json:"subnet_arn,omitempty" yaml:"subnet-arn"`
	GroupARNs       []string       `json:"security_group_arn,omitempty" yaml:"security-group-arn"`
	// KeyShape is what is said of the activation key, "ok" or what is wrong with
	// it; the key itself is a secret and never kept.
	KeyShape string `json:"activation_key_shape,omitempty" yaml:"-"`
	// Sides are the scopes of the endpoint and the agent, where it is known which
	// they are; nil: the evidence tells.
	Sides *Sides `json:"-" yaml:"-"`
}

// Merge returns the target with what is missing taken from the other. What says
// where the agent is goes together: a target that names the agent in any way
// takes nothing of that kind from the other. So does what belongs to one
// endpoint.
func (t Target) Merge(other Target) Target {
	if t.namesAgent() {
		other.SourceCIDRs, other.SourceVPCID, other.SourceSubnetID, other.AgentInstanceID, other.AgentIP = nil, "", "", "", netip.Addr{}
		other.KeyRequest = ""
	}
	if t.EndpointID != "" && t.EndpointID != other.EndpointID {
		other.EndpointIP, other.SubnetID, other.GroupID, other.KeyRequest = netip.Addr{}, "", "", ""
		other.SubnetARNs, other.GroupARNs, other.KeyShape = nil, nil, ""
	}
	str := func(a *string, b string) {
		if *a == "" {
			*a = b
		}
	}
	str(&t.Name, other.Name)
	str(&t.Region, other.Region)
	str(&t.EndpointID, other.EndpointID)
	str(&t.SubnetID, other.SubnetID)
	str(&t.GroupID, other.GroupID)
	str(&t.DestinationType, other.DestinationType)
	str(&t.Mode, other.Mode)
	str(&t.SourceRegion, other.SourceRegion)
	str(&t.SourceVPCID, other.SourceVPCID)
	str(&t.SourceSubnetID, other.SourceSubnetID)
	str(&t.AgentInstanceID, other.AgentInstanceID)
	str(&t.KeyRequest, other.KeyRequest)
	str(&t.Requirements, other.Requirements)
	str(&t.KeyShape, other.KeyShape)
	if !t.EndpointIP.IsValid() {
		t.EndpointIP = other.EndpointIP
	}
	if !t.AgentIP.IsValid() {
		t.AgentIP = other.AgentIP
	}
	if t.Tasks == 0 {
		t.Tasks = other.Tasks
	}
	if t.SourceCIDRs == nil {
		t.SourceCIDRs = other.SourceCIDRs
	}
	if t.Storage == nil {
		t.Storage = other.Storage
	}
	if t.Sides == nil {
		t.Sides = other.Sides
	}
	if t.SubnetARNs == nil {
		t.SubnetARNs = other.SubnetARNs
	}
	if t.GroupARNs == nil {
		t.GroupARNs = other.GroupARNs
	}
	return t
}

func (t Target) namesAgent() bool {
	return t.AgentInstanceID != "" || t.AgentIP.IsValid() || t.SourceSubnetID != "" || t.SourceVPCID != "" || len(t.SourceCIDRs) > 0
}
