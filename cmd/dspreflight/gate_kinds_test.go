package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	aclOfHealthy = "acl-0d1a2b3c4d5e6f701"
	denies       = `"NetworkAclId":"` + aclOfHealthy + `","RuleNumber":1,"Protocol":6,"Egress":false,"CidrBlock":"0.0.0.0/0","PortRange":{"From":443,"To":443}`
	entryThat    = `{"Type":"AWS::EC2::NetworkAclEntry","Properties":{` + denies + `,"RuleAction":`
)

// TestKindsOfTemplates judges, over a healthy estate, what can stand in a template
// beside plain resources.
func TestKindsOfTemplates(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		code int
		says string
	}{
		"a custom resource that names the ACL":                  {`{"Resources":{"C":{"Type":"Custom::X","Properties":{"ServiceToken":"f","Acl":"` + aclOfHealthy + `"}}}}`, 3, "nacl-to-endpoint"},
		"a custom resource that names the ACL by its ARN":       {`{"Parameters":{"P":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"C":{"Type":"AWS::CloudFormation::CustomResource","Properties":{"ServiceToken":"f","Acl":{"Fn::Sub":"arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:network-acl/` + aclOfHealthy + `"}}}}}`, 3, "nacl-to-endpoint"},
		"a custom resource that joins the ACL with a value":     {`{"Parameters":{"P":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"C":{"Type":"AWS::CloudFormation::CustomResource","Properties":{"ServiceToken":"f","Acl":{"Fn::Join":["/",[{"Ref":"P"},"` + aclOfHealthy + `"]]}}}}}`, 3, "nacl-to-endpoint"},
		"a custom resource that may name the ACL":               {`{"Parameters":{"P":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"C":{"Type":"AWS::CloudFormation::CustomResource","Properties":{"ServiceToken":"f","Acl":{"Fn::If":["C","` + aclOfHealthy + `","none"]}}}}}`, 3, "nacl-to-endpoint"},
		"a custom resource that is told the ACL beside a value": {`{"Parameters":{"P":{"Type":"String"},"A":{"Type":"String","Default":"` + aclOfHealthy + `"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"C":{"Type":"AWS::CloudFormation::CustomResource","Properties":{"ServiceToken":"f","Acl":{"Fn::Sub":"${A}/${P}"}}}}}`, 3, "nacl-to-endpoint"},
		"two entries with one number":                           {`{"Resources":{"A":` + entryThat + `"deny"}},"B":` + strings.ReplaceAll(entryThat, "443", "80") + `"deny"}}}}`, 3, "A, B contradict each other"},
		"a custom resource that is told one later":              {`{"Parameters":{"G":{"Type":"List<AWS::EC2::SecurityGroup::Id>"}},"Resources":{"C":{"Type":"Custom::X","Properties":{"ServiceToken":"f","Groups":{"Ref":"G"}}}}}`, 3, "sg-ingress-443"},
		"a custom resource that is told a name later":           {`{"Parameters":{"G":{"Type":"String"}},"Resources":{"C":{"Type":"Custom::X","Properties":{"ServiceToken":"f","Name":{"Ref":"G"}}}}}`, 0, "1 custom resources, provisioners or resources of other providers were not read"},
		"a custom resource that names nothing":                  {`{"Resources":{"C":{"Type":"Custom::X","Properties":{"ServiceToken":"f"}}}}`, 0, "1 custom resources, provisioners or resources of other providers were not read"},
		"a resource of a third party":                           {`{"Resources":{"C":{"Type":"Acme::Net::Rule","Properties":{"On":"a/` + aclOfHealthy + `"}}}}`, 3, "C"},
		"a nested stack that may be":                            {`{"Parameters":{"P":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Condition":"C","Properties":{"TemplateURL":"https://x/y"}}}}`, 3, "Conditions.C"},
		"a loop among the properties":                           {`{"Transform":"AWS::LanguageExtensions","Resources":{"D":{"Type":"AWS::EC2::NetworkAclEntry","Properties":{` + denies + `,"Fn::ForEach::X":["N",["RuleAction"],{"${N}":"deny"}]}}}}`, 1, "breaks nacl-to-endpoint"},
		"a loop over a mapping":                                 {`{"Mappings":{"M":{"a":{"l":["1"]}}},"Resources":{"Fn::ForEach::D":["N",{"Fn::FindInMap":["M","a","l"]},{"D${N}":` + entryThat + `"deny"}}}]}}`, 1, "breaks nacl-to-endpoint"},
		"a loop with an ampersand":                              {`{"Resources":{"Fn::ForEach::D":["N",["a-1"],{"D&{N}":` + entryThat + `"deny"}}}]}}`, 1, "Da1"},
		"a loop that makes what is there":                       {`{"Resources":{"D1":` + entryThat + `"deny"}},"Fn::ForEach::D":["N",["1"],{"D${N}":` + entryThat + `"deny"}}}]}}`, 2, "D1 is there twice"},
		"an entry in another's place, of an open action":        {`{"Parameters":{"P":{"Type":"String"}},"Resources":{"D":` + strings.Replace(entryThat, `"RuleNumber":1,`, `"RuleNumber":100,`, 1) + `{"Ref":"P"}}}}}`, 3, "nacl-to-endpoint"},
		"an ACL that is not of the estate":                      {`{"Resources":{"D":` + strings.ReplaceAll(entryThat, aclOfHealthy, "acl-0fffffffffffffff1") + `"deny"}}}}`, 2, "acl-0fffffffffffffff1"},
		"a value of the Systems Manager, given":                 {`{"Parameters":{"P":{"Type":"AWS::SSM::Parameter::Value<String>"}},"Resources":{"D":` + entryThat + `{"Ref":"P"}}}}}`, 3, "Parameters.P"},
		"a policy of Firewall Manager":                          {`{"Resources":{"F":{"Type":"AWS::FMS::Policy","Properties":{"PolicyName":"x"}}}}`, 3, "sg-ingress-443"},
		"an association that is told the ACL":                   {`{"Resources":{"A":{"Type":"AWS::SSM::Association","Properties":{"Name":"AWS-X","Parameters":{"Acl":["` + aclOfHealthy + `"]}}}}}`, 3, "nacl-to-endpoint"},
		"a remediation that is told the ACL":                    {`{"Resources":{"A":{"Type":"AWS::Config::RemediationConfiguration","Properties":{"TargetId":"AWS-X","Parameters":{"Acl":{"StaticValue":{"Values":["` + aclOfHealthy + `"]}}}}}}}`, 3, "nacl-to-endpoint"},
		"a schedule that is told the ACL":                       {`{"Resources":{"A":{"Type":"AWS::Scheduler::Schedule","Properties":{"Target":{"Arn":"arn:aws:scheduler:::aws-sdk:ec2:deleteNetworkAclEntry","Input":"{\"NetworkAclId\":\"` + aclOfHealthy + `\"}"}}}}}`, 3, "nacl-to-endpoint"},
		"a pack of rules that is told the ACL":                  {`{"Resources":{"A":{"Type":"AWS::Config::ConformancePack","Properties":{"ConformancePackName":"x","TemplateBody":"Value: ` + aclOfHealthy + `"}}}}`, 3, "nacl-to-endpoint"},
		"a pipe that is told the ACL":                           {`{"Resources":{"A":{"Type":"AWS::Pipes::Pipe","Properties":{"TargetParameters":{"InputTemplate":"` + aclOfHealthy + `"}}}}}`, 3, "nacl-to-endpoint"},
		"a schedule that is told nothing":                       {`{"Resources":{"A":{"Type":"AWS::Scheduler::Schedule","Properties":{"Target":{"Arn":"arn:aws:lambda:us-east-1:111122223333:function:f"}}}}}`, 0, "0 of 1 changes touch this target"},
		"instances, as many as are wanted":                      {`{"Resources":{"A":{"Type":"AWS::AutoScaling::AutoScalingGroup","Properties":{"MaxSize":"250","VPCZoneIdentifier":["subnet-0da1b2c3d4e5f6071"]}}}}`, 3, "subnet-free-ips"},
		"instances in another subnet":                           {`{"Resources":{"A":{"Type":"AWS::AutoScaling::AutoScalingGroup","Properties":{"MaxSize":"250","VPCZoneIdentifier":["subnet-0db1b2c3d4e5f6072"]}}}}`, 0, "breaks nothing"},
		"an interface with all addresses":                       {`{"Resources":{"A":{"Type":"AWS::EC2::NetworkInterface","Properties":{"SubnetId":"subnet-0da1b2c3d4e5f6071","SecondaryPrivateIpAddressCount":248}}}}`, 1, "breaks subnet-free-ips"},
		"an interface with prefixes":                            {`{"Resources":{"A":{"Type":"AWS::EC2::NetworkInterface","Properties":{"SubnetId":"subnet-0da1b2c3d4e5f6071","Ipv4PrefixCount":16}}}}`, 1, "breaks subnet-free-ips"},
		"a newer kind of network that names the ACL":            {`{"Resources":{"A":{"Type":"AWS::EC2::NetworkAclLock","Properties":{"NetworkAclId":"` + aclOfHealthy + `"}}}}`, 3, "nacl-to-endpoint"},
		"a newer kind that names a table in a list":             {`{"Resources":{"A":{"Type":"AWS::EC2::RouteServerFilter","Properties":{"On":[{"Table":{"Fn::Sub":"rtb-0d1a2b3c4d5e6f701"}}]}}}}`, 3, "route-to-agent"},
		"a newer kind that may be there":                        {`{"Parameters":{"P":{"Type":"String"}},"Conditions":{"C":{"Fn::Equals":[{"Ref":"P"},"x"]}},"Resources":{"A":{"Type":"AWS::EC2::NetworkAclLock","Condition":"C","Properties":{"NetworkAclId":"` + aclOfHealthy + `"}}}}`, 3, "nacl-to-endpoint"},
		"a newer kind that is told a group later":               {`{"Parameters":{"G":{"Type":"AWS::EC2::SecurityGroup::Id"}},"Resources":{"A":{"Type":"AWS::EC2::GroupLock","Properties":{"G":{"Ref":"G"}}}}}`, 3, "sg-ingress-443"},
		"a newer kind that stands in a VPC and a subnet":        {`{"Parameters":{"S":{"Type":"AWS::EC2::Subnet::Id"}},"Resources":{"V":{"Type":"AWS::EC2::VPC","Properties":{"CidrBlock":"10.99.0.0/16"}},"A":{"Type":"AWS::EC2::VPCMetrics","Properties":{"VpcId":"vpc-0d5c1a2b3e4f50617","Other":{"Ref":"V"},"SubnetId":{"Ref":"S"}}}}}`, 0, "breaks nothing"},
		"what is launched with a group":                         {`{"Resources":{"A":{"Type":"AWS::EC2::LaunchTemplate","Properties":{"LaunchTemplateData":{"SecurityGroupIds":["sg-0e1d2c3b4a5968778"]}}}}}`, 0, "0 of 1 changes touch this target"},
		"what tells of the endpoint":                            {`{"Resources":{"A":{"Type":"AWS::EC2::VPCEndpointConnectionNotification","Properties":{"VPCEndpointId":"vpce-0a1b2c3d4e5f60718"}}}}`, 0, "0 of 1 changes touch this target"},
		"a transform in a bucket":                               {`{"Resources":{"B":{"Type":"AWS::S3::Bucket","Properties":{"Fn::Transform":{"Name":"AWS::Include"}}}}}`, 0, "0 of 1 changes touch this target"},
		"a transform among the mappings":                        {`{"Mappings":{"Fn::Transform":{"Name":"AWS::Include"}},"Resources":{"D":` + entryThat + `{"Fn::FindInMap":["M","a","b"]}}}}}`, 3, "D.RuleAction"},
		"a nested template that is not here":                    {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./nowhere.yaml"}}}}`, 3, "AWS::CloudFormation::Stack"},
		"a nested template that is here":                        {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./child.json","Parameters":{"Do":"deny"}}}}}`, 1, "N/D"},
		"a nested template that lets through":                   {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./child.json","Parameters":{"Do":"allow"}}}}}`, 0, "1 of 1 changes touch this target"},
		"a nested template, as the CDK writes":                  {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":{"Fn::Sub":"https://x/y"},"Parameters":{"Do":"deny"}},"Metadata":{"aws:asset:path":"child.json","aws:asset:property":"TemplateURL"}}}}`, 1, "N/D"},
		"a nested template with an open value":                  {`{"Parameters":{"P":{"Type":"String"}},"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./child.json","Parameters":{"Do":{"Ref":"P"}}}}}}`, 3, "N/D"},
		"a nested template that takes its own":                  {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./child.json"}}}}`, 0, "1 of 1"},
		"a nested template that can't be read":                  {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"./broken.json"}}}}`, 3, "AWS::CloudFormation::Stack"},
		"a nested template in a nested one":                     {`{"Resources":{"N":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"sub/middle.json"}}}}`, 1, "N/M/D"},
		"a direction that YAML 1.1 calls true":                  {"Resources:\n  D:\n    Type: AWS::EC2::NetworkAclEntry\n    Properties: {NetworkAclId: " + aclOfHealthy + ", RuleNumber: 1, Protocol: 6, Egress: yes, CidrBlock: 0.0.0.0/0, RuleAction: deny, PortRange: {From: 1024, To: 65535}}\n", 1, "breaks nacl-to-agent"},
		"a port that YAML 1.1 reads by eights":                  {"Resources:\n  D:\n    Type: AWS::EC2::NetworkAclEntry\n    Properties: {NetworkAclId: " + aclOfHealthy + ", RuleNumber: 1, Protocol: 6, CidrBlock: 0.0.0.0/0, RuleAction: deny, PortRange: {From: 0673, To: 0x1bb}}\n", 1, "breaks nacl-to-endpoint"},
		"an action that is none":                                {`{"Resources":{"D":` + entryThat + `"drop"}}}}`, 2, `is neither "allow" nor "deny"`},
		"an action that AWS does not show":                      {`{"Resources":{"D":` + entryThat + `"****"}}}}`, 3, "D.RuleAction"},
		"properties that a function stands for":                 {`{"Resources":{"D":{"Type":"AWS::EC2::NetworkAclEntry","Properties":{"Fn::If":["C",{` + denies + `},{}]}}}}`, 3, "Fn::If"},
		"a protocol that is none":                               {`{"Resources":{"D":` + strings.Replace(entryThat, `"Protocol":6`, `"Protocol":" 6"`, 1) + `"deny"}}}}`, 2, "is not a protocol"},
		"an ACL of a VPC that is told later":                    {`{"Resources":{"N":{"Type":"AWS::EC2::NetworkAcl","Properties":{"VpcId":{"Fn::ImportValue":"v"}}},"A":{"Type":"AWS::EC2::SubnetNetworkAclAssociation","Properties":{"SubnetId":{"Fn::ImportValue":"s"},"NetworkAclId":{"Ref":"N"}}}}}`, 3, "nacl-to-endpoint"},
		"a table of a VPC that is told later":                   {`{"Resources":{"N":{"Type":"AWS::EC2::RouteTable","Properties":{"VpcId":{"Fn::ImportValue":"v"}}},"A":{"Type":"AWS::EC2::SubnetRouteTableAssociation","Properties":{"SubnetId":{"Fn::ImportValue":"s"},"RouteTableId":{"Ref":"N"}}}}}`, 3, "route-to-endpoint"},
		"an ACL of a VPC told later, elsewhere":                 {`{"Resources":{"N":{"Type":"AWS::EC2::NetworkAcl","Properties":{"VpcId":{"Fn::ImportValue":"v"}}},"A":{"Type":"AWS::EC2::SubnetNetworkAclAssociation","Properties":{"SubnetId":"subnet-0fffffffffffffff1","NetworkAclId":{"Ref":"N"}}}}}`, 2, "subnet-0fffffffffffffff1"},
		"a group with a rule that is filled in":                 {`{"Resources":{"S":{"Type":"AWS::EC2::SecurityGroup","Properties":{"GroupDescription":"x","VpcId":"vpc-0d5c1a2b3e4f50617","SecurityGroupIngress":[{"Fn::Transform":{"Name":"M"}}]}}}}`, 3, "sg-ingress-443"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o750); err != nil {
				t.Fatal(err)
			}
			for file, body := range map[string]string{
				"t.json": tt.body, "broken.json": "{", "child.json": `{"Parameters":{"Do":{"Type":"String","Default":"allow"}},"Resources":{"D":` + entryThat + `{"Ref":"Do"}}}}}`,
				"sub/middle.json": `{"Resources":{"M":{"Type":"AWS::CloudFormation::Stack","Properties":{"TemplateURL":"../child.json","Parameters":{"Do":{"Fn::Join":["",["de","ny"]]}}}}}}`,
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--template", filepath.Join(dir, "t.json"), "--new-stack"), tt.code, tt.says)
		})
	}
}

// TestPoliciesOfParts: what DeletionPolicy and UpdateReplacePolicy keep stays in force,
// and where that is not known nothing is said to be gone.
func TestPoliciesOfParts(t *testing.T) {
	const language, bucket = `"Transform":"AWS::LanguageExtensions","Parameters":{"P":{"Type":"String"}},`, `"B":{"Type":"AWS::S3::Bucket"}`
	entry := func(policy, action string, number int) string {
		return fmt.Sprintf(`"D":{"Type":"AWS::EC2::NetworkAclEntry",%s"Properties":{"NetworkAclId":%q,"RuleNumber":%d,"Protocol":6,"Egress":false,"CidrBlock":"10.10.0.0/16","PortRange":{"From":443,"To":443},"RuleAction":%q}},`, policy, aclOfHealthy, number, action)
	}
	const replaced = `"UpdateReplacePolicy":"Retain",`
	for name, tt := range map[string]struct {
		deployed, template string
		code               int
		says               string
	}{
		"goes":                        {entry("", "allow", 100), "", 1, "breaks nacl-to-endpoint"},
		"stays":                       {entry(`"DeletionPolicy":"Retain",`, "allow", 100), "", 0, "breaks nothing"},
		"stays but where it is new":   {entry(`"DeletionPolicy":"RetainExceptOnCreate",`, "allow", 100), "", 0, "breaks nothing"},
		"hangs on a value":            {entry(`"DeletionPolicy":{"Ref":"P"},`, "allow", 100), "", 3, "nacl-to-endpoint"},
		"is made anew":                {entry("", "allow", 100), entry("", "allow", 90), 0, "breaks nothing"},
		"is made anew beside its old": {entry(replaced, "allow", 100), entry(replaced, "deny", 90), 3, "UpdateReplacePolicy"},
		"is as it was":                {entry(replaced, "allow", 100), entry(replaced, "allow", 100), 0, "breaks nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, body := range map[string]string{"deployed.json": tt.deployed, "t.json": tt.template} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte("{"+language+`"Resources":{`+body+bucket+"}}"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--template", filepath.Join(dir, "t.json"), "--deployed-template", filepath.Join(dir, "deployed.json")), tt.code, tt.says)
		})
	}
	// A group that is replaced, in a change set.
	group := func(policy string) string {
		of := func(about string) string {
			b, _ := json.Marshal(`{"Properties":{"GroupDescription":"` + about + `","VpcId":"vpc-0d5c1a2b3e4f50617"}}`)
			return string(b)
		}
		return `{"StackName":"s","Status":"CREATE_COMPLETE","Changes":[{"Type":"Resource","ResourceChange":{"PolicyAction":"` + policy + `","Action":"Modify","LogicalResourceId":"G","PhysicalResourceId":"sg-0e1d2c3b4a5968778","ResourceType":"AWS::EC2::SecurityGroup","Replacement":"True","BeforeContext":` + of("a") + `,"AfterContext":` + of("b") + `}}]}`
	}
	for policy, code := range map[string]int{"ReplaceAndDelete": 1, "ReplaceAndRetain": 0} {
		file := filepath.Join(t.TempDir(), "changes.json")
		if err := os.WriteFile(file, []byte(group(policy)), 0o600); err != nil {
			t.Fatal(err)
		}
		wants(t, invoke(t, "check", "--fixture", "healthy", "--template", file), code, "1 of 1 changes touch this target")
	}
}

// TestWrittenAlike: what is written as in the template that the stack has is the same only
// where what it rests on is, and what a custom resource or a share named before counts too.
func TestWrittenAlike(t *testing.T) {
	const bucket = `"B":{"Type":"AWS::S3::Bucket"}`
	mapped := func(action, resources string) string {
		return `{"Mappings":{"M":{"a":{"b":"` + action + `"}}},"Resources":{` + resources + `}}`
	}
	const entry = `"D":{"Type":"AWS::EC2::NetworkAclEntry","Properties":{"NetworkAclId":"` + aclOfHealthy + `","RuleNumber":100,"Protocol":6,"Egress":false,"CidrBlock":"10.10.0.0/16","PortRange":{"From":443,"To":443},"RuleAction":{"Fn::FindInMap":["M","a","b"]}}}`
	given := func(kind, value string) string {
		return `{"Parameters":{"P":{"Type":"` + kind + `","Default":"` + value + `"}},"Resources":{` + strings.Replace(entry, `{"Fn::FindInMap":["M","a","b"]}`, `{"Ref":"P"}`, 1) + `}}`
	}
	const looked = `"C":{"Type":"Custom::X","Properties":{"ServiceToken":"f","A":{"Fn::FindInMap":["M","a","b"]}}}`
	custom := func(kind, value string) string {
		return `{"Resources":{` + bucket + `,"C":{"Type":"` + kind + `","Properties":{"ServiceToken":"f","A":"` + value + `"}}}}`
	}
	share := func(arns string) string {
		return `{"Resources":{` + bucket + `,"S":{"Type":"AWS::RAM::ResourceShare","Properties":{"Name":"x","ResourceArns":[` + arns + `]}}}}`
	}
	const subnet = `"arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0da1b2c3d4e5f6071"`
	for name, tt := range map[string]struct {
		deployed, template string
		code               int
	}{
		"an entry whose mapping changes":                              {mapped("allow", entry), mapped("deny", entry), 1},
		"an entry whose default changes":                              {given("String", "allow"), given("String", "deny"), 3},
		"an entry whose parameter becomes one of the Systems Manager": {given("String", "allow"), given("AWS::SSM::Parameter::Value<String>", "/a"), 3},
		"an entry whose default stays":                                {given("String", "allow"), given("String", "allow"), 0},
		"an entry whose mapping stays":                                {mapped("allow", entry), mapped("allow", entry), 0},
		"a custom resource whose mapping changes":                     {mapped("none", looked), mapped(aclOfHealthy, looked), 3},
		"a custom resource that stays":                                {custom("Custom::X", aclOfHealthy), custom("Custom::X", aclOfHealthy), 0},
		"a custom resource that names it no more":                     {custom("Custom::X", aclOfHealthy), custom("Custom::X", "b"), 3},
		"a custom resource that becomes another":                      {custom("Custom::X", aclOfHealthy), custom("Custom::Y", "b"), 3},
		"a custom resource that becomes a bucket":                     {custom("Custom::X", aclOfHealthy), `{"Resources":{` + bucket + `,"C":{"Type":"AWS::S3::Bucket"}}}`, 3},
		"a share that goes":                                           {share(subnet), `{"Resources":{` + bucket + `}}`, 3},
		"a share that loses a subnet":                                 {share(subnet), share(""), 3},
		"a share that stays":                                          {share(subnet), share(subnet), 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, body := range map[string]string{"deployed.json": tt.deployed, "t.json": tt.template} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--template", filepath.Join(dir, "t.json"), "--deployed-template", filepath.Join(dir, "deployed.json")), tt.code, "")
		})
	}
}

// TestWhatChangeSetsTakeAway: what a custom resource, or a newer kind, named before it
// went is open, all of it where the change set does not tell; and a change set that is
// not made yet says nothing.
func TestWhatChangeSetsTakeAway(t *testing.T) {
	set := func(status, kind, action, before string) string {
		return `{"StackName":"s","Status":"` + status + `","Changes":[{"Type":"Resource","ResourceChange":{"LogicalResourceId":"P","PhysicalResourceId":"x-1","Action":"` + action + `","ResourceType":"` + kind + `"` + before + `}}]}`
	}
	const named, other = `,"BeforeContext":"{\"Properties\":{\"A\":\"` + aclOfHealthy + `\"}}"`, `,"BeforeContext":"{\"Properties\":{\"A\":\"b\"}}"`
	for name, tt := range map[string]struct {
		set  string
		code int
		says string
	}{
		"a newer kind":                         {set("CREATE_COMPLETE", "AWS::EC2::NetworkAclLock", "Remove", named), 3, "nacl-to-endpoint"},
		"a custom resource":                    {set("CREATE_COMPLETE", "Custom::X", "Remove", named), 3, "nacl-to-endpoint"},
		"a custom resource that is made anew":  {set("CREATE_COMPLETE", "Custom::X", "Modify", named+`,"Replacement":"True","AfterContext":"{\"Properties\":{\"A\":\"b\"}}"`), 3, "nacl-to-endpoint"},
		"a custom resource that named nothing": {set("CREATE_COMPLETE", "Custom::X", "Remove", other), 0, "breaks nothing"},
		"a custom resource, without telling":   {set("CREATE_COMPLETE", "Custom::X", "Remove", ""), 3, "nacl-to-endpoint"},
		"a bucket, without telling":            {set("CREATE_COMPLETE", "AWS::S3::Bucket", "Remove", ""), 0, "breaks nothing"},
		"nothing yet":                          {`{"StackName":"s","Status":"CREATE_IN_PROGRESS","Changes":[]}`, 2, "CREATE_IN_PROGRESS"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "changes.json")
			if err := os.WriteFile(file, []byte(tt.set), 0o600); err != nil {
				t.Fatal(err)
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--template", file), tt.code, tt.says)
		})
	}
}

func wants(t *testing.T, out outcome, code int, says string) {
	t.Helper()
	if out.code != code {
		t.Errorf("exit code %d, want %d: %s", out.code, code, out.stderr)
	}
	if all := strings.Join(strings.Fields(out.stdout+out.stderr), " "); !strings.Contains(all, says) {
		t.Errorf("%q is not said: %.600s", says, all)
	}
}

// TestKindsOfResources judges, over a healthy estate, resources of Terraform that
// make, or do, what they don't say in the words of the provider.
func TestKindsOfResources(t *testing.T) {
	const awscc = "registry.terraform.io/hashicorp/awscc"
	stack := `{"Parameters":{"Do":{"Type":"String","Default":"allow"}},"Resources":{"D":` + entryThat + `{"Ref":"Do"}}}}}`
	runs := map[string]any{"address": "null_resource.x", "mode": "managed", "type": "null_resource", "name": "x", "provider_config_key": "null", "provisioners": []any{map[string]any{"type": "local-exec", "expressions": map[string]any{"command": map[string]any{"constant_value": "./do.sh"}}}}}
	entry := map[string]any{"rule_number": 1, "protocol": "6", "rule_action": "deny", "egress": false, "cidr_block": "0.0.0.0/0", "from_port": 443, "to_port": 443}
	ofAgent := func(groups ...any) map[string]any {
		return map[string]any{"id": "eni-0a3a2b3c4d5e6f703", "subnet_id": "subnet-05a1b2c3d4e5f6073", "security_groups": groups}
	}
	says := func(references ...any) map[string]any {
		return map[string]any{"address": "aws_network_acl_rule.x", "mode": "managed", "type": "aws_network_acl_rule", "name": "x", "provider_config_key": "aws", "expressions": map[string]any{"network_acl_id": map[string]any{"references": references}}}
	}
	for name, tt := range map[string]struct {
		kind, provider string
		action         string
		before, after  map[string]any
		open           map[string]any
		config         map[string]any
		code           int
		says           string
	}{
		"a stack":                             {kind: "aws_cloudformation_stack", after: map[string]any{"name": "n", "template_body": stack, "parameters": map[string]any{"Do": "deny"}}, code: 1, says: "breaks nacl-to-endpoint"},
		"a stack with its defaults":           {kind: "aws_cloudformation_stack", after: map[string]any{"name": "n", "template_body": stack}, code: 0, says: "touch this target"},
		"a stack with an open parameter":      {kind: "aws_cloudformation_stack", after: map[string]any{"name": "n", "template_body": stack, "parameters": map[string]any{}}, open: map[string]any{"parameters": map[string]any{"Do": true}}, code: 3, says: "nacl-to-endpoint"},
		"a stack of a template elsewhere":     {kind: "aws_cloudformation_stack", after: map[string]any{"name": "n", "template_url": "https://x/y"}, code: 3, says: "aws_cloudformation_stack"},
		"a stack that changes":                {kind: "aws_cloudformation_stack", action: "update", before: map[string]any{"id": "a", "template_body": stack, "parameters": map[string]any{"Do": "allow"}}, after: map[string]any{"id": "a", "template_body": stack, "parameters": map[string]any{"Do": "deny"}}, code: 3, says: "nacl-to-endpoint"},
		"a stack whose tags change":           {kind: "aws_cloudformation_stack", action: "update", before: map[string]any{"id": "a", "template_body": stack, "tags": map[string]any{}}, after: map[string]any{"id": "a", "template_body": stack, "tags": map[string]any{"a": "b"}}, code: 0, says: "breaks nothing"},
		"a stack that goes":                   {kind: "aws_cloudformation_stack", action: "delete", before: map[string]any{"id": "a", "template_body": stack}, code: 3, says: "nacl-to-endpoint"},
		"a stack set":                         {kind: "aws_cloudformation_stack_set", after: map[string]any{"name": "n"}, code: 3, says: "aws_cloudformation_stack_set"},
		"an entry of Cloud Control":           {kind: "awscc_ec2_network_acl_entry", provider: awscc, after: map[string]any{"network_acl_id": aclOfHealthy, "rule_number": 1, "protocol": 6, "rule_action": "deny", "egress": false, "cidr_block": "0.0.0.0/0", "port_range": map[string]any{"from": 443, "to": 443}}, code: 1, says: "breaks nacl-to-endpoint"},
		"an entry by its state":               {kind: "aws_cloudcontrolapi_resource", after: map[string]any{"type_name": "AWS::EC2::NetworkAclEntry", "desired_state": `{` + denies + `,"RuleAction":"deny"}`}, code: 1, says: "breaks nacl-to-endpoint"},
		"an entry of ports told later":        {kind: "awscc_ec2_network_acl_entry", provider: awscc, after: map[string]any{"network_acl_id": aclOfHealthy, "rule_number": 1, "protocol": 6, "rule_action": "deny", "egress": false, "cidr_block": "0.0.0.0/0", "port_range": map[string]any{"to": 443}}, open: map[string]any{"port_range": map[string]any{"from": true}}, code: 3, says: "port_range"},
		"an entry that does neither":          {kind: "aws_network_acl_rule", after: map[string]any{"network_acl_id": aclOfHealthy, "rule_number": 1, "protocol": "6", "rule_action": "drop", "egress": false, "cidr_block": "0.0.0.0/0"}, code: 2, says: `"drop" is neither "allow" nor "deny"`},
		"an entry of an ACL by chance":        {kind: "aws_network_acl_rule", after: entry, open: map[string]any{"network_acl_id": true}, config: says("random_integer.n.result", "random_integer.n", "var.acls"), code: 3, says: "aws_network_acl_rule.x.network_acl_id"},
		"an entry of an ACL through a value":  {kind: "aws_network_acl_rule", after: entry, open: map[string]any{"network_acl_id": true}, config: says("local.acl"), code: 3, says: "aws_network_acl_rule.x.network_acl_id"},
		"a group with a rule told later":      {kind: "aws_security_group", action: "update", before: map[string]any{"id": "sg-0e1d2c3b4a5968778", "vpc_id": "vpc-0d5c1a2b3e4f50617", "ingress": []any{map[string]any{"cidr_blocks": []any{"10.10.0.0/16"}, "from_port": 443, "to_port": 443, "protocol": "tcp"}}}, after: map[string]any{"id": "sg-0e1d2c3b4a5968778", "vpc_id": "vpc-0d5c1a2b3e4f50617", "ingress": []any{}}, open: map[string]any{"ingress": []any{true}}, code: 3, says: "aws_security_group.x.ingress"},
		"a state that is not known":           {kind: "aws_cloudcontrolapi_resource", after: map[string]any{"type_name": "AWS::EC2::NetworkAclEntry"}, open: map[string]any{"desired_state": true}, code: 3, says: "desired_state"},
		"an entry of a mirrored provider":     {kind: "aws_network_acl_rule", provider: "terraform.corp.example/mirror/aws", after: map[string]any{"network_acl_id": aclOfHealthy, "rule_number": 1, "protocol": "6", "rule_action": "deny", "egress": false, "cidr_block": "0.0.0.0/0", "from_port": 443, "to_port": 443}, code: 1, says: "breaks nacl-to-endpoint"},
		"a group of another account":          {kind: "aws_security_group", action: "no-op", before: map[string]any{"id": "sg-0fffffffffffffff1", "vpc_id": "vpc-0fffffffffffffff1", "arn": "arn:aws:ec2:us-east-1:999988887777:security-group/sg-0fffffffffffffff1"}, code: 2, says: "the plan manages what is in 999988887777/us-east-1"},
		"a role of another account":           {kind: "aws_iam_role", action: "update", before: map[string]any{"id": "r", "arn": "arn:aws:iam::999988887777:role/r"}, after: map[string]any{"id": "r", "arn": "arn:aws:iam::999988887777:role/r"}, code: 2, says: "the plan manages what is in 999988887777"},
		"a role of the estate's account":      {kind: "aws_iam_role", action: "update", before: map[string]any{"id": "r", "arn": "arn:aws:iam::111122223333:role/r"}, after: map[string]any{"id": "r", "arn": "arn:aws:iam::111122223333:role/r"}, code: 0, says: "0 of 1 changes touch this target"},
		"a bucket by its state":               {kind: "aws_cloudcontrolapi_resource", after: map[string]any{"type_name": "AWS::S3::Bucket", "desired_state": "{}"}, code: 0, says: "0 of 1 changes touch this target"},
		"an entry of an ACL told by nobody":   {kind: "aws_network_acl_rule", after: map[string]any{"rule_number": 1, "protocol": "6", "rule_action": "deny", "egress": false, "cidr_block": "0.0.0.0/0", "from_port": 443, "to_port": 443}, open: map[string]any{"network_acl_id": true}, code: 3, says: "nacl-to-endpoint"},
		"a command that is told the ACL":      {kind: "null_resource", provider: "registry.terraform.io/hashicorp/null", after: map[string]any{"triggers": map[string]any{"acl": aclOfHealthy}}, config: runs, code: 3, says: "null_resource.x"},
		"a command that is told nothing":      {kind: "null_resource", provider: "registry.terraform.io/hashicorp/null", after: map[string]any{"triggers": map[string]any{}}, config: runs, code: 0, says: "1 custom resources, provisioners or resources of other providers were not read"},
		"a function that is told the ACL":     {kind: "aws_lambda_invocation", after: map[string]any{"input": `{"acl":"` + aclOfHealthy + `"}`}, code: 3, says: "aws_lambda_invocation.x"},
		"a firewall's rules, and none there":  {kind: "aws_networkfirewall_rule_group", action: "update", before: map[string]any{"id": "a", "x": 1}, after: map[string]any{"id": "a", "x": 2}, code: 0, says: "breaks nothing"},
		"a group that an endpoint keeps":      {kind: "aws_security_group", action: "delete", before: map[string]any{"id": "sg-0e1d2c3b4a5968778", "vpc_id": "vpc-0d5c1a2b3e4f50617"}, code: 1, says: "keeps it: AWS refuses that (DependencyViolation)"},
		"an ACL that subnets keep":            {kind: "aws_network_acl", action: "delete", before: map[string]any{"id": aclOfHealthy, "vpc_id": "vpc-0d5c1a2b3e4f50617"}, code: 3, says: "the subnets fall to what the VPC has"},
		"an agent that is stopped":            {kind: "aws_ec2_instance_state", after: map[string]any{"instance_id": "i-0a1b2c3d4e5f60719", "state": "stopped"}, code: 1, says: "i-0a1b2c3d4e5f60719"},
		"instances, as many as are wanted":    {kind: "aws_autoscaling_group", after: map[string]any{"max_size": 250, "vpc_zone_identifier": []any{"subnet-0da1b2c3d4e5f6071"}}, code: 3, says: "subnet-free-ips"},
		"a group whose tags change":           {kind: "aws_autoscaling_group", action: "update", before: map[string]any{"id": "a", "vpc_zone_identifier": []any{"subnet-0da1b2c3d4e5f6071"}}, after: map[string]any{"id": "a", "vpc_zone_identifier": []any{"subnet-0da1b2c3d4e5f6071"}, "tags": map[string]any{"a": "b"}}, code: 0, says: "breaks nothing"},
		"a schedule that is told the ACL":     {kind: "aws_scheduler_schedule", after: map[string]any{"target": []any{map[string]any{"input": `{"NetworkAclId":"` + aclOfHealthy + `"}`}}}, code: 3, says: "nacl-to-endpoint"},
		"a cluster that is told the ACL":      {kind: "kubernetes_manifest", provider: "registry.terraform.io/hashicorp/kubernetes", after: map[string]any{"manifest": map[string]any{"spec": map[string]any{"acl": aclOfHealthy}}}, code: 3, says: "nacl-to-endpoint"},
		"a cluster that is told its VPC":      {kind: "helm_release", provider: "registry.terraform.io/hashicorp/helm", after: map[string]any{"values": []any{"vpcId: vpc-0d5c1a2b3e4f50617"}}, code: 0, says: "0 of 1 changes touch this target"},
		"a newer kind that names the ACL":     {kind: "aws_vpc_network_acl_lock", after: map[string]any{"network_acl_id": aclOfHealthy}, code: 3, says: "nacl-to-endpoint"},
		"a newer kind that names a table":     {kind: "aws_route_table_propagation_rule", after: map[string]any{"tables": []any{"rtb-0d1a2b3c4d5e6f701"}}, code: 3, says: "route-to-agent"},
		"a newer kind that names the VPC":     {kind: "aws_vpc_metrics", after: map[string]any{"vpc_id": "vpc-0d5c1a2b3e4f50617"}, code: 0, says: "0 of 1 changes touch this target"},
		"what tells of the endpoint":          {kind: "aws_vpc_endpoint_connection_notification", after: map[string]any{"vpc_endpoint_id": "vpce-0a1b2c3d4e5f60718"}, code: 0, says: "0 of 1 changes touch this target"},
		"another service that names a group":  {kind: "aws_mwaa_environment", after: map[string]any{"security_group_ids": []any{"sg-0e1d2c3b4a5968778"}}, code: 0, says: "0 of 1 changes touch this target"},
		"a newer kind whose tags change":      {kind: "aws_vpc_network_acl_lock", action: "update", before: map[string]any{"id": "a", "network_acl_id": aclOfHealthy}, after: map[string]any{"id": "a", "network_acl_id": aclOfHealthy, "tags": map[string]any{"a": "b"}}, code: 0, says: "breaks nothing"},
		"a newer kind of Cloud Control":       {kind: "awscc_ec2_network_acl_lock", provider: awscc, after: map[string]any{"network_acl_id": aclOfHealthy}, code: 3, says: "nacl-to-endpoint"},
		"a known kind of Cloud Control":       {kind: "awscc_ec2_launch_template", provider: awscc, after: map[string]any{"group": "sg-0e1d2c3b4a5968778"}, code: 0, says: "0 of 1 changes touch this target"},
		"a newer kind by its state":           {kind: "aws_cloudcontrolapi_resource", after: map[string]any{"type_name": "AWS::EC2::NetworkAclLock", "desired_state": `{"NetworkAclId":"` + aclOfHealthy + `"}`}, code: 3, says: "nacl-to-endpoint"},
		"a third party's by its state":        {kind: "aws_cloudcontrolapi_resource", after: map[string]any{"type_name": "Acme::Net::Rule", "desired_state": `{"On":"` + aclOfHealthy + `"}`}, code: 3, says: "nacl-to-endpoint"},
		"a schedule of Cloud Control":         {kind: "awscc_scheduler_schedule", provider: awscc, after: map[string]any{"target": map[string]any{"input": aclOfHealthy}}, code: 3, says: "nacl-to-endpoint"},
		"a run of another workspace":          {kind: "tfe_workspace_run", provider: "registry.terraform.io/hashicorp/tfe", after: map[string]any{"workspace_id": "ws-1"}, code: 0, says: "1 custom resources, provisioners or resources of other providers were not read"},
		"a provider by a harmless name":       {kind: "http_request", provider: "registry.terraform.io/acme/http", after: map[string]any{"body": aclOfHealthy}, code: 3, says: "nacl-to-endpoint"},
		"an interface whose groups go":        {kind: "aws_network_interface", action: "update", before: ofAgent("sg-0a9e8d7c6b5a49382"), after: ofAgent("sg-0e1d2c3b4a5968778"), code: 3, says: "it can't be told: agent-sg-egress. The estate"},
		"an interface, its groups told later": {kind: "aws_network_interface", action: "update", before: ofAgent("sg-0a9e8d7c6b5a49382"), after: ofAgent(), open: map[string]any{"security_groups": []any{true}}, code: 3, says: "aws_network_interface.x.security_groups"},
		"a group that joins":                  {kind: "aws_network_interface_sg_attachment", after: map[string]any{"network_interface_id": "eni-0a3a2b3c4d5e6f703", "security_group_id": "sg-0e1d2c3b4a5968778"}, code: 0, says: "breaks nothing"},
		"the VPC of the endpoint":             {kind: "aws_vpc", action: "delete", before: map[string]any{"id": "vpc-0d5c1a2b3e4f50617"}, code: 1, says: "breaks endpoint-available"},
		"a subnet of the endpoint":            {kind: "aws_subnet", action: "delete", before: map[string]any{"id": "subnet-0db1b2c3d4e5f6072", "vpc_id": "vpc-0d5c1a2b3e4f50617"}, code: 1, says: "the change deletes subnet-0db1b2c3d4e5f6072, which it stands in"},
		"the VPC of the agent":                {kind: "aws_vpc", action: "delete", before: map[string]any{"id": "vpc-05a1b2c3d4e5f6071"}, code: 3, says: "while i-0a1b2c3d4e5f60719 stands in it"},
		"a table that subnets keep":           {kind: "aws_route_table", action: "delete", before: map[string]any{"id": "rtb-0d1a2b3c4d5e6f701", "vpc_id": "vpc-0d5c1a2b3e4f50617"}, code: 1, says: "breaks route-to-agent"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.provider == "" {
				tt.provider = "registry.terraform.io/hashicorp/aws"
			}
			if tt.action == "" {
				tt.action = "create"
			}
			open := map[string]any{}
			if tt.action == "create" {
				open["id"] = true
			}
			for k, v := range tt.open {
				open[k] = v
			}
			var configs []any
			if tt.config != nil {
				configs = append(configs, tt.config)
			}
			plan := map[string]any{
				"format_version": "1.2", "complete": true,
				"resource_changes": []any{map[string]any{"address": tt.kind + ".x", "mode": "managed", "type": tt.kind, "name": "x", "provider_name": tt.provider, "change": map[string]any{"actions": []string{tt.action}, "before": orNull(tt.before), "after": orNull(tt.after), "after_unknown": open}}},
				"configuration":    map[string]any{"provider_config": map[string]any{"aws": map[string]any{"name": "aws", "expressions": map[string]any{"region": map[string]any{"constant_value": "us-east-1"}}}}, "root_module": map[string]any{"resources": configs}},
			}
			body, err := json.Marshal(plan)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "plan.json")
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
			wants(t, invoke(t, "check", "--fixture", "healthy", "--plan", file), tt.code, tt.says)
		})
	}
}

func orNull(m map[string]any) any {
	if m == nil {
		return nil
	}
	return m
}
