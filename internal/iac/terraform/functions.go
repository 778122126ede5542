package terraform

import (
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// structural are Terraform's functions that count, choose and put together, without
// reading into texts.
// Source: https://developer.hashicorp.com/terraform/language/functions
var structural = sync.OnceValue(func() map[string]function.Function {
	return map[string]function.Function{
		"can": tryfunc.CanFunc, "try": tryfunc.TryFunc, "chunklist": stdlib.ChunklistFunc, "coalescelist": stdlib.CoalesceListFunc,
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc, "flatten": stdlib.FlattenFunc,
		"keys": stdlib.KeysFunc, "merge": stdlib.MergeFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc,
		"setproduct": stdlib.SetProductFunc, "setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "slice": stdlib.SliceFunc, "values": stdlib.ValuesFunc,
		"zipmap": stdlib.ZipmapFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "abs": stdlib.AbsoluteFunc,
		"coalesce": coalesce, "compact": compact, "length": length, "lookup": lookup, "one": one, "alltrue": truth(true), "anytrue": truth(false),
		"tolist": converted(cty.List(cty.DynamicPseudoType)), "toset": converted(cty.Set(cty.DynamicPseudoType)), "tomap": converted(cty.Map(cty.DynamicPseudoType)),
		"tostring": converted(cty.String), "tonumber": converted(cty.Number), "tobool": converted(cty.Bool),
		"nonsensitive": same1, "sensitive": same1,
	}
})

// textual are those that read into texts: of one that is not known yet they say
// nothing.
var textual = sync.OnceValue(func() map[string]function.Function {
	return map[string]function.Function{
		"format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "join": stdlib.JoinFunc, "split": stdlib.SplitFunc, "lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc,
		"replace": stdlib.ReplaceFunc, "substr": stdlib.SubstrFunc, "title": stdlib.TitleFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimsuffix": stdlib.TrimSuffixFunc, "trimspace": stdlib.TrimSpaceFunc, "chomp": stdlib.ChompFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
		"jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc, "sort": stdlib.SortFunc, "parseint": stdlib.ParseIntFunc, "index": stdlib.IndexFunc,
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
	}
})

// functionsFor are the functions that an expression calls. What is none of these
// gives a value that is not known, rather than an error, which "try" would take for
// a reason to go on.
func functionsFor(e hclsyntax.Expression) map[string]function.Function {
	out := map[string]function.Function{}
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		switch f, known := structural()[call.Name]; {
		case known:
			out[call.Name] = f
		case textual()[call.Name] != (function.Function{}):
			out[call.Name] = careful(textual()[call.Name])
		default:
			out[call.Name] = opaque
		}
		return nil
	})
	return out
}

var anyArguments = &function.Parameter{Name: "arguments", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}

// opaque stands for a function that is not worked out here.
var opaque = function.New(&function.Spec{
	VarParam: anyArguments, Type: function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) { return cty.DynamicVal, nil },
})

// dynamic makes a function whose type follows from its value.
func dynamic(work func(args []cty.Value) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		VarParam: anyArguments,
		Type: func(args []cty.Value) (cty.Type, error) {
			v, err := work(args)
			if err != nil {
				return cty.NilType, err
			}
			return v.Type(), nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return work(args) },
	})
}

// careful is a function that reads into texts, of which none may be open.
func careful(f function.Function) function.Function {
	return dynamic(func(args []cty.Value) (cty.Value, error) {
		if slices.ContainsFunc(args, holdsFresh) {
			return cty.DynamicVal, nil
		}
		return f.Call(args)
	})
}

// holdsFresh reports whether a value holds an id that is known after apply.
func holdsFresh(v cty.Value) bool {
	found := false
	_ = cty.Walk(v, func(_ cty.Path, e cty.Value) (bool, error) {
		found = found || e.IsKnown() && !e.IsNull() && e.Type() == cty.String && strings.Contains(e.AsString(), freshMark)
		return !found, nil
	})
	return found
}

// same1 gives back what it is given: what is sensitive is told by the plan.
var same1 = dynamic(func(args []cty.Value) (cty.Value, error) {
	if len(args) != 1 {
		return cty.DynamicVal, nil
	}
	return args[0], nil
})

// coalesce is the first of its arguments that is neither null nor empty.
var coalesce = dynamic(func(args []cty.Value) (cty.Value, error) {
	for _, a := range args {
		switch {
		case !a.IsKnown():
			return cty.DynamicVal, nil
		case !a.IsNull() && !(a.Type() == cty.String && a.AsString() == ""):
			return a, nil
		}
	}
	return cty.NilVal, function.NewArgErrorf(0, "no argument is set")
})

// compact leaves out what is null or empty.
var compact = dynamic(func(args []cty.Value) (cty.Value, error) {
	if len(args) != 1 || !args[0].IsKnown() || args[0].IsNull() || !args[0].CanIterateElements() {
		return cty.DynamicVal, nil
	}
	var out []cty.Value
	for it := args[0].ElementIterator(); it.Next(); {
		switch _, e := it.Element(); {
		case !e.IsKnown():
			return cty.DynamicVal, nil
		case !e.IsNull() && !(e.Type() == cty.String && e.AsString() == ""):
			out = append(out, e)
		}
	}
	return cty.TupleVal(out), nil
})

// length counts elements; how long a text will be is not known.
var length = dynamic(func(args []cty.Value) (cty.Value, error) {
	if len(args) != 1 || !args[0].IsKnown() || args[0].IsNull() {
		return cty.UnknownVal(cty.Number), nil
	}
	if ty := args[0].Type(); ty == cty.String {
		if holdsFresh(args[0]) {
			return cty.UnknownVal(cty.Number), nil
		}
		return stdlib.Strlen(args[0])
	} else if !args[0].CanIterateElements() {
		return cty.NilVal, function.NewArgErrorf(0, "it has no length")
	}
	return args[0].Length(), nil
})

// lookup is an element of a map, or what is given instead.
var lookup = dynamic(func(args []cty.Value) (cty.Value, error) {
	if len(args) < 2 || !args[0].IsKnown() || !args[1].IsKnown() || args[0].IsNull() || args[1].IsNull() || args[1].Type() != cty.String {
		return cty.DynamicVal, nil
	}
	switch ty, key := args[0].Type(), args[1]; {
	case ty.IsObjectType() && ty.HasAttribute(key.AsString()):
		return args[0].GetAttr(key.AsString()), nil
	case ty.IsMapType() && args[0].HasIndex(key).True():
		return args[0].Index(key), nil
	case len(args) > 2:
		return args[2], nil
	}
	return cty.NilVal, function.NewArgErrorf(1, "there is no such key")
})

// one is the only element of a list, null for none.
var one = dynamic(func(args []cty.Value) (cty.Value, error) {
	if len(args) != 1 || !args[0].IsKnown() || args[0].IsNull() || !args[0].CanIterateElements() {
		return cty.DynamicVal, nil
	}
	switch args[0].LengthInt() {
	case 0:
		return cty.NullVal(cty.DynamicPseudoType), nil
	case 1:
		it := args[0].ElementIterator()
		it.Next()
		_, e := it.Element()
		return e, nil
	}
	return cty.NilVal, function.NewArgErrorf(0, "there are several")
})

// truth is whether all, or any, of a list are true.
func truth(all bool) function.Function {
	return dynamic(func(args []cty.Value) (cty.Value, error) {
		if len(args) != 1 || !args[0].IsWhollyKnown() || args[0].IsNull() || !args[0].CanIterateElements() {
			return cty.UnknownVal(cty.Bool), nil
		}
		for it := args[0].ElementIterator(); it.Next(); {
			_, e := it.Element()
			b, err := convert.Convert(e, cty.Bool)
			if err != nil {
				return cty.NilVal, err
			}
			if b.IsNull() {
				b = cty.False
			}
			if b.True() != all {
				return cty.BoolVal(!all), nil
			}
		}
		return cty.BoolVal(all), nil
	})
}

// converted converts to a type. The order that a set of ids will have is not known,
// so that a list of it is none.
func converted(ty cty.Type) function.Function {
	return dynamic(func(args []cty.Value) (cty.Value, error) {
		if len(args) != 1 || !args[0].IsKnown() {
			return cty.DynamicVal, nil
		}
		if ty.IsListType() && args[0].Type().IsSetType() && args[0].LengthInt() > 1 && holdsFresh(args[0]) {
			return cty.DynamicVal, nil
		}
		return convert.Convert(args[0], ty)
	})
}

func affix(has func(s, part string) bool) function.Function {
	return dynamic(func(args []cty.Value) (cty.Value, error) {
		if len(args) != 2 || !args[0].IsKnown() || !args[1].IsKnown() || args[0].IsNull() || args[1].IsNull() || args[0].Type() != cty.String || args[1].Type() != cty.String {
			return cty.UnknownVal(cty.Bool), nil
		}
		return cty.BoolVal(has(args[0].AsString(), args[1].AsString())), nil
	})
}
