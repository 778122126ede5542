package checks

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Trace is the way of a target's traffic, hop by hop, in both directions, as facts: a
// report words them.
type Trace struct {
	Agent    Terminus
	Endpoint Terminus
	Task     Terminus // where the task's interfaces go
	There    []Hop
	Back     []Hop
	Needs    []Need
}

// Hop is one place that a part of the traffic passes, and what is to be said of it there.
type Hop struct {
	Layer    netpath.Layer // what decides here
	Holder   string        // the table, network ACL, connection or gateway that does
	Subnet   string        // for the layers of a subnet
	At       Stand
	Instance bool // it is the agent's own instance, which does not run, or may not
	Branch   bool // another part of the traffic than the hop before passes it
	// Unreached is set where no way to the hop was found: its own rules are judged
	// all the same.
	Unreached bool

	Checks   []*Check  // those that speak of it: of security groups
	Findings []Finding // what is found of it, in the other layers; none: nothing stands against it
	Leaves   []string  // for the goal: the addresses outside AWS that are reached
}

// Stand is where something stands. Empty fields are not known, or mean nothing
// there: a peering connection is in no VPC.
type Stand struct {
	Account, Region, VPC string
	Subnets              []string
	Outside              bool // proved to be outside AWS
}

func standOf(p netpath.Place, subnets ...string) Stand {
	out := Stand{VPC: p.VPC, Outside: p.Outside}
	if p.Scope != nil && p.VPC != "" {
		out.Account, out.Region = p.Scope.Account, p.Scope.Region
	}
	for _, id := range subnets {
		if id != "" {
			out.Subnets = append(out.Subnets, id)
		}
	}
	return out
}

// Terminus is one end of the path, with its addresses.
type Terminus struct {
	ID        string
	Addresses []string
	At        Stand
}

// Need is one line of a firewall change request: traffic that must be let
// through between the two ends.
type Need struct {
	Source, Destination []string
	Ports               string
	Reply               bool // needed only where a firewall keeps no state
	Requirement         *Requirement
}

// TraceOf is the walk of a target that its results come from. It is nil when the ends
// are not known.
func TraceOf(t snapshot.Target, snap *snapshot.Snapshot, results []Result) *Trace {
	x := &Exam{Target: t, Snapshot: snap, check: connectionActive}
	for _, r := range results {
		if x.shared = r.shared; x.shared != nil {
			break // the checks have walked already
		}
	}
	j, ok, _ := x.walked()
	if !ok {
		return nil
	}
	out := &Trace{Needs: x.needs(j)}
	out.Agent, out.Endpoint, out.Task = termini(t, j)
	out.There = append(traceInstance(j), x.traceWalk(j, j.there, false)...)
	out.Back = x.traceWalk(j, j.back, true)
	return out
}

// traceInstance is the first hop of an agent on EC2 that does not run, or may not.
func traceInstance(j journey) []Hop {
	a := j.agents
	fate := netpath.Lives(netpath.InstanceState, a.State)
	if a.Instance == "" || fate == netpath.On {
		return nil
	}
	f := Finding{Status: Fail, Subject: a.Instance, Evidence: []snapshot.Evidence{snapshot.Saw(snapshot.Instances, a.Instance, snapshot.Textf("state %s", "状態 %s", a.State))}}
	if fate == netpath.Open {
		f.Status = Unknown
	}
	return []Hop{{Layer: netpath.Connection, Holder: a.Instance, At: standOf(j.from, a.Subnet), Instance: true, Findings: []Finding{f}}}
}

// termini are the ends of a journey.
func termini(t snapshot.Target, j journey) (agent, endpoint, task Terminus) {
	var from, at, taskAt []string
	for _, s := range j.starts {
		from = append(from, s.Subnet)
	}
	own, free := &netipx.IPSet{}, &netipx.IPSet{}
	endpointPlace, taskPlace := j.to, j.to
	for _, e := range j.ends {
		if !netpath.Empty(e.Endpoint) {
			at, own = append(at, e.Subnet), netpath.Union(own, e.Endpoint)
		}
		if !netpath.Empty(e.Task) {
			taskAt, free, taskPlace = append(taskAt, e.Subnet), netpath.Union(free, e.Task), e.At
		}
	}
	agent = Terminus{j.agents.Instance, netpath.Addresses(j.agents.Addrs), standOf(j.from, from...)}
	endpoint = Terminus{t.EndpointID, netpath.Addresses(own), standOf(endpointPlace, at...)}
	return agent, endpoint, Terminus{"", netpath.Addresses(netpath.Whole(free, j.ends)), standOf(taskPlace, taskAt...)}
}

// traceWalk is one direction.
func (x *Exam) traceWalk(j journey, w netpath.Walk, back bool) []Hop {
	var out []Hop
	for i, h := range w.Hops {
		at := Hop{Layer: h.Layer, Holder: h.Holder, Subnet: h.Subnet, At: standOf(h.At, h.Subnet), Branch: i > 0 && h.From != i-1, Unreached: h.Detached}
		switch h.Layer {
		case netpath.GroupOut:
			if h.At.Outside {
				continue
			}
			at.Checks = []*Check{agentEgress}
		case netpath.GroupIn:
			if e := j.ends[h.Index]; !netpath.Empty(netpath.Both(e.Endpoint, h.In.Dst)) {
				at.Checks = append(at.Checks, ingress443, ingressControl)
			}
			if e := j.ends[h.Index]; !netpath.Empty(netpath.Both(e.Task, h.In.Dst)) {
				at.Checks = append(at.Checks, taskGroup)
			}
		case netpath.ACLOut, netpath.ACLIn:
			at.Findings = x.traceACL(j, h, back)
		case netpath.Goal:
			if !h.At.Outside {
				continue
			}
			at.Leaves = netpath.Addresses(h.In.Dst)
		default:
			if h.Layer == netpath.GatewayRoute {
				at.At = Stand{}
			}
			at.Findings = []Finding{x.traceHop(j, w, i)}
		}
		out = append(out, at)
	}
	return out
}

// traceACL is what a network ACL does with all that passes the subnet.
func (x *Exam) traceACL(j journey, h netpath.Hop, back bool) []Finding {
	if h.ACL == nil {
		return []Finding{{Status: Unknown, Subject: h.Subnet, Gaps: []snapshot.Gap{gapOf(h)}}}
	}
	y := &Exam{Target: x.Target, Snapshot: x.Snapshot, check: x.check}
	one := netpath.Walk{Hops: []netpath.Hop{h}}
	one.Hops[0].From, one.Hops[0].Loose = -1, h.Loose
	y.askACL(j, one, 0, h, back)
	return y.findings
}

// traceHop is what a hop that routes or carries showed.
func (x *Exam) traceHop(j journey, w netpath.Walk, i int) Finding {
	h := w.Hops[i]
	saw := hopEvidence(h)
	switch {
	case h.Fate == netpath.Open:
		return Finding{Status: Unknown, Subject: h.Holder, Gaps: []snapshot.Gap{gapOf(h)}}
	case h.Fate != netpath.Stopped:
		return Finding{Status: Pass, Subject: h.Holder, Evidence: []snapshot.Evidence{saw}}
	}
	saw.Fact = stopText(h)
	if w.Sure(i) {
		return Finding{Status: Fail, Subject: h.Holder, Evidence: []snapshot.Evidence{saw}}
	}
	// The checks don't call it proved.
	return Finding{Status: Unknown, Subject: h.Holder, Evidence: []snapshot.Evidence{saw}, Gaps: []snapshot.Gap{{Code: snapshot.RestsOn, Ref: x.looseOwner(j)}}}
}

// needs lists what a firewall in between must let through.
func (x *Exam) needs(j journey) []Need {
	endpoint, task := &netipx.IPSet{}, &netipx.IPSet{}
	for _, e := range j.ends {
		endpoint, task = netpath.Union(endpoint, e.Endpoint), netpath.Union(task, e.Task)
	}
	agents := netpath.Addresses(j.agents.Addrs)
	var out []Need
	add := func(r *Requirement, to *netipx.IPSet) {
		if !netpath.Empty(to) {
			out = append(out, Need{Source: agents, Destination: netpath.Addresses(netpath.Whole(to, j.ends)), Ports: netpath.JoinPorts(r.Ports), Requirement: r})
		}
	}
	add(reqHTTPS, endpoint)
	add(reqControl, endpoint)
	if x.severity(aclThereGuide) != Skip {
		add(reqControlGuide, endpoint)
	}
	add(reqTaskHTTPS, task)
	if x.Target.Mode != "enhanced" {
		add(reqSupport, endpoint)
	}
	return append(out, Need{Source: netpath.Addresses(netpath.Whole(netpath.Union(endpoint, task), j.ends)), Destination: agents, Ports: netpath.Ephemeral.String(), Reply: true, Requirement: reqACL})
}
