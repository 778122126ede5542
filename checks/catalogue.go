package checks

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Catalogue is a set of checks in the order of the report. It is a value: With
// returns another one, and changes nobody else's.
type Catalogue []*Check

var (
	registry []*Check
	ourIDs   = make(map[string]*Check, 64)
	ourCodes = make(map[string]*Problem, 256)
)

var (
	ownCodeShape = pattern.New(`^[A-Z]{2,8}[0-9]{3}$`)
	idShape      = pattern.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// register adds a check to ours. It panics on a mistake that every start of the
// program would repeat.
func register(c *Check) *Check {
	if c.ID == "" || ourIDs[c.ID] != nil || c.Run == nil || c.Requires == nil {
		panic(fmt.Sprintf("check %q: no id, no requirement, no function, or registered twice", c.ID))
	}
	for _, p := range c.Problems {
		if ourCodes[p.Code] != nil {
			panic(fmt.Sprintf("check %s: code %q is taken", c.ID, p.Code))
		}
		ourCodes[p.Code] = p
	}
	ourIDs[c.ID] = c
	registry = append(registry, c)
	return c
}

// All returns every check of ours in the order of the report: by area, then by code.
func All() Catalogue {
	out := slices.Clone(Catalogue(registry))
	slices.SortFunc(out, func(a, b *Check) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.firstCode(), b.firstCode()))
	})
	for _, c := range registry {
		if c.Ahead == nil {
			continue
		}
		at := slices.Index(out, c)
		out = slices.Delete(out, at, at+1)
		out = slices.Insert(out, slices.Index(out, c.Ahead), c)
	}
	return out
}

// firstCode is the lowest of the codes; that of a check without any stands behind the
// others of the area.
func (c *Check) firstCode() string {
	first := "~"
	for _, p := range c.Problems {
		first = min(first, p.Code)
	}
	return first
}

// ByID returns the check of ours with an id, or nil.
func ByID(id string) *Check { return ourIDs[id] }

// ByCode returns the problem of ours with a code and the check it belongs to, or
// nils.
func ByCode(code string) (*Problem, *Check) { return Catalogue(registry).ByCode(code) }

// ByID returns the check with an id, or nil.
func (all Catalogue) ByID(id string) *Check {
	if i := slices.IndexFunc(all, func(c *Check) bool { return c.ID == id }); i >= 0 {
		return all[i]
	}
	return nil
}

// ByCode returns the problem with a code and the check it belongs to, or nils.
func (all Catalogue) ByCode(code string) (*Problem, *Check) {
	code = strings.ToUpper(code)
	for _, c := range all {
		for _, p := range c.Problems {
			if p.Code == code {
				return p, c
			}
		}
	}
	return nil, nil
}

// With returns the catalogue with further checks behind those it has, which may
// come after any of them. What would break a run or a report is an error: an id or a
// code that is taken or ours, a check that could never pass, a text that is missing.
func (all Catalogue) With(own ...*Check) (Catalogue, error) {
	out := slices.Clone(all)
	for _, c := range own {
		if err := out.admit(c); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// admit says why a check can't join.
func (all Catalogue) admit(c *Check) error {
	switch {
	case c == nil || !idShape.Re().MatchString(c.ID):
		id := ""
		if c != nil {
			id = c.ID
		}
		return snapshot.Errorf("the id %q: expected words of small letters and digits with hyphens between them, such as subnet-owner", "id %q: subnet-owner のように、小文字と数字の語をハイフンでつないで指定する", id)
	case all.ByID(c.ID) != nil || ourIDs[c.ID] != nil:
		return snapshot.Errorf("the id %q is taken by another check", "id %q は別のチェックが使っている", c.ID)
	case c.Title.En == "":
		return snapshot.Errorf("%s: the title has no English text", "%s: title に英語（en）がない", c.ID)
	case c.Run == nil || c.Requires == nil:
		return snapshot.Errorf("%s: it has no function, or no requirement", "%s: 関数か要件がない", c.ID)
	case len(c.Needs) == 0:
		return snapshot.Errorf("%s: it needs no table, so that nothing could prove it", "%s: 必要な表がなく、何も証明できない", c.ID)
	case len(c.Problems) == 0:
		return snapshot.Errorf("%s: it has no problem to report", "%s: 報告する問題がない", c.ID)
	}
	for _, p := range c.After {
		if !slices.Contains(all, p) {
			return snapshot.Errorf("%s: it comes after a check that is not in the catalogue", "%s: after のチェックがカタログにない", c.ID)
		}
	}
	for i, p := range c.Problems {
		_, taken := all.ByCode(p.Code)
		switch {
		case !ownCodeShape.Re().MatchString(p.Code) || strings.HasPrefix(p.Code, "DSP"):
			return snapshot.Errorf("%s: the code %q: expected a prefix of your own, of 2 to 8 capital letters, and three digits, such as ORG101 (DSP is ours)", "%s: コード %q: ORG101 のように、独自の接頭辞（大文字 2〜8 文字）と 3 桁の数字を指定する（DSP は使えない）", c.ID, p.Code)
		case taken != nil || slices.ContainsFunc(c.Problems[:i], func(q *Problem) bool { return q.Code == p.Code }):
			return snapshot.Errorf("%s: the code %q is taken", "%s: コード %q は既に使われている", c.ID, p.Code)
		case p.Severity != Fail && p.Severity != Warn:
			return snapshot.Errorf("%s: %s: the severity is %s: expected FAIL or WARN", "%s: %s: 重大度が %s。FAIL か WARN を指定する", c.ID, p.Code, p.Severity)
		case p.Title.En == "":
			return snapshot.Errorf("%s: %s: the title has no English text", "%s: %s: title に英語（en）がない", c.ID, p.Code)
		}
	}
	return nil
}

// Select returns the checks that match any of the globs (all of them if there
// are none) and none of the skipped ones, with the checks they come after. A
// glob that matches nothing is an error.
func (all Catalogue) Select(globs, skip []string) ([]*Check, error) {
	for _, g := range slices.Concat(globs, skip) {
		if !slices.ContainsFunc(all, func(c *Check) bool { return matches(g, c.ID) }) {
			return nil, snapshot.Errorf("%q matches no check; the checks are: %s", "%q に一致するチェックがない。チェックは次のとおり: %s", g, idList(all))
		}
	}
	chosen := map[*Check]bool{}
	skipped := func(c *Check) bool {
		return slices.ContainsFunc(skip, func(g string) bool { return matches(g, c.ID) })
	}
	for _, c := range all {
		if (len(globs) == 0 || slices.ContainsFunc(globs, func(g string) bool { return matches(g, c.ID) })) && !skipped(c) {
			c.rests(chosen)
		}
	}
	var out []*Check
	for _, c := range all {
		if chosen[c] && !skipped(c) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, snapshot.Errorf("every check that was chosen is skipped, so that none is left to run: skip fewer", "選んだチェックがすべて除外され、実行するものがない。除外を減らす")
	}
	return out, nil
}

func matches(glob, id string) bool {
	ok, err := path.Match(glob, id)
	return err == nil && ok
}

func idList(all []*Check) string {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	return strings.Join(ids, ", ")
}

// WithPrior returns the check behind those that it comes after, and those that they do.
func (c *Check) WithPrior() []*Check {
	chosen := map[*Check]bool{}
	c.rests(chosen)
	out := make([]*Check, 0, len(chosen))
	for one := range chosen {
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b *Check) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// rests adds to a choice the check and those that it comes after.
func (c *Check) rests(chosen map[*Check]bool) {
	if chosen[c] {
		return
	}
	chosen[c] = true
	for _, p := range c.After {
		p.rests(chosen)
	}
}
