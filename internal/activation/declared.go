package activation

import (
	"fmt"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// KeyCommand asks the agent for its key with curl, in the documented form whose
// answer is the key alone; words for a shell.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
func (p Plan) KeyCommand() []string {
	agent := "AGENT_ADDRESS"
	if p.Agent.IsValid() {
		agent = p.AgentHost()
	}
	words := []string{"curl", "-q", "-gsS", "-G", "--noproxy", "*", "--max-time", fmt.Sprint(keySeconds)}
	words = append(words, p.fill(keyRequestInCurl())...)
	return append(words, "--data-urlencode", "no_redirect", "http://"+agent+"/")
}

// Terraform is an aws_datasync_agent whose key is an input.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/datasync_agent
func (p Plan) Terraform(version, lang string) string {
	var d outside.Document[outside.HCL]
	d.Comment(p.head(version, lang))
	d.Comment(snapshot.Textf(
		`The key is an input. Ask for it on a machine that reaches the agent's port 80, at most 30 minutes before apply:
  export TF_VAR_activation_key="$(%[1]s)"
With ip_address and private_link_endpoint instead, the provider asks the agent itself: then the machine that runs
terraform apply must reach port 80 of the agent (%[2]s), and a FIPS endpoint can't be named. The key is used once; it
stays in the state, where it is worth nothing any more, and later runs need none.`,
		`キーは入力とする。エージェントのポート 80 に到達できるマシンで、apply 前の 30 分以内に取得する:
  export TF_VAR_activation_key="$(%[1]s)"
代わりに ip_address と private_link_endpoint を使うと、プロバイダー自身がエージェントに要求する。その場合は terraform apply
を実行するマシンからエージェント（%[2]s）のポート 80 に到達できる必要があり、FIPS エンドポイントは指定できない。キーは 1 回だけ
使われ、ステートに残るがもう価値はなく、以後の実行には不要である。`,
		outside.Words(p.KeyCommand()...), p.agentText()).In(lang))
	d.Put(`
variable "activation_key" {
  type        = string
  description = %
  sensitive   = true
  default     = null
}

resource "aws_datasync_agent" "this" {
  name                = %
  activation_key      = var.activation_key
  vpc_endpoint_id     = %
  subnet_arns         = [%]
  security_group_arns = [%]

  lifecycle {
    ignore_changes = [activation_key]
  }
}
`, snapshot.Text{En: "of the agent, needed once", Ja: "エージェントのアクティベーションキー。必要なのは 1 回だけ"}.In(lang), p.Name, p.Endpoint, p.SubnetARN, p.GroupARN)
	return d.String()
}

// CloudFormation is a template with an AWS::DataSync::Agent whose key is a parameter.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-datasync-agent.html
func (p Plan) CloudFormation(version, lang string) string {
	var d outside.Document[outside.YAML]
	d.Comment(p.head(version, lang))
	d.Comment(snapshot.Textf(
		`The key is a parameter. Ask for it on a machine that reaches the agent's port 80, at most 30 minutes before the stack is made:
  %s
NoEcho hides it in the console and the API. When you update the stack, keep the value it has: another would replace the agent.`,
		`キーはパラメーターとする。エージェントのポート 80 に到達できるマシンで、スタック作成前の 30 分以内に取得する:
  %s
NoEcho によりコンソールと API には表示されない。スタックの更新時は前の値を使う。別の値にするとエージェントが置き換えられる。`,
		outside.Words(p.KeyCommand()...)).In(lang))
	d.Put(`AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  ActivationKey:
    Type: String
    NoEcho: true
    AllowedPattern: "[A-Z0-9]{5}(-[A-Z0-9]{5}){4}"
Resources:
  Agent:
    Type: AWS::DataSync::Agent
    Properties:
      AgentName: %
      ActivationKey: !Ref ActivationKey
      VpcEndpointId: %
      SubnetArns: [%]
      SecurityGroupArns: [%]
Outputs:
  AgentArn:
    Value: !GetAtt Agent.AgentArn
`, p.Name, p.Endpoint, p.SubnetARN, p.GroupARN)
	return d.String()
}

// head says what a printed text is for.
func (p Plan) head(version, lang string) string {
	return snapshot.Textf("A DataSync agent that is activated through %[1]s (%[2]s), in account %[3]s, %[4]s.\nMade by dspreflight %[5]s.",
		"%[1]s（%[2]s）経由でアクティブ化する DataSync エージェント。アカウント %[3]s、%[4]s。\ndspreflight %[5]s が出力した。",
		p.Endpoint, p.Address, p.Account, p.Region, version).In(lang)
}

func (p Plan) agentText() string {
	if p.Agent.IsValid() {
		return p.Agent.String()
	}
	return "AGENT_ADDRESS"
}

// consoleType is what the agent's local console calls the type of a key.
func consoleType(keyType string) string {
	if keyType == "FIPS_PRIVATE_LINK" {
		return "FIPS VPC endpoint"
	}
	return "VPC endpoint"
}
