package checks

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// Recognition is a documented error found in a text.
type Recognition struct {
	Error    *DocumentedError
	Captured map[string]string // from the message itself: ids, ARNs, hosts
	Excerpt  string            // the message, as it stands in the text
	at       int
	weight   int
}

// squeezed is a text as the patterns see it, with the way back to the original.
type squeezed struct {
	text     string
	original string
	origin   []int32 // offset in the original of each byte
}

var (
	// Escape sequences of terminals: CSI, OSC and the two-byte ones.
	escapes = regexp.MustCompile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
	percent = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
)

// squeeze takes out what wrapping and decoration put between the letters of a
// message: white space, the bars of Terraform's boxes, escape sequences of
// terminals. Letters become lower case. A message that a terminal, a ticket or a
// mail broke anywhere looks the same then.
func squeeze(s string) squeezed {
	q := squeezed{original: s, origin: make([]int32, 0, len(s))}
	var b strings.Builder
	b.Grow(len(s))
	skip := escapes.FindAllStringIndex(s, -1)
	for i := 0; i < len(s); {
		if len(skip) > 0 && i == skip[0][0] {
			i = skip[0][1]
			skip = skip[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if keep(r) {
			before := b.Len()
			b.WriteRune(fold(r))
			for range b.Len() - before {
				q.origin = append(q.origin, int32(i))
			}
		}
		i += n
	}
	q.text = b.String()
	return q
}

func keep(r rune) bool {
	switch r {
	case '│', '╷', '╵', '┃', '|', '\u200b', '\ufeff', utf8.RuneError:
		return false
	}
	return !unicode.IsSpace(r) && !unicode.IsControl(r)
}

// fold makes one letter of its variants.
func fold(r rune) rune {
	switch r {
	case '‘', '’', '`':
		return '\''
	case '“', '”':
		return '"'
	case '，', '、':
		return ','
	case '：':
		return ':'
	case '（':
		return '('
	case '）':
		return ')'
	}
	if r >= 'Ａ' && r <= 'ｚ' || r >= '０' && r <= '９' { // full-width forms
		r -= 'Ａ' - 'A'
	}
	return unicode.ToLower(r)
}

// bareLimit is how long a paste may be, squeezed, for an error code alone to be
// taken for DataSync's: a line or two, not a log.
const bareLimit = 120

// Recognise finds the documented errors in a text, best first: those whose
// message says most, then those that come first. It takes time linear in the
// text.
func Recognise(text string) []Recognition {
	q := squeeze(decodePercent(text))
	var out []Recognition
	for _, e := range documentedErrors {
		if r, ok := recognise(e, q); ok {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Recognition) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.at, b.at))
	})
	return subsumed(out)
}

// decodePercent undoes percent-encoding, which URLs in headers carry.
func decodePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return percent.ReplaceAllStringFunc(s, func(m string) string {
		if d, err := url.PathUnescape(m); err == nil {
			return d
		}
		return m
	})
}

func recognise(e *DocumentedError, q squeezed) (Recognition, bool) {
	for _, re := range e.Match {
		m := re.FindStringSubmatchIndex(q.text)
		if m == nil {
			continue
		}
		r := Recognition{Error: e, Captured: map[string]string{}, at: m[0], weight: 2}
		for i, name := range re.SubexpNames() {
			if name != "" && m[2*i] >= 0 && m[2*i] < m[2*i+1] {
				r.Captured[name] = squeezedKey.ReplaceAllString(strings.TrimRight(q.text[m[2*i]:m[2*i+1]], "."), "(activation key)")
			}
		}
		r.Excerpt = q.excerpt(m[0], m[1])
		return r, true
	}
	if len(q.text) <= bareLimit && !strings.Contains(q.text, "whencallingthe") && !strings.Contains(q.text, "notauthorizedtoperform") {
		for _, code := range e.Bare {
			if at := strings.Index(q.text, code); at >= 0 {
				return Recognition{Error: e, Captured: map[string]string{}, Excerpt: q.excerpt(at, at+len(code)), at: at, weight: 1}, true
			}
		}
	}
	return Recognition{}, false
}

// excerpt is a part of the text as it stood, with its white space and decoration
// tidied and activation keys taken out.
func (q squeezed) excerpt(from, to int) string {
	end := len(q.original)
	if to < len(q.origin) {
		end = int(q.origin[to])
	}
	part := escapes.ReplaceAllString(q.original[q.origin[from]:end], "")
	words := strings.FieldsFunc(part, func(r rune) bool { return !keep(r) })
	out := []rune(WithoutKeys(strings.Join(words, " ")))
	if len(out) > longestExcerpt {
		return string(out[:longestExcerpt]) + "..."
	}
	return string(out)
}

// longestExcerpt is how much of a message is shown, in characters.
const longestExcerpt = 240

var squeezedKey = regexp.MustCompile("[a-z0-9]{5}(?:-[a-z0-9]{5}){4}")

// WithoutKeys replaces the activation keys in a text, which are secrets.
func WithoutKeys(text string) string { return outside.WithoutKeys(text) }

// The ids in a text that serve as defaults for a run. The key is the name of the
// flag, with underscores.
var mentioned = []struct {
	name string
	re   *regexp.Regexp
}{
	{"vpc_endpoint_id", regexp.MustCompile(`\bvpce-[0-9a-f]{17}\b`)},
	{"subnet_arn", regexp.MustCompile(`\barn:aws[a-z-]*:ec2:[a-z0-9-]+:[0-9]{12}:subnet/subnet-[0-9a-f]{8,17}\b`)},
	{"security_group_arn", regexp.MustCompile(`\barn:aws[a-z-]*:ec2:[a-z0-9-]+:[0-9]{12}:security-group/sg-[0-9a-f]{8,17}\b`)},
	{"subnet_id", regexp.MustCompile(`\bsubnet-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)},
	{"security_group_id", regexp.MustCompile(`\bsg-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)},
	{"endpoint_ip", regexp.MustCompile(`privateLinkEndpoint=([0-9]{1,3}(?:\.[0-9]{1,3}){3})\b`)},
	{"agent_ip", regexp.MustCompile(`http://([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:[/?:"\s]|$)`)},
	{"region", regexp.MustCompile(`(?:activationRegion=|--region[ =]|arn:aws[a-z-]*:(?:ec2|datasync):)([a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})\b`)},
}

// Mentioned collects the ids, addresses and Region that a text names, the first
// of each. What a message itself captured counts before what merely stands in
// the text.
func Mentioned(text string, found []Recognition) map[string]string {
	out := map[string]string{}
	plain := escapes.ReplaceAllString(decodePercent(text), "")
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
		if hit := m.re.FindStringSubmatch(plain); hit != nil {
			out[m.name] = hit[len(hit)-1]
		}
	}
	return out
}

// Nearest lists the errors whose words a text shares most, for one that nothing
// is known of: at most three, none by chance.
func Nearest(text string) []*DocumentedError {
	words := map[string]bool{}
	for _, w := range wordsOf(text) {
		words[w] = true
	}
	type scored struct {
		e *DocumentedError
		n int
	}
	var list []scored
	for _, e := range documentedErrors {
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
	var out []*DocumentedError
	for _, s := range list[:min(3, len(list))] {
		out = append(out, s.e)
	}
	return out
}

// wordsOf lists the words of a text that say something.
func wordsOf(text string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r > 'z' || r < 'a' }), func(w string) bool { return len(w) < 5 })
}

// subsumed drops errors that are only the shadow of a more telling one in the
// same message.
func subsumed(list []Recognition) []Recognition {
	shadows := map[*DocumentedError][]*DocumentedError{
		errAgentTimeout: {errUnreachable}, errKeyNotRetrieved: {errUnreachable}, errAgentRefused: {errAgentTimeout},
	}
	return slices.DeleteFunc(list, func(r Recognition) bool {
		return slices.ContainsFunc(shadows[r.Error], func(e *DocumentedError) bool {
			return slices.ContainsFunc(list, func(o Recognition) bool { return o.Error == e && o.at == r.at })
		})
	})
}
