package probe

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// anywhere is the rule of tests that serve what they dial.
func anywhere(snapshot.Purpose, netip.Addr) error { return nil }

var loopback = netip.MustParseAddr("127.0.0.1")

// listener is a port of this machine that accepts, and is used as it says.
func listener(t *testing.T, use func(net.Conn)) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				use(c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// TestLoopback is what can be dialled anywhere, without root: open, closed, and
// ports that break TLS.
func TestLoopback(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	tlsPort := netip.MustParseAddrPort(strings.TrimPrefix(secure.URL, "https://")).Port()
	open := listener(t, func(net.Conn) {})
	portal := listener(t, func(c net.Conn) {
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		time.Sleep(50 * time.Millisecond)
	})
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut := closed.Addr().(*net.TCPAddr).AddrPort().Port()
	_ = closed.Close()
	target := func(port uint16, tls bool) Target {
		return Target{Purpose: snapshot.ToEndpointPort, Addr: loopback, Port: port, TLS: tls}
	}
	got := Run(context.Background(), []Target{target(open, false), target(shut, false), target(tlsPort, true), target(portal, true), {Purpose: snapshot.ToStorage, Host: "localhost", Port: open}}, Options{Timeout: time.Second, Rule: anywhere})
	for i, want := range []struct {
		outcome snapshot.Outcome
		tls     string
	}{{snapshot.Open, ""}, {snapshot.Refused, ""}, {snapshot.Open, "ok"}, {snapshot.Open, "not-tls"}} {
		tls := ""
		if got[i].TLS != nil {
			tls = got[i].TLS.Outcome
		}
		if got[i].Outcome != want.outcome || tls != want.tls || got[i].From != loopback {
			t.Errorf("%d: %+v, TLS %q; want %+v", i, got[i], tls, want)
		}
	}
	if s := got[2].TLS; s != nil && (len(s.Names) == 0 || s.Verified == nil || *s.Verified) {
		t.Errorf("a certificate of nobody's: %+v", s)
	}
	roots := x509.NewCertPool()
	if chain := []*x509.Certificate{secure.Certificate()}; verified(chain, roots) || verified(nil, nil) {
		t.Error("verified without an authority")
	} else if roots.AddCert(chain[0]); !verified(chain, roots) {
		t.Error("not verified by its own authority")
	}
	if last := got[len(got)-1]; last.Host != "localhost" {
		t.Errorf("a name is lost: %+v", last)
	}
}

// TestCancelled stops a run before it begins: nothing is dialled.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, p := range Run(ctx, []Target{{Purpose: snapshot.ToEndpointPort, Addr: loopback, Port: 9}}, Options{Rule: anywhere}) {
		if p.Outcome != snapshot.Cancelled {
			t.Errorf("got %s", p.Outcome)
		}
	}
}

func TestPlan(t *testing.T) {
	targets, err := Plan(Request{Endpoint: []netip.Addr{loopback}, Ports: []Ports{{443, 443}, {1024, 1064}, {22, 22}}, Agent: loopback, Storage: []string{"nfs://10.1.2.3", "smb://files.example:4450"}})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[snapshot.Purpose]int{}
	for _, tg := range targets {
		counts[tg.Purpose]++
		if tg.TLS != (tg.Port == 443) {
			t.Errorf("TLS on %d: %v", tg.Port, tg.TLS)
		}
	}
	if counts[snapshot.ToEndpointPort] != 43 || counts[snapshot.ToControlPort] != 1 || counts[snapshot.ToAgentHTTP] != 1 || counts[snapshot.ToStorage] != 3 {
		t.Errorf("got %v", counts)
	}
	if _, err := Plan(Request{Storage: []string{"ftp://x"}}); err == nil {
		t.Error("an unknown protocol was taken")
	}
}

// TestScriptHoldsNoSurprise puts hostile text where it could reach the shell.
func TestScriptHoldsNoSurprise(t *testing.T) {
	script := Script([]Target{{Purpose: snapshot.ToStorage, Host: "files.example", Port: 445}}, 3500*time.Millisecond, ScriptHead{ToolVersion: "1.0\"; rm -rf $HOME; `id`"})
	for _, bad := range []string{"rm -rf $HOME", "`id`", "@VERSION@", "@TARGETS@"} {
		if strings.Contains(script, bad) {
			t.Errorf("%q is in the script", bad)
		}
	}
	if !strings.Contains(script, "storage files.example 445 name") || !strings.Contains(script, "wait_s=4") {
		t.Error("the target or the time is missing")
	}
}

// TestAPIs reaches servers on this machine: one that answers, one whose clock is
// off, one that nobody trusts, one that is not there, one behind a dead name.
func TestAPIs(t *testing.T) {
	skewed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-30*time.Minute).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
	}))
	defer skewed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	got := APIs(context.Background(), []APITarget{{"ec2", "r", plain.URL}, {"sts", "r", skewed.URL}, {"datasync", "r", untrusted.URL}, {"iam", "r", dead.URL}}, time.Second, nil)
	if a := got[0]; a.Outcome != snapshot.Open || a.Status != 404 || a.SkewS == nil || *a.SkewS < -2 || *a.SkewS > 2 || !a.Private() {
		t.Errorf("a server that answers: %+v", a)
	}
	if a := got[1]; a.Outcome != snapshot.Open || a.SkewS == nil || *a.SkewS < 1795 || *a.SkewS > 1805 {
		t.Errorf("a clock that is off: %+v", a)
	}
	if a := got[2]; !strings.Contains(a.Untrusted, "unknown authority, issued by") {
		t.Errorf("a certificate that nobody trusts: %+v", a)
	}
	if a := got[3]; a.Outcome != snapshot.Refused {
		t.Errorf("a server that is not there: %+v", a)
	}
}

// TestAPIsOutOfTime ends the run while an API is silent: nothing follows for it.
func TestAPIsOutOfTime(t *testing.T) {
	port := listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }) // until the other side gives up
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if a := APIs(ctx, []APITarget{{"ec2", "r", "http://127.0.0.1:" + strconv.Itoa(int(port))}}, 5*time.Second, nil)[0]; a.Outcome != snapshot.Cancelled {
		t.Errorf("got %+v", a)
	}
}

// TestIPv6 dials an address of the other family.
func TestIPv6(t *testing.T) {
	p := Run(context.Background(), []Target{{Purpose: snapshot.ToStorage, Addr: netip.MustParseAddr("::1"), Port: 1}}, Options{Timeout: 200 * time.Millisecond, Rule: anywhere})[0]
	if p.Outcome == snapshot.Open || p.Outcome == snapshot.Failed {
		t.Errorf("got %+v", p)
	}
}

// TestTools finds what is on the PATH and nothing else.
func TestTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, tool := range Tools(context.Background()) {
		if tool.Found {
			t.Errorf("%s was found on an empty PATH", tool.Name)
		}
	}
}
