package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/report"
)

// appHelp is what the program says of itself.
func appHelp(env *environment, app *cli.App) error {
	p := helpPage(env)
	p.line("", app.Name+" - "+app.Usage)
	p.title("USAGE")
	p.line("   ", "dspreflight COMMAND [flags]")
	p.title("START HERE")
	for _, e := range startHere {
		p.line("   ", e[0])
		p.line("      ", e[1])
	}
	p.title("COMMANDS")
	for _, cmd := range app.Commands {
		p.row(cmd.Name, cmd.Usage, commandColumn)
	}
	p.title("EXIT CODES")
	for _, e := range exitCodes {
		p.row(e[0], e[1], codeColumn)
	}
	p.line("", "")
	p.line("", `Run "dspreflight COMMAND --help" for the flags of a command.`)
	return p.err
}

// The first steps, each with what it is for.
var startHere = [][2]string{
	{"dspreflight check --fixture healthy", "no account needed: an estate that is ready"},
	{"dspreflight check --fixture unreachable-443 --explain", "and one that is not"},
	{"dspreflight check --region us-east-1 --vpc-endpoint-id vpce-... --agent-ip 10.10.1.50 --source-vpc-id vpc-...", "your own"},
	{"dspreflight check --plan plan.json --region us-east-1 --agent-ip 10.10.1.50", "would this Terraform plan break it?"},
	{"dspreflight explain PRIVATE_LINK_ENDPOINT_UNREACHABLE", "what an error means"},
}

var exitCodes = [][2]string{
	{"0", "READY: no FAIL, no UNKNOWN, at least one PASS (with --plan or --template: the change breaks nothing)"},
	{"1", "NOT READY: a FAIL (with --plan or --template: one that the change brings)"},
	{"2", "usage error or unreadable input; no verdict"},
	{"3", "INCONCLUSIVE: no FAIL, but an UNKNOWN, or nothing passed"},
	{"130", "interrupted; what was decided is printed"},
}

// The widths of the first columns.
const (
	commandColumn = 12
	codeColumn    = 5
	flagColumn    = 26
)

// commandHelp shows the flags of a command by their groups.
func commandHelp(env *environment, cmd *cli.Command) error {
	p := helpPage(env)
	p.line("", "dspreflight "+cmd.Name+" - "+cmd.Usage)
	p.title("USAGE")
	for _, line := range strings.Split(cmp.Or(cmd.UsageText, "dspreflight "+cmd.Name), "\n") {
		p.line("   ", strings.TrimSpace(line))
	}
	var groups []string
	in := map[string][]*option{}
	for _, o := range options(cmd) {
		g := o.DocGenerationFlag.(cli.CategorizableFlag).GetCategory()
		if in[g] == nil {
			groups = append(groups, g)
		}
		in[g] = append(in[g], o)
	}
	for _, g := range groups {
		if g == "" {
			p.title("FLAGS")
		} else {
			p.title(g)
		}
		for _, o := range in[g] {
			p.row(o.label(), o.says(), flagColumn)
		}
	}
	return p.err
}

// label is the flag as it is written: "-o, --output FORMAT[=PATH]".
func (o *option) label() string {
	names := o.Names()
	out := "--" + names[0]
	if len(names) > 1 {
		out = "-" + names[1] + ", " + out
	}
	if o.TakesValue() {
		_, value, _ := strings.Cut(o.GetUsage(), "`")
		value, _, _ = strings.Cut(value, "`")
		if value == "" {
			value = "VALUE"
		}
		out += " " + value
	}
	return out
}

// says is what the flag is for, and what it is when it is not given.
func (o *option) says() string {
	out := strings.ReplaceAll(o.GetUsage(), "`", "")
	if d := o.GetDefaultText(); d != "" && d != "false" && !o.repeats {
		out += " (default: " + strings.Trim(d, `"`) + ")"
	}
	return out
}

// page writes lines that keep to the width of the terminal.
type page struct {
	w     io.Writer
	width int
	err   error
}

// widestHelp keeps lines readable in a wide terminal.
const widestHelp = 110

func helpPage(env *environment) *page {
	width, _ := terminal(env.stdout)
	return &page{w: env.stdout, width: min(width, widestHelp)}
}

func (p *page) title(text string) {
	p.line("", "")
	p.line("", text)
}

// line writes a text behind an indent, which its further lines get too.
func (p *page) line(indent, text string) {
	for _, l := range report.Wrap(text, p.width-len(indent)) {
		p.write(strings.TrimRight(indent+l, " "))
	}
}

// row writes a word and what it stands for, which begins in a column of its own.
func (p *page) row(word, text string, column int) {
	lines := report.Wrap(text, p.width-column-4)
	if len(word) > column-1 {
		p.write("   " + word)
	} else {
		p.write(fmt.Sprintf("   %-*s %s", column, word, lines[0]))
		lines = lines[1:]
	}
	for _, l := range lines {
		p.write(strings.Repeat(" ", column+4) + l)
	}
}

func (p *page) write(line string) {
	if _, err := fmt.Fprintln(p.w, line); err != nil && p.err == nil {
		p.err = err
	}
}
