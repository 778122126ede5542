package resource

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var peeringKinds = []snapshot.Kind{snapshot.Peerings}

func peeringTypes() []Type {
	return []Type{
		{
			Name: "aws_vpc_peering_connection", Prefix: "pcx-", Rank: rankGateway, Rows: []Rows{{snapshot.Peerings, false}}, Kinds: peeringKinds,
			Shared: true, NamedBy: []Reference{{Attribute: "vpc_peering_connection_id"}}, Container: "vpc_id",
			Attributes: []string{"vpc_id", "peer_vpc_id", "auto_accept"}, Labels: []string{"peer_region"}, Computed: []string{"accept_status"},
			Fixed: []string{"vpc_id", "peer_vpc_id"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::VPCPeeringConnection", Properties: map[string]string{"VpcId": "vpc_id", "PeerVpcId": "peer_vpc_id", "PeerRegion": "peer_region"},
				// CloudFormation accepts by itself within one account, and with a role in the other.
				More: func(o *Object, properties map[string]any) {
					_, owner := properties["PeerOwnerId"]
					_, role := properties["PeerRoleArn"]
					o.Attributes["auto_accept"] = !owner || role
				},
			}},
			Put: putPeering, Drop: dropPeering, Show: showPeering,
		},
		{
			Name: "aws_vpc_peering_connection_accepter", Rank: RankMember, Kinds: peeringKinds, AliasOf: "vpc_peering_connection_id",
			Attributes: []string{"vpc_peering_connection_id", "auto_accept"}, Put: putAccepter, Show: showAccepter,
		},
		{Name: "aws_vpc_peering_connection_options", Ignored: true, AliasOf: "vpc_peering_connection_id"},
	}
}

// putPeering requests a peering connection. It stays pending-acceptance until
// somebody accepts it, which auto_accept does within one account and Region.
// Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
func putPeering(w *World, before, o *Object) {
	accepting := o.Pending("auto_accept")
	if before != nil {
		switch {
		case accepting != "":
			w.accept(o, []string{o.ID}, accepting)
		case o.On("auto_accept") && !before.On("auto_accept"):
			w.accept(o, []string{o.ID}, "")
		}
		return
	}
	s := w.Scope(o)
	requester, pr := o.Text("vpc_id")
	accepter, pa := o.Text("peer_vpc_id")
	if pending := max(pr, pa, accepting); pending != "" {
		s.Doubt(snapshot.Peerings, pending.Gap(o.ID))
		return
	}
	p := snapshot.Peering{ID: o.ID, Requester: w.side(requester), Accepter: w.side(accepter)}
	if p.Accepter.Region == "" {
		p.Accepter.Region = o.Known("peer_region")
	}
	p.Status.Code = "pending-acceptance"
	if o.On("auto_accept") || o.Known("accept_status") == "active" {
		p.Status.Code = "active"
	}
	_, both := find(w, vpcs, requester)
	_, there := find(w, vpcs, accepter)
	for _, holder := range append(append(both, there...), s) { // each side lists it
		if _, seen := holder.Peerings.Get(p.ID); seen != snapshot.Present {
			holder.Peerings.Add(p)
		}
	}
}

// side is one VPC of a peering connection, as far as its blocks are known.
func (w *World) side(vpc string) snapshot.PeeringSide {
	v, holders := find(w, vpcs, vpc)
	side := snapshot.PeeringSide{VPC: vpc, OwnerID: v.OwnerID, CIDR: v.CIDR}
	if len(holders) > 0 {
		side.Region = holders[0].Region
	}
	return side
}

func dropPeering(w *World, o *Object) {
	edit(w, peerings, o.ID, func(p *snapshot.Peering) { p.Status.Code = "deleted" })
}

func putAccepter(w *World, before, o *Object) {
	accept, pending := o.Text("auto_accept")
	if w.Filling || accept != "true" && pending == "" {
		return
	}
	ids, open := wanted(w, o, "vpc_peering_connection_id", peerings)
	w.accept(o, ids, max(pending, open))
}

// accept makes peering connections active that wait for it; with something
// pending it may.
func (w *World) accept(o *Object, ids []string, pending snapshot.Pending) {
	for _, id := range ids {
		p, _ := find(w, peerings, id)
		waits := strings.EqualFold(p.Status.Code, "pending-acceptance") || strings.EqualFold(p.Status.Code, "provisioning")
		switch {
		case waits && pending != "":
			lose(w, o, snapshot.Peerings, peerings, id, pending)
		case waits:
			edit(w, peerings, id, func(p *snapshot.Peering) { p.Status.Code = "active" })
		}
	}
}

func showPeering(w *World, o *Object) []map[string]any {
	r, there := find(w, peerings, o.ID)
	if len(there) == 0 || r.Status.Code == "deleted" {
		return nil
	}
	return one("vpc_id", r.Requester.VPC, "peer_vpc_id", r.Accepter.VPC, "peer_region", r.Accepter.Region)
}

func showAccepter(w *World, o *Object) []map[string]any {
	r, _ := find(w, peerings, o.Known("vpc_peering_connection_id"))
	return one("vpc_peering_connection_id", r.ID, "auto_accept", r.Status.Code == "active")
}
