package moto

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Link is how the two VPCs of a scenario are joined.
type Link string

// The links.
const (
	Peering        Link = "peering"
	TransitGateway Link = "transit-gateway"
	VPNGateway     Link = "vpn-gateway" // the source is on-premises
)

// Scenario is an estate to build: a healthy one, and what is wrong with it.
type Scenario struct {
	Link       Link
	PrefixList bool   // rules and the return route name a prefix list
	Fault      string // one of the names that build tests for; "": none
}

// IDs are what the estate's resources are called.
type IDs struct {
	Endpoint, DestinationVPC, DestinationSubnet, EndpointGroup string
	SourceVPC, SourceSubnet, Instance, AgentIP                 string
}

// The address plan.
const (
	destinationCIDR = "10.20.0.0/16"
	sourceCIDR      = "10.10.0.0/16"
)

type span struct{ from, to int32 }

var needed = []span{{443, 443}, {1024, 1064}, {22, 22}}

// builder runs calls until one fails.
type builder struct {
	ctx      context.Context
	dst, src *ec2.Client
	scenario Scenario
	ids      IDs
	err      error

	dstTable, srcTable, list string
	subnets                  []string
}

// call runs one call unless an earlier one failed.
func call[In, Out any](b *builder, f func(context.Context, *In, ...func(*ec2.Options)) (*Out, error), in In) *Out {
	if b.err != nil {
		return new(Out)
	}
	out, err := f(b.ctx, &in)
	if err != nil {
		b.err = fmt.Errorf("%T: %w", in, err)
		return new(Out)
	}
	return out
}

// Build makes the estate. After an error the server should be reset.
func (s *Server) Build(ctx context.Context, sc Scenario) (IDs, error) {
	dst, src, err := s.clients(ctx)
	if err != nil {
		return IDs{}, err
	}
	b := &builder{ctx: ctx, dst: dst, src: src, scenario: sc}
	source := sourceCIDR
	if sc.Fault == "overlap" {
		source = destinationCIDR
	}
	b.destination(source)
	if sc.Link != VPNGateway {
		b.source(source)
	}
	if sc.Fault != "overlap" {
		switch sc.Link {
		case TransitGateway:
			b.transitGateways()
		case VPNGateway:
			b.vpnGateway()
		default:
			b.peering()
		}
	}
	return b.ids, b.err
}

func (b *builder) is(fault string) bool { return b.scenario.Fault == fault }

func (b *builder) destination(source string) {
	vpc := call(b, b.dst.CreateVpc, ec2.CreateVpcInput{CidrBlock: aws.String(destinationCIDR)})
	if b.err != nil {
		return
	}
	b.ids.DestinationVPC = *vpc.Vpc.VpcId
	bits := "24"
	if b.is("few-ips") {
		bits = "28"
	}
	table := call(b, b.dst.CreateRouteTable, ec2.CreateRouteTableInput{VpcId: &b.ids.DestinationVPC})
	if b.err != nil {
		return
	}
	b.dstTable = *table.RouteTable.RouteTableId
	for i, zone := range []string{"a", "b"} {
		n := call(b, b.dst.CreateSubnet, ec2.CreateSubnetInput{VpcId: &b.ids.DestinationVPC, CidrBlock: aws.String(fmt.Sprintf("10.20.%d.0/%s", i+1, bits)), AvailabilityZone: aws.String(DestinationRegion + zone)})
		if b.err != nil {
			return
		}
		b.subnets = append(b.subnets, *n.Subnet.SubnetId)
		call(b, b.dst.AssociateRouteTable, ec2.AssociateRouteTableInput{RouteTableId: &b.dstTable, SubnetId: n.Subnet.SubnetId})
	}
	b.ids.DestinationSubnet = b.subnets[0]
	if b.scenario.PrefixList {
		l := call(b, b.dst.CreateManagedPrefixList, ec2.CreateManagedPrefixListInput{
			PrefixListName: aws.String("sources"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(5),
			Entries: []types.AddPrefixListEntry{{Cidr: &source}, {Cidr: aws.String("192.168.50.0/24")}},
		})
		if b.err != nil {
			return
		}
		b.list = *l.PrefixList.PrefixListId
	}
	b.endpointGroup(source)
	in := []entry{{100, "6", true, source, span{443, 443}}, {110, "6", true, source, span{1024, 1064}}, {120, "6", true, source, span{22, 22}}}
	if b.is("nacl-deny-first") {
		in = append(in, entry{90, "6", false, source, span{1024, 1030}})
	}
	out := []entry{{100, "6", true, source, span{1024, 65535}}}
	if b.is("nacl-no-ephemeral") {
		out = []entry{{100, "6", true, source, span{443, 443}}}
	}
	b.acl(b.dst, b.ids.DestinationVPC, b.subnets, in, out)
	ep := call(b, b.dst.CreateVpcEndpoint, ec2.CreateVpcEndpointInput{
		VpcId: &b.ids.DestinationVPC, VpcEndpointType: types.VpcEndpointTypeInterface, ServiceName: aws.String("com.amazonaws." + DestinationRegion + ".datasync"),
		SubnetIds: b.subnets, SecurityGroupIds: []string{b.ids.EndpointGroup}, PrivateDnsEnabled: aws.Bool(false),
	})
	if b.err != nil {
		return
	}
	b.ids.Endpoint = *ep.VpcEndpoint.VpcEndpointId
	if b.is("few-ips") { // 11 usable, one is the endpoint's
		for range 8 {
			call(b, b.dst.CreateNetworkInterface, ec2.CreateNetworkInterfaceInput{SubnetId: &b.subnets[0], Groups: []string{b.ids.EndpointGroup}})
		}
	}
}

func (b *builder) endpointGroup(source string) {
	g := call(b, b.dst.CreateSecurityGroup, ec2.CreateSecurityGroupInput{GroupName: aws.String("endpoint"), Description: aws.String("endpoint"), VpcId: &b.ids.DestinationVPC})
	if b.err != nil {
		return
	}
	b.ids.EndpointGroup = *g.GroupId
	ports := needed
	switch {
	case b.is("sg-no-control"):
		ports = []span{{443, 443}, {22, 22}}
	case b.is("sg-partial-range"):
		ports = []span{{443, 443}, {1024, 1061}, {22, 22}}
	case b.is("sg-no-443"):
		ports = []span{{1024, 1064}, {22, 22}}
	}
	call(b, b.dst.AuthorizeSecurityGroupIngress, ec2.AuthorizeSecurityGroupIngressInput{GroupId: g.GroupId, IpPermissions: permissions(source, b.list, ports)})
}

func permissions(cidr, list string, ports []span) []types.IpPermission {
	var out []types.IpPermission
	for _, p := range ports {
		perm := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(p.from), ToPort: aws.Int32(p.to)}
		if list != "" {
			perm.PrefixListIds = []types.PrefixListId{{PrefixListId: &list}}
		} else {
			perm.IpRanges = []types.IpRange{{CidrIp: &cidr}}
		}
		out = append(out, perm)
	}
	return out
}

// entry is a rule of a network ACL.
type entry struct {
	number   int32
	protocol string
	allow    bool
	cidr     string
	ports    span
}

func (b *builder) acl(c *ec2.Client, vpc string, subnets []string, in, out []entry) {
	acl := call(b, c.CreateNetworkAcl, ec2.CreateNetworkAclInput{VpcId: &vpc})
	if b.err != nil {
		return
	}
	id := acl.NetworkAcl.NetworkAclId
	for egress, entries := range map[bool][]entry{false: in, true: out} {
		for _, e := range entries {
			action := types.RuleActionDeny
			if e.allow {
				action = types.RuleActionAllow
			}
			call(b, c.CreateNetworkAclEntry, ec2.CreateNetworkAclEntryInput{
				NetworkAclId: id, RuleNumber: aws.Int32(e.number), Protocol: &e.protocol, RuleAction: action, Egress: &egress, CidrBlock: &e.cidr,
				PortRange: &types.PortRange{From: &e.ports.from, To: &e.ports.to},
			})
		}
	}
	all := call(b, c.DescribeNetworkAcls, ec2.DescribeNetworkAclsInput{})
	for _, other := range all.NetworkAcls {
		for _, a := range other.Associations {
			for _, n := range subnets {
				if aws.ToString(a.SubnetId) == n {
					call(b, c.ReplaceNetworkAclAssociation, ec2.ReplaceNetworkAclAssociationInput{AssociationId: a.NetworkAclAssociationId, NetworkAclId: id})
				}
			}
		}
	}
}

func (b *builder) source(cidr string) {
	vpc := call(b, b.src.CreateVpc, ec2.CreateVpcInput{CidrBlock: &cidr})
	if b.err != nil {
		return
	}
	b.ids.SourceVPC = *vpc.Vpc.VpcId
	net := cidr[:6] // "10.10." or "10.20."
	n := call(b, b.src.CreateSubnet, ec2.CreateSubnetInput{VpcId: &b.ids.SourceVPC, CidrBlock: aws.String(net + "1.0/24"), AvailabilityZone: aws.String(SourceRegion + "a")})
	table := call(b, b.src.CreateRouteTable, ec2.CreateRouteTableInput{VpcId: &b.ids.SourceVPC})
	g := call(b, b.src.CreateSecurityGroup, ec2.CreateSecurityGroupInput{GroupName: aws.String("agent"), Description: aws.String("agent"), VpcId: &b.ids.SourceVPC})
	if b.err != nil {
		return
	}
	b.ids.SourceSubnet, b.srcTable = *n.Subnet.SubnetId, *table.RouteTable.RouteTableId
	call(b, b.src.AssociateRouteTable, ec2.AssociateRouteTableInput{RouteTableId: &b.srcTable, SubnetId: &b.ids.SourceSubnet})
	call(b, b.src.RevokeSecurityGroupEgress, ec2.RevokeSecurityGroupEgressInput{GroupId: g.GroupId, IpPermissions: []types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}})
	ports := needed
	if b.is("agent-egress") {
		ports = []span{{443, 443}, {22, 22}}
	}
	call(b, b.src.AuthorizeSecurityGroupEgress, ec2.AuthorizeSecurityGroupEgressInput{GroupId: g.GroupId, IpPermissions: permissions(destinationCIDR, "", ports)})
	b.acl(b.src, b.ids.SourceVPC, []string{b.ids.SourceSubnet},
		[]entry{{100, "6", true, destinationCIDR, span{1024, 65535}}},
		[]entry{{100, "6", true, destinationCIDR, span{443, 443}}, {110, "6", true, destinationCIDR, span{1024, 1064}}, {120, "6", true, destinationCIDR, span{22, 22}}})
	images := call(b, b.src.DescribeImages, ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	if b.err != nil || len(images.Images) == 0 {
		return
	}
	run := call(b, b.src.RunInstances, ec2.RunInstancesInput{
		ImageId: images.Images[0].ImageId, InstanceType: types.InstanceTypeM52xlarge, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &b.ids.SourceSubnet, Groups: []string{*g.GroupId}, PrivateIpAddress: aws.String(net + "1.10")}},
	})
	if b.err != nil {
		return
	}
	b.ids.Instance, b.ids.AgentIP = *run.Instances[0].InstanceId, net+"1.10"
}

func (b *builder) peering() {
	p := call(b, b.src.CreateVpcPeeringConnection, ec2.CreateVpcPeeringConnectionInput{
		VpcId: &b.ids.SourceVPC, PeerVpcId: &b.ids.DestinationVPC, PeerOwnerId: aws.String(DestinationAccount), PeerRegion: aws.String(DestinationRegion),
	})
	if b.err != nil {
		return
	}
	id := p.VpcPeeringConnection.VpcPeeringConnectionId
	if !b.is("pcx-pending") {
		call(b, b.dst.AcceptVpcPeeringConnection, ec2.AcceptVpcPeeringConnectionInput{VpcPeeringConnectionId: id})
	}
	call(b, b.src.CreateRoute, ec2.CreateRouteInput{RouteTableId: &b.srcTable, DestinationCidrBlock: aws.String(destinationCIDR), VpcPeeringConnectionId: id})
	if !b.is("no-return-route") {
		back := ec2.CreateRouteInput{RouteTableId: &b.dstTable, DestinationCidrBlock: aws.String(sourceCIDR), VpcPeeringConnectionId: id}
		if b.list != "" {
			back.DestinationCidrBlock, back.DestinationPrefixListId = nil, &b.list
		}
		call(b, b.dst.CreateRoute, back)
	}
	if b.is("pcx-deleted") {
		call(b, b.dst.DeleteVpcPeeringConnection, ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: id})
	}
}

func (b *builder) transitGateways() {
	off := &types.TransitGatewayRequestOptions{DefaultRouteTableAssociation: types.DefaultRouteTableAssociationValueDisable, DefaultRouteTablePropagation: types.DefaultRouteTablePropagationValueDisable}
	a := call(b, b.dst.CreateTransitGateway, ec2.CreateTransitGatewayInput{Options: off})
	z := call(b, b.src.CreateTransitGateway, ec2.CreateTransitGatewayInput{Options: off})
	if b.err != nil {
		return
	}
	// Attachments in subnets of their own, under the default network ACL, as AWS
	// advises.
	var own []string
	for i, zone := range []string{"a", "b"} {
		own = append(own, b.attachmentSubnet(b.dst, b.ids.DestinationVPC, fmt.Sprintf("10.20.250.%d/28", 16*i), DestinationRegion+zone))
	}
	far := b.attachmentSubnet(b.src, b.ids.SourceVPC, "10.10.250.0/28", SourceRegion+"a")
	attA := call(b, b.dst.CreateTransitGatewayVpcAttachment, ec2.CreateTransitGatewayVpcAttachmentInput{TransitGatewayId: a.TransitGateway.TransitGatewayId, VpcId: &b.ids.DestinationVPC, SubnetIds: own})
	attZ := call(b, b.src.CreateTransitGatewayVpcAttachment, ec2.CreateTransitGatewayVpcAttachmentInput{TransitGatewayId: z.TransitGateway.TransitGatewayId, VpcId: &b.ids.SourceVPC, SubnetIds: []string{far}})
	peer := call(b, b.src.CreateTransitGatewayPeeringAttachment, ec2.CreateTransitGatewayPeeringAttachmentInput{
		TransitGatewayId: z.TransitGateway.TransitGatewayId, PeerTransitGatewayId: a.TransitGateway.TransitGatewayId, PeerAccountId: aws.String(DestinationAccount), PeerRegion: aws.String(DestinationRegion),
	})
	if b.err != nil {
		return
	}
	peering := peer.TransitGatewayPeeringAttachment.TransitGatewayAttachmentId
	if !b.is("tgw-peer-pending") {
		call(b, b.dst.AcceptTransitGatewayPeeringAttachment, ec2.AcceptTransitGatewayPeeringAttachmentInput{TransitGatewayAttachmentId: peering})
	}
	for _, side := range []struct {
		c           *ec2.Client
		gateway     *string
		attachment  *string
		own, remote string
		blackhole   bool
	}{
		{b.dst, a.TransitGateway.TransitGatewayId, attA.TransitGatewayVpcAttachment.TransitGatewayAttachmentId, destinationCIDR, sourceCIDR, false},
		{b.src, z.TransitGateway.TransitGatewayId, attZ.TransitGatewayVpcAttachment.TransitGatewayAttachmentId, sourceCIDR, destinationCIDR, b.is("tgw-blackhole")},
	} {
		t := call(b, side.c.CreateTransitGatewayRouteTable, ec2.CreateTransitGatewayRouteTableInput{TransitGatewayId: side.gateway})
		if b.err != nil {
			return
		}
		id := t.TransitGatewayRouteTable.TransitGatewayRouteTableId
		for _, att := range []*string{side.attachment, peering} {
			b.moveAssociation(side.c, att, id)
		}
		call(b, side.c.EnableTransitGatewayRouteTablePropagation, ec2.EnableTransitGatewayRouteTablePropagationInput{TransitGatewayRouteTableId: id, TransitGatewayAttachmentId: side.attachment})
		call(b, side.c.CreateTransitGatewayRoute, ec2.CreateTransitGatewayRouteInput{TransitGatewayRouteTableId: id, DestinationCidrBlock: &side.remote, TransitGatewayAttachmentId: peering})
		if side.blackhole {
			call(b, side.c.CreateTransitGatewayRoute, ec2.CreateTransitGatewayRouteInput{TransitGatewayRouteTableId: id, DestinationCidrBlock: aws.String("10.20.1.0/24"), Blackhole: aws.Bool(true)})
		}
	}
	call(b, b.dst.CreateRoute, ec2.CreateRouteInput{RouteTableId: &b.dstTable, DestinationCidrBlock: aws.String(sourceCIDR), TransitGatewayId: a.TransitGateway.TransitGatewayId})
	call(b, b.src.CreateRoute, ec2.CreateRouteInput{RouteTableId: &b.srcTable, DestinationCidrBlock: aws.String(destinationCIDR), TransitGatewayId: z.TransitGateway.TransitGatewayId})
}

func (b *builder) attachmentSubnet(c *ec2.Client, vpc, block, zone string) string {
	n := call(b, c.CreateSubnet, ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &block, AvailabilityZone: &zone})
	if b.err != nil {
		return ""
	}
	return *n.Subnet.SubnetId
}

// moveAssociation associates an attachment with a table; moto associates it with
// the default table although that is disabled, so that goes first.
func (b *builder) moveAssociation(c *ec2.Client, attachment, table *string) {
	all := call(b, c.DescribeTransitGatewayAttachments, ec2.DescribeTransitGatewayAttachmentsInput{})
	for _, a := range all.TransitGatewayAttachments {
		if aws.ToString(a.TransitGatewayAttachmentId) == *attachment && a.Association != nil && a.Association.TransitGatewayRouteTableId != nil && b.err == nil {
			// moto answers 500 for an association that it made by itself; it is
			// replaced all the same.
			_, _ = c.DisassociateTransitGatewayRouteTable(b.ctx, &ec2.DisassociateTransitGatewayRouteTableInput{TransitGatewayAttachmentId: attachment, TransitGatewayRouteTableId: a.Association.TransitGatewayRouteTableId}, func(o *ec2.Options) { o.Retryer = aws.NopRetryer{} })
		}
	}
	call(b, c.AssociateTransitGatewayRouteTable, ec2.AssociateTransitGatewayRouteTableInput{TransitGatewayAttachmentId: attachment, TransitGatewayRouteTableId: table})
}

func (b *builder) vpnGateway() {
	g := call(b, b.dst.CreateVpnGateway, ec2.CreateVpnGatewayInput{Type: types.GatewayTypeIpsec1})
	if b.err != nil {
		return
	}
	id := g.VpnGateway.VpnGatewayId
	call(b, b.dst.AttachVpnGateway, ec2.AttachVpnGatewayInput{VpnGatewayId: id, VpcId: &b.ids.DestinationVPC})
	cgw := call(b, b.dst.CreateCustomerGateway, ec2.CreateCustomerGatewayInput{Type: types.GatewayTypeIpsec1, PublicIp: aws.String("203.0.113.10"), BgpAsn: aws.Int32(65010)})
	if b.err != nil {
		return
	}
	vpn := call(b, b.dst.CreateVpnConnection, ec2.CreateVpnConnectionInput{Type: aws.String("ipsec.1"), CustomerGatewayId: cgw.CustomerGateway.CustomerGatewayId, VpnGatewayId: id})
	if b.err != nil {
		return
	}
	if !b.is("no-propagation") {
		call(b, b.dst.EnableVgwRoutePropagation, ec2.EnableVgwRoutePropagationInput{GatewayId: id, RouteTableId: &b.dstTable})
	}
	call(b, b.dst.CreateVpnConnectionRoute, ec2.CreateVpnConnectionRouteInput{DestinationCidrBlock: aws.String(sourceCIDR), VpnConnectionId: vpn.VpnConnection.VpnConnectionId})
}
