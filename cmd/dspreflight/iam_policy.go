package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func iamPolicyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "iam-policy",
		Usage:     "print the least IAM policy for an audit or for an activation",
		UsageText: "dspreflight iam-policy --for audit|activation [-o json|terraform]\n\n   audit: what the selected checks read; derived from them. activation: what CreateAgent needs,\n   and what verifies the result.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "for", Usage: "`WHAT`: audit or activation", Value: "audit"},
			listFlag("", "check", "with --for audit: only checks that match `GLOB`, and those they rest on (repeatable)"),
			listFlag("", "skip", "with --for audit: no checks that match `GLOB` (repeatable)"),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: json or terraform", Value: "json"},
			stringFlag("", "lang", "`LANGUAGE`: en or ja"),
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			policy, err := policyFor(c)
			if err != nil {
				return err
			}
			switch c.String("output") {
			case "json":
				return writeJSON(env, policy)
			case "terraform":
				_, err := fmt.Fprint(env.stdout, policy.terraform())
				return err
			}
			return snapshot.Errorf("--output %q: expected json or terraform", "--output %q: json か terraform を指定する", c.String("output"))
		},
	}
}

// policyDocument is an IAM policy as this command writes it.
type policyDocument struct {
	Version   string
	Statement []policyStatement
}

type policyStatement struct {
	Sid      string
	Effect   string
	Action   []string
	Resource string
}

func policyFor(c *cli.Context) (policyDocument, error) {
	p := policyDocument{Version: "2012-10-17"}
	switch c.String("for") {
	case "activation":
		p.Statement = []policyStatement{{"DataSyncActivation", "Allow", slices.Sorted(slices.Values(checks.ActivationActions())), "*"}}
	case "audit":
		selected, err := checks.Select(checks.All(), c.StringSlice("check"), c.StringSlice("skip"))
		if err != nil {
			return p, snapshot.Errorf("--check or --skip: %w", "--check または --skip: %w", err)
		}
		p.Statement = []policyStatement{{"DataSyncPreflightAudit", "Allow", auditActions(selected), "*"}}
	default:
		return p, snapshot.Errorf("--for %q: expected audit or activation", "--for %q: audit か activation を指定する", c.String("for"))
	}
	return p, nil
}

// auditActions are the calls behind the tables that checks read. None of them
// takes a resource but those of IAM, whose caller is not known here.
func auditActions(selected []*checks.Check) []string {
	var out []string
	for _, k := range withIdentity(checks.Kinds(selected)) {
		out = append(out, k.Action())
		if k == snapshot.PolicySimulation {
			out = append(out, "iam:GetRole") // the path of the caller's role
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// terraform is the policy as a data source.
func (p policyDocument) terraform() string {
	var b bytes.Buffer
	name := "datasync_preflight_audit"
	if p.Statement[0].Sid == "DataSyncActivation" {
		name = "datasync_activation"
	}
	fmt.Fprintf(&b, "data \"aws_iam_policy_document\" %q {\n", name)
	for _, s := range p.Statement {
		var actions []string
		for _, a := range s.Action {
			quoted, _ := json.Marshal(a) // a string always encodes
			actions = append(actions, "      "+string(quoted)+",")
		}
		fmt.Fprintf(&b, "  statement {\n    sid       = %q\n    effect    = %q\n    resources = [%q]\n    actions = [\n%s\n    ]\n  }\n", s.Sid, s.Effect, s.Resource, strings.Join(actions, "\n"))
	}
	b.WriteString("}\n")
	return b.String()
}
