package documented

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Recognition is a documented error found in a text.
type Recognition struct {
	Error    *Error
	Captured map[string]string // from the message itself: ids, ARNs, hosts
	Excerpt  string            // the message, as it stands in the text
	at       int               // in the text that was decoded
	named    []span            // where what it captured stands there
	weight   int
}

// Recognise finds the documented errors in a text, best first: those that only
// DataSync says, then those that come first. It takes time linear in the text.
//
// The text is read up to three times: as it stands; without what each line repeats of
// the one before, each line that is a record of a log in JSON being its message; and
// column by column, where it has any. A message that was wrapped behind a prefix, or
// beside something else, shows in the second or third only.
func Recognise(text string) []Recognition {
	base := decoded(text)
	out := recogniseMore(nil, squeeze(base, nil))
	messages, records := messagesOf(text)
	if records {
		base = decoded(messages)
	}
	if prefixes := prefixesIn(base); prefixes != nil || records {
		if !records {
			out = slices.DeleteFunc(out, func(r Recognition) bool { return r.namesPrefix(prefixes) })
		}
		out = recogniseMore(out, squeeze(base, prefixes))
	}
	if columns, found := columnsOf(base); found {
		n := len(out)
		if out = recogniseMore(out, squeeze(columns, nil)); len(out) > n {
			prefixes := prefixesIn(columns)
			out = append(out[:n], slices.DeleteFunc(out[n:], func(r Recognition) bool { return r.namesPrefix(prefixes) })...)
		}
	}
	slices.SortStableFunc(out, func(a, b Recognition) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.at, b.at))
	})
	return subsumed(out)
}

// namesPrefix reports whether a name or an id that a message is said to hold is of the
// prefix of a line that the message goes on in: it is another without the prefix.
func (r Recognition) namesPrefix(prefixes []span) bool {
	at, _ := slices.BinarySearchFunc(prefixes, r.at+1, func(p span, x int) int { return cmp.Compare(p.from, x) })
	return slices.ContainsFunc(r.named, func(n span) bool {
		for _, p := range prefixes[at:] {
			if p.from >= n.to {
				break
			}
			if p.to > n.from {
				return true
			}
		}
		return false
	})
}

// recogniseMore adds to a list the errors of the catalogue that it does not have.
func recogniseMore(list []Recognition, q *squeezed) []Recognition {
	q.find(allWords())
	for _, e := range catalogue {
		if slices.ContainsFunc(list, func(r Recognition) bool { return r.Error == e }) {
			continue
		}
		if r, ok := recognise(e, q); ok {
			list = append(list, r)
		}
	}
	return list
}

// patientTries is how many places are looked at one by one, for one wording.
const patientTries = 60

// window is how far from its anchor, in bytes, a message may reach.
const window = 500

func recognise(e *Error, q *squeezed) (Recognition, bool) {
	if slices.Contains(e.Codes, strings.Trim(q.text, ".:()")) { // the code itself was typed
		return Recognition{Error: e, Captured: map[string]string{}, Excerpt: q.source(0, len(q.text), " "), weight: 1}, true
	}
	for _, w := range spottings()[e] {
		tries := 0
		from := 0
		for _, place := range q.places(w.anchor) {
			at := int(place)
			if at < from {
				continue
			}
			from = at + len(w.anchor)
			if w.whose != nil && !w.whose.may(q, at) {
				continue
			}
			if tries++; tries > patientTries { // an anchor everywhere, and never the message: look here and there
				from = max(from, at+len(q.text)/patientTries)
			}
			lo := at
			if !w.leads {
				lo = max(0, at-window)
			}
			part := q.text[lo:min(len(q.text), at+window)]
			re := w.re.Re()
			m := re.FindStringSubmatchIndex(part)
			if m == nil {
				continue
			}
			said := map[string]string{}
			for i, name := range re.SubexpNames() {
				if name != "" && m[2*i] >= 0 && m[2*i] < m[2*i+1] {
					said[name] = part[m[2*i]:m[2*i+1]]
				}
			}
			if w.whose != nil && !w.whose.is(q, lo+m[0], lo+m[1], said) {
				from = max(from, lo+m[1])
				continue
			}
			r := Recognition{Error: e, Captured: map[string]string{}, at: int(q.origin[lo+m[0]]), weight: 2, Excerpt: q.excerpt(lo+m[0], lo+m[1])}
			for i, name := range re.SubexpNames() {
				if said[name] != "" && m[2*i] >= 0 {
					to := lo + m[2*i+1]
					if head, action, ok := strings.Cut(said[name], ":"); ok && name == "action" && knownOperation(action) != "" {
						to = lo + m[2*i] + len(head) + 1 + len(knownOperation(action))
					}
					r.named = append(r.named, span{int(q.origin[lo+m[2*i]]), int(q.origin[to-1]) + 1})
					r.Captured[name] = WithoutKeys(strings.Trim(q.source(lo+m[2*i], to, ""), "\"'`.*\\"))
				}
			}
			return r, true
		}
	}
	return Recognition{}, false
}

// excerpt is a part of the text as it stood, with its white space and decoration
// tidied and activation keys taken out.
func (q *squeezed) excerpt(from, to int) string {
	out := []rune(WithoutKeys(q.source(from, to, " ")))
	if len(out) > longestExcerpt {
		return string(out[:longestExcerpt]) + "..."
	}
	return string(out)
}

// longestExcerpt is how much of a message is shown, in characters.
const longestExcerpt = 240

// WithoutKeys replaces the activation keys in a text, which are secrets.
func WithoutKeys(text string) string { return outside.WithoutKeys(text) }

// The ids in a text that serve as defaults for a run. The key is the name of the
// flag, with underscores.
var mentioned = []struct {
	name string
	in   literal
}{
	{"vpc_endpoint_id", literal{true, []string{"vpce-"}, pattern.New(`^vpce-[0-9a-f]{17}\b`)}},
	{"subnet_arn", literal{true, []string{"arn:aws"}, pattern.New(`^arn:aws[a-z-]*:ec2:[a-z0-9-]+:[0-9]{12}:subnet/subnet-[0-9a-f]{8,17}\b`)}},
	{"security_group_arn", literal{true, []string{"arn:aws"}, pattern.New(`^arn:aws[a-z-]*:ec2:[a-z0-9-]+:[0-9]{12}:security-group/sg-[0-9a-f]{8,17}\b`)}},
	{"subnet_id", literal{true, []string{"subnet-"}, pattern.New(`^subnet-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)}},
	{"security_group_id", literal{true, []string{"sg-"}, pattern.New(`^sg-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)}},
	{"endpoint_ip", literal{false, []string{"privateLinkEndpoint="}, pattern.New(`^privateLinkEndpoint=([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b`)}},
	{"agent_ip", literal{false, []string{"http://"}, pattern.New(`^http://([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:[/?:"\s]|$)`)}},
	{"agent_ip", literal{true, []string{"nc", "connect to ", "Connecting to "}, pattern.New(`^(?:nc(?:at)?\b[^\n]{0,60}\s|connect to |Connecting to )([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:\s+(?:port\s+)?80\b|:80\b)`)}},
	{"agent_host", literal{false, []string{"http://"}, pattern.New(`^http://([A-Za-z][A-Za-z0-9.-]*)(?::80)?/?\?[^\s]*?(?:activationRegion|gatewayType)=`)}},
	{"principal", literal{true, []string{"User: ", "user: "}, pattern.New(`^[Uu]ser: (arn:aws[a-z-]*:(?:iam|sts)::[0-9]{12}:[A-Za-z0-9+=,.@_/-]+)`)}},
	{"region", literal{false, []string{"activationRegion=", "--region", "arn:aws"}, pattern.New(`^(?:activationRegion=|--region[ =]|arn:aws[a-z-]*:(?:ec2|datasync):)([a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})\b`)}},
}

// Mentioned collects the ids, addresses and Region that a text names, the first
// of each. What a message itself captured counts before what merely stands in
// the text.
func Mentioned(text string, found []Recognition) map[string]string {
	out := map[string]string{}
	plain := decoded(text)
	for _, r := range found {
		for k, v := range r.Captured {
			if out[k] == "" {
				out[k] = WithoutKeys(v)
			}
		}
	}
	for _, m := range mentioned {
		if out[m.name] != "" {
			continue
		}
		if said := m.in.first(plain); said != "" {
			out[m.name] = said
		}
	}
	return out
}

// Nearest lists the errors whose words a text shares most, for one that nothing
// is known of: at most three, none by chance.
func Nearest(text string) []*Error {
	words := map[string]bool{}
	for _, w := range wordsOf(text) {
		words[w] = true
	}
	type scored struct {
		e *Error
		n int
	}
	var list []scored
	for _, e := range catalogue {
		n := 0
		for _, w := range slices.Compact(slices.Sorted(slices.Values(wordsOf(e.Message.En + " " + e.Title.En + " " + e.ID)))) {
			if words[w] {
				n++
			}
		}
		if n >= 2 {
			list = append(list, scored{e, n})
		}
	}
	slices.SortStableFunc(list, func(a, b scored) int { return cmp.Compare(b.n, a.n) })
	var out []*Error
	for _, s := range list[:min(3, len(list))] {
		out = append(out, s.e)
	}
	return out
}

// wordsOf lists the words of a text that say something.
func wordsOf(text string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r > 'z' || r < 'a' }), func(w string) bool { return len(w) < 5 })
}

// subsumed drops errors that are only the shadow of a more telling one: what a
// proxy that stands in the text did is not the agent's doing, and what the tool says
// of the agent's answer tells more than the time that it took. A signature that is late
// has the code of a false one.
func subsumed(list []Recognition) []Recognition {
	anywhere := map[*Error][]*Error{
		AgentRefused: {AgentProxy}, AgentTimeout: {AgentProxy}, AgentReset: {AgentProxy}, AgentNoRoute: {AgentProxy}, AgentStatus: {AgentProxy}, AgentGatewayTimeout: {AgentProxy},
		NotAKey: {AgentProxy, AgentStatus, AgentGatewayTimeout},
	}
	sameWords := map[*Error][]*Error{AgentTimeout: {EndpointUnreachable}, KeyNotRetrieved: {EndpointUnreachable}, AgentRefused: {AgentTimeout}, CredentialsMissing: {ClockSkew}}
	beside := func(r, o Recognition) bool {
		if r.Error == AgentRefused && o.Error == AgentNoRoute && !strings.Contains(strings.ToLower(r.Excerpt), "refused") { // curl and Java say of both that they could not connect
			return true
		}
		return slices.Contains(anywhere[r.Error], o.Error) || slices.Contains(sameWords[r.Error], o.Error) && o.at == r.at
	}
	return slices.DeleteFunc(slices.Clone(list), func(r Recognition) bool {
		return slices.ContainsFunc(list, func(o Recognition) bool { return beside(r, o) })
	})
}
