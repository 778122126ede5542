package iac

import "slices"

// Touching counts the changes of the plans, and those of them that are of, name, or
// may change one of some resources.
func (o *Overlay) Touching(mine map[string]bool) (touching, all int) {
	o.index()
	hit := map[string]bool{}
	for id := range mine {
		for _, i := range o.touched[id] {
			hit[o.changes[i].Address] = true
		}
	}
	for _, p := range o.Plans {
		addresses := map[string]bool{}
		for _, address := range p.Changed {
			addresses[address] = true
		}
		for _, c := range p.Changes {
			addresses[c.Address] = true
		}
		for _, d := range p.Doubts {
			addresses[d.Address] = true
			hit[d.Address] = hit[d.Address] || len(d.Kinds) > 0 || slices.ContainsFunc(d.IDs, func(id string) bool { return mine[id] })
		}
		for address := range addresses {
			if hit[address] {
				touching++
			}
		}
		all += len(addresses)
	}
	return touching, all
}
