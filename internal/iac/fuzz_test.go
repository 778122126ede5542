package iac

import (
	"testing"

	"github.com/dspreflight/dspreflight/internal/iac/cloudformation"
	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// FuzzReadPlan must neither crash nor hang, whatever it is given, and neither
// must laying what it reads over an estate.
func FuzzReadPlan(f *testing.F) {
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[{"address":"aws_vpc.v","mode":"managed","type":"aws_vpc","name":"v","change":{"actions":["create"],"after":{"cidr_block":"10.0.0.0/16"},"after_unknown":{"id":true}}}],"configuration":{"root_module":{}}}`))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","change":{"actions":["update"],"before":{"id":"sg-0a1b2c3d4e5f60718","ingress":[]},"after":{"id":"sg-0a1b2c3d4e5f60718","ingress":[{"from_port":443,"to_port":443,"protocol":"tcp","cidr_blocks":["10.0.0.0/8"]}]},"after_unknown":{"ingress":[{"security_groups":true}]},"after_sensitive":{"ingress":true}}}],"configuration":{"root_module":{"resources":[{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","expressions":{"ingress":[{"security_groups":{"references":["module.m[0].id","module.m"]}}]}}],"module_calls":{"m":{"source":"./m","module":{"outputs":{"id":{"expression":{"references":["var.x"]}}}}}}}}}`))
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[{"address":"aws_route.r","mode":"managed","type":"aws_route","name":"r","change":{"actions":["delete","create"],"before":{"route_table_id":"rtb-1","destination_cidr_block":"10.0.0.0/8"},"after":{"destination_cidr_block":"10.0.0.0/8"},"after_unknown":{"route_table_id":true}}}],"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[{"address":"aws_vpc.v","mode":"managed","type":"aws_vpc","name":"v","values":{"id":"vpc-1","cidr_block":"10.0.0.0/16"}}]}}}}`))
	base := healthy(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ReadPlan(body, nil)
		if err != nil {
			return
		}
		if o, err := New(base, []resource.Source{p}); err == nil {
			o.After(nil)
		}
	})
}

// FuzzReadTemplate is the same for templates and change sets.
func FuzzReadTemplate(f *testing.F) {
	f.Add([]byte("Resources:\n  A: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref B}}\n  B: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: !If [x, 1, 2], CidrIp: 10.0.0.0/8}]}}"))
	f.Add([]byte(`{"Changes":[{"ResourceChange":{"Action":"Modify","LogicalResourceId":"G","ResourceType":"AWS::EC2::VPCEndpoint","AfterContext":"{}"}}]}`))
	base := healthy(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := cloudformation.Read("t", body, nil)
		if err != nil {
			return
		}
		if o, err := New(base, []resource.Source{p}); err == nil {
			o.After(nil)
		}
	})
}
