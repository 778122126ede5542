package main

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

func fixturesCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "fixtures",
		Usage:     "list the embedded estates with their verdicts, or write one out",
		UsageText: "dspreflight fixtures [-o table|json]\n   dspreflight fixtures --save DIR NAME",
		ArgsUsage: "[NAME]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: table or json", Value: "table"},
			&cli.StringFlag{Name: "save", Usage: "write the estate NAME to `DIR`"},
			stringFlag("", "lang", "`LANGUAGE`: en or ja"),
		},
		Action: func(c *cli.Context) error {
			lang, err := language(c)
			if err != nil {
				return err
			}
			if dir := c.String("save"); dir != "" && c.NArg() == 1 {
				return saveFixture(env, c.Args().First(), dir)
			}
			if c.NArg() == 0 && c.String("save") != "" {
				return snapshot.Errorf("fixtures: --save writes one estate; say which", "fixtures: --save で書き出す環境の名前を指定する")
			}
			if c.NArg() > 0 && !slices.Contains(fixtures.Names(), c.Args().First()) {
				_, _, err := fixtures.Open(c.Args().First())
				return err
			}
			if c.NArg() > 0 {
				return snapshot.Errorf("fixtures: to write %q out, say where to with --save DIR", "fixtures: %q を書き出すには --save DIR で場所を指定する", c.Args().First())
			}
			return listFixtures(c, env, lang)
		},
	}
}

func saveFixture(env *environment, name, dir string) error {
	estate, _, err := fixtures.Open(name)
	if err != nil {
		return err
	}
	if err := files.FreshFolder(dir); err != nil {
		return err
	}
	out := map[string][]byte{}
	err = fs.WalkDir(estate, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[p], err = fs.ReadFile(estate, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("fixture %s: %w", name, err)
	}
	if err := files.WriteFolder(out, dir); err != nil {
		return err
	}
	env.Tell(fmt.Sprintf("wrote %s to %s; judge it with: dspreflight check --snapshot %s", name, dir, outside.Words(dir)))
	return nil
}

type fixtureRow struct {
	Name    string         `json:"name"`
	Verdict report.Verdict `json:"verdict"`
	Story   string         `json:"story"`
}

func listFixtures(c *cli.Context, env *environment, lang string) error {
	var rows []fixtureRow
	for _, name := range fixtures.Names() {
		estate, f, err := fixtures.Open(name)
		if err != nil {
			return err
		}
		verdict, err := verdictOf(c.Context, estate)
		if err != nil {
			return fmt.Errorf("fixture %s: %w", name, err)
		}
		rows = append(rows, fixtureRow{name, verdict, snapshot.Text{En: f.Story.En, Ja: f.Story.Ja}.In(lang)})
	}
	switch c.String("output") {
	case "json":
		return writeJSON(env, rows)
	case "table":
		width, _ := console.Terminal(env.stdout)
		for _, r := range rows {
			fmt.Fprintf(env.stdout, "%-24s %s\n", r.Name, r.Verdict.Label())
			for _, line := range report.Wrap(r.Story, width-fixtureIndent) {
				fmt.Fprintf(env.stdout, "%s%s\n", strings.Repeat(" ", fixtureIndent), line)
			}
		}
		return nil
	}
	return snapshot.Errorf("--output %q: expected table or json", "--output %q: table か json を指定する", c.String("output"))
}

const fixtureIndent = 4

// verdictOf judges an estate with every check.
func verdictOf(ctx context.Context, files fs.FS) (report.Verdict, error) {
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		return "", err
	}
	var t snapshot.Target
	if snap.Target != nil {
		t = *snap.Target
	}
	if t, err = checks.Resolve(t, snap.For(t)); err != nil {
		return "", err
	}
	rep := report.Build(audit.JudgeAll(ctx, []snapshot.Target{t}, snap, checks.All(), checks.All()), report.Options{FailOn: report.OnFail})
	return rep.Verdict, nil
}
