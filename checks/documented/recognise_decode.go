package documented

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

var (
	percent = pattern.New(`(?:%[0-9A-Fa-f]{2})+`)
	// Escapes of JSON and of programs that print strings, once or twice over.
	quoted = pattern.New(`\\+(?:u[0-9a-fA-F]{4}|[nrt])`)
	// An escape character as Python, shells and C print it, and bytes beyond ASCII.
	printedEscape = pattern.New(`\\+(?:x1[bB]|0?33|e)\[`)
	printedBytes  = pattern.New(`(?:\\x[89a-fA-F][0-9a-fA-F])+`)
	entity        = pattern.New(`&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,5}|#x[0-9a-fA-F]{1,4});`)
	named         = map[string]string{"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": `"`, "&apos;": "'", "&nbsp;": " "}
)

// plainSpace puts spaces where editors, wikis and chats put ones of their own, and
// takes out what they put between letters for nobody to see.
func plainSpace(r rune) rune {
	switch r {
	case '\u00a0', '\u2007', '\u202f':
		return ' '
	case '\u00ad', '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff':
		return -1
	}
	return r
}

// decoded undoes what URLs, JSON, HTML, terminals, and programs that print the bytes
// of strings do to a text.
func decoded(s string) string {
	s = unquotedPrintable(unRTF(s))
	for range 3 { // a page that was quoted in a page is encoded twice
		if !strings.Contains(s, "&") {
			break
		}
		s = entity.Re().ReplaceAllStringFunc(s, func(m string) string {
			if plain, ok := named[m]; ok {
				return plain
			}
			digits, base := m[2:len(m)-1], 10
			if digits[0] == 'x' {
				digits, base = digits[1:], 16
			}
			n, err := strconv.ParseUint(digits, base, 16)
			if err != nil {
				return m
			}
			return string(rune(n))
		})
	}
	if strings.Contains(s, `\`) {
		s = quoted.Re().ReplaceAllStringFunc(s, func(m string) string {
			code := strings.TrimLeft(m, `\`)
			if code[0] != 'u' {
				return "\n"
			}
			n, err := strconv.ParseUint(code[1:], 16, 16)
			if err != nil {
				return m
			}
			return string(rune(n))
		})
		s = printedEscape.Re().ReplaceAllString(s, "\x1b[")
		s = printedBytes.Re().ReplaceAllStringFunc(s, func(m string) string {
			d, err := hex.DecodeString(strings.ReplaceAll(m, `\x`, ""))
			switch {
			case err != nil:
				return m
			case utf8.Valid(d):
				return string(d)
			}
			letters := make([]rune, len(d)) // of a string, not of its bytes
			for i, b := range d {
				letters[i] = rune(b)
			}
			return string(letters)
		})
	}
	return strings.Map(plainSpace, unframed(decodePercent(s)))
}

var (
	softBreak = pattern.New(`=[ \t]*\r?\n`)
	printable = pattern.New(`(?:=[0-9A-F]{2})+`)
)

// unquotedPrintable undoes what mail does to lines that are long and to letters beyond
// ASCII. An equals sign in it is always one of these; of other texts some is not.
// Source: RFC 2045, 6.7.
func unquotedPrintable(s string) string {
	if !strings.Contains(s, "=") {
		return s
	}
	joined := softBreak.Re().ReplaceAllString(s, "")
	if !printable.Re().MatchString(joined) || strings.Contains(printable.Re().ReplaceAllString(joined, ""), "=") {
		if joined == s || !longSoft(s) || strings.Contains(printable.Re().ReplaceAllString(joined, ""), "=") {
			return s
		}
	}
	return printable.Re().ReplaceAllStringFunc(joined, func(m string) string {
		if d, err := hex.DecodeString(strings.ReplaceAll(m, "=", "")); err == nil && utf8.Valid(d) {
			return string(d)
		}
		return m
	})
}

// longSoft reports whether each line that a soft break ends is as long as they are.
func longSoft(s string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimRight(line, " \t\r"); strings.HasSuffix(line, "=") && (len(line) < 70 || len(line) > 76) {
			return false
		}
	}
	return true
}

// decodePercent undoes percent-encoding, which URLs in headers carry.
func decodePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	for range 2 { // a URL within a URL is encoded twice
		s = percent.Re().ReplaceAllStringFunc(s, func(m string) string {
			if d, err := url.PathUnescape(m); err == nil {
				return d
			}
			return m
		})
	}
	return s
}

// What is left of a colour where the escape character was lost or printed: by a
// copy, by cat -v, by syslog.
var colour = marked{'[', []string{"^[", "#033", "\u241b"}, pattern.New(`^\[[0-9]{1,3}(?:;[0-9]{1,3}){0,20}[mK]`)}

// htmlTag is a tag that stands between words in pages of tickets and wikis.
var htmlTag = marked{'<', nil, pattern.New(`(?i)^</?(?:a|b|br|code|div|em|font|i|li|p|pre|s|span|strong|td|tr|tt|u|wbr)(?:\s[^<>]{0,200})?/?>`)}

// unframed takes out what programs that show a text put into it: the escape
// sequences of terminals and the tags of pages.
func unframed(s string) string {
	if strings.Contains(s, "\x1b") {
		s = outside.Escapes.Re().ReplaceAllString(s, "")
	}
	return htmlTag.replace(colour.replace(s, ""), " ")
}

// marked is what begins with a mark, and may have something before it: the places are
// found by the mark, which is quicker in a long text.
type marked struct {
	mark   byte
	before []string
	rest   *pattern.Pattern
}

// longestMarked is how long what is marked may be, in bytes.
const longestMarked = 900

func (m marked) replace(s, by string) string {
	at := strings.IndexByte(s, m.mark)
	if at < 0 {
		return s
	}
	var out strings.Builder
	done := 0
	for at >= done {
		to := at + 1
		if hit := m.rest.Re().FindStringIndex(s[at:min(len(s), at+longestMarked)]); hit != nil {
			to = at + hit[1]
			left := s[done:at]
			for _, b := range m.before {
				left = strings.TrimSuffix(left, b)
			}
			out.WriteString(left)
			out.WriteString(by)
			done = to
		}
		next := strings.IndexByte(s[to:], m.mark)
		if next < 0 {
			break
		}
		at = to + next
	}
	out.WriteString(s[done:])
	return out.String()
}
