package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dspreflight/dspreflight/checks"
)

// Harmless makes text from outside safe to print: control characters (a
// terminal would obey them) and characters that hide or reorder text are shown
// as escapes, and broken UTF-8 as the replacement character.
//
// Activation keys, wherever somebody has put one, are taken out.
func Harmless(s string) string {
	s = checks.WithoutKeys(s)
	if !strings.ContainsFunc(s, harmful) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !harmful(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func harmful(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// HarmlessLines is Harmless for text whose line breaks are meant.
func HarmlessLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Harmless(lines[i])
	}
	return strings.Join(lines, "\n")
}
