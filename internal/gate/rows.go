package gate

import (
	"context"
	"fmt"
	"slices"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Rows is what changed between two snapshots, for one target.
type Rows struct {
	Before, After             *snapshot.Snapshot
	TargetBefore, TargetAfter snapshot.Target
	Changes                   []snapshot.RowChange // from Before to After

	tried map[string][]checks.Finding
}

// Sought is a finding of the later snapshot, as a report says it.
type Sought struct {
	Check, Code, Subject string
	Status               checks.Status
	About                *checks.About
	Lists                map[string][]string // the arguments that are lists
}

// Blame names the rows that a finding comes from. nil: trying names none.
func (r *Rows) Blame(ctx context.Context, sought Sought) []snapshot.RowChange {
	check := checks.ByID(sought.Check)
	if check == nil {
		return nil
	}
	list := check.WithPrior()
	kinds := checks.Kinds(list)
	var all []int
	for i, c := range r.Changes {
		if slices.Contains(kinds, c.Kind) {
			all = append(all, i)
		}
	}
	akin := func(chosen []int) []checks.Finding {
		return slices.DeleteFunc(slices.Clone(r.try(ctx, list, sought.Check, chosen)), func(f checks.Finding) bool { return !sought.akin(f) })
	}
	had := akin(nil)
	same := func(chosen []int) bool {
		return ctx.Err() == nil && slices.ContainsFunc(akin(chosen), func(f checks.Finding) bool { return sought.shares(f, had) })
	}
	if len(all) == 0 || !same(all) {
		return nil
	}
	var guilty []int
	if len(all) <= mostTried {
		for _, i := range all {
			if same([]int{i}) {
				guilty = append(guilty, i)
			}
		}
	}
	if guilty == nil {
		guilty = smallest(all, same)
	}
	var out []snapshot.RowChange
	for _, i := range guilty {
		out = append(out, r.rule(r.Changes[i]))
	}
	return out
}

// akin reports whether a finding is of the same problem at the same place.
func (s Sought) akin(f checks.Finding) bool {
	return f.Problem != nil && f.Problem.Code == s.Code && f.Status == s.Status && f.Subject == s.Subject && (f.About == nil) == (s.About == nil) &&
		(s.About == nil || f.About.Direction == s.About.Direction && f.About.Holder == s.About.Holder)
}

// shares reports whether a finding akin to it says something of what it says beyond
// those that there were before: of an address on a port or, where there are no such
// facts, of an element of a list.
func (s Sought) shares(f checks.Finding, had []checks.Finding) bool {
	if len(had) == 0 && s.About == nil {
		return true
	}
	if s.About != nil {
		var facts []*checks.About
		for _, h := range had {
			facts = append(facts, h.About)
		}
		return f.About.Meets(s.About.Beyond(facts)) && len(f.About.Beyond(facts)) > 0
	}
	for name, list := range s.Lists {
		for _, e := range list {
			in := func(f checks.Finding) bool {
				own, _ := f.Args[name].([]string)
				return slices.Contains(own, e)
			}
			if in(f) && !slices.ContainsFunc(had, in) {
				return true
			}
		}
	}
	return false
}

// rule is the change of a rule in place of that of its group, which shows it too, if
// it is the only one of the group that changed.
func (r *Rows) rule(of snapshot.RowChange) snapshot.RowChange {
	var found []snapshot.RowChange
	for _, c := range r.Changes {
		if of.Kind != snapshot.SecurityGroups || c.Kind != snapshot.SecurityGroupRules {
			continue
		}
		for _, s := range append(slices.Clone(r.Before.Scopes), c.Scope) {
			if row, p := s.SecurityGroupRules.Get(c.ID); p == snapshot.Present && row.Group == of.ID {
				found = append(found, c)
				break
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return of
}

// try is what the check finds where only the chosen rows have changed.
func (r *Rows) try(ctx context.Context, list []*checks.Check, check string, chosen []int) []checks.Finding {
	key := check + fmt.Sprint(chosen)
	if found, ok := r.tried[key]; ok {
		return found
	}
	var changes []snapshot.RowChange
	for _, i := range chosen {
		changes = append(changes, r.Changes[i])
	}
	snap := r.Before.With(changes)
	snap.Probes = nil
	t := r.later()
	if stands(snap, r.TargetBefore.EndpointID) && !stands(snap, r.TargetAfter.EndpointID) {
		t = r.TargetBefore
	}
	var found []checks.Finding
	for _, res := range checks.Run(ctx, t, snap.For(t), list, checks.Options{}) {
		if res.Check.ID == check {
			found = res.Findings
		}
	}
	if r.tried == nil {
		r.tried = map[string][]checks.Finding{}
	}
	r.tried[key] = found
	return found
}

// later is the later target, with its sides where they are in the later snapshot: half
// of the changes may not tell.
func (r *Rows) later() snapshot.Target {
	t := r.TargetAfter
	sides := r.After.For(t).Sides()
	for _, i := range []*int{&sides.Destination, &sides.Source} {
		if *i >= 0 {
			later := r.After.Scopes[*i]
			*i = slices.IndexFunc(r.Before.Scopes, func(s *snapshot.Scope) bool { return s.Account == later.Account && s.Region == later.Region })
		}
	}
	t.Sides = sides
	return t
}

func stands(snap *snapshot.Snapshot, endpoint string) bool {
	return slices.ContainsFunc(snap.Scopes, func(s *snapshot.Scope) bool {
		_, p := s.Endpoints.Get(endpoint)
		return p == snapshot.Present
	})
}
