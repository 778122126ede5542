package checks

import (
	"slices"
	"strings"

	"go4.org/netipx"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Hop is one place that the traffic passes, and how it fares there.
type Hop struct {
	Place  Text
	Status Status
	Ref    string
	Facts  []Text
}

// Story is the path of a target, hop by hop, in both directions, as its results
// tell it.
type Story struct {
	There []Hop
	Back  []Hop
	Needs []Need
}

// Need is one line of a firewall change request: traffic that must be let
// through between the two ends.
type Need struct {
	Source, Destination []string
	Ports               string
	Reply               bool // needed only where a firewall keeps no state
	Requirement         *Requirement
}

// Tell puts the results of a target in the order of the path. It is nil when the
// ends are not known.
func Tell(t snapshot.Target, snap *snapshot.Snapshot, results []Result) *Story {
	x := &Exam{Target: t, Snapshot: snap, check: connectionActive}
	j, ok := x.journey()
	if !ok {
		return nil
	}
	byCheck := map[string]Result{}
	for _, r := range results {
		byCheck[r.Check.ID] = r
	}
	var agentSubnets, endSubnets []string
	for _, s := range j.starts {
		agentSubnets = append(agentSubnets, s.subnet)
	}
	for _, e := range j.ends {
		endSubnets = append(endSubnets, e.subnet)
	}
	st := &Story{Needs: x.needs(j)}
	add := func(to *[]Hop, place Text, check string, subjects []string) {
		r, ok := byCheck[check]
		if !ok {
			return
		}
		for _, h := range hops(place, r, subjects) {
			if n := len(*to); n > 0 && (*to)[n-1].Place == h.Place && (*to)[n-1].Ref == h.Ref {
				(*to)[n-1].join(h)
				continue
			}
			*to = append(*to, h)
		}
	}
	add(&st.There, say("security groups of the agent, outbound", "エージェントのセキュリティグループ（アウトバウンド）"), "agent-sg-egress", nil)
	if len(agentSubnets) > 0 {
		add(&st.There, say("network ACL of the agent's subnet, outbound", "エージェントのサブネットのネットワーク ACL（アウトバウンド）"), "nacl-to-endpoint", agentSubnets)
	}
	add(&st.There, say("connection", "接続"), "connection-active", nil)
	add(&st.There, say("routes from the agent's subnet", "エージェントのサブネットからの経路"), "route-to-endpoint", nil)
	add(&st.There, say("network ACL of the endpoint's subnet, inbound", "エンドポイントのサブネットのネットワーク ACL（インバウンド）"), "nacl-to-endpoint", endSubnets)
	add(&st.There, say("security groups of the endpoint, 443", "エンドポイントのセキュリティグループ（443）"), "sg-ingress-443", nil)
	add(&st.There, say("security groups of the endpoint, 1024-1064", "エンドポイントのセキュリティグループ（1024-1064）"), "sg-ingress-control", nil)
	add(&st.There, say("security group of the task, 443", "タスクのセキュリティグループ（443）"), "task-sg", nil)
	add(&st.Back, say("network ACL of the endpoint's subnet, outbound", "エンドポイントのサブネットのネットワーク ACL（アウトバウンド）"), "nacl-to-agent", endSubnets)
	add(&st.Back, say("routes from the endpoint's subnets", "エンドポイントのサブネットからの経路"), "route-to-agent", nil)
	if len(agentSubnets) > 0 {
		add(&st.Back, say("network ACL of the agent's subnet, inbound", "エージェントのサブネットのネットワーク ACL（インバウンド）"), "nacl-to-agent", agentSubnets)
	}
	return st
}

// join adds what another finding says of the same place: the worst status, and
// its facts before those of better ones.
func (h *Hop) join(o Hop) {
	facts := append(slices.Clone(h.Facts), o.Facts...)
	if o.Status.weight() > h.Status.weight() {
		h.Status, facts = o.Status, append(slices.Clone(o.Facts), h.Facts...)
	}
	h.Facts = nil
	for _, f := range facts {
		if !slices.Contains(h.Facts, f) {
			h.Facts = append(h.Facts, f)
		}
	}
}

// hops turns the findings of a result, or those about some subjects, into hops.
func hops(place Text, r Result, subjects []string) []Hop {
	var out []Hop
	for _, f := range r.Findings {
		if subjects != nil && f.Subject != "" && !slices.Contains(subjects, f.Subject) {
			continue
		}
		h := Hop{Place: place, Status: f.Status, Ref: f.Subject}
		switch {
		case f.Problem != nil:
			h.Facts = []Text{say(f.Problem.Code+" "+f.Args.In("en").Fill(f.Problem.Title.En), f.Problem.Code+" "+f.Args.In("ja").Fill(f.Problem.Title.Ja))}
		case len(f.Gaps) > 0:
			for _, g := range f.Gaps {
				h.Facts = append(h.Facts, GapText(g))
			}
		case f.Status == Skip:
			h.Facts = []Text{f.Note}
		default:
			for _, e := range f.Evidence {
				h.Facts = append(h.Facts, say(e.Ref+": "+e.Fact.En, e.Ref+": "+e.Fact.Ja))
			}
		}
		out = append(out, h)
	}
	return out
}

// needs lists what a firewall in between must let through.
func (x *Exam) needs(j journey) []Need {
	endpoint, task := &netipx.IPSet{}, &netipx.IPSet{}
	for _, e := range j.ends {
		endpoint, task = netpath.Union(endpoint, e.endpoint), netpath.Union(task, e.task)
	}
	agents := netpath.Addresses(j.agents.Addrs)
	var out []Need
	add := func(r *Requirement, to *netipx.IPSet) {
		if !netpath.Empty(to) {
			out = append(out, Need{Source: agents, Destination: netpath.Addresses(to), Ports: netpath.JoinPorts(r.Ports), Requirement: r})
		}
	}
	add(reqHTTPS, endpoint)
	add(reqControl, endpoint)
	if x.severity(aclThereGuide) != Skip {
		add(reqControlGuide, endpoint)
	}
	add(reqTaskHTTPS, task)
	if x.Target.Mode != "enhanced" {
		add(reqSupport, endpoint)
	}
	return append(out, Need{Source: netpath.Addresses(netpath.Union(endpoint, task)), Destination: agents, Ports: netpath.Ephemeral.String(), Reply: true, Requirement: reqACL})
}

// Change is one thing to change, with the problems that it mends.
type Change struct {
	Resource  string
	Codes     []string
	CLI       string
	Terraform string
}

// Changes is the smallest set of changes that mends the problems that were found
// on the path: one for each security group and direction, one for each rule of a
// network ACL, one for each route. What needs a decision first, such as which
// connection to make, is left to the fix of its finding.
func Changes(results []Result) []Change {
	var out []Change
	index := map[string]int{}
	merged := map[string]*ruleSet{}
	numbers := map[string][]string{}
	for _, r := range results {
		for _, f := range r.Findings {
			if f.Problem == nil || f.Status != Fail && f.Status != Warn {
				continue
			}
			p := f.Problem
			command := ""
			for _, c := range p.CLI {
				if !strings.Contains(c, " describe-") && !strings.Contains(c, "{command}") {
					command = c
				}
			}
			args := f.Args.In("en")
			key := ""
			switch {
			case command == ingressCLI || command == egressCLI:
				key = command + "|" + args["group"].(string)
				set := merged[key]
				if set == nil {
					set = &ruleSet{}
					merged[key] = set
				}
				set.add(args["permissions"].(string))
				args["permissions"] = set.json()
			case strings.HasPrefix(command, "aws ec2 create-network-acl-entry"):
				args = freshNumber(args, numbers)
				key = args.FillCommand(command)
			case strings.Contains(command, "{cidr_each}"):
				for _, cli := range args.Commands(command) {
					if i, ok := index[cli]; ok {
						out[i].addCode(p.Code)
						continue
					}
					index[cli] = len(out)
					out = append(out, Change{Resource: args["table"].(string), Codes: []string{p.Code}, CLI: cli, Terraform: args.FillTerraform(p.Terraform)})
				}
				continue
			default:
				continue
			}
			if i, ok := index[key]; ok {
				out[i].CLI = args.FillCommand(command)
				out[i].addCode(p.Code)
				continue
			}
			index[key] = len(out)
			resource, _ := args["group"].(string)
			for _, name := range []string{"acl", "table"} {
				if v, ok := args[name].(string); ok {
					resource = v
				}
			}
			out = append(out, Change{Resource: resource, Codes: []string{p.Code}, CLI: args.FillCommand(command), Terraform: args.FillTerraform(p.Terraform)})
		}
	}
	return out
}

func (c *Change) addCode(code string) {
	if !slices.Contains(c.Codes, code) {
		c.Codes = append(c.Codes, code)
	}
}

// freshNumber gives each new rule of a network ACL a number of its own.
func freshNumber(args Args, taken map[string][]string) Args {
	out := Args{}
	for k, v := range args {
		out[k] = v
	}
	key := out["acl"].(string) + out["egress"].(string)
	number := out["number"].(string)
	for slices.Contains(taken[key], number) && number != noNumber {
		number = before(number)
	}
	taken[key] = append(taken[key], number)
	out["number"] = number
	return out
}
