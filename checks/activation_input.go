package checks

import (
	"net/netip"
	"net/url"
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
		Code: "DSP801", Severity: Fail,
		Title:   say("the key request asks for endpointType={seen}; for {endpoint} it must be {needed}", "キー要求の endpointType が {seen} になっている。{endpoint} には {needed} が必要"),
		Cause:   say("The endpoint type is baked into the activation key. CreateAgent refuses a public key together with --vpc-endpoint-id.", "エンドポイントの種類はアクティベーションキーに埋め込まれる。CreateAgent はパブリックのキーと --vpc-endpoint-id の併用を拒否する。"),
		Fix:     say("Ask the agent again with endpointType={needed} and privateLinkEndpoint={address}.", "endpointType={needed} と privateLinkEndpoint={address} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errPublicKey},
		Sources: []string{pageActivate, pageArticle},
	}
	keyOtherAddress = &Problem{
		Code: "DSP802", Severity: Fail,
		Title:   say("the key request names privateLinkEndpoint={seen}, which is not the address of {endpoint} that is due ({expected})", "キー要求の privateLinkEndpoint={seen} は {endpoint} の指定すべきアドレス（{expected}）ではない"),
		Cause:   say("The agent connects to that address while it is asked for the key, and CreateAgent expects the endpoint that the key was made for.", "エージェントはキーの要求時にそのアドレスへ接続し、CreateAgent はキーを作ったエンドポイントを期待する。"),
		Fix:     say("Ask the agent again with privateLinkEndpoint={address}.", "privateLinkEndpoint={address} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errUnreachable, errEndpoint},
		Sources: []string{pageActivate, pagePrivLink},
	}
	keyOtherRegion = &Problem{
		Code: "DSP803", Severity: Fail,
		Title:   say("the key request names activationRegion={seen}; the endpoint is in {region}", "キー要求の activationRegion は {seen} だが、エンドポイントは {region} にある"),
		Cause:   say("Key request, endpoint and CreateAgent must share one Region.", "キー要求・エンドポイント・CreateAgent は同じリージョンでなければならない。"),
		Fix:     say("Ask the agent again with activationRegion={region}.", "activationRegion={region} を指定してキーを取り直す。"),
		CLI:     []string{"curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/"},
		Errors:  []*DocumentedError{errEndpoint},
		Sources: []string{pageActivate},
	}
)

var keyOtherGateway = &Problem{
	Code: "DSP804", Severity: Fail,
	Title:   say("the key request has gatewayType={seen}; it must be SYNC", "キー要求の gatewayType が {seen} で、SYNC ではない"),
	Cause:   say("The documented request of a DataSync agent has gatewayType=SYNC; other types are those of other services.", "DataSync エージェントへの要求は gatewayType=SYNC と文書化されている。他の値は別のサービスのもの。"),
	Fix:     say("Ask the agent again with gatewayType=SYNC.", "gatewayType=SYNC を指定してキーを取り直す。"),
	CLI:     keyIsPublic.CLI,
	Sources: []string{pageActivate, pageArticle},
}

var _ = register(&Check{
	ID:       "activation-input",
	Area:     AreaInput,
	Title:    say("What was given for the activation is well formed and belongs together", "アクティベーションに渡す値が正しい形で、互いに整合している"),
	Requires: reqKeyRequest,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{keyIsPublic, keyOtherAddress, keyOtherRegion, keyOtherGateway},
	Run:      runActivationInput,
})

func runActivationInput(x *Exam) {
	if x.Target.KeyRequest == "" {
		x.NotApplicable(say("no input was given: pass --key-request with the URL that the key was asked for with", "入力が指定されていない。--key-request にキー要求の URL を指定する"))
		return
	}
	u, err := url.Parse(x.Target.KeyRequest)
	if err != nil {
		x.Unknown("--key-request", snapshot.Gap{Code: snapshot.Malformed, Source: "--key-request", Ref: x.Target.KeyRequest, Detail: "not a URL"})
		return
	}
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	q := u.Query()
	needed := "PRIVATE_LINK"
	if strings.HasSuffix(strings.ToLower(ep.Service()), "-fips") {
		needed = "FIPS_PRIVATE_LINK"
	}
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
	saw := snapshot.Evidence{Source: "--key-request", Ref: u.Host, Fact: snapshot.Same(u.RawQuery)}
	bad := false
	if t := q.Get("endpointType"); t != needed {
		if t == "" {
			t = "PUBLIC"
		}
		x.Report(keyIsPublic, "--key-request", args(t), saw)
		bad = true
	} else if a := q.Get("privateLinkEndpoint"); !slices.Contains(addresses, a) || x.Target.EndpointIP.IsValid() && a != x.Target.EndpointIP.String() {
		if _, err := netip.ParseAddr(a); err == nil && len(gaps) > 0 {
			x.Unknown("--key-request", gaps...)
		} else {
			x.Report(keyOtherAddress, "--key-request", args(a), saw)
		}
		bad = true
	}
	if g := q.Get("gatewayType"); g != "SYNC" {
		x.Report(keyOtherGateway, "--key-request", args(g), saw)
		bad = true
	}
	if r := q.Get("activationRegion"); !strings.EqualFold(r, x.region()) {
		x.Report(keyOtherRegion, "--key-request", args(r), saw)
		bad = true
	}
	if !bad {
		x.OK("--key-request", saw)
	}
}
