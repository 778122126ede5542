package cloudformation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Not all that stands where a resource or a property stands is one. What is filled
// in, changed or made by something else before or during the deployment is not
// there to be read, and may be anything that it could name.

// plain are the transforms that leave what the path depends on as it is written.
// What AWS::Include brings in is not here to be read.
var plain = []string{"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen"}

// transforms are the names of the transforms that a value stands for: a name, a map
// with a Name, or a list of either.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-transform.html
func transforms(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, transforms(e)...)
		}
		return out
	case map[string]any:
		if name, ok := v["Name"].(string); ok {
			return []string{name}
		}
		if inner, ok := v["Fn::Transform"]; ok {
			return transforms(inner)
		}
	}
	return []string{"?"}
}

// filled reports whether something is filled into a value, at any depth, and what.
func filled(v any) (by string, ok bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if k == "Fn::Transform" {
				return strings.Join(transforms(v[k]), ", "), true
			}
			if strings.HasPrefix(k, loopKey) {
				return k, true
			}
			if by, ok := filled(v[k]); ok {
				return by, true
			}
		}
	case []any:
		for _, e := range v {
			if by, ok := filled(e); ok {
				return by, true
			}
		}
	}
	return "", false
}

// readable is a section without what is filled into it: what others would look up
// in it is then not known.
func readable(section map[string]any) map[string]any {
	if _, is := filled(section); is {
		return nil
	}
	return section
}

// standIn is something in the place of resources of a template.
type standIn struct {
	at, what string
	kinds    []snapshot.Kind
	place    resource.Place
}

// kindsIn are the tables that resources in a map may touch. The types of those in
// a loop are written out, whatever its collection is.
func kindsIn(resources map[string]any) []snapshot.Kind {
	var out []snapshot.Kind
	for id, v := range resources {
		r, _ := v.(map[string]any)
		kind, _ := r["Type"].(string)
		var more []snapshot.Kind
		switch {
		case strings.HasPrefix(id, loopKey):
			args, _ := v.([]any)
			if len(args) != 3 {
				return resource.Everything
			}
			body, ok := args[2].(map[string]any)
			if !ok {
				return resource.Everything
			}
			more = kindsIn(body)
		case kind == "" || resource.Foreign(kind):
			return resource.Everything
		default:
			more = resource.KindsOf(kind)
			if resource.Taking(kind) > 0 && resource.MentionsSubnets(r["Properties"]) {
				more = append(slices.Clone(more), snapshot.Subnets)
			}
		}
		for _, k := range more {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// standIns are what stands in the place of the resources of a template.
func standIns(top, resources map[string]any, line func(string) resource.Place) []standIn {
	var out []standIn
	add := func(at, what string, kinds []snapshot.Kind) { out = append(out, standIn{at, what, kinds, line(at)}) }
	for _, at := range []string{"Transform", "Fn::Transform"} {
		for _, name := range transforms(top[at]) {
			if !slices.Contains(plain, name) {
				add(at, name, resource.Everything)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		switch r := resources[id].(type) {
		case []any:
			if strings.HasPrefix(id, loopKey) {
				add(id, "AWS::LanguageExtensions", kindsIn(map[string]any{id: r}))
			} else if id == "Fn::Transform" {
				add(id, strings.Join(transforms(r), ", "), resource.Everything)
			}
		case map[string]any:
			by, is := r["Fn::Transform"]
			switch {
			case id == "Fn::Transform":
				add(id, strings.Join(transforms(r), ", "), resource.Everything)
			case strings.HasPrefix(id, loopKey):
				add(id, "AWS::LanguageExtensions", resource.Everything)
			case is: // all of the resource may be another
				add(id, strings.Join(transforms(by), ", "), resource.Everything)
			}
		}
	}
	return out
}

// isStandIn reports whether a key among the resources is of none.
func isStandIn(id string, r map[string]any) bool {
	_, whole := r["Fn::Transform"]
	return id == "Fn::Transform" || strings.HasPrefix(id, loopKey) || whole && r["Type"] == nil
}

// unread notes what stands in the place of resources. What a macro makes may be
// another at each deployment, so that it counts though it was there before.
func (b *binding) unread() {
	for _, s := range b.body.standIns {
		b.plan.Doubt(&resource.Object{Address: s.at, Type: s.what, ID: s.at, Location: b.location()}, s.kinds, snapshot.NotModelled, s.at, s.what)
	}
	if b.deployed == nil {
		return
	}
	for _, s := range b.deployed.body.standIns { // what goes with it
		if !slices.ContainsFunc(b.body.standIns, func(o standIn) bool { return o.at == s.at && o.what == s.what }) {
			b.plan.Doubt(&resource.Object{Address: s.at, Type: s.what, ID: s.at, Location: b.location()}, s.kinds, snapshot.NotModelled, s.at, s.what)
		}
	}
}

// fill notes a resource into whose properties something is filled, or which a function
// stands for.
func (b *binding) fill(r declaredResource) {
	by, ok := filled(r.properties)
	for name := range r.properties {
		if !ok && strings.HasPrefix(name, "Fn::") {
			by, ok = name, true
		}
	}
	if ok {
		if kinds := resource.KindsOf(r.kind); len(kinds) > 0 {
			b.plan.Doubt(&resource.Object{Address: r.id, Type: r.kind, ID: r.id, Location: b.location()}, kinds, snapshot.NotModelled, r.id, by)
		}
	}
}

// provided notes a resource of which it is not known what it does: it may change all
// that its properties name. One of AWS's network stands in its VPC and subnets, as
// others do.
func (b *binding) provided(r declaredResource, in *binding) {
	unread := resource.Unread(r.kind)
	ids := resource.IDsIn(any(in.properties(r)), nil, nil)
	ids = resource.IDsIn(any(r.properties), nil, ids) // also where a part of a text is not known
	mentions(r.properties, func(id string) {
		if p := resource.AsMap(in.body.parameters[id]); p != nil {
			ids = resource.IDsIn(in.eval.parameter(id, p), nil, ids)
		}
		if o := in.after[id]; o != nil && !slices.Contains(ids, o.ID) && !(unread && resource.IsPlace(o.ID, o.Type)) {
			ids = append(ids, o.ID)
		}
	})
	ids = slices.DeleteFunc(ids, func(id string) bool { return unread && resource.IsPlace(id, "") })
	o := &resource.Object{Address: r.id, Type: r.kind, ID: r.id, Location: b.location()}
	parameter, kinds := in.notGiven(r)
	if len(kinds) > 0 {
		b.plan.Doubt(o, kinds, snapshot.KnownAfterApply, "Parameters."+parameter, r.id)
	}
	if len(ids) == 0 && resource.Types().InTemplates(r.kind).Runs {
		return // of AWS's own types it is known what they are for
	}
	if len(kinds) == 0 || len(ids) > 0 {
		b.plan.MayChange(o, ids, fmt.Sprintf("%s: %s", r.id, r.kind))
	}
}

// notGiven are the tables in which a resource may name a row by parameters whose
// values are not known, such as one of type List<AWS::EC2::Subnet::Id>, and one of
// those parameters.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
func (b *binding) notGiven(r declaredResource) (parameter string, kinds []snapshot.Kind) {
	mentions(r.properties, func(name string) {
		p := resource.AsMap(b.body.parameters[name])
		if p == nil {
			return
		}
		if _, open := b.eval.parameter(name, p).(resource.Unknown); !open {
			return
		}
		kind := strings.TrimRight(resource.PlainText(p["Type"]), ">")
		kind, isID := strings.CutSuffix(kind[strings.LastIndex(kind, "<")+1:], "::Id")
		if resource.Unread(r.kind) && resource.IsPlace("", resource.Types().CloudFormation[kind].Name) {
			return
		}
		if more := resource.KindsOf(kind); isID && len(more) > 0 && (parameter == "" || name < parameter) {
			parameter, kinds = name, slices.Concat(kinds, more)
		} else if isID {
			kinds = append(kinds, more...)
		}
	})
	slices.Sort(kinds)
	return parameter, slices.Compact(kinds)
}
