package outside

import (
	"go/ast"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/internal/source"
)

// TestPut holds what a document makes of its arguments, in each medium.
func TestPut(t *testing.T) {
	const harm = "a\n${b}<c>\"'`;#|"
	var markup Document[Markup]
	markup.Put("<b>%</b>%", harm, 7)
	var markdown Document[Markdown]
	markdown.Put("**%** % % %\n", harm, Code(harm), Link("[x]", "https://example.com/a_b"), Link("x", "javascript:alert(1)"))
	var hcl Document[HCL]
	hcl.Put("a = %", harm)
	var shell, words Document[Shell]
	words.Join([]string{"a b", harm}, " ")
	shell.Put("x=% %", "a b", &words)
	shell.Comment("one\n\x1b[2Jtwo")
	var mermaid Document[Mermaid]
	mermaid.Put(`x["%"]:::%`, harm, Literal("pass"))
	for _, c := range []struct{ got, want string }{
		{markup.String(), "<b>a\\x0a${b}&lt;c&gt;&#34;&#39;`;#|</b>7"},
		{markdown.String(), "**a &#36;{b}&lt;c&gt;\"'\\`;&#35;\\|** `a ${b}<c>\"'';#|` [\\[x\\]](https://example.com/a_b) x\n"},
		{hcl.String(), `a = "a\\x0a$${b}<c>\"'` + "`;#|\""},
		{shell.String(), `x='a b' 'a b' 'a\x0a${b}<c>"'\''` + "`;#|'# one\n# \\x1b[2Jtwo\n"},
		{mermaid.String(), `x["a#92;x0a#36;#123;b#125;#60;c#62;#34;#39;#96;#59;#35;#124;"]:::pass`},
		{string(Fence("sh", "  ", []string{"a", "```\nb"})), "```sh\n  a\n  ''' b\n  ```\n"},
	} {
		if c.got != c.want {
			t.Errorf("got  %q\nwant %q", c.got, c.want)
		}
	}
	if _, is := Reference("x.y\"\n}\nresource"); is {
		t.Error("a second block became a reference")
	}
}

// TestLiteralsStandInTheProgram: outside of this package nothing but a constant becomes
// a Literal, which would stand in a document as it is.
func TestLiteralsStandInTheProgram(t *testing.T) {
	found := 0
	source.Each(t, func(f source.File) {
		if strings.Contains(f.Path, "internal/outside/") {
			return
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 || !namesLiteral(call.Fun) {
				return true
			}
			found++
			if _, constant := call.Args[0].(*ast.BasicLit); !constant {
				t.Errorf("%s makes a Literal of what is no constant", f.Position(n))
			}
			return true
		})
	}, "../..")
	if found == 0 {
		t.Fatal("no conversion was seen")
	}
}

// namesLiteral reports whether an expression is the type, by its name or its alias.
func namesLiteral(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "literal"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Literal"
	}
	return false
}
