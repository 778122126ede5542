package resource

import (
	"maps"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// IDShape is the shape of the ids that a path has to do with.
var IDShape = pattern.New(`\b(?:vpc|subnet|sg|acl|rtb|vpce|eni|i|pcx|pl|tgw|tgw-rtb|tgw-attach|vgw|vpn|igw|nat)-[0-9a-f]{8,17}\b`)

// IDsIn collects the ids in the strings of a value, and the strings themselves that
// are addresses of planned resources.
func IDsIn(v any, planned func(string) bool, out []string) []string {
	add := func(id string) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	switch v := v.(type) {
	case string:
		for _, id := range IDShape.Re().FindAllString(v, -1) {
			add(id)
		}
		if planned != nil && planned(v) {
			add(v)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = IDsIn(v[k], planned, out)
		}
	case []any:
		for _, e := range v {
			out = IDsIn(e, planned, out)
		}
	}
	return out
}

// HasType reports whether an id is one of some types.
func HasType(id string, types []string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		return Types().IDPrefixes[t] != "" && strings.HasPrefix(id, Types().IDPrefixes[t])
	})
}

// IsPlace reports whether an id, or the address of what is planned, of a type, is that
// of a VPC or subnet, which others stand in.
func IsPlace(id, planned string) bool {
	return HasType(id, Types().Grounds) || slices.Contains(Types().Grounds, planned)
}
