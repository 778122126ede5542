package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/gate"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// planned reports whether changes are to be judged, not only what there is.
func planned(c *cli.Context) bool {
	return len(c.StringSlice("plan")) > 0 || len(c.StringSlice("template")) > 0
}

// gateOf is the value of --gate.
func gateOf(c *cli.Context) (report.Gate, error) {
	g := report.Gate(c.String("gate"))
	if g != report.GateChange && g != report.GateAll {
		return "", snapshot.Errorf("--gate %q: expected change or all", "--gate %q: change か all を指定する", g)
	}
	return g, nil
}

// maxPlanBytes is ten times a plan of 10,000 resources.
const maxPlanBytes = 512 << 20

// readPlans reads what --plan and --template name; nil if they name nothing.
func readPlans(c *cli.Context, env *environment) ([]*iac.Plan, error) {
	var out []*iac.Plan
	stdin := false
	for _, path := range c.StringSlice("plan") {
		var body []byte
		var err error
		switch {
		case path == "":
			return nil, snapshot.Errorf("--plan is empty", "--plan が空")
		case path == "-" && stdin:
			return nil, snapshot.Errorf("--plan - is given twice: standard input can be read once", "--plan - が 2 回指定されている。標準入力は 1 回しか読めない")
		case path == "-":
			stdin = true
			body, err = io.ReadAll(io.LimitReader(env.stdin, maxPlanBytes+1))
			if err == nil && len(body) > maxPlanBytes {
				err = snapshot.Errorf("it is larger than %d MB", "%d MB を超えている", maxPlanBytes>>20)
			}
		default:
			body, err = readLimited(path, maxPlanBytes)
		}
		if err != nil {
			return nil, fmt.Errorf("--plan %s: %w", path, err)
		}
		p, err := iac.ReadPlan(body)
		if err != nil {
			return nil, fmt.Errorf("--plan %s: %w", path, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// lookAhead judges the estate before and after the planned changes.
func lookAhead(ctx context.Context, c *cli.Context, env *environment, a asked, base *snapshot.Snapshot) (report.Report, error) {
	if base != nil {
		base.Probes = nil // what was dialled says nothing of what will be
		if err := addPolicies(c, base); err != nil {
			return report.Report{}, err
		}
	}
	o := iac.New(base, a.request.plans)
	before, after := o.Before(), o.After(nil)
	was, will, err := twice(o, before, after, a.request.targets)
	if err != nil {
		return report.Report{}, err
	}
	if base != nil {
		if err := keep(c, env, base, was, a.lang); err != nil {
			return report.Report{}, err
		}
	}
	judged := judgeAll(ctx, will, after, a.selected)
	earlier := judgeAll(ctx, was, before, a.selected)
	for i := range judged {
		judged[i].Earlier = compare(ctx, o, judged[i], earlier[i])
	}
	for _, p := range o.Plans {
		if !p.Partial.Empty() {
			fmt.Fprintln(env.stderr, snapshot.Textf("warning: %s", "警告: %s", p.Partial.In(a.lang)).In(a.lang))
		}
	}
	return report.Build(judged, report.Options{
		Version: version(), Lang: a.lang, FailOn: a.failOn, Waivers: a.waivers, Now: time.Now(), Interrupted: c.Context.Err() != nil, GeneratedAt: before.TakenAt, Gate: a.gate,
	}), nil
}

// compare says what is known of a target before the changes, and which of them
// are behind what is different after.
func compare(ctx context.Context, o *iac.Overlay, after, before report.Judged) *report.Earlier {
	e := &report.Earlier{Results: before.Results, Target: before.Target, Renewed: o.Renewed, Touched: o.Touches, Planned: o.Planned, AddressOf: o.AddressOf, Blamed: map[string][]report.Resource{}}
	for _, p := range o.Plans {
		e.Gaps, e.Secrets, e.Template = append(e.Gaps, p.Gaps...), append(e.Secrets, p.Secrets...), e.Template || p.Template
	}
	for i, r := range after.Results {
		if effect, _ := e.Compare(before.Results[i], r); effect != report.Broken && effect != report.UnknownNow && effect != report.Repaired && effect != report.Weakened {
			continue
		}
		c := gate.Case{Overlay: o, After: after.Snapshot, Was: before.Target, Will: after.Target, Before: before.Results[i], Later: r}
		for _, ch := range c.Blame(ctx) {
			e.Blamed[r.Check.ID] = append(e.Blamed[r.Check.ID], report.Resource{Address: report.Harmless(ch.Address), Action: string(ch.Action), File: report.Harmless(ch.Place.File), Line: ch.Place.Line})
		}
	}
	return e
}

// twice completes the targets for the estate before and after the changes. A
// resource that a change replaces is its replacement afterwards.
func twice(o *iac.Overlay, before, after *snapshot.Snapshot, asked []snapshot.Target) (was, will []snapshot.Target, err error) {
	manifest := before.Target
	before.Target, after.Target = nil, nil
	for _, t := range asked {
		if manifest != nil {
			t = t.Merge(*manifest)
			if err := validate(t, "manifest.json: target", o.Plans); err != nil {
				return nil, nil, err
			}
		}
		t = agentOf(o, t)
		then, now := t, t
		for _, id := range []func(*snapshot.Target) *string{
			func(t *snapshot.Target) *string { return &t.EndpointID }, func(t *snapshot.Target) *string { return &t.SubnetID },
			func(t *snapshot.Target) *string { return &t.GroupID }, func(t *snapshot.Target) *string { return &t.SourceVPCID },
			func(t *snapshot.Target) *string { return &t.SourceSubnetID }, func(t *snapshot.Target) *string { return &t.AgentInstanceID },
		} {
			*id(&then), *id(&now) = o.IDs(*id(&t))
		}
		after.AssignRoles(now)
		for i, s := range after.Scopes {
			if before.Scopes[i].Roles == nil {
				before.Scopes[i].Roles, before.Scopes[i].Name = slices.Clone(s.Roles), s.Name
			}
		}
		first, err := complete(before, []snapshot.Target{then})
		if err != nil {
			return nil, nil, err
		}
		if now.EndpointID == "" && first[0].EndpointID != "" {
			// The one endpoint that there was, unless only another is left.
			_, now.EndpointID = o.IDs(first[0].EndpointID)
			if only, err := checks.Resolve(t, after); err == nil && only.EndpointID != "" && !checks.Stands(after, now.EndpointID) {
				now.EndpointID = only.EndpointID
			}
		}
		second, err := complete(after, []snapshot.Target{now})
		if err != nil {
			return nil, nil, err
		}
		was, will = append(was, first[0]), append(will, second[0])
	}
	return was, will, nil
}

// agentOf takes what a target leaves out from the one agent that the plans
// declare, if nothing says where the agent is.
func agentOf(o *iac.Overlay, t snapshot.Target) snapshot.Target {
	var found []iac.Agent
	for _, p := range o.Plans {
		found = append(found, p.Agents...)
	}
	if len(found) != 1 {
		return t
	}
	var from snapshot.Target
	if a, err := netip.ParseAddr(found[0].IP); err == nil {
		from.AgentIP = a
	}
	return t.Merge(from)
}
