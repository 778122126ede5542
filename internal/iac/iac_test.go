package iac

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// dump writes every row of a snapshot, so that two can be held against each
// other. What a plan deletes and AWS still lists for a while is left out.
func dump(s *snapshot.Snapshot) string {
	var out []string
	for _, sc := range s.Scopes {
		add := func(rows ...any) {
			for _, r := range rows {
				body, err := json.Marshal(r)
				if err != nil {
					panic(err)
				}
				if text := sc.Region + " " + string(body) + fmt.Sprintf(" %+v", r); !strings.Contains(text, `"State":"deleted"`) && !strings.Contains(text, `"Code":"deleted"`) {
					out = append(out, sc.Region+" "+fmt.Sprintf("%T ", r)+string(body))
				}
			}
		}
		each(sc.VPCs, add)
		each(sc.Subnets, add)
		each(sc.SecurityGroups, add)
		each(sc.NetworkACLs, add)
		each(sc.RouteTables, add)
		each(sc.Endpoints, add)
		each(sc.Interfaces, add)
		each(sc.Instances, add)
		each(sc.Peerings, add)
		each(sc.PrefixListEntries, add)
		each(sc.TransitGateways, add)
		each(sc.TransitGatewayVPCAttachments, add)
		each(sc.TransitGatewayRouteTables, add)
		each(sc.TransitGatewayAssociations, add)
		each(sc.TransitGatewayRoutes, add)
		each(sc.VPNGateways, add)
	}
	slices.Sort(out)
	return groupName.ReplaceAllString(strings.ReplaceAll(strings.Join(out, "\n"), ":null", ":[]"), "}")
}

// groupName is what AWS shows beside an id, and a plan does not.
var groupName = regexp.MustCompile(`,"GroupName":"[^"]*"}`)

func each[T snapshot.Row](t snapshot.Table[T], add func(...any)) {
	for _, r := range t.All() {
		add(r)
	}
}

func diff(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out []string
	for _, l := range x {
		if !slices.Contains(y, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range y {
		if !slices.Contains(x, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

func overlay(t testing.TB, base *snapshot.Snapshot, sources ...resource.Source) *Overlay {
	t.Helper()
	o, err := New(base, sources)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestMain(m *testing.M) {
	tier.Spend()
	code := m.Run()
	recorded.Remove()
	os.Exit(code)
}

// cases are the plans that others have made, with the estate before.
func cases(t *testing.T) map[string]func(*testing.T) (*snapshot.Snapshot, *resource.Plan) {
	t.Helper()
	out := map[string]func(*testing.T) (*snapshot.Snapshot, *resource.Plan){}
	for _, f := range recorded.Glob(t, "plans", "*/plan.json") {
		dir := filepath.Dir(f)
		if expected, err := os.ReadFile(filepath.Join(dir, "expected.txt")); err != nil || strings.Contains(string(expected), "errored") {
			continue // ReadPlan refuses it
		}
		out[filepath.Base(dir)] = func(t *testing.T) (*snapshot.Snapshot, *resource.Plan) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			p, err := ReadPlan(body, nil)
			if err != nil {
				t.Fatal(err)
			}
			base, err := snapshot.Read(os.DirFS(filepath.Join(dir, "describe_before")), snapshot.ReadOptions{Complete: true})
			if err != nil {
				t.Fatal(err)
			}
			return base, p
		}
	}
	return out
}

// some are those of the cases that a sweep takes.
func some(t *testing.T) map[string]func(*testing.T) (*snapshot.Snapshot, *resource.Plan) {
	t.Helper()
	all := cases(t)
	taken := tier.Share(slices.Sorted(maps.Keys(all)))
	maps.DeleteFunc(all, func(name string, _ func(*testing.T) (*snapshot.Snapshot, *resource.Plan)) bool {
		return !slices.Contains(taken, name)
	})
	return all
}

// TestOverlayLeavesTheBase lays every plan over its base, which stays as it is.
func TestOverlayLeavesTheBase(t *testing.T) {
	for name, open := range some(t) {
		t.Run(name, func(t *testing.T) {
			base, p := open(t)
			was := dump(base)
			o := overlay(t, base, p)
			before := dump(o.Before())
			o.After(nil)
			if dump(base) != was || dump(o.Before()) != before {
				t.Error("the base was changed")
			}
		})
	}
}

// TestNoChangeChangesNothing is about plans that change nothing, and about the
// part of any plan that is none of the changes.
func TestNoChangeChangesNothing(t *testing.T) {
	for name, open := range some(t) {
		t.Run(name, func(t *testing.T) {
			base, p := open(t)
			o := overlay(t, base, p)
			if got := dump(o.After(func(int) bool { return false })); got != dump(o.Before()) {
				t.Errorf("no change, but:\n%s", diff(dump(o.Before()), got))
			}
			if strings.Contains(name, "noop") && len(o.Changes()) != 0 {
				t.Errorf("%d changes", len(o.Changes()))
			}
		})
	}
}

// TestTwiceIsOnce applies every plan to its own outcome.
func TestTwiceIsOnce(t *testing.T) {
	for name, open := range some(t) {
		t.Run(name, func(t *testing.T) {
			base, p := open(t)
			all := func(int) bool { return true } // and no doubt that the estate lacks what is gone already
			once := overlay(t, base, p).After(all)
			twice := overlay(t, once, p).After(all)
			if dump(once) != dump(twice) {
				t.Errorf("applied twice:\n%s", diff(dump(once), dump(twice)))
			}
		})
	}
}

// TestDeletingBringsBack deletes what a plan creates.
func TestDeletingBringsBack(t *testing.T) {
	tried := 0
	for name, open := range cases(t) {
		t.Run(name, func(t *testing.T) {
			base, p := open(t)
			back := &resource.Plan{}
			for _, c := range p.Changes {
				if c.Action != resource.Create || strings.HasPrefix(c.Type, "aws_default_") || resource.Types().Models[c.Type].Drop == nil && c.Type != "aws_vpc_peering_connection_accepter" {
					return // what it changes otherwise does not come back by deleting
				}
				gone := *c.After
				gone.Exists = true
				back.Changes = append(back.Changes, resource.Change{Address: c.Address, Type: c.Type, Action: resource.Delete, Before: &gone})
			}
			if len(back.Changes) == 0 || name == "m35-route-more-specific-elsewhere" {
				return
			}
			tried++
			o := overlay(t, base, p)
			after := o.After(nil)
			if got := dump(overlay(t, after, back).After(nil)); got != dump(o.Before()) {
				t.Errorf("created and deleted:\n%s", diff(dump(o.Before()), got))
			}
		})
	}
	if tried < 5 {
		t.Errorf("only %d plans do nothing but create", tried)
	}
}

// TestAnyPartOfAPlan applies random-looking parts of plans, as the search for the
// culprit does: none may crash.
func TestAnyPartOfAPlan(t *testing.T) {
	for name, open := range some(t) {
		t.Run(name, func(t *testing.T) {
			base, p := open(t)
			o := overlay(t, base, p)
			for n := range min(len(o.Changes()), 40) {
				o.After(func(i int) bool { return i == n })
				o.After(func(i int) bool { return i != n })
			}
		})
	}
}

func healthy(t testing.TB) *snapshot.Snapshot {
	t.Helper()
	files, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// planJSON writes a plan of resource changes and a configuration.
func planJSON(t testing.TB, changes []map[string]any, config map[string]any) *resource.Plan {
	t.Helper()
	body, err := json.Marshal(map[string]any{"format_version": "1.2", "resource_changes": changes, "configuration": map[string]any{
		"provider_config": map[string]any{"aws": map[string]any{"name": "aws", "expressions": map[string]any{"region": map[string]any{"constant_value": "us-east-1"}}}},
		"root_module":     config,
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPlan(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func change(address, kind, name string, actions []string, before, after, unknown any) map[string]any {
	return map[string]any{
		"address": address, "mode": "managed", "type": kind, "name": name, "provider_name": "registry.terraform.io/hashicorp/aws",
		"change": map[string]any{"actions": actions, "before": before, "after": after, "after_unknown": unknown},
	}
}

func configured(kind, name string, expressions map[string]any) map[string]any {
	return map[string]any{"address": kind + "." + name, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws", "expressions": expressions}
}

func refs(list ...string) map[string]any { return map[string]any{"references": list} }

// TestReferences follows what the configuration mentions. An attribute is known
// where nothing else can be meant, and stays unknown everywhere else.
func TestReferences(t *testing.T) {
	group := func(name string) map[string]any {
		return change("aws_security_group."+name, "aws_security_group", name, []string{"create"}, nil, map[string]any{"name": name, "vpc_id": "vpc-1"}, map[string]any{"id": true})
	}
	for _, tt := range []struct {
		name string
		refs []string
		want any
	}{
		{"one", []string{"aws_security_group.a.id", "aws_security_group.a"}, []any{"aws_security_group.a"}},
		{"several", []string{"aws_security_group.a.id", "aws_security_group.a", "aws_security_group.b.id", "aws_security_group.b"}, []any{"aws_security_group.a", "aws_security_group.b"}},
		{"the branches of a conditional", []string{"var.wide", "aws_security_group.a.id", "aws_security_group.a", "aws_security_group.b.id", "aws_security_group.b"}, resource.Unknown("aws_vpc_endpoint.e.security_group_ids")},
		{"one, beside what a variable brings", []string{"aws_security_group.a.id", "aws_security_group.a", "var.more"}, resource.AtLeast{Known: []string{"aws_security_group.a"}, Rest: "aws_vpc_endpoint.e.security_group_ids"}},
		{"a local", []string{"local.groups"}, resource.Unknown("aws_vpc_endpoint.e.security_group_ids")},
		{"a resource that is not there", []string{"aws_security_group.z.id", "aws_security_group.z"}, resource.Unknown("aws_vpc_endpoint.e.security_group_ids")},
		{"another type", []string{"aws_vpc.v.id", "aws_vpc.v"}, resource.Unknown("aws_vpc_endpoint.e.security_group_ids")},
		{"nothing", nil, resource.Unknown("aws_vpc_endpoint.e.security_group_ids")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := planJSON(t, []map[string]any{
				group("a"), group("b"),
				change("aws_vpc_endpoint.e", "aws_vpc_endpoint", "e", []string{"create"}, nil, map[string]any{"vpc_endpoint_type": "Interface"}, map[string]any{"id": true, "security_group_ids": true}),
			}, map[string]any{"resources": []any{
				configured("aws_security_group", "a", nil), configured("aws_security_group", "b", nil),
				configured("aws_vpc_endpoint", "e", map[string]any{"security_group_ids": refs(tt.refs...)}),
			}})
			got := p.Changes[2].After.Attributes["security_group_ids"]
			if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", tt.want) {
				t.Errorf("%#v, want %#v", got, tt.want)
			}
		})
	}
}

// TestModules follows references through calls, outputs, count and for_each.
func TestModules(t *testing.T) {
	rule := func(module, key string, index any) map[string]any {
		c := change(module+".aws_vpc_security_group_ingress_rule.r"+key, "aws_vpc_security_group_ingress_rule", "r", []string{"create"}, nil, map[string]any{"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "10.0.0.0/8"}, map[string]any{"id": true, "security_group_id": true})
		c["module_address"], c["index"] = module, index
		return c
	}
	group := func(module, key string, index any) map[string]any {
		c := change(module+".aws_security_group.g"+key, "aws_security_group", "g", []string{"create"}, nil, map[string]any{"name": "g"}, map[string]any{"id": true})
		c["module_address"], c["index"] = module, index
		return c
	}
	inner := map[string]any{
		"resources": []any{configured("aws_security_group", "g", nil)},
		"outputs":   map[string]any{"ids": map[string]any{"expression": refs("aws_security_group.g")}},
	}
	r := configured("aws_vpc_security_group_ingress_rule", "r", map[string]any{"security_group_id": refs("each.value", "each.value.id")})
	r["for_each_expression"] = refs("var.groups")
	p := planJSON(t, []map[string]any{
		group(`module.sg[0]`, `["x"]`, "x"), group(`module.sg[0]`, `["y.z"]`, "y.z"), rule("module.rules", `["x"]`, "x"), rule("module.rules", `["y.z"]`, "y.z"), rule("module.rules", `["w"]`, "w"),
	}, map[string]any{"module_calls": map[string]any{
		"sg":    map[string]any{"source": "./sg", "module": inner, "count_expression": map[string]any{"constant_value": 1}},
		"rules": map[string]any{"source": "./rules", "expressions": map[string]any{"groups": refs("module.sg[0].ids", "module.sg[0]", "module.sg")}, "module": map[string]any{"resources": []any{r}}},
	}})
	want := []any{`module.sg[0].aws_security_group.g["x"]`, `module.sg[0].aws_security_group.g["y.z"]`, resource.Unknown(`module.rules.aws_vpc_security_group_ingress_rule.r["w"].security_group_id`)}
	for i, w := range want {
		if got := p.Changes[2+i].After.Attributes["security_group_id"]; got != w {
			t.Errorf("%v, want %v", got, w)
		}
	}
}

// TestNewVPC holds what AWS makes with a VPC: a group, an ACL and a main table.
func TestNewVPC(t *testing.T) {
	p := planJSON(t, []map[string]any{
		change("aws_vpc.v", "aws_vpc", "v", []string{"create"}, nil, map[string]any{"cidr_block": "10.9.0.0/16"}, map[string]any{"id": true}),
		change("aws_subnet.s", "aws_subnet", "s", []string{"create"}, nil, map[string]any{"cidr_block": "10.9.1.0/28", "availability_zone": "us-east-1a"}, map[string]any{"id": true, "vpc_id": true}),
		change("aws_security_group.g", "aws_security_group", "g", []string{"create"}, nil, map[string]any{"name": "g"}, map[string]any{"id": true, "vpc_id": true, "ingress": true, "egress": true}),
	}, map[string]any{"resources": []any{
		configured("aws_vpc", "v", nil), configured("aws_subnet", "s", map[string]any{"vpc_id": refs("aws_vpc.v.id", "aws_vpc.v")}), configured("aws_security_group", "g", map[string]any{"vpc_id": refs("aws_vpc.v.id", "aws_vpc.v")}),
	}})
	after := overlay(t, nil, p).After(nil)
	s := after.Scopes[0]
	if s.Region != "us-east-1" || !s.RouteTables.Covers("aws_vpc.v") || s.RouteTables.Covers("vpc-other") {
		t.Errorf("scope %s; the new VPC is known as a whole: %v", s.Region, s.RouteTables.Covers("aws_vpc.v"))
	}
	n, _ := s.Subnets.Get("aws_subnet.s")
	if n.FreeIPs == nil || *n.FreeIPs != 11 || n.VPC != "aws_vpc.v" {
		t.Errorf("subnet %+v", n)
	}
	g, _ := s.SecurityGroups.Get("aws_security_group.g")
	if len(g.Ingress)+len(g.Egress) != 0 {
		t.Errorf("a group that Terraform makes has rules: %+v", g)
	}
	d, _ := s.SecurityGroups.Get("aws_vpc.v.default_security_group_id")
	if len(d.Ingress) != 1 || len(d.Egress) != 1 || d.Ingress[0].GroupPairs[0].GroupID != d.ID {
		t.Errorf("the default group: %+v", d)
	}
	if len(s.RouteTables.All()) != 1 || s.RouteTables.All()[0].Routes[0].CIDR != netip.MustParsePrefix("10.9.0.0/16") {
		t.Errorf("the main table: %+v", s.RouteTables.All())
	}
}

// TestAnUnseenPartIsDoubt changes a rule of a group that nobody saw.
func TestAnUnseenPartIsDoubt(t *testing.T) {
	p := planJSON(t, []map[string]any{
		change("aws_vpc_security_group_ingress_rule.r", "aws_vpc_security_group_ingress_rule", "r", []string{"create"}, nil, map[string]any{"security_group_id": "sg-0123456789abcdef0", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}, map[string]any{"id": true}),
	}, map[string]any{"resources": []any{configured("aws_vpc_security_group_ingress_rule", "r", nil)}})
	s := overlay(t, nil, p).After(nil).Scopes[0]
	if g := s.GapFor(snapshot.SecurityGroups, "sg-0123456789abcdef0"); g.Code != snapshot.PartUnseen || g.Ref != "aws_vpc_security_group_ingress_rule.r" {
		t.Errorf("%+v", g)
	}
}

// TestUnmodelled takes away what a resource without a model may touch.
func TestUnmodelled(t *testing.T) {
	base := healthy(t)
	p := planJSON(t, []map[string]any{
		change("aws_ec2_transit_gateway_connect.c", "aws_ec2_transit_gateway_connect", "c", []string{"create"}, nil, map[string]any{"transport_attachment_id": "tgw-attach-1"}, map[string]any{"id": true}),
		change("aws_s3_bucket.b", "aws_s3_bucket", "b", []string{"create"}, nil, map[string]any{"bucket": "b"}, map[string]any{"id": true}),
	}, map[string]any{})
	if len(p.Gaps) != 1 || p.Gaps[0].Ref != "aws_ec2_transit_gateway_connect.c" || len(p.Changes) != 0 {
		t.Fatalf("gaps %+v, changes %+v", p.Gaps, p.Changes)
	}
	after := overlay(t, base, p).After(nil)
	lost := 0
	for _, s := range after.Scopes {
		if s.Opened[snapshot.TransitGatewayRoutes] != nil {
			lost++
		}
	}
	if lost != len(after.Scopes) { // nothing tells where it is
		t.Errorf("%d scopes doubt their transit gateway routes", lost)
	}
}
