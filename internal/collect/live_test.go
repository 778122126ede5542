package collect_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/goleak"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/fixtures"
	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/fakeaws"
	"github.com/dspreflight/dspreflight/internal/recorded"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
	"github.com/dspreflight/dspreflight/report"
)

func TestMain(m *testing.M) {
	tier.Spend()
	for _, c := range checks.All() {
		c.Run = tier.Loud(c.ID, c.Run)
	}
	// Every client reads the bundle anew, and nothing here has certificates.
	if err := os.Unsetenv("AWS_CA_BUNDLE"); err != nil {
		panic(err)
	}
	// The tests of faults wait far more than they work.
	if err := flag.Set("test.parallel", "48"); err != nil {
		panic(err)
	}
	// Idle connections of the SDK's shared HTTP transport outlive a test.
	goleak.VerifyTestMain(tests{m}, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

// tests removes after the last test what they share.
type tests struct{ *testing.M }

func (m tests) Run() int {
	code := m.M.Run()
	recorded.Remove()
	return code
}

// serve starts a fake AWS with an embedded estate.
func serve(t testing.TB, fixture string) *fakeaws.Server {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	return fakeaws.New(t, files)
}

func target(t testing.TB, fixture string) snapshot.Target {
	t.Helper()
	files, _, err := fixtures.Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := snapshot.Read(files, snapshot.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return *snap.Target
}

func request(s *fakeaws.Server, tg snapshot.Target) collect.Request {
	tg.Sides = &snapshot.Sides{Destination: 0, Source: 1}
	return collect.Request{
		Targets: []snapshot.Target{tg}, Kinds: snapshot.Kinds(), Simulate: checks.ActivationActions(), Keep: true,
		Scopes: []collect.Scope{{Name: "destination", Account: collect.Account{Region: "us-east-1"}}, {Name: "source", Account: collect.Account{Region: "ap-northeast-1"}}},
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Connect: collect.Connector{MaxBackoff: 20 * time.Millisecond, Options: []func(*config.LoadOptions) error{
			config.WithBaseEndpoint(s.URL),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")),
			config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
		}}.Connect,
	}
}

func judged(t testing.TB, tg snapshot.Target, snap *snapshot.Snapshot) report.Report {
	t.Helper()
	snap.AssignRoles(tg)
	if tg.AgentARN != "" {
		var err error
		if tg, err = checks.Resolve(tg, snap); err != nil {
			t.Fatal(err)
		}
	}
	results := checks.Run(context.Background(), tg, snap, checks.All(), checks.Options{})
	return report.Build([]report.Judged{{Target: tg, Snapshot: snap, Results: results}}, report.Options{FailOn: report.OnFail, GeneratedAt: snap.TakenAt})
}

// TestLiveEqualsReplay reads every embedded estate over the SDK, in pages of
// five rows, saves it, reads it back, and gets the same bytes of report.
func TestLiveEqualsReplay(t *testing.T) {
	for _, name := range fixtures.Names() {
		t.Run(name, func(t *testing.T) {
			s := serve(t, name)
			s.PageSize = 5
			tg := target(t, name)
			live, err := collect.Live(context.Background(), request(s, tg))
			if err != nil {
				t.Fatal(err)
			}
			files, err := live.Files("test")
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			for path, body := range files {
				fsys[path] = &fstest.MapFile{Data: body}
			}
			replay, err := snapshot.Read(fsys, snapshot.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			a, _ := json.Marshal(judged(t, tg, live))
			b, _ := json.Marshal(judged(t, tg, replay))
			if string(a) != string(b) {
				t.Errorf("live   %s\nreplay %s", a, b)
			}
			// And the same findings as the estate itself, where all was seen.
			if name == "no-permission" {
				return
			}
			original, _, err := fixtures.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			direct, err := snapshot.Read(original, snapshot.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := statuses(judged(t, tg, live)), statuses(judged(t, tg, direct.Without(snapshot.Probes))); got != want {
				t.Errorf("live   %s\ndirect %s", got, want)
			}
		})
	}
}

func statuses(r report.Report) string {
	var out []string
	for _, res := range r.Targets[0].Results {
		out = append(out, res.Check+"="+string(res.Status))
	}
	return strings.Join(out, " ")
}

// actions are the calls that a run makes against the healthy-tgw estate, which
// has something in every table but prefix lists.
func actions() []string {
	var out []string
	for _, k := range snapshot.Kinds() {
		switch k {
		case snapshot.LocationsSMB, snapshot.LocationsHDFS, snapshot.LocationsObjectStorage, snapshot.LocationsAzureBlob: // as LocationsNFS
			continue
		case snapshot.PrefixListEntries, snapshot.SecurityGroupVPCAssociations, // asked for only when referred to
			snapshot.Invocations, snapshot.CommandOutputs: // or when a command is named
			continue
		}
		_, api, _ := strings.Cut(k.Action(), ":")
		out = append(out, api)
	}
	return out
}

// estateFor is a fixture in whose run a call is made.
func estateFor(action string) string {
	for _, k := range snapshot.Kinds() {
		if k.OfAudit() && strings.HasSuffix(k.Action(), ":"+action) {
			return "healthy-agent"
		}
	}
	return "healthy-tgw"
}

// TestFaults lets every call fail in every way. Nothing crashes or hangs past
// the deadline, nothing is READY without a table that a check needs, and the gap
// names the action.
func TestFaults(t *testing.T) {
	names := map[fakeaws.Fault]string{
		fakeaws.Unauthorized: "unauthorized", fakeaws.ThrottledOnce: "throttled-then-fine", fakeaws.Throttled: "throttled", fakeaws.BrokenOnce: "500-then-fine", fakeaws.Broken: "500",
		fakeaws.CutOff: "cut-off", fakeaws.Malformed: "malformed", fakeaws.Portal: "portal", fakeaws.Silent: "silent", fakeaws.Reset: "reset", fakeaws.Expired: "expired", fakeaws.Skewed: "skewed",
	}
	tg := target(t, "healthy-tgw")
	needed := map[string]bool{}
	for _, c := range checks.All() {
		for _, k := range c.Needs {
			needed[k.Action()] = true
		}
	}
	for _, fault := range []fakeaws.Fault{
		fakeaws.Unauthorized, fakeaws.ThrottledOnce, fakeaws.Throttled, fakeaws.BrokenOnce, fakeaws.Broken, fakeaws.CutOff,
		fakeaws.Malformed, fakeaws.Portal, fakeaws.Silent, fakeaws.Reset, fakeaws.Expired, fakeaws.Skewed,
	} {
		t.Run(names[fault], func(t *testing.T) {
			t.Parallel()
			for n, action := range actions() {
				if !tier.Takes(n+int(fault), 3) {
					continue
				}
				t.Run(action, func(t *testing.T) {
					t.Parallel()
					tryFault(t, tg, fault, action, needed)
				})
			}
		})
	}
}

func tryFault(t *testing.T, tg snapshot.Target, fault fakeaws.Fault, action string, needed map[string]bool) {
	s := serve(t, estateFor(action))
	if estateFor(action) != "healthy-tgw" {
		tg = target(t, estateFor(action))
	}
	s.Fault = func(a string, _ int) fakeaws.Fault {
		if a == action {
			return fault
		}
		return fakeaws.None
	}
	// The adaptive mode tries a throttled call about every two seconds.
	limit := 40 * time.Second
	if fault == fakeaws.Silent || fault == fakeaws.Throttled {
		limit = 7 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	snap, err := collect.Live(ctx, request(s, tg))
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > limit+10*time.Second {
		t.Errorf("took %v, past the deadline of %v", took, limit)
	}
	rep := judged(t, tg, snap)
	full := ""
	for _, k := range snapshot.Kinds() {
		if strings.HasSuffix(k.Action(), ":"+action) {
			full = k.Action()
		}
	}
	gap := slices.ContainsFunc(rep.Targets[0].Gaps, func(g report.Gap) bool { return g.Source == full })
	recovers := fault == fakeaws.ThrottledOnce || fault == fakeaws.BrokenOnce
	switch {
	case recovers && (rep.Verdict != report.Ready || gap):
		t.Errorf("%s, gap %v, although the call was answered in the end", rep.Verdict, gap)
	case recovers || fault == fakeaws.Skewed && !gap: // the SDK may set its clock by the server's
	case !gap:
		t.Errorf("no gap names it: %+v", rep.Targets[0].Gaps)
	case needed[full] && rep.Verdict == report.Ready:
		t.Error("READY without a table that a check needs")
	}
}

func TestInterruptedCollection(t *testing.T) {
	s := serve(t, "healthy")
	ctx, cancel := context.WithCancel(context.Background())
	// Each of the two scopes asks for its groups once, when its first tables are in.
	s.Fault = func(a string, attempt int) fakeaws.Fault {
		if a == "DescribeSecurityGroups" {
			if attempt == 2 {
				cancel()
			}
			return fakeaws.Silent
		}
		return fakeaws.None
	}
	tg := target(t, "healthy")
	snap, err := collect.Live(ctx, request(s, tg))
	if err != nil {
		t.Fatal(err)
	}
	if rep := judged(t, tg, snap); rep.Verdict != report.Inconclusive || rep.Summary.Pass == 0 {
		t.Errorf("what was seen before the interrupt is lost: %s %+v", rep.Verdict, rep.Summary)
	}
}

// TestCallsGrowWithScopes counts the calls for more and more targets.
func TestCallsGrowWithScopes(t *testing.T) {
	counts := map[int]int{}
	for _, n := range []int{1, 10, 100} {
		s := serve(t, "healthy")
		r := request(s, target(t, "healthy"))
		for i := 1; i < n; i++ {
			tg := r.Targets[0]
			tg.Name = fmt.Sprint(i)
			tg.Tasks = i
			r.Targets = append(r.Targets, tg)
		}
		if _, err := collect.Live(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		for action, c := range s.Calls() {
			if c > 2 { // one a scope
				t.Errorf("%d targets: %s was called %d times", n, action, c)
			}
			counts[n] += c
		}
	}
	if counts[1] != counts[10] || counts[1] != counts[100] {
		t.Errorf("calls by number of targets: %v", counts)
	}
}

// TestOnlyWhatIsNeeded asks for one check's tables and counts the calls.
func TestOnlyWhatIsNeeded(t *testing.T) {
	s := serve(t, "healthy")
	selected, err := checks.All().Select([]string{"endpoint-private-dns"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := request(s, target(t, "healthy"))
	r.Scopes, r.Targets[0].Sides = r.Scopes[:1], nil
	r.Kinds = checks.Kinds(selected)
	if _, err := collect.Live(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if got := s.Calls(); len(got) != 1 || got["DescribeVpcEndpoints"] != 1 {
		t.Errorf("calls made: %v", got)
	}
}

func TestNoCredentials(t *testing.T) {
	s := serve(t, "healthy")
	for k, v := range s.Env() {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	r := request(s, target(t, "healthy"))
	r.Connect = nil
	if _, err := collect.Live(context.Background(), r); err == nil || !strings.Contains(err.Error(), "no AWS credentials") {
		t.Errorf("got %v", err)
	}
	r.Scopes[0].Account.Region = ""
	if _, err := collect.Live(context.Background(), r); err == nil {
		t.Error("no Region, and no error")
	}
}

// TestRefusedRole turns a role that can't be assumed into gaps of its scope.
func TestRefusedRole(t *testing.T) {
	s := serve(t, "healthy")
	s.Fault = func(a string, _ int) fakeaws.Fault {
		if a == "AssumeRole" {
			return fakeaws.Unauthorized
		}
		return fakeaws.None
	}
	tg := target(t, "healthy")
	r := request(s, tg)
	r.Scopes[1].Account.RoleARN = "arn:aws:iam::444455556666:role/Audit"
	snap, err := collect.Live(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	rep := judged(t, tg, snap)
	if rep.Verdict != report.Inconclusive || !slices.ContainsFunc(rep.Targets[0].Gaps, func(g report.Gap) bool { return g.Source == "sts:AssumeRole" && g.Code == "no-permission" }) {
		t.Errorf("got %s, gaps %+v", rep.Verdict, rep.Targets[0].Gaps)
	}
}

// TestRoleWithAPath simulates a role that IAM finds under its full name only, as
// those of Identity Center are.
func TestRoleWithAPath(t *testing.T) {
	base, _, err := fixtures.Open("healthy")
	if err != nil {
		t.Fatal(err)
	}
	estate := fstest.MapFS{}
	err = fs.WalkDir(base, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(base, p)
		estate[p] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	estate["destination/get-caller-identity.json"] = &fstest.MapFile{Data: []byte(`{"UserId":"AROAEXAMPLE:x","Account":"111122223333","Arn":"arn:aws:sts::111122223333:assumed-role/NetworkAuditWithPath/x"}`)}
	s := fakeaws.New(t, estate)
	tg := target(t, "healthy")
	snap, err := collect.Live(context.Background(), request(s, tg))
	if err != nil {
		t.Fatal(err)
	}
	if got := statuses(judged(t, tg, snap)); !strings.Contains(got, "iam-activation=PASS") || s.Calls()["GetRole"] == 0 {
		t.Errorf("%d calls of GetRole: %s", s.Calls()["GetRole"], got)
	}
}
