package audit

import (
	"net/netip"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// NameTargets fills in the targets, and where they are looked for, from the ids in a paste.
func (r *Run) NameTargets() {
	p := &r.Request
	for i := range p.Targets {
		p.Targets[i] = defaultsFrom(p.Targets[i], r.Named)
	}
	for _, t := range p.Targets {
		if t.Sides == nil {
			continue
		}
		if a := &p.Scopes[t.Sides.Destination].Account; a.Region == "" {
			a.Region = t.Region
		}
	}
}

// defaultsFrom fills in what neither a flag nor the estate says from the ids in a
// paste.
func defaultsFrom(t snapshot.Target, named map[string]string) snapshot.Target {
	other := snapshot.Target{Region: named["region"], EndpointID: named["vpc_endpoint_id"], SubnetID: named["subnet_id"], GroupID: named["security_group_id"]}
	if arn := named["subnet_arn"]; arn != "" {
		other.SubnetARNs, other.SubnetID = []string{arn}, IDInARN(arn, "subnet-")
	}
	if arn := named["security_group_arn"]; arn != "" {
		other.GroupARNs, other.GroupID = []string{arn}, IDInARN(arn, "sg-")
	}
	if a, err := netip.ParseAddr(named["endpoint_ip"]); err == nil {
		other.EndpointIP = a
	}
	if a, err := netip.ParseAddr(named["agent_ip"]); err == nil && a.IsPrivate() { // a public one is not what the endpoint sees
		other.AgentIP = a
	}
	if other.EndpointID == "" {
		other.EndpointID = t.EndpointID // what the text names is the target's, unless it names another endpoint
	}
	merged := t.Merge(other)
	if Validate(merged, "--config", nil) != nil {
		return t
	}
	return merged
}
