package checks

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// taskAddresses are the addresses of a subnet that the interfaces of a task may
// get.
func (x *Exam) taskAddresses(s *snapshot.Scope, e end) *netipx.IPSet {
	if n, p := s.Subnets.Get(e.subnet); p == snapshot.Present && n.CIDR.IsValid() {
		return netpath.Both(e.task, netpath.FreeIn(s, n))
	}
	return e.task
}

// withTaskGroup judges with the group that a task's interfaces carry, on addresses
// that they may get: the one that CreateAgent is given. Where it is not chosen yet,
// it is one of the endpoint's that serves a task; what holds for each of those
// holds.
func (x *Exam) withTaskGroup(j journey, addrs *netipx.IPSet, judge func(*Exam, *netpath.Carried)) {
	choices := []string{x.Target.GroupID}
	if x.Target.GroupID == "" {
		choices = x.servingGroups(j.to.Scope)
	}
	var same []Finding
	for _, id := range choices {
		y := *x
		y.findings = nil
		judge(&y, &netpath.Carried{Addrs: addrs, Groups: []string{id}})
		if same != nil && conclude(x.check, same).Status != conclude(x.check, y.findings).Status {
			same = nil
			break
		}
		same = y.findings
	}
	if same == nil { // it hangs on the choice
		judge(x, nil)
		return
	}
	x.findings = append(x.findings, same...)
}

// servingGroups are the endpoint's groups that a task can use; all of them if none
// can, which task-sg speaks of.
func (x *Exam) servingGroups(s *snapshot.Scope) []string {
	ep, p := s.Endpoints.Get(x.Target.EndpointID)
	if p != snapshot.Present || ep.GroupsPending != "" {
		return nil
	}
	var all, serving []string
	for _, g := range ep.Groups {
		y := *x
		y.findings = nil
		y.judgeTaskGroup(s, ep, g.ID)
		if all = append(all, g.ID); conclude(x.check, y.findings).Status != Fail {
			serving = append(serving, g.ID)
		}
	}
	if len(serving) == 0 {
		return all
	}
	return serving
}

// maybeInside reports whether the agent's address may be one of the endpoint's own
// VPC, rather than of a network that overlaps it: nothing says where it stands, and
// nothing shows that it is not there.
func (x *Exam) maybeInside(a netpath.Agents, v snapshot.VPC) bool {
	return a.Addrs != nil && !a.Outside && a.Scope == nil && a.VPC == "" && x.Target.AgentIP.IsValid() && len(x.Target.SourceCIDRs) == 0 &&
		netpath.Empty(netpath.Minus(a.Addrs, netpath.Set(v.Prefixes()...)))
}
