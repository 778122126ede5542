package snapshot

import (
	"net/netip"
	"strings"
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

func (r Peering) key() string    { return r.ID }
func (r VPNGateway) key() string { return r.ID }

func (r VPNConnection) key() string { return r.ID }

func (r Peering) tags() []Tag    { return r.Tags }
func (r VPNGateway) tags() []Tag { return r.Tags }
