package resource

import (
	"slices"
	"strconv"
	"strings"
)

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
