package outside

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// The letters of an activation key are capitals. Between them a terminal, a mail
// or an encoding may have put something.
const (
	keyFiller = "[\\s>|\u2502\u200b-\u200d\u2060\ufeff]*"
	keyHyphen = "(?:[-\u2010-\u2015\u2212\ufe63\uff0d]|%(?:25)*2[Dd]|\\\\u002[dD]|&#(?:45|x2[dD]);)"
)

var (
	anyKey = pattern.Late("(?:[A-Z0-9]" + keyFiller + "){5}(?:" + keyHyphen + keyFiller + "(?:[A-Z0-9]" + keyFiller + "){5}){4}")
	// Escapes are the control sequences of terminals, as in ECMA-48.
	Escapes = pattern.Late("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
)

// WithoutKeys replaces the activation keys in a text, which are secrets.
func WithoutKeys(text string) string {
	if !mayHoldKey(text) {
		return text
	}
	if strings.Contains(text, "\x1b") && anyKey().MatchString(Escapes().ReplaceAllString(text, "")) {
		text = Escapes().ReplaceAllString(text, "") // a key with colours in it
	}
	return anyKey().ReplaceAllString(text, "(activation key)")
}

// shortestKey is 25 letters and 4 hyphens.
const shortestKey = 29

// mayHoldKey is cheap, and seldom true of what is no key: only capitals, digits, what
// stands for a hyphen and what may have got between them stand in a row in one.
func mayHoldKey(text string) bool {
	if len(text) < shortestKey {
		return false
	}
	coloured := strings.Contains(text, "\x1b") // escapes hold other letters
	letters, hyphens := 0, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			letters++
		case c == '-' || c == '%' || c == '\\' || c == '&' || c >= 0x80:
			hyphens++
		case coloured || c <= ' ' || c == '>' || c == '|' || c == '#' || c == ';' || c == 'd' || c == 'u' || c == 'x':
		default:
			letters, hyphens = 0, 0
			continue
		}
		if letters >= 25 && hyphens >= 4 {
			return true
		}
	}
	return false
}
