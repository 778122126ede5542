package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBlocksThatAPlanDoesNotTell makes an ACL of the endpoint's subnet whose entries are
// unknown and not configured: they may be dynamic blocks', but where the files, or
// resources of their own, say what there is.
func TestBlocksThatAPlanDoesNotTell(t *testing.T) {
	const (
		acl  = `{"address":"aws_network_acl.a","mode":"managed","type":"aws_network_acl","name":"a","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"vpc_id":"vpc-0d5c1a2b3e4f50617","subnet_ids":["subnet-0da1b2c3d4e5f6071","subnet-0db1b2c3d4e5f6072"]},"after_unknown":{"id":true,"ingress":true,"egress":true}}}`
		rule = `,{"address":"aws_network_acl_rule.r","mode":"managed","type":"aws_network_acl_rule","name":"r","expressions":{"network_acl_id":{"references":["aws_network_acl.%s.id","aws_network_acl.%[1]s"]}}}`
		file = `resource "aws_network_acl" "a" {
  vpc_id = "vpc-0d5c1a2b3e4f50617"
  %s
}`
		group  = `{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"vpc_id":"vpc-0d5c1a2b3e4f50617"},"after_unknown":{"id":true,"ingress":true,"egress":true}}}`
		config = `{"address":"%s","mode":"managed","type":"%s","name":"%s","expressions":{"vpc_id":{"constant_value":"vpc-0d5c1a2b3e4f50617"}}}`
		blocks = `dynamic "ingress" {
    for_each = aws_eip.a
    content {}
  }`
	)
	ofACL := fmt.Sprintf(config, "aws_network_acl.a", "aws_network_acl", "a")
	ofGroup := fmt.Sprintf(config, "aws_security_group.g", "aws_security_group", "g")
	for name, tt := range map[string]struct {
		change, configs, file string
		code                  int
		says                  string
	}{
		"an ACL":                           {acl, ofACL, "", 3, "aws_network_acl.a.ingress"},
		"an ACL whose rules are apart":     {acl, ofACL + fmt.Sprintf(rule, "a"), "", 1, "breaks nacl-to-endpoint"},
		"an ACL beside another with rules": {acl, ofACL + fmt.Sprintf(rule, "b"), "", 3, "aws_network_acl.a.ingress"},
		"an ACL that its file shows":       {acl, ofACL, fmt.Sprintf(file, ""), 1, "breaks nacl-to-endpoint"},
		"an ACL of dynamic blocks":         {acl, ofACL, fmt.Sprintf(file, blocks+"\n"+strings.Replace(blocks, "ingress", "egress", 1)), 3, "aws_network_acl.a.ingress"},
		"a group":                          {group, ofGroup, "", 0, "2 attributes may be made of dynamic blocks"},
		"a group that its file shows":      {group, ofGroup, strings.ReplaceAll(fmt.Sprintf(file, ""), `"aws_network_acl" "a"`, `"aws_security_group" "g"`), 0, "breaks nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			plan := `{"format_version":"1.2","complete":true,"resource_changes":[` + tt.change + `],"configuration":{"provider_config":{"aws":{"name":"aws","expressions":{"region":{"constant_value":"us-east-1"}}}},"root_module":{"resources":[` + tt.configs + `]}}}`
			for name, body := range map[string]string{"plan.json": plan, "main.tf": tt.file} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil && body != "" {
					t.Fatal(err)
				}
			}
			out := invoke(t, "check", "--fixture", "healthy", "--plan", filepath.Join(dir, "plan.json"))
			wants(t, out, tt.code, tt.says)
			if tt.file != "" && strings.Contains(out.stdout, "dynamic blocks") {
				t.Errorf("the file tells: %s", out.stdout)
			}
		})
	}
}
