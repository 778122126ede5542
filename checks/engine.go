package checks

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Options of a run.
type Options struct {
	// Limit is how many checks run at once; 0 means no limit. Where many targets are
	// judged side by side, one at a time is enough for each.
	Limit int
	// Budget is how long one check may take; 0 means DefaultBudget.
	Budget time.Duration
	// Now is the run's own clock, against which permissions must hold; zero: not
	// told.
	Now time.Time
	// Tasks are those that the targets of the run plan, which may share subnets; nil:
	// not told.
	Tasks *PlannedTasks
	// Views are kept for all targets of the run; nil: each makes its own.
	Views *snapshot.Views
}

// DefaultBudget is far above what a check takes (under a millisecond) and far
// below what a user would wait for one.
const DefaultBudget = 10 * time.Second

// Run asks the checks about one target and returns a result for each, in the
// order given. A check in Skipped by the caller is simply not passed. Checks run
// as soon as those they come after are done; none can stop another.
func Run(ctx context.Context, t snapshot.Target, snap *snapshot.Snapshot, list []*Check, opt Options) []Result {
	if opt.Budget == 0 {
		opt.Budget = DefaultBudget
	}
	if opt.Limit == 0 {
		opt.Limit = len(list)
	}
	with := &company{list: list, shared: &journeys{}}
	results := make([]Result, len(list))
	graph := newGraph(list)
	var g errgroup.Group
	for range min(opt.Limit, len(list)) {
		g.Go(func() error {
			var l lane
			defer l.leave()
			for i := range graph.ready {
				var prior []*Result
				for _, n := range graph.after[i] {
					prior = append(prior, &results[n])
				}
				results[i] = judge(ctx, list[i], t, snap, with, &l, prior, opt)
				graph.done(i)
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no error
	results = follow(results)
	for i := range results {
		results[i].shared = with.shared
	}
	return results
}

// follow holds what findings refer to against what the checks they name came to:
// where none of those found anything, or none was asked, the question is open.
func follow(results []Result) []Result {
	byID := map[string]*Result{}
	for i := range results {
		byID[results[i].Check.ID] = &results[i]
	}
	var stands func(id string, depth int) bool
	stands = func(id string, depth int) bool {
		r := byID[id]
		switch {
		case r == nil || depth > len(results):
			return false
		case r.Status == Fail || r.Status == Unknown:
			return true
		}
		return slices.ContainsFunc(r.Findings, func(f Finding) bool {
			refs := f.See
			if f.MootBy != "" {
				refs = append([]string{f.MootBy}, refs...)
			}
			return slices.ContainsFunc(refs, func(id string) bool { return stands(id, depth+1) })
		})
	}
	for i, r := range results {
		open := false
		for j, f := range r.Findings {
			if len(f.See) == 0 || slices.ContainsFunc(f.See, func(id string) bool { return stands(id, 0) }) {
				continue
			}
			if !open {
				r.Findings, open = slices.Clone(r.Findings), true
			}
			r.Findings[j] = Finding{Subject: f.Subject, Gaps: []snapshot.Gap{{Code: snapshot.NotSpokenOf, Ref: strings.Join(f.See, ", "), Detail: r.Check.ID}}}
		}
		if open {
			results[i] = conclude(r.Check, r.Findings)
		}
	}
	return results
}

// company is what the checks of one run have in common.
type company struct {
	list   []*Check
	shared *journeys
	stuck  atomic.Bool // a check that walks was left behind
}

// judge answers one check, given the results of those it comes after.
func judge(ctx context.Context, c *Check, t snapshot.Target, snap *snapshot.Snapshot, with *company, l *lane, prior []*Result, opt Options) Result {
	if ctx.Err() != nil {
		return conclude(c, []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.Interrupted}}}})
	}
	for _, p := range prior {
		if p.Status == Fail || p.Status == Skip {
			return conclude(c, []Finding{{Status: Skip, MootBy: p.Check.ID, Note: snapshot.Textf("moot while %s is %s", "%s が %s の間は判定の対象外", p.Check.ID, p.Status)}})
		}
	}
	for _, p := range prior {
		if p.Status == Unknown {
			return conclude(c, []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.NeedsPrior, Ref: p.Check.ID}}}})
		}
	}
	if f := missing(c, t, snap); f != nil {
		return conclude(c, []Finding{*f})
	}
	tooLong := []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.TookTooLong, Ref: c.ID, Detail: opt.Budget.String()}}}}
	x := &Exam{Target: t, Snapshot: opt.Views.Only(snap, slices.Concat(c.Needs, c.Uses)), Now: opt.Now, Tasks: opt.Tasks, others: with.list, check: c}
	if walks(c) {
		if with.stuck.Load() && !with.shared.walked.Load() {
			return conclude(c, tooLong) // it would wait for the same walk
		}
		x.shared = with.shared
	}
	answer := make(chan []Finding, 1)
	l.work(func() {
		defer func() {
			if r := recover(); r != nil {
				answer <- []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.Panicked, Ref: c.ID, Detail: fmt.Sprint(r)}}}}
			}
		}()
		c.Run(x)
		answer <- x.findings
	})
	timer := time.NewTimer(opt.Budget)
	defer timer.Stop()
	select {
	case findings := <-answer:
		return conclude(c, findings)
	case <-timer.C:
		if x.shared != nil {
			with.stuck.Store(true)
		}
		l.leave()
		return conclude(c, tooLong)
	case <-ctx.Done():
		l.leave()
		return conclude(c, []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.Interrupted}}}})
	}
}

// walks reports whether a check declares every table that the walk reads, and so
// sees the same walk as others that do.
func walks(c *Check) bool {
	return !slices.ContainsFunc(pathUses, func(k snapshot.Kind) bool { return !slices.Contains(c.Needs, k) && !slices.Contains(c.Uses, k) })
}

// noDestination is why a table of the endpoint's side was not seen: nobody looked at
// its account and Region.
func noDestination(t snapshot.Target, k snapshot.Kind) snapshot.Gap {
	if t.AgentARN != "" && !t.Whole() {
		return agentElsewhere(t.AgentARN)
	}
	return snapshot.Gap{Code: snapshot.NoDestination, Source: k.Action()}
}

func agentElsewhere(arn string) snapshot.Gap {
	return snapshot.Gap{Code: snapshot.AgentElsewhere, Source: snapshot.AgentDetails.Action(), Ref: snapshot.LastOf(arn), Detail: snapshot.AccountOf(arn), Region: snapshot.RegionOf(arn)}
}

// missing says which table that the check needs was not seen at all.
func missing(c *Check, t snapshot.Target, snap *snapshot.Snapshot) *Finding {
	s := snap.Role(snapshot.Destination)
	for _, k := range c.Needs {
		if k == snapshot.CallerIdentity && len(snap.Policies) > 0 && slices.Contains(c.Uses, snapshot.Policies) {
			continue // the policies speak for the caller
		}
		if k == snapshot.Probes {
			if snap.Probes == nil {
				return &Finding{Status: Skip, Note: noProbes, Unasked: true}
			}
			continue
		}
		if s == nil {
			return &Finding{Gaps: []snapshot.Gap{noDestination(t, k)}}
		}
		switch s.Extent(k) {
		case snapshot.None:
			if k == snapshot.CallerIdentity && !s.Called(k) {
				return &Finding{Status: Skip, Note: noCaller, Unasked: true}
			}
			return &Finding{Gaps: []snapshot.Gap{s.GapFor(k, "")}}
		case snapshot.Declined:
			return &Finding{Status: Skip, Note: snapshot.Textf("%s was not asked for", "%s は指定により取得していない", k.Action()), Unasked: true}
		}
	}
	return nil
}

var noCaller = say("nothing says who calls: add get-caller-identity.json, or run without --snapshot", "呼び出し元がわからない。get-caller-identity.json を追加するか、--snapshot なしで実行する")

var noProbes = say("nothing was dialled: run dspreflight probe on the agent's network (with --region for the APIs and tools) and pass its output with --probes", "接続試験の結果がない。エージェントのネットワークで dspreflight probe（API とツールには --region を付ける）を実行し、出力を --probes で渡す")

// conclude weighs the findings: FAIL over UNKNOWN over WARN over PASS over SKIP.
func conclude(c *Check, findings []Finding) Result {
	if len(findings) == 0 {
		findings = []Finding{{Gaps: []snapshot.Gap{{Code: snapshot.NoEvidence}}}}
	}
	findings = distinctFindings(findings)
	r := Result{Check: c, Status: findings[0].Status, Findings: findings}
	for i := range findings {
		if s := findings[i].Status; s.Weight() > r.Status.Weight() {
			r.Status = s
		}
	}
	return r
}

// distinctFindings drops repeats: several ports, or pairs of subnets, may meet
// one and the same rule or gap. It keeps the others where they are.
func distinctFindings(all []Finding) []Finding {
	out := all[:0]
	for i := range all {
		if !all[i].saidIn(out) {
			out = append(out, all[i])
		}
	}
	return out
}

// saidIn reports whether one of the findings tells all that this one does.
func (f *Finding) saidIn(list []Finding) bool {
	for i := range list {
		if f.says(&list[i]) {
			return true
		}
	}
	return false
}

// says reports whether another finding tells nothing that this one does not.
func (f *Finding) says(o *Finding) bool {
	return f.Status == o.Status && f.Subject == o.Subject && f.Problem == o.Problem && f.Note == o.Note &&
		slices.Equal(f.Gaps, o.Gaps) && slices.Equal(f.Evidence, o.Evidence) && reflect.DeepEqual(f.Args, o.Args)
}

// Kinds lists the tables that checks read, without repeats, in order.
func Kinds(list []*Check) []snapshot.Kind {
	var out []snapshot.Kind
	for _, k := range snapshot.Kinds() {
		if slices.ContainsFunc(list, func(c *Check) bool { return slices.Contains(c.Needs, k) || slices.Contains(c.Uses, k) }) {
			out = append(out, k)
		}
	}
	return out
}
