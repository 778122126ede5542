// Package gate finds which planned changes are to blame for what a check says.
//
// It asks by trying: a change is to blame if the estate with that change alone is
// broken, or, where no single one suffices, if it is one of a smallest set that
// does. So what it names is proved, not guessed from names.
package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/iac"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Case is a finding that a check did not have before the changes of an overlay,
// for one target.
type Case struct {
	Overlay                   *iac.Overlay
	After                     *snapshot.Snapshot // with all the changes
	TargetBefore, TargetAfter snapshot.Target
	Before, Later             checks.Result
	Finding                   checks.Finding // of Later
	// Tried is what the check found with parts of the changes. It is shared by the
	// findings of one check.
	Tried map[string][]checks.Finding
}

// mostTried is up to how many changes are each tried alone; among more, a
// smallest set is looked for by halves.
const mostTried = 48

// Blame names the changes that the finding comes from.
func (c Case) Blame(ctx context.Context) []iac.Change {
	if c.Finding.Status == checks.Unknown {
		if named := c.pending(); named != nil {
			return named
		}
		if c.unasked() {
			return nil
		}
	}
	if c.Before.Status != checks.Pass && c.Before.Status != checks.Warn && c.Before.Status != checks.Fail {
		return c.named() // there was nothing to compare with
	}
	list := c.Later.Check.WithPrior()
	var all []int
	for i, ch := range c.Overlay.Changes() {
		if touches(ch, checks.Kinds(list)) {
			all = append(all, i)
		}
	}
	same := func(chosen []int) bool { return ctx.Err() == nil && c.alike(ctx, list, chosen) }
	if !same(all) {
		return c.named()
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
	var out []iac.Change
	for _, i := range guilty {
		out = append(out, c.Overlay.Changes()[i])
	}
	return out
}

func touches(ch iac.Change, kinds []snapshot.Kind) bool {
	return slices.ContainsFunc(ch.Kinds, func(k snapshot.Kind) bool { return slices.Contains(kinds, k) })
}

// alike reports whether the chosen changes alone bring the finding about.
func (c Case) alike(ctx context.Context, list []*checks.Check, chosen []int) bool {
	key := fmt.Sprint(chosen)
	found, tried := c.Tried[key]
	if !tried {
		found = c.try(ctx, list, chosen)
		c.Tried[key] = found
	}
	return slices.ContainsFunc(found, c.same)
}

// try judges the estate with the chosen changes alone.
func (c Case) try(ctx context.Context, list []*checks.Check, chosen []int) []checks.Finding {
	snap := c.Overlay.After(func(i int) bool { return slices.Contains(chosen, i) })
	for i := range snap.Scopes {
		snap.Scopes[i].Roles = c.After.Scopes[i].Roles
	}
	snap.Probes = nil
	t := c.TargetBefore
	if d := snap.Role(snapshot.Destination); d != nil {
		if _, p := d.Endpoints.Get(c.TargetAfter.EndpointID); p == snapshot.Present {
			t = c.TargetAfter
		}
	}
	for _, r := range checks.Run(ctx, t, snap, list, checks.Options{}) {
		if r.Check == c.Later.Check {
			return r.Findings
		}
	}
	return nil
}

// same reports whether a finding says what the case is about: of the same resource,
// which may be the one that another replaces, and something of what is new in it.
func (c Case) same(f checks.Finding) bool {
	if f.Status != c.Finding.Status || f.Problem != c.Finding.Problem {
		return false
	}
	mine, theirs := c.Finding.About, f.About
	if (mine == nil) != (theirs == nil) {
		return false
	}
	if mine == nil {
		return c.anew(f)
	}
	if mine.Direction != theirs.Direction || c.Later.Check.Area == checks.AreaACL && mine.Holder != theirs.Holder && mine.Holder != c.Overlay.Renewed(theirs.Holder) {
		return false
	}
	return theirs.Meets(mine.Beyond(c.foundBefore())) && len(theirs.Beyond(c.foundBefore())) > 0
}

// foundBefore are the facts that were found before, about what the case is about.
func (c Case) foundBefore() []*checks.About {
	var out []*checks.About
	for _, g := range c.Before.Findings {
		if a := g.About; a != nil && g.Problem == c.Finding.Problem && a.Direction == c.Finding.About.Direction && c.Overlay.Renewed(g.Subject) == c.Finding.Subject {
			out = append(out, a)
		}
	}
	return out
}

// anew is same for findings without facts to compare.
func (c Case) anew(f checks.Finding) bool {
	if c.Before.Status == checks.Fail || f.Problem == nil {
		return f.Problem != nil || c.Before.Status != f.Status
	}
	return !slices.ContainsFunc(c.Before.Findings, func(g checks.Finding) bool {
		return g.Problem == f.Problem && g.Status == f.Status && g.Subject == f.Subject && fmt.Sprint(g.Args) == fmt.Sprint(f.Args)
	})
}

// smallest finds a set from which nothing can be left out (delta debugging).
// Source: https://www.st.cs.uni-saarland.de/papers/tse2002/
func smallest(all []int, bad func([]int) bool) []int {
	left, n := all, 2
	for len(left) > 1 {
		size := (len(left) + n - 1) / n
		reduced := false
		for at := 0; at < len(left); at += size {
			part := left[at:min(at+size, len(left))]
			if n > 2 || len(part) < len(left) {
				if bad(part) {
					left, n, reduced = slices.Clone(part), 2, true
					break
				}
			}
			if rest := slices.Concat(left[:at], left[min(at+size, len(left)):]); n > 2 && bad(rest) {
				left, n, reduced = rest, max(n-1, 2), true
				break
			}
		}
		if !reduced {
			if n >= len(left) {
				break
			}
			n = min(2*n, len(left))
		}
	}
	return left
}

// unasked reports whether the check could not be asked at all for want of a flag,
// which no change is to blame for.
func (c Case) unasked() bool {
	return slices.ContainsFunc(c.Finding.Gaps, func(g snapshot.Gap) bool {
		switch g.Code {
		case snapshot.AgentNotGiven, snapshot.AgentNotFound, snapshot.AgentAmbiguous, snapshot.AgentPlace, snapshot.AgentElsewhere, snapshot.NoDestination, snapshot.EndpointUnnamed, snapshot.SpaceNotDeclared:
			return true
		}
		return false
	})
}

// pending names the changes whose values are known only after apply.
func (c Case) pending() []iac.Change {
	var out []iac.Change
	for _, g := range c.Finding.Gaps {
		if g.Source == "plan" {
			out = c.add(out, g.Ref)
		}
	}
	return out
}

// named lists the changed resources that the finding is about.
func (c Case) named() []iac.Change {
	out := c.besides()
	if len(out) > 0 {
		return out
	}
	if c.Finding.About != nil && c.Finding.About.Holder != "" {
		out = c.add(out, c.Finding.About.Holder)
	}
	if id, ok := c.Finding.Args["connection"].(string); ok {
		out = c.add(out, id)
	}
	if len(out) == 0 {
		out = c.add(out, c.Finding.Subject)
	}
	if len(out) == 0 {
		for _, ch := range c.Overlay.Changes() {
			if touches(ch, slices.Concat(c.Later.Check.Needs, c.Later.Check.Uses)) && ch.Names(c.Finding.Subject) {
				out = append(out, ch)
			}
		}
	}
	return out
}

// besides are the changes of rules that end where what is missing begins, or begin
// where it ends: one that was narrowed, or written too narrow.
func (c Case) besides() []iac.Change {
	if c.Finding.About == nil || len(c.Finding.About.Ports) == 0 {
		return nil
	}
	ports := c.Finding.About.Ports
	first, last := int(ports[0].First), int(ports[0].Last)
	var out []iac.Change
	for _, ev := range c.Finding.Evidence {
		_, rule, ok := strings.Cut(ev.Ref, "/")
		for _, ch := range c.Overlay.Changes() {
			if from, to, known := ch.Ports(); ok && known && ch.Address == rule && (to+1 == first || last+1 == from) {
				out = append(out, ch)
			}
		}
	}
	return out
}

// add adds the change of the resource that has an id, or that an attribute is
// of.
func (c Case) add(out []iac.Change, id string) []iac.Change {
	address := c.Overlay.AddressOf(id)
	for _, ch := range c.Overlay.Changes() {
		if ch.Address != address && ch.Address != id && !strings.HasPrefix(id, ch.Address+".") {
			continue
		}
		if !slices.ContainsFunc(out, func(o iac.Change) bool { return o.Address == ch.Address }) {
			out = append(out, ch)
		}
	}
	return out
}
