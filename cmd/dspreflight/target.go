package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// request is what a command is asked to look at.
type request struct {
	targets []snapshot.Target
	scopes  []collect.Scope // where to look for them, live
	said    snapshot.Target // what flags and environment say of every target
	aws     collect.Connector
	plans   []iac.Source // what changes are planned; nil: none were passed
}

// readRequest builds the targets from flags, environment and file, in this order
// of precedence, and validates every id, address and CIDR block. What an estate
// adds is merged later: see together.
func readRequest(c *cli.Context, env *environment) (request, error) {
	p := request{aws: connector(c, env)}
	flags, err := targetFromFlags(c)
	if err != nil {
		return p, err
	}
	if p.plans, err = readPlans(c, env); err != nil {
		return p, err
	}
	var file config
	if path := c.String("config"); path != "" {
		if file, err = readConfig(c, path); err != nil {
			return p, err
		}
	}
	p.said = flags
	if err := overridden(flags, file.Targets); err != nil {
		return p, err
	}
	targets := file.Targets
	if len(targets) == 0 {
		targets = []configTarget{{}}
	}
	names := map[string]bool{}
	for i, own := range targets {
		where := "--config"
		if len(file.Targets) > 0 {
			where = fmt.Sprintf("--config: targets[%d]", i)
		}
		t := checks.Tidy(flags.Merge(own.Target).Merge(file.Target))
		if err := validate(t, where, p.plans); err != nil {
			return p, err
		}
		if len(targets) > 1 {
			if t.Name == "" {
				t.Name = fmt.Sprintf("target-%d", i+1)
			}
			if names[t.Name] {
				return p, snapshot.Errorf("%s: the name %q is taken", "%s: 名前 %q は既に使われている", where, t.Name)
			}
			names[t.Name] = true
		}
		p.targets = append(p.targets, t)
	}
	if p.targets, err = auditTargets(c, file, p.targets); err != nil {
		return p, err
	}
	if p.scopes, p.targets, err = settleScopes(c, env, file, p.targets); err == nil && !asksAWS(c) {
		forgetSides(p.targets)
	}
	return p, err
}

func targetFromFlags(c *cli.Context) (snapshot.Target, error) {
	t := snapshot.Target{
		Region: c.String("region"), EndpointID: c.String("vpc-endpoint-id"), SubnetID: c.String("subnet-id"), GroupID: c.String("security-group-id"),
		DestinationType: c.String("destination-type"), Mode: c.String("mode"), SourceRegion: c.String("source-region"), SourceVPCID: c.String("source-vpc-id"),
		SourceSubnetID: c.String("source-subnet-id"), AgentInstanceID: c.String("agent-instance-id"), KeyRequest: c.String("key-request"), Requirements: c.String("requirements"),
	}
	if c.IsSet("tasks") {
		t.Tasks = c.Int("tasks")
		if t.Tasks < 1 || t.Tasks > maxTasks {
			return t, snapshot.Errorf("--tasks %d: expected a number from 1 to %d", "--tasks %d: 1 から %d までの数を指定する", t.Tasks, maxTasks)
		}
	}
	t.Storage, t.SubnetARNs, t.GroupARNs = c.StringSlice("storage"), c.StringSlice("subnet-arn"), c.StringSlice("security-group-arn")
	if c.IsSet("activation-key") {
		t.KeyShape = checks.KeyShape(c.String("activation-key"))
	}
	for _, s := range c.StringSlice("source-cidr") {
		p, err := parseCIDR(s)
		if err != nil {
			return t, fmt.Errorf("--source-cidr %w", err)
		}
		t.SourceCIDRs = append(t.SourceCIDRs, p)
	}
	var err error
	if t.EndpointIP, err = parseAddr(c.String("endpoint-ip")); err != nil {
		return t, fmt.Errorf("--endpoint-ip %w", err)
	}
	if t.AgentIP, err = parseAddr(c.String("agent-ip")); err != nil {
		return t, fmt.Errorf("--agent-ip %w", err)
	}
	return t, nil
}
