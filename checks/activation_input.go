package checks

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqKeyRequest = &Requirement{
	ID: "key-request", Grade: "required",
	Title:   say("The key is asked for with the endpoint's type, address and Region", "キー要求がエンドポイントの種類・アドレス・リージョンを指定している"),
	Sources: []string{pageActivate, pageArticle},
}

var (
	keyIsPublic = &Problem{
		Code: "DSP801", Severity: Fail, Hides: true,
		Title:   say("the key request has endpointType {seen}, which makes a key for another type of endpoint; for {endpoint} it must be {needed}", "キー要求の endpointType が {seen} で、別の種類のエンドポイント用のキーになる。{endpoint} には {needed} が必要"),
		Cause:   say("The endpoint type is baked into the activation key. CreateAgent refuses a public key together with --vpc-endpoint-id.", "エンドポイントの種類はアクティベーションキーに埋め込まれる。CreateAgent はパブリックのキーと --vpc-endpoint-id の併用を拒否する。"),
		Fix:     say("Ask the agent again with endpointType={needed} and privateLinkEndpoint={address}.", "endpointType={needed} と privateLinkEndpoint={address} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errPublicKey},
		Sources: []string{pageActivate, pageArticle},
	}
	keyOtherAddress = &Problem{
		Code: "DSP802", Severity: Fail,
		Title:   say("the key request names privateLinkEndpoint {seen}, which is not the address of {endpoint} that is due ({expected})", "キー要求の privateLinkEndpoint {seen} は {endpoint} の指定すべきアドレス（{expected}）ではない"),
		Cause:   say("The agent connects to that address while it is asked for the key, and CreateAgent expects the endpoint that the key was made for.", "エージェントはキーの要求時にそのアドレスへ接続し、CreateAgent はキーを作ったエンドポイントを期待する。"),
		Fix:     say("Ask the agent again with privateLinkEndpoint={address}.", "privateLinkEndpoint={address} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errUnreachable, errEndpoint},
		Sources: []string{pageActivate, pagePrivLink},
	}
	keyOtherRegion = &Problem{
		Code: "DSP803", Severity: Fail,
		Title:   say("the key request names activationRegion {seen}; the endpoint is in {region}", "キー要求の activationRegion は {seen} だが、エンドポイントは {region} にある"),
		Cause:   say("Key request, endpoint and CreateAgent must share one Region.", "キー要求・エンドポイント・CreateAgent は同じリージョンでなければならない。"),
		Fix:     say("Ask the agent again with activationRegion={region}.", "activationRegion={region} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errEndpoint},
		Sources: []string{pageActivate},
	}
)

var keyOtherGateway = &Problem{
	Code: "DSP804", Severity: Fail,
	Title:   say("the key request has gatewayType {seen}; it must be SYNC", "キー要求の gatewayType が {seen} で、SYNC ではない"),
	Cause:   say("The documented request of a DataSync agent has gatewayType=SYNC; other types are those of other services.", "DataSync エージェントへの要求は gatewayType=SYNC と文書化されている。他の値は別のサービスのもの。"),
	Fix:     say("Ask the agent again with gatewayType=SYNC.", "gatewayType=SYNC を指定してキーを取り直す。"),
	CLI:     keyIsPublic.CLI,
	Sources: []string{pageActivate, pageArticle},
}

var (
	keyMalformed = &Problem{
		Code: "DSP805", Severity: Fail,
		Title:   say("the activation key is not one: {seen}", "アクティベーションキーの形式が誤っている: {seen}"),
		Cause:   say("A key is five groups of five capital letters or digits, joined by hyphens. Anything else was cut off, is a placeholder, or is not a key at all.", "キーは大文字または数字 5 文字の組を 5 つハイフンでつないだもの。それ以外は、途中で切れているか、見本の文字列か、キーではない。"),
		Fix:     say("Fetch the key again, and pass it whole.", "キーを取り直し、全体を渡す。"),
		CLI:     keyIsPublic.CLI,
		Sources: []string{pageCreate, pageActivate},
	}
	arnMalformed = &Problem{
		Code: "DSP806", Severity: Fail, Hides: true,
		Title:   say("{subject} {seen} is not an ARN of the kind that CreateAgent takes", "{subject} の {seen} は CreateAgent が受け付ける形の ARN ではない"),
		Cause:   say("CreateAgent takes full ARNs. The article asks for the bare GroupId, which it refuses.", "CreateAgent は完全な ARN を要求する。記事は GroupId だけを指定するよう書いているが、拒否される。"),
		Fix:     say("Pass {expected}.", "{expected} を渡す。"),
		CLI:     []string{"aws datasync create-agent --region {region} --vpc-endpoint-id {endpoint} --subnet-arns SUBNET_ARN --security-group-arns GROUP_ARN --activation-key KEY"},
		Errors:  []*DocumentedError{errSubnetARNs, errGroupARNs, errSubnet, errGroup},
		Sources: []string{pageCreate, pageArticle},
	}
	arnNotOne = &Problem{
		Code: "DSP807", Severity: Fail, Hides: true,
		Title:   say("{subject} is given {count} times; CreateAgent takes exactly one", "{subject} が {count} 個指定されている。CreateAgent が受け付けるのは 1 個だけ"),
		Cause:   say("The lists of subnet ARNs and of security group ARNs hold exactly one each.", "サブネット ARN とセキュリティグループ ARN のリストは、それぞれちょうど 1 個である。"),
		Fix:     say("Choose one: {seen}.", "1 つを選ぶ: {seen}。"),
		CLI:     arnMalformed.CLI,
		Errors:  []*DocumentedError{errSubnetARNs},
		Sources: []string{pageCreate},
	}
	arnElsewhere = &Problem{
		Code: "DSP808", Severity: Fail, Hides: true,
		Title:   say("{subject} names {seen}; the activation is in {expected}", "{subject} が {seen} を指しているが、アクティベーション先は {expected}"),
		Cause:   say("Endpoint, subnet, security group and CreateAgent share one partition, Region and account. DataSync answers that what is elsewhere is invalid, with status 403.", "エンドポイント・サブネット・セキュリティグループ・CreateAgent のパーティション・リージョン・アカウントは同じでなければならない。別の場所のものはステータス 403 で「無効」とされる。"),
		Fix:     say("Use the ARN of the resource in {expected}.", "{expected} にあるリソースの ARN を使う。"),
		CLI:     arnMalformed.CLI,
		Errors:  []*DocumentedError{errSubnet, errGroup, errAccountMismatch},
		Sources: []string{pageCreate, pageEndpoint},
	}
	arnOther = &Problem{
		Code: "DSP809", Severity: Fail,
		Title:   say("{subject} names {seen}, and the id given beside it is {expected}", "{subject} は {seen} を指しているが、併せて指定された ID は {expected}"),
		Cause:   say("Two inputs contradict each other, so that what is judged is not what CreateAgent gets.", "2 つの入力が矛盾しており、判定対象と CreateAgent に渡すものが異なる。"),
		Fix:     say("Make them agree.", "一致させる。"),
		CLI:     arnMalformed.CLI,
		Errors:  []*DocumentedError{errSubnet, errGroup},
		Sources: []string{pageCreate},
	}
)

// The shape of the ARNs of CreateAgent, from the model of the API, whose ids are of
// 8 or 17 digits: one of another length was cut off.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html
// and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var (
	subnetARN = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):ec2:[a-z0-9-]*:[0-9]{12}:subnet/subnet-([a-f0-9]{8}|[a-f0-9]{17})$`)
	groupARN  = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov|aws-eusc|aws-iso|aws-iso-b|aws-iso-e|aws-iso-f):ec2:[a-z0-9-]*:[0-9]{12}:security-group/sg-([a-f0-9]{8}|[a-f0-9]{17})$`)
	keyShape  = regexp.MustCompile(`^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$`)
)

// keyFaults words what may be wrong with an activation key.
var keyFaults = map[string]Text{
	"empty":       say("it is empty", "空である"),
	"small":       say("it has small letters, as a placeholder does", "小文字があり、見本の文字列と思われる"),
	"white-space": say("there is white space around it", "前後に空白がある"),
	"web-page":    say("it begins with <, as a web page does: something else than the agent answered", "< で始まっており、エージェント以外が返した Web ページと思われる"),
	"error":       say("it is the agent's error, not a key: give the text to dspreflight explain", "キーではなくエージェントのエラーである。テキストを dspreflight explain に渡す"),
	"parameter":   say("it is a URL or a parameter: pass only what stands behind activationKey=", "URL またはパラメーターである。activationKey= の後ろの値だけを渡す"),
	"characters":  say("it holds characters that no key has; capital letters, digits and hyphens are due", "キーに使われない文字がある。大文字・数字・ハイフンだけのはずである"),
	"groups":      say("it is not five groups of five characters: it may be cut off", "5 文字の組が 5 つになっていない。途中で切れている可能性がある"),
}

// KeyShape says what is wrong with an activation key without telling it: "ok", or
// a name among keyFaults.
func KeyShape(key string) string {
	switch {
	case keyShape.MatchString(key):
		return "ok"
	case strings.TrimSpace(key) == "":
		return "empty"
	case strings.Contains(key, "errorType="):
		return "error"
	case strings.Contains(key, "://"), strings.Contains(key, "="):
		return "parameter"
	case strings.HasPrefix(strings.TrimSpace(key), "<"):
		return "web-page"
	case strings.TrimSpace(key) != key:
		return "white-space"
	case keyShape.MatchString(strings.ToUpper(key)):
		return "small"
	case strings.Trim(strings.ToUpper(key), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
		return "characters"
	}
	return "groups"
}

// KnownKeyShape reports whether a text is one that KeyShape gives.
func KnownKeyShape(s string) bool { return s == "ok" || !keyFaults[s].Empty() }

var _ = register(&Check{
	ID:       "activation-input",
	Area:     AreaInput,
	Title:    say("What was given for the activation is well formed and belongs together", "アクティベーションに渡す値が正しい形で、互いに整合している"),
	Requires: reqKeyRequest,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces},
	Uses:     []snapshot.Kind{snapshot.CallerIdentity},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{keyIsPublic, keyOtherAddress, keyOtherRegion, keyOtherGateway, keyMalformed, arnMalformed, arnNotOne, arnElsewhere, arnOther},
	Run:      runActivationInput,
})

func runActivationInput(x *Exam) {
	t := x.Target
	if t.KeyRequest == "" && t.KeyShape == "" && t.SubnetARNs == nil && t.GroupARNs == nil {
		x.NotLooked(say("no input was given: pass --key-request with the URL that the key was asked for with, --activation-key, --subnet-arn or --security-group-arn", "入力が指定されていない。--key-request（キー要求の URL）、--activation-key、--subnet-arn、--security-group-arn のいずれかを指定する"))
		return
	}
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	if t.KeyShape != "" {
		fault, known := keyFaults[t.KeyShape]
		if !known {
			fault = keyFaults["groups"]
		}
		saw := snapshot.Evidence{Source: "--activation-key", Ref: "--activation-key", Fact: say("its shape was looked at; the key itself is not kept", "形式だけを確認した（キー自体は保存しない）")}
		if t.KeyShape == "ok" {
			x.OK("--activation-key", saw)
		} else {
			x.Report(keyMalformed, "--activation-key", Args{"seen": fault, "needed": x.endpointType(ep), "region": x.region(), "address": "ENDPOINT_IP", "agent": "AGENT_IP"}, saw)
		}
	}
	x.arn("--subnet-arn", t.SubnetARNs, subnetARN, cmp.Or(t.SaidSubnetID, t.SubnetID), "subnet/subnet-", ep, s)
	x.arn("--security-group-arn", t.GroupARNs, groupARN, cmp.Or(t.SaidGroupID, t.GroupID), "security-group/sg-", ep, s)
	if t.KeyRequest != "" {
		x.keyRequest(ep, s)
	}
}

// arn judges one of the two ARNs of CreateAgent. id is what another flag says.
func (x *Exam) arn(flag string, list []string, shape *regexp.Regexp, id, kind string, ep snapshot.Endpoint, s *snapshot.Scope) {
	if list == nil {
		return
	}
	saw := snapshot.Evidence{Source: flag, Ref: flag, Fact: snapshot.Same(strings.Join(list, " "))}
	account := s.Account
	if ep.OwnerID != "" {
		account = ep.OwnerID
	}
	partition := snapshot.PartitionOf(x.region())
	args := Args{"seen": strings.Join(list, " "), "count": fmt.Sprint(len(list)), "region": x.region(), "endpoint": ep.ID, "expected": "arn:" + partition + ":ec2:" + x.region() + ":" + account + ":" + kind + "..."}
	if len(list) != 1 {
		x.Report(arnNotOne, flag, args, saw)
		return
	}
	if !shape.MatchString(list[0]) {
		if last := strings.TrimPrefix(kind[strings.LastIndexByte(kind, '/')+1:], "/"); strings.HasPrefix(list[0], last) {
			args["expected"] = strings.TrimSuffix(args["expected"].(string), last+"...") + list[0]
		}
		x.Report(arnMalformed, flag, args, saw)
		return
	}
	parts := strings.SplitN(list[0], ":", 6)
	where := func(p, r, a string) string { return strings.Join([]string{p, r, a}, " / ") }
	seen, due := where(parts[1], parts[3], parts[4]), where(partition, x.region(), account)
	named := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	switch {
	case x.region() == "" || account == "":
		x.Unknown(flag, snapshot.Gap{Code: snapshot.AccountUnknown, Source: snapshot.Endpoints.Action(), Ref: list[0], Detail: parts[4]})
	case seen != due:
		args["seen"], args["expected"] = seen, due
		x.Report(arnElsewhere, flag, args, saw)
	case id != "" && id != named:
		args["seen"], args["expected"] = named, id
		x.Report(arnOther, flag, args, saw)
	default:
		x.OK(flag, saw)
	}
}

// orNone makes an empty value visible.
func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// endpointType is what the key must be asked for with.
func (x *Exam) endpointType(ep snapshot.Endpoint) string {
	if strings.HasSuffix(strings.ToLower(ep.Service()), "-fips") {
		return "FIPS_PRIVATE_LINK"
	}
	return "PRIVATE_LINK"
}

// keyRequest judges the URL that the key is asked for with.
func (x *Exam) keyRequest(ep snapshot.Endpoint, s *snapshot.Scope) {
	u, err := url.Parse(x.Target.KeyRequest)
	if err != nil {
		x.Unknown("--key-request", snapshot.Gap{Code: snapshot.Malformed, Source: "--key-request", Ref: x.Target.KeyRequest, Detail: "not a URL"})
		return
	}
	q := u.Query()
	needed := x.endpointType(ep)
	interfaces, gaps := endpointInterfaces(s, ep)
	addresses := []string{}
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() {
				addresses = append(addresses, a.String())
			}
		}
	}
	if len(ep.InterfaceIDs) == 0 {
		gaps = append(gaps, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "NetworkInterfaceIds"})
	}
	args := func(seen string) Args {
		address := "ENDPOINT_IP"
		if len(addresses) > 0 {
			address = addresses[0]
		}
		expected := shorten(addresses)
		if x.Target.EndpointIP.IsValid() {
			address, expected = x.Target.EndpointIP.String(), x.Target.EndpointIP.String()
		}
		return Args{"expected": expected, "seen": seen, "needed": needed, "endpoint": ep.ID, "addresses": addresses, "address": address, "region": x.region(), "agent": u.Host}
	}
	saw := snapshot.Evidence{Source: "--key-request", Ref: u.Host, Fact: snapshot.Same(orNone(u.RawQuery))}
	bad := false
	if t := q.Get("endpointType"); t != needed {
		x.Report(keyIsPublic, "--key-request", args(orNone(t)), saw)
		bad = true
	} else if a := q.Get("privateLinkEndpoint"); !slices.Contains(addresses, a) || x.Target.EndpointIP.IsValid() && a != x.Target.EndpointIP.String() {
		if _, err := netip.ParseAddr(a); err == nil && len(gaps) > 0 {
			x.Unknown("--key-request", gaps...)
		} else {
			x.Report(keyOtherAddress, "--key-request", args(orNone(a)), saw)
		}
		bad = true
	}
	if g := q.Get("gatewayType"); g != "SYNC" {
		x.Report(keyOtherGateway, "--key-request", args(orNone(g)), saw)
		bad = true
	}
	if x.region() == "" {
		x.Unknown("--key-request", snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "ServiceRegion"})
		bad = true
	} else if r := q.Get("activationRegion"); !strings.EqualFold(r, x.region()) {
		x.Report(keyOtherRegion, "--key-request", args(orNone(r)), saw)
		bad = true
	}
	if !bad {
		x.OK("--key-request", saw)
	}
}
