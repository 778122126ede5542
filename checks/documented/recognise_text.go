package documented

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// squeezed is a text as the patterns see it, with the way back to the original.
type squeezed struct {
	text   string
	base   string               // what was squeezed
	origin []int32              // offset in base of each byte of text
	skip   []span               // what was left out of base, in order
	marks  map[*[]string][]span // where the words of a list stand, in order
	others []span               // where base names other services, once somebody asked

	lexicon *lexicon
	found   [][]int32 // where each word of it stands, in order
}

// span is a part of a text, from the first byte to before the last.
type span struct{ from, to int }

// squeeze takes out what wrapping, quoting and decoration put between the letters
// of a message: white space, hyphens and underscores, quotes, the marks of Markdown,
// the bars of boxes and the parts to skip. Letters become lower case. A message that
// a terminal, a ticket or a mail broke anywhere looks the same then.
func squeeze(base string, skip []span) *squeezed {
	q := &squeezed{base: base, origin: make([]int32, 0, len(base)), skip: skip, marks: map[*[]string][]span{}}
	var b strings.Builder
	b.Grow(len(base))
	for i := 0; i < len(base); {
		if len(skip) > 0 && i >= skip[0].from {
			i = max(i, skip[0].to)
			skip = skip[1:]
			continue
		}
		r, n := rune(base[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(base[i:])
		}
		if meaningful(r) {
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

func meaningful(r rune) bool {
	switch r {
	case '-', '_', '"', '\'', '`', '*', '\\', '~', '|', '^':
		return false
	}
	return decorated(r)
}

// decorated reports whether a letter is one of a text, not of its frame.
func decorated(r rune) bool {
	if r < utf8.RuneSelf {
		return r > ' ' && r != 0x7f && r != '|'
	}
	switch {
	case unicode.Is(unicode.Cf, r), r >= '\u2500' && r <= '\u259f', r >= '\u2010' && r <= '\u201f', r == '\u2022', r == '\u2212', r == utf8.RuneError:
		return false
	}
	return !unicode.IsSpace(r) && !unicode.IsControl(r)
}

// fold makes one letter of its variants.
func fold(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + ('a' - 'A')
	}
	if r < utf8.RuneSelf {
		return r
	}
	switch r {
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

// prefixesIn finds what each line shares with the beginning of the line before:
// quotes of mails, time stamps, names of containers and of CI steps, line numbers,
// comment marks. A message that was wrapped has them between its words. What they
// look like is not asked, only that they repeat; digits may differ.
func prefixesIn(s string) []span {
	var out []span
	last := ""
	for at := 0; at < len(s); {
		end := len(s)
		if n := strings.IndexByte(s[at:], '\n'); n >= 0 {
			end = at + n
		}
		line := s[at:end]
		if n := shared(last, line); n > 0 {
			out = append(out, span{at, at + n})
		}
		if strings.TrimSpace(line) != "" {
			last = line
		}
		at = end + 1
	}
	return out
}

// shared is how much of a line repeats the beginning of another, up to the end of
// a word or mark. Runs of digits, and of spaces, are as good as each other.
func shared(a, b string) int {
	i, j, cut, solid := 0, 0, 0, false
	for i < len(a) && j < len(b) {
		switch {
		case digit(a[i]) && digit(b[j]):
			i, j = run(a, i, digit), run(b, j, digit)
		case blank(a[i]) && blank(b[j]):
			i, j = run(a, i, blank), run(b, j, blank)
			cut = j
			continue
		case a[i] == b[j], flag(a, i) && flag(b, j):
			i, j = i+1, j+1
		case level(a[i:]) > 0 && level(b[j:]) > 0 && mark(b[j-min(1, j)]):
			i, j = i+level(a[i:]), j+level(b[j:])
			cut = j
			continue
		default:
			return solidly(solid, cut)
		}
		if j > 0 && !blank(b[j-1]) {
			solid = true
		}
		if j > 0 && j <= len(b) && mark(b[j-1]) {
			cut = j
		}
	}
	return solidly(solid, cut)
}

// solidly is a length, if what it measures is more than indentation.
func solidly(solid bool, n int) int {
	if !solid {
		return 0
	}
	return n
}

// flag reports whether a letter stands alone, as the mark of a whole or a part line
// in logs of Kubernetes (P, F) and of a stream in those of GitLab (01O, 01E) does.
func flag(s string, i int) bool {
	return s[i] >= 'A' && s[i] <= 'Z' && i > 0 && (blank(s[i-1]) || digit(s[i-1])) && i+1 < len(s) && (blank(s[i+1]) || s[i+1] == '+')
}

// level is how long the level of a log is that a text begins with.
func level(s string) int {
	for _, w := range []string{"ERROR", "WARNING", "WARN", "INFO", "DEBUG", "TRACE", "FATAL", "NOTICE", "STDOUT", "STDERR"} {
		if strings.HasPrefix(s, w) && len(s) > len(w) && mark(s[len(w)]) {
			return len(w)
		}
	}
	return 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
func mark(c byte) bool {
	return c < utf8.RuneSelf && !digit(c) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
}

func run(s string, i int, is func(byte) bool) int {
	for i < len(s) && is(s[i]) {
		i++
	}
	return i
}

// source is the part of the text that a match stands for, without line breaks and
// decoration.
func (q *squeezed) source(from, to int, gap string) string {
	start, end := int(q.origin[from]), len(q.base)
	if to < len(q.origin) {
		end = int(q.origin[to])
	}
	at, _ := slices.BinarySearchFunc(q.skip, start, func(s span, x int) int { return cmp.Compare(s.to, x) })
	skip := q.skip[at:]
	var b strings.Builder
	pause := false
	for i := start; i < end; {
		if len(skip) > 0 && i >= skip[0].from {
			i = max(i, skip[0].to)
			skip = skip[1:]
			pause = true
			continue
		}
		r, n := utf8.DecodeRuneInString(q.base[i:])
		i += n
		if !decorated(r) && (r < '\u2010' || r > '\u201f') {
			pause = true
			continue
		}
		if pause && b.Len() > 0 {
			b.WriteString(gap)
		}
		pause = false
		b.WriteRune(r)
	}
	return b.String()
}
