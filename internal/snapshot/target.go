package snapshot

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"
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
	AgentARN        string         `json:"agent_arn,omitempty" yaml:"agent-arn"`
	KeyRequest      string         `json:"key_request,omitempty" yaml:"key-request"`
	Requirements    string         `json:"requirements,omitempty" yaml:"requirements"`
	SubnetARNs      []string       `json:"subnet_arn,omitempty" yaml:"subnet-arn"`
	GroupARNs       []string       `json:"security_group_arn,omitempty" yaml:"security-group-arn"`
	// KeyShape is what is said of the activation key, "ok" or what is wrong with
	// it; the key itself is a secret and never kept.
	KeyShape string `json:"activation_key_shape,omitempty" yaml:"-"`
	// Audit is set where the target stands for all agents, or endpoints, of an account.
	Audit *Audit `json:"-" yaml:"-"`
	// Sides are the scopes of the endpoint and the agent, where it is known which
	// they are; nil: the evidence tells.
	Sides *Sides `json:"-" yaml:"-"`
	// What was said beside an ARN that names another one: see Settled.
	SaidSubnetID string `json:"-" yaml:"-"`
	SaidGroupID  string `json:"-" yaml:"-"`
}

// Merge returns the target with what is missing taken from the other, whose word
// counts less. Nothing that still holds is dropped: only what belongs to another
// endpoint, or to another agent, than the one that the target names.
func (t Target) Merge(other Target) Target {
	if t.contradictsAgent(other) {
		other = other.WithoutAgent()
	}
	if t.EndpointID != "" && other.EndpointID != "" && t.EndpointID != other.EndpointID {
		other.EndpointIP, other.SubnetID, other.GroupID, other.KeyRequest = netip.Addr{}, "", "", ""
		other.SubnetARNs, other.GroupARNs, other.KeyShape = nil, nil, ""
	}
	for _, f := range targetTexts {
		if mine := f.of(&t); *mine == "" {
			*mine = *f.of(&other)
		}
	}
	for _, f := range targetLists {
		if mine := f.of(&t); *mine == nil {
			*mine = *f.of(&other)
		}
	}
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
	if t.Sides == nil {
		t.Sides = other.Sides
	}
	return t
}

// contradictsAgent reports whether two targets say, in the same terms, that the
// agent is in two places. A source network beside an agent contradicts nothing.
func (t Target) contradictsAgent(other Target) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return differ(t.AgentInstanceID, other.AgentInstanceID) || differ(t.SourceSubnetID, other.SourceSubnetID) ||
		differ(t.SourceVPCID, other.SourceVPCID) || t.AgentIP.IsValid() && other.AgentIP.IsValid() && t.AgentIP != other.AgentIP
}

// WithoutAgent returns the target without what says where the agent is, and
// without the key request, which was made to it.
func (t Target) WithoutAgent() Target {
	t.SourceCIDRs, t.SourceVPCID, t.SourceSubnetID, t.AgentInstanceID, t.AgentIP, t.KeyRequest = nil, "", "", "", netip.Addr{}, ""
	return t
}

// NamesAgent reports whether the target says where the agent is.
func (t Target) NamesAgent() bool {
	return t.AgentInstanceID != "" || t.AgentIP.IsValid() || t.SourceSubnetID != "" || t.SourceVPCID != "" || len(t.SourceCIDRs) > 0
}

// textField is a field of a target that holds one value, by the name of its flag.
type textField struct {
	Flag string
	of   func(*Target) *string
}

var targetTexts = []textField{
	{"name", func(t *Target) *string { return &t.Name }},
	{"region", func(t *Target) *string { return &t.Region }},
	{"vpc-endpoint-id", func(t *Target) *string { return &t.EndpointID }},
	{"subnet-id", func(t *Target) *string { return &t.SubnetID }},
	{"security-group-id", func(t *Target) *string { return &t.GroupID }},
	{"destination-type", func(t *Target) *string { return &t.DestinationType }},
	{"mode", func(t *Target) *string { return &t.Mode }},
	{"source-region", func(t *Target) *string { return &t.SourceRegion }},
	{"source-vpc-id", func(t *Target) *string { return &t.SourceVPCID }},
	{"source-subnet-id", func(t *Target) *string { return &t.SourceSubnetID }},
	{"agent-instance-id", func(t *Target) *string { return &t.AgentInstanceID }},
	{"agent-arn", func(t *Target) *string { return &t.AgentARN }},
	{"key-request", func(t *Target) *string { return &t.KeyRequest }},
	{"requirements", func(t *Target) *string { return &t.Requirements }},
	{"activation-key", func(t *Target) *string { return &t.KeyShape }},
}

var targetLists = []struct {
	Flag string
	of   func(*Target) *[]string
}{
	{"storage", func(t *Target) *[]string { return &t.Storage }},
	{"subnet-arn", func(t *Target) *[]string { return &t.SubnetARNs }},
	{"security-group-arn", func(t *Target) *[]string { return &t.GroupARNs }},
}

// Fields returns what a target says, by the names of the flags.
func (t Target) Fields() map[string]string {
	out := map[string]string{}
	for _, f := range targetTexts {
		out[f.Flag] = *f.of(&t)
	}
	for _, f := range targetLists {
		out[f.Flag] = strings.Join(*f.of(&t), " ")
	}
	var blocks []string
	for _, p := range t.SourceCIDRs {
		blocks = append(blocks, p.String())
	}
	out["source-cidr"] = strings.Join(blocks, " ")
	for flag, a := range map[string]netip.Addr{"endpoint-ip": t.EndpointIP, "agent-ip": t.AgentIP} {
		if a.IsValid() {
			out[flag] = a.Unmap().String()
		}
	}
	if t.Tasks != 0 {
		out["tasks"] = strconv.Itoa(t.Tasks)
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}

// Settled returns the target with the subnet and the group that CreateAgent will
// get, where an ARN names them: those are what is judged. It is called when all
// that was said of a target is together. An id that contradicts its ARN is kept
// as what was said.
func (t Target) Settled() Target {
	settle := func(id, said *string, arns []string, prefix string) {
		if len(arns) != 1 {
			return
		}
		named := arns[0][strings.LastIndexByte(arns[0], '/')+1:]
		if !strings.HasPrefix(named, prefix) || !WellFormedID(named) || named == *id {
			return
		}
		*said, *id = *id, named
	}
	settle(&t.SubnetID, &t.SaidSubnetID, t.SubnetARNs, "subnet-")
	settle(&t.GroupID, &t.SaidGroupID, t.GroupARNs, "sg-")
	return t
}

// AsSaid undoes Settled where an id contradicts its ARN, so that a saved target
// says what the user said.
func (t Target) AsSaid() Target {
	if t.SaidSubnetID != "" {
		t.SubnetID, t.SaidSubnetID = t.SaidSubnetID, ""
	}
	if t.SaidGroupID != "" {
		t.GroupID, t.SaidGroupID = t.SaidGroupID, ""
	}
	return t
}

// WellFormedID reports whether a text has the shape of an EC2 id: a prefix and 8
// or 17 hexadecimal digits.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
func WellFormedID(id string) bool {
	digits := id[strings.LastIndexByte(id, '-')+1:]
	return len(digits) < len(id) && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}
