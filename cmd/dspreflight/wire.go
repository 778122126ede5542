package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

// saneWire refuses flags about dialling that can't be meant.
func saneWire(c *cli.Context) error {
	if err := saneTimes(c); err != nil {
		return err
	}
	if _, err := vantage(c); err != nil {
		return err
	}
	still := c.String("snapshot") != "" || c.String("fixture") != "" || planned(c)
	switch {
	case still && c.Duration("wait") > 0:
		return snapshot.Errorf("--wait looks at AWS again, so it can't be used with --snapshot, --fixture, --plan or --template", "--wait は AWS を見直す指定なので、--snapshot、--fixture、--plan、--template とは併用できない")
	case planned(c) && len(c.StringSlice("probes")) > 0:
		return snapshot.Errorf("--probes says how things are, a plan how they will be: judge them in separate runs", "--probes は現状、プランは変更後の話なので、別々に実行する")
	case c.String("save") != "" && c.Duration("wait") > 0:
		return snapshot.Errorf("--wait and --save exclude each other: which look should be saved?", "--wait と --save は同時に指定できない")
	case c.Bool("no-probe") && c.String("vantage") != "":
		return snapshot.Errorf("--no-probe and --vantage exclude each other: nothing is dialled from there", "--no-probe と --vantage は同時に指定できない")
	}
	return nil
}

// maxProbesBytes is far above what 254 addresses with 42 ports take.
const maxProbesBytes = 32 << 20

// addProbes adds to the evidence what --probes holds and, live, what this
// machine can dial, as far as the selected checks ask for it.
func addProbes(ctx context.Context, c *cli.Context, env *environment, snap *snapshot.Snapshot, targets []snapshot.Target, a asked) error {
	for _, file := range c.StringSlice("probes") {
		if strings.HasPrefix(file, ofCommand) {
			continue // read with the rest of what AWS says
		}
		body, err := readLimited(c, file, maxProbesBytes)
		if err == nil && snap.Completed(body) {
			continue
		}
		var runs []snapshot.ProbeRun
		if err == nil {
			runs, err = snapshot.ReadProbes(body, time.Now())
		}
		if err != nil {
			return fmt.Errorf("--probes %s: %w", file, err)
		}
		snap.Probes = append(snap.Probes, runs...)
	}
	tellSilent(env, snap, a.lang)
	if c.Bool("no-probe") || c.String("snapshot") != "" || c.String("fixture") != "" || ctx.Err() != nil {
		return nil
	}
	wants := func(id string) bool {
		return slices.ContainsFunc(a.selected, func(c *checks.Check) bool { return c.ID == id })
	}
	if !slices.ContainsFunc(a.selected, func(c *checks.Check) bool { return slices.Contains(c.Needs, snapshot.Probes) }) {
		return nil
	}
	place, err := vantage(c)
	if err != nil {
		return err
	}
	here := probe.Here()
	if place != "" {
		here.Place, here.Guessed = place, false
	}
	var wanted []probe.Target
	planned := map[probe.Target]bool{}
	rule := dialRule(c)
	for _, t := range targets {
		snap := snap.For(t)
		at := here.Place
		if here.Guessed {
			at = towards(here, t, snap).Guess(checks.Networks(t, snap))
		}
		plan, err := planFor(t, snap, at)
		if err != nil {
			return err
		}
		for _, w := range plan {
			if w.Purpose == snapshot.ToStorage && !wants("probe-storage") || w.Purpose == snapshot.ToAgentHTTP && !wants("probe-agent-http") {
				continue
			}
			if planned[w] {
				continue
			}
			planned[w] = true
			if w.Addr.IsValid() {
				if err := rule(w.Purpose, w.Addr); err != nil {
					env.tell(snapshot.ErrorIn(err, a.lang))
					continue
				}
			}
			wanted = append(wanted, w)
		}
		here.Place = at
	}
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, ToolVersion: version(), TakenAt: time.Now().UTC().Truncate(time.Second), Vantage: here, TimeoutMS: int(c.Duration("connect-timeout").Milliseconds()), Here: true, Probes: []snapshot.Probe{}}
	var machine sync.WaitGroup
	machine.Go(func() { run.Tools = probe.Tools(ctx) })
	machine.Go(func() {
		run.APIs = reachAPIs(ctx, collect.Account{Region: targets[0].Region, Profile: c.String("profile")}, c.Duration("connect-timeout"))
	})
	if len(wanted) > 0 {
		run.Probes = dialUntil(ctx, c, env, wanted, 0, a.lang)
	}
	machine.Wait()
	snap.Probes = append(snap.Probes, run)
	return nil
}

// towards is the machine as the target sees it: of all its addresses, the one
// that it would dial from. A bridge of containers places nobody.
func towards(here snapshot.Vantage, t snapshot.Target, snap *snapshot.Snapshot) snapshot.Vantage {
	to := checks.EndpointAddresses(t, snap)
	if a := checks.AgentAddress(t, snap); len(to) == 0 && a.IsValid() {
		to = append(to, a)
	}
	if len(to) > 0 {
		if from := probe.SourceFor(to[0]); from.IsValid() {
			here.Addresses = []netip.Addr{from}
		}
	}
	return here
}

// reachAPIs tries the APIs of the Region; without one there are none to try.
func reachAPIs(ctx context.Context, a collect.Account, timeout time.Duration) []snapshot.API {
	endpoints, transport, err := collect.Endpoints(ctx, a)
	if err != nil {
		return nil
	}
	var targets []probe.APITarget
	for _, e := range endpoints {
		targets = append(targets, probe.APITarget{Service: e.Service, Region: e.Region, URL: e.URL})
	}
	return probe.APIs(ctx, targets, timeout, transport)
}

// policyIdentity is the ARN of what can have identity policies and call
// CreateAgent.
var policyIdentity = pattern.Late(`^arn:aws[a-z-]*:(iam::[0-9]{12}:(user|role)|sts::[0-9]{12}:assumed-role)/[\w+=,.@/-]+$`)

// addPolicies adds the policies of --policy-file, and whose they are, to the
// evidence. They replace any that the estate holds.
func addPolicies(c *cli.Context, snap *snapshot.Snapshot) error {
	var list []snapshot.PolicyFile
	identity := c.String("policy-identity")
	if identity != "" && !policyIdentity().MatchString(identity) {
		return snapshot.Errorf("--policy-identity %q: expected the ARN of a user or role, such as arn:aws:iam::111122223333:role/NAME", "--policy-identity %q: arn:aws:iam::111122223333:role/NAME のようなユーザーまたはロールの ARN を指定する", identity)
	}
	if strings.Contains(identity, ":role/aws-service-role/") {
		return snapshot.Errorf("--policy-identity %q: only a service of AWS assumes a service-linked role; name the identity that will call CreateAgent", "--policy-identity %q: サービスリンクロールを引き受けるのは AWS のサービスだけである。CreateAgent を呼び出すアイデンティティを指定する", identity)
	}
	for _, file := range c.StringSlice("policy-file") {
		body, err := readLimited(c, file, iam.MaxPolicyBytes)
		if err != nil {
			return fmt.Errorf("--policy-file %s: %w", file, err)
		}
		if _, err := iam.Parse(file, body); err != nil {
			return fmt.Errorf("--policy-file %s: %w", file, err)
		}
		var document json.RawMessage
		if err := snapshot.DecodeJSON(body, &document); err != nil {
			return fmt.Errorf("--policy-file %s: %w", file, err)
		}
		list = append(list, snapshot.PolicyFile{Name: filepath.Base(file), Document: document})
	}
	if list != nil {
		snap.Policies = list
	}
	if identity != "" && len(snap.Policies) == 0 {
		return snapshot.Errorf("--policy-identity says whose policies are judged, and there are none: pass them with --policy-file", "--policy-identity はポリシーの持ち主を示す指定だが、ポリシーがない。--policy-file で渡す")
	}
	for i := range snap.Policies {
		if identity != "" {
			snap.Policies[i].Identity = identity
		}
	}
	return nil
}

// planFor is what a dial from the place would prove something about: from
// elsewhere nothing, so that nothing is dialled.
func planFor(t snapshot.Target, snap *snapshot.Snapshot, at snapshot.VantagePlace) ([]probe.Target, error) {
	var r probe.Request
	if at == snapshot.AgentNetwork {
		r.Endpoint, r.Ports, r.Storage = checks.EndpointAddresses(t, snap), portsToDial(t), t.Storage
	}
	if t.AgentARN == "" && (at == snapshot.AgentNetwork || at == snapshot.ActivationMachine) { // one that exists has closed its port 80
		r.Agent = checks.AgentAddress(t, snap)
	}
	return probe.Plan(r)
}

// lookUntilReady looks again, every few seconds, until the verdict is READY or
// time is up.
func lookUntilReady(ctx context.Context, env *environment, rep report.Report, again func() (report.Report, error), wait time.Duration, lang string) (report.Report, error) {
	deadline := time.Now().Add(wait)
	for rep.Verdict != report.Ready && rep.Verdict != report.Interrupted && time.Now().Before(deadline) {
		l := liveLine(env)
		l.say(snapshot.Textf("%s (%s); looking again, %s left", "%s（%s）。再確認まで待機中（残り %s）", rep.Verdict.Label(), waitingFor(rep), time.Until(deadline).Round(time.Second)).In(lang))
		pause(ctx, min(waitStep, time.Until(deadline)))
		l.done()
		if ctx.Err() != nil {
			rep.Interrupt()
			break
		}
		next, err := again()
		if err != nil {
			return rep, err
		}
		rep = next
	}
	return rep, nil
}

// waitingFor names the checks that a waiting user watches.
func waitingFor(rep report.Report) string {
	var out []string
	for _, t := range rep.Targets {
		for _, r := range t.Results {
			if (r.Status == "FAIL" || r.Status == "UNKNOWN") && !slices.Contains(out, r.Check) {
				out = append(out, r.Check)
			}
		}
	}
	return strings.Join(out, ", ")
}
