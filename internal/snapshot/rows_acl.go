package snapshot

import "net/netip"

// NetworkACL is a network ACL with its entries and the subnets it guards.
type NetworkACL struct {
	ID           string `json:"NetworkAclId"`
	VPC          string `json:"VpcId"`
	IsDefault    bool
	Entries      []ACLEntry
	Associations []ACLAssociation
	Tags         []Tag

	Pending Pending `json:"-"` // which subnets it guards
}

// ACLAssociation ties a network ACL to a subnet.
type ACLAssociation struct {
	Subnet string `json:"SubnetId"`
}

// ACLEntry is one numbered rule of a network ACL. Protocol is a number as a
// string; "-1" is all protocols.
type ACLEntry struct {
	Number    int          `json:"RuleNumber"`
	Egress    bool         `json:"Egress"`
	Protocol  string       `json:"Protocol"`
	Action    string       `json:"RuleAction"`
	CIDR      netip.Prefix `json:"CidrBlock"`
	IPv6CIDR  netip.Prefix `json:"Ipv6CidrBlock"`
	PortRange *ACLPorts    `json:"PortRange"`

	// Pending is set on an entry that may match, or do, what it does not say: no
	// block stands for any, no ports for all, no action for either, number 0 for
	// any place in the list.
	Pending Pending `json:"-"`
	Secret  bool    `json:"-"`
}

// ACLPorts is the port range of a network ACL entry, both ends included.
type ACLPorts struct{ From, To int }

func (r NetworkACL) key() string { return r.ID }

func (r NetworkACL) tags() []Tag { return r.Tags }
