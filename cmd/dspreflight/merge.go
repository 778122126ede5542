package main

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// together adds to a target what the manifest of an estate says, and settles what
// is judged. said is what the flags say of every target: where the estate shows
// that another source speaks of another agent, that agent is left out.
func together(snap *snapshot.Snapshot, manifest *snapshot.Target, said, t snapshot.Target) snapshot.Target {
	if manifest != nil {
		other := *manifest
		if apart(snap, t, other) {
			other = other.WithoutAgent()
		}
		t = t.Merge(other)
	}
	if apart(snap, said, t) {
		t = said.Merge(t.WithoutAgent())
	}
	return tidyTarget(t).Settled()
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
	for _, a := range checks.EndpointAddresses(t, snap) {
		if slices.ContainsFunc(t.SourceCIDRs, func(p netip.Prefix) bool { return p.Contains(a) }) {
			t.AgentInstanceID, t.AgentIP, t.SourceSubnetID = "", netip.Addr{}, ""
		}
	}
	return t
}

// preciseAgent are the flags that name the agent itself or its subnet.
var preciseAgent = []string{"agent-instance-id", "agent-ip", "source-subnet-id"}

// overridden refuses a flag, or a variable that somebody forgot, that would
// replace what several targets of the file each say: all would be judged for it,
// and none for its own.
func overridden(said snapshot.Target, targets []configTarget) error {
	fields := said.Fields()
	for _, flag := range slices.Sorted(maps.Keys(fields)) {
		rivals := []string{flag}
		if slices.Contains(preciseAgent, flag) {
			rivals = preciseAgent
		}
		var names []string
		differs := false
		for i, t := range targets {
			own := t.Fields()
			for _, rival := range rivals {
				if own[rival] == "" {
					continue
				}
				name := t.Name
				if name == "" {
					name = fmt.Sprintf("targets[%d]", i)
				}
				names = append(names, name+": "+rival+" "+own[rival])
				differs = differs || own[rival] != fields[rival]
				break
			}
		}
		if len(names) < 2 || !differs {
			continue
		}
		from := "--" + flag
		if v := variable(flag)[0]; os.Getenv(v) != "" {
			from += " (" + v + ")"
		}
		return snapshot.Errorf("%s %s would replace what several targets of --config each say (%s): take it away, or take it out of the targets", "%s %s を指定すると、--config の複数のターゲットがそれぞれ指定している値（%s）が置き換わる。この指定を外すか、各ターゲットから取り除く", from, fields[flag], strings.Join(names, "; "))
	}
	return nil
}
