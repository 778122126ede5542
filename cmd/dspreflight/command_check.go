package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func checkCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "audit one or more targets and print a verdict",
		UsageText: "dspreflight check [flags]\n\nReads the estate from AWS (read-only), from files that the AWS CLI printed (--snapshot), or from an embedded example (--fixture), and judges it.\nWith --plan or --template it judges what a planned change would make of it.",
		Flags:     checkFlags(),
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return runCheck(c, env)
		},
	}
}

func runCheck(c *cli.Context, env *environment) error {
	outputs, err := outputsOf(c, env)
	if err != nil {
		return err
	}
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	r := audit.New(o, env.Console)
	if err := r.Prepare(c.Context); err != nil {
		return err
	}
	base := c.String("baseline")
	var seen audit.Judged
	if base != "" {
		r.Shown = func(m audit.Masked) { seen = audit.Judged{Snap: m.Snap, Targets: m.Targets} }
	}
	rep, err := r.LookUntilReady(c.Context, c.Duration("wait"))
	if err != nil {
		return err
	}
	defer func() { rep.Close() }()
	if base != "" {
		earlier, err := since(c.Context, r, &rep, seen, base)
		if err != nil {
			return err
		}
		defer earlier.Close()
	}
	r.NoteWaivers(rep)
	for _, out := range outputs {
		if err := out.write(c.Context, env, r.Options, rep); err != nil {
			return err
		}
	}
	env.code = rep.ExitCode
	return r.KeepMap(c.Context)
}

// since adds to a report what is new in it since an earlier one, which it draws from.
func since(ctx context.Context, r *audit.Run, rep *report.Report, seen audit.Judged, base string) (report.Report, error) {
	earlier, before, err := r.ReportAt(ctx, base)
	if err != nil {
		return earlier, fmt.Errorf("--baseline %s: %w", report.Harmless(base), err)
	}
	if err := oneKey(earlier, *rep); err != nil {
		return earlier, fmt.Errorf("--baseline %s: %w", report.Harmless(base), err)
	}
	if err := rep.Since(earlier); err != nil {
		return earlier, err
	}
	blameRows(ctx, rep.Baseline, before, seen)
	return earlier, nil
}

// oneKey refuses to compare reports in which the same thing has not the same name.
func oneKey(before, after report.Report) error {
	if before.Redacted == after.Redacted {
		return nil
	}
	return snapshot.Errorf("what is redacted can be compared only with what was redacted with the same key: name it with --redact-key both times", "置き換え済みのレポートは、同じ鍵で置き換えたものとだけ比較できる。両方で同じ --redact-key を指定する")
}
