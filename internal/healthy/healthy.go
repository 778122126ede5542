// Package healthy generates, for tests, estates in which nothing is wrong: folders
// as a run saves them, with what the AWS CLI prints. What is random about them is
// what differs between real ones: accounts and Regions, address blocks, zones, how
// tables and ACLs are shared, which peers a rule names, how the agent is given.
package healthy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing/fstest"
)

// Kind is how the agent is joined to the endpoint.
type Kind string

// The kinds.
const (
	Peering       Kind = "VPC peering"
	OneGateway    Kind = "one transit gateway"
	SharedGateway Kind = "one transit gateway, shared by its owner"
	TwoGateways   Kind = "two peered transit gateways"
	DirectConnect Kind = "on-premises by Direct Connect"
	VPN           Kind = "on-premises by VPN"
	PrivateNAT    Kind = "private NAT gateway"
	SameVPC       Kind = "same VPC"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Peering, OneGateway, SharedGateway, TwoGateways, DirectConnect, VPN, PrivateNAT, SameVPC}
}

// Estate generates the folder of an estate; the same seed gives the same one.
func Estate(kind Kind, seed uint64) fstest.MapFS {
	e := &estate{rng: rand.New(rand.NewPCG(seed, uint64(slices.Index(Kinds(), kind)))), target: row{}}
	e.accountsFor(kind)
	e.endpointSide()
	if e.outside() {
		e.onPremises(kind)
	} else {
		e.agentSide(kind)
		e.join(kind)
	}
	e.rules()
	e.acls()
	e.noise()
	e.give()
	return e.folder()
}

type row = map[string]any

type estate struct {
	rng      *rand.Rand
	accounts []*account
	dst, src *account // src is nil for an agent outside AWS
	target   row

	ends          *vpc
	endAt         []*subnet // one a zone
	addrs         []netip.Addr
	agents        *vpc
	agentAt       *subnet
	agentIP       netip.Addr
	agentInstance string
	agentNet      netip.Prefix // the block that the agent's side is known by
	natAt         *subnet      // the subnet of a private NAT gateway, if there is one
	natIP         netip.Addr
	peering       string // the peering connection, if one joins the two
	groups        struct{ endpoint, control, task, agent string }
	given         string // how the user says where the agent is
}

func (e *estate) outside() bool { return e.src == nil }

// chance is true in one of n estates.
func (e *estate) chance(n int) bool { return e.rng.IntN(n) == 0 }

func pick[T any](e *estate, list ...T) T { return list[e.rng.IntN(len(list))] }

// id makes one of AWS's shape.
func (e *estate) id(prefix string) string {
	return fmt.Sprintf("%s-0%016x", prefix, e.rng.Uint64())
}

const destinationRegion = "us-east-1"

// accountsFor makes the accounts, and says which is the endpoint's and the agent's.
func (e *estate) accountsFor(kind Kind) {
	e.dst = e.account("111122223333", destinationRegion, "destination")
	switch {
	case kind == DirectConnect, kind == VPN:
	case kind == SameVPC, kind == OneGateway, (kind == Peering || kind == PrivateNAT) && e.chance(3):
		e.src = e.dst
		e.dst.roles = append(e.dst.roles, "source")
	default:
		region := destinationRegion
		if kind == TwoGateways && e.chance(2) || kind == Peering && e.chance(2) {
			region = "ap-northeast-1"
		}
		number := "444455556666"
		if region != destinationRegion && e.chance(3) {
			number = e.dst.number
		}
		e.src = e.account(number, region, "source")
	}
}

// side draws an address block for a network; no two of one estate overlap.
func (e *estate) side(n int) netip.Prefix {
	a := [4]byte{10, byte(16*n + e.rng.IntN(16)), 0, 0}
	if e.chance(4) {
		a[0], a[1] = 172, byte(16+4*n+e.rng.IntN(4))
	}
	return netip.PrefixFrom(netip.AddrFrom4(a), 16+e.rng.IntN(5))
}

// endpointSide makes the endpoint with its VPC.
func (e *estate) endpointSide() {
	e.ends = e.vpc(e.dst, e.side(1))
	if e.chance(4) { // the endpoint's subnets are in a block that was added later
		e.ends.add(netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 16, 0}), 20))
	}
	zones := e.rng.Perm(3)[:1+e.rng.IntN(3)]
	id, service := e.id("vpce"), pick(e, "datasync", "datasync", "datasync-fips")
	e.groups.endpoint = e.id("sg")
	e.groups.task = e.groups.endpoint
	if e.chance(3) { // the endpoint has a group for each range of ports
		e.groups.control = e.id("sg")
	}
	if e.chance(3) {
		e.groups.task = e.id("sg")
	}
	groups := []row{{"GroupId": e.groups.endpoint, "GroupName": "datasync-endpoint"}}
	if e.groups.control != "" {
		groups = append(groups, row{"GroupId": e.groups.control, "GroupName": "datasync-control"})
	}
	var subnets, interfaces []string
	for _, z := range zones {
		n := e.subnet(e.ends, z, 24)
		addr := e.free(n)
		e.endAt, e.addrs = append(e.endAt, n), append(e.addrs, addr)
		eni := e.eni(n, addr, row{"Groups": groups, "InterfaceType": "vpc_endpoint", "Description": "VPC Endpoint Interface " + id, "RequesterManaged": true})
		subnets, interfaces = append(subnets, n.id), append(interfaces, eni)
	}
	e.dst.add("describe-vpc-endpoints", row{
		"VpcEndpointId": id, "VpcEndpointType": "Interface", "VpcId": e.ends.id, "ServiceName": "com.amazonaws." + destinationRegion + "." + service, "ServiceRegion": destinationRegion,
		"State": "available", "SubnetIds": subnets, "Groups": groups, "IpAddressType": "ipv4", "PrivateDnsEnabled": false,
		"RequesterManaged": false, "NetworkInterfaceIds": interfaces, "OwnerId": e.dst.number,
		"PolicyDocument": `{"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}`,
	})
	chosen := e.rng.IntN(len(zones))
	e.target["region"], e.target["vpc_endpoint_id"], e.target["tasks"] = destinationRegion, id, 1+e.rng.IntN(4)
	e.target["security_group_id"] = e.groups.task
	if !e.chance(4) {
		e.target["endpoint_ip"] = e.addrs[chosen].String()
	}
	for key, values := range map[string][]string{"mode": {"basic", "enhanced"}, "requirements": {"guide", "article"}} {
		if e.chance(4) {
			e.target[key] = pick(e, values...)
		}
	}
	if !e.chance(4) {
		e.target["subnet_id"] = e.endAt[chosen].id
	}
	endpointType := map[string]string{"datasync": "PRIVATE_LINK", "datasync-fips": "FIPS_PRIVATE_LINK"}[service]
	e.target["key_request"] = fmt.Sprintf("http://%%s/?gatewayType=SYNC&activationRegion=%s&endpointType=%s&privateLinkEndpoint=%s&no_redirect", destinationRegion, endpointType, e.addrs[chosen])
	for _, n := range e.endAt {
		e.dst.addSet("get-subnet-cidr-reservations", n.id)
	}
	e.dst.mayActivate()
}

// agentSide makes the agent's VPC and the agent, an instance.
func (e *estate) agentSide(kind Kind) {
	if e.agents = e.ends; kind != SameVPC {
		e.agents = e.vpc(e.src, e.side(0))
	}
	e.agentAt = e.subnet(e.agents, e.rng.IntN(3), 24)
	if kind == SameVPC && e.chance(3) {
		e.agentAt = e.endAt[0]
	}
	e.agentIP, e.agentNet = e.free(e.agentAt), e.agentAt.block
	e.groups.agent = e.id("sg")
	instance := e.id("i")
	e.agentInstance = instance
	e.given = pick(e, "instance", "instance", "address", "subnet", "network")
	eni := e.eni(e.agentAt, e.agentIP, row{"Groups": []row{{"GroupId": e.groups.agent, "GroupName": "datasync-agent"}}, "InterfaceType": "interface", "Description": "", "RequesterManaged": false, "Attachment": row{"InstanceId": instance, "DeviceIndex": 0, "Status": "attached"}})
	face := e.src.find("describe-network-interfaces", "NetworkInterfaceId", eni)
	e.src.add("describe-instances", row{"ReservationId": e.id("r"), "OwnerId": e.src.number, "Instances": []row{{
		"InstanceId": instance, "InstanceType": "m5.2xlarge", "State": row{"Code": 16, "Name": "running"}, "VpcId": e.agents.id, "SubnetId": e.agentAt.id,
		"PrivateIpAddress": e.agentIP.String(), "SecurityGroups": face["Groups"], "NetworkInterfaces": []row{face},
	}}})
	if kind != PrivateNAT {
		return
	}
	e.agents.add(netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 65, 0, 0}), 20))
	e.natAt = e.subnet(e.agents, e.agentAt.zone, 26)
	e.natIP, e.agentNet = e.free(e.natAt), e.natAt.block
	nat := e.id("nat")
	e.src.add("describe-nat-gateways", row{
		"NatGatewayId": nat, "VpcId": e.agents.id, "SubnetId": e.natAt.id, "State": "available", "ConnectivityType": "private",
		"NatGatewayAddresses": []row{{"PrivateIp": e.natIP.String(), "NetworkInterfaceId": e.eni(e.natAt, e.natIP, row{"InterfaceType": "nat_gateway", "RequesterManaged": true}), "IsPrimary": true, "Status": "succeeded"}},
	})
	e.agentAt.leads(e.ends.blocks, row{"NatGatewayId": nat})
}

// give says where the agent is, in one of the ways in which users do.
func (e *estate) give() {
	e.target["key_request"] = fmt.Sprintf(e.target["key_request"].(string), e.agentIP)
	if e.chance(4) {
		delete(e.target, "key_request")
	}
	switch e.given {
	case "address":
		e.target["agent_ip"] = e.agentIP.String()
	case "instance":
		e.target["agent_instance_id"] = e.agentInstance
	case "subnet":
		e.target["source_subnet_id"] = e.agentAt.id
	case "network":
		e.target["source_vpc_id"], e.target["source_cidr"] = e.agents.id, []string{e.agentAt.block.String()}
	}
	if e.outside() {
		if !e.chance(3) {
			e.target["source_cidr"] = []string{e.agentNet.String()}
		}
		return
	}
	if e.chance(2) {
		e.target["source_region"] = e.src.region
	}
	if e.chance(3) {
		e.target["source_vpc_id"] = e.agents.id
	}
}
