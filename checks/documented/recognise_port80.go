package documented

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// isAloneAtPort80 accepts the words of the clients that the user guide names, about
// a private address and port 80, where the text is short and about nothing else.
func isAloneAtPort80(q *squeezed, from, to int, _ map[string]string) bool {
	return !q.throughProxy(from, to) && !q.asksGateway(from, to) && q.nearestOther(from, to) == nowhere && (len(q.text) <= shortText || speaksOfDataSync(q, from, to, nil))
}

// clientCommand is a call of a plain client with a private address and port 80.
var clientCommand = pattern.New(strings.ReplaceAll(`(?i)(?:\b(?:curl|wget|iwr|irm|Invoke-(?:WebRequest|RestMethod))\b[\s\S]{0,200}?\bhttp://PRIVATE(?::80)?(?:[/?"'\s]|$)|/dev/tcp/PRIVATE/80\b|\b(?:nc(?:at)?|telnet)\b[\s\S]{0,100}?\sPRIVATE\s+80\b)`,
	"PRIVATE", `(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]{1,3}){2,3}`))

// isClientOfPort80 accepts what such a client says after its command.
func isClientOfPort80(q *squeezed, from, to int, said map[string]string) bool {
	return clientCommand.Re().MatchString(q.words(max(0, from-nearby), from+1, 0)) && isAloneAtPort80(q, from, to, said)
}

// netcat is what the first netcat, which Debian calls traditional, says of port 80.
func netcat(why string) wording {
	return exactly(aloneAtPort80, "80(http):"+why, `\[`+placeholders["private"]+`80\(http\):`+why)
}

// shortText is how long a paste may be, squeezed, to be about one thing.
const shortText = 400

var (
	proxyWord  = pattern.New(`(?:[^o]|[^n]o|^)proxy`)
	otherPort  = pattern.New(`(?:port:?=?|[0-9]\.[0-9]{1,3}:)([0-9]{2,5})\b`)
	portEighty = pattern.New(`port:?=?80[^0-9]|:80[^0-9]|,80\)|http://|[a-z]80(?:[^0-9]|$)`)
	apiHost    = pattern.New(`(?:amazonaws\.com|\.api\.aws|https://)`)
)

// isAgentPort accepts the trouble of a client with the agent's port 80: the request
// for a key stands in the text, or a word of DataSync beside that port. Trouble with
// a proxy, an API or another port is not the agent's.
func isAgentPort(q *squeezed, from, to int, _ map[string]string) bool {
	if q.inWord(from) || q.asksGateway(from, to) || neverAgent.Re().MatchString(resolver.Re().ReplaceAllString(q.stretch(from, to, 60), "")) {
		return false
	}
	if q.throughProxy(from, to) || apiHost.Re().MatchString(q.stretch(from, to, 100)) && q.nearest(&askedForKey, from, to) > 100 {
		return false
	}
	if q.nearest(&askedForKey, from, to) <= faraway {
		return q.portOf(from, to) == "" || q.portOf(from, to) == "80"
	}
	return speaksOfDataSync(q, from, to, nil) && portEighty.Re().MatchString(q.stretch(from, to, nearby)) && !q.asksElsewhere(from, to)
}

// requested is what a client asks for: a host, its port and the beginning of a path.
var requested = pattern.New(`http://[a-z0-9.]+(?::([0-9]{1,5}))?(/[a-z0-9])?`)

// asksElsewhere reports whether the text around a match asks for a page, or at a port,
// that no agent has: a key is asked for at the root of port 80.
func (q *squeezed) asksElsewhere(from, to int) bool {
	for _, m := range requested.Re().FindAllStringSubmatch(q.stretch(from, to, 120), -1) {
		if m[1] != "" && m[1] != "80" || m[2] != "" {
			return true
		}
	}
	return false
}

// neverAgent is an address that no agent has: this machine, and what an instance asks
// for its metadata and credentials.
var neverAgent = pattern.New(`(?:^|[^0-9.])(?:127\.[0-9]{1,3}|169\.254)(?:\.[0-9]{1,3}){2}(?:[^0-9]|$)|(?:^|[^0-9a-f:])::1(?:[^0-9a-f:]|$)`)

// inWord reports whether a match begins inside a word.
func (q *squeezed) inWord(from int) bool {
	before, _ := utf8.DecodeLastRuneInString(q.base[:q.origin[from]])
	at, _ := utf8.DecodeRuneInString(q.base[q.origin[from]:])
	return unicode.IsLetter(before) && unicode.IsLetter(at)
}

// resolver is the server that a name was looked up with, as Go tells it.
var resolver = pattern.New(`on(?:[0-9]{1,3}\.){3}[0-9]{1,3}:53`)

// gatewayRequest is the request that an appliance of Storage Gateway is asked for its
// key with: only DataSync's says SYNC.
var (
	gatewayRequest  = []string{"gatewaytype=stored", "gatewaytype=cached", "gatewaytype=vtl", "gatewaytype=file", "gatewaytype=fsx", "storagegateway"}
	dataSyncRequest = []string{"gatewaytype=sync"}
)

// asksGateway reports whether the text around a match is about a key of Storage
// Gateway.
func (q *squeezed) asksGateway(from, to int) bool {
	return q.nearest(&gatewayRequest, from, to) <= around && q.nearest(&dataSyncRequest, from, to) > around
}

// isProxy accepts trouble with a proxy in front of the agent.
func isProxy(q *squeezed, from, to int, _ map[string]string) bool {
	if q.asksGateway(from, to) || q.inStatusTable(from, to) {
		return false
	}
	return q.nearest(&askedForKey, from, to) <= faraway || speaksOfDataSync(q, from, to, nil)
}

// curlProxy is what curl -v says of the environment when it uses a proxy. It names
// no_proxy in the same words, and that is none.
var curlProxy = pattern.New(`usesproxyenvvariable(?:http|all)proxy`)

// throughProxy reports whether the text around a match speaks of a proxy that was
// used.
func (q *squeezed) throughProxy(from, to int) bool {
	return proxyWord.Re().MatchString(strings.ReplaceAll(q.stretch(from, to, nearby), "usesproxyenvvariablenoproxy", "")) || curlProxy.Re().MatchString(q.stretch(from, to, around))
}

// isThroughProxy accepts what happened to a connection that curl says it made to a proxy.
func isThroughProxy(q *squeezed, from, to int, _ map[string]string) bool {
	return isProxy(q, from, to, nil) && curlProxy.Re().MatchString(q.stretch(from, from, around))
}

// portOf is the port that a message itself names, as far as it does.
func (q *squeezed) portOf(from, to int) string {
	m := otherPort.Re().FindStringSubmatch(q.text[from:min(len(q.text), to+40)])
	if m == nil {
		return ""
	}
	return m[1]
}

// isKeyRequest accepts what answers in the agent's place, or what the agent
// answers: the request for a key stands in the text.
func isKeyRequest(q *squeezed, from, to int, _ map[string]string) bool {
	return q.nearest(&askedForKey, from, to) <= faraway && !q.asksGateway(from, to)
}
