package snapshot

import (
	"net/netip"
	"slices"
	"strings"
)

// The rows hold the fields that the checks read, under the names that the AWS
// CLI prints. Source: the EC2 API reference,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html

// Tag is a key and a value on a resource.
type Tag struct{ Key, Value string }

// Identity is who the credentials belong to.
type Identity struct{ UserID, Account, ARN string }

// CIDRAssociation is one address block of a VPC and the state of its association.
type CIDRAssociation struct {
	CIDR      netip.Prefix `json:"CidrBlock"`
	CIDRState struct {
		State string
	} `json:"CidrBlockState"`
}

// Pending names the attribute of a planned resource that a row depends on and that
// is known only after apply, such as "aws_vpc_endpoint.this.subnet_ids"; "" for
// rows that are known. Rows that AWS showed are never pending.
type Pending string

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

// GroupRef names a security group.
type GroupRef struct {
	ID string `json:"GroupId"`
}

// Endpoint is a VPC endpoint.
type Endpoint struct {
	ID                string `json:"VpcEndpointId"`
	Type              string `json:"VpcEndpointType"`
	VPC               string `json:"VpcId"`
	ServiceName       string
	ServiceRegion     string
	State             string
	PolicyDocument    *string
	SubnetIDs         []string `json:"SubnetIds"`
	Groups            []GroupRef
	PrivateDNSEnabled *bool    `json:"PrivateDnsEnabled"`
	InterfaceIDs      []string `json:"NetworkInterfaceIds"`
	IPAddressType     string   `json:"IpAddressType"`
	OwnerID           string   `json:"OwnerId"`
	LastError         *struct{ Code, Message string }
	FailureReason     string
	Tags              []Tag
	DNSEntries        []struct {
		Name string `json:"DnsName"`
	} `json:"DnsEntries"`

	GroupsPending  Pending `json:"-"` // it has the groups listed, and maybe others
	SubnetsPending Pending `json:"-"` // it is in the subnets listed, and maybe in others
	// Uprooted are its VPC and subnets that a change deletes while it stays.
	Uprooted []string `json:"-"`
}

// Service is the last label of the service name, such as "datasync" or
// "datasync-fips"; partitions differ in what comes before it.
func (e Endpoint) Service() string {
	return e.ServiceName[strings.LastIndexByte(e.ServiceName, '.')+1:]
}

// IsDataSync reports whether the endpoint is one of AWS DataSync's services.
func (e Endpoint) IsDataSync() bool {
	s := strings.ToLower(e.Service())
	return s == "datasync" || s == "datasync-fips"
}

// Region is the Region that the service name is bound to, or "" if it cannot be
// told.
func (e Endpoint) Region() string {
	parts := strings.Split(e.ServiceName, ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// Interface is an elastic network interface.
type Interface struct {
	ID             string       `json:"NetworkInterfaceId"`
	VPC            string       `json:"VpcId"`
	Subnet         string       `json:"SubnetId"`
	PrivateIP      netip.Addr   `json:"PrivateIpAddress"`
	PrivateIPs     []ifaceIP    `json:"PrivateIpAddresses"`
	IPv6Addresses  []ifaceIP6   `json:"Ipv6Addresses"`
	Prefixes       []ifaceBlock `json:"Ipv4Prefixes"` // delegated to it, whole
	Groups         []GroupRef
	Type           string `json:"InterfaceType"`
	Description    string
	OwnerID        string `json:"OwnerId"`
	Status         string
	SourceDestHop  *bool        `json:"SourceDestCheck"`
	AvailabilityAZ string       `json:"AvailabilityZone"`
	Attachment     *ifaceAttach `json:"Attachment"`
	Tags           []Tag        `json:"TagSet"`

	// Within is the block that its address will be chosen from, for an interface
	// that does not exist yet.
	Within  netip.Prefix `json:"-"`
	Pending Pending      `json:"-"` // its groups
}

type ifaceAttach struct {
	InstanceID string `json:"InstanceId"`
	Status     string
}

type ifaceIP struct {
	Addr netip.Addr `json:"PrivateIpAddress"`
}

type ifaceIP6 struct {
	Addr netip.Addr `json:"Ipv6Address"`
}

type ifaceBlock struct {
	Prefix netip.Prefix `json:"Ipv4Prefix"`
}

// Addrs returns all private addresses of the interface, the primary one first.
func (i Interface) Addrs() []netip.Addr {
	var out []netip.Addr
	add := func(a netip.Addr) {
		if a.IsValid() {
			for _, o := range out {
				if o == a {
					return
				}
			}
			out = append(out, a)
		}
	}
	add(i.PrivateIP)
	for _, p := range i.PrivateIPs {
		add(p.Addr)
	}
	for _, p := range i.IPv6Addresses {
		add(p.Addr)
	}
	return out
}

// SetAddrs gives the interface its private addresses, the primary one first.
func (i *Interface) SetAddrs(addrs []netip.Addr) {
	i.PrivateIP, i.PrivateIPs = netip.Addr{}, nil
	for n, a := range addrs {
		if n == 0 {
			i.PrivateIP = a
		}
		i.PrivateIPs = append(i.PrivateIPs, ifaceIP{a})
	}
}

// Attach attaches the interface to an instance.
func (i *Interface) Attach(instance string) { i.Attachment = &ifaceAttach{InstanceID: instance} }

// CanBeAgent reports whether an instance may stand behind the interface; those
// of endpoints, gateways and load balancers never dial.
func (i Interface) CanBeAgent() bool {
	switch i.Type {
	case "", "interface", "efa", "branch", "trunk":
		return true
	}
	return false
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

// RouteTable is a route table with its routes and associations.
type RouteTable struct {
	ID              string `json:"RouteTableId"`
	VPC             string `json:"VpcId"`
	Routes          []Route
	Associations    []RouteTableAssociation
	PropagatingVGWs []PropagatingVGW `json:"PropagatingVgws"`
	Tags            []Tag

	Pending Pending `json:"-"` // its routes, and the subnets it serves
}

// PropagatingVGW is a virtual private gateway that adds its routes to a table.
type PropagatingVGW struct {
	Gateway string `json:"GatewayId"`
}

// RouteTableAssociation ties a route table to a subnet or a gateway, or makes it
// the main one of its VPC.
type RouteTableAssociation struct {
	Main    bool
	Subnet  string `json:"SubnetId"`
	Gateway string `json:"GatewayId"`
	State   struct {
		State string
	} `json:"AssociationState"`
}

// Route is one entry of a route table; one of the targets is set.
type Route struct {
	CIDR             netip.Prefix `json:"DestinationCidrBlock"`
	IPv6CIDR         netip.Prefix `json:"DestinationIpv6CidrBlock"`
	PrefixList       string       `json:"DestinationPrefixListId"`
	Gateway          string       `json:"GatewayId"`
	NATGateway       string       `json:"NatGatewayId"`
	Instance         string       `json:"InstanceId"`
	Interface        string       `json:"NetworkInterfaceId"`
	Peering          string       `json:"VpcPeeringConnectionId"`
	TransitGateway   string       `json:"TransitGatewayId"`
	LocalGateway     string       `json:"LocalGatewayId"`
	CarrierGateway   string       `json:"CarrierGatewayId"`
	EgressOnly       string       `json:"EgressOnlyInternetGatewayId"`
	CoreNetwork      string       `json:"CoreNetworkArn"`
	ODBNetwork       string       `json:"OdbNetworkArn"`
	IPAddressNextHop string       `json:"IpAddress"`
	State            string
	Origin           string

	// Kind says what Gateway is where its id does not: that of a gateway that
	// does not exist yet.
	Kind GatewayKind `json:"-"`
	// Pending is set on a route that may lead, or be for, what it does not say: no
	// destination stands for any.
	Pending Pending `json:"-"`
}

// GatewayKind is what the gateway of a route is.
type GatewayKind uint8

// The kinds of gateway.
const (
	ByID            GatewayKind = iota // as the prefix of its id says
	VPNGatewayKind                     // a virtual private gateway
	InternetGateway                    // an internet gateway
	EndpointGateway                    // a VPC endpoint
)

// PeeringSide is one of the two VPCs of a peering connection.
type PeeringSide struct {
	VPC     string       `json:"VpcId"`
	OwnerID string       `json:"OwnerId"`
	Region  string       `json:"Region"`
	CIDR    netip.Prefix `json:"CidrBlock"`
	CIDRs   []struct {
		CIDR netip.Prefix `json:"CidrBlock"`
	} `json:"CidrBlockSet"`
	IPv6CIDRs []struct {
		CIDR netip.Prefix `json:"Ipv6CidrBlock"`
	} `json:"Ipv6CidrBlockSet"`
}

// Prefixes returns every address block of the side that AWS lists.
func (s PeeringSide) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	if len(s.CIDRs) == 0 && s.CIDR.IsValid() {
		out = append(out, s.CIDR.Masked())
	}
	for _, c := range s.CIDRs {
		if c.CIDR.IsValid() {
			out = append(out, c.CIDR.Masked())
		}
	}
	for _, c := range s.IPv6CIDRs {
		if c.CIDR.IsValid() {
			out = append(out, c.CIDR.Masked())
		}
	}
	return out
}

// Peering is a VPC peering connection.
type Peering struct {
	ID        string      `json:"VpcPeeringConnectionId"`
	Requester PeeringSide `json:"RequesterVpcInfo"`
	Accepter  PeeringSide `json:"AccepterVpcInfo"`
	Status    struct{ Code, Message string }
	Tags      []Tag
}

// Other returns the side that is not the given VPC, and whether the VPC is a
// side at all.
func (p Peering) Other(vpc string) (PeeringSide, bool) {
	switch vpc {
	case p.Requester.VPC:
		return p.Accepter, true
	case p.Accepter.VPC:
		return p.Requester, true
	}
	return PeeringSide{}, false
}

// TransitGateway is a transit gateway.
type TransitGateway struct {
	ID      string `json:"TransitGatewayId"`
	OwnerID string `json:"OwnerId"`
	Tags    []Tag
	State   string
	Options struct {
		AutoAcceptSharedAttachments     string
		DefaultRouteTableAssociation    string
		DefaultRouteTablePropagation    string
		SecurityGroupReferencingSupport string
	}
}

// TransitGatewayAttachment joins a resource to a transit gateway.
type TransitGatewayAttachment struct {
	ID            string `json:"TransitGatewayAttachmentId"`
	Gateway       string `json:"TransitGatewayId"`
	ResourceType  string
	ResourceID    string `json:"ResourceId"`
	ResourceOwner string `json:"ResourceOwnerId"`
	State         string
	Association   *AttachmentAssociation
	// Translates says whether the gateway gives packets of the attachment other addresses.
	Translates string `json:"NatGatewaySupport"`

	Pending Pending `json:"-"` // the route table that it is associated with
}

// AttachmentAssociation is the route table, or the policy table, that an attachment
// says it is associated with.
type AttachmentAssociation struct {
	RouteTable  string `json:"TransitGatewayRouteTableId"`
	PolicyTable string `json:"TransitGatewayPolicyTableId"`
	State       string
}

// TransitGatewayVPCAttachment joins a VPC, in some of its subnets, to a transit
// gateway.
type TransitGatewayVPCAttachment struct {
	ID        string   `json:"TransitGatewayAttachmentId"`
	Gateway   string   `json:"TransitGatewayId"`
	VPC       string   `json:"VpcId"`
	State     string   `json:"State"`
	SubnetIDs []string `json:"SubnetIds"`
	Tags      []Tag
	Options   struct {
		SecurityGroupReferencingSupport string
		ApplianceModeSupport            string
	}
}

// TransitGatewaySide is one of the two gateways of a transit gateway peering.
type TransitGatewaySide struct {
	Gateway string `json:"TransitGatewayId"`
	// CoreNetwork is set where the other side stands in AWS Cloud WAN.
	CoreNetwork string `json:"CoreNetworkId"`
	OwnerID     string `json:"OwnerId"`
	Region      string
}

// TransitGatewayPeering is a peering attachment between two transit gateways.
type TransitGatewayPeering struct {
	ID string `json:"TransitGatewayAttachmentId"`
	// AccepterID is the attachment on the accepter's side, where it is one of its own.
	AccepterID string             `json:"AccepterTransitGatewayAttachmentId"`
	Requester  TransitGatewaySide `json:"RequesterTgwInfo"`
	Accepter   TransitGatewaySide `json:"AccepterTgwInfo"`
	State      string
}

// TransitGatewayRouteTable is a route table of a transit gateway.
type TransitGatewayRouteTable struct {
	ID        string `json:"TransitGatewayRouteTableId"`
	Gateway   string `json:"TransitGatewayId"`
	State     string
	IsDefault bool `json:"DefaultAssociationRouteTable"`
	// IsDefaultPropagation is set on the table that attachments propagate to by
	// default.
	IsDefaultPropagation bool `json:"DefaultPropagationRouteTable"`
	Tags                 []Tag
}

// TransitGatewayAssociation routes the packets that arrive from an attachment by
// the table it belongs to.
type TransitGatewayAssociation struct {
	Attachment string `json:"TransitGatewayAttachmentId"`
	ResourceID string `json:"ResourceId"`
	State      string
}

// TransitGatewayAssociationSet is all the associations of one route table.
type TransitGatewayAssociationSet struct {
	RouteTable string
	Entries    []TransitGatewayAssociation
}

// TransitGatewayRoute is one route of a transit gateway route table.
type TransitGatewayRoute struct {
	CIDR        netip.Prefix `json:"DestinationCidrBlock"`
	PrefixList  string       `json:"PrefixListId"`
	Type        string
	State       string
	Attachments []RouteAttachment `json:"TransitGatewayAttachments"`

	Pending Pending `json:"-"` // the attachment that it leads to, or its block
}

// RouteAttachment is what a route of a transit gateway leads to.
type RouteAttachment struct {
	ID           string `json:"TransitGatewayAttachmentId"`
	ResourceID   string `json:"ResourceId"`
	ResourceType string
}

// TransitGatewayRouteSet is all the routes of one transit gateway route table.
type TransitGatewayRouteSet struct {
	RouteTable string
	Entries    []TransitGatewayRoute
}

// VPNGateway is a virtual private gateway.
type VPNGateway struct {
	ID          string `json:"VpnGatewayId"`
	State       string
	Attachments []VPNGatewayAttachment `json:"VpcAttachments"`
	Tags        []Tag
}

// VPNGatewayAttachment joins a virtual private gateway to a VPC.
type VPNGatewayAttachment struct {
	VPC   string `json:"VpcId"`
	State string
}

// VPNConnection is a Site-to-Site VPN connection.
type VPNConnection struct {
	ID         string `json:"VpnConnectionId"`
	State      string
	VPNGateway string `json:"VpnGatewayId"`
	// TransitGateway is set where it is attached to one.
	TransitGateway string `json:"TransitGatewayId"`
	// Attached says whether it is associated with its gateway.
	Attached string `json:"GatewayAssociationState"`
	Options  *struct {
		StaticRoutesOnly bool
		// Local and Remote are the blocks on the customer's and on AWS's side whose
		// addresses may communicate over the tunnels.
		Local  netip.Prefix `json:"LocalIpv4NetworkCidr"`
		Remote netip.Prefix `json:"RemoteIpv4NetworkCidr"`
		// TunnelInsideIPVersion is what its tunnels carry: ipv4 or ipv6.
		TunnelInsideIPVersion string `json:"TunnelInsideIpVersion"`
	}
	Routes []struct {
		CIDR  netip.Prefix `json:"DestinationCidrBlock"`
		State string
	}
	Telemetry []struct {
		Status string
	} `json:"VgwTelemetry"`
}

// NATGateway is a NAT gateway, public or private, in one subnet.
type NATGateway struct {
	ID        string `json:"NatGatewayId"`
	VPC       string `json:"VpcId"`
	Subnet    string `json:"SubnetId"`
	State     string
	Addresses []NATGatewayAddress `json:"NatGatewayAddresses"`
}

// NATGatewayAddress is one address of a NAT gateway.
type NATGatewayAddress struct {
	PrivateIP netip.Addr `json:"PrivateIp"`
	Status    string
}

// Addrs returns the private addresses that the gateway gives to what it forwards.
// A secondary address that is not assigned is none; moving is the status of one on its
// way in or out.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGatewayAddress.html
func (g NATGateway) Addrs() (in []netip.Addr, moving string) {
	for _, a := range g.Addresses {
		switch strings.ToLower(a.Status) {
		case "", "succeeded":
			if a.PrivateIP.IsValid() {
				in = append(in, a.PrivateIP)
			}
		case "failed":
		default:
			moving = a.Status
		}
	}
	return in, moving
}

// Tunnels counts the tunnels that are up, and all that the telemetry shows.
func (c VPNConnection) Tunnels() (up, all int) {
	for _, t := range c.Telemetry {
		if strings.EqualFold(t.Status, "UP") {
			up++
		}
	}
	return up, len(c.Telemetry)
}

// Carries reports whether the connection may carry some destinations: one with
// static routes only those that they cover; one with BGP whatever it learned.
// Source: https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html
func (c VPNConnection) Carries(covered func(VPNConnection) bool) bool {
	return c.Options == nil || !c.Options.StaticRoutesOnly || covered(c)
}

// Inside is what the tunnels carry, ipv4 or ipv6; "" where it is not shown.
// Source: https://docs.aws.amazon.com/vpn/latest/s2svpn/ipv4-ipv6.html
func (c VPNConnection) Inside() string {
	if c.Options == nil {
		return ""
	}
	return c.Options.TunnelInsideIPVersion
}

// Instance is an EC2 instance.
type Instance struct {
	ID         string      `json:"InstanceId"`
	VPC        string      `json:"VpcId"`
	Subnet     string      `json:"SubnetId"`
	PrivateIP  netip.Addr  `json:"PrivateIpAddress"`
	Groups     []GroupRef  `json:"SecurityGroups"`
	Interfaces []Interface `json:"NetworkInterfaces"`
	Type       string      `json:"InstanceType"`
	Tags       []Tag
	State      struct {
		Name string
	}
}

// Simulation is what IAM says that an identity may do, for one choice of
// resources. Its id is the name of that choice.
type Simulation struct {
	Resources string // AnyResource or AccountResource
	Results   []SimulationResult
}

// The resources that a simulation can be about: CreateAgent and ListAgents have
// no resource type, so that policies must name *; the re:Post article names the
// account's DataSync resources instead.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsdatasync.html
const (
	AnyResource     = "any"
	AccountResource = "account"
)

// SimulationResult is the answer for one action.
type SimulationResult struct {
	Action   string `json:"EvalActionName"`
	Resource string `json:"EvalResourceName"`
	Decision string `json:"EvalDecision"` // allowed, explicitDeny or implicitDeny
	Matched  []struct {
		Policy string `json:"SourcePolicyId"`
	} `json:"MatchedStatements"`
	Missing []string `json:"MissingContextValues"`
	// Specific are the same of each resource that was asked about.
	Specific []struct {
		Decision string   `json:"EvalResourceDecision"`
		Missing  []string `json:"MissingContextValues"`
	} `json:"ResourceSpecificResults"`
	Organizations *struct {
		Allowed bool `json:"AllowedByOrganizations"`
	} `json:"OrganizationsDecisionDetail"`
	Boundary *struct {
		Allowed bool `json:"AllowedByPermissionsBoundary"`
	} `json:"PermissionsBoundaryDecisionDetail"`
}

// Differs is what the result says of a resource where that is not what it says as a
// whole; "" where the two agree. It is asked about one resource at a time.
func (r SimulationResult) Differs() string {
	for _, s := range r.Specific {
		if s.Decision != "" && s.Decision != r.Decision {
			return s.Decision
		}
	}
	return ""
}

// Invocation is what became of a command of Systems Manager on one managed node.
type Invocation struct {
	Instance string `json:"InstanceId"`
	Command  string `json:"CommandId"`
	Status   string
	Details  string `json:"StatusDetails"`
}

// CommandOutput is what a command printed on a managed node.
type CommandOutput struct {
	Instance string `json:"InstanceId"`
	Command  string `json:"CommandId"`
	Status   string
	Details  string `json:"StatusDetails"`
	Output   string `json:"StandardOutputContent"`
	Problem  string `json:"StandardErrorContent"`
	URL      string `json:"StandardOutputUrl"`
}

func (r Invocation) key() string                   { return r.Instance }
func (r CommandOutput) key() string                { return r.Instance }
func (r Simulation) key() string                   { return r.Resources }
func (r Identity) key() string                     { return r.ARN }
func (r VPC) key() string                          { return r.ID }
func (r Subnet) key() string                       { return r.ID }
func (r Reservations) key() string                 { return r.Subnet }
func (r Endpoint) key() string                     { return r.ID }
func (r Interface) key() string                    { return r.ID }
func (r SecurityGroup) key() string                { return r.ID }
func (r SecurityGroupRule) key() string            { return r.ID }
func (r GroupVPCAssociation) key() string          { return r.Group + "/" + r.VPC }
func (r PrefixList) key() string                   { return r.ID }
func (r PrefixListContent) key() string            { return r.PrefixList }
func (r NetworkACL) key() string                   { return r.ID }
func (r RouteTable) key() string                   { return r.ID }
func (r Peering) key() string                      { return r.ID }
func (r TransitGateway) key() string               { return r.ID }
func (r TransitGatewayAttachment) key() string     { return r.ID }
func (r TransitGatewayVPCAttachment) key() string  { return r.ID }
func (r TransitGatewayPeering) key() string        { return r.ID }
func (r TransitGatewayRouteTable) key() string     { return r.ID }
func (r TransitGatewayAssociationSet) key() string { return r.RouteTable }
func (r TransitGatewayRouteSet) key() string       { return r.RouteTable }
func (r VPNGateway) key() string                   { return r.ID }
func (r VPNConnection) key() string                { return r.ID }
func (r NATGateway) key() string                   { return r.ID }
func (r Instance) key() string                     { return r.ID }
