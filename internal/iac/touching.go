package iac

import "slices"

// Touching counts the changes of the plans, and those of them that are of, name, or
// may change one of the resources that mine picks.
func (o *Overlay) Touching(mine func(id string) bool) (touching, all int) {
	for _, p := range o.Plans {
		addresses, hit := map[string]bool{}, map[string]bool{}
		note := func(address string, touches bool) {
			addresses[address] = true
			hit[address] = hit[address] || touches
		}
		for _, address := range p.others {
			note(address, false)
		}
		for _, c := range p.Changes {
			note(c.Address, slices.ContainsFunc(c.ids(), mine))
		}
		for _, d := range p.doubts {
			note(d.address, len(d.kinds) > 0 || slices.ContainsFunc(d.ids, mine))
		}
		for _, yes := range hit {
			if yes {
				touching++
			}
		}
		all += len(addresses)
	}
	return touching, all
}
