package snapshot

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Audit says which targets an account has, where a target stands for all of them.
type Audit struct {
	Agents    bool // one for each agent
	Endpoints bool // one for each endpoint of DataSync that no agent uses
}

// AllAgents stands in place of an agent's id for those of an account that could not
// all be listed.
const AllAgents = "*"

// Whole reports whether a target stands for agents of an account that nobody could list.
func (t Target) Whole() bool { return LastOf(t.AgentARN) == AllAgents }

// Audited returns the targets that a scope has for one that stands for all of them
// or names an agent, as far as DataSync told; sorted by their ids. Whatever is not one
// of these is returned as it is.
func (s *Scope) Audited(t Target) []Target {
	if t.Audit == nil {
		return []Target{s.OfAgent(t)}
	}
	audit := *t.Audit
	t.Audit = nil
	group := cmp.Or(s.Account, s.Name) + "/" + s.Region + "/"
	var out []Target
	used, told := map[string]bool{}, s.Agents.Covers("")
	for _, arn := range slices.Sorted(slices.Values(s.Agents.IDs())) {
		one := t
		one.AgentARN = arn
		d, p := s.AgentDetails.Get(LastOf(arn))
		told = told && (p == Present && (d.PrivateLink != nil || d.Public()))
		if d.PrivateLink != nil {
			used[d.PrivateLink.EndpointID] = true
		}
		if audit.Agents {
			one = s.OfAgent(one)
			one.Name = group + LastOf(arn)
			out = append(out, one)
		}
	}
	if audit.Endpoints && told {
		for _, id := range slices.Sorted(slices.Values(s.Endpoints.IDs())) {
			if ep, _ := s.Endpoints.Get(id); ep.IsDataSync() && !used[id] && !gone(ep.State) {
				one := t
				one.EndpointID, one.Name = id, group+id
				out = append(out, one)
			}
		}
	}
	if !s.Agents.Covers("") || audit.Endpoints && (!told || !s.Endpoints.Covers("")) {
		t.AgentARN, t.Name = "arn:"+s.Partition()+":datasync:"+s.Region+":"+s.Account+":agent/"+AllAgents, group+AllAgents
		out = append(out, t)
	}
	return out
}

func gone(state string) bool {
	return strings.EqualFold(state, "deleted") || strings.EqualFold(state, "deleting")
}

// OfAgent completes a target from what DataSync tells of its agent: the endpoint, its
// address in the agent's key, the tasks' subnet and group. What the target says itself
// stays.
func (s *Scope) OfAgent(t Target) Target {
	d, p := s.AgentDetails.Get(LastOf(t.AgentARN))
	if p != Present || d.ARN != t.AgentARN || d.PrivateLink == nil {
		return t
	}
	l := d.PrivateLink
	t.EndpointID = cmp.Or(t.EndpointID, l.EndpointID)
	if a, err := netip.ParseAddr(l.Address); err == nil && !t.EndpointIP.IsValid() {
		t.EndpointIP = a.Unmap()
	}
	one := func(arns []string) string {
		if len(arns) == 1 && WellFormedID(LastOf(arns[0])) {
			return LastOf(arns[0])
		}
		return ""
	}
	t.SubnetID = cmp.Or(t.SubnetID, one(l.SubnetARNs))
	t.GroupID = cmp.Or(t.GroupID, one(l.GroupARNs))
	t.Region = cmp.Or(t.Region, RegionOf(d.ARN))
	if tasks, _ := s.TasksOf(d.ARN); t.Tasks == 0 {
		for _, task := range tasks {
			if len(task.Interfaces()) == 0 { // the others have theirs
				t.Tasks++
			}
		}
	}
	return t
}

// TasksOf are the tasks whose locations are reached through an agent, in the order of
// the list; the gaps are what of other tasks is not known.
func (s *Scope) TasksOf(agent string) ([]TaskDetail, []Gap) {
	var out []TaskDetail
	var gaps []Gap
	note := func(g Gap) {
		if !slices.Contains(gaps, g) {
			gaps = append(gaps, g)
		}
	}
	if !s.Tasks.Covers("") {
		note(s.GapFor(Tasks, ""))
	}
	for _, arn := range s.Tasks.IDs() {
		id := LastOf(arn)
		d, p := s.TaskDetails.Get(id)
		if p != Present || d.ARN != arn {
			note(s.GapFor(TaskDetails, id))
			continue
		}
		var open []Gap
		its := false
		for _, location := range []string{d.Source, d.Destination} {
			agents, gap := s.agentsOf(location)
			its = its || slices.Contains(agents, agent)
			if gap != nil {
				open = append(open, *gap)
			}
		}
		switch {
		case its:
			out = append(out, d)
		default:
			for _, g := range open {
				note(g)
			}
		}
	}
	return out, gaps
}

// agentsOf are the agents through which a location is reached, none for storage of AWS.
func (s *Scope) agentsOf(location string) ([]string, *Gap) {
	l, p := s.Locations.Get(location)
	if p != Present {
		gap := s.GapFor(Locations, location)
		return nil, &gap
	}
	kind := LocationKind(l.Scheme())
	switch {
	case kind != NoKind:
	case l.OfAWS():
		return nil, nil
	default:
		return nil, &Gap{Code: Malformed, Source: Locations.Action(), Scope: s.Label(), Ref: LastOf(location), Detail: l.URI}
	}
	d, p := s.AgentLocations[slices.Index(locationKinds[:], kind)].Get(LastOf(location))
	if p != Present || d.ARN != location || len(d.Agents()) == 0 && kind.HasAgents() {
		gap := s.GapFor(kind, LastOf(location))
		return nil, &gap
	}
	return d.Agents(), nil
}
