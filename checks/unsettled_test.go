package checks_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// statusOf judges files by one check.
func statusOf(t *testing.T, files fstest.MapFS, id string) checks.Status {
	t.Helper()
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
		if r.Check.ID == id {
			return r.Status
		}
	}
	t.Fatalf("no check %s", id)
	return 0
}

// replaced puts another text into the files of one command.
func replaced(files fstest.MapFS, command, before, after string) (out fstest.MapFS, n int) {
	out = fstest.MapFS{}
	for name, f := range files {
		if strings.Contains(name, "/"+command) {
			n += bytes.Count(f.Data, []byte(before))
			f = &fstest.MapFile{Data: bytes.ReplaceAll(f.Data, []byte(before), []byte(after))}
		}
		out[name] = f
	}
	return out, n
}

// An address that the endpoint is about to lose proves nothing.
func TestAddressOnItsWayOut(t *testing.T) {
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	whole := copyOf(t, files)
	if got := statusOf(t, whole, "endpoint-address"); got != checks.Pass {
		t.Fatalf("the healthy estate: %v", got)
	}
	for _, c := range []struct{ command, before, after string }{
		{"describe-network-interfaces.json", `"in-use"`, `"detaching"`},
		{"describe-vpc-endpoints.json", `"subnet-0da1b2c3d4e5f6071"`, `"subnet-0da1b2c3d4e5f60ff"`},
	} {
		changed, n := replaced(whole, c.command, c.before, c.after)
		if got := statusOf(t, changed, "endpoint-address"); n == 0 || got != checks.Unknown {
			t.Errorf("%d times %s for %s: %v", n, c.after, c.before, got)
		}
	}
}

// A static route to a VPN concentrator proves nothing of what lies behind; one that it
// has propagated does.
func TestStaticRouteToConcentratorProvesNothing(t *testing.T) {
	tried := 0
	for seed := range uint64(20) {
		files := healthy.Estate(healthy.DirectConnect, seed)
		n := 0
		for _, command := range []string{"search-transit-gateway-routes", "describe-transit-gateway-attachments", "get-transit-gateway-route-table"} {
			var k int
			files, k = replaced(files, command, `"direct-connect-gateway"`, `"vpn-concentrator"`)
			n += k
		}
		if n == 0 {
			continue // by a virtual private gateway
		}
		tried++
		static, _ := replaced(files, "search-transit-gateway-routes", `"propagated"`, `"static"`)
		if got := statusOf(t, static, "connection-active"); got != checks.Unknown {
			t.Errorf("seed %d, static: %v", seed, got)
		}
		learned, _ := replaced(files, "search-transit-gateway-routes", `"static"`, `"propagated"`)
		if got := statusOf(t, learned, "connection-active"); got != checks.Pass {
			t.Errorf("seed %d, propagated: %v", seed, got)
		}
	}
	if tried == 0 {
		t.Error("no estate has a gateway of that kind")
	}
}
