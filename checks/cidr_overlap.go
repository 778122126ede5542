package checks

import (
	"net/netip"
	"slices"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var spacesOverlap = &Problem{
	Code: "DSP401", Severity: Fail,
	Title:   say("{source_block} of {source} overlaps {destination_block} of {destination}", "{source} の {source_block} が {destination} の {destination_block} と重複している"),
	Cause:   say("Overlapping VPCs can't be peered at all, and over any other connection the destination's local route wins: replies to {overlap} never leave it.", "重複する VPC はピアリングできず、他の接続でも宛先側のローカルルートが優先されるため、{overlap} への応答は VPC の外に出ない。"),
	Fix:     say("Put the endpoint in a VPC whose CIDR blocks differ from all of the source network's, or renumber the source. Where only a secondary block overlaps, disassociate it if nothing uses it.", "送信元のどの CIDR とも重ならない VPC にエンドポイントを置くか、送信元のアドレスを変更する。重複がセカンダリブロックだけで未使用なら、関連付けを解除する。"),
	Look:    []Command{OnAWS("ec2 describe-vpcs --vpc-ids {destination} --query Vpcs[].CidrBlockAssociationSet")},
	Sources: []string{pageArticle, pagePeering},
}

var _ = register(&Check{
	ID:       "cidr-overlap",
	Area:     AreaPath,
	Title:    say("No address space of the source network overlaps one of the endpoint's VPC", "ソースネットワークとエンドポイントの VPC のアドレス空間が重複していない"),
	Requires: reqNoOverlap,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.VPCs},
	Uses:     netpath.FinderKinds,
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{spacesOverlap},
	Run:      runCIDROverlap,
})

func runCIDROverlap(x *Exam) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	v, p := s.VPCs.Get(ep.VPC)
	if p != snapshot.Present {
		x.Unknown(ep.VPC, s.GapFor(snapshot.VPCs, ep.VPC))
		return
	}
	blocks := v.Prefixes()
	if len(blocks) == 0 {
		x.Unknown(v.ID, snapshot.FieldGap(snapshot.VPCs, v.ID, v.Pending, "CidrBlockAssociationSet"))
		return
	}
	agents, gap := netpath.FindAgents(x.Snapshot, x.Target)
	if gap == nil && agents.VPC == ep.VPC {
		x.OK(v.ID, snapshot.Saw(snapshot.VPCs, v.ID, snapshot.Textf("agent and endpoint share this VPC and its address space, %s", "エージェントとエンドポイントがこの VPC とアドレス空間 %s を共有", prefixes(blocks))))
		return
	}
	// Every VPC that the agent is said or found to be in.
	compared := false
	if gap != nil && gap.Code != snapshot.AgentNotGiven {
		x.Unknown(v.ID, *gap)
		compared = true
	}
	compareIDs := distinct(agents.VPC, x.Target.SourceVPCID)
	for _, id := range compareIDs {
		compared = true
		if source, p := x.vpcAnywhere(id); p == snapshot.Present && len(source.Prefixes()) > 0 {
			x.compareSpaces(v.ID, blocks, source.ID, source.Prefixes(), snapshot.VPCs.Action())
			x.changing(v, source.Prefixes())
			x.changing(source, blocks)
			x.whole(source)
		} else {
			x.Unknown(id, snapshot.Gap{Code: snapshot.AgentNotFound, Source: snapshot.VPCs.Action(), Ref: id})
		}
	}
	if gap == nil && len(compareIDs) == 0 && x.maybeHere(v, agents) {
		return
	}
	x.declared(v.ID, agents)
	if len(x.Target.SourceCIDRs) > 0 {
		x.compareSpaces(v.ID, blocks, "--source-cidr", x.Target.SourceCIDRs, "--source-cidr")
		x.changing(v, x.Target.SourceCIDRs)
		if !compared && !slices.ContainsFunc(x.Target.SourceCIDRs, func(p netip.Prefix) bool { return p.Addr().Is4() }) {
			x.Unknown(v.ID, snapshot.Gap{Code: snapshot.SpaceNotDeclared})
		}
		compared = true
	}
	// The agent's own addresses can prove an overlap, not its absence.
	if agents.Addrs != nil && len(netpath.Overlaps(agents.Addrs.Prefixes(), blocks)) > 0 {
		x.compareSpaces(v.ID, blocks, agents.Given, agents.Addrs.Prefixes(), agents.Given)
	} else if !compared {
		x.Unknown(v.ID, snapshot.Gap{Code: snapshot.SpaceNotDeclared})
	}
	x.whole(v)
	x.locationSpaces(s, ep, agents)
}

// locationSpaces holds the blocks of the VPC that the task's interfaces go into, where
// that is another one than the endpoint's, against those of the source network.
func (x *Exam) locationSpaces(s *snapshot.Scope, ep snapshot.Endpoint, agents netpath.Agents) {
	if !x.inLocation() || x.Target.SubnetID == "" {
		return
	}
	n, in := x.taskSubnet(s, ep, x.Target.SubnetID)
	if in == nil || n.VPC == ep.VPC || n.VPC == agents.VPC {
		return // subnet-usable speaks of a subnet that is not there
	}
	v, p := in.VPCs.Get(n.VPC)
	if p != snapshot.Present {
		x.Unknown(n.VPC, in.GapFor(snapshot.VPCs, n.VPC))
		return
	}
	for _, id := range distinct(agents.VPC, x.Target.SourceVPCID) {
		if source, p := x.vpcAnywhere(id); p == snapshot.Present {
			x.compareSpaces(v.ID, v.Prefixes(), source.ID, source.Prefixes(), snapshot.VPCs.Action())
			x.changing(v, source.Prefixes())
			x.changing(source, v.Prefixes())
		}
	}
	if len(x.Target.SourceCIDRs) > 0 {
		x.compareSpaces(v.ID, v.Prefixes(), "--source-cidr", x.Target.SourceCIDRs, "--source-cidr")
		x.changing(v, x.Target.SourceCIDRs)
	}
	x.whole(v)
}

// maybeHere reports whether all that is said of the agent lies in the endpoint's own
// VPC, and nothing says that it is elsewhere: then it may be planned there.
func (x *Exam) maybeHere(v snapshot.VPC, a netpath.Agents) bool {
	said := netpath.Union(a.Addrs, netpath.Set(x.Target.SourceCIDRs...))
	if a.Scope != nil || netpath.Empty(said) || !netpath.Empty(netpath.Minus(said, netpath.Set(v.Prefixes()...))) {
		return false
	}
	x.Unknown(v.ID, snapshot.Gap{Code: snapshot.MaybeHere, Source: snapshot.VPCs.Action(), Ref: shorten(netpath.Addresses(said)), Detail: v.ID})
	return true
}

// declared says where the agent's own address is in none of the blocks that the
// user declared: then these are not all.
func (x *Exam) declared(vpc string, a netpath.Agents) {
	if len(x.Target.SourceCIDRs) == 0 || a.VPC != "" || a.Addrs == nil {
		return
	}
	if rest := netpath.Minus(a.Addrs, netpath.Set(x.Target.SourceCIDRs...)); !netpath.Empty(rest) {
		x.Unknown(vpc, snapshot.Gap{Code: snapshot.NotDeclared, Source: a.Given, Ref: shorten(netpath.Addresses(rest)), Detail: prefixes(x.Target.SourceCIDRs)})
	}
}

func distinct(ids ...string) []string {
	var out []string
	for _, id := range ids {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (x *Exam) vpcAnywhere(id string) (snapshot.VPC, snapshot.Presence) {
	for _, s := range x.Snapshot.Scopes {
		if v, p := s.VPCs.Get(id); p == snapshot.Present {
			return v, p
		}
	}
	return snapshot.VPC{}, snapshot.Unobserved
}

// changing says where a block that AWS is adding to a VPC, or taking from it,
// overlaps one of the other side.
func (x *Exam) changing(v snapshot.VPC, others []netip.Prefix) {
	for _, a := range v.Unsettled() {
		if len(netpath.Overlaps([]netip.Prefix{a.CIDR.Masked()}, others)) > 0 {
			x.Unknown(v.ID, snapshot.Gap{Code: snapshot.InTransition, Source: snapshot.VPCs.Action(), Ref: v.ID + " " + a.CIDR.String(), Detail: a.CIDRState.State})
		}
	}
}

// whole refuses a VPC that shows only its primary block: it may have others.
func (x *Exam) whole(v snapshot.VPC) {
	if len(v.CIDRs) == 0 || v.Pending != "" {
		x.Unknown(v.ID, snapshot.FieldGap(snapshot.VPCs, v.ID, v.Pending, "CidrBlockAssociationSet"))
	}
}

// mostPairs is how many overlaps are reported; a person mends the address plan,
// not a list of thousands.
const mostPairs = 20

// compareSpaces holds two lists of blocks against each other.
func (x *Exam) compareSpaces(vpc string, blocks []netip.Prefix, source string, sourceBlocks []netip.Prefix, seenBy string) {
	pairs := netpath.Overlaps(sourceBlocks, blocks)
	for i, o := range pairs {
		if i == mostPairs {
			break
		}
		smaller := o.A
		if o.B.Bits() > o.A.Bits() {
			smaller = o.B
		}
		x.Report(spacesOverlap, vpc, Args{
			"source": source, "destination": vpc, "source_block": o.A.String(), "destination_block": o.B.String(), "overlap": smaller.String(), "region": x.region(),
		},
			snapshot.Evidence{Source: seenBy, Ref: source, Fact: snapshot.Textf("CIDR block %s", "CIDR ブロック %s", o.A)},
			snapshot.Saw(snapshot.VPCs, vpc, snapshot.Textf("CIDR block %s", "CIDR ブロック %s", o.B)))
	}
	if len(pairs) == 0 {
		x.OK(vpc,
			snapshot.Evidence{Source: seenBy, Ref: source, Fact: snapshot.Textf("CIDR blocks %s", "CIDR ブロック %s", prefixes(sourceBlocks))},
			snapshot.Saw(snapshot.VPCs, vpc, snapshot.Textf("CIDR blocks %s", "CIDR ブロック %s", prefixes(blocks))))
	}
}

func prefixes(list []netip.Prefix) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return shorten(out)
}
