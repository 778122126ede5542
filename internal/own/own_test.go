//go:build cel

package own

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// one is a file with one check, whose keys are replaced.
func one(change map[string]string) string {
	keys := map[string]string{
		"id": "own", "code": "ORG101", "title": "It holds", "needs": "[describe-subnets]", "problem": "it does not", "fix": "mend it",
		"expect": `destination.Subnets.all(s, s.State == "available")`,
	}
	maps.Copy(keys, change)
	var b strings.Builder
	b.WriteString("checks:\n")
	dash := "-"
	for _, k := range []string{"id", "code", "severity", "title", "needs", "uses", "after", "each", "within", "when", "expect", "problem", "args", "fix", "docs", "other"} {
		if keys[k] != "" {
			fmt.Fprintf(&b, "  %s %s: %s\n", dash, k, keys[k])
			dash = " "
		}
	}
	return b.String()
}

func opened(t testing.TB, fixture string) (*snapshot.Snapshot, snapshot.Target) {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	target, err := checks.Complete(snap, snapshot.Target{})
	if err != nil {
		t.Fatal(err)
	}
	return snap, target
}

// asked reads a file and asks its last check.
func asked(t testing.TB, body string, snap *snapshot.Snapshot, target snapshot.Target) checks.Result {
	t.Helper()
	all, err := Read("own.yaml", []byte(body), checks.All())
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	c := all[len(all)-1]
	return checks.Run(context.Background(), target, snap.For(target), []*checks.Check{c}, checks.Options{})[0]
}

// TestRefused names the file, the line and the column of each mistake.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, body, says string
	}{
		{"empty", "", "line 1, column 1: the file holds no YAML"},
		{"no YAML", "checks: [", "own.yaml: line"},
		{"no list", "checks: 1", "line 1, column 9: a list of checks"},
		{"two documents", one(nil) + "---\n{}\n", "more than one YAML document"},
		{"unknown key", one(map[string]string{"other": "1"}), `line 9, column 5: there is no key "other"`},
		{"no expect", one(map[string]string{"expect": ""}), "line 2, column 5: the check has no key expect"},
		{"our id", one(map[string]string{"id": "endpoint-owner"}), "line 2, column 5: the id \"endpoint-owner\" is taken"},
		{"our code", one(map[string]string{"code": "DSP101"}), "DSP is ours"},
		{"twice", one(nil) + strings.TrimPrefix(one(nil), "checks:\n"), `the id "own" is taken`},
		{"code twice", one(nil) + strings.TrimPrefix(one(map[string]string{"id": "other"}), "checks:\n"), `the code "ORG101" is taken`},
		{"syntax", one(map[string]string{"expect": "1 +"}), "line 6, column"},
		{"a name that is not", one(map[string]string{"expect": "destination.Subnets.all(s, sub.State == 'x')"}), "line 6, column 40: in the expression: undeclared reference to 'sub'"},
		{"a table that is not", one(map[string]string{"expect": "destination.Subnet.size() == 1"}), "undefined field 'Subnet'"},
		{"types", one(map[string]string{"expect": "destination.Subnets.all(s, s.AvailableIpAddressCount > '4')"}), "no matching overload"},
		{"no yes or no", one(map[string]string{"expect": "destination.Subnets"}), "expected a value of type bool"},
		{"a block", one(map[string]string{"expect": "|\n      destination.Subnets.all(s,\n        sub.State == 'x')"}), "line 8, column 9: in the expression"},
		{"undeclared table", one(map[string]string{"expect": "destination.Vpcs.size() > 0"}), "reads describe-vpcs, which is in neither needs nor uses"},
		{"idle table", one(map[string]string{"needs": "[describe-subnets, describe-vpcs]"}), "line 5, column 31: nothing reads describe-vpcs"},
		{"no call", one(map[string]string{"needs": "[describe-subnet]"}), `line 5, column 13: "describe-subnet" is not a call`},
		{"severity", one(map[string]string{"severity": "high"}), `the severity "high"`},
		{"no English", one(map[string]string{"title": "{ja: 成り立つ}"}), "the English text (en) is missing"},
		{"no language", one(map[string]string{"title": "{en: a, japanese: b}"}), `"japanese" is not a language`},
		{"a page that is none", one(map[string]string{"docs": "javascript:alert(1)"}), "expected the address of a page"},
		{"a page with marks", one(map[string]string{"docs": "https://a.example/>)"}), "expected the address of a page"},
		{"braces", one(map[string]string{"problem": "'{free} are free'"}), "{free} is neither {subject} nor in args"},
		{"after nothing", one(map[string]string{"after": "[own]"}), `there is no check "own" before this one`},
		{"each of what", one(map[string]string{"each": "Subnets"}), "expected destination or source and a table"},
		{"within what", one(map[string]string{"within": "'vpc-1'"}), "within is for a table"},
		{"an alias", "a: &a 1\nchecks: *a\n", "line 1, column 1: there is no key"},
		{"too long", one(map[string]string{"expect": "'" + strings.Repeat("1 + ", mostLetters/4) + "1 == 1'"}), "size exceeds limit"},
		{"too deep", one(map[string]string{"expect": "'" + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300) + "'"}), "recursion"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read("own.yaml", []byte(tt.body), checks.All())
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "own.yaml") {
				t.Errorf("%v, want %q", err, tt.says)
			}
			if ja := snapshot.ErrorIn(err, "ja"); err != nil && ja == err.Error() {
				t.Errorf("in Japanese it is English: %s", ja)
			}
		})
	}
}

// TestThreeValues holds what is known, what is not, and why.
func TestThreeValues(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change map[string]string
		want   checks.Status
		gap    snapshot.GapCode
	}{
		{"holds", nil, checks.Pass, ""},
		{"does not", map[string]string{"expect": "destination.Subnets.all(s, s.AvailableIpAddressCount > 10000)"}, checks.Fail, ""},
		{"warns", map[string]string{"severity": "warn", "expect": "destination.Subnets.size() == 0"}, checks.Warn, ""},
		{"a field that is not kept", map[string]string{"expect": "destination.Subnets.all(s, s.MapPublicIpOnLaunch == false)"}, checks.Unknown, snapshot.FieldNotRead},
		{"which decides nothing", map[string]string{"expect": `destination.Subnets.all(s, s.State == "available" || s.MapPublicIpOnLaunch)`}, checks.Pass, ""},
		{"has of it", map[string]string{"expect": "destination.Subnets.all(s, has(s.MapPublicIpOnLaunch))"}, checks.Unknown, snapshot.FieldNotRead},
		{"no tags are none", map[string]string{"expect": `destination.Subnets.exists(s, s.Tags.exists(t, t.Key == "Owner"))`}, checks.Fail, ""},
		{"a key that is not", map[string]string{"expect": "destination.Subnets.size() > 0 && target['nothing'] == ''"}, checks.Unknown, snapshot.ExpressionFailed},
		{"division by zero", map[string]string{"expect": "destination.Subnets.size() / 0 == 1"}, checks.Unknown, snapshot.ExpressionFailed},
		{"in a block", map[string]string{"expect": `destination.Subnets.all(s, s.CidrBlock.inCidr("10.20.0.0/16"))`}, checks.Pass, ""},
		{"no block", map[string]string{"expect": `destination.Subnets.all(s, s.CidrBlock.inCidr("10.20"))`}, checks.Unknown, snapshot.ExpressionFailed},
		{"too dear", map[string]string{"expect": "destination.Subnets.map(a, destination.Subnets.map(b, destination.Subnets.map(c, destination.Subnets.map(d, destination.Subnets.map(e, destination.Subnets.map(f, destination.Subnets.map(g, destination.Subnets.map(h, destination.Subnets.map(i, destination.Subnets.map(j, destination.Subnets.map(k, destination.Subnets.map(l, destination.Subnets.map(m, destination.Subnets.map(n, destination.Subnets.map(o, destination.Subnets.map(p, destination.Subnets.map(q, destination.Subnets.map(r, destination.Subnets.map(s, destination.Subnets.map(u, destination.Subnets.map(v, destination.Subnets.map(w, 1)))))))))))))))))))))).size() == 0"}, checks.Unknown, snapshot.ExpressionFailed},
		{"each", map[string]string{"each": "destination.Subnets", "expect": "row.AvailableIpAddressCount > 0"}, checks.Pass, ""},
		{"each of none", map[string]string{"each": "destination.Subnets", "when": `row.State == "pending"`, "expect": "false"}, checks.Skip, ""},
		{"the other side", map[string]string{"expect": `source.Subnets.size() > 0 && source.Region == "ap-northeast-1"`}, checks.Pass, ""},
		{"a set that was not seen", map[string]string{"needs": "[get-subnet-cidr-reservations]", "expect": `destination.SubnetCidrReservations.of("subnet-00000000000000000").size() == 0`}, checks.Unknown, ""},
		{"the endpoint", map[string]string{"needs": "[describe-vpc-endpoints]", "expect": `endpoint.VpcEndpointType == "Interface" && endpoint.VpcEndpointId == target["vpc-endpoint-id"]`}, checks.Pass, ""},
		{"only what AWS leaves out is known not to be there", map[string]string{"needs": "[describe-route-tables]", "expect": `destination.RouteTables.all(t, t.Routes.all(r, !has(r.CarrierGatewayId)))`}, checks.Pass, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap, target := opened(t, "healthy")
			r := asked(t, one(tt.change), snap, target)
			if r.Status != tt.want || tt.gap != "" && r.Findings[0].Gaps[0].Code != tt.gap {
				t.Errorf("%s, want %s %s: %+v", r.Status, tt.want, tt.gap, r.Findings)
			}
		})
	}
}

// TestPlannedIsOpen holds that what is known only after apply is not known, and what is
// sensitive neither shown nor judged.
func TestPlannedIsOpen(t *testing.T) {
	for name, change := range map[string]func(*snapshot.Scope, snapshot.Endpoint, snapshot.SecurityGroup){
		"groups": func(s *snapshot.Scope, e snapshot.Endpoint, _ snapshot.SecurityGroup) {
			e.GroupsPending = "aws_vpc_endpoint.this.security_group_ids"
			s.Endpoints.Put(e)
		},
		"rule": func(s *snapshot.Scope, _ snapshot.Endpoint, g snapshot.SecurityGroup) {
			g.Ingress = append(slices.Clone(g.Ingress), snapshot.Permission{Protocol: "tcp", Pending: "aws_security_group.this.ingress"})
			s.SecurityGroups.Put(g)
		},
		"secret": func(s *snapshot.Scope, _ snapshot.Endpoint, g snapshot.SecurityGroup) {
			g.Ingress = append(slices.Clone(g.Ingress), snapshot.Permission{Protocol: "tcp", Secret: true})
			s.SecurityGroups.Put(g)
		},
	} {
		snap, target := opened(t, "healthy")
		body := one(map[string]string{"needs": "[describe-vpc-endpoints, describe-security-groups]", "expect": `endpoint.Groups.all(g, destination.SecurityGroups.exists(s, s.GroupId == g.GroupId && s.IpPermissions.all(p, p.IpProtocol != "-1")))`})
		if r := asked(t, body, snap, target); r.Status != checks.Pass {
			t.Fatalf("without a plan: %+v", r)
		}
		snap = snap.Clone()
		s := snap.Role(snapshot.Destination)
		e, _ := s.Endpoints.Get(target.EndpointID)
		g, _ := s.SecurityGroups.Get(e.Groups[0].ID)
		change(s, e, g)
		if r := asked(t, body, snap, target); r.Status != checks.Unknown {
			t.Errorf("%s: %s", name, r.Status)
		}
	}
}

// TestEqualToCompiled judges random estates by the file and by a compiled check that
// asks the same.
func TestEqualToCompiled(t *testing.T) {
	const estates = 1000
	body := one(map[string]string{
		"needs": "[describe-vpc-endpoints, describe-subnets]", "each": "destination.Subnets", "within": "endpoint.VpcId",
		"when": `row.State == "available"`, "expect": `row.AvailableIpAddressCount >= 100 || row.Tags.exists(t, t.Key == "Small")`,
	})
	all, err := Read("own.yaml", []byte(body), checks.All())
	if err != nil {
		t.Fatal(err)
	}
	written := all.ByID("own")
	compiled := &checks.Check{
		ID: "compiled", Title: written.Title, Requires: written.Requires, Needs: written.Needs, Problems: written.Problems,
		Run: func(x *checks.Exam) {
			s := x.Snapshot.Role(snapshot.Destination)
			e, p := s.Endpoints.Get(x.Target.EndpointID)
			if p != snapshot.Present || e.VPC == "" {
				x.Unknown("", s.GapFor(snapshot.Endpoints, x.Target.EndpointID))
				return
			}
			found := false
			for _, n := range s.Subnets.All() {
				if n.VPC != e.VPC {
					continue
				}
				saw := snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Same("seen"))
				small := slices.ContainsFunc(n.Tags, func(t snapshot.Tag) bool { return t.Key == "Small" })
				switch {
				case n.State == "":
					x.Unknown(n.ID, snapshot.FieldGap(snapshot.Subnets, n.ID, n.Pending, "State"))
				case n.State != "available":
					continue
				case small || n.FreeIPs != nil && *n.FreeIPs >= 100:
					x.OK(n.ID, saw)
				case n.FreeIPs == nil:
					x.Unknown(n.ID, snapshot.FieldGap(snapshot.Subnets, n.ID, n.Pending, "AvailableIpAddressCount"))
				default:
					x.Report(written.Problems[0], n.ID, nil, saw)
				}
				found = true
			}
			if !s.Subnets.Covers(e.VPC) {
				x.Unknown("", s.GapFor(snapshot.Subnets, e.VPC))
			} else if !found {
				x.NotApplicable(snapshot.Same("none"))
			}
		},
	}
	counts := map[checks.Status]int{}
	for seed := range uint64(estates) {
		snap, target := opened0(t)
		random := rand.New(rand.NewPCG(seed, 1))
		hidden := randomize(random, snap.Role(snapshot.Destination), target)
		results := checks.Run(context.Background(), target, snap, []*checks.Check{written, compiled}, checks.Options{})
		if results[0].Status != results[1].Status || len(results[0].Findings) != len(results[1].Findings) {
			t.Fatalf("seed %d: the file says %s, the compiled check %s:\n%+v\n%+v", seed, results[0].Status, results[1].Status, results[0].Findings, results[1].Findings)
		}
		if hidden && results[0].Status == checks.Pass {
			t.Fatalf("seed %d: PASS, with a needed table hidden", seed)
		}
		counts[results[0].Status]++
	}
	for _, s := range []checks.Status{checks.Pass, checks.Fail, checks.Unknown, checks.Skip} {
		if counts[s] < 10 {
			t.Errorf("%d estates are %s: the test proves little", counts[s], s)
		}
	}
}

var base *snapshot.Snapshot

func opened0(t *testing.T) (*snapshot.Snapshot, snapshot.Target) {
	if base == nil {
		base, _ = opened(t, "healthy")
	}
	return base.Clone(), *base.Target
}

// randomize changes the subnets, and what is seen of them; true: a needed table, or a part
// of it that counts, is hidden.
func randomize(random *rand.Rand, s *snapshot.Scope, target snapshot.Target) (hidden bool) {
	e, _ := s.Endpoints.Get(target.EndpointID)
	extents := []snapshot.Extent{snapshot.Full, snapshot.Full, snapshot.Full, snapshot.Partial, snapshot.None}
	extent := extents[random.IntN(len(extents))]
	var vpcs []string
	if random.IntN(3) == 0 {
		vpcs = []string{[]string{e.VPC, "vpc-0000000000000000f"}[random.IntN(2)]}
	}
	rows := snapshot.NewTable[snapshot.Subnet](extent, vpcs...)
	for i := range random.IntN(4) {
		n := snapshot.Subnet{ID: fmt.Sprintf("subnet-%017x", i), VPC: []string{e.VPC, e.VPC, "vpc-0000000000000000f"}[random.IntN(3)], State: []string{"available", "available", "available", "pending", ""}[random.IntN(5)]}
		if free := random.IntN(300); free > 30 {
			free -= 20
			n.FreeIPs = &free
		}
		if random.IntN(3) == 0 {
			n.Tags = []snapshot.Tag{{Key: []string{"Small", "Name"}[random.IntN(2)]}}
		}
		rows.Put(n)
	}
	if extent == snapshot.None {
		rows = snapshot.Table[snapshot.Subnet]{}
	}
	s.Subnets = rows
	hidden = extent != snapshot.Full || vpcs != nil && vpcs[0] != e.VPC
	if random.IntN(8) == 0 {
		s.Endpoints = snapshot.Table[snapshot.Endpoint]{}
		hidden = true
	}
	return hidden
}

// TestExamplesOfTheManual reads and asks each check of docs/own-checks.md.
func TestExamplesOfTheManual(t *testing.T) {
	page, err := os.ReadFile("../../docs/own-checks.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```\n\n<!-- healthy: (\\w+) -->").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 3 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		snap, target := opened(t, "healthy")
		if r := asked(t, b[1], snap, target); r.Status.String() != b[2] {
			t.Errorf("%s is %s, the page says %s: %+v", r.Check.ID, r.Status, b[2], r.Findings)
		}
	}
	for name, table := range tables {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the page does not list %s (%s)", name, table.kind.Command())
		}
	}
}

// FuzzRead finds no file that is read and can't be asked.
func FuzzRead(f *testing.F) {
	f.Add(one(nil))
	f.Add(one(map[string]string{"each": "destination.Subnets", "within": "endpoint.VpcId", "needs": "[describe-subnets, describe-vpc-endpoints]", "expect": "row.Tags.exists(t, t.Key == 'a')", "args": "{a: row.State}", "problem": "'{a}'"}))
	f.Add("checks:\n- {id: a, code: AA000, title: a, needs: [describe-vpcs], expect: 'has(destination.Vpcs)', problem: a, fix: a}")
	snap, err := func() (*snapshot.Snapshot, error) {
		var files fs.FS
		files, _, err := fixtures.Open("healthy")
		if err != nil {
			return nil, err
		}
		return snapshot.Read(files, snapshot.ReadOptions{})
	}()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		all, err := Read("own.yaml", []byte(body), checks.All())
		if err != nil {
			return
		}
		for _, r := range checks.Run(context.Background(), *snap.Target, snap, all[len(checks.All()):], checks.Options{}) {
			for _, found := range r.Findings {
				for _, g := range found.Gaps {
					if g.Code == snapshot.Panicked {
						t.Errorf("%+v\n%s", g, body)
					}
				}
			}
		}
	})
}
