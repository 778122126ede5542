package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Hop is one place that the traffic passes, and how it fares there.
type Hop struct {
	Place  Text
	Status Status
	Ref    string
	Facts  []Text

	Layer  string // what decides here; see netpath.Layer.String
	At     Stand
	Branch bool // another part of the traffic than the hop before passes it
	// Unreached is set where no way to the hop was found: its own rules are judged
	// all the same.
	Unreached bool
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

// Story is the path of a target, hop by hop, in both directions, as its results
// tell it.
type Story struct {
	Agent    Terminus
	Endpoint Terminus
	Task     Terminus // where the task's interfaces go
	There    []Hop
	Back     []Hop
	Needs    []Need
}

// Need is one line of a firewall change request: traffic that must be let
// through between the two ends.
type Need struct {
	Source, Destination []string
	Ports               string
	Reply               bool // needed only where a firewall keeps no state
	Requirement         *Requirement
}

// Tell puts the walk of a target into words, hop by hop, with what the results say
// of security groups. It is nil when the ends are not known.
func Tell(t snapshot.Target, snap *snapshot.Snapshot, results []Result) *Story {
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
	byCheck := map[string]Result{}
	for _, r := range results {
		byCheck[r.Check.ID] = r
	}
	st := &Story{Needs: x.needs(j)}
	st.Agent, st.Endpoint, st.Task = termini(t, j)
	st.There = append(tellInstance(j), x.tellWalk(j, j.there, false, byCheck)...)
	st.Back = x.tellWalk(j, j.back, true, byCheck)
	return st
}

// tellInstance is the first hop of an agent on EC2 that does not run, or may not.
func tellInstance(j journey) []Hop {
	a := j.agents
	fate := netpath.Lives(netpath.InstanceState, a.State)
	if a.Instance == "" || fate == netpath.On {
		return nil
	}
	h := Hop{Place: say("the agent's instance", "エージェントのインスタンス"), Status: Fail, Ref: a.Instance, Layer: netpath.Connection.String(), At: standOf(j.from, a.Subnet), Facts: []Text{snapshot.Textf("state %s", "状態 %s", a.State)}}
	if fate == netpath.Open {
		h.Status = Unknown
	}
	return []Hop{h}
}

// termini are the ends of a journey.
func termini(t snapshot.Target, j journey) (agent, endpoint, task Terminus) {
	var from, at, taskAt []string
	for _, s := range j.starts {
		from = append(from, s.Subnet)
	}
	own, free := &netipx.IPSet{}, &netipx.IPSet{}
	home, place := j.to, j.to
	for _, e := range j.ends {
		if !netpath.Empty(e.Endpoint) {
			at, own = append(at, e.Subnet), netpath.Union(own, e.Endpoint)
		}
		if !netpath.Empty(e.Task) {
			taskAt, free, place = append(taskAt, e.Subnet), netpath.Union(free, e.Task), e.At
		}
	}
	agent = Terminus{j.agents.Instance, netpath.Addresses(j.agents.Addrs), standOf(j.from, from...)}
	endpoint = Terminus{t.EndpointID, netpath.Addresses(own), standOf(home, at...)}
	return agent, endpoint, Terminus{"", netpath.Addresses(netpath.Whole(free, j.ends)), standOf(place, taskAt...)}
}

// tellWalk words one direction. The groups' hops take what their checks found.
func (x *Exam) tellWalk(j journey, w netpath.Walk, back bool, byCheck map[string]Result) []Hop {
	var out []Hop
	var at Hop     // where the walk stands
	fresh := false // the last hop was not told before
	add := func(h Hop) {
		h.Layer, h.At, h.Branch, h.Unreached = at.Layer, at.At, at.Branch, at.Unreached
		for i := range out {
			if out[i].Place != h.Place || out[i].Ref != h.Ref {
				continue
			}
			out[i].join(h)
			if last := len(out) - 1; fresh && i < last && !at.Branch {
				out[last].Facts = append(out[last].Facts, snapshot.Textf("goes on as above: %s, %s", "この先は上と同じ: %s、%s", h.Place, h.Ref))
			}
			fresh = false
			return
		}
		out, fresh = append(out, h), true
	}
	fromChecks := func(place Text, check string) {
		if r, ok := byCheck[check]; ok {
			for _, h := range hops(place, r, nil) {
				add(h)
			}
		}
	}
	for i, h := range w.Hops {
		at = Hop{Layer: h.Layer.String(), At: standOf(h.At, h.Subnet), Branch: i > 0 && h.From != i-1, Unreached: h.Detached}
		if h.Layer == netpath.GatewayRoute {
			at.At = Stand{}
		}
		switch h.Layer {
		case netpath.GroupOut:
			if !h.At.Outside {
				fromChecks(say("security groups of the agent, outbound", "エージェントのセキュリティグループ（アウトバウンド）"), "agent-sg-egress")
			}
		case netpath.GroupIn:
			if e := j.ends[h.Index]; !netpath.Empty(netpath.Both(e.Endpoint, h.In.Dst)) {
				fromChecks(say("security groups of the endpoint, 443", "エンドポイントのセキュリティグループ（443）"), "sg-ingress-443")
				fromChecks(say("security groups of the endpoint, 1024-1064", "エンドポイントのセキュリティグループ（1024-1064）"), "sg-ingress-control")
			}
			if e := j.ends[h.Index]; !netpath.Empty(netpath.Both(e.Task, h.In.Dst)) {
				fromChecks(say("security group of the task, 443", "タスクのセキュリティグループ（443）"), "task-sg")
			}
		case netpath.ACLOut, netpath.ACLIn:
			add(x.tellACL(j, w, h, back))
		case netpath.Goal:
			if h.At.Outside {
				add(Hop{Place: say("out of AWS, to the agent's network", "AWS の外、エージェントのネットワークへ"), Status: Pass, Ref: h.Holder, Facts: []Text{snapshot.Same(shorten(netpath.Addresses(h.In.Dst)))}})
			}
		default:
			told := tellHop(h)
			if told.Status == Fail && !w.Sure(i) { // the checks don't call it proved
				told.Status = Unknown
				told.Facts = append(told.Facts, GapText(snapshot.Gap{Code: snapshot.RestsOn, Ref: x.looseOwner(j)}))
			}
			add(told)
		}
	}
	return out
}

// tellACL words a network ACL: what it does with all that passes the subnet.
func (x *Exam) tellACL(j journey, w netpath.Walk, h netpath.Hop, back bool) Hop {
	place := snapshot.Textf("network ACL of %s, outbound", "%s のネットワーク ACL（アウトバウンド）", h.Subnet)
	if h.Layer == netpath.ACLIn {
		place = snapshot.Textf("network ACL of %s, inbound", "%s のネットワーク ACL（インバウンド）", h.Subnet)
	}
	out := Hop{Place: place, Ref: h.Holder, Status: Pass}
	if h.ACL == nil {
		out.Status, out.Facts = Unknown, []Text{GapText(gapOf(h))}
		return out
	}
	y := &Exam{Target: x.Target, Snapshot: x.Snapshot, check: x.check}
	one := netpath.Walk{Hops: []netpath.Hop{h}}
	one.Hops[0].From, one.Hops[0].Loose = -1, h.Loose
	y.askACL(j, one, 0, h, back)
	for _, told := range hops(place, Result{Findings: y.findings}, nil) {
		told.Ref = h.Holder
		if out.Facts == nil {
			out = told
			continue
		}
		out.join(told)
	}
	return out
}

// tellHop words a hop that routes or carries.
func tellHop(h netpath.Hop) Hop {
	out := Hop{Ref: h.Holder, Status: Pass, Facts: []Text{hopEvidence(h).Fact}}
	switch h.Fate {
	case netpath.Stopped:
		out.Status, out.Facts = Fail, []Text{stopText(h)}
	case netpath.Open:
		out.Status, out.Facts = Unknown, []Text{GapText(gapOf(h))}
	}
	switch h.Layer {
	case netpath.Route:
		out.Place = snapshot.Textf("route table of %s", "%s のルートテーブル", h.Subnet)
		if h.Subnet == "" {
			out.Place = snapshot.Textf("routes of %s", "%s の経路", h.At.VPC)
		}
	case netpath.EdgeRoute:
		out.Place = say("route table of the gateway", "ゲートウェイのルートテーブル")
	case netpath.GatewayRoute:
		out.Place = say("route table of the transit gateway", "トランジットゲートウェイのルートテーブル")
	case netpath.Exit:
		out.Place, out.Ref = say("out of the transit gateway, in the attachment's subnet", "トランジットゲートウェイの出口（アタッチメントのサブネット）"), h.Subnet
	case netpath.Inspect:
		out.Place = say("can't be looked into", "中を確認できない")
	default:
		out.Place = say("connection", "接続")
	}
	return out
}

// join adds what another finding says of the same place: the worst status, and
// its facts before those of better ones.
func (h *Hop) join(o Hop) {
	facts := append(slices.Clone(h.Facts), o.Facts...)
	if o.Status.weight() > h.Status.weight() {
		h.Status, facts = o.Status, append(slices.Clone(o.Facts), h.Facts...)
	}
	h.Facts = nil
	for _, f := range facts {
		if !slices.Contains(h.Facts, f) {
			h.Facts = append(h.Facts, f)
		}
	}
}

// hops turns the findings of a result, or those about some subjects, into hops.
func hops(place Text, r Result, subjects []string) []Hop {
	var out []Hop
	for _, f := range r.Findings {
		if subjects != nil && f.Subject != "" && !slices.Contains(subjects, f.Subject) {
			continue
		}
		h := Hop{Place: place, Status: f.Status, Ref: f.Subject}
		switch {
		case f.Problem != nil:
			h.Facts = []Text{say(f.Problem.Code+" "+f.Args.In("en").Fill(f.Problem.Title.En), f.Problem.Code+" "+f.Args.In("ja").Fill(f.Problem.Title.Ja))}
		case len(f.Gaps) > 0:
			for _, g := range f.Gaps {
				h.Facts = append(h.Facts, GapText(g))
			}
		case f.Status == Skip:
			h.Facts = []Text{f.Note}
		default:
			for _, e := range f.Evidence {
				h.Facts = append(h.Facts, say(e.Ref+": "+e.Fact.En, e.Ref+": "+e.Fact.Ja))
			}
		}
		out = append(out, h)
	}
	return out
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
