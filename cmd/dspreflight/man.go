package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand prints the manual page: what --help says, as roff. Releases ask for it;
// readers have --help.
const manCommand = "__man"

func manual(env *environment, app *cli.App) error {
	var b strings.Builder
	item := func(term, text string) { fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(term), roff(text)) }
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s %s\" \"User Commands\"\n", strings.ToUpper(app.Name), app.Name, version())
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n\\fB%s\\fR \\fICOMMAND\\fR [\\fIflags\\fR]\n", app.Name, roff(app.Usage), app.Name)
	b.WriteString(".SH START HERE\n")
	for _, e := range startHere {
		item(e[0], e[1])
	}
	b.WriteString(".SH COMMANDS\n")
	for _, cmd := range app.Commands {
		fmt.Fprintf(&b, ".SS %s\n%s\n", cmd.Name, roff(cmd.Usage))
		calls, prose := env.usageOf(cmd)
		for _, call := range calls {
			fmt.Fprintf(&b, ".br\n%s\n", roff(call))
		}
		for _, line := range slices.DeleteFunc(prose, func(s string) bool { return s == "" }) {
			fmt.Fprintf(&b, ".PP\n%s\n", roff(line))
		}
		for _, o := range options(cmd) {
			item(o.label(), o.says(env))
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exitCodes {
		item(e[0], e[1])
	}
	b.WriteString(".SH ENVIRONMENT\n")
	for _, e := range variables {
		item(e[0], e[1])
	}
	_, err := env.stdout.Write([]byte(b.String()))
	return err
}

// referenceCommand prints docs/cli.md: what --help says, as Markdown.
const referenceCommand = "__reference"

func reference(env *environment, app *cli.App) error {
	var b strings.Builder
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`)
	table := func(head string, rows [][2]string) {
		fmt.Fprintf(&b, "\n| %s | |\n|---|---|\n", head)
		for _, r := range rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(r[0], "|", `\|`), cell.Replace(r[1]))
		}
	}
	shell := func(list [][2]string) {
		b.WriteString("\n```sh\n")
		for _, e := range list {
			fmt.Fprintf(&b, "# %s\n%s\n", e[1], e[0])
		}
		b.WriteString("```\n")
	}
	fmt.Fprintf(&b, "# Commands and flags\n\n%s: %s.\n`dspreflight COMMAND --help` says the same in a terminal, with `--lang ja` in Japanese. This page is made by `make docs`.\n", app.Name, app.Usage)
	shell(startHere)
	for _, cmd := range app.Commands {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```text\n", cmd.Name, strings.ToUpper(cmd.Usage[:1])+cmd.Usage[1:])
		calls, prose := env.usageOf(cmd)
		b.WriteString(strings.Join(calls, "\n") + "\n```\n")
		for _, line := range slices.DeleteFunc(prose, func(s string) bool { return s == "" }) {
			b.WriteString("\n" + line + "\n")
		}
		if list := examples[cmd.Name]; list != nil {
			shell(list)
		}
		names, in := groups(cmd)
		for _, g := range names {
			var rows [][2]string
			for _, o := range in[g] {
				rows = append(rows, [2]string{o.label(), o.says(env)})
			}
			table(g, rows)
		}
	}
	b.WriteString("\n## Exit codes\n")
	table("code", exitCodes)
	b.WriteString("\n## Environment\n")
	table("variable", variables)
	_, err := env.stdout.Write([]byte(b.String()))
	return err
}

// roff is a text as troff prints it as it stands.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}
