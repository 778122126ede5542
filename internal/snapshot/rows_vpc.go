package snapshot

import (
	"net/netip"
	"strings"
)

// CIDRAssociation is one address block of a VPC and the state of its association.
type CIDRAssociation struct {
	CIDR      netip.Prefix `json:"CidrBlock"`
	CIDRState struct {
		State string
	} `json:"CidrBlockState"`
}

// VPC is a virtual private cloud.
type VPC struct {
	ID              string            `json:"VpcId"`
	OwnerID         string            `json:"OwnerId"`
	CIDR            netip.Prefix      `json:"CidrBlock"`
	CIDRs           []CIDRAssociation `json:"CidrBlockAssociationSet"`
	IPv6CIDRs       []ipv6Association `json:"Ipv6CidrBlockAssociationSet"`
	State           string
	InstanceTenancy string
	IsDefault       bool
	Tags            []Tag

	Pending Pending `json:"-"` // its address blocks
}

type ipv6Association struct {
	CIDR      netip.Prefix `json:"Ipv6CidrBlock"`
	CIDRState struct {
		State string
	} `json:"Ipv6CidrBlockState"`
}

// Prefixes returns every address block associated with the VPC, IPv4 first. A
// block without a stated state counts as associated.
func (v VPC) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	add := func(p netip.Prefix, state string) {
		if p.IsValid() && (state == "" || strings.EqualFold(state, "associated")) {
			for _, o := range out {
				if o == p.Masked() {
					return
				}
			}
			out = append(out, p.Masked())
		}
	}
	if len(v.CIDRs) == 0 {
		add(v.CIDR, "")
	}
	for _, a := range v.CIDRs {
		add(a.CIDR, a.CIDRState.State)
	}
	for _, a := range v.IPv6CIDRs {
		add(a.CIDR, a.CIDRState.State)
	}
	return out
}

// Unsettled returns the IPv4 blocks that AWS is adding to the VPC or taking from
// it.
func (v VPC) Unsettled() []CIDRAssociation {
	var out []CIDRAssociation
	for _, a := range v.CIDRs {
		if s := a.CIDRState.State; a.CIDR.IsValid() && (strings.EqualFold(s, "associating") || strings.EqualFold(s, "disassociating")) {
			out = append(out, a)
		}
	}
	return out
}

// Subnet is a range of addresses in one Availability Zone of a VPC.
type Subnet struct {
	ID                 string            `json:"SubnetId"`
	ARN                string            `json:"SubnetArn"`
	VPC                string            `json:"VpcId"`
	OwnerID            string            `json:"OwnerId"`
	CIDR               netip.Prefix      `json:"CidrBlock"`
	IPv6CIDRs          []ipv6Association `json:"Ipv6CidrBlockAssociationSet"`
	AvailabilityZone   string
	AvailabilityZoneID string `json:"AvailabilityZoneId"`
	FreeIPs            *int   `json:"AvailableIpAddressCount"`
	State              string
	IPv6Native         bool `json:"Ipv6Native"`
	Tags               []Tag

	Pending Pending `json:"-"` // its address block, or its VPC

	// MaybeTaken is how many of the free addresses are taken if what TakenBy decides
	// turns out to be in this subnet.
	MaybeTaken int     `json:"-"`
	TakenBy    Pending `json:"-"`
}

// SubnetCIDRReservation is a block of a subnet held back from automatic assignment.
type SubnetCIDRReservation struct {
	CIDR netip.Prefix `json:"Cidr"`
	Type string       `json:"ReservationType"`
}

// Reservations are all the CIDR reservations of one subnet.
type Reservations struct {
	Subnet  string
	Entries []SubnetCIDRReservation
}

func (r VPC) key() string    { return r.ID }
func (r Subnet) key() string { return r.ID }

func (r Reservations) key() string { return r.Subnet }

func (r VPC) tags() []Tag    { return r.Tags }
func (r Subnet) tags() []Tag { return r.Tags }
