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
	anyKey = pattern.New("(?:[A-Z0-9]" + keyFiller + "){5}(?:" + keyHyphen + keyFiller + "(?:[A-Z0-9]" + keyFiller + "){5}){4}")
	// Escapes are the control sequences of terminals, as in ECMA-48.
	Escapes = pattern.New("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\^_])")
)

// WithoutKeys replaces the activation keys in a text, which are secrets.
func WithoutKeys(text string) string {
	if !mayHoldKey(text) {
		return text
	}
	if strings.Contains(text, "\x1b") && anyKey.Re().MatchString(Escapes.Re().ReplaceAllString(text, "")) {
		text = Escapes.Re().ReplaceAllString(text, "") // a key with colours in it
	}
	return anyKey.Re().ReplaceAllString(text, "(activation key)")
}

// A key is five groups of five letters.
const (
	lettersOfKey = 25
	hyphensOfKey = 4
	shortestKey  = lettersOfKey + hyphensOfKey
)

// What a byte can be in a text, for one quick look at it.
const (
	between = 1 << iota // it may stand between the letters of a key
	letter              // of a key
	hyphen              // of a key, or begins what stands for one
	odd                 // no plain letter of English: what a reader does with it must be seen
)

var meaning = func() (table [256]uint8) {
	for i := range table {
		switch c := byte(i); {
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			table[i] = letter
		case c == '-' || c == '%' || c == '\\' || c == '&' || c >= 0x80:
			table[i] = hyphen
		case c <= ' ' || c == '>' || c == '|' || c == '#' || c == ';' || c == 'd' || c == 'u' || c == 'x':
			table[i] = between
		}
		if i < ' ' || i > '~' {
			table[i] |= odd
		}
	}
	return table
}()

// mayHoldKey is cheap, and seldom true of what is no key: only capitals, digits, what
// stands for a hyphen and what may have got between them stand in a row in one.
func mayHoldKey(text string) bool {
	if len(text) < shortestKey {
		return false
	}
	coloured := strings.Contains(text, "\x1b") // escapes hold other letters
	var run keyRun
	for i := range len(text) {
		m := meaning[text[i]]
		if coloured && m&(letter|hyphen) == 0 {
			continue
		}
		if run.ends(m) {
			return true
		}
	}
	return false
}

// keyRun counts what may be a key's, in a row.
type keyRun struct{ letters, hyphens int }

// ends takes one more byte, by its meaning, and reports whether a key may end there.
func (r *keyRun) ends(m uint8) bool {
	switch {
	case m&letter != 0:
		r.letters++
	case m&hyphen != 0:
		r.hyphens++
	case m&between == 0:
		*r = keyRun{}
	}
	return r.letters >= lettersOfKey && r.hyphens >= hyphensOfKey
}

// settled reports, in one look, that a text holds no key, and that every reader takes
// it for itself.
func settled(text string) bool {
	var run keyRun
	last := byte(0)
	for i := range len(text) {
		c := text[i]
		m := meaning[c]
		if m&odd != 0 || c == last && (c == ':' || c == '#') || run.ends(m) {
			return false
		}
		last = c
	}
	return true
}
