package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// told are the flags that DataSync answers.
var told = []string{"vpc-endpoint-id", "endpoint-ip", "subnet-id", "security-group-id", "subnet-arn", "security-group-arn", "destination-type", "key-request", "activation-key"}

// auditTargets puts in the place of a run's one target those that the flags name: an
// agent each, or one that stands for all of an account.
func (r *Run) auditTargets(file config, targets []snapshot.Target) ([]snapshot.Target, error) {
	arns, whole := r.AgentARNs, r.Audit != snapshot.Audit{}
	switch {
	case !whole && len(arns) == 0:
		for i, t := range targets {
			if t.AgentARN == "" {
				continue
			}
			var err error
			if targets[i], err = ofARN(t, t.AgentARN); err != nil {
				return nil, err
			}
		}
		return targets, nil
	case len(file.Targets) > 0:
		return nil, snapshot.Errorf("--agent-arn, --all-agents and --all-endpoints make the targets: take the targets out of --config (its scopes are looked at), or give each its agent-arn", "--agent-arn、--all-agents、--all-endpoints がターゲットを決める。--config から targets を除く（scopes は調べる対象になる）か、各ターゲットに agent-arn を書く")
	case r.Planned():
		return nil, snapshot.Errorf("--agent-arn, --all-agents and --all-endpoints are about what there is, a plan about what will be: judge them in separate runs", "--agent-arn、--all-agents、--all-endpoints は現状、プランは変更後の話なので、別々に実行する")
	}
	base := targets[0]
	if whole {
		said := base.Fields()
		for _, flag := range told {
			if said[flag] != "" {
				return nil, snapshot.Errorf("--%s %s is of one target, and --all-agents and --all-endpoints take it from DataSync for each: leave it out, or name the agent with --agent-arn", "--%s %s は 1 つのターゲットの値だが、--all-agents と --all-endpoints では DataSync からそれぞれの値を得る。指定を外すか、--agent-arn でエージェントを指定する", flag, said[flag])
			}
		}
		base.Audit = &r.Options.Audit
		return []snapshot.Target{base}, nil
	}
	var out []snapshot.Target
	for _, arn := range arns {
		t, err := ofARN(base, arn)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o snapshot.Target) bool { return o.AgentARN == arn }) {
			continue
		}
		out = append(out, t)
	}
	return out, nil
}

// OfOrganization are the targets of a run over an organization, before anybody looks.
func (r *Run) OfOrganization() ([]snapshot.Target, error) {
	return r.auditTargets(config{}, []snapshot.Target{{Region: r.Said.Region}})
}

// ofARN makes a target that of an agent.
func ofARN(t snapshot.Target, arn string) (snapshot.Target, error) {
	if !snapshot.IsAgentARN(arn) {
		return t, snapshot.Errorf("--agent-arn %q: expected the ARN of an agent, such as arn:aws:datasync:us-east-1:111122223333:agent/agent-0123456789abcdef0", "--agent-arn %q: arn:aws:datasync:us-east-1:111122223333:agent/agent-0123456789abcdef0 のようなエージェントの ARN を指定する", arn)
	}
	if region := snapshot.RegionOf(arn); t.Region != "" && t.Region != region {
		return t, snapshot.Errorf("--region %s: the agent %s is of %s", "--region %s: エージェント %s は %s のもの", t.Region, snapshot.LastOf(arn), region)
	}
	t.AgentARN, t.Region = arn, snapshot.RegionOf(arn)
	return t, nil
}

// auditScopes adds, to the scopes of a run that looks for whatever there is, those of the
// organization, and lets each of them have targets.
func (r *Run) auditScopes(ctx context.Context, file config, list *scopeList, targets []snapshot.Target, listed []int) ([]snapshot.Target, error) {
	base := targets[0]
	whole := base.Audit != nil
	source := -1
	if base.Sides.Source != base.Sides.Destination {
		source = base.Sides.Source
	}
	places := []int{}
	add := func(n int) {
		if !slices.Contains(places, n) {
			places = append(places, n)
		}
	}
	own := list.scopes[base.Sides.Destination].Account
	switch {
	case r.Organization && r.AsksAWS():
		members, err := r.organization(ctx, own, targets)
		if err != nil {
			return nil, err
		}
		for _, region := range regionsOf(own, file, targets) {
			for _, m := range members {
				m.Region = cmp.Or(region, m.Region)
				add(list.add(cmp.Or(snapshot.AccountOf(m.RoleARN), "own-account"), m))
			}
		}
	case !whole:
		return targets, nil
	default:
		if own != (collect.Account{}) || len(listed) == 0 {
			add(base.Sides.Destination)
		}
		for _, n := range listed {
			add(n)
		}
	}
	if !whole { // the agents' ARNs say where they are
		return targets, nil
	}
	var out []snapshot.Target
	for _, n := range places {
		t := base
		t.Region = list.scopes[n].Account.Region
		t.Sides = &snapshot.Sides{Destination: n, Source: source}
		if source < 0 {
			t.Sides.Source = n
		}
		out = append(out, t)
	}
	return out, nil
}

// regionsOf are the Regions that are looked at in each account of an organization: that
// of the run, those of the agents that are named, and those that scopes of the file name.
func regionsOf(own collect.Account, file config, targets []snapshot.Target) []string {
	var out []string
	add := func(r string) {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, t := range targets {
		if t.AgentARN != "" {
			add(t.Region)
		}
	}
	for _, s := range file.Scopes {
		if s.Region != "" && s.Profile == "" && s.RoleARN == "" {
			add(s.Region)
		}
	}
	if own.Region != "" || len(out) == 0 {
		out = slices.Insert(out, 0, own.Region)
	}
	return slices.Compact(out)
}

// organization lists the accounts to look at, with the role to assume in each; the
// caller's own is looked at as the caller. It tells of those that nobody can enter.
func (r *Run) organization(ctx context.Context, own collect.Account, targets []snapshot.Target) ([]collect.Account, error) {
	members, err := r.aws.Members(ctx, own)
	if err != nil {
		return nil, err
	}
	partition := snapshot.PartitionOf(own.Region)
	var out []collect.Account
	var closed []string
	for _, m := range members {
		of := func(t snapshot.Target) bool { return snapshot.AccountOf(t.AgentARN) == m.ID }
		switch {
		case targets[0].Audit == nil && !slices.ContainsFunc(targets, of):
		case !m.Active():
			closed = append(closed, m.ID+" ("+m.State+")")
		case m.Own:
			out = append(out, own)
		default:
			out = append(out, collect.Account{Region: own.Region, Profile: own.Profile, Via: own.RoleARN, RoleARN: "arn:" + partition + ":iam::" + m.ID + ":role/" + strings.TrimPrefix(r.RoleName, "/")})
		}
	}
	if len(closed) > 0 {
		r.Console.Tell(snapshot.Textf("note: left out, as nobody can enter them: accounts of the organization %s", "注意: 組織の次のアカウントには入れないため対象外とした: %s", strings.Join(closed, ", ")).In(r.Lang))
	}
	return out, nil
}

// WithAudit adds the calls that tell what the agents are, and leaves them out of a run
// that is about none.
func WithAudit(kinds []snapshot.Kind, targets []snapshot.Target) []snapshot.Kind {
	is := func(t snapshot.Target) bool { return t.AgentARN != "" || t.Audit != nil }
	if !slices.ContainsFunc(targets, is) {
		return slices.DeleteFunc(slices.Clone(kinds), snapshot.Kind.OfAudit)
	}
	return slices.DeleteFunc(snapshot.Kinds(), func(k snapshot.Kind) bool {
		return !slices.Contains(kinds, k) && !k.OfDataSync() && k != snapshot.Endpoints
	})
}

// found are the targets of a run about agents: those that each scope has, and the agents
// that were named, each at the scope of its account and Region.
func found(snap *snapshot.Snapshot, asked []snapshot.Target) ([]snapshot.Target, error) {
	var out []snapshot.Target
	for _, t := range asked {
		if t.Audit == nil && t.AgentARN == "" {
			return asked, nil
		}
		if t.Audit == nil {
			one, err := named(snap, t)
			if err != nil {
				return nil, err
			}
			out = append(out, one)
			continue
		}
		for n, s := range snap.Scopes {
			if t.Sides != nil && t.Sides.Destination != n || t.Sides == nil && !mayHaveAgents(snap, s) {
				continue
			}
			one := t
			if one.Sides == nil {
				one.Sides = &snapshot.Sides{Destination: n, Source: -1}
			}
			one.Region = s.Region
			out = append(out, s.Audited(one)...)
		}
	}
	if len(out) == 0 {
		return nil, snapshot.Errorf("there is no agent and no endpoint to judge in the %d accounts and Regions that were looked at (%s)", "調べた %d 個のアカウント・リージョン（%s）に、判定するエージェントやエンドポイントがない", len(snap.Scopes), listed(labels(snap)))
	}
	slices.SortStableFunc(out, func(a, b snapshot.Target) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func labels(snap *snapshot.Snapshot) []string {
	out := make([]string, 0, len(snap.Scopes))
	for _, s := range snap.Scopes {
		out = append(out, s.Label())
	}
	return out
}

// mayHaveAgents reports whether agents are looked for in a scope of files: where one has
// a list of agents, there alone.
func mayHaveAgents(snap *snapshot.Snapshot, s *snapshot.Scope) bool {
	listed := func(s *snapshot.Scope) bool {
		return s.Extent(snapshot.Agents) != snapshot.None || s.Called(snapshot.Agents)
	}
	return listed(s) || !slices.ContainsFunc(snap.Scopes, listed)
}

// named completes a target that names its agent. What is said beside it and is not so is
// refused: one of the two is a mistake.
func named(snap *snapshot.Snapshot, t snapshot.Target) (snapshot.Target, error) {
	if m := snap.Target; m != nil && m.AgentARN == t.AgentARN {
		t = t.Merge(*m)
	}
	account, region := snapshot.AccountOf(t.AgentARN), snapshot.RegionOf(t.AgentARN)
	t.Name = cmp.Or(t.Name, account+"/"+region+"/"+snapshot.LastOf(t.AgentARN))
	sides := snapshot.Sides{Destination: -1, Source: -1}
	if t.Sides != nil {
		sides = *t.Sides
	}
	ofAgent := slices.IndexFunc(snap.Scopes, func(s *snapshot.Scope) bool { return s.Account == account && s.Region == region })
	if ofAgent < 0 { // one whose account could not be told
		ofAgent = slices.IndexFunc(snap.Scopes, func(s *snapshot.Scope) bool {
			return s.Account == "" && (s.Region == region || s.Region == "")
		})
	}
	if t.Sides != nil && sides.Source == sides.Destination { // live, and nothing is said of the agent's side
		sides.Source = ofAgent
	}
	sides.Destination = ofAgent
	t.Sides = &sides
	if ofAgent < 0 {
		return t, nil
	}
	told := snap.Scopes[ofAgent].OfAgent(snapshot.Target{AgentARN: t.AgentARN}).Fields()
	for flag, said := range t.Settled().Fields() {
		if is := told[flag]; is != "" && is != said && flag != "name" && flag != "tasks" {
			return t, snapshot.Errorf("--%s %s: the agent %s has %s", "--%s %s: エージェント %s では %s", flag, said, snapshot.LastOf(t.AgentARN), is)
		}
	}
	return checks.Resolve(t, snap.For(t))
}
