package checks

import "github.com/dspreflight/dspreflight/internal/snapshot"

// What the AWS CLI, an SDK or Terraform says before DataSync was asked, and what
// other AWS tools say. The marks L01 to L07, P15 and R01 order them as the
// sources do.
var (
	errKeyMissing = &DocumentedError{ // L01, L02
		ID: "ACTIVATION_KEY_MISSING", Stage: LocalClient, Literal: true,
		Message: snapshot.Same(`Missing required parameter in input: "ActivationKey"`),
		Match:   patterns(`missingrequiredparameterininput:\\?"activationkey`, `missingrequiredfield,createagentinput\.activationkey`, `thefollowingargumentsarerequired:(?:--[a-z-]+,)*--activation-key`),
		Title:   say("No activation key was given", "アクティベーションキーが渡されていない"),
		Cause:   say("CreateAgent needs the key that the agent hands out.", "CreateAgent にはエージェントが発行するキーが必要。"),
		Fix:     say("Pass --activation-key.", "--activation-key を渡す。"),
		Sources: []string{pageModel, pageArticle},
		Checks:  []string{"activation-input"},
	}
	errSubnetARNs = &DocumentedError{ // L03, L04
		ID: "SUBNET_ARNS_MALFORMED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("Invalid length for parameter SubnetArns, value: 0, valid min length: 1"),
		Match:   patterns(`invalidlengthforparametersubnetarns`, `invalidtypeforparametersubnetarns`),
		Title:   say("The list of subnet ARNs is empty, or no list", "サブネット ARN のリストが空、またはリストではない"),
		Cause:   say("CreateAgent takes a list of exactly one subnet ARN.", "CreateAgent はちょうど 1 つのサブネット ARN のリストを取る。"),
		Fix:     say("Pass one ARN: --subnet-arns arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID.", "ARN を 1 つ渡す: --subnet-arns arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID。"),
		Sources: []string{pageModel},
		Checks:  []string{"activation-input"},
	}
	errAPIUnreachable = &DocumentedError{ // L05
		ID: "API_UNREACHABLE", Stage: LocalClient, Literal: true,
		Message: snapshot.Same(`Could not connect to the endpoint URL: "https://datasync.REGION.amazonaws.com/"`),
		Match: patterns(`couldnotconnecttotheendpointurl:\\?"(?P<url>https?://(?P<host>[a-z0-9.-]*?(?:datasync|ec2|sts|iam)[a-z0-9.-]*)[^"]*)`,
			`connecttimeoutonendpointurl:\\?"(?P<url>https?://(?P<host>[a-z0-9.-]*?(?:datasync|ec2|sts|iam)[a-z0-9.-]*)[^"]*)`,
			`(?:dialtcp:?lookup|dialtcp)(?P<host>(?:datasync|sts|ec2)[a-z0-9.-]*\.amazonaws\.com[a-z.]*).{0,80}?(?:nosuchhost|i/otimeout|timeout)`),
		Title: say("The machine can't reach the AWS API", "このマシンから AWS の API に到達できない"),
		Cause: say(
			"The activation machine has no way to the DataSync, EC2 or STS API. On a network without internet access that needs interface endpoints of its own, which the article does not mention: with the DataSync endpoint's private DNS off, its name still leads to public addresses.",
			"アクティベーションを行うマシンから DataSync・EC2・STS の API への経路がない。インターネットに出られないネットワークでは専用のインターフェイスエンドポイントが必要で、記事はこれに触れていない。DataSync エンドポイントのプライベート DNS が無効だと、API 名はパブリックアドレスに解決される。",
		),
		Fix: say(
			"Create interface endpoints for ec2 and sts in the VPC, and call DataSync with --endpoint-url https://VPCE_DNS_NAME, or give the machine a proxy.",
			"VPC に ec2 と sts のインターフェイスエンドポイントを作り、DataSync は --endpoint-url https://VPCE_DNS_NAME で呼び出すか、マシンにプロキシを設定する。",
		),
		Sources: []string{pageEndpoint, pageArticle},
		Checks:  []string{"api-reachable", "endpoint-private-dns"},
	}
	errGroupARNs = &DocumentedError{ // L06
		ID: "SECURITY_GROUP_ARNS_MISSING", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("minimum field size of 1, CreateLocationEfsInput.Ec2Config.SecurityGroupArns"),
		Match:   patterns(`minimumfieldsizeof1,createlocationefsinput\.ec2config\.securitygrouparns`, `minimumfieldsizeof1,[a-z0-9]*\.(?:ec2config\.)?securitygrouparns`),
		Title:   say("No security group ARN was given", "セキュリティグループの ARN が渡されていない"),
		Cause:   say("The list of security group ARNs is empty.", "セキュリティグループ ARN のリストが空。"),
		Fix:     say("Pass one ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID.", "ARN を 1 つ渡す: arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID。"),
		Sources: []string{"https://github.com/hashicorp/terraform-provider-aws/issues/28923"},
		Checks:  []string{"activation-input"},
	}
	errGroupElsewhere = &DocumentedError{ // L07
		ID: "GROUP_SUBNET_DIFFERENT_VPC", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("Security group sg-ID and subnet subnet-ID belong to different networks"),
		Match:   patterns(`securitygroup(?P<security_group_id>sg-(?:[0-9a-f]{17}|[0-9a-f]{8}))andsubnet(?P<subnet_id>subnet-(?:[0-9a-f]{17}|[0-9a-f]{8}))belongtodifferentnetworks`, `securitygroup.{0,60}andsubnet.{0,60}belongtodifferentnetworks`),
		Title:   say("Security group and subnet are in different VPCs", "セキュリティグループとサブネットの VPC が異なる"),
		Cause:   say("EC2 attaches only groups of the subnet's own VPC, or associated with it.", "EC2 が付けられるのは、サブネットの VPC のグループか、その VPC に関連付けたグループだけ。"),
		Fix:     say("Choose a security group of the subnet's VPC.", "サブネットと同じ VPC のセキュリティグループを選ぶ。"),
		Sources: []string{"https://github.com/philschmid/efsync/pull/16"},
		Checks:  []string{"task-sg", "subnet-usable", "activation-input"},
	}
	errAgentARNs = &DocumentedError{ // P15
		ID: "AGENT_ARNS_REQUIRED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("the following arguments are required: --agent-arns"),
		Match:   patterns(`thefollowingargumentsarerequired:(?:--[a-z-]+,)*--agent-arns`),
		Title:   say("The AWS CLI is older than transfers without an agent", "AWS CLI がエージェントなしの転送に対応していない古い版"),
		Cause:   say("Enhanced mode tasks between clouds need no agent; older versions of the CLI still ask for one.", "クラウド間の Enhanced モードのタスクにはエージェントが不要だが、古い CLI は要求する。"),
		Fix:     say("Update the AWS CLI.", "AWS CLI を更新する。"),
		Sources: []string{"https://github.com/aws/aws-cli/issues/9789"},
		Checks:  []string{"machine-tools"},
	}
	errAnalyzer = &DocumentedError{ // R01
		ID: "REACHABILITY_ANALYZER_FAILED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("The request failed due to insufficient permissions / The network configuration is not supported"),
		Match:   patterns(`therequestfailedduetoinsufficientpermissions`, `thenetworkconfigurationisnotsupported`, `modificationsinnetworkresourcesduringtheanalysis`),
		Title:   say("VPC Reachability Analyzer could not finish", "VPC Reachability Analyzer が完了しなかった"),
		Cause:   say("The analyzer lacks permissions, meets something that it does not model, or the network changed while it ran. It says nothing of DataSync.", "権限の不足、対応していない構成、または分析中のネットワーク変更。DataSync については何も示していない。"),
		Fix:     say("Judge the path with dspreflight check, which needs read permissions only and works across Regions and accounts.", "読み取り権限だけで動き、リージョンとアカウントをまたげる dspreflight check で経路を判定する。"),
		Sources: []string{pageAnalyzer},
		Checks:  []string{"route-to-endpoint", "route-to-agent", "sg-ingress-443"},
	}
)

var localErrors = []*DocumentedError{errKeyMissing, errSubnetARNs, errAPIUnreachable, errGroupARNs, errGroupElsewhere, errAgentARNs, errAnalyzer}
