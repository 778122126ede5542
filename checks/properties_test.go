package checks_test

import (
	"context"
	"go/parser"
	"go/token"
	"net/netip"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

func judge(c *checks.Check, t snapshot.Target, snap *snapshot.Snapshot) checks.Status {
	list, err := checks.All().Select([]string{c.ID}, nil)
	if err != nil {
		return checks.Unknown
	}
	for _, r := range checks.Run(context.Background(), t, snap, list, checks.Options{}) {
		if r.Check == c {
			return r.Status
		}
	}
	return checks.Unknown
}

// TestNoPassWithoutEvidence takes each declared table away. Without a needed one
// no check passes; without any other, none may turn from a verdict to its
// opposite.
func TestNoPassWithoutEvidence(t *testing.T) {
	for _, name := range tier.Share(fixtures.Names()) {
		target, snap := openFixture(t, name)
		for _, c := range checks.All() {
			whole := judge(c, target, snap)
			for _, k := range c.Needs {
				if got := judge(c, target, snap.Without(k)); got == checks.Pass {
					t.Errorf("%s: %s passes without %s", name, c.ID, k)
				}
			}
			for _, k := range c.Uses {
				got := judge(c, target, snap.Without(k))
				if whole == checks.Fail && (got == checks.Pass || got == checks.Warn) || whole == checks.Pass && got == checks.Fail {
					t.Errorf("%s: %s is %v with %s and %v without", name, c.ID, whole, k, got)
				}
			}
		}
	}
}

// rowsOfOthers are tables of which a check passes without a row, each with the reason.
var rowsOfOthers = map[string]string{
	"agent-sg-egress/describe-subnets":             "that the task's subnet was not seen, subnet-usable says",
	"subnet-free-ips/get-subnet-cidr-reservations": "folders made by hand seldom have it; a call that was refused, or failed, is UNKNOWN",
}

// TestNoPassWithoutARow takes each row of the declared tables out of each wounded estate:
// no row that was not seen lets a check pass that found its problem with it.
func TestNoPassWithoutARow(t *testing.T) {
	tried := 0
	for i, folder := range wounds(t) {
		if !tier.Takes(i, 1) {
			continue
		}
		target, snap := wounded(t, folder)
		c := checks.ByID(filepath.Base(filepath.Dir(folder)))
		if found := judge(c, target, snap); found != checks.Fail && found != checks.Warn {
			continue
		}
		for n, s := range snap.Scopes {
			for _, k := range slices.Concat(c.Needs, c.Uses) {
				if k.Command() == "" || rowsOfOthers[c.ID+"/"+k.String()] != "" { // no table, or excused
					continue
				}
				for _, id := range s.Rows(k).IDs() {
					without := snap.Clone()
					without.Scopes[n].Lose(k, id)
					without.Scopes[n].Doubt(k, snapshot.Gap{Code: snapshot.RowUnseen, Ref: id})
					tried++
					if judge(c, target, without) == checks.Pass {
						t.Errorf("%s: %s passes where %s of %s was not seen: report Unknown for what is Unobserved", folder, c.ID, id, k)
					}
				}
			}
		}
	}
	t.Logf("%d rows", tried)
}

// TestHealthyPasses is the other half: with everything seen, every check of a
// healthy estate passes. Where nothing was dialled, the probes are SKIP.
func TestHealthyPasses(t *testing.T) {
	for _, name := range fixtures.Names() {
		if !strings.HasPrefix(name, "healthy") {
			continue
		}
		target, snap := openFixture(t, name)
		for _, r := range checks.Run(context.Background(), target, snap, checks.All(), checks.Options{}) {
			unasked := snap.Probes == nil && slices.Contains(r.Check.Needs, snapshot.Probes) && r.Status == checks.Skip
			unasked = unasked || r.Status == checks.Skip && (target.AgentARN == "" && slices.Contains(r.Check.Uses, snapshot.Agents) || target.AgentARN != "" && slices.Contains([]string{"activation-input", "iam-activation"}, r.Check.ID))
			if r.Status != checks.Pass && !unasked {
				t.Errorf("%s: %s is %v: %+v", name, r.Check.ID, r.Status, r.Findings)
			}
		}
	}
}

// TestHalfAnEstate judges every fixture with only one of its tables, and with
// all tables incomplete: nothing panics, and nothing is READY by omission.
func TestHalfAnEstate(t *testing.T) {
	for _, name := range fixtures.Names() {
		target, snap := openFixture(t, name)
		for _, k := range snapshot.Kinds() {
			only := snap.Only([]snapshot.Kind{k})
			passed := 0
			for _, r := range checks.Run(context.Background(), target, only, checks.All(), checks.Options{}) {
				if r.Status == checks.Pass {
					passed++
				}
			}
			if passed == len(checks.All()) {
				t.Errorf("%s: READY with nothing but %s", name, k)
			}
		}
	}
}

// TestTargetsSaidInPart judges every fixture with a part of what its target says, with
// the agent named by its address alone, and with nothing seen of the agent's side:
// nothing panics, and what is left open has its gap.
func TestTargetsSaidInPart(t *testing.T) {
	step := 0
	for _, name := range fixtures.Names() {
		target, whole := openFixture(t, name)
		sides := []*snapshot.Snapshot{whole, {TakenAt: whole.TakenAt, Probes: whole.Probes}}
		for _, s := range whole.Scopes {
			if slices.Contains(s.Roles, snapshot.Destination) {
				sides[1].Scopes = append(sides[1].Scopes, s)
			}
		}
		byAddress := target
		byAddress.AgentInstanceID, byAddress.AgentIP = "", netip.MustParseAddr("10.10.1.50")
		for _, said := range []snapshot.Target{target, byAddress} {
			for n := range reflect.TypeFor[snapshot.Target]().NumField() {
				part := said
				field := reflect.ValueOf(&part).Elem().Field(n)
				if field.IsZero() && n > 0 {
					continue
				}
				field.SetZero()
				for _, snap := range sides {
					if step++; !tier.Takes(step, 3) {
						continue
					}
					for _, r := range checks.Run(t.Context(), part, snap, checks.All(), checks.Options{}) {
						for _, f := range r.Findings {
							if f.Status == checks.Unknown && f.Problem == nil && len(f.Gaps) == 0 {
								t.Errorf("%s without %s: %s leaves open why it can't tell", name, reflect.TypeFor[snapshot.Target]().Field(n).Name, r.Check.ID)
							}
						}
					}
				}
			}
		}
	}
}

// TestImportsRunOneWay proves that checks and netpath, and every package of this
// module below them, import neither the network nor the operating system nor the
// AWS SDK. (Their libraries do: netipx converts from package net, fmt prints to
// os.Stdout.)
func TestImportsRunOneWay(t *testing.T) {
	const module = "github.com/dspreflight/dspreflight/"
	out, err := exec.Command("go", "list", "-deps", module+"checks", module+"internal/netpath").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	for _, forbidden := range []string{"net/http", "os/exec", "syscall/js"} {
		if slices.Contains(deps, forbidden) {
			t.Errorf("checks reach %s", forbidden)
		}
	}
	for _, dep := range deps {
		if strings.Contains(dep, "aws-sdk-go-v2") || strings.Contains(dep, "smithy-go") {
			t.Errorf("checks reach the AWS SDK: %s", dep)
		}
		dir, own := strings.CutPrefix(dep, module)
		if !own {
			continue
		}
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imp := range parsed.Imports {
				path := strings.Trim(imp.Path.Value, `"`)
				if path == "net" || path == "os" || path == "net/http" {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
