package snapshot

import (
	"net/netip"
	"strings"
)

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

func (r RouteTable) key() string { return r.ID }
func (r NATGateway) key() string { return r.ID }

func (r RouteTable) tags() []Tag { return r.Tags }
