package resource

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var vpnKinds = []snapshot.Kind{snapshot.VPNGateways}

func gatewayTypes() []Type {
	return []Type{
		{
			Name: "aws_vpn_gateway", Prefix: "vgw-", Rank: rankGateway, Rows: []Rows{{snapshot.VPNGateways, false}}, Kinds: vpnKinds, Local: true, Gateway: snapshot.VPNGatewayKind,
			NamedBy:    []Reference{{Attribute: "vpn_gateway_id"}, {Attribute: "propagating_vgws", List: true}, {Attribute: "gateway_id"}},
			Attributes: []string{"vpc_id"}, CloudFormation: []Words{{Type: "AWS::EC2::VPNGateway"}},
			Put: putVPNGateway, Drop: dropVPNGateway, Show: showVPNGateway,
		},
		{
			Name: "aws_vpn_gateway_attachment", Rank: rankAttach, Kinds: vpnKinds, Container: "vpn_gateway_id", Attributes: []string{"vpc_id", "vpn_gateway_id"},
			CloudFormation: []Words{{Type: "AWS::EC2::VPCGatewayAttachment", Properties: map[string]string{"VpcId": "vpc_id", "VpnGatewayId": "vpn_gateway_id"}}},
			Put:            putVPNAttachment, Drop: dropVPNAttachment, Show: showVPNAttachment,
		},
		{
			Name: "aws_internet_gateway", Prefix: "igw-", Rank: rankGateway, Gateway: snapshot.InternetGateway, NamedBy: []Reference{{Attribute: "gateway_id"}},
			CloudFormation: []Words{{Type: "AWS::EC2::InternetGateway"}},
		},
		{
			Name: "aws_egress_only_internet_gateway", Prefix: "eigw-", Passive: true, NamedBy: []Reference{{Attribute: "egress_only_gateway_id"}},
			CloudFormation: []Words{{Type: "AWS::EC2::EgressOnlyInternetGateway"}},
		},
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

func showVPNGateway(w *World, o *Object) []map[string]any {
	r, there := find(w, vpnGateways, o.ID)
	if len(there) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, a := range r.Attachments {
		out["vpc_id"] = a.VPC
	}
	return []map[string]any{out}
}

func showVPNAttachment(w *World, o *Object) []map[string]any {
	r, _ := find(w, vpnGateways, o.Known("vpn_gateway_id"))
	var out []map[string]any
	for _, a := range r.Attachments {
		out = append(out, attributesOf("vpn_gateway_id", r.ID, "vpc_id", a.VPC))
	}
	return out
}
