package documented

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// whose tells whether a message that several services or programs give is
// DataSync's here.
type whose struct {
	// may is cheap: it rules out places without any word that the judge looks for.
	may func(q *squeezed, at int) bool
	// is judges a match by the text around it and by what the match itself names.
	is func(q *squeezed, from, to int, said map[string]string) bool
}

// The judges that wordings name.
var (
	callOfDataSync    = &whose{nearCall, isCallOfDataSync}
	ofCallOrText      = &whose{nearCall, isCallOrText}
	speaksOf          = &whose{nearOwn, speaksOfDataSync}
	besideOwn         = &whose{nearOwn, besideDataSync}
	ofAgentPort       = &whose{nearRequest, isAgentPort}
	codeOfAgentPort   = &whose{nearRequest, isCodeOfAgentPort}
	ofKeyRequest      = &whose{nearRequest, isKeyRequest}
	ofStatus          = &whose{nearRequest, isStatus}
	ofPage            = &whose{nearRequest, isPage}
	ofOtherParty      = &whose{nearRequest, isOtherParty}
	ofProxy           = &whose{nearRequest, isProxy}
	throughProxy      = &whose{nearRequest, isThroughProxy}
	ofTask            = &whose{nearOwn, isTask}
	offlineField      = &whose{nearOwn, isOfflineField}
	offlineSentence   = &whose{nearOwn, isOfflineSentence}
	ofNamedHost       = &whose{anywhere, isNamedHost}
	ofAnalyzer        = &whose{anywhere, isAnalyzer}
	aloneAtPort80     = &whose{shortOrOwn, isAloneAtPort80}
	unlessOther       = &whose{anywhere, isNoOthers}
	ofInvalidEndpoint = &whose{anywhere, isInvalidEndpoint}
	clientOfPort80    = &whose{shortOrOwn, isClientOfPort80}
	codeOrOwn         = &whose{anywhere, isCodeOrOwn}
	besideAPI         = &whose{nearAPI, isBesideAPI}
)

func anywhere(*squeezed, int) bool     { return true }
func nearOwn(q *squeezed, at int) bool { return q.nearest(&ownWords, at, at) < around+window }
func nearRequest(q *squeezed, at int) bool {
	return q.nearest(&askedForKey, at, at) < faraway+window || nearOwn(q, at)
}

func nearCall(q *squeezed, at int) bool {
	return nearOwn(q, at) || q.nearest(callWords(), at, at) < nearby+window
}
func nearAPI(q *squeezed, at int) bool    { return q.nearest(&apiDomains, at, at) <= sameMessage }
func shortOrOwn(q *squeezed, at int) bool { return len(q.text) <= shortText || nearOwn(q, at) }

// How far around a message, in bytes, words still belong to it.
const (
	sameMessage = 200  // the words of one message
	nearby      = 300  // the sentence, and the lines next to it
	around      = 1500 // the command and its output
	faraway     = 6000 // the request that a program was made with, and its stack trace
)

// stretch is the part of the squeezed text around a match, and where it begins.
func (q *squeezed) stretch(from, to, reach int) string {
	return q.text[max(0, from-reach):min(len(q.text), to+reach)]
}

// words is the same part of the text before it was squeezed.
func (q *squeezed) words(from, to, reach int) string {
	start, end := q.reach(from, to, reach)
	return q.base[start:end]
}

// reach is where that part begins and ends.
func (q *squeezed) reach(from, to, reach int) (start, end int) {
	start, end = int(q.origin[max(0, from-reach)]), len(q.base)
	if to+reach < len(q.origin) {
		end = int(q.origin[to+reach])
	}
	return start, end
}

// ownWords are what only a text about DataSync says, squeezed; ids follow some.
var ownWords = []string{"datasync", "dsynagent", "fmrsservice", "activationkey", "activationregion=", "privatelinkendpoint=", "agent/agent#", "task/task#", "execution/exec#", "exec#", "task#", "agent#", "loc#"}

// apiDomains are where the APIs of AWS are.
var apiDomains = []string{"amazonaws.com", ".api.aws"}

// itsName is what no other service is called.
var itsName = []string{"datasync"}

// askedForKey are what a request for an activation key holds.
var askedForKey = []string{"activationregion=", "gatewaytype=", "privatelinkendpoint=", "retrievingactivationkey", "retrievingtheactivationkey", "retrieveactivationkey", "retrieveagentactivationkey", "endpointtype=privatelink", "endpointtype=fipsprivatelink"}

// callWords are the operations of DataSync that a message may name.
var callWords = sync.OnceValue(func() *[]string {
	list := slices.Sorted(maps.Keys(dataSyncOperations()))
	return &list
})

// marksOf is where the words of a list stand in the text, in order. A # stands for
// the 17 digits of an id.
func (q *squeezed) marksOf(list *[]string) []span {
	if found, ok := q.marks[list]; ok {
		return found
	}
	var out []span
	for _, w := range *list {
		w, id := strings.CutSuffix(w, "#")
		for _, place := range q.places(w) {
			from, at := int(place), int(place)+len(w)
			if !id {
				if w != itsName[0] || namesDataSync(q.base, int(q.origin[from]), int(q.origin[at-1])+1) {
					out = append(out, span{from, at})
				}
			} else if to := run(q.text, at, hexDigit); to-at == idDigits {
				out = append(out, span{from, to})
			}
		}
	}
	slices.SortFunc(out, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	q.marks[list] = out
	return out
}

// idDigits is how many digits the ids of DataSync have.
const idDigits = 17

func hexDigit(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' }

// nearest is how far from a place the nearest word of a list stands.
func (q *squeezed) nearest(list *[]string, from, to int) int {
	marks := q.marksOf(list)
	at, _ := slices.BinarySearchFunc(marks, from, func(m span, x int) int { return cmp.Compare(m.from, x) })
	best := nowhere
	for _, m := range marks[max(0, at-1):min(len(marks), at+2)] {
		best = min(best, m.away(from, to))
	}
	return best
}

// away is how far two parts stand from each other.
func (s span) away(from, to int) int {
	return max(0, from-s.to, s.from-to)
}

// speaksOfDataSync accepts a message with a word of DataSync's own nearby and no
// other service's nearer.
func speaksOfDataSync(q *squeezed, from, to int, _ map[string]string) bool {
	own := q.nearestOwn(from, to)
	return own < nowhere && own < q.nearestOther(from, to)
}

// besideDataSync accepts it within the same sentence only: words that everybody
// uses.
func besideDataSync(q *squeezed, from, to int, _ map[string]string) bool {
	return q.nearestOwn(from, to) < nearby && q.nearestOther(from, to) >= nearby
}

const nowhere = 1 << 30

// nearestOwn is how far from a match the nearest word of DataSync's own stands.
func (q *squeezed) nearestOwn(from, to int) int {
	if d := q.nearest(&ownWords, from, to); d <= around {
		return d
	}
	return nowhere
}

// isCallOfDataSync accepts an error of an API call. What the message itself names
// decides: the action, the service, the operation. Operations that are other
// services' too count unless the text names one; those of EC2 and STS, and
// messages that name nothing, need a word of DataSync's own.
func isCallOfDataSync(q *squeezed, from, to int, said map[string]string) bool {
	service, operation := said["service"], said["operation"]
	if service == "" && operation == "" {
		if service, operation = q.namedCall(from, to); service == "" && operation == "" {
			return besideDataSync(q, from, to, nil) && !isKeyRequest(q, from, to, nil)
		}
	}
	switch {
	case service == "datasync" || service == "awsdatasync" || service == "fmrsservice":
		return true
	case service == "ec2" || service == "sts":
		_, action, _ := strings.Cut(said["action"], ":")
		return stageOperations()[cmp.Or(operation, knownOperation(action))] && speaksOfDataSync(q, from, to, nil)
	case service != "":
		return false
	case stageOperations()[operation] || strings.HasSuffix(operation, "resource") || strings.HasSuffix(operation, "forresource"):
		return speaksOfDataSync(q, from, to, nil)
	case strings.Contains(operation, "agent") && strings.Contains(q.stretch(from, to, nearby), "iam:passrole"): // an agent of Bedrock is given a role, one of DataSync is not
		return false
	}
	return dataSyncOperations()[operation] && q.nearestOwn(from, to) <= q.nearestOther(from, to)
}

// knownOperation is the longest operation that a squeezed text begins with: what
// follows it has no space before.
func knownOperation(text string) string {
	best := ""
	for _, set := range []map[string]bool{dataSyncOperations(), stageOperations()} {
		for op := range set {
			if len(op) > len(best) && strings.HasPrefix(text, op) {
				best = op
			}
		}
	}
	return best
}

// The ways in which SDKs name the call that failed, squeezed.
var callNames = []*pattern.Pattern{
	pattern.New(`whencallingthe[^a-z0-9]{0,4}(?P<operation>[a-z0-9]{3,50}?)[^a-z0-9]{0,4}operation`),
	pattern.New(`operationerror[^a-z0-9]{0,4}(?P<service>[a-z0-9]{2,40}):[^a-z0-9]{0,4}(?P<operation>[a-z0-9]{3,50})`),
	pattern.New(`toperform:?(?P<service>[a-z0-9]{2,40}):[a-z0-9]+`),
	pattern.New(`eventsource:(?P<service>[a-z0-9]{2,40})\.amazonaws\.com,eventname:(?P<operation>[a-z0-9]{3,50})`), // CloudTrail
	pattern.New(`\(service:(?P<service>[a-z0-9]{2,40})[;,)]`),
}

// namedCall finds the service and operation that the sentence around a match
// names, the nearest first.
func (q *squeezed) namedCall(from, to int) (service, operation string) {
	lo := max(0, from-nearby)
	text := q.stretch(from, to, nearby)
	best := nowhere
	for _, compiled := range callNames {
		re := compiled.Re()
		for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
			d := span{m[0], m[1]}.away(from-lo, to-lo)
			if d >= best || strings.Contains(text[m[0]:m[1]], "ec2imds") { // where a client looks for credentials
				continue
			}
			best, service, operation = d, "", ""
			for i, name := range re.SubexpNames() {
				switch {
				case name == "service":
					service = text[m[2*i]:m[2*i+1]]
				case name == "operation":
					operation = text[m[2*i]:m[2*i+1]]
				}
			}
		}
	}
	return service, operation
}

// isCallOrText accepts a client's own trouble, such as missing credentials, which
// is the same for all services: the call is DataSync's, or the text speaks of it.
func isCallOrText(q *squeezed, from, to int, said map[string]string) bool {
	if service, operation := q.namedCall(from, to); (service != "" || operation != "") && !signsIn()[operation] {
		return isCallOfDataSync(q, from, to, said)
	}
	return !q.afterOtherCommand(from) && speaksOfDataSync(q, from, to, nil)
}

// signsIn are the operations that a client gets its credentials from, whatever it calls
// then.
var signsIn = wordSet(`assumerole assumerolewithwebidentity assumerolewithsaml getrolecredentials getsessiontoken createtoken refreshtoken`)

// isNamedHost accepts trouble with a host of the APIs that an activation calls:
// the name must be that of the service, not hold its letters.
func isNamedHost(q *squeezed, from, to int, said map[string]string) bool {
	host := said["host"]
	if !strings.Contains(host, "amazonaws.com") && !strings.HasSuffix(host, ".api.aws") {
		return false
	}
	for _, label := range strings.Split(host, ".") {
		switch label {
		case "datasync", "datasyncfips", "activation", "cp":
			return label == "datasync" || label == "datasyncfips" || strings.Contains(host, ".datasync")
		case "ec2", "sts", "ec2fips", "stsfips":
			return true
		}
	}
	return false
}

// hostOfAPI is the name of an API's host.
var hostOfAPI = pattern.New(`(?i)[a-z0-9][a-z0-9.-]*\.(?:amazonaws\.com(?:\.cn)?|api\.aws)`)

// isBesideAPI accepts trouble with a connection where the host that the message names
// is of an API that an activation calls, and no other host of AWS.
func isBesideAPI(q *squeezed, from, to int, _ map[string]string) bool {
	if q.inWord(from) || q.nearest(&askedForKey, from, to) <= nearby {
		return false
	}
	hosts := hostOfAPI.Re().FindAllString(q.words(from, to, sameMessage), -1)
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool {
		return !isNamedHost(q, from, to, map[string]string{"host": strings.ReplaceAll(strings.ToLower(h), "-", "")})
	})
}

// isNoOthers accepts words that DataSync's own tools say, unless the call or the
// text beside them is another service's that says the same.
func isNoOthers(q *squeezed, from, to int, _ map[string]string) bool {
	service, operation := q.namedCall(from, to)
	if operation != "" && !dataSyncOperations()[operation] && !stageOperations()[operation] || service != "" && !companions()[strings.TrimPrefix(service, "aws")] {
		return false
	}
	return q.nearestOther(from, to) >= min(q.nearest(&itsName, from, to), nearby)
}

// blankWithin is a blank between two letters of a line.
var blankWithin = pattern.New(`\S[ \t]+\S`)

// isCodeOrOwn accepts words that DataSync writes as one and everybody else as several:
// where they are several, the text must speak of it.
func isCodeOrOwn(q *squeezed, from, to int, _ map[string]string) bool {
	if blankWithin.Re().MatchString(q.words(from, to, 0)) && !isKeyRequest(q, from, to, nil) {
		return speaksOfDataSync(q, from, to, nil)
	}
	return isNoOthers(q, from, to, nil)
}

// isInvalidEndpoint accepts a complaint about an endpoint, not the one about a public
// key, which begins alike.
func isInvalidEndpoint(q *squeezed, from, to int, _ map[string]string) bool {
	said := q.text[from:to]
	return !strings.Contains(said, "unspecified") && !strings.Contains(said, "パブリックエンドポイント")
}

// analyzerWords are what a text about Reachability Analyzer says.
var analyzerWords = []string{"networkinsights", "reachabilityanalyzer", "reachabilityanalyser", "nia#", "nip#"}

// isAnalyzer accepts what Reachability Analyzer says.
func isAnalyzer(q *squeezed, from, to int, _ map[string]string) bool {
	return q.nearest(&analyzerWords, from, to) <= around
}

// isTask accepts trouble with storage: it stands with a task or its log, not with
// a request for a key.
func isTask(q *squeezed, from, to int, _ map[string]string) bool {
	return speaksOfDataSync(q, from, to, nil) && q.nearest(&askedForKey, from, to) > faraway && !portEighty.Re().MatchString(q.stretch(from, to, 60))
}

// An agent's ARN or id, and a field or a cell that holds the status. A name that
// holds the word is none.
var (
	agentName    = pattern.New(`agent-[0-9a-f]{17}`)
	offlineValue = pattern.New(`(?i)(?:(?:^|[^\w-])["']?status["']?\s*[:=|]\s*["']?|[|\t]\s*)OFFLINE["']?\s*(?:[|,}\r\n\t]|$)`)
)

// isOfflineField accepts the word as the value of an agent's status.
func isOfflineField(q *squeezed, from, to int, _ map[string]string) bool {
	text := strings.ReplaceAll(q.words(from, to, nearby), `\"`, `"`)
	return agentName.Re().MatchString(text) && offlineValue.Re().MatchString(text)
}

// ofWhichAgent is the word before "agent": other programs call theirs by name.
var ofWhichAgent = pattern.New(`(?i)(?:^|.*[^a-z])([a-z0-9]+)[^a-z0-9]+agent`)

// otherAgents are programs that call their helpers agents.
var otherAgents = pattern.New(`(?i)jenkins|azure (?:devops|pipelines)|teamcity|buildkite|bamboo|gitlab|zabbix|datadog|new ?relic|nagios|splunk|veeam|scom|puppet|ssm|cloudwatch|systems manager|inspector`)

// plainAgent are the words that stand before DataSync's.
var plainAgent = wordSet("datasync the our my your this that one an a its premises basic enhanced mode ec2 of and on")

// isOfflineSentence accepts a sentence about an agent that no other program's name
// stands before.
func isOfflineSentence(q *squeezed, from, to int, _ map[string]string) bool {
	if !besideDataSync(q, from, to, nil) {
		return false
	}
	if otherAgents.Re().MatchString(q.words(from, to, nearby)) {
		return false
	}
	text := q.words(from, to, 40)
	before := strings.ToLower(text[:min(len(text), int(q.origin[from])-int(q.origin[max(0, from-40)])+len("agent"))])
	m := ofWhichAgent.Re().FindStringSubmatch(before)
	return m == nil || plainAgent()[m[1]]
}
