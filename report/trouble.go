package report

import (
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// trouble is what is wrong, or can't be told, for one reason: one step mends, or
// settles, all of it.
type trouble struct {
	status  Status
	finding Finding
	result  Result        // of which the finding is
	others  []member      // what the same step mends or settles
	more    []Finding     // the same of the same resource, each with a fix of its own
	class   string        // of calls that failed: see failureOf
	calls   []string      // that failed the same way
	refs    []string      // what was not dialled for the same reason
	remedy  snapshot.Text // for them
}

// member is a check, with the code of what it found.
type member struct{ check, code string }

func (t *trouble) add(r Result, f Finding) {
	m := member{r.Check, f.Code}
	if (m != member{t.result.Check, t.finding.Code}) && !slices.Contains(t.others, m) {
		t.others = append(t.others, m)
	}
}

// wrongs are the findings that are FAIL or WARN, worst first. What the fix of
// another one mends stands with it.
func (t Target) wrongs() []*trouble {
	var out []*trouble
	byFix := map[string]*trouble{}
	for _, status := range []Status{Fail, Warn} {
		for _, r := range t.Results {
			for _, f := range r.Findings {
				if f.Status != status || f.Waived != nil {
					continue
				}
				key := ""
				if f.Fix != nil {
					key = f.Fix.Text + strings.Join(f.Fix.AWSCLI, "\n")
				}
				if same := byFix[key]; key != "" && same != nil {
					same.add(r, f)
					continue
				}
				if n := slices.IndexFunc(out, func(o *trouble) bool {
					return o.result.Check == r.Check && o.status == status && o.finding.Code == f.Code && o.finding.Subject == f.Subject
				}); n >= 0 {
					out[n].more = append(out[n].more, f)
					continue
				}
				one := &trouble{status: status, finding: f, result: r}
				byFix[key] = one
				out = append(out, one)
			}
		}
	}
	return out
}

// unknowns are what can't be told, by what would settle it: first what settles
// most. A check that rests on another one is settled with it.
func (t Target) unknowns() []*trouble {
	var order []string
	byCause := map[string]*trouble{}
	causes := map[string][]string{} // of each check
	for pass := 0; pass < 2; pass++ {
		for _, r := range t.Results {
			for _, f := range r.Findings {
				if f.Status != Unknown || f.Waived != nil {
					continue
				}
				prior, own := split(f)
				if pass == 1 { // which cause those have is known by now
					for _, check := range prior {
						for _, key := range causes[check] {
							byCause[key].add(r, f)
							causes[r.Check] = append(causes[r.Check], key)
						}
						if len(causes[check]) == 0 && len(own) == 0 { // the other one is no longer UNKNOWN
							order = join(byCause, order, f.Message, r, f)
						}
					}
					continue
				}
				for _, g := range own {
					key, one := causeOf(g, r, f)
					if byCause[key] == nil {
						byCause[key], order = one, append(order, key)
					}
					byCause[key].add(r, f)
					if !slices.Contains(byCause[key].calls, g.Source) {
						byCause[key].calls = append(byCause[key].calls, g.Source)
					}
					if !slices.Contains(byCause[key].refs, g.Ref) {
						byCause[key].refs = append(byCause[key].refs, g.Ref)
					}
					causes[r.Check] = append(causes[r.Check], key)
				}
				if len(own) == 0 && len(prior) == 0 {
					order = join(byCause, order, f.Message, r, f)
				}
			}
		}
	}
	var out []*trouble
	for _, key := range order {
		one := byCause[key]
		if one.class == "denied" {
			one.remedy = permit(one.calls)
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b *trouble) int { return len(b.others) - len(a.others) })
	return out
}

// join puts a finding to those with the same message.
func join(byCause map[string]*trouble, order []string, key string, r Result, f Finding) []string {
	if byCause[key] == nil {
		byCause[key] = &trouble{status: Unknown, finding: f, result: r}
		return append(order, key)
	}
	byCause[key].add(r, f)
	return order
}

// split tells the checks that a finding rests on from gaps of its own.
func split(f Finding) (prior []string, own []Gap) {
	for _, g := range f.Gaps {
		if g.Code == string(snapshot.NeedsPrior) || g.Code == string(snapshot.RestsOn) {
			prior = append(prior, g.Ref)
		} else {
			own = append(own, g)
		}
	}
	return prior, own
}

// causeOf is what a gap has in common with others, and the trouble that it begins.
func causeOf(g Gap, r Result, f Finding) (string, *trouble) {
	f.Message = g.Message
	one := &trouble{status: Unknown, finding: f, result: r}
	if g.Code == string(snapshot.NotDialled) {
		return g.Code + g.Reason(), one
	}
	one.class, one.remedy = failureOf(g)
	if one.class == "" {
		return g.Message, one
	}
	return one.class + " " + g.Scope, one
}

// reason is why checks were skipped, or findings may stand.
type reason struct {
	status Status // of the checks: what is left where a finding may stand
	text   string
	checks []string
}

// skips are the checks that were not judged, by reason, and what is waived.
func (t Target) skips(lang string) []reason {
	var out []reason
	add := func(status Status, text, check string) {
		i := slices.IndexFunc(out, func(r reason) bool { return r.status == status && r.text == text })
		if i < 0 {
			i = len(out)
			out = append(out, reason{status: status, text: text})
		}
		if !slices.Contains(out[i].checks, check) {
			out[i].checks = append(out[i].checks, check)
		}
	}
	for _, r := range t.Results {
		for _, f := range r.Findings {
			switch {
			case f.Waived != nil:
				add(r.Status, strings.TrimSpace(string(f.Status)+" "+f.Code)+" "+f.Message+" ("+f.Waived.Note(lang)+")", r.Check)
			case f.Status == Skip && r.Status == Skip:
				add(r.Status, f.Message, r.Check)
			}
		}
	}
	return out
}

// count is how many of the checks of an area passed.
type count struct {
	area        string
	passed, all int
}

// passes count what passed, by area. What was skipped is not counted.
func (t Target) passes() []count {
	var out []count
	for _, r := range t.Results {
		if len(out) == 0 || out[len(out)-1].area != r.Area {
			out = append(out, count{area: r.Area})
		}
		c := &out[len(out)-1]
		if r.Status != Skip {
			c.all++
		}
		if r.Status == Pass {
			c.passed++
		}
	}
	return slices.DeleteFunc(out, func(c count) bool { return c.passed == 0 })
}
