package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The scripts ask the program itself, with cli's --generate-bash-completion, so
// they never go out of date.
var completionScripts = map[string]string{
	"bash": `_dspreflight() {
  local cur="${COMP_WORDS[COMP_CWORD]}"
  local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  if [[ "$cur" == -* ]]; then words+=("$cur"); fi
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o bashdefault -o default -F _dspreflight dspreflight
`,
	"zsh": `#compdef dspreflight
_dspreflight() {
  local -a opts
  local cur=${words[-1]}
  if [[ "$cur" == -* ]]; then
    opts=("${(@f)$(${words[@]:0:#words[@]-1} ${cur} --generate-bash-completion 2>/dev/null)}")
  else
    opts=("${(@f)$(${words[@]:0:#words[@]-1} --generate-bash-completion 2>/dev/null)}")
  fi
  compadd -a opts
}
compdef _dspreflight dspreflight
`,
	"powershell": `Register-ArgumentCompleter -Native -CommandName dspreflight -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = $commandAst.ToString().Split(' ') | Where-Object { $_ -ne '' }
  if (-not $wordToComplete.StartsWith('-') -and $words.Count -gt 1 -and $words[-1] -eq $wordToComplete) { $words = $words[0..($words.Count - 2)] }
  $rest = @($words | Select-Object -Skip 1) + '--generate-bash-completion'
  & $words[0] @rest 2>$null | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`,
}

func completionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh, fish or powershell",
		UsageText: "dspreflight completion bash|zsh|fish|powershell\n\n   source <(dspreflight completion bash)",
		ArgsUsage: "SHELL",
		Action: func(c *cli.Context) error {
			if err := noLateFlags(c); err != nil {
				return err
			}
			shell := c.Args().First()
			if shell == "fish" && c.NArg() == 1 {
				script, err := c.App.ToFishCompletion()
				if err != nil {
					return fmt.Errorf("completion: %w", err)
				}
				_, err = fmt.Fprint(env.stdout, script)
				return err
			}
			script, ok := completionScripts[shell]
			if !ok || c.NArg() != 1 {
				return snapshot.Errorf("completion %s: expected one of bash, zsh, fish, powershell", "completion %s: bash、zsh、fish、powershell のいずれかを指定する", strings.Join(c.Args().Slice(), " "))
			}
			_, err := fmt.Fprint(env.stdout, script)
			return err
		},
	}
}
