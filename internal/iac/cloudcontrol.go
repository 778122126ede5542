package iac

import (
	"encoding/json"
	"strings"
	"unicode"

	tfjson "github.com/hashicorp/terraform-json"

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
var cloudControlTypes = func() map[string]string {
	out := map[string]string{}
	add := func(kind string) {
		if parts := strings.Split(kind, "::"); len(parts) == 3 && parts[0] == "AWS" {
			out["awscc_"+strings.ToLower(parts[1])+"_"+snake(parts[2])] = kind
		}
	}
	for kind := range words {
		add(kind)
	}
	for kind := range strange {
		add(kind)
	}
	for _, kind := range holders {
		add(kind)
	}
	return out
}()

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
	case unset:
		return nil
	}
	return v
}

// spoken is the type of a resource in the words of CloudFormation, and its
// properties; "" for one that is said in those of the AWS provider. The properties
// are nil where they are known only after apply.
func spoken(rc *tfjson.ResourceChange, o *object) (kind string, properties map[string]any) {
	switch {
	case isCloudControl(rc.ProviderName):
		kind = cloudControlTypes[rc.Type]
		if kind == "" {
			kind = rc.Type
		}
		if o != nil {
			properties, _ = pascal(o.attrs).(map[string]any)
		}
	case rc.Type == "aws_cloudcontrolapi_resource":
		kind = "AWS::?"
		if o == nil {
			return kind, nil
		}
		if name := o.known("type_name"); name != "" {
			kind = name
		}
		if json.Unmarshal([]byte(o.known("desired_state")), &properties) != nil {
			properties = nil
		}
	}
	return kind, properties
}

// spokenChange is the change of a resource that is said in the words of
// CloudFormation, put into those of the AWS provider. It reports whether it is one.
func (g *graph) spokenChange(p *Plan, rc *tfjson.ResourceChange, action Action) bool {
	before, after := g.before[rc], g.after[rc]
	if action == Create {
		before = nil
	}
	of := after
	if of == nil {
		of = before
	}
	kind, _ := spoken(rc, of)
	if kind == "" || of == nil {
		return kind != ""
	}
	w, modelled := words[kind]
	if !modelled {
		if kinds := kindsOf(kind); len(kinds) > 0 || kind == "AWS::?" {
			if kind == "AWS::?" {
				kinds = everything
			}
			p.doubtful(of, kinds, snapshot.NotModelled, rc.Address, kind)
		}
		return true
	}
	if after != nil {
		g.settle(rc, after)
	}
	from, ok := inWordsOf(rc, before, nil)
	to, ok2 := inWordsOf(rc, after, before)
	if !ok || !ok2 {
		p.doubtful(of, models[w.kind].kinds, snapshot.KnownAfterApply, rc.Address+".desired_state", rc.Address)
		return true
	}
	if to != nil {
		p.current = append(p.current, to)
	}
	p.Changes = append(p.Changes, Change{Address: rc.Address, Type: w.kind, Action: action, Kinds: models[w.kind].kinds, Place: g.source.place(rc.ModuleAddress, rc.Type, rc.Name), before: from, after: to})
	return true
}

// inWordsOf is a resource in the words of the AWS provider; false if its properties are
// not known.
func inWordsOf(rc *tfjson.ResourceChange, o, before *object) (*object, bool) {
	if o == nil {
		return nil, true
	}
	kind, properties := spoken(rc, o)
	if properties == nil {
		return nil, false
	}
	x := translate(o.address, kind, properties)
	x.id, x.exists, x.home = o.id, o.exists, o.home
	if x.exists && strings.Contains(x.id, "|") { // of a part: it has none of its own
		x.id = o.address
	}
	if x.kind == "aws_security_group" {
		x.attrs["ingress"] = inlineBlocks(properties["SecurityGroupIngress"], "Source")
		x.attrs["egress"] = inlineBlocks(properties["SecurityGroupEgress"], "Destination")
		if x.attrs["egress"] == nil && before == nil && !o.exists { // AWS lets everything out
			x.attrs["egress"] = []any{map[string]any{"protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}}
		}
	}
	if len(o.secret) > 0 {
		x.secret = map[string]bool{}
		for name := range x.attrs {
			x.secret[name] = true
		}
	}
	return x, true
}

// inlineBlocks are the rules that a group holds itself, as blocks.
func inlineBlocks(v any, side string) any {
	names := ruleNames(side)
	names["IpProtocol"] = "protocol"
	return renamed(v, names)
}
