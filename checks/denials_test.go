package checks_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// needless are the calls whose denial leaves an estate READY, in any scope or, with
// the scope's name in front, in one; each with the reason.
var needless = map[string]string{
	"describe-vpn-gateways":                                      "no route leads to one",
	"describe-vpn-connections":                                   "no route leads to one",
	"describe-nat-gateways":                                      "no route leads to one",
	"describe-vpc-peering-connections":                           "the other side shows the same connection, or no route leads to one",
	"healthy/describe-transit-gateways":                          "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-attachments":               "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-vpc-attachments":           "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-peering-attachments":       "the two are joined by a peering connection",
	"healthy/describe-transit-gateway-route-tables":              "the two are joined by a peering connection",
	"on-premises/describe-transit-gateways":                      "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-attachments":           "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-vpc-attachments":       "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-peering-attachments":   "the agent is joined by a virtual private gateway",
	"on-premises/describe-transit-gateway-route-tables":          "the agent is joined by a virtual private gateway",
	"healthy-agent/describe-transit-gateways":                    "the two are joined by a peering connection",
	"healthy-agent/describe-transit-gateway-attachments":         "the two are joined by a peering connection",
	"healthy-agent/describe-transit-gateway-vpc-attachments":     "the two are joined by a peering connection",
	"healthy-agent/describe-transit-gateway-peering-attachments": "the two are joined by a peering connection",
	"healthy-agent/describe-transit-gateway-route-tables":        "the two are joined by a peering connection",
	"healthy-agent/simulate-principal-policy":                    "the agent is activated already",
	"healthy-agent/datasync-list-agents":                         "the agent is named, and described",
	"on-premises/source":                                         "the agent stands outside AWS: no account of its own is crossed",
	"describe-managed-prefix-lists":                              "no rule and no route refers to one",
	"describe-security-group-rules":                              "describe-security-groups shows the same rules; this gives their ids",
	"get-transit-gateway-route-table-associations":               "describe-transit-gateway-attachments shows the same association and its state",
	"get-transit-gateway-route-table-propagations":               "the routes that were propagated show in the table itself",
	"healthy-tgw/describe-transit-gateway-attachments":           "the VPC attachments, peering attachments and associations show the same",
	"healthy-tgw/describe-transit-gateway-peering-attachments":   "the other side shows the same peering attachment",
	"destination/describe-instances":                             "the agent is in the other scope",
	"source/describe-network-interfaces":                         "describe-instances shows those of the agent",
	"source/describe-vpc-endpoints":                              "the endpoint is in the other scope",
	"source/get-caller-identity":                                 "only the identity of the endpoint's scope activates",
	"source/describe-instances":                                  "the agent's network interface shows where it is",
}

// TestDenials denies every call of every scope, one at a time: nothing that was
// well is a FAIL by it, and nothing is READY without what it rests on.
func TestDenials(t *testing.T) {
	for _, name := range []string{"healthy", "healthy-tgw", "on-premises", "healthy-agent"} {
		t.Run(name, func(t *testing.T) {
			files, _, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			whole := copyOf(t, files)
			before := statuses(t, whole)
			denied := 0
			for file := range whole {
				if path.Base(file) != "manifest.json" || path.Dir(file) == "." {
					continue
				}
				for _, call := range callsOf(t, whole, file) {
					denied++
					changed := deny(t, whole, file, call)
					after := statuses(t, changed)
					ready := true
					for id, s := range after {
						// A denied call of the identity that is to activate is a proof of its own.
						if s == checks.Fail && before[id] != checks.Fail && (id != "iam-activation" || path.Dir(file) != "destination") {
							t.Errorf("%s denied in %s: %s is FAIL", call, path.Dir(file), id)
						}
						ready = ready && s != checks.Fail && s != checks.Unknown
					}
					command, _, _ := strings.Cut(call, ".")
					if scope := path.Dir(file); ready && needless[command] == "" && needless[scope+"/"+command] == "" && needless[name+"/"+command] == "" && needless[name+"/"+scope] == "" {
						t.Errorf("%s denied in %s: READY", call, path.Dir(file))
					}
				}
			}
			if denied < 20 {
				t.Errorf("only %d denials: the test proves little", denied)
			}
		})
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
