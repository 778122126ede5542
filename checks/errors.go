package checks

import (
	"regexp"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Stage is where in an activation an error appears.
type Stage string

// The stages.
const (
	KeyFetch    Stage = "key-fetch"    // asking the agent for an activation key
	CreateAgent Stage = "create-agent" // the CreateAgent call
)

// Title names the stage.
func (s Stage) Title() Text {
	switch s {
	case KeyFetch:
		return say("fetching the activation key", "アクティベーションキーの取得")
	case CreateAgent:
		return say("the CreateAgent call", "CreateAgent の呼び出し")
	}
	return snapshot.Same(string(s))
}

// DocumentedError is a message that AWS is documented, or publicly seen, to
// give.
type DocumentedError struct {
	ID      string
	Stage   Stage
	Message Text // as documented; Literal says whether the English is attested
	Literal bool
	Match   []*regexp.Regexp
	Title   Text
	Cause   Text
	Fix     Text
	Sources []string
}

func patterns(list ...string) []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(list))
	for i, p := range list {
		out[i] = regexp.MustCompile("(?is)" + p)
	}
	return out
}

// The errors that the re:Post article documents.
var (
	errUnreachable = &DocumentedError{
		ID: "PRIVATE_LINK_ENDPOINT_UNREACHABLE", Stage: KeyFetch, Literal: true,
		Message: snapshot.Same("errorType=PRIVATE_LINK_ENDPOINT_UNREACHABLE"),
		Match:   patterns(`PRIVATE_LINK_ENDPOINT_UNREACHABLE`),
		Title:   say("The agent can't reach the VPC endpoint", "エージェントが VPC エンドポイントに到達できない"),
		Cause: say(
			"When it is asked for a key, the agent connects to the endpoint's address. TCP 443 to it is usually what is blocked; a missing route, the wrong address, a network ACL or a firewall does the same.",
			"エージェントはキーを求められた時点でエンドポイントのアドレスに接続する。多くの場合は TCP 443 が許可されていない。経路の欠落、アドレスの誤り、ネットワーク ACL、ファイアウォールでも同じ結果になる。",
		),
		Fix: say(
			"Open TCP 443 and 1024-1064 from the agent to the endpoint, check routes and network ACLs in both directions, and use an address of the endpoint as privateLinkEndpoint.",
			"エージェントからエンドポイントへの TCP 443 と 1024-1064 を許可し、往復の経路とネットワーク ACL を確認し、privateLinkEndpoint にはエンドポイント自身のアドレスを指定する。",
		),
		Sources: []string{pageArticle},
	}
	errPublicKey = &DocumentedError{
		ID: "PUBLIC_KEY_WITH_VPC_ENDPOINT", Stage: CreateAgent,
		Message: say(
			"Private Link configuration is invalid: VPC Endpoint Id should remain unspecified for public-endpoint activation keys.",
			"プライベートリンクの設定が無効です: パブリックエンドポイントのアクティベーションキーに対して VPC エンドポイント ID が指定されていないままにする必要があります",
		),
		Match: patterns(`should remain unspecified for public-endpoint activation key`, `パブリックエンドポイントのアクティベーションキー`),
		Title: say("A public activation key was used with a VPC endpoint", "パブリックのアクティベーションキーを VPC エンドポイントと併用した"),
		Cause: say(
			"The key was asked for without endpointType=PRIVATE_LINK, so it is a key for the public endpoint; CreateAgent refuses it together with --vpc-endpoint-id.",
			"キーを endpointType=PRIVATE_LINK なしで取得したため、パブリックエンドポイント用のキーになっている。CreateAgent はこれを --vpc-endpoint-id と併用できない。",
		),
		Fix: say(
			"Fetch a new key with endpointType=PRIVATE_LINK and privateLinkEndpoint=<an IPv4 address of the endpoint>.",
			"endpointType=PRIVATE_LINK と privateLinkEndpoint=<エンドポイントの IPv4 アドレス> を付けてキーを取り直す。",
		),
		Sources: []string{pageArticle, pageActivate},
	}
	errSubnet = &DocumentedError{
		ID: "INVALID_EC2_SUBNET", Stage: CreateAgent,
		Message: say(
			"Invalid EC2 subnet, ARN: arn:aws:ec2:REGION:ACCOUNT:subnet/SUBNET, reason: invalid subnet, StatusCode: 403",
			"無効な EC2 サブネット、ARN: arn:aws:ec2:REGION:ACCOUNT:subnet/SUBNET、理由: 無効なサブネット、ステータスコード: 403",
		),
		Match: patterns(`invalid EC2 subnet,?\s+ARN`, `無効な\s*EC2\s*サブネット`),
		Title: say("DataSync can't see the subnet", "DataSync からサブネットが見えない"),
		Cause: say(
			"The caller lacks ec2:DescribeSubnets, or the subnet is not there: wrong id, account or Region. 403 only says that the caller can't see it.",
			"呼び出し元に ec2:DescribeSubnets がないか、サブネットが存在しない（ID・アカウント・リージョンの誤り）。403 は「呼び出し元から見えない」ことだけを示す。",
		),
		Fix: say(
			"Grant ec2:DescribeSubnets, and pass the ARN of a subnet of the endpoint's VPC in the activation Region.",
			"ec2:DescribeSubnets を許可し、アクティベーション先リージョンにあるエンドポイントの VPC のサブネット ARN を渡す。",
		),
		Sources: []string{pageArticle},
	}
	errGroup = &DocumentedError{
		ID: "INVALID_EC2_SECURITY_GROUP", Stage: CreateAgent,
		Message: say(
			"Invalid EC2 security group, ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/GROUP, reason: invalid security group, StatusCode: 403",
			"無効な EC2 セキュリティグループ、ARN: arn:aws:ec2:REGION:ACCOUNT:security-group/GROUP、理由: 無効なセキュリティグループ、ステータスコード: 403",
		),
		Match: patterns(`invalid EC2 security group,?\s+ARN`, `無効な\s*EC2\s*セキュリティグループ`),
		Title: say("DataSync can't see the security group", "DataSync からセキュリティグループが見えない"),
		Cause: say(
			"The caller lacks ec2:DescribeSecurityGroups, or the group is not there: wrong id, account or Region. The policy printed in the article grants ec2:*security-group*, which matches no EC2 action.",
			"呼び出し元に ec2:DescribeSecurityGroups がないか、グループが存在しない（ID・アカウント・リージョンの誤り）。記事のポリシーにある ec2:*security-group* はどの EC2 アクションにも一致しない。",
		),
		Fix: say(
			"Grant ec2:DescribeSecurityGroups, and pass the ARN of a security group of the endpoint's VPC.",
			"ec2:DescribeSecurityGroups を許可し、エンドポイントの VPC のセキュリティグループ ARN を渡す。",
		),
		Sources: []string{pageArticle},
	}
	errEndpoint = &DocumentedError{
		ID: "INVALID_VPC_ENDPOINT", Stage: CreateAgent,
		Message: say(
			"Private Link configuration is invalid: VPC Endpoint vpce-ID is not valid",
			"プライベートリンクの設定が無効です: VPC エンドポイント vpce-ID が無効です",
		),
		Match: patterns(`private\s*link configuration is invalid.*?vpce-`, `プライベートリンクの設定が無効.*?vpce-`),
		Title: say("DataSync doesn't accept the VPC endpoint", "DataSync が VPC エンドポイントを受け付けない"),
		Cause: say(
			"The caller lacks ec2:DescribeVpcEndpoints, or the endpoint is not there, not DataSync's, or not available.",
			"呼び出し元に ec2:DescribeVpcEndpoints がないか、エンドポイントが存在しない、DataSync のものでない、または利用可能でない。",
		),
		Fix: say(
			"Grant ec2:DescribeVpcEndpoints, and pass the id of an available DataSync endpoint of the same account and Region.",
			"ec2:DescribeVpcEndpoints を許可し、同じアカウントとリージョンにある利用可能な DataSync エンドポイントの ID を渡す。",
		),
		Sources: []string{pageArticle},
	}
)

var documentedErrors = []*DocumentedError{errUnreachable, errPublicKey, errSubnet, errGroup, errEndpoint}

// Errors returns every documented error.
func Errors() []*DocumentedError { return documentedErrors }

// ErrorByID returns the documented error with an id, or nil.
func ErrorByID(id string) *DocumentedError {
	for _, e := range documentedErrors {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// CausesOf returns the checks that can find the cause of an error, those with
// the most problems that lead to it first.
func CausesOf(e *DocumentedError) []*Check {
	var out []*Check
	for _, c := range All() {
		for _, p := range c.Problems {
			if leadsTo(p, e) {
				out = append(out, c)
				break
			}
		}
	}
	return out
}

func leadsTo(p *Problem, e *DocumentedError) bool {
	for _, q := range p.Errors {
		if q == e {
			return true
		}
	}
	return false
}
