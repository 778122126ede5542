package snapshot

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// ProbeSchema names the layout of a probe run, the output of "dspreflight probe
// -o json" and the elements of probes.json.
const ProbeSchema = "dspreflight.probes/v1"

// Outcome is what became of a connection attempt. The zero value says that
// nothing was tried.
type Outcome string

// The outcomes. They come from error numbers and ICMP messages, never from the
// text of an error.
const (
	Open               Outcome = "open"                // the connection was made
	Refused            Outcome = "refused"             // a TCP reset came instead of a connection
	ResetAfter         Outcome = "reset"               // the connection was made and reset at once
	Filtered           Outcome = "filtered"            // no answer of any kind
	UnreachableNetwork Outcome = "unreachable-network" // no route to the network
	UnreachableHost    Outcome = "unreachable-host"    // a route, but the host is not there
	Prohibited         Outcome = "prohibited"          // something said that the traffic is not allowed
	NoSuchHost         Outcome = "no-such-host"        // the name does not resolve
	LocalLimit         Outcome = "local-limit"         // this machine ran out of ports, descriptors or memory
	Cancelled          Outcome = "cancelled"           // the run was stopped first
	Failed             Outcome = "failed"              // anything else; Errno says what
)

var outcomes = []Outcome{Open, Refused, ResetAfter, Filtered, UnreachableNetwork, UnreachableHost, Prohibited, NoSuchHost, LocalLimit, Cancelled, Failed}

// Purpose is why something was dialled.
type Purpose string

// The purposes.
const (
	ToEndpointPort Purpose = "endpoint"   // a port of the VPC endpoint that the agent needs
	ToControlPort  Purpose = "control"    // a port of it that must be closed: open, it betrays an interceptor
	ToAgentHTTP    Purpose = "agent-http" // the agent's port 80; nothing is requested
	ToStorage      Purpose = "storage"    // the NFS or SMB server
	ToAPI          Purpose = "api"        // a host of the AWS APIs
)

var purposes = []Purpose{ToEndpointPort, ToControlPort, ToAgentHTTP, ToStorage, ToAPI}

// ICMP is the message that ended an attempt, and who sent it. Codes:
// https://www.iana.org/assignments/icmp-parameters
type ICMP struct {
	Type int        `json:"type"`
	Code int        `json:"code"`
	From netip.Addr `json:"from,omitzero"`
}

// TLSState is how a handshake on an open port went. It is evidence, never a
// verdict: what the agent itself accepts is not documented.
type TLSState struct {
	Outcome string   `json:"outcome"` // ok, no-answer, reset, closed, not-tls or failed
	Names   []string `json:"names,omitempty"`
	Issuer  string   `json:"issuer,omitempty"`
	// Verified says whether an authority that this machine trusts vouches for the names;
	// nil in runs that did not look.
	Verified  *bool   `json:"verified,omitempty"`
	Detail    string  `json:"detail,omitempty"`
	ElapsedMS float64 `json:"elapsed_ms"`
}

// Probe is one thing that was dialled, and what was seen.
type Probe struct {
	Purpose   Purpose    `json:"purpose"`
	Host      string     `json:"host,omitempty"` // the name, where one was given
	Addr      netip.Addr `json:"addr,omitzero"`
	Port      uint16     `json:"port"`
	Outcome   Outcome    `json:"outcome"`
	Errno     string     `json:"errno,omitempty"`
	Local     bool       `json:"local,omitempty"` // this machine said so itself; no packet was answered
	ICMP      *ICMP      `json:"icmp,omitempty"`
	From      netip.Addr `json:"from,omitzero"` // the source address of the connection
	Tries     int        `json:"tries"`
	ElapsedMS float64    `json:"elapsed_ms"`
	TLS       *TLSState  `json:"tls,omitempty"`
}

// VantagePlace is which kind of place a probe was made from.
type VantagePlace string

// The places. A dial counts only for the place it was made from.
const (
	AgentNetwork      VantagePlace = "agent-network"      // where the agent stands
	ActivationMachine VantagePlace = "activation-machine" // where the key is asked for
	Elsewhere         VantagePlace = "elsewhere"
)

// VantagePlaces lists the places.
func VantagePlaces() []VantagePlace {
	return []VantagePlace{AgentNetwork, ActivationMachine, Elsewhere}
}

// Vantage is the machine that dialled.
type Vantage struct {
	Place     VantagePlace `json:"place"`
	Guessed   bool         `json:"guessed"` // from its addresses; nobody said so
	Addresses []netip.Addr `json:"addresses"`
}

// Guess places a machine by its own addresses: within the source network it
// dials as the agent does, within the destination it can be the activation
// machine only.
func (v Vantage) Guess(source, destination []netip.Prefix) VantagePlace {
	in := func(networks []netip.Prefix) bool {
		return slices.ContainsFunc(v.Addresses, func(a netip.Addr) bool {
			return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
		})
	}
	switch {
	case in(source):
		return AgentNetwork
	case in(destination):
		return ActivationMachine
	}
	return Elsewhere
}

// ProbeRun is what one machine saw at one time.
type ProbeRun struct {
	Schema      string    `json:"schema"`
	ToolVersion string    `json:"tool_version,omitempty"`
	TakenAt     time.Time `json:"taken_at"`
	Vantage     Vantage   `json:"vantage"`
	TimeoutMS   int       `json:"connect_timeout_ms"`
	// Here says that dspreflight check made the run itself, on the machine that
	// it ran on: its APIs and tools are the caller's.
	Here bool `json:"here,omitempty"`
	// Instance is the managed node that Systems Manager ran the script on, by the
	// command; "" if nobody but the script says which machine it was.
	Instance string `json:"instance,omitempty"`
	Command  string `json:"command,omitempty"`
	// Trouble is why the node told nothing.
	Trouble *ProbeTrouble `json:"trouble,omitempty"`

	Probes []Probe `json:"probes"`
	APIs   []API   `json:"apis,omitempty"`
	Tools  []Tool  `json:"tools,omitempty"` // nil: nobody looked
}

// API is one attempt to reach an API of AWS from the machine, over HTTPS and
// without credentials, so that AWS refuses it; who answers is what counts.
type API struct {
	Service   string       `json:"service"` // datasync, ec2, sts or iam
	Region    string       `json:"region,omitempty"`
	URL       string       `json:"url"`
	Addresses []netip.Addr `json:"addresses,omitempty"` // that the name resolves to
	Proxy     string       `json:"proxy,omitempty"`     // host and port, without credentials
	Outcome   Outcome      `json:"outcome"`
	Errno     string       `json:"errno,omitempty"`
	Untrusted string       `json:"untrusted,omitempty"` // why the certificate is refused, and its issuer
	Status    int          `json:"status,omitempty"`
	// RequestID says whether the answer names a request as the services of AWS do;
	// nil: an older version did not look.
	RequestID   *bool    `json:"aws_request_id,omitempty"`
	ProxyStatus int      `json:"proxy_status,omitempty"` // what the proxy answered instead of connecting
	SkewS       *float64 `json:"clock_skew_s,omitempty"` // this machine's clock minus the server's, in seconds
	ElapsedMS   float64  `json:"elapsed_ms"`
}

// CertificateExpired begins what is said of a certificate that is not valid by the
// clock of the machine.
const CertificateExpired = "not valid"

// Private reports whether the name leads to private addresses, as it does with
// an interface endpoint whose private DNS is on.
func (a API) Private() bool {
	return len(a.Addresses) > 0 && !slices.ContainsFunc(a.Addresses, func(x netip.Addr) bool { return !x.IsPrivate() && !x.IsLoopback() })
}

// Tool is a program that the documented manual way needs.
type Tool struct {
	Name    string `json:"name"`
	Found   bool   `json:"found"`
	Version string `json:"version,omitempty"`
}

// ClockTolerance is how far the clock of the machine that dialled may be ahead.
const ClockTolerance = 5 * time.Minute

// ReadProbes reads one probe run, or a list of them (probes.json). Runs from
// after now, by more than ClockTolerance, are refused; a zero now accepts any
// time. Errors name the place.
func ReadProbes(raw []byte, now time.Time) ([]ProbeRun, error) {
	raw, _, err := unpacked(raw)
	if err != nil {
		return nil, err
	}
	body, err := UTF8(raw)
	if err != nil {
		return nil, err
	}
	var runs []ProbeRun
	if first := firstByte(body); first == '[' {
		err = json.Unmarshal(body, &runs)
	} else {
		var run ProbeRun
		err = json.Unmarshal(body, &run)
		runs = []ProbeRun{run}
	}
	if err != nil {
		return nil, place(body, offsetOf(err), plain(err))
	}
	if len(runs) == 0 {
		return nil, Errorf("the list is empty: it holds no probe run", "リストが空で、プローブの結果がない")
	}
	for i := range runs {
		if err := runs[i].validate(now); err != nil {
			return nil, Errorf("probe run %d: %w", "プローブ %d 回目: %w", i+1, err)
		}
	}
	return runs, nil
}

func firstByte(b []byte) byte {
	for _, c := range b {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

func (r *ProbeRun) validate(now time.Time) error {
	switch {
	case r.Schema == "":
		return Errorf("there is no \"schema\": this is not the output of dspreflight probe -o json", "\"schema\" がない。dspreflight probe -o json の出力ではない")
	case r.Schema != ProbeSchema:
		return Errorf("schema %q is not %q, the one that this version reads: dial again with this version", "スキーマ %q は、この版が読む %q ではない。この版で取り直す", r.Schema, ProbeSchema)
	case r.TakenAt.IsZero():
		return Errorf("taken_at is missing", "taken_at がない")
	case !now.IsZero() && r.TakenAt.After(now.Add(ClockTolerance)):
		return Errorf("taken_at %s is in the future (it is %s): set the clock of the machine that dialled, and dial again", "taken_at %s が未来の時刻（現在 %s）。接続を試したマシンの時計を合わせて取り直す", r.TakenAt.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case !slices.Contains(VantagePlaces(), r.Vantage.Place):
		return Errorf("vantage.place %q: expected agent-network, activation-machine or elsewhere", "vantage.place %q: agent-network、activation-machine、elsewhere のいずれかであるべき", r.Vantage.Place)
	}
	for i, a := range r.APIs {
		r.APIs[i].ElapsedMS = max(a.ElapsedMS, 0)
		if a.Service == "" || !slices.Contains(outcomes, a.Outcome) {
			return Errorf("apis[%d]: outcome %q of %q is not one that this version knows", "apis[%d]: %[3]q の outcome %[2]q はこの版の知らない値", i, a.Outcome, a.Service)
		}
	}
	for i := range r.Probes {
		if err := r.Probes[i].validate(); err != nil {
			return fmt.Errorf("probes[%d]: %w", i, err)
		}
	}
	return nil
}

var tlsOutcomes = []string{"ok", "no-answer", "reset", "closed", "not-tls", "failed"}

func (p *Probe) validate() error {
	p.Addr, p.From = p.Addr.Unmap(), p.From.Unmap()
	p.ElapsedMS = max(p.ElapsedMS, 0) // a clock that stepped back spoils a duration, not what was seen
	if p.TLS != nil {
		p.TLS.ElapsedMS = max(p.TLS.ElapsedMS, 0)
	}
	switch {
	case !slices.Contains(purposes, p.Purpose):
		return Errorf("purpose %q is not one that this version knows", "purpose %q はこの版の知らない値", p.Purpose)
	case !slices.Contains(outcomes, p.Outcome):
		return Errorf("outcome %q is not one that this version knows", "outcome %q はこの版の知らない値", p.Outcome)
	case p.TLS != nil && !slices.Contains(tlsOutcomes, p.TLS.Outcome):
		return Errorf("tls.outcome %q is not one that this version knows", "tls.outcome %q はこの版の知らない値", p.TLS.Outcome)
	case p.Port == 0:
		return Errorf("port 0: expected 1 to 65535", "port 0: 1 から 65535 であるべき")
	case p.Addr.Zone() != "":
		return Errorf("addr %s: an address with a zone means nothing on another machine", "addr %s: ゾーン付きのアドレスは他のマシンでは意味がない", p.Addr)
	case !p.Addr.IsValid() && p.Outcome == Open:
		return Errorf("open, but there is no addr", "open だが addr がない")
	case p.Addr.IsValid() && p.Outcome == NoSuchHost:
		return Errorf("no-such-host, but there is an addr", "no-such-host だが addr がある")
	case !p.Addr.IsValid() && p.Host == "":
		return Errorf("neither addr nor host", "addr も host もない")
	}
	return nil
}
