package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/moto"
	"github.com/dspreflight/dspreflight/report"
)

// allow is a policy that allows actions on everything.
func allow(actions ...string) string {
	return `{"Effect":"Allow","Resource":"*","Action":["` + strings.Join(actions, `","`) + `"]}`
}

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// TestRealMotoIAM runs the check live, as users with different rights, over a moto
// that enforces them. moto can't simulate policies, so what no read call proves
// stays UNKNOWN, with the call that would tell.
func TestRealMotoIAM(t *testing.T) {
	server := moto.Start(t)
	ctx := context.Background()
	ids, err := server.Build(ctx, moto.Scenario{Link: moto.Peering})
	if err != nil {
		t.Fatal(err)
	}
	var ec2 []string
	for _, a := range checks.ActivationActions() {
		if strings.HasPrefix(a, "ec2:") {
			ec2 = append(ec2, a)
		}
	}
	others := []string{"ec2:DescribeVpcs", "ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls", "sts:GetCallerIdentity"}
	type userCase struct {
		name, policy string
		denied       []string // the actions that iam-activation must report
	}
	cases := []userCase{
		{"exact", policyOf(allow(append(others, checks.ActivationActions()...)...)), nil},
		{"everything", policyOf(allow("*")), nil},
		{"article", policyOf(`{"Effect":"Allow","Action":"datasync:*","Resource":"arn:aws:datasync:us-east-1:123456789012:*"}`, allow("ec2:*VpcEndpoint*", "ec2:*Subnet*", "ec2:*security-group*")), []string{"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"}},
		{"deny", policyOf(allow("*"), `{"Effect":"Deny","Resource":"*","Action":"ec2:DescribeSubnets"}`), []string{"ec2:DescribeSubnets"}},
	}
	for _, missing := range ec2 {
		rest := slices.DeleteFunc(slices.Clone(ec2), func(a string) bool { return a == missing })
		cases = append(cases, userCase{"without-" + strings.TrimPrefix(missing, "ec2:"), policyOf(allow(append(others, rest...)...)), []string{missing}})
	}
	users := map[string]moto.User{}
	for _, c := range cases {
		u, err := server.NewUser(ctx, moto.User{}, c.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := server.PutPolicy(ctx, moto.User{}, u, "p", c.policy); err != nil {
			t.Fatal(err)
		}
		users[c.name] = u
	}
	server.Enforce(t, true)
	defer server.Enforce(t, false)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range server.Env() {
				t.Setenv(k, v)
			}
			t.Setenv("AWS_ACCESS_KEY_ID", users[c.name].Key)
			t.Setenv("AWS_SECRET_ACCESS_KEY", users[c.name].Secret)
			out := invoke(t, "check", "--no-probe", "--region", moto.DestinationRegion, "--vpc-endpoint-id", ids.Endpoint, "--source-cidr", "10.10.0.0/16", "--timeout", "30s", "-o", "json")
			rep := parse(t, out)
			var denied, proved []string
			for _, r := range rep.Targets[0].Results {
				if r.Check != "iam-activation" {
					continue
				}
				for _, f := range r.Findings {
					switch f.Status {
					case "FAIL":
						denied = append(denied, fmt.Sprint(f.Args["action"]))
					case "PASS":
						proved = append(proved, f.Evidence[0].Source)
					case "UNKNOWN":
						if !strings.Contains(f.Message, "SimulatePrincipalPolicy") {
							t.Errorf("the gap names no call: %s", f.Message)
						}
					}
				}
			}
			slices.Sort(denied)
			if !slices.Equal(denied, c.denied) {
				t.Errorf("denied: %v, want %v: %s", denied, c.denied, messages(rep, "iam-activation"))
			}
			for _, a := range c.denied {
				if !slices.ContainsFunc(rep.Targets[0].Gaps, func(g report.Gap) bool { return g.Source == a }) {
					t.Errorf("no gap names %s", a)
				}
			}
			if len(proved)+len(denied) < len(ec2)-1 && c.name != "without-DescribeVpcEndpoints" { // without it nothing else is looked for
				t.Errorf("only %v are proved by calls that worked", proved)
			}
		})
	}
}
