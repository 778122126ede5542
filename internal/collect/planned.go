package collect

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Named are ids that plans name: an endpoint that is yet to be made shows nowhere in
// AWS, and what it will stand in does.
type Named struct {
	VPCs, Groups, Subnets []string
}

// planned are those of the named resources that are of this scope, and the VPCs that
// they belong to.
func (c *collector) planned() (vpcs, groups, subnets []string) {
	add := func(list *[]string, v string) {
		if v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	n := c.request.Planned
	for _, id := range n.VPCs {
		if _, p := c.scope.VPCs.Get(id); p == snapshot.Present {
			add(&vpcs, id)
		}
	}
	for _, id := range n.Subnets {
		if s, p := c.scope.Subnets.Get(id); p == snapshot.Present {
			add(&vpcs, s.VPC)
			add(&subnets, id)
		}
	}
	for _, id := range n.Groups {
		if len(vpcs) > 0 {
			add(&groups, id)
		}
	}
	return vpcs, groups, subnets
}
