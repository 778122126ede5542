package checks

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Complete adds to a target what the estate says: its manifest, the only endpoint of
// DataSync, the Region. The error names what must be said.
func Complete(snap *snapshot.Snapshot, t snapshot.Target) (snapshot.Target, error) {
	return Settle(snap, Together(snap, snap.Target, t, t))
}

// Settle is the last step of Complete: the endpoint and its side are found.
func Settle(snap *snapshot.Snapshot, t snapshot.Target) (snapshot.Target, error) {
	view := snap.For(t)
	if s := elsewhere(view, t.EndpointID); s != nil {
		return t, snapshot.Errorf("%s is in %s, which is not the destination (%s): name that account with --region, --profile or --role-arn or, for folders, say in each manifest.json which roles it has", "%s は %s にあり、宛先側（%s）ではない。そのアカウントを --region、--profile、--role-arn で指定するか、フォルダーの場合は各 manifest.json に役割を書く", t.EndpointID, s.Label(), view.Role(snapshot.Destination).Label())
	}
	t, err := Resolve(t, view)
	if err != nil {
		return t, err
	}
	return anywhere(snap, t), nil
}

// elsewhere finds the scope that holds an endpoint, if that is not the
// destination.
func elsewhere(snap *snapshot.Snapshot, endpoint string) *snapshot.Scope {
	for _, s := range snap.Scopes {
		if _, p := s.Endpoints.Get(endpoint); p == snapshot.Present {
			if s.Has(snapshot.Destination) {
				return nil
			}
			return s
		}
	}
	return nil
}

// Together adds to a target what the manifest of an estate says, and settles what
// is judged. said is what the flags say of every target: where the estate shows
// that another source speaks of another agent, that agent is left out.
func Together(snap *snapshot.Snapshot, manifest *snapshot.Target, said, t snapshot.Target) snapshot.Target {
	if manifest != nil {
		other := *manifest
		if apart(snap, t, other) {
			other = other.WithoutAgent()
		}
		if t.EndpointID != "" { // who names an endpoint means it, not an agent that was saved
			other.AgentARN = ""
		}
		t = t.Merge(other)
	}
	if apart(snap, said, t) {
		t = said.Merge(t.WithoutAgent())
	}
	return Tidy(t).Settled()
}

// site is where a target says the agent is, as far as the estate shows.
type site struct {
	addrs  []netip.Addr
	subnet string
	vpc    string
	block  netip.Prefix   // of the subnet
	blocks []netip.Prefix // of the VPC
	cidrs  []netip.Prefix // of the source network, as it was said
}

func siteOf(snap *snapshot.Snapshot, t snapshot.Target) site {
	out := site{subnet: t.SourceSubnetID, vpc: t.SourceVPCID, cidrs: t.SourceCIDRs}
	if t.AgentIP.IsValid() {
		out.addrs = []netip.Addr{t.AgentIP.Unmap()}
	}
	for _, s := range snap.Scopes {
		if i, p := s.Instances.Get(t.AgentInstanceID); p == snapshot.Present {
			out = site{subnet: i.Subnet, vpc: i.VPC, cidrs: t.SourceCIDRs}
			if i.PrivateIP.IsValid() {
				out.addrs = append(out.addrs, i.PrivateIP)
			}
			for _, n := range i.Interfaces {
				out.addrs = append(out.addrs, n.Addrs()...)
			}
		}
	}
	for _, s := range snap.Scopes {
		if n, p := s.Subnets.Get(out.subnet); p == snapshot.Present {
			out.vpc, out.block = n.VPC, n.CIDR
		}
	}
	for _, s := range snap.Scopes {
		if v, p := s.VPCs.Get(out.vpc); p == snapshot.Present {
			out.blocks = v.Prefixes()
		}
	}
	return out
}

// names reports whether the source network of a target, part of another's VPC but
// without its agent, names other agents there. A network elsewhere comes on top.
func (x site) names(y site) bool {
	overlaps, holds := false, false
	for _, c := range x.cidrs {
		overlaps = overlaps || slices.ContainsFunc(y.blocks, c.Overlaps)
		holds = holds || slices.ContainsFunc(y.addrs, c.Contains)
	}
	return overlaps && !holds && len(y.addrs) > 0
}

// apart reports whether the estate shows that two targets put the agent in two
// places. What it does not show parts nothing.
func apart(snap *snapshot.Snapshot, a, b snapshot.Target) bool {
	x, y := siteOf(snap, a), siteOf(snap, b)
	outside := func(p netip.Prefix, addrs []netip.Addr) bool {
		return p.IsValid() && len(addrs) > 0 && !slices.ContainsFunc(addrs, p.Contains)
	}
	return x.subnet != "" && y.subnet != "" && x.subnet != y.subnet ||
		x.vpc != "" && y.vpc != "" && x.vpc != y.vpc ||
		len(x.addrs) > 0 && len(y.addrs) > 0 && !slices.ContainsFunc(x.addrs, func(a netip.Addr) bool { return slices.Contains(y.addrs, a) }) ||
		outside(x.block, y.addrs) || outside(y.block, x.addrs) || x.names(y)
}

// anywhere takes the agent's own place out of a target whose source network holds
// the endpoint: an address there may be on either side, so that all of the network
// is judged.
func anywhere(snap *snapshot.Snapshot, t snapshot.Target) snapshot.Target {
	for _, a := range EndpointAddresses(t, snap) {
		if slices.ContainsFunc(t.SourceCIDRs, func(p netip.Prefix) bool { return p.Contains(a) }) {
			t.AgentInstanceID, t.AgentIP, t.SourceSubnetID = "", netip.Addr{}, ""
		}
	}
	return t
}

// Tidy takes out of a target what must not be stored or shown, activation
// keys, and writes addresses in one way.
func Tidy(t snapshot.Target) snapshot.Target {
	t.EndpointIP, t.AgentIP = t.EndpointIP.Unmap(), t.AgentIP.Unmap()
	t.KeyRequest = tidyURL(t.KeyRequest)
	for _, list := range []*[]string{&t.SubnetARNs, &t.GroupARNs} {
		*list = slices.Clone(*list)
		for i := range *list {
			(*list)[i] = documented.WithoutKeys((*list)[i])
		}
	}
	if t.KeyShape != "" && t.KeyShape != "ok" && !KnownKeyShape(t.KeyShape) {
		t.KeyShape = "groups"
	}
	return t
}

// tidyURL takes user, fragment and activation keys out of a URL, however they are
// encoded.
func tidyURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "unreadable" // what can't be read can't be cleaned; validate refuses it
	}
	q := u.Query()
	changed := u.User != nil || u.Fragment != ""
	for name := range q {
		if strings.EqualFold(name, "activationKey") {
			q.Del(name)
			changed = true
		}
	}
	if changed {
		u.User, u.Fragment, u.RawFragment = nil, "", ""
		u.RawQuery = q.Encode()
		text = u.String()
	}
	text = keyParameter.Re().ReplaceAllString(text, "")
	for plain := text; ; {
		if clean := documented.WithoutKeys(plain); clean != plain {
			return clean
		}
		next, err := url.QueryUnescape(plain)
		if err != nil || next == plain {
			return text
		}
		plain = next
	}
}

// keyParameter is a parameter that the URL package does not see as one.
var keyParameter = pattern.New(`(?i)activationkey=[^&;#]*`)
