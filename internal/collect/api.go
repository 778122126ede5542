package collect

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/datasync"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// EC2 is every call that dspreflight makes to Amazon EC2. Nothing in it can
// change anything.
type EC2 interface {
	ec2.DescribeVpcsAPIClient
	ec2.DescribeSubnetsAPIClient
	ec2.DescribeVpcEndpointsAPIClient
	ec2.DescribeNetworkInterfacesAPIClient
	ec2.DescribeSecurityGroupsAPIClient
	ec2.DescribeSecurityGroupRulesAPIClient
	ec2.DescribeSecurityGroupVpcAssociationsAPIClient
	ec2.DescribeManagedPrefixListsAPIClient
	ec2.GetManagedPrefixListEntriesAPIClient
	ec2.DescribeNetworkAclsAPIClient
	ec2.DescribeRouteTablesAPIClient
	ec2.DescribeVpcPeeringConnectionsAPIClient
	ec2.DescribeTransitGatewaysAPIClient
	ec2.DescribeTransitGatewayAttachmentsAPIClient
	ec2.DescribeTransitGatewayVpcAttachmentsAPIClient
	ec2.DescribeTransitGatewayPeeringAttachmentsAPIClient
	ec2.DescribeTransitGatewayRouteTablesAPIClient
	ec2.GetTransitGatewayRouteTableAssociationsAPIClient
	ec2.GetTransitGatewayRouteTablePropagationsAPIClient
	ec2.SearchTransitGatewayRoutesAPIClient
	ec2.DescribeInstancesAPIClient
	ec2.DescribeNatGatewaysAPIClient
	DescribeVpnGateways(context.Context, *ec2.DescribeVpnGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeVpnGatewaysOutput, error)
	DescribeVpnConnections(context.Context, *ec2.DescribeVpnConnectionsInput, ...func(*ec2.Options)) (*ec2.DescribeVpnConnectionsOutput, error)
	GetSubnetCidrReservations(context.Context, *ec2.GetSubnetCidrReservationsInput, ...func(*ec2.Options)) (*ec2.GetSubnetCidrReservationsOutput, error)
}

// STS is every call that dspreflight makes to AWS STS itself.
type STS interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// IAM is every call that dspreflight makes to IAM: it asks what the caller may
// do, and what the caller's role is called.
type IAM interface {
	iam.SimulatePrincipalPolicyAPIClient
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
}

// listAgents is the one call to AWS DataSync. A function, unlike a client, does
// not bring in every other operation.
type listAgents func(context.Context, *datasync.ListAgentsInput, ...func(*datasync.Options)) (*datasync.ListAgentsOutput, error)

// ListAgents makes the call.
func (f listAgents) ListAgents(ctx context.Context, in *datasync.ListAgentsInput, opts ...func(*datasync.Options)) (*datasync.ListAgentsOutput, error) {
	return f(ctx, in, opts...)
}

// query narrows a call down.
type query struct {
	vpcs      []string // only rows of these VPCs
	groups    []string // only rules of these security groups
	instances []string // only these instances
	id        string   // the resource, for a call about one
}

// maxFilterValues is how many values EC2 takes in one filter. Source:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
const maxFilterValues = 200

func filter(name string, values []string) []types.Filter {
	if len(values) == 0 || len(values) > maxFilterValues {
		return nil
	}
	return []types.Filter{{Name: aws.String(name), Values: values}}
}

// The largest pages that the calls give; a smaller default costs round trips.
const (
	page1000 = 1000
	page100  = 100 // DescribeRouteTables and the prefix-list calls
)

// fetch makes a call and hands on each page of its reply.
type fetch func(ctx context.Context, api EC2, q query, use func(any) error) error

// paginator is what the SDK's paginators have in common.
type paginator[O, Options any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (*O, error)
}

func each[O, Options any](ctx context.Context, p paginator[O, Options], use func(any) error) error {
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := use(out); err != nil {
			return err
		}
	}
	return nil
}

func single[O any](out *O, err error, use func(any) error) error {
	if err != nil {
		return err
	}
	return use(out)
}

var size1000, size100 = aws.Int32(page1000), aws.Int32(page100)

var fetchers = map[snapshot.Kind]fetch{
	snapshot.VPCs: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeVpcsPaginator(api, &ec2.DescribeVpcsInput{MaxResults: size1000}), use)
	},
	snapshot.Subnets: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeSubnetsPaginator(api, &ec2.DescribeSubnetsInput{MaxResults: size1000}), use)
	},
	snapshot.SubnetCIDRReservations: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		in := &ec2.GetSubnetCidrReservationsInput{SubnetId: &q.id, MaxResults: size1000}
		for {
			out, err := api.GetSubnetCidrReservations(ctx, in)
			if err := single(out, err, use); err != nil || aws.ToString(out.NextToken) == "" {
				return err
			}
			in.NextToken = out.NextToken
		}
	},
	snapshot.Endpoints: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeVpcEndpointsPaginator(api, &ec2.DescribeVpcEndpointsInput{MaxResults: size1000}), use)
	},
	snapshot.Interfaces: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeNetworkInterfacesPaginator(api, &ec2.DescribeNetworkInterfacesInput{MaxResults: size1000, Filters: filter("vpc-id", q.vpcs)}), use)
	},
	snapshot.SecurityGroups: fetchGroups,
	snapshot.SecurityGroupRules: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeSecurityGroupRulesPaginator(api, &ec2.DescribeSecurityGroupRulesInput{MaxResults: size1000, Filters: filter("group-id", q.groups)}), use)
	},
	snapshot.SecurityGroupVPCAssociations: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeSecurityGroupVpcAssociationsPaginator(api, &ec2.DescribeSecurityGroupVpcAssociationsInput{MaxResults: size1000, Filters: filter("group-id", q.groups)}), use)
	},
	snapshot.PrefixLists: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeManagedPrefixListsPaginator(api, &ec2.DescribeManagedPrefixListsInput{MaxResults: size100}), use)
	},
	snapshot.PrefixListEntries: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewGetManagedPrefixListEntriesPaginator(api, &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &q.id, MaxResults: size100}), use)
	},
	snapshot.NetworkACLs: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeNetworkAclsPaginator(api, &ec2.DescribeNetworkAclsInput{MaxResults: size1000, Filters: filter("vpc-id", q.vpcs)}), use)
	},
	snapshot.RouteTables: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeRouteTablesPaginator(api, &ec2.DescribeRouteTablesInput{MaxResults: size100, Filters: filter("vpc-id", q.vpcs)}), use)
	},
	snapshot.Peerings: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeVpcPeeringConnectionsPaginator(api, &ec2.DescribeVpcPeeringConnectionsInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGateways: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeTransitGatewaysPaginator(api, &ec2.DescribeTransitGatewaysInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayAttachments: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeTransitGatewayAttachmentsPaginator(api, &ec2.DescribeTransitGatewayAttachmentsInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayVPCAttachments: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeTransitGatewayVpcAttachmentsPaginator(api, &ec2.DescribeTransitGatewayVpcAttachmentsInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayPeerings: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeTransitGatewayPeeringAttachmentsPaginator(api, &ec2.DescribeTransitGatewayPeeringAttachmentsInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayRouteTables: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeTransitGatewayRouteTablesPaginator(api, &ec2.DescribeTransitGatewayRouteTablesInput{MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayAssociations: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewGetTransitGatewayRouteTableAssociationsPaginator(api, &ec2.GetTransitGatewayRouteTableAssociationsInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayPropagations: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewGetTransitGatewayRouteTablePropagationsPaginator(api, &ec2.GetTransitGatewayRouteTablePropagationsInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000}), use)
	},
	snapshot.TransitGatewayRoutes: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		in := &ec2.SearchTransitGatewayRoutesInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000, Filters: filter("state", []string{"active", "blackhole"})}
		return each(ctx, ec2.NewSearchTransitGatewayRoutesPaginator(api, in), use)
	},
	snapshot.VPNGateways: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		out, err := api.DescribeVpnGateways(ctx, &ec2.DescribeVpnGatewaysInput{})
		return single(out, err, use)
	},
	snapshot.VPNConnections: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		out, err := api.DescribeVpnConnections(ctx, &ec2.DescribeVpnConnectionsInput{})
		return single(out, err, use)
	},
	snapshot.NATGateways: func(ctx context.Context, api EC2, _ query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeNatGatewaysPaginator(api, &ec2.DescribeNatGatewaysInput{MaxResults: size1000}), use)
	},
	snapshot.Instances: func(ctx context.Context, api EC2, q query, use func(any) error) error {
		return each(ctx, ec2.NewDescribeInstancesPaginator(api, &ec2.DescribeInstancesInput{MaxResults: size1000, Filters: filter("instance-id", q.instances)}), use)
	},
}

// fetchGroups reads the groups of the VPCs and, where a group that was asked for
// by id is not among them, looks for it in the whole Region: a group of another
// VPC is a different mistake from one that does not exist.
func fetchGroups(ctx context.Context, api EC2, q query, use func(any) error) error {
	missing := map[string]bool{}
	for _, id := range q.groups {
		missing[id] = true
	}
	note := func(out any) error {
		if page, ok := out.(*ec2.DescribeSecurityGroupsOutput); ok {
			for _, g := range page.SecurityGroups {
				delete(missing, aws.ToString(g.GroupId))
			}
		}
		return use(out)
	}
	if err := each(ctx, ec2.NewDescribeSecurityGroupsPaginator(api, &ec2.DescribeSecurityGroupsInput{MaxResults: size1000, Filters: filter("vpc-id", q.vpcs)}), note); err != nil {
		return err
	}
	var rest []string
	for _, id := range q.groups {
		if missing[id] {
			rest = append(rest, id)
		}
	}
	if len(rest) == 0 || filter("vpc-id", q.vpcs) == nil {
		return nil
	}
	return each(ctx, ec2.NewDescribeSecurityGroupsPaginator(api, &ec2.DescribeSecurityGroupsInput{MaxResults: size1000, Filters: filter("group-id", rest)}), use)
}
