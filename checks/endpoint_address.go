package checks

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	endpointNoIPv4 = &Problem{
		Code: "DSP106", Severity: Fail, Hides: true,
		Title:   say("{subject} has no IPv4 address (address type {seen})", "{subject} に IPv4 アドレスがない（アドレスタイプ {seen}）"),
		Cause:   say("privateLinkEndpoint in the key request takes an IPv4 address only, so no private key can be had for this endpoint.", "キー要求の privateLinkEndpoint は IPv4 アドレスしか受け付けないため、このエンドポイント用のキーを取得できない。"),
		Fix:     say("Change the endpoint's address type to ipv4 or dualstack.", "エンドポイントのアドレスタイプを ipv4 か dualstack に変更する。"),
		Example: []repair.Change{repair.EndpointAddresses{Endpoint: exampleEndpoint}},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: []string{pagePrivLink},
	}
	endpointOtherIP = &Problem{
		Code: "DSP107", Severity: Fail, Hides: true,
		Title:   say("{ip} is not an address of {subject}; its addresses are {addresses}", "{ip} は {subject} のアドレスではない。{subject} のアドレスは {addresses}"),
		Cause:   say("The address is baked into the activation key: the agent would try to reach something that is not this endpoint.", "アドレスはアクティベーションキーに埋め込まれる。このままではエージェントは別のものに接続しようとする。"),
		Fix:     say("Ask for the key with privateLinkEndpoint set to one of {addresses}.", "privateLinkEndpoint に {addresses} のいずれかを指定してキーを取得する。"),
		Look:    []Command{OnAWS("ec2 describe-network-interfaces --network-interface-ids {interfaces} --query NetworkInterfaces[].PrivateIpAddress")},
		Errors:  []*documented.Error{documented.EndpointUnreachable},
		Sources: []string{pageActivate, pagePrivLink},
	}
	endpointOtherSubnet = &Problem{
		Code: "DSP108", Severity: Warn, Given: true,
		Title:   say("{subject} has no address in the chosen {subnet}; its addresses {addresses} are in {subnets}", "{subject} は指定の {subnet} にアドレスを持たない。アドレス {addresses} は {subnets} にある"),
		Cause:   say("The task's interfaces may live in another subnet than the endpoint, but routes and network ACLs of both subnets then matter, and the article advises one subnet for both.", "タスクのインターフェイスは別のサブネットでもよいが、両方のサブネットの経路とネットワーク ACL が関係するようになる。記事は同じサブネットを勧めている。"),
		Fix:     say("Choose one of {subnets} with --subnet-id, or add {subnet} to the endpoint.", "--subnet-id に {subnets} のいずれかを指定するか、{subnet} をエンドポイントに追加する。"),
		Example: []repair.Change{repair.EndpointSubnet{Endpoint: exampleEndpoint, Has: []string{"subnet-0da1b2c3d4e5f6071"}, Subnet: "subnet-0da1b2c3d4e5f6072"}},
		Sources: []string{pageArticle, pageCreate},
	}
)

var _ = register(&Check{
	ID:       "endpoint-address",
	Area:     AreaEndpoint,
	Vital:    true,
	Title:    say("The VPC endpoint has an IPv4 address in the chosen subnet, and the one in the key request is its own", "選択したサブネットに IPv4 アドレスがあり、キー要求のアドレスもこのエンドポイントのもの"),
	Requires: reqAddress,
	Needs:    []snapshot.Kind{snapshot.Endpoints, snapshot.Interfaces},
	Uses:     []snapshot.Kind{snapshot.Subnets},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{endpointNoIPv4, endpointOtherIP, endpointOtherSubnet},
	Run:      runEndpointAddress,
})

func runEndpointAddress(x *Exam) {
	ep, s, ok := x.endpoint()
	if !ok {
		return
	}
	interfaces, gaps := endpointInterfaces(s, ep)
	if len(ep.InterfaceIDs) == 0 || ep.SubnetsPending != "" {
		gaps = append(gaps, snapshot.FieldGap(snapshot.Endpoints, ep.ID, ep.SubnetsPending, "NetworkInterfaceIds"))
	}
	var addresses, subnets []string
	var evidence []snapshot.Evidence
	inSubnet := false
	named := !x.Target.EndpointIP.IsValid()
	var moving *snapshot.Gap // of an interface that has the address in question
	for _, i := range interfaces {
		if g := unsettled(s, ep, i); g != nil && (!x.Target.EndpointIP.IsValid() || slices.Contains(i.Addrs(), x.Target.EndpointIP)) {
			moving = g
		}
		for _, a := range i.Addrs() {
			if !a.Is4() {
				continue
			}
			addresses = append(addresses, a.String())
			evidence = append(evidence, snapshot.Saw(snapshot.Interfaces, i.ID, snapshot.Textf("address %s in %s", "アドレス %s（%s）", a, i.Subnet)))
			inSubnet = inSubnet || i.Subnet == x.Target.SubnetID
			named = named || a == x.Target.EndpointIP
			if !slices.Contains(subnets, i.Subnet) {
				subnets = append(subnets, i.Subnet)
			}
		}
		if i.Within.IsValid() {
			addresses = append(addresses, i.Within.String())
			evidence = append(evidence, snapshot.Saw(snapshot.Interfaces, i.ID, snapshot.Textf("an address of %s, chosen when it is created", "作成時に %s から選ばれるアドレス", i.Within)))
			inSubnet = inSubnet || i.Subnet == x.Target.SubnetID
			if x.Target.EndpointIP.IsValid() && i.Within.Contains(x.Target.EndpointIP) {
				gaps = append(gaps, snapshot.Gap{Code: snapshot.KnownAfterApply, Source: "plan", Ref: i.ID, Detail: x.Target.EndpointIP.String()})
			}
			if !slices.Contains(subnets, i.Subnet) {
				subnets = append(subnets, i.Subnet)
			}
		}
	}
	args := Args{"region": x.region(), "ip": addrText(x.Target.EndpointIP), "addresses": addresses, "interfaces": ep.InterfaceIDs, "subnet": x.Target.SubnetID, "subnets": subnets}
	switch {
	case len(gaps) > 0 && (len(addresses) == 0 || !named || x.Target.SubnetID != "" && !inSubnet):
		x.Unknown(ep.ID, gaps...)
	case len(addresses) == 0:
		seen := ep.IPAddressType
		if seen == "" {
			seen = "?"
		}
		args["seen"] = seen
		x.Report(endpointNoIPv4, ep.ID, args, snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("interfaces %s, none with an IPv4 address", "インターフェイス %s に IPv4 アドレスがない", shorten(ep.InterfaceIDs))))
		x.mend(whose(s, ep.OwnerID), repair.EndpointAddresses{Endpoint: endpointBlock(ep)})
	case !named && x.Target.AgentARN != "":
		x.See(say("the address in the agent's key is not the endpoint's", "エージェントのキーのアドレスがエンドポイントのものではない"), "agent-endpoint")
	case !named:
		x.Report(endpointOtherIP, ep.ID, args, evidence...)
	case x.Target.SubnetID != "" && !inSubnet && ownSubnet(s, ep, x.Target.SubnetID):
		x.Report(endpointOtherSubnet, ep.ID, args, evidence...)
		if zoneFree(s, ep, x.Target.SubnetID) {
			x.mend(whose(s, ep.OwnerID), repair.EndpointSubnet{Endpoint: endpointBlock(ep), Subnet: x.Target.SubnetID, Has: ep.SubnetIDs})
		}
	case x.Target.SubnetID != "" && !inSubnet && x.Target.DestinationType != "efs" && x.Target.DestinationType != "fsx": // theirs is the location's
		x.See(say("the chosen subnet is not one of the endpoint's VPC", "選択したサブネットがエンドポイントの VPC のものではない"), x.given("subnet-usable")...)
	case moving != nil:
		x.Unknown(ep.ID, *moving)
	case ep.IPAddressType != "" && !givesIPv4(ep.IPAddressType):
		x.Unknown(ep.ID, snapshot.Gap{
			Code: snapshot.Contradiction, Source: snapshot.Endpoints.Action(), Scope: s.Label(),
			Ref: ep.ID + " (IpAddressType " + ep.IPAddressType + ")", Detail: shorten(ep.InterfaceIDs) + " (" + shorten(addresses) + ")",
		})
	default:
		x.OK(ep.ID, evidence...)
	}
}

// givesIPv4 reports whether an endpoint of an address type has IPv4 addresses.
// Source: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
func givesIPv4(kind string) bool {
	return strings.EqualFold(kind, "ipv4") || strings.EqualFold(kind, "dualstack")
}

// ownSubnet reports whether a subnet is one of the endpoint's VPC, as far as is
// known; for one that isn't, or isn't there at all, subnet-usable speaks.
func ownSubnet(s *snapshot.Scope, ep snapshot.Endpoint, id string) bool {
	n, p := s.Subnets.GetIn(ep.VPC, id)
	return p == snapshot.Unobserved || p == snapshot.Present && n.VPC == ep.VPC
}

// zoneFree reports whether an endpoint can get an interface in a subnet: it has one a
// zone at most. Source: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
func zoneFree(s *snapshot.Scope, ep snapshot.Endpoint, id string) bool {
	n, p := s.Subnets.Get(id)
	return p == snapshot.Present && !slices.ContainsFunc(ep.SubnetIDs, func(own string) bool {
		o, seen := s.Subnets.Get(own)
		return seen != snapshot.Present || o.AvailabilityZoneID == n.AvailabilityZoneID && o.AvailabilityZone == n.AvailabilityZone
	})
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
