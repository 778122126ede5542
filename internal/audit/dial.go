package audit

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

// PortsToDial are the ports that the requirements of a target ask for.
func PortsToDial(t snapshot.Target) []probe.Ports {
	var out []probe.Ports
	for _, g := range checks.PortGroups(t) {
		for _, p := range g.Requirement.Ports {
			out = append(out, probe.Ports{First: p.First, Last: p.Last})
		}
	}
	return out
}

// waitStep is the pause between two looks of --wait.
const waitStep = 3 * time.Second

// Dial dials and, with a time to wait, dials again what is not open until
// all of it is or time is up.
func (r *Run) Dial(ctx context.Context, targets []probe.Target, wait time.Duration) []snapshot.Probe {
	line := r.Console.Line()
	defer line.Done()
	opt := probe.Options{Timeout: r.ConnectTimeout, Rule: r.Rule, Progress: func(done, total int) {
		if done%32 == 0 || done == total {
			line.Say(snapshot.Textf("dialled %d of %d", "%d / %d 件に接続を試行", done, total).In(r.Lang))
		}
	}}
	out := probe.Run(ctx, targets, opt)
	deadline := time.Now().Add(wait)
	for wait > 0 && ctx.Err() == nil && time.Now().Before(deadline) {
		var again []probe.Target
		for _, p := range out {
			if p.Purpose != snapshot.ToControlPort && p.Outcome != snapshot.Open {
				again = append(again, probe.Target{Purpose: p.Purpose, Host: p.Host, Addr: p.Addr, Port: p.Port, TLS: p.Purpose == snapshot.ToEndpointPort && p.Port == 443})
			}
		}
		if len(again) == 0 {
			break
		}
		line.Say(snapshot.Textf("%d not open yet; dialling again, %s left", "%d 件が未接続。再試行中（残り %s）", len(again), time.Until(deadline).Round(time.Second)).In(r.Lang))
		pause(ctx, min(waitStep, time.Until(deadline)))
		opt.Progress = nil
		for _, p := range probe.Run(ctx, again, opt) {
			if p.Outcome == snapshot.Cancelled {
				continue
			}
			i := slices.IndexFunc(out, func(o snapshot.Probe) bool {
				return o.Purpose == p.Purpose && o.Host == p.Host && o.Port == p.Port && (o.Addr == p.Addr || !o.Addr.IsValid() || !p.Addr.IsValid())
			})
			if i >= 0 {
				p.Tries += out[i].Tries
				out[i] = p
			} else {
				out = append(out, p)
			}
		}
	}
	return out
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// LookUntilReady looks, and again every few seconds, until the verdict is READY or time is
// up.
func (r *Run) LookUntilReady(ctx context.Context, wait time.Duration) (report.Report, error) {
	rep, err := r.Look(ctx)
	if err != nil {
		return rep, err
	}
	deadline := time.Now().Add(wait)
	for rep.Verdict != report.Ready && rep.Verdict != report.Interrupted && time.Now().Before(deadline) {
		l := r.Console.Line()
		l.Say(snapshot.Textf("%s (%s); looking again, %s left", "%s（%s）。再確認まで待機中（残り %s）", rep.Verdict.Label(), waitingFor(rep), time.Until(deadline).Round(time.Second)).In(r.Lang))
		pause(ctx, min(waitStep, time.Until(deadline)))
		l.Done()
		if ctx.Err() != nil {
			rep.Interrupt()
			break
		}
		next, err := r.Look(ctx)
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
			if (r.Status == report.Fail || r.Status == report.Unknown) && !slices.Contains(out, r.Check) {
				out = append(out, r.Check)
			}
		}
	}
	return strings.Join(out, ", ")
}
