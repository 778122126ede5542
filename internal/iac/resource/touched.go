package resource

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Everything are the tables of an estate: what may hold any resource touches them
// all.
var Everything = slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool {
	return k == snapshot.CallerIdentity || k == snapshot.PolicySimulation
})

// KindsOf are the tables that a type of resource may touch.
func KindsOf(kind string) []snapshot.Kind {
	if Holds(kind) {
		return Everything
	}
	if w, ok := Types().CloudFormation[kind]; ok {
		return Types().Models[w.Name].Kinds
	}
	return Types().Unmodelled[Types().UnmodelledInCloudFormation[kind]]
}

// Holds reports whether a type of resource holds others: stacks, stack sets and
// modules.
func Holds(kind string) bool {
	return Types().InTemplates(kind).Holds || strings.HasSuffix(kind, "::MODULE")
}

// Foreign reports whether what a type of resource does, in CloudFormation's words, is
// not known here: that is up to its provider, or it is a newer one of AWS's network.
func Foreign(kind string) bool {
	_, modelled := Types().CloudFormation[kind]
	return !modelled && !Holds(kind) && (!strings.HasPrefix(kind, "AWS::") || kind == "AWS::CloudFormation::CustomResource" || Types().InTemplates(kind).Runs || Unread(kind))
}

// ofNetworks are how the types begin that make networks, in the words of either tool and
// of the Cloud Control provider.
var ofNetworks = []string{
	"aws_vpc_", "aws_network_acl", "aws_network_interface", "aws_route_", "aws_security_group", "aws_subnet", "aws_default_", "aws_nat_gateway", "aws_internet_gateway",
	"aws_ec2_transit_gateway", "aws_ec2_managed_prefix_list", "aws_vpn_", "aws_dx_", "aws_networkmanager_",
	"AWS::EC2::", "AWS::NetworkManager::", "AWS::DirectConnect::", "awscc_ec2_", "awscc_networkmanager_", "awscc_directconnect_",
}

// Unread reports whether a type makes networks and nothing is known of it: newer ones
// come with every version of the tools.
func Unread(kind string) bool {
	return slices.ContainsFunc(ofNetworks, func(begins string) bool { return strings.HasPrefix(kind, begins) }) && !Types().Knows(kind)
}
