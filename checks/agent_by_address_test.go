package checks_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestAgentByAddress names the agent by its address instead of its instance, which is in
// every state: a machine that does not run dials no more by the one name than by the other.
func TestAgentByAddress(t *testing.T) {
	for _, kind := range healthy.Kinds() {
		tried, step := 0, 0
		for seed := range uint64(6) {
			for _, state := range append(types.InstanceStateName("").Values(), "yet to come") {
				if step++; !tier.Takes(step, 1) {
					continue
				}
				target, snap := open(t, healthy.Estate(kind, seed))
				if target.AgentInstanceID == "" {
					continue
				}
				tried++
				for _, s := range snap.Scopes {
					i, p := s.Instances.Get(target.AgentInstanceID)
					if p != snapshot.Present {
						continue
					}
					i.State.Name = string(state)
					s.Instances.Put(i)
					target.AgentIP = i.PrivateIP
				}
				named := judgedAs(target, snap)["connection-active"]
				target.AgentInstanceID = ""
				if got := judgedAs(target, snap)["connection-active"]; got != named || state != types.InstanceStateNameRunning && got == checks.Pass {
					t.Errorf("%s, seed %d, %s: by its address %v, by its id %v", kind, seed, state, got, named)
				}
			}
		}
		if outside := kind == healthy.DirectConnect || kind == healthy.VPN; tried == 0 && !outside {
			t.Errorf("%s: no instance is named", kind)
		}
	}
}

// TestAgentsInterfaceByState has the interface with the agent's address attached in every
// state: only one that is attached stays.
func TestAgentsInterfaceByState(t *testing.T) {
	for _, state := range append(types.AttachmentStatus("").Values(), "", "yet to come") {
		var target snapshot.Target
		var snap *snapshot.Snapshot
		for seed := uint64(0); target.AgentInstanceID == ""; seed++ {
			target, snap = open(t, healthy.Estate(healthy.Peering, seed))
		}
		s := snap.Role(snapshot.Source)
		i, _ := s.Instances.Get(target.AgentInstanceID)
		target.AgentInstanceID, target.AgentIP = "", i.PrivateIP
		for _, face := range s.Interfaces.All() {
			if face.PrivateIP == i.PrivateIP && face.PrivateIP != (netip.Addr{}) {
				face.Attach(i.ID)
				face.Attachment.Status = string(state)
				s.Interfaces.Put(face)
			}
		}
		got, want := judgedAs(target, snap)["route-to-endpoint"], checks.Unknown
		if state == types.AttachmentStatusAttached || state == "" {
			want = checks.Pass
		}
		if got != want {
			t.Errorf("%q: %v, want %v", state, got, want)
		}
	}
}

// TestAgentsInterfaceUnseen names an agent by an address that no interface has: where all
// of its VPC were seen it is yet to be launched, and where they were not its groups are
// open.
func TestAgentsInterfaceUnseen(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	target.AgentIP, target.AgentInstanceID = netip.MustParseAddr("10.10.1.77"), ""
	egress := func() checks.Result {
		return checks.Run(t.Context(), target, snap, []*checks.Check{checks.ByID("agent-sg-egress")}, checks.Options{})[0]
	}
	if got := egress(); got.Status != checks.Skip || !strings.Contains(got.Findings[0].Note.En, "10.10.1.77") {
		t.Errorf("all seen: %v, %v", got.Status, got.Findings)
	}
	for _, s := range snap.Scopes {
		s.Interfaces.Doubt()
	}
	if got := egress(); got.Status != checks.Unknown {
		t.Errorf("not all seen: %v, %v", got.Status, got.Findings)
	}
	snap.Scopes = slices.DeleteFunc(snap.Scopes, func(s *snapshot.Scope) bool { return !slices.Contains(s.Roles, snapshot.Destination) })
	if got := egress(); got.Status != checks.Unknown || got.Findings[0].Gaps[0].Code != snapshot.AgentPlace {
		t.Errorf("nothing seen where it may stand: %v, %v", got.Status, got.Findings)
	}
}
