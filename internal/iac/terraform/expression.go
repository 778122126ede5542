package terraform

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
)

// mostSteps bounds how far one value is followed: locals may mention each other
// many times over.
const mostSteps = 20000

// resolve leads what the configuration says of a value to ids. rest are the steps
// that lead on from the value, such as a key.
func (g *graph) resolve(s configuredValue, rest []string, at where, kinds []string, filter string, depth int) found {
	if s.expr == nil {
		if filter == "" && len(rest) > 0 && strings.HasPrefix(rest[0], "[") && !all(rest[0]) {
			filter = rest[0]
		}
		return g.follow(s.refs, at, kinds, filter, depth)
	}
	return g.resolveExpression(s.expr, rest, at, kinds, depth)
}

// resolveExpression leads an expression to ids.
func (g *graph) resolveExpression(e hclsyntax.Expression, rest []string, at where, kinds []string, depth int) found {
	if g.steps++; depth > deepest || g.steps > mostSteps {
		return found{unreadable: true}
	}
	depth++
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return g.resolveReference(slices.Concat(tokens(e.Traversal), rest), at, kinds, depth)
	case *hclsyntax.RelativeTraversalExpr:
		return g.resolveExpression(e.Source, slices.Concat(tokens(e.Traversal), rest), at, kinds, depth)
	case *hclsyntax.ParenthesesExpr:
		return g.resolveExpression(e.Expression, rest, at, kinds, depth)
	case *hclsyntax.TemplateWrapExpr:
		return g.resolveExpression(e.Wrapped, rest, at, kinds, depth)
	case *hclsyntax.IndexExpr:
		if key := at.keyOf(e.Key); key != "" {
			return g.resolveExpression(e.Collection, slices.Concat([]string{key}, rest), at, kinds, depth)
		}
		return g.resolveMentioned(e, at, kinds, depth)
	case *hclsyntax.SplatExpr:
		if each, ok := relative(e.Each, e.Item); ok && len(rest) == 0 {
			return g.resolveExpression(e.Source, slices.Concat([]string{"[*]"}, each), at, kinds, depth)
		} else if ok && rest[0] != "[*]" && strings.HasPrefix(rest[0], "[") && counted(e.Source) {
			return g.resolveExpression(e.Source, slices.Concat(rest[:1], each, rest[1:]), at, kinds, depth)
		}
	case *hclsyntax.ForExpr:
		if f, ok := g.loop(e, rest, at, kinds, depth); ok {
			return f
		}
	case *hclsyntax.TupleConsExpr:
		return g.elements(e.Exprs, rest, at, kinds, depth)
	case *hclsyntax.ObjectConsExpr:
		return g.items(e, rest, at, kinds, depth)
	case *hclsyntax.FunctionCallExpr:
		switch {
		case e.Name == "values" && len(e.Args) == 1 && (len(rest) == 0 || all(rest[0])):
			return g.resolveExpression(e.Args[0], slices.Concat([]string{allValues}, rest[min(1, len(rest)):]), at, kinds, depth)
		case slices.Contains(gathering, e.Name) && (len(rest) == 0 || all(rest[0])):
			var f found
			for _, a := range e.Args {
				f.add(g.resolveExpression(a, rest, at, kinds, depth))
			}
			return f
		}
	case *hclsyntax.ConditionalExpr:
		f := g.resolveExpression(e.TrueResult, rest, at, kinds, depth)
		f.add(g.resolveExpression(e.FalseResult, rest, at, kinds, depth))
		c := g.resolveMentioned(e.Condition, at, kinds, depth)
		f.constant, f.unreadable = true, f.unreadable || c.unreadable || len(c.ids) > 0 // what decides may be unknown itself
		return f
	case *hclsyntax.TemplateExpr:
		if s, ok := constant(e); ok {
			if s = resource.IDOfARN(s); resource.HasType(s, kinds) {
				return found{ids: []string{s}}
			}
			return found{constant: true}
		}
	case *hclsyntax.LiteralValueExpr:
		return found{constant: !e.Val.IsNull()}
	}
	return g.resolveMentioned(e, at, kinds, depth)
}

// allValues stands for each value of a map, as "[*]" does for each element of a
// list: a splat takes an object for a list of one.
const allValues = "[**]"

// all reports whether a step leads on from everything that a list or map holds.
func all(step string) bool { return step == "[*]" || step == allValues }

// gathering are the functions that put together all that they are given.
var gathering = []string{"concat", "toset", "tolist", "distinct", "flatten", "compact", "sort", "setunion", "one"}

// resolveMentioned leads to what an expression mentions, of which it may choose.
func (g *graph) resolveMentioned(e hclsyntax.Expression, at where, kinds []string, depth int) found {
	var f found
	for _, t := range e.Variables() {
		if len(t) > 0 && at.vars[t.RootName()] != "" {
			continue
		}
		f.add(g.resolveReference(tokens(t), at, kinds, depth))
	}
	f.constant, f.mayOmit = true, true
	return f
}

// resolveReference leads one reference to ids.
func (g *graph) resolveReference(t []string, at where, kinds []string, depth int) found {
	if t[0] == "each" && len(t) > 1 && t[1] == "value" {
		return g.resolve(at.each, slices.Concat([]string{at.key}, t[2:]), where{module: at.module}, kinds, at.key, depth+1)
	}
	if slices.Contains([]string{"each", "count"}, t[0]) {
		return found{constant: true}
	}
	return g.follow([]string{unsplit(t)}, at, kinds, "", depth)
}

// followLocal leads a local value to what the files say that it is; plans don't
// hold locals.
func (g *graph) followLocal(t []string, at where, kinds []string, depth int) found {
	m := g.source.of(at.module)
	if m == nil || len(t) < 2 || m.locals[t[1]] == nil {
		return found{unreadable: true}
	}
	return g.resolveExpression(m.locals[t[1]], t[2:], where{module: at.module}, kinds, depth+1)
}

// keyOf is the key that an index picks: a constant, count.index, each.key, or the
// variable of a loop over constants.
func (at where) keyOf(e hclsyntax.Expression) string {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return keyToken(e.Val)
	case *hclsyntax.TemplateExpr:
		if s, ok := constant(e); ok {
			return keyToken(cty.StringVal(s))
		}
	case *hclsyntax.ScopeTraversalExpr:
		switch t := tokens(e.Traversal); {
		case len(t) == 1:
			return at.vars[t[0]]
		case len(t) == 2 && (t[0] == "count" && t[1] == "index" || t[0] == "each" && t[1] == "key"):
			return at.key
		}
	}
	return ""
}

// constant is the text of a template without interpolation.
func constant(e *hclsyntax.TemplateExpr) (string, bool) {
	if !e.IsStringLiteral() {
		return "", false
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// relative are the steps that lead from an item of a splat to a value.
func relative(e hclsyntax.Expression, item *hclsyntax.AnonSymbolExpr) ([]string, bool) {
	if e == hclsyntax.Expression(item) {
		return nil, true
	}
	r, ok := e.(*hclsyntax.RelativeTraversalExpr)
	if !ok || r.Source != hclsyntax.Expression(item) {
		return nil, false
	}
	return tokens(r.Traversal), true
}

// counted reports whether an expression is a resource or module as a whole, whose
// instances are numbered.
func counted(e hclsyntax.Expression) bool {
	t, ok := e.(*hclsyntax.ScopeTraversalExpr)
	return ok && len(t.Traversal) == 2
}

// loop leads a for expression to ids, if it takes every item of what it runs over.
func (g *graph) loop(e *hclsyntax.ForExpr, rest []string, at where, kinds []string, depth int) (found, bool) {
	if e.CondExpr != nil || e.Group {
		return found{}, false
	}
	if list, ok := e.CollExpr.(*hclsyntax.TupleConsExpr); ok && e.KeyExpr == nil && len(rest) == 0 {
		var f found
		for _, item := range list.Exprs {
			key := at.keyOf(item)
			if key == "" {
				return found{}, false
			}
			inner := at
			inner.vars = map[string]string{e.ValVar: key}
			f.add(g.resolveExpression(e.ValExpr, nil, inner, kinds, depth))
		}
		return f, true
	}
	value, ok := e.ValExpr.(*hclsyntax.ScopeTraversalExpr)
	if !ok || value.Traversal.RootName() != e.ValVar {
		return found{}, false
	}
	pick := allValues
	if e.KeyExpr != nil {
		key, ok := e.KeyExpr.(*hclsyntax.ScopeTraversalExpr)
		if !ok || len(key.Traversal) != 1 || key.Traversal.RootName() != e.KeyVar || len(rest) == 0 {
			return found{}, false
		}
		pick, rest = rest[0], rest[1:]
	} else if len(rest) > 0 {
		return found{}, false
	}
	return g.resolveExpression(e.CollExpr, slices.Concat([]string{pick}, tokens(value.Traversal)[1:], rest), at, kinds, depth), true
}

// elements leads the elements of a list to ids: the one that is picked, else all.
func (g *graph) elements(list []hclsyntax.Expression, rest []string, at where, kinds []string, depth int) found {
	if len(rest) > 0 && !all(rest[0]) {
		for i, e := range list {
			if sameKey(rest[0], keyToken(cty.NumberIntVal(int64(i)))) {
				return g.resolveExpression(e, rest[1:], at, kinds, depth)
			}
		}
		return found{unreadable: true}
	}
	var f found
	for _, e := range list {
		f.add(g.resolveExpression(e, rest[min(1, len(rest)):], at, kinds, depth))
	}
	return f
}

// items leads the values of an object to ids: the one that is picked, else all.
func (g *graph) items(e *hclsyntax.ObjectConsExpr, rest []string, at where, kinds []string, depth int) found {
	if len(rest) == 0 {
		return g.resolveMentioned(e, at, kinds, depth)
	}
	if rest[0] == "[*]" { // a splat over what is no list is over a list of it
		return g.items(e, rest[1:], at, kinds, depth)
	}
	f := found{unreadable: rest[0] != allValues}
	for _, item := range e.Items {
		key, diags := item.KeyExpr.Value(nil)
		if diags.HasErrors() {
			return g.resolveMentioned(e, at, kinds, depth)
		}
		switch name := keyToken(key); {
		case rest[0] == allValues:
			f.add(g.resolveExpression(item.ValueExpr, rest[1:], at, kinds, depth))
		case sameKey(rest[0], name), `["`+rest[0]+`"]` == name:
			return g.resolveExpression(item.ValueExpr, rest[1:], at, kinds, depth)
		}
	}
	return f
}

// sameKey reports whether two keys pick the same: Terraform takes "1" for 1.
func sameKey(a, b string) bool {
	return strings.ReplaceAll(a, `"`, "") == strings.ReplaceAll(b, `"`, "")
}
