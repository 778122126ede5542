package resource

import (
	"net/netip"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

const (
	attachmentKind = "aws_ec2_transit_gateway_vpc_attachment"
	associates     = "transit_gateway_default_route_table_association"
	propagates     = "transit_gateway_default_route_table_propagation"
)

// hub is an estate with a transit gateway, its two default route tables, and one
// attached VPC.
func hub(accepts string) *snapshot.Snapshot {
	s := &snapshot.Scope{Name: "destination", Region: "us-east-1", Account: "111122223333"}
	s.VPCs.Add(snapshot.VPC{ID: "vpc-00000001", CIDR: netip.MustParsePrefix("10.1.0.0/16")})
	s.VPCs.Add(snapshot.VPC{ID: "vpc-00000002", CIDR: netip.MustParsePrefix("10.2.0.0/16")})
	free := 20
	s.Subnets.Add(snapshot.Subnet{ID: "subnet-00000001", VPC: "vpc-00000001", FreeIPs: &free})
	s.Subnets.Add(snapshot.Subnet{ID: "subnet-00000002", VPC: "vpc-00000002", FreeIPs: &free})
	g := snapshot.TransitGateway{ID: "tgw-00000001", OwnerID: "111122223333", State: "available"}
	g.Options.AutoAcceptSharedAttachments = accepts
	s.TransitGateways.Add(g)
	for id, n := range map[string]snapshot.TransitGatewayRouteTable{
		"tgw-rtb-0000000a": {IsDefault: true},
		"tgw-rtb-0000000b": {IsDefaultPropagation: true},
	} {
		n.ID, n.Gateway = id, g.ID
		s.TransitGatewayRouteTables.Add(n)
		s.TransitGatewayAssociations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
		s.TransitGatewayPropagations.Add(snapshot.TransitGatewayAssociationSet{RouteTable: id})
		s.TransitGatewayRoutes.Add(snapshot.TransitGatewayRouteSet{RouteTable: id})
	}
	return &snapshot.Snapshot{Scopes: []*snapshot.Scope{s}}
}

func attachment(exists bool, more map[string]any) *Object {
	o := &Object{Address: attachmentKind + ".x", Type: attachmentKind, ID: attachmentKind + ".x", Attributes: map[string]any{
		"transit_gateway_id": "tgw-00000001", "vpc_id": "vpc-00000001", "subnet_ids": []any{"subnet-00000001"}, associates: "true", propagates: "true",
	}}
	if exists {
		o.ID, o.Exists = "tgw-attach-00000001", true
	}
	for k, v := range more {
		o.Attributes[k] = v
	}
	return o
}

// joined tells what an attachment is associated with and propagates to.
func joined(s *snapshot.Scope, id string) (table, routes string) {
	for _, set := range s.TransitGatewayAssociations.All() {
		for _, e := range set.Entries {
			if e.Attachment == id {
				table += set.RouteTable
			}
		}
	}
	for _, set := range s.TransitGatewayRoutes.All() {
		for _, r := range set.Entries {
			routes += set.RouteTable + " " + r.CIDR.String()
		}
	}
	return table, routes
}

// TestTransitGatewayDefaults follows an attachment that joins the default route
// tables when it is made and leaves them by an update.
func TestTransitGatewayDefaults(t *testing.T) {
	made := Change{Address: attachmentKind + ".x", Type: attachmentKind, Action: Create, After: attachment(false, nil)}
	first := worldOf(hub("disable"))
	first.Apply([]Change{made})
	after := first.Snapshot
	table, routes := joined(after.Scopes[0], attachmentKind+".x")
	if table != "tgw-rtb-0000000a" || routes != "tgw-rtb-0000000b 10.1.0.0/16" {
		t.Errorf("made: associated with %q, routes %q", table, routes)
	}
	if n, _ := after.Scopes[0].Subnets.Get("subnet-00000001"); *n.FreeIPs != 19 {
		t.Errorf("%d addresses are free", *n.FreeIPs)
	}

	w := worldOf(hub("disable"))
	putTGWAttachment(w, nil, attachment(true, nil))
	for _, tt := range []struct {
		name, table, routes string
		update              map[string]any
	}{
		{"nothing", "tgw-rtb-0000000a", "tgw-rtb-0000000b 10.1.0.0/16", nil},
		{"no association", "", "tgw-rtb-0000000b 10.1.0.0/16", map[string]any{associates: "false"}},
		{"no propagation", "tgw-rtb-0000000a", "", map[string]any{propagates: "false"}},
	} {
		c := Change{Address: attachmentKind + ".x", Type: attachmentKind, Action: Update, Before: attachment(true, nil), After: attachment(true, tt.update)}
		next := worldOf(w.Snapshot)
		next.Apply([]Change{c})
		table, routes := joined(next.Snapshot.Scopes[0], "tgw-attach-00000001")
		if table != tt.table || routes != tt.routes {
			t.Errorf("%s: associated with %q, routes %q", tt.name, table, routes)
		}
	}
	open := Change{Address: attachmentKind + ".x", Type: attachmentKind, Action: Update, Before: attachment(true, nil), After: attachment(true, map[string]any{"subnet_ids": Unknown("x.subnet_ids")})}
	next := worldOf(w.Snapshot)
	next.Apply([]Change{open})
	if _, p := next.Snapshot.Scopes[0].TransitGatewayVPCAttachments.Get("tgw-attach-00000001"); p != snapshot.Unobserved {
		t.Errorf("with unknown subnets: %v", p)
	}
}

// TestSharedGateway waits for the owner to accept, unless the gateway does so by
// itself, and leaves it open where the accounts are not known.
func TestSharedGateway(t *testing.T) {
	for _, tt := range []struct{ accepts, account, want string }{
		{"disable", "111122223333", "available"},
		{"disable", "444455556666", "pendingAcceptance"},
		{"enable", "444455556666", "available"},
		{"disable", "", ""},
		{"", "444455556666", ""},
	} {
		base := hub(tt.accepts)
		base.Scopes = append(base.Scopes, &snapshot.Scope{Name: "source", Region: "us-east-1", Account: tt.account})
		w := worldOf(base)
		if got := w.acceptance(w.Snapshot.Scopes[1], "tgw-00000001"); got != tt.want {
			t.Errorf("auto accept %q, account %q: %q, want %q", tt.accepts, tt.account, got, tt.want)
		}
	}
}
