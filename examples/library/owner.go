package main

import (
	"slices"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/checks/estate"
)

// handbook is where the organization says what it asks for.
const handbook = "https://handbook.example.com/network/owners"

// noOwner is the way in which the claim is false. Words in braces are arguments.
var noOwner = &checks.Problem{
	Code: "ORG101", Severity: checks.Warn,
	Title:   checks.Text{En: "the subnet {subject} has no tag Owner", Ja: "サブネット {subject} に Owner タグがない"},
	Cause:   checks.Text{En: "Nobody is asked before the subnet is changed.", Ja: "サブネットを変更する際の確認先がわからない。"},
	Fix:     checks.Text{En: "Tag {subject} with the team that owns it.", Ja: "{subject} に所有チームのタグを付ける。"},
	Do:      []checks.Command{checks.OnAWS("ec2 create-tags --resources {subject} --tags Key=Owner,Value=TEAM")},
	Sources: []string{handbook},
}

// subnetOwner asks whether somebody owns each subnet of the endpoint.
var subnetOwner = &checks.Check{
	ID:       "subnet-owner",
	Title:    checks.Text{En: "Each subnet of the endpoint has an owner", Ja: "エンドポイントの各サブネットに所有者がいる"},
	Requires: &checks.Requirement{ID: "owners", Grade: "recommended", Title: checks.Text{En: "Subnets have owners", Ja: "サブネットの所有者"}, Sources: []string{handbook}},
	Needs:    []estate.Kind{estate.Endpoints, estate.Subnets},
	After:    []*checks.Check{checks.ByID("endpoint-available")},
	Problems: []*checks.Problem{noOwner},
	Page:     handbook,
	Run: func(x *checks.Exam) {
		scope := x.Snapshot.Role(estate.Destination)
		endpoint, seen := scope.Endpoints.Get(x.Target.EndpointID)
		if seen != estate.Present {
			x.Unknown(x.Target.EndpointID, scope.GapFor(estate.Endpoints, x.Target.EndpointID))
			return
		}
		for _, id := range endpoint.SubnetIDs {
			subnet, seen := scope.Subnets.GetIn(endpoint.VPC, id)
			if seen != estate.Present {
				x.Unknown(id, scope.GapFor(estate.Subnets, id))
				continue
			}
			at := slices.IndexFunc(subnet.Tags, func(t estate.Tag) bool { return t.Key == "Owner" })
			if at < 0 {
				x.Report(noOwner, id, nil, estate.Saw(estate.Subnets, id, "no tag Owner", "Owner タグなし"))
				continue
			}
			fact := "Owner: " + subnet.Tags[at].Value
			x.OK(id, estate.Saw(estate.Subnets, id, fact, fact))
		}
	},
}
