package resource

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Unknown stands for a value that is known only after apply; it is the address
// of the attribute.
type Unknown string

// Unset stands for an attribute that the provider computes and the configuration
// does not set.
type Unset struct{}

// AtLeast is a list of which some elements are known.
type AtLeast struct {
	Known []string
	Rest  Unknown
}

// Text is a string attribute: its value, or what decides it.
func (o *Object) Text(name string) (string, snapshot.Pending) { return TextOf(o.Attributes[name]) }

// TextOf is str for any value.
func TextOf(v any) (string, snapshot.Pending) {
	switch v := v.(type) {
	case string:
		return v, ""
	case Unknown:
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

// Known is str without what is pending.
func (o *Object) Known(name string) string {
	s, _ := o.Text(name)
	return s
}

// On reports whether a boolean attribute is true.
func (o *Object) On(name string) bool { return o.Known(name) == "true" }

// OnIfKnown is on where the attribute is known; else nil.
func (o *Object) OnIfKnown(name string) *bool {
	if _, pending := o.Text(name); pending != "" {
		return nil
	}
	on := o.On(name)
	return &on
}

// Stated reports whether the configuration sets an attribute, if only to an
// empty list.
func (o *Object) Stated(name string) bool {
	switch o.Attributes[name].(type) {
	case nil, Unset:
		return false
	}
	return true
}

// Texts is a list of strings: those that are known, and what decides the rest.
func (o *Object) Texts(name string) ([]string, snapshot.Pending) { return TextsOf(o.Attributes[name]) }

func TextsOf(v any) ([]string, snapshot.Pending) {
	switch v := v.(type) {
	case Unknown:
		return nil, snapshot.Pending(v)
	case AtLeast:
		return v.Known, snapshot.Pending(v.Rest)
	case string:
		if v != "" {
			return []string{v}, ""
		}
	case []any:
		var out []string
		var pending snapshot.Pending
		for _, e := range v {
			s, p := TextOf(e)
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

// Blocks is a list of nested objects, and what decides the list as a whole.
func (o *Object) Blocks(name string) ([]*Object, snapshot.Pending) {
	switch v := o.Attributes[name].(type) {
	case Unknown:
		return nil, snapshot.Pending(v)
	case map[string]any:
		return []*Object{o.block(name, v)}, ""
	case []any:
		var out []*Object
		for _, e := range v {
			switch e := e.(type) {
			case map[string]any:
				out = append(out, o.block(name, e))
			case Unknown:
				return out, snapshot.Pending(e)
			}
		}
		return out, ""
	}
	return nil, ""
}

func (o *Object) block(name string, attrs map[string]any) *Object {
	b := &Object{Address: o.Address, Type: o.Type, ID: o.ID, Attributes: attrs}
	if o.Sensitive[name] {
		b.Sensitive = map[string]bool{}
		for k := range attrs {
			b.Sensitive[k] = true
		}
	}
	return b
}

// Hides reports whether one of the attributes is marked as sensitive.
func (o *Object) Hides(names ...string) bool {
	for _, n := range names {
		if o.Sensitive[n] {
			return true
		}
	}
	return false
}

// Prefix is an address block.
func (o *Object) Prefix(name string) (netip.Prefix, snapshot.Pending) {
	s, pending := o.Text(name)
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, pending
	}
	return p, pending
}

// Port is a port number, or nil.
func (o *Object) Port(name string) (*int, snapshot.Pending) {
	s, pending := o.Text(name)
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
func (o *Object) check() error {
	for _, name := range []string{"from_port", "to_port", "rule_number", "rule_no"} {
		s := o.Known(name)
		if o.Sensitive[name] {
			continue
		}
		if n, err := strconv.Atoi(s); s != "" && (err != nil || n < -1 || n > 65535) {
			return snapshot.Errorf("%s.%s: %s is not a number from -1 to 65535", "%s.%s: %s は -1 から 65535 までの数ではない", o.Address, name, Shortened(s))
		}
	}
	for _, name := range []string{"protocol", "ip_protocol"} {
		s := o.Known(name)
		if n, err := strconv.Atoi(s); (strings.TrimSpace(s) != s || err == nil && (strconv.Itoa(n) != s || n < -1 || n > 255)) && !o.Sensitive[name] {
			return snapshot.Errorf("%s.%s: %q is not a protocol; expected a name such as tcp, or a number from -1 to 255", "%s.%s: %q はプロトコルではない。tcp などの名前か、-1 から 255 までの数を指定する", o.Address, name, Shortened(s))
		}
	}
	for _, name := range []string{"rule_action", "action"} {
		if s := o.Known(name); s != "" && !strings.EqualFold(s, "allow") && !strings.EqualFold(s, "deny") && !o.Sensitive[name] {
			return snapshot.Errorf("%s.%s: %q is neither %q nor %q", "%s.%s: %q は %q でも %q でもない", o.Address, name, Shortened(s), "allow", "deny")
		}
	}
	for _, name := range []string{"cidr_block", "cidr_ipv4", "destination_cidr_block", "cidr"} {
		s := o.Known(name)
		if _, err := netip.ParsePrefix(s); s != "" && err != nil && !o.Sensitive[name] {
			return snapshot.Errorf("%s.%s: %q is not a CIDR block", "%s.%s: %q は CIDR ブロックではない", o.Address, name, Shortened(s))
		}
	}
	return nil
}

func Shortened(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

// Protocols are the names that may stand for the numbers of IP protocols.
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
var Protocols = map[string]string{"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}

// Protocol is an IP protocol as a number.
func (o *Object) Protocol(name string) (string, snapshot.Pending) {
	s, pending := o.Text(name)
	if n, ok := Protocols[strings.ToLower(s)]; ok {
		return n, pending
	}
	return s, pending
}

// Same reports whether an attribute has one known value before and after.
func Same(before, after *Object, name string) bool {
	return before != nil && fmt.Sprint(before.Attributes[name]) == fmt.Sprint(after.Attributes[name])
}

func PlainText(v any) string {
	s, _ := TextOf(v)
	return s
}

func AnyUnknown(v any) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case []any:
		for _, x := range v {
			if AnyUnknown(x) {
				return true
			}
		}
	case map[string]any:
		for _, x := range v {
			if AnyUnknown(x) {
				return true
			}
		}
	}
	return false
}

func Values(attrs map[string]any) []any {
	var out []any
	for _, v := range attrs {
		out = append(out, v)
	}
	return out
}

func AsMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// KnownTexts is Texts without what is pending.
func (o *Object) KnownTexts(name string) []string {
	list, _ := o.Texts(name)
	return list
}

// Pending is what decides an attribute; "" for one that is known.
func (o *Object) Pending(name string) snapshot.Pending {
	_, pending := o.Text(name)
	return pending
}

// KnownPrefix is Prefix without what is pending.
func (o *Object) KnownPrefix(name string) netip.Prefix {
	p, _ := o.Prefix(name)
	return p
}

func (o *Object) knownBlocks(name string) []*Object {
	list, _ := o.Blocks(name)
	return list
}

func (o *Object) knownPort(name string) *int {
	n, _ := o.Port(name)
	return n
}

// pendingIn is Pending for a list, or for one value.
func (o *Object) pendingIn(name string) snapshot.Pending {
	_, pending := o.Texts(name)
	return max(pending, o.Pending(name))
}
