package netpath

import (
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Fate is what becomes of a part of the traffic at a hop. The zero value is that
// nothing can be said.
type Fate uint8

// The fates.
const (
	Open    Fate = iota // depends on what could not be seen
	On                  // goes on, or has arrived
	Stopped             // provably goes no further
)

// Stateful is a kind of thing whose state decides whether traffic passes.
type Stateful uint8

// The kinds that have states.
const (
	PeeringState Stateful = iota
	GatewayState
	AttachmentState
	AssociationState
	GatewayTableState
	TableAssociationState
	BlockState
	RouteState
	GatewayRouteState
	VPNGatewayState
	VPNAttachmentState
	VPNState
	InstanceState
	NATState
	GroupAssociationState
	SubnetState
	InterfaceState
	VPCState
	PrefixListState
	EndpointState
)

// lives says what each state that AWS documents means. Only the state that means
// "works" works. What AWS finishes by itself is open; what waits for a person,
// goes away or is gone is stopped.
// Source: the enumerations of the EC2 API reference,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
var lives = map[Stateful]map[string]Fate{
	PeeringState: {
		"active": On, "initiating-request": Open, "provisioning": Open,
		"pending-acceptance": Stopped, "deleting": Stopped, "deleted": Stopped, "rejected": Stopped, "failed": Stopped, "expired": Stopped,
	},
	GatewayState: {"available": On, "pending": Open, "modifying": Open, "deleting": Stopped, "deleted": Stopped},
	AttachmentState: {
		"available": On, "initiating": Open, "initiatingrequest": Open, "pending": Open, "modifying": Open, "rollingback": Open,
		"pendingacceptance": Stopped, "rejecting": Stopped, "rejected": Stopped, "failing": Stopped, "failed": Stopped, "deleting": Stopped, "deleted": Stopped,
	},
	AssociationState:      {"associated": On, "associating": Open, "disassociating": Stopped, "disassociated": Stopped},
	GatewayTableState:     {"available": On, "pending": Open, "deleting": Stopped, "deleted": Stopped},
	TableAssociationState: {"associated": On, "associating": Open, "disassociating": Stopped, "failed": Stopped, "disassociated": Stopped},
	BlockState:            {"associated": On, "associating": Open, "disassociating": Stopped, "failing": Stopped, "failed": Stopped, "disassociated": Stopped},
	RouteState:            {"active": On, "blackhole": Stopped, "filtered": Stopped},
	GatewayRouteState:     {"active": On, "pending": Open, "blackhole": Stopped, "deleting": Stopped, "deleted": Stopped},
	VPNGatewayState:       {"available": On, "pending": Open, "deleting": Stopped, "deleted": Stopped},
	VPNAttachmentState:    {"attached": On, "attaching": Open, "detaching": Stopped, "detached": Stopped},
	VPNState:              {"available": On, "pending": Open, "deleting": Stopped, "deleted": Stopped},
	InstanceState:         {"running": On, "pending": Open, "shutting-down": Stopped, "stopping": Stopped, "stopped": Stopped, "terminated": Stopped},
	NATState:              {"available": On, "pending": Open, "failed": Stopped, "deleting": Stopped, "deleted": Stopped},
	GroupAssociationState: {
		"associated": On, "associating": Open, "disassociating": Stopped, "disassociated": Stopped, "association-failed": Stopped,
		"disassociation-failed": Open,
	},
	SubnetState: {"available": On, "pending": Stopped, // CreateAgent takes it no sooner
		"unavailable": Stopped, "failed": Stopped, "failed-insufficient-capacity": Stopped},
	VPCState: {"available": On, "pending": Open, "deleting": Stopped},
	PrefixListState: {
		"create-complete": On, "modify-complete": On, "restore-complete": On, "delete-complete": Stopped,
		"create-in-progress": Open, "modify-in-progress": Open, "restore-in-progress": Open, "delete-in-progress": Open,
		"create-failed": Open, "modify-failed": Open, "restore-failed": Open, "delete-failed": Open,
	},
	EndpointState: {
		"available": On, "pending": Open, "partial": Open,
		"pendingacceptance": Stopped, "deleting": Stopped, "deleted": Stopped, "rejected": Stopped, "failed": Stopped, "expired": Stopped,
	},
	InterfaceState: {"in-use": On, "available": Stopped, "associated": Open, "attaching": Open, "detaching": Stopped},
}

// Lives says what a state means for the traffic; one that is not known, or not
// shown, is open.
func Lives(k Stateful, state string) Fate { return lives[k][strings.ToLower(state)] }

// disagree is the gap of two answers about one thing that contradict each other.
func disagree(s *snapshot.Scope, source snapshot.Kind, id, one, other string) *snapshot.Gap {
	return &snapshot.Gap{Code: snapshot.Contradiction, Source: source.Action(), Scope: s.Label(), Ref: id + " (" + one + ")", Detail: id + " (" + other + ")"}
}

// stateGap explains why a state leaves it open whether traffic passes.
func stateGap(s *snapshot.Scope, source snapshot.Kind, id, state string) *snapshot.Gap {
	g := snapshot.Gap{Code: snapshot.InTransition, Source: source.Action(), Ref: id, Detail: state}
	if state == "" {
		g.Code, g.Detail = snapshot.FieldUnseen, "State"
	}
	if s != nil {
		g.Scope = s.Label()
	}
	return &g
}
