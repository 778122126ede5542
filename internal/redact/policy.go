package redact

import (
	"encoding/json"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/pattern"
)

// unreadable stands for a policy that can't be read, and can't be read either.
const unreadable = `{"Redacted": null}`

// policy replaces what an identity policy says of the estate. Where that hangs on
// parts of names, as patterns do, it is no longer the same: whoever redacts looks
// whether the answer is.
func (r *Redactor) policy(body []byte) json.RawMessage {
	p, err := iam.Parse("", body)
	if err != nil {
		return json.RawMessage(unreadable)
	}
	list := []map[string]any{}
	for _, st := range p.Statements {
		out := map[string]any{"Effect": st.Effect}
		if st.Sid != "" {
			out["Sid"] = r.stands(st.Sid, strings.ReplaceAll(r.Value(st.Sid), "-", "")) // IAM takes no hyphens there
		}
		for name, values := range map[string][]string{"Action": st.Action, "NotAction": st.NotAction} {
			if values != nil {
				out[name] = each(values, r.action)
			}
		}
		for name, values := range map[string][]string{"Resource": st.Resource, "NotResource": st.NotResource} {
			if values != nil {
				out[name] = each(values, r.Value)
			}
		}
		conditions := map[string]map[string][]string{}
		for _, c := range st.Condition {
			op, key := r.operator(c.Operator), r.conditionKey(c.Key)
			if conditions[op] == nil {
				conditions[op] = map[string][]string{}
			}
			conditions[op][key] = each(c.Values, r.conditionValue)
		}
		if len(conditions) > 0 {
			out["Condition"] = conditions
		}
		list = append(list, out)
	}
	return encoded(map[string]any{"Version": p.Version, "Statement": list})
}

func each(list []string, by func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = by(s)
	}
	return out
}

func encoded(v any) json.RawMessage {
	out, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage(unreadable)
	}
	return out
}

// endpointPolicy is policy for that of an endpoint, which says of whom, too.
func (r *Redactor) endpointPolicy(s string) string {
	var doc struct {
		Version   string
		Statement json.RawMessage
	}
	if json.Unmarshal([]byte(s), &doc) != nil {
		return "(redacted)"
	}
	var list []map[string]any
	if json.Unmarshal(doc.Statement, &list) != nil {
		var one map[string]any
		if json.Unmarshal(doc.Statement, &one) != nil {
			return unreadable
		}
		list = []map[string]any{one}
	}
	out := []map[string]any{}
	for _, st := range list {
		to := map[string]any{}
		for name, v := range st {
			switch name {
			case "Effect":
				if v == "Allow" || v == "Deny" {
					to[name] = v
				}
			case "Action", "NotAction":
				to[name] = walk(v, r.action, nil)
			case "Resource", "NotResource", "Sid":
				to[name] = walk(v, r.Value, nil)
			case "Principal", "NotPrincipal":
				to[name] = walk(v, r.Value, r.principalKind)
			case "Condition":
				to[name] = r.conditions(v)
			}
		}
		out = append(out, to)
	}
	version := doc.Version
	if version != "2012-10-17" && version != "2008-10-17" {
		version = ""
	}
	return string(encoded(map[string]any{"Version": version, "Statement": out}))
}

func (r *Redactor) conditions(v any) any {
	byOperator, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}
	}
	out := map[string]any{}
	for op, keys := range byOperator {
		out[r.operator(op)] = walk(keys, r.conditionValue, r.conditionKey)
	}
	return out
}

// walk replaces the texts in a value, and the keys of its objects.
func walk(v any, text, key func(string) string) any {
	switch v := v.(type) {
	case string:
		return text(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = walk(v[i], text, key)
		}
		return out
	case map[string]any:
		out := map[string]any{}
		if key == nil {
			return out
		}
		for k, e := range v {
			out[key(k)] = walk(e, text, key)
		}
		return out
	case bool:
		return v
	}
	return nil
}

func (r *Redactor) principalKind(s string) string {
	switch s {
	case "AWS", "Service", "Federated", "CanonicalUser":
		return s
	}
	return r.Value(s)
}

var (
	operatorShape = pattern.New(`(?i)^((ForAllValues|ForAnyValue):)?(String|Arn|Numeric|Date|Binary|Bool|IpAddress|NotIpAddress|Null)(Not)?(Equals|Like|LessThan|GreaterThan)?(Equals)?(IgnoreCase)?(IfExists)?$`)
	keyShape      = pattern.New(`^(?i)((?:aws|ec2|datasync|iam|sts):[a-z0-9]{1,40})(?:/(.+))?$`)
	dateShape     = pattern.New(`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{5,8}(Z|[+-][0-9:]{5})?)?$`)
)

// principalTypes are values of aws:PrincipalType.
var principalTypes = words(`User AssumedRole Account FederatedUser Anonymous`)

func (r *Redactor) operator(s string) string {
	if operatorShape.Re().MatchString(s) {
		return s
	}
	return r.Value(s)
}

// conditionKey keeps the keys that AWS documents, and replaces the names of tags.
func (r *Redactor) conditionKey(s string) string {
	m := keyShape.Re().FindStringSubmatch(s)
	switch {
	case m == nil:
		return r.Value(s)
	case m[2] != "":
		return r.stands(s, m[1]+"/"+r.Value(m[2]))
	}
	return s
}

func (r *Redactor) conditionValue(s string) string {
	if principalTypes()[s] || dateShape.Re().MatchString(s) || isNumber(s) && len(s) < 12 || strings.EqualFold(s, "true") || strings.EqualFold(s, "false") || ofVariable.Re().MatchString(s) {
		return s
	}
	return r.Value(s)
}
