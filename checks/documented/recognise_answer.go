package documented

import (
	"cmp"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// answered are the ways in which clients tell with which status something answered a
// request for a key. code is an expression for the status; the words are those that
// stand beside it.
func answered(code string, words ...string) []wording {
	code = `(?P<status>` + code + `)`
	out := []wording{
		exactly(ofStatus, "http/1", `http/1\.[01]`+code+`(?:[^0-9]|$)`),
		exactly(ofStatus, "http4", `http`+code+`(?:[^0-9]|$)`),
		exactly(ofStatus, "http5", `http`+code+`(?:[^0-9]|$)`),
		exactly(ofStatus, "status", `(?:failedwithstatuscode|unexpectedstatus(?:code)?:?|httpstatuscode:?|statuscodewas|:statuscode)`+code),
		exactly(ofStatus, "responsecode", `responsecode:?`+code),
		exactly(ofStatus, "error", `(?:requestedurlreturnederror:|httperror:?|urlopenerror)`+code),
		exactly(ofStatus, "awaitingresponse", `awaitingresponse\.*`+code),
	}
	for _, w := range words {
		w = strings.ReplaceAll(w, " ", "")
		out = append(out, exactly(ofStatus, w, code+`[^a-z0-9]{0,4}(?:message[:=])?`+w))
	}
	return out
}

// statusEntry is one status in a list of all that there are, as the dump of a
// program's objects holds it.
var statusEntry = pattern.New(`[1-5][0-9]{2}:[a-z]|[a-z]:[1-5][0-9]{2}[,}]|notacceptable|requesttimeout|conflict,`)

// inStatusTable reports whether a match is an entry of such a list.
func (q *squeezed) inStatusTable(from, to int) bool {
	return len(statusEntry.Re().FindAllStringIndex(q.stretch(from, to, 60), -1)) >= 3
}

// isStatus accepts the status of the answer to a request for a key.
func isStatus(q *squeezed, from, to int, _ map[string]string) bool {
	return isKeyRequest(q, from, to, nil) && !q.inStatusTable(from, to)
}

// isPage accepts a web page where a key was asked for and none came.
func isPage(q *squeezed, from, to int, _ map[string]string) bool {
	return isKeyRequest(q, from, to, nil) && !strings.Contains(q.stretch(from, to, faraway), "activationkey=")
}

// listedCode is a code of an error in a list.
var listedCode = pattern.New(`(?:etimedout|econnreset|eaddrinuse|econnrefused|epipe|enotfound|enetunreach|ehostunreach|eaiagain),`)

// isCodeOfAgentPort accepts the code of an error by itself, none of a list.
func isCodeOfAgentPort(q *squeezed, from, to int, said map[string]string) bool {
	for _, code := range listedCode.Re().FindAllString(q.stretch(from, to, 50), -1) {
		if !strings.HasPrefix(q.text[from:], strings.TrimSuffix(code, ",")) { // those that a client tries again after
			return false
		}
	}
	return isAgentPort(q, from, to, said)
}

// party is a host and its port in squeezed text, as clients write them.
const party = `(?P<proxy>[a-z0-9.]+?(?:port:?=?|,port=|:|,)[1-9][0-9]{1,4})(?:[^0-9.:]|:[^0-9]|\.(?:[^0-9]|$)|$)`

// dialled are the ways in which clients tell whom they dialled, or whose name they
// looked up. Where that is not whom the key was asked of, it is a proxy.
var dialled = []wording{
	exactly(ofOtherParty, "connectingto", `connectingto[a-z0-9.]+\([a-z0-9.]+\)`+party),
	exactly(ofOtherParty, "connect", `(?:connect|connection|connecting)to(?:host|server|remotehost)?`+party),
	exactly(ofOtherParty, "host=", `host=`+party),
	exactly(ofOtherParty, "econn", `econn[a-z]{5,7}?`+party),
	exactly(ofOtherParty, "etimedout", `etimedout`+party),
	exactly(ofOtherParty, "unreach", `e(?:host|net)unreach`+party),
	exactly(ofOtherParty, "dialtcp", `dialtcp`+party),
	exactly(ofOtherParty, "enotfound", `enotfound(?P<proxy>[a-z0-9.]+)`),
	exactly(ofOtherParty, "eaiagain", `eaiagain(?P<proxy>[a-z0-9.]+)`),
	exactly(ofOtherParty, "resolve", `(?:unabletoresolvehostaddress|couldnotresolvehost(?:name)?:?)(?P<proxy>[a-z0-9.]+)`),
	exactly(ofOtherParty, "unknownhostexception", `unknownhostexception:(?P<proxy>[a-z0-9.]+?)(?:at[a-z]+\.|$)`),
	exactly(ofOtherParty, "getaddrinfofor", `getaddrinfofor(?P<proxy>[a-z0-9.]+)failed`),
}

var (
	// askedURL is the request for a key, and whom it is made of.
	askedURL  = pattern.New(`http://([a-z0-9.]+)(?::([0-9]{1,5}))?/?\?[^<> ]{0,300}?(?:activationregion=|gatewaytype=)`)
	partyPort = pattern.New(`^(.+?)(?:port:?=?|,port=|:|,)([0-9]+)$`)
)

// isOtherParty accepts one that the client dialled though the key was asked of another.
func isOtherParty(q *squeezed, from, to int, said map[string]string) bool {
	asked := askedURL.Re().FindStringSubmatch(q.stretch(from, to, faraway))
	if asked == nil || q.asksGateway(from, to) || apiHost.Re().MatchString(said["proxy"]) || neverAgent.Re().MatchString(said["proxy"]) {
		return false
	}
	host, port := asked[1], cmp.Or(asked[2], "80")
	if m := partyPort.Re().FindStringSubmatch(said["proxy"]); m != nil {
		return m[2] != port && m[2] != "443" && m[2] != "53"
	}
	return strings.Contains(said["proxy"], ".") && !strings.Contains(said["proxy"], host)
}
