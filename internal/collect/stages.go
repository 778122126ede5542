package collect

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

func (c *collector) wants(k snapshot.Kind) bool {
	return slices.Contains(Wanted(c.request.Kinds, c.scope.Roles), k)
}

func (c *collector) plan(kinds ...snapshot.Kind) []*job {
	var jobs []*job
	for _, k := range kinds {
		if c.wants(k) {
			jobs = append(jobs, &job{kind: k})
		}
	}
	return jobs
}

// first asks for the tables that are small however large the account is.
func (c *collector) first() []*job {
	jobs := c.plan(
		snapshot.CallerIdentity, snapshot.VPCs, snapshot.Subnets, snapshot.Endpoints, snapshot.PrefixLists, snapshot.Peerings,
		snapshot.TransitGateways, snapshot.TransitGatewayAttachments, snapshot.TransitGatewayVPCAttachments, snapshot.TransitGatewayPeerings,
		snapshot.TransitGatewayRouteTables, snapshot.VPNGateways, snapshot.VPNConnections, snapshot.NATGateways, snapshot.Agents)
	if c.audits() {
		jobs = append(jobs, c.plan(snapshot.Tasks, snapshot.Locations)...)
	}
	var instances []string
	for _, t := range c.agents {
		if t.AgentInstanceID != "" && !slices.Contains(instances, t.AgentInstanceID) {
			instances = append(instances, t.AgentInstanceID)
		}
	}
	if len(instances) > 0 && c.wants(snapshot.Instances) {
		jobs = append(jobs, &job{kind: snapshot.Instances, query: query{instances: instances}})
	}
	return append(jobs, c.invocations()...)
}

// fewLists is up to how many customer-managed prefix lists are read without
// waiting to see which of them are referred to.
const fewLists = 20

// second asks for what the first tables give the ids of.
func (c *collector) second() []*job {
	c.settleAgents()
	vpcs, groups, subnets := c.interest()
	var jobs []*job
	if len(vpcs) > 0 {
		for _, j := range c.plan(snapshot.Interfaces, snapshot.SecurityGroups, snapshot.NetworkACLs, snapshot.RouteTables) {
			j.query.vpcs = vpcs
			switch j.kind {
			case snapshot.SecurityGroups:
				j.query.groups = groups
			case snapshot.Interfaces:
				j.query.interfaces = c.taskInterfaces()
			}
			jobs = append(jobs, j)
		}
	}
	if len(groups) > 0 && len(groups) <= maxFilterValues && c.wants(snapshot.SecurityGroupRules) {
		jobs = append(jobs, &job{kind: snapshot.SecurityGroupRules, query: query{groups: groups}})
	}
	perID := func(k snapshot.Kind, ids []string) {
		for _, id := range ids {
			if c.wants(k) && snapshot.CanBeAbout(k, id) {
				jobs = append(jobs, &job{kind: k, query: query{id: id}})
			}
		}
	}
	perID(snapshot.SubnetCIDRReservations, subnets)
	if c.principal() != "" && len(c.request.Simulate) > 0 {
		perID(snapshot.PolicySimulation, []string{snapshot.AnyResource, snapshot.AccountResource})
	}
	var tables []string
	for _, t := range c.scope.TransitGatewayRouteTables.All() {
		tables = append(tables, t.ID)
	}
	perID(snapshot.TransitGatewayAssociations, tables)
	perID(snapshot.TransitGatewayPropagations, tables)
	perID(snapshot.TransitGatewayRoutes, tables)
	var lists []string
	for _, l := range c.scope.PrefixLists.All() {
		if l.OwnerID != "AWS" {
			lists = append(lists, l.ID)
		}
	}
	if len(lists) <= fewLists {
		perID(snapshot.PrefixListEntries, lists)
	}
	return append(jobs, c.outputs()...)
}

// third asks for what only the rules and routes themselves refer to.
func (c *collector) third() []*job {
	var jobs []*job
	if c.wants(snapshot.PrefixListEntries) {
		for _, id := range c.referredLists() {
			if _, p := c.scope.PrefixListEntries.Get(id); p != snapshot.Present && !c.called(snapshot.PrefixListEntries, id) && snapshot.CanBeAbout(snapshot.PrefixListEntries, id) {
				jobs = append(jobs, &job{kind: snapshot.PrefixListEntries, query: query{id: id}})
			}
		}
	}
	var strangers []string
	for _, t := range c.endpoints {
		for _, ep := range c.endpointsOf(t) {
			g, p := c.scope.SecurityGroups.Get(t.GroupID)
			if p == snapshot.Present && g.VPC != ep.VPC && !slices.Contains(strangers, g.ID) {
				strangers = append(strangers, g.ID)
			}
		}
	}
	if len(strangers) > 0 && c.wants(snapshot.SecurityGroupVPCAssociations) {
		jobs = append(jobs, &job{kind: snapshot.SecurityGroupVPCAssociations, query: query{groups: strangers}})
	}
	return jobs
}

// endpointsOf lists the endpoint that a target names, or all that it may mean.
func (c *collector) endpointsOf(t snapshot.Target) []snapshot.Endpoint {
	return slices.DeleteFunc(c.scope.Endpoints.All(), func(ep snapshot.Endpoint) bool {
		return ep.ID != t.EndpointID && !(t.EndpointID == "" && t.AgentARN == "" && ep.IsDataSync())
	})
}

func (c *collector) called(k snapshot.Kind, id string) bool {
	return slices.ContainsFunc(c.scope.Calls, func(call snapshot.Call) bool { return call.Command == k.Command() && call.ID == id })
}

// interest lists the VPCs that the targets touch in this scope, the security
// groups whose rules will be shown, and the task subnets.
func (c *collector) interest() (vpcs, groups, subnets []string) {
	add := func(list *[]string, v string) {
		if v != "" && !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	vpcs, groups, subnets = c.planned()
	for _, t := range c.endpoints {
		for _, ep := range c.endpointsOf(t) {
			add(&vpcs, ep.VPC)
			for _, g := range ep.Groups {
				add(&groups, g.ID)
			}
			if t.SubnetID == "" {
				for _, id := range ep.SubnetIDs {
					add(&subnets, id)
				}
			}
		}
		add(&groups, t.GroupID)
		add(&subnets, t.SubnetID)
	}
	view := &snapshot.Snapshot{Scopes: []*snapshot.Scope{c.scope}}
	for _, t := range c.agents {
		if _, p := c.scope.VPCs.Get(t.SourceVPCID); p == snapshot.Present || c.scope.Has(snapshot.Source) {
			add(&vpcs, t.SourceVPCID)
		}
		agents, gap := netpath.FindAgents(view, t)
		if gap != nil {
			continue
		}
		add(&vpcs, agents.VPC)
		for _, g := range agents.Groups {
			add(&groups, g)
		}
		for _, id := range netpath.HoldersOf(c.scope, agents.Addrs) {
			add(&vpcs, id)
		}
	}
	for _, id := range c.crossed() {
		add(&vpcs, id)
	}
	return vpcs, groups, subnets
}

// referredLists are the prefix lists that a rule or a route names.
func (c *collector) referredLists() []string {
	var ids []string
	add := func(id string) {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, g := range c.scope.SecurityGroups.All() {
		for _, p := range slices.Concat(g.Ingress, g.Egress) {
			for _, l := range p.PrefixLists {
				add(l.ID)
			}
		}
	}
	for _, t := range c.scope.RouteTables.All() {
		for _, r := range t.Routes {
			add(r.PrefixList)
		}
	}
	if !c.onlyPrivateAgents() {
		return ids
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		row, p := c.scope.PrefixLists.Get(id)
		return p == snapshot.Present && netpath.HoldsPublicOnly(row)
	})
}

// onlyPrivateAgents reports whether all agents have private addresses, to which
// AWS's own lists of public addresses can't matter.
func (c *collector) onlyPrivateAgents() bool {
	view := &snapshot.Snapshot{Scopes: []*snapshot.Scope{c.scope}}
	for _, t := range slices.Concat(c.endpoints, c.agents) {
		if agents, gap := netpath.FindAgents(view, t); gap != nil || !netpath.Private(agents.Addrs) {
			return false
		}
	}
	return true
}
