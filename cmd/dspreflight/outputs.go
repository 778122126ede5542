package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// output is one --output.
type output struct {
	format report.Format
	path   string // "": standard output
	table  report.TableOptions
}

// wideWidth is that of a wide table where no terminal says otherwise.
const wideWidth = 160

// outputsOf reads --output.
func outputsOf(c *cli.Context, env *environment) ([]output, error) {
	list := c.StringSlice("output")
	if len(list) == 0 {
		list = []string{"table"}
	}
	color, err := colored(c.String("color"), env.stdout)
	if err != nil {
		return nil, err
	}
	width, tty := console.Terminal(env.stdout)
	var outputs []output
	toStdout := 0
	for _, s := range list {
		name, path, named := strings.Cut(s, "=")
		format, ok := report.FormatNamed(name)
		if !ok {
			return nil, snapshot.Errorf("--output %q: expected one of %s, and =PATH to write to a file", "--output %q: %s のいずれかを指定する（ファイルに書くには =PATH を付ける）", s, report.FormatNames())
		}
		if named && path == "" {
			return nil, snapshot.Errorf("--output %q: the path is empty", "--output %q: パスが空", s)
		}
		if path == "" {
			toStdout++
		} else if slices.ContainsFunc(outputs, func(o output) bool { return o.path == path }) {
			return nil, snapshot.Errorf("--output: two outputs go to %s", "--output: 2 つの出力が同じ %s に書かれる", path)
		}
		t := report.TableOptions{Width: width, Color: color && path == "", Quiet: c.Bool("quiet"), Explain: c.Bool("explain"), Verbose: c.Bool("verbose"), Wide: name == "wide"}
		if path != "" {
			t.Width = report.DefaultWidth
		}
		if t.Wide && (!tty || path != "" || width < report.DefaultWidth*3/2) {
			t.Width = wideWidth
		}
		outputs = append(outputs, output{format, path, t})
	}
	if toStdout > 1 {
		return nil, snapshot.Errorf("two outputs go to standard output: give all but one a path, as in -o json=report.json", "2 つの出力が標準出力に向いている。1 つを除いて -o json=report.json のようにパスを付ける")
	}
	slices.SortStableFunc(outputs, func(a, b output) int { return cmp.Compare(b.path, a.path) }) // files first: a pipe may close early
	return outputs, nil
}

// silent reports whether an output says nothing, since nothing changed: with --quiet, on
// standard output. A file is what the next run is compared with, or what CI reads.
func (o output) silent(d *report.Diff) bool {
	return d != nil && d.Equal && o.table.Quiet && o.path == ""
}

func (o output) write(ctx context.Context, env *environment, opt audit.Options, rep report.Report) error {
	if o.silent(rep.Baseline) {
		return nil
	}
	if o.format.Name == "github" {
		if err := stepSummary(ctx, opt, rep); err != nil {
			return err
		}
	}
	o.table.Lang = opt.Lang
	render := o.format.Render(o.table)
	return o.to(ctx, env, opt, func(w io.Writer) error { return render(w, rep) })
}

func (o output) writeDiff(ctx context.Context, env *environment, opt audit.Options, d report.Diff) error {
	if o.silent(&d) {
		return nil
	}
	o.table.Lang = opt.Lang
	return o.to(ctx, env, opt, func(w io.Writer) error { return o.format.Diff(w, d, o.table) })
}

func (o output) to(ctx context.Context, env *environment, opt audit.Options, render func(io.Writer) error) error {
	if o.path == "" {
		if err := render(env.stdout); err != nil {
			return snapshot.Errorf("write the report: %w", "レポートの書き込み: %w", err)
		}
		return nil
	}
	if err := files.Write(ctx, opt.Patience(), o.path, render); err != nil {
		return snapshot.Errorf("--output %s: %w", "--output %s: %w", o.path, err)
	}
	return nil
}

// stepSummary adds the report to the summary of a step of GitHub Actions, where
// there is one.
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary
func stepSummary(ctx context.Context, opt audit.Options, rep report.Report) error {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return files.Write(ctx, opt.Patience(), path, func(w io.Writer) error { return report.Markdown(opt.Lang)(w, rep) })
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	if err := report.Markdown(opt.Lang)(f, rep); err != nil {
		_ = f.Close()
		return fmt.Errorf("GITHUB_STEP_SUMMARY: %w", err)
	}
	return f.Close()
}

// outputsOfProbe reads --output.
func outputsOfProbe(c *cli.Context, env *environment) ([]output, error) {
	color, err := colored(c.String("color"), env.stdout)
	if err != nil {
		return nil, err
	}
	width, _ := console.Terminal(env.stdout)
	list := c.StringSlice("output")
	if len(list) == 0 {
		list = []string{"table"}
	}
	var out []output
	for _, s := range list {
		name, path, named := strings.Cut(s, "=")
		format, _ := report.FormatNamed(name)
		if name != "table" && name != "json" || named && path == "" {
			return nil, snapshot.Errorf("--output %q: expected table or json, and =PATH to write to a file", "--output %q: table か json を指定する（ファイルに書くには =PATH を付ける）", s)
		}
		o := output{format, path, report.TableOptions{Width: width, Color: color}}
		if path != "" {
			o.table = report.TableOptions{Width: report.DefaultWidth}
		} else if slices.ContainsFunc(out, func(o output) bool { return o.path == "" }) {
			return nil, snapshot.Errorf("two outputs go to standard output: give all but one a path, as in -o json=report.json", "2 つの出力が標準出力に向いている。1 つを除いて -o json=report.json のようにパスを付ける")
		}
		out = append(out, o)
	}
	return out, nil
}
