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

// fact words a rule: what it lets through, and from or to whom.
func (d Direction) fact(what, peer string) snapshot.Text {
	if d == Egress {
		return snapshot.Textf("%s to %s", "%[2]s への %[1]s", what, peer)
	}
	return snapshot.Textf("%s from %s", "%[2]s からの %[1]s", what, peer)
}

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
	label string
	cut   bool // TCP, and the ports are not known
	cidrs []cidrAllowance
}

type cidrAllowance struct {
	peer  string
	peers *netipx.IPSet
	fact  snapshot.Text
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
		switch {
		case p.Secret:
			a.label = "(sensitive)"
		case isAll(p.Protocol):
			a.label = "protocol -1"
		default:
			a.label = "tcp " + a.ports.String()
		}
		for _, r := range p.Ranges {
			a.add(d, r.CIDR)
		}
		for _, r := range p.IPv6Ranges {
			a.add(d, r.CIDR)
		}
		out = append(out, a)
	}
	return out
}

func (a *allowance) add(d Direction, p netip.Prefix) {
	if p.IsValid() {
		a.cidrs = append(a.cidrs, cidrAllowance{p.String(), Set(p), d.fact(a.label, p.String())})
	}
}

func (l GroupLayer) rules(group string, d Direction, perms []allowance) []Rule {
	var out []Rule
	for _, p := range perms {
		if p.Pending != "" {
			out = append(out, l.pending(group, d, p.Permission)...)
			continue
		}
		add := func(peer string, peers *netipx.IPSet, gap *snapshot.Gap, fact, note snapshot.Text) {
			if p.Secret {
				fact = secretFact
			}
			if !note.Empty() {
				fact = snapshot.Text{En: fact.En + " (" + note.En + ")", Ja: fact.Ja + "（" + note.Ja + "）"}
			}
			if p.cut && gap == nil {
				gap = &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.SecurityGroups.Action(), Ref: group, Detail: "FromPort, ToPort"}
			}
			out = append(out, Rule{Ref: l.ruleRef(group, d, p.Permission, peer), Fact: fact, Peers: peers, Ports: p.ports, Gap: gap, Secret: p.Secret})
		}
		for _, c := range p.cidrs {
			add(c.peer, c.peers, nil, c.fact, snapshot.Text{})
		}
		for _, r := range p.PrefixLists {
			fact := d.fact(p.label, r.ID)
			if part := l.partOf(r.ID); !Empty(part) {
				add(r.ID, part, nil, fact, snapshot.Text{})
			}
			peers, gap := l.list(r.ID)
			add(r.ID, peers, gap, fact, snapshot.Text{})
		}
		for _, r := range p.GroupPairs {
			m := l.members(r)
			fact := d.fact(p.label, r.GroupID)
			add(r.GroupID, m.sure, nil, fact, m.note)
			if m.gap != nil {
				add(r.GroupID, m.maybe, m.gap, fact, snapshot.Text{})
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

// secretFact stands for a rule that is marked as sensitive.
var secretFact = snapshot.Text{En: "a rule with values that are marked as sensitive", Ja: "機密に指定された値を含むルール"}

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

// list resolves a managed prefix list in the account of the group; a list that
// was not seen may hold any address.
func (l GroupLayer) list(id string) (*netipx.IPSet, *snapshot.Gap) {
	return ListSet(l.Self.Scope, id, l.Peers)
}

// ListSet resolves a prefix list. When its entries are not known it returns the
// addresses of interest that the list may hold, and the gap.
func ListSet(s *snapshot.Scope, id string, interest *netipx.IPSet) (*netipx.IPSet, *snapshot.Gap) {
	if s == nil {
		return interest, &snapshot.Gap{Code: snapshot.ListUnseen, Source: snapshot.PrefixListEntries.Action(), Ref: id}
	}
	row, p := s.PrefixLists.Get(id)
	if content, q := s.PrefixListEntries.Get(id); q == snapshot.Present {
		if p == snapshot.Present && row.State != "" && Lives(PrefixListState, row.State) != On { // which entries hold is about to change
			return interest, stateGap(s, snapshot.PrefixLists, id, row.State)
		}
		return listed(content), nil
	}
	if p == snapshot.Present && HoldsPublicOnly(row) {
		if interest = Minus(interest, privateSpace); Empty(interest) {
			return interest, nil
		}
	}
	gap := s.GapFor(snapshot.PrefixListEntries, id)
	if gap.Code == snapshot.NotCollected {
		gap.Code = snapshot.ListUnseen
	}
	return interest, &gap
}

// partOf is what is known of a prefix list that may hold more.
func (l GroupLayer) partOf(id string) *netipx.IPSet {
	if l.Self.Scope == nil || !l.Self.Scope.PrefixListEntries.Partly(id) {
		return Set()
	}
	content, _ := l.Self.Scope.PrefixListEntries.Get(id)
	return listed(content)
}

func listed(content snapshot.PrefixListContent) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, e := range content.Entries {
		if e.CIDR.IsValid() {
			b.AddPrefix(e.CIDR.Masked())
		}
	}
	return must(b.IPSet())
}

// privateSpace is the address space that no public AWS service answers from: what
// is not globally reachable, and stands in VPCs and networks that lead to them.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry/
var privateSpace = Set(
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
)

// Private reports whether every address of a set is a private one.
func Private(s *netipx.IPSet) bool { return Empty(Minus(s, privateSpace)) }

// HoldsPublicOnly reports whether a list is one of AWS's own for the public
// addresses of a gateway endpoint service or CloudFront.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
func HoldsPublicOnly(l snapshot.PrefixList) bool {
	if !strings.EqualFold(l.OwnerID, "AWS") {
		return false
	}
	service := l.Name[strings.LastIndexByte(l.Name, '.')+1:]
	return service == "s3" || service == "dynamodb" || strings.Contains(l.Name, "cloudfront")
}

// members resolves a rule that references a security group: it stands for the
// private addresses of the interfaces that carry the group, in the same VPC or
// in one joined to it in the same Region; never across Regions, and never for a
// peer outside a VPC.
// Sources: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
func (l GroupLayer) members(pair snapshot.GroupPair) membership {
	unseen := func(g snapshot.Gap) membership {
		g.Code, g.Ref = snapshot.ReferenceUnseen, pair.GroupID
		return membership{sure: &netipx.IPSet{}, maybe: l.Peers, gap: &g}
	}
	never := func(en, ja string) membership {
		return membership{sure: &netipx.IPSet{}, note: snapshot.Text{En: en, Ja: ja}}
	}
	if l.Peer.Outside || l.Peer.Scope == nil || l.Peer.VPC == "" {
		// A group of the interface's own VPC: its members are known if the
		// interfaces of that VPC are. Any other group may be one of an account
		// that was not looked at.
		if pair.VPC != "" && pair.VPC == l.Self.VPC || l.homeIs(pair.GroupID, l.Self.VPC) {
			if set, complete := l.carriers(l.Self, pair.GroupID); complete {
				return membership{sure: set, note: snapshot.Text{En: "the agent does not carry this group", Ja: "エージェントにこのグループは付いていない"}}
			}
		}
		return unseen(snapshot.Gap{Source: snapshot.Interfaces.Action()})
	}
	if l.Self.Scope != nil && l.Self.Scope.Region != "" && l.Peer.Scope.Region != "" && l.Self.Scope.Region != l.Peer.Scope.Region {
		return never("a reference to a security group never matches across Regions", "セキュリティグループの参照はリージョンをまたいで一致しない")
	}
	switch way := l.way(); {
	case way.Gap != nil:
		return unseen(*way.Gap)
	case way.Fate == Stopped:
		return membership{sure: &netipx.IPSet{}, note: way.Note}
	case way.Fate == Open:
		return unseen(snapshot.Gap{Source: snapshot.RouteTables.Action()})
	}
	set, complete := l.carriers(l.Peer, pair.GroupID)
	set, rest := l.carried(set, pair.GroupID)
	if !complete && !Empty(Minus(rest, set)) {
		m := unseen(l.Peer.Scope.GapFor(snapshot.Interfaces, pair.GroupID))
		m.sure, m.maybe = set, rest
		return m
	}
	m := membership{sure: set}
	if !overlaps(set, l.Peers) {
		m.note = snapshot.Text{En: "none of the addresses in question carries this group", Ja: "該当アドレスのいずれにもこのグループは付いていない"}
	}
	// An address that no interface has yet may get the group with its interface.
	if free := Minus(rest, l.held(l.Peer)); !Empty(free) {
		m.maybe = free
		m.gap = &snapshot.Gap{Code: snapshot.ReferenceOpen, Source: snapshot.Interfaces.Action(), Scope: l.Peer.Scope.Label(), Ref: pair.GroupID, Detail: shortSet(free)}
	}
	return m
}

// membership is what a reference to a group stands for.
type membership struct {
	sure  *netipx.IPSet // addresses that carry the group
	maybe *netipx.IPSet // addresses that may, by the gap
	gap   *snapshot.Gap
	note  snapshot.Text
}

// held is every address of an interface in a VPC.
func (l GroupLayer) held(at Place) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, i := range at.Scope.Interfaces.Where("vpc", at.VPC, interfaceVPC) {
		for _, a := range i.Addrs() {
			b.Add(a)
		}
	}
	return must(b.IPSet())
}

func interfaceVPC(i snapshot.Interface) []string { return []string{i.VPC} }

func (l GroupLayer) homeIs(group, vpc string) bool {
	if l.Self.Scope == nil {
		return false
	}
	g, p := l.Self.Scope.SecurityGroups.Get(group)
	return p == snapshot.Present && g.VPC == vpc
}

// carriers returns the addresses of the interfaces in a VPC that carry a group,
// and whether all of them are known.
func (l GroupLayer) carriers(at Place, group string) (*netipx.IPSet, bool) {
	if at.Scope == nil {
		return nil, false
	}
	var b netipx.IPSetBuilder
	for _, i := range at.Scope.Interfaces.Where("group", group, interfaceGroups) {
		if i.VPC != at.VPC {
			continue
		}
		for _, a := range i.Addrs() {
			b.Add(a)
		}
	}
	set := must(b.IPSet())
	// Known to be complete, or already holding every address in question. In a
	// shared VPC a participant is shown only its own interfaces.
	own := true
	if v, p := at.Scope.VPCs.Get(at.VPC); p == snapshot.Present && v.OwnerID != "" && at.Scope.Account != "" {
		own = v.OwnerID == at.Scope.Account
	}
	return set, own && at.Scope.Interfaces.Covers(at.VPC) || Empty(Minus(l.Peers, set))
}

func interfaceGroups(i snapshot.Interface) []string {
	var ids []string
	for _, g := range i.Groups {
		ids = append(ids, g.ID)
	}
	return ids
}

// way says whether references count between the two ends. Where no way was found
// that the traffic takes, what joins the two VPCs decides.
func (l GroupLayer) way() Way {
	if !l.Way.none {
		return l.Way
	}
	if l.Peer.VPC == l.Self.VPC {
		return Way{Fate: On}
	}
	complete := true
	for _, s := range []*snapshot.Scope{l.Self.Scope, l.Peer.Scope} {
		if s == nil {
			continue
		}
		for _, p := range s.Peerings.All() {
			if other, ok := p.Other(l.Self.VPC); ok && other.VPC == l.Peer.VPC && Lives(PeeringState, p.Status.Code) == On {
				return Way{Fate: On}
			}
		}
		if !s.Peerings.Covers("") && !s.Peerings.Covers(l.Self.VPC) && !s.Peerings.Covers(l.Peer.VPC) {
			complete = false
		}
	}
	if !complete {
		g := l.Self.Scope.GapFor(snapshot.Peerings, l.Self.VPC)
		return Way{Gap: &g}
	}
	return Way{Fate: Stopped, Note: noteNoWay}
}
