// Package redact gives a snapshot names, numbers and addresses of its own in place
// of those of the estate, so that it can be passed on. What decides stays: which
// things are the same, which addresses share a network, and the words of AWS.
//
// It lists what stays. Of all other text nothing is left: what is not known to be
// AWS's own word is somebody's.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"sync"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Redactor replaces. The same key, given the same subnets, replaces alike.
type Redactor struct {
	key     Key
	subnets []netip.Prefix
	flips   map[netip.Prefix]bool
	back    map[string]string
	types   map[string]bool // what plans call kinds of resources
	planned map[string]bool // what they call the resources
}

// New is a redactor for snapshots: a subnet of one keeps the place of each address
// in it, so that those that AWS reserves stay so.
func New(key Key, of ...*snapshot.Snapshot) *Redactor {
	r := &Redactor{key: key, flips: map[netip.Prefix]bool{}, back: map[string]string{}, types: map[string]bool{}, planned: map[string]bool{}}
	for _, snap := range of {
		for _, s := range snap.Scopes {
			for _, n := range s.Subnets.All() {
				if n.CIDR.IsValid() && n.CIDR.Addr().Is4() {
					r.subnets = append(r.subnets, n.CIDR.Masked())
				}
			}
		}
	}
	return r
}

// Planned tells what plans call their resources, and the types of those, which stay
// as far as they are those of the providers for AWS.
func (r *Redactor) Planned(addresses, types []string) {
	for _, a := range addresses {
		r.planned[a] = true
	}
	for _, t := range types {
		if typeShape.Re().MatchString(t) {
			r.types[t] = true
		}
	}
}

var typeShape = pattern.New(`^((aws|awscc)_[a-z0-9_]+|AWS::[A-Za-z0-9]+::[A-Za-z0-9]+)$`)

// File replaces the name of a file, and says what kind it is of.
func (r *Redactor) File(s string) string {
	if s == "" {
		return ""
	}
	kind := ""
	for _, known := range []string{".tf", ".tf.json", ".tofu", ".tofu.json", ".yaml", ".yml", ".json", ".template"} {
		if strings.HasSuffix(s, known) {
			kind = known
		}
	}
	return r.stands(s, r.name("file-", s)+kind)
}

// Snapshot is the snapshot with everything replaced.
func (r *Redactor) Snapshot(s *snapshot.Snapshot) (*snapshot.Snapshot, error) {
	out, err := s.Mapped(r)
	if err == nil {
		out.Redacted = r.key.Mark()
	}
	return out, err
}

// Back is what a replacement stands for, or each part of it; what was not replaced
// stands for itself.
func (r *Redactor) Back(s string) string {
	if original, ok := r.back[s]; ok {
		return original
	}
	if first, rest, ok := strings.Cut(s, "/"); ok {
		return r.Back(first) + "/" + r.Back(rest)
	}
	return s
}

// Map is what every replacement stands for.
func (r *Redactor) Map() map[string]string { return r.back }

func (r *Redactor) stands(was, is string) string {
	if was != is {
		r.back[is] = was
	}
	return is
}

// digest is a number that only the key tells of a text.
func (r *Redactor) digest(kind, text string) []byte {
	h := hmac.New(sha256.New, r.key[:])
	fmt.Fprintf(h, "%s\x00%s", kind, text)
	return h.Sum(nil)
}

// nameLength is that of the part of a name that tells it from others, in hexadecimal
// digits.
const nameLength = 10

func (r *Redactor) name(prefix, s string) string {
	return r.stands(s, prefix+hex.EncodeToString(r.digest("name", s))[:nameLength])
}

var (
	accountShape = pattern.New(`^[0-9]{12}$`)
	idShape      = pattern.New(`^([a-z]+(?:-[a-z]+)*)-([0-9a-f]{17}|[0-9a-f]{8})$`)
)

// idKinds are the beginnings of AWS's ids.
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
var idKinds = words(`acl aclassoc agent ami cagw cgw core-network dopt eigw eipalloc eipassoc eni eni-attach i igw lgw lgw-rtb loc nat odbnet pcx pl r rtb
	rtbassoc sg sgr subnet subnet-cidr-assoc task tgw tgw-attach tgw-rtb vgw vpc vpc-cidr-assoc vpce vpce-svc vpn`)

// ours are words that mean the same in every estate: AWS's, and our own.
var ours = words(`* local default any account amazon AWS aws Amazon destination source network (planned) planned plan Parameters Conditions true false`)

func words(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for _, w := range strings.Fields(list) {
			out[w] = true
		}
		return out
	})
}

// Value replaces a text by its shape.
func (r *Redactor) Value(s string) string {
	switch {
	case s == "" || ours()[s] || r.types[s] || isRegion(s):
		return s
	case accountShape.Re().MatchString(s):
		return r.account(s)
	case strings.HasPrefix(s, "arn:"):
		return r.arn(s)
	case strings.Contains(s, "://"):
		return r.url(s)
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return r.Addr(a).String()
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return r.Prefix(p).String()
	}
	if m := idShape.Re().FindStringSubmatch(s); m != nil && idKinds()[m[1]] {
		return r.stands(s, m[1]+"-"+hex.EncodeToString(r.digest("id", s))[:len(m[2])])
	}
	if address, ok := r.address(s); ok {
		return address
	}
	if r.planned[s] {
		return r.name("name-", s)
	}
	if at := strings.IndexByte(s, '/'); at > 0 && r.ofPlan(s[:at]) { // a part of a resource
		return r.stands(s, r.Value(s[:at])+"/"+r.part(s[at+1:]))
	}
	if at := strings.LastIndexByte(s, '.'); at > 0 && r.ofPlan(s[:at]) { // an attribute of one
		return r.stands(s, r.Value(s[:at])+"."+r.Value(s[at+1:]))
	}
	if first, rest, ok := strings.Cut(s, "/"); ok && idShape.Re().MatchString(first) { // a group's rule, a group in a VPC
		return r.stands(s, r.Value(first)+"/"+r.Value(rest))
	}
	if host, port, ok := strings.Cut(s, ":"); ok && isHost(host) && isNumber(port) {
		return r.stands(s, r.host(host)+":"+port)
	}
	if strings.Contains(s, ".") && isHost(s) {
		return r.host(s)
	}
	return r.name("name-", s)
}

// ofPlan reports whether a text is the name of a planned resource, or begins with it.
func (r *Redactor) ofPlan(s string) bool {
	if _, ok := r.address(s); ok || r.planned[s] || s == "Parameters" || s == "Conditions" {
		return true
	}
	at := strings.LastIndexByte(s, '.')
	return at > 0 && r.ofPlan(s[:at])
}

// part replaces what tells parts of a planned resource from one another, but for their
// types and numbers.
func (r *Redactor) part(s string) string {
	list := strings.Split(s, "/")
	for i, p := range list {
		if !isNumber(p) || len(p) > 5 {
			list[i] = r.Value(p)
		}
	}
	return strings.Join(list, "/")
}

func (r *Redactor) account(s string) string {
	n := new(big.Int).SetBytes(r.digest("account", s))
	return r.stands(s, fmt.Sprintf("%012d", n.Mod(n, big.NewInt(1_000_000_000_000))))
}

// Text replaces the text of a field, unless it is one that is kept.
func (r *Redactor) Text(place, s string) string {
	if how := special[place]; how != nil {
		return how(r, s)
	}
	if kept()[place] && isWord(s) {
		return s
	}
	return r.Value(s)
}

// JSON replaces what a policy says of the estate.
func (r *Redactor) JSON(_ string, body json.RawMessage) json.RawMessage { return r.policy(body) }

// isWord reports whether a text can be one of AWS's: it has no room for a name.
func isWord(s string) bool {
	_, err := netip.ParseAddr(s)
	return wordShape.Re().MatchString(s) && !accountShape.Re().MatchString(s) && !idShape.Re().MatchString(s) && err != nil
}

var wordShape = pattern.New(`^-?[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$`)
