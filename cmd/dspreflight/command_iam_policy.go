package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func iamPolicyCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "iam-policy",
		Usage:     "print the least IAM policy for an audit or for an activation",
		UsageText: "dspreflight iam-policy --for audit|activation [-o json|terraform]\n\naudit: what the selected checks read; derived from them. With the flags or the --config that name several accounts and Regions: the policy of each, by the name of its scope, or of one with --scope.\nactivation: what CreateAgent needs, and what verifies the result.",
		Flags: append(append(scopeFlags(), auditFlags()...),
			&cli.StringFlag{Name: "for", Usage: "`WHAT`: audit or activation", Value: "audit"},
			listFlag("", "check", "with --for audit: only checks that match `GLOB`, and those they rest on (repeatable)"),
			ownChecksFlag(),
			listFlag("", "skip", "with --for audit: no checks that match `GLOB` (repeatable)"),
			listFlag("", "probes", "with --for audit: `ssm:COMMAND-ID`, or any ssm:, adds what reading a command of Systems Manager takes (repeatable)"),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: json or terraform", Value: "json"},
			&cli.StringFlag{Name: "scope", Usage: "with --for audit: only the policy of the scope `NAME`"},
			stringFlag("", "lang", "`LANGUAGE`: en or ja"),
		),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			policies, err := policiesFor(c, env)
			if err != nil {
				return err
			}
			switch c.String("output") {
			case "json":
				if len(policies) == 1 {
					return writeJSON(env, policies[0].policyDocument)
				}
				byScope := map[string]policyDocument{}
				for _, p := range policies {
					byScope[p.scope] = p.policyDocument
				}
				return writeJSON(env, byScope)
			case "terraform":
				for _, p := range policies {
					name := p.name
					if len(policies) > 1 {
						name += "_" + unsafeName.Re().ReplaceAllString(p.scope, "_")
					}
					if _, err := fmt.Fprint(env.stdout, p.terraform(name)); err != nil {
						return err
					}
				}
				return nil
			}
			return snapshot.Errorf("--output %q: expected json or terraform", "--output %q: json か terraform を指定する", c.String("output"))
		},
	}
}

// unsafeName is what the name of a Terraform block can't hold.
var unsafeName = pattern.New(`[^A-Za-z0-9_-]+`)

// scopePolicy is the policy of the identity that looks at one scope.
type scopePolicy struct {
	scope, name string
	policyDocument
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

func policiesFor(c *cli.Context, env *environment) ([]scopePolicy, error) {
	switch c.String("for") {
	case "activation":
		return []scopePolicy{{"", "datasync_activation", policy("DataSyncActivation", slices.Sorted(slices.Values(checks.ActivationActions())))}}, nil
	case "audit":
	default:
		return nil, snapshot.Errorf("--for %q: expected audit or activation", "--for %q: audit か activation を指定する", c.String("for"))
	}
	o, err := optionsOf(c)
	if err != nil {
		return nil, err
	}
	r := audit.New(o, env.Console)
	if err := r.ReadChecks(c.Context); err != nil {
		return nil, err
	}
	if o.Organization {
		return organizationPolicies(r, c.String("scope"))
	}
	if err := r.ReadRequest(c.Context); err != nil {
		return nil, err
	}
	wanted := audit.WithIdentity(checks.Kinds(r.Selected))
	if slices.ContainsFunc(c.StringSlice("probes"), func(s string) bool { return strings.HasPrefix(s, ofCommand) }) {
		wanted = append(slices.Clone(wanted), collect.CommandKinds()...)
	}
	var out []scopePolicy
	var names []string
	for i, s := range r.Request.Scopes {
		names = append(names, s.Name)
		if want := c.String("scope"); want == "" || want == s.Name {
			kinds := collect.Wanted(audit.WithAudit(wanted, r.Request.Targets), collect.Roles(r.Request.Targets, i))
			out = append(out, scopePolicy{s.Name, "datasync_preflight_audit", policy("DataSyncPreflightAudit", auditActions(kinds))})
		}
	}
	if len(out) == 0 {
		return nil, snapshot.Errorf("--scope %q: expected one of %s", "--scope %q: %s のいずれかを指定する", c.String("scope"), strings.Join(names, ", "))
	}
	return out, nil
}

// organizationPolicies are that of the caller, who enters every account, and that of the
// role in each.
func organizationPolicies(r *audit.Run, want string) ([]scopePolicy, error) {
	targets, err := r.OfOrganization()
	if err != nil {
		return nil, err
	}
	role := "arn:" + snapshot.PartitionOf(r.Said.Region) + ":iam::*:role/" + strings.TrimPrefix(r.RoleName, "/")
	enter := policy("DataSyncPreflightOrganization", []string{"organizations:ListAccounts", snapshot.CallerIdentity.Action()})
	enter.Statement = append(enter.Statement, policyStatement{"DataSyncPreflightEnter", "Allow", []string{"sts:AssumeRole"}, role})
	kinds := audit.WithAudit(audit.WithIdentity(checks.Kinds(r.Selected)), targets)
	out := []scopePolicy{
		{"organization", "datasync_preflight_organization", enter},
		{"account", "datasync_preflight_audit", policy("DataSyncPreflightAudit", auditActions(kinds))},
	}
	out = slices.DeleteFunc(out, func(p scopePolicy) bool { return want != "" && p.scope != want })
	if len(out) == 0 {
		return nil, snapshot.Errorf("--scope %q: expected one of %s", "--scope %q: %s のいずれかを指定する", want, "organization, account")
	}
	return out, nil
}

func policy(sid string, actions []string) policyDocument {
	return policyDocument{Version: "2012-10-17", Statement: []policyStatement{{sid, "Allow", actions, "*"}}}
}

// auditActions are the calls behind the tables that checks read. None of them
// takes a resource but those of IAM, whose caller is not known here.
func auditActions(kinds []snapshot.Kind) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.Action())
		if k == snapshot.PolicySimulation {
			out = append(out, "iam:GetRole") // the path of the caller's role
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// terraform is the policy as a data source.
func (p policyDocument) terraform(name string) string {
	var b outside.Document[outside.HCL]
	b.Put("data \"aws_iam_policy_document\" % {\n", name)
	for _, s := range p.Statement {
		b.Put("  statement {\n    sid       = %\n    effect    = %\n    resources = [%]\n    actions = [\n", s.Sid, s.Effect, s.Resource)
		for _, a := range s.Action {
			b.Put("      %,\n", a)
		}
		b.Put("    ]\n  }\n")
	}
	b.Put("}\n")
	return b.String()
}
