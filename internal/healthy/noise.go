package healthy

import (
	"net/netip"
	"slices"
)

// noise adds what stands beside the path in most accounts and has no part in it.
func (e *estate) noise() {
	near := e.endAt
	if !e.outside() {
		near = append([]*subnet{e.agentAt}, near...)
	}
	for _, n := range near {
		leads := slices.ContainsFunc(n.routes, func(r row) bool { return r["DestinationCidrBlock"] == anywhere.String() })
		if !leads && e.chance(3) { // the internet, for other machines of the subnet
			n.leads([]netip.Prefix{anywhere}, pick(e, row{"GatewayId": e.id("igw")}, row{"EgressOnlyInternetGatewayId": e.id("eigw")}, row{"NatGatewayId": e.publicNAT(n.of)}))
		}
		if e.chance(3) { // Amazon S3
			e.gatewayEndpoint(n)
		}
		if e.chance(4) { // what someone left behind
			n.leads([]netip.Prefix{netip.MustParsePrefix("198.18.7.0/24")}, row{"VpcPeeringConnectionId": e.id("pcx"), "State": "blackhole"})
		}
	}
	for _, a := range e.accounts {
		if e.chance(3) {
			n := e.subnet(e.vpc(a, netip.MustParsePrefix("10.99.0.0/16")), 0, 24)
			e.eni(n, e.free(n), row{"InterfaceType": "interface"})
		}
	}
	if e.outside() && e.chance(2) { // a VPC for tests, joined to nothing, with the addresses of the site
		e.subnet(e.vpc(e.dst, private(e.agentNet)), 0, 24)
	}
	if e.chance(3) {
		e.dst.add("describe-vpc-peering-connections", row{
			"VpcPeeringConnectionId": e.id("pcx"), "Status": row{"Code": "deleted", "Message": "Deleted by 111122223333"},
			"RequesterVpcInfo": row{"VpcId": e.ends.id, "OwnerId": e.dst.number, "Region": e.dst.region}, "AccepterVpcInfo": row{"VpcId": e.id("vpc"), "OwnerId": "999900001111", "Region": e.dst.region},
		})
	}
}

// publicNAT makes a public NAT gateway in a subnet of its own.
func (e *estate) publicNAT(v *vpc) string {
	n := e.subnet(v, 0, 28)
	addr := e.free(n)
	id := e.id("nat")
	v.in.add("describe-nat-gateways", row{
		"NatGatewayId": id, "VpcId": v.id, "SubnetId": n.id, "State": "available", "ConnectivityType": "public",
		"NatGatewayAddresses": []row{{"PublicIp": "203.0.113.77", "PrivateIp": addr.String(), "IsPrimary": true, "Status": "succeeded"}},
	})
	return id
}

// gatewayEndpoint leads a subnet to Amazon S3 by AWS's own prefix list.
func (e *estate) gatewayEndpoint(n *subnet) {
	a, list := n.of.in, map[string]string{"us-east-1": "pl-63a5400a", "ap-northeast-1": "pl-61a54008"}[n.of.in.region]
	id := e.id("vpce")
	a.add("describe-vpc-endpoints", row{"VpcEndpointId": id, "VpcEndpointType": "Gateway", "VpcId": n.of.id, "ServiceName": "com.amazonaws." + a.region + ".s3", "State": "available", "OwnerId": a.number})
	known := false
	for _, l := range a.rows["describe-managed-prefix-lists"] {
		known = known || l["PrefixListId"] == list
	}
	if !known {
		a.add("describe-managed-prefix-lists", row{"PrefixListId": list, "PrefixListName": "com.amazonaws." + a.region + ".s3", "OwnerId": "AWS", "AddressFamily": "IPv4", "State": "create-complete"})
	}
	n.routes = append(n.routes, row{"DestinationPrefixListId": list, "GatewayId": id, "Origin": "CreateRoute", "State": "active"})
}
