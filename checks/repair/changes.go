package repair

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/netpath"
)

// Description is what new rules of security groups are described with.
const description = "DataSync agent"

// GroupRule is a rule that a security group lacks.
type GroupRule struct {
	Ports netpath.Ports
	CIDR  netip.Prefix
}

// GroupRules are rules that a security group lacks in one direction.
type GroupRules struct {
	Group  string
	Egress bool
	Rules  []GroupRule
}

// Resource is the group.
func (g GroupRules) Resource() string { return g.Group }

// with joins rules, each once. Source:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
func (g GroupRules) with(more []GroupRule) GroupRules {
	g.Rules = slices.Clone(g.Rules)
	for _, r := range more {
		if !slices.Contains(g.Rules, r) {
			g.Rules = append(g.Rules, r)
		}
	}
	return g
}

func (g GroupRules) words() []string {
	command := "authorize-security-group-ingress"
	if g.Egress {
		command = "authorize-security-group-egress"
	}
	return []string{"ec2", command, "--group-id", g.Group, "--ip-permissions", g.permissions()}
}

// permissions is the value of --ip-permissions.
func (g GroupRules) permissions() string {
	type ipv4 struct{ CidrIp, Description string }
	type ipv6 struct{ CidrIpv6, Description string }
	type permission struct {
		IpProtocol       string
		FromPort, ToPort uint16
		IpRanges         []ipv4 `json:",omitempty"`
		Ipv6Ranges       []ipv6 `json:",omitempty"`
	}
	var list []permission
	for _, r := range g.Rules {
		i := slices.IndexFunc(list, func(p permission) bool { return p.FromPort == r.Ports.First && p.ToPort == r.Ports.Last })
		if i < 0 {
			i = len(list)
			list = append(list, permission{IpProtocol: "tcp", FromPort: r.Ports.First, ToPort: r.Ports.Last})
		}
		if r.CIDR.Addr().Is4() {
			list[i].IpRanges = append(list[i].IpRanges, ipv4{r.CIDR.String(), description})
		} else {
			list[i].Ipv6Ranges = append(list[i].Ipv6Ranges, ipv6{r.CIDR.String(), description})
		}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "[]"
	}
	return string(b)
}

func (g GroupRules) blocks(d *document) {
	kind := literal("aws_vpc_security_group_ingress_rule")
	if g.Egress {
		kind = "aws_vpc_security_group_egress_rule"
	}
	for _, r := range g.Rules {
		b := d.resource(kind, r.Ports.String(), r.CIDR.String(), g.Group)
		b.id("security_group_id", g.Group)
		b.text("description", description)
		b.text("ip_protocol", "tcp")
		b.number("from_port", int(r.Ports.First))
		b.number("to_port", int(r.Ports.Last))
		b.text(family[literal](r.CIDR, "cidr_ipv4", "cidr_ipv6"), r.CIDR.String())
	}
}

func family[S ~string](p netip.Prefix, ipv4, ipv6 S) S {
	if p.Addr().Is4() {
		return ipv4
	}
	return ipv6
}

// ACLEntry is a rule that a network ACL lacks, before the one that denies.
type ACLEntry struct {
	ACL    string
	Egress bool
	CIDR   netip.Prefix
	Ports  netpath.Ports
	Below  int   // the number that the new rule must be lower than; 0: none
	Taken  []int // the numbers of the direction

	number int // see Numbers; 0: none is left
}

// Resource is the ACL.
func (a *ACLEntry) Resource() string { return a.ACL }

func (a *ACLEntry) words() []string {
	if a.number == 0 {
		return nil
	}
	direction := "--ingress"
	if a.Egress {
		direction = "--egress"
	}
	return []string{
		"ec2", "create-network-acl-entry", "--network-acl-id", a.ACL, direction, "--rule-number", strconv.Itoa(a.number), "--protocol", "6", "--rule-action", "allow",
		family(a.CIDR, "--cidr-block", "--ipv6-cidr-block"), a.CIDR.String(), "--port-range", fmt.Sprintf("From=%d,To=%d", a.Ports.First, a.Ports.Last),
	}
}

func (a *ACLEntry) blocks(d *document) {
	if a.number == 0 {
		return
	}
	b := d.resource("aws_network_acl_rule", a.direction(), strconv.Itoa(a.number), a.ACL)
	b.id("network_acl_id", a.ACL)
	b.flag("egress", a.Egress)
	b.number("rule_number", a.number)
	b.text("protocol", "tcp")
	b.text("rule_action", "allow")
	b.text(family[literal](a.CIDR, "cidr_block", "ipv6_cidr_block"), a.CIDR.String())
	b.number("from_port", int(a.Ports.First))
	b.number("to_port", int(a.Ports.Last))
}

func (a *ACLEntry) direction() string {
	if a.Egress {
		return "egress"
	}
	return "ingress"
}

// Route is one that a route table lacks, or has to another target.
type Route struct {
	Table       string
	Destination netip.Prefix
	Target      string // a peering connection, a transit gateway or a virtual private gateway
	Replace     bool   // there is one to this destination
}

// Resource is the table.
func (r Route) Resource() string { return r.Table }

// targets are the options and arguments that name the target of a route, by its id.
var targets = []struct {
	prefix, option string
	argument       literal
}{
	{"pcx-", "--vpc-peering-connection-id", "vpc_peering_connection_id"},
	{"tgw-", "--transit-gateway-id", "transit_gateway_id"},
	{"vgw-", "--gateway-id", "gateway_id"},
}

func (r Route) words() []string {
	verb := "create-route"
	if r.Replace {
		verb = "replace-route"
	}
	for _, t := range targets {
		if strings.HasPrefix(r.Target, t.prefix) {
			return []string{"ec2", verb, "--route-table-id", r.Table, family(r.Destination, "--destination-cidr-block", "--destination-ipv6-cidr-block"), r.Destination.String(), t.option, r.Target}
		}
	}
	return nil
}

func (r Route) blocks(d *document) {
	for _, t := range targets {
		if strings.HasPrefix(r.Target, t.prefix) {
			b := d.resource("aws_route", r.Destination.String(), r.Table)
			b.id("route_table_id", r.Table)
			b.text(family[literal](r.Destination, "destination_cidr_block", "destination_ipv6_cidr_block"), r.Destination.String())
			b.id(t.argument, r.Target)
		}
	}
}
