package documented

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What CreateAgent itself answers. The marks C01 to C12 order them as the
// sources do.
var (
	PublicKey = &Error{ // C01
		ID: "PUBLIC_KEY_WITH_VPC_ENDPOINT", Stage: CreateAgent,
		Message: say(
			"Private Link configuration is invalid: VPC Endpoint Id should remain unspecified for public-endpoint activation keys.",
			"プライベートリンクの設定が無効です: パブリックエンドポイントのアクティベーションキーに対して VPC エンドポイント ID が指定されていないままにする必要があります",
		),
		match: func() []wording {
			return append(phrases(nil, "should remain unspecified for public endpoint activation key", "should be unspecified for public endpoint activation key", "should stay unspecified for public endpoint activation key",
				"should be left unspecified for public endpoint activation key", "unspecified {...} public endpoint activation key", "public endpoint activation key", "VPC endpoint id should [remain|stay|be|be left] unspecified"),
				exactly(nil, "アクティベーションキー", `パブリック(?:な)?エンドポイントの?アクティベーションキー`))
		},
		Title: say("A public activation key was used with a VPC endpoint", "パブリックのアクティベーションキーを VPC エンドポイントと併用した"),
		Cause: say(
			"The key was asked for without endpointType=PRIVATE_LINK, so it is a key for the public endpoint; CreateAgent refuses it together with --vpc-endpoint-id.",
			"キーを endpointType=PRIVATE_LINK なしで取得したため、パブリックエンドポイント用のキーになっている。CreateAgent はこれを --vpc-endpoint-id と併用できない。",
		),
		Fix: say(
			"Fetch a new key with endpointType=PRIVATE_LINK and privateLinkEndpoint=<an IPv4 address of the endpoint>.",
			"endpointType=PRIVATE_LINK と privateLinkEndpoint=<エンドポイントの IPv4 アドレス> を付けてキーを取り直す。",
		),
		Sources: []string{PageArticle, PageActivate},
		Checks:  []string{"activation-input"},
	}
	InvalidSubnet = &Error{ // C02
		ID: "INVALID_EC2_SUBNET", Stage: CreateAgent,
		Message: say(
			"Invalid EC2 subnet, ARN: arn:aws:ec2:REGION:ACCOUNT:subnet/SUBNET, reason: invalid subnet, StatusCode: 403",
			"無効な EC2 サブネット、ARN: arn:aws:ec2:REGION:ACCOUNT:subnet/SUBNET、理由: 無効なサブネット、ステータスコード: 403",
		),
		match: func() []wording {
			return append(phrases(unlessOther, "Invalid EC2 subnet, ARN: {subnet}", "Invalid EC2 subnet, ARN", "EC2 subnet {...} reason: invalid subnet"), exactly(nil, "ec2サブネット", `無効なec2サブネット`))
		},
		Title: say("DataSync can't see the subnet", "DataSync からサブネットが見えない"),
		Cause: say(
			"The caller lacks ec2:DescribeSubnets, or the subnet is not there: wrong id, account or Region. 403 only says that the caller can't see it.",
			"呼び出し元に ec2:DescribeSubnets がないか、サブネットが存在しない（ID・アカウント・リージョンの誤り）。403 は「呼び出し元から見えない」ことだけを示す。",
		),
		Fix: say(
			"Grant ec2:DescribeSubnets, and pass the ARN of a subnet of the endpoint's VPC in the activation Region.",
			"ec2:DescribeSubnets を許可し、アクティブ化先リージョンにあるエンドポイントの VPC のサブネット ARN を渡す。",
		),
		Sources: []string{PageArticle},
		Checks:  []string{"iam-activation", "subnet-usable", "activation-input", "endpoint-owner", "credentials"},
	}
	InvalidGroup = &Error{ // C03
		ID: "INVALID_EC2_SECURITY_GROUP", Stage: CreateAgent,
		Message: say(
			"Invalid EC2 security group, ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/GROUP, reason: invalid security group, StatusCode: 403",
			"無効な EC2 セキュリティグループ、ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/GROUP、理由: 無効なセキュリティグループ、ステータスコード: 403",
		),
		match: func() []wording {
			return append(phrases(unlessOther, "Invalid EC2 security group, ARN: {group}", "Invalid EC2 security group, ARN", "EC2 security group {...} reason: invalid security group"), exactly(nil, "ec2セキュリティグループ", `無効なec2セキュリティグループ`))
		},
		Title: say("DataSync can't see the security group", "DataSync からセキュリティグループが見えない"),
		Cause: say(
			"The caller lacks ec2:DescribeSecurityGroups, or the group is not there: wrong id, account or Region. The policy printed in the article grants ec2:*security-group*, which matches no EC2 action.",
			"呼び出し元に ec2:DescribeSecurityGroups がないか、グループが存在しない（ID・アカウント・リージョンの誤り）。記事のポリシーにある ec2:*security-group* はどの EC2 アクションにも一致しない。",
		),
		Fix: say(
			"Grant ec2:DescribeSecurityGroups, and pass the ARN of a security group of the endpoint's VPC.",
			"ec2:DescribeSecurityGroups を許可し、エンドポイントの VPC のセキュリティグループ ARN を渡す。",
		),
		Sources: []string{PageArticle},
		Checks:  []string{"iam-activation", "task-sg", "activation-input", "endpoint-owner", "credentials"},
	}
	InvalidEndpoint = &Error{ // C04
		ID: "INVALID_VPC_ENDPOINT", Stage: CreateAgent,
		Message: say(
			"Private Link configuration is invalid: VPC Endpoint vpce-ID is not valid",
			"プライベートリンクの設定が無効です: VPC エンドポイント vpce-ID が無効です",
		),
		match: func() []wording {
			return append(phrases(ofInvalidEndpoint, "Private Link configuration is invalid {...} {vpce}", "Private Link configuration is invalid {...} VPC endpoint {...} [not valid|invalid]"),
				exactly(ofInvalidEndpoint, "プライベートリンク", `プライベートリンク(?:の)?(?:設定|構成)が無効.{0,90}?(?P<vpc_endpoint_id>vpce[0-9a-f]{17})`), exactly(ofInvalidEndpoint, "プライベートリンク", `プライベートリンク(?:の)?(?:設定|構成)が無効.{0,90}?vpce`), exactly(ofInvalidEndpoint, "vpce", `privatelinkconfiguration(?:is)?invalid.{0,40}?vpce(?:[0-9a-f]{8}|x)`),
				exactly(nil, "vpcエンドポイント", `vpcエンドポイント(?P<vpc_endpoint_id>vpce[0-9a-f]{17})(?:は|が)無効`))
		},
		Title: say("DataSync doesn't accept the VPC endpoint", "DataSync が VPC エンドポイントを受け付けない"),
		Cause: say(
			"The caller lacks ec2:DescribeVpcEndpoints, or the endpoint is not there, not DataSync's, or not available.",
			"呼び出し元に ec2:DescribeVpcEndpoints がないか、エンドポイントが存在しない、DataSync のものでない、または利用可能でない。",
		),
		Fix: say(
			"Grant ec2:DescribeVpcEndpoints, and pass the id of an available DataSync endpoint of the same account and Region.",
			"ec2:DescribeVpcEndpoints を許可し、同じアカウントとリージョンにある利用可能な DataSync エンドポイントの ID を渡す。",
		),
		Sources: []string{PageArticle},
		Checks:  []string{"endpoint-available", "endpoint-service", "iam-activation", "endpoint-owner", "activation-input", "credentials"},
	}
	AccountMismatch = &Error{ // C05
		ID: "ARN_ACCOUNT_MISMATCH", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("Invalid parameter: ARN account (ACCOUNT) must match authenticated user"),
		match: func() []wording {
			return phrases(nil, "ARN account ({account}) must match", "ARN account {...} must match authenticated user")
		},
		Title:   say("An ARN belongs to another account than the caller", "ARN のアカウントが呼び出し元と異なる"),
		Cause:   say("Subnet, security group, location and agent must be named with ARNs of the account that calls.", "サブネット、セキュリティグループ、ロケーション、エージェントの ARN は呼び出し元アカウントのものでなければならない。"),
		Fix:     say("Call with credentials of the endpoint's account, and write its account id into the ARNs.", "エンドポイントのアカウントの認証情報で呼び出し、ARN にそのアカウント ID を書く。"),
		Sources: []string{"https://github.com/hashicorp/terraform-provider-aws/issues/20922"},
		Checks:  []string{"credentials", "endpoint-owner", "activation-input"},
	}
	AccessDenied = &Error{ // C06
		ID: "ACCESS_DENIED", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("AccessDeniedException: User: ARN is not authorized to perform: datasync:CreateAgent"),
		Codes:   []string{"accessdeniedexception", "unauthorizedoperation"},
		match: func() []wording {
			return slices.Concat(phrases(callOfDataSync, "not authorized to perform: {action}", "not authorised to perform: {action}", "AccessDeniedException when calling the {op} operation", "AccessDenied when calling the {op} operation", "UnauthorizedOperation when calling the {op} operation",
				"operation error {service}: {op}, {...} AccessDeniedException", "operation error {service}: {op}, {...} UnauthorizedOperation", "operation error {service}: {op}, {...} AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
				[]wording{exactly(callOfDataSync, "accessdenied", `accessdenied(?:[^a-z]|$)`), exactly(callOfDataSync, "実行する権限", `(?P<action>(?P<service>[a-z0-9]+):[a-z0-9]+)を実行する権限`)})
		},
		Title: say("The identity may not do this", "アイデンティティにこの操作の権限がない"),
		Cause: say(
			"No policy of the identity allows the action, or one denies it: an identity policy, a permissions boundary, a service control policy of the organization, a session policy or the VPC endpoint's policy.",
			"アイデンティティのどのポリシーもこのアクションを許可していないか、拒否しているものがある（アイデンティティポリシー、アクセス許可の境界、組織の SCP、セッションポリシー、VPC エンドポイントポリシー）。",
		),
		Fix: say(
			"Grant the actions that an activation needs: `dspreflight iam-policy --for activation` prints the policy.",
			"アクティブ化に必要なアクションを許可する。`dspreflight iam-policy --for activation` がポリシーを出力する。",
		),
		Sources: []string{PageCommon, PageCFN},
		Checks:  []string{"iam-activation", "credentials", "endpoint-policy"},
	}
	AgentARN = &Error{ // C07
		ID: "AGENT_ARN_SPECIFIED", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("AgentArn cannot be specified to create an Agent."),
		match: func() []wording {
			return phrases(nil, "AgentArn cannot be specified to create an Agent")
		},
		Title:   say("The template sets a property that AWS sets", "テンプレートが AWS の設定するプロパティを指定している"),
		Cause:   say("AWS::DataSync::Agent returns AgentArn; it can't be given.", "AgentArn は AWS::DataSync::Agent が返す値で、指定できない。"),
		Fix:     say("Remove AgentArn from the template.", "テンプレートから AgentArn を削除する。"),
		Sources: []string{PageCFN},
	}
	ReservedTag = &Error{ // C08
		ID: "RESERVED_TAG_KEY", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("aws:KEY is an invalid key. aws: prefixed tag key names cannot be requested."),
		match: func() []wording {
			return phrases(callOfDataSync, "is an invalid key. aws: prefixed tag key names cannot be requested", "aws: prefixed tag key names cannot be requested")
		},
		Title:   say("A tag key begins with aws:", "タグキーが aws: で始まっている"),
		Cause:   say("Keys that begin with aws: are AWS's own.", "aws: で始まるキーは AWS が予約している。"),
		Fix:     say("Rename the tag.", "タグ名を変更する。"),
		Sources: []string{PageCFN},
	}
	Throttled = &Error{ // C09
		ID: "THROTTLED", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("ThrottlingException: Rate exceeded"),
		Codes:   []string{"throttlingexception"},
		match: func() []wording {
			return phrases(callOfDataSync, "ThrottlingException when calling the {op} operation", "Throttling when calling the {op} operation", "RequestLimitExceeded when calling the {op} operation", "operation error {service}: {op}, {...} ThrottlingException",
				"operation error {service}: {op}, {...} RequestLimitExceeded", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "Rate exceeded")
		},
		Title:   say("AWS asked to slow down", "AWS が呼び出しを制限した"),
		Cause:   say("Too many calls of this kind in this account and Region, from anyone.", "このアカウントとリージョンで、同種の呼び出しが多すぎる。"),
		Fix:     say("Wait a little and try again, with growing pauses.", "間隔を延ばしながら再試行する。"),
		Sources: []string{PageCommon},
	}
	ClockSkew = &Error{ // C10
		ID: "CLOCK_SKEW", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("RequestExpired"),
		Codes:   []string{"requestexpired"},
		match: func() []wording {
			return slices.Concat(phrases(callOfDataSync, "RequestExpired when calling the {op} operation", "operation error {service}: {op}, {...} RequestExpired", "RequestExpired", "Request has expired", "RequestTimeTooSkewed",
				"InvalidSignatureException when calling the {op} operation: Signature expired", "InvalidSignatureException when calling the {op} operation: Signature not yet current",
				"SignatureDoesNotMatch when calling the {op} operation: Signature expired", "SignatureDoesNotMatch when calling the {op} operation: Signature not yet current", "SignatureDoesNotMatch: Signature expired", "SignatureDoesNotMatch: Signature not yet current"),
				phrases(speaksOf, "Signature expired: {...} is now earlier than", "Signature expired: {...} is now later than", "Signature not yet current"))
		},
		Title:   say("The credentials have expired, or the clock is off by more than 15 minutes", "認証情報の期限切れ、または時計が 15 分以上ずれている"),
		Cause:   say("A request is signed with the time, and AWS refuses one that is too old or from the future. The same is said of temporary credentials that have expired.", "リクエストは時刻とともに署名され、古すぎるものや未来のものは拒否される。期限の切れた一時的な認証情報でも同じエラーになる。"),
		Fix:     say("Get new credentials, set the clock by NTP, and try again.", "認証情報を取り直し、NTP で時刻を合わせて再試行する。"),
		Sources: []string{PageCommon},
		Checks:  []string{"api-reachable", "credentials"},
	}
	OptIn = &Error{ // C11
		ID: "REGION_NOT_ENABLED", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("OptInRequired"),
		Codes:   []string{"optinrequired"},
		match: func() []wording {
			return phrases(callOfDataSync, "OptInRequired when calling the {op} operation", "operation error {service}: {op}, {...} OptInRequired", "OptInRequired")
		},
		Title:   say("The account has not enabled the Region or the service", "アカウントでリージョンまたはサービスが有効になっていない"),
		Cause:   say("Opt-in Regions must be enabled in the account first, and a new account must have finished signing up.", "オプトインリージョンは先にアカウントで有効にする必要がある。新しいアカウントは登録の完了も必要。"),
		Fix:     say("Enable the Region in the account's settings, wait a few minutes, and try again.", "アカウント設定でリージョンを有効にし、数分待って再試行する。"),
		Sources: []string{PageCommon},
		Checks:  []string{"credentials", "api-reachable"},
	}
	Service = &Error{ // C12
		ID: "SERVICE_ERROR", Stage: CreateAgent, Literal: true,
		Message: snapshot.Same("InternalException / InternalFailure (HTTP 500)"),
		Codes:   []string{"internalexception", "internalfailure"},
		match: func() []wording {
			return phrases(callOfDataSync, "[InternalException|InternalFailure|InternalServerError|InternalError] when calling the {op} operation", "operation error {service}: {op}, {...} InternalException", "operation error {service}: {op}, {...} InternalFailure",
				"InternalException", "InternalFailure")
		},
		Title:   say("DataSync failed on its side", "DataSync 側でエラーが起きた"),
		Cause:   say("An error of the service, not of the request.", "リクエストではなくサービス側のエラー。"),
		Fix:     say("Try again; if it lasts, look at the AWS Health Dashboard and ask AWS Support with the request id.", "再試行する。続く場合は AWS Health Dashboard を確認し、リクエスト ID を添えて AWS サポートに問い合わせる。"),
		Sources: []string{pageModel, PageCommon},
	}
)

var createErrors = []*Error{
	PublicKey, InvalidSubnet, InvalidGroup, InvalidEndpoint, AccountMismatch, AccessDenied, AgentARN, ReservedTag, Throttled, ClockSkew, OptIn, Service,
}
