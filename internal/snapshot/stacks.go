package snapshot

import "slices"

// StackResource is a resource that CloudFormation made, as its tags tell.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
type StackResource struct {
	Stack, LogicalID string
	ID               string
	Kind             string // such as "AWS::EC2::VPC"
}

// stackTable is a table of rows that carry the tags of the stack that made them.
type stackTable struct {
	kind string
	each func(s *Scope, use func(id string, tags []Tag))
}

func tagged[T Row](kind string, table func(*Scope) Table[T], tags func(T) []Tag) stackTable {
	return stackTable{kind, func(s *Scope, use func(string, []Tag)) {
		for _, r := range table(s).All() {
			use(r.key(), tags(r))
		}
	}}
}

var stackTables = []stackTable{
	tagged("AWS::EC2::VPC", func(s *Scope) Table[VPC] { return s.VPCs }, func(r VPC) []Tag { return r.Tags }),
	tagged("AWS::EC2::Subnet", func(s *Scope) Table[Subnet] { return s.Subnets }, func(r Subnet) []Tag { return r.Tags }),
	tagged("AWS::EC2::SecurityGroup", func(s *Scope) Table[SecurityGroup] { return s.SecurityGroups }, func(r SecurityGroup) []Tag { return r.Tags }),
	tagged("AWS::EC2::NetworkAcl", func(s *Scope) Table[NetworkACL] { return s.NetworkACLs }, func(r NetworkACL) []Tag { return r.Tags }),
	tagged("AWS::EC2::RouteTable", func(s *Scope) Table[RouteTable] { return s.RouteTables }, func(r RouteTable) []Tag { return r.Tags }),
	tagged("AWS::EC2::VPCEndpoint", func(s *Scope) Table[Endpoint] { return s.Endpoints }, func(r Endpoint) []Tag { return r.Tags }),
	tagged("AWS::EC2::NetworkInterface", func(s *Scope) Table[Interface] { return s.Interfaces }, func(r Interface) []Tag { return r.Tags }),
	tagged("AWS::EC2::Instance", func(s *Scope) Table[Instance] { return s.Instances }, func(r Instance) []Tag { return r.Tags }),
	tagged("AWS::EC2::PrefixList", func(s *Scope) Table[PrefixList] { return s.PrefixLists }, func(r PrefixList) []Tag { return r.Tags }),
	tagged("AWS::EC2::VPCPeeringConnection", func(s *Scope) Table[Peering] { return s.Peerings }, func(r Peering) []Tag { return r.Tags }),
	tagged("AWS::EC2::TransitGateway", func(s *Scope) Table[TransitGateway] { return s.TransitGateways }, func(r TransitGateway) []Tag { return r.Tags }),
	tagged("AWS::EC2::TransitGatewayVpcAttachment", func(s *Scope) Table[TransitGatewayVPCAttachment] { return s.TransitGatewayVPCAttachments }, func(r TransitGatewayVPCAttachment) []Tag { return r.Tags }),
	tagged("AWS::EC2::TransitGatewayRouteTable", func(s *Scope) Table[TransitGatewayRouteTable] { return s.TransitGatewayRouteTables }, func(r TransitGatewayRouteTable) []Tag { return r.Tags }),
	tagged("AWS::EC2::VPNGateway", func(s *Scope) Table[VPNGateway] { return s.VPNGateways }, func(r VPNGateway) []Tag { return r.Tags }),
}

// CarriesStackTags reports whether the resources of a type can be told by their
// tags to be a stack's.
func CarriesStackTags(kind string) bool {
	return slices.ContainsFunc(stackTables, func(t stackTable) bool { return t.kind == kind })
}

// StackResources lists the resources of a scope that stacks have made.
func (s *Scope) StackResources() []StackResource {
	var out []StackResource
	for _, t := range stackTables {
		t.each(s, func(id string, tags []Tag) {
			r := StackResource{ID: id, Kind: t.kind}
			for _, tag := range tags {
				switch tag.Key {
				case "aws:cloudformation:stack-name":
					r.Stack = tag.Value
				case "aws:cloudformation:logical-id":
					r.LogicalID = tag.Value
				}
			}
			if r.Stack != "" && r.LogicalID != "" {
				out = append(out, r)
			}
		})
	}
	return out
}
