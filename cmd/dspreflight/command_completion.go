package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// completeCommand is what the scripts call, with the words up to the cursor: it
// prints what the last of them may become, each with what it is behind a tab. As
// the program itself answers, the scripts never go out of date.
const completeCommand = "__complete"

var completionScripts = map[string]string{
	"bash": `_dspreflight() {
  local cur="${COMP_WORDS[COMP_CWORD]}"
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$cur" 2>/dev/null)
  case "${COMPREPLY[*]}" in *= | */) compopt -o nospace 2>/dev/null ;; esac
}
complete -o bashdefault -o default -F _dspreflight dspreflight
`,
	"zsh": `#compdef dspreflight
_dspreflight() {
  local -a found open
  local line value
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    value="${line%%$'\t'*}"
    case "$value" in
      "") ;;
      *= | */) open+=("${value//:/\\:}:${line#*$'\t'}") ;;
      *) found+=("${value//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  if (( ! $#found && ! $#open )); then _files; return; fi
  (( $#found )) && _describe -V dspreflight found
  (( $#open )) && _describe -V dspreflight open -S ""
}
if [[ "$funcstack[1]" == _dspreflight ]]; then _dspreflight "$@"; else compdef _dspreflight dspreflight; fi
`,
	"fish": `function __dspreflight_complete
  set -l words (commandline -opc)
  $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c dspreflight -a '(__dspreflight_complete)'
`,
	"powershell": `Register-ArgumentCompleter -Native -CommandName dspreflight -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $rest = @($words | Select-Object -Skip 1)
  & $words[0] __complete @rest "$wordToComplete" 2>$null | ForEach-Object {
    $value, $what = $_ -split "` + "`t" + `", 2
    if (-not $what) { $what = $value }
    [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $what)
  }
}
`,
}

func completionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh, fish or powershell",
		UsageText: "dspreflight completion bash|zsh|fish|powershell\n   source <(dspreflight completion bash)\n\nThe scripts for bash, zsh and fish are tested in these shells; the one for PowerShell has not been run.",
		ArgsUsage: "SHELL",
		Action: func(c *cli.Context) error {
			script, ok := completionScripts[c.Args().First()]
			if !ok || c.NArg() != 1 {
				return snapshot.Errorf("completion %s: expected one of bash, zsh, fish, powershell", "completion %s: bash、zsh、fish、powershell のいずれかを指定する", strings.Join(c.Args().Slice(), " "))
			}
			_, err := fmt.Fprint(env.stdout, script)
			return err
		},
	}
}

// candidate is what a word may become.
type candidate struct{ value, what string }

// completeWord prints what the last of the words may become.
func completeWord(env *environment, app *cli.App, words []string) error {
	words, dropped := joined(words)
	last := at(words, len(words)-1)
	for _, c := range candidates(env, app, words) {
		if !strings.HasPrefix(c.value, last) {
			continue
		}
		if _, err := fmt.Fprintf(env.stdout, "%s\t%s\n", strings.TrimPrefix(c.value, dropped), env.words(c.what)); err != nil {
			return err
		}
	}
	return nil
}

// joined puts together what bash takes apart at each "=", and says which part of the
// last word bash does not want to see again.
func joined(words []string) (out []string, dropped string) {
	for i, w := range words {
		switch {
		case len(out) > 0 && w == "=":
			out[len(out)-1] += w
			dropped = out[len(out)-1]
		case i > 0 && words[i-1] == "=" && len(out) > 0:
			out[len(out)-1] += w
		default:
			out, dropped = append(out, w), ""
		}
	}
	return out, dropped
}

func candidates(env *environment, app *cli.App, words []string) []candidate {
	var out []candidate
	if len(words) <= 1 {
		for _, cmd := range app.Commands {
			out = append(out, candidate{cmd.Name, cmd.Usage})
		}
		return append(out, candidate{"help", "what a command does, and its flags"})
	}
	cmd := app.Command(words[0])
	if words[0] == "help" {
		return candidates(env, app, nil)
	}
	if cmd == nil {
		return nil
	}
	last, before := words[len(words)-1], words[len(words)-2]
	byName := map[string]*option{}
	for _, o := range options(cmd) {
		for _, name := range o.Names() {
			byName[name] = o
		}
	}
	if o := byName[strings.TrimLeft(before, "-")]; o != nil && strings.HasPrefix(before, "-") && o.TakesValue() && len(words) > 2 {
		return valuesOf(cmd, o, last)
	}
	if flag, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(flag, "-") {
		if o := byName[strings.TrimLeft(flag, "-")]; o != nil && o.TakesValue() {
			for _, c := range valuesOf(cmd, o, value) {
				out = append(out, candidate{flag + "=" + c.value, c.what})
			}
		}
		return out
	}
	if !strings.HasPrefix(last, "-") {
		return argumentsOf(cmd)
	}
	for _, o := range options(cmd) {
		name := "--" + o.Names()[0]
		if o.repeats || !slices.Contains(words[:len(words)-1], name) {
			out = append(out, candidate{name, o.says(env)})
		}
	}
	return append(out, candidate{"--help", "what a command does, and its flags"})
}
