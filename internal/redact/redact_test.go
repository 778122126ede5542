package redact

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dspreflight/dspreflight/internal/iam"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func anyAddr(t *rapid.T, name string) netip.Addr {
	if rapid.Bool().Draw(t, name+" is IPv6") {
		var b [16]byte
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
		return netip.AddrFrom16(b)
	}
	var b [4]byte
	copy(b[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name))
	if rapid.Bool().Draw(t, name+" is private") {
		b[0] = 10
	}
	return netip.AddrFrom4(b)
}

// shared is how many bits two addresses begin with alike.
func shared(a, b netip.Addr) int {
	for n := a.BitLen(); n > 0; n-- {
		if netip.PrefixFrom(a, n).Contains(b) {
			return n
		}
	}
	return 0
}

// TestAddressesShareWhatTheyShared holds that two addresses begin with as many bits
// alike as before, that special blocks keep their addresses, and that an address has
// the place in its subnet that it had.
func TestAddressesShareWhatTheyShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAddr(t, "a"), anyAddr(t, "b")
		var subnets []netip.Prefix
		if a.Is4() {
			subnets = append(subnets, netip.PrefixFrom(a, rapid.IntRange(16, 28).Draw(t, "bits")).Masked())
		}
		var snap snapshot.Snapshot
		sc := &snapshot.Scope{}
		sc.Subnets = snapshot.NewTable[snapshot.Subnet](snapshot.Full)
		for _, n := range subnets {
			sc.Subnets.Put(snapshot.Subnet{ID: "subnet-1", CIDR: n})
		}
		snap.Scopes = []*snapshot.Scope{sc}
		r := New(Key{rapid.Byte().Draw(t, "key")}, &snap)
		x, y := r.Addr(a), r.Addr(b)
		if a.BitLen() == b.BitLen() && !a.Is4In6() && !b.Is4In6() && shared(a, b) != shared(x, y) {
			t.Fatalf("%s and %s share %d bits, %s and %s %d", a, b, shared(a, b), x, y, shared(x, y))
		}
		for _, p := range slices.Concat(everybodys, fixed) {
			if p.Contains(a) != p.Contains(x) {
				t.Fatalf("%s is %s: one of them is in %s", a, x, p)
			}
		}
		for _, n := range subnets {
			to := r.Prefix(n)
			if to.Bits() != n.Bits() || !to.Contains(x) {
				t.Fatalf("%s in %s is %s in %s", a, n, x, to)
			}
			at, stays := n.Addr(), to.Addr()
			for range 16 {
				if r.Addr(at) != stays {
					t.Fatalf("%s of %s is %s, want %s", at, n, r.Addr(at), stays)
				}
				at, stays = at.Next(), stays.Next()
			}
		}
		if p := netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "prefix")).Masked(); r.Prefix(p) != r.Prefix(p).Masked() || r.Prefix(p).Contains(y) != p.Contains(b) && !a.Is4In6() && !b.Is4In6() {
			t.Fatalf("%s holds %s: %t; %s holds %s: %t", p, b, p.Contains(b), r.Prefix(p), y, r.Prefix(p).Contains(y))
		}
	})
}

// TestValues replaces by shape, and leaves nothing of what is somebody's.
func TestValues(t *testing.T) {
	r := New(Key{7})
	for _, tt := range []struct{ in, like string }{
		{"111122223333", `############`},
		{"vpce-0a1b2c3d4e5f60718", `vpce-xxxxxxxxxxxxxxxxx`},
		{"acme-0a1b2c3d4e5f60718", `name-xxxxxxxxxx`},
		{"sg-0a1b2c3d4e5f60718/sgr-0a1b2c3d4e5f60718", `sg-xxxxxxxxxxxxxxxxx/sgr-xxxxxxxxxxxxxxxxx`},
		{"arn:aws:iam::111122223333:role/ops/Payroll", `arn:aws:iam::############:role/name-xxxxxxxxxx/name-xxxxxxxxxx`},
		{"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Payroll_0123456789abcdef/bob", `arn:aws:sts::############:assumed-role/AWSReservedSSO_name-xxxxxxxxxx_0000000000000000/name-xxxxxxxxxx`},
		{"arn:aws:datasync:us-east-1:111122223333:agent/agent-0a1b2c3d4e5f60718", `arn:aws:datasync:us-east-1:############:agent/agent-xxxxxxxxxxxxxxxxx`},
		{"arn:aws:datasync:*:*:agent/*", `arn:aws:datasync:*:*:agent/*`},
		{"nfs://files.payroll.example:2049/export", `nfs://host-xxxxxxxxxx.invalid:2049`},
		{"http://bob:secret@files/?gatewayType=SYNC&activationRegion=us-east-1&redirect=payroll", `http://host-xxxxxxxxxx.invalid/?gatewayType=SYNC&activationRegion=us-east-1&name-xxxxxxxxxx`},
		{"https://datasync.us-east-1.amazonaws.com/", `https://datasync.us-east-1.amazonaws.com`},
		{"https://payroll.s3.amazonaws.com/", `https://name-xxxxxxxxxx.s3.amazonaws.com`},
		{"module.payroll.aws_vpc_endpoint.datasync[\"bob\"].subnet_ids", `module.name-xxxxxxxxxx.aws_vpc_endpoint.name-xxxxxxxxxx["name-xxxxxxxxxx"].subnet_ids`},
		{"us-gov-west-1", "us-gov-west-1"},
		{"aws_vpc_endpoint.payroll/aws_subnet.bob", `aws_vpc_endpoint.name-xxxxxxxxxx/aws_subnet.name-xxxxxxxxxx`},
		{"us-east-1-111122223333", `name-xxxxxxxxxx`},
		{"Payroll = SUM(A1)", `name-xxxxxxxxxx`},
	} {
		got := r.Value(tt.in)
		if shape(got, tt.like) != tt.like {
			t.Errorf("%s is %s, want %s", tt.in, got, tt.like)
		}
		if got != tt.in && r.Back(got) != tt.in {
			t.Errorf("%s leads back to %s, not %s", got, r.Back(got), tt.in)
		}
		if again := New(Key{7}).Value(tt.in); again != got {
			t.Errorf("%s is %s and, with the same key, %s", tt.in, got, again)
		}
		if other := New(Key{8}).Value(tt.in); other == got && strings.ContainsAny(tt.like, "x#") && !strings.HasPrefix(tt.like, "https://datasync") {
			t.Errorf("%s is %s with another key, too", tt.in, got)
		}
	}
}

// shape writes what like leaves open, x and #, as like does.
func shape(s, like string) string {
	if len(s) != len(like) {
		return s
	}
	out := []byte(s)
	for i := range out {
		switch {
		case like[i] == 'x' && strings.IndexByte("0123456789abcdef", out[i]) >= 0:
			out[i] = 'x'
		case like[i] == '#' && out[i] >= '0' && out[i] <= '9':
			out[i] = '#'
		}
	}
	return string(out)
}

// TestPolicies keeps what a policy allows, and whose it is not.
func TestPolicies(t *testing.T) {
	const document = `{"Version": "2012-10-17", "Statement": [{"Sid": "Payroll", "Effect": "Allow", "Action": ["datasync:*", "acme:Payroll", "acme:*"], "Resource": "arn:aws:datasync:us-east-1:111122223333:*",
		"Condition": {"StringEquals": {"aws:PrincipalTag/Payroll": "bob", "aws:RequestedRegion": "us-east-1"}, "IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}}]}`
	r := New(Key{7})
	out := r.JSON("", json.RawMessage(document))
	p, err := iam.Parse("", out)
	if err != nil {
		t.Fatal(err)
	}
	st := p.Statements[0]
	if st.Effect != "Allow" || st.Action[0] != "datasync:*" || !strings.HasSuffix(st.Action[2], ":*") || len(st.Condition) != 3 || st.Resource[0] != "arn:aws:datasync:us-east-1:"+r.Value("111122223333")+":*" {
		t.Errorf("%+v", st)
	}
	for _, word := range []string{"Payroll", "bob", "acme", "111122223333", "198.51.100"} {
		if strings.Contains(string(out), word) {
			t.Errorf("%s is still in %s", word, out)
		}
	}
	for _, broken := range []string{"", "{", `{"Statement": [null]}`, `{"Payroll": 1}`, `{"Version": "2012-10-17", "Statement": [], "Statement": []}`} {
		if out := r.JSON("", json.RawMessage(broken)); !json.Valid(out) || strings.Contains(string(out), "Payroll") {
			t.Errorf("%s gives %s", broken, out)
		} else if _, err := iam.Parse("", out); err == nil && broken != "" {
			if _, err := iam.Parse("", []byte(broken)); err != nil {
				t.Errorf("%s can't be read, and %s can", broken, out)
			}
		}
	}
}

// TestEveryFieldIsAccountedFor finds fields that are said to be kept, and that no row
// has: they were renamed, and the new name is redacted.
func TestEveryFieldIsAccountedFor(t *testing.T) {
	seen := map[string]bool{"Scope.Name": true, "Scope.Account": true, "Scope.Region": true, "Scope.Roles": true}
	var walk func(place string, t reflect.Type)
	walk = func(place string, t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(place, t.Elem())
		case reflect.String:
			seen[place] = true
		case reflect.Struct:
			if t.Name() != "" {
				place = t.Name()
			}
			for i := range t.NumField() {
				if f := t.Field(i); f.IsExported() {
					walk(place+"."+f.Name, f.Type)
				}
			}
		}
	}
	scope := reflect.TypeFor[snapshot.Scope]()
	for i := range scope.NumField() {
		if all, is := scope.Field(i).Type.MethodByName("All"); is { // a table
			walk("", all.Type.Out(0))
		}
	}
	for _, t := range []reflect.Type{reflect.TypeFor[snapshot.Target](), reflect.TypeFor[snapshot.ProbeRun](), reflect.TypeFor[snapshot.Call](), reflect.TypeFor[snapshot.Credentials](), reflect.TypeFor[snapshot.Gap]()} {
		walk("", t)
	}
	for place := range kept() {
		if !seen[place] {
			t.Errorf("%s is kept, and is no field", place)
		}
	}
	for place := range special {
		if !seen[place] {
			t.Errorf("%s has a way of its own, and is no field", place)
		}
	}
}
