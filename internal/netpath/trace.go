package netpath

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Outcome is how a leg of a path ends.
type Outcome uint8

// The outcomes. The zero value is that nothing can be said.
const (
	Open    Outcome = iota // depends on what could not be seen
	Arrived                // in the VPC it should reach, or out of AWS towards on-premises
	Stopped                // provably not
)

// Reason is why a leg is stopped.
type Reason uint8

// The reasons.
const (
	NoReason       Reason = iota
	NoRoute               // no route in the subnet's route table
	Blackhole             // the route leads to nothing
	WrongWay              // the route leads to the internet, or to another network
	NotTransitive         // a peering connection carries only the peer VPC's own addresses
	NotAttached           // the VPC, or its Availability Zone, is not attached to the gateway
	GatewayDrops          // the transit gateway has no route, or a blackhole
	NotActive             // the connection is not active
	WrongTransport        // appliances and the like: see path-inspected
)

// Step is one hop of a path, for its story.
type Step struct {
	Source string // the IAM action that showed it
	Ref    string
	Fact   snapshot.Text
}

// Leg is a part of the destinations and the way that it takes.
type Leg struct {
	Addrs      *netipx.IPSet
	Outcome    Outcome
	Reason     Reason
	Connection string // the first connection that it takes: pcx-, tgw-, vgw-, or "local"
	Table      string // the route table that decided first
	Prefix     string // the destination of the route that won there
	Detail     snapshot.Text
	Inspected  []Step // what stands in the path and can't be judged
	Steps      []Step
	Gap        *snapshot.Gap
}

// Tracer follows routes through an estate.
type Tracer struct{ Snapshot *snapshot.Snapshot }

// Goal is where the traffic should arrive: a VPC, or a network outside AWS.
type Goal struct {
	VPC     string // "" when it is not known
	Outside bool
	Reply   bool // replies: a translated address would make them useless
}

// From traces traffic that leaves a subnet for destinations.
func (t Tracer) From(at Place, subnet string, dst *netipx.IPSet, goal Goal) []Leg {
	table, gap := TableOf(at.Scope, at.VPC, subnet)
	if gap != nil {
		return []Leg{{Addrs: dst, Gap: gap}}
	}
	var legs []Leg
	for _, h := range Lookup(at.Scope, table, dst) {
		legs = append(legs, t.follow(at, subnet, table.ID, h, goal)...)
	}
	return legs
}

func (t Tracer) follow(at Place, subnet, table string, h Hop, goal Goal) []Leg {
	leg := Leg{Addrs: h.Addrs, Table: table, Prefix: h.Prefix, Connection: h.Target, Gap: h.Gap}
	where := shortSet(h.Addrs)
	if h.None() {
		leg.Outcome, leg.Reason = Stopped, NoRoute
		leg.Detail = snapshot.Textf("%s has no route to %s", "%s に %s への経路がない", table, where)
		leg.Steps = []Step{{snapshot.RouteTables.Action(), table, snapshot.Textf("no route to %s", "%s への経路なし", where)}}
		return []Leg{leg}
	}
	if h.Gap != nil {
		return []Leg{leg}
	}
	leg.Steps = []Step{{snapshot.RouteTables.Action(), table, snapshot.Textf("%s for %s leads to %s", "%[2]s 宛の経路 %[1]s は %[3]s へ", h.Prefix, where, h.Target)}}
	if h.Drop {
		leg.Outcome, leg.Reason = Stopped, Blackhole
		leg.Detail = snapshot.Textf("the route %s of %s is a blackhole: %s is gone or not active", "%[2]s の経路 %[1]s はブラックホール（%[3]s が存在しないか無効）", h.Prefix, table, h.Target)
		return []Leg{leg}
	}
	switch h.Kind {
	case ToLocal:
		if goal.VPC == at.VPC && !goal.Outside {
			leg.Outcome = Arrived
		} else {
			leg.Outcome, leg.Reason = Stopped, WrongWay
			leg.Detail = snapshot.Textf("%s is local to %s", "%s は %s のローカルアドレス", where, at.VPC)
		}
		return []Leg{leg}
	case ToPeering:
		return t.peering(at, leg, h, goal)
	case ToTransitGateway:
		return t.transitGateway(at, subnet, leg, h, goal)
	case ToVPNGateway:
		return []Leg{t.vpnGateway(at, leg, h, goal)}
	case ToNAT:
		if !goal.Reply {
			// A private NAT gateway forwards under its own address.
			leg.Gap = &snapshot.Gap{Code: snapshot.Translated, Source: snapshot.RouteTables.Action(), Scope: at.Scope.Label(), Ref: table, Detail: h.Target}
			return []Leg{leg}
		}
		leg.Outcome, leg.Reason = Stopped, WrongWay
		leg.Detail = snapshot.Textf("the route %s of %s leads to %s, which gives replies another source address", "%[2]s の経路 %[1]s は %[3]s へ向かい、応答の送信元アドレスが変わる", h.Prefix, table, h.Target)
		return []Leg{leg}
	case ToInternet:
		leg.Outcome, leg.Reason = Stopped, WrongWay
		leg.Detail = snapshot.Textf("the route %s of %s leads to %s, out to the internet", "%[2]s の経路 %[1]s は %[3]s（インターネット）へ向かう", h.Prefix, table, h.Target)
		return []Leg{leg}
	}
	leg.Reason = WrongTransport
	leg.Inspected = leg.Steps
	leg.Gap = &snapshot.Gap{Code: snapshot.ThroughAppliance, Source: snapshot.RouteTables.Action(), Scope: at.Scope.Label(), Ref: table, Detail: h.Target}
	return []Leg{leg}
}

// peering follows a route to a peering connection, which carries packets for the
// addresses of the peer VPC only: nothing behind it.
// Source: https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html
func (t Tracer) peering(at Place, leg Leg, h Hop, goal Goal) []Leg {
	p, seen := t.findPeering(h.Target)
	if !seen {
		g := at.Scope.GapFor(snapshot.Peerings, h.Target)
		if _, p := at.Scope.Peerings.Get(h.Target); p == snapshot.Absent {
			leg.Outcome, leg.Reason = Stopped, NotActive
			leg.Detail = snapshot.Textf("%s does not exist", "%s が存在しない", h.Target)
			return []Leg{leg}
		}
		leg.Gap = &g
		return []Leg{leg}
	}
	status := p.Status.Code
	leg.Steps = append(leg.Steps, Step{snapshot.Peerings.Action(), p.ID, snapshot.Textf("peering %s - %s is %s", "ピアリング %s - %s は %s", p.Requester.VPC, p.Accepter.VPC, status)})
	if !strings.EqualFold(status, "active") {
		leg.Outcome, leg.Reason = Stopped, NotActive
		leg.Detail = snapshot.Textf("%s is %s", "%s の状態は %s", p.ID, status)
		return []Leg{leg}
	}
	other, ok := p.Other(at.VPC)
	if !ok {
		leg.Outcome, leg.Reason = Stopped, WrongWay
		leg.Detail = snapshot.Textf("%s does not join %s to anything", "%s は %s をどこにも接続しない", p.ID, at.VPC)
		return []Leg{leg}
	}
	if goal.VPC != "" && other.VPC != goal.VPC {
		leg.Outcome, leg.Reason = Stopped, NotTransitive
		leg.Detail = snapshot.Textf("%s leads to %s and carries nothing beyond it", "%s は %s までで、その先へは通らない", p.ID, other.VPC)
		return []Leg{leg}
	}
	own, complete := t.prefixesOf(other)
	beyond := Minus(leg.Addrs, own)
	if Empty(beyond) {
		leg.Outcome = Arrived
		return []Leg{leg}
	}
	if !complete {
		leg.Gap = &snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.VPCs.Action(), Scope: at.Scope.Label(), Ref: other.VPC, Detail: "CidrBlockSet"}
		return []Leg{leg}
	}
	out := leg
	out.Addrs, out.Outcome, out.Reason = beyond, Stopped, NotTransitive
	out.Detail = snapshot.Textf("%s carries only addresses of %s, and %s is not one", "%s は %s のアドレスしか運ばず、%s は含まれない", p.ID, other.VPC, shortSet(beyond))
	legs := []Leg{out}
	if inside := Both(leg.Addrs, own); !Empty(inside) {
		leg.Addrs, leg.Outcome = inside, Arrived
		legs = append(legs, leg)
	}
	return legs
}

func (t Tracer) findPeering(id string) (snapshot.Peering, bool) {
	for _, s := range t.Snapshot.Scopes {
		if p, ok := s.Peerings.Get(id); ok == snapshot.Present {
			return p, true
		}
	}
	return snapshot.Peering{}, false
}

// prefixesOf returns the address blocks of one side of a peering connection, by
// what the connection and the VPC itself show, and whether they are all.
func (t Tracer) prefixesOf(side snapshot.PeeringSide) (*netipx.IPSet, bool) {
	set := Set(side.Prefixes()...)
	for _, s := range t.Snapshot.Scopes {
		if v, p := s.VPCs.Get(side.VPC); p == snapshot.Present {
			return Union(set, Set(v.Prefixes()...)), v.Pending == ""
		}
	}
	return set, len(side.CIDRs) > 0 || len(side.IPv6CIDRs) > 0
}

// vpnGateway follows a route to a virtual private gateway: out of AWS, to
// on-premises, over VPN or Direct Connect. What lies behind it AWS can't show.
func (t Tracer) vpnGateway(at Place, leg Leg, h Hop, goal Goal) Leg {
	g, p := at.Scope.VPNGateways.Get(h.Target)
	switch p {
	case snapshot.Absent:
		leg.Outcome, leg.Reason = Stopped, NotActive
		leg.Detail = snapshot.Textf("%s does not exist", "%s が存在しない", h.Target)
		return leg
	case snapshot.Unobserved:
		gap := at.Scope.GapFor(snapshot.VPNGateways, h.Target)
		leg.Gap = &gap
		return leg
	}
	attached := slices.ContainsFunc(g.Attachments, func(a snapshot.VPNGatewayAttachment) bool {
		return a.VPC == at.VPC && strings.EqualFold(a.State, "attached")
	})
	leg.Steps = append(leg.Steps, Step{snapshot.VPNGateways.Action(), g.ID, snapshot.Textf("virtual private gateway, attached to %s: %v", "仮想プライベートゲートウェイ、%s へのアタッチ: %v", at.VPC, attached)})
	switch {
	case !attached:
		leg.Outcome, leg.Reason = Stopped, NotAttached
		leg.Detail = snapshot.Textf("%s is not attached to %s", "%s は %s にアタッチされていない", g.ID, at.VPC)
	case goal.VPC != "":
		leg.Gap = &snapshot.Gap{Code: snapshot.BeyondAWS, Source: snapshot.VPNGateways.Action(), Scope: at.Scope.Label(), Ref: g.ID, Detail: goal.VPC}
	default:
		leg.Outcome = Arrived
	}
	return leg
}

// mostShown is how many blocks of an address set a sentence names.
const mostShown = 3

func shortSet(s *netipx.IPSet) string { return Shorten(Addresses(s), mostShown) }
