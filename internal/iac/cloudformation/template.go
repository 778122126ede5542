// Package cloudformation reads templates and change sets of CloudFormation. What a
// template changes is known when it is laid over an estate: of the stack that is
// there.
package cloudformation

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Template is a CloudFormation template, or a change set: what a stack will be. It
// is no plan before it meets an estate.
type Template struct {
	// Stack is the stack that it is of, and Region where that is; empty: to be found
	// out.
	Stack, Region string
	// NewStack says that the estate does not have the stack.
	NewStack bool
	// Files are those beside the template, to read the templates of nested stacks that
	// are there; nil for none.
	Files Files

	body         *sections
	parameters   map[string]string // as they are given
	partial      snapshot.Text     // why it is known not to hold every change
	changeSet    *changeSet        // nil: it is a template
	deployed     *sections         // what the stack has now; nil: not known
	deployedWith map[string]string // the parameters that the stack is known to have
	standing     map[string]string // ids by logical id, where the deployed template is the estate
	inside       bool              // a resource of a Terraform plan makes the stack of it
	account      string            // of the stack, if it is known
}

// sections are those of a template, its intrinsic functions not worked out yet.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
type sections struct {
	parameters, mappings, conditions map[string]any
	outputs                          map[string]any
	resources                        []declaredResource
	standIns                         []standIn
	loops                            map[string]loop // written out with the default of a parameter
}

// copy is one that nested stacks can be put into.
func (t *sections) copy() *sections {
	c := *t
	c.mappings, c.conditions = maps.Clone(t.mappings), maps.Clone(t.conditions)
	c.resources, c.standIns = slices.Clone(t.resources), slices.Clone(t.standIns)
	return &c
}

// declared are the types of the resources, as Terraform calls them, by logical id.
func (t *sections) declared() map[string]string {
	out := map[string]string{}
	for _, r := range t.resources {
		out[r.id] = resource.Types().CloudFormation[r.kind].Name
	}
	return out
}

// declaredResource is a resource of a template.
type declaredResource struct {
	id, kind, condition string
	properties          map[string]any
	metadata            map[string]any
	dir                 string // of the template that it is in, from that of the outermost
	physical            string // the id in AWS, where a change set tells it
	vague               bool   // a change set does not tell what it was
	maybe               bool   // whether its condition holds is not known
	deletion, replacing any    // its DeletionPolicy and UpdateReplacePolicy, as they are written
	place               resource.Place
}

// The bounds of a template; CloudFormation's own are 1 MB and 500 resources, and
// templates of people nest a dozen levels deep.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	maxTemplateBytes = 8 << 20
	maxLevels        = 64
)

// Read reads a CloudFormation template, in YAML or JSON, or what
// "aws cloudformation describe-change-set" prints. file names it in places.
func Read(file string, body []byte, parameters map[string]string) (*Template, error) {
	if len(body) > maxTemplateBytes {
		return nil, snapshot.Errorf("it is larger than %d MB; CloudFormation takes at most 1", "%d MB を超えている。CloudFormation の上限は 1 MB", maxTemplateBytes>>20)
	}
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&doc); err != nil {
		return nil, snapshot.Errorf("it is neither YAML nor JSON: %s", "YAML でも JSON でもない: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, snapshot.Errorf("it is not a template: a template is an object with Resources", "テンプレートではない。テンプレートは Resources を持つオブジェクトである")
	}
	lines := map[string]int{}
	root, err := plainValue(doc.Content[0], "", 0, lines)
	if err != nil {
		return nil, err
	}
	top, _ := root.(map[string]any)
	if _, ok := field(top, "Changes"); ok {
		return readChangeSet(file, top)
	}
	if body, ok := field(top, "TemplateBody"); ok { // what "aws cloudformation get-template" prints
		if s, isText := body.(string); isText {
			return Read(file, []byte(s), parameters)
		}
		top = resource.AsMap(body)
	}
	resources, ok := top["Resources"].(map[string]any)
	if !ok {
		var keys []string
		for k := range top {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if len(keys) == 0 {
			return nil, snapshot.Errorf("it is empty: there are no Resources in it", "空である。Resources がない")
		}
		return nil, snapshot.Errorf("there are no Resources in it, only %s: it is not a CloudFormation template", "Resources がなく、%s だけがある。CloudFormation テンプレートではない", resource.Shortened(strings.Join(keys, ", ")))
	}
	p := &Template{parameters: parameters}
	if p.body, err = readResources(top, resources, parameters, func(id string) resource.Place {
		return resource.Place{File: file, Line: max(lines["/Resources/"+id], lines["/"+id])}
	}); err != nil {
		return nil, err
	}
	t := p.body
	for name := range parameters {
		if _, ok := t.parameters[name]; !ok {
			return nil, snapshot.Errorf("the template has no parameter %s", "テンプレートにパラメーター %s がない", resource.Shortened(name))
		}
	}
	if err := t.circles(); err != nil {
		return nil, err
	}
	return p, nil
}

// readResources reads the sections of a template, its loops written out.
func readResources(top, resources map[string]any, parameters map[string]string, line func(id string) resource.Place) (*sections, error) {
	t := &sections{parameters: readable(resource.AsMap(top["Parameters"])), mappings: readable(resource.AsMap(top["Mappings"])), loops: map[string]loop{}}
	x := newExpander(t, parameters)
	t.conditions, _ = x.section(resource.AsMap(top["Conditions"]))
	t.conditions = readable(t.conditions)
	t.outputs, _ = x.section(resource.AsMap(top["Outputs"]))
	clear(x.assumed) // conditions and outputs are as they are
	written, from := x.section(resources)
	if x.err != nil {
		return nil, x.err
	}
	at := func(id string) resource.Place {
		if key := from[id]; key != "" {
			return line(key)
		}
		return line(id)
	}
	for key, l := range x.assumed {
		l.kinds, l.place = kindsIn(map[string]any{key: l.raw}), line(key)
		t.loops[key] = l
	}
	t.standIns = standIns(top, written, at)
	ids := slices.Sorted(maps.Keys(written))
	slices.SortStableFunc(ids, func(a, b string) int { return at(a).Line - at(b).Line })
	for _, id := range ids {
		r, ok := written[id].(map[string]any)
		kind, _ := r["Type"].(string)
		if isStandIn(id, r) {
			continue
		}
		if !ok || kind == "" {
			return nil, snapshot.Errorf("line %d: the resource %s has no Type", "%d 行: リソース %s に Type がない", at(id).Line, resource.Shortened(id))
		}
		condition, _ := r["Condition"].(string)
		t.resources = append(t.resources, declaredResource{id: id, kind: kind, condition: condition, deletion: r["DeletionPolicy"], replacing: r["UpdateReplacePolicy"], properties: resource.AsMap(r["Properties"]), metadata: resource.AsMap(r["Metadata"]), place: at(id)})
	}
	return t, nil
}

// Parameters are the names of the parameters of a template.
func (t *Template) Parameters() []string {
	return slices.Sorted(maps.Keys(t.body.parameters))
}

// Addresses are the logical ids of the resources whose ids begin with a prefix.
func (t *Template) Addresses(prefix string) []string {
	return (&resource.Plan{Declared: t.body.declared()}).Addresses(prefix)
}

// Named are the ids of VPCs, groups and subnets that exist, and that the template or
// its parameters name for endpoints, instances and interfaces.
func (t *Template) Named() (vpcs, groups, subnets []string) {
	var ids []string
	for _, r := range t.body.resources {
		if slices.Contains(resource.Types().Swept, resource.Types().CloudFormation[r.kind].Name) {
			ids = resource.IDsIn(any(r.properties), nil, ids)
		}
	}
	for _, v := range t.parameters {
		ids = resource.IDsIn(v, nil, ids)
	}
	return resource.ByKind(ids)
}

// Imports reports whether the template takes values that others export.
func (t *Template) Imports() bool {
	return slices.ContainsFunc(t.body.resources, func(r declaredResource) bool { return importsIn(r.properties) })
}

// Deployed tells a template the one that the stack has now, as ReadTemplate reads
// it. A change set is no template, and tells by itself what the stack has.
func (t *Template) Deployed(now *Template) error {
	if t.changeSet != nil || now.changeSet != nil {
		return snapshot.Errorf("a change set is no template, and needs none: it says what the stack has", "変更セットはテンプレートではなく、テンプレートも不要。スタックの現状は変更セットに含まれる")
	}
	t.deployed, t.deployedWith = now.body, now.parameters
	return nil
}

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

// circles refuses resources and conditions that depend on themselves, which
// CloudFormation refuses as well.
func (t *sections) circles() error {
	deps := map[string][]string{}
	known := map[string]bool{}
	for _, r := range t.resources {
		known[r.id] = true
	}
	for _, r := range t.resources {
		mentions(r.properties, func(id string) {
			if known[id] {
				deps[r.id] = append(deps[r.id], id)
			}
		})
	}
	for name, c := range t.conditions {
		conditionsIn(c, func(other string) { deps["Condition "+name] = append(deps["Condition "+name], "Condition "+other) })
	}
	state := map[string]int{}
	var visit func(id string, trail []string) error
	visit = func(id string, trail []string) error {
		switch state[id] {
		case 1:
			at := max(slices.Index(trail, id), 0)
			return snapshot.Errorf("circular dependency: %s", "循環依存: %s", shortenedList(append(slices.Clone(trail[at:]), id)))
		case 2:
			return nil
		}
		state[id] = 1
		for _, d := range deps[id] {
			if err := visit(d, append(trail, id)); err != nil {
				return err
			}
		}
		state[id] = 2
		return nil
	}
	ids := make([]string, 0, len(deps))
	for id := range deps {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := visit(id, nil); err != nil {
			return err
		}
	}
	return nil
}

func shortenedList(list []string) string {
	if len(list) > 8 {
		list = append(slices.Clone(list[:7]), "...", list[len(list)-1])
	}
	return strings.Join(list, " -> ")
}

// mentions hands on the logical ids that a value refers to.
func mentions(v any, use func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch k {
			case "Ref":
				if s, ok := e.(string); ok {
					use(s)
				}
			case "Fn::GetAtt":
				if list, ok := e.([]any); ok && len(list) > 0 {
					if s, ok := list[0].(string); ok {
						use(s)
					}
				} else if s, ok := e.(string); ok {
					id, _, _ := strings.Cut(s, ".")
					use(id)
				}
			case "Fn::Sub":
				s, _ := e.(string)
				if list, ok := e.([]any); ok && len(list) > 0 {
					s, _ = list[0].(string)
				}
				for _, m := range substitution.Re().FindAllStringSubmatch(s, -1) {
					id, _, _ := strings.Cut(m[1], ".")
					use(id)
				}
				mentions(e, use)
			default:
				mentions(e, use)
			}
		}
	case []any:
		for _, e := range v {
			mentions(e, use)
		}
	}
}

func conditionsIn(v any, use func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && k == "Condition" {
				use(s)
				continue
			}
			conditionsIn(e, use)
		}
	case []any:
		for _, e := range v {
			conditionsIn(e, use)
		}
	}
}
