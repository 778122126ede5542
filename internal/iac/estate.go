package iac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// A plan says what exists: by its prior state, by what it leaves, changes and reads,
// and by the ids that its changes name. An estate that has none of it is another
// one, and nothing that is found there says anything of the plan.

// claim is a resource that a plan says exists.
type claim struct {
	address, id, vpc string
	kind             string
	home             home
}

// claims are what a plan says exists. Resources without an id that should have one
// are listed by their address.
func claims(p *Plan) []claim {
	var out []claim
	seen := map[string]bool{}
	learned := map[string]home{}
	all := slices.Concat(p.state, p.read)
	for _, c := range p.Changes {
		for _, o := range []*object{c.before, c.after} {
			if o != nil {
				all = append(all, o)
			}
		}
	}
	for _, o := range all {
		h := learned[o.home.provider]
		learned[o.home.provider] = home{o.home.provider, cmp.Or(h.account, o.home.account), cmp.Or(h.region, o.home.region)}
	}
	add := func(o *object, id, kind, vpc string) {
		if key := o.address + " " + id; id != "" && !seen[key] {
			seen[key] = true
			h := o.home
			if l := learned[h.provider]; h.provider != "" || p.onePlace {
				h.account, h.region = cmp.Or(h.account, l.account), cmp.Or(h.region, l.region)
			}
			out = append(out, claim{o.address, id, vpc, kind, h})
		}
	}
	for _, o := range all {
		vpc := o.known("vpc_id")
		if kind := aliasOf[o.kind]; kind != "" && o.exists { // its id is that of another
			add(o, o.id, kind, "")
			continue
		}
		if prefix := idPrefixes[o.kind]; prefix != "" && o.exists && strings.HasPrefix(o.id, prefix) {
			add(o, o.id, o.kind, vpc)
		}
		for _, name := range claimed {
			ids, _ := o.strs(name)
			for _, id := range ids {
				if kind := kindsFor[name]; len(kind) > 0 && strings.HasPrefix(id, idPrefixes[kind[0]]) && idPrefixes[kind[0]] != "" && idShape.MatchString(id) {
					add(o, id, kind[0], vpc)
				}
			}
		}
	}
	return out
}

// unnamed are the resources that the prior state holds without the id that they
// have, or that of what they stand in.
func unnamed(p *Plan) []*object {
	var out []*object
	for _, o := range p.state {
		prefix, in := idPrefixes[o.kind], standsIn[o.kind]
		if prefix != "" && !strings.HasPrefix(o.id, prefix) || in != "" && o.known(in) == "" || aliases[o.kind] != "" && !o.exists {
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

func (o *Overlay) compare(p *Plan) estate {
	if e, done := o.compared[p]; done {
		return e
	}
	e := o.holds(p)
	if o.compared == nil {
		o.compared = map[*Plan]estate{}
	}
	o.compared[p] = e
	return e
}

func (o *Overlay) holds(p *Plan) estate {
	var e estate
	known := map[string]snapshot.Presence{}
	for _, c := range claims(p) {
		near, held, absent := false, false, false
		for _, s := range o.given.Scopes {
			owned := c.home
			if slices.Contains(shared, c.kind) {
				owned.account = ""
			}
			at := s.Name + " " + c.id + " " + c.vpc
			presence, done := known[at]
			if !done {
				presence = presenceIn(s, c.id, c.vpc)
				known[at] = presence
			}
			near = near || c.home.fits(s)
			held = held || presence == snapshot.Present && owned.fits(s)
			absent = absent || presence == snapshot.Absent && c.home.fits(s)
		}
		switch {
		case held:
			e.held++
		case !near:
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
		are = append(are, home{account: strings.TrimSuffix(s.Account, snapshot.PlannedAccount), region: s.Region}.String())
	}
	here := strings.Join(slices.Compact(are), ", ")
	for _, p := range o.Plans {
		if p.Standing {
			continue
		}
		e := o.compare(p)
		for _, c := range e.foreign {
			if c.id == endpoint || c.address == endpoint {
				return snapshot.Errorf("the plan manages %s (%s) in %s; the estate is %s", "プランが管理する %s（%s）は %s にあるが、環境は %s", c.id, c.address, c.home, here)
			}
		}
		for _, c := range e.missing {
			if (c.id == endpoint || c.address == endpoint) && strings.HasPrefix(c.id, "vpce-") {
				return snapshot.Errorf("the plan manages %s (%s), and the estate (%s) does not have it: it is of another place or another time", "プランが管理する %s（%s）は環境（%s）にない。環境の場所か時点が異なる", c.id, c.address, here)
			}
		}
		if e.held > 0 || len(e.foreign)+len(e.missing) == 0 {
			continue
		}
		if len(e.missing) > 0 {
			c := e.missing[0]
			return snapshot.Errorf("the estate (%s) has none of the %d resources that the plan says exist, such as %s (%s): it is of another place or another time", "プランが存在するとする %[2]d 個のリソース（%[3]s（%[4]s）など）が環境（%[1]s）に 1 つもない。環境の場所か時点が異なる", here, len(e.missing), c.id, c.address)
		}
		if !makesIn(p, o.given) {
			c := e.foreign[0]
			return snapshot.Errorf("the plan manages %s (%s) in %s; the estate is %s", "プランが管理する %s（%s）は %s にあるが、環境は %s", c.id, c.address, c.home, here)
		}
	}
	return nil
}

// makesIn reports whether a plan makes something in an account and Region of an
// estate.
func makesIn(p *Plan, snap *snapshot.Snapshot) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.after != nil && !c.after.exists && c.after.home.region != "" && slices.ContainsFunc(snap.Scopes, func(s *snapshot.Scope) bool {
			return s.Region != "" && c.after.home.fits(s)
		})
	})
}

// Foreign counts the resources that the plans say exist in accounts and Regions
// that the estate does not hold, which prove nothing, and names those.
func (o *Overlay) Foreign() (n int, places []string) {
	for _, p := range o.Plans {
		for _, c := range o.compare(p).foreign {
			if n++; !slices.Contains(places, c.home.String()) {
				places = append(places, c.home.String())
			}
		}
	}
	return n, places
}

// differs gives up the tables in which the estate lacks something that the plans say
// exists: one of the two is out of date.
func (o *Overlay) differs() {
	for _, p := range o.Plans {
		if p.Standing {
			continue
		}
		missing := o.compare(p).missing
		if len(o.given.Scopes) > 0 {
			for _, r := range unnamed(p) {
				missing = append(missing, claim{r.address, r.address, "", r.kind, r.home})
			}
		}
		for _, c := range missing {
			kinds := models[c.kind].kinds
			if c.kind == "aws_ec2_managed_prefix_list" {
				kinds = []snapshot.Kind{snapshot.PrefixListEntries}
			}
			p.doubtful(&object{address: c.address, kind: c.kind, id: c.id}, kinds, snapshot.EstateDiffers, c.id, fmt.Sprint(c.address))
		}
	}
}
