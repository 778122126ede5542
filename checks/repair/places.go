package repair

import "net/netip"

// Endpoint is what of an endpoint a block of Terraform can't leave out.
type Endpoint struct{ ID, VPC, Service string }

func (e Endpoint) block(d *document) *block {
	b := d.resource("aws_vpc_endpoint", e.ID)
	b.id("vpc_id", e.VPC)
	b.text("service_name", e.Service)
	b.text("vpc_endpoint_type", "Interface")
	return b
}

// EndpointAddresses gives an endpoint IPv4 addresses.
type EndpointAddresses struct{ Endpoint }

// Resource is the endpoint.
func (e EndpointAddresses) Resource() string { return e.ID }

func (e EndpointAddresses) words() []string {
	return []string{"ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", e.ID, "--ip-address-type", "ipv4"}
}

func (e EndpointAddresses) blocks(d *document) { e.block(d).text("ip_address_type", "ipv4") }

// EndpointSubnet gives an endpoint an interface in a further subnet.
type EndpointSubnet struct {
	Endpoint
	Subnet string
	Has    []string // the subnets that it has
}

// Resource is the endpoint.
func (e EndpointSubnet) Resource() string { return e.ID }

func (e EndpointSubnet) words() []string {
	return []string{"ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", e.ID, "--add-subnet-ids", e.Subnet}
}

func (e EndpointSubnet) blocks(d *document) {
	e.block(d).ids("subnet_ids", append(append([]string{}, e.Has...), e.Subnet))
}

// EndpointDNS turns the private DNS names of an endpoint on or off.
type EndpointDNS struct {
	Endpoint
	On bool
}

// Resource is the endpoint.
func (e EndpointDNS) Resource() string { return e.ID }

func (e EndpointDNS) words() []string {
	option := "--no-private-dns-enabled"
	if e.On {
		option = "--private-dns-enabled"
	}
	return []string{"ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", e.ID, option}
}

func (e EndpointDNS) blocks(d *document) { e.block(d).flag("private_dns_enabled", e.On) }

// EndpointPolicy gives an endpoint back its default policy. In Terraform that is a
// block without policy.
type EndpointPolicy struct{ Endpoint }

// Resource is the endpoint.
func (e EndpointPolicy) Resource() string { return e.ID }

func (e EndpointPolicy) words() []string {
	return []string{"ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", e.ID, "--reset-policy"}
}

func (e EndpointPolicy) blocks(d *document) { e.block(d) }

// NewEndpoint makes an interface endpoint.
type NewEndpoint struct {
	VPC, Service string
	Subnet       string
	Group        string // "": the VPC's default one
	DNS          bool
}

// Resource is the VPC.
func (e NewEndpoint) Resource() string { return e.VPC }

func (e NewEndpoint) words() []string {
	words := []string{"ec2", "create-vpc-endpoint", "--vpc-endpoint-type", "Interface", "--vpc-id", e.VPC, "--service-name", e.Service, "--subnet-ids", e.Subnet}
	if e.Group != "" {
		words = append(words, "--security-group-ids", e.Group)
	}
	if e.DNS {
		return append(words, "--private-dns-enabled")
	}
	return append(words, "--no-private-dns-enabled")
}

func (e NewEndpoint) blocks(d *document) {
	b := Endpoint{e.Service + "_" + e.VPC, e.VPC, e.Service}.block(d)
	b.ids("subnet_ids", []string{e.Subnet})
	if e.Group != "" {
		b.ids("security_group_ids", []string{e.Group})
	}
	b.flag("private_dns_enabled", e.DNS)
}

// Tenancy gives a VPC the default tenancy.
type Tenancy struct {
	VPC  string
	CIDR netip.Prefix
}

// Resource is the VPC.
func (t Tenancy) Resource() string { return t.VPC }

func (t Tenancy) words() []string {
	return []string{"ec2", "modify-vpc-tenancy", "--vpc-id", t.VPC, "--instance-tenancy", "default"}
}

func (t Tenancy) blocks(d *document) {
	b := d.resource("aws_vpc", t.VPC)
	b.text("cidr_block", t.CIDR.String())
	b.text("instance_tenancy", "default")
}

// NewSubnet makes a subnet in a free block of a VPC.
type NewSubnet struct {
	VPC  string
	CIDR netip.Prefix
	Zone string // the id of its Availability Zone; "": any
}

// Resource is the VPC.
func (n NewSubnet) Resource() string { return n.VPC }

func (n NewSubnet) words() []string {
	words := []string{"ec2", "create-subnet", "--vpc-id", n.VPC, "--cidr-block", n.CIDR.String()}
	if n.Zone != "" {
		words = append(words, "--availability-zone-id", n.Zone)
	}
	return words
}

func (n NewSubnet) blocks(d *document) {
	b := d.resource("aws_subnet", n.CIDR.String(), n.VPC)
	b.id("vpc_id", n.VPC)
	b.text("cidr_block", n.CIDR.String())
	if n.Zone != "" {
		b.text("availability_zone_id", n.Zone)
	}
}

// Grant gives a user or a role an inline policy.
type Grant struct {
	User, Role string // one of the two
	Name       string // of the policy
	Policy     string // the document
}

// Resource is the user or role.
func (g Grant) Resource() string { return g.User + g.Role }

func (g Grant) words() []string {
	if g.User != "" {
		return []string{"iam", "put-user-policy", "--user-name", g.User, "--policy-name", g.Name, "--policy-document", g.Policy}
	}
	return []string{"iam", "put-role-policy", "--role-name", g.Role, "--policy-name", g.Name, "--policy-document", g.Policy}
}

func (g Grant) blocks(d *document) {
	var b *block
	if g.User != "" {
		b = d.resource("aws_iam_user_policy", g.Name, g.User)
		b.text("user", g.User)
	} else {
		b = d.resource("aws_iam_role_policy", g.Name, g.Role)
		b.text("role", g.Role)
	}
	b.text("name", g.Name)
	b.text("policy", g.Policy)
}
