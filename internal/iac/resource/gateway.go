package resource

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
	register("aws_ec2_managed_prefix_list", Model{rankList, listKinds, putList, dropList})
	register("aws_ec2_managed_prefix_list_entry", Model{RankMember, listKinds, putListEntry, dropListEntry})
	register("aws_vpc_peering_connection", Model{rankGateway, peeringKinds, putPeering, dropPeering})
	register("aws_vpc_peering_connection_accepter", Model{RankMember, peeringKinds, putAccepter, nil})
	register("aws_vpn_gateway", Model{rankGateway, vpnKinds, putVPNGateway, dropVPNGateway})
	register("aws_vpn_gateway_attachment", Model{rankAttach, vpnKinds, putVPNAttachment, dropVPNAttachment})
	register("aws_internet_gateway", Model{Rank: rankGateway})
	register("aws_nat_gateway", Model{RankMember, []snapshot.Kind{snapshot.Subnets}, putTaker, dropTaker})
	register("aws_efs_mount_target", Model{RankMember, []snapshot.Kind{snapshot.Subnets}, putTaker, dropTaker})
}

// putTaker makes a resource that only uses up an address of a subnet.
func putTaker(w *World, before, o *Object) { w.takeFor(o, 1) }

func dropTaker(w *World, o *Object) { w.take(o.Known("subnet_id"), -1) }

func putList(w *World, before, o *Object) {
	s := w.Scope(o)
	if before == nil {
		s.PrefixLists.Add(snapshot.PrefixList{ID: o.ID, Name: o.Known("name"), OwnerID: owner(s), State: "create-complete"})
		s.PrefixListEntries.Add(snapshot.PrefixListContent{PrefixList: o.ID})
	}
	if !o.Stated("entry") || Same(before, o, "entry") {
		return
	}
	blocks, pending := o.Blocks("entry")
	content := snapshot.PrefixListContent{PrefixList: o.ID}
	for _, b := range blocks {
		cidr, p := b.Prefix("cidr")
		pending = max(pending, p)
		if cidr.IsValid() {
			content.Entries = append(content.Entries, snapshot.PrefixListEntry{CIDR: cidr})
		}
	}
	if pending != "" { // half a list looks like a whole one
		s.PrefixListEntries.Lose(o.ID)
		s.Doubt(snapshot.PrefixListEntries, pending.Gap(o.ID))
		return
	}
	if !edit(w, lists, o.ID, func(c *snapshot.PrefixListContent) { *c = content }) {
		s.PrefixListEntries.Add(content)
	}
}

func dropList(w *World, o *Object) {
	remove(w, lists, o.ID)
	remove(w, func(s *snapshot.Scope) *snapshot.Table[snapshot.PrefixList] { return &s.PrefixLists }, o.ID)
}

func putListEntry(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "prefix_list_id", lists)
	cidr, open := o.Prefix("cidr")
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

func dropListEntry(w *World, o *Object) {
	cidr, _ := o.Prefix("cidr")
	within(w, o, snapshot.PrefixListEntries, lists, o.Known("prefix_list_id"), func(c *snapshot.PrefixListContent) {
		c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e snapshot.PrefixListEntry) bool { return e.CIDR == cidr })
	})
}

// putPeering requests a peering connection. It stays pending-acceptance until
// somebody accepts it, which auto_accept does within one account and Region.
// Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle
func putPeering(w *World, before, o *Object) {
	_, accepting := o.Text("auto_accept")
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

func putVPNGateway(w *World, before, o *Object) {
	s := w.Scope(o)
	if before == nil {
		s.VPNGateways.Add(snapshot.VPNGateway{ID: o.ID, State: "available"})
	}
	switch vpc, pending := o.Text("vpc_id"); {
	case Same(before, o, "vpc_id"):
	case pending != "":
		lose(w, o, snapshot.VPNGateways, vpnGateways, o.ID, pending)
	case vpc != "":
		w.attachVPN(o.ID, vpc)
	}
}

func (w *World) attachVPN(gateway, vpc string) {
	edit(w, vpnGateways, gateway, func(g *snapshot.VPNGateway) {
		g.Attachments = []snapshot.VPNGatewayAttachment{{VPC: vpc, State: "attached"}}
	})
}

func dropVPNGateway(w *World, o *Object) {
	remove(w, vpnGateways, o.ID)
	w.detachVPN(o.ID)
}

// detachVPN takes away the routes that the gateway brought.
func (w *World) detachVPN(gateway string) {
	for _, s := range w.Snapshot.Scopes {
		for _, t := range s.RouteTables.All() {
			gone := func(r snapshot.Route) bool { return propagated(r) && r.Gateway == gateway }
			if slices.ContainsFunc(t.Routes, gone) {
				t.Routes = slices.DeleteFunc(slices.Clone(t.Routes), gone)
				s.RouteTables.Put(t)
			}
		}
	}
}

func putVPNAttachment(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "vpn_gateway_id", vpnGateways)
	vpc, open := o.Text("vpc_id")
	for _, id := range ids {
		if pending != "" || open != "" {
			lose(w, o, snapshot.VPNGateways, vpnGateways, id, max(pending, open))
		} else {
			w.attachVPN(id, vpc)
		}
	}
}

func dropVPNAttachment(w *World, o *Object) {
	edit(w, vpnGateways, o.Known("vpn_gateway_id"), func(g *snapshot.VPNGateway) { g.Attachments = nil })
	w.detachVPN(o.Known("vpn_gateway_id"))
}
