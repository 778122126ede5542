package repair

import "slices"

// lastRule is the highest number that a rule of a network ACL can have.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
const lastRule = 32766

// Numbers gives new rules of network ACLs numbers of their own, in all that is
// printed together.
type Numbers struct {
	taken map[string][]int // by ACL and direction
	given map[ruleKey]int  // the same rule has the same number
}

// ruleKey says which rule is meant.
type ruleKey struct {
	acl         string
	egress      bool
	cidr, ports string
}

func (a *ACLEntry) key() ruleKey {
	return ruleKey{a.ACL, a.Egress, a.CIDR.String(), a.Ports.String()}
}

// Give numbers a rule: behind the last one at a round number if none denies before,
// else just before the one that denies.
func (n *Numbers) Give(a *ACLEntry) {
	if n.taken == nil {
		n.taken, n.given = map[string][]int{}, map[ruleKey]int{}
	}
	if number, ok := n.given[a.key()]; ok && (a.Below == 0 || number < a.Below) {
		a.number = number
		return
	}
	where := a.ACL + " " + a.direction()
	a.number = a.free(append(slices.Clone(a.Taken), n.taken[where]...))
	if a.number != 0 {
		n.given[a.key()] = a.number
		n.taken[where] = append(n.taken[where], a.number)
	}
}

// Possible reports whether a number is left.
func (a *ACLEntry) Possible() bool { return a.free(a.Taken) != 0 }

func (a *ACLEntry) free(used []int) int {
	limit := lastRule
	if a.Below != 0 {
		limit = a.Below - 1
	} else {
		highest := 0
		for _, n := range used {
			if n <= lastRule {
				highest = max(highest, n)
			}
		}
		if n := (highest/10 + 1) * 10; n <= lastRule {
			return n
		}
	}
	for n := limit; n > 0; n-- {
		if !slices.Contains(used, n) {
			return n
		}
	}
	return 0
}
