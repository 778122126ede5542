package netpath

import (
	"net/netip"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Direction is which of its two rule lists a security group applies.
type Direction uint8

// The directions.
const (
	Ingress Direction = iota
	Egress
)

// Place is where one end of the traffic stands.
type Place struct {
	Scope   *snapshot.Scope // nil: not observed, or on-premises
	VPC     string          // "": not known, or on-premises
	Outside bool            // proved to stand outside every VPC
}

// GroupLayer turns the attached security groups into allow rules for TCP.
//
// Rules only allow; those of all groups on an interface add up, and replies are
// always let through. Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
type GroupLayer struct {
	Snapshot *snapshot.Snapshot
	Self     Place         // where the interface with the groups stands
	Peer     Place         // where the other end stands
	Peers    *netipx.IPSet // the other end's addresses
	Way      Way           // what carries the traffic between them
	// PeerCarries is what is known of the other end's groups; nil for what its
	// interfaces show.
	PeerCarries *Carried
}

// Rules returns the TCP rules of a group, as the table of its scope holds it, in one
// direction.
func (l GroupLayer) Rules(g snapshot.SecurityGroup, d Direction) []Rule {
	if l.Self.Scope == nil {
		return l.rules(g.ID, d, d.allows(g))
	}
	way, work := "ingress", Ingress.allows
	if d == Egress {
		way, work = "egress", Egress.allows
	}
	return l.rules(g.ID, d, snapshot.Derive(l.Self.Scope.SecurityGroups, way, g, work))
}

// allowance is a permission as far as it says the same wherever it is asked about.
type allowance struct {
	snapshot.Permission
	ports Ports
	says  Clause // but for the peer
	cut   bool   // TCP, and the ports are not known
	cidrs []cidrAllowance
}

type cidrAllowance struct {
	peer  string
	peers *netipx.IPSet
}

// allows lists the permissions of a group in one direction that are about TCP.
func (d Direction) allows(g snapshot.SecurityGroup) []allowance {
	perms := g.Ingress
	if d == Egress {
		perms = g.Egress
	}
	var out []allowance
	for _, p := range perms {
		a := allowance{Permission: p}
		if p.Pending != "" {
			out = append(out, a)
			continue
		}
		var ok bool
		if a.ports, ok = tcpPorts(p); !ok {
			continue
		}
		a.cut = isTCP(p.Protocol) && (p.FromPort == nil || p.ToPort == nil)
		a.says = Clause{Direction: d, All: isAll(p.Protocol), Ports: a.ports}
		for _, r := range p.Ranges {
			a.add(r.CIDR)
		}
		for _, r := range p.IPv6Ranges {
			a.add(r.CIDR)
		}
		out = append(out, a)
	}
	return out
}

func (a *allowance) add(p netip.Prefix) {
	if p.IsValid() {
		a.cidrs = append(a.cidrs, cidrAllowance{p.String(), Set(p)})
	}
}

func (l GroupLayer) rules(group string, d Direction, perms []allowance) []Rule {
	var out []Rule
	for _, p := range perms {
		if p.Pending != "" {
			out = append(out, l.pending(group, d, p.Permission)...)
			continue
		}
		add := func(peer string, peers *netipx.IPSet, gap *snapshot.Gap, never Never) {
			says := p.says
			says.Peer = peer
			if p.Secret {
				says = Clause{Secret: true}
			}
			says.Never = never
			if p.cut && gap == nil {
				gap = &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.SecurityGroups.Action(), Ref: group, Detail: "FromPort, ToPort"}
			}
			out = append(out, Rule{Ref: l.ruleRef(group, d, p.Permission, peer), Says: says, Peers: peers, Ports: p.ports, Gap: gap, Secret: p.Secret})
		}
		for _, c := range p.cidrs {
			add(c.peer, c.peers, nil, Matches)
		}
		for _, r := range p.PrefixLists {
			if part := l.partOf(r.ID); !Empty(part) {
				add(r.ID, part, nil, Matches)
			}
			peers, gap := l.list(r.ID)
			add(r.ID, peers, gap, Matches)
		}
		for _, r := range p.GroupPairs {
			m := l.members(r)
			add(r.GroupID, m.sure, nil, m.never)
			if m.gap != nil {
				add(r.GroupID, m.maybe, m.gap, Matches)
			}
		}
	}
	return out
}

// pending returns what a permission may let through that is known only after
// apply: at most what is known of it.
func (l GroupLayer) pending(group string, d Direction, p snapshot.Permission) []Rule {
	gap := p.Pending.Gap(group)
	r := Rule{Ref: group, Peers: l.Peers, Ports: AllPorts, Gap: &gap}
	if p.Protocol != "" {
		ports, ok := tcpPorts(p)
		if !ok {
			return nil
		}
		r.Ports = ports
	}
	known := p
	known.Pending = ""
	if known.Protocol == "" {
		known.Protocol = "-1"
	}
	if p.Peerless() {
		return []Rule{r}
	}
	var out []Rule
	for _, k := range l.rules(group, d, d.allows(snapshot.SecurityGroup{Ingress: []snapshot.Permission{known}, Egress: []snapshot.Permission{known}})) {
		out = append(out, Rule{Ref: k.Ref, Peers: k.Peers, Ports: r.Ports, Gap: &gap})
	}
	return out
}

// ruleRef names a rule by its id where DescribeSecurityGroupRules gave one.
func (l GroupLayer) ruleRef(group string, d Direction, p snapshot.Permission, peer string) string {
	if l.Self.Scope == nil {
		return group
	}
	rules := l.Self.Scope.SecurityGroupRules.Where("group", group, func(r snapshot.SecurityGroupRule) []string { return []string{r.Group} })
	for _, r := range rules {
		if r.IsEgress != (d == Egress) || !sameProtocol(r.Protocol, p.Protocol) {
			continue
		}
		if !isAll(p.Protocol) && (!samePort(r.FromPort, p.FromPort) || !samePort(r.ToPort, p.ToPort)) {
			continue
		}
		ref := ""
		if r.Referenced != nil {
			ref = r.Referenced.ID
		}
		if peer == r.CIDRv4 || peer == r.CIDRv6 || peer == r.PrefixListID || peer == ref {
			return group + "/" + r.ID
		}
	}
	return group
}

func samePort(a, b *int) bool { return a != nil && b != nil && *a == *b }

func sameProtocol(a, b string) bool {
	return strings.EqualFold(a, b) || isAll(a) && isAll(b) || isTCP(a) && isTCP(b)
}

func isAll(protocol string) bool { return protocol == "-1" }

func isTCP(protocol string) bool { return strings.EqualFold(protocol, "tcp") || protocol == "6" }

// tcpPorts returns the TCP ports that a permission is about. Protocol -1 is all
// traffic whatever ports it states; for TCP, port -1 is every port.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func tcpPorts(p snapshot.Permission) (Ports, bool) {
	if isAll(p.Protocol) {
		return AllPorts, true
	}
	if !isTCP(p.Protocol) {
		return Ports{}, false
	}
	from, to := 0, 65535
	if p.FromPort != nil && *p.FromPort >= 0 {
		from = *p.FromPort
	}
	if p.ToPort != nil && *p.ToPort >= 0 {
		to = *p.ToPort
	}
	if from > to || from > 65535 {
		return Ports{}, false
	}
	return Ports{uint16(from), uint16(min(to, 65535))}, true
}
