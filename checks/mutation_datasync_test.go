package checks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// needlessOfAgents are changes of DataSync's answers by which an agent that is named stays
// READY, each with the reason: a field, or a field and what a change of it says.
var needlessOfAgents = map[string]string{
	"list-agents":                                           "the agent is named, and described",
	"list-agents.Agents":                                    "the agent is named, and described",
	"list-agents.Agents.AgentArn":                           "the agent is named, and described",
	"list-agents.Agents.Name":                               "a name",
	"list-agents.Agents.Status":                             "the agent is described",
	"describe-agent.Name":                                   "a name",
	"describe-agent.CreationTime":                           "it is ONLINE",
	"describe-agent.LastConnectionTime":                     "it is ONLINE",
	"describe-agent.EndpointType taken away":                "that it has a VPC endpoint says its type",
	"describe-agent.EndpointType null":                      "that it has a VPC endpoint says its type",
	`describe-agent.EndpointType ""`:                        "that it has a VPC endpoint says its type",
	"list-tasks.Tasks emptied":                              "it has no tasks",
	"list-tasks.Tasks.Name":                                 "a name",
	"list-tasks.Tasks.Status":                               "the task is described",
	"describe-task.Name":                                    "a name",
	"describe-task.CreationTime":                            "says nothing of its interfaces",
	"describe-task.DestinationLocationArn":                  "its source says whose it is, and its interfaces are in the agent's subnet",
	"describe-task.SourceNetworkInterfaceArns taken":        "the others are judged",
	"describe-task.SourceNetworkInterfaceArns null":         "the others are judged",
	"describe-task.SourceNetworkInterfaceArns emptied":      "the others are judged",
	"describe-task.DestinationNetworkInterfaceArns taken":   "the others are judged",
	"describe-task.DestinationNetworkInterfaceArns null":    "the others are judged",
	"describe-task.DestinationNetworkInterfaceArns emptied": "the others are judged",
	"describe-location-nfs.CreationTime":                    "says nothing of its agents",
	"describe-location-nfs.LocationUri":                     "list-locations shows the same",
	`describe-location-nfs.OnPremConfig.AgentArns "`:        "it is of another agent",
	"describe-location-nfs.OnPremConfig.AgentArns one more": "it is of two agents",
	`list-locations.Locations.LocationArn "arn:aws:datasync:us-east-1:111122223333:location/loc-0b1b2c3d4e5f6071`:  "as of describe-task.DestinationLocationArn",
	`list-locations.Locations.LocationArn "arn:aws:datasync:us-east-1:999900001111:location/loc-0b1b2c3d4e5f60718`: "as of describe-task.DestinationLocationArn",
	`list-locations.Locations.LocationArn "arn:aws:datasync:eu-west-1:111122223333:location/loc-0b1b2c3d4e5f60718`: "as of describe-task.DestinationLocationArn",
	"list-locations.Locations.LocationUri": "of the destination: as of describe-task.DestinationLocationArn; of the source it is needed",
}

func (m agentMutation) needless() bool {
	if needlessOfAgents[m.field] != "" {
		return true
	}
	for known := range needlessOfAgents {
		if field, what, ok := strings.Cut(known, " "); ok && field == m.field && strings.HasPrefix(m.what, what) {
			return true
		}
	}
	return false
}

// otherStates are values that a field of DataSync's answers may have, beside its own.
var otherStates = map[string][]string{
	"describe-agent.Status":       {"OFFLINE", "nobody-knows-this", ""},
	"describe-agent.EndpointType": {"PUBLIC", "FIPS", "FIPS_PRIVATE_LINK", "nobody-knows-this", ""},
	"describe-task.Status":        {"CREATING", "UNAVAILABLE", "nobody-knows-this", ""},
}

// agentMutation is a change of one of DataSync's answers.
type agentMutation struct {
	field, what string
	less        bool // evidence was only taken away
	value       any  // the whole answer, changed
}

// agentMutations takes each part of an answer away, and puts something else in its place.
func agentMutations(command string, doc any) []agentMutation {
	var out []agentMutation
	var walk func(v any, at string, put func(any) any)
	walk = func(v any, at string, put func(any) any) {
		switch v := v.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				with := func(value any, keep bool) any {
					m := maps.Clone(v)
					if delete(m, key); keep {
						m[key] = value
					}
					return put(m)
				}
				out = append(out, agentMutation{at + "." + key, "taken away", true, with(nil, false)}, agentMutation{at + "." + key, "null", true, with(nil, true)})
				walk(v[key], at+"."+key, func(value any) any { return with(value, true) })
			}
		case []any:
			out = append(out, agentMutation{at, "emptied", true, put([]any{})})
			for i, e := range v {
				walk(e, at, func(value any) any {
					list := slices.Clone(v)
					list[i] = value
					return put(list)
				})
				if s, ok := e.(string); ok {
					out = append(out, agentMutation{at, "one more", false, put(append(slices.Clone(v), s[:len(s)-1]+"0"))})
				}
			}
		case string:
			for _, other := range append(otherStates[at], otherID(v)...) {
				out = append(out, agentMutation{at, fmt.Sprintf("%q in place of %q", other, v), false, put(other)})
			}
		}
	}
	walk(doc, command, func(v any) any { return v })
	return out
}

// otherID are other ARNs, ids and addresses of the same shape.
func otherID(s string) []string {
	switch {
	case strings.HasPrefix(s, "arn:"):
		return []string{s[:len(s)-1] + "0", strings.Replace(s, "111122223333", "999900001111", 1), strings.Replace(s, "us-east-1", "eu-west-1", 1), s[:len(s)-1]}
	case strings.HasPrefix(s, "vpce-"):
		return []string{s[:len(s)-1] + "0"}
	case s == "10.20.1.10":
		return []string{"10.20.1.11", "10.20.1", ""}
	}
	return nil
}

// TestMutatedAgents changes whatever DataSync tells of an agent that is READY: it must not
// stay READY, and what is only taken away makes nothing FAIL.
func TestMutatedAgents(t *testing.T) {
	files, _, err := fixtures.Open("healthy-agent")
	if err != nil {
		t.Fatal(err)
	}
	whole := copyOf(t, files)
	if _, ready := judged(t, whole); !ready {
		t.Fatal("healthy-agent is not READY to begin with")
	}
	tried, needed := 0, map[string]bool{}
	for file, body := range whole {
		command, ok := strings.CutPrefix(path.Base(file), "datasync-")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(strings.TrimSuffix(command, ".json"), ".")
		var doc any
		if err := json.Unmarshal(body.Data, &doc); err != nil {
			t.Fatal(err)
		}
		for _, m := range append(agentMutations(command, doc), agentMutation{command, "no answer", true, nil}) {
			if tried++; !tier.Takes(tried, 1) {
				continue
			}
			changed := maps.Clone(whole)
			if m.value == nil {
				delete(changed, file)
			} else {
				body, err := json.Marshal(m.value)
				if err != nil {
					t.Fatal(err)
				}
				changed[file] = &fstest.MapFile{Data: body}
			}
			_, ready := judged(t, changed)
			if ready && !m.needless() {
				t.Errorf("READY with %s %s", m.field, m.what)
			}
			if !ready && m.needless() {
				needed[m.field] = true
			}
			if m.less {
				for id, s := range statusesOf(t, changed) {
					if s == checks.Fail {
						t.Errorf("%s %s: %s is FAIL", m.field, m.what, id)
					}
				}
			}
		}
	}
	if tried < 80 {
		t.Errorf("only %d mutations: the test proves little", tried)
	}
	t.Logf("%d mutations; not needless in every case: %v", tried, slices.Sorted(maps.Keys(needed)))
}

// statusesOf are the statuses of files that may be refused; then there are none.
func statusesOf(t *testing.T, files fstest.MapFS) map[string]checks.Status {
	t.Helper()
	if _, err := snapshot.Read(files, snapshot.ReadOptions{}); err != nil {
		return nil
	}
	return statuses(t, files)
}
