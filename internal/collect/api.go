package collect

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// query narrows a call down.
type query struct {
	vpcs       []string // only rows of these VPCs
	groups     []string // only rules of these security groups
	instances  []string // only these instances
	interfaces []string // interfaces to look for wherever they are
	id         string   // the resource, for a call about one
	arn        string   // its ARN, where the call takes that
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
//
// It takes the client itself, and uses the methods that it needs as values: a
// client in an interface, as the SDK's paginators have it, would bring every
// operation of the service into the program, those that change things among them.
type fetch func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error

// operation is a call of the SDK, as a method of a client.
type operation[In, Out, Options any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// pages makes a call until a reply names no further page. The token is where the
// request names a page, next is where a reply does.
func pages[In, Out, Options any](ctx context.Context, call operation[In, Out, Options], in *In, token **string, next func(*Out) *string, use func(any) error) error {
	for {
		out, err := call(ctx, in)
		if err := single(out, err, use); err != nil {
			return err
		}
		if *token = next(out); aws.ToString(*token) == "" {
			return nil
		}
	}
}

func single[O any](out *O, err error, use func(any) error) error {
	if err != nil {
		return err
	}
	return use(out)
}

var size1000, size100 = aws.Int32(page1000), aws.Int32(page100)

var fetchers = map[snapshot.Kind]fetch{
	snapshot.VPCs: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeVpcsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeVpcs, in, &in.NextToken, func(out *ec2.DescribeVpcsOutput) *string { return out.NextToken }, use)
	},
	snapshot.Subnets: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeSubnetsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeSubnets, in, &in.NextToken, func(out *ec2.DescribeSubnetsOutput) *string { return out.NextToken }, use)
	},
	snapshot.SubnetCIDRReservations: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.GetSubnetCidrReservationsInput{SubnetId: &q.id, MaxResults: size1000}
		return pages(ctx, api.GetSubnetCidrReservations, in, &in.NextToken, func(out *ec2.GetSubnetCidrReservationsOutput) *string { return out.NextToken }, use)
	},
	snapshot.Endpoints: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeVpcEndpointsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeVpcEndpoints, in, &in.NextToken, func(out *ec2.DescribeVpcEndpointsOutput) *string { return out.NextToken }, use)
	},
	snapshot.Interfaces:     fetchInterfaces,
	snapshot.SecurityGroups: fetchGroups,
	snapshot.SecurityGroupRules: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.DescribeSecurityGroupRulesInput{MaxResults: size1000, Filters: filter("group-id", q.groups)}
		return pages(ctx, api.DescribeSecurityGroupRules, in, &in.NextToken, func(out *ec2.DescribeSecurityGroupRulesOutput) *string { return out.NextToken }, use)
	},
	snapshot.SecurityGroupVPCAssociations: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.DescribeSecurityGroupVpcAssociationsInput{MaxResults: size1000, Filters: filter("group-id", q.groups)}
		return pages(ctx, api.DescribeSecurityGroupVpcAssociations, in, &in.NextToken, func(out *ec2.DescribeSecurityGroupVpcAssociationsOutput) *string { return out.NextToken }, use)
	},
	snapshot.PrefixLists: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeManagedPrefixListsInput{MaxResults: size100}
		return pages(ctx, api.DescribeManagedPrefixLists, in, &in.NextToken, func(out *ec2.DescribeManagedPrefixListsOutput) *string { return out.NextToken }, use)
	},
	snapshot.PrefixListEntries: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.GetManagedPrefixListEntriesInput{PrefixListId: &q.id, MaxResults: size100}
		return pages(ctx, api.GetManagedPrefixListEntries, in, &in.NextToken, func(out *ec2.GetManagedPrefixListEntriesOutput) *string { return out.NextToken }, use)
	},
	snapshot.NetworkACLs: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.DescribeNetworkAclsInput{MaxResults: size1000, Filters: filter("vpc-id", q.vpcs)}
		return pages(ctx, api.DescribeNetworkAcls, in, &in.NextToken, func(out *ec2.DescribeNetworkAclsOutput) *string { return out.NextToken }, use)
	},
	snapshot.RouteTables: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.DescribeRouteTablesInput{MaxResults: size100, Filters: filter("vpc-id", q.vpcs)}
		return pages(ctx, api.DescribeRouteTables, in, &in.NextToken, func(out *ec2.DescribeRouteTablesOutput) *string { return out.NextToken }, use)
	},
	snapshot.Peerings: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeVpcPeeringConnectionsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeVpcPeeringConnections, in, &in.NextToken, func(out *ec2.DescribeVpcPeeringConnectionsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGateways: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeTransitGatewaysInput{MaxResults: size1000}
		return pages(ctx, api.DescribeTransitGateways, in, &in.NextToken, func(out *ec2.DescribeTransitGatewaysOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayAttachments: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeTransitGatewayAttachmentsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeTransitGatewayAttachments, in, &in.NextToken, func(out *ec2.DescribeTransitGatewayAttachmentsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayVPCAttachments: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeTransitGatewayVpcAttachmentsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeTransitGatewayVpcAttachments, in, &in.NextToken, func(out *ec2.DescribeTransitGatewayVpcAttachmentsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayPeerings: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeTransitGatewayPeeringAttachmentsInput{MaxResults: size1000}
		return pages(ctx, api.DescribeTransitGatewayPeeringAttachments, in, &in.NextToken, func(out *ec2.DescribeTransitGatewayPeeringAttachmentsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayRouteTables: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeTransitGatewayRouteTablesInput{MaxResults: size1000}
		return pages(ctx, api.DescribeTransitGatewayRouteTables, in, &in.NextToken, func(out *ec2.DescribeTransitGatewayRouteTablesOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayAssociations: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.GetTransitGatewayRouteTableAssociationsInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000}
		return pages(ctx, api.GetTransitGatewayRouteTableAssociations, in, &in.NextToken, func(out *ec2.GetTransitGatewayRouteTableAssociationsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayPropagations: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.GetTransitGatewayRouteTablePropagationsInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000}
		return pages(ctx, api.GetTransitGatewayRouteTablePropagations, in, &in.NextToken, func(out *ec2.GetTransitGatewayRouteTablePropagationsOutput) *string { return out.NextToken }, use)
	},
	snapshot.TransitGatewayRoutes: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.SearchTransitGatewayRoutesInput{TransitGatewayRouteTableId: &q.id, MaxResults: size1000, Filters: filter("state", []string{"active", "blackhole"})}
		return pages(ctx, api.SearchTransitGatewayRoutes, in, &in.NextToken, func(out *ec2.SearchTransitGatewayRoutesOutput) *string { return out.NextToken }, use)
	},
	snapshot.VPNGateways: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		out, err := api.DescribeVpnGateways(ctx, &ec2.DescribeVpnGatewaysInput{})
		return single(out, err, use)
	},
	snapshot.VPNConnections: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		out, err := api.DescribeVpnConnections(ctx, &ec2.DescribeVpnConnectionsInput{})
		return single(out, err, use)
	},
	snapshot.NATGateways: func(ctx context.Context, api *ec2.Client, _ query, use func(any) error) error {
		in := &ec2.DescribeNatGatewaysInput{MaxResults: size1000}
		return pages(ctx, api.DescribeNatGateways, in, &in.NextToken, func(out *ec2.DescribeNatGatewaysOutput) *string { return out.NextToken }, use)
	},
	snapshot.Instances: func(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
		in := &ec2.DescribeInstancesInput{MaxResults: size1000, Filters: filter("instance-id", q.instances)}
		return pages(ctx, api.DescribeInstances, in, &in.NextToken, func(out *ec2.DescribeInstancesOutput) *string { return out.NextToken }, use)
	},
}

// fetchGroups reads the groups of the VPCs and, where a group that was asked for
// by id is not among them, looks for it in the whole Region: a group of another
// VPC is a different mistake from one that does not exist.
func fetchGroups(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
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
	describeBy := func(by string, values []string, use func(any) error) error {
		in := &ec2.DescribeSecurityGroupsInput{MaxResults: size1000, Filters: filter(by, values)}
		return pages(ctx, api.DescribeSecurityGroups, in, &in.NextToken, func(out *ec2.DescribeSecurityGroupsOutput) *string { return out.NextToken }, use)
	}
	if err := describeBy("vpc-id", q.vpcs, note); err != nil {
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
	return describeBy("group-id", rest, use)
}

// fetchInterfaces reads the interfaces of the VPCs and, where one that was asked for by
// id is not among them, looks for it in the whole Region: those of a file system's tasks
// are in its VPC, and one may be gone.
func fetchInterfaces(ctx context.Context, api *ec2.Client, q query, use func(any) error) error {
	missing := map[string]bool{}
	for _, id := range q.interfaces {
		missing[id] = true
	}
	fetch := func(by string, values []string) error {
		in := &ec2.DescribeNetworkInterfacesInput{MaxResults: size1000, Filters: filter(by, values)}
		return pages(ctx, api.DescribeNetworkInterfaces, in, &in.NextToken, func(out *ec2.DescribeNetworkInterfacesOutput) *string { return out.NextToken }, func(out any) error {
			if page, ok := out.(*ec2.DescribeNetworkInterfacesOutput); ok {
				for _, i := range page.NetworkInterfaces {
					delete(missing, aws.ToString(i.NetworkInterfaceId))
				}
			}
			return use(out)
		})
	}
	if err := fetch("vpc-id", q.vpcs); err != nil || filter("vpc-id", q.vpcs) == nil {
		return err
	}
	for rest := range slices.Chunk(slices.Sorted(maps.Keys(missing)), maxFilterValues) {
		if err := fetch("network-interface-id", rest); err != nil {
			return err
		}
	}
	return nil
}
