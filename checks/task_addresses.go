package checks

import (
	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

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
