package checks_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// reached is a run in which every API of a Region answers as AWS does.
func reached(region, suffix string, at time.Time) snapshot.ProbeRun {
	named, skew := true, 0.0
	run := snapshot.ProbeRun{Schema: snapshot.ProbeSchema, TakenAt: at, Here: true, Vantage: snapshot.Vantage{Place: snapshot.Elsewhere}}
	for _, service := range []string{"datasync", "ec2", "sts"} {
		run.APIs = append(run.APIs, snapshot.API{Service: service, Region: region, URL: "https://" + service + "." + region + "." + suffix, Outcome: snapshot.Open, Status: 403, RequestID: &named, SkewS: &skew})
	}
	run.Tools = []snapshot.Tool{{Name: "curl", Found: true, Version: "8.9.1"}, {Name: "aws", Found: true, Version: "2.31.2"}}
	return run
}

func judgeRuns(t *testing.T, id, region string, runs ...snapshot.ProbeRun) checks.Result {
	t.Helper()
	target, snap := openFixture(t, "healthy")
	target.Region = region
	for _, s := range snap.Scopes {
		if s.Has(snapshot.Destination) {
			s.Region = region
		}
	}
	snap.Probes = runs
	return checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID(id)}, checks.Options{})[0]
}

// TestOnlyAWSAnswers changes one answer of a good run at a time, in every
// partition: whatever is not AWS's own never passes.
func TestOnlyAWSAnswers(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	no := false
	for region, suffix := range map[string]string{"us-east-1": "amazonaws.com", "cn-north-1": "amazonaws.com.cn", "us-gov-west-1": "amazonaws.com", "us-iso-east-1": "c2s.ic.gov", "eusc-de-east-1": "amazonaws.eu", "ap-northeast-1": "amazonaws.com"} {
		if r := judgeRuns(t, "api-reachable", region, reached(region, suffix, at)); r.Status != checks.Pass {
			t.Errorf("%s: a good run is %v: %+v", region, r.Status, r.Findings)
		}
		for name, change := range map[string]func(*snapshot.API){
			"plain HTTP":           func(a *snapshot.API) { a.URL = strings.Replace(a.URL, "https", "http", 1) },
			"another Region":       func(a *snapshot.API) { a.URL = strings.Replace(a.URL, region, "sa-east-1", 1) },
			"another service":      func(a *snapshot.API) { a.URL = "https://s3." + region + "." + suffix },
			"another partition":    func(a *snapshot.API) { a.URL = strings.Replace(a.URL, suffix, "amazonaws.example", 1) },
			"a stranger's suffix":  func(a *snapshot.API) { a.URL += ".example.com" },
			"a stranger's prefix":  func(a *snapshot.API) { a.URL = strings.Replace(a.URL, "https://", "https://x-", 1) },
			"another port":         func(a *snapshot.API) { a.URL += ":8443" },
			"a stand-in":           func(a *snapshot.API) { a.URL = "https://localhost:4566" },
			"no request id":        func(a *snapshot.API) { a.RequestID = &no },
			"a success":            func(a *snapshot.API) { a.Status = 200 },
			"a redirect":           func(a *snapshot.API) { a.Status = 302 },
			"a server's error":     func(a *snapshot.API) { a.Status = 503 },
			"a gateway's error":    func(a *snapshot.API) { a.Status, a.RequestID = 502, nil },
			"a portal":             func(a *snapshot.API) { a.Status = 511 },
			"a portal's redirect":  func(a *snapshot.API) { a.Status, a.RequestID = 302, nil },
			"a proxy's login":      func(a *snapshot.API) { a.Status, a.Proxy = 407, "proxy:3128" },
			"a refused CONNECT":    func(a *snapshot.API) { a.Outcome, a.ProxyStatus, a.Proxy = snapshot.Prohibited, 403, "proxy:3128" },
			"a page in the way":    func(a *snapshot.API) { a.Status, a.RequestID = 403, nil },
			"no page in the way":   func(a *snapshot.API) { a.Status, a.RequestID = 404, nil },
			"a block page":         func(a *snapshot.API) { a.Status, a.RequestID, a.Proxy = 403, nil, "proxy:3128" },
			"an untrusted one":     func(a *snapshot.API) { a.Untrusted = "unknown authority" },
			"silence":              func(a *snapshot.API) { a.Outcome, a.Status = snapshot.Filtered, 0 },
			"a clock of its own":   func(a *snapshot.API) { s := 14400.0; a.SkewS = &s },
			"a clock of its own 2": func(a *snapshot.API) { s := -1000.0; a.SkewS = &s },
		} {
			for i := range 3 {
				run := reached(region, suffix, at)
				change(&run.APIs[i])
				r := judgeRuns(t, "api-reachable", region, run)
				if r.Status != checks.Fail && r.Status != checks.Unknown {
					t.Errorf("%s, %s of %s: %v", region, name, run.APIs[i].Service, r.Status)
				}
				if strings.Contains(name, "clock") && r.Status != checks.Unknown {
					t.Errorf("%s of %s: one clock against two is %v", name, run.APIs[i].Service, r.Status)
				}
			}
		}
	}
	for host, want := range map[string]checks.Status{
		"datasync-fips.us-east-1.amazonaws.com": checks.Pass, "datasync.us-east-1.api.aws": checks.Pass,
		"vpce-0a1b2c3d4e5f60718-abcd1234.datasync.us-east-1.vpce.amazonaws.com":            checks.Pass,
		"vpce-0a1b2c3d4e5f60718-abcd1234-us-east-1a.datasync.us-east-1.vpce.amazonaws.com": checks.Pass,
		"vpce-0a1b2c3d4e5f60718-abcd1234.datasync.us-west-2.vpce.amazonaws.com":            checks.Unknown,
		"vpce-0a1b2c3d4e5f60718-abcd1234.ec2.us-east-1.vpce.amazonaws.com":                 checks.Unknown,
		"evil.datasync.us-east-1.vpce.amazonaws.com":                                       checks.Unknown,
	} {
		run := reached("us-east-1", "amazonaws.com", at)
		run.APIs[0].URL = "https://" + host
		if r := judgeRuns(t, "api-reachable", "us-east-1", run); r.Status != want {
			t.Errorf("%s: %v, want %v", host, r.Status, want)
		}
	}
}

// TestWhatIsSaidOfAnAPI: the cause is one that the other answers leave room for,
// and nothing that an activation does not need decides.
func TestWhatIsSaidOfAnAPI(t *testing.T) {
	public := []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	silence := func(a *snapshot.API) { a.Outcome, a.Status, a.RequestID, a.SkewS = snapshot.Filtered, 0, nil, nil }
	for name, tt := range map[string]struct {
		change func(*snapshot.ProbeRun)
		want   string // code, or status
	}{
		"no way out":                 {func(r *snapshot.ProbeRun) { silence(&r.APIs[0]); silence(&r.APIs[1]); silence(&r.APIs[2]) }, "DSP711"},
		"a way out, and one silence": {func(r *snapshot.ProbeRun) { silence(&r.APIs[0]) }, "DSP710"},
		"others through a proxy": {func(r *snapshot.ProbeRun) {
			silence(&r.APIs[0])
			r.APIs[1].Proxy, r.APIs[2].Proxy, r.APIs[1].Addresses, r.APIs[2].Addresses = "p:1", "p:1", nil, nil
		}, "DSP711"},
		"a certificate of another time": {func(r *snapshot.ProbeRun) { r.APIs[0].Untrusted = snapshot.CertificateExpired + " now" }, "DSP717"},
		"a certificate of a stranger":   {func(r *snapshot.ProbeRun) { r.APIs[0].Untrusted = "unknown authority" }, "DSP712"},
		"a login without a proxy":       {func(r *snapshot.ProbeRun) { r.APIs[0].Status = 407 }, "DSP715"},
		"an end of another kind":        {func(r *snapshot.ProbeRun) { r.APIs[0].Outcome, r.APIs[0].Errno = snapshot.Failed, "EOF" }, "UNKNOWN"},
		"IAM opened by a proxy": {func(r *snapshot.ProbeRun) {
			r.APIs = append(r.APIs, snapshot.API{Service: "iam", Region: "us-east-1", URL: "https://iam.amazonaws.com", Outcome: snapshot.Open, Untrusted: "unknown authority"})
		}, "PASS"},
	} {
		run := reached("us-east-1", "amazonaws.com", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		for i := range run.APIs {
			run.APIs[i].Addresses = public
		}
		tt.change(&run)
		r := judgeRuns(t, "api-reachable", "us-east-1", run)
		got := r.Status.String()
		for _, f := range r.Findings {
			if f.Problem == nil {
				continue
			}
			got = f.Problem.Code
			args := f.Args.In("en")
			for _, text := range []string{args.Fill(f.Problem.Title.En), args.Fill(f.Problem.Fix.En), strings.Join(shown(f), " ")} {
				if strings.Contains(text, "?") || strings.Contains(text, "{") {
					t.Errorf("%s: %s", name, text)
				}
			}
			if f.Subject == "datasync" && strings.Contains(strings.Join(shown(f), " "), "create-vpc-endpoint") {
				t.Errorf("%s: a second endpoint of DataSync is proposed beside the one that is there", name)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestOneClockIsToldOnce: where the answers agree, this machine's clock is off.
func TestOneClockIsToldOnce(t *testing.T) {
	for skew, want := range map[float64]checks.Status{0: checks.Pass, 120: checks.Pass, 400: checks.Warn, -400: checks.Warn, 1000: checks.Fail, -5000: checks.Fail} {
		run := reached("us-east-1", "amazonaws.com", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		for i := range run.APIs {
			run.APIs[i].SkewS = &skew
		}
		r := judgeRuns(t, "api-reachable", "us-east-1", run)
		told := 0
		for _, f := range r.Findings {
			if f.Problem != nil {
				told++
			}
		}
		if r.Status != want || told > 1 {
			t.Errorf("%v s: %v, told %d times", skew, r.Status, told)
		}
	}
}

// TestTheActivationMachineDecides: where its run is at hand, no other machine
// stands in for it, neither the one that judges nor a newer one elsewhere.
func TestTheActivationMachineDecides(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	good := func(place snapshot.VantagePlace, guessed, here bool, age time.Duration) snapshot.ProbeRun {
		run := reached("us-east-1", "amazonaws.com", at.Add(-age))
		run.Here, run.Vantage = here, snapshot.Vantage{Place: place, Guessed: guessed}
		return run
	}
	bad := func(run snapshot.ProbeRun) snapshot.ProbeRun {
		for i := range run.APIs {
			run.APIs[i].Outcome, run.APIs[i].Status, run.APIs[i].Addresses = snapshot.Filtered, 0, []netip.Addr{netip.MustParseAddr("10.20.1.200")}
		}
		run.Tools = []snapshot.Tool{{Name: "curl"}, {Name: "aws"}}
		return run
	}
	there, here := snapshot.ActivationMachine, true
	for name, tt := range map[string]struct {
		runs       []snapshot.ProbeRun
		api, tools checks.Status
	}{
		"only this machine":               {[]snapshot.ProbeRun{good(snapshot.Elsewhere, true, here, 0)}, checks.Pass, checks.Pass},
		"it fails, this machine not":      {[]snapshot.ProbeRun{good(snapshot.Elsewhere, true, here, 0), bad(good(there, false, false, time.Hour))}, checks.Fail, checks.Warn},
		"it passes, this machine not":     {[]snapshot.ProbeRun{bad(good(snapshot.Elsewhere, true, here, 0)), good(there, false, false, time.Hour)}, checks.Pass, checks.Pass},
		"it is too old":                   {[]snapshot.ProbeRun{good(snapshot.Elsewhere, true, here, 0), good(there, false, false, 72*time.Hour)}, checks.Unknown, checks.Unknown},
		"the newer of two of it":          {[]snapshot.ProbeRun{good(there, false, false, 2*time.Hour), bad(good(there, false, false, time.Hour))}, checks.Fail, checks.Warn},
		"this machine is said to be it":   {[]snapshot.ProbeRun{bad(good(there, false, here, 0)), good(there, false, false, time.Hour)}, checks.Fail, checks.Warn},
		"another machine elsewhere fails": {[]snapshot.ProbeRun{good(snapshot.Elsewhere, false, here, 0), bad(good(snapshot.AgentNetwork, false, false, 0))}, checks.Pass, checks.Pass},
		"only other machines":             {[]snapshot.ProbeRun{good(snapshot.AgentNetwork, false, false, 0)}, checks.Unknown, checks.Unknown},
	} {
		for id, want := range map[string]checks.Status{"api-reachable": tt.api, "machine-tools": tt.tools} {
			for _, turned := range []bool{false, true} {
				runs := tt.runs
				if turned && len(runs) == 2 {
					runs = []snapshot.ProbeRun{runs[1], runs[0]}
				}
				if got := judgeRuns(t, id, "us-east-1", runs...).Status; got != want {
					t.Errorf("%s: %s is %v, want %v", name, id, got, want)
				}
			}
		}
	}
}

// TestTools: what does not run is not there, and a command line from before
// DataSync's VPC endpoints does not serve.
func TestTools(t *testing.T) {
	for version, want := range map[string]checks.Status{"": checks.Warn, "1.16.210": checks.Warn, "1.16.9": checks.Warn, "1.9.99": checks.Warn, "1.16": checks.Warn, "1.16.211": checks.Pass, "1.42.1": checks.Pass, "2.0.0": checks.Pass, "2": checks.Pass, "abc": checks.Unknown, "v1.10.0": checks.Unknown, "1.x": checks.Unknown, "1.16.211rc1": checks.Unknown, "1.99999999999999999999.1": checks.Unknown} {
		run := reached("us-east-1", "amazonaws.com", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
		run.Tools[1].Version = version
		if r := judgeRuns(t, "machine-tools", "us-east-1", run); r.Status != want {
			t.Errorf("aws %q: %v, want %v", version, r.Status, want)
		}
	}
	run := reached("us-east-1", "amazonaws.com", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	whole := run.Tools
	run.Tools = whole[:1]
	if r := judgeRuns(t, "machine-tools", "us-east-1", run); r.Status != checks.Unknown {
		t.Errorf("nobody looked for the AWS CLI: %v", r.Status)
	}
	run.Tools = whole
	run.Tools[0].Version = ""
	if r := judgeRuns(t, "machine-tools", "us-east-1", run); r.Status != checks.Warn {
		t.Errorf("a curl that does not run: %v", r.Status)
	}
}

// TestTwoRunsOfOneMoment lets the activation machine say two things at one time: nothing
// follows, in whichever order they stand. The same said twice, or later, decides.
func TestTwoRunsOfOneMoment(t *testing.T) {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	good := func(at time.Time) snapshot.ProbeRun {
		run := reached("us-east-1", "amazonaws.com", at)
		run.Here, run.Vantage.Place = false, snapshot.ActivationMachine
		return run
	}
	no, behind := false, -1200.0
	for name, change := range map[string]func(*snapshot.ProbeRun){
		"api-reachable: a time-out":    func(r *snapshot.ProbeRun) { r.APIs[0].Outcome, r.APIs[0].Status = snapshot.Filtered, 0 },
		"api-reachable: no request id": func(r *snapshot.ProbeRun) { r.APIs[1].RequestID = &no },
		"api-reachable: the clock":     func(r *snapshot.ProbeRun) { r.APIs[2].SkewS = &behind },
		"api-reachable: untrusted":     func(r *snapshot.ProbeRun) { r.APIs[0].Untrusted = "x509: unknown authority" },
		"machine-tools: no curl":       func(r *snapshot.ProbeRun) { r.Tools[0].Found, r.Tools[0].Version = false, "" },
		"machine-tools: an older one":  func(r *snapshot.ProbeRun) { r.Tools[1].Version = "1.16.0" },
		"machine-tools: none":          func(r *snapshot.ProbeRun) { r.Tools = []snapshot.Tool{} },
	} {
		id, _, _ := strings.Cut(name, ":")
		other := good(at)
		change(&other)
		for _, runs := range [][]snapshot.ProbeRun{{good(at), other}, {other, good(at)}, {other, good(at), good(at)}} {
			if r := judgeRuns(t, id, "us-east-1", runs...); r.Status != checks.Unknown || r.Findings[0].Gaps[0].Code != snapshot.Contradiction {
				t.Errorf("%s: %v: %+v", name, r.Status, r.Findings)
			}
		}
		if r := judgeRuns(t, id, "us-east-1", other, good(at.Add(time.Second)), good(at.Add(time.Second)), other); r.Status != checks.Pass {
			t.Errorf("%s: the newer run, twice the same: %v: %+v", name, r.Status, r.Findings)
		}
	}
}
