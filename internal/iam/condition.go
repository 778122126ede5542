package iam

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// compare tells whether a value of the request matches a value of the policy;
// the error is for a policy value that can't be understood.
type compare func(have, want string) (bool, bool)

// operators are the condition operators, without IfExists and the set prefixes.
// A negated one holds if its counterpart does not match any value.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]struct {
	match   compare
	negated bool
}{
	"stringequals":              {equals, false},
	"stringnotequals":           {equals, true},
	"stringequalsignorecase":    {equalsFold, false},
	"stringnotequalsignorecase": {equalsFold, true},
	"stringlike":                {like, false},
	"stringnotlike":             {like, true},
	"arnequals":                 {arnLike, false},
	"arnlike":                   {arnLike, false},
	"arnnotequals":              {arnLike, true},
	"arnnotlike":                {arnLike, true},
	"bool":                      {equalsFold, false},
	"ipaddress":                 {inCIDR, false},
	"notipaddress":              {inCIDR, true},
	"numericequals":             {number(func(a, b float64) bool { return a == b }), false},
	"numericnotequals":          {number(func(a, b float64) bool { return a == b }), true},
	"numericlessthan":           {number(func(a, b float64) bool { return a < b }), false},
	"numericlessthanequals":     {number(func(a, b float64) bool { return a <= b }), false},
	"numericgreaterthan":        {number(func(a, b float64) bool { return a > b }), false},
	"numericgreaterthanequals":  {number(func(a, b float64) bool { return a >= b }), false},
	"dateequals":                {date(func(a, b time.Time) bool { return a.Equal(b) }), false},
	"datenotequals":             {date(func(a, b time.Time) bool { return a.Equal(b) }), true},
	"datelessthan":              {date(func(a, b time.Time) bool { return a.Before(b) }), false},
	"datelessthanequals":        {date(func(a, b time.Time) bool { return !a.After(b) }), false},
	"dategreaterthan":           {date(func(a, b time.Time) bool { return a.After(b) }), false},
	"dategreaterthanequals":     {date(func(a, b time.Time) bool { return !a.Before(b) }), false},
}

// holds evaluates a condition. A key that is not known, an operator that is not
// known and a value that can't be understood leave it open.
func (c Condition) holds(p Policy, r Request) (truth, string) {
	name := strings.ToLower(c.Operator)
	open := "the condition " + c.Operator + " on " + c.Key + " depends on the call itself"
	if strings.Contains(name, ":") { // ForAllValues: and ForAnyValue: are about keys with several values
		return maybe, open
	}
	name = strings.TrimSuffix(name, "ifexists")
	op, ok := operators[name]
	have, known := r.Context[strings.ToLower(c.Key)]
	if !ok || !known || len(have) != 1 {
		return maybe, open
	}
	matched := no
	for _, v := range c.Values {
		want, resolved := p.resolve(v, r)
		if !resolved {
			matched = max(matched, maybe)
			continue
		}
		is, understood := op.match(have[0], want)
		switch {
		case !understood:
			matched = max(matched, maybe)
		case is:
			matched = yes
		}
	}
	if op.negated {
		matched = yes - matched
	}
	return matched, open
}

func equals(have, want string) (bool, bool)     { return have == want, true }
func equalsFold(have, want string) (bool, bool) { return strings.EqualFold(have, want), true }
func like(have, want string) (bool, bool)       { return glob(want, have), true }

func arnLike(have, want string) (bool, bool) {
	if want == "*" {
		return true, true
	}
	a, b := strings.SplitN(want, ":", 6), strings.SplitN(have, ":", 6)
	if len(a) != 6 || len(b) != 6 {
		return false, true
	}
	for i := range a {
		if !glob(a[i], b[i]) {
			return false, true
		}
	}
	return true, true
}

func inCIDR(have, want string) (bool, bool) {
	addr, err := netip.ParseAddr(have)
	if err != nil {
		return false, false
	}
	if !strings.Contains(want, "/") {
		w, err := netip.ParseAddr(want)
		return err == nil && w == addr, err == nil
	}
	prefix, err := netip.ParsePrefix(want)
	return err == nil && prefix.Contains(addr), err == nil
}

func number(is func(a, b float64) bool) compare {
	return func(have, want string) (bool, bool) {
		a, err1 := strconv.ParseFloat(have, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		return err1 == nil && err2 == nil && is(a, b), err1 == nil && err2 == nil
	}
}

func date(is func(a, b time.Time) bool) compare {
	return func(have, want string) (bool, bool) {
		a, ok1 := parseTime(have)
		b, ok2 := parseTime(want)
		return ok1 && ok2 && is(a, b), ok1 && ok2
	}
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}
