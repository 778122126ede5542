package report

import (
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// literal is markup that stands in this program.
type literal = outside.Literal

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

func (p prose) markup() *markup {
	var m markup
	text, at := outside.Of(string(p)).Terminal(), 0
	for _, found := range hyphened.Re().FindAllStringIndex(text, -1) {
		s := text[found[0]:found[1]]
		if !strings.ContainsAny(s, "0123456789") && checks.ByID(s) == nil {
			continue
		}
		m.put("%", text[at:found[0]])
		m.unbroken(s)
		at = found[1]
	}
	m.put("%", text[at:])
	return &m
}

func (n name) markup() *markup {
	var m markup
	m.unbroken(string(n))
	return &m
}

// unbroken keeps text on one line.
func (m *markup) unbroken(s string) {
	switch {
	case len(s) <= longestWhole:
		m.put(`<span class="k">%</span>`, s)
	case len(s) <= longestAlone:
		m.put(`<span class="own">%</span>`, s)
	default:
		m.put("%", s)
	}
}

// markup builds HTML and SVG.
type markup struct {
	outside.Document[outside.Markup]
}

// put writes markup with each % in it replaced by the next argument: prose, names and
// further markup are as they say, and for all else see outside.Document.
func (m *markup) put(l literal, args ...any) {
	for i, arg := range args {
		switch v := arg.(type) {
		case prose:
			args[i] = &v.markup().Document
		case name:
			args[i] = &v.markup().Document
		case *markup:
			args[i] = &v.Document
		}
	}
	m.Put(l, args...)
}

// statusClass is the class of what has a status or a verdict, the same in pages and
// drawings.
func statusClass[S Status | Verdict](status S) literal {
	switch string(status) {
	case string(Pass), string(Ready):
		return "pass"
	case string(Fail), string(NotReady):
		return "fail"
	case string(Warn):
		return "warn"
	case string(Unknown), string(Inconclusive), string(Interrupted):
		return "unknown"
	}
	return "skip"
}
