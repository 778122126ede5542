package outside

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Literal is text of this program in the language of a medium. Only constants become
// one by themselves: a string from elsewhere is none, so that the compiler keeps it
// from standing in a document but as text.
type Literal string

// Medium is the language of a document.
type Medium interface {
	// Text renders text so that the medium's reader takes it for text.
	Text(t Text) string
}

// The media of documents.
type (
	// Markup is HTML, SVG or XML, between tags or in a quoted attribute.
	Markup struct{}
	// Markdown is that of GitHub and GitLab.
	Markdown struct{}
	// Shell is a POSIX shell, for which a text is a word.
	Shell struct{}
	// HCL is Terraform's language, for which a text is a string in its quotes.
	HCL struct{}
	// YAML has texts in double quotes.
	YAML struct{}
	// Mermaid has texts between the quotes of a label.
	Mermaid struct{}
)

// Text implements Medium.
func (Markup) Text(t Text) string { return t.markup() }

// Text implements Medium.
func (Markdown) Text(t Text) string { return t.markdown() }

// Text implements Medium.
func (Shell) Text(t Text) string { return t.word() }

// Text implements Medium.
func (HCL) Text(t Text) string { return `"` + t.hcl() + `"` }

// Text implements Medium.
func (YAML) Text(t Text) string { return `"` + t.yaml() + `"` }

// Text implements Medium.
func (Mermaid) Text(t Text) string { return t.mermaid() }

// Document is a text in the language of a medium, in the making. The zero value is an
// empty one.
type Document[M Medium] struct{ text bytes.Buffer }

// Put writes a literal with each % in it replaced by the next argument: a further
// Literal and a document of the same medium as they are, all else as text. A literal
// without arguments is written as it is.
func (d *Document[M]) Put(l Literal, args ...any) {
	rest := string(l)
	for _, arg := range args {
		before, after, _ := strings.Cut(rest, "%")
		d.text.WriteString(before)
		d.argument(arg)
		rest = after
	}
	d.text.WriteString(rest)
}

func (d *Document[M]) argument(arg any) {
	var medium M
	switch v := arg.(type) {
	case Literal:
		d.text.WriteString(string(v))
	case *Document[M]:
		d.text.Write(v.text.Bytes())
	case string:
		d.text.WriteString(medium.Text(Of(v)))
	case int:
		d.text.WriteString(strconv.Itoa(v))
	default:
		d.text.WriteString(medium.Text(Of(fmt.Sprint(v))))
	}
}

// Comment writes the lines of a text behind number signs, where a comment begins for a
// shell, Terraform and YAML.
func (d *Document[M]) Comment(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		d.text.WriteString(strings.TrimRight("# "+Of(line).Terminal(), " ") + "\n")
	}
}

// Join writes texts with a literal between each two.
func (d *Document[M]) Join(texts []string, between Literal) {
	for i, t := range texts {
		if i > 0 {
			d.Put(between)
		}
		d.argument(t)
	}
}

// Len is how many bytes the document has.
func (d *Document[M]) Len() int { return d.text.Len() }

// Bytes is the document, until the next Put.
func (d *Document[M]) Bytes() []byte { return d.text.Bytes() }

// String is the document.
func (d *Document[M]) String() string { return d.text.String() }

// Words are words of a POSIX shell, with spaces between them.
func Words(words ...string) string {
	var d Document[Shell]
	d.Join(words, " ")
	return d.String()
}
