package checks

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// placeOfInstance says where a machine stands that Systems Manager names and EC2 knows.
// That is proved by the machine's own network interfaces: by the VPC of the instance,
// where the dial came from an address of its own. It is not proved where it came from
// another, such as that of a tunnel, or where only blocks of the agent's network are
// known, which other VPCs may have too.
func (x *Exam) placeOfInstance(r *snapshot.ProbeRun, p snapshot.Probe) (place snapshot.VantagePlace, proved bool) {
	vpc := x.vpcDialledFrom(r, p)
	if vpc == "" {
		return "", false
	}
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	known := gap == nil && agents.VPC != ""
	if vpc == x.Target.SourceVPCID || known && vpc == agents.VPC {
		return snapshot.AgentNetwork, true
	}
	if s := x.Snapshot.Role(snapshot.Destination); s != nil {
		if ep, at := s.Endpoints.Get(x.Target.EndpointID); at == snapshot.Present && ep.VPC == vpc {
			return snapshot.ActivationMachine, true
		}
	}
	return snapshot.Elsewhere, known
}

// vpcDialledFrom is the VPC of the instance that a dial was made from, "" if it is not
// known or the dial did not come from one of its own interfaces.
func (x *Exam) vpcDialledFrom(r *snapshot.ProbeRun, p snapshot.Probe) string {
	for _, s := range x.Snapshot.Scopes {
		i, at := s.Instances.Get(r.Instance)
		if at != snapshot.Present {
			continue
		}
		from := r.Vantage.Addresses // one of them, where the machine could not say which
		if p.From.IsValid() {
			from = []netip.Addr{p.From}
		}
		var vpcs []string
		for _, a := range from {
			vpcs = append(vpcs, vpcAt(i, a))
		}
		if vpcs = slices.Compact(vpcs); len(vpcs) == 1 {
			return vpcs[0]
		}
		return ""
	}
	return ""
}

// vpcAt is the VPC of the instance's interface that holds an address, "" where none does:
// not all interfaces of an instance need be of one VPC.
// Source: https://aws.amazon.com/about-aws/whats-new/2023/10/multi-vpc-eni-attachments/
func vpcAt(i snapshot.Instance, a netip.Addr) string {
	for _, n := range i.Interfaces {
		if slices.Contains(n.Addrs(), a) {
			return cmp.Or(n.VPC, i.VPC)
		}
	}
	if a == i.PrivateIP {
		return i.VPC
	}
	return ""
}
