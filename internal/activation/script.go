package activation

import (
	_ "embed"
	"fmt"
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
	values := []struct{ name, value string }{
		{"name", p.Name},
		{"region", p.Region},
		{"account", p.Account},
		{"address", p.Address.String()},
		{"endpoint", p.Endpoint},
		{"subnet_arn", p.SubnetARN},
		{"group_arn", p.GroupARN},
		{"online_s", fmt.Sprint(int(o.Online.Seconds()))},
		{"explain", shellWords(o.Explain)},
	}
	step := askPort80
	if o.LocalConsole {
		step = askConsole
		values = append(values, struct{ name, value string }{"console_type", consoleType(p.KeyType)}, struct{ name, value string }{"tools", "aws tr sed stty"})
	} else {
		values = append(values, struct{ name, value string }{"agent", p.AgentHost()}, struct{ name, value string }{"type", p.KeyType},
			struct{ name, value string }{"console", console(p.Region)}, struct{ name, value string }{"key_s", fmt.Sprint(keySeconds)}, struct{ name, value string }{"tools", "curl aws tr sed head"})
	}
	var lines []string
	for _, v := range values {
		lines = append(lines, v.name+"="+outside.Of(v.value).Shell())
	}
	identity := p.Identity
	if identity == "" {
		identity = "whoever the credentials are of"
	}
	return strings.NewReplacer(
		"@VERSION@", outside.Of(o.Version).Terminal(), "@IDENTITY@", outside.Of(identity).Terminal(), "@LANG@", o.Lang,
		"@VALUES@", strings.Join(lines, "\n"), "@GET_KEY@", strings.TrimSuffix(step, "\n"),
	).Replace(scriptText)
}
