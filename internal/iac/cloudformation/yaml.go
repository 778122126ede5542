package cloudformation

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// short are the tags of YAML that stand for functions.
var short = map[string]string{"!Ref": "Ref", "!Condition": "Condition"}

// plainValue turns YAML into maps, lists and scalars, functions in their long
// form. It notes the line of each key by its path.
func plainValue(n *yaml.Node, path string, level int, lines map[string]int) (any, error) {
	if level > maxLevels {
		return nil, snapshot.Errorf("line %d: it is nested more than %d levels deep", "%d 行: %d 階層より深く入れ子になっている", n.Line, maxLevels)
	}
	wrap := func(v any) any {
		if !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
			return v
		}
		name, ok := short[n.Tag]
		if !ok {
			name = "Fn::" + n.Tag[1:]
		}
		if s, ok := v.(string); ok && name == "Fn::GetAtt" {
			id, attribute, _ := strings.Cut(s, ".")
			v = []any{id, attribute}
		}
		return map[string]any{name: v}
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode {
				return nil, snapshot.Errorf("line %d: a key is not a string", "%d 行: キーが文字列ではない", k.Line)
			}
			if k.Tag == "!!merge" { // Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
				return nil, snapshot.Errorf("line %d: << is not allowed in a template: write out what it merges, or give what `aws cloudformation package` makes of it", "%d 行: テンプレートでは << を使えない。マージする内容を書き下すか、`aws cloudformation package` の出力を渡す", k.Line)
			}
			if _, twice := out[k.Value]; twice {
				return nil, snapshot.Errorf("line %d: the key %q is there twice", "%d 行: キー %q が重複している", k.Line, resource.Shortened(k.Value))
			}
			at := path + "/" + k.Value
			lines[at] = k.Line
			v, err := plainValue(n.Content[i+1], at, level+1, lines)
			if err != nil {
				return nil, err
			}
			if s, ok := v.(string); ok && n.Content[i+1].Style == 0 && k.Value != "Condition" && k.Value != "Ref" { // which name something
				v = asYAML11(s)
			}
			out[k.Value] = v
		}
		return wrap(out), nil
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			v, err := plainValue(c, fmt.Sprintf("%s/%d", path, i), level+1, lines)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return wrap(out), nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		if n.Tag == "!!bool" {
			return strings.ToLower(n.Value), nil
		}
		return wrap(n.Value), nil // CloudFormation takes numbers and booleans as strings too
	}
	return nil, snapshot.Errorf("line %d: aliases and anchors are not allowed in a template", "%d 行: テンプレートではエイリアスとアンカーを使えない", n.Line)
}

// asYAML11 is a scalar without quotes as YAML 1.1 reads it, which CloudFormation follows:
// yes and on are true, and 0673 and 0x1bb are 443.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
// and https://yaml.org/type/bool.html, https://yaml.org/type/int.html
func asYAML11(s string) string {
	switch strings.ToLower(s) {
	case "yes", "on":
		return "true"
	case "no", "off":
		return "false"
	}
	if octal := len(s) > 1 && s[0] == '0' && strings.Trim(s, "01234567") == ""; octal || strings.HasPrefix(s, "0x") {
		if n, err := strconv.ParseUint(s, 0, 64); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return s
}
