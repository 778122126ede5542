package snapshot

// StackResource is a resource that CloudFormation made, as its tags tell.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
type StackResource struct {
	Stack, LogicalID string
	ID               string
	Kind             string // such as "AWS::EC2::VPC"
}

// StackResources lists the resources of a scope that stacks have made.
func (s *Scope) StackResources() []StackResource {
	var out []StackResource
	add := func(kind, id string, tags []Tag) {
		r := StackResource{ID: id, Kind: kind}
		for _, t := range tags {
			switch t.Key {
			case "aws:cloudformation:stack-name":
				r.Stack = t.Value
			case "aws:cloudformation:logical-id":
				r.LogicalID = t.Value
			}
		}
		if r.Stack != "" && r.LogicalID != "" {
			out = append(out, r)
		}
	}
	for _, r := range s.VPCs.All() {
		add("AWS::EC2::VPC", r.ID, r.Tags)
	}
	for _, r := range s.Subnets.All() {
		add("AWS::EC2::Subnet", r.ID, r.Tags)
	}
	for _, r := range s.SecurityGroups.All() {
		add("AWS::EC2::SecurityGroup", r.ID, r.Tags)
	}
	for _, r := range s.NetworkACLs.All() {
		add("AWS::EC2::NetworkAcl", r.ID, r.Tags)
	}
	for _, r := range s.RouteTables.All() {
		add("AWS::EC2::RouteTable", r.ID, r.Tags)
	}
	for _, r := range s.Endpoints.All() {
		add("AWS::EC2::VPCEndpoint", r.ID, r.Tags)
	}
	for _, r := range s.Interfaces.All() {
		add("AWS::EC2::NetworkInterface", r.ID, r.Tags)
	}
	for _, r := range s.Instances.All() {
		add("AWS::EC2::Instance", r.ID, r.Tags)
	}
	for _, r := range s.PrefixLists.All() {
		add("AWS::EC2::PrefixList", r.ID, r.Tags)
	}
	for _, r := range s.Peerings.All() {
		add("AWS::EC2::VPCPeeringConnection", r.ID, r.Tags)
	}
	for _, r := range s.TransitGateways.All() {
		add("AWS::EC2::TransitGateway", r.ID, r.Tags)
	}
	for _, r := range s.TransitGatewayVPCAttachments.All() {
		add("AWS::EC2::TransitGatewayVpcAttachment", r.ID, r.Tags)
	}
	for _, r := range s.TransitGatewayRouteTables.All() {
		add("AWS::EC2::TransitGatewayRouteTable", r.ID, r.Tags)
	}
	for _, r := range s.VPNGateways.All() {
		add("AWS::EC2::VPNGateway", r.ID, r.Tags)
	}
	return out
}
