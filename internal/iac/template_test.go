package iac

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/iac/cloudformation"
	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func readTemplate(t testing.TB, body string, parameters map[string]string) *cloudformation.Template {
	t.Helper()
	p, err := cloudformation.Read("t.yaml", []byte(body), parameters)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestIntrinsics works functions out; what can't be is unknown.
func TestIntrinsics(t *testing.T) {
	const head = `
Parameters:
  Given: {Type: String}
  Default: {Type: String, Default: d}
  Open: {Type: String}
  List: {Type: CommaDelimitedList, Default: "a, b"}
  Looked: {Type: AWS::SSM::Parameter::Value<String>, Default: /x}
Mappings: {M: {us-east-1: {cidr: 10.1.0.0/16}}}
Conditions:
  Yes: !Equals [!Ref Default, d]
  No: !Not [!Condition Yes]
  Maybe: !Equals [!Ref Open, x]
  Either: !Or [!Condition Maybe, !Condition Yes]
Resources:
  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  X: {Type: AWS::EC2::Instance, Properties: {InstanceType: %s}}
`
	for _, tt := range []struct{ in, want string }{
		{`plain`, "plain"},
		{`!Ref Given`, "given"},
		{`!Ref Default`, "d"},
		{`!Ref Open`, "?Parameters.Open"},
		{`!Ref Looked`, "?Parameters.Looked"},
		{`!Ref List`, "[a b]"},
		{`!Ref V`, "V"},
		{`{Ref: V}`, "V"},
		{`!Ref "AWS::Region"`, "us-east-1"},
		{`!Ref "AWS::AccountId"`, "?AWS::AccountId"},
		{`!Sub "a-${AWS::Region}"`, "a-us-east-1"},
		{`!Sub "${V.CidrBlock}"`, "10.0.0.0/16"},
		{`!Sub "${!literal}"`, "${literal}"},
		{`!Sub ["${a}-${V}", {a: 1}]`, "1-V"},
		{`!Sub "${Open}"`, "?X.InstanceType"},
		{`!Join ["-", [a, !Ref V]]`, "a-V"},
		{`!Select [1, [a, b]]`, "b"},
		{`!Select [5, [a, b]]`, "?X.InstanceType"},
		{`!Select [0, !Split [",", "x,y"]]`, "x"},
		{`!Select [0, !GetAZs ""]`, "?X.InstanceType"},
		{`!FindInMap [M, !Ref "AWS::Region", cidr]`, "10.1.0.0/16"},
		{`!FindInMap [M, nowhere, cidr]`, "?X.InstanceType"},
		{`!If [Yes, a, b]`, "a"},
		{`!If [No, a, b]`, "b"},
		{`!If [Maybe, a, b]`, "?X.InstanceType"},
		{`!If [Either, a, b]`, "a"},
		{`!If [No, a, !Ref "AWS::NoValue"]`, "none"},
		{`!GetAtt V.CidrBlock`, "10.0.0.0/16"},
		{`!GetAtt V.VpcId`, "V"},
		{`!GetAtt V.DefaultSecurityGroup`, "V.default_security_group_id"},
		{`!GetAtt V.Nothing`, "?X.InstanceType"},
		{`!GetAtt [V, VpcId]`, "V"},
		{`!ImportValue x`, "?X.InstanceType"},
		{`!Select [1, !Cidr [10.0.0.0/16, 2, 8]]`, "10.0.1.0/24"},
		{`!Select [0, !Cidr [10.0.0.0/30, 9, 8]]`, "?X.InstanceType"},
		{`"{{resolve:ssm:/x}}"`, "?X.InstanceType"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			p := readTemplate(t, fmt.Sprintf(head, tt.in), map[string]string{"Given": "given"})
			p.Region = "us-east-1"
			current := overlay(t, nil, p).Plans[0].Current
			got := "none"
			switch v := current[len(current)-1].Attributes["instance_type"].(type) {
			case resource.Unknown:
				got = "?" + string(v)
			case nil:
			default:
				got = fmt.Sprint(v)
			}
			if got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestTemplateRefusals are templates that CloudFormation would refuse, or that
// would cost more than they are worth.
func TestTemplateRefusals(t *testing.T) {
	laughs := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":         {"", "neither YAML nor JSON"},
		"a list":          {"[1, 2]", "not a template"},
		"broken YAML":     {"Resources: {", "neither YAML nor JSON"},
		"broken JSON":     {`{"Resources": `, "neither YAML nor JSON"},
		"no resources":    {"Parameters: {}", "no Resources"},
		"no type":         {"Resources:\n  A: {Properties: {}}", "line 2: the resource A has no Type"},
		"a circle":        {"Resources:\n  A: {Type: AWS::EC2::Route, Properties: {GatewayId: !Ref B}}\n  B: {Type: AWS::EC2::Route, Properties: {GatewayId: !GetAtt A.Id}}", "circular dependency: A -> B -> A"},
		"itself":          {`{"Resources":{"A":{"Type":"X","Properties":{"P":{"Fn::Sub":"${A}"}}}}}`, "circular dependency: A -> A"},
		"conditions":      {"Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {}", "circular dependency: Condition A -> Condition B -> Condition A"},
		"billion laughs":  {laughs, "aliases and anchors"},
		"a merge":         {"Resources:\n  A:\n    Type: X\n    Properties:\n      <<: {Q: 1}\n", "line 5: << is not allowed"},
		"two documents":   {"Resources: {}\n---\nResources: {}\n", "more than one document"},
		"a broken second": {"Resources: {}\n---\nResources: {\n", "more than one document"},
		"deep":            {`{"Resources":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 101), "more than 64 levels"},
		"twice":           {"Resources:\n  A: {Type: X}\n  A: {Type: Y}", "twice"},
		"a port":          {`{"Resources":{"A":{"Type":"AWS::EC2::SecurityGroupIngress","Properties":{"GroupId":"sg-1","IpProtocol":"tcp","FromPort":1e999,"ToPort":5}}}}`, "from_port"},
		"a block":         {`{"Resources":{"A":{"Type":"AWS::EC2::Subnet","Properties":{"CidrBlock":"10.0.0.0/99"}}}}`, "cidr_block"},
		"a failed change": {`{"Changes":[],"Status":"FAILED","StatusReason":"no updates"}`, "the change set failed (no updates)"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := cloudformation.Read("t", []byte(tt.body), nil)
			if err == nil {
				_, err = New(nil, []resource.Source{p})
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if _, err := cloudformation.Read("t", []byte("Resources: {}"), map[string]string{"Nope": "x"}); err == nil || !strings.Contains(err.Error(), "no parameter Nope") {
		t.Error(err)
	}
}

// TestDefaultEgress is the rule that AWS adds to a group for which nobody writes
// an outbound rule; whether it stays beside rules of their own is open.
func TestDefaultEgress(t *testing.T) {
	for name, tt := range map[string]struct {
		more string
		want string
	}{
		"nobody": {"", "-1 pending="},
		"inline": {"", "tcp pending="},
		"apart":  {"\n  E: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}}", "-1 pending=G.SecurityGroupEgress tcp pending="},
	} {
		t.Run(name, func(t *testing.T) {
			inline := ""
			if name == "inline" {
				inline = ", SecurityGroupEgress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}]"
			}
			p := readTemplate(t, "Resources:\n  G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g, VpcId: vpc-1"+inline+"}}"+tt.more, nil)
			g, _ := overlay(t, nil, p).After(nil).Scopes[0].SecurityGroups.Get("G")
			var got []string
			for _, e := range g.Egress {
				got = append(got, fmt.Sprintf("%s pending=%s", e.Protocol, e.Pending))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%q, want %q", strings.Join(got, " "), tt.want)
			}
		})
	}
}

// TestChangeSet reads values where the change set has them, in the spelling of
// the AWS CLI and of the console; where it has none, what it may touch is lost.
func TestChangeSet(t *testing.T) {
	base := &snapshot.Snapshot{Scopes: []*snapshot.Scope{{Name: "d", Region: "us-east-1", Account: "111122223333"}}}
	s := base.Scopes[0]
	s.SecurityGroups.Add(snapshot.SecurityGroup{ID: "sg-0000000000000001", VPC: "vpc-1"})
	s.SecurityGroups.See(snapshot.Full, nil)
	const with = `{"StackName":"s","Changes":[{"Type":"Resource","ResourceChange":{"Action":"Add","LogicalResourceId":"R","ResourceType":"AWS::EC2::SecurityGroupIngress","AfterContext":"{\"Properties\":{\"GroupId\":\"sg-0000000000000001\",\"IpProtocol\":\"tcp\",\"FromPort\":\"443\",\"ToPort\":\"443\",\"CidrIp\":\"10.0.0.0/8\"}}"}}]}`
	for _, body := range []string{with, strings.NewReplacer(`"Changes"`, `"changes"`, `"ResourceChange"`, `"resourceChange"`, `"Action"`, `"action"`, `"LogicalResourceId"`, `"logicalResourceId"`, `"ResourceType"`, `"resourceType"`, `"AfterContext"`, `"afterContext"`, `"StackName":"s"`, `"stackName":null`).Replace(with)} {
		p := readTemplate(t, body, nil)
		g, _ := overlay(t, base, p).After(nil).Scopes[0].SecurityGroups.Get("sg-0000000000000001")
		if len(g.Ingress) != 1 || *g.Ingress[0].FromPort != 443 {
			t.Errorf("%+v", g.Ingress)
		}
	}
	p := readTemplate(t, `{"Changes":[{"ResourceChange":{"Action":"Modify","LogicalResourceId":"G","PhysicalResourceId":"sg-0000000000000001","ResourceType":"AWS::EC2::SecurityGroup"}}]}`, nil)
	after := overlay(t, base, p).After(nil).Scopes[0]
	if _, seen := after.SecurityGroups.Get("sg-0000000000000001"); seen != snapshot.Unobserved || after.Opened[snapshot.SecurityGroups] == nil {
		t.Errorf("presence %v, why %+v", seen, after.Opened)
	}
	p = readTemplate(t, `{"Changes":[{"ResourceChange":{"Action":"Remove","LogicalResourceId":"G","PhysicalResourceId":"sg-0000000000000001","ResourceType":"AWS::EC2::SecurityGroup"}}]}`, nil)
	if _, seen := overlay(t, base, p).After(nil).Scopes[0].SecurityGroups.Get("sg-0000000000000001"); seen != snapshot.Absent {
		t.Errorf("presence %v", seen)
	}
}

// TestTemplateOfWhatIsThere lays the template of a stack over what it made.
func TestTemplateOfWhatIsThere(t *testing.T) {
	for _, dir := range recorded.Glob(t, "plans", "cloudformation/*/describe_before") {
		body, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "template_before.json"))
		if err != nil {
			t.Fatal(err)
		}
		base, err := snapshot.Read(os.DirFS(dir), snapshot.ReadOptions{Complete: true})
		if err != nil {
			t.Fatal(err)
		}
		p := readTemplate(t, string(body), nil)
		o := overlay(t, base, p)
		// The server that made these gave the agent's interface the default group,
		// whatever the template says.
		var others []resource.Change
		for _, c := range o.Changes() {
			if c.Address != "AgentEni" {
				others = append(others, c)
			}
		}
		if stack := o.Plans[0].Stack; stack != "datasync" || len(others) != 0 {
			t.Errorf("%s: stack %q, changes %+v", dir, stack, others)
		}
		if after := o.After(func(i int) bool { return o.Changes()[i].Address != "AgentEni" }); dump(after) != dump(o.Before()) {
			t.Errorf("%s:\n%s", dir, diff(dump(o.Before()), dump(after)))
		}
	}
}
