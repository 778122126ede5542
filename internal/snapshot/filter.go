package snapshot

import (
	"encoding/json"
	"strings"
)

// Filter is a filter of a call, as a manifest written by hand notes it: the text
// that the AWS CLI takes ("Name=state,Values=active,blackhole") or the object of
// the API.
type Filter struct {
	Name   string
	Values []string
}

// UnmarshalJSON reads either form.
func (f *Filter) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		type object Filter
		return json.Unmarshal(b, (*object)(f))
	}
	name, values, ok := strings.Cut(text, ",Values=")
	if name, hasName := strings.CutPrefix(name, "Name="); ok && hasName {
		f.Name, f.Values = name, strings.Split(values, ",")
		return nil
	}
	return Errorf("the filter %q: expected Name=NAME,Values=VALUE", "フィルター %q: Name=名前,Values=値 の形で書く", text)
}
