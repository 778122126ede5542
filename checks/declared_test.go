package checks_test

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/healthy"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// unread are tables that checks declare and do not look into, each with the reason.
var unread = map[string]string{
	"activation-input/get-caller-identity":       "the call tells the account of the scope, which ARNs are held against",
	"endpoint-owner/get-caller-identity":         "the call tells the account of the scope, which owners are held against",
	"iam-activation/describe-subnets":            "whether the call was refused says whether the caller may make it",
	"iam-activation/describe-network-interfaces": "as above",
	"iam-activation/describe-security-groups":    "as above",
	"iam-activation/datasync-list-agents":        "as above",
}

// observed is an estate with the target that it is judged for.
type observed struct {
	name   string
	target snapshot.Target
	snap   *snapshot.Snapshot
}

// observedEstates are all fixtures and wounds, generated estates in use, and healthy
// fixtures of which one table was not seen.
func observedEstates(t *testing.T) []observed {
	t.Helper()
	var all []observed
	for _, name := range fixtures.Names() {
		target, snap := openFixture(t, name)
		all = append(all, observed{name, target, snap})
		if strings.HasPrefix(name, "healthy") {
			for _, k := range snapshot.Kinds() {
				all = append(all, observed{name + " without " + k.String(), target, snap.Without(k)})
			}
		}
	}
	for _, folder := range wounds(t) {
		target, snap := wounded(t, folder)
		all = append(all, observed{folder, target, snap})
	}
	for _, kind := range healthy.Kinds() {
		for seed := range uint64(6) {
			target, snap := open(t, healthy.Estate(kind, seed))
			inUse(t, &target, snap, seed > 2, seed%3 > 0, seed%3 == 1)
			all = append(all, observed{fmt.Sprintf("%s, seed %d", kind, seed), target, snap})
			target.AgentARN = "" // one that is still to be activated has its port 80 open
			all = append(all, observed{fmt.Sprintf("%s, seed %d, a new agent", kind, seed), target, snap})
		}
	}
	return all
}

// inUse adds to an estate what is there once an agent is activated: itself, a task for
// each kind of storage, and what a machine dialled: the agent, or one beside it that
// hears nothing, and that may not have said where it stands.
func inUse(t *testing.T, target *snapshot.Target, snap *snapshot.Snapshot, named, beside, guessed bool) {
	t.Helper()
	s := snap.Role(snapshot.Destination)
	arn := func(service, what string) string {
		return "arn:aws:" + service + ":" + s.Region + ":" + s.Account + ":" + what
	}
	ep, _ := s.Endpoints.Get(target.EndpointID)
	door, p := s.Interfaces.GetIn(ep.VPC, ep.InterfaceIDs[0])
	agents, gap := netpath.FindAgents(snap, *target)
	if p != snapshot.Present || gap != nil {
		t.Fatalf("no endpoint or no agent: %v", gap)
	}
	subnets := s.Subnets.All()
	agent := arn("datasync", "agent/agent-0123456789abcdef0")
	target.Storage = []string{"nfs://10.10.1.9"}
	if named { // else the run is about one that is still to be activated
		target.AgentARN = agent
	}
	s.Agents.Put(snapshot.Agent{ARN: agent})
	s.AgentDetails.Put(snapshot.AgentDetail{
		ID: snapshot.LastOf(agent), ARN: agent, Status: "ONLINE", EndpointType: "PRIVATE_LINK",
		PrivateLink: &snapshot.PrivateLink{
			EndpointID: ep.ID, Address: door.PrivateIP.String(), GroupARNs: []string{arn("ec2", "security-group/"+ep.Groups[0].ID)},
			SubnetARNs: []string{arn("ec2", "subnet/"+subnets[len(subnets)-1].ID)},
		},
	})
	for i, scheme := range []string{"nfs", "smb", "hdfs", "object-storage", "azure-blob"} {
		location, task := fmt.Sprintf("loc-0%016d", i), fmt.Sprintf("task-0%016d", i)
		s.Locations.Put(snapshot.Location{ARN: arn("datasync", "location/"+location), URI: scheme + "://server/data"})
		s.AgentLocations[i].Put(snapshot.AgentLocation{ID: location, ARN: arn("datasync", "location/"+location), AgentARNs: []string{agent}})
		s.Tasks.Put(snapshot.Task{ARN: arn("datasync", "task/"+task)})
		s.TaskDetails.Put(snapshot.TaskDetail{
			ID: task, ARN: arn("datasync", "task/"+task), Status: "AVAILABLE",
			Source: arn("datasync", "location/"+location), Destination: arn("datasync", "location/"+location),
			SourceInterfaces: []string{arn("ec2", "network-interface/"+door.ID)},
		})
	}
	from := agents.Addrs.Ranges()[0].From()
	if beside {
		from = from.Next()
	}
	run := snapshot.ProbeRun{
		Schema: snapshot.ProbeSchema, TakenAt: snap.TakenAt, TimeoutMS: 3500,
		Vantage: snapshot.Vantage{Place: snapshot.AgentNetwork, Guessed: guessed, Addresses: []netip.Addr{from}},
		APIs:    []snapshot.API{{Service: "ec2", Region: s.Region, Outcome: snapshot.Open}},
		Tools:   []snapshot.Tool{{Name: "curl", Found: true, Version: "8.5.0"}},
	}
	dial := func(purpose snapshot.Purpose, to netip.Addr, port uint16, outcome snapshot.Outcome) {
		run.Probes = append(run.Probes, snapshot.Probe{Purpose: purpose, Host: map[bool]string{true: to.String()}[purpose == snapshot.ToStorage], Addr: to, Port: port, From: from, Tries: 1, Outcome: outcome, ElapsedMS: 5})
	}
	for _, ports := range []netpath.Ports{netpath.Port(22), netpath.Port(443), {First: 1024, Last: 1064}} {
		for port := ports.First; port <= ports.Last; port++ {
			dial(snapshot.ToEndpointPort, door.PrivateIP, port, snapshot.Filtered)
		}
	}
	dial(snapshot.ToStorage, netip.MustParseAddr("10.10.1.9"), 2049, snapshot.Open)
	dial(snapshot.ToAgentHTTP, agents.Addrs.Ranges()[0].From(), 80, snapshot.Open)
	snap.Probes = []snapshot.ProbeRun{run}
}

// watched are the checks with somebody told of each table that one reads; none waits
// for another, and they run one at a time.
func watched(list []*checks.Check, read func(*checks.Check, snapshot.Kind)) (checking []*checks.Check, look func(snapshot.Kind)) {
	var now *checks.Check
	for _, c := range list {
		w := *c
		w.After = nil
		w.Run = func(x *checks.Exam) {
			now = c
			defer func() { now = nil }()
			c.Run(x)
		}
		checking = append(checking, &w)
	}
	return checking, func(k snapshot.Kind) {
		if now != nil { // the engine looks too
			read(now, k)
		}
	}
}

// TestDeclaredTablesAreRead holds what checks read against what they declare. What one
// declares is asked for, and takes a permission; what it does not declare it never
// sees. Probes and policy files are no tables, and take none.
func TestDeclaredTablesAreRead(t *testing.T) {
	estates := observedEstates(t)
	judge := func(e observed, list []*checks.Check, read func(*checks.Check, snapshot.Kind)) {
		checking, look := watched(list, read)
		checks.Run(context.Background(), e.target, e.snap.Watched(look), checking, checks.Options{Limit: 1})
	}
	entry := func(c *checks.Check, k snapshot.Kind) string { return c.ID + "/" + k.String() }
	read := map[string]bool{}
	for i, e := range estates {
		if !tier.Takes(i, 1) {
			continue
		}
		judge(e, checks.All(), func(c *checks.Check, k snapshot.Kind) {
			if it := entry(c, k); !read[it] {
				read[it] = true
				if !slices.Contains(c.Needs, k) && !slices.Contains(c.Uses, k) {
					t.Errorf("%s reads %s, which it does not declare (%s)", c.ID, k, e.name)
				}
				if unread[it] != "" {
					t.Errorf("%s reads %s: strike it off the list (%s)", c.ID, k, e.name)
				}
			}
		})
	}
	// The first of the checks that look at the walk makes it for all: what is left is
	// asked alone, of generated estates first.
	slices.Reverse(estates)
	for _, c := range checks.All() {
		left := map[snapshot.Kind]bool{}
		for _, k := range slices.Concat(c.Needs, c.Uses) {
			if k.Command() != "" && !read[entry(c, k)] && unread[entry(c, k)] == "" {
				left[k] = true
			}
		}
		for _, e := range estates {
			if len(left) == 0 {
				break
			}
			judge(e, []*checks.Check{c}, func(_ *checks.Check, k snapshot.Kind) { delete(left, k) })
		}
		for _, k := range slices.Sorted(maps.Keys(left)) {
			t.Errorf("%s declares %s and never reads it: drop it, or say why in unread", c.ID, k)
		}
	}
}
