package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// evidence gets the snapshot from where the options say. With PlanOnly it is nil.
func (r *Run) evidence(ctx context.Context) (*snapshot.Snapshot, error) {
	var err error
	opt := snapshot.ReadOptions{Complete: r.Complete, KeepDocuments: r.KeepDocuments}
	var snap *snapshot.Snapshot
	switch {
	case r.Fixture != "":
		var estate fs.FS
		if estate, _, err = fixtures.Open(r.Fixture); err != nil {
			return nil, fmt.Errorf("--fixture: %w", err)
		}
		snap, err = snapshot.Read(estate, opt)
	case r.Snapshot != "":
		if snap, err = ReadFolder(r.Snapshot, opt); err != nil {
			return nil, fmt.Errorf("--snapshot %s: %w", r.Snapshot, err)
		}
		r.tellPassed(r.Snapshot, snap.Passed)
	case r.PlanOnly:
		return nil, nil
	default:
		snap, err = r.Live(ctx)
		if err == nil {
			err = sentAnywhere(snap, r.Command)
		}
		if r.Request.Plans != nil && (errors.Is(err, collect.ErrNoCredentials) || errors.Is(err, collect.ErrNoRegion)) {
			r.tell(snapshot.Textf("no estate to lay the plan over (%v): it is judged by itself, as with --plan-only", "プランを重ねる環境がない（%v）。--plan-only と同じくプランだけで判定する", err))
			forgetSides(r.Request.Targets)
			return nil, nil
		}
	}
	return snap, err
}

// complete fills in what the targets leave out from the estate.
func complete(snap *snapshot.Snapshot, said snapshot.Target, asked []snapshot.Target) ([]snapshot.Target, error) {
	if m := snap.Target; m != nil && m.AgentARN != "" && len(asked) == 1 && asked[0].AgentARN == "" && asked[0].Audit == nil && asked[0].EndpointID == "" {
		asked = []snapshot.Target{asked[0].Merge(*m)} // saved of an agent
	}
	if slices.ContainsFunc(asked, func(t snapshot.Target) bool { return t.AgentARN != "" || t.Audit != nil }) {
		return found(snap, asked)
	}
	targets := slices.Clone(asked)
	var err error
	for i := range targets {
		targets[i] = checks.Together(snap, snap.Target, said, targets[i])
		if snap.Target != nil {
			if err := Validate(targets[i], "manifest.json: target", nil); err != nil {
				return nil, err
			}
		}
		if targets[i], err = checks.Settle(snap, targets[i]); err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// ReadFolder reads a folder of files.
func ReadFolder(dir string, opt snapshot.ReadOptions) (*snapshot.Snapshot, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, files.PlainPath(err)
	}
	if !info.IsDir() {
		return nil, snapshot.Errorf("not a folder; expected one that holds describe-vpc-endpoints.json and the like", "フォルダーではない。describe-vpc-endpoints.json などを含むフォルダーを指定する")
	}
	return snapshot.Read(os.DirFS(dir), opt)
}

// Live collects from AWS.
func (r *Run) Live(ctx context.Context) (*snapshot.Snapshot, error) {
	progress, done := r.progress()
	defer done()
	targets := make([]snapshot.Target, len(r.Request.Targets))
	for i, t := range r.Request.Targets {
		targets[i] = t.Settled()
	}
	return collect.Live(ctx, collect.Request{
		Targets: targets, Kinds: WithAudit(WithIdentity(checks.Kinds(r.Selected)), targets), Scopes: r.Request.Scopes,
		Simulate: checks.ActivationActions(), Concurrency: r.Concurrency, Keep: r.KeepDocuments, Progress: progress, Command: r.Command, Planned: namedBy(r.Request.Plans),
		Connect: r.aws.Connect,
	})
}

// WithIdentity adds the call that tells the account, which the report shows.
func WithIdentity(kinds []snapshot.Kind) []snapshot.Kind {
	if slices.Contains(kinds, snapshot.CallerIdentity) {
		return kinds
	}
	return append([]snapshot.Kind{snapshot.CallerIdentity}, kinds...)
}

// progress shows on a terminal what is being read; elsewhere it is silent.
func (r *Run) progress() (report func(string, snapshot.Kind), done func()) {
	l := r.Console.Line()
	if !l.Seen {
		return nil, func() {}
	}
	lines := make(chan string)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		n := 0
		for line := range lines {
			n++
			l.Say(snapshot.Textf("reading from AWS: %d calls, last %s", "AWS から読み取り中: %d 件、直近 %s", n, line).In(r.Lang))
		}
		l.Done()
	}()
	return func(scope string, k snapshot.Kind) { lines <- scope + " " + k.Command() }, func() { close(lines); <-finished }
}
