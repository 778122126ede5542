//go:build cel

package own

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What an expression may take: far above what a check needs for the largest table, and
// below what anybody would wait for.
const (
	mostCost      = 5_000_000
	mostTime      = 5 * time.Second
	interruptEach = 1000
	mostLetters   = 4096
	mostNesting   = 50
	mostPattern   = 1000 // of a regular expression, compiled
)

// provider tells CEL of the types of rows and scopes.
type provider struct{ types.Provider }

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if t := structNamed(name); t != nil {
		return types.NewTypeTypeWithParam(t), true
	}
	return p.Provider.FindStructType(name)
}

func structNamed(name string) *types.Type {
	switch {
	case name == scopeType.TypeName():
		return scopeType
	case name == inVPCType.TypeName():
		return inVPCType
	case models[name] != nil:
		return models[name].celType
	}
	return nil
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if m := models[name]; m != nil {
		var names []string
		for f := range m.fields {
			names = append(names, f)
		}
		slices.Sort(names)
		return names, true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType types the fields. One of a row that is not kept is unknown, not an
// error: AWS prints more than dspreflight reads.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	var t *types.Type
	switch m := models[name]; {
	case m != nil:
		t = (&object{model: m}).typeOf(field)
	case structNamed(name) == nil:
		return p.Provider.FindStructFieldType(name, field)
	case field == "Account" || field == "Region":
		t = types.StringType
	case tables[field] == nil || name == inVPCType.TypeName() && !tables[field].inVPC:
		return nil, false
	case tables[field].entry != nil:
		t = setsType(tables[field].entry)
	default:
		t = types.NewListType(tables[field].row.celType)
	}
	return &types.FieldType{
		Type:  t,
		IsSet: func(any) bool { return true }, // has() is our own
		GetFrom: func(of any) (any, error) {
			switch v := of.(type) {
			case *types.Unknown:
				return v, nil
			case *object:
				return v.get(field), nil
			case *scopeValue:
				return v.get(field), nil
			}
			return nil, fmt.Errorf("%T has no fields", of)
		},
	}, true
}

func (provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("a %s can't be made", name)
}

// presence is has(): of a row, what is not known to be there or not is unknown.
var presence = cel.GlobalMacro(operators.Has, 1, func(eh cel.MacroExprFactory, _ celast.Expr, args []celast.Expr) (celast.Expr, *common.Error) {
	if args[0].Kind() != celast.SelectKind {
		return nil, eh.NewError(args[0].ID(), "has() asks for a field, as in has(row.State)")
	}
	s := args[0].AsSelect()
	return eh.NewCall("@has", s.Operand(), eh.NewLiteral(types.String(s.FieldName()))), nil
})

func hasField(of, name ref.Val) ref.Val {
	switch v := of.(type) {
	case *object:
		return v.has(string(name.(types.String)))
	case *scopeValue:
		return types.True
	case interface{ Contains(ref.Val) ref.Val }:
		return v.Contains(name)
	}
	return types.NewErr("has() of a %s", of.Type().TypeName())
}

// inCIDR reports whether an address, or a whole block, lies in a block.
func inCIDR(of, block ref.Val) ref.Val {
	outer, err := netip.ParsePrefix(string(block.(types.String)))
	if err != nil {
		return types.NewErr("inCidr(%q): expected a CIDR block, such as 10.0.0.0/8", block)
	}
	text := string(of.(types.String))
	if a, err := netip.ParseAddr(text); err == nil {
		return types.Bool(outer.Contains(a.Unmap()))
	}
	inner, err := netip.ParsePrefix(text)
	if err != nil {
		return types.NewErr("%q is neither an address nor a CIDR block", text)
	}
	return types.Bool(inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr()))
}

// environment knows the variables and functions of expressions.
var environment = func() func() (*cel.Env, error) {
	var env *cel.Env
	var err error
	done := false
	return func() (*cel.Env, error) {
		if done {
			return env, err
		}
		done = true
		a := types.NewTypeParamType("A")
		if env, err = cel.NewCustomEnv(cel.StdLib()); err != nil {
			return nil, err
		}
		env, err = env.Extend(
			cel.ClearMacros(), cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro, presence),
			cel.CustomTypeProvider(provider{env.CELTypeProvider()}),
			cel.ParserExpressionSizeLimit(mostLetters), cel.ParserRecursionLimit(mostNesting), cel.RegexProgramSizeLimit(mostPattern),
			cel.Variable("target", types.NewMapType(types.StringType, types.StringType)),
			cel.Variable("endpoint", ofKinds[snapshot.Endpoints].row.celType),
			cel.Variable("destination", scopeType), cel.Variable("source", scopeType),
			cel.Function("@has", cel.Overload("has_field", []*cel.Type{a, cel.StringType}, cel.BoolType, cel.BinaryBinding(hasField))),
			cel.Function("vpc", cel.MemberOverload("scope_vpc", []*cel.Type{scopeType, cel.StringType}, inVPCType, cel.BinaryBinding(func(s, id ref.Val) ref.Val {
				in := *s.(*scopeValue)
				if in.vpc = string(id.(types.String)); in.vpc == "" {
					return types.NewErr("vpc() of no VPC")
				}
				return &in
			}))),
			cel.Function("inCidr", cel.MemberOverload("string_in_cidr", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(inCIDR))),
			cel.Function("of", cel.MemberOverload("sets_of", []*cel.Type{setsType(a), cel.StringType}, cel.ListType(a), cel.BinaryBinding(func(s, id ref.Val) ref.Val {
				return s.(*sets).of(string(id.(types.String)))
			}))),
		)
		return env, err
	}
}()

// expression is one that was checked.
type expression struct {
	text    string
	program cel.Program
	reads   []snapshot.Kind
}

// compile checks an expression, which has the type wanted; row is what "row" stands for,
// if there is one. The error may be a *celError.
func compile(text string, row *types.Type, want ...*types.Type) (*expression, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	if row != nil {
		if env, err = env.Extend(cel.Variable("row", row)); err != nil {
			return nil, err
		}
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		e := issues.Errors()[0]
		return nil, &celError{e.Location.Line(), e.Location.Column() + 1, e.Message}
	}
	if t := ast.OutputType(); want != nil && !t.IsExactType(types.DynType) && !slices.ContainsFunc(want, t.IsExactType) {
		return nil, &celError{1, 1, fmt.Sprintf("expected a value of type %s, but this is a %s", want[0], t)}
	}
	program, err := env.Program(ast, cel.CostLimit(mostCost), cel.InterruptCheckFrequency(interruptEach))
	if err != nil {
		return nil, &celError{1, 1, err.Error()}
	}
	return &expression{text, program, readBy(ast.NativeRep())}, nil
}

// celError is a mistake in an expression, by line and column in it.
type celError struct {
	line, column int
	message      string
}

func (e *celError) Error() string { return e.message }

// readBy lists the tables that an expression names.
func readBy(ast *celast.AST) []snapshot.Kind {
	var out []snapshot.Kind
	celast.PreOrderVisit(ast.Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.IdentKind:
			if e.AsIdent() == "endpoint" {
				out = append(out, snapshot.Endpoints)
			}
		case celast.SelectKind:
			s := e.AsSelect()
			of := ast.GetType(s.Operand().ID())
			if t := tables[s.FieldName()]; t != nil && (of.IsExactType(scopeType) || of.IsExactType(inVPCType)) {
				out = append(out, t.kind)
			}
		}
	}))
	slices.Sort(out)
	return slices.Compact(out)
}

// eval asks for the value of an expression. It is known, or there are gaps; an error is
// what the expression itself could not do.
func (x *expression) eval(ctx context.Context, e *evaluation, vars map[string]any) (ref.Val, []snapshot.Gap, error) {
	v, _, err := x.program.ContextEval(ctx, vars)
	if u, is := v.(*types.Unknown); is {
		return nil, e.gapsOf(u), nil
	}
	if err != nil {
		return nil, nil, err
	}
	if v == nil {
		return nil, nil, errors.New("no value")
	}
	return v, nil, nil
}
