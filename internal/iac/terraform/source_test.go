package terraform

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// references are the names that an expression mentions, as a plan lists them: each
// in full and in its shorter forms.
func references(t testing.TB, expr string) []string {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(expr), "x.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var out []string
	for _, v := range e.Variables() {
		steps := tokens(v)
		for n := len(steps); n >= min(2, len(steps)); n-- {
			out = append(out, unsplit(steps[:n]))
		}
	}
	return out
}

// planOf is a plan that makes two counted subnets a, two keyed ones m, one s, and
// an endpoint whose subnets are an expression.
func planOf(t testing.TB, expr string) []byte {
	t.Helper()
	change := func(kind, name string, index any, after, open map[string]any) map[string]any {
		address := kind + "." + name + keyText(index)
		c := map[string]any{
			"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": "registry.terraform.io/hashicorp/aws",
			"change": map[string]any{"actions": []string{"create"}, "before": nil, "after": after, "after_unknown": open},
		}
		if index != nil {
			c["index"] = index
		}
		return c
	}
	id := map[string]any{"id": true}
	var changes, configs []any
	for _, s := range []struct {
		name  string
		index any
	}{{"a", 0}, {"a", 1}, {"m", "x"}, {"m", "y"}, {"s", nil}} {
		changes = append(changes, change("aws_subnet", s.name, s.index, map[string]any{"vpc_id": "vpc-1"}, id))
	}
	for _, n := range []string{"a", "m", "s"} {
		configs = append(configs, map[string]any{"address": "aws_subnet." + n, "mode": "managed", "type": "aws_subnet", "name": n, "expressions": map[string]any{}})
	}
	changes = append(changes, change("aws_vpc_endpoint", "e", nil, map[string]any{"vpc_id": "vpc-1", "vpc_endpoint_type": "Interface"}, map[string]any{"id": true, "subnet_ids": true}))
	configs = append(configs, map[string]any{"address": "aws_vpc_endpoint.e", "mode": "managed", "type": "aws_vpc_endpoint", "name": "e", "expressions": map[string]any{"subnet_ids": map[string]any{"references": references(t, expr)}}})
	body, err := json.Marshal(map[string]any{"format_version": "1.2", "resource_changes": changes, "configuration": map[string]any{"root_module": map[string]any{"resources": configs}}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestExpressions reads what an attribute will be from the files of the
// configuration, and from the plan alone where these are not there.
func TestExpressions(t *testing.T) {
	const locals = `
locals {
  all     = aws_subnet.a[*].id
  one     = local.all[0]
  key     = "x"
  object  = { id = aws_subnet.s.id, other = aws_subnet.a[0].id }
  by_name = { first = aws_subnet.m["x"].id, second = aws_subnet.m["y"].id }
  nested  = { net = { subnets = [aws_subnet.s.id, "subnet-00000001"] } }
  circle  = local.circle
  boom    = [local.boom1, local.boom1]
  boom1   = [local.boom, local.boom]
}
`
	a, m := "aws_subnet.a[0] aws_subnet.a[1]", `aws_subnet.m["x"] aws_subnet.m["y"]`
	for _, tt := range []struct{ expr, alone, want string }{
		{`[aws_subnet.s.id]`, "aws_subnet.s", "aws_subnet.s"},
		{`[aws_subnet.s.id, "subnet-00000001"]`, "aws_subnet.s", "aws_subnet.s subnet-00000001"},
		{`aws_subnet.a[*].id`, a, a},
		{`[for s in aws_subnet.a : s.id]`, a, a},
		{`[for s in aws_subnet.a : s.id if s.map_public_ip_on_launch]`, a, "?"},
		{`slice(aws_subnet.a[*].id, 0, 1)`, a, "aws_subnet.a[0]"},
		{`[aws_subnet.a[0].id]`, "aws_subnet.a[0]", "aws_subnet.a[0]"},
		{`[aws_subnet.a.*.id[1]]`, a, "aws_subnet.a[1]"},
		{`[element(aws_subnet.a[*].id, 1)]`, a, "aws_subnet.a[1]"},
		{`values(aws_subnet.m)[*].id`, m, m},
		{`[for k in ["x"] : aws_subnet.m[k].id]`, m, `aws_subnet.m["x"]`},
		{`[for k, s in aws_subnet.m : s.id]`, m, m},
		{`concat(aws_subnet.a[*].id, [aws_subnet.s.id])`, a + " aws_subnet.s", a + " aws_subnet.s"},
		{`toset([aws_subnet.s.id])`, "aws_subnet.s", "aws_subnet.s"},
		{`true ? [aws_subnet.s.id] : [aws_subnet.a[0].id]`, "aws_subnet.s aws_subnet.a[0]", "aws_subnet.s"},
		{`var.x ? [aws_subnet.s.id] : []`, "aws_subnet.s?", "aws_subnet.s?"},
		{`[try(aws_subnet.s.id, null)]`, "aws_subnet.s", "aws_subnet.s"},
		{`[aws_subnet.m[local.key].id]`, "?", `aws_subnet.m["x"]`},
		{`[for s in [aws_subnet.s] : s.id if s.arn != ""]`, "aws_subnet.s", "aws_subnet.s"},
		{`[aws_subnet.s.arn != "" ? aws_subnet.s.id : "subnet-00000001"]`, "?", "aws_subnet.s"},
		{`local.object[*].id`, "?", "aws_subnet.s"},
		{`values(local.object)`, "?", "aws_subnet.s aws_subnet.a[0]"},
		{`[local.all["0"]]`, "?", "aws_subnet.a[0]"},
		{`[local.by_name["third"]]`, "?", "?"},
		{`flatten([[aws_subnet.s], aws_subnet.a])[*].id`, "aws_subnet.s " + a, "aws_subnet.s " + a},
		{`coalescelist([], aws_subnet.a[*].id)`, a, a},
		{`[coalesce("", aws_subnet.s.id)]`, "aws_subnet.s", "aws_subnet.s"},
		{`compact(["", aws_subnet.s.id, null])`, "aws_subnet.s", "aws_subnet.s"},
		{`length(aws_subnet.a) > 1 ? [aws_subnet.a[1].id] : []`, a, "aws_subnet.a[1]"},
		{`[lookup(local.by_name, "first", "")]`, "?", `aws_subnet.m["x"]`},
		{`values(merge(local.object, { id = aws_subnet.a[1].id }))`, "?", "aws_subnet.a[1] aws_subnet.a[0]"},
		{`[one(aws_subnet.s[*].id)]`, "aws_subnet.s", "aws_subnet.s"},
		{`distinct([aws_subnet.s.id, aws_subnet.s.id])`, "aws_subnet.s", "aws_subnet.s"},
		{`[contains([aws_subnet.s.id], aws_subnet.a[0].id) ? "subnet-00000001" : aws_subnet.s.id]`, "aws_subnet.s aws_subnet.a[0]", "aws_subnet.s"},
		{`[startswith(aws_subnet.s.id, "subnet-") ? aws_subnet.s.id : "subnet-00000001"]`, "aws_subnet.s", "?"},
		{`[length(aws_subnet.s.id) > 3 ? aws_subnet.s.id : "subnet-00000001"]`, "aws_subnet.s", "?"},
		{`[sort(aws_subnet.a[*].id)[0]]`, a, "?"},
		{`[tolist(toset(aws_subnet.a[*].id))[0]]`, a, "?"},
		{`[try(templatefile("x", {}), aws_subnet.s.id)]`, "aws_subnet.s", "?"},
		{`local.all`, "?", a},
		{`[local.one]`, "?", "aws_subnet.a[0]"},
		{`[local.by_name["second"]]`, "?", `aws_subnet.m["y"]`},
		{`[local.by_name.first]`, "?", `aws_subnet.m["x"]`},
		{`values(local.by_name)`, "?", m},
		{`local.nested.net.subnets`, "?", "aws_subnet.s subnet-00000001"},
		{`local.circle`, "?", "?"},
		{`local.boom`, "?", "?"},
		{`local.missing`, "?", "?"},
	} {
		t.Run(tt.expr, func(t *testing.T) {
			file := locals + "resource \"aws_vpc_endpoint\" \"e\" {\n  subnet_ids = " + tt.expr + "\n}\n"
			for _, files := range []Sources{nil, func(string) map[string][]byte { return map[string][]byte{"main.tf": []byte(file)} }} {
				p, err := Read(planOf(t, tt.expr), files, nil)
				if err != nil {
					t.Fatal(err)
				}
				o := p.Current[len(p.Current)-1]
				list, pending := o.Texts("subnet_ids")
				got, want := strings.Join(list, " "), tt.alone
				if pending != "" {
					got += "?"
				}
				if files != nil {
					want = tt.want
					if at := p.Changes[len(p.Changes)-1].Place; at.File != "main.tf" || at.Line == 0 {
						t.Errorf("declared at %+v", at)
					}
				}
				if got != want {
					t.Errorf("with files %t: %s, want %s", files != nil, got, want)
				}
			}
		})
	}
}

// TestOtherFiles are not those that the plan was made from: they don't count.
func TestOtherFiles(t *testing.T) {
	for name, file := range map[string]string{
		"another expression": "resource \"aws_vpc_endpoint\" \"e\" {\n  subnet_ids = [aws_subnet.s.id]\n}\n",
		"another resource":   "resource \"aws_vpc_endpoint\" \"f\" {\n  subnet_ids = [aws_subnet.a[0].id]\n}\n",
		"another key":        "resource \"aws_vpc_endpoint\" \"e\" {\n  subnet_ids = [aws_subnet.a[0].id]\n}\n",
		"not HCL":            "}{",
		"too deep":           "locals {\n x = " + strings.Repeat("[", 100_000),
	} {
		p, err := Read(planOf(t, `aws_subnet.a[*].id`), func(string) map[string][]byte { return map[string][]byte{"main.tf": []byte(file)} }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if list, _ := p.Current[len(p.Current)-1].Texts("subnet_ids"); fmt.Sprint(list) != "[aws_subnet.a[0] aws_subnet.a[1]]" {
			t.Errorf("%s: %v", name, list)
		}
	}
}

// FuzzSources is the same for the files of a configuration, whatever they hold.
func FuzzSources(f *testing.F) {
	for _, expr := range []string{"local.a", "[for k in [\"x\"] : aws_subnet.m[k].id]", "values(aws_subnet.m)[*].id", "concat(aws_subnet.a[*].id, local.b[0].c)"} {
		f.Add([]byte("locals {\n  a = [local.b]\n  b = [{ c = aws_subnet.s.id }]\n}\nresource \"aws_vpc_endpoint\" \"e\" {\n  subnet_ids = " + expr + "\n}\n"))
	}
	plans := [][]byte{planOf(f, "local.a"), planOf(f, "aws_subnet.a[*].id"), planOf(f, "values(aws_subnet.m)[*].id")}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, body := range plans {
			if _, err := Read(body, func(string) map[string][]byte { return map[string][]byte{"main.tf": text} }, nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}
