package report

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Width is how many columns of a terminal a text takes.
func Width(text string) int { return uniseg.StringWidth(text) }

// Wrap breaks text into lines of at most width columns of a terminal. It breaks
// at spaces, and where Unicode lets text that is written without them break
// (https://www.unicode.org/reports/tr14/), but for words of katakana; a longer word
// is cut.
func Wrap(text string, width int) []string { return wrapAs(text, width, Width) }

// wrapAs is Wrap for a width that is measured otherwise than in columns.
func wrapAs(text string, width int, measure func(string) int) []string {
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		lines = append(lines, wrapParagraph(paragraph, width, measure)...)
	}
	return lines
}

func wrapParagraph(text string, width int, measure func(string) int) []string {
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, used = "", 0
	}
	for _, word := range words(text) {
		w := measure(word)
		trimmed := measure(strings.TrimRight(word, " "))
		if used > 0 && used+trimmed > width {
			flush()
			word = strings.TrimLeft(word, " ")
			w = measure(word)
		}
		for measure(strings.TrimRight(word, " ")) > width {
			head, tail := cutAt(word, width, measure)
			line = head
			flush()
			word = tail
			w = measure(word)
		}
		line += word
		used += w
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}

// words splits text into the pieces between which a line may break. Spaces stay
// at the end of the piece before them.
func words(text string) []string {
	var out []string
	piece, state := "", -1
	for text != "" {
		var segment string
		segment, text, _, state = uniseg.FirstLineSegmentInString(text, state)
		if piece += segment; text == "" || parts(piece, text) {
			out, piece = append(out, piece), ""
		}
	}
	return out
}

// parts reports whether a line may break between two texts where Unicode says so.
// Between letters of the Latin alphabet it may not: hyphens and slashes stand in
// ids, flags and links, which are pasted.
func parts(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return last == ' ' || (last >= firstUnspaced || first >= firstUnspaced) && !(katakana(last) && katakana(first))
}

// katakana reports whether a character is one of a word of katakana.
func katakana(r rune) bool { return r >= 'ァ' && r <= 'ヺ' || r == 'ー' }

// firstUnspaced is where the scripts begin that are written without spaces.
const firstUnspaced = '\u2e80'

// cutAt splits a word at a column, behind a mark if there is one in its second half.
func cutAt(word string, width int, measure func(string) int) (head, tail string) {
	used, at, joint, state := 0, 0, 0, -1
	for rest := word; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		w := measure(cluster)
		if used+w > width && at > 0 {
			if joint > at/2 {
				at = joint
			}
			return word[:at], word[at:]
		}
		at += len(cluster)
		if used += w; strings.Contains("._/", cluster) {
			joint = at
		}
	}
	return word, ""
}
