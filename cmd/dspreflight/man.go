package main

import (
	"fmt"
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
		for _, line := range strings.Split(cmd.UsageText, "\n") {
			if line = strings.TrimSpace(line); line == "" {
				b.WriteString(".PP\n")
			} else {
				fmt.Fprintf(&b, ".br\n%s\n", roff(line))
			}
		}
		for _, o := range options(cmd) {
			item(o.label(), o.says())
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exitCodes {
		item(e[0], e[1])
	}
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
