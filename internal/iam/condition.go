package iam

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// compare tells whether a value of the request matches a value of the policy. What
// can't be understood is maybe.
type compare func(have Value, want string) truth

// kind is what an operator compares, and what a condition key has.
type kind int

const (
	textual kind = iota // ARNs too
	boolean
	address
	moment // as a date, or in seconds since 1970
)

// kinds are those of the keys that have no text. The Reference says of each key which
// operators it works with, and not what comes of another.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
var kinds = map[string]kind{
	"aws:securetransport": boolean, "aws:viaawsservice": boolean, "aws:sourceip": address, "aws:currenttime": moment, "aws:epochtime": moment,
}

// operators are the condition operators, without IfExists and the set prefixes.
// A negated one holds if its counterpart does not match any value.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]struct {
	kind    kind
	match   compare
	negated bool
}{
	"stringequals":              {textual, equals, false},
	"stringnotequals":           {textual, equals, true},
	"stringequalsignorecase":    {textual, equalsFold, false},
	"stringnotequalsignorecase": {textual, equalsFold, true},
	"stringlike":                {textual, like, false},
	"stringnotlike":             {textual, like, true},
	"arnequals":                 {textual, arnLike, false},
	"arnlike":                   {textual, arnLike, false},
	"arnnotequals":              {textual, arnLike, true},
	"arnnotlike":                {textual, arnLike, true},
	"bool":                      {boolean, equalsFold, false},
	"ipaddress":                 {address, inCIDR, false},
	"notipaddress":              {address, inCIDR, true},
	"numericequals":             {moment, number(sameAs), false},
	"numericnotequals":          {moment, number(sameAs), true},
	"numericlessthan":           {moment, number(below), false},
	"numericlessthanequals":     {moment, number(atMost), false},
	"numericgreaterthan":        {moment, number(above), false},
	"numericgreaterthanequals":  {moment, number(atLeast), false},
	"dateequals":                {moment, date(sameAs), false},
	"datenotequals":             {moment, date(sameAs), true},
	"datelessthan":              {moment, date(below), false},
	"datelessthanequals":        {moment, date(atMost), false},
	"dategreaterthan":           {moment, date(above), false},
	"dategreaterthanequals":     {moment, date(atLeast), false},
}

// holds evaluates a condition. A key that is not known, an operator that is not
// known and a value that can't be understood leave it open. A key that the
// request never carries matches no value; what holds for its mere absence is left
// open, since the Reference lists what policies can use and not all that a
// request has.
func (c Condition) holds(p Policy, r Request) truth {
	name := strings.ToLower(c.Operator)
	set, plain, isSet := strings.Cut(name, ":")
	if isSet {
		name = plain
	}
	name, ifExists := strings.CutSuffix(name, "ifexists")
	op, ok := operators[name]
	have, known := c.value(r)
	switch {
	case !ok || !known:
		return maybe
	case have.Absent && !op.negated && !ifExists && set != "forallvalues":
		return no
	case have.Absent || isSet: // ForAllValues: and ForAnyValue: are about keys with several values
		return maybe
	case op.kind != kinds[strings.ToLower(c.Key)], strings.HasPrefix(name, "numeric") && !strings.EqualFold(c.Key, "aws:EpochTime"):
		return maybe
	}
	matched := no
	for _, v := range c.Values {
		if want, resolved := p.resolve(v, r); resolved {
			matched = max(matched, op.match(have, want))
		} else {
			matched = max(matched, maybe)
		}
	}
	if op.negated {
		return yes - matched
	}
	return matched
}

// value is what is known of the key's value in the request.
func (c Condition) value(r Request) (Value, bool) {
	if v, known := r.Context[strings.ToLower(c.Key)]; known {
		return v, true
	}
	return Value{Absent: true}, neverCarries(r.Action, c.Key)
}

// in is the condition in short, with the time that it was judged for.
func (c Condition) in(r Request) string {
	text := c.Operator + " " + c.Key + " (" + strings.Join(c.Values, ", ") + ")"
	if v := r.Context[strings.ToLower(c.Key)]; !v.From.IsZero() {
		text += " " + v.span()
	}
	return text
}

// when is yes or no.
func when(is bool) truth {
	if is {
		return yes
	}
	return no
}

func equals(have Value, want string) truth {
	switch {
	case have.whole():
		return when(have.Is == want)
	case have.Like != "" && !glob(have.Like, want):
		return no
	}
	return maybe
}

func equalsFold(have Value, want string) truth {
	switch {
	case have.whole():
		return when(strings.EqualFold(have.Is, want))
	case have.Like != "" && !glob(strings.ToLower(have.Like), strings.ToLower(want)):
		return no
	}
	return maybe
}

func like(have Value, want string) truth {
	switch {
	case have.whole():
		return when(glob(want, have.Is))
	case have.Like == "":
		return maybe
	case covers(want, have.Like):
		return yes
	case !meets(want, have.Like):
		return no
	}
	return maybe
}

// arnLike compares part by part. That IAM completes an ARN that lacks parts is
// documented for resources only, so that here it is open.
func arnLike(have Value, want string) truth {
	text := have.Is
	if have.Like != "" {
		text = have.Like
	}
	a, b := strings.SplitN(want, ":", 6), strings.SplitN(text, ":", 6)
	switch {
	case want == "*":
		return yes
	case !have.From.IsZero():
		return maybe
	case len(a) != 6:
		return maybe
	case len(b) != 6:
		return no
	}
	out := yes
	for i := range a {
		part := Value{Is: b[i]}
		if strings.ContainsAny(b[i], "*?") && have.Like != "" {
			part = Value{Like: b[i]}
		}
		out = and(out, like(part, a[i]))
	}
	return out
}

func inCIDR(have Value, want string) truth {
	addr, err := netip.ParseAddr(have.Is)
	if err != nil {
		return maybe
	}
	if !strings.Contains(want, "/") {
		w, err := netip.ParseAddr(want)
		if err != nil {
			return maybe
		}
		return when(w == addr)
	}
	prefix, err := netip.ParsePrefix(want)
	if err != nil {
		return maybe
	}
	return when(prefix.Contains(addr))
}

// order says which of two numbers is asked for: -1 below, 0 the same, 1 above.
type order func(sign int) bool

func sameAs(sign int) bool  { return sign == 0 }
func below(sign int) bool   { return sign < 0 }
func atMost(sign int) bool  { return sign <= 0 }
func above(sign int) bool   { return sign > 0 }
func atLeast(sign int) bool { return sign >= 0 }

func number(is order) compare {
	return func(have Value, want string) truth {
		b, err := strconv.ParseFloat(want, 64)
		if err != nil {
			return maybe
		}
		if !have.From.IsZero() {
			return during(have, time.Unix(int64(b), 0), is)
		}
		a, err := strconv.ParseFloat(have.Is, 64)
		if err != nil {
			return maybe
		}
		switch {
		case a < b:
			return when(is(-1))
		case a > b:
			return when(is(1))
		}
		return when(is(0))
	}
}

func date(is order) compare {
	return func(have Value, want string) truth {
		b, ok := parseTime(want)
		if !ok {
			return maybe
		}
		if end := b.AddDate(0, 0, 1); len(want) == len(time.DateOnly) && !is(-1) && !is(1) && !have.From.IsZero() && have.From.Before(end) && !have.To.Before(b) {
			return maybe // whether a day is its first moment or all of it is not documented
		}
		if !have.From.IsZero() {
			return during(have, b, is)
		}
		a, ok := parseTime(have.Is)
		if !ok {
			return maybe
		}
		return when(is(a.Compare(b)))
	}
}

// during compares every moment of a span: a condition that turns within it is
// open.
func during(have Value, want time.Time, is order) truth {
	from, to := have.From.Compare(want), have.To.Compare(want)
	if is(from) != is(to) || from != to && is(0) != is(from) {
		return maybe
	}
	return when(is(from))
}

// parseTime reads a date as W3C writes it: a time of day has a zone, without which it
// may be any.
// Source: https://www.w3.org/TR/NOTE-datetime
func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= firstEpoch && n < lastEpoch {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}

// Seconds since 1970 are of nine to eleven digits. A smaller number may be a year,
// which ISO 8601 writes alike, and a larger one milliseconds.
const (
	firstEpoch = 100_000_000
	lastEpoch  = 100_000_000_000
)
