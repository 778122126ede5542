package resource

import (
	"slices"
	"strings"
)

// Named are the ids of VPCs, groups and subnets that exist, and that a plan names for
// endpoints, instances and interfaces, in the order of their kinds.
func (p *Plan) Named() (vpcs, groups, subnets []string) {
	var ids []string
	for _, c := range p.Changes {
		if c.After != nil && slices.Contains(Types().Swept, c.Type) {
			ids = IDsIn(any(c.After.Attributes), nil, ids)
		}
	}
	return ByKind(ids)
}

// ByKind are the ids of VPCs, groups and subnets among ids.
func ByKind(ids []string) (vpcs, groups, subnets []string) {
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
