package documented

import (
	"iter"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// literal is a wording that is found by what it begins with, which is quicker in a
// long text than looking for it everywhere.
type literal struct {
	whole bool // nothing of a word stands before it
	heads []string
	from  *pattern.Pattern // from the head on
}

// saying is where a wording stands: how long it is, and what its last group holds, or
// all of it where it has none.
type saying struct {
	length int
	said   string
}

// longestLiteral is how much of a text such a wording may take, in bytes.
const longestLiteral = 200

// in gives each place of the wording in a text, head by head.
func (l literal) in(text string) iter.Seq2[int, saying] {
	return func(yield func(int, saying) bool) {
		for _, head := range l.heads {
			for at := 0; ; at += len(head) {
				n := strings.Index(text[at:], head)
				if n < 0 {
					break
				}
				if at += n; l.whole && at > 0 && (alphanumeric(text[at-1]) || text[at-1] == '_') {
					continue
				}
				if m := l.from.Re().FindStringSubmatch(text[at:min(len(text), at+longestLiteral)]); m != nil && !yield(at, saying{len(m[0]), m[len(m)-1]}) {
					return
				}
			}
		}
	}
}

// first is what the wording says where it comes first in a text, "" if nowhere.
func (l literal) first(text string) string {
	said, before := "", len(text)
	for _, head := range l.heads {
		one := literal{l.whole, []string{head}, l.from}
		for at, m := range one.in(text[:min(len(text), before+longestLiteral)]) {
			if at < before {
				said, before = m.said, at
			}
			break
		}
	}
	return said
}
