package checks_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// judgedAs runs every check.
func judgedAs(target snapshot.Target, snap *snapshot.Snapshot) map[string]checks.Status {
	out := map[string]checks.Status{}
	for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
		out[r.Check.ID] = r.Status
	}
	return out
}

// TestAddressesThatNothingLeadsTo declares one more block of the network outside AWS,
// which no reply reaches and no group admits: what holds for the others proves
// nothing of it.
func TestAddressesThatNothingLeadsTo(t *testing.T) {
	for _, kind := range []healthy.Kind{healthy.DirectConnect, healthy.VPN} {
		for seed := range uint64(10) {
			target, snap := open(t, healthy.Estate(kind, seed))
			target.AgentIP = netip.Addr{}
			target.SourceCIDRs = append(target.SourceCIDRs, netip.MustParsePrefix("198.51.100.0/24"))
			got := judgedAs(target, snap)
			for _, id := range []string{"route-to-agent", "sg-ingress-443", "sg-ingress-control"} {
				if got[id] == checks.Pass || got[id] == checks.Skip {
					t.Errorf("%s, seed %d: %s is %v", kind, seed, id, got[id])
				}
			}
		}
	}
}

// TestPartOfWhatIsDialledIsLost puts a blackhole for the endpoint's address into every
// table of the transit gateways: that the rest arrives is no way for it.
func TestPartOfWhatIsDialledIsLost(t *testing.T) {
	tried := 0
	for seed := range uint64(20) {
		files := healthy.Estate(healthy.DirectConnect, seed)
		target, snap := open(t, files)
		s := snap.Role(snapshot.Destination)
		ep, _ := s.Endpoints.Get(target.EndpointID)
		i, _ := s.Interfaces.Get(ep.InterfaceIDs[0])
		dialled := i.Addrs()[0]
		if target.EndpointIP.IsValid() {
			dialled = target.EndpointIP
		}
		hole := fmt.Sprintf(`"Routes": [{"DestinationCidrBlock": "%s/32", "TransitGatewayAttachments": [], "Type": "static", "State": "blackhole"},`, dialled)
		n := 0
		for name, f := range files {
			if strings.Contains(name, "/search-transit-gateway-routes") {
				n += bytes.Count(f.Data, []byte(`"Routes": [`))
				files[name] = &fstest.MapFile{Data: bytes.Replace(f.Data, []byte(`"Routes": [`), []byte(hole), 1)}
			}
		}
		if n == 0 {
			continue // by a virtual private gateway
		}
		tried++
		target, snap = open(t, files)
		if got := judgedAs(target, snap)["route-to-endpoint"]; got != checks.Fail {
			t.Errorf("seed %d: route-to-endpoint is %v", seed, got)
		}
	}
	if tried == 0 {
		t.Error("no estate has a transit gateway")
	}
}
