package main

import (
	"fmt"
	"slices"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/byhand"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// printCollector prints the script that collects, with the AWS CLI, what would be
// collected live.
func printCollector(env *environment, run *audit.Run) error {
	p := run.Request
	r := byhand.Request{Version: run.Version, Lang: run.Lang, Simulate: checks.ActivationActions()}
	for i, t := range p.Targets {
		p.Targets[i] = t.Settled()
		r.Audit = r.Audit || t.AgentARN != "" || t.Audit != nil
	}
	if len(p.Targets) == 1 {
		r.Target = &p.Targets[0]
	}
	whole := slices.ContainsFunc(p.Targets, func(t snapshot.Target) bool { return t.Audit != nil })
	kinds := audit.WithAudit(audit.WithIdentity(checks.Kinds(run.Selected)), p.Targets)
	for i, s := range p.Scopes {
		one := byhand.Scope{Name: s.Name, Region: s.Account.Region, Profile: s.Account.Profile, Roles: collect.Roles(p.Targets, i)}
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
		for _, t := range p.Targets {
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
	_, err := fmt.Fprint(env.stdout, byhand.Script(r))
	return err
}
