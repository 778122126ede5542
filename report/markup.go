package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// literal is markup that stands in this program. A string from elsewhere is none,
// so it can't get into a page but as text.
type literal string

// prose is text of a page whose ids and ranges stay on one line: browsers break lines
// behind hyphens, and what is copied from a page must hold no character that forbids it.
type prose string

var hyphened = pattern.Late(`[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+`)

// longestWhole is up to how many characters what has hyphens stays whole: it fits a phone.
const longestWhole = 30

func (p prose) markup() string {
	return hyphened().ReplaceAllStringFunc(outside.Of(string(p)).Markup(), func(s string) string {
		if len(s) > longestWhole || !strings.ContainsAny(s, "0123456789") {
			return s
		}
		return `<span class="k">` + s + `</span>`
	})
}

// markup builds HTML and SVG.
type markup struct{ bytes.Buffer }

// put writes markup with each % in it replaced by the next argument: a string as
// text, prose likewise, a number, or further markup of this program.
func (m *markup) put(l literal, args ...any) {
	rest := string(l)
	for _, arg := range args {
		before, after, _ := strings.Cut(rest, "%")
		m.WriteString(before)
		switch v := arg.(type) {
		case string:
			m.WriteString(outside.Of(v).Markup())
		case prose:
			m.WriteString(v.markup())
		case int:
			m.WriteString(strconv.Itoa(v))
		case literal:
			m.WriteString(string(v))
		}
		rest = after
	}
	m.WriteString(rest)
}

// statusClass is the class of what has a status, the same in pages and drawings.
func statusClass(status string) literal {
	switch status {
	case "PASS", "READY":
		return "pass"
	case "FAIL", "NOT_READY":
		return "fail"
	case "WARN":
		return "warn"
	case "UNKNOWN", "INCONCLUSIVE", "INTERRUPTED":
		return "unknown"
	}
	return "skip"
}
