package probe

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Rule says whether an address may be dialled; the error is why not. An address may
// come from a file that somebody else wrote.
type Rule func(snapshot.Purpose, netip.Addr) error

// The addresses that a VPC can have without being public. Sources:
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (RFC 1918,
// and 100.64.0.0/10 and 198.19.0.0/16 beside it) and RFC 4193.
var privateBlocks = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7")

// The addresses that nothing which an agent needs can have: this machine, its own
// link, everybody, nobody, the services of an instance, metadata among them, and what
// stands for any IPv4 address (NAT64, Teredo, 6to4).
// Sources: RFC 6890, RFC 4291 and
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html (fd00:ec2::254).
var neverBlocks = prefixes("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3", "::/8", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32", "64:ff9b::/96", "2001::/32", "2002::/16")

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Possible is the rule of the program: an address is dialled where an endpoint, an
// agent or a file server can be. An endpoint's is an address of a VPC, public only
// if the caller says that its VPC has such blocks.
func Possible(public bool) Rule {
	return func(p snapshot.Purpose, a netip.Addr) error {
		in := func(blocks []netip.Prefix) bool {
			return slices.ContainsFunc(blocks, func(b netip.Prefix) bool { return b.Contains(a.Unmap().WithZone("")) })
		}
		endpoint := p == snapshot.ToEndpointPort || p == snapshot.ToControlPort
		switch {
		case in(neverBlocks) || !a.IsValid():
			return snapshot.Errorf("%s can't be the address of an endpoint, an agent or a file server: it is not dialled", "%s はエンドポイント、エージェント、ファイルサーバーのアドレスではありえないため、接続を試さない", a)
		case endpoint && !public && !in(privateBlocks):
			return snapshot.Errorf("%s is a public address, and is dialled only with --allow-public: a VPC endpoint has one only where its VPC has public blocks", "%s はパブリックアドレスで、--allow-public がなければ接続を試さない。VPC エンドポイントがこれを持つのは、VPC にパブリックなブロックがある場合だけ", a)
		}
		return nil
	}
}

// refused takes out the targets that the rule refuses, and makes results of them,
// from which nothing follows.
func refused(targets []Target, rule Rule) (allowed []Target, out []snapshot.Probe) {
	for _, t := range targets {
		if err := rule(t.Purpose, t.Addr); err != nil {
			out = append(out, snapshot.Probe{Purpose: t.Purpose, Host: t.Host, Addr: t.Addr, Port: t.Port, Outcome: snapshot.Failed, Errno: "not dialled", Local: true, Tries: 0})
			continue
		}
		allowed = append(allowed, t)
	}
	return allowed, out
}
