//go:build cel

package own

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// mostChecks is far above what a file holds that a person keeps.
const mostChecks = 500

// file is a file of checks, for errors that name the place.
type file struct {
	name  string
	lines []string
}

// at is an error with its place.
func (f *file) at(n *yaml.Node, format snapshot.Text, args ...any) error {
	return f.on(n.Line, n.Column, snapshot.Errorf(format.En, format.Ja, args...))
}

func (f *file) on(line, column int, err error) error {
	return snapshot.Errorf("%s: line %d, column %d: %w", "%s: %d 行 %d 桁: %w", f.name, line, column, err)
}

func say(en, ja string) snapshot.Text { return snapshot.Text{En: en, Ja: ja} }

var yamlPlace = regexp.MustCompile(`(?s)L(\d+)[.:,]? ?C(\d+):? ?(.*)|line (\d+)(?:, column (\d+))?: (.*)`)

// Read reads a file of checks and adds them to a catalogue. Errors name the file, the line
// and the column.
func Read(name string, body []byte, all checks.Catalogue) (checks.Catalogue, error) {
	text, err := snapshot.UTF8(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &file{name, strings.Split(string(text), "\n")}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var document yaml.Node
	switch err := dec.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, f.on(1, 1, snapshot.Errorf("the file holds no YAML", "YAML がない"))
	case err != nil:
		return nil, f.notYAML(err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, snapshot.Errorf("%s holds more than one YAML document", "%s に YAML 文書が 2 つ以上ある", name)
	}
	if len(document.Content) == 0 {
		return nil, f.on(1, 1, snapshot.Errorf("the file holds no YAML", "YAML がない"))
	}
	top, err := f.mapping(document.Content[0], "checks")
	if err != nil {
		return nil, err
	}
	list := top["checks"]
	switch {
	case list == nil:
		return nil, f.at(document.Content[0], say("there is no key checks", "キー checks がない"))
	case list.Kind != yaml.SequenceNode || len(list.Content) == 0:
		return nil, f.at(list, say("a list of checks is due here", "ここにはチェックのリストを書く"))
	case len(list.Content) > mostChecks:
		return nil, f.at(list, say("%d checks are more than the %d that a file may hold", "チェックが %d 個あり、上限の %d 個を超えている"), len(list.Content), mostChecks)
	}
	for _, n := range list.Content {
		c, err := f.check(n, all)
		if err != nil {
			return nil, err
		}
		if all, err = all.With(c); err != nil {
			return nil, f.on(n.Line, n.Column, err)
		}
	}
	return all, nil
}

func (f *file) notYAML(err error) error {
	m := yamlPlace.FindStringSubmatch(err.Error())
	if m == nil {
		return snapshot.Errorf("%s: %s", "%s: %s", f.name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return max(n, 1) }
	return f.on(number(m[1]+m[4]), number(m[2]+m[5]), errors.New(m[3]+m[6]))
}

// mapping reads the keys of an object, all of which are known.
func (f *file) mapping(n *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, f.at(n, say("an object is due here, with the keys %s", "ここには %s をキーとするオブジェクトを書く"), strings.Join(known, ", "))
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case !slices.Contains(known, key.Value):
			return nil, f.at(key, say("there is no key %q; the keys are: %s", "キー %q はない。キーは次のとおり: %s"), key.Value, strings.Join(known, ", "))
		case out[key.Value] != nil:
			return nil, f.at(key, say("the key %q is given twice", "キー %q が 2 回ある"), key.Value)
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			return nil, f.at(value, say("anchors and aliases are not read: write the value out", "アンカーとエイリアスは使えない。値をそのまま書く"))
		}
		out[key.Value] = value
	}
	return out, nil
}

// scalar reads one text.
func (f *file) scalar(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", f.at(n, say("text is due here", "ここには文字列を書く"))
	}
	return n.Value, nil
}

// language is a language tag. Source: RFC 5646
var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// text reads a text in several languages, of which English is required; one that is not
// named is taken for English.
func (f *file) text(n *yaml.Node) (snapshot.Text, error) {
	if n.Kind == yaml.ScalarNode {
		s, err := f.scalar(n)
		return snapshot.Text{En: strings.TrimSpace(s)}, err
	}
	if n.Kind != yaml.MappingNode {
		return snapshot.Text{}, f.at(n, say("text is due here, or an object with a text for each language", "ここには文字列か、言語ごとの文字列を持つオブジェクトを書く"))
	}
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !language.MatchString(n.Content[i].Value) {
			return snapshot.Text{}, f.at(n.Content[i], say("%q is not a language, such as en or ja", "%q は en や ja のような言語ではない"), n.Content[i].Value)
		}
		keys = append(keys, n.Content[i].Value)
	}
	m, err := f.mapping(n, keys...)
	if err != nil {
		return snapshot.Text{}, err
	}
	var out snapshot.Text
	for lang, value := range m {
		s, err := f.scalar(value)
		if err != nil {
			return out, err
		}
		switch lang {
		case "en":
			out.En = strings.TrimSpace(s)
		case "ja":
			out.Ja = strings.TrimSpace(s)
		}
	}
	if out.En == "" {
		return out, f.at(n, say("the English text (en) is missing", "英語（en）の文字列がない"))
	}
	return out, nil
}

// list reads a list of texts.
func (f *file) list(n *yaml.Node) ([]*yaml.Node, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, f.at(n, say("a list is due here", "ここにはリストを書く"))
	}
	for _, e := range n.Content {
		if _, err := f.scalar(e); err != nil {
			return nil, err
		}
	}
	return n.Content, nil
}

// kinds reads a list of AWS CLI commands.
func (f *file) kinds(n *yaml.Node) ([]snapshot.Kind, error) {
	if n == nil {
		return nil, nil
	}
	entries, err := f.list(n)
	if err != nil {
		return nil, err
	}
	var out []snapshot.Kind
	for _, e := range entries {
		k := snapshot.KindOf(e.Value)
		switch {
		case k == snapshot.NoKind:
			return nil, f.at(e, say("%q is not a call that dspreflight makes, such as describe-subnets", "%q は describe-subnets のような、dspreflight が行う呼び出しではない"), e.Value)
		case slices.Contains(out, k):
			return nil, f.at(e, say("%s is given twice", "%s が 2 回ある"), e.Value)
		}
		out = append(out, k)
	}
	return out, nil
}

// expression compiles one.
func (f *file) expression(n *yaml.Node, row *types.Type, want ...*types.Type) (*expression, error) {
	text, err := f.scalar(n)
	if err != nil {
		return nil, err
	}
	x, err := compile(text, row, want...)
	var wrong *celError
	if errors.As(err, &wrong) {
		line, column := f.inside(n, wrong)
		return nil, f.on(line, column, snapshot.Errorf("in the expression: %s", "式の誤り: %s", strings.ReplaceAll(wrong.message, "\n", " ")))
	}
	return x, err
}

// inside is the place in the file of a place in an expression. A text that YAML folds has
// no such place: there it is that of the text.
func (f *file) inside(n *yaml.Node, e *celError) (line, column int) {
	switch {
	case n.Style == yaml.LiteralStyle && n.Line+e.line <= len(f.lines):
		for _, l := range f.lines[n.Line:] {
			if strings.TrimSpace(l) != "" {
				return n.Line + e.line, len(l) - len(strings.TrimLeft(l, " ")) + e.column
			}
		}
	case n.Style == 0 && e.line == 1:
		return n.Line, n.Column + e.column - 1
	case e.line == 1 && (n.Style == yaml.SingleQuotedStyle || n.Style == yaml.DoubleQuotedStyle):
		return n.Line, n.Column + e.column
	}
	return n.Line, n.Column
}

// address reads the URL of a page.
func (f *file) address(n *yaml.Node) (string, error) {
	s, err := f.scalar(n)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(s, " <>()[]\"'`|\\") {
		return "", f.at(n, say("%q: expected the address of a page, such as https://handbook.example.com/owners", "%q: https://handbook.example.com/owners のようなページのアドレスを指定する"), s)
	}
	return s, nil
}
