package main

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/audit"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/report"
)

// proved is what a run proves of the errors of a paste.
type proved struct {
	causes     []cause // that can be what the message says, at that stage, for those ids
	contradict []cause // what the text names and the target does not
}

// prove judges the estate as each error saw it: at its stage, with the ids and
// addresses of its text. It does no I/O.
func prove(ctx context.Context, found []match, named map[string]string, snap *snapshot.Snapshot, targets []snapshot.Target, lang string) (proved, error) {
	var out proved
	for _, t := range targets {
		against, another := contradictions(t, named, snap, lang)
		out.contradict = append(out.contradict, against...)
		for _, m := range found {
			rule, known := proofs[m.Error]
			if !known || len(m.Checks) == 0 {
				continue
			}
			selected, err := checks.All().Select(m.Checks, nil)
			if err != nil {
				return out, err
			}
			var causes []cause
			for _, staged := range rule.stage(t, snap, named) {
				judged := []report.Judged{{Target: staged, Snapshot: snap, Results: checks.Run(ctx, staged, snap, selected, checks.Options{})}}
				rep := report.Build(judged, report.Options{Version: version(), Lang: lang, FailOn: report.OnFail, Now: time.Now(), GeneratedAt: snap.TakenAt})
				these := rule.provedBy(rep, m, staged, snap, named)
				if len(these) == 0 { // it may have been this one, and nothing stops it
					causes = nil
					break
				}
				causes = append(causes, these...)
			}
			another := another || slices.ContainsFunc(causes, func(c cause) bool { return rule.wire && slices.Contains(rule.codes, c.Code) })
			for _, c := range causes {
				if rule.wire && another && !slices.Contains(rule.codes, c.Code) { // what stops this agent and endpoint stopped no other
					continue
				}
				if !slices.ContainsFunc(out.causes, c.same) {
					out.causes = append(out.causes, c)
				}
			}
		}
	}
	return out, nil
}

func (c cause) same(o cause) bool {
	return c.Code == o.Code && c.Subject == o.Subject && c.Message == o.Message
}

// proofRule says which failed checks are what a message says.
type proofRule struct {
	// stage lists the targets that the error may have been about: all must fail.
	stage func(t snapshot.Target, snap *snapshot.Snapshot, named map[string]string) []snapshot.Target
	codes []string // the problems that are the message itself
	// actions are those whose denial is the message; "*": the one that the text names.
	actions []string
	// wire: any problem that is declared to lead to the error and stops port 443 of
	// the endpoint's address for the agent.
	wire bool
}

// proofs by error. An error without a rule is explained, never proved.
var proofs = map[string]proofRule{
	"PRIVATE_LINK_ENDPOINT_UNREACHABLE": {stage: atKeyTime, codes: []string{"DSP103", "DSP107"}, wire: true},
	"PUBLIC_KEY_WITH_VPC_ENDPOINT":      {stage: asNamed, codes: []string{"DSP801"}},
	"INVALID_EC2_SUBNET":                {stage: asNamed, codes: []string{"DSP303", "DSP808"}, actions: []string{"ec2:DescribeSubnets"}},
	"INVALID_EC2_SECURITY_GROUP":        {stage: asNamed, codes: []string{"DSP210", "DSP808"}, actions: []string{"ec2:DescribeSecurityGroups"}},
	"INVALID_VPC_ENDPOINT":              {stage: asNamed, codes: []string{"DSP101", "DSP102", "DSP103", "DSP104", "DSP105"}, actions: []string{"ec2:DescribeVpcEndpoints"}},
	"ARN_ACCOUNT_MISMATCH":              {stage: asNamed, codes: []string{"DSP808"}},
	"ACCESS_DENIED":                     {stage: asNamed, actions: []string{"*"}},
	"AGENT_HTTP_REFUSED":                {stage: asNamed, codes: []string{"DSP631"}},
	"AGENT_HTTP_TIMEOUT":                {stage: asNamed, codes: []string{"DSP632"}}, // what is rejected is told at once
}

// denials are the problems of an identity that may not call an action.
var denials = []string{"DSP730", "DSP734"}

// notOfTheWire are problems of the endpoint that don't keep a connection to its
// address from being made: the id plays no part in it, nor does the service.
var notOfTheWire = []string{"DSP101", "DSP104", "DSP105", "DSP106", "DSP115"}

// asNamed is the target with the ids that the text names.
func asNamed(t snapshot.Target, _ *snapshot.Snapshot, named map[string]string) []snapshot.Target {
	if id := named["vpc_endpoint_id"]; id != "" {
		t.EndpointID = id
	}
	if arn := named["subnet_arn"]; arn != "" {
		t.SubnetARNs, t.SubnetID = []string{arn}, audit.IDInARN(arn, "subnet-")
	}
	if arn := named["security_group_arn"]; arn != "" {
		t.GroupARNs, t.GroupID = []string{arn}, audit.IDInARN(arn, "sg-")
	}
	if a, err := netip.ParseAddr(named["endpoint_ip"]); err == nil {
		t.EndpointIP = a
	}
	return []snapshot.Target{t}
}

// atKeyTime is the target as the agent sees it while it is asked for a key: only
// the endpoint's address matters, and no interface of a task exists yet. Without a
// chosen address it may have been any.
// Source: https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html
func atKeyTime(t snapshot.Target, snap *snapshot.Snapshot, named map[string]string) []snapshot.Target {
	t.GroupID, t.GroupARNs, t.SubnetARNs = "", nil, nil
	address := named["endpoint_ip"]
	if u, err := url.Parse(t.KeyRequest); err == nil && address == "" {
		address = u.Query().Get("privateLinkEndpoint")
	}
	if a, err := netip.ParseAddr(address); err == nil {
		t.EndpointIP = a
	}
	t.KeyRequest = "" // its address has been taken; the rest is not about the wire
	addrs := checks.EndpointAddresses(t, snap)
	if len(addrs) == 0 {
		return []snapshot.Target{t}
	}
	var out []snapshot.Target
	for _, a := range addrs {
		one := t
		one.EndpointIP = a
		if id := subnetOf(a, t.EndpointID, snap); id != "" {
			one.SubnetID = id
		}
		out = append(out, one)
	}
	return out
}

// subnetOf is the subnet of the endpoint's interface that has an address.
func subnetOf(a netip.Addr, endpoint string, snap *snapshot.Snapshot) string {
	s := snap.Role(snapshot.Destination)
	if s == nil {
		return ""
	}
	ep, p := s.Endpoints.Get(endpoint)
	if p != snapshot.Present {
		return ""
	}
	for _, id := range ep.InterfaceIDs {
		if i, p := s.Interfaces.Get(id); p == snapshot.Present && slices.Contains(i.Addrs(), a) {
			return i.Subnet
		}
	}
	return ""
}

// provedBy lists the findings that are what the message says.
func (r proofRule) provedBy(rep report.Report, m match, t snapshot.Target, snap *snapshot.Snapshot, named map[string]string) []cause {
	var out []cause
	for _, id := range m.Checks {
		for _, target := range rep.Targets {
			for _, res := range target.Results {
				if res.Check != id {
					continue
				}
				for _, f := range res.Findings {
					if f.Status == report.Fail && r.proves(f, m, t, snap) && isOfText(f, m, t, named) {
						out = append(out, causeOf(id, f))
					}
				}
			}
		}
	}
	return out
}

func (r proofRule) proves(f report.Finding, m match, t snapshot.Target, snap *snapshot.Snapshot) bool {
	action, _ := f.Args["action"].(string)
	switch {
	case slices.Contains(denials, f.Code):
		denied := strings.Split(action, ", ")
		return slices.ContainsFunc(r.actions, func(a string) bool {
			if a == "*" {
				a = deniedAction(m)
			}
			return slices.ContainsFunc(denied, func(d string) bool { return strings.EqualFold(a, d) })
		})
	case slices.Contains(r.codes, f.Code):
		return true
	}
	return r.wire && slices.Contains(f.Errors, m.Error) && !slices.Contains(notOfTheWire, f.Code) && carries443(f) && stopsAgent(f, t, snap)
}

// deniedAction is the action that a message says was denied.
func deniedAction(m match) string {
	if m.Captured == nil {
		return ""
	}
	said := *m.Captured
	switch {
	case said["action"] != "":
		return said["action"]
	case said["operation"] == "" || said["service"] != "" && !strings.EqualFold(said["service"], "datasync"):
		return ""
	}
	return "datasync:" + said["operation"]
}

// carries443 reports whether a finding is about what the agent does at key time: a
// connection to port 443, or all the ports that a reply to it may go to.
func carries443(f report.Finding) bool {
	text, limited := f.Args["ports"].(string)
	ports, _ := netpath.ParsePorts(text)
	return !limited || slices.ContainsFunc(ports, func(p netpath.Ports) bool {
		return p.First <= 443 && p.Last >= 443 || p.First <= netpath.Ephemeral.First && p.Last >= netpath.Ephemeral.Last
	})
}

// stopsAgent reports whether the addresses that a finding is about, if it names
// any, are all of the agent's, or the endpoint's address.
func stopsAgent(f report.Finding, t snapshot.Target, snap *snapshot.Snapshot) bool {
	stopped := prefixesOf(f)
	if len(stopped) == 0 {
		return true
	}
	covered := func(p netip.Prefix) bool {
		return slices.ContainsFunc(stopped, func(s netip.Prefix) bool { return s.Bits() <= p.Bits() && s.Contains(p.Addr()) })
	}
	if a := t.EndpointIP; a.IsValid() && covered(netip.PrefixFrom(a, a.BitLen())) {
		return true
	}
	agents, gap := netpath.FindAgents(snap, t)
	if gap != nil {
		return false
	}
	for _, p := range agents.Addrs.Prefixes() {
		if !covered(p) {
			return false
		}
	}
	return true
}

// prefixesOf lists the addresses that a finding is about.
func prefixesOf(f report.Finding) []netip.Prefix {
	if f.About != nil && f.About.Addrs != nil {
		return f.About.Addrs.Prefixes()
	}
	var out []netip.Prefix
	add := func(s string) {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		} else if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	for _, key := range []string{"sources", "addresses", "cidr"} {
		switch v := f.Args[key].(type) {
		case string:
			add(v)
		case []string:
			for _, s := range v {
				add(s)
			}
		case []any:
			for _, s := range v {
				if s, ok := s.(string); ok {
					add(s)
				}
			}
		}
	}
	return out
}
