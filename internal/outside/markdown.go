package outside

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// markdown keeps text from being read as Markdown or HTML, from becoming a link,
// and from mentioning people.
func (t Text) markdown() string {
	var b strings.Builder
	for i, r := range Of(oneLine.Replace(strings.TrimSpace(t.raw))).Terminal() {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@':
			b.WriteString("&#64;")
		case r == '#':
			b.WriteString("&#35;")
		case r == '$':
			b.WriteString("&#36;")
		case strings.ContainsRune("\\`*_[]|~", r) || i == 0 && strings.ContainsRune("-+=", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return links.Re().ReplaceAllString(b.String(), "$1&#58;//")
}

var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// links are what GitHub's Markdown makes a link of without being asked.
var links = pattern.New(`(?i)\b(https?|ftp|mailto|xmpp)://`)

// Code is text as a span of code of Markdown, which is all letters to it.
func Code(text string) Literal {
	return Literal("`" + strings.ReplaceAll(Of(oneLine.Replace(strings.TrimSpace(text))).Terminal(), "`", "'") + "`")
}

// Fence is lines as a block of code of Markdown, each behind an indent. None of them
// ends the block.
func Fence(language, indent Literal, lines []string) Literal {
	var b strings.Builder
	b.WriteString("```" + string(language) + "\n")
	for _, l := range lines {
		b.WriteString(string(indent) + strings.ReplaceAll(Of(strings.ReplaceAll(l, "\n", " ")).Terminal(), "```", "'''") + "\n")
	}
	b.WriteString(string(indent) + "```\n")
	return Literal(b.String())
}

// Link is text that leads to an address of the web, which may be the text itself. Where
// the address holds what might be read as something else, it is the text alone.
func Link(text, address string) Literal {
	said := Of(text).markdown()
	switch {
	case !webAddress.Re().MatchString(address):
		return Literal(said)
	case text == address:
		return Literal("<" + address + ">")
	}
	return Literal("[" + said + "](" + address + ")")
}

var webAddress = pattern.New(`^https://[\w.~/?=&%#:@+,;-]+$`)
