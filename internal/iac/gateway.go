package iac

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	listKinds    = []snapshot.Kind{snapshot.PrefixLists, snapshot.PrefixListEntries}
	peeringKinds = []snapshot.Kind{snapshot.Peerings}
	vpnKinds     = []snapshot.Kind{snapshot.VPNGateways}
)

func init() {
	register("aws_ec2_managed_prefix_list", model{rankList, listKinds, putList, dropList})
	register("aws_ec2_managed_prefix_list_entry", model{rankMember, listKinds, putListEntry, dropListEntry})
	register("aws_vpc_peering_connection", model{rankGateway, peeringKinds, putPeering, dropPeering})
	register("aws_vpc_peering_connection_accepter", model{rankMember, peeringKinds, putAccepter, nil})
	register("aws_vpn_gateway", model{rankGateway, vpnKinds, putVPNGateway, dropVPNGateway})
	register("aws_vpn_gateway_attachment", model{rankAttach, vpnKinds, putVPNAttachment, dropVPNAttachment})
	register("aws_internet_gateway", model{rank: rankGateway})
	register("aws_nat_gateway", model{rankMember, []snapshot.Kind{snapshot.Subnets}, putTaker, dropTaker})
	register("aws_efs_mount_target", model{rankMember, []snapshot.Kind{snapshot.Subnets}, putTaker, dropTaker})
}

// putTaker makes a resource that only uses up an address of a subnet.
func putTaker(w *world, before, o *object) { w.takeFor(o, 1) }

func dropTaker(w *world, o *object) { w.take(o.known("subnet_id"), -1) }

func putList(w *world, before, o *object) {
	s := w.scope(o)
	if before == nil {
		s.PrefixLists.Add(snapshot.PrefixList{ID: o.id, Name: o.known("name"), OwnerID: owner(s), State: "create-complete"})
		s.PrefixListEntries.Add(snapshot.PrefixListContent{PrefixList: o.id})
	}
	if !o.stated("entry") || same(before, o, "entry") {
		return
	}
	blocks, pending := o.blocks("entry")
	content := snapshot.PrefixListContent{PrefixList: o.id}
	for _, b := range blocks {
		cidr, p := b.prefix("cidr")
		pending = max(pending, p)
		if cidr.IsValid() {
			content.Entries = append(content.Entries, snapshot.PrefixListEntry{CIDR: cidr})
		}
	}
	if pending != "" { // half a list looks like a whole one
		s.PrefixListEntries.Lose(o.id)
		s.Doubt(snapshot.PrefixListEntries, pending.Gap(o.id))
		return
	}
	if !edit(w, lists, o.id, func(c *snapshot.PrefixListContent) { *c = content }) {
		s.PrefixListEntries.Add(content)
	}
}

func dropList(w *world, o *object) {
	remove(w, lists, o.id)
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.PrefixList] { return &s.PrefixLists }, o.id)
}

func putListEntry(w *world, before, o *object) {
	ids, pending := wanted(w, o, "prefix_list_id", lists)
	cidr, open := o.prefix("cidr")
	if pending = max(pending, open); pending != "" { // half a list looks like a whole one
		for _, id := range ids {
			lose(w, o, snapshot.PrefixListEntries, lists, id, pending)
		}
		return
	}
	id := ids[0]
	within(w, o, snapshot.PrefixListEntries, lists, id, func(c *snapshot.PrefixListContent) {
		if !slices.Contains(c.Entries, snapshot.PrefixListEntry{CIDR: cidr}) {
			c.Entries = append(slices.Clip(c.Entries), snapshot.PrefixListEntry{CIDR: cidr})
		}
	})
}

func dropListEntry(w *world, o *object) {
	cidr, _ := o.prefix("cidr")
	within(w, o, snapshot.PrefixListEntries, lists, o.known("prefix_list_id"), func(c *snapshot.PrefixListContent) {
		c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e snapshot.PrefixListEntry) bool { return e.CIDR == cidr })
	})
}

// putPeering requests a peering connection. It stays pending-acceptance until
// somebody accepts it, which auto_accept does within one account and Region.
// Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
func putPeering(w *world, before, o *object) {
	_, accepting := o.str("auto_accept")
	if before != nil {
		switch {
		case accepting != "":
			w.accept(o, []string{o.id}, accepting)
		case o.on("auto_accept") && !before.on("auto_accept"):
			w.accept(o, []string{o.id}, "")
		}
		return
	}
	s := w.scope(o)
	requester, pr := o.str("vpc_id")
	accepter, pa := o.str("peer_vpc_id")
	if pending := max(pr, pa, accepting); pending != "" {
		s.Doubt(snapshot.Peerings, pending.Gap(o.id))
		return
	}
	p := snapshot.Peering{ID: o.id, Requester: w.side(requester), Accepter: w.side(accepter)}
	if p.Accepter.Region == "" {
		p.Accepter.Region = o.known("peer_region")
	}
	p.Status.Code = "pending-acceptance"
	if o.on("auto_accept") || o.known("accept_status") == "active" {
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
func (w *world) side(vpc string) snapshot.PeeringSide {
	v, holders := find(w, vpcs, vpc)
	side := snapshot.PeeringSide{VPC: vpc, OwnerID: v.OwnerID, CIDR: v.CIDR}
	if len(holders) > 0 {
		side.Region = holders[0].Region
	}
	return side
}

func dropPeering(w *world, o *object) {
	edit(w, peerings, o.id, func(p *snapshot.Peering) { p.Status.Code = "deleted" })
}

func putAccepter(w *world, before, o *object) {
	accept, pending := o.str("auto_accept")
	if w.filling || accept != "true" && pending == "" {
		return
	}
	ids, open := wanted(w, o, "vpc_peering_connection_id", peerings)
	w.accept(o, ids, max(pending, open))
}

// accept makes peering connections active that wait for it; with something
// pending it may.
func (w *world) accept(o *object, ids []string, pending snapshot.Pending) {
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

func putVPNGateway(w *world, before, o *object) {
	s := w.scope(o)
	if before == nil {
		s.VPNGateways.Add(snapshot.VPNGateway{ID: o.id, State: "available"})
	}
	switch vpc, pending := o.str("vpc_id"); {
	case same(before, o, "vpc_id"):
	case pending != "":
		lose(w, o, snapshot.VPNGateways, vpnGateways, o.id, pending)
	case vpc != "":
		w.attachVPN(o.id, vpc)
	}
}

func (w *world) attachVPN(gateway, vpc string) {
	edit(w, vpnGateways, gateway, func(g *snapshot.VPNGateway) {
		g.Attachments = []snapshot.VPNGatewayAttachment{{VPC: vpc, State: "attached"}}
	})
}

func dropVPNGateway(w *world, o *object) {
	remove(w, vpnGateways, o.id)
	w.detachVPN(o.id)
}

// detachVPN takes away the routes that the gateway brought.
func (w *world) detachVPN(gateway string) {
	for _, s := range w.snap.Scopes {
		for _, t := range s.RouteTables.All() {
			gone := func(r snapshot.Route) bool { return propagated(r) && r.Gateway == gateway }
			if slices.ContainsFunc(t.Routes, gone) {
				t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), gone)
				s.RouteTables.Put(t)
			}
		}
	}
}

func putVPNAttachment(w *world, before, o *object) {
	ids, pending := wanted(w, o, "vpn_gateway_id", vpnGateways)
	vpc, open := o.str("vpc_id")
	for _, id := range ids {
		if pending != "" || open != "" {
			lose(w, o, snapshot.VPNGateways, vpnGateways, id, max(pending, open))
		} else {
			w.attachVPN(id, vpc)
		}
	}
}

func dropVPNAttachment(w *world, o *object) {
	edit(w, vpnGateways, o.known("vpn_gateway_id"), func(g *snapshot.VPNGateway) { g.Attachments = nil })
	w.detachVPN(o.known("vpn_gateway_id"))
}
