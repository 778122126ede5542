package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const pageSTSEndpoint = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"

var reqAPIs = &Requirement{
	ID: "apis", Grade: "required",
	Title:   say("The activation machine reaches the DataSync, EC2 and STS APIs of the Region, and its clock is right", "アクティブ化するマシンがリージョンの DataSync・EC2・STS の API に到達でき、時計が正しい"),
	Sources: []string{pageEndpoint, pageSTSEndpoint, documented.PageCommon},
}

var (
	apiClosed = &Problem{
		Code: "DSP710", Severity: Fail,
		Title:   say("the {subject} API ({url}) can't be reached from here: {seen}", "{subject} の API（{url}）にここから到達できない: {seen}"),
		Cause:   say("CreateAgent is a call to the DataSync API. The documented steps look up the ids that it takes with EC2, and the credentials of a role come from STS.", "CreateAgent は DataSync API の呼び出しである。文書化された手順はそれに渡す ID を EC2 で調べ、ロールの認証情報は STS から取得する。"),
		Fix:     say("Mend the name resolution, route, firewall or proxy of this machine for {url}.", "{url} に対するこのマシンの名前解決・経路・ファイアウォール・プロキシを直す。"),
		Look:    []Command{Here("curl -sSI {url}")},
		Errors:  []*documented.Error{documented.APIUnreachable},
		Sources: []string{pageEndpoint},
	}
	apiNoInternet = &Problem{
		Code: "DSP711", Severity: Fail,
		Title:   say("the {subject} API ({url}) leads to public addresses ({addresses}) that don't answer from here: {seen}", "{subject} の API（{url}）はパブリックアドレス（{addresses}）に解決され、ここから応答がない: {seen}"),
		Cause:   say("No public address of AWS answers here, so that this network seems to have no way to the internet, and no interface endpoint serves the name. The article on activation does not mention that: with the DataSync endpoint's private DNS off, as recommended, even the DataSync API's name stays public.", "ここからは AWS のどのパブリックアドレスも応答せず、このネットワークはインターネットに出られないと思われる。この名前を提供するインターフェイスエンドポイントもない。記事はこれに触れていないが、推奨どおり DataSync エンドポイントのプライベート DNS を無効にすると、DataSync API の名前もパブリックのままになる。"),
		Fix:     say("Give this machine another way to the API. {remedy}", "このマシンから API への別の経路を用意する。{remedy}"),
		Example: []repair.Change{repair.NewEndpoint{VPC: "vpc-0d5c1a2b3e4f50617", Service: "com.amazonaws.us-east-1.ec2", Subnet: "subnet-0da1b2c3d4e5f6071", DNS: true}},
		Errors:  []*documented.Error{documented.APIUnreachable},
		Sources: []string{pageEndpoint, pageSTSEndpoint},
	}
	apiUntrusted = &Problem{
		Code: "DSP712", Severity: Fail,
		Title:   say("the certificate that {url} shows is not trusted: {seen}", "{url} の証明書を信頼できない: {seen}"),
		Cause:   say("Something between this machine and AWS breaks TLS open, such as an inspecting proxy, or another host answers. The AWS CLI and SDKs refuse it.", "検査プロキシなどが途中で TLS を復号しているか、別のホストが応答している。AWS CLI と SDK は接続を拒否する。"),
		Fix:     say("Exempt {url} from TLS inspection, or point AWS_CA_BUNDLE to the proxy's own authority.", "{url} を TLS 検査の対象から外すか、AWS_CA_BUNDLE にプロキシの認証局を指定する。"),
		Look:    []Command{Here("curl -vsSI {url}")},
		Errors:  []*documented.Error{documented.APIUnreachable},
		Sources: []string{pageEndpoint},
	}
	apiClock = &Problem{
		Code: "DSP713", Severity: Fail,
		Title:   say("this machine's clock is {seen} seconds off that of {url}; at most {limit} are allowed", "このマシンの時計は {url} の時計と {seen} 秒ずれている（許容は {limit} 秒）"),
		Cause:   say("Requests are signed with the time; AWS refuses those that are more than 15 minutes off.", "リクエストは時刻とともに署名され、15 分を超えるずれは AWS に拒否される。"),
		Fix:     say("Set the clock by NTP.", "NTP で時刻を合わせる。"),
		Do:      []Command{Here("timedatectl set-ntp true")},
		Errors:  []*documented.Error{documented.ClockSkew},
		Sources: []string{documented.PageCommon},
	}
	apiClockDrifts = &Problem{
		Code: "DSP714", Severity: Warn,
		Title:   say("this machine's clock is {seen} seconds off that of {url}", "このマシンの時計は {url} の時計と {seen} 秒ずれている"),
		Cause:   say("AWS's pages differ on what a signed request may be off: five minutes in most cases, or {limit} seconds for DataSync. It may still work; what is measured here is exact to about two seconds.", "署名付きリクエストの許容されるずれは AWS のページにより異なる（多くの場合 5 分、DataSync では {limit} 秒）。まだ動作するかもしれない。ここでの測定の誤差は約 2 秒。"),
		Fix:     apiClock.Fix,
		Do:      apiClock.Do,
		Sources: []string{documented.PageCommon, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"},
	}
)

// The clock may be off by 15 minutes; a third of that is worth a word.
// Source: RequestExpired in https://docs.aws.amazon.com/datasync/latest/userguide/CommonErrors.html
const (
	mostSkew     = 900.0
	notableSkew  = 300.0
	skewRounding = 2.0 // whole seconds in the header, and the way there
)

var apiReachable = register(&Check{
	ID:       "api-reachable",
	Area:     AreaIdentity,
	Title:    say("The DataSync, EC2 and STS APIs of the Region can be reached from here, and the clock agrees", "リージョンの DataSync・EC2・STS の API にここから到達でき、時計も合っている"),
	Requires: reqAPIs,
	Needs:    []snapshot.Kind{snapshot.Probes},
	Uses:     netpath.FinderKinds,
	Problems: []*Problem{apiClosed, apiNoInternet, apiUntrusted, apiExpired, apiProxyRefuses, apiCaptive, apiClock, apiClockDrifts},
	Run: func(x *Exam) {
		run, gap := x.activationRun("datasync, ec2, sts", apisSeen)
		if gap != nil {
			x.Unknown("", *gap)
			return
		}
		if run == nil {
			x.NotLooked(say("nobody tried to reach the APIs: dspreflight check does, unless --no-probe is given, and dspreflight probe with --region", "API への到達を試していない。dspreflight check は（--no-probe を付けなければ）試す。dspreflight probe は --region を付けると試す"))
			return
		}
		ofRegion := slices.DeleteFunc(slices.Clone(run.APIs), func(a snapshot.API) bool { return !x.ofRegion(a) })
		answered, dated, clock := false, false, false
		others, told := x.apiRun(ofRegion), false
		for _, a := range ofRegion {
			before := len(x.findings)
			x.api(a, others)
			// One clock is off, whichever server says so: it is told once.
			if last := &x.findings[len(x.findings)-1]; len(x.findings) > before && (last.Problem == apiClock || last.Problem == apiClockDrifts) {
				if told {
					x.findings = x.findings[:before]
					x.OK(a.Service, last.Evidence...)
				}
				told = true
			}
			answered = answered || a.Outcome == snapshot.Open && a.Untrusted == "" && a.Service != "iam"
			dated = dated || a.SkewS != nil
			clock = clock || a.SkewS != nil && a.Untrusted == "" && x.notAWS(a) == ""
		}
		if !clock { // what is accepted of the answers leaves it open
			for i := range x.findings {
				x.findings[i].Hides = x.findings[i].Status == Fail
			}
		}
		if answered && !dated {
			x.Unknown("", snapshot.Gap{Code: snapshot.FieldUnseen, Source: "probe", Ref: "datasync, ec2, sts", Detail: "Date"})
		}
		for _, service := range []string{"datasync", "ec2", "sts"} {
			if !slices.ContainsFunc(ofRegion, func(a snapshot.API) bool { return a.Service == service }) {
				x.Unknown(service, snapshot.Gap{Code: snapshot.RowUnseen, Source: "probe", Scope: string(run.Vantage.Place), Ref: service})
			}
		}
	},
})

// apisSeen is what came of each API that a run tried; "" if it tried none.
func apisSeen(r *snapshot.ProbeRun) string {
	var out []string
	for _, a := range r.APIs {
		fact := apiFact(a).En
		if a.Untrusted != "" {
			fact += ", " + a.Untrusted
		}
		if a.RequestID != nil && !*a.RequestID {
			fact += ", request id -"
		}
		out = append(out, fact)
	}
	return strings.Join(out, "; ")
}

// apiRun is what the answers of one run tell of each other.
type apiRun struct {
	agrees  func(snapshot.API) bool // the clock is that of the others
	outside bool                    // a public address of AWS answered, without a proxy
}

func (x *Exam) apiRun(list []snapshot.API) apiRun {
	return apiRun{x.clocks(list), slices.ContainsFunc(list, func(a snapshot.API) bool {
		return a.Outcome == snapshot.Open && a.Untrusted == "" && x.notAWS(a) == "" && len(a.Addresses) > 0 && !a.Private() && a.Proxy == ""
	})}
}

// api judges one answer.
func (x *Exam) api(a snapshot.API, run apiRun) {
	agrees := run.agrees(a)
	saw := snapshot.Evidence{Source: "probe", Ref: a.Service, Fact: apiFact(a)}
	args := Args{"url": a.URL, "seen": outcomeWord(a), "region": x.region(), "limit": fmt.Sprint(int(mostSkew))}
	switch {
	case a.Service == "iam" && (a.Outcome != snapshot.Open || a.Untrusted != "" || x.notAWS(a) != "" || !agrees):
		// Only the simulation of permissions needs it.
		x.NotApplicable(snapshot.Textf("nothing is concluded from the IAM API (%s): an activation does not need it", "IAM の API（%s）からは何も判断しない。アクティブ化には不要", apiFact(a).En))
	case refusedByProxy(a) != 0:
		args["proxy"], args["seen"] = say("a proxy on the way", "途中のプロキシ"), fmt.Sprint(refusedByProxy(a))
		if a.Proxy != "" {
			args["proxy"] = snapshot.Textf("the proxy %s", "プロキシ %s ", a.Proxy)
		}
		x.Report(apiProxyRefuses, a.Service, args, saw)
	case a.Outcome == snapshot.Open && a.Status == statusPortal:
		x.Report(apiCaptive, a.Service, args, saw)
	case a.Outcome == snapshot.Cancelled:
		x.Unknown(a.Service, snapshot.Gap{Code: snapshot.DialCut, Source: "probe", Ref: a.URL})
	case a.Outcome == snapshot.Failed:
		x.Unknown(a.Service, snapshot.Gap{Code: snapshot.DialFailed, Source: "probe", Ref: a.URL, Detail: outcomeWord(a)})
	case a.Outcome == snapshot.LocalLimit:
		x.Unknown(a.Service, snapshot.Gap{Code: snapshot.LocalTrouble, Source: "probe", Ref: a.URL, Detail: outcomeWord(a)})
	case strings.HasPrefix(a.Untrusted, snapshot.CertificateExpired):
		args["seen"] = a.Untrusted
		x.Report(apiExpired, a.Service, args, saw)
	case a.Untrusted != "":
		args["seen"] = a.Untrusted
		x.Report(apiUntrusted, a.Service, args, saw)
	case silent(a.Outcome) && len(a.Addresses) > 0 && !a.Private() && a.Proxy == "" && !run.outside:
		x.noInternet(a, args, saw)
	case a.Outcome != snapshot.Open:
		x.Report(apiClosed, a.Service, args, saw)
	case x.notAWS(a) != "":
		x.Unknown(a.Service, snapshot.Gap{Code: snapshot.NotAWS, Source: "probe", Scope: x.region(), Ref: a.URL, Detail: x.notAWS(a)})
	case !agrees:
		x.Unknown(a.Service, snapshot.Gap{Code: snapshot.ClockApart, Source: "probe", Ref: a.URL, Detail: fmt.Sprintf("%+.0f s", *a.SkewS)})
	case a.SkewS != nil && math.Abs(*a.SkewS) > mostSkew+skewRounding:
		args["seen"] = fmt.Sprintf("%+.0f", *a.SkewS)
		x.Report(apiClock, a.Service, args, saw)
	case a.SkewS != nil && math.Abs(*a.SkewS) > notableSkew+skewRounding:
		args["seen"] = fmt.Sprintf("%+.0f", *a.SkewS)
		x.Report(apiClockDrifts, a.Service, args, saw)
	default:
		x.OK(a.Service, saw)
	}
}

// ofRegion reports whether an API is one of the activation Region. An older run
// does not say; then its URL does.
func (x *Exam) ofRegion(a snapshot.API) bool {
	if a.Region == "" {
		return a.Service == "iam" || x.region() != "" && strings.Contains(a.URL, x.region())
	}
	return x.region() == "" || a.Region == x.region()
}

// silent reports whether nothing came back from there.
func silent(o snapshot.Outcome) bool {
	return o == snapshot.Filtered || o == snapshot.UnreachableHost || o == snapshot.UnreachableNetwork
}

// noInternet says which interface endpoints would serve a network that has no
// other way to the API.
func (x *Exam) noInternet(a snapshot.API, args Args, saw snapshot.Evidence) {
	var addrs []string
	for _, addr := range a.Addresses {
		addrs = append(addrs, addr.String())
	}
	args["addresses"] = addrs
	remedy := snapshot.Textf("Create an interface endpoint for the %[1]s API with private DNS in a VPC that this machine resolves names of, or give the machine a proxy.", "このマシンが名前解決に使う VPC に、プライベート DNS を有効にした %[1]s API のインターフェイスエンドポイントを作るか、マシンにプロキシを設定する。", a.Service)
	var lookup []string
	var change repair.Change
	if s := x.destination(); s != nil {
		if ep, p := s.Endpoints.Get(x.Target.EndpointID); p == snapshot.Present {
			if subnet := x.someSubnet(s, ep.VPC); subnet != "" && ep.ServiceName != "" {
				service := strings.TrimSuffix(ep.ServiceName, ep.Service()) + a.Service // partitions differ in what comes before
				change = repair.NewEndpoint{VPC: ep.VPC, Service: service, Subnet: subnet, DNS: true}
			}
			if a.Service == "datasync" {
				remedy = snapshot.Textf("Call DataSync through %[1]s, which is there: add --endpoint-url with https:// and its DNS name to the aws datasync commands.", "既にある %[1]s 経由で DataSync を呼び出す。aws datasync コマンドに --endpoint-url（https:// とその DNS 名）を付ける。", ep.ID)
				if len(ep.DNSEntries) > 0 && ep.DNSEntries[0].Name != "" {
					remedy = snapshot.Textf("Call DataSync through the endpoint that is there: add --endpoint-url %[1]s to the aws datasync commands.", "既にあるエンドポイント経由で DataSync を呼び出す。aws datasync コマンドに --endpoint-url %[1]s を付ける。", "https://"+ep.DNSEntries[0].Name)
				}
				change, lookup = nil, []string{"ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", ep.ID, "--query", "VpcEndpoints[].DnsEntries[].DnsName"}
			}
			for _, o := range s.Endpoints.All() {
				if o.VPC == ep.VPC && strings.EqualFold(o.Service(), a.Service) && a.Service != "datasync" {
					remedy = snapshot.Textf("%[1]s in %[2]s serves it: turn its private DNS on, or add --endpoint-url to the commands.", "%[2]s の %[1]s が利用できる。プライベート DNS を有効にするか、コマンドに --endpoint-url を付ける。", o.ID, ep.VPC)
					change = repair.EndpointDNS{Endpoint: endpointBlock(o), On: true}
				}
			}
		}
	}
	args["remedy"] = remedy
	x.Report(apiNoInternet, a.Service, args, saw)
	if w := whose(x.destination(), ""); change != nil {
		x.mend(w, change)
	} else if lookup != nil {
		x.lookCloser(w, lookup...)
	}
}

func apiFact(a snapshot.API) Text {
	parts := []string{a.URL, outcomeWord(a)}
	if a.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", a.Status))
	}
	if len(a.Addresses) > 0 {
		var addrs []string
		for _, addr := range a.Addresses {
			addrs = append(addrs, addr.String())
		}
		parts = append(parts, shorten(addrs))
	}
	if a.Proxy != "" {
		parts = append(parts, "proxy "+a.Proxy)
	}
	if a.ProxyStatus != 0 {
		parts = append(parts, fmt.Sprintf("its answer HTTP %d", a.ProxyStatus))
	}
	if a.SkewS != nil && math.Abs(*a.SkewS) > skewRounding {
		parts = append(parts, fmt.Sprintf("clock %+.0f s", *a.SkewS))
	}
	return snapshot.Same(strings.Join(parts, ", "))
}

func outcomeWord(a snapshot.API) string {
	return strings.TrimSpace(string(a.Outcome) + " " + a.Errno)
}

// someSubnet is the chosen subnet, or one of the VPC that has IPv4.
func (x *Exam) someSubnet(s *snapshot.Scope, vpc string) string {
	var ids []string
	for _, n := range s.Subnets.All() {
		if n.VPC == vpc && n.CIDR.IsValid() && !n.IPv6Native {
			ids = append(ids, n.ID)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 || slices.Contains(ids, x.Target.SubnetID) {
		return x.Target.SubnetID
	}
	return ids[0]
}
