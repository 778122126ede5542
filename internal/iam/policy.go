// Package iam evaluates identity policies as AWS documents it, offline. It does
// no I/O and imports nothing of AWS. What it can't decide, such as a condition on
// something that is known only at the time of the call, is Undecided, never
// allowed.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
package iam

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Policy is an identity policy.
type Policy struct {
	Name       string // the file it comes from
	Version    string
	Statements []Statement
}

// Statement is one statement of a policy. Of Action and NotAction, and of Resource and
// NotResource, one is set. IAM takes letters and digits for a Sid, which no other
// statement of the policy may have.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
type Statement struct {
	Sid         string
	Effect      string // "Allow" or "Deny"
	Action      []string
	NotAction   []string
	Resource    []string
	NotResource []string
	Condition   []Condition
}

// Condition is one operator with one key: it holds if the key's value matches
// any of the values.
type Condition struct {
	Operator string
	Key      string
	Values   []string
}

// The versions of the policy language. Policy variables exist only in the newer
// one; it is not the default.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const (
	versionNew = "2012-10-17"
	versionOld = "2008-10-17"
)

// MaxPolicyBytes is far above what IAM stores (10,240 characters for all inline
// policies of a role).
const MaxPolicyBytes = 1 << 20

// Parse reads a policy document, bare or as the AWS CLI prints it (the output of
// get-policy-version, get-role-policy and the like). Errors name the place.
func Parse(name string, body []byte) (Policy, error) {
	p := Policy{Name: name}
	if len(body) > MaxPolicyBytes {
		return p, snapshot.Errorf("it is larger than %d MB; expected an IAM policy document", "%d MB を超えている。IAM ポリシー文書を指定する", MaxPolicyBytes>>20)
	}
	raw, err := document(body, 0)
	if err != nil {
		return p, err
	}
	for _, text := range [][]byte{body, raw} {
		if key := duplicateKey(text); key != "" {
			return p, snapshot.Errorf("%q is given twice: IAM refuses that, and which one counts is not known", "%q が 2 回指定されている。IAM はこれを拒否し、どちらが有効かはわからない", key)
		}
	}
	if holdsNull(raw) {
		return p, snapshot.Errorf("it holds null, which no element of a policy can be", "null がある。ポリシーのどの要素も null にはできない")
	}
	if key := unknownKey(raw, policyKeys); key != "" {
		return p, snapshot.Errorf("there is no element %q in a policy", "ポリシーに %q という要素はない", key)
	}
	var doc struct {
		Version   *string
		Statement json.RawMessage
	}
	if err := snapshot.DecodeJSON(raw, &doc); err != nil {
		return p, err
	}
	switch {
	case doc.Version == nil:
		p.Version = versionOld
	case *doc.Version == versionNew, *doc.Version == versionOld:
		p.Version = *doc.Version
	default:
		return p, snapshot.Errorf("Version %q: expected %q or %q", "Version %q: %q または %q であるべき", *doc.Version, versionNew, versionOld)
	}
	if len(doc.Statement) == 0 {
		return p, snapshot.Errorf("there is no \"Statement\": is it an IAM policy document?", "\"Statement\" がない。IAM ポリシー文書ではないのでは")
	}
	statements := []json.RawMessage{doc.Statement}
	if doc.Statement[0] == '[' {
		statements = nil
		if err := json.Unmarshal(doc.Statement, &statements); err != nil {
			return p, err
		}
	}
	for i, s := range statements {
		st, err := parseStatement(s)
		if err == nil && st.Sid != "" && slices.ContainsFunc(p.Statements, func(other Statement) bool { return other.Sid == st.Sid }) {
			err = snapshot.Errorf("Sid %q is given to another statement too: IAM refuses that", "Sid %q が別の文にもある。IAM に拒否される", st.Sid)
		}
		if err != nil {
			return p, snapshot.Errorf("statement %d: %w", "文 %d: %w", i+1, err)
		}
		p.Statements = append(p.Statements, st)
	}
	return p, nil
}

// document finds the policy inside what the AWS CLI prints around it. The API
// itself gives it percent-encoded.
func document(body []byte, depth int) ([]byte, error) {
	trimmed := []byte(strings.TrimSpace(string(body)))
	if len(trimmed) > 0 && trimmed[0] == '"' && depth > 0 {
		var s string
		if err := json.Unmarshal(trimmed, &s); err != nil {
			return nil, err
		}
		if u, err := url.PathUnescape(s); err == nil {
			s = u
		}
		return []byte(s), nil
	}
	var keys map[string]json.RawMessage
	if err := snapshot.DecodeJSON(trimmed, &keys); err != nil {
		return nil, err
	}
	for _, wrapper := range []string{"PolicyVersion", "PolicyDocument", "Document"} {
		if inner, ok := keys[wrapper]; ok && depth < 3 {
			if string(keys["IsDefaultVersion"]) == "false" {
				return nil, snapshot.Errorf("it is version %s of a policy, which is not in effect: pass the default one", "有効ではないバージョン %s のポリシーである。デフォルトのバージョンを渡す", keys["VersionId"])
			}
			return document(inner, depth+1)
		}
	}
	return trimmed, nil
}

// oneOrMany is a string or a list of strings.
type oneOrMany []string

func (l *oneOrMany) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(l))
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*l = oneOrMany{s}
	return nil
}

// values is a value of a condition: strings, numbers and booleans, one or many.
type values []string

func (l *values) UnmarshalJSON(b []byte) error {
	many := []json.RawMessage{b}
	if len(b) > 0 && b[0] == '[' {
		many = nil
		if err := json.Unmarshal(b, &many); err != nil {
			return err
		}
	}
	for _, v := range many {
		var s string
		switch {
		case v[0] == '{' || v[0] == '[':
			return snapshot.Errorf("a value of a condition is text, a number, true or false, or a list of them, and not %s", "条件の値は文字列・数値・true・false またはそれらのリストであり、%s は指定できない", v)
		case json.Unmarshal(v, &s) != nil:
			s = string(v)
		}
		*l = append(*l, s)
	}
	return nil
}

func parseStatement(raw []byte) (Statement, error) {
	var in struct {
		Sid          string
		Effect       string
		Action       oneOrMany
		NotAction    oneOrMany
		Resource     oneOrMany
		NotResource  oneOrMany
		Principal    json.RawMessage
		NotPrincipal json.RawMessage
		Condition    map[string]map[string]values
	}
	if err := snapshot.DecodeJSON(raw, &in); err != nil {
		return Statement{}, err
	}
	if key := unknownKey(raw, statementKeys); key != "" {
		return Statement{}, snapshot.Errorf("there is no element %q in a statement", "文に %q という要素はない", key)
	}
	st := Statement{Sid: in.Sid, Effect: in.Effect, Action: in.Action, NotAction: in.NotAction, Resource: in.Resource, NotResource: in.NotResource}
	switch {
	case in.Effect != "Allow" && in.Effect != "Deny":
		return st, snapshot.Errorf("Effect %q: expected \"Allow\" or \"Deny\"", "Effect %q: \"Allow\" か \"Deny\" であるべき", in.Effect)
	case strings.Trim(strings.ToLower(in.Sid), "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return st, snapshot.Errorf("Sid %q: IAM takes letters of the Latin alphabet and digits only", "Sid %q: IAM が受け付けるのは英数字だけ", in.Sid)
	case in.Principal != nil || in.NotPrincipal != nil:
		return st, snapshot.Errorf("it names a Principal, so it belongs to a resource policy; expected a policy of a user or role", "Principal があるのでリソースポリシーである。ユーザーまたはロールのポリシーを指定する")
	case (in.Action == nil) == (in.NotAction == nil) || len(in.Action)+len(in.NotAction) == 0:
		return st, snapshot.Errorf("expected one of Action and NotAction", "Action と NotAction のどちらか一方が必要")
	case (in.Resource == nil) == (in.NotResource == nil) || len(in.Resource)+len(in.NotResource) == 0:
		return st, snapshot.Errorf("expected one of Resource and NotResource", "Resource と NotResource のどちらか一方が必要")
	}
	for _, a := range slices.Concat(st.Action, st.NotAction) {
		if !canBeAction(a) {
			return st, snapshot.Errorf("%q is no action, and IAM refuses it: expected SERVICE:ACTION, with wildcards behind the colon only, or *", "%q はアクションではなく、IAM に拒否される。SERVICE:ACTION（ワイルドカードはコロンの後ろだけ）または * を指定する", a)
		}
	}
	for op, keys := range in.Condition {
		for key, vals := range keys {
			st.Condition = append(st.Condition, Condition{op, key, vals})
		}
	}
	slices.SortFunc(st.Condition, func(a, b Condition) int { return strings.Compare(a.Operator+a.Key, b.Operator+b.Key) })
	return st, nil
}

// canBeAction reports whether IAM takes a text for an action. "Action vendors must not
// contain wildcards", and there is one colon.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func canBeAction(s string) bool {
	service, name, found := strings.Cut(s, ":")
	switch {
	case s == "*", s == "*:*":
		return true
	case !found || service == "" || name == "":
		return false
	}
	return !strings.ContainsAny(service, "*?") && !strings.Contains(name, ":")
}

// The elements of the policy language. A misspelt Condition would be none.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
var (
	policyKeys    = []string{"Version", "Id", "Statement"}
	statementKeys = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// unknownKey is the first key of an object that is not among those given.
func unknownKey(raw []byte, keys []string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return "" // decoding says what is wrong
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(keys, key) {
			return key
		}
	}
	return ""
}

// holdsNull reports whether there is a null anywhere: JSON readers take it for
// something that is not there, such as a Condition that is none.
func holdsNull(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))))
	for {
		switch tok, err := dec.Token(); {
		case err != nil:
			return false // decoding says what is wrong
		case tok == nil:
			return true
		}
	}
}

// duplicateKey is the first key, with those above it, that an object holds twice: JSON
// readers keep the last one without a word. IAM does not tell capital letters of
// operators and condition keys apart.
func duplicateKey(raw []byte) string {
	type object struct {
		seen map[string]bool // nil: a list
		key  string
		due  bool // a key comes next
	}
	var open []object
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))))
	for {
		tok, err := dec.Token()
		if err != nil {
			return "" // decoding says what is wrong
		}
		top := len(open) - 1
		switch key, isText := tok.(string); {
		case tok == json.Delim('{'):
			open = append(open, object{seen: map[string]bool{}, due: true})
		case tok == json.Delim('['):
			open = append(open, object{})
		case tok == json.Delim('}'), tok == json.Delim(']'):
			if open = open[:top]; top > 0 {
				open[top-1].due = true
			}
		case top >= 0 && open[top].seen != nil && open[top].due && isText:
			open[top].key, open[top].due = key, false
			if open[top].seen[strings.ToLower(key)] {
				var names []string
				for _, o := range open {
					if o.key != "" {
						names = append(names, o.key)
					}
				}
				return strings.Join(names, ".")
			}
			open[top].seen[strings.ToLower(key)] = true
		case top >= 0:
			open[top].due = true
		}
	}
}
