package resource

import (
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// fleetTypes launch instances and containers by themselves, as many as they find good:
// how many addresses these take of the subnets that are named is open.
func fleetTypes() []Type {
	return []Type{
		fleet("aws_autoscaling_group", "AWS::AutoScaling::AutoScalingGroup"),
		fleet("aws_batch_compute_environment", "AWS::Batch::ComputeEnvironment"),
		fleet("aws_ec2_fleet", "AWS::EC2::EC2Fleet"),
		fleet("aws_ecs_service", "AWS::ECS::Service"),
		fleet("aws_eks_node_group", "AWS::EKS::Nodegroup"),
		fleet("aws_emr_cluster", "AWS::EMR::Cluster"),
		fleet("aws_spot_fleet_request", "AWS::EC2::SpotFleet"),
	}
}

func fleet(name, inTemplates string) Type {
	return Type{
		Name: name, Rank: rankInterface, Kinds: []snapshot.Kind{snapshot.Subnets}, Put: putFleet,
		CloudFormation: []Words{{Type: inTemplates, More: func(o *Object, properties map[string]any) { o.Attributes["properties"] = properties }}},
	}
}

func putFleet(w *World, before, o *Object) {
	changed := func(name string) bool { return !strings.HasPrefix(name, "tags") && !Same(before, o, name) }
	if !slices.ContainsFunc(slices.Collect(maps.Keys(o.Attributes)), changed) {
		return
	}
	for _, id := range IDsIn(o.Attributes, w.IsNew, nil) {
		w.takeUncounted(id, snapshot.Pending(o.Address))
	}
}
