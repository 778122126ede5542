package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/console"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// appHelp is what the program says of itself.
func appHelp(env *environment, app *cli.App) error {
	p := helpPage(env)
	p.line("", app.Name+" - "+env.words(app.Usage))
	p.title("USAGE")
	p.line("   ", "dspreflight COMMAND [flags]")
	p.title("START HERE")
	p.examples(startHere)
	p.title("COMMANDS")
	for _, cmd := range app.Commands {
		p.row(cmd.Name, env.words(cmd.Usage), commandColumn)
	}
	p.title("EXIT CODES")
	for _, e := range exitCodes {
		p.row(e[0], env.words(e[1]), codeColumn)
	}
	p.title("ENVIRONMENT")
	for _, e := range variables {
		p.row(e[0], env.words(e[1]), flagColumn)
	}
	p.line("", "")
	p.line("", env.words(`Run "dspreflight COMMAND --help" for the flags of a command.`))
	return p.err
}

// The first steps, each with what it is for.
var startHere = [][2]string{
	{"dspreflight check --fixture healthy", "no account needed: an estate that is ready"},
	{"dspreflight check --fixture unreachable-443 --explain", "and one that is not"},
	{"dspreflight check --region us-east-1 --vpc-endpoint-id vpce-0a1b2c3d4e5f60718 --agent-ip 10.10.1.50 --source-vpc-id vpc-0d5c1a2b3e4f50617", "your own"},
	{"dspreflight check --plan plan.json --region us-east-1 --agent-ip 10.10.1.50", "would this Terraform plan break it?"},
	{"dspreflight explain PRIVATE_LINK_ENDPOINT_UNREACHABLE", "what an error means"},
}

// examples are more of them, by command.
var examples = map[string][][2]string{
	"check": append(startHere[2:4:4],
		[2]string{"dspreflight check --region us-east-1 --agent-ip 10.10.1.50 --source-cidr 10.10.0.0/16 --explain", "an agent on-premises; with the commands that mend what is wrong"},
		[2]string{"dspreflight check --fixture healthy -o table -o json=report.json -o html=report.html", "several formats at once"}),
	"explain":    {startHere[4], {"dspreflight explain --run --fixture unreachable-443 errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE", "and which rule it is"}},
	"probe":      {{"dspreflight probe --endpoint-ip 10.20.1.10 --source-cidr 10.10.0.0/16 -o json=probes.json", "on the agent's network; then dspreflight check --probes probes.json"}},
	"fixtures":   {{"dspreflight fixtures --save estate healthy", "files to start from"}},
	"iam-policy": {{"dspreflight iam-policy --for audit -o terraform", "what an audit may read, as Terraform"}},
}

var exitCodes = [][2]string{
	{"0", "READY: no FAIL, no UNKNOWN, at least one PASS (with --plan or --template: the change breaks nothing)"},
	{"1", "NOT READY: a FAIL (with --plan or --template: one that the change brings)"},
	{"2", "usage error or unreadable input; no verdict"},
	{"3", "INCONCLUSIVE: no FAIL, but an UNKNOWN, or nothing passed"},
	{"130", "interrupted; what was decided is printed"},
}

// variables are what of the environment is looked at.
var variables = [][2]string{
	{"DSPREFLIGHT_REGION, ...", "each flag by its name in capitals, one value each; a flag wins over it, and it wins over --config"},
	{"AWS_PROFILE, AWS_REGION, ...", "credentials and Region, as the AWS CLI reads them"},
	{"LC_ALL, LC_MESSAGES, LANG", "the language, where --lang is not given"},
	{"COLUMNS, NO_COLOR, TERM", "the width of lines, and whether they have colours"},
}

// The widths of the first columns.
const (
	commandColumn = 12
	codeColumn    = 5
	flagColumn    = 26
)

// needed are the flags that most runs have, and groupNeeded is their group, where a
// command judges a target.
var needed = []string{"region", "profile", "vpc-endpoint-id", "agent-ip", "source-cidr", "source-vpc-id", "explain", "output"}

const groupNeeded = "What most runs need"

// groups are the groups of a command's flags, in the order of how many need them.
func groups(cmd *cli.Command) (names []string, in map[string][]*option) {
	in = map[string][]*option{}
	opts := options(cmd)
	judges := slices.ContainsFunc(opts, func(o *option) bool { return o.Names()[0] == "vpc-endpoint-id" })
	for _, o := range opts {
		g := o.DocGenerationFlag.(cli.CategorizableFlag).GetCategory()
		if judges && slices.Contains(needed, o.Names()[0]) {
			g = groupNeeded
		}
		if in[g] == nil {
			names = append(names, g)
		}
		in[g] = append(in[g], o)
	}
	order := []string{groupNeeded, groupActivation, groupExplain, groupAudit, groupDestination, groupSource, groupEvidence, groupSelection, groupOutput, groupGate, groupMany, groupScopes, groupTime}
	slices.SortStableFunc(names, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return names, in
}

// commandHelp shows the flags of a command by their groups.
func commandHelp(env *environment, cmd *cli.Command) error {
	p := helpPage(env)
	p.line("", "dspreflight "+cmd.Name+" - "+env.words(cmd.Usage))
	p.title("USAGE")
	calls, prose := env.usageOf(cmd)
	for _, call := range calls {
		p.command("   ", call)
	}
	if len(prose) > 0 {
		p.line("", "")
	}
	for _, line := range prose {
		p.line("   ", line)
	}
	if list := examples[cmd.Name]; list != nil {
		p.title("EXAMPLES")
		p.examples(list)
	}
	names, in := groups(cmd)
	for _, g := range names {
		p.title(cmp.Or(g, "FLAGS"))
		for _, o := range in[g] {
			p.row(o.label(), o.says(env), flagColumn)
		}
	}
	p.line("", "")
	p.line("", env.words(`Exit codes and environment: "dspreflight --help".`))
	return p.err
}

// words are a text of the help in the reader's language.
func (env *environment) words(text string) string {
	if env.Lang == "ja" {
		return cmp.Or(inJapanese()[text], text)
	}
	return text
}

// usageOf is how a command is called, and what it does, a paragraph a line.
func (env *environment) usageOf(cmd *cli.Command) (calls, prose []string) {
	usage, said, told := strings.Cut(cmp.Or(cmd.UsageText, "dspreflight "+cmd.Name), "\n\n")
	for call := range strings.SplitSeq(usage, "\n") {
		calls = append(calls, strings.TrimSpace(call))
	}
	if !told {
		return calls, nil
	}
	if env.Lang == "ja" {
		said = cmp.Or(usageInJapanese[cmd.Name], said)
	}
	return calls, strings.Split(said, "\n")
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
func (o *option) says(env *environment) string {
	out := strings.ReplaceAll(env.words(o.GetUsage()), "`", "")
	if d := o.GetDefaultText(); d != "" && d != "false" && !o.repeats {
		out += snapshot.Textf(" (default: %s)", "（既定: %s）", strings.Trim(d, `"`)).In(env.Lang)
	}
	return out
}

// page writes lines that keep to the width of the terminal.
type page struct {
	env   *environment
	w     io.Writer
	width int
	err   error
}

// widestHelp keeps lines readable in a wide terminal.
const widestHelp = 110

func helpPage(env *environment) *page {
	width, _ := console.Terminal(env.stdout)
	return &page{env: env, w: env.stdout, width: min(width, widestHelp)}
}

func (p *page) title(text string) {
	p.line("", "")
	p.line("", p.env.words(text))
}

func (p *page) examples(list [][2]string) {
	for _, e := range list {
		p.command("   ", e[0])
		p.line("      ", p.env.words(e[1]))
	}
}

// line writes a text behind an indent, which its further lines get too.
func (p *page) line(indent, text string) {
	for _, l := range report.Wrap(text, p.width-len(indent)) {
		p.write(strings.TrimRight(indent+l, " "))
	}
}

// command writes a command line, broken so that a shell reads it as one, a flag and
// its value together.
func (p *page) command(indent, text string) {
	var parts []string
	flag := false
	for word := range strings.FieldsSeq(text) {
		if flag && !strings.HasPrefix(word, "-") {
			parts[len(parts)-1] += " " + word
			flag = false
			continue
		}
		flag = strings.HasPrefix(word, "-") && word != "-" && !strings.Contains(word, "=")
		parts = append(parts, word)
	}
	const more = ` \`
	line := indent + parts[0]
	for i, part := range parts[1:] {
		width := p.width
		if i < len(parts)-2 {
			width -= len(more)
		}
		if len(line)+len(" ")+len(part) > width {
			p.write(line + more)
			line = indent + "  "
		}
		line += " " + part
	}
	p.write(line)
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
