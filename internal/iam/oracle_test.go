package iam_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/moto"
)

// calls are real actions that moto both answers and checks.
var calls = []struct {
	action string
	do     func(context.Context, *ec2.Client) error
}{
	{"ec2:DescribeVpcs", func(ctx context.Context, c *ec2.Client) error { _, err := c.DescribeVpcs(ctx, nil); return err }},
	{"ec2:DescribeSubnets", func(ctx context.Context, c *ec2.Client) error { _, err := c.DescribeSubnets(ctx, nil); return err }},
	{"ec2:DescribeVpcEndpoints", func(ctx context.Context, c *ec2.Client) error { _, err := c.DescribeVpcEndpoints(ctx, nil); return err }},
	{"ec2:DescribeSecurityGroups", func(ctx context.Context, c *ec2.Client) error {
		_, err := c.DescribeSecurityGroups(ctx, nil)
		return err
	}},
	{"ec2:DescribeRouteTables", func(ctx context.Context, c *ec2.Client) error { _, err := c.DescribeRouteTables(ctx, nil); return err }},
	{"ec2:DescribeNetworkInterfaces", func(ctx context.Context, c *ec2.Client) error {
		_, err := c.DescribeNetworkInterfaces(ctx, nil)
		return err
	}},
}

// TestRealMotoAgrees lets moto, whose evaluator nobody here wrote, decide random
// policies. It is wrong against AWS in four ways, which the policies keep clear
// of: it ignores conditions, matches resources as the literal *, compares the
// names of actions with regard to case, and knows no ? in them.
func TestRealMotoAgrees(t *testing.T) {
	const policies = 500
	server := moto.Start(t)
	ctx := context.Background()
	admin, err := server.NewUser(ctx, moto.User{}, "admin")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.PutPolicy(ctx, moto.User{}, admin, "all", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`); err != nil {
		t.Fatal(err)
	}
	user, err := server.NewUser(ctx, moto.User{}, "subject")
	if err != nil {
		t.Fatal(err)
	}
	server.Enforce(t, true)
	defer server.Enforce(t, false)
	cfg, err := server.Config(ctx, user)
	if err != nil {
		t.Fatal(err)
	}
	client := ec2.NewFromConfig(cfg)
	rng := rand.New(rand.NewPCG(1, 5))
	allowed, denied := 0, 0
	for n := range policies {
		document := randomPolicy(rng)
		if err := server.PutPolicy(ctx, admin, user, "p", document); err != nil {
			t.Fatal(err)
		}
		p, err := iam.Parse("p", []byte(document))
		if err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		for _, i := range rng.Perm(len(calls))[:3] {
			c := calls[i]
			err := c.do(ctx, client)
			var api smithy.APIError
			if err != nil && !errors.As(err, &api) {
				t.Fatal(err)
			}
			got := iam.Evaluate([]iam.Policy{p}, iam.Request{Action: c.action, Resource: "*"}).Decision
			if (err == nil) != (got == iam.Allowed) {
				t.Errorf("policy %d, %s: moto says %v, the evaluator %v: %s", n, c.action, err, got, document)
			}
			if err == nil {
				allowed++
			} else {
				denied++
			}
		}
	}
	t.Logf("%d policies: %d calls allowed, %d denied", policies, allowed, denied)
	if allowed < 100 || denied < 100 {
		t.Error("the samples are all alike: the oracle proves nothing")
	}
}

func randomPolicy(rng *rand.Rand) string {
	patterns := []string{
		"*", "ec2:*", "ec2:Describe*", "ec2:*Subnet*", "ec2:*VpcEndpoint*", "ec2:*SecurityGroup*", "ec2:*security-group*", "ec2:DescribeV*s", "ec2:*s",
		"ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroups", "ec2:DescribeRouteTables", "ec2:DescribeNetworkInterfaces",
		"s3:*", "datasync:*", "ec2:CreateVpc", "ec2:Describe*Interfaces",
	}
	var statements []map[string]any
	for range 1 + rng.IntN(4) {
		s := map[string]any{"Effect": "Allow", "Resource": "*"}
		if rng.IntN(4) == 0 {
			s["Effect"] = "Deny"
		}
		var list []string
		for range 1 + rng.IntN(3) {
			p := patterns[rng.IntN(len(patterns))]
			if s["Effect"] == "Deny" && p == "*" {
				p = "s3:*"
			}
			list = append(list, p)
		}
		key := "Action"
		if rng.IntN(6) == 0 {
			key = "NotAction"
		}
		s[key] = list
		if len(list) == 1 && rng.IntN(2) == 0 {
			s[key] = list[0]
		}
		statements = append(statements, s)
	}
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(fmt.Sprint(err))
	}
	return string(b)
}
