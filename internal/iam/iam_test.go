package iam_test

import (
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/iam"
)

func decide(t *testing.T, document, action, resource string, context iam.Context) iam.Decision {
	t.Helper()
	p, err := iam.Parse("policy.json", []byte(document))
	if err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	return iam.Evaluate([]iam.Policy{p}, iam.Request{Action: action, Resource: resource, Context: context}).Decision
}

// statement wraps one statement.
func statement(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }

// TestEvaluate covers what moto gets wrong, by AWS's documentation: case,
// resources, conditions, variables.
func TestEvaluate(t *testing.T) {
	context := iam.Context{"aws:requestedregion": {Is: "us-east-1"}, "aws:principalaccount": {Is: "111122223333"}, "aws:securetransport": {Is: "true"}, "aws:currenttime": {Is: "2026-11-01T12:00:00Z"}, "aws:epochtime": {Is: "1793534400"}, "aws:sourceip": {Is: "10.1.2.3"}}
	agent := "arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718"
	for _, tt := range []struct {
		statement, action, resource string
		want                        iam.Decision
	}{
		{`{"Effect":"Allow","Action":"EC2:*subnet*","Resource":"*"}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"ec2:describevpcendpoints","Resource":"*"}`, "ec2:DescribeVpcEndpoints", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"ec2:*security-group*","Resource":"*"}`, "ec2:DescribeSecurityGroups", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:111122223333:*"}`, "datasync:CreateAgent", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:111122223333:*"}`, "datasync:DescribeAgent", agent, iam.Allowed},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:eu-west-1:111122223333:*"}`, "datasync:DescribeAgent", agent, iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:*:111122223333:agent/*"}`, "datasync:DescribeAgent", agent, iam.Allowed},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-*-1:1111????3333:agent/agent-?a*"}`, "datasync:DescribeAgent", agent, iam.Allowed},
		{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "datasync:CreateAgent", "*", iam.Allowed},
		{`{"Effect":"Allow","NotAction":["iam:*","datasync:Create*"],"Resource":"*"}`, "datasync:CreateAgent", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:datasync:us-east-1:111122223333:agent/*"}`, "datasync:DescribeAgent", agent, iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ec2:describesub*","Resource":"*"}`, "ec2:DescribeSubnets", "*", iam.ExplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","us-west-2"]}}}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:requestedregion":["us-east-1","eu-west-1"]}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:RequestedRegion":"eu-*"}}}`, "ec2:DescribeSubnets", "*", iam.ExplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SecureTransport":"true"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:SecureTransport":"false"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"aws:SecureTransport":"*"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"aws:PrincipalAccount":"111122223333"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:RequestedRegion":"us-east-1"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:SourceIp":"10.1.*"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:RequestedRegion":"0.0.0.0/0"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.1.0.0/16"]}}}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}}`, "ec2:DescribeSubnets", "*", iam.ImplicitDeny},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:CurrentTime":"4000000000"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:EpochTime":"4000000000"}}}`, "ec2:DescribeSubnets", "*", iam.Allowed},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"MadeUpOperator":{"aws:RequestedRegion":"us-east-1"}}}`, "ec2:DescribeSubnets", "*", iam.Undecided},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:${aws:PrincipalAccount}:agent/*"}`, "datasync:DescribeAgent", agent, iam.Allowed},
		{`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:111122223333:agent/${aws:username}"}`, "datasync:DescribeAgent", agent, iam.Undecided},
	} {
		if got := decide(t, statement(tt.statement), tt.action, tt.resource, context); got != tt.want {
			t.Errorf("%s on %s by %s: %v, want %v", tt.action, tt.resource, tt.statement, got, tt.want)
		}
	}
	// Variables exist in the newer version of the language only.
	old := `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:${aws:PrincipalAccount}:agent/*"}}`
	if got := decide(t, old, "datasync:DescribeAgent", agent, context); got != iam.ImplicitDeny {
		t.Errorf("a variable in the old version: %v", got)
	}
}

func TestParse(t *testing.T) {
	for _, good := range []string{
		statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`),
		statement(`{"Effect":"Allow","Action":"*:*","Resource":"*"}`),
		`{"Statement":{"Effect":"Allow","Action":["a:b"],"Resource":["*"]}}`,
		`{"PolicyVersion":{"Document":{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"a:b","NotResource":"*"}]},"VersionId":"v1"}}`,
		`{"RoleName":"r","PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]}}`,
		`{"PolicyDocument":"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22a%3Ab%22%2C%22Resource%22%3A%22%2A%22%7D%7D"}`,
		"\xef\xbb\xbf" + statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`),
	} {
		if p, err := iam.Parse("p", []byte(good)); err != nil || len(p.Statements) != 1 {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		``:                         "ends too early",
		`[]`:                       "",
		`{"Version":"2012-10-17"}`: "no \"Statement\"",
		`{"Version":"2025-01-01","Statement":[]}`:                                                                                     "2012-10-17",
		statement(`{"Effect":"allow","Action":"*","Resource":"*"}`):                                                                   "Effect",
		statement(`{"Effect":"Allow","Resource":"*"}`):                                                                                "one of Action and NotAction",
		statement(`{"Effect":"Allow","Action":"*"}`):                                                                                  "one of Resource and NotResource",
		statement(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`):                                                   "Principal",
		statement(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}`): "another statement",
		statement(`{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}`):                                                       "digits only",
		statement(`{"Effect":"Allow","Action":7,"Resource":"*"}`):                                                                     "",
		statement(`{"Effect":"Allow","Action":"datasync*","Resource":"*"}`):                                                           "is no action",
		statement(`{"Effect":"Allow","Action":["ec2:*","data*:*"],"Resource":"*"}`):                                                   "is no action",
		statement(`{"Effect":"Allow","Action":"*:Describe*","Resource":"*"}`):                                                         "is no action",
		statement(`{"Effect":"Deny","NotAction":"ec2:ec2:DescribeSubnets","Resource":"*"}`):                                           "is no action",
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"`:                                          "line 1",
		statement(`{"Effect":"Allow","Action":"*","Resource":"*"}`) + strings.Repeat(" ", iam.MaxPolicyBytes):                         "larger than",
	} {
		if _, err := iam.Parse("p", []byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", bad, err, want)
		}
	}
}

// TestDeadPattern is the defect of the article's policy.
func TestDeadPattern(t *testing.T) {
	if n := len(iam.Matching("ec2:*security-group*")); n != 0 {
		t.Errorf("%d actions match", n)
	}
	for pattern, want := range map[string]int{"ec2:*subnet*": 13, "ec2:*VpcEndpoint*": 22, "ec2:*securitygroup*": 19} {
		if n := len(iam.Matching(pattern)); n != want {
			t.Errorf("%s matches %d, want %d", pattern, n, want)
		}
	}
	if got := iam.Meant("ec2:*security-group*"); got != "ec2:*securitygroup*" {
		t.Errorf("meant %q", got)
	}
	if len(iam.Actions()) < 1000 {
		t.Errorf("%d actions are known", len(iam.Actions()))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(statement(`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringLike":{"a":["b"]}}}`))
	f.Add(`{"PolicyDocument":"%7B%7D"}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := iam.Parse("p", []byte(text))
		if err == nil {
			iam.Evaluate([]iam.Policy{p}, iam.Request{Action: "ec2:DescribeSubnets", Resource: "*"})
		}
	})
}
