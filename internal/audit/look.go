package audit

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// Look gathers the evidence and judges it. Run is over when an interrupt says so, and has
// Timeout to gather.
func (r *Run) Look(run context.Context) (report.Report, error) {
	ctx, cancel := context.WithTimeout(run, r.Timeout)
	defer cancel()
	snap, err := r.evidence(ctx)
	if err != nil {
		return report.Report{}, err
	}
	if r.Request.Plans != nil {
		return r.lookAhead(ctx, run, snap)
	}
	targets, err := complete(snap, r.Said, r.Request.Targets)
	if err != nil {
		return report.Report{}, err
	}
	if r.Named != nil {
		for i := range targets {
			targets[i] = defaultsFrom(targets[i], r.Named).Settled()
		}
	}
	if err := r.addPolicies(ctx, snap); err != nil {
		return report.Report{}, err
	}
	if err := r.addProbes(ctx, snap, targets); err != nil {
		return report.Report{}, err
	}
	if r.Seen != nil {
		r.Seen(ctx, snap, targets)
	}
	shown := Masked{snap, targets, r.Waivers}
	if r.Redaction != nil {
		if shown, err = r.Redaction.Apply(snap, targets, r.Waivers); err != nil {
			return report.Report{}, err
		}
	}
	if r.Shown != nil {
		r.Shown(shown)
	}
	rep, err := r.judge(ctx, run, targets, snap, shown)
	if err != nil {
		return rep, err
	}
	return rep, r.save(shown)
}

// JudgedAtOnce is how many targets' findings are in memory at a time.
const JudgedAtOnce = 64

// options are those of a report of this run.
func (r *Run) options(run context.Context, waivers []report.Waiver) report.Options {
	opt := report.Options{
		Version: r.Version, Revision: r.Revision, Lang: r.Lang, FailOn: r.FailOn, Waivers: waivers, Now: time.Now(), Interrupted: run.Err() != nil, Redacted: r.Redaction.mark(),
	}
	if r.Redaction != nil {
		opt.Revision = report.Revision{} // it names a repository
	}
	return opt
}

// judge judges the targets and words what was found, a few at a time: there may be tens
// of thousands. What is shown of them may be redacted.
func (r *Run) judge(ctx, run context.Context, targets []snapshot.Target, snap *snapshot.Snapshot, shown Masked) (report.Report, error) {
	opt := r.options(run, shown.Waivers)
	opt.GeneratedAt, opt.Redacted = snap.TakenAt, report.Harmless(shown.Snap.Redacted)
	b, err := report.NewBuilder(len(targets), opt)
	if err != nil {
		return report.Report{}, err
	}
	l := r.Console.Line()
	defer l.Done()
	if len(targets) > JudgedAtOnce { // nearly all that a target takes is let go of when it is worded
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	tasks, shownTasks := checks.TasksOf(targets, snap), checks.TasksOf(shown.Targets, shown.Snap)
	for n := 0; n < len(targets); n += JudgedAtOnce {
		end := min(n+JudgedAtOnce, len(targets))
		judged := Judge(ctx, targets[n:end], snap, r.All, r.Selected, tasks)
		if r.Redaction != nil {
			was := judged
			judged = Judge(ctx, shown.Targets[n:end], shown.Snap, r.All, r.Selected, shownTasks)
			if err := sameAnswers(was, judged); err != nil {
				return report.Report{}, err
			}
			for i := range was {
				follow(r.Waivers, shown.Waivers, was[i], judged[i])
			}
		}
		for _, j := range judged {
			if err := b.Add(j); err != nil {
				return report.Report{}, snapshot.Errorf("keep the findings in a temporary file: %w", "検出事項の一時ファイルへの保存: %w", err)
			}
		}
		if len(targets) > JudgedAtOnce {
			l.Say(snapshot.Textf("judged %d of %d targets", "%d / %d 件のターゲットを判定", end, len(targets)).In(r.Lang))
		}
	}
	rep, err := b.Report()
	if run.Err() != nil {
		rep.Interrupt()
	}
	return rep, err
}

// save saves the evidence where Save says.
func (r *Run) save(shown Masked) error {
	if r.Save == "" {
		return nil
	}
	if len(shown.Targets) == 1 {
		said := shown.Targets[0].AsSaid()
		shown.Snap.Target = &said
	}
	if err := SaveTo(r.Save, shown.Snap, r.Version); err != nil {
		return err
	}
	r.tell(snapshot.Textf("saved the evidence to %s", "証拠を %s に保存した", r.Save))
	return nil
}

// SaveTo writes the evidence to a folder.
func SaveTo(dir string, snap *snapshot.Snapshot, version string) error {
	list, err := snap.Files(version)
	if err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	return files.WriteFolder(list, dir)
}

// JudgeAll runs the checks for every target.
func JudgeAll(ctx context.Context, targets []snapshot.Target, snap *snapshot.Snapshot, all checks.Catalogue, selected []*checks.Check) []report.Judged {
	return Judge(ctx, targets, snap, all, selected, checks.TasksOf(targets, snap))
}

// Judge runs the checks for some targets of a run, whose tasks are told. A deadline
// that has passed stops the collecting, not the judging, which takes milliseconds; an
// interrupt stops both.
func Judge(ctx context.Context, targets []snapshot.Target, snap *snapshot.Snapshot, all checks.Catalogue, selected []*checks.Check, tasks *checks.PlannedTasks) []report.Judged {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ctx = context.WithoutCancel(ctx)
	}
	return report.Run{All: all, Selected: selected, Options: checks.Options{Now: time.Now(), Tasks: tasks}}.Judge(ctx, snap, targets)
}
