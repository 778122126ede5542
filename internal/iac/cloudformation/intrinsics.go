package cloudformation

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// evaluator works out the intrinsic functions of a template. What can't be worked
// out is unknown.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
type evaluator struct {
	sections   *sections
	parameters map[string]string
	region     string
	account    string
	stack      string
	ids        map[string]string // of the resources, by logical id
	objects    map[string]*resource.Object
	byID       map[string]declaredResource
	// keepsDeployed reports whether a parameter that is not given keeps a value that the
	// stack has for it and that is not known; nil: none does.
	keepsDeployed func(name string) bool
	// imports are the values of exports that are known.
	imports map[string]any
}

// notShown is what AWS writes in the place of parameters that are NoEcho.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
const notShown = "****"

// noValue stands for AWS::NoValue: the property is as good as not there.
type noValue struct{}

var substitution = pattern.New(`\$\{([^!}][^}]*)\}`)

// value works a value out. at is the address of the attribute, for what is
// unknown.
func (e *evaluator) value(v any, at string) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, arg := range v {
				if name == "Ref" || name == "Condition" && isText(arg) || strings.HasPrefix(name, "Fn::") {
					return e.function(name, arg, at)
				}
			}
		}
		out := make(map[string]any, len(v))
		for k, x := range v {
			if k == "Fn::Transform" || strings.HasPrefix(k, loopKey) { // what else there is of it can't be seen
				return resource.Unknown(at)
			}
			if y := e.value(x, at); y != any(noValue{}) {
				out[k] = y
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			y := e.value(x, at)
			if y == any(noValue{}) {
				continue
			}
			out = append(out, y)
		}
		return out
	case string:
		if known, ok := e.imports[e.imported(v)]; ok {
			return known
		}
		if strings.Contains(v, "{{resolve:") || strings.Contains(v, "{{changeSet:") || v == notShown {
			return resource.Unknown(at)
		}
	}
	return v
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func (e *evaluator) function(name string, arg any, at string) any {
	switch name {
	case "Ref":
		s, _ := arg.(string)
		return e.ref(s, at)
	case "Fn::GetAtt":
		return e.getAtt(arg, at)
	case "Fn::Sub":
		return e.sub(arg, at)
	case "Fn::If":
		list, _ := arg.([]any)
		if len(list) != 3 {
			return resource.Unknown(at)
		}
		name, _ := list[0].(string)
		yes, known := e.condition(name, 0)
		switch {
		case !known:
			return resource.Unknown(at)
		case yes:
			return e.value(list[1], at)
		}
		return e.value(list[2], at)
	case "Fn::ImportValue":
		if v, ok := e.imports[e.imported(map[string]any{name: arg})]; ok {
			return v
		}
		return resource.Unknown(at)
	case "Fn::GetAZs", "Fn::Transform":
		return resource.Unknown(at)
	}
	v := e.value(arg, at)
	if resource.AnyUnknown(v) && name != "Fn::Select" {
		return resource.Unknown(at)
	}
	list, _ := v.([]any)
	switch name {
	case "Fn::Join":
		if len(list) == 2 {
			parts, _ := resource.TextsOf(list[1])
			return strings.Join(parts, resource.PlainText(list[0]))
		}
	case "Fn::Split":
		if len(list) == 2 {
			var out []any
			for _, s := range strings.Split(resource.PlainText(list[1]), resource.PlainText(list[0])) {
				out = append(out, s)
			}
			return out
		}
	case "Fn::Select":
		if len(list) == 2 {
			from, _ := list[1].([]any)
			if n, err := strconv.Atoi(resource.PlainText(list[0])); err == nil && n >= 0 && n < len(from) {
				return from[n]
			}
		}
	case "Fn::FindInMap":
		if len(list) >= 3 {
			top, _ := e.sections.mappings[resource.PlainText(list[0])].(map[string]any)
			second, _ := top[resource.PlainText(list[1])].(map[string]any)
			if found, ok := second[resource.PlainText(list[2])]; ok {
				return e.value(found, at)
			}
		}
	case "Fn::Cidr":
		if len(list) >= 2 {
			if blocks := cidrs(list); blocks != nil {
				return blocks
			}
		}
	case "Fn::Length":
		return strconv.Itoa(len(list))
	case "Fn::ToJsonString":
		if body, err := json.Marshal(v); err == nil {
			return string(body)
		}
	case "Fn::Base64":
		return resource.PlainText(v)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition":
		if yes, known := e.decide(map[string]any{name: arg}, 0); known {
			return strconv.FormatBool(yes)
		}
	}
	return resource.Unknown(at)
}

// cidrs is Fn::Cidr: so many blocks of so many host bits out of a block.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html
func cidrs(args []any) []any {
	block, err := netip.ParsePrefix(resource.PlainText(args[0]))
	count, err2 := strconv.Atoi(resource.PlainText(args[1]))
	bits := 8
	if len(args) > 2 {
		if n, err := strconv.Atoi(resource.PlainText(args[2])); err == nil {
			bits = n
		}
	}
	if err != nil || err2 != nil || !block.Addr().Is4() || count < 1 || count > 256 || bits < 1 || bits > 32-block.Bits() {
		return nil
	}
	var out []any
	a := block.Masked().Addr().As4()
	base := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	for i := range uint32(count) {
		n := base + i<<bits
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), 32-bits)
		if !block.Contains(p.Addr()) {
			return nil
		}
		out = append(out, p.String())
	}
	return out
}

func (e *evaluator) ref(name, at string) any {
	pseudo := map[string]string{"AWS::Region": e.region, "AWS::AccountId": e.account, "AWS::StackName": e.stack}
	switch name {
	case "AWS::NoValue":
		return noValue{}
	case "AWS::Region", "AWS::AccountId", "AWS::StackName":
		if v := pseudo[name]; v != "" {
			return v
		}
		return resource.Unknown(name)
	case "AWS::Partition", "AWS::URLSuffix":
		if strings.HasPrefix(e.region, "cn-") {
			return map[string]string{"AWS::Partition": "aws-cn", "AWS::URLSuffix": "amazonaws.com.cn"}[name]
		}
		if e.region == "" {
			return resource.Unknown(name)
		}
		if strings.HasPrefix(e.region, "us-gov-") && name == "AWS::Partition" {
			return "aws-us-gov"
		}
		return map[string]string{"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}[name]
	}
	if p, ok := e.sections.parameters[name].(map[string]any); ok {
		return e.parameter(name, p)
	}
	if id, ok := e.ids[name]; ok {
		return id
	}
	return resource.Unknown(at)
}

// parameter is the value given for a parameter, else its default. Parameters of
// the Systems Manager are looked up when the stack is made.
func (e *evaluator) parameter(name string, p map[string]any) any {
	kind := resource.PlainText(p["Type"])
	v, given := e.parameters[name]
	if kept, ok := e.imports[keptParameter+name]; ok && e.isKept(name, p) {
		return kept
	}
	if strings.HasPrefix(kind, "AWS::SSM::Parameter::Value") { // what is given, or the default, is the name of the value
		return resource.Unknown("Parameters." + name)
	}
	if !given {
		d, ok := p["Default"]
		if !ok || e.keepsDeployed != nil && e.keepsDeployed(name) {
			return resource.Unknown("Parameters." + name)
		}
		v = resource.PlainText(d)
	}
	if strings.HasPrefix(v, "{{resolve:") {
		return resource.Unknown("Parameters." + name)
	}
	if strings.HasPrefix(kind, "List<") || kind == "CommaDelimitedList" {
		var out []any
		for _, s := range strings.Split(v, ",") {
			out = append(out, strings.TrimSpace(s))
		}
		return out
	}
	return v
}

func (e *evaluator) getAtt(arg any, at string) any {
	list, ok := arg.([]any)
	if s, isString := arg.(string); isString {
		id, attribute, _ := strings.Cut(s, ".")
		list, ok = []any{id, attribute}, true
	}
	if !ok || len(list) < 2 {
		return resource.Unknown(at)
	}
	id, attribute := resource.PlainText(list[0]), resource.PlainText(list[1])
	r, ok := e.byID[id]
	if !ok {
		return resource.Unknown(at)
	}
	if part := resource.Types().Words(r.kind).Returns[attribute]; part != "" && e.objects[id] != nil {
		return e.objects[id].Part(part)
	}
	switch attribute {
	case "GroupId", "VpcId", "Id", "PrefixListId", "SubnetId", "RouteTableId", "TransitGatewayAttachmentId", "AttachmentId", "InternetGatewayId", "VPNGatewayId", "TransitGatewayRouteTableId", "VpcEndpointId":
		// VpcId of what is not a VPC is a property of its own.
		if attribute != "VpcId" || slices.Contains(resource.Types().References["vpc_id"], resource.Types().CloudFormation[r.kind].Name) {
			if v, ok := e.ids[id]; ok {
				return v
			}
			return resource.Unknown(at)
		}
	case "PrimaryPrivateIpAddress", "PrivateIp":
		attribute = "PrivateIpAddress"
	}
	if v, ok := r.properties[attribute]; ok {
		return e.value(v, at)
	}
	return resource.Unknown(at)
}

func (e *evaluator) sub(arg any, at string) any {
	s, _ := arg.(string)
	own := map[string]any{}
	if list, ok := arg.([]any); ok && len(list) == 2 {
		s, _ = list[0].(string)
		own = resource.AsMap(list[1])
	}
	open := false
	out := substitution.Re().ReplaceAllStringFunc(s, func(m string) string {
		name := strings.TrimSpace(m[2 : len(m)-1])
		var v any
		if x, ok := own[name]; ok {
			v = e.value(x, at)
		} else if id, attribute, dotted := strings.Cut(name, "."); dotted {
			v = e.getAtt([]any{id, attribute}, at)
		} else {
			v = e.ref(name, at)
		}
		if resource.AnyUnknown(v) {
			open = true
		}
		return resource.PlainText(v)
	})
	if open {
		return resource.Unknown(at)
	}
	return strings.ReplaceAll(out, "${!", "${")
}

// properties are those of a resource, worked out.
func (e *evaluator) properties(r declaredResource) map[string]any {
	out := map[string]any{}
	for name, v := range r.properties {
		if x := e.value(v, r.id+"."+name); x != any(noValue{}) {
			out[name] = x
		}
	}
	return out
}

// open reports whether a value depends on what may be another one at an update,
// though it is written the same: a parameter that is given anew, or something that
// is filled in. One that is not given keeps the value that the stack has for it; so
// does what is imported, for an export that is in use can't change.
func (e *evaluator) open(v any, given map[string]string, depth int) bool {
	if depth > maxLevels {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case k == "Fn::Transform":
				return true
			case k == "Fn::If" && len(given) > 0: // what the condition rests on is not followed
				return true
			}
			parameter := false
			mentions(map[string]any{k: x}, func(id string) {
				_, is := given[id]
				parameter = parameter || is
			})
			if parameter || e.open(x, given, depth+1) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if e.open(x, given, depth+1) {
				return true
			}
		}
	}
	return false
}
