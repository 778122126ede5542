// Package cloudformation reads templates and change sets of CloudFormation. What a
// template changes is known when it is laid over an estate: of the stack that is
// there.
package cloudformation

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
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
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, snapshot.Errorf("there is more than one document in it, parted by ---: CloudFormation takes one; give each as a --template of its own", "--- で区切られた複数のドキュメントがある。CloudFormation が受け付けるのは 1 つだけである。それぞれを別の --template として渡す")
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
		t.resources = append(t.resources, declaredResource{id: id, kind: kind, condition: condition, deletion: r["DeletionPolicy"], replacing: r["UpdateReplacePolicy"], properties: withGlobals(top, kind, resource.AsMap(r["Properties"])), metadata: resource.AsMap(r["Metadata"]), place: at(id)})
	}
	return t, nil
}

// withGlobals are the properties of a resource of SAM with those that the template gives to
// all of its type: what both say is the resource's, maps are joined, and lists added.
// Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
func withGlobals(top map[string]any, kind string, own map[string]any) map[string]any {
	name, ofSAM := strings.CutPrefix(kind, "AWS::Serverless::")
	global := resource.AsMap(resource.AsMap(top["Globals"])[name])
	if !ofSAM || len(global) == 0 {
		return own
	}
	return joined(global, own)
}

func joined(global, own map[string]any) map[string]any {
	out := maps.Clone(global)
	for name, v := range own {
		switch of := global[name].(type) {
		case map[string]any:
			if m, is := v.(map[string]any); is {
				v = joined(of, m)
			}
		case []any:
			if list, is := v.([]any); is {
				v = slices.Concat(of, list)
			}
		}
		out[name] = v
	}
	return out
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
