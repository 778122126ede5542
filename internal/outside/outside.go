// Package outside renders text that comes from outside: ids, names, tags and
// descriptions of an estate, addresses of a plan, names of files, what a server
// answered. Whoever wrote it may mean harm. A Text has no way into any output but
// the function of its medium, each of which leaves the reader's program, a
// terminal, a shell, Terraform, a browser or a runner of workflows, nothing to obey.
// Texts for people are rendered by Terminal and Lines, documents of other languages
// are made with Document, and workflow commands with Annotation.
package outside

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Text is text from outside.
type Text struct{ raw string }

// Of takes text from outside.
func Of(s string) Text { return Text{s} }

// Terminal shows control characters, which a terminal would obey, and characters
// that hide or reorder text as escapes, and broken UTF-8 as the replacement
// character. Logs of CI are terminals too, so it breaks what a runner would take
// for a command. Activation keys, wherever somebody has put one, are taken out.
func (t Text) Terminal() string {
	if settled(t.raw) {
		return t.raw
	}
	s := WithoutKeys(t.raw)
	var b strings.Builder
	for _, r := range s {
		switch {
		case !harmful(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return WithoutKeys(brokenCommands(b.String())) // the digits of an escape may make a key of what was none
}

func harmful(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// What runners obey in a log: "::name::" where a line begins, which wrapping may
// bring about, and "##[name]" or "##vso[name]" anywhere. No IPv6 address has two
// double colons. Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
// and https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
var (
	colonCommand = pattern.New(`::([A-Za-z][\w-]*(?: [^\n]*?)?::)`)
	hashCommand  = pattern.New(`##(\w*\[)`)
	// typeOf is the middle of the name of a CloudFormation type, such as AWS::EC2::VPC.
	typeOf = pattern.New(`^[A-Z][A-Za-z0-9]*::$`)
	// commands are what a runner obeys, whatever the case.
	commands = pattern.New(`(?i)^(debug|notice|warning|error|group|endgroup|echo|stop-?commands)::$`)
)

func brokenCommands(s string) string {
	if !strings.Contains(s, "::") && !strings.Contains(s, "##") {
		return s
	}
	var b strings.Builder
	for {
		m := colonCommand.Re().FindStringSubmatchIndex(s)
		if m == nil {
			break
		}
		before, name := s[:m[0]], s[m[2]:m[3]]
		b.WriteString(before)
		if strings.HasSuffix(before, "AWS") && typeOf.Re().MatchString(name) && !commands.Re().MatchString(name) {
			b.WriteString("::")
		} else {
			b.WriteString(`\x3a:`)
		}
		s = s[m[0]+2:] // one may end where the next begins
	}
	b.WriteString(s)
	return hashCommand.Re().ReplaceAllString(b.String(), `\x23#$1`)
}

// Lines is Terminal for text whose line breaks are meant.
func (t Text) Lines() string {
	if !strings.Contains(t.raw, "\n") {
		return t.Terminal()
	}
	lines := strings.Split(t.raw, "\n")
	for i := range lines {
		lines[i] = Of(lines[i]).Terminal()
	}
	return strings.Join(lines, "\n")
}

// shellSafe reports whether a shell takes a letter for itself, wherever it stands.
func shellSafe(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_./:,=@+-", r)
}

// word is one of a POSIX shell.
func (t Text) word() string {
	s := t.Terminal()
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !shellSafe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// hcl is what stands between the quotes of a string of Terraform's language.
// Source: https://developer.hashicorp.com/terraform/language/expressions/strings
func (t Text) hcl() string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{").Replace(t.Terminal())
}

// yaml is what stands between double quotes of YAML.
// Source: https://yaml.org/spec/1.2.2/#731-double-quoted-style
func (t Text) yaml() string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t.Terminal())
}

// Plain is a writer of plain text for terminals, in which all but line breaks is
// rendered by Terminal.
func Plain(w io.Writer) io.Writer { return plain{w} }

type plain struct{ to io.Writer }

func (p plain) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.to, Of(string(text)).Lines()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Annotation is a workflow command, on a line of its own: a message that GitHub shows,
// under a title, and at a line of a file if there is one.
// Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func Annotation(command Literal, file string, line int, title, message string) string {
	where := ""
	if file != "" {
		where = fmt.Sprintf("file=%s,line=%d,", property.Replace(Of(file).Terminal()), line)
	}
	return fmt.Sprintf("::%s %stitle=%s::%s\n", command, where, property.Replace(Of(title).Terminal()), data.Replace(Of(message).Lines()))
}

var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// Reference is the id of the resource at an address of Terraform's language, as an
// expression: names, and keys of instances, which hold nothing that a string would obey.
func Reference(address string) (expression Literal, is bool) {
	if !addresses.Re().MatchString(address) {
		return "", false
	}
	return Literal(address) + ".id", true
}

var addresses = pattern.New(`^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\]|\["[\w ./:@=+,-]*"\])*$`)

// markup is text of HTML, SVG or XML, between tags or in a quoted attribute.
func (t Text) markup() string {
	s := t.Terminal()
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x7f || strings.ContainsRune("&<>\"'", r) }) < 0 {
		return s
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// mermaid is what stands between the quotes of a label of Mermaid. All that its
// grammar, its Markdown, its icons and its directives might see is written as an
// entity, so that a block of code that holds it can't end early either.
// Source: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
func (t Text) mermaid() string {
	var b strings.Builder
	for i, r := range strings.Join(strings.Fields(t.Terminal()), " ") {
		switch {
		case r >= 0x80, r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9' && i > 0, strings.ContainsRune(" ,/()", r), i > 0 && strings.ContainsRune("-.", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

// Cell is a cell of a table for spreadsheets, none of which takes it for a formula.
// Source: https://owasp.org/www-community/attacks/CSV_Injection
func (t Text) Cell() string {
	s := t.Terminal()
	if first := strings.TrimLeft(s, " \"'"); first != "" && strings.ContainsRune("=+-@|%＝＋－＠", []rune(first)[0]) {
		return "'" + s
	}
	return s
}
