package checks

import (
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/checks/repair"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Command is one that the user may run: {name} in a word stands for an argument.
type Command struct {
	template string
	aws      bool // with the Region and the profile of the finding
}

// OnAWS is a command of the AWS CLI, from its service on.
func OnAWS(template string) Command { return Command{template, true} }

// Here is a command for the machine of the user.
func Here(template string) Command { return Command{template, false} }

// IsAWS reports whether a command is one of the AWS CLI, in the Region and with the
// credentials of the finding.
func (c Command) IsAWS() bool { return c.aws }

// Words is the command with arguments filled in, each one word, a list one word each.
func (c Command) Words(a Args, w repair.Whose) []string {
	var out []string
	for _, word := range strings.Fields(c.template) {
		if m := placeholder.Re().FindString(word); m == word {
			if list, ok := a[m[1:len(m)-1]].([]string); ok {
				out = append(out, list...)
				continue
			}
		}
		out = append(out, placeholder.Re().ReplaceAllStringFunc(word, func(m string) string {
			switch v := a[m[1:len(m)-1]].(type) {
			case string:
				return v
			case []string:
				return strings.Join(v, ",")
			}
			return m
		}))
	}
	if c.aws {
		return w.Command(out...)
	}
	return out
}

// String is the command as a page shows it.
func (c Command) String() string {
	return strings.Join(c.Words(nil, repair.Whose{Region: "{region}"}), " ")
}

// mentions lists the arguments that a command asks for.
func (c Command) mentions() []string { return Placeholders(c.template) }

// Looks are the commands that only look at what a finding is about.
func (f Finding) Looks() [][]string { return append(f.Commands(f.Problem.Look), f.Look...) }

// Commands are the problem's commands of one kind for a finding.
func (f Finding) Commands(list []Command) [][]string {
	var out [][]string
	for _, c := range list {
		if !slices.ContainsFunc(c.mentions(), func(name string) bool { return empty(f.Args[name]) }) {
			out = append(out, c.Words(f.Args.In("en"), f.Whose))
		}
	}
	return out
}

// empty reports whether an argument names nothing, so that there is nothing to run.
func empty(v any) bool {
	list, ok := v.([]string)
	return v == "" || ok && len(list) == 0
}

// whose are the credentials that a change in a scope takes: those of the owner of the
// resource, where that is another account.
func whose(s *snapshot.Scope, owner string) repair.Whose {
	if s == nil {
		return repair.Whose{Account: owner}
	}
	w := repair.Whose{Account: s.Account, Region: s.Region}
	if owner != "" && owner != s.Account {
		w.Account = owner
		return w
	}
	if c := s.Credentials; c != nil {
		w.Profile, w.Role = c.Profile, c.Role
	}
	return w
}

// inVPC are the credentials of the owner of a VPC, whose route tables and network
// ACLs only the owner changes, though its subnets are shared.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing-permissions.html
func (x *Exam) inVPC(at netpath.Place) repair.Whose {
	if at.Scope == nil {
		return repair.Whose{}
	}
	v, _ := at.Scope.VPCs.Get(at.VPC)
	return whose(at.Scope, v.OwnerID)
}

// inAccount are the credentials of an account in a Region, as far as they are known.
func (x *Exam) inAccount(account, region string) repair.Whose {
	for _, s := range x.Snapshot.Scopes {
		if s.Account == account && s.Region == region && account != "" {
			return whose(s, "")
		}
	}
	return repair.Whose{Account: account, Region: region}
}

// endpointBlock is what a block of Terraform says of an endpoint.
func endpointBlock(ep snapshot.Endpoint) repair.Endpoint {
	return repair.Endpoint{ID: ep.ID, VPC: ep.VPC, Service: ep.ServiceName}
}

// lookCloser adds a command of the AWS CLI that looks closer at the finding that was reported
// last.
func (x *Exam) lookCloser(w repair.Whose, words ...string) {
	f := &x.findings[len(x.findings)-1]
	f.Look = append(f.Look, w.Command(words...))
}

// mend says what would mend the finding that was reported last.
func (x *Exam) mend(w repair.Whose, changes ...repair.Change) {
	f := &x.findings[len(x.findings)-1]
	for _, c := range changes {
		f.Repairs = append(f.Repairs, repair.Repair{Whose: w, Change: c})
	}
	f.Whose = w
}

// Change is one change, with the problems that it mends.
type Change struct {
	repair.Repair
	Codes []string
}

// Changes is the smallest set of changes that mends what was found: one for each
// security group and direction, one for each rule of a network ACL, each other one
// once. What needs a decision first, such as which connection to make, is left to
// its finding. New rules of network ACLs get numbers that none of those printed before
// has; nil: nothing was. The places in the set of what mends a finding are set in it.
func Changes(results []Result, numbers *repair.Numbers) []Change {
	if numbers == nil {
		numbers = &repair.Numbers{}
	}
	var set repair.Set
	var codes [][]string
	for _, r := range results {
		for i := range r.Findings {
			f := &r.Findings[i]
			f.Changes = nil
			if f.Problem == nil || f.Status != Fail && f.Status != Warn {
				continue
			}
			for _, one := range f.Repairs {
				if entry, ok := one.Change.(*repair.ACLEntry); ok {
					numbers.Give(entry)
				}
				if one.Words() == nil || decides(one.Change) {
					continue
				}
				n := set.Add(one)
				if n == len(codes) {
					codes = append(codes, nil)
				}
				if !slices.Contains(codes[n], f.Problem.Code) {
					codes[n] = append(codes[n], f.Problem.Code)
				}
				if !slices.Contains(f.Changes, n) {
					f.Changes = append(f.Changes, n)
				}
			}
		}
	}
	var out []Change
	for n, one := range set.Repairs {
		out = append(out, Change{one, codes[n]})
	}
	return out
}

// decides reports whether a change makes something new, for which there are other ways.
func decides(c repair.Change) bool {
	switch c.(type) {
	case repair.NewPeering, repair.NewEndpoint, repair.NewSubnet, repair.Grant:
		return true
	}
	return false
}

// freeBlock is a block of a VPC that none of its subnets uses, large enough for some
// hosts beside the five that AWS keeps.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func freeBlock(s *snapshot.Scope, vpc string, hosts int) (netip.Prefix, bool) {
	v, p := s.VPCs.Get(vpc)
	if p != snapshot.Present || !s.Subnets.Covers(vpc) {
		return netip.Prefix{}, false
	}
	bits := 28
	for bits > 16 && 1<<(32-bits)-5 < hosts {
		bits--
	}
	var used []netip.Prefix
	for _, n := range s.Subnets.All() {
		if n.VPC == vpc {
			used = append(used, n.CIDR)
		}
	}
	for _, block := range v.Prefixes() {
		if !block.Addr().Is4() || block.Bits() > bits {
			continue
		}
		for at := netip.PrefixFrom(block.Addr(), bits); at.IsValid() && block.Contains(at.Addr()); {
			i := slices.IndexFunc(used, func(u netip.Prefix) bool { return u.IsValid() && u.Overlaps(at) })
			if i < 0 {
				return at, true
			}
			last := netipx.PrefixLastIP(at)
			if taken := netipx.PrefixLastIP(used[i]); last.Less(taken) {
				last = taken
			}
			at = netip.PrefixFrom(last.Next(), bits)
		}
	}
	return netip.Prefix{}, false
}

// The examples that pages show. A finding has its own.
var (
	exampleWhose   = repair.Whose{Region: "us-east-1"}
	exampleAgent   = netip.MustParsePrefix("10.10.1.50/32")
	exampleIngress = []repair.Change{repair.GroupRules{Group: "sg-0e1d2c3b4a5968778", Rules: []repair.GroupRule{{Ports: netpath.Port(443), CIDR: exampleAgent}}}}
	exampleEgress  = []repair.Change{repair.GroupRules{Group: "sg-0e1d2c3b4a5968778", Egress: true, Rules: []repair.GroupRule{{Ports: netpath.Port(443), CIDR: netip.MustParsePrefix("10.20.1.10/32")}}}}
	exampleRoute   = []repair.Change{repair.Route{Table: "rtb-0a1b2c3d4e5f60718", Destination: exampleAgent, Target: "pcx-0a1b2c3d4e5f60718"}}
	exampleGateway = []repair.Change{
		repair.GatewayRoute{Table: "tgw-rtb-0a1b2c3d4e5f60718", Destination: exampleAgent, Attachment: "tgw-attach-0a1b2c3d4e5f60718"},
		repair.GatewayAssociation{Table: "tgw-rtb-0a1b2c3d4e5f60718", Attachment: "tgw-attach-0a1b2c3d4e5f60718"},
		repair.AttachmentSubnet{Attachment: "tgw-attach-0a1b2c3d4e5f60718", Subnet: "subnet-0da1b2c3d4e5f6071"},
	}
	exampleEndpoint = repair.Endpoint{ID: "vpce-0a1b2c3d4e5f60718", VPC: "vpc-0d5c1a2b3e4f50617", Service: "com.amazonaws.us-east-1.datasync"}
)

func exampleEntry() repair.Change {
	e := &repair.ACLEntry{ACL: "acl-0a1b2c3d4e5f60718", CIDR: exampleAgent, Ports: netpath.Port(443), Taken: []int{100}}
	(&repair.Numbers{}).Give(e)
	return e
}

// Examples are the changes of the kind that mends a problem, made up.
func (p *Problem) Examples() []repair.Repair {
	var out []repair.Repair
	for _, c := range p.Example {
		out = append(out, repair.Repair{Whose: exampleWhose, Change: c})
	}
	return out
}
