package probe

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

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
	Storage  []string     // nfs://host[:port], smb://host[:port]
}

// ControlPort is a port that a DataSync endpoint does not serve (discard,
// RFC 863). What answers on it answers on everything, and is no endpoint.
const ControlPort = 9

// The ports of the agent and of storage. Source:
// https://docs.aws.amazon.com/datasync/latest/userguide/datasync-network.html
const (
	agentPort   = 80
	nfsPort     = 2049
	portmapPort = 111
	smbPort     = 445
	netbiosPort = 139
)

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
		st, err := ParseStorage(s)
		if err != nil {
			return nil, err
		}
		for _, port := range st.Ports {
			out = append(out, Target{Purpose: snapshot.ToStorage, Host: st.Host, Addr: st.Addr, Port: port})
		}
	}
	return out, nil
}

// Storage is a file server: NFS answers on 2049 (and 111 for version 3), SMB on
// 445 or 139.
type Storage struct {
	Protocol string     // nfs or smb
	Host     string     // "" when an address was given
	Addr     netip.Addr // invalid when a name was given
	Ports    []uint16
}

// ParseStorage reads nfs://host[:port] or smb://host[:port].
func ParseStorage(s string) (Storage, error) {
	protocol, rest, ok := strings.Cut(s, "://")
	var st Storage
	switch {
	case ok && strings.EqualFold(protocol, "nfs"):
		st = Storage{Protocol: "nfs", Ports: []uint16{nfsPort, portmapPort}}
	case ok && strings.EqualFold(protocol, "smb"):
		st = Storage{Protocol: "smb", Ports: []uint16{smbPort, netbiosPort}}
	default:
		return st, snapshot.Errorf("%q: expected nfs://HOST[:PORT] or smb://HOST[:PORT]", "%q: nfs://ホスト[:ポート] か smb://ホスト[:ポート] を指定する", s)
	}
	rest, _, _ = strings.Cut(rest, "/")
	host, port := rest, ""
	switch {
	case strings.HasPrefix(rest, "["): // [IPv6]:port
		host, port, _ = strings.Cut(rest[1:], "]")
		port = strings.TrimPrefix(port, ":")
	case strings.Count(rest, ":") == 1:
		host, port, _ = strings.Cut(rest, ":")
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return st, snapshot.Errorf("%q: the port %q is not one of 1 to 65535", "%q: ポート %q は 1 から 65535 ではない", s, port)
		}
		st.Ports = []uint16{uint16(n)}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return st, snapshot.Errorf("%q: an address with a zone means nothing to the agent", "%q: ゾーン付きのアドレスはエージェントでは意味がない", s)
		}
		st.Addr = a.Unmap()
		return st, nil
	}
	if !hostName(host) {
		return st, snapshot.Errorf("%q: %q is neither a host name nor an address", "%q: %q はホスト名でもアドレスでもない", s, host)
	}
	st.Host = host
	return st, nil
}

// hostName reports whether a name can be one of DNS. Source: RFC 1123, 2.1;
// underscores occur in the names of Windows servers.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	numeric := strings.Trim(labels[len(labels)-1], "0123456789") == ""
	return !numeric && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || len(l) > 63 || l[0] == '-' || strings.IndexFunc(l, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}) >= 0
	})
}
