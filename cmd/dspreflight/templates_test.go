package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// endpointTemplate is a template of an endpoint whose control ports end where a
// parameter says.
const endpointTemplate = `
Parameters:
  Last: {Type: String, Default: "1064"}
  From: {Type: CommaDelimitedList, Default: "192.168.0.0/16,192.0.2.0/24"}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.20.0.0/16}}
  Net: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.20.1.0/24, AvailabilityZone: us-east-1a}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: e
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: !Select [0, !Ref From]}
        - {IpProtocol: tcp, FromPort: 1024, ToPort: !Ref Last, CidrIp: !Select [0, !Ref From]}
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Select [0, !Ref From]}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, VpcEndpointType: Interface, ServiceName: com.amazonaws.us-east-1.datasync, SubnetIds: [!Ref Net], SecurityGroupIds: [!Ref Group], PrivateDnsEnabled: false}
`

// TestDeployedIsTheEstate takes the deployed template for what there is where nothing
// else is known, and gives parameters to the template that they belong to.
func TestDeployedIsTheEstate(t *testing.T) {
	dir := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	will, was := write("will.yaml", endpointTemplate), write("was.yaml", endpointTemplate)
	narrow := write("narrow.yaml", strings.Replace(endpointTemplate, "ToPort: !Ref Last", "ToPort: 1060", 1))
	file := write("parameters.json", `{"Parameters": {"Last": "1060", "From": ["192.168.0.0/16", "192.0.2.0/24"]}}`)
	for name, tt := range map[string]struct {
		template   string
		parameters []string
		code       int
		says       string
	}{
		"nothing changes":            {will, nil, 0, "breaks nothing"},
		"ports are lost":             {narrow, nil, 1, "breaks sg-ingress-control"},
		"by a parameter":             {will, []string{will + ":Last=1060", was + ":Last=1064"}, 1, "breaks sg-ingress-control"},
		"from what is not told":      {will, []string{will + ":Last=1060"}, 3, "it can't be told"},
		"by a parameter of both":     {will, []string{will + ":Last=1060", was + ":Last=1060"}, 0, "Broken before and still"},
		"by a file":                  {will, []string{will + ":" + file, was + ":Last=1064", was + ":From=192.168.0.0/16"}, 1, "breaks sg-ingress-control"},
		"a list keeps its commas":    {will, []string{will + ":From=192.168.0.0/16,10.0.0.0/8", was + ":From=192.168.0.0/16,192.0.2.0/24"}, 0, "breaks nothing"},
		"a list that leaves it out":  {will, []string{will + ":From=10.0.0.0/8,192.168.0.0/16", was + ":From=192.168.0.0/16"}, 1, "breaks sg-ingress-443"},
		"a parameter of no template": {will, []string{"Nope=1"}, 2, "no template has a parameter Nope"},
		"a parameter of another":     {will, []string{will + ":Nope=1"}, 2, "no parameter Nope"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"check", "--template", tt.template, "--deployed-template", was, "--plan-only", "--no-probe", "--region", "us-east-1", "--agent-ip", "192.168.1.5", "--source-cidr", "192.168.0.0/16"}
			for _, p := range tt.parameters {
				args = append(args, "--parameters", p)
			}
			wants(t, invoke(t, args...), tt.code, tt.says)
		})
	}
}
