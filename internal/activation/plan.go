// Package activation words what follows a READY: how to get the activation key of
// an agent, call CreateAgent and wait until the agent is ONLINE. It changes nothing
// itself: it prints a script, a Terraform resource, a CloudFormation template.
package activation

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/pattern"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Plan is what an activation needs to know, all of it from what was judged.
type Plan struct {
	Name      string // of the agent, as CreateAgent will have it
	Region    string
	Account   string     // of the endpoint, in which CreateAgent is called
	Identity  string     // ARN of who was judged; "" if that is not known
	Endpoint  string     // id
	KeyType   string     // PRIVATE_LINK or FIPS_PRIVATE_LINK
	Address   netip.Addr // of the endpoint, which goes into the key
	SubnetARN string
	GroupARN  string
	Agent     netip.Addr // invalid: it is not known which address of a network it has
}

// For takes from a judged target what its activation needs. A choice that nobody has
// made, such as between several security groups, is an error that names the flag.
func For(t snapshot.Target, snap *snapshot.Snapshot, name string) (Plan, error) {
	s := snap.Role(snapshot.Destination)
	if s == nil {
		return Plan{}, snapshot.Errorf("the endpoint's account is not in the evidence", "エンドポイントのアカウントが証拠にない")
	}
	ep, _ := s.Endpoints.Get(t.EndpointID)
	p := Plan{Name: name, Region: s.Region, Account: s.Account, Endpoint: ep.ID, KeyType: checks.KeyType(ep), Agent: checks.AgentAddress(t, snap)}
	for _, row := range s.Identity.All() {
		p.Identity = row.ARN
	}
	if p.Name == "" {
		p.Name = "datasync-agent"
		if p.Agent.IsValid() {
			p.Name += "-" + p.Agent.String()
		}
	}
	if !agentName.Re().MatchString(p.Name) || len(p.Name) > 256 {
		return p, snapshot.Errorf("--agent-name %q: CreateAgent takes up to 256 letters, digits, spaces and any of +=._:@/-", "--agent-name %q: CreateAgent が受け付けるのは 256 文字までの英数字・空白・+=._:@/- である", p.Name)
	}
	if p.Account == "" || p.Region == "" || ep.ID == "" {
		return p, snapshot.Errorf("the evidence does not say which account and Region %s is in: the ARNs for CreateAgent can't be made", "%s のアカウントとリージョンが証拠から分からず、CreateAgent に渡す ARN を作れない", t.EndpointID)
	}
	var subnet string
	if p.Address, subnet = address(t, s, ep); !p.Address.IsValid() {
		return p, snapshot.Errorf("the addresses of %s are not in the evidence: say which goes into the key with --endpoint-ip", "%s のアドレスが証拠にない。キーに入れるものを --endpoint-ip で指定する", ep.ID)
	}
	if t.SubnetID != "" {
		subnet = t.SubnetID
	}
	if subnet == "" {
		return p, snapshot.Errorf("the subnet of %s is not in the evidence: say which the tasks use with --subnet-id", "%s のサブネットが証拠にない。タスクの使うものを --subnet-id で指定する", p.Address)
	}
	group := t.GroupID
	if group == "" {
		if len(ep.Groups) != 1 {
			return p, snapshot.Errorf("%s has %d security groups, and CreateAgent takes one: say which with --security-group-id", "%s のセキュリティグループは %d 個あり、CreateAgent が受け付けるのは 1 個である。--security-group-id で指定する", ep.ID, len(ep.Groups))
		}
		group = ep.Groups[0].ID
	}
	arn := "arn:" + s.Partition() + ":ec2:" + s.Region + ":" + s.Account + ":"
	p.SubnetARN, p.GroupARN = arn+"subnet/"+subnet, arn+"security-group/"+group
	return p, nil
}

// agentName is what CreateAgent takes for a name, in one line.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html
var agentName = pattern.New(`^[a-zA-Z0-9 +=._:@/-]+$`)

// address is the address of the endpoint that goes into the key, and its subnet: the
// one that the target names, else that in the subnet of the tasks, else the first.
func address(t snapshot.Target, s *snapshot.Scope, ep snapshot.Endpoint) (a netip.Addr, subnet string) {
	if t.EndpointIP.IsValid() {
		a = t.EndpointIP
	}
	for _, id := range ep.InterfaceIDs {
		i, _ := s.Interfaces.GetIn(ep.VPC, id)
		own := slices.DeleteFunc(i.Addrs(), func(a netip.Addr) bool { return !a.Is4() })
		switch {
		case len(own) == 0:
		case t.EndpointIP.IsValid():
			if slices.Contains(own, a) {
				subnet = i.Subnet
			}
		case !a.IsValid() || i.Subnet == t.SubnetID && subnet != t.SubnetID:
			a, subnet = own[0], i.Subnet
		}
	}
	return a, subnet
}

// AgentHost is the agent's address as a URL has it.
func (p Plan) AgentHost() string {
	if p.Agent.Is6() {
		return "[" + p.Agent.String() + "]"
	}
	return p.Agent.String()
}

// console is the host of the AWS Management Console of a Region, to which the agent
// redirects.
func console(region string) string {
	domain := map[string]string{"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}[snapshot.PartitionOf(region)]
	if domain == "" {
		domain = "aws.amazon.com"
	}
	return region + ".console." + strings.TrimPrefix(domain, "console.")
}
