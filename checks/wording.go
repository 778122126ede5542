package checks

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// The walk gives facts; here they become words.

// title words what a finding says is wrong.
func (f Finding) title() Text {
	return say(f.Args.In("en").Fill(f.Problem.Title.En), f.Args.In("ja").Fill(f.Problem.Title.Ja))
}

// inTurn says several things one after the other.
func inTurn(texts []Text) Text {
	var en, ja []string
	for _, t := range texts {
		en, ja = append(en, t.En), append(ja, t.Ja)
	}
	return say(strings.Join(en, "; "), strings.Join(ja, "。"))
}

// hopEvidence words what a hop showed.
func hopEvidence(h netpath.Hop) snapshot.Evidence {
	saw := func(k snapshot.Kind, t Text) snapshot.Evidence { return snapshot.Saw(k, h.Holder, t) }
	c := h.Cause
	switch h.Layer {
	case netpath.Route, netpath.EdgeRoute:
		switch {
		case c.Reason == netpath.NoRoute:
			return saw(snapshot.RouteTables, snapshot.Textf("no route to %s", "%s への経路なし", c.Where))
		case h.Route == nil:
			return saw(snapshot.RouteTables, stopText(h))
		}
		return saw(snapshot.RouteTables, snapshot.Textf("%s for %s leads to %s", "%[2]s 宛の経路 %[1]s は %[3]s へ", c.Prefix, c.Where, c.ID))
	case netpath.GatewayRoute:
		switch c.Reason {
		case netpath.GatewayNoRoute:
			return saw(snapshot.TransitGatewayRoutes, snapshot.Textf("no route to %s", "%s への経路なし", c.Where))
		case netpath.GatewayHole:
			return saw(snapshot.TransitGatewayRoutes, snapshot.Textf("route %s, %s", "経路 %s、%s", c.Prefix, c.State))
		case netpath.NotAssociated, netpath.Circle:
			return saw(snapshot.TransitGatewayRoutes, stopText(h))
		}
		return saw(snapshot.TransitGatewayRoutes, snapshot.Textf("route %s, %s, leads to %s", "経路 %s、%s、%s へ", c.Prefix, c.State, c.ID))
	case netpath.Exit:
		if h.Several {
			return saw(snapshot.TransitGatewayVPCAttachments, snapshot.Textf("packets may leave %s in %s too", "パケットは %s から %s に出ることもある", c.ID, h.Subnet))
		}
		return saw(snapshot.TransitGatewayVPCAttachments, snapshot.Textf("packets leave %s in %s", "パケットは %s から %s に出る", c.ID, h.Subnet))
	case netpath.Inspect:
		if h.Fate == netpath.Stopped {
			return saw(snapshot.RouteTables, stopText(h))
		}
		return saw(snapshot.RouteTables, snapshot.Textf("the path goes through %s", "経路は %s を通る", h.Holder))
	case netpath.GroupOut, netpath.GroupIn, netpath.ACLOut, netpath.ACLIn, netpath.Goal:
		return saw(snapshot.Subnets, snapshot.Same(h.Subnet))
	}
	if h.Fate == netpath.Stopped && c.Reason != netpath.NotActive {
		return saw(connectionKind(h.Holder), stopText(h))
	}
	switch {
	case connectionKind(h.Holder) == snapshot.NATGateways && c.Where != "":
		return saw(snapshot.NATGateways, snapshot.Textf("state %s, translates %s", "状態 %s、アドレス変換 %s", c.State, c.Where))
	case netpath.LeadsOut(c.Other):
		return saw(connectionKind(h.Holder), snapshot.Textf("state %s, attaches a %s", "状態 %s、%s のアタッチメント", c.State, c.Other))
	case c.Other != "":
		return saw(connectionKind(h.Holder), snapshot.Textf("state %s, leads to %s", "状態 %s、%s に通じる", c.State, c.Other))
	}
	return saw(connectionKind(h.Holder), snapshot.Textf("state %s", "状態 %s", c.State))
}

// connectionKind is the table that shows a connection, by its id.
func connectionKind(id string) snapshot.Kind {
	for _, k := range []struct {
		prefix string
		kind   snapshot.Kind
	}{
		{"pcx-", snapshot.Peerings},
		{"tgw-attach-", snapshot.TransitGatewayAttachments},
		{"tgw-", snapshot.TransitGateways},
		{"vgw-", snapshot.VPNGateways},
		{"vpn-", snapshot.VPNConnections},
		{"nat-", snapshot.NATGateways},
		{"i-", snapshot.Instances},
		{"eni-", snapshot.Interfaces},
		{"subnet-", snapshot.Subnets},
		{"vpc-", snapshot.VPCs},
	} {
		if len(id) > len(k.prefix) && id[:len(k.prefix)] == k.prefix {
			return k.kind
		}
	}
	return snapshot.RouteTables
}

// wayEvidence words the hops of a part that route it or carry it.
func wayEvidence(l leg) []snapshot.Evidence {
	var out []snapshot.Evidence
	for _, h := range l.chain {
		switch h.Layer {
		case netpath.Route, netpath.EdgeRoute, netpath.GatewayRoute, netpath.Connection, netpath.Exit, netpath.Inspect:
			out = append(out, hopEvidence(h))
		}
	}
	if len(out) == 0 {
		out = append(out, snapshot.Saw(snapshot.Subnets, l.last.Subnet, say("agent and endpoint are in one subnet; nothing is routed", "エージェントとエンドポイントが同じサブネットにあり、ルーティングは不要")))
	}
	return out
}

// stopText words why a hop goes no further.
func stopText(h netpath.Hop) Text {
	c := h.Cause
	switch c.Reason {
	case netpath.NoRoute:
		return snapshot.Textf("%s has no route to %s", "%s に %s への経路がない", h.Holder, c.Where)
	case netpath.Blackhole:
		if !strings.EqualFold(c.State, "blackhole") {
			return snapshot.Textf("the route %s of %s is in the state %s, in which it carries nothing", "%[2]s の経路 %[1]s は状態が %[3]s で、何も運ばない", c.Prefix, h.Holder, c.State)
		}
		return snapshot.Textf("the route %s of %s is a %s: %s is gone or not active", "%[2]s の経路 %[1]s は %[3]s（%[4]s が存在しないか無効）", c.Prefix, h.Holder, c.State, c.ID)
	case netpath.WrongWay:
		if c.ID == "local" {
			return snapshot.Textf("%s is local to %s", "%s は %s のローカルアドレス", c.Where, c.Other)
		}
		if h.Layer == netpath.Connection {
			return snapshot.Textf("%s does not join %s to anything", "%s は %s をどこにも接続しない", h.Holder, c.Other)
		}
		return snapshot.Textf("the route %s of %s leads to %s, out to the internet", "%[2]s の経路 %[1]s は %[3]s（インターネット）へ向かう", c.Prefix, h.Holder, c.ID)
	case netpath.Retranslated:
		return snapshot.Textf("the route %s of %s leads to %s, which gives replies another source address", "%[2]s の経路 %[1]s は %[3]s へ向かい、応答の送信元アドレスが変わる", c.Prefix, h.Holder, c.ID)
	case netpath.NotTransitive:
		return snapshot.Textf("%s leads to %s and carries only its addresses, not %s", "%s は %s までで、そのアドレスしか運ばない（%s は含まれない）", h.Holder, c.Other, c.Where)
	case netpath.NotAttached:
		return snapshot.Textf("%s has no attachment in the Availability Zone, or the VPC, of %s", "%s は %s のアベイラビリティーゾーン（または VPC）にアタッチメントを持たない", h.Holder, c.Other)
	case netpath.NotAssociated:
		if c.State != "" {
			return snapshot.Textf("the association of %s with a route table of %s is %s", "%s と %s のルートテーブルの関連付けの状態は %s", c.Other, h.Holder, c.State)
		}
		return snapshot.Textf("%s is associated with no route table of %s", "%s は %s のどのルートテーブルにも関連付けられていない", c.Other, h.Holder)
	case netpath.GatewayNoRoute:
		return snapshot.Textf("%s has no route to %s", "%s に %s への経路がない", h.Holder, c.Where)
	case netpath.GatewayHole:
		return snapshot.Textf("the route %s of %s is a %s", "%[2]s の経路 %[1]s は %[3]s", c.Prefix, h.Holder, c.State)
	case netpath.Circle:
		return snapshot.Textf("the routes lead in a circle, back to %s", "経路が循環し、%s に戻る", h.Holder)
	case netpath.Missing:
		return snapshot.Textf("%s does not exist", "%s が存在しない", h.Holder)
	case netpath.Checked:
		return snapshot.Textf("the source/destination check of %s is on, so that it forwards nothing", "%s の送信元/送信先チェックが有効で、何も転送しない", h.Holder)
	case netpath.Unattached:
		return snapshot.Textf("%s is attached to nothing (%s)", "%s はどこにもアタッチされていない（%s）", h.Holder, c.State)
	}
	return snapshot.Textf("the state of %s is %s", "%s の状態は %s", h.Holder, c.State)
}
