package activation

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
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

// about is what a script says of itself, behind the mark of a comment.
var about = snapshot.Text{
	En: `Activates an AWS DataSync agent: gets its activation key, calls CreateAgent once,
# and waits until the agent is ONLINE. Run it on the machine that reaches the agent.
# It needs a POSIX shell and the tools below; the AWS CLI with credentials of the account.
# The key is a secret: it stays in the memory of this shell, and goes to the AWS CLI
# through a pipe. The ARN of the agent is the only thing on standard output.`,
	Ja: `AWS DataSync エージェントをアクティブ化する。アクティベーションキーを取得し、CreateAgent を
# 1 回だけ呼び出し、エージェントが ONLINE になるまで待つ。エージェントに到達できるマシンで実行する。
# POSIX シェルと、下記のツールが必要。AWS CLI には、このアカウントの認証情報が必要。
# キーは機密情報であり、このシェルのメモリ内だけに置き、AWS CLI にはパイプで渡す。
# 標準出力には、エージェントの ARN だけを出力する。`,
}

// Script is a POSIX shell script that activates the agent.
func (p Plan) Script(o ScriptOptions) string {
	leftOut := []string{"type", "agent"}
	if !o.LocalConsole {
		leftOut = nil
	}
	values := slices.DeleteFunc(p.values(), func(v value) bool { return slices.Contains(leftOut, v.name) })
	values = append(values, value{"online_s", fmt.Sprint(int(o.Online.Seconds()))}, value{"explain", outside.Words(o.Explain...)})
	step := askPort80
	if o.LocalConsole {
		step = askConsole
		values = append(values, value{"console_type", consoleType(p.KeyType)}, value{"tools", "aws tr sed stty"})
	} else {
		values = append(values, value{"console", console(p.Region)}, value{"key_s", fmt.Sprint(keySeconds)}, value{"tools", "curl aws tr sed head"})
	}
	var variables outside.Document[outside.Shell]
	for _, v := range values {
		variables.Put("%=%\n", v.name, v.value)
	}
	judged := snapshot.Text{En: "Whose credentials the AWS CLI will have here was not known.", Ja: "ここで AWS CLI が使う認証情報は不明のまま判定した。"}
	if p.Identity != "" {
		judged = snapshot.Textf("Judged for the credentials of %[1]s: run it with those.", "%[1]s の認証情報を対象に判定した。その認証情報で実行する。", p.Identity)
	}
	places := []string{
		"@VERSION@", outside.Of(o.Version).Terminal(), "@ABOUT@", about.In(o.Lang), "@JUDGED@", outside.Of(judged.In(o.Lang)).Terminal(), "@LANG@", o.Lang,
		"@VALUES@\n", variables.String(), "@GET_KEY@", strings.TrimSuffix(strings.ReplaceAll(step, "@KEY_REQUEST@", forScript(keyRequestInCurl())), "\n"),
	}
	for place, words := range calls {
		places = append(places, place, forScript(words))
	}
	return strings.NewReplacer(places...).Replace(scriptText)
}
