package netpath

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// FinderKinds are the tables that FindAgents looks at. A check that calls it
// declares them all, so that every check places the agent alike.
var FinderKinds = []snapshot.Kind{
	snapshot.VPCs, snapshot.Subnets, snapshot.Endpoints, snapshot.Interfaces, snapshot.Instances, snapshot.Peerings, snapshot.RouteTables,
	snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayRoutes, snapshot.VPNGateways,
}

// Agents is where the agent may stand: the narrowest set of addresses that the
// user gave, and the network that holds them.
type Agents struct {
	Place
	Addrs    *netipx.IPSet
	Subnet   string           // the one subnet that holds all of them, if there is one
	Groups   []string         // the agent's own security groups, if it is a known interface
	Pending  snapshot.Pending // what decides whether it has further groups; "": it has not
	Given    string           // the flag that the addresses come from
	Seen     *Sighting        // what AWS said of them, if it did
	Instance string           // the agent's instance, if it is named
	State    string           // its state
}

// Placed reports whether it is known where the agent stands: in a VPC that was
// seen, or outside AWS.
func (a Agents) Placed() bool { return a.Outside || a.Scope != nil && a.VPC != "" }

// FindAgents resolves the agent of a target. The narrowest of these that is
// given counts: --agent-ip or --agent-instance-id, --source-subnet-id,
// --source-cidr, --source-vpc-id. The gap says why nothing can be told.
func FindAgents(snap *snapshot.Snapshot, t snapshot.Target) (Agents, *snapshot.Gap) {
	a, gap := finder{snap, t}.find()
	if s := a.Scope; gap == nil && s != nil && differ(s.Region, t.SourceRegion) {
		return Agents{}, &snapshot.Gap{Code: snapshot.OtherRegion, Source: "--source-region " + t.SourceRegion, Scope: s.Label(), Ref: cmp.Or(a.Instance, a.VPC, a.Given), Detail: s.Region}
	}
	return a, gap
}

func (f finder) find() (Agents, *snapshot.Gap) {
	t := f.t
	switch {
	case t.AgentInstanceID != "":
		return f.instance()
	case t.AgentIP.IsValid():
		return f.address()
	case t.SourceSubnetID != "":
		return f.subnet()
	case len(t.SourceCIDRs) > 0:
		a := Agents{Addrs: Set(t.SourceCIDRs...), Given: "--source-cidr"}
		a.Place = f.placeOf(t.SourceCIDRs)
		return a, nil
	case t.SourceVPCID != "":
		return f.vpc()
	}
	return Agents{}, &snapshot.Gap{Code: snapshot.AgentNotGiven}
}

// Sighting is what AWS said of where the agent is.
type Sighting struct {
	Kind   snapshot.Kind // Instances, Interfaces, Subnets or VPCs
	Ref    string
	Addr   netip.Addr // of an instance or interface
	Subnet string     // of an interface
	Blocks []string   // of a subnet or VPC
}

type finder struct {
	snap *snapshot.Snapshot
	t    snapshot.Target
}

// scopes lists the source scopes before the others.
func (f finder) scopes() []*snapshot.Scope {
	var first, rest []*snapshot.Scope
	for _, s := range f.snap.Scopes {
		if s.Has(snapshot.Source) {
			first = append(first, s)
		} else {
			rest = append(rest, s)
		}
	}
	return append(first, rest...)
}

func (f finder) instance() (Agents, *snapshot.Gap) {
	gap := snapshot.Gap{Code: snapshot.AgentNotFound, Source: snapshot.Instances.Action(), Ref: f.t.AgentInstanceID}
	for _, s := range f.scopes() {
		i, p := s.Instances.Get(f.t.AgentInstanceID)
		if p != snapshot.Present {
			if p == snapshot.Unobserved && s.Has(snapshot.Source) {
				gap = s.GapFor(snapshot.Instances, f.t.AgentInstanceID)
			}
			continue
		}
		addr, groups, subnet, vpc := i.PrivateIP, i.Groups, i.Subnet, i.VPC
		var pending snapshot.Pending
		named := !f.t.AgentIP.IsValid()
		for _, n := range i.Interfaces {
			wanted := addr
			if f.t.AgentIP.IsValid() {
				wanted = f.t.AgentIP
			}
			if wanted.IsValid() && !slices.Contains(n.Addrs(), wanted) {
				continue
			}
			if n.Status != "" && Lives(InterfaceState, n.Status) != On {
				return Agents{}, stateGap(s, snapshot.Instances, i.ID+"/"+n.ID, n.Status)
			}
			if gap := leaves(s, snapshot.Instances, n); gap != nil {
				return Agents{}, gap
			}
			addr, vpc, subnet, named, pending = n.PrivateIP, n.VPC, n.Subnet, true, n.Pending
			if wanted.IsValid() {
				addr = wanted
			}
			if len(n.Groups) > 0 {
				groups = n.Groups
			}
		}
		if gap := f.contradicts(s, i.ID, vpc, subnet); gap != nil {
			return Agents{}, gap
		}
		if gap := unlike(s, i, addr); gap != nil {
			return Agents{}, gap
		}
		if !named {
			return Agents{}, &snapshot.Gap{Code: snapshot.AgentNotFound, Source: gap.Source, Scope: s.Label(), Ref: f.t.AgentIP.String() + " (" + i.ID + ")"}
		}
		if within := pendingBlock(i); !addr.IsValid() && within.IsValid() {
			return Agents{Place: Place{Scope: s, VPC: vpc}, Addrs: Set(within), Subnet: subnet, Groups: ids(groups), Pending: pending, Given: "--agent-instance-id", Instance: i.ID, State: i.State.Name}, nil
		}
		if !addr.IsValid() {
			return Agents{}, &snapshot.Gap{Code: snapshot.FieldUnseen, Source: gap.Source, Scope: s.Label(), Ref: i.ID, Detail: "PrivateIpAddress"}
		}
		return Agents{
			Place: Place{Scope: s, VPC: vpc}, Addrs: AddrSet(addr), Subnet: subnet, Groups: ids(groups), Pending: pending, Given: "--agent-instance-id", Instance: i.ID, State: i.State.Name,
			Seen: &Sighting{Kind: snapshot.Instances, Ref: i.ID, Addr: addr},
		}, nil
	}
	return Agents{}, &gap
}

// contradicts says what of the target speaks against an instance that stands in a
// VPC and subnet.
func (f finder) contradicts(s *snapshot.Scope, id, vpc, subnet string) *snapshot.Gap {
	for _, said := range [][2]string{{f.t.SourceVPCID, vpc}, {f.t.SourceSubnetID, subnet}} {
		if said[0] != "" && said[1] != "" && said[0] != said[1] {
			return &snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.Instances.Action(), Scope: s.Label(), Ref: id + " (" + said[1] + ")", Detail: said[0]}
		}
	}
	return nil
}

// pendingBlock is where the address of a planned instance will come from.
func pendingBlock(i snapshot.Instance) netip.Prefix {
	for _, n := range i.Interfaces {
		if n.Within.IsValid() {
			return n.Within
		}
	}
	return netip.Prefix{}
}

func ids(groups []snapshot.GroupRef) []string {
	var out []string
	for _, g := range groups {
		out = append(out, g.ID)
	}
	return out
}

// address places a single address: at the interface that has it, else in the
// VPC that the user named or the one of the source account that holds it.
func (f finder) address() (Agents, *snapshot.Gap) {
	ip := f.t.AgentIP
	a := Agents{Addrs: AddrSet(ip), Given: "--agent-ip"}
	key := ip.String()
	var hits []Agents
	for _, s := range f.scopes() {
		for _, i := range s.Interfaces.Where("address", key, interfaceAddrs) {
			if f.t.SourceVPCID != "" && i.VPC != f.t.SourceVPCID || !i.CanBeAgent() {
				continue
			}
			if slices.ContainsFunc(hits, func(h Agents) bool { return h.VPC == i.VPC }) {
				continue
			}
			hit := a
			hit.Place, hit.Subnet, hit.Groups, hit.Pending = Place{Scope: s, VPC: i.VPC}, i.Subnet, ids(i.Groups), i.Pending
			hit.Seen = &Sighting{Kind: snapshot.Interfaces, Ref: i.ID, Addr: ip, Subnet: i.Subnet}
			if i.Attachment != nil {
				if m, p := s.Instances.Get(i.Attachment.InstanceID); p == snapshot.Present {
					hit.Instance, hit.State = m.ID, m.State.Name
				}
			}
			hits = append(hits, hit)
		}
	}
	// A VPC that nothing joins to any other network can't be the one.
	hits = slices.DeleteFunc(hits, func(h Agents) bool { return f.isolated(h.Scope, h.VPC) })
	switch len(hits) {
	case 0:
	case 1:
		if i, _ := hits[0].Scope.Interfaces.Get(hits[0].Seen.Ref); leaves(hits[0].Scope, snapshot.Interfaces, i) != nil {
			return Agents{}, leaves(hits[0].Scope, snapshot.Interfaces, i)
		}
		return hits[0], nil
	default:
		return Agents{}, &snapshot.Gap{Code: snapshot.AgentAmbiguous, Source: snapshot.Interfaces.Action(), Ref: key}
	}
	a.Place = f.placeOf([]netip.Prefix{netip.PrefixFrom(ip, ip.BitLen())})
	if a.Scope == nil {
		return a, nil
	}
	for _, i := range a.Scope.Interfaces.Where("address", key, interfaceAddrs) {
		if i.VPC == a.VPC && !i.CanBeAgent() {
			return Agents{}, &snapshot.Gap{Code: snapshot.NotAnAgents, Source: snapshot.Interfaces.Action(), Scope: a.Scope.Label(), Ref: key, Detail: strings.TrimSpace(i.ID + " " + i.Type)}
		}
	}
	for _, n := range a.Scope.Subnets.All() {
		if n.VPC != a.VPC || !n.CIDR.IsValid() || !n.CIDR.Contains(ip) {
			continue
		}
		if a.Subnet = n.ID; Reserved(n.CIDR).Contains(ip) {
			return Agents{}, &snapshot.Gap{Code: snapshot.NotAnAgents, Source: snapshot.Subnets.Action(), Scope: a.Scope.Label(), Ref: key, Detail: n.ID + " " + n.CIDR.String()}
		}
	}
	return a, nil
}

// Reserved is the five addresses of a subnet that AWS keeps: the first four and
// the last.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func Reserved(subnet netip.Prefix) *netipx.IPSet {
	r := netipx.RangeOfPrefix(subnet.Masked())
	addrs := []netip.Addr{r.To()}
	for a, n := r.From(), 0; n < 4 && a.IsValid(); a, n = a.Next(), n+1 {
		addrs = append(addrs, a)
	}
	return AddrSet(addrs...)
}

func interfaceAddrs(i snapshot.Interface) []string {
	var out []string
	for _, a := range i.Addrs() {
		out = append(out, a.String())
	}
	return out
}

func (f finder) subnet() (Agents, *snapshot.Gap) {
	gap := snapshot.Gap{Code: snapshot.AgentNotFound, Source: snapshot.Subnets.Action(), Ref: f.t.SourceSubnetID}
	for _, s := range f.scopes() {
		n, p := s.Subnets.Get(f.t.SourceSubnetID)
		if p == snapshot.Present {
			prefixes := []netip.Prefix{n.CIDR}
			for _, c := range n.IPv6CIDRs {
				prefixes = append(prefixes, c.CIDR)
			}
			return Agents{
				Place: Place{Scope: s, VPC: n.VPC}, Addrs: Set(prefixes...), Subnet: n.ID, Given: "--source-subnet-id",
				Seen: &Sighting{Kind: snapshot.Subnets, Ref: n.ID, Blocks: []string{n.CIDR.String()}},
			}, nil
		}
		if p == snapshot.Unobserved && s.Has(snapshot.Source) {
			gap = s.GapFor(snapshot.Subnets, f.t.SourceSubnetID)
		}
	}
	return Agents{}, &gap
}

func (f finder) vpc() (Agents, *snapshot.Gap) {
	gap := snapshot.Gap{Code: snapshot.AgentNotFound, Source: snapshot.VPCs.Action(), Ref: f.t.SourceVPCID}
	for _, s := range f.scopes() {
		v, p := s.VPCs.Get(f.t.SourceVPCID)
		if p == snapshot.Present {
			return Agents{
				Place: Place{Scope: s, VPC: v.ID}, Addrs: Set(v.Prefixes()...), Given: "--source-vpc-id",
				Seen: &Sighting{Kind: snapshot.VPCs, Ref: v.ID, Blocks: CIDRs(Set(v.Prefixes()...))},
			}, nil
		}
		if p == snapshot.Unobserved && s.Has(snapshot.Source) {
			gap = s.GapFor(snapshot.VPCs, f.t.SourceVPCID)
		}
	}
	return Agents{}, &gap
}
