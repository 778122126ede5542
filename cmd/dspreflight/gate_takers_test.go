package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	ofTasks     = "subnet-0da1b2c3d4e5f6071" // 250 of its addresses are free, and the tasks of the healthy estate need 8
	elsewhereID = "subnet-0db1b2c3d4e5f6072"
)

// TestWhatTakesAddresses makes, in the subnet of the tasks, what takes addresses of which
// it is not known how many. Where they can't matter nothing is said.
func TestWhatTakesAddresses(t *testing.T) {
	type of = map[string]any
	in := func(ids ...any) of { return of{"subnets": ids} }
	through := func(reference string) of {
		return of{"references": []any{reference, reference[:strings.LastIndex(reference, ".")]}}
	}
	const rds, group = "aws_db_instance", "aws_db_subnet_group"
	for name, tt := range map[string]struct {
		kind          string
		many          int
		before, after of
		open          of   // what is known only after apply
		says          of   // how the configuration says it
		beside        of   // what lists subnets
		scales        bool // what scales services is beside it
		code          int
		want          string
	}{
		"a load balancer":                       {kind: "aws_lb", many: 1, after: in(ofTasks), want: "1 of 1 changes touch this target"},
		"load balancers":                        {kind: "aws_lb", many: 3, after: in(ofTasks), code: 3, want: "ddresses of " + ofTasks + " (250 free, 8 needed) go to aws_lb.x[0], aws_lb.x[1], aws_lb.x[2], and how many is not worked out"},
		"more of them than are named":           {kind: "aws_lb", many: 9, after: in(ofTasks), code: 3, want: "aws_lb.x[4], aws_lb.x[5], and how many is not worked out"},
		"load balancers elsewhere":              {kind: "aws_lb", many: 3, after: in(elsewhereID), want: "breaks nothing"},
		"a kind that nobody knows":              {kind: "aws_marvel", many: 3, after: of{"a": []any{of{"b": "arn:aws:ec2:us-east-1:111122223333:subnet/" + ofTasks}}}, code: 3, want: "aws_marvel.x[0]"},
		"of Cloud Control":                      {kind: "awscc_marvel_thing", many: 3, after: in(ofTasks), code: 3, want: "awscc_marvel_thing.x[0]"},
		"a fleet by its state":                  {kind: "aws_cloudcontrolapi_resource", many: 1, after: of{"type_name": "AWS::AutoScaling::AutoScalingGroup", "desired_state": `{"VPCZoneIdentifier":["` + ofTasks + `"]}`}, code: 3, want: "aws_cloudcontrolapi_resource.x[0]"},
		"of a cluster":                          {kind: "kubernetes_service", many: 3, after: of{"annotations": of{"subnets": ofTasks + "," + elsewhereID}}, code: 3, want: "kubernetes_service.x[0]"},
		"functions":                             {kind: "aws_lambda_function", many: 9, after: of{"vpc_config": []any{of{"subnet_ids": []any{ofTasks}}}}, want: "breaks nothing"},
		"many functions, which share":           {kind: "aws_lambda_function", many: 40, after: of{"vpc_config": []any{of{"subnet_ids": []any{ofTasks}}}}, want: "breaks nothing"},
		"more functions than shares":            {kind: "aws_lambda_function", many: 240, after: of{"vpc_config": []any{of{"subnet_ids": []any{ofTasks}}}}, code: 3, want: "aws_lambda_function.x[0]"},
		"tasks on Fargate":                      {kind: "aws_ecs_service", many: 3, after: of{"launch_type": "FARGATE", "desired_count": 4, "network_configuration": []any{in(ofTasks)}}, want: "breaks nothing"},
		"tasks of Fargate's providers":          {kind: "aws_ecs_service", many: 1, after: of{"capacity_provider_strategy": []any{of{"capacity_provider": "FARGATE_SPOT"}}, "desired_count": 4, "subnets": []any{ofTasks}}, want: "breaks nothing"},
		"an image on Fargate":                   {kind: "aws_ecs_service", many: 1, before: of{"launch_type": "FARGATE", "desired_count": 4, "task_definition": "a:1", "subnets": []any{ofTasks}}, after: of{"launch_type": "FARGATE", "desired_count": 4, "task_definition": "a:2", "subnets": []any{ofTasks}}, want: "breaks nothing"},
		"many tasks on Fargate":                 {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "FARGATE", "desired_count": 64, "subnets": []any{ofTasks}}, code: 3, want: "aws_ecs_service.x[0]"},
		"tasks with a large deployment":         {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "FARGATE", "desired_count": 4, "deployment_maximum_percent": 4000, "subnets": []any{ofTasks}}, code: 3, want: "aws_ecs_service.x[0]"},
		"tasks, how many is told later":         {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "FARGATE", "subnets": []any{ofTasks}}, open: of{"desired_count": true}, code: 3, want: "aws_ecs_service.x[0]"},
		"tasks that are scaled":                 {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "FARGATE", "desired_count": 4, "subnets": []any{ofTasks}}, scales: true, code: 3, want: "aws_ecs_service.x[0]"},
		"sets of tasks":                         {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "FARGATE", "desired_count": 4, "deployment_controller": []any{of{"type": "EXTERNAL"}}, "subnets": []any{ofTasks}}, code: 3, want: "aws_ecs_service.x[0]"},
		"a task on each instance":               {kind: "aws_ecs_service", many: 1, after: of{"launch_type": "EC2", "desired_count": 4, "subnets": []any{ofTasks}}, code: 3, want: "aws_ecs_service.x[0]"},
		"a service of containers":               {kind: "aws_ecs_service", many: 1, after: in(ofTasks), code: 3, want: "aws_ecs_service.x[0]"},
		"tags and logs":                         {kind: "aws_ec2_tag", many: 9, after: of{"resource_id": ofTasks}, want: "0 of 9 changes touch this target"},
		"texts that name it":                    {kind: "aws_s3_object", many: 9, after: of{"content": `{"subnet":"` + ofTasks + `"}`}, want: "0 of 9 changes touch this target"},
		"a tag of a fleet":                      {kind: "aws_autoscaling_group", many: 1, before: of{"vpc_zone_identifier": []any{ofTasks}, "instance_refresh": []any{}, "tag": []any{of{"key": "a"}}}, after: of{"vpc_zone_identifier": []any{ofTasks}, "instance_refresh": []any{}, "tag": []any{of{"key": "b"}}}, want: "breaks nothing"},
		"a tag that may refresh a fleet":        {kind: "aws_autoscaling_group", many: 1, before: of{"vpc_zone_identifier": []any{ofTasks}, "tag": []any{of{"key": "a"}}}, after: of{"vpc_zone_identifier": []any{ofTasks}, "instance_refresh": []any{of{"triggers": []any{"tag"}}}, "tag": []any{of{"key": "b"}}}, code: 3, want: "aws_autoscaling_group.x[0]"},
		"what has it in its tags":               {kind: "aws_lb", many: 9, after: of{"tags": of{"beside": ofTasks}, "tags_all": of{"beside": ofTasks}}, want: "0 of 9 changes touch this target"},
		"pointed at it":                         {kind: "aws_lb", many: 3, before: in(elsewhereID), after: in(elsewhereID, ofTasks), code: 3, want: "aws_lb.x[0]"},
		"there already":                         {kind: "aws_lb", many: 3, before: in(ofTasks), after: of{"subnets": []any{ofTasks}, "idle_timeout": 5}, want: "breaks nothing"},
		"there already, and more of it":         {kind: "aws_msk_cluster", many: 3, before: of{"subnets": []any{ofTasks}, "number_of_broker_nodes": 3}, after: of{"subnets": []any{ofTasks}, "number_of_broker_nodes": 6}, code: 3, want: "aws_msk_cluster.x[0]"},
		"in a group":                            {kind: rds, many: 3, after: of{"db_subnet_group_name": "g"}, beside: of{"name": "g", "subnet_ids": []any{ofTasks}}, code: 3, want: "aws_db_instance.x[0]"},
		"in a group elsewhere":                  {kind: rds, many: 3, after: of{"db_subnet_group_name": "g"}, beside: of{"name": "g", "subnet_ids": []any{elsewhereID}}, want: "0 of 4 changes touch this target"},
		"in a group that nobody tells":          {kind: rds, many: 3, after: of{"db_subnet_group_name": "h"}, beside: of{"name": "g", "subnet_ids": []any{elsewhereID}}, code: 3, want: "aws_db_instance.x[0]"},
		"in a group that is named later":        {kind: rds, many: 3, after: of{}, open: of{"db_subnet_group_name": true}, says: of{"db_subnet_group_name": through(group + ".g.name")}, beside: of{"subnet_ids": []any{ofTasks}}, code: 3, want: "aws_db_instance.x[0]"},
		"in a group elsewhere, named later":     {kind: rds, many: 3, after: of{}, open: of{"db_subnet_group_name": true}, says: of{"db_subnet_group_name": through(group + ".g.name")}, beside: of{"subnet_ids": []any{elsewhereID}}, want: "0 of 4 changes touch this target"},
		"in a subnet that is nowhere":           {kind: "aws_ecs_service", many: 1, after: of{"network_configuration": []any{of{}}}, open: of{"network_configuration": []any{of{"subnets": true}}}, says: of{"network_configuration": []any{of{"subnets": through("aws_subnet.n.id")}}}, code: 3, want: "aws_ecs_service.x[0]"},
		"what is known, beside what is not":     {kind: "aws_ecs_service", many: 1, after: of{"network_configuration": []any{of{"subnets": []any{elsewhereID}}}}, open: of{"network_configuration": []any{of{"groups": true}}}, says: of{"network_configuration": []any{of{"subnets": through("var.subnets"), "groups": through("aws_security_group.n.id")}}}, want: "0 of 1 changes touch this target"},
		"a provider that reaches nothing of it": {kind: "random_id", many: 9, after: of{"keepers": of{"subnet": ofTasks}}, want: "0 of 9 changes touch this target"},
	} {
		t.Run(name, func(t *testing.T) {
			action, open := "create", of{"id": true}
			if tt.before != nil {
				action, open = "update", of{}
			}
			maps.Copy(open, tt.open)
			provider := map[string]string{"kubernetes_service": "kubernetes", "awscc_marvel_thing": "awscc", "random_id": "random"}[tt.kind]
			if provider == "" {
				provider = "aws"
			}
			var changes []any
			for i := range tt.many {
				before, after := maps.Clone(tt.before), maps.Clone(tt.after)
				if before != nil {
					before["id"], after["id"] = fmt.Sprint("i", i), fmt.Sprint("i", i)
				}
				changes = append(changes, of{
					"address": fmt.Sprintf("%s.x[%d]", tt.kind, i), "mode": "managed", "type": tt.kind, "name": "x", "index": i, "provider_name": "registry.terraform.io/hashicorp/" + provider,
					"change": of{"actions": []string{action}, "before": orNull(before), "after": after, "after_unknown": open},
				})
			}
			config := func(kind, name string, says of) of {
				return of{"address": kind + "." + name, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws", "expressions": says}
			}
			configs := []any{config(tt.kind, "x", tt.says)}
			if tt.beside != nil {
				changes = append(changes, of{
					"address": group + ".g", "mode": "managed", "type": group, "name": "g", "provider_name": "registry.terraform.io/hashicorp/aws",
					"change": of{"actions": []string{"create"}, "before": nil, "after": tt.beside, "after_unknown": of{"id": true}},
				})
				configs = append(configs, config(group, "g", nil))
			}
			if tt.scales {
				changes = append(changes, of{
					"address": "aws_appautoscaling_target.s", "mode": "managed", "type": "aws_appautoscaling_target", "name": "s", "provider_name": "registry.terraform.io/hashicorp/aws",
					"change": of{"actions": []string{"create"}, "before": nil, "after": of{"max_capacity": 900}, "after_unknown": of{"id": true}},
				})
			}
			body, err := json.Marshal(of{
				"format_version": "1.2", "complete": true, "resource_changes": changes,
				"configuration": of{"provider_config": of{"aws": of{"name": "aws", "expressions": of{"region": of{"constant_value": "us-east-1"}}}}, "root_module": of{"resources": configs}},
			})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "plan.json")
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--plan", file), tt.code, tt.want)
		})
	}
}

// TestWhatTakesAddressesInTemplates is the same in the words of CloudFormation.
func TestWhatTakesAddressesInTemplates(t *testing.T) {
	many := func(n int, resource string) string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf(`"A%d":%s`, i, resource))
		}
		return strings.Join(out, ",")
	}
	balancer := func(subnet string) string {
		return `{"Type":"AWS::ElasticLoadBalancingV2::LoadBalancer","Properties":{"Subnets":[` + subnet + `],"Tags":[{"Key":"beside","Value":"` + ofTasks + `"}]}}`
	}
	group := func(subnet string) string {
		return `,"G":{"Type":"AWS::RDS::DBSubnetGroup","Properties":{"DBSubnetGroupName":"g","SubnetIds":["` + subnet + `"]}}`
	}
	const (
		fleet     = `{"Type":"AWS::AutoScaling::AutoScalingGroup",%s"Properties":{"VPCZoneIdentifier":%s}}`
		perhaps   = `"Parameters":{"P":{"Type":"String"},"L":{"Type":"CommaDelimitedList"},"S":{"Type":"List<AWS::EC2::Subnet::Id>"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},`
		fargate   = `{"Type":"AWS::ECS::Service","Properties":{"LaunchType":"FARGATE","DesiredCount":"4","DeploymentConfiguration":{"MaximumPercent":200},"NetworkConfiguration":{"AwsvpcConfiguration":{"Subnets":["` + ofTasks + `"]}}}}`
		inGroup   = `{"Type":"AWS::RDS::DBInstance","Properties":{"DBSubnetGroupName":%s}}`
		inCluster = `{"Type":"AWS::RDS::DBInstance","Properties":{"DBClusterIdentifier":{"Ref":"C"}}}`
		cluster   = `,"C":{"Type":"AWS::RDS::DBCluster","Properties":{"DBSubnetGroupName":{"Ref":"G"}}}`
	)
	here := `["` + ofTasks + `"]`
	for name, tt := range map[string]struct {
		top, resources string
		code           int
		want           string
	}{
		"a load balancer":                  {"", many(1, balancer(`"`+ofTasks+`"`)), 0, "1 of 1 changes touch this target"},
		"load balancers":                   {"", many(3, balancer(`"`+ofTasks+`"`)), 3, "go to A0, A1, A2"},
		"load balancers elsewhere":         {"", many(3, balancer(`"`+elsewhereID+`"`)), 0, "0 of 3 changes touch this target"},
		"a fleet that is told later":       {perhaps, many(1, fmt.Sprintf(fleet, "", `{"Ref":"S"}`)), 3, "subnet-free-ips"},
		"a fleet of what is exported":      {"", many(1, fmt.Sprintf(fleet, "", `[{"Fn::ImportValue":"s"}]`)), 3, "subnet-free-ips"},
		"a fleet that may be":              {perhaps, many(1, fmt.Sprintf(fleet, `"Condition":"C",`, here)), 3, "subnet-free-ips"},
		"tasks on Fargate":                 {"", many(1, fargate), 0, "1 of 1 changes touch this target"},
		"tasks that are scaled":            {"", many(1, fargate) + `,"S":{"Type":"AWS::ApplicationAutoScaling::ScalableTarget","Properties":{"MaxCapacity":900}}`, 3, "go to A0"},
		"tasks with a large deployment":    {"", many(1, strings.Replace(fargate, `"MaximumPercent":200`, `"MaximumPercent":4000`, 1)), 3, "go to A0"},
		"fleets of a loop":                 {perhaps, `"Fn::ForEach::A":["N",{"Ref":"L"},{"A${N}":` + fmt.Sprintf(fleet, "", here) + `}]`, 3, "subnet-free-ips"},
		"buckets of a loop":                {perhaps, `"Fn::ForEach::A":["N",{"Ref":"L"},{"A${N}":{"Type":"AWS::S3::Bucket"}}]`, 0, "breaks nothing"},
		"in a group":                       {"", many(3, fmt.Sprintf(inGroup, `{"Ref":"G"}`)) + group(ofTasks), 3, "go to A0, A1, A2"},
		"in a group by its name":           {"", many(3, fmt.Sprintf(inGroup, `"g"`)) + group(ofTasks), 3, "go to A0, A1, A2"},
		"in a group elsewhere":             {"", many(3, fmt.Sprintf(inGroup, `{"Ref":"G"}`)) + group(elsewhereID), 0, "0 of 4 changes touch this target"},
		"in a group that nobody tells":     {"", many(3, fmt.Sprintf(inGroup, `"h"`)) + group(elsewhereID), 3, "go to A0, A1, A2"},
		"in a cluster":                     {"", many(3, inCluster) + cluster + group(ofTasks), 3, "go to A0, A1, A2, C"},
		"what is beside a subnet":          {"", many(3, `{"Type":"AWS::EC2::Volume","Properties":{"AvailabilityZone":{"Fn::GetAtt":["S","AvailabilityZone"]}}}`) + `,"S":{"Type":"AWS::EC2::Subnet","Properties":{"VpcId":"vpc-0d5c1a2b3e4f50617","CidrBlock":"10.20.9.0/28"}}`, 0, "1 of 4 changes touch this target"},
		"an instance of many interfaces":   {"", `"I":{"Type":"AWS::EC2::Instance","Properties":{"NetworkInterfaces":[{"DeviceIndex":"0","SubnetId":"` + elsewhereID + `"},{"DeviceIndex":"1","SubnetId":"` + ofTasks + `","SecondaryPrivateIpAddressCount":242}]}}`, 3, "go to I"},
		"functions that are told together": {`"Transform":"AWS::Serverless-2016-10-31","Globals":{"Function":{"Timeout":9,"VpcConfig":{"SubnetIds":["` + ofTasks + `"]}}},`, many(230, `{"Type":"AWS::Serverless::Function","Properties":{"Handler":"x"}}`), 3, "go to A0"},
		"and are told elsewhere":           {`"Transform":"AWS::Serverless-2016-10-31","Globals":{"Function":{"VpcConfig":{"SubnetIds":["` + elsewhereID + `"]}}},`, many(230, `{"Type":"AWS::Serverless::Function","Properties":{"Handler":"x","VpcConfig":{"SecurityGroupIds":[]}}}`), 0, "breaks nothing"},
		"an interface of many addresses":   {"", `"I":{"Type":"AWS::EC2::NetworkInterface","Properties":{"SubnetId":"` + ofTasks + `","PrivateIpAddresses":[` + strings.Repeat(`{"Primary":false,"PrivateIpAddress":"10.20.1.77"},`, 242) + `{"Primary":true,"PrivateIpAddress":"10.20.1.78"}]}}`, 1, "breaks subnet-free-ips"},
		"and beside services that scale":   {"", `"S":{"Type":"AWS::ApplicationAutoScaling::ScalableTarget","Properties":{}},"I":{"Type":"AWS::EC2::Instance","Properties":{"NetworkInterfaces":[{"DeviceIndex":"0","SubnetId":"` + ofTasks + `","SecondaryPrivateIpAddressCount":243}]}}`, 3, "go to I"},
		"an instance of two interfaces":    {"", `"I":{"Type":"AWS::EC2::Instance","Properties":{"NetworkInterfaces":[{"DeviceIndex":"0","SubnetId":"` + ofTasks + `"},{"DeviceIndex":"1","SubnetId":"` + ofTasks + `"}]}}`, 0, "breaks nothing"},
		"launched by a template":           {"", `"L":{"Type":"AWS::EC2::LaunchTemplate","Properties":{"LaunchTemplateData":{"NetworkInterfaces":[{"SubnetId":"` + ofTasks + `"}]}}},"F":{"Type":"AWS::EC2::EC2Fleet","Properties":{"LaunchTemplateConfigs":[{"LaunchTemplateSpecification":{"LaunchTemplateId":{"Ref":"L"}}}]}}`, 3, "go to F"},
		"a gateway with more addresses":    {"", `"N":{"Type":"AWS::EC2::NatGateway","Properties":{"SubnetId":"` + ofTasks + `","SecondaryPrivateIpAddressCount":243}}`, 1, "breaks subnet-free-ips"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "t.json")
			if err := os.WriteFile(file, []byte("{"+tt.top+`"Resources":{`+tt.resources+"}}"), 0o600); err != nil {
				t.Fatal(err)
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--template", file, "--new-stack"), tt.code, tt.want)
		})
	}
	t.Run("there already", func(t *testing.T) {
		dir := t.TempDir()
		write := func(name, resources string) string {
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(`{"Resources":{"V":{"Type":"AWS::EC2::VPC","Properties":{"CidrBlock":"10.99.0.0/16"}},`+resources+"}}"), 0o600); err != nil {
				t.Fatal(err)
			}
			return file
		}
		there, elsewhere := balancer(`"`+ofTasks+`"`), balancer(`"`+elsewhereID+`"`)
		renamed := strings.Replace(there, `"Subnets"`, `"Name":"n","Subnets"`, 1)
		for was, code := range map[string]int{there: 0, elsewhere: 3} {
			out := invoke(t, "check", "--fixture", "healthy", "--template", write("now.json", many(3, renamed)), "--deployed-template", write("was.json", many(3, was)), "--new-stack")
			wants(t, out, code, "changes touch this target")
		}
	})
}
