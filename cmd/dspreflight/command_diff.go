package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/gate"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func diffCommand(env *environment) *cli.Command {
	flags := append(targetFlags(), boolFlag(groupEvidence, "complete", "the files of the snapshots are whole and unfiltered, so that what is missing does not exist"))
	flags = append(flags,
		stringFlag(groupSelection, "requirements", "where sources disagree, follow `WHICH`: default, article or guide"),
		outputFlag(nil), // a variable that says where the report goes is not about this
		stringFlag(groupOutput, "lang", "`LANGUAGE`: en or ja (default: from LC_ALL, LC_MESSAGES, LANG)"),
		&cli.StringFlag{Name: "color", Usage: "`WHEN`: auto, always or never", Value: "auto", Category: groupOutput, EnvVars: variable("color")},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only what changed: no output if nothing did (files are written all the same)", Category: groupOutput, EnvVars: variable("quiet")},
		&cli.StringFlag{Name: "fail-on", Usage: "exit 1 for `WHAT`: new (findings; 3 if what can no longer be told may hide one)", Category: groupGate},
	)
	return &cli.Command{
		Name:      "diff",
		Usage:     "say what changed between two reports or snapshots",
		UsageText: "dspreflight diff [flags] BEFORE AFTER\n   dspreflight diff yesterday.json today.json\n   dspreflight diff -q --fail-on new yesterday/ today/\n\nBEFORE and AFTER are each a report (the file of check -o json) or a snapshot (the folder of check --save), which is judged with the target flags. A finding counts as resolved only if it is proved to be gone: not if it can no longer be told. junit, sarif and gitlab hold what is new, for CI; svg, mermaid and html draw the path before and after.\n\nExit code: 0, whatever changed; with --fail-on new, 1 for a new finding, 3 where what can no longer be told may hide one.",
		ArgsUsage: "BEFORE AFTER",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			return runDiff(c, env)
		},
	}
}

func runDiff(c *cli.Context, env *environment) error {
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	outputs, err := outputsOf(c, env)
	if err != nil {
		return err
	}
	if on := c.String("fail-on"); on != "" && on != "new" {
		return snapshot.Errorf("--fail-on %q: expected new", "--fail-on %q: new を指定する", on)
	}
	if c.NArg() != 2 {
		return snapshot.Errorf("diff compares two reports or snapshots, but got %d: dspreflight diff BEFORE AFTER", "diff は 2 つのレポートかスナップショットを比べるが、%d 個が指定された: dspreflight diff 変更前 変更後", c.NArg())
	}
	r := audit.New(o, env.Console)
	if err := r.Prepare(c.Context); err != nil {
		return err
	}
	r.ForgetSides()
	var sides [2]report.Report
	var seen [2]audit.Judged
	for i, path := range c.Args().Slice() {
		if sides[i], seen[i], err = r.ReportAt(c.Context, path); err != nil {
			return fmt.Errorf("%s: %w", report.Harmless(path), err)
		}
		defer sides[i].Close()
	}
	if err := oneKey(sides[0], sides[1]); err != nil {
		return err
	}
	d, err := report.Compare(sides[0], sides[1])
	if err != nil {
		return err
	}
	d.Tool.Version = o.Version
	blameRows(c.Context, &d, seen[0], seen[1])
	switch {
	case c.Context.Err() != nil:
		env.code = report.Interrupted.ExitCode()
	case c.String("fail-on") == "new":
		env.code = d.ExitCodeOnNew()
	}
	for _, out := range outputs {
		if err := out.writeDiff(c.Context, env, o, d); err != nil {
			return err
		}
	}
	return nil
}

// blameRows says which rows changed between two snapshots, and which of them are
// behind what is new or resolved.
func blameRows(ctx context.Context, d *report.Diff, before, after audit.Judged) {
	if before.Snap == nil || after.Snap == nil {
		return
	}
	changes, back := snapshot.Changes(before.Snap, after.Snap), snapshot.Changes(after.Snap, before.Snap)
	d.Rows = rowsOf(changes, false)
	for i := range d.Targets {
		t := &d.Targets[i]
		if len(d.Targets) != len(before.Targets) || len(d.Targets) != len(after.Targets) || t.Before == "" || t.After == "" {
			continue // another target, of which there is nothing to compare with
		}
		targetBefore, targetAfter := before.Targets[i], after.Targets[i]
		for _, side := range []struct {
			findings []report.DiffFinding
			rows     gate.Rows
			back     bool
		}{
			{t.New, gate.Rows{Before: before.Snap, After: after.Snap, TargetBefore: targetBefore, TargetAfter: targetAfter, Changes: changes}, false},
			{t.Resolved, gate.Rows{Before: after.Snap, After: before.Snap, TargetBefore: targetAfter, TargetAfter: targetBefore, Changes: back}, true},
		} {
			for n := range side.findings {
				f := &side.findings[n]
				f.Rows = rowsOf(side.rows.Blame(ctx, gate.Sought{Check: f.Check, Status: f.Status.Value(), Code: f.Code, Subject: f.Subject, About: f.About, Lists: f.Lists()}), side.back)
			}
		}
	}
}

// rowsOf words changes; back: they were found the other way round.
func rowsOf(changes []snapshot.RowChange, back bool) []report.DiffRow {
	var out []report.DiffRow
	for _, c := range changes {
		action := c.Action
		if other := map[string]string{"create": "delete", "delete": "create"}[action]; back && other != "" {
			action = other
		}
		out = append(out, report.DiffRow{Account: report.Harmless(c.Scope.Account), Region: report.Harmless(c.Scope.Region), Table: c.Kind.Command(), ID: report.Harmless(c.ID), Action: action})
	}
	return out
}
