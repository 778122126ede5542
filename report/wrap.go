package report

import (
	"strings"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Wrap breaks text into lines of at most width columns of a terminal. It breaks
// at spaces, and between characters of scripts that are written without them; a
// longer word is cut. A line never starts with closing punctuation if that can
// be helped.
func Wrap(text string, width int) []string {
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		lines = append(lines, wrapParagraph(paragraph, width)...)
	}
	return lines
}

func wrapParagraph(text string, width int) []string {
	var lines []string
	line, used := "", 0
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, used = "", 0
	}
	for _, word := range words(text) {
		w := twwidth.Width(word)
		trimmed := twwidth.Width(strings.TrimRight(word, " "))
		if used > 0 && used+trimmed > width {
			flush()
			word = strings.TrimLeft(word, " ")
			w = twwidth.Width(word)
		}
		for twwidth.Width(strings.TrimRight(word, " ")) > width {
			head, tail := cutAt(word, width)
			line = head
			flush()
			word = tail
			w = twwidth.Width(word)
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
	start := 0
	runes := []rune(text)
	for i := 1; i < len(runes); i++ {
		if mayBreak(runes[i-1], runes[i]) {
			out = append(out, string(runes[start:i]))
			start = i
		}
	}
	if start < len(runes) {
		out = append(out, string(runes[start:]))
	}
	return out
}

// noStart can't begin a line, noEnd can't end one (kinsoku shori, JIS X 4051).
const (
	noStart = "、。，．・：；？！）］｝〕〉》」』】ーぁぃぅぇぉっゃゅょァィゥェォッャュョ)]},.:;?!"
	noEnd   = "（［｛〔〈《「『【([{"
)

func mayBreak(before, after rune) bool {
	if before == ' ' {
		return after != ' '
	}
	if strings.ContainsRune(noStart, after) || strings.ContainsRune(noEnd, before) || after == ' ' {
		return false
	}
	return unspaced(before) || unspaced(after)
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || strings.ContainsRune("、。・「」（）ー", r)
}

// cutAt splits a word at a column.
func cutAt(word string, width int) (head, tail string) {
	used, joint := 0, 0
	for i, r := range word {
		w := twwidth.Width(string(r))
		if used+w > width && i > 0 {
			if joint > i/2 {
				i = joint
			}
			return word[:i], word[i:]
		}
		if used += w; strings.ContainsRune("._/", r) {
			joint = i + 1
		}
	}
	return word, ""
}
