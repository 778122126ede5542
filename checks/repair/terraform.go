package repair

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/dspreflight/dspreflight/internal/outside"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// Terraform writes repairs as blocks, each once. address is the expression for the
// id of a resource that Terraform manages, "" for others; nil: it manages none.
func Terraform(repairs []Repair, address func(id string) string) string {
	d := &document{file: hclwrite.NewEmptyFile(), address: address, names: map[string]bool{}}
	for _, r := range repairs {
		r.blocks(d)
	}
	return strings.TrimSpace(string(hclwrite.Format(d.file.Bytes())))
}

// document is a file of Terraform's language.
type document struct {
	file    *hclwrite.File
	address func(id string) string
	names   map[string]bool
}

// block is a block of it.
type block struct {
	body    *hclwrite.Body
	address func(id string) string
}

// unnamed is what the name of a block can't hold.
var unnamed = pattern.Late(`[^A-Za-z0-9_]+`)

// resource begins a block, whose name is made of what makes it the only one. A block
// that is there already is not written again.
func (d *document) resource(kind string, parts ...string) block {
	name := "datasync_" + strings.Trim(unnamed().ReplaceAllString(strings.Join(parts, "_"), "_"), "_")
	if d.names[kind+" "+name] {
		return block{hclwrite.NewEmptyFile().Body(), d.address}
	}
	if len(d.names) > 0 {
		d.file.Body().AppendNewline()
	}
	d.names[kind+" "+name] = true
	return block{d.file.Body().AppendNewBlock("resource", []string{kind, name}).Body(), d.address}
}

func (b block) text(name, value string) {
	b.body.SetAttributeValue(name, cty.StringVal(outside.Of(value).Terminal()))
}

func (b block) number(name string, value int) {
	b.body.SetAttributeValue(name, cty.NumberIntVal(int64(value)))
}

func (b block) flag(name string, value bool) {
	b.body.SetAttributeValue(name, cty.BoolVal(value))
}

func (b block) id(name, id string) { b.body.SetAttributeRaw(name, b.idTokens(id)) }

func (b block) ids(name string, ids []string) {
	var list []hclwrite.Tokens
	for _, id := range ids {
		list = append(list, b.idTokens(id))
	}
	b.body.SetAttributeRaw(name, hclwrite.TokensForTuple(list))
}

// idTokens is an id, or the expression for it.
func (b block) idTokens(id string) hclwrite.Tokens {
	if b.address != nil {
		if expression := b.address(id); expression != "" {
			return hclwrite.TokensForIdentifier(expression)
		}
	}
	return hclwrite.TokensForValue(cty.StringVal(outside.Of(id).Terminal()))
}
