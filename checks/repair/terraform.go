package repair

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Terraform writes repairs as blocks, each once, as terraform fmt has them. address is the
// expression for the id of a resource that Terraform manages, "" for others; nil: it
// manages none.
func Terraform(repairs []Repair, address func(id string) string) string {
	d := &document{address: address, names: map[string]bool{}}
	for _, r := range repairs {
		r.blocks(d)
	}
	var text strings.Builder
	for i, b := range d.blocks {
		if i > 0 {
			text.WriteString("\n\n")
		}
		b.write(&text)
	}
	return text.String()
}

// document is a file of Terraform's language.
type document struct {
	blocks  []*block
	address func(id string) string
	names   map[string]bool
}

// block is a resource of it.
type block struct {
	kind, name string
	attributes [][2]string // name and expression
	address    func(id string) string
}

// unnamed is what the name of a block can't hold.
var unnamed = pattern.New(`[^A-Za-z0-9_]+`)

// resource begins a block, whose name is made of what makes it the only one. A block
// that is there already is not written again.
func (d *document) resource(kind string, parts ...string) *block {
	b := &block{kind: kind, name: "datasync_" + strings.Trim(unnamed.Re().ReplaceAllString(strings.Join(parts, "_"), "_"), "_"), address: d.address}
	if key := kind + " " + b.name; !d.names[key] {
		d.names[key] = true
		d.blocks = append(d.blocks, b)
	}
	return b
}

// write aligns the equals signs.
func (b *block) write(text *strings.Builder) {
	longest := 0
	for _, a := range b.attributes {
		longest = max(longest, len(a[0]))
	}
	fmt.Fprintf(text, "resource %q %q {\n", b.kind, b.name)
	for _, a := range b.attributes {
		fmt.Fprintf(text, "  %-*s = %s\n", longest, a[0], a[1])
	}
	text.WriteString("}")
}

func (b *block) set(name, expression string) {
	b.attributes = append(b.attributes, [2]string{name, expression})
}

func (b *block) text(name, value string) { b.set(name, quoted(value)) }

func (b *block) number(name string, value int) { b.set(name, strconv.Itoa(value)) }

func (b *block) flag(name string, value bool) { b.set(name, strconv.FormatBool(value)) }

func (b *block) id(name, id string) { b.set(name, b.reference(id)) }

func (b *block) ids(name string, ids []string) {
	var list []string
	for _, id := range ids {
		list = append(list, b.reference(id))
	}
	b.set(name, "["+strings.Join(list, ", ")+"]")
}

// reference is an id, or the expression for it.
func (b *block) reference(id string) string {
	if b.address != nil {
		if expression := b.address(id); expression != "" {
			return expression
		}
	}
	return quoted(id)
}

// templates are what Terraform reads in a string, and how it is written to be read as it is.
var templates = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "${", "$${", "%{", "%%{")

// quoted is a string of Terraform's language that says what a text from outside does.
func quoted(value string) string {
	return `"` + templates.Replace(outside.Of(value).Terminal()) + `"`
}
