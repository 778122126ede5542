package report

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// failure is a class of failed calls that one step mends.
type failure struct {
	name    string
	matches *pattern.Pattern // of what AWS or the wire said
	remedy  snapshot.Text
}

// failures are tried in order.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
var failures = []failure{
	{"expired", pattern.New(`\b(ExpiredToken|RequestExpired|TokenRefreshRequired)|(?i)token (has )?expired|session has expired|refresh cached SSO token`), snapshot.Text{
		En: "Sign in again: the credentials have expired (aws sso login, or get new keys), then run this again.",
		Ja: "認証情報の有効期限が切れている。サインインし直し（aws sso login、または新しいキーの取得）、もう一度実行する。",
	}},
	{"keys", pattern.New(`\b(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignatureException)`), snapshot.Text{
		En: "AWS does not accept the keys: choose others (--profile), or enable the Region for the account if it is one that must be enabled.",
		Ja: "AWS がキーを受け付けない。別の認証情報を使う（--profile）。有効化が必要なリージョンの場合は、アカウントで有効にする。",
	}},
	{"throttled", pattern.New(`\b(RequestLimitExceeded|Throttling|TooManyRequests)`), snapshot.Text{
		En: "AWS is throttling the calls: run this again in a minute, with a smaller --concurrency.",
		Ja: "AWS が呼び出しをスロットリングしている。1 分ほど待ち、--concurrency を小さくしてもう一度実行する。",
	}},
	{"timeout", pattern.New(`\bTimeout: `), snapshot.Text{
		En: "The run's time was up: run this again with a longer --timeout.",
		Ja: "実行時間の上限に達した。--timeout を長くしてもう一度実行する。",
	}},
}

// permit is the remedy for calls that the identity may not make.
func permit(actions []string) snapshot.Text {
	return snapshot.Textf(
		"Allow the identity %s (dspreflight iam-policy prints all that an audit needs). Of a role, it is the role's policy that counts, not the user's.",
		"%s を許可する（監査に必要な許可の一覧は dspreflight iam-policy で表示）。ロールの場合は、ユーザーではなくロールのポリシーに加える。", strings.Join(actions, ", "))
}

// host is the name that was not found.
var host = pattern.New(`lookup \w+\.([a-z0-9-]+)\.\S+.*no such host`)

// failureOf is the class of a failed call, and its remedy.
func failureOf(g Gap) (class string, remedy snapshot.Text) {
	if g.Code == string(snapshot.NoPermission) {
		return "denied", snapshot.Text{}
	}
	if g.Code != string(snapshot.CallFailed) {
		return "", snapshot.Text{}
	}
	for _, f := range failures {
		if f.matches.Re().MatchString(g.Message) {
			return f.name, f.remedy
		}
	}
	if strings.HasSuffix(g.Source, ":AssumeRole") && strings.Contains(g.Message, "AccessDenied") {
		return "trust", snapshot.Text{
			En: "The role can't be assumed: its trust policy must name the caller, and the caller must be allowed sts:AssumeRole.",
			Ja: "ロールを引き受けられない。ロールの信頼ポリシーで呼び出し元を許可し、呼び出し元に sts:AssumeRole を許可する。",
		}
	}
	m := host.Re().FindStringSubmatch(g.Message)
	switch {
	case m == nil:
		return "", snapshot.Text{}
	case snapshot.NearestRegion(m[1]) == m[1]:
		return "host", snapshot.Text{
			En: "This machine can't find AWS's APIs: check its network, DNS and proxy (HTTPS_PROXY).",
			Ja: "このマシンから AWS の API のホスト名を解決できない。ネットワーク、DNS、プロキシ（HTTPS_PROXY）を確認する。",
		}
	case snapshot.NearestRegion(m[1]) != "":
		return "host", snapshot.Textf("There is no Region %s; did you mean %s?", "%s というリージョンはない。%s のことか。", m[1], snapshot.NearestRegion(m[1]))
	}
	return "host", snapshot.Textf("There is no Region %s: see --region.", "%s というリージョンはない。--region を確認する。", m[1])
}
