package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var reqAgentPlace = &Requirement{
	ID: "agent-place", Grade: "required",
	Title:   say("What the agent was activated with is still there", "エージェントのアクティブ化時のリソースが今もある"),
	Sources: []string{pagePrivLink, pageCreate},
}

// renew is what mends an agent that was activated with something that is gone: of an
// agent only its name can be changed.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_UpdateAgent.html
var renew = []Command{OnAWS("datasync describe-agent --agent-arn {arn}")}

var (
	agentAddressMoved = &Problem{
		Code: "DSP814", Severity: Fail, Hides: true,
		Title:   say("{subject} was activated with {ip}, which is no address of {endpoint} now; its addresses are {addresses}{holder}", "{subject} のアクティブ化時のアドレス {ip} は、現在 {endpoint} のアドレスではない。{endpoint} のアドレスは {addresses}{holder}"),
		Cause:   say("The address is baked into the agent's key: the agent goes on calling it. It may be ONLINE over a connection of before, and goes OFFLINE with the next.", "アドレスはエージェントのキーに埋め込まれており、エージェントはそこに接続し続ける。以前の接続で ONLINE に見えても、次の接続で OFFLINE になる。"),
		Fix:     say("Give the endpoint an interface with {ip} again, or replace the agent: activate a new one with an address of {endpoint}, and give it to the locations.", "エンドポイントに再び {ip} を持たせるか、{endpoint} のアドレスで新しいエージェントをアクティブ化し、ロケーションのエージェントを置き換える。"),
		Look:    renew,
		Errors:  []*documented.Error{documented.AgentOffline},
		Sources: []string{pagePrivLink, pageAgentHelp},
	}
	agentSubnetGone = &Problem{
		Code: "DSP815", Severity: Fail,
		Title:   say("the task subnet {seen} of {subject} does not exist in {scope} any more", "{subject} のタスク用サブネット {seen} が {scope} に存在しない"),
		Cause:   say("The interfaces of new tasks are made in the subnet that the agent was activated with.", "新しいタスクのインターフェイスは、アクティブ化時に指定したサブネットに作られる。"),
		Fix:     say("Replace the agent: activate a new one with a subnet that exists.", "存在するサブネットで新しいエージェントをアクティブ化し、置き換える。"),
		Look:    renew,
		Errors:  []*documented.Error{documented.InvalidSubnet, documented.TaskUnavailable},
		Sources: []string{pagePrivLink, pageENI},
	}
	agentGroupGone = &Problem{
		Code: "DSP816", Severity: Fail,
		Title:   say("the security group {seen} of {subject} does not exist in {scope} any more", "{subject} のセキュリティグループ {seen} が {scope} に存在しない"),
		Cause:   say("The interfaces of new tasks are made with the group that the agent was activated with.", "新しいタスクのインターフェイスには、アクティブ化時に指定したグループが付く。"),
		Fix:     say("Replace the agent: activate a new one with a group that exists.", "存在するセキュリティグループで新しいエージェントをアクティブ化し、置き換える。"),
		Look:    renew,
		Errors:  []*documented.Error{documented.InvalidGroup, documented.TaskUnavailable},
		Sources: []string{pagePrivLink, pageENI},
	}
	agentApart = &Problem{
		Code: "DSP817", Severity: Fail,
		Title:   say("the subnet and the security group of {subject} are of two VPCs: {seen}", "{subject} のサブネットとセキュリティグループが別の VPC のもの: {seen}"),
		Cause:   say("An interface takes groups of its own VPC only, so that no task's interface can be made.", "インターフェイスには同じ VPC のグループしか付けられず、タスクのインターフェイスを作成できない。"),
		Fix:     say("Replace the agent: activate a new one with a group of the subnet's VPC.", "サブネットと同じ VPC のグループで新しいエージェントをアクティブ化し、置き換える。"),
		Look:    renew,
		Errors:  []*documented.Error{documented.GroupElsewhere},
		Sources: []string{pagePrivLink, pageGroupVPC},
	}
)

var _ = register(&Check{
	ID:       "agent-endpoint",
	Area:     AreaInput,
	Title:    say("The address in the agent's key is its endpoint's, and its subnet and group exist in one VPC", "エージェントのキーのアドレスがエンドポイントのもので、サブネットとグループが同じ VPC に存在する"),
	Requires: reqAgentPlace,
	Uses:     append([]snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces, snapshot.Subnets, snapshot.SecurityGroups, snapshot.SecurityGroupVPCAssociations, snapshot.VPCs}, agentUses...),
	Problems: []*Problem{agentAddressMoved, agentSubnetGone, agentGroupGone, agentApart},
	Run:      runAgentEndpoint,
})

func runAgentEndpoint(x *Exam) {
	if x.agentNotNamed() {
		return
	}
	d, s, p := x.agent()
	id := snapshot.LastOf(x.Target.AgentARN)
	switch {
	case p == snapshot.Absent:
		x.See(say("there is no such agent", "該当するエージェントがない"), "agent-status")
		return
	case p == snapshot.Unobserved:
		x.Unknown(id, x.agentGap())
		return
	case d.Public():
		x.Unknown(id, snapshot.Gap{Code: snapshot.PublicAgent, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: id, Detail: d.EndpointType})
		return
	case d.PrivateLink == nil || d.PrivateLink.EndpointID == "":
		x.Unknown(id, snapshot.FieldGap(snapshot.AgentDetails, id, "", "PrivateLinkConfig"))
		return
	}
	x.agentAddress(s, d)
	x.agentPlaces(s, d)
}

// agentAddress judges the address that the agent calls.
func (x *Exam) agentAddress(s *snapshot.Scope, d snapshot.AgentDetail) {
	l := d.PrivateLink
	ep, p := s.Endpoints.Get(l.EndpointID)
	switch p {
	case snapshot.Absent:
		x.See(say("its endpoint is gone", "エンドポイントがない"), "endpoint-available")
		return
	case snapshot.Unobserved:
		x.Unknown(d.ID, s.GapFor(snapshot.Endpoints, l.EndpointID))
		return
	}
	if !fits(d.EndpointType, ep) {
		x.Unknown(d.ID, snapshot.Gap{Code: snapshot.Contradiction, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: d.ID + " (" + d.EndpointType + ")", Detail: ep.ID + " (" + ep.Service() + ")"})
		return
	}
	ip, err := netip.ParseAddr(l.Address)
	if err != nil {
		x.Unknown(d.ID, snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: d.ID, Detail: "PrivateLinkEndpoint " + orNone(l.Address)})
		return
	}
	ip = ip.Unmap()
	interfaces, gaps := endpointInterfaces(s, ep)
	if len(ep.InterfaceIDs) == 0 {
		gaps = append(gaps, snapshot.FieldGap(snapshot.Endpoints, ep.ID, ep.SubnetsPending, "NetworkInterfaceIds"))
	}
	var addresses []string
	var ev []snapshot.Evidence
	for _, i := range interfaces {
		for _, a := range i.Addrs() {
			saw := snapshot.Saw(snapshot.Interfaces, i.ID, snapshot.Textf("address %s of %s", "%[2]s のアドレス %[1]s", a, ep.ID))
			if a == ip {
				if gap := unsettled(s, ep, i); gap != nil {
					x.Unknown(d.ID, *gap)
					return
				}
				x.OK(d.ID, snapshot.Saw(snapshot.AgentDetails, d.ID, snapshot.Textf("%s at %s", "%s（%s）", ep.ID, ip)), saw)
				return
			}
			addresses, ev = append(addresses, a.String()), append(ev, saw)
		}
	}
	if len(gaps) > 0 || len(addresses) == 0 {
		x.Unknown(d.ID, append(gaps, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Interfaces.Action(), Ref: ep.ID, Detail: ip.String()})...)
		return
	}
	holder := Text{}
	for _, i := range s.Interfaces.All() {
		if i.VPC == ep.VPC && slices.Contains(i.Addrs(), ip) {
			holder = snapshot.Textf("; %s is held by %s (%s)", "。%s は %s（%s）が持っている", ip, i.ID, orNone(i.Description))
		}
	}
	x.Report(agentAddressMoved, d.ID, Args{"ip": ip.String(), "endpoint": ep.ID, "addresses": addresses, "holder": holder, "arn": d.ARN, "region": x.region()}, ev...)
}

// fits reports whether an agent of a type may use a VPC endpoint. Without a type, that it
// has a VPC endpoint says which it is. FIPS_PRIVATE_LINK came to the API later, so that
// an agent with a FIPS endpoint may be described by either.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeAgent.html
func fits(kind string, ep snapshot.Endpoint) bool {
	return kind == "" || kind == "PRIVATE_LINK" || kind == KeyType(ep)
}

// agentPlaces judges the subnet and the group that the agent's tasks get.
func (x *Exam) agentPlaces(s *snapshot.Scope, d snapshot.AgentDetail) {
	args := Args{"scope": s.Label(), "arn": d.ARN, "region": x.region()}
	l := d.PrivateLink
	if len(l.SubnetARNs) != 1 || len(l.GroupARNs) != 1 {
		x.Unknown(d.ID, snapshot.Gap{Code: snapshot.Malformed, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: d.ID, Detail: "SubnetArns " + orNone(strings.Join(l.SubnetARNs, " ")) + ", SecurityGroupArns " + orNone(strings.Join(l.GroupARNs, " "))})
		return
	}
	for _, arn := range []string{l.SubnetARNs[0], l.GroupARNs[0]} {
		if a, r := snapshot.AccountOf(arn), snapshot.RegionOf(arn); a != s.Account || r != s.Region {
			x.Unknown(d.ID, snapshot.Gap{Code: snapshot.OwnedElsewhere, Source: snapshot.AgentDetails.Action(), Scope: s.Label(), Ref: snapshot.LastOf(arn), Detail: a, Region: r})
			return
		}
	}
	subnet, group := snapshot.LastOf(l.SubnetARNs[0]), snapshot.LastOf(l.GroupARNs[0])
	n, p := s.Subnets.Get(subnet)
	g, q := s.SecurityGroups.Get(group)
	if p == snapshot.Absent {
		args["seen"] = subnet
		x.Report(agentSubnetGone, d.ID, args, snapshot.Saw(snapshot.Subnets, subnet, snapshot.Textf("not among the subnets of %s", "%s のサブネットの中にない", s.Label())))
	}
	if q == snapshot.Absent {
		args = Args{"scope": s.Label(), "arn": d.ARN, "region": x.region(), "seen": group}
		x.Report(agentGroupGone, d.ID, args, snapshot.Saw(snapshot.SecurityGroups, group, snapshot.Textf("not among the security groups of %s", "%s のセキュリティグループの中にない", s.Label())))
	}
	if p == snapshot.Unobserved {
		x.Unknown(d.ID, s.GapFor(snapshot.Subnets, subnet))
	}
	if q == snapshot.Unobserved {
		x.Unknown(d.ID, s.GapFor(snapshot.SecurityGroups, group))
	}
	if p != snapshot.Present || q != snapshot.Present {
		return
	}
	saw := []snapshot.Evidence{
		snapshot.Saw(snapshot.Subnets, n.ID, snapshot.Textf("a subnet of %s", "%s のサブネット", n.VPC)),
		snapshot.Saw(snapshot.SecurityGroups, g.ID, snapshot.Textf("a group of %s", "%s のグループ", g.VPC)),
	}
	if g.VPC == n.VPC {
		x.OK(d.ID, saw...)
		return
	}
	usable, gap := groupUsable(s, g, n.VPC)
	switch {
	case gap != nil:
		x.Unknown(d.ID, *gap)
	case usable == netpath.On:
		x.OK(d.ID, saw...)
	default:
		args["seen"] = []string{n.ID + " " + n.VPC, g.ID + " " + g.VPC}
		x.Report(agentApart, d.ID, args, saw...)
	}
}
