package netpath

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Denial is traffic that a network ACL stops, and the rule that does.
type Denial struct {
	Piece
	Rule string // the number, or "*" for the rule that denies what no other matched
}

// Filtered is how a network ACL answers to some traffic in one direction.
type Filtered struct {
	ACL    string
	By     []Rule // the rules that let some of it through
	Denied []Denial
	Gaps   []snapshot.Gap // what decides the rest, if it is known only after apply
}

// Filter splits the traffic between peers and ports by a network ACL. Its rules
// are looked at by number, and the first that matches decides; what none matches
// is denied. It knows nothing of connections: replies are traffic like any
// other.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
func Filter(acl snapshot.NetworkACL, egress bool, peers *netipx.IPSet, ports []Ports) Filtered {
	return filter(acl, egress, aclRules(acl, egress), peers, ports)
}

func filter(acl snapshot.NetworkACL, egress bool, entries []aclRule, peers *netipx.IPSet, ports []Ports) Filtered {
	f := Filtered{ACL: acl.ID}
	rules := make([]Rule, len(entries))
	for i, e := range entries {
		rules[i] = e.Rule
	}
	used := make([]bool, len(entries))
	for _, span := range cut(ports, rules) {
		left := peers
		var mayAllow, mayDeny []aclRule // entries that may match what comes after them
		deny := func(set *netipx.IPSet, number string) {
			for _, m := range mayAllow {
				if open := Both(set, m.Peers); !Empty(open) {
					f.open(m)
					set = Minus(set, open)
				}
			}
			if !Empty(set) {
				f.Denied = append(f.Denied, Denial{Piece{set, span}, number})
			}
		}
		for i, e := range entries {
			if !e.Ports.contains(span) {
				continue
			}
			take := Both(left, e.Peers)
			if Empty(take) {
				continue
			}
			if e.Gap != nil {
				e.Peers = take
				if e.allow {
					mayAllow = append(mayAllow, e)
				}
				if e.deny {
					mayDeny = append(mayDeny, e)
				}
				continue
			}
			left = Minus(left, take)
			if e.deny {
				deny(take, e.number)
				continue
			}
			used[i] = true
			for _, m := range mayDeny {
				if overlaps(m.Peers, take) {
					f.open(m)
				}
			}
		}
		if !Empty(left) {
			deny(left, "*")
		}
	}
	for i, e := range entries {
		if used[i] {
			f.By = append(f.By, e.Rule)
		}
	}
	f.Denied = mergeDenials(f.Denied)
	if len(f.Denied) > 0 && slices.ContainsFunc(acl.Entries, func(e snapshot.ACLEntry) bool { return e.Secret && e.Egress == egress }) {
		rule := f.Denied[0].Rule
		f.Denied = nil // the remainder would tell the entry
		for _, p := range joinPorts(ports) {
			f.Denied = append(f.Denied, Denial{Piece{peers, p}, rule})
		}
	}
	return f
}

// open notes an entry whose value decides. What it may stop is not denied, and
// what it may let through is not either.
func (f *Filtered) open(m aclRule) {
	if !slices.Contains(f.Gaps, *m.Gap) {
		f.Gaps = append(f.Gaps, *m.Gap)
	}
}

// aclRule is an entry that either allows or denies; one that is known only after
// apply may do both.
type aclRule struct {
	Rule
	number      string
	allow, deny bool
}

// outbound and inbound are aclRules in one direction.
func outbound(acl snapshot.NetworkACL) []aclRule { return aclRules(acl, true) }
func inbound(acl snapshot.NetworkACL) []aclRule  { return aclRules(acl, false) }

// aclRules lists the rules that can match TCP, by number. Protocol -1 is all
// traffic, whatever port range it states.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
func aclRules(acl snapshot.NetworkACL, egress bool) []aclRule {
	entries := slices.Clone(acl.Entries)
	slices.SortStableFunc(entries, func(a, b snapshot.ACLEntry) int { return cmp.Compare(a.Number, b.Number) })
	var out []aclRule
	for _, e := range entries {
		if e.Egress != egress || !isTCP(e.Protocol) && !isAll(e.Protocol) && (e.Pending == "" || e.Protocol != "") {
			continue
		}
		ports := AllPorts
		if e.PortRange != nil && !isAll(e.Protocol) {
			from, to := max(e.PortRange.From, 0), min(e.PortRange.To, 65535)
			if from > to {
				continue
			}
			ports = Ports{uint16(from), uint16(to)}
		}
		if e.Pending != "" {
			out = append(out, pendingEntry(acl, e, ports))
			continue
		}
		for _, p := range []netip.Prefix{e.CIDR, e.IPv6CIDR} {
			if !p.IsValid() {
				continue
			}
			says := Clause{Direction: Ingress, Action: strings.ToLower(e.Action), All: isAll(e.Protocol), Ports: ports, Peer: p.String()}
			if egress {
				says.Direction = Egress
			}
			allow, number := strings.EqualFold(e.Action, "allow"), fmt.Sprint(e.Number)
			ref := acl.ID + "/" + number
			if e.Secret {
				ref, number, says = acl.ID, "(sensitive)", Clause{Secret: true}
			}
			out = append(out, aclRule{Rule: Rule{Ref: ref, Says: says, Peers: Set(p), Ports: ports}, number: number, allow: allow, deny: !allow})
		}
	}
	return out
}

// pendingEntry is an entry that is known only after apply: it may do at most
// what is known of it.
func pendingEntry(acl snapshot.NetworkACL, e snapshot.ACLEntry, ports Ports) aclRule {
	gap := e.Pending.Gap(acl.ID)
	r := aclRule{Rule: Rule{Ref: acl.ID, Peers: Anywhere, Ports: ports, Gap: &gap}, allow: !strings.EqualFold(e.Action, "deny"), deny: !strings.EqualFold(e.Action, "allow")}
	if e.CIDR.IsValid() || e.IPv6CIDR.IsValid() {
		r.Peers = Set(e.CIDR, e.IPv6CIDR)
	}
	return r
}

// mergeDenials joins pieces that one rule stops and that lie beside each other.
func mergeDenials(all []Denial) []Denial {
	slices.SortStableFunc(all, func(a, b Denial) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), cmp.Compare(a.Ports.First, b.Ports.First))
	})
	var out []Denial
	for _, d := range all {
		if n := len(out); n > 0 && out[n-1].Rule == d.Rule && uint32(out[n-1].Ports.Last)+1 == uint32(d.Ports.First) && out[n-1].Addrs.Equal(d.Addrs) {
			out[n-1].Ports.Last = d.Ports.Last
			continue
		}
		out = append(out, d)
	}
	return out
}

// ACLOf returns the network ACL of a subnet: the one associated with it, else
// the default one of its VPC.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
func ACLOf(s *snapshot.Scope, vpc, subnet string) (snapshot.NetworkACL, *snapshot.Gap) {
	found := s.NetworkACLs.Where("subnet", subnet, func(a snapshot.NetworkACL) []string {
		var out []string
		for _, as := range a.Associations {
			out = append(out, as.Subnet)
		}
		return out
	})
	for _, a := range s.NetworkACLs.Where("vpc", vpc, aclVPC) {
		if a.Pending != "" && (len(found) != 1 || found[0].ID != a.ID) {
			g := a.Pending.Gap(subnet)
			return snapshot.NetworkACL{}, &g
		}
	}
	switch len(found) {
	case 0:
	case 1:
		return found[0], nil
	default: // AWS allows one
		return snapshot.NetworkACL{}, &snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.NetworkACLs.Action(), Scope: s.Label(), Ref: subnet, Detail: found[0].ID + ", " + found[1].ID}
	}
	if s.NetworkACLs.Covers(vpc) {
		for _, a := range s.NetworkACLs.Where("vpc", vpc, aclVPC) {
			if a.IsDefault {
				return a, nil
			}
		}
	}
	g := s.GapFor(snapshot.NetworkACLs, subnet)
	return snapshot.NetworkACL{}, &g
}

func aclVPC(a snapshot.NetworkACL) []string { return []string{a.VPC} }

// Ephemeral is the range of ports that the agent dials from. Its images run
// Linux, which takes them from net.ipv4.ip_local_port_range.
// Source: https://docs.kernel.org/networking/ip-sysctl.html#ip-variables
var Ephemeral = Ports{32768, 60999}

// NATPorts is the range of ports that a NAT gateway dials from.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
var NATPorts = Ports{1024, 65535}

// mostBlocks is up to how many address blocks a denial is taken apart.
const mostBlocks = 8

// ByBlock takes denials apart into one for each address block, since a rule of a
// network ACL holds one block. Denials of very many blocks stay whole.
func ByBlock(denials []Denial) []Denial {
	var out []Denial
	for _, d := range denials {
		blocks := d.Addrs.Prefixes()
		if len(blocks) > mostBlocks {
			out = append(out, d)
			continue
		}
		for _, b := range blocks {
			out = append(out, Denial{Piece{Set(b), d.Ports}, d.Rule})
		}
	}
	return out
}
