package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// recorder is a rule of the tests' own, which writes down every address that was
// about to be dialled and lets none pass.
type recorder struct {
	sync.Mutex
	seen []netip.Addr
}

func (r *recorder) rule(_ snapshot.Purpose, a netip.Addr) error {
	r.Lock()
	defer r.Unlock()
	r.seen = append(r.seen, a)
	return errors.New("recorded")
}

// TestEveryDialAsksTheRule: no target is dialled without the rule, names included,
// which are asked about by what they resolve to.
func TestEveryDialAsksTheRule(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan struct{}, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
			accepted <- struct{}{}
		}
	}()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	targets := []Target{
		{Purpose: snapshot.ToEndpointPort, Addr: loopback, Port: port, TLS: true},
		{Purpose: snapshot.ToControlPort, Addr: loopback, Port: port},
		{Purpose: snapshot.ToAgentHTTP, Addr: netip.MustParseAddr("::ffff:127.0.0.1"), Port: port},
		{Purpose: snapshot.ToStorage, Host: "localhost", Port: port},
	}
	var r recorder
	for _, opt := range []Options{{Rule: r.rule, Timeout: time.Second}, {Timeout: time.Second}} { // and the program's own
		for _, p := range Run(context.Background(), targets, opt) {
			if p.Outcome != snapshot.Failed || !p.Local || p.From.IsValid() {
				t.Errorf("%v was dialled: %+v", p.Addr, p)
			}
		}
	}
	if len(r.seen) < len(targets) || !slices.Contains(r.seen, loopback) {
		t.Errorf("the rule was asked about %v only", r.seen)
	}
	select {
	case <-accepted:
		t.Error("something was dialled")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestPossible(t *testing.T) {
	for _, tt := range []struct {
		addr             string
		endpoint, public bool // whether an endpoint's may be dialled, and with --allow-public
	}{
		{"10.20.1.10", true, true},
		{"172.31.0.5", true, true},
		{"100.64.3.3", true, true},
		{"198.19.0.9", true, true},
		{"fd12:3456::1", true, true},
		{"52.94.1.1", false, true},
		{"2600:1f18::5", false, true},
		{"172.32.0.1", false, true},
		{"0.0.0.0", false, false},
		{"0.1.2.3", false, false},
		{"255.255.255.255", false, false},
		{"240.0.0.1", false, false},
		{"224.0.0.251", false, false},
		{"127.0.0.1", false, false},
		{"127.9.9.9", false, false},
		{"169.254.169.254", false, false},
		{"169.254.170.2", false, false},
		{"::", false, false},
		{"::1", false, false},
		{"fe80::1", false, false},
		{"ff02::1", false, false},
		{"fd00:ec2::254", false, false},
		{"::ffff:169.254.169.254", false, false},
		{"64:ff9b::a9fe:a9fe", false, false},
		{"2002:a9fe:a9fe::1", false, false},
		{"2001:0:a9fe:a9fe::1", false, false},
		{"fec0::1", false, false},
		{"fe80::1%eth0", false, false},
		{"::1%lo", false, false},
		{"fd00:ec2::254%eth0", false, false},
	} {
		a := netip.MustParseAddr(tt.addr)
		for _, p := range []snapshot.Purpose{snapshot.ToEndpointPort, snapshot.ToControlPort} {
			if got := Possible(false)(p, a) == nil; got != tt.endpoint {
				t.Errorf("%s of %s: %v", p, a, got)
			}
			if got := Possible(true)(p, a) == nil; got != tt.public {
				t.Errorf("%s of %s with --allow-public: %v", p, a, got)
			}
		}
		if got := Possible(false)(snapshot.ToStorage, a) == nil; got != tt.public {
			t.Errorf("a file server at %s: %v", a, got)
		}
	}
}

// TestPossibleByProperty: whatever is not unicast to another machine is refused.
func TestPossibleByProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "addr"))
		if a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() {
			for _, public := range []bool{false, true} {
				if Possible(public)(snapshot.ToEndpointPort, a) == nil {
					t.Fatalf("%s may be dialled", a)
				}
			}
		}
		if !a.IsPrivate() && Possible(false)(snapshot.ToEndpointPort, a) == nil && a.As4()[0] != 100 && a.As4()[0] != 198 {
			t.Fatalf("%s, public, may be dialled", a)
		}
	})
}
