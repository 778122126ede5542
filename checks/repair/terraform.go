package repair

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Terraform writes repairs as blocks, each once, as terraform fmt has them. address tells
// the address of the resource that Terraform manages under an id of AWS, "" for ids that it
// doesn't manage; nil: it manages none.
func Terraform(repairs []Repair, address func(id string) string) string {
	d := &document{address: address, names: map[string]bool{}}
	for _, r := range repairs {
		r.blocks(d)
	}
	var text hcl
	for i, b := range d.blocks {
		if i > 0 {
			text.Put("\n\n")
		}
		b.write(&text)
	}
	return text.String()
}

// hcl is text in Terraform's language.
type hcl = outside.Document[outside.HCL]

// literal is text of this program in Terraform's language.
type literal = outside.Literal

// document is a file of Terraform's language.
type document struct {
	blocks  []*block
	address func(id string) string
	names   map[string]bool
}

// block is a resource of it.
type block struct {
	kind       literal
	name       string
	attributes []attribute
	address    func(id string) string
}

// unnamed is what the name of a block can't hold.
var unnamed = pattern.New(`[^A-Za-z0-9_]+`)

// resource begins a block, whose name is made of what makes it the only one. A block
// that is there already is not written again.
func (d *document) resource(kind literal, parts ...string) *block {
	b := &block{kind: kind, name: "datasync_" + strings.Trim(unnamed.Re().ReplaceAllString(strings.Join(parts, "_"), "_"), "_"), address: d.address}
	if key := string(kind) + " " + b.name; !d.names[key] {
		d.names[key] = true
		d.blocks = append(d.blocks, b)
	}
	return b
}

// attribute is an argument of a block, and its expression.
type attribute struct {
	name       literal
	expression hcl
}

// write aligns the equals signs.
func (b *block) write(text *hcl) {
	longest := 0
	for _, a := range b.attributes {
		longest = max(longest, len(a.name))
	}
	text.Put(`resource "%" % {`, b.kind, b.name)
	for _, a := range b.attributes {
		text.Put("\n  %", a.name)
		for range longest - len(a.name) {
			text.Put(" ")
		}
		text.Put(" = %", &a.expression)
	}
	text.Put("\n}")
}

// set gives the block an argument, whose expression is returned to be written.
func (b *block) set(name literal) *hcl {
	b.attributes = append(b.attributes, attribute{name: name})
	return &b.attributes[len(b.attributes)-1].expression
}

func (b *block) text(name literal, value string) { b.set(name).Put("%", value) }

func (b *block) number(name literal, value int) { b.set(name).Put("%", value) }

func (b *block) flag(name literal, value bool) {
	e := b.set(name)
	if value {
		e.Put("true")
	} else {
		e.Put("false")
	}
}

func (b *block) id(name literal, id string) { b.reference(b.set(name), id) }

func (b *block) ids(name literal, ids []string) {
	e := b.set(name)
	e.Put("[")
	for i, id := range ids {
		if i > 0 {
			e.Put(", ")
		}
		b.reference(e, id)
	}
	e.Put("]")
}

// reference is an id, or the expression for it.
func (b *block) reference(e *hcl, id string) {
	if b.address != nil {
		if expression, is := outside.Reference(b.address(id)); is {
			e.Put(expression)
			return
		}
	}
	e.Put("%", id)
}
