package activation

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/outside"
)

//go:embed script.sh
var scriptText string

// The two ways to the key.
var (
	//go:embed port80.sh
	askPort80 string
	//go:embed console.sh
	askConsole string
)

// ScriptOptions is how a script is to be.
type ScriptOptions struct {
	Version      string
	Lang         string        // en or ja
	LocalConsole bool          // the key is typed in, instead of asked for on port 80
	Online       time.Duration // how long to wait for ONLINE
	Explain      []string      // the flags with which explain --run finds the target again
}

// keySeconds is how long the agent may take to answer: it tries the endpoint first,
// and a client that waited 10 s is known to have been too quick.
// Source: https://github.com/hashicorp/terraform-provider-aws/issues/47798
const keySeconds = 120

// Script is a POSIX shell script that activates the agent.
func (p Plan) Script(o ScriptOptions) string {
	leftOut := []string{"type", "agent"}
	if !o.LocalConsole {
		leftOut = nil
	}
	values := slices.DeleteFunc(p.values(), func(v value) bool { return slices.Contains(leftOut, v.name) })
	values = append(values, value{"online_s", fmt.Sprint(int(o.Online.Seconds()))}, value{"explain", shellWords(o.Explain)})
	step := askPort80
	if o.LocalConsole {
		step = askConsole
		values = append(values, value{"console_type", consoleType(p.KeyType)}, value{"tools", "aws tr sed stty"})
	} else {
		values = append(values, value{"console", console(p.Region)}, value{"key_s", fmt.Sprint(keySeconds)}, value{"tools", "curl aws tr sed head"})
	}
	var lines []string
	for _, v := range values {
		lines = append(lines, v.name+"="+outside.Of(v.value).Shell())
	}
	judged := "Whose credentials the AWS CLI will have here was not known."
	if p.Identity != "" {
		judged = "Judged for the credentials of " + p.Identity + ": run it with those."
	}
	places := []string{
		"@VERSION@", outside.Of(o.Version).Terminal(), "@JUDGED@", outside.Of(judged).Terminal(), "@LANG@", o.Lang,
		"@VALUES@", strings.Join(lines, "\n"), "@GET_KEY@", strings.TrimSuffix(strings.ReplaceAll(step, "@QUESTION@", forScript(asked())), "\n"),
	}
	for place, words := range calls {
		places = append(places, place, forScript(words))
	}
	return strings.NewReplacer(places...).Replace(scriptText)
}
