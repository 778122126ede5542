package terraform

import (
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"unicode"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The Cloud Control provider and the resource of the AWS provider that speaks to
// the same API say of a resource what a template says, in its words.
// Sources: https://registry.terraform.io/providers/hashicorp/awscc/latest/docs
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudcontrolapi_resource

// isCloudControl reports whether a provider is the Cloud Control one.
func isCloudControl(provider string) bool {
	return provider == "awscc" || strings.HasSuffix(provider, "/hashicorp/awscc")
}

// cloudControlTypes are the types of CloudFormation as the provider calls them.
var cloudControlTypes = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	add := func(kind string) {
		if parts := strings.Split(kind, "::"); len(parts) == 3 && parts[0] == "AWS" {
			out["awscc_"+strings.ToLower(parts[1])+"_"+snake(parts[2])] = kind
		}
	}
	for _, kind := range resource.Types().KnownInTemplates() {
		add(kind)
	}
	return out
})

// snake writes a name such as VPCEndpoint as vpc_endpoint.
func snake(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// pascal writes the names of attributes as those of properties: vpc_id as VpcId,
// cidr_ipv_6 as CidrIpv6.
func pascal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			var b strings.Builder
			for _, part := range strings.Split(k, "_") {
				if part != "" {
					b.WriteString(strings.ToUpper(part[:1]) + part[1:])
				}
			}
			if e != nil {
				out[b.String()] = pascal(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = pascal(e)
		}
		return out
	case resource.Unset:
		return nil
	}
	return v
}

// inCloudFormation is the type of a resource in the words of CloudFormation, and its
// properties; "" for one that is said in those of the AWS provider. The properties
// are nil where they are known only after apply.
func inCloudFormation(rc *tfjson.ResourceChange, o *resource.Object) (kind string, properties map[string]any) {
	switch {
	case isCloudControl(rc.ProviderName):
		kind = cloudControlTypes()[rc.Type]
		if kind == "" {
			kind = rc.Type
		}
		if o != nil {
			properties, _ = pascal(o.Attributes).(map[string]any)
		}
	case rc.Type == "aws_cloudcontrolapi_resource":
		kind = "AWS::?"
		if o == nil {
			return kind, nil
		}
		if name := o.Known("type_name"); name != "" {
			kind = name
		}
		if json.Unmarshal([]byte(o.Known("desired_state")), &properties) != nil {
			properties = nil
		}
	}
	return kind, properties
}

// cloudFormationChange is the change of a resource that is said in the words of
// CloudFormation, put into those of the AWS provider. It reports whether it is one.
func (g *graph) cloudFormationChange(p *resource.Plan, rc *tfjson.ResourceChange, action resource.Action) bool {
	before, after := g.before[rc], g.after[rc]
	if action == resource.Create {
		before = nil
	}
	of := after
	if of == nil {
		of = before
	}
	kind, _ := inCloudFormation(rc, of)
	if kind == "" || of == nil {
		return kind != ""
	}
	w, modelled := resource.Types().CloudFormation[kind]
	if !modelled {
		if kinds := resource.KindsOf(kind); len(kinds) > 0 || kind == "AWS::?" {
			if kind == "AWS::?" {
				kinds = resource.Everything
			}
			p.Doubt(of, kinds, snapshot.NotModelled, rc.Address, kind)
		}
		return true
	}
	if after != nil {
		g.settle(rc, after)
	}
	from, ok := inTerraform(rc, before, nil)
	to, ok2 := inTerraform(rc, after, before)
	if !ok || !ok2 {
		p.Doubt(of, w.Kinds, snapshot.KnownAfterApply, rc.Address+".desired_state", rc.Address)
		return true
	}
	if to != nil {
		p.Current = append(p.Current, to)
	}
	p.Changes = append(p.Changes, resource.Change{Address: rc.Address, Type: w.Name, Action: action, Kinds: w.Kinds, Place: g.source.place(rc.ModuleAddress, rc.Type, rc.Name), Before: from, After: to})
	return true
}

// inTerraform is a resource in the words of the AWS provider; false if its properties are
// not known.
func inTerraform(rc *tfjson.ResourceChange, o, before *resource.Object) (*resource.Object, bool) {
	if o == nil {
		return nil, true
	}
	kind, properties := inCloudFormation(rc, o)
	if properties == nil {
		return nil, false
	}
	x := resource.Translate(o.Address, kind, properties)
	x.ID, x.Exists, x.Location = o.ID, o.Exists, o.Location
	if x.Exists && strings.Contains(x.ID, "|") { // of a part: it has none of its own
		x.ID = o.Address
	}
	for _, list := range resource.Types().Of(x.Type).Inline {
		names := list.Properties()
		names["IpProtocol"] = "protocol" // as a block calls it
		blocks := resource.Renamed(properties[list.Property], names)
		if blocks == nil && list.Default != nil && before == nil && !o.Exists {
			one := maps.Clone(list.Default)
			one["protocol"] = one["ip_protocol"]
			delete(one, "ip_protocol")
			blocks = []any{one}
		}
		x.Attributes[list.Attribute] = blocks
	}
	if len(o.Sensitive) > 0 {
		x.Sensitive = map[string]bool{}
		for name := range x.Attributes {
			x.Sensitive[name] = true
		}
	}
	return x, true
}
