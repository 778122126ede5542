package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// dials are changes of what one machine dialled.
type dials []func(*snapshot.ProbeRun, *snapshot.Probe)

// of takes the probes for a purpose, on a port; 0 is any.
func of(purpose snapshot.Purpose, port uint16, change func(*snapshot.Probe)) func(*snapshot.ProbeRun, *snapshot.Probe) {
	return func(_ *snapshot.ProbeRun, p *snapshot.Probe) {
		if p.Purpose == purpose && (port == 0 || p.Port == port) {
			change(p)
		}
	}
}

func ended(o snapshot.Outcome, ms float64) func(*snapshot.Probe) {
	return func(p *snapshot.Probe) { p.Outcome, p.ElapsedMS, p.TLS = o, ms, nil }
}

func from(place snapshot.VantagePlace, guessed bool, addr string) func(*snapshot.ProbeRun, *snapshot.Probe) {
	return func(r *snapshot.ProbeRun, p *snapshot.Probe) {
		r.Vantage = snapshot.Vantage{Place: place, Guessed: guessed}
		p.From = netip.Addr{}
		if addr != "" {
			p.From = netip.MustParseAddr(addr)
			r.Vantage.Addresses = []netip.Addr{p.From}
		}
	}
}

func limit(ms int) func(*snapshot.ProbeRun, *snapshot.Probe) {
	return func(r *snapshot.ProbeRun, _ *snapshot.Probe) { r.TimeoutMS = ms }
}

func shows(s snapshot.TLSState) func(*snapshot.ProbeRun, *snapshot.Probe) {
	return of(snapshot.ToEndpointPort, 443, func(p *snapshot.Probe) { p.TLS = &s })
}

// of makes a run of the first one of the estate, so much earlier.
func (d dials) of(r snapshot.ProbeRun, earlier time.Duration) snapshot.ProbeRun {
	r.Probes, r.TakenAt = slices.Clone(r.Probes), r.TakenAt.Add(-earlier)
	for i := range r.Probes {
		for _, change := range d {
			change(&r, &r.Probes[i])
		}
	}
	return r
}

// TestDialsAreDoubted judges runs that look like an answer and are none, beside the
// nearest one that is.
func TestDialsAreDoubted(t *testing.T) {
	estate := saveProbed(t)
	const ep = snapshot.ToEndpointPort
	stated, guessed := from(snapshot.AgentNetwork, false, "10.10.1.60"), from(snapshot.AgentNetwork, true, "10.10.1.60")
	silent := func(ms float64) func(*snapshot.ProbeRun, *snapshot.Probe) {
		return of(ep, 443, ended(snapshot.Filtered, ms))
	}
	refused := func(p snapshot.Purpose) func(*snapshot.ProbeRun, *snapshot.Probe) {
		return of(p, 0, ended(snapshot.Refused, 1))
	}
	told := func(o snapshot.Outcome, by string) func(*snapshot.ProbeRun, *snapshot.Probe) {
		return of(ep, 443, func(p *snapshot.Probe) {
			ended(o, 80)(p)
			if by != "" {
				p.ICMP = &snapshot.ICMP{Type: 3, Code: 13, From: netip.MustParseAddr(by)}
			}
		})
	}
	yes := true
	cert := func(name, issuer string) func(*snapshot.ProbeRun, *snapshot.Probe) {
		return shows(snapshot.TLSState{Outcome: "ok", Names: []string{name}, Issuer: issuer, Verified: &yes})
	}
	const amazon = "CN=Amazon RSA 2048 M02,O=Amazon,C=US"
	for name, tt := range map[string]struct {
		check string
		want  report.Status
		dials dials
	}{
		"silence for a second, the answers taking 82 ms":    {"probe-443", "UNKNOWN", dials{silent(1000), limit(1000)}},
		"silence for a second and a round trip":             {"probe-443", "FAIL", dials{silent(1090), limit(1090)}},
		"everything refused, as a firewall does":            {"probe-443", "UNKNOWN", dials{guessed, refused(ep), refused(snapshot.ToAgentHTTP), refused(snapshot.ToStorage)}},
		"refused, beside an agent and a file server":        {"probe-443", "FAIL", dials{guessed, refused(ep)}},
		"a portal answers for the web, a file server is up": {"probe-control", "UNKNOWN", dials{guessed, of(ep, 0, ended(snapshot.Filtered, 3500)), of(ep, 443, ended(snapshot.Open, 1)), shows(snapshot.TLSState{Outcome: "not-tls", Detail: "HTTP/"})}},

		"certificate of another machine":       {"probe-control", "UNKNOWN", dials{stated, cert("nas.example.com", "CN=R3,O=Let's Encrypt,C=US")}},
		"certificate of an inspecting proxy":   {"probe-443", "UNKNOWN", dials{stated, cert("*.datasync.us-east-1.amazonaws.com", "CN=Example Proxy CA")}},
		"certificate of another Region":        {"probe-443", "UNKNOWN", dials{stated, cert("*.datasync.us-west-2.amazonaws.com", amazon)}},
		"certificate of another service":       {"probe-443", "UNKNOWN", dials{stated, cert("ec2.us-east-1.amazonaws.com", amazon)}},
		"certificate of a load balancer":       {"probe-443", "UNKNOWN", dials{stated, cert("*.elb.us-east-1.amazonaws.com", amazon)}},
		"certificate of a proxy, for no names": {"probe-443", "UNKNOWN", dials{stated, shows(snapshot.TLSState{Outcome: "ok", Issuer: "CN=Example Proxy CA", Verified: &yes})}},
		"certificate of DataSync's FIPS":       {"probe-443", "PASS", dials{stated, cert("datasync-fips.us-east-1.amazonaws.com", amazon)}},
		"certificate of an endpoint's name":    {"probe-443", "PASS", dials{stated, cert("*.datasync.us-east-1.vpce.amazonaws.com", "CN=DigiCert TLS RSA SHA256 2020 CA1")}},
		"plain HTTP on 443":                    {"probe-443", "UNKNOWN", dials{stated, shows(snapshot.TLSState{Outcome: "not-tls", Detail: "HTTP/"})}},
		"plain HTTP on 443, so not it either":  {"probe-support", "UNKNOWN", dials{stated, shows(snapshot.TLSState{Outcome: "not-tls", Detail: "HTTP/"})}},
		"TLS refused by its own rules":         {"probe-443", "PASS", dials{stated, shows(snapshot.TLSState{Outcome: "failed", Detail: "handshake failure"})}},
		"silent whoever answers on 443":        {"probe-control", "FAIL", dials{stated, of(ep, 1040, ended(snapshot.Filtered, 3500)), shows(snapshot.TLSState{Outcome: "not-tls"})}},
		"a port that must be closed is open":   {"probe-agent-http", "UNKNOWN", dials{stated, of(snapshot.ToControlPort, 0, ended(snapshot.Open, 1))}},
		"and nothing is proved of the storage": {"probe-storage", "UNKNOWN", dials{stated, of(snapshot.ToControlPort, 0, ended(snapshot.Open, 1))}},

		"its own address dialled":        {"probe-agent-http", "UNKNOWN", dials{from(snapshot.AgentNetwork, false, "10.10.1.50")}},
		"rejected by itself":             {"probe-443", "UNKNOWN", dials{stated, told(snapshot.Prohibited, "10.10.1.60")}},
		"rejected by a firewall":         {"probe-443", "FAIL", dials{stated, told(snapshot.Prohibited, "10.10.0.1")}},
		"no way, and nobody who says so": {"probe-443", "UNKNOWN", dials{stated, told(snapshot.UnreachableHost, "")}},
		"no way, as a router says":       {"probe-443", "FAIL", dials{stated, told(snapshot.UnreachableHost, "10.10.0.1")}},
		"the same address by a name":     {"probe-443", "PASS", dials{stated, of(ep, 443, func(p *snapshot.Probe) { p.Host = "endpoint.example" })}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := estate.judged(t, tt.check, []snapshot.ProbeRun{tt.dials.of(estate.runs(t)[0], 0)}); got.Status != tt.want {
				t.Errorf("%s is %s, want %s: %v", tt.check, got.Status, tt.want, got.Findings)
			}
		})
	}
}

// TestMachinesAreTold judges what machines saw one after the other: two that can't be
// told to be one contradict each other, the block of the agent's network is not the
// agent, and what a name led to yesterday decides nothing.
func TestMachinesAreTold(t *testing.T) {
	estate := saveProbed(t)
	agents := from(snapshot.AgentNetwork, false, "10.10.1.50")
	neighbour := from(snapshot.AgentNetwork, false, "10.10.1.60")
	nobody := from(snapshot.AgentNetwork, false, "")
	silent := of(snapshot.ToEndpointPort, 0, ended(snapshot.Filtered, 3500))
	named := func(to string, o snapshot.Outcome) func(*snapshot.ProbeRun, *snapshot.Probe) {
		return of(snapshot.ToStorage, 0, func(p *snapshot.Probe) {
			p.Host, p.Addr, p.Outcome = "files.example", netip.Addr{}, o
			if to != "" {
				p.Addr = netip.MustParseAddr(to)
			}
		})
	}
	files := []string{"--storage", "nfs://files.example"}
	for name, tt := range map[string]struct {
		check      string
		flags      []string
		older, now dials
		want       report.Status
	}{
		"one machine, the newer":              {"probe-443", nil, dials{neighbour, silent}, dials{neighbour}, "PASS"},
		"the agent, newer than its neighbour": {"probe-443", nil, dials{neighbour, silent}, dials{agents}, "PASS"},
		"machines that said no address":       {"probe-443", nil, dials{nobody, silent}, dials{nobody}, "UNKNOWN"},
		"the name leads elsewhere":            {"probe-storage", files, dials{neighbour, named("10.10.2.20", snapshot.Open)}, dials{neighbour, named("10.10.2.21", snapshot.Refused)}, "FAIL"},
		"the name is gone":                    {"probe-storage", files, dials{neighbour, named("10.10.2.20", snapshot.Open)}, dials{neighbour, named("", snapshot.NoSuchHost)}, "FAIL"},
		"the name has come":                   {"probe-storage", files, dials{neighbour, named("", snapshot.NoSuchHost)}, dials{neighbour, named("10.10.2.20", snapshot.Open)}, "PASS"},
		"the look-up failed since":            {"probe-storage", files, dials{neighbour, named("10.10.2.20", snapshot.Open)}, dials{neighbour, named("", snapshot.Failed)}, "PASS"},
	} {
		t.Run(name, func(t *testing.T) {
			run := estate.runs(t)[0]
			if got := estate.judged(t, tt.check, []snapshot.ProbeRun{tt.older.of(run, time.Hour), tt.now.of(run, 0)}, tt.flags...); got.Status != tt.want {
				t.Errorf("%s is %s, want %s: %v", tt.check, got.Status, tt.want, got.Findings)
			}
		})
	}
	// Where only the agent's block is known, no machine in it is the agent.
	manifest := filepath.Join(estate.dir, "manifest.json")
	body := regexp.MustCompile(`"(agent_instance_id|source_vpc_id)": "[^"]*",`).ReplaceAllString(read(t, manifest), "")
	if err := os.WriteFile(manifest, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	two := []snapshot.ProbeRun{dials{neighbour, silent}.of(estate.runs(t)[0], time.Hour), dials{agents}.of(estate.runs(t)[0], 0)}
	if got := estate.judged(t, "probe-443", two, "--source-cidr", "10.10.0.0/16"); got.Status != "UNKNOWN" {
		t.Errorf("probe-443 is %s: %v", got.Status, got.Findings)
	}
	// One machine beside the endpoint gets through to the agent's address: it says so itself,
	// or it is proved by the endpoint's certificate; else that may be anybody's address.
	agent := func(guessed, tls bool) []snapshot.ProbeRun {
		run := dials{from(snapshot.ActivationMachine, guessed, "10.20.1.77")}.of(estate.runs(t)[0], 0)
		run.Probes = slices.DeleteFunc(run.Probes, func(p snapshot.Probe) bool {
			return p.Purpose != snapshot.ToAgentHTTP && (!tls || p.TLS == nil)
		})
		return []snapshot.ProbeRun{run}
	}
	for _, tt := range []struct {
		guessed, tls bool
		want         report.Status
	}{{true, false, "UNKNOWN"}, {true, true, "PASS"}, {false, false, "PASS"}} {
		if got := estate.judged(t, "probe-agent-http", agent(tt.guessed, tt.tls), "--agent-ip", "10.10.1.50", "--source-cidr", "10.10.0.0/16"); got.Status != tt.want {
			t.Errorf("%v: probe-agent-http is %s: %v", tt, got.Status, got.Findings)
		}
	}
	// An address of the endpoint's own VPC is not the agent's, however wide the block is
	// that was declared.
	inside := dials{from(snapshot.AgentNetwork, false, "10.20.1.77")}.of(estate.runs(t)[0], 0)
	if got := estate.judged(t, "probe-443", []snapshot.ProbeRun{inside}, "--source-cidr", "10.0.0.0/8"); got.Status != "UNKNOWN" {
		t.Errorf("probe-443 is %s: %v", got.Status, got.Findings)
	}
}
