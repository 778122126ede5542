package checks

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	apiProxyRefuses = &Problem{
		Code: "DSP715", Severity: Fail,
		Title:   say("{proxy} does not let this machine reach {url}: it answers HTTP {seen} itself", "{proxy}がこのマシンから {url} への接続を通さず、自ら HTTP {seen} を返す"),
		Cause:   say("The AWS CLI and SDKs go through the same proxy, and get the same refusal. 407 asks for a user and a password; 403 is a rule of the proxy; 502 to 504 say that the proxy itself can't reach the host.", "AWS CLI と SDK も同じプロキシを通り、同じく拒否される。407 はユーザー名とパスワードの要求、403 はプロキシのルール、502〜504 はプロキシ自身がホストに到達できないことを示す。"),
		Fix:     say("Have {proxy} let {url} through, put its user and password into HTTPS_PROXY, or name the host in NO_PROXY if there is a way without it.", "{proxy}で {url} を許可するか、ユーザー名とパスワードを HTTPS_PROXY に含めるか、プロキシなしの経路があれば NO_PROXY にホストを指定する。"),
		Look:    []Command{Here("curl -sSI {url}")},
		Errors:  []*documented.Error{documented.APIUnreachable},
		Sources: []string{pageEndpoint, pageProxy},
	}
	apiCaptive = &Problem{
		Code: "DSP716", Severity: Fail,
		Title:   say("a login page of the network answers in place of {url}: HTTP 511", "{url} の代わりにネットワークのログインページが応答している: HTTP 511"),
		Cause:   say("Status 511 is what a captive portal answers until somebody signs in to the network; nothing reaches AWS before.", "511 は、ネットワークにサインインするまでキャプティブポータルが返すステータスで、それまで AWS には何も届かない。"),
		Fix:     say("Sign in to the network of this machine, or use another one.", "このマシンのネットワークにサインインするか、別のネットワークを使う。"),
		Look:    []Command{Here("curl -sSI {url}")},
		Errors:  []*documented.Error{documented.APIUnreachable},
		Sources: []string{pageEndpoint, "https://www.rfc-editor.org/rfc/rfc6585#section-6"},
	}
)

var apiExpired = &Problem{
	Code: "DSP717", Severity: Fail,
	Title:   say("the certificate that {url} shows is not valid at the time that this machine's clock has: {seen}", "{url} の証明書が、このマシンの時計の時刻では有効期間外: {seen}"),
	Cause:   say("Either this machine's clock is wrong, so that a good certificate looks expired or not yet valid, or something else than AWS answers with an old one. The AWS CLI and SDKs refuse it either way.", "このマシンの時計が誤っているために有効な証明書が期間外に見えるか、AWS 以外のものが古い証明書で応答している。どちらの場合も AWS CLI と SDK は接続を拒否する。"),
	Fix:     say("Compare the clock with another one, and set it by NTP; if it is right, find out who answers for {url}.", "時計を別の時計と比べ、NTP で合わせる。時計が正しければ、{url} に誰が応答しているかを調べる。"),
	Look:    []Command{Here("curl -vsSI {url}")},
	Errors:  []*documented.Error{documented.APIUnreachable, documented.ClockSkew},
	Sources: []string{pageEndpoint, documented.PageCommon},
}

const pageProxy = "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html"

// The statuses that matter by themselves.
// Source: https://www.iana.org/assignments/http-status-codes
const (
	statusProxyLogin   = 407
	statusPortal       = 511
	statusRefusals     = 400
	statusServerErrors = 500
)

// refusedByProxy is the status with which a proxy answered by itself; 0: none did.
func refusedByProxy(a snapshot.API) int {
	switch {
	case a.ProxyStatus != 0:
		return a.ProxyStatus
	case a.Outcome == snapshot.Open && a.Status == statusProxyLogin:
		return a.Status
	}
	return 0
}

// notAWS says, in terms of the answer, why an API that answered is not proved to
// be that of AWS in the Region; "" if it is. Only a sign of AWS counts: its host,
// over TLS, and the id that it gives a request. Of a run that did not look for the
// id, only 400 counts: what stands in between forbids (403), or knows no such page (404).
func (x *Exam) notAWS(a snapshot.API) string {
	u, err := url.Parse(a.URL)
	status := fmt.Sprintf("HTTP %d", a.Status)
	switch {
	case err != nil || u.Scheme != "https":
		return a.URL
	case u.Port() != "" && u.Port() != "443" || !x.hostOf(a.Service, strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))):
		return u.Host
	case a.RequestID != nil && !*a.RequestID:
		return status + ", no x-amzn-RequestId"
	case a.RequestID != nil && (a.Status < statusRefusals || a.Status >= statusServerErrors): // no call without credentials succeeds
		return status
	case a.RequestID == nil && a.Status != statusRefusals:
		return status
	}
	return ""
}

// hostOf reports whether a host is that of the service in the activation Region,
// or of an interface endpoint for it.
// Source: https://docs.aws.amazon.com/general/latest/gr/rande.html
// and https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
func (x *Exam) hostOf(service, host string) bool {
	region := strings.ToLower(x.region())
	plain, dual := snapshot.DNSSuffixes(region)
	for _, name := range []string{service, service + "-fips"} {
		at := name + "." + region + "."
		if host == at+plain || host == at+dual || strings.HasPrefix(host, "vpce-") && strings.HasSuffix(host, "."+at+"vpce."+plain) {
			return true
		}
		if service == "iam" && strings.HasPrefix(host, name+".") && (strings.HasSuffix(host, "."+plain) || strings.HasSuffix(host, "."+dual)) {
			return true // global, or of the partition's own Region
		}
	}
	return host == "sts.amazonaws.com" && service == "sts" && region == "us-east-1"
}

// clocks tells the answers of a run whose clocks agree with each other, as those
// of a strict majority of the answers of AWS do, from the rest. One clock against three is that server's, or a cache's.
func (x *Exam) clocks(list []snapshot.API) (agree func(snapshot.API) bool) {
	near := func(a, b float64) bool { return a-b <= notableSkew && b-a <= notableSkew }
	var readings []float64
	for _, a := range list {
		if a.SkewS != nil && a.Untrusted == "" && x.notAWS(a) == "" {
			readings = append(readings, *a.SkewS)
		}
	}
	for _, r := range readings {
		n := 0
		for _, o := range readings {
			if near(r, o) {
				n++
			}
		}
		if 2*n > len(readings) {
			return func(a snapshot.API) bool { return a.SkewS == nil || near(*a.SkewS, r) }
		}
	}
	return func(a snapshot.API) bool { return a.SkewS == nil }
}
