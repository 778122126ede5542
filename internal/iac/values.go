package iac

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// unknown stands for a value that is known only after apply; it is the address
// of the attribute.
type unknown string

// unset stands for an attribute that the provider computes and the configuration
// does not set.
type unset struct{}

// atLeast is a list of which some elements are known.
type atLeast struct {
	known []string
	rest  unknown
}

// str is a string attribute: its value, or what decides it.
func (o *object) str(name string) (string, snapshot.Pending) { return text(o.attrs[name]) }

// text is str for any value.
func text(v any) (string, snapshot.Pending) {
	switch v := v.(type) {
	case string:
		return v, ""
	case unknown:
		return "", snapshot.Pending(v)
	case json.Number:
		return v.String(), ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), ""
	case int:
		return strconv.Itoa(v), ""
	case bool:
		return strconv.FormatBool(v), ""
	}
	return "", ""
}

// known is str without what is pending.
func (o *object) known(name string) string {
	s, _ := o.str(name)
	return s
}

// on reports whether a boolean attribute is true.
func (o *object) on(name string) bool { return o.known(name) == "true" }

// maybe is on where the attribute is known; else nil.
func (o *object) maybe(name string) *bool {
	if _, pending := o.str(name); pending != "" {
		return nil
	}
	on := o.on(name)
	return &on
}

// stated reports whether the configuration sets an attribute, if only to an
// empty list.
func (o *object) stated(name string) bool {
	switch o.attrs[name].(type) {
	case nil, unset:
		return false
	}
	return true
}

// strs is a list of strings: those that are known, and what decides the rest.
func (o *object) strs(name string) ([]string, snapshot.Pending) { return texts(o.attrs[name]) }

func texts(v any) ([]string, snapshot.Pending) {
	switch v := v.(type) {
	case unknown:
		return nil, snapshot.Pending(v)
	case atLeast:
		return v.known, snapshot.Pending(v.rest)
	case string:
		if v != "" {
			return []string{v}, ""
		}
	case []any:
		var out []string
		var pending snapshot.Pending
		for _, e := range v {
			s, p := text(e)
			if p != "" {
				pending = p
			} else if s != "" {
				out = append(out, s)
			}
		}
		return out, pending
	}
	return nil, ""
}

// blocks is a list of nested objects, and what decides the list as a whole.
func (o *object) blocks(name string) ([]*object, snapshot.Pending) {
	switch v := o.attrs[name].(type) {
	case unknown:
		return nil, snapshot.Pending(v)
	case map[string]any:
		return []*object{o.block(name, v)}, ""
	case []any:
		var out []*object
		for _, e := range v {
			switch e := e.(type) {
			case map[string]any:
				out = append(out, o.block(name, e))
			case unknown:
				return out, snapshot.Pending(e)
			}
		}
		return out, ""
	}
	return nil, ""
}

func (o *object) block(name string, attrs map[string]any) *object {
	b := &object{address: o.address, kind: o.kind, id: o.id, attrs: attrs}
	if o.secret[name] {
		b.secret = map[string]bool{}
		for k := range attrs {
			b.secret[k] = true
		}
	}
	return b
}

// hides reports whether one of the attributes is marked as sensitive.
func (o *object) hides(names ...string) bool {
	for _, n := range names {
		if o.secret[n] {
			return true
		}
	}
	return false
}

// prefix is an address block.
func (o *object) prefix(name string) (netip.Prefix, snapshot.Pending) {
	s, pending := o.str(name)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, pending
	}
	return p, pending
}

// port is a port number, or nil.
func (o *object) port(name string) (*int, snapshot.Pending) {
	s, pending := o.str(name)
	if s == "" {
		return nil, pending
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return nil, pending
	}
	return &n, ""
}

// check refuses values that no AWS resource can have.
func (o *object) check() error {
	for _, name := range []string{"from_port", "to_port", "rule_number", "rule_no"} {
		s := o.known(name)
		if o.secret[name] {
			continue
		}
		if n, err := strconv.Atoi(s); s != "" && (err != nil || n < -1 || n > 65535) {
			return snapshot.Errorf("%s.%s: %s is not a number from -1 to 65535", "%s.%s: %s は -1 から 65535 までの数ではない", o.address, name, shortened(s))
		}
	}
	for _, name := range []string{"cidr_block", "cidr_ipv4", "destination_cidr_block", "cidr"} {
		s := o.known(name)
		if _, err := netip.ParsePrefix(s); s != "" && err != nil && !o.secret[name] {
			return snapshot.Errorf("%s.%s: %q is not a CIDR block", "%s.%s: %q は CIDR ブロックではない", o.address, name, shortened(s))
		}
	}
	return nil
}

func shortened(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// protocols are the names that may stand for the numbers of IP protocols.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
var protocols = map[string]string{"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}

// protocol is an IP protocol as a number.
func (o *object) protocol(name string) (string, snapshot.Pending) {
	s, pending := o.str(name)
	if n, ok := protocols[strings.ToLower(s)]; ok {
		return n, pending
	}
	return s, pending
}

// same reports whether an attribute has one known value before and after.
func same(before, after *object, name string) bool {
	return before != nil && fmt.Sprint(before.attrs[name]) == fmt.Sprint(after.attrs[name])
}

func plainText(v any) string {
	s, _ := text(v)
	return s
}

func anyUnknown(v any) bool {
	switch v := v.(type) {
	case unknown:
		return true
	case []any:
		for _, x := range v {
			if anyUnknown(x) {
				return true
			}
		}
	case map[string]any:
		for _, x := range v {
			if anyUnknown(x) {
				return true
			}
		}
	}
	return false
}

func values(attrs map[string]any) []any {
	var out []any
	for _, v := range attrs {
		out = append(out, v)
	}
	return out
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}
