package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatElseAPlanHolds reads what a plan holds beside changes: actions that it
// invokes, the identity that made it, a change that is put off, and two changes that
// contradict each other.
func TestWhatElseAPlanHolds(t *testing.T) {
	const aws = `"mode":"managed","provider_name":"registry.terraform.io/hashicorp/aws"`
	bucket := `{"address":"aws_s3_bucket.b","type":"aws_s3_bucket","name":"b",` + aws + `,"change":{"actions":["create"],"before":null,"after":{"bucket":"b"},"after_unknown":{"id":true}}}`
	elsewhere := func(region string) string {
		return `{"address":"aws_lambda_function.f","type":"aws_lambda_function","name":"f",` + aws + `,"change":{"actions":["update"],"before":{"id":"f","arn":"arn:aws:lambda:` + region + `:111122223333:function:f"},"after":{"id":"f","arn":"arn:aws:lambda:` + region + `:111122223333:function:f"},"after_unknown":{}}}`
	}
	route := func(name, target string) string {
		return `{"address":"aws_route.` + name + `","type":"aws_route","name":"` + name + `",` + aws + `,"change":{"actions":["create"],"before":null,"after":{"route_table_id":"rtb-0d1a2b3c4d5e6f701","destination_cidr_block":"10.10.1.0/24",` + target + `},"after_unknown":{"id":true}}}`
	}
	role := func(account string) string {
		return `"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"assume_role":[{"role_arn":{"constant_value":"arn:aws:iam::` + account + `:role/ci"}}]}}},"root_module":{"resources":[{"address":"aws_s3_bucket.b","mode":"managed","type":"aws_s3_bucket","name":"b","provider_config_key":"aws"}]}}`
	}
	const (
		rules       = `{"cidr_blocks":["10.10.0.0/16"],"from_port":443,"to_port":443,"protocol":"tcp"},{"cidr_blocks":["10.10.0.0/16"],"from_port":1024,"to_port":1064,"protocol":"tcp"}`
		groupConfig = `"configuration":{"root_module":{"resources":[{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","expressions":{"name":{"constant_value":"g"}}}]}}`
	)
	group := func(after, unknown string) string {
		of := func(more string) string {
			return `{` + more + `"id":"sg-0e1d2c3b4a5968778","name":"g","vpc_id":"vpc-0d5c1a2b3e4f50617"}`
		}
		return `{"address":"aws_security_group.g","type":"aws_security_group","name":"g",` + aws + `,"change":{"actions":["update"],"before":` + of(`"ingress":[`+rules+`],`) + `,"after":` + of(after) + `,"after_unknown":` + unknown + `}}`
	}
	either := `{"address":"aws_network_acl.n","type":"aws_network_acl","name":"n",` + aws + `,"change":{"actions":["create"],"before":null,"after":{"vpc_id":"vpc-0d5c1a2b3e4f50617","subnet_ids":[]},"after_unknown":{"id":true}}},` +
		`{"address":"random_integer.i","type":"random_integer","name":"i",` + strings.Replace(aws, "/aws", "/random", 1) + `,"change":{"actions":["create"],"before":null,"after":{},"after_unknown":{"result":true}}},` +
		`{"address":"aws_network_acl_rule.r","type":"aws_network_acl_rule","name":"r",` + aws + `,"change":{"actions":["create"],"before":null,"after":{"rule_number":1,"protocol":"6","rule_action":"deny","egress":false,"cidr_block":"0.0.0.0/0"},"after_unknown":{"id":true,"network_acl_id":true}}}`
	put := func(kind, mode, after string) string {
		provider := map[string]string{"external": "external", "null_resource": "null", "awscc_ec2_network_acl_entry": "awscc"}[kind]
		return `"deferred_changes":[{"reason":"provider_config_unknown","resource_change":{"address":"` + kind + `.s","mode":"` + mode + `","type":"` + kind + `","name":"s","provider_name":"registry.terraform.io/hashicorp/` + cmp.Or(provider, "aws") +
			`","change":{"actions":["create"],"before":null,"after":` + after + `,"after_unknown":{}}}}]`
	}
	for name, tt := range map[string]struct {
		changes, more string
		code          int
		says          string
	}{
		"an action that is told the ACL":  {bucket, `"action_invocations":[{"address":"action.aws_lambda_invoke.x","type":"aws_lambda_invoke","name":"x","config_values":{"payload":"` + aclOfHealthy + `"}}]`, 3, "action.aws_lambda_invoke.x"},
		"an action that is told nothing":  {bucket, `"action_invocations":[{"address":"action.aws_lambda_invoke.x","type":"aws_lambda_invoke","name":"x","config_values":{"payload":"{}"}}]`, 0, "1 custom resources, provisioners or resources of other providers were not read"},
		"an action that is put off":       {bucket, `"deferred_action_invocations":[{"reason":"x","action_invocation":{"address":"action.aws_lambda_invoke.x","type":"aws_lambda_invoke","name":"x","config_values":{"payload":"` + aclOfHealthy + `"}}}]`, 3, "action.aws_lambda_invoke.x"},
		"an action that nobody knows":     {strings.Replace(bucket, `["create"]`, `["explode"]`, 1), `"complete":true`, 2, `does not know what the action "explode" does`},
		"a command in a module":           {`{"address":"module.m.null_resource.x","module_address":"module.m","type":"null_resource","name":"x","mode":"managed","provider_name":"registry.terraform.io/hashicorp/null","change":{"actions":["create"],"before":null,"after":{},"after_unknown":{}}}`, `"configuration":{"root_module":{"module_calls":{"m":{"source":"./m","expressions":{"acl":{"constant_value":"` + aclOfHealthy + `"}},"module":{"variables":{"acl":{}},"resources":[{"address":"null_resource.x","mode":"managed","type":"null_resource","name":"x","provisioners":[{"type":"local-exec","expressions":{"command":{"references":["var.acl"]}}}]}]}}}}}`, 3, "module.m.null_resource.x"},
		"a program that is run for data":  {strings.NewReplacer("aws_s3_bucket", "external", `"managed"`, `"data"`, "hashicorp/aws", "hashicorp/external", `["create"]`, `["read"]`, `{"bucket":"b"}`, `{"query":{"acl":"`+aclOfHealthy+`"}}`).Replace(bucket), `"complete":true`, 3, "external.b"},
		"a page that is posted for data":  {strings.NewReplacer("aws_s3_bucket", "http", `"managed"`, `"data"`, "hashicorp/aws", "hashicorp/http", `["create"]`, `["read"]`, `{"bucket":"b"}`, `{"method":"POST","request_body":"`+aclOfHealthy+`"}`).Replace(bucket), `"complete":true`, 3, "http.b"},
		"a page that is read":             {strings.NewReplacer("aws_s3_bucket", "http", `"managed"`, `"data"`, "hashicorp/aws", "hashicorp/http", `["create"]`, `["read"]`, `{"bucket":"b"}`, `{"url":"https://x/`+aclOfHealthy+`"}`).Replace(bucket), `"complete":true`, 0, "breaks nothing"},
		"a program with no id":            {strings.NewReplacer("aws_s3_bucket", "external", `"managed"`, `"data"`, "hashicorp/aws", "hashicorp/external", `["create"]`, `["read"]`).Replace(bucket), `"complete":true`, 0, "1 custom resources, provisioners or resources of other providers were not read"},
		"a stack that is put off":         {bucket, `"deferred_changes":[{"reason":"resource_config_unknown","resource_change":{"address":"aws_cloudformation_stack_set.s","type":"aws_cloudformation_stack_set","name":"s",` + aws + `}}]`, 3, "aws_cloudformation_stack_set.s"},
		"an entry of one ACL or another":  {either, `"configuration":{"root_module":{"resources":[{"address":"aws_network_acl.n","mode":"managed","type":"aws_network_acl","name":"n"},{"address":"aws_network_acl_rule.r","mode":"managed","type":"aws_network_acl_rule","name":"r","expressions":{"network_acl_id":{"references":["random_integer.i.result","random_integer.i","aws_network_acl.n.id","aws_network_acl.n","var.acl"]}}}]}}`, 3, "aws_network_acl_rule.r.network_acl_id"},
		"an entry of a new ACL":           {either, `"configuration":{"root_module":{"resources":[{"address":"aws_network_acl.n","mode":"managed","type":"aws_network_acl","name":"n"},{"address":"aws_network_acl_rule.r","mode":"managed","type":"aws_network_acl_rule","name":"r","expressions":{"network_acl_id":{"references":["aws_network_acl.n.id","aws_network_acl.n","var.acl"]}}}]}}`, 0, "breaks nothing"},
		"a change that is taken out":      {`{"address":"aws_network_acl_rule.r","mode":"managed","type":"aws_network_acl_rule","name":"r"}`, `"complete":true`, 2, "what changes is left out"},
		"a change of which all is open":   {`{"address":"aws_network_acl_rule.r","type":"aws_network_acl_rule","name":"r",` + aws + `,"change":{"actions":["create"],"before":null,"after":null,"after_unknown":true}}`, `"complete":true`, 3, "nacl-to-endpoint"},
		"an entry that is put off":        {bucket, put("awscc_ec2_network_acl_entry", "managed", `{}`), 3, "nacl-to-endpoint"},
		"a stack with no template yet":    {bucket, put("aws_cloudformation_stack", "managed", `{}`), 3, "aws_cloudformation_stack.s"},
		"a kind that comes with the next": {bucket, put("aws_vpc_network_acl_lock", "managed", `{"network_acl_id":"`+aclOfHealthy+`"}`), 3, "nacl-to-endpoint"},
		"a fleet that is put off":         {bucket, put("aws_autoscaling_group", "managed", `{"vpc_zone_identifier":["`+ofTasks+`"]}`), 3, "subnet-free-ips"},
		"tasks that are put off":          {bucket, put("aws_ecs_service", "managed", `{"launch_type":"FARGATE","desired_count":4,"subnets":["`+ofTasks+`"]}`), 3, "subnet-free-ips"},
		"a bucket that is put off":        {bucket, put("aws_s3_bucket", "managed", `{"bucket":"`+aclOfHealthy+`"}`), 0, "breaks nothing"},
		"a program that is put off":       {bucket, put("external", "data", `{"query":{"acl":"`+aclOfHealthy+`"}}`), 3, "external.s"},
		"a command that is put off":       {bucket, put("null_resource", "managed", `{"triggers":{"acl":"`+aclOfHealthy+`"}}`) + `,"configuration":{"root_module":{"resources":[{"address":"null_resource.s","mode":"managed","type":"null_resource","name":"s","provisioners":[{"type":"local-exec"}]}]}}`, 3, "null_resource.s"},
		"an identity of another account":  {bucket, `"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"data.aws_caller_identity.c","mode":"data","type":"aws_caller_identity","name":"c","provider_name":"registry.terraform.io/hashicorp/aws","values":{"account_id":"999988887777","arn":"arn:aws:iam::999988887777:user/x"}}]}}}`, 2, "999988887777"},
		"things of another Region":        {elsewhere("us-west-2"), `"complete":true`, 2, "the plan manages what is in 111122223333/us-west-2; the estate is 111122223333/us-east-1"},
		"things of its own Region":        {elsewhere("us-east-1"), `"complete":true`, 0, "0 of 1 changes touch this target"},
		"things of two Regions":           {elsewhere("us-west-2") + "," + strings.Replace(elsewhere("us-east-1"), ".f", ".g", 1), `"complete":true`, 0, "0 of 2 changes touch this target"},
		"things of no Region, and one":    {bucket + "," + elsewhere("us-west-2"), `"complete":true`, 2, "us-west-2"},
		"a provider of another Region":    {bucket, `"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"data.aws_region.r","mode":"data","type":"aws_region","name":"r","provider_name":"registry.terraform.io/hashicorp/aws","values":{"name":"us-west-2"}}]}}}`, 2, "us-west-2"},
		"a role of another account":       {bucket, role("999988887777"), 2, "999988887777"},
		"a role of its own account":       {bucket, role("111122223333"), 0, "0 of 1 changes touch this target"},
		"a fork under another name":       {strings.Replace(group(`"ingress":[],`, `{}`), "hashicorp/aws", "example/fork", 1), `"complete":true`, 1, "sg-ingress-443"},
		"rules of dynamic blocks":         {group("", `{"ingress":true}`), groupConfig, 3, "sg-ingress-443"},
		"a group that keeps its rules":    {group(`"ingress":[`+rules+`],`, `{}`), groupConfig, 0, "breaks nothing"},
		"a change of what nobody tells":   {strings.Replace(group(`"ingress":[],`, `{}`), `"before":{`, `"before":null,"was":{`, 1), `"complete":true`, 3, "aws_security_group.g"},
		"two routes with one destination": {route("a", `"gateway_id":"igw-0bbbbbbbbbbbbbbbb"`) + "," + route("b", `"vpc_peering_connection_id":"pcx-0c1d2e3f405162738"`), `"complete":true`, 3, "route-to-agent"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "plan.json")
			if !strings.Contains(tt.more, `"configuration"`) {
				tt.more += `,"configuration":{"root_module":{}}`
			}
			if err := os.WriteFile(file, []byte(`{"format_version":"1.2","resource_changes":[`+tt.changes+`],`+tt.more+`}`), 0o600); err != nil {
				t.Fatal(err)
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--plan", file), tt.code, tt.says)
		})
	}
}
