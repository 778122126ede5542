package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
)

// targetFacts is what of a target is compared.
type targetFacts struct {
	n        int    // from 1
	name, id string // id: the whole target, where names don't tell
	verdict  Verdict
	results  []resultFacts
	gaps     []DiffGap
}

type resultFacts struct {
	check    string
	status   Status
	untold   bool // what is not among the findings may still be there
	skips    []string
	hiding   []DiffFinding // beside which other problems of the subject are not judged
	findings []DiffFinding
}

func factsOf(r Report) ([]targetFacts, error) {
	var out []targetFacts
	err := r.each(func(t Target) error {
		id, err := json.Marshal(t.Target)
		if err != nil {
			return err
		}
		f := targetFacts{n: len(out) + 1, name: t.Name, id: string(id), verdict: t.Verdict}
		for _, g := range t.Gaps {
			f.gaps = append(f.gaps, DiffGap{Gap: g})
		}
		for _, res := range t.Results {
			f.add(res)
		}
		out = append(out, f)
		return nil
	})
	return out, err
}

func (t *targetFacts) add(res Result) {
	out := resultFacts{check: res.Check, status: res.Status, untold: res.Status == Unknown || res.Status == Skip}
	for _, f := range res.Findings {
		switch f.Status {
		case Fail, Warn:
			one := DiffFinding{Check: res.Check, Status: f.Status, Code: f.Code, Subject: f.Subject, Message: f.Message, About: f.About, telling: f.telling(), lists: map[string][]string{}}
			for name, v := range f.Args {
				if list := stringsOf(v); list != nil {
					one.lists[name] = list
				}
			}
			out.findings = append(out.findings, one)
			if p, _ := checks.ByCode(f.Code); p != nil && p.Hides {
				out.hiding = append(out.hiding, one)
			}
		case Unknown:
			out.untold = true
			if len(f.Gaps) == 0 {
				t.gaps = append(t.gaps, DiffGap{res.Check, Gap{Ref: f.Subject, Message: f.Message}})
			}
			for _, g := range f.Gaps {
				t.gaps = append(t.gaps, DiffGap{res.Check, g})
			}
		case Skip:
			out.untold = out.untold || f.Waived != nil
			out.skips = append(out.skips, f.Subject)
		}
	}
	t.results = append(t.results, out)
}

// stringsOf is a list of strings, which JSON reads as one of anything.
func stringsOf(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		out := []string{}
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return nil
}

// pair is a target in both reports; nil where one is not about it.
type pair struct{ was, is *targetFacts }

// pairs puts the targets of two reports together: by their names, or where those
// are taken twice, by all that was said of them. The only ones are a pair.
func pairs(was, is []targetFacts) []pair {
	if len(was) == 1 && len(is) == 1 {
		return []pair{{&was[0], &is[0]}}
	}
	count := func(list []targetFacts) map[string]int {
		out := map[string]int{}
		for _, t := range list {
			out[t.name]++
		}
		return out
	}
	before, after := count(was), count(is)
	key := func(t targetFacts) string {
		if before[t.name] > 1 || after[t.name] > 1 {
			return t.name + "\n" + t.id
		}
		return t.name
	}
	left := map[string][]*targetFacts{}
	for i := range was {
		left[key(was[i])] = append(left[key(was[i])], &was[i])
	}
	var out []pair
	for i := range is {
		p := pair{is: &is[i]}
		if list := left[key(is[i])]; len(list) > 0 {
			p.was, left[key(is[i])] = list[0], list[1:]
		}
		out = append(out, p)
	}
	for i := range was {
		if slices.Contains(left[key(was[i])], &was[i]) {
			out = append(out, pair{was: &was[i]})
		}
	}
	return out
}

func (p pair) compare() TargetDiff {
	t := TargetDiff{New: []DiffFinding{}, Revealed: []DiffFinding{}, Resolved: []DiffFinding{}, Hidden: []DiffFinding{}, Unchanged: []DiffFinding{}, GapsOpened: []DiffGap{}, GapsClosed: []DiffGap{}, Checks: []CheckDiff{}}
	was, is := p.was, p.is
	if was == nil {
		was = &targetFacts{name: is.name}
	}
	if is == nil {
		is = &targetFacts{name: was.name}
	}
	t.Name, t.Before, t.After = is.name, was.verdict, is.verdict
	t.was, t.is = was.n, is.n
	for _, id := range checkIDs(was, is) {
		before, after := was.result(id), is.result(id)
		if before.status != after.status {
			t.Checks = append(t.Checks, CheckDiff{id, before.status, after.status})
		}
		for _, f := range after.findings {
			switch {
			case !f.beyond(before.findings):
				t.Unchanged = append(t.Unchanged, f)
			case before.tells(f, after):
				t.New = append(t.New, f)
			default:
				t.Revealed = append(t.Revealed, f)
			}
		}
		for _, f := range before.findings {
			switch {
			case !f.beyond(after.findings):
				if !slices.ContainsFunc(t.Unchanged, f.same) {
					t.Unchanged = append(t.Unchanged, f)
				}
			case after.tells(f, before):
				t.Resolved = append(t.Resolved, f)
			default:
				t.Hidden = append(t.Hidden, f)
			}
		}
	}
	t.GapsOpened, t.GapsClosed = apart(is.gaps, was.gaps), apart(was.gaps, is.gaps)
	return t
}

// checkIDs are the checks of either, in the order of the report.
func checkIDs(was, is *targetFacts) []string {
	var out []string
	for _, r := range slices.Concat(is.results, was.results) {
		if !slices.Contains(out, r.check) {
			out = append(out, r.check)
		}
	}
	return out
}

func (t *targetFacts) result(check string) resultFacts {
	for _, r := range t.results {
		if r.check == check {
			return r
		}
	}
	return resultFacts{check: check, untold: true}
}

// tells reports whether what the other found, and this did not, is proved not to be
// there: nothing is in the way of seeing it that was not in the other's way.
func (r resultFacts) tells(f DiffFinding, other resultFacts) bool {
	return !r.untold && !slices.ContainsFunc(r.skips, func(s string) bool { return !slices.Contains(other.skips, s) }) &&
		!slices.ContainsFunc(r.hiding, func(g DiffFinding) bool { return g.Subject == f.Subject && g.Code != f.Code })
}

// akin reports whether two findings are of the same problem at the same place.
func (f DiffFinding) akin(g DiffFinding) bool {
	if f.Check != g.Check || f.Status != g.Status || f.Code != g.Code || f.Subject != g.Subject || !slices.Equal(f.telling, g.telling) || (f.About == nil) != (g.About == nil) {
		return false
	}
	return f.About == nil || f.About.Holder == g.About.Holder && f.About.Direction == g.About.Direction
}

func (f DiffFinding) same(g DiffFinding) bool {
	return f.akin(g) && !f.beyond([]DiffFinding{g}) && !g.beyond([]DiffFinding{f})
}

// beyond reports whether a finding says more than others do together: of an address
// on a port that is in none of them or, where there are no such facts, of an element
// of a list.
func (f DiffFinding) beyond(others []DiffFinding) bool {
	others = slices.DeleteFunc(slices.Clone(others), func(g DiffFinding) bool { return !f.akin(g) })
	if len(others) == 0 {
		return true
	}
	if f.About != nil {
		var facts []*checks.About
		for _, g := range others {
			facts = append(facts, g.About)
		}
		return len(f.About.Beyond(facts)) > 0
	}
	for name, list := range f.lists {
		for _, e := range list {
			if !slices.ContainsFunc(others, func(g DiffFinding) bool { return slices.Contains(g.lists[name], e) }) {
				return true
			}
		}
	}
	return false
}

// apart are the gaps that are not among the others, each once.
func apart(gaps, others []DiffGap) []DiffGap {
	seen := map[string]bool{}
	for _, g := range others {
		seen[g.key()] = true
	}
	out := []DiffGap{}
	for _, g := range gaps {
		if k := g.key(); !seen[k] {
			seen[k] = true
			out = append(out, g)
		}
	}
	return out
}

func (g DiffGap) key() string {
	return strings.Join([]string{g.Check, g.Code, g.Source, g.Scope, g.Ref}, "\n")
}
