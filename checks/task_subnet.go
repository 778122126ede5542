package checks

import (
	"slices"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// lack is what a subnet that a task might use falls short of.
type lack struct {
	subnet string
	room   Result // whether it has addresses for the tasks
	path   netpath.Fate
	stop   netpath.Hop // where the path to it ends, if it is Stopped
}

// whole is PASS for a subnet that satisfies all, FAIL for one that lacks
// something, UNKNOWN for one of which not all is known.
func (l lack) whole() Status {
	switch {
	case l.room.Status == Fail || l.path == netpath.Stopped:
		return Fail
	case (l.room.Status == Pass || l.room.Status == Warn) && l.path == netpath.On:
		return Pass
	}
	return Unknown
}

// choose keeps, of the subnets that a task may use where the user named none,
// those that satisfy all there is to ask: they are judged jointly, since
// CreateAgent takes one of them. Where none does, all stay, and the checks say what
// each lacks; one of which not all is known stands for the rest.
func (x *Exam) choose(j *journey, s *snapshot.Scope, ep snapshot.Endpoint) {
	if x.Target.SubnetID != "" || len(ep.SubnetIDs) < 2 || ep.SubnetsPending != "" {
		return
	}
	var all []lack
	best, roomy, reached := Fail, false, false
	for i, e := range j.ends {
		if netpath.Empty(e.Task) {
			continue
		}
		y := &Exam{Target: x.Target, Snapshot: x.Snapshot, Tasks: x.Tasks, check: x.check}
		y.judgeFreeIPs(s, ep, e.Subnet)
		l := lack{subnet: e.Subnet, room: conclude(x.check, y.findings)}
		l.path, l.stop = j.fate(i)
		all = append(all, l)
		roomy, reached = roomy || l.room.Status != Fail, reached || l.path != netpath.Stopped
		if w := l.whole(); w == Pass || w == Unknown && best == Fail {
			best = w
		}
	}
	isBest := func(l lack) bool { return l.whole() == best }
	for i := range j.ends {
		e := &j.ends[i]
		if n := slices.IndexFunc(all, func(l lack) bool { return l.subnet == e.Subnet }); n >= 0 && !isBest(all[n]) {
			e.Task = &netipx.IPSet{}
		}
	}
	if best == Fail {
		if roomy && reached { // no one thing stands in the way of all
			j.lacks = all
		}
		return
	}
	j.ends = slices.DeleteFunc(j.ends, func(e netpath.End) bool { return netpath.Empty(e.All()) })
	j.follow()
}

// fate says whether the task's interfaces of an end are reached on 443, and the
// replies reach the agent, by routes and network ACLs; if not, where they end.
func (j *journey) fate(end int) (netpath.Fate, netpath.Hop) {
	e := j.ends[end]
	there, stop := j.there.To(e.Task, reqTaskHTTPS.Ports)
	if j.from.Outside && len(j.there.Hops) == 0 {
		there = netpath.Open
	}
	back, stopBack := j.back.From(e.Subnet)
	switch {
	case there == netpath.Stopped:
		return there, stop
	case back == netpath.Stopped:
		return back, stopBack
	case there == netpath.On && back == netpath.On:
		return netpath.On, netpath.Hop{}
	}
	return netpath.Open, netpath.Hop{}
}

// lacking is what each of the subnets that a task might use falls short of, where
// none serves and no one reason holds for all.
func (x *Exam) lacking() []lack {
	j, ok, _ := x.walked()
	if !ok {
		return nil
	}
	return j.lacks
}

// words says what the subnet lacks, and what shows it.
func (l lack) words() (Text, []snapshot.Evidence) {
	var says []Text
	var ev []snapshot.Evidence
	if l.room.Status == Fail {
		for _, f := range l.room.Findings {
			if f.Status == Fail {
				says, ev = append(says, f.title()), append(ev, f.Evidence...)
			}
		}
	}
	if l.path == netpath.Stopped {
		text, saw := l.stopped()
		says, ev = append(says, say("the path to "+l.subnet+" ends: "+text.En, l.subnet+" への経路が途切れる: "+text.Ja)), append(ev, saw)
	}
	return inTurn(says), ev
}

// stopped words where the path ends, and what shows it.
func (l lack) stopped() (Text, snapshot.Evidence) {
	h := l.stop
	if h.ACL == nil {
		return stopText(h), hopEvidence(h)
	}
	text := snapshot.Textf("%s stops TCP 443, or its replies, in %s", "%[2]s の %[1]s が TCP 443 またはその応答を止めている", h.ACL.ID, h.Subnet)
	return text, snapshot.Saw(snapshot.NetworkACLs, h.ACL.ID, text)
}
