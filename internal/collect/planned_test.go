package collect_test

import (
	"context"
	"testing"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// TestPlannedEndpointIsReadAround collects for an endpoint that is yet to be made:
// the VPC that its plan names, by itself or by a subnet, is read whole.
func TestPlannedEndpointIsReadAround(t *testing.T) {
	whole := target(t, "healthy")
	for name, with := range map[string]func(snapshot.Endpoint) collect.Named{
		"by vpc":    func(ep snapshot.Endpoint) collect.Named { return collect.Named{VPCs: []string{ep.VPC}} },
		"by subnet": func(ep snapshot.Endpoint) collect.Named { return collect.Named{Subnets: ep.SubnetIDs} },
		"not":       func(snapshot.Endpoint) collect.Named { return collect.Named{} },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, "healthy")
			defer s.Close()
			known, err := collect.Live(context.Background(), request(s, whole))
			if err != nil {
				t.Fatal(err)
			}
			ep, _ := known.Scopes[0].Endpoints.Get(whole.EndpointID)
			tg := whole
			tg.EndpointID, tg.SubnetID, tg.GroupID, tg.EndpointIP = "aws_vpc_endpoint.new", "", "", whole.EndpointIP
			r := request(s, tg)
			r.Planned = with(ep)
			snap, err := collect.Live(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			_, p := snap.Scopes[0].SecurityGroups.GetIn(ep.VPC, ep.Groups[0].ID)
			if seen := p == snapshot.Present; seen != (name != "not") {
				t.Errorf("the group of the VPC is %v", p)
			}
		})
	}
}
