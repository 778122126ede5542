package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/byhand"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// printCollector prints the script that collects, with the AWS CLI, what would be
// collected live.
func printCollector(c *cli.Context, env *environment, p request, kinds []snapshot.Kind) error {
	lang, err := language(c)
	if err != nil {
		return err
	}
	r := byhand.Request{Version: version(), Lang: lang, Simulate: checks.ActivationActions()}
	for i, t := range p.targets {
		p.targets[i] = t.Settled()
		r.Audit = r.Audit || t.AgentARN != "" || t.Audit != nil
	}
	if len(p.targets) == 1 {
		r.Target = &p.targets[0]
	}
	whole := slices.ContainsFunc(p.targets, func(t snapshot.Target) bool { return t.Audit != nil })
	kinds = withAudit(withIdentity(kinds), p.targets)
	for i, s := range p.scopes {
		one := byhand.Scope{Name: s.Name, Region: s.Account.Region, Profile: s.Account.Profile, Roles: collect.Roles(p.targets, i)}
		one.Kinds = collect.Wanted(kinds, one.Roles)
		for _, role := range []string{s.Account.Via, s.Account.RoleARN} {
			if role != "" {
				one.Assume = append(one.Assume, role)
			}
		}
		add := func(list *[]string, v string) {
			if v != "" && !slices.Contains(*list, v) {
				*list = append(*list, v)
			}
		}
		for _, t := range p.targets {
			add(&one.Subnets, t.SubnetID)
			if len(one.Roles) == 0 || t.Sides == nil || t.Sides.Source == i { // elsewhere it is nobody's
				add(&one.Instances, t.AgentInstanceID)
			}
			if !whole {
				add(&one.Agents, t.AgentARN)
			}
		}
		r.Scopes = append(r.Scopes, one)
	}
	_, err = fmt.Fprint(env.stdout, byhand.Script(r))
	return err
}
