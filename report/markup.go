package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
)

// literal is markup that stands in this program. A string from elsewhere is none,
// so it can't get into a page but as text.
type literal string

// markup builds HTML and SVG.
type markup struct{ bytes.Buffer }

// put writes markup with each % in it replaced by the next argument: a string as
// text, a number, or further markup of this program.
func (m *markup) put(l literal, args ...any) {
	rest := string(l)
	for _, arg := range args {
		before, after, _ := strings.Cut(rest, "%")
		m.WriteString(before)
		switch v := arg.(type) {
		case string:
			m.WriteString(outside.Of(v).Markup())
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
