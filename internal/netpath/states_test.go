package netpath

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// words are the members of an enumeration of the SDK.
func words[T ~string](values []T) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// TestEveryState holds the states that are known against the SDK's enumerations:
// each member has a meaning by name, and one that is no member is open.
func TestEveryState(t *testing.T) {
	for k, members := range map[Stateful][]string{
		PeeringState:          words(types.VpcPeeringConnectionStateReasonCode("").Values()),
		GatewayState:          words(types.TransitGatewayState("").Values()),
		AttachmentState:       words(types.TransitGatewayAttachmentState("").Values()),
		AssociationState:      words(types.TransitGatewayAssociationState("").Values()),
		GatewayTableState:     words(types.TransitGatewayRouteTableState("").Values()),
		TableAssociationState: words(types.RouteTableAssociationStateCode("").Values()),
		BlockState:            words(types.VpcCidrBlockStateCode("").Values()),
		RouteState:            words(types.RouteState("").Values()),
		GatewayRouteState:     words(types.TransitGatewayRouteState("").Values()),
		VPNGatewayState:       words(types.VpnState("").Values()),
		VPNAttachmentState:    words(types.AttachmentStatus("").Values()),
		VPNState:              words(types.VpnState("").Values()),
		InstanceState:         words(types.InstanceStateName("").Values()),
		NATState:              words(types.NatGatewayState("").Values()),
		GroupAssociationState: words(types.SecurityGroupVpcAssociationState("").Values()),
		SubnetState:           words(types.SubnetState("").Values()),
		VPCState:              words(types.VpcState("").Values()),
		PrefixListState:       words(types.PrefixListState("").Values()),
		EndpointState:         words(types.State("").Values()),
		InterfaceState:        words(types.NetworkInterfaceStatus("").Values()),
	} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			works := 0
			for _, m := range members {
				fate, known := lives[k][strings.ToLower(m)]
				if !known && !(k == VPNAttachmentState && m == "busy") { // of volumes
					t.Errorf("%q has no meaning", m)
				}
				if fate == On {
					works++
				}
				if got := Lives(k, strings.ToUpper(m)); got != fate {
					t.Errorf("%q is %v in capitals, %v else", m, got, fate)
				}
			}
			want := 1
			if k == PrefixListState { // made, modified or restored
				want = 3
			}
			if works != want {
				t.Errorf("%d states work, want %d", works, want)
			}
			for known := range lives[k] {
				if !slices.ContainsFunc(members, func(m string) bool { return strings.EqualFold(m, known) }) {
					t.Errorf("%q is no member of the enumeration", known)
				}
			}
			for _, no := range []string{"", "new-in-2031", "available ", "activ"} {
				if Lives(k, no) != Open {
					t.Errorf("%q is %v", no, Lives(k, no))
				}
			}
		})
	}
	if len(lives) != int(EndpointState)+1 {
		t.Errorf("%d kinds have states", len(lives))
	}
}
