package snapshot

import (
	"net/netip"
	"slices"
)

// GroupRef names a security group.
type GroupRef struct {
	ID string `json:"GroupId"`
}

// Permission is one entry of a security group: a protocol, a port range and the
// peers it admits.
type Permission struct {
	Protocol    string `json:"IpProtocol"`
	FromPort    *int
	ToPort      *int
	Ranges      []cidrPeer  `json:"IpRanges"`
	IPv6Ranges  []cidrPeer6 `json:"Ipv6Ranges"`
	PrefixLists []listPeer  `json:"PrefixListIds"`
	GroupPairs  []GroupPair `json:"UserIdGroupPairs"`

	// Pending is set on a permission that admits at most what it says: no peers
	// stand for any peer, no ports for any port, no protocol for any.
	Pending Pending `json:"-"`
	// Secret is set where a value is marked as sensitive: it decides, and is not
	// shown.
	Secret bool `json:"-"`
}

// AddRange adds an address block to the peers.
func (p *Permission) AddRange(block netip.Prefix) {
	if block.Addr().Is4() {
		p.Ranges = append(slices.Clip(p.Ranges), cidrPeer{block})
	} else {
		p.IPv6Ranges = append(slices.Clip(p.IPv6Ranges), cidrPeer6{block})
	}
}

// AddList adds a prefix list to the peers.
func (p *Permission) AddList(id string) {
	p.PrefixLists = append(slices.Clip(p.PrefixLists), listPeer{id})
}

// Peerless reports whether the permission names no peer.
func (p Permission) Peerless() bool {
	return len(p.Ranges)+len(p.IPv6Ranges)+len(p.PrefixLists)+len(p.GroupPairs) == 0
}

// Without returns the permission without the peers of another.
func (p Permission) Without(o Permission) Permission {
	p.Ranges = slices.DeleteFunc(slices.Clone(p.Ranges), func(r cidrPeer) bool { return slices.Contains(o.Ranges, r) })
	p.IPv6Ranges = slices.DeleteFunc(slices.Clone(p.IPv6Ranges), func(r cidrPeer6) bool { return slices.Contains(o.IPv6Ranges, r) })
	p.PrefixLists = slices.DeleteFunc(slices.Clone(p.PrefixLists), func(r listPeer) bool { return slices.Contains(o.PrefixLists, r) })
	p.GroupPairs = slices.DeleteFunc(slices.Clone(p.GroupPairs), func(r GroupPair) bool {
		return slices.ContainsFunc(o.GroupPairs, func(q GroupPair) bool { return q.GroupID == r.GroupID })
	})
	return p
}

type cidrPeer struct {
	CIDR netip.Prefix `json:"CidrIp"`
}

type cidrPeer6 struct {
	CIDR netip.Prefix `json:"CidrIpv6"`
}

type listPeer struct {
	ID string `json:"PrefixListId"`
}

// GroupPair is a reference from a rule to a security group.
type GroupPair struct {
	GroupID string `json:"GroupId"`
	VPC     string `json:"VpcId"`
	// PeeringStatus is the state of the peering connection that joins the group's VPC,
	// where there is one.
	PeeringStatus string
}

// SecurityGroup is a security group with its rules.
type SecurityGroup struct {
	ID      string       `json:"GroupId"`
	Name    string       `json:"GroupName"`
	About   string       `json:"Description"`
	VPC     string       `json:"VpcId"`
	OwnerID string       `json:"OwnerId"`
	ARN     string       `json:"SecurityGroupArn"`
	Ingress []Permission `json:"IpPermissions"`
	Egress  []Permission `json:"IpPermissionsEgress"`
	Tags    []Tag
}

// SecurityGroupRule gives a rule of a security group its id.
type SecurityGroupRule struct {
	ID           string `json:"SecurityGroupRuleId"`
	Group        string `json:"GroupId"`
	IsEgress     bool
	Protocol     string `json:"IpProtocol"`
	FromPort     *int
	ToPort       *int
	CIDRv4       string    `json:"CidrIpv4"`
	CIDRv6       string    `json:"CidrIpv6"`
	PrefixListID string    `json:"PrefixListId"`
	Referenced   *GroupRef `json:"ReferencedGroupInfo"`
}

// GroupVPCAssociation joins a security group to a further VPC.
type GroupVPCAssociation struct {
	Group string `json:"GroupId"`
	VPC   string `json:"VpcId"`
	State string
}

// PrefixList is a managed prefix list.
type PrefixList struct {
	ID      string `json:"PrefixListId"`
	Name    string `json:"PrefixListName"`
	OwnerID string `json:"OwnerId"`
	State   string
	// AddressFamily is what its entries are: IPv4 or IPv6.
	AddressFamily string
	Tags          []Tag
}

// PrefixListEntry is one block of a prefix list.
type PrefixListEntry struct {
	CIDR netip.Prefix `json:"Cidr"`
}

// PrefixListContent is all the blocks of one prefix list.
type PrefixListContent struct {
	PrefixList string
	Entries    []PrefixListEntry
}

func (r SecurityGroup) key() string     { return r.ID }
func (r SecurityGroupRule) key() string { return r.ID }

func (r GroupVPCAssociation) key() string { return r.Group + "/" + r.VPC }
func (r PrefixList) key() string          { return r.ID }

func (r PrefixListContent) key() string { return r.PrefixList }

func (r SecurityGroup) tags() []Tag { return r.Tags }
func (r PrefixList) tags() []Tag    { return r.Tags }
