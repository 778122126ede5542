package checks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// needless are the calls whose denial leaves an estate READY, in any scope or, with
// the scope's name in front, in one; each with the reason.
var needless = map[string]string{
	"describe-security-group-vpc-associations":                 "the groups are those of the VPC itself",
	"source/datasync-list-agents":                              "only who activates has to list agents",
	"network/datasync-list-agents":                             "only who activates has to list agents",
	"network/describe-security-groups":                         "nothing there is dialled",
	"describe-vpn-gateways":                                    "no route leads to one",
	"describe-vpn-connections":                                 "no route leads to one",
	"describe-nat-gateways":                                    "no route leads to one",
	"describe-vpc-peering-connections":                         "the other side shows the same connection, or no route leads to one",
	"healthy/describe-transit-gateways":                        "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-attachments":             "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-vpc-attachments":         "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-peering-attachments":     "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-route-tables":            "the two are joined by a peering connection",
	"on-premises/describe-transit-gateways":                    "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-attachments":         "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-vpc-attachments":     "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-peering-attachments": "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-route-tables":        "the agent is joined by a virtual private gateway",
	"on-premises/source":                                       "the agent stands outside AWS: no account of its own is crossed",
	"describe-managed-prefix-lists":                            "no rule and no route refers to one",
	"describe-security-group-rules":                            "describe-security-groups shows the same rules; this gives their ids",
	"get-transit-gateway-route-table-associations":             "describe-transit-gateway-attachments shows the same association and its state",
	"get-transit-gateway-route-table-propagations":             "the routes that were propagated show in the table itself",
	"healthy-tgw/describe-transit-gateway-attachments":         "the VPC attachments, peering attachments and associations show the same",
	"healthy-tgw/describe-transit-gateway-peering-attachments": "the other side shows the same peering attachment",
	"destination/describe-instances":                           "the agent is in the other scope",
	"source/describe-network-interfaces":                       "describe-instances shows those of the agent",
	"source/describe-vpc-endpoints":                            "the endpoint is in the other scope",
	"source/get-caller-identity":                               "only the identity of the endpoint's scope activates",
	"source/describe-instances":                                "the agent's network interface shows where it is",
}

// TestDenials denies every call of every scope, one at a time: nothing that was
// well is a FAIL by it, and nothing is READY without what it rests on.
func TestDenials(t *testing.T) {
	for _, name := range []string{"healthy", "healthy-tgw", "on-premises"} {
		t.Run(name, func(t *testing.T) {
			files, _, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			denyEach(t, name, copyOf(t, files), func(scope, call string) bool {
				command, _, _ := strings.Cut(call, ".")
				return needless[name+"/"+command] != "" || needless[name+"/"+scope] != ""
			})
		})
	}
	for _, kind := range healthy.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			for seed := range uint64(5) {
				files := healthy.Estate(kind, seed)
				denyEach(t, fmt.Sprint(kind, " ", seed), files, offPath(t, files))
			}
		})
	}
}

// denyEach denies the calls of an estate.
func denyEach(t *testing.T, name string, whole fstest.MapFS, excused func(scope, call string) bool) {
	t.Helper()
	before := statuses(t, whole)
	denied := 0
	for file := range whole {
		if path.Base(file) != "manifest.json" || path.Dir(file) == "." {
			continue
		}
		scope := path.Dir(file)
		for _, call := range callsOf(t, whole, file) {
			denied++
			ready := true
			for id, s := range statuses(t, deny(t, whole, file, call)) {
				// A denied call of the identity that is to activate is a proof of its own.
				if s == checks.Fail && before[id] != checks.Fail && (id != "iam-activation" || scope != "destination") {
					t.Errorf("%s: %s denied in %s: %s is FAIL", name, call, scope, id)
				}
				ready = ready && s != checks.Fail && s != checks.Unknown
			}
			if command, _, _ := strings.Cut(call, "."); ready && needless[command] == "" && needless[scope+"/"+command] == "" && !excused(scope, call) {
				t.Errorf("%s: %s denied in %s: READY", name, call, scope)
			}
		}
	}
	if denied < 20 {
		t.Errorf("only %d denials: the test proves little", denied)
	}
}

// offPath reports whether a call tells of nothing that the traffic of a generated
// estate passes, or nothing that another scope does not tell as well.
func offPath(t *testing.T, files fstest.MapFS) func(scope, call string) bool {
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	named, _ := judged(t, files)
	crossed := strings.Contains(named, "tgw-") // a transit gateway
	return func(scope, call string) bool {
		command, id, _ := strings.Cut(call, ".")
		in := slices.IndexFunc(snap.Scopes, func(s *snapshot.Scope) bool { return s.Name == scope })
		here := snap.Scopes[in]
		others := slices.Delete(slices.Clone(snap.Scopes), in, in+1)
		// What a scope lists is listed by its own gateway's owner, or by who shares it.
		alsoElsewhere := func(ids func(*snapshot.Scope) []string) bool {
			return !slices.ContainsFunc(ids(here), func(id string) bool {
				return strings.Contains(named, id) && !slices.ContainsFunc(others, func(o *snapshot.Scope) bool { return slices.Contains(ids(o), id) })
			})
		}
		switch kind := snapshot.KindOf(command); kind {
		case snapshot.SubnetCIDRReservations: // another subnet serves as well
			return snap.Target.SubnetID != id
		case snapshot.TransitGatewayRoutes:
			return !strings.Contains(named, id)
		case snapshot.TransitGateways:
			return !crossed || alsoElsewhere(func(s *snapshot.Scope) []string { return s.TransitGateways.IDs() })
		case snapshot.TransitGatewayVPCAttachments:
			return !crossed || alsoElsewhere(func(s *snapshot.Scope) []string { return s.TransitGatewayVPCAttachments.IDs() })
		case snapshot.TransitGatewayPeerings:
			return !crossed || alsoElsewhere(func(s *snapshot.Scope) []string { return s.TransitGatewayPeerings.IDs() })
		case snapshot.TransitGatewayRouteTables:
			return !crossed || here.TransitGatewayRouteTables.Len() == 0
		case snapshot.TransitGatewayAttachments: // of what is no VPC they alone tell the state
			return !crossed || !slices.ContainsFunc(here.TransitGatewayAttachments.All(), func(a snapshot.TransitGatewayAttachment) bool {
				return netpath.LeadsOut(a.ResourceType) && strings.Contains(named, a.ID)
			})
		case snapshot.SecurityGroups: // the agent's, of an agent that no interface shows
			return !here.Has(snapshot.Destination) && snap.Target.AgentInstanceID == "" && !snap.Target.AgentIP.IsValid()
		case snapshot.CallerIdentity, snapshot.VPCs, snapshot.Subnets, snapshot.Interfaces, snapshot.Endpoints, snapshot.RouteTables, snapshot.NetworkACLs, snapshot.Instances:
			// The owner of the transit gateway, none of whose VPCs is crossed.
			return !slices.ContainsFunc(here.VPCs.IDs(), func(id string) bool { return strings.Contains(named, id) })
		}
		return false
	}
}

func statuses(t *testing.T, files fs.FS) map[string]checks.Status {
	t.Helper()
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	snap.AssignRoles(*snap.Target)
	target, err := checks.Resolve(*snap.Target, snap)
	if err != nil {
		target = *snap.Target
	}
	out := map[string]checks.Status{}
	for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
		out[r.Check.ID] = r.Status
	}
	return out
}

// manifest is a scope's manifest with its calls.
func manifest(t *testing.T, files fstest.MapFS, file string) (whole map[string]any, calls []any) {
	t.Helper()
	if err := json.Unmarshal(files[file].Data, &whole); err != nil {
		t.Fatal(err)
	}
	calls, _ = whole["calls"].([]any)
	return whole, calls
}

func callName(call any) string {
	c := call.(map[string]any)
	name := c["command"].(string)
	if id, _ := c["id"].(string); id != "" {
		name += "." + id
	}
	return name
}

func callsOf(t *testing.T, files fstest.MapFS, file string) []string {
	_, calls := manifest(t, files, file)
	var out []string
	for _, c := range calls {
		out = append(out, callName(c))
	}
	return out
}

// deny is an estate whose call was answered by UnauthorizedOperation.
func deny(t *testing.T, files fstest.MapFS, file, call string) fstest.MapFS {
	out := fstest.MapFS{}
	for k, v := range files {
		out[k] = v
	}
	whole, calls := manifest(t, files, file)
	for _, c := range calls {
		if callName(c) == call {
			c.(map[string]any)["error"] = map[string]string{"action": actionOf(call), "code": "UnauthorizedOperation", "message": "You are not authorized to perform this operation."}
		}
	}
	body, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	out[file] = &fstest.MapFile{Data: body}
	delete(out, path.Join(path.Dir(file), call+".json"))
	return out
}

func actionOf(call string) string {
	command, _, _ := strings.Cut(call, ".")
	return snapshot.KindOf(command).Action()
}
