package resource

// AgentType is the type of DataSync's agents.
const AgentType = "aws_datasync_agent"

func agentTypes() []Type {
	return []Type{{Name: AgentType, Ignored: true, CloudFormation: []Words{{Type: "AWS::DataSync::Agent", Properties: map[string]string{"VpcEndpointId": "vpc_endpoint_id"}}}}}
}

// Agent is a DataSync agent as a plan declares it; empty fields are not known.
type Agent struct {
	Address, IP, EndpointID string
}

// Agents are the DataSync agents among resources.
func Agents(list []*Object) []Agent {
	var out []Agent
	for _, r := range list {
		if r.Type == AgentType {
			out = append(out, Agent{Address: r.Address, IP: r.Known("ip_address"), EndpointID: r.Known("vpc_endpoint_id")})
		}
	}
	return out
}
