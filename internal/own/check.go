//go:build cel

package own

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v4"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// rule is the judgement of a check.
type rule struct {
	id      string
	problem *checks.Problem
	needs   []snapshot.Kind
	each    *table // nil: the question is one
	side    snapshot.Role
	within  *expression
	when    *expression
	expect  *expression
	args    map[string]*expression
}

var keys = []string{"id", "code", "severity", "title", "needs", "uses", "after", "each", "within", "when", "expect", "problem", "args", "cause", "fix", "docs"}

// check reads a check.
func (f *file) check(n *yaml.Node, all checks.Catalogue) (*checks.Check, error) {
	m, err := f.mapping(n, keys...)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"id", "code", "title", "needs", "expect", "problem", "fix"} {
		if m[key] == nil {
			return nil, f.at(n, say("the check has no key %s", "チェックにキー %s がない"), key)
		}
	}
	r := &rule{problem: &checks.Problem{Severity: checks.Fail}}
	c := &checks.Check{Problems: []*checks.Problem{r.problem}, Run: r.run}
	if c.ID, err = f.scalar(m["id"]); err != nil {
		return nil, err
	}
	if r.problem.Code, err = f.scalar(m["code"]); err != nil {
		return nil, err
	}
	r.id = c.ID
	for key, text := range map[string]*snapshot.Text{"title": &c.Title, "problem": &r.problem.Title, "cause": &r.problem.Cause, "fix": &r.problem.Fix} {
		if m[key] == nil {
			continue
		}
		if *text, err = f.text(m[key]); err != nil {
			return nil, err
		}
	}
	grade := "required"
	if s := m["severity"]; s != nil {
		switch s.Value {
		case "fail":
		case "warn":
			grade, r.problem.Severity = "recommended", checks.Warn
		default:
			return nil, f.at(s, say("the severity %q: expected fail or warn", "severity %q: fail か warn を指定する"), s.Value)
		}
	}
	c.Requires = &checks.Requirement{ID: c.ID, Grade: grade, Title: c.Title, Sources: []string{}}
	if d := m["docs"]; d != nil {
		if c.Page, err = f.address(d); err != nil {
			return nil, err
		}
		c.Requires.Sources, r.problem.Sources = []string{c.Page}, []string{c.Page}
	}
	if c.Needs, err = f.kinds(m["needs"]); err != nil {
		return nil, err
	}
	if c.Uses, err = f.kinds(m["uses"]); err != nil {
		return nil, err
	}
	r.needs = c.Needs
	if a := m["after"]; a != nil {
		prior, err := f.list(a)
		if err != nil {
			return nil, err
		}
		for _, p := range prior {
			one := all.ByID(p.Value)
			if one == nil {
				return nil, f.at(p, say("there is no check %q before this one", "これより前にチェック %q はない"), p.Value)
			}
			c.After = append(c.After, one)
		}
	}
	if err := f.rule(r, m); err != nil {
		return nil, err
	}
	if err := f.declared(r, c, m); err != nil {
		return nil, err
	}
	return c, f.placeholders(r, m)
}

// rule reads the expressions of a check.
func (f *file) rule(r *rule, m map[string]*yaml.Node) (err error) {
	var row *types.Type
	if each := m["each"]; each != nil {
		side, name, _ := strings.Cut(each.Value, ".")
		r.side, r.each = snapshot.Role(side), tables[name]
		if r.side != snapshot.Destination && r.side != snapshot.Source || r.each == nil || r.each.entry != nil {
			return f.at(each, say("%q: expected destination or source and a table, such as destination.Subnets", "%q: destination.Subnets のように、destination か source と表を指定する"), each.Value)
		}
		row = r.each.row.celType
	}
	if w := m["within"]; w != nil {
		if r.each == nil || !r.each.inVPC {
			return f.at(w, say("within is for a table in each whose rows have a VpcId", "within は、行に VpcId がある表を each に指定したときに使う"))
		}
		if r.within, err = f.expression(w, nil, types.StringType); err != nil {
			return err
		}
	}
	if w := m["when"]; w != nil {
		if r.when, err = f.expression(w, row, types.BoolType); err != nil {
			return err
		}
	}
	if r.expect, err = f.expression(m["expect"], row, types.BoolType); err != nil {
		return err
	}
	if m["args"] == nil {
		return nil
	}
	var names []string
	if m["args"].Kind == yaml.MappingNode {
		for i := 0; i+1 < len(m["args"].Content); i += 2 {
			names = append(names, m["args"].Content[i].Value)
		}
	}
	args, err := f.mapping(m["args"], names...)
	if err != nil {
		return err
	}
	r.args = map[string]*expression{}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if r.args[name], err = f.expression(args[name], row, types.StringType, types.IntType, types.BoolType); err != nil {
			return err
		}
	}
	return nil
}

// declared holds the tables that a check declares against those that it reads.
func (f *file) declared(r *rule, c *checks.Check, m map[string]*yaml.Node) error {
	var reads []snapshot.Kind
	if r.each != nil {
		reads = append(reads, r.each.kind)
	}
	type named struct {
		key string
		x   *expression
	}
	expressions := []named{{"within", r.within}, {"when", r.when}, {"expect", r.expect}}
	for name := range r.args {
		expressions = append(expressions, named{"args", r.args[name]})
	}
	for _, e := range expressions {
		if e.x == nil {
			continue
		}
		for _, k := range e.x.reads {
			if !slices.Contains(c.Needs, k) && !slices.Contains(c.Uses, k) {
				return f.at(m[e.key], say("%s reads %s, which is in neither needs nor uses", "%s は %s を読むが、needs にも uses にもない"), e.key, k.Command())
			}
			reads = append(reads, k)
		}
	}
	if r.each != nil && !slices.Contains(c.Needs, r.each.kind) {
		return f.at(m["each"], say("each reads %s, which is not in needs", "each は %s を読むが、needs にない"), r.each.kind.Command())
	}
	for i, k := range slices.Concat(c.Needs, c.Uses) {
		if slices.Contains(reads, k) {
			continue
		}
		key, n := "needs", i
		if i >= len(c.Needs) {
			key, n = "uses", i-len(c.Needs)
		}
		return f.at(m[key].Content[n], say("nothing reads %s: take it out, so that an audit needs no permission for it", "%s はどの式からも読まれない。余分な権限が要らないように除く"), k.Command())
	}
	return nil
}

// placeholders holds the words in braces against the arguments.
func (f *file) placeholders(r *rule, m map[string]*yaml.Node) error {
	for _, key := range []string{"problem", "cause", "fix"} {
		text := map[string]snapshot.Text{"problem": r.problem.Title, "cause": r.problem.Cause, "fix": r.problem.Fix}[key]
		for _, name := range checks.Placeholders(text.En + text.Ja) {
			if name != "subject" && r.args[name] == nil {
				return f.at(m[key], say("{%s} is neither {subject} nor in args", "{%s} は {subject} でも args の名前でもない"), name)
			}
		}
	}
	return nil
}

// run judges.
func (r *rule) run(x *checks.Exam) {
	ctx, cancel := context.WithTimeout(context.Background(), mostTime)
	defer cancel()
	e := &evaluation{lists: map[listKey]ref.Val{}}
	vars := e.variables(x)
	if r.each == nil {
		r.judge(ctx, x, e, vars, x.Target.EndpointID, r.needs[0])
		return
	}
	side := vars[string(r.side)].(*scopeValue)
	if side.scope == nil {
		x.Unknown("", side.noScope(r.each.kind))
		return
	}
	view := *side
	if r.within != nil {
		v, gaps, err := r.within.eval(ctx, e, vars)
		vpc, is := v.(types.String)
		if gaps != nil || err != nil || !is || vpc == "" {
			r.open(x, "", gaps, err)
			return
		}
		view.vpc = string(vpc)
	}
	rows, whole := view.rows(r.each)
	applies := false
	for _, row := range rows {
		id := row.(*object).at.id
		vars["row"] = row
		applies = r.judge(ctx, x, e, vars, id, r.each.kind) || applies
	}
	switch {
	case !whole:
		x.Unknown("", side.scope.GapFor(r.each.kind, view.vpc))
	case !applies:
		x.NotApplicable(snapshot.Textf("%s has no row that this is about", "%s に該当する行がない", r.each.kind.Command()))
	}
}

// variables are what expressions see.
func (e *evaluation) variables(x *checks.Exam) map[string]any {
	sides := x.Snapshot.Sides()
	at := func(role snapshot.Role, i int) *scopeValue {
		s := &scopeValue{evaluation: e, role: role}
		if i >= 0 {
			s.scope = x.Snapshot.Scopes[i]
		}
		return s
	}
	destination := at(snapshot.Destination, sides.Destination)
	var endpoint any = e.unknown(destination.noScope(snapshot.Endpoints))
	if s := destination.scope; s != nil {
		if row, p := s.Endpoints.Get(x.Target.EndpointID); p == snapshot.Present {
			endpoint = &object{ofKinds[snapshot.Endpoints].row, reflect.ValueOf(row), &place{e, s, snapshot.Endpoints, row.ID}}
		} else {
			endpoint = e.unknown(s.GapFor(snapshot.Endpoints, x.Target.EndpointID))
		}
	}
	return map[string]any{"target": x.Target.Fields(), "endpoint": endpoint, "destination": destination, "source": at(snapshot.Source, sides.Source)}
}

// judge asks about one subject; false: the question is not about it.
func (r *rule) judge(ctx context.Context, x *checks.Exam, e *evaluation, vars map[string]any, subject string, k snapshot.Kind) bool {
	if r.when != nil {
		v, gaps, err := r.when.eval(ctx, e, vars)
		switch about, is := v.(types.Bool); {
		case gaps != nil || err != nil || !is:
			r.open(x, subject, gaps, err)
			return true
		case !bool(about):
			if r.each == nil {
				x.NotApplicable(snapshot.Textf("this is not about %s", "%s は対象外", subject))
			}
			return false
		}
	}
	v, gaps, err := r.expect.eval(ctx, e, vars)
	switch holds, is := v.(types.Bool); {
	case gaps != nil || err != nil || !is:
		r.open(x, subject, gaps, err)
	case bool(holds):
		x.OK(subject, snapshot.Saw(k, subject, r.fact(true)))
	default:
		args := checks.Args{}
		for name, a := range r.args {
			args[name] = "?"
			if v, gaps, err := a.eval(ctx, e, vars); gaps == nil && err == nil {
				args[name] = printed(v)
			}
		}
		x.Report(r.problem, subject, args, snapshot.Saw(k, subject, r.fact(false)))
	}
	return true
}

// open says why there is no answer.
func (r *rule) open(x *checks.Exam, subject string, gaps []snapshot.Gap, err error) {
	if gaps == nil {
		why := "it is neither true nor false"
		if err != nil {
			why = err.Error()
		}
		gaps = []snapshot.Gap{{Code: snapshot.ExpressionFailed, Ref: r.id, Detail: why}}
	}
	x.Unknown(subject, gaps...)
}

// fact is the expression, and what it came to.
func (r *rule) fact(holds bool) snapshot.Text {
	text := strings.Join(strings.Fields(r.expect.text), " ")
	if holds {
		return snapshot.Textf("%s holds", "%s が成り立つ", text)
	}
	return snapshot.Textf("%s does not hold", "%s が成り立たない", text)
}

func printed(v ref.Val) string {
	if s, is := v.ConvertToType(types.StringType).(types.String); is {
		return string(s)
	}
	return "?"
}
