package checks

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	text   string
	origin []int32 // offset in the original of each byte
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
	q := squeezed{origin: make([]int32, 0, len(s))}
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
		if r, ok := recognise(e, text, q); ok {
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

func recognise(e *DocumentedError, text string, q squeezed) (Recognition, bool) {
	for _, re := range e.Match {
		m := re.FindStringSubmatchIndex(q.text)
		if m == nil {
			continue
		}
		r := Recognition{Error: e, Captured: map[string]string{}, at: m[0], weight: 2}
		for i, name := range re.SubexpNames() {
			if name != "" && m[2*i] >= 0 && m[2*i] < m[2*i+1] {
				r.Captured[name] = strings.TrimRight(q.text[m[2*i]:m[2*i+1]], ".")
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

// excerpt is a part of the squeezed text. Its white space is gone, but no key or
// control character can be in it.
func (q squeezed) excerpt(from, to int) string { return q.text[from:to] }

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
