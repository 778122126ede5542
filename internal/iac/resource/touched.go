package resource

import (
	"slices"
	"strings"
	"sync"

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

// Holders are the types that hold resources which a template does not show.
var Holders = []string{
	"AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet", "AWS::Serverless::Application", "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
	"AWS::ServiceCatalog::CloudFormationProduct", "AWS::Proton::ServiceInstance",
}

// Holds reports whether a type of resource holds others: stacks, stack sets and
// modules.
func Holds(kind string) bool {
	return slices.Contains(Holders, kind) || strings.HasSuffix(kind, "::MODULE")
}

// Runners are the types, in the words of either tool, that call the APIs of AWS or run
// something of the user's, at once or later: they may do anything to what they name.
var Runners = []string{
	"AWS::Config::RemediationConfiguration", "aws_config_remediation_configuration", "AWS::Events::Rule", "aws_cloudwatch_event_target", "aws_lambda_invocation",
	"AWS::Scheduler::Schedule", "aws_scheduler_schedule", "AWS::SSM::Association", "aws_ssm_association", "AWS::SSM::MaintenanceWindowTask", "aws_ssm_maintenance_window_task",
	"AWS::StepFunctions::StateMachine", "aws_sfn_state_machine", "restapi_object", "shell_script", "shell_script_resource",
}

// Foreign reports whether what a type of resource does, in CloudFormation's words, is
// not known here: that is up to its provider, or it is a newer one of AWS's network.
func Foreign(kind string) bool {
	_, modelled := Types().CloudFormation[kind]
	return !modelled && !Holds(kind) && (!strings.HasPrefix(kind, "AWS::") || kind == "AWS::CloudFormation::CustomResource" || slices.Contains(Runners, kind) || Unread(kind))
}

// ofNetworks are how the types begin that make networks, in the words of either tool and
// of the Cloud Control provider.
var ofNetworks = []string{
	"aws_vpc_", "aws_network_acl", "aws_network_interface", "aws_route_", "aws_security_group", "aws_subnet", "aws_default_", "aws_nat_gateway", "aws_internet_gateway",
	"aws_ec2_transit_gateway", "aws_ec2_managed_prefix_list", "aws_vpn_", "aws_dx_", "aws_networkmanager_",
	"AWS::EC2::", "AWS::NetworkManager::", "AWS::DirectConnect::", "awscc_ec2_", "awscc_networkmanager_", "awscc_directconnect_",
}

// passive are types of these that name what the path depends on and change none of it.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
var passive = []string{
	"aws_vpc_endpoint_connection_accepter", "aws_vpc_endpoint_connection_notification", "aws_network_interface_permission", "aws_networkmanager_transit_gateway_registration",
	"aws_ec2_transit_gateway_multicast_domain", "aws_ec2_transit_gateway_multicast_domain_association", "aws_ec2_transit_gateway_multicast_group_member", "aws_ec2_transit_gateway_multicast_group_source",
}

// Passive are the same in templates: all of these that touch no path, with those that
// name nothing of it.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
var Passive = sync.OnceValue(func() []string {
	var out []string
	for service, names := range map[string]string{
		"EC2": "CapacityManagerDataExport CapacityReservation CapacityReservationFleet CarrierGateway ClientVpnAuthorizationRule ClientVpnEndpoint ClientVpnRoute ClientVpnTargetNetworkAssociation " +
			"CustomerGateway DHCPOptions EIP EIPAssociation EgressOnlyInternetGateway EnclaveCertificateIamRoleAssociation FlowLog Host IPAM IPAMAllocation IPAMPool IPAMPoolCidr IPAMResourceDiscovery " +
			"IPAMResourceDiscoveryAssociation IPAMScope InstanceConnectEndpoint KeyPair LaunchTemplate NetworkInsightsAccessScope NetworkInsightsAccessScopeAnalysis NetworkInsightsAnalysis " +
			"NetworkInsightsPath NetworkInterfacePermission NetworkPerformanceMetricSubscription PlacementGroup SnapshotBlockPublicAccess SqlHaStandbyDetectedInstance SubnetCidrBlock TrafficMirrorFilter " +
			"TrafficMirrorFilterRule TrafficMirrorSession TrafficMirrorTarget TransitGatewayMeteringPolicy TransitGatewayMeteringPolicyEntry TransitGatewayMulticastDomain " +
			"TransitGatewayMulticastDomainAssociation TransitGatewayMulticastGroupMember TransitGatewayMulticastGroupSource VPCBlockPublicAccessExclusion VPCBlockPublicAccessOptions " +
			"VPCDHCPOptionsAssociation VPCEndpointConnectionNotification VPCEndpointService VPCEndpointServicePermissions VerifiedAccessEndpoint VerifiedAccessGroup VerifiedAccessInstance " +
			"VerifiedAccessTrustProvider Volume VolumeAttachment",
		"NetworkManager": "CoreNetworkPrefixListAssociation CustomerGatewayAssociation Device GlobalNetwork Link LinkAssociation Site TransitGatewayRegistration",
		"DirectConnect":  "Connection DirectConnectGateway Lag PublicVirtualInterface",
	} {
		for _, name := range strings.Fields(names) {
			out = append(out, "AWS::"+service+"::"+name)
		}
	}
	return out
})

// Unread reports whether a type makes networks and nothing is known of it: newer ones
// come with every version of the tools.
func Unread(kind string) bool {
	_, opaque := Types().UnmodelledInCloudFormation[kind]
	_, modelled := Types().CloudFormation[kind]
	return slices.ContainsFunc(ofNetworks, func(begins string) bool { return strings.HasPrefix(kind, begins) }) &&
		!opaque && !modelled && !slices.Contains(passive, kind) && !slices.Contains(Passive(), kind) && !slices.ContainsFunc(Types().all, func(t Type) bool { return t.Name == kind })
}
