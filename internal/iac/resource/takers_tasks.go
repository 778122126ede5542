package resource

import (
	"slices"
	"strconv"
	"strings"
)

// TakingOf is Taking for a resource with such values, in the words of either tool; scaled
// tells whether something changes by itself how many there are.
func TakingOf(kind string, values map[string]any, scaled func() bool) int {
	t := Types().Of(kind)
	if t.TakesBy == nil {
		t = Types().InTemplates(kind)
	}
	if t.TakesBy != nil {
		if n, ok := t.TakesBy(values); ok && !scaled() {
			return n
		}
	}
	return Taking(kind)
}

// Scales reports whether a type changes how many tasks a service runs.
func Scales(kind string) bool { return Types().Of(kind).Scales || Types().InTemplates(kind).Scales }

// fargateTasks is how many addresses the tasks of a service take while it is deployed: a
// task has one. A deployment runs up to the maximum percent of the desired tasks, one of
// blue and green tasks twice as many; those that stop hold theirs a while longer.
// Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
func fargateTasks(values map[string]any) (int, bool) {
	of := func(values map[string]any, names ...string) any {
		for _, name := range names {
			if v, ok := values[name]; ok && v != nil {
				return v
			}
		}
		return nil
	}
	if AnyUnknown(of(values, "deployment_controller", "DeploymentController")) || AnyUnknown(of(values, "deployment_configuration", "DeploymentConfiguration")) {
		return 0, false
	}
	for _, name := range []string{"deployment_controller", "DeploymentController"} {
		for _, c := range blocksOf(values[name]) {
			if kind := PlainText(of(c, "type", "Type")); kind != "ECS" && kind != "CODE_DEPLOY" {
				return 0, false // sets of tasks, each of a size of its own
			}
		}
	}
	providers := blocksOf(of(values, "capacity_provider_strategy", "CapacityProviderStrategy"))
	fargate := PlainText(of(values, "launch_type", "LaunchType")) == "FARGATE" || len(providers) > 0
	for _, p := range providers {
		fargate = fargate && slices.Contains([]string{"FARGATE", "FARGATE_SPOT"}, PlainText(of(p, "capacity_provider", "CapacityProvider")))
	}
	desired, err := strconv.Atoi(PlainText(of(values, "desired_count", "DesiredCount")))
	if err != nil || desired < 0 || desired > mostOfOne || !fargate || strings.EqualFold(PlainText(of(values, "scheduling_strategy", "SchedulingStrategy")), "DAEMON") {
		return 0, false
	}
	percent := 200
	most := of(values, "deployment_maximum_percent")
	for _, c := range blocksOf(values["DeploymentConfiguration"]) {
		most = of(c, "MaximumPercent")
	}
	if most != nil {
		given, err := strconv.Atoi(PlainText(most))
		if err != nil || given > mostOfOne*mostOfOne {
			return 0, false
		}
		percent = max(percent, given)
	}
	return 2 * (desired*percent/100 + 1), true
}

// furtherInterfaces is how many addresses an instance of a template takes beside the one of
// its primary interface.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-networkinterface.html
func furtherInterfaces(properties map[string]any) (int, bool) {
	_, own := properties["SubnetId"]
	list, listed := properties["NetworkInterfaces"]
	if _, template := properties["LaunchTemplate"]; AnyUnknown(list) || template && !own && !listed {
		return mostOfOne, true
	}
	n := 0
	for _, one := range blocksOf(list) {
		if one["NetworkInterfaceId"] != nil {
			continue
		}
		if index := PlainText(one["DeviceIndex"]); index != "0" && index != "" {
			n++
		}
		secondary, _ := strconv.Atoi(PlainText(one["SecondaryPrivateIpAddressCount"]))
		prefixes, _ := strconv.Atoi(PlainText(one["Ipv4PrefixCount"]))
		n += max(secondary, len(blocksOf(one["PrivateIpAddresses"]))-1) + 16*max(prefixes, len(blocksOf(one["Ipv4Prefixes"])))
	}
	return n, true
}

// blocksOf is a block, or several.
func blocksOf(v any) []map[string]any {
	var out []map[string]any
	switch v := v.(type) {
	case map[string]any:
		out = append(out, v)
	case []any:
		for _, e := range v {
			out = append(out, AsMap(e))
		}
	}
	return out
}
