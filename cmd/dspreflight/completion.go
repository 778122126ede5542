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
}
complete -o bashdefault -o default -F _dspreflight dspreflight
`,
	"zsh": `#compdef dspreflight
_dspreflight() {
  local -a found
  local line
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  if (( $#found )); then _describe -V dspreflight found; else _files; fi
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
		UsageText: "dspreflight completion bash|zsh|fish|powershell\n\nsource <(dspreflight completion bash)",
		ArgsUsage: "SHELL",
		Action: func(c *cli.Context) error {
			if err := noLateFlags(c); err != nil {
				return err
			}
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
	last := at(words, len(words)-1)
	for _, c := range candidates(app, words) {
		if !strings.HasPrefix(c.value, last) {
			continue
		}
		if _, err := fmt.Fprintf(env.stdout, "%s\t%s\n", c.value, c.what); err != nil {
			return err
		}
	}
	return nil
}

func candidates(app *cli.App, words []string) []candidate {
	var out []candidate
	if len(words) <= 1 {
		for _, cmd := range app.Commands {
			out = append(out, candidate{cmd.Name, cmd.Usage})
		}
		return out
	}
	cmd := app.Command(words[0])
	if cmd == nil || !strings.HasPrefix(words[len(words)-1], "-") {
		return nil
	}
	for _, o := range options(cmd) {
		name := "--" + o.Names()[0]
		if o.repeats || !slices.Contains(words[:len(words)-1], name) {
			out = append(out, candidate{name, o.says()})
		}
	}
	return append(out, candidate{"--help", "show help"})
}
