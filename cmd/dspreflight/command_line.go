package main

import (
	"context"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/agext/levenshtein"
	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// dispatch finds the command in a command line, reads its flags and runs it.
//
// cli's own App.Run is not used: it brings in text/template, which looks methods
// up by their names, and with that the linker keeps every method of every type:
// all of AWS's operations, those that change things among them.
func dispatch(ctx context.Context, env *environment, args []string) error {
	rest := args[min(1, len(args)):]
	switch first := at(rest, 0); {
	case len(rest) == 0, helpWords[first] && (len(rest) == 1 || isLanguage(rest[1:])):
		return appHelp(env, newApp(env))
	case first == completeCommand:
		return completeWord(env, newApp(env), rest[1:])
	case first == manCommand:
		return manual(env, newApp(env))
	case first == referenceCommand:
		return reference(env, newApp(env))
	case first == "help" && helpWords[rest[1]]:
		return appHelp(env, newApp(env))
	case first == "help":
		rest = []string{rest[1], "--help"}
	case first == "--version" || first == "-v":
		printVersion(env)
		return nil
	}
	cmd := newCommand(env, rest[0])
	if cmd == nil {
		return unknownCommand(rest[0])
	}
	if err := knownVariables(env); err != nil {
		return err
	}
	set, help, err := readFlags(cmd, rest[1:])
	if err != nil {
		return err
	}
	if help {
		return commandHelp(env, cmd)
	}
	c := cli.NewContext(nil, set, nil)
	c.Context, c.Command = ctx, cmd
	return cmd.Action(c)
}

// isLanguage reports whether nothing is asked for but a language, which "--help" may
// be followed by.
func isLanguage(words []string) bool {
	name, _, joined := strings.Cut(words[0], "=")
	return (name == "--lang" || name == "-lang") && (joined && len(words) == 1 || !joined && len(words) == 2)
}

var helpWords = map[string]bool{"help": true, "--help": true, "-h": true, "-help": true}

// at is an argument, "" beyond the last.
func at(args []string, i int) string {
	if i >= len(args) {
		return ""
	}
	return args[i]
}

// option is a flag of a command as the command line and the environment may set it.
type option struct {
	cli.DocGenerationFlag
	repeats bool
	values  []string
	from    string // "--region", or the environment variable that was used
}

func options(cmd *cli.Command) []*option {
	out := make([]*option, 0, len(cmd.Flags))
	for _, f := range cmd.Flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		_, repeats := f.(*cli.StringSliceFlag)
		out = append(out, &option{DocGenerationFlag: doc, repeats: repeats})
	}
	return out
}

// readFlags reads the flags of a command, before and behind its arguments, up to
// "--"; those that are not given are taken from the environment. A flag that does
// not repeat is given once, and a value keeps its commas.
func readFlags(cmd *cli.Command, args []string) (set *flag.FlagSet, help bool, err error) {
	opts := options(cmd)
	byName := map[string]*option{}
	for _, o := range opts {
		for _, name := range o.Names() {
			byName[name] = o
		}
	}
	var words []string
	for len(args) > 0 && args[0] != "--" {
		written, value, joined := strings.Cut(args[0], "=")
		if len(written) < 2 || written[0] != '-' || strings.ContainsAny(written, " \t\r\n") { // what holds spaces is a text
			words, args = append(words, args[0]), args[1:]
			continue
		}
		args = args[1:]
		if helpWords[written] {
			return nil, true, nil
		}
		name := strings.TrimPrefix(strings.TrimPrefix(written, "-"), "-")
		o := byName[name]
		if o == nil {
			if apart := shortFlags(name, written, byName); apart != nil {
				if joined {
					apart[len(apart)-1] += "=" + value
				}
				args = append(apart, args...)
				continue
			}
		}
		switch {
		case o == nil:
			return nil, false, unknownFlag(cmd, written)
		case !o.TakesValue() && !joined:
			value = "true"
		case !joined && len(args) == 0:
			return nil, false, snapshot.Errorf("%s is the last word, and its value is missing (see %q)", "%s の後に値がない（%q を参照）", written, "dspreflight "+cmd.Name+" --help")
		case !joined:
			value, args = args[0], args[1:]
		}
		if len(o.values) > 0 && !o.repeats {
			return nil, false, snapshot.Errorf("--%s is given twice, as %q and %q: it takes one value", "--%s が %q と %q の 2 回指定されている。指定できるのは 1 つ", o.Names()[0], o.values[0], value)
		}
		o.values, o.from = append(o.values, value), "--"+o.Names()[0]
	}
	set = flag.NewFlagSet(cmd.Name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, o := range opts {
		if err := o.apply(set); err != nil {
			return nil, false, err
		}
	}
	return set, false, set.Parse(slices.Concat([]string{"--"}, words, withoutDashes(args)))
}

// shortFlags takes flags of one letter that are written as one word, as in -qo json,
// apart; nil if it is no such word: only the last may take a value.
func shortFlags(name, written string, known map[string]*option) []string {
	if strings.HasPrefix(written, "--") || len(name) < 2 {
		return nil
	}
	var out []string
	for i := range len(name) {
		o := known[name[i:i+1]]
		if o == nil || o.TakesValue() && i < len(name)-1 {
			return nil
		}
		out = append(out, "-"+name[i:i+1])
	}
	return out
}

// withoutDashes leaves out the "--" that ends the flags.
func withoutDashes(args []string) []string {
	if at(args, 0) == "--" {
		return args[1:]
	}
	return args
}

// apply puts the flag and its value into a set.
func (o *option) apply(set *flag.FlagSet) error {
	for _, v := range o.GetEnvVars() {
		if value := os.Getenv(v); value != "" && len(o.values) == 0 {
			o.values, o.from = []string{value}, v
		}
	}
	if err := o.Apply(set); err != nil { // a value of the environment that is wrong
		return badValue(o.from, at(o.values, 0), o.DocGenerationFlag)
	}
	if len(o.values) == 0 {
		return nil
	}
	value := o.values[0]
	if o.repeats {
		value = cli.NewStringSlice(o.values...).Serialize() // as it is, not split at commas
	}
	for _, name := range o.Names() {
		if err := set.Set(name, value); err != nil {
			return badValue(o.from, value, o.DocGenerationFlag)
		}
	}
	return nil
}

// badValue says what a flag takes.
func badValue(from, value string, f cli.Flag) error {
	due := snapshot.Text{En: "a whole number, such as 4", Ja: "4 のような整数"}
	switch f.(type) {
	case *cli.DurationFlag:
		due = snapshot.Text{En: "a time with its unit, such as 5s or 10m", Ja: "5s や 10m のように単位付きの時間"}
	case *cli.BoolFlag:
		due = snapshot.Text{En: "true or false", Ja: "true か false"}
	}
	return snapshot.Errorf("%s %q: expected %s", "%s %q: %sを指定する", from, value, due)
}

// knownVariables refuses a variable of the environment that looks like a flag's
// and is none: what it was meant to set would stay unset without a word.
func knownVariables(env *environment) error {
	variables := sync.OnceValue(func() []string {
		var known []string
		for _, cmd := range newApp(env).Commands {
			for _, o := range options(cmd) {
				known = append(known, o.GetEnvVars()...)
			}
		}
		return known
	})
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "DSPREFLIGHT_") || slices.Contains(variables(), name) {
			continue
		}
		if n := nearest(name, variables()); n != "" {
			return snapshot.Errorf("the environment variable %s sets no flag; did you mean %s?", "環境変数 %s に対応するフラグはない。%s のことか", name, n)
		}
		return snapshot.Errorf("the environment variable %s sets no flag: unset it", "環境変数 %s に対応するフラグはない。設定を外す", name)
	}
	return nil
}

// habits are flags of other programs, and what says the same here.
var habits = map[string]string{
	"json": "-o json", "yaml": "-o json", "format": "-o", "wide": "-o wide", "out": "-o", "output-file": "-o FORMAT=PATH", "no-color": "--color never",
	"language": "--lang", "endpoint": "--vpc-endpoint-id", "endpoint-id": "--vpc-endpoint-id", "vpce": "--vpc-endpoint-id", "subnet": "--subnet-id",
	"instance-id": "--agent-instance-id", "agent": "--agent-ip", "source-cidrs": "--source-cidr", "role": "--role-arn", "p": "--profile", "r": "--region",
	"version": "dspreflight version", "v": "--verbose", "silent": "--quiet", "s": "--quiet", "config-file": "--config", "c": "--config", "f": "--config",
}

// unknownFlag says which flag may be meant.
func unknownFlag(cmd *cli.Command, written string) error {
	help := "dspreflight " + cmd.Name + " --help"
	name := strings.TrimLeft(written, "-")
	if (cmd.Name == "activate" || cmd.Name == "runbook") && (name == "agent-arn" || name == "all-agents") {
		return existsAlready(cmd.Name, "ARN")
	}
	var names []string
	for _, o := range options(cmd) {
		names = append(names, o.Names()...)
	}
	meant := ""
	if h := habits[name]; h != "" && (!strings.HasPrefix(h, "-") || slices.Contains(names, strings.TrimLeft(strings.Fields(h)[0], "-"))) {
		meant = h
	} else if len(name) > 1 && !strings.HasPrefix(written, "--") && slices.Contains(names, name[:1]) && isFormat(name[1:]) {
		meant = "-" + name[:1] + " " + name[1:]
	} else if n := nearest(name, names); n != "" {
		meant = "--" + n
	}
	if meant != "" {
		return snapshot.Errorf("there is no flag %s; did you mean %s? (see %q)", "%s というフラグはない。%s のことか（%q を参照）", written, meant, help)
	}
	return snapshot.Errorf("there is no flag %s (see %q)", "%s というフラグはない（%q を参照）", written, help)
}

func isFormat(name string) bool {
	_, ok := report.FormatNamed(name)
	return ok
}

func unknownCommand(name string) error {
	if strings.HasPrefix(name, "-") {
		return snapshot.Errorf("%s stands before the command: write \"dspreflight COMMAND %s ...\" (see \"dspreflight --help\")", "%s がコマンドの前にある。\"dspreflight コマンド %s ...\" と書く（\"dspreflight --help\" を参照）", name, name)
	}
	names := []string{"help"}
	for _, cmd := range commands {
		names = append(names, cmd.name)
	}
	if n := nearest(name, names); n != "" {
		return snapshot.Errorf("%q is not a command; did you mean %q? (see \"dspreflight --help\")", "%q というコマンドはない。%q のことか（\"dspreflight --help\" を参照）", name, n)
	}
	return snapshot.Errorf("%q is not a command (see \"dspreflight --help\")", "%q というコマンドはない（\"dspreflight --help\" を参照）", name)
}

// nearest is the word that was most likely meant, "" if none is near: a letter in
// four may be wrong, two neighbours be swapped, or the rest of the word be missing.
func nearest(word string, known []string) string {
	best, least := "", max(1, len(word)/4)
	for _, k := range known {
		d := levenshtein.Distance(word, k, nil)
		if len(word) >= 3 && (strings.HasPrefix(k, word) || swapped(word, k)) {
			d = 1
		}
		if len(k) > 1 && d <= least && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// swapped reports whether two words differ by the order of two neighbours.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// noArguments refuses positional arguments.
func noArguments(c *cli.Context) error {
	if c.NArg() == 0 {
		return nil
	}
	return snapshot.Errorf("%s takes no argument, but got %q", "%s は引数を取らないが、%q が指定された", c.Command.Name, c.Args().First())
}
