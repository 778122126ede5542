package probe

import (
	"net/netip"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Target is one thing to dial.
type Target struct {
	Purpose snapshot.Purpose
	Host    string     // a name to resolve, where no address was given
	Addr    netip.Addr // invalid while Host is not resolved
	Port    uint16
	TLS     bool // do a handshake as well, and record it
}

// Ports is a range of TCP ports, both ends included.
type Ports struct{ First, Last uint16 }

// Request says what a plan is about.
type Request struct {
	Endpoint []netip.Addr // addresses of the VPC endpoint
	Ports    []Ports      // what the agent needs of them, from the documented requirements
	Agent    netip.Addr   // the agent's own address; invalid: not dialled
	Storage  []string     // as snapshot.ParseStorage reads them
}

// ControlPort is a port that a DataSync endpoint does not serve (discard,
// RFC 863). What answers on it answers on everything, and is no endpoint.
const ControlPort = 9

// agentPort is where the agent hands out activation keys. Source:
// https://docs.aws.amazon.com/datasync/latest/userguide/activate-agent.html
const agentPort = 80

// Plan lists what to dial, address by address. It does no I/O. Errors name the
// storage URL that is malformed.
func Plan(r Request) ([]Target, error) {
	var out []Target
	for _, a := range r.Endpoint {
		for _, p := range r.Ports {
			for port := int(p.First); port <= int(p.Last); port++ {
				out = append(out, Target{Purpose: snapshot.ToEndpointPort, Addr: a, Port: uint16(port), TLS: port == 443})
			}
		}
		out = append(out, Target{Purpose: snapshot.ToControlPort, Addr: a, Port: ControlPort})
	}
	if r.Agent.IsValid() {
		out = append(out, Target{Purpose: snapshot.ToAgentHTTP, Addr: r.Agent, Port: agentPort})
	}
	for _, s := range r.Storage {
		st, err := snapshot.ParseStorage(s)
		if err != nil {
			return nil, err
		}
		for _, port := range st.Ports {
			out = append(out, Target{Purpose: snapshot.ToStorage, Host: st.Host, Addr: st.Addr, Port: port})
		}
	}
	return out, nil
}
