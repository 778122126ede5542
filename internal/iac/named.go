package iac

import (
	"slices"
	"strings"
)

// stand are the types whose place decides what has to be read of an estate.
var stand = []string{"aws_vpc_endpoint", "aws_instance", "aws_network_interface"}

// Named are the ids of VPCs, groups and subnets that exist, and that a plan names for
// endpoints, instances and interfaces, in the order of their kinds.
func (p *Plan) Named() (vpcs, groups, subnets []string) {
	var ids []string
	for _, c := range p.Changes {
		if c.after != nil && slices.Contains(stand, c.Type) {
			ids = idsIn(any(c.after.attrs), nil, ids)
		}
	}
	if p.template != nil {
		for _, r := range p.template.resources {
			if slices.Contains(stand, words[r.kind].kind) {
				ids = idsIn(any(r.properties), nil, ids)
			}
		}
		for _, v := range p.parameters {
			ids = idsIn(v, nil, ids)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		switch {
		case strings.HasPrefix(id, "vpc-"):
			vpcs = append(vpcs, id)
		case strings.HasPrefix(id, "sg-"):
			groups = append(groups, id)
		case strings.HasPrefix(id, "subnet-"):
			subnets = append(subnets, id)
		}
	}
	return vpcs, groups, subnets
}
