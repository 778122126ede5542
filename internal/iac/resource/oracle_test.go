package resource

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The oracle knows no Terraform: it keeps, for one group, one ACL and one route
// table, a set of what they hold, and does to it what each change says.

type held map[string]bool

func (h held) text() string {
	var out []string
	for k, on := range h {
		if on {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// shown lists what a snapshot holds of the three, in the words of the oracle.
func shown(s *snapshot.Snapshot) string {
	h := held{}
	for _, sc := range s.Scopes {
		for _, g := range sc.SecurityGroups.All() {
			for _, egress := range []bool{false, true} {
				perms := g.Ingress
				if egress {
					perms = g.Egress
				}
				for _, p := range perms {
					for _, r := range p.Ranges {
						h[ruleWord(egress, *p.FromPort, r.CIDR.String())] = true
					}
				}
			}
		}
		for _, a := range sc.NetworkACLs.All() {
			for _, e := range a.Entries {
				h[entryWord(e.Egress, e.Number, e.Action, e.CIDR.String())] = true
			}
		}
		for _, t := range sc.RouteTables.All() {
			for _, r := range t.Routes {
				if r.Gateway != "local" {
					h[routeWord(r.CIDR.String(), r.Peering)] = true
				}
			}
		}
	}
	return h.text()
}

func ruleWord(egress bool, port int, cidr string) string {
	return fmt.Sprintf("rule %v %d %s", egress, port, cidr)
}

func entryWord(egress bool, number int, action, cidr string) string {
	return fmt.Sprintf("entry %v %d %s %s", egress, number, action, cidr)
}

func routeWord(cidr, peering string) string { return "route " + cidr + " " + peering }

// item is one member, as the oracle and as Terraform put it.
type item struct {
	word, slot, kind string
	attrs            map[string]any
}

func drawItem(t *rapid.T, label string) item {
	cidr := fmt.Sprintf("10.%d.0.0/16", rapid.IntRange(0, 3).Draw(t, label+" block"))
	egress := rapid.Bool().Draw(t, label+" egress")
	switch rapid.IntRange(0, 3).Draw(t, label+" type") {
	case 0:
		port := rapid.IntRange(1, 3).Draw(t, label+" port")
		kind := "aws_vpc_security_group_ingress_rule"
		if egress {
			kind = "aws_vpc_security_group_egress_rule"
		}
		w := ruleWord(egress, port, cidr)
		return item{w, w, kind, map[string]any{"security_group_id": "sg-00000001", "ip_protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": cidr}}
	case 1:
		port := rapid.IntRange(1, 3).Draw(t, label+" port")
		w := ruleWord(egress, port, cidr)
		side := "ingress"
		if egress {
			side = "egress"
		}
		return item{w, w, "aws_security_group_rule", map[string]any{"security_group_id": "sg-00000001", "type": side, "protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": []any{cidr}}}
	case 2:
		number := rapid.IntRange(1, 3).Draw(t, label+" number")
		action := rapid.SampledFrom([]string{"allow", "deny"}).Draw(t, label+" action")
		return item{entryWord(egress, number, action, cidr), fmt.Sprintf("entry %v %d", egress, number), "aws_network_acl_rule", map[string]any{"network_acl_id": "acl-00000001", "egress": egress, "rule_number": number, "rule_action": action, "protocol": "6", "from_port": 443, "to_port": 443, "cidr_block": cidr}}
	}
	peering := fmt.Sprintf("pcx-0000000%d", rapid.IntRange(1, 2).Draw(t, label+" peering"))
	return item{routeWord(cidr, peering), "route " + cidr, "aws_route", map[string]any{"route_table_id": "rtb-00000001", "destination_cidr_block": cidr, "vpc_peering_connection_id": peering}}
}

// TestOracle draws what there is and what a plan does to it: members are made,
// changed, replaced, deleted and left alone, several at once, swapping places.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var was []item
		slots := map[string]bool{}
		for i := range rapid.IntRange(0, 6).Draw(t, "there are") {
			if it := drawItem(t, fmt.Sprintf("old %d", i)); !slots[it.slot] {
				slots[it.slot] = true
				was = append(was, it)
			}
		}
		// What will be: each member stays, goes, or becomes another of its type.
		taken := map[string]bool{}
		var will []item
		fate := make([]int, len(was)) // -1: gone; else the index in will
		for i, it := range was {
			fate[i] = -1
			next := it
			if rapid.Bool().Draw(t, fmt.Sprintf("%d changes", i)) {
				next = drawItem(t, fmt.Sprintf("new %d", i))
			}
			if next.kind == it.kind && !taken[next.slot] && rapid.IntRange(0, 3).Draw(t, fmt.Sprintf("%d stays", i)) > 0 {
				taken[next.slot] = true
				fate[i] = len(will)
				will = append(will, next)
			}
		}
		kept := len(will)
		for i := range rapid.IntRange(0, 3).Draw(t, "made") {
			if it := drawItem(t, fmt.Sprintf("made %d", i)); !taken[it.slot] {
				taken[it.slot] = true
				will = append(will, it)
			}
		}

		base := &snapshot.Snapshot{Scopes: []*snapshot.Scope{{Name: "destination", Region: "us-east-1", Account: "111122223333"}}}
		s := base.Scopes[0]
		g := snapshot.SecurityGroup{ID: "sg-00000001"}
		a := snapshot.NetworkACL{ID: "acl-00000001"}
		r := snapshot.RouteTable{ID: "rtb-00000001", Routes: []snapshot.Route{{Gateway: "local"}}}
		w := &World{Snapshot: base}
		s.SecurityGroups.Add(g)
		s.NetworkACLs.Add(a)
		s.RouteTables.Add(r)
		expected := held{}
		p := &Plan{}
		w.ScopeOf = func(*Object) int { return 0 }
		w.TypeOf = func(string) string { return "" }
		w.IsNew = func(string) bool { return false }
		for i, it := range was {
			o := &Object{Address: fmt.Sprintf("%s.m%d", it.kind, i), Type: it.kind, ID: fmt.Sprintf("x-%d", i), Exists: true, Attributes: it.attrs}
			Types().Models[it.kind].Put(w, nil, o)
			expected[it.word] = true
		}
		start := expected.text()
		for _, it := range was {
			delete(expected, it.word)
		}
		for i, it := range was {
			before := &Object{Address: fmt.Sprintf("%s.m%d", it.kind, i), Type: it.kind, ID: fmt.Sprintf("x-%d", i), Exists: true, Attributes: it.attrs}
			c := Change{Address: before.Address, Type: it.kind, Before: before}
			switch {
			case fate[i] < 0:
				c.Action = Delete
			case will[fate[i]].word == it.word:
				continue // no-op
			default:
				c.Action = rapid.SampledFrom([]Action{Update, Replace}).Draw(t, fmt.Sprintf("%d how", i))
				c.After = &Object{Address: before.Address, Type: it.kind, ID: before.ID, Exists: c.Action == Update, Attributes: will[fate[i]].attrs}
			}
			p.Changes = append(p.Changes, c)
		}
		for i, it := range will[kept:] {
			o := &Object{Address: fmt.Sprintf("%s.n%d", it.kind, i), Type: it.kind, ID: fmt.Sprintf("n-%d", i), Attributes: it.attrs}
			p.Changes = append(p.Changes, Change{Address: o.Address, Type: it.kind, Action: Create, After: o})
		}
		for _, it := range will {
			expected[it.word] = true
		}
		if got := shown(base); got != start {
			t.Fatalf("before:\n%s\nwant:\n%s", got, start)
		}
		next := worldOf(base)
		next.Apply(p.Changes)
		if got := shown(next.Snapshot); got != expected.text() {
			t.Fatalf("after:\n%s\nwant:\n%s", got, expected.text())
		}
	})
}

// TestSharedRule is about a rule that two resources write: AWS holds it once.
func TestSharedRule(t *testing.T) {
	base := &snapshot.Snapshot{Scopes: []*snapshot.Scope{{Name: "destination", Region: "us-east-1"}}}
	g := snapshot.SecurityGroup{ID: "sg-00000001"}
	base.Scopes[0].SecurityGroups.Add(g)
	attrs := map[string]any{"security_group_id": "sg-00000001", "ip_protocol": "tcp", "from_port": 1, "to_port": 1, "cidr_ipv4": "10.0.0.0/16"}
	const kind = "aws_vpc_security_group_ingress_rule"
	make := &Plan{Changes: []Change{{Address: kind + ".a", Type: kind, Action: Create, After: &Object{Address: kind + ".a", Type: kind, ID: "a", Attributes: attrs}}}}
	w := worldOf(base)
	w.Apply(slices.Concat(make.Changes, make.Changes))
	if got := shown(w.Snapshot); got != "rule false 1 10.0.0.0/16" {
		t.Error(got)
	}
}
