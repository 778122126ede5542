package checks_test

import (
	"context"
	"fmt"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/estate"
	"github.com/dspreflight/dspreflight/fixtures"
)

// A check of one's own joins a catalogue, and is asked like ours.
func ExampleCatalogue_With() {
	small := &checks.Problem{Code: "ORG201", Severity: checks.Warn, Title: checks.Text{En: "the VPC of {subject} is not known"}}
	own := &checks.Check{
		ID: "endpoint-in-vpc", Title: checks.Text{En: "The endpoint is in a VPC"},
		Requires: &checks.Requirement{ID: "org-vpc", Grade: "recommended", Title: checks.Text{En: "Endpoints are in VPCs"}},
		Needs:    []estate.Kind{estate.Endpoints}, Problems: []*checks.Problem{small},
		Run: func(x *checks.Exam) {
			scope := x.Snapshot.Role(estate.Destination)
			switch endpoint, seen := scope.Endpoints.Get(x.Target.EndpointID); {
			case seen != estate.Present:
				x.Unknown(x.Target.EndpointID, scope.GapFor(estate.Endpoints, x.Target.EndpointID))
			case endpoint.VPC == "":
				x.Report(small, endpoint.ID, nil, estate.Saw(estate.Endpoints, endpoint.ID, "no VpcId", "VpcId なし"))
			default:
				x.OK(endpoint.ID, estate.Saw(estate.Endpoints, endpoint.ID, "in "+endpoint.VPC, endpoint.VPC))
			}
		},
	}
	all, err := checks.All().With(own)
	if err != nil {
		fmt.Println(err)
		return
	}
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		fmt.Println(err)
		return
	}
	snap, err := estate.Read(files, estate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := checks.Complete(snap, estate.Target{})
	if err != nil {
		fmt.Println(err)
		return
	}
	selected, err := all.Select([]string{"endpoint-in-*"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range checks.Run(context.Background(), target, snap, selected, checks.Options{}) {
		fmt.Println(r.Check.ID, r.Status, r.Findings[0].Evidence[0].Fact.En)
	}
	// Output: endpoint-in-vpc PASS in vpc-0d5c1a2b3e4f50617
}
