package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func checksCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "checks",
		Usage:     "list the checks: id, claim, requirement, what they read, problems",
		UsageText: "dspreflight checks [-o table|json] [--lang en|ja] [--checks FILE]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: table or json", Value: "table"},
			stringFlag("", "lang", "`LANGUAGE`: en or ja"),
			ownChecksFlag(),
		},
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			o, err := optionsOf(c)
			if err != nil {
				return err
			}
			r := audit.New(o, env.Console)
			if err := r.ReadChecks(c.Context); err != nil {
				return err
			}
			switch c.String("output") {
			case "json":
				return writeJSON(env, describeAll(r.All, o.Lang))
			case "table":
				width, _ := console.Terminal(env.stdout)
				out := outside.Plain(env.stdout) // a file of checks may have been written by anybody
				for _, d := range describeAll(r.All, o.Lang) {
					fmt.Fprintf(out, "%-22s %s\n", d.ID, d.Grade)
					for _, line := range report.Wrap(d.Claim, width-4) {
						fmt.Fprintf(out, "    %s\n", line)
					}
					var codes []string
					for _, p := range d.Problems {
						codes = append(codes, p.Code)
					}
					for _, line := range report.Wrap(strings.Join(codes, " ")+"  "+strings.Join(d.Needs, " "), width-4) {
						fmt.Fprintf(out, "    %s\n", line)
					}
				}
				return nil
			}
			return snapshot.Errorf("--output %q: expected table or json", "--output %q: table か json を指定する", c.String("output"))
		},
	}
}

// checkDescription is a check as the catalogue shows it.
type checkDescription struct {
	ID          string               `json:"id"`
	Area        string               `json:"area"`
	Claim       string               `json:"claim"`
	Grade       string               `json:"grade"`
	Requirement string               `json:"requirement"`
	Needs       []string             `json:"needs"`
	Uses        []string             `json:"uses"`
	After       []string             `json:"after"`
	Problems    []problemDescription `json:"problems"`
	Sources     []string             `json:"sources"`
	URL         string               `json:"url"`
}

type problemDescription struct {
	Code      string   `json:"code"`
	Severity  string   `json:"severity"`
	Title     string   `json:"title"`
	Cause     string   `json:"cause"`
	Fix       string   `json:"fix"`
	Look      []string `json:"look,omitempty"`
	AWSCLI    []string `json:"aws_cli"`
	Terraform string   `json:"terraform,omitempty"`
	Errors    []string `json:"errors"`
	Sources   []string `json:"sources"`
}

func describeAll(all checks.Catalogue, lang string) []checkDescription {
	var out []checkDescription
	for _, c := range all {
		out = append(out, describe(c, lang))
	}
	return out
}

func describe(c *checks.Check, lang string) checkDescription {
	d := checkDescription{
		ID: c.ID, Area: c.Area.Title().In(lang), Claim: c.Title.In(lang), Grade: c.Requires.Grade, Requirement: c.Requires.Title.In(lang),
		Needs: []string{}, Uses: []string{}, After: []string{}, Problems: []problemDescription{}, Sources: report.Sources(c.Requires.Sources, lang), URL: report.PageOf(c, ""),
	}
	for _, k := range c.Needs {
		d.Needs = append(d.Needs, k.Action())
	}
	for _, k := range c.Uses {
		d.Uses = append(d.Uses, k.Action())
	}
	for _, p := range c.After {
		d.After = append(d.After, p.ID)
	}
	for _, p := range c.Problems {
		d.Problems = append(d.Problems, describeProblem(p, lang))
	}
	return d
}

func describeProblem(p *checks.Problem, lang string) problemDescription {
	d := problemDescription{
		Code: p.Code, Severity: p.Severity.String(), Title: p.Title.In(lang), Cause: p.Cause.In(lang), Fix: p.Fix.In(lang),
		AWSCLI: []string{}, Terraform: repair.Terraform(p.Examples(), nil), Errors: []string{}, Sources: report.Sources(p.Sources, lang),
	}
	for _, c := range p.Look {
		d.Look = append(d.Look, c.String())
	}
	for _, c := range p.Do {
		d.AWSCLI = append(d.AWSCLI, c.String())
	}
	for _, r := range p.Examples() {
		d.AWSCLI = append(d.AWSCLI, repair.Shell(r.Words()))
	}
	for _, e := range p.Errors {
		d.Errors = append(d.Errors, e.ID)
	}
	return d
}

func writeJSON(env *environment, v any) error { return writeJSONTo(env.stdout, v) }

func writeJSONTo(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
