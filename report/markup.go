package report

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// literal is markup that stands in this program. A string from elsewhere is none,
// so it can't get into a page but as text.
type literal string

// prose is text of a page whose ids and ranges stay on one line: browsers break lines
// behind hyphens, and what is copied from a page must hold no character that forbids it.
type prose string

// name is text of a page that is an id as a whole, with a digit in it or not.
type name string

var hyphened = pattern.New(`[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+`)

// What has hyphens stays on one line up to so many characters, which fit a phone in every
// font. A longer one has a line of its own, and is broken only where even that is too short.
const (
	longestWhole = 30
	longestAlone = 40 // ids of associations and of Direct Connect gateways
)

func (p prose) markup() string {
	return hyphened.Re().ReplaceAllStringFunc(outside.Of(string(p)).Markup(), func(s string) string {
		if !strings.ContainsAny(s, "0123456789") && checks.ByID(s) == nil {
			return s
		}
		return unbroken(s)
	})
}

// unbroken keeps markup on one line.
func unbroken(s string) string {
	switch {
	case len(s) <= longestWhole:
		return `<span class="k">` + s + `</span>`
	case len(s) <= longestAlone:
		return `<span class="own">` + s + `</span>`
	}
	return s
}

// markup builds HTML and SVG.
type markup struct{ bytes.Buffer }

// put writes markup with each % in it replaced by the next argument: a string as
// text, prose and names likewise, a number, or further markup of this program.
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
		case name:
			m.WriteString(unbroken(outside.Of(string(v)).Markup()))
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
