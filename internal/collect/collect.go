package collect

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Request says what to collect.
type Request struct {
	Targets     []snapshot.Target // their Sides point into Scopes
	Kinds       []snapshot.Kind   // the tables that the selected checks read
	Scopes      []Scope           // one for each account and Region
	Simulate    []string          // the actions whose permission IAM is asked about
	Concurrency int               // calls at once in a scope; 0 means DefaultConcurrency
	Keep        bool              // keep the replies, to save them
	Command     string            // of Systems Manager, whose outputs are read; "": none is
	Planned     Named             // what plans name for an endpoint or an agent that is yet to be made
	// Progress is told, from several goroutines, of each call that ends.
	Progress func(scope string, k snapshot.Kind)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Connect makes the clients of a scope; nil means Connector{}.Connect.
	Connect func(context.Context, Account) (Clients, error)
}

// DefaultConcurrency keeps a run below EC2's request limits: the bucket for
// non-mutating calls, which each account has in each Region, holds 100 and more.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
const DefaultConcurrency = 32

// Live reads the estate from AWS. The error is for what no call can be made
// without; everything else that goes wrong is a gap in the snapshot.
func Live(ctx context.Context, r Request) (*snapshot.Snapshot, error) {
	if r.Concurrency <= 0 {
		r.Concurrency = DefaultConcurrency
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Connect == nil {
		r.Connect = Connector{}.Connect
	}
	snap := &snapshot.Snapshot{TakenAt: r.Now().UTC().Truncate(time.Second)}
	if len(r.Targets) == 1 {
		snap.Target = &r.Targets[0]
	}
	g, ctx2 := errgroup.WithContext(ctx)
	for i, s := range r.Scopes {
		c := r.collector(i)
		snap.Scopes = append(snap.Scopes, c.scope)
		g.Go(func() error {
			clients, err := r.Connect(ctx2, s.Account)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			c.clients, c.scope.Region, c.scope.Credentials = clients, clients.Region, clients.Credentials
			c.run(ctx2)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	snap.AddCommandRuns()
	return snap, nil
}

// collector fills one scope.
type collector struct {
	request Request
	clients Clients
	scope   *snapshot.Scope
	role    string // that is assumed in the account
	slots   chan struct{}
	// The targets whose endpoint, and those whose agent, the scope may hold.
	endpoints, agents []snapshot.Target
}

// job is one call and what it brought.
type job struct {
	kind    snapshot.Kind
	query   query
	pages   [][]byte
	elapsed time.Duration
	err     *snapshot.CallError
}

func (c *collector) run(ctx context.Context) {
	for _, plan := range []func() []*job{c.first, c.agentsOfAudit, c.second, c.third} {
		jobs := plan()
		var g errgroup.Group
		for _, j := range jobs {
			g.Go(func() error {
				c.call(ctx, j)
				return nil
			})
		}
		_ = g.Wait() // the functions return no error
		for _, j := range jobs {
			c.load(j)
		}
	}
	c.knowAccount()
	c.scope.Infer()
	slices.SortStableFunc(c.scope.Calls, func(a, b snapshot.Call) int {
		if a.Command != b.Command {
			return int(snapshot.KindOf(a.Command)) - int(snapshot.KindOf(b.Command))
		}
		return strings.Compare(a.ID, b.ID)
	})
}

// knowAccount takes the account from the caller; where it could not be entered, from
// the role that was to be assumed there.
func (c *collector) knowAccount() {
	for _, id := range c.scope.Identity.All() {
		c.scope.Account = id.Account
	}
	if c.scope.Account == "" && c.clients.Refused != nil {
		c.scope.Account = snapshot.AccountOf(c.role)
	}
}

// call makes one call, every page of it.
func (c *collector) call(ctx context.Context, j *job) {
	if c.clients.Refused != nil {
		refused := *c.clients.Refused
		if refused.Action == "" {
			refused.Action = j.kind.Action()
		}
		j.err = &refused
		return
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		j.err = callError(ctx, j.kind.Action(), ctx.Err())
		return
	}
	start := time.Now()
	var seen tokens
	use := func(out any) error {
		body, err := json.Marshal(out)
		if err != nil {
			return err
		}
		j.pages = append(j.pages, body)
		return seen.next(body)
	}
	var err error
	switch j.kind {
	case snapshot.CallerIdentity:
		var out *sts.GetCallerIdentityOutput
		out, err = c.clients.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		err = single(out, err, use)
	case snapshot.PolicySimulation:
		err = c.simulate(ctx, j.query.id, use)
	case snapshot.Invocations:
		in := &ssm.ListCommandInvocationsInput{CommandId: &c.request.Command, MaxResults: aws.Int32(invocationsPage)}
		err = pages(ctx, c.clients.ListCommandInvocations, in, &in.NextToken, func(out *ssm.ListCommandInvocationsOutput) *string { return out.NextToken }, use)
	case snapshot.CommandOutputs:
		var out *ssm.GetCommandInvocationOutput
		out, err = c.clients.GetCommandInvocation(ctx, &ssm.GetCommandInvocationInput{CommandId: &c.request.Command, InstanceId: &j.query.id})
		err = single(out, err, use)
	default:
		if j.kind.OfDataSync() {
			err = c.clients.DataSync.fetch(ctx, j.kind, j.query.arn, use)
			break
		}
		err = fetchers[j.kind](ctx, c.clients.EC2(), j.query, use)
	}
	j.elapsed = time.Since(start)
	if err != nil {
		j.err = callError(ctx, j.kind.Action(), err)
	}
	if c.request.Progress != nil {
		c.request.Progress(c.scope.Name, j.kind)
	}
}

// cutShort reports whether the last page of a reply says that there is more,
// which the SDK's paginators don't follow.
func cutShort(page []byte) bool {
	var more struct{ AdditionalRoutesAvailable bool }
	return json.Unmarshal(page, &more) == nil && more.AdditionalRoutesAvailable
}

// load puts what a call brought into its table. Pages that came before a
// failure stay, as part of a table, and so do the sound rows beside an odd one.
func (c *collector) load(j *job) {
	j.sift()
	extent := snapshot.Full
	if j.err != nil {
		extent = snapshot.Partial
	}
	vpcs := j.query.vpcs
	if len(vpcs) > maxFilterValues {
		vpcs, j.query.interfaces = nil, nil // the call was made without a filter
	}
	truncated := j.err == nil && len(j.pages) > 0 && cutShort(j.pages[len(j.pages)-1])
	if (j.err != nil || truncated) && j.kind.PerID() {
		j.pages = nil // half a set would look like a whole one
	}
	if truncated {
		extent = snapshot.Partial
	}
	for _, body := range j.pages {
		doc := snapshot.Document{Kind: j.kind, ID: j.query.id, Body: body}
		if _, err := c.scope.LoadPage(doc, extent, vpcs); err != nil { // each row was tried before
			j.err = &snapshot.CallError{Action: j.kind.Action(), Code: badReply, Message: firstLine(err.Error(), longestMessage)}
			break
		}
		if c.request.Keep {
			c.scope.Keep(doc)
		}
	}
	asked := slices.Concat(j.query.groups, j.query.instances, j.query.interfaces)
	if j.kind == snapshot.SecurityGroupRules || j.err != nil {
		asked = nil // its rows have ids of their own; what failed answers for none
	}
	c.scope.Asked(j.kind, asked)
	c.scope.Calls = append(c.scope.Calls, snapshot.Call{
		Command: j.kind.Command(), ID: j.query.id, VPCs: vpcs, Asked: asked, Truncated: truncated, Error: j.err,
		ElapsedMS: math.Round(float64(j.elapsed.Microseconds())/100) / 10,
	})
}

// sift leaves the rows that AWS can have given; others are an error of the call.
func (j *job) sift() {
	s := sifter{kind: j.kind, content: map[string]string{}, doubted: map[string]bool{}}
	for _, page := range j.pages {
		s.note(page)
	}
	sound := j.pages[:0]
	for _, page := range j.pages {
		rest, odd := s.sound(page)
		if odd != "" && j.err == nil {
			j.err = &snapshot.CallError{Action: j.kind.Action(), Code: badReply, Message: firstLine(notAWS(odd).Error(), longestMessage)}
		}
		if rest != nil {
			sound = append(sound, rest)
		}
	}
	j.pages = sound
}
