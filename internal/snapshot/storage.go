package snapshot

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// storagePorts are the ports of what agents read, by the scheme of --storage. KDCs
// are asked where SMB or HDFS uses Kerberos. DataNodes of HDFS and KMS servers are
// hosts of their own: hdfs://HOST:50010, hdfs://HOST:9600.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/datasync-network.html
var storagePorts = map[string][]uint16{
	"nfs":      {2049, portmapPort},
	"smb":      {445, 139},
	"https":    {443}, // object storage
	"http":     {80},  // object storage
	"hdfs":     {8020},
	"kerberos": {88},
}

const portmapPort = 111 // NFS version 3 needs it as well

// Storage is a server that the agent reads from, or that lets it: a file server,
// object storage, a NameNode of HDFS, a KDC of Kerberos.
type Storage struct {
	Protocol string     // nfs, smb, https, http, hdfs or kerberos
	Host     string     // "" when an address was given
	Addr     netip.Addr // invalid when a name was given
	Ports    []uint16   // any one is enough, but for 111 beside another
}

// Deciding lists the ports of which one is enough: 111 alone serves nothing.
func (s Storage) Deciding() []uint16 {
	return slices.DeleteFunc(slices.Clone(s.Ports), func(p uint16) bool { return p == portmapPort && len(s.Ports) > 1 })
}

// ParseStorage reads PROTOCOL://HOST[:PORT].
func ParseStorage(s string) (Storage, error) {
	protocol, rest, ok := strings.Cut(s, "://")
	st := Storage{Protocol: strings.ToLower(protocol)}
	if st.Ports = slices.Clone(storagePorts[st.Protocol]); !ok || len(st.Ports) == 0 {
		return Storage{}, Errorf("%q: expected nfs://HOST[:PORT], or one of smb://, https://, http://, hdfs:// and kerberos://", "%q: nfs://ホスト[:ポート]、または smb://、https://、http://、hdfs://、kerberos:// のいずれかを指定する", s)
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
			return st, Errorf("%q: the port %q is not one of 1 to 65535", "%q: ポート %q は 1 から 65535 ではない", s, port)
		}
		st.Ports = []uint16{uint16(n)}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return st, Errorf("%q: an address with a zone means nothing to the agent", "%q: ゾーン付きのアドレスはエージェントでは意味がない", s)
		}
		st.Addr = a.Unmap()
		return st, nil
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761, 6.3
		return st, Errorf("%q: localhost is this machine here and the agent there: name the file server", "%q: ここではこのマシン、エージェントではエージェント自身を指す名前である。ファイルサーバーの名前を指定する", s)
	}
	if !hostName(host) {
		return st, Errorf("%q: %q is neither a host name nor an address", "%q: %q はホスト名でもアドレスでもない", s, host)
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
	last := labels[len(labels)-1]
	numeric := strings.Trim(last, "0123456789") == ""
	if hex, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok { // which resolvers take for an address too
		numeric = strings.Trim(hex, "0123456789abcdef") == ""
	}
	return !numeric && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || len(l) > 63 || l[0] == '-' || strings.IndexFunc(l, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}) >= 0
	})
}
