package activation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The calls of an activation, in the words of the AWS CLI, and the request to the
// agent's port 80. The script and the runbook are made of them. $NAME stands for a
// value of the plan, or for a variable of the shell in which the call is made.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
var (
	callIdentity = []string{"sts", "get-caller-identity", "--query", "Account"}
	callAgents   = []string{"datasync", "list-agents", "--query", "Agents[?Name=='$name'].AgentArn"}
	callCreate   = []string{
		"datasync", "create-agent", "--activation-key", "file:///dev/stdin", "--agent-name", "$name",
		"--vpc-endpoint-id", "$endpoint", "--subnet-arns", "$subnet_arn", "--security-group-arns", "$group_arn", "--query", "AgentArn",
	}
	callStatus = []string{"datasync", "describe-agent", "--agent-arn", "$arn", "--query", "Status"}
	everyCall  = []string{"--region", "$region", "--output", "text"}

	keyRequest = []string{"gatewayType=SYNC", "activationRegion=$region", "endpointType=$type", "privateLinkEndpoint=$address"}
)

// calls are the places of the script that the calls go to.
var calls = map[string][]string{"@CALL_IDENTITY@": callIdentity, "@CALL_AGENTS@": callAgents, "@CALL_CREATE@": callCreate, "@CALL_STATUS@": callStatus, "@EVERY_CALL@": everyCall}

// keyRequestInCurl are the parameters of the request for a key, as curl takes them.
func keyRequestInCurl() []string {
	var words []string
	for _, q := range keyRequest {
		words = append(words, "--data-urlencode", q)
	}
	return words
}

// value is one of the plan, by the name that it has in the script.
type value struct{ name, value string }

func (p Plan) values() []value {
	return []value{
		{"name", p.Name},
		{"region", p.Region},
		{"account", p.Account},
		{"address", p.Address.String()},
		{"endpoint", p.Endpoint},
		{"subnet_arn", p.SubnetARN},
		{"group_arn", p.GroupARN},
		{"agent", p.AgentHost()},
		{"type", p.KeyType},
	}
}

var named = pattern.New(`\$[a-z_]+`)

// forScript renders the words of a call for the script, which has the values in
// variables. Nothing in these words, which stand above, ends a double quote.
func forScript(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = outside.Words(w)
		if named.Re().MatchString(w) {
			out[i] = `"` + w + `"`
		}
	}
	return strings.Join(out, " ")
}

// fill puts the values of the plan into the words of a call.
func (p Plan) fill(words []string) []string {
	known := map[string]string{}
	for _, v := range p.values() {
		known["$"+v.name] = v.value
	}
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = named.Re().ReplaceAllStringFunc(w, func(name string) string {
			if v, ok := known[name]; ok {
				return v
			}
			return name // a variable of the shell
		})
	}
	return out
}

// call is a call of the AWS CLI with the values of the plan, for a shell.
func (p Plan) call(words []string) string {
	out := []string{"aws"}
	for _, w := range p.fill(append(slices.Clone(words), everyCall...)) {
		if w == shellARN {
			out = append(out, `"`+w+`"`)
		} else {
			out = append(out, outside.Words(w))
		}
	}
	return strings.Join(out, " ")
}

// shellARN is the one word that no plan knows: CreateAgent answers it.
const shellARN = "$arn"

// noHistory keeps the key out of the history of the AWS CLI, where somebody has turned
// it on.
const noHistory = "AWS_CLI_HISTORY_FILE=/dev/null "

// once keeps the AWS CLI from a second call where the answer to the first is lost.
const once = "AWS_MAX_ATTEMPTS=1 "

// Step is one step of an activation, for people.
type Step struct {
	Title snapshot.Text
	Do    []snapshot.Text // in words: what is done, or done by hand
	// File is what to save, as FileName, before the commands.
	File, FileName string
	Commands       []string // for a POSIX shell, in which all steps are done
	Answer         snapshot.Text
	Errors         []*documented.Error // that this step may end in
	Article        []snapshot.Text     // where AWS's article is wrong, and what is right
}

// Form is how an agent is made.
type Form uint8

// The forms.
const (
	ByCLI Form = iota
	ByTerraform
	ByCloudFormation
)

// Guide is how a runbook is to be.
type Guide struct {
	ScriptOptions
	Form Form
}

// Steps are those of the script, one for each thing that it does.
func (p Plan) Steps(g Guide) []Step {
	steps := []Step{p.stepIdentity(), p.stepKey(g.LocalConsole)}
	switch g.Form {
	case ByTerraform:
		steps = append(steps, p.stepTerraform(g))
	case ByCloudFormation:
		steps = append(steps, p.stepCloudFormation(g))
	default:
		steps = append(steps, p.stepCreate())
	}
	return append(steps, p.stepOnline(g))
}

func (p Plan) stepIdentity() Step {
	return Step{
		Title: snapshot.Text{En: "See whose credentials the AWS CLI has", Ja: "AWS CLI の認証情報を確認する"},
		Do: []snapshot.Text{
			snapshot.Textf("On the machine that reaches the agent, with curl and the AWS CLI. CreateAgent is called in the account of the endpoint, %s. Do all steps in one shell.", "エージェントに到達でき、curl と AWS CLI のあるマシンで行う。CreateAgent はエンドポイントのアカウント %s で呼び出す。すべての手順を 1 つのシェルで行う。", p.Account),
			snapshot.Textf("The second command looks for an agent that has the name %s already.", "2 番目のコマンドは、%s という名前のエージェントがすでにないかを調べる。", p.Name),
		},
		Commands: []string{p.call(callIdentity), p.call(callAgents)},
		Answer:   snapshot.Textf("%s; then nothing at all, or None: there is no such agent yet.", "%s。次に何も表示されないか None と表示される（まだエージェントがない）。", p.Account),
		Errors:   []*documented.Error{documented.CredentialsMissing, documented.CredentialsExpired, documented.AccessDenied, documented.APIUnreachable, documented.ClockSkew, documented.OptIn},
		Article: []snapshot.Text{
			snapshot.Textf("The article's policy grants ec2:*security-group*, which matches no action of AWS: their names hold no hyphens. It also binds datasync:* to ARNs of one Region and account (us-east-1, 123456789012), and CreateAgent and ListAgents take no resource but *. What is needed is %s (dspreflight iam-policy --for activation).",
				"記事のポリシーにある ec2:*security-group* に一致する AWS のアクションはない（アクション名にハイフンは含まれない）。また datasync:* が特定のリージョンとアカウント（us-east-1、123456789012）の ARN に限定されているが、CreateAgent と ListAgents のリソースは * でなければならない。必要なのは %s である（dspreflight iam-policy --for activation）。",
				strings.Join(checks.ActivationActions(), ", ")),
		},
	}
}

func (p Plan) stepKey(console bool) Step {
	s := Step{
		Title:  snapshot.Text{En: "Get the activation key", Ja: "アクティベーションキーを取得する"},
		Errors: ofStage(documented.KeyFetch),
		Article: []snapshot.Text{
			{
				En: "The article shows the key on the screen (curl -vvv) and passes it as an argument, which other users of the machine can see. Here it stays in a variable of the shell.",
				Ja: "記事の手順ではキーが画面に表示され（curl -vvv）、引数としても渡されるため、マシンの他の利用者に見える。ここではシェルの変数にだけ入れる。",
			},
		},
	}
	valid := snapshot.Text{
		En: "“a key”. It expires after 30 minutes, and can be used once.",
		Ja: "「a key」と表示される。キーは 30 分で失効し、1 回だけ使える。",
	}
	shape := `case $key in ?????-?????-?????-?????-?????) echo 'a key' ;; *) printf '%s\n' "$key" ;; esac`
	if console {
		s.Do = p.keystrokes()
		s.Commands = []string{`unset key; printf 'key: '; stty -echo; IFS= read -r key; stty echo; echo`, shape}
		s.Answer = valid
		return s
	}
	s.Do = []snapshot.Text{snapshot.Textf(
		"The agent at %[1]s is asked for a key on its port 80. It first tries to reach %[2]s, on TCP 443, which may take a while. The type of the key is %[3]s.",
		"エージェント %[1]s のポート 80 にキーを要求する。エージェントは先に %[2]s の TCP 443 への接続を試すため、時間がかかることがある。キーの種類は %[3]s である。", p.agentText(), p.Address, p.KeyType)}
	if p.KeyType == "FIPS_PRIVATE_LINK" {
		s.Article = append(s.Article, snapshot.Text{
			En: "The article knows PRIVATE_LINK only. This endpoint is a FIPS one, whose keys are of the type FIPS_PRIVATE_LINK.",
			Ja: "記事には PRIVATE_LINK しか書かれていないが、このエンドポイントは FIPS 用なので、キーの種類は FIPS_PRIVATE_LINK である。",
		})
	}
	s.Commands = []string{"unset key; key=$(" + outside.Words(p.KeyCommand()...) + ")", shape}
	s.Answer = valid
	return s
}

// keystrokes are those on the agent's local console.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/local-console-vm.html
func (p Plan) keystrokes() []snapshot.Text {
	return []snapshot.Text{
		{En: "On the local console of the agent (of a virtual machine: its console; of an EC2 instance: SSH as admin): log in, and type 0 in the main menu, to get the activation key.", Ja: "エージェントのローカルコンソール（仮想マシンはコンソール、EC2 インスタンスは admin での SSH）でログインし、メインメニューで 0 を入力してアクティベーションキーの取得を選ぶ。"},
		snapshot.Textf("Type the Region: %s.", "リージョンを入力する: %s。", p.Region),
		snapshot.Textf("Choose %s, and type its address: %s.", "%s を選び、そのアドレスを入力する: %s。", consoleType(p.KeyType), p.Address),
		{En: "Type or paste the key into the shell.", Ja: "キーをシェルに入力または貼り付ける。"},
	}
}

func (p Plan) stepCreate() Step {
	return Step{
		Title: snapshot.Text{En: "Call CreateAgent, once", Ja: "CreateAgent を 1 回だけ呼び出す"},
		Do: []snapshot.Text{snapshot.Textf(
			"If no answer comes, the agent may exist all the same: look for it with the second command of step 1 before you call again, with a new key.",
			"応答がなくてもエージェントが作成されている場合がある。新しいキーで再び呼び出す前に、手順 1 の 2 番目のコマンドで探す。")},
		Commands: []string{`arn=$(printf '%s' "$key" | ` + once + noHistory + p.call(callCreate) + `); printf '%s\n' "$arn"`},
		Answer:   snapshot.Textf("The ARN of the agent: arn:%s:datasync:%s:%s:agent/agent-…", "エージェントの ARN: arn:%s:datasync:%s:%s:agent/agent-…", snapshot.PartitionOf(p.Region), p.Region, p.Account),
		Errors:   append(ofStage(documented.CreateAgent), documented.ARNMalformed, documented.GroupElsewhere),
		Article: []snapshot.Text{
			snapshot.Textf("The article says to enter the GroupID for --security-group-arns. CreateAgent refuses a bare id; it takes the ARN, %s.", "記事には --security-group-arns に GroupID を入力するとあるが、CreateAgent は ID だけを受け付けない。ARN（%s）を渡す。", p.GroupARN),
		},
	}
}

func (p Plan) stepTerraform(g Guide) Step {
	s := p.stepCreate()
	s.Title = snapshot.Text{En: "Create the agent with Terraform", Ja: "Terraform でエージェントを作成する"}
	s.Do = []snapshot.Text{{
		En: "Save this beside the other files of the configuration, and apply it while the key is valid. The key gets into the state, where it is worth nothing once it is used.",
		Ja: "次の内容を構成の他のファイルと同じ場所に保存し、キーの有効期間内に apply する。キーはステートに残るが、使用後は価値がない。",
	}}
	s.FileName, s.File = "datasync-agent.tf", p.Terraform(g.Version, g.Lang)
	s.Commands = []string{`export TF_VAR_activation_key="$key"`, "terraform apply", "unset TF_VAR_activation_key", `arn=$(terraform state show aws_datasync_agent.this | sed -n 's/^ *arn *= "\(.*\)"$/\1/p')`}
	s.Answer = snapshot.Text{En: "Apply complete! Resources: 1 added", Ja: "Apply complete! Resources: 1 added"}
	return s
}

func (p Plan) stepCloudFormation(g Guide) Step {
	s := p.stepCreate()
	s.Title = snapshot.Text{En: "Create the agent with CloudFormation", Ja: "CloudFormation でエージェントを作成する"}
	s.Do = []snapshot.Text{{
		En: "Save this template, and make the stack while the key is valid. The key goes through a pipe, not through the arguments.",
		Ja: "次のテンプレートを保存し、キーの有効期間内にスタックを作成する。キーは引数ではなくパイプで渡す。",
	}}
	s.FileName, s.File = "datasync-agent.yaml", p.CloudFormation(g.Version, g.Lang)
	stack := " --stack-name datasync-agent --region " + outside.Words(p.Region)
	s.Commands = []string{
		`printf '[{"ParameterKey":"ActivationKey","ParameterValue":"%s"}]' "$key" | ` + noHistory + `aws cloudformation create-stack` + stack + ` --template-body file://datasync-agent.yaml --parameters file:///dev/stdin`,
		"aws cloudformation wait stack-create-complete" + stack,
		"arn=$(aws cloudformation describe-stacks" + stack + " --query 'Stacks[0].Outputs[0].OutputValue' --output text); printf '%s\\n' \"$arn\"",
	}
	return s
}

func (p Plan) stepOnline(g Guide) Step {
	return Step{
		Title: snapshot.Text{En: "Wait until the agent is ONLINE", Ja: "エージェントが ONLINE になるまで待つ"},
		Do: []snapshot.Text{snapshot.Textf(
			"Ask every few seconds, for up to %s. A new agent is OFFLINE at first.", "数秒おきに、最長 %s まで確認する。作成直後は OFFLINE である。", duration(g.Online))},
		Commands: []string{p.call(callStatus)},
		Answer:   snapshot.Text{En: "ONLINE", Ja: "ONLINE"},
		Errors:   []*documented.Error{documented.AgentOffline, documented.AgentNotFound},
		Article: []snapshot.Text{{
			En: "The article looks into ListAgents at once. That list is eventually consistent, and may lack a new agent or show it OFFLINE for minutes; DescribeAgent knows.",
			Ja: "記事では直後に ListAgents を確認しているが、この一覧は結果整合性のため、新しいエージェントがなかったり、数分間 OFFLINE と表示されたりする。DescribeAgent なら正しい状態が分かる。",
		}},
	}
}

// duration is one in each language.
func duration(d time.Duration) snapshot.Text {
	short := shortest(d.String())
	return snapshot.Text{En: short, Ja: strings.NewReplacer("h", " 時間 ", "m", " 分", "s", " 秒").Replace(short)}
}

// shortest is a duration without the units that are zero.
func shortest(s string) string {
	for _, zero := range []string{"m0s", "h0m"} {
		if cut, ok := strings.CutSuffix(s, zero); ok {
			s = cut + zero[:1]
		}
	}
	return s
}

// ofStage are the documented errors of a stage.
func ofStage(s documented.Stage) []*documented.Error {
	var out []*documented.Error
	for _, e := range documented.All() {
		if e.Stage == s {
			out = append(out, e)
		}
	}
	return out
}

// FindCause is the command that finds the cause of an error, which follows it.
func FindCause(explain []string) string {
	return fmt.Sprintf("dspreflight explain --run %s -", outside.Words(explain...))
}
