package checks

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// askForKey asks the agent for a key: the documented request.
var askForKey = Here("curl -G --data-urlencode gatewayType=SYNC --data-urlencode activationRegion={region} --data-urlencode endpointType={needed} --data-urlencode privateLinkEndpoint={address} --data-urlencode no_redirect http://{agent}/")

var (
	keyIsPublic = &Problem{
		Code: "DSP801", Severity: Fail, Hides: true,
		Title:   say("the key request has endpointType {seen}, which is not that of {endpoint}; it must be {needed}", "キー要求の endpointType が {seen} で、{endpoint} のものではない。{needed} が必要"),
		Cause:   say("The endpoint type is baked into the activation key. CreateAgent refuses a public key together with --vpc-endpoint-id.", "エンドポイントの種類はアクティベーションキーに埋め込まれる。CreateAgent はパブリックのキーと --vpc-endpoint-id の併用を拒否する。"),
		Fix:     say("Ask the agent again with endpointType={needed} and privateLinkEndpoint={address}.", "endpointType={needed} と privateLinkEndpoint={address} を指定してキーを取り直す。"),
		Do:      []Command{askForKey},
		Errors:  []*documented.Error{documented.PublicKey},
		Sources: []string{pageActivate, pageArticle},
	}
	keyOtherAddress = &Problem{
		Code: "DSP802", Severity: Fail,
		Title:   say("the key request names privateLinkEndpoint {seen}, which is not the address of {endpoint} that is due ({expected})", "キー要求の privateLinkEndpoint {seen} は {endpoint} の指定すべきアドレス（{expected}）ではない"),
		Cause:   say("The agent connects to that address while it is asked for the key, and CreateAgent expects the endpoint that the key was made for.", "エージェントはキーの要求時にそのアドレスへ接続し、CreateAgent はキーを作ったエンドポイントを期待する。"),
		Fix:     say("Ask the agent again with privateLinkEndpoint={address}{flag}.", "privateLinkEndpoint={address} を指定してキーを取り直す{flag}。"),
		Do:      []Command{askForKey},
		Errors:  []*documented.Error{documented.EndpointUnreachable, documented.InvalidEndpoint},
		Sources: []string{pageActivate, pagePrivLink},
	}
	keyOtherRegion = &Problem{
		Code: "DSP803", Severity: Fail,
		Title:   say("the key request names activationRegion {seen}; the endpoint is in {region}", "キー要求の activationRegion は {seen} だが、エンドポイントは {region} にある"),
		Cause:   say("Key request, endpoint and CreateAgent must share one Region.", "キー要求・エンドポイント・CreateAgent は同じリージョンでなければならない。"),
		Fix:     say("Ask the agent again with activationRegion={region}.", "activationRegion={region} を指定してキーを取り直す。"),
		Do:      []Command{askForKey},
		Errors:  []*documented.Error{documented.InvalidEndpoint},
		Sources: []string{pageActivate},
	}
)

var keyOtherGateway = &Problem{
	Code: "DSP804", Severity: Fail,
	Title:   say("the key request has gatewayType {seen}; it must be SYNC", "キー要求の gatewayType が {seen} で、SYNC ではない"),
	Cause:   say("The documented request of a DataSync agent has gatewayType=SYNC; other types are those of other services.", "DataSync エージェントへの要求は gatewayType=SYNC と文書化されている。他の値は別のサービスのもの。"),
	Fix:     say("Ask the agent again with gatewayType=SYNC.", "gatewayType=SYNC を指定してキーを取り直す。"),
	Do:      keyIsPublic.Do,
	Sources: []string{pageActivate, pageArticle},
}

var (
	keyOtherHost = &Problem{
		Code: "DSP810", Severity: Fail,
		Title:   say("the key request goes to {seen}, an address of {endpoint} and not of the agent ({expected})", "キー要求の宛先 {seen} は {endpoint} のアドレスで、エージェント（{expected}）のものではない"),
		Cause:   say("Only the agent makes a key, for itself. What another host answers is no key of this agent.", "キーを発行するのはエージェント自身だけである。別のホストの応答はこのエージェントのキーではない。"),
		Fix:     say("Ask the agent itself, at its own address.", "エージェント自身のアドレスに要求する。"),
		Do:      keyIsPublic.Do,
		Errors:  []*documented.Error{documented.AgentTimeout, documented.NotAKey},
		Sources: []string{pageActivate, pageArticle},
	}
	keyOtherPort = &Problem{
		Code: "DSP811", Severity: Fail,
		Title:   say("the key request goes to port {seen} of the agent; it answers on port 80", "キー要求の宛先がエージェントのポート {seen} だが、応答するのはポート 80"),
		Cause:   say("The agent hands out its key on TCP 80, and listens on no other port for it.", "エージェントは TCP 80 でキーを渡し、他のポートでは待ち受けない。"),
		Fix:     say("Ask again without a port in the URL.", "URL のポートを除いて要求し直す。"),
		Do:      keyIsPublic.Do,
		Errors:  []*documented.Error{documented.AgentTimeout},
		Sources: []string{pageActivate, pageNetwork},
	}
)

// KeyType is the endpointType that the key must be asked for with.
func KeyType(ep snapshot.Endpoint) string {
	if strings.HasSuffix(strings.ToLower(ep.Service()), "-fips") {
		return "FIPS_PRIVATE_LINK"
	}
	return "PRIVATE_LINK"
}

// keyQuery is a key request as it is judged.
type keyQuery struct {
	x         *Exam
	url       *url.URL
	ep        snapshot.Endpoint
	query     url.Values
	needed    string   // KeyType
	addresses []string // of the endpoint
	gaps      []snapshot.Gap
	saw       snapshot.Evidence
	bad       bool
}

// keyRequest judges the URL that the key is asked for with.
func (x *Exam) keyRequest(ep snapshot.Endpoint, s *snapshot.Scope) {
	u, err := url.Parse(x.Target.KeyRequest)
	if err != nil || u.Hostname() == "" {
		x.Unknown("--key-request", snapshot.Gap{Code: snapshot.Malformed, Source: "--key-request", Ref: x.Target.KeyRequest, Words: say("not a URL", "URL ではない")})
		return
	}
	k := keyQuery{x: x, url: u, query: parametersOf(u.RawQuery), ep: ep, needed: KeyType(ep), addresses: []string{}, saw: snapshot.Evidence{Source: "--key-request", Ref: u.Host, Fact: snapshot.Same(orNone(u.RawQuery))}}
	interfaces, gaps := endpointInterfaces(s, ep)
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() {
				k.addresses = append(k.addresses, a.String())
			}
		}
	}
	if k.gaps = gaps; len(ep.InterfaceIDs) == 0 {
		k.gaps = append(k.gaps, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "NetworkInterfaceIds"})
	}
	k.host()
	k.parameters()
	if _, err := url.ParseQuery(u.RawQuery); err != nil && !k.bad { // it left out what it can't read
		k.open(snapshot.Gap{Code: snapshot.Malformed, Source: "--key-request", Ref: u.RawQuery, Words: say("a parameter with a semicolon, or with a percent sign that begins no code", "セミコロンを含むか、% の後ろが符号になっていないパラメーターがある")})
	}
	if !k.bad {
		x.OK("--key-request", k.saw)
	}
}

// parametersOf reads a query as it is written. Where a percent sign begins no code, or a
// semicolon stands, programs differ: the text is kept, for people to see.
func parametersOf(raw string) url.Values {
	out := url.Values{}
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		for _, part := range []*string{&name, &value} {
			if plain, err := url.QueryUnescape(*part); err == nil {
				*part = plain
			}
		}
		out.Add(name, value)
	}
	return out
}

// parameters judges the four that bind a key.
func (k *keyQuery) parameters() {
	switch right := k.one("endpointType", keyIsPublic, func(v string) bool { return v == k.needed }); {
	case right && len(k.addresses)+len(k.gaps) == 0:
		k.x.See(say("the endpoint has no IPv4 address that a key could be asked for with", "キー要求に指定できる IPv4 アドレスがエンドポイントにない"), "endpoint-address")
		k.bad = true
	case right:
		k.privateLinkEndpoint()
	}
	k.one("gatewayType", keyOtherGateway, func(v string) bool { return v == "SYNC" })
	if k.x.region() == "" {
		k.open(snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: k.ep.ID, Detail: "ServiceRegion"})
	} else {
		k.activationRegion()
	}
}

// privateLinkEndpoint judges the address. The pattern of the API takes numbers with
// leading zeros, which programs read as decimal or as octal; how the agent does is not
// documented.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_PrivateLinkConfig.html
func (k *keyQuery) privateLinkEndpoint() {
	due := func(v string) bool {
		return slices.Contains(k.addresses, v) && (!k.x.Target.EndpointIP.IsValid() || v == k.x.Target.EndpointIP.String())
	}
	read := ""
	may := func(v string) bool {
		for _, base := range []int{10, 0} {
			if a := padded(v, base); due(a) {
				read = a
				return true
			}
		}
		return false
	}
	if v := k.query.Get("privateLinkEndpoint"); k.one("privateLinkEndpoint", keyOtherAddress, may) && v != read {
		k.open(snapshot.Gap{Code: snapshot.KeyOtherwise, Source: "privateLinkEndpoint", Ref: v, Detail: read})
	}
}

// padded is an IPv4 address whose numbers may have leading zeros, read in base 10, or in
// base 0 as octal where there are any; "" if it is none.
func padded(s string, base int) string {
	var bytes []byte
	for _, part := range strings.Split(s, ".") {
		n, err := strconv.ParseUint(part, base, 8)
		if err != nil || len(part) > 3 || strings.Trim(part, "0123456789") != "" {
			return ""
		}
		bytes = append(bytes, byte(n))
	}
	a, _ := netip.AddrFromSlice(bytes)
	if !a.Is4() {
		return ""
	}
	return a.String()
}

// activationRegion judges the Region. Whether the agent takes one in capitals is not
// documented.
func (k *keyQuery) activationRegion() {
	is := func(v string) bool { return strings.EqualFold(v, k.x.region()) }
	if v := k.query.Get("activationRegion"); k.one("activationRegion", keyOtherRegion, is) && v != k.x.region() {
		k.open(snapshot.Gap{Code: snapshot.KeyOtherwise, Source: "activationRegion", Ref: v, Detail: k.x.region()})
	}
}

// one judges a parameter, and reports whether it holds. Which of several the agent
// takes is not documented, so that they are wrong only if each is.
func (k *keyQuery) one(name string, p *Problem, good func(string) bool) bool {
	q := k.query
	values := slices.Clone(q[name])
	for other := range q {
		if other != name && strings.EqualFold(other, name) {
			values = append(values, q[other]...)
		}
	}
	slices.Sort(values)
	switch {
	case len(q[name]) == 1 && len(values) == 1 && good(values[0]):
		return true
	case len(q[name]) > 0 && slices.ContainsFunc(values, good):
		k.open(snapshot.Gap{Code: snapshot.KeyAmbiguous, Source: "--key-request", Ref: name, Detail: strings.Join(values, ", ")})
	case len(q[name]) == 0 && slices.ContainsFunc(values, good):
		k.open(snapshot.Gap{Code: snapshot.KeyOtherwise, Source: "name", Ref: k.written(name), Detail: name})
	case p == keyOtherAddress && len(k.gaps) > 0 && slices.ContainsFunc(values, func(v string) bool { _, err := netip.ParseAddr(v); return err == nil }):
		k.open(k.gaps...)
	default:
		k.fail(p, Args{"seen": plainly(strings.Join(q[name], ", "))})
	}
	return false
}

// written is a name as the request has it, in other capital and small letters.
func (k *keyQuery) written(name string) string {
	for other := range k.query {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return name
}

func (k *keyQuery) open(gaps ...snapshot.Gap) {
	k.x.Unknown("--key-request", gaps...)
	k.bad = true
}

func (k *keyQuery) fail(p *Problem, more Args) {
	address, flag, expected := "ENDPOINT_IP", Text{}, snapshot.Same(shorten(k.addresses))
	if len(k.addresses) > 0 {
		address = k.addresses[0]
	}
	switch given := k.x.Target.EndpointIP; {
	case slices.Contains(k.addresses, given.String()):
		address, expected = given.String(), snapshot.Same(given.String())
	case given.IsValid() && len(k.addresses) > 0: // endpoint-address speaks of it
		flag = say(", and pass that to --endpoint-ip too", "（--endpoint-ip にも同じ値を渡す）")
		expected = snapshot.Textf("it has %s, and --endpoint-ip says %s", "そのアドレスは %s だが、--endpoint-ip は %s", expected.En, given.String())
	}
	agent := agentText(k.x)
	if _, own := k.hostAddress(); agent == "" && own && p != keyOtherHost {
		agent = k.url.Hostname()
	}
	if address == "ENDPOINT_IP" { // what is not known can't be pasted
		agent = ""
	}
	args := Args{"expected": expected, "flag": flag, "needed": k.needed, "endpoint": k.ep.ID, "addresses": k.addresses, "address": address, "region": k.x.region(), "agent": agent}
	for name, v := range more {
		args[name] = v
	}
	k.x.Report(p, "--key-request", args, k.saw)
	k.bad = true
}

// agentText is the address of the agent, as far as it is known.
func agentText(x *Exam) string { return addrText(AgentAddress(x.Target, x.Snapshot)) }

// keyAddress is the address of the endpoint that a key is asked for with.
func (x *Exam) keyAddress(s *snapshot.Scope, ep snapshot.Endpoint) string {
	if x.Target.EndpointIP.IsValid() {
		return x.Target.EndpointIP.String()
	}
	interfaces, _ := endpointInterfaces(s, ep)
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			if a.Is4() {
				return a.String()
			}
		}
	}
	return ""
}

// host judges whom the request goes to: the agent, on port 80.
func (k *keyQuery) host() {
	agents, gap := netpath.FindAgents(k.x.Snapshot, k.x.Target)
	known := gap == nil && agents.Addrs != nil
	host, isAddr := k.hostAddress()
	port := k.url.Port()
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		port = strconv.FormatUint(n, 10)
	}
	forwarded := snapshot.Gap{Code: snapshot.KeyHostOpen, Source: "--key-request", Ref: k.url.Host, Detail: "?"}
	if known {
		forwarded.Detail = shorten(netpath.Addresses(agents.Addrs))
	}
	switch {
	case isAddr && slices.Contains(k.addresses, host.String()):
		k.fail(keyOtherHost, Args{"seen": host.String(), "expected": forwarded.Detail})
	case known && (!isAddr || !k.mayBe(host, agents)):
		k.open(forwarded)
	case port == "" || port == "80":
	case known && isAddr && AgentAddress(k.x.Target, k.x.Snapshot) == host:
		k.fail(keyOtherPort, Args{"seen": port})
	default: // a forwarded port, perhaps
		k.open(forwarded)
	}
}

// mayBe reports whether an address can be the agent's. Of an agent in a VPC all private
// addresses are known; of one outside AWS only the address that its packets have on the
// way, which the activation machine may know it by another, though none of the
// endpoint's VPC and none that means something on one machine or link only.
func (k *keyQuery) mayBe(a netip.Addr, agents netpath.Agents) bool {
	if agents.Addrs.Contains(a) || k.agentsOwn(a, agents) {
		return true
	}
	if agents.VPC != "" || !a.IsGlobalUnicast() {
		return false
	}
	v, p := k.x.destination().VPCs.Get(k.ep.VPC)
	return p == snapshot.Present && !netpath.Set(v.Prefixes()...).Contains(a)
}

// agentsOwn reports whether an address is a further one of the agent's instance.
func (k *keyQuery) agentsOwn(a netip.Addr, agents netpath.Agents) bool {
	if agents.Scope == nil {
		return false
	}
	i, p := agents.Scope.Instances.Get(k.x.Target.AgentInstanceID)
	return p == snapshot.Present && slices.ContainsFunc(i.Interfaces, func(n snapshot.Interface) bool { return slices.Contains(n.Addrs(), a) })
}

// privateName is the name that EC2 gives an instance by its private address.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html
var privateName = pattern.New(`^ip-(\d+)-(\d+)-(\d+)-(\d+)\.([a-z0-9-]+\.compute|ec2)\.internal$`)

// hostAddress is the address of the URL's host, where its text tells. The name by an
// address is one of the agent's own Region only.
func (k *keyQuery) hostAddress() (netip.Addr, bool) {
	host := k.url.Hostname()
	if m := privateName.Re().FindStringSubmatch(strings.ToLower(host)); m != nil {
		region := strings.TrimSuffix(m[5], ".compute")
		if m[5] == "ec2" {
			region = "us-east-1"
		}
		if s := k.x.Snapshot.Role(snapshot.Source); s != nil && s.Region != "" && s.Region != region {
			return netip.Addr{}, false
		}
		host = strings.Join(m[1:5], ".")
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap(), err == nil
}
