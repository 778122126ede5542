package repair

import (
	"net/netip"
)

// GatewayRoute is one that a route table of a transit gateway lacks, or has to
// nowhere.
type GatewayRoute struct {
	Table       string
	Destination netip.Prefix
	Attachment  string
	Replace     bool // there is a static one to this destination
}

// Resource is the table.
func (r GatewayRoute) Resource() string { return r.Table }

func (r GatewayRoute) words() []string {
	verb := "create-transit-gateway-route"
	if r.Replace {
		verb = "replace-transit-gateway-route"
	}
	return []string{"ec2", verb, "--transit-gateway-route-table-id", r.Table, "--destination-cidr-block", r.Destination.String(), "--transit-gateway-attachment-id", r.Attachment}
}

func (r GatewayRoute) blocks(d *document) {
	b := d.resource("aws_ec2_transit_gateway_route", r.Destination.String(), r.Table)
	b.id("transit_gateway_route_table_id", r.Table)
	b.text("destination_cidr_block", r.Destination.String())
	b.id("transit_gateway_attachment_id", r.Attachment)
}

// GatewayAssociation lets a route table of a transit gateway route what comes from
// an attachment.
type GatewayAssociation struct{ Table, Attachment string }

// Resource is the attachment.
func (a GatewayAssociation) Resource() string { return a.Attachment }

func (a GatewayAssociation) words() []string {
	return []string{"ec2", "associate-transit-gateway-route-table", "--transit-gateway-route-table-id", a.Table, "--transit-gateway-attachment-id", a.Attachment}
}

func (a GatewayAssociation) blocks(d *document) {
	b := d.resource("aws_ec2_transit_gateway_route_table_association", a.Attachment)
	b.id("transit_gateway_route_table_id", a.Table)
	b.id("transit_gateway_attachment_id", a.Attachment)
}

// AttachmentSubnet lets an attachment take in what comes from another Availability
// Zone. In Terraform it is an element of a list, which belongs to whoever wrote it.
type AttachmentSubnet struct{ Attachment, Subnet string }

// Resource is the attachment.
func (a AttachmentSubnet) Resource() string { return a.Attachment }

func (a AttachmentSubnet) words() []string {
	return []string{"ec2", "modify-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", a.Attachment, "--add-subnet-ids", a.Subnet}
}

func (AttachmentSubnet) blocks(*document) {}

// Accept accepts a peering connection or an attachment that waits for it.
type Accept struct {
	ID   string
	Kind Acceptable
}

// Acceptable is what can wait to be accepted.
type Acceptable uint8

// The kinds.
const (
	Peering Acceptable = iota
	GatewayPeering
	GatewayAttachment
)

var acceptable = [...]struct {
	command, option string
	block, argument literal
}{
	Peering:           {"accept-vpc-peering-connection", "--vpc-peering-connection-id", "aws_vpc_peering_connection_accepter", "vpc_peering_connection_id"},
	GatewayPeering:    {"accept-transit-gateway-peering-attachment", "--transit-gateway-attachment-id", "aws_ec2_transit_gateway_peering_attachment_accepter", "transit_gateway_attachment_id"},
	GatewayAttachment: {"accept-transit-gateway-vpc-attachment", "--transit-gateway-attachment-id", "aws_ec2_transit_gateway_vpc_attachment_accepter", "transit_gateway_attachment_id"},
}

// Resource is what is accepted.
func (a Accept) Resource() string { return a.ID }

func (a Accept) words() []string {
	k := acceptable[a.Kind]
	return []string{"ec2", k.command, k.option, a.ID}
}

func (a Accept) blocks(d *document) {
	k := acceptable[a.Kind]
	b := d.resource(k.block, a.ID)
	b.id(k.argument, a.ID)
	if a.Kind == Peering {
		b.flag("auto_accept", true)
	}
}

// NewPeering asks for a peering connection between two VPCs.
type NewPeering struct {
	VPC, PeerVPC            string
	PeerAccount, PeerRegion string
}

// Resource is the VPC that asks.
func (p NewPeering) Resource() string { return p.VPC }

func (p NewPeering) words() []string {
	words := []string{"ec2", "create-vpc-peering-connection", "--vpc-id", p.VPC, "--peer-vpc-id", p.PeerVPC}
	if p.PeerAccount != "" {
		words = append(words, "--peer-owner-id", p.PeerAccount)
	}
	if p.PeerRegion != "" {
		words = append(words, "--peer-region", p.PeerRegion)
	}
	return words
}

func (p NewPeering) blocks(d *document) {
	b := d.resource("aws_vpc_peering_connection", p.VPC, p.PeerVPC)
	b.id("vpc_id", p.VPC)
	b.id("peer_vpc_id", p.PeerVPC)
	if p.PeerAccount != "" {
		b.text("peer_owner_id", p.PeerAccount)
	}
	if p.PeerRegion != "" {
		b.text("peer_region", p.PeerRegion)
	}
}

// AttachVPNGateway attaches a virtual private gateway to a VPC.
type AttachVPNGateway struct{ Gateway, VPC string }

// Resource is the gateway.
func (a AttachVPNGateway) Resource() string { return a.Gateway }

func (a AttachVPNGateway) words() []string {
	return []string{"ec2", "attach-vpn-gateway", "--vpn-gateway-id", a.Gateway, "--vpc-id", a.VPC}
}

func (a AttachVPNGateway) blocks(d *document) {
	b := d.resource("aws_vpn_gateway_attachment", a.Gateway)
	b.id("vpn_gateway_id", a.Gateway)
	b.id("vpc_id", a.VPC)
}

// StartInstance starts an instance that is stopped.
type StartInstance struct{ ID string }

// Resource is the instance.
func (s StartInstance) Resource() string { return s.ID }

func (s StartInstance) words() []string {
	return []string{"ec2", "start-instances", "--instance-ids", s.ID}
}

func (s StartInstance) blocks(d *document) {
	b := d.resource("aws_ec2_instance_state", s.ID)
	b.id("instance_id", s.ID)
	b.text("state", "running")
}
