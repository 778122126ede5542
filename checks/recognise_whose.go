package checks

import (
	"regexp"
	"strings"
)

// whose tells whether a message that several services or programs give is
// DataSync's here. It sees the text around the match and what the match named.
type whose func(q *squeezed, from, to int, named map[string]string) bool

// How far around a message, in bytes, words still belong to it.
const (
	nearby  = 300  // the sentence, and the lines next to it
	around  = 1500 // the command and its output
	faraway = 6000 // the request that a program was made with, and its stack trace
)

// stretch is the part of the squeezed text around a match, and where it begins.
func (q *squeezed) stretch(from, to, reach int) string {
	return q.text[max(0, from-reach):min(len(q.text), to+reach)]
}

// words is the same part of the text before it was squeezed.
func (q *squeezed) words(from, to, reach int) string {
	start, end := int(q.origin[max(0, from-reach)]), len(q.base)
	if to+reach < len(q.origin) {
		end = int(q.origin[to+reach])
	}
	return q.base[start:end]
}

// ownWord is what only a text about DataSync says.
var ownWord = regexp.MustCompile(`datasync|fmrsservice|agent/?agent[0-9a-f]{17}|task/?task[0-9a-f]{17}|execution/?exec[0-9a-f]{17}|exec[0-9a-f]{17}|\bloc[0-9a-f]{17}|activationkey|activationregion=|privatelinkendpoint=`)

// speaksOfDataSync accepts a message with a word of DataSync's own nearby and no
// other service's nearer.
func speaksOfDataSync(q *squeezed, from, to int, _ map[string]string) bool {
	return q.nearestOwn(from, to) < q.nearestOther(from, to)
}

// besideDataSync accepts it within the same sentence only: words that everybody
// uses.
func besideDataSync(q *squeezed, from, to int, _ map[string]string) bool {
	return q.nearestOwn(from, to) < min(nearby, q.nearestOther(from, to))
}

const nowhere = 1 << 30

// nearestOwn is how far from a match the nearest word of DataSync's own stands.
func (q *squeezed) nearestOwn(from, to int) int {
	lo := max(0, from-around)
	return nearest(ownWord.FindAllStringIndex(q.stretch(from, to, around), -1), from-lo, to-lo)
}

var (
	serviceWord = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*`)
	serviceARN  = regexp.MustCompile(`arn:aws[a-z-]*:([a-z0-9-]+):`)
	actionName  = regexp.MustCompile(`\b([a-z][a-z0-9-]{1,40}):[A-Z][A-Za-z]+`)
)

// companions are services that DataSync's own messages name: callers, locations,
// logs.
var companions = wordSet(`datasync ec2 sts iam s3 elasticfilesystem efs fsx logs cloudwatch cloudformation kms ssm secretsmanager organizations sso`)

// nearestOther is how far from a match the nearest name of a service stands that
// DataSync has nothing to do with, in bytes of the text before it was squeezed.
func (q *squeezed) nearestOther(from, to int) int {
	text := q.words(from, to, around)
	lo := int(q.origin[max(0, from-around)])
	a, b := int(q.origin[from])-lo, int(q.origin[to-1])-lo+1
	var hits [][]int
	for _, m := range serviceWord.FindAllStringIndex(text, -1) {
		w := strings.ToLower(strings.ReplaceAll(text[m[0]:m[1]], "_", "-"))
		head, _, _ := strings.Cut(w, "-")
		if otherServices[w] || otherServices[head] {
			hits = append(hits, m)
		}
	}
	for _, re := range []*regexp.Regexp{serviceARN, actionName} {
		for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
			name := text[m[2]:m[3]]
			if !companions[name] && (re == serviceARN || otherServices[name]) {
				hits = append(hits, m[:2])
			}
		}
	}
	return nearest(hits, a, b)
}

// nearest is the least distance of any of the parts from one.
func nearest(parts [][]int, from, to int) int {
	best := nowhere
	for _, p := range parts {
		switch {
		case p[1] <= from:
			best = min(best, from-p[1])
		case p[0] >= to:
			best = min(best, p[0]-to)
		default:
			best = 0
		}
	}
	return best
}

// callOfDataSync accepts an error of an API call. What the message itself names
// decides: the action, the service, the operation. Operations that are other
// services' too count unless the text names one; those of EC2 and STS, and
// messages that name nothing, need a word of DataSync's own.
func callOfDataSync(q *squeezed, from, to int, said map[string]string) bool {
	service, operation := said["service"], said["operation"]
	if service == "" && operation == "" {
		service, operation = q.namedCall(from, to)
	}
	switch {
	case service == "datasync" || service == "awsdatasync" || service == "fmrsservice":
		return true
	case service != "" && service != "ec2" && service != "sts" && service != "iam":
		return false
	case stageOperations[operation] || service != "" || strings.HasSuffix(operation, "resource") || strings.HasSuffix(operation, "forresource"):
		return speaksOfDataSync(q, from, to, nil)
	case operation != "":
		return dataSyncOperations[operation] && q.nearestOwn(from, to) <= q.nearestOther(from, to)
	}
	return besideDataSync(q, from, to, nil)
}

// The ways in which SDKs name the call that failed, squeezed.
var callNames = []*regexp.Regexp{
	regexp.MustCompile(`whencallingthe(?P<operation>[a-z0-9]{3,50}?)operation`),
	regexp.MustCompile(`operationerror(?P<service>[a-z0-9]{2,40}):(?P<operation>[a-z0-9]{3,50})`),
	regexp.MustCompile(`toperform:?(?P<service>[a-z0-9]{2,40}):[a-z0-9]+`),
	regexp.MustCompile(`\(service:(?P<service>[a-z0-9]{2,40})[;,)]`),
}

// namedCall finds the service and operation that the sentence around a match
// names, the nearest first.
func (q *squeezed) namedCall(from, to int) (service, operation string) {
	lo := max(0, from-nearby)
	text := q.stretch(from, to, nearby)
	best := nowhere
	for _, re := range callNames {
		for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
			d := nearest([][]int{m[:2]}, from-lo, to-lo)
			if d >= best {
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

// ofCallOrText accepts a client's own trouble, such as missing credentials, which
// is the same for all services: the call is DataSync's, or the text speaks of it.
func ofCallOrText(q *squeezed, from, to int, said map[string]string) bool {
	if service, operation := q.namedCall(from, to); service != "" || operation != "" {
		return callOfDataSync(q, from, to, said)
	}
	return speaksOfDataSync(q, from, to, nil)
}

// aloneAtPort80 accepts the words of the clients that the user guide names, about
// a private address and port 80, where the text is short and about nothing else.
func aloneAtPort80(q *squeezed, from, to int, _ map[string]string) bool {
	return !q.throughProxy(from, to) && q.nearestOther(from, to) == nowhere && (len(q.text) <= shortText || speaksOfDataSync(q, from, to, nil))
}

// clientCommand is a call of a plain client with a private address and port 80.
var clientCommand = regexp.MustCompile(`\b(?:(?:curl|wget)\b[^\n]*\bhttp://(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]{1,3}){2,3}(?::80)?(?:[/?"'\s]|$)|nc(?:at)?\b[^\n]*\s(?:10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))(?:\.[0-9]{1,3}){2,3}\s+80\b)`)

// clientOfPort80 accepts what such a client says after its command.
func clientOfPort80(q *squeezed, from, to int, said map[string]string) bool {
	return clientCommand.MatchString(q.words(max(0, from-nearby), from+1, 0)) && aloneAtPort80(q, from, to, said)
}

// shortText is how long a paste may be, squeezed, to be about one thing.
const shortText = 400

var (
	askedForKey = regexp.MustCompile(`activationregion=|gatewaytype=|privatelinkendpoint=|retriev(?:ing|e)(?:the)?(?:agent(?:s)?)?activationkey|endpointtype=(?:fips)?privatelink`)
	proxyWord   = regexp.MustCompile(`(?:[^o]|[^n]o|^)proxy`)
	otherPort   = regexp.MustCompile(`(?:port:?=?|[0-9]\.[0-9]{1,3}:)([0-9]{2,5})\b`)
	portEighty  = regexp.MustCompile(`port:?=?80[^0-9]|:80[^0-9]|,80\)|http://|[a-z]80(?:[^0-9]|$)`)
	apiHost     = regexp.MustCompile(`(?:amazonaws\.com|\.api\.aws|https://)`)
)

// ofAgentPort accepts the trouble of a client with the agent's port 80: the request
// for a key stands in the text, or a word of DataSync beside that port. Trouble with
// a proxy, an API or another port is not the agent's.
func ofAgentPort(q *squeezed, from, to int, _ map[string]string) bool {
	if q.throughProxy(from, to) || apiHost.MatchString(q.stretch(from, to, 100)) && !askedForKey.MatchString(q.stretch(from, to, 100)) {
		return false
	}
	if askedForKey.MatchString(q.stretch(from, to, faraway)) {
		return q.portOf(from, to) == "" || q.portOf(from, to) == "80"
	}
	return speaksOfDataSync(q, from, to, nil) && portEighty.MatchString(q.stretch(from, to, nearby))
}

// ofProxy accepts trouble with a proxy in front of the agent.
func ofProxy(q *squeezed, from, to int, _ map[string]string) bool {
	return askedForKey.MatchString(q.stretch(from, to, faraway)) || speaksOfDataSync(q, from, to, nil)
}

// throughProxy reports whether the text around a match speaks of a proxy that was
// used.
func (q *squeezed) throughProxy(from, to int) bool {
	return proxyWord.MatchString(q.stretch(from, to, nearby)) || strings.Contains(q.stretch(from, to, around), "usesproxyenv")
}

// portOf is the port that a message itself names, as far as it does.
func (q *squeezed) portOf(from, to int) string {
	m := otherPort.FindStringSubmatch(q.text[from:min(len(q.text), to+40)])
	if m == nil {
		return ""
	}
	return m[1]
}

// ofNamedHost accepts trouble with a host of the APIs that an activation calls:
// the name must be that of the service, not hold its letters.
func ofNamedHost(q *squeezed, from, to int, said map[string]string) bool {
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

// ofAnalyzer accepts what Reachability Analyzer says.
func ofAnalyzer(q *squeezed, from, to int, _ map[string]string) bool {
	return regexp.MustCompile(`networkinsights|reachabilityanaly[sz]er|\bnia[0-9a-f]{17}|nip[0-9a-f]{17}`).MatchString(q.stretch(from, to, around))
}

// ofKeyRequest accepts what answers in the agent's place, or what the agent
// answers: the request for a key stands in the text.
func ofKeyRequest(q *squeezed, from, to int, _ map[string]string) bool {
	return askedForKey.MatchString(q.stretch(from, to, faraway))
}

// ofTask accepts trouble with storage: it stands with a task or its log, not with
// a request for a key.
func ofTask(q *squeezed, from, to int, _ map[string]string) bool {
	return speaksOfDataSync(q, from, to, nil) && !askedForKey.MatchString(q.stretch(from, to, faraway)) && !portEighty.MatchString(q.stretch(from, to, 60))
}

// An agent's ARN or id, and a field or a cell that holds the status. A name that
// holds the word is none.
var (
	agentName    = regexp.MustCompile(`agent-[0-9a-z]{17}`)
	offlineValue = regexp.MustCompile(`(?i)(?:(?:^|[^\w-])["']?status["']?\s*[:=|]\s*["']?|[|\t]\s*)OFFLINE["']?\s*(?:[|,}\r\n\t]|$)`)
)

// offlineField accepts the word as the value of an agent's status.
func offlineField(q *squeezed, from, to int, _ map[string]string) bool {
	text := strings.ReplaceAll(q.words(from, to, nearby), `\"`, `"`)
	return agentName.MatchString(text) && offlineValue.MatchString(text)
}
