package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
)

// maxProbesBytes is far above what 254 addresses with 42 ports take.
const maxProbesBytes = 32 << 20

// addProbes adds to the evidence what --probes holds and, live, what this
// machine can dial, as far as the selected checks ask for it.
func (r *Run) addProbes(ctx context.Context, snap *snapshot.Snapshot, targets []snapshot.Target) error {
	for _, file := range r.Probes {
		body, err := r.read(ctx, file, maxProbesBytes)
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
	r.tellSilent(snap)
	if r.NoProbe || !r.AsksAWS() || ctx.Err() != nil {
		return nil
	}
	if !slices.ContainsFunc(r.Selected, func(c *checks.Check) bool { return slices.Contains(c.Needs, snapshot.Probes) }) {
		return nil
	}
	here := probe.Here()
	if r.Vantage != "" {
		here.Place, here.Guessed = r.Vantage, false
	}
	var wanted []probe.Target
	planned := map[probe.Target]bool{}
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
			if planned[w] || !r.dials(w.Purpose) {
				continue
			}
			planned[w] = true
			if w.Addr.IsValid() {
				if err := r.Rule(w.Purpose, w.Addr); err != nil {
					r.Console.Tell(snapshot.ErrorIn(err, r.Lang))
					continue
				}
			}
			wanted = append(wanted, w)
		}
		here.Place = at
	}
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, ToolVersion: r.Version, TakenAt: time.Now().UTC().Truncate(time.Second), Vantage: here, TimeoutMS: int(r.ConnectTimeout.Milliseconds()), Here: true, Probes: []snapshot.Probe{}}
	var machine sync.WaitGroup
	machine.Go(func() { run.Tools = probe.Tools(ctx) })
	machine.Go(func() {
		run.APIs = ReachAPIs(ctx, collect.Account{Region: targets[0].Region, Profile: r.Access.Profile}, r.ConnectTimeout)
	})
	if len(wanted) > 0 {
		run.Probes = r.Dial(ctx, wanted, 0)
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

// ReachAPIs tries the APIs of the Region; without one there are none to try.
func ReachAPIs(ctx context.Context, a collect.Account, timeout time.Duration) []snapshot.API {
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

// addPolicies adds the policies of --policy-file, and whose they are, to the
// evidence. They replace any that the estate holds.
func (r *Run) addPolicies(ctx context.Context, snap *snapshot.Snapshot) error {
	var list []snapshot.PolicyFile
	identity := r.PolicyIdentity
	for _, file := range r.PolicyFiles {
		body, err := r.read(ctx, file, iam.MaxPolicyBytes)
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
		r.Endpoint, r.Ports, r.Storage = checks.EndpointAddresses(t, snap), PortsToDial(t), t.Storage
	}
	if t.AgentARN == "" && (at == snapshot.AgentNetwork || at == snapshot.ActivationMachine) { // one that exists has closed its port 80
		r.Agent = checks.AgentAddress(t, snap)
	}
	return probe.Plan(r)
}
