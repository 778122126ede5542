package resource

import (
	"cmp"
	"slices"
	"strings"
)

// standingForOthersTypes hold resources that are not seen in them: stacks, products and
// modules.
func standingForOthersTypes() []Type {
	return slices.Concat(
		marked(Type{Holds: true, Yields: true},
			"aws_cloudformation_stack AWS::CloudFormation::Stack",
		),
		marked(Type{Opaque: true, Holds: true, Kinds: Everything},
			"aws_cloudformation_stack_set AWS::CloudFormation::StackSet",
		),
		marked(Type{Opaque: true, Kinds: Everything},
			"aws_cloudformation_stack_set_instance",
		),
		marked(Type{Opaque: true, Yields: true, Kinds: Everything},
			"aws_cloudformation_stack_instances",
		),
		marked(Type{Opaque: true, Holds: true, Yields: true, Kinds: Everything},
			"aws_servicecatalog_provisioned_product AWS::ServiceCatalog::CloudFormationProvisionedProduct",
		),
		marked(Type{Holds: true},
			"AWS::ServiceCatalog::CloudFormationProduct",
			"AWS::Serverless::Application",
			"AWS::Proton::ServiceInstance",
		),
	)
}

// runningTypes call the APIs of AWS or run something of the user's, or hand on what
// others said.
func runningTypes() []Type {
	return slices.Concat(
		marked(Type{Runs: true},
			"aws_config_remediation_configuration AWS::Config::RemediationConfiguration",
			"aws_config_conformance_pack AWS::Config::ConformancePack",
			"aws_config_organization_conformance_pack AWS::Config::OrganizationConformancePack",
			"aws_fis_experiment_template AWS::FIS::ExperimentTemplate",
			"aws_pipes_pipe AWS::Pipes::Pipe",
			"aws_cloudwatch_event_target AWS::Events::Rule",
			"aws_scheduler_schedule AWS::Scheduler::Schedule",
			"aws_ssm_association AWS::SSM::Association",
			"aws_ssm_maintenance_window_task AWS::SSM::MaintenanceWindowTask",
			"aws_sfn_state_machine AWS::StepFunctions::StateMachine",
			"shell_script_resource",
		),
		marked(Type{Runs: true, Yields: true, RunsRead: always},
			"aws_lambda_invocation",
			"shell_script",
		),
		marked(Type{Runs: true, Yields: true},
			"restapi_object",
		),
		marked(Type{RunsRead: always},
			"external",
		),
		marked(Type{Yields: true},
			"aws_cloudcontrolapi_resource",
			"random_shuffle",
			"terraform_data",
			"time_sleep",
		),
		marked(Type{Yields: true, Addressless: true}, "aws_ssm_parameter"),
		[]Type{{Name: "http", RunsRead: func(o *Object) bool { m := o.Known("method"); return m != "" && m != "GET" && m != "HEAD" }}}, // it may send
	)
}

func always(*Object) bool { return true }

// sharingTypes share with another account, or cease to.
func sharingTypes() []Type {
	return marked(Type{Shares: true}, "aws_ram_resource_association", "aws_ram_principal_association", "aws_ram_resource_share AWS::RAM::ResourceShare")
}

// passiveTypes are called as those that make networks, name what the path depends on
// and change none of it.
// Sources: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
func passiveTypes() []Type {
	out := marked(Type{Passive: true},
		"aws_vpc_endpoint_connection_accepter",
		"aws_vpc_endpoint_connection_notification AWS::EC2::VPCEndpointConnectionNotification",
		"aws_network_interface_permission AWS::EC2::NetworkInterfacePermission",
		"aws_networkmanager_transit_gateway_registration AWS::NetworkManager::TransitGatewayRegistration",
		"aws_ec2_transit_gateway_multicast_domain AWS::EC2::TransitGatewayMulticastDomain",
		"aws_ec2_transit_gateway_multicast_domain_association AWS::EC2::TransitGatewayMulticastDomainAssociation",
		"aws_ec2_transit_gateway_multicast_group_member AWS::EC2::TransitGatewayMulticastGroupMember",
		"aws_ec2_transit_gateway_multicast_group_source AWS::EC2::TransitGatewayMulticastGroupSource",
	)
	for _, of := range passiveInTemplates {
		for _, name := range strings.Fields(of.names) {
			out = append(out, marked(Type{Passive: true}, "AWS::"+of.service+"::"+name)...)
		}
	}
	return out
}

// passiveInTemplates are those of CloudFormation that are not called so in Terraform,
// with those that name nothing of the path.
var passiveInTemplates = []struct{ service, names string }{
	{"EC2", "CapacityManagerDataExport CapacityReservation CapacityReservationFleet CarrierGateway ClientVpnAuthorizationRule ClientVpnEndpoint ClientVpnRoute ClientVpnTargetNetworkAssociation " +
		"CustomerGateway DHCPOptions EIP EIPAssociation EnclaveCertificateIamRoleAssociation Host IPAM IPAMAllocation IPAMPool IPAMPoolCidr IPAMResourceDiscovery " +
		"IPAMResourceDiscoveryAssociation IPAMScope KeyPair NetworkInsightsAccessScope NetworkInsightsAccessScopeAnalysis NetworkInsightsAnalysis " +
		"NetworkInsightsPath NetworkPerformanceMetricSubscription PlacementGroup SnapshotBlockPublicAccess SqlHaStandbyDetectedInstance TrafficMirrorFilter " +
		"TrafficMirrorFilterRule TrafficMirrorSession TrafficMirrorTarget TransitGatewayMeteringPolicy TransitGatewayMeteringPolicyEntry " +
		"VPCBlockPublicAccessOptions " +
		"VPCDHCPOptionsAssociation VPCEndpointService VPCEndpointServicePermissions VerifiedAccessEndpoint VerifiedAccessGroup VerifiedAccessInstance " +
		"VerifiedAccessTrustProvider Volume VolumeAttachment"},
	{"NetworkManager", "CoreNetworkPrefixListAssociation CustomerGatewayAssociation Device GlobalNetwork Link LinkAssociation Site "},
	{"DirectConnect", "Connection DirectConnectGateway Lag PublicVirtualInterface"},
}

// dataTypes are data sources that are often read during apply and never tell the id of
// anything on the path.
func dataTypes() []Type {
	return append(
		marked(Type{Idless: true}, strings.Fields(idless)...),
		Type{Name: "aws_caller_identity", Idless: true, Tells: func(o *Object) (account, region string) { return o.Location.Account, "" }},
		Type{Name: "aws_region", Idless: true, Tells: func(o *Object) (account, region string) { return "", cmp.Or(o.Known("region"), o.Known("name")) }},
	)
}

const idless = "aws_ami aws_availability_zone aws_availability_zones aws_default_tags aws_ecr_authorization_token aws_eks_cluster_auth aws_kms_alias aws_kms_key aws_partition " +
	"aws_route53_zone aws_s3_bucket aws_service_principal archive_file template_file tls_certificate"
