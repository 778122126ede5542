package healthy

import (
	"fmt"
	"net/netip"
)

// forward are the ports that the agent dials, reply those that it dials from.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/datasync-network.html
var (
	forward = [][2]int{{443, 443}, {1024, 1064}, {22, 22}}
	reply   = [][2]int{{1024, 65535}}
)

// seenAs is the address under which the endpoint's side sees the agent.
func (e *estate) seenAs() netip.Addr {
	if e.natAt != nil {
		return e.natIP
	}
	return e.agentIP
}

// rules makes the security groups.
func (e *estate) rules() {
	to := e.peers(e.dst, e.groups.agent, e.seenAs(), e.agentNet)
	if e.groups.control == "" {
		e.group(e.ends, e.groups.endpoint, e.permissions(to, forward), all())
	} else {
		e.group(e.ends, e.groups.endpoint, e.permissions(to, forward[:1]), all())
		e.group(e.ends, e.groups.control, e.permissions(to, forward[1:]), all())
	}
	if e.groups.task != e.groups.endpoint {
		e.group(e.ends, e.groups.task, e.permissions(to, forward[:1]), all())
	}
	if e.outside() {
		return
	}
	egress := all()
	if e.chance(2) {
		var ends []row
		for _, b := range e.ends.blocks {
			ends = append(ends, row{"CidrIp": b.String()})
		}
		peers := row{"IpRanges": ends}
		if e.chance(3) {
			peers = row{"PrefixListIds": []row{{"PrefixListId": e.list(e.src, e.ends.blocks)}}}
		}
		egress = e.permissions(peers, forward)
	}
	e.group(e.agents, e.groups.agent, e.permissions(row{"IpRanges": []row{{"CidrIp": e.agentNet.String()}}}, [][2]int{{80, 80}}), egress)
}

// peers names the agent in one of the ways in which people write rules.
func (e *estate) peers(in *account, group string, addr netip.Addr, block netip.Prefix) row {
	ranges := func(p netip.Prefix) row { return row{"IpRanges": []row{{"CidrIp": p.Masked().String()}}} }
	referable := !e.outside() && e.natAt == nil && (e.given == "address" || e.given == "instance") && (e.agents == e.ends || e.peering != "" && e.src.region == e.dst.region)
	switch n := e.rng.IntN(6); {
	case n == 0 && (e.natAt != nil || e.given == "address" || e.given == "instance"):
		return ranges(netip.PrefixFrom(addr, 32))
	case n == 1:
		return ranges(private(block))
	case n == 2:
		return row{"PrefixListIds": []row{{"PrefixListId": e.list(in, []netip.Prefix{block})}}}
	case n == 3 && referable:
		pair := row{"GroupId": group, "UserId": e.src.number}
		if e.peering != "" {
			pair["VpcId"], pair["VpcPeeringConnectionId"], pair["PeeringStatus"] = e.agents.id, e.peering, "active"
		}
		return row{"UserIdGroupPairs": []row{pair}}
	}
	return ranges(block)
}

// permissions admit some peers to ports: each range by one, or all by one.
func (e *estate) permissions(peers row, ports [][2]int) []row {
	if len(ports) > 1 && e.chance(4) {
		ports = [][2]int{{0, 65535}}
	}
	var out []row
	for _, p := range ports {
		r := row{"IpProtocol": "tcp", "FromPort": p[0], "ToPort": p[1], "IpRanges": []row{}, "Ipv6Ranges": []row{}, "PrefixListIds": []row{}, "UserIdGroupPairs": []row{}}
		for k, v := range peers {
			r[k] = v
		}
		out = append(out, r)
	}
	return out
}

func all() []row {
	return []row{{"IpProtocol": "-1", "IpRanges": []row{{"CidrIp": "0.0.0.0/0"}}, "Ipv6Ranges": []row{}, "PrefixListIds": []row{}, "UserIdGroupPairs": []row{}}}
}

// group adds a security group, and its rules under their own ids.
func (e *estate) group(v *vpc, id string, ingress, egress []row) {
	v.in.add("describe-security-groups", row{
		"GroupId": id, "GroupName": "g-" + id, "Description": "", "VpcId": v.id, "OwnerId": v.in.number, "SecurityGroupArn": fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/%s", v.in.region, v.in.number, id),
		"IpPermissions": ingress, "IpPermissionsEgress": egress,
	})
	for i, list := range [][]row{ingress, egress} {
		for _, p := range list {
			rule := row{"SecurityGroupRuleId": e.id("sgr"), "GroupId": id, "IsEgress": i == 1, "IpProtocol": p["IpProtocol"], "FromPort": -1, "ToPort": -1}
			if p["FromPort"] != nil {
				rule["FromPort"], rule["ToPort"] = p["FromPort"], p["ToPort"]
			}
			for _, peer := range p["IpRanges"].([]row) {
				rule["CidrIpv4"] = peer["CidrIp"]
			}
			for _, peer := range p["PrefixListIds"].([]row) {
				rule["PrefixListId"] = peer["PrefixListId"]
			}
			for _, peer := range p["UserIdGroupPairs"].([]row) {
				rule["ReferencedGroupInfo"] = row{"GroupId": peer["GroupId"], "UserId": peer["UserId"]}
			}
			v.in.add("describe-security-group-rules", rule)
		}
	}
}

// acls gives some of the subnets network ACLs of their own, which let through what
// passes there and no more.
func (e *estate) acls() {
	closed := func(n *subnet) bool { return n.in != nil }
	opens := func(list []opening, peers []netip.Prefix, ports [][2]int) []opening {
		for _, b := range peers {
			for _, p := range ports {
				list = append(list, opening{b, p[0], p[1]})
			}
		}
		return list
	}
	agentNet := []netip.Prefix{e.agentNet}
	for _, v := range []*vpc{e.agents, e.ends} {
		if v == nil {
			continue
		}
		for _, n := range v.subnets {
			if !n.shared && e.chance(2) {
				n.in, n.out = []opening{}, []opening{}
			}
		}
		if e.agents == e.ends {
			break
		}
	}
	for _, n := range e.endAt {
		if closed(n) {
			n.in, n.out = opens(n.in, agentNet, forward), opens(n.out, agentNet, reply)
		}
	}
	if n := e.agentAt; n != nil && closed(n) {
		n.out, n.in = opens(n.out, e.ends.blocks, forward), opens(n.in, e.ends.blocks, reply)
	}
	if n := e.natAt; n != nil && closed(n) {
		agent := []netip.Prefix{e.agentAt.block}
		n.in, n.out = opens(n.in, agent, forward), opens(n.out, agent, reply)
		n.out, n.in = opens(n.out, e.ends.blocks, forward), opens(n.in, e.ends.blocks, reply)
	}
	for _, n := range e.ends.subnets {
		if n.attachment && closed(n) {
			n.out, n.in = opens(n.out, e.ends.blocks, forward), opens(n.in, e.ends.blocks, reply)
		}
	}
	if e.agents == nil {
		return
	}
	for _, n := range e.agents.subnets {
		if n.attachment && closed(n) {
			from := []netip.Prefix{e.from().block}
			n.in, n.out = opens(n.in, from, forward), opens(n.out, from, reply)
		}
	}
}
