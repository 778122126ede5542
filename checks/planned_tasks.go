package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// PlannedTasks are the tasks that the targets of one run will put into subnets. Made
// once per run, since targets may share a subnet by the thousands.
type PlannedTasks struct {
	sure map[string]*planned // by subnet: of targets that use it
	open map[string]*planned // by subnet: of targets that leave open which of several they use
}

// TasksOf counts the tasks of a run's targets over an estate.
func TasksOf(targets []snapshot.Target, snap *snapshot.Snapshot) *PlannedTasks {
	out := &PlannedTasks{map[string]*planned{}, map[string]*planned{}}
	for i := range targets {
		t := &targets[i]
		if nothingPlanned(t) {
			continue
		}
		subnets := out.subnets(t, snap)
		in := out.sure
		if len(subnets) > 1 {
			in = out.open
		}
		for _, id := range subnets {
			if in[id] == nil {
				in[id] = &planned{byName: map[string]int{}}
			}
			in[id].add(t)
		}
	}
	return out
}

// subnets are those that a target's tasks may use: the one it names, else those of
// its endpoint. Which those are of an EFS or FSx location is not told.
func (*PlannedTasks) subnets(t *snapshot.Target, snap *snapshot.Snapshot) []string {
	switch {
	case t.SubnetID != "":
		return []string{t.SubnetID}
	case t.DestinationType == "efs" || t.DestinationType == "fsx":
		return nil
	}
	for _, s := range snap.Scopes {
		if ep, p := s.Endpoints.Get(t.EndpointID); p == snapshot.Present {
			return slices.Compact(slices.Sorted(slices.Values(ep.SubnetIDs)))
		}
	}
	return nil
}

// besides are the tasks in a subnet of all targets but one.
func (p *PlannedTasks) besides(t *snapshot.Target, snap *snapshot.Snapshot, id string) (sure, open neighbours) {
	if p == nil {
		return sure, open
	}
	own := p.subnets(t, snap)
	if !slices.Contains(own, id) {
		own = nil
	}
	return p.sure[id].without(t, len(own) == 1), p.open[id].without(t, len(own) > 1)
}

// planned are the tasks planned in a subnet, and the targets whose they are.
type planned struct {
	tasks  int
	names  []string // in the order of the targets
	byName map[string]int
}

func (p *planned) add(t *snapshot.Target) {
	p.tasks += tasksOf(t)
	name := nameOf(t)
	if p.byName[name]++; p.byName[name] == 1 {
		p.names = append(p.names, name)
	}
}

// namedNeighbours is how many other targets a message names.
const namedNeighbours = 6

// neighbours are the tasks of other targets in a subnet.
type neighbours struct {
	tasks int
	names []string // of some of the targets
	more  bool     // there are others
}

// without are the tasks of the other targets: those of one are left out if they
// were counted.
func (p *planned) without(t *snapshot.Target, counted bool) neighbours {
	if p == nil {
		return neighbours{}
	}
	out := neighbours{tasks: p.tasks}
	if counted {
		out.tasks -= tasksOf(t)
	}
	for _, name := range p.names {
		switch {
		case counted && name == nameOf(t) && p.byName[name] == 1:
		case len(out.names) == namedNeighbours:
			out.more = true
			return out
		default:
			out.names = append(out.names, name)
		}
	}
	return out
}

// listed names whose the tasks are.
func (n neighbours) listed() string {
	names := strings.Join(n.names, ", ")
	if n.more {
		names += ", ..."
	}
	return names
}

// nothingPlanned reports whether a target is an agent whose tasks all have their
// interfaces, and no further one is planned.
func nothingPlanned(t *snapshot.Target) bool { return t.Tasks == 0 && t.AgentARN != "" }

func tasksOf(t *snapshot.Target) int { return max(t.Tasks, 1) }

func nameOf(t *snapshot.Target) string { return cmp.Or(t.Name, t.EndpointID) }
