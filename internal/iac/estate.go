package iac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// A plan says what exists: by its prior state, by what it leaves, changes and reads,
// and by the ids that its changes name. An estate that has none of it is another
// one, and nothing that is found there says anything of the plan.

// claim is a resource that a plan says exists.
type claim struct {
	address, id, vpc string
	kind             string
	at               resource.Location
}

// claims are what a plan says exists. Resources without an id that should have one
// are listed by their address.
func claims(p *resource.Plan) []claim {
	var out []claim
	seen := map[string]bool{}
	learned := map[string]resource.Location{}
	all := slices.Concat(p.State, p.DataSources)
	for _, c := range p.Changes {
		for _, o := range []*resource.Object{c.Before, c.After} {
			if o != nil {
				all = append(all, o)
			}
		}
	}
	for _, o := range all {
		h := learned[o.Location.Provider]
		learned[o.Location.Provider] = resource.Location{Provider: o.Location.Provider, Account: cmp.Or(h.Account, o.Location.Account), Region: cmp.Or(h.Region, o.Location.Region)}
	}
	add := func(o *resource.Object, id, kind, vpc string) {
		if key := o.Address + " " + id; id != "" && !seen[key] {
			seen[key] = true
			h := o.Location
			if l := learned[h.Provider]; h.Provider != "" || p.OnePlace {
				h.Account, h.Region = cmp.Or(h.Account, l.Account), cmp.Or(h.Region, l.Region)
			}
			out = append(out, claim{o.Address, id, vpc, kind, h})
		}
	}
	for _, o := range all {
		vpc := o.Known("vpc_id")
		if kind := resource.Types().AliasOf[o.Type]; kind != "" && o.Exists { // its id is that of another
			add(o, o.ID, kind, "")
			continue
		}
		if prefix := resource.Types().IDPrefixes[o.Type]; prefix != "" && o.Exists && strings.HasPrefix(o.ID, prefix) {
			add(o, o.ID, o.Type, vpc)
		}
		for _, name := range resource.Types().Claimed {
			ids := o.KnownTexts(name)
			for _, id := range ids {
				if kind := resource.Types().References[name]; len(kind) > 0 && strings.HasPrefix(id, resource.Types().IDPrefixes[kind[0]]) && resource.Types().IDPrefixes[kind[0]] != "" && resource.IDShape.Re().MatchString(id) {
					add(o, id, kind[0], vpc)
				}
			}
		}
	}
	return out
}

// unnamed are the resources that the prior state holds without the id that they
// have, or that of what they stand in.
func unnamed(p *resource.Plan) []*resource.Object {
	var out []*resource.Object
	for _, o := range p.State {
		prefix, in := resource.Types().IDPrefixes[o.Type], resource.Types().Models[o.Type].Container
		if prefix != "" && !strings.HasPrefix(o.ID, prefix) || in != "" && o.Known(in) == "" || resource.Types().Aliases[o.Type] != "" && !o.Exists {
			out = append(out, o)
		}
	}
	return out
}

// estate is how what a plan says exists compares with what an estate holds.
type estate struct {
	held    int
	missing []claim // of an account and Region of the estate, whose table was seen whole
	foreign []claim // of accounts and Regions that the estate does not hold
}

func (o *Overlay) compare(p *resource.Plan) estate {
	if e, done := o.compared[p]; done {
		return e
	}
	e := o.holds(p)
	if o.compared == nil {
		o.compared = map[*resource.Plan]estate{}
	}
	o.compared[p] = e
	return e
}

func (o *Overlay) holds(p *resource.Plan) estate {
	var e estate
	known := map[string]snapshot.Presence{}
	for _, c := range claims(p) {
		fits, held, absent := false, false, false
		for _, s := range o.given.Scopes {
			owned := c.at
			if slices.Contains(resource.Types().Shared, c.kind) {
				owned.Account = ""
			}
			at := s.Name + " " + c.id + " " + c.vpc
			presence, done := known[at]
			if !done {
				presence = resource.PresenceIn(s, c.id, c.vpc)
				known[at] = presence
			}
			fits = fits || c.at.Fits(s)
			held = held || presence == snapshot.Present && owned.Fits(s)
			absent = absent || presence == snapshot.Absent && c.at.Fits(s)
		}
		switch {
		case held:
			e.held++
		case !fits:
			e.foreign = append(e.foreign, c)
		case absent:
			e.missing = append(e.missing, c)
		}
	}
	return e
}

// Elsewhere is why the estate is not the one that the plans are about: it has none
// of what they say exists, or not the endpoint that is asked about. nil: it may be.
func (o *Overlay) Elsewhere(endpoint string) error {
	if len(o.given.Scopes) == 0 {
		return nil
	}
	var are []string
	for _, s := range o.given.Scopes {
		are = append(are, resource.Location{Account: strings.TrimSuffix(s.Account, snapshot.PlannedAccount), Region: s.Region}.String())
	}
	here := strings.Join(slices.Compact(are), ", ")
	for _, p := range o.Plans {
		if p.Standing {
			continue
		}
		e := o.compare(p)
		for _, c := range e.foreign {
			if c.id == endpoint || c.address == endpoint {
				return snapshot.Errorf("the plan manages %s (%s) in %s; the estate is %s", "プランが管理する %s（%s）は %s にあるが、環境は %s", c.id, c.address, c.at, here)
			}
		}
		for _, c := range e.missing {
			if (c.id == endpoint || c.address == endpoint) && strings.HasPrefix(c.id, "vpce-") {
				return snapshot.Errorf("the plan manages %s (%s), and the estate (%s) does not have it: it is of another place or another time", "プランが管理する %s（%s）は環境（%s）にない。環境の場所か時点が異なる", c.id, c.address, here)
			}
		}
		if e.held > 0 {
			continue
		}
		if at, foreignLocation := foreignLocation(p, o.given); foreignLocation {
			return snapshot.Errorf("the plan manages what is in %s; the estate is %s", "プランが管理するものは %s にあるが、環境は %s", at, here)
		}
		if len(e.foreign)+len(e.missing) == 0 {
			continue
		}
		if len(e.missing) > 0 {
			c := e.missing[0]
			return snapshot.Errorf("the estate (%s) has none of the %d resources that the plan says exist, such as %s (%s): it is of another place or another time", "プランが存在するとする %[2]d 個のリソース（%[3]s（%[4]s）など）が環境（%[1]s）に 1 つもない。環境の場所か時点が異なる", here, len(e.missing), c.id, c.address)
		}
		if !makesIn(p, o.given) {
			c := e.foreign[0]
			return snapshot.Errorf("the plan manages %s (%s) in %s; the estate is %s", "プランが管理する %s（%s）は %s にあるが、環境は %s", c.id, c.address, c.at, here)
		}
	}
	return nil
}

// foreignLocation is the account and Region of a plan that neither manages nor makes anything
// where one of the scopes of an estate may be, if there is one.
func foreignLocation(p *resource.Plan, snap *snapshot.Snapshot) (resource.Location, bool) {
	for _, at := range p.Places {
		if slices.ContainsFunc(snap.Scopes, at.Fits) {
			return resource.Location{}, false
		}
	}
	if len(p.Places) == 0 {
		return resource.Location{}, false
	}
	return p.Places[0], true
}

// makesIn reports whether a plan makes something in an account and Region of an
// estate.
func makesIn(p *resource.Plan, snap *snapshot.Snapshot) bool {
	return slices.ContainsFunc(p.Changes, func(c resource.Change) bool {
		return c.After != nil && !c.After.Exists && c.After.Location.Region != "" && slices.ContainsFunc(snap.Scopes, func(s *snapshot.Scope) bool {
			return s.Region != "" && c.After.Location.Fits(s)
		})
	})
}

// Foreign counts the resources that the plans say exist in accounts and Regions
// that the estate does not hold, which prove nothing, and names those.
func (o *Overlay) Foreign() (n int, places []string) {
	for _, p := range o.Plans {
		for _, c := range o.compare(p).foreign {
			if n++; !slices.Contains(places, c.at.String()) {
				places = append(places, c.at.String())
			}
		}
	}
	return n, places
}

// differs gives up the tables in which the estate lacks something that the plans say
// exists, and the rows that lack a member: one of the two is out of date.
func (o *Overlay) differs() {
	for _, p := range o.Plans {
		if p.Standing {
			continue
		}
		missing := o.compare(p).missing
		if len(o.given.Scopes) > 0 {
			for _, r := range unnamed(p) {
				missing = append(missing, claim{r.Address, r.Address, "", r.Type, r.Location})
			}
		}
		for _, c := range missing {
			kinds := resource.Types().Models[c.kind].Kinds
			if lost := resource.Types().Models[c.kind].Lost; lost != nil {
				kinds = lost
			}
			p.Doubt(&resource.Object{Address: c.address, Type: c.kind, ID: c.id}, kinds, snapshot.EstateDiffers, c.id, fmt.Sprint(c.address))
		}
		o.lacking(p)
	}
}

// lacking gives up the rows that lack a rule, an entry, a route or an association that
// a plan says exists.
func (o *Overlay) lacking(p *resource.Plan) {
	estate := &resource.World{Snapshot: o.given}
	for _, members := range []bool{false, true} { // a list that a row is said to hold may be older than what is said of each
		w := o.world()
		for _, r := range p.State {
			if resource.IsMember(r.Type) != members {
				continue
			}
			for _, m := range w.Lacks(estate, r) {
				says := m.In
				if len(r.Sensitive) == 0 {
					says += ": " + m.Says
				}
				p.DoubtRows(r, []string{m.In}, snapshot.EstateDiffers, says)
			}
		}
	}
}
