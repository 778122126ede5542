package documented

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What the AWS CLI, an SDK or Terraform says before DataSync was asked, and what
// other AWS tools say. The marks L01 to L07, P15 and R01 order them as the
// sources do.
var (
	KeyMissing = &Error{ // L01, L02
		ID: "ACTIVATION_KEY_MISSING", Stage: LocalClient, Literal: true,
		Message: snapshot.Same(`Missing required parameter in input: "ActivationKey"`),
		match: func() []wording {
			return phrases(unlessOther, "Missing required parameter in input: ActivationKey", "missing required field, CreateAgentInput.ActivationKey", "argument is required: {options} activation-key", "arguments required: {options} activation-key")
		},
		Title:   say("No activation key was given", "アクティベーションキーが渡されていない"),
		Cause:   say("CreateAgent needs the key that the agent hands out.", "CreateAgent にはエージェントが発行するキーが必要。"),
		Fix:     say("Pass --activation-key.", "--activation-key を渡す。"),
		Sources: []string{pageModel, PageArticle},
		Checks:  []string{"activation-input"},
	}
	SubnetARNs = &Error{ // L03, L04
		ID: "SUBNET_ARNS_MALFORMED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("Invalid length for parameter SubnetArns, value: 0, valid min length: 1"),
		match: func() []wording {
			return phrases(unlessOther, "Invalid length for parameter SubnetArns", "Invalid type for parameter SubnetArns")
		},
		Title:   say("The list of subnet ARNs is empty, or no list", "サブネット ARN のリストが空、またはリストではない"),
		Cause:   say("CreateAgent takes a list of exactly one subnet ARN.", "CreateAgent はちょうど 1 つのサブネット ARN のリストを取る。"),
		Fix:     say("Pass one ARN: --subnet-arns arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID.", "ARN を 1 つ渡す: --subnet-arns arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID。"),
		Sources: []string{pageModel},
		Checks:  []string{"activation-input"},
	}
	APIUnreachable = &Error{ // L05
		ID: "API_UNREACHABLE", Stage: LocalClient, Literal: true,
		Message: snapshot.Same(`Could not connect to the endpoint URL: "https://datasync.REGION.amazonaws.com/"`),
		match: func() []wording {
			return slices.Concat(
				phrases(ofNamedHost, "could not connect to the endpoint URL: {host}", "connect timeout on endpoint URL: {host}", "read timeout on endpoint URL: {host}", "connection was closed before we received a valid response from endpoint URL: {host}",
					"SSL validation failed for {host}", "failed to connect to proxy URL: {host}"),
				phrases(besideAPI, "timed out", "i/o timeout", "TLS handshake timeout", "timeout was reached", "connection refused", "connection reset", "no route to host", "network is unreachable", "no such host", "name or service not known", "getaddrinfo", "could not resolve", "lookup address information",
					"failed to open TCP connection", "unable to connect to the remote server", "ConnectFailure", "certificate verify failed", "failed to verify certificate", "PKIX path building failed", "self signed certificate", "unable to get local issuer certificate", "SSL connection could not be established",
					"from proxy after CONNECT", "CONNECT tunnel failed", "failed to connect to proxy URL", "cannot connect to proxy", "unable to connect to proxy", "proxyconnect tcp", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "UnknownHostException"),
				phrases(speaksOf, "DispatchFailure"),
				[]wording{
					exactly(ofNamedHost, "lookup", `dialtcp:?lookup(?P<host>[a-z0-9.]+?(?:amazonaws\.com(?:\.cn)?|api\.aws)).{0,80}?(?:nosuchhost|i/otimeout|servermisbehaving|timeout)`),
					exactly(ofNamedHost, "dialtcp", `https://(?P<host>[a-z0-9.]+?(?:amazonaws\.com(?:\.cn)?|api\.aws))/?[^ ]{0,60}?:dialtcp.{0,80}?(?:i/otimeout|connectionrefused|noroutetohost|networkisunreachable)`),
					exactly(ofNamedHost, "enotfound", `enotfound(?P<host>[a-z0-9.]+)`),
					exactly(ofNamedHost, "unabletoexecutehttprequest", `unabletoexecutehttprequest:(?:connectto)?(?P<host>[a-z0-9.]+?(?:amazonaws\.com(?:\.cn)?|api\.aws))`),
					exactly(ofNamedHost, "failedtoresolve", `failedtoresolve(?P<host>[a-z0-9.]+)`),
					exactly(ofNamedHost, "couldnotresolvehost", `couldnotresolvehost:?(?P<host>[a-z0-9.]+)`),
				})
		},
		Title: say("The machine can't reach the AWS API", "このマシンから AWS の API に到達できない"),
		Cause: say(
			"The activation machine has no way to the DataSync, EC2 or STS API. On a network without internet access that needs interface endpoints of its own, which the article does not mention: with the DataSync endpoint's private DNS off, its name still leads to public addresses.",
			"アクティブ化するマシンから DataSync・EC2・STS の API への経路がない。インターネットに出られないネットワークでは専用のインターフェイスエンドポイントが必要で、記事はこれに触れていない。DataSync エンドポイントのプライベート DNS が無効だと、API 名はパブリックアドレスに解決される。",
		),
		Fix: say(
			"Create interface endpoints for ec2 and sts in the VPC, and call DataSync with --endpoint-url https://VPCE_DNS_NAME, or give the machine a proxy.",
			"VPC に ec2 と sts のインターフェイスエンドポイントを作り、DataSync は --endpoint-url https://VPCE_DNS_NAME で呼び出すか、マシンにプロキシを設定する。",
		),
		Sources: []string{PageEndpoint, PageArticle},
		Checks:  []string{"api-reachable", "endpoint-private-dns"},
	}
	GroupARNs = &Error{ // L06
		ID: "SECURITY_GROUP_ARNS_MISSING", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("minimum field size of 1, CreateLocationEfsInput.Ec2Config.SecurityGroupArns"),
		match: func() []wording {
			return append(phrases(unlessOther, "minimum field size of 1, CreateLocationEfsInput.Ec2Config.SecurityGroupArns", "Invalid length for parameter SecurityGroupArns", "Invalid type for parameter SecurityGroupArns"),
				exactly(callOfDataSync, "minimumfieldsizeof1", `minimumfieldsizeof1,[a-z0-9]*\.(?:ec2config\.)?securitygrouparns`))
		},
		Title:   say("No security group ARN was given", "セキュリティグループの ARN が渡されていない"),
		Cause:   say("The list of security group ARNs is empty.", "セキュリティグループ ARN のリストが空。"),
		Fix:     say("Pass one ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID.", "ARN を 1 つ渡す: arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID。"),
		Sources: []string{"https://github.com/hashicorp/terraform-provider-aws/issues/28923"},
		Checks:  []string{"activation-input"},
	}
	GroupElsewhere = &Error{ // L07
		ID: "GROUP_SUBNET_DIFFERENT_VPC", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("Security group sg-ID and subnet subnet-ID belong to different networks"),
		match: func() []wording {
			return phrases(nil, "security group {sg} and subnet {subnetid} belong to different", "security group {...} and subnet {...} belong to different networks")
		},
		Title:   say("Security group and subnet are in different VPCs", "セキュリティグループとサブネットの VPC が異なる"),
		Cause:   say("EC2 attaches only groups of the subnet's own VPC, or associated with it.", "EC2 が付けられるのは、サブネットの VPC のグループか、その VPC に関連付けたグループだけ。"),
		Fix:     say("Choose a security group of the subnet's VPC.", "サブネットと同じ VPC のセキュリティグループを選ぶ。"),
		Sources: []string{"https://github.com/philschmid/efsync/pull/16"},
		Checks:  []string{"task-sg", "subnet-usable", "activation-input"},
	}
	AgentARNs = &Error{ // P15
		ID: "AGENT_ARNS_REQUIRED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("the following arguments are required: --agent-arns"),
		match: func() []wording {
			return phrases(nil, "argument is required: {options} agent-arns", "arguments required: {options} agent-arns")
		},
		Title:   say("The AWS CLI is older than transfers without an agent", "AWS CLI がエージェントなしの転送に対応していない古い版"),
		Cause:   say("Enhanced mode tasks between clouds need no agent; older versions of the CLI still ask for one.", "クラウド間の Enhanced モードのタスクにはエージェントが不要だが、古い CLI は要求する。"),
		Fix:     say("Update the AWS CLI.", "AWS CLI を更新する。"),
		Sources: []string{"https://github.com/aws/aws-cli/issues/9789"},
		Checks:  []string{"machine-tools"},
	}
	CredentialsExpired = &Error{
		ID: "CREDENTIALS_EXPIRED", Stage: LocalClient, Literal: true,
		Codes:   []string{"expiredtoken", "expiredtokenexception"},
		Message: snapshot.Same("ExpiredTokenException: The security token included in the request is expired"),
		match: func() []wording {
			return phrases(ofCallOrText, "ExpiredTokenException", "ExpiredToken", "security token included in the request is expired", "TokenRefreshRequired", "token has expired and refresh failed", "SSO session associated with this profile has expired",
				"SSO session has expired", "UnauthorizedSSOTokenError", "Error loading SSO Token", "failed to refresh cached credentials", "credentials were refreshed, but the refreshed credentials are still expired", "the provided token has expired", "the SSO access token has expired", "session has expired. Please reauthenticate")
		},
		Title:   say("The credentials have expired", "認証情報の期限が切れている"),
		Cause:   say("Temporary credentials and SSO sessions end after a while.", "一時的な認証情報と SSO セッションには期限がある。"),
		Fix:     say("Sign in again (aws sso login, or get new temporary credentials), in the terminal that makes the call.", "呼び出しを行うターミナルで再度サインインする（aws sso login、または一時的な認証情報を取り直す）。"),
		Sources: []string{PageCommon, pageCLIHelp},
		Checks:  []string{"credentials"},
	}
	CredentialsMissing = &Error{
		ID: "CREDENTIALS_MISSING", Stage: LocalClient, Literal: true,
		Codes:   []string{"invalidclienttokenid", "unrecognizedclientexception", "nocredentialserror", "nocredentialproviders"},
		Message: snapshot.Same("Unable to locate credentials. You can configure credentials by running \"aws configure\"."),
		match: func() []wording {
			return phrases(ofCallOrText, "unable to locate credentials", "NoCredentialsError", "NoCredentialProviders", "no valid providers in chain", "no valid credential sources", "Partial credentials found", "CredentialsProviderError", "could not load credentials from any providers",
				"Unable to load credentials from any of the providers", "failed to retrieve credentials", "no EC2 IMDS role found", "InvalidClientTokenId", "UnrecognizedClientException", "security token included in the request is invalid", "MissingAuthenticationToken",
				"missing authentication token", "IncompleteSignature", "SignatureDoesNotMatch", "config profile ({...}) could not be found", "AWS was not able to validate the provided access credentials", "request signature we calculated does not match", "Unable to load AWS credentials from any provider", "unable to sign request without credentials", "MissingCredentialsError",
				"No credentials specified or obtained from persisted/shell defaults", "Error when retrieving credentials from", "ForbiddenException when calling the GetRoleCredentials operation")
		},
		Title:   say("There are no valid credentials", "有効な認証情報がない"),
		Cause:   say("The client found no credentials, or AWS does not know those that it found.", "クライアントが認証情報を見つけられないか、見つけた認証情報を AWS が認識しない。"),
		Fix:     say("Configure the profile of the endpoint's account (aws configure, --profile, or an instance profile) and see with aws sts get-caller-identity who calls.", "エンドポイントのアカウントのプロファイルを設定し（aws configure、--profile、インスタンスプロファイル）、aws sts get-caller-identity で呼び出し元を確認する。"),
		Sources: []string{PageCommon, pageCLIHelp},
		Checks:  []string{"credentials"},
	}
	RegionMissing = &Error{
		ID: "REGION_MISSING", Stage: LocalClient, Literal: true,
		Codes:   []string{"noregionerror", "missingregion"},
		Message: snapshot.Same("You must specify a region. You can also configure your region by running \"aws configure\"."),
		match: func() []wording {
			return phrases(ofCallOrText, "you must specify a region", "NoRegionError", "invalid AWS Region", "Missing Region", "MissingRegion", "could not find region configuration", "Region is missing", "Unable to load region from any of the providers",
				"argument --region: expected one argument", "Provided region_name {...} doesn't match a supported format", "No RegionEndpoint or ServiceURL configured", "No region specified or obtained from persisted/shell defaults")
		},
		Title:   say("No Region was given", "リージョンが指定されていない"),
		Cause:   say("The client does not know which Region to call.", "クライアントが呼び出し先のリージョンを判断できない。"),
		Fix:     say("Pass --region with the activation Region, in every command.", "すべてのコマンドでアクティブ化先のリージョンを --region に指定する。"),
		Sources: []string{pageCLIHelp, PageArticle},
		Checks:  []string{"activation-input", "endpoint-service"},
	}
	ARNMalformed = &Error{
		ID: "ARN_MALFORMED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same(`"security_group_arns.0" (sg-ID) is an invalid ARN: arn: invalid prefix`),
		match: func() []wording {
			return append(phrases(unlessOther, "security_group_arns {...} is an invalid ARN", "at securityGroupArns {...} failed to satisfy constraint", "security_group_arns {...} member failed to satisfy"),
				phrases(ofCallOrText, "subnet_arns {...} is an invalid ARN", "at subnetArns {...} failed to satisfy constraint", "subnet_arns {...} member failed to satisfy")...)
		},
		Title:   say("An id stands where an ARN is due", "ARN が必要な箇所に ID が指定されている"),
		Cause:   say("--security-group-arns and --subnet-arns take whole ARNs. The article says GroupId, which is refused.", "--security-group-arns と --subnet-arns は ARN 全体を取る。記事には GroupId とあるが、受け付けられない。"),
		Fix:     say("Pass arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID and arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID.", "arn:aws:ec2:REGION:ACCOUNT:security-group/sg-ID と arn:aws:ec2:REGION:ACCOUNT:subnet/subnet-ID を渡す。"),
		Sources: []string{pageModel, PageArticle},
		Checks:  []string{"activation-input"},
	}
	Analyzer = &Error{ // R01
		ID: "REACHABILITY_ANALYZER_FAILED", Stage: LocalClient, Literal: true,
		Message: snapshot.Same("The request failed due to insufficient permissions / The network configuration is not supported"),
		match: func() []wording {
			return phrases(ofAnalyzer, "request failed due to insufficient permissions", "network configuration is not supported", "modifications in network resources during the analysis", "modification in network resource during analysis")
		},
		Title:   say("VPC Reachability Analyzer could not finish", "VPC Reachability Analyzer が完了しなかった"),
		Cause:   say("The analyzer lacks permissions, meets something that it does not model, or the network changed while it ran. It says nothing of DataSync.", "権限の不足、対応していない構成、または分析中のネットワーク変更。DataSync については何も示していない。"),
		Fix:     say("Judge the path with dspreflight check, which needs read permissions only and works across Regions and accounts.", "読み取り権限だけで動き、リージョンとアカウントをまたげる dspreflight check で経路を判定する。"),
		Sources: []string{pageAnalyzer},
		Checks:  []string{"route-to-endpoint", "route-to-agent", "sg-ingress-443"},
	}
)

var localErrors = []*Error{KeyMissing, SubnetARNs, APIUnreachable, GroupARNs, GroupElsewhere, AgentARNs, CredentialsExpired, CredentialsMissing, RegionMissing, ARNMalformed, Analyzer}
