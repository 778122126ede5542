package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/activation"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// runbooks are the forms of a runbook.
var runbooks = map[string]func(io.Writer, report.Runbook) error{"markdown": report.RunbookMarkdown, "html": report.RunbookHTML}

func runbookCommand(env *environment) *cli.Command {
	flags := activationFlags()
	flags = append(flags, &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT[=PATH]`: markdown or html", Value: "markdown", Category: groupOutput})
	return &cli.Command{
		Name:      "runbook",
		Usage:     "print the steps of an activation as a page for people, if it is READY",
		UsageText: "dspreflight runbook [flags] > runbook.md\n   dspreflight runbook [flags] -o html=runbook.html\n\nJudges the target as check does. If it is READY, prints the steps that the script of dspreflight activate takes, with the ids that were judged: the commands, what they should answer, what to do when they don't, and where AWS's article is wrong.\nOtherwise it prints what is in the way on standard error and exits as check does.",
		Flags:     flags,
		Action: func(c *cli.Context) error {
			if err := noAgentNamed(c); err != nil {
				return err
			}
			return runRunbook(c, env)
		},
	}
}

func runRunbook(c *cli.Context, env *environment) error {
	name, path, named := strings.Cut(c.String("output"), "=")
	render := runbooks[name]
	if render == nil || named && path == "" {
		return snapshot.Errorf("--output %q: expected markdown or html, and =PATH to write to a file", "--output %q: markdown か html を指定する（ファイルに書くには =PATH を付ける）", c.String("output"))
	}
	form, err := activationForm(c)
	if err != nil {
		return err
	}
	o, err := optionsOf(c)
	if err != nil {
		return err
	}
	ready, err := readyFor(c, env, o)
	if err != nil || ready == nil {
		return err
	}
	defer ready.report.Close()
	if err := askable(c, ready.plan); err != nil {
		return err
	}
	book := report.Runbook{Plan: ready.plan, Guide: activation.Guide{ScriptOptions: scriptOptions(c, ready, o), Form: form}, Judged: ready.report}
	var b bytes.Buffer
	if err := render(&b, book); err != nil {
		return err
	}
	if path == "" {
		_, err := env.stdout.Write(b.Bytes())
		return err
	}
	if err := files.Write(c.Context, o.Patience(), path, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
		return snapshot.Errorf("--output %s: %w", "--output %s: %w", path, err)
	}
	return nil
}
