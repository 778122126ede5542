package collect

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/datasync"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// DataSync are the calls of DataSync that are made, each by a client of its own: see
// Connect.
type DataSync struct {
	ListAgents                    operation[datasync.ListAgentsInput, datasync.ListAgentsOutput, datasync.Options]
	DescribeAgent                 operation[datasync.DescribeAgentInput, datasync.DescribeAgentOutput, datasync.Options]
	ListTasks                     operation[datasync.ListTasksInput, datasync.ListTasksOutput, datasync.Options]
	DescribeTask                  operation[datasync.DescribeTaskInput, datasync.DescribeTaskOutput, datasync.Options]
	ListLocations                 operation[datasync.ListLocationsInput, datasync.ListLocationsOutput, datasync.Options]
	DescribeLocationNfs           operation[datasync.DescribeLocationNfsInput, datasync.DescribeLocationNfsOutput, datasync.Options]
	DescribeLocationSmb           operation[datasync.DescribeLocationSmbInput, datasync.DescribeLocationSmbOutput, datasync.Options]
	DescribeLocationHdfs          operation[datasync.DescribeLocationHdfsInput, datasync.DescribeLocationHdfsOutput, datasync.Options]
	DescribeLocationObjectStorage operation[datasync.DescribeLocationObjectStorageInput, datasync.DescribeLocationObjectStorageOutput, datasync.Options]
	DescribeLocationAzureBlob     operation[datasync.DescribeLocationAzureBlobInput, datasync.DescribeLocationAzureBlobOutput, datasync.Options]
}

func dataSync(cfg aws.Config) DataSync {
	return DataSync{
		ListAgents: datasync.NewFromConfig(cfg).ListAgents, DescribeAgent: datasync.NewFromConfig(cfg).DescribeAgent,
		ListTasks: datasync.NewFromConfig(cfg).ListTasks, DescribeTask: datasync.NewFromConfig(cfg).DescribeTask,
		ListLocations:       datasync.NewFromConfig(cfg).ListLocations,
		DescribeLocationNfs: datasync.NewFromConfig(cfg).DescribeLocationNfs, DescribeLocationSmb: datasync.NewFromConfig(cfg).DescribeLocationSmb,
		DescribeLocationHdfs: datasync.NewFromConfig(cfg).DescribeLocationHdfs, DescribeLocationObjectStorage: datasync.NewFromConfig(cfg).DescribeLocationObjectStorage,
		DescribeLocationAzureBlob: datasync.NewFromConfig(cfg).DescribeLocationAzureBlob,
	}
}

// fetch makes a call of DataSync; arn is the resource, for one that is about one.
func (d DataSync) fetch(ctx context.Context, k snapshot.Kind, arn string, use func(any) error) error {
	switch k {
	case snapshot.Agents:
		in := &datasync.ListAgentsInput{MaxResults: size100}
		return pages(ctx, d.ListAgents, in, &in.NextToken, func(out *datasync.ListAgentsOutput) *string { return out.NextToken }, use)
	case snapshot.Tasks:
		in := &datasync.ListTasksInput{MaxResults: size100}
		return pages(ctx, d.ListTasks, in, &in.NextToken, func(out *datasync.ListTasksOutput) *string { return out.NextToken }, use)
	case snapshot.Locations:
		in := &datasync.ListLocationsInput{MaxResults: size100}
		return pages(ctx, d.ListLocations, in, &in.NextToken, func(out *datasync.ListLocationsOutput) *string { return out.NextToken }, use)
	case snapshot.AgentDetails:
		out, err := d.DescribeAgent(ctx, &datasync.DescribeAgentInput{AgentArn: &arn})
		return single(out, err, use)
	case snapshot.TaskDetails:
		out, err := d.DescribeTask(ctx, &datasync.DescribeTaskInput{TaskArn: &arn})
		return single(out, err, use)
	case snapshot.LocationsNFS:
		out, err := d.DescribeLocationNfs(ctx, &datasync.DescribeLocationNfsInput{LocationArn: &arn})
		return single(out, err, use)
	case snapshot.LocationsSMB:
		out, err := d.DescribeLocationSmb(ctx, &datasync.DescribeLocationSmbInput{LocationArn: &arn})
		return single(out, err, use)
	case snapshot.LocationsHDFS:
		out, err := d.DescribeLocationHdfs(ctx, &datasync.DescribeLocationHdfsInput{LocationArn: &arn})
		return single(out, err, use)
	case snapshot.LocationsObjectStorage:
		out, err := d.DescribeLocationObjectStorage(ctx, &datasync.DescribeLocationObjectStorageInput{LocationArn: &arn})
		return single(out, err, use)
	case snapshot.LocationsAzureBlob:
		out, err := d.DescribeLocationAzureBlob(ctx, &datasync.DescribeLocationAzureBlobInput{LocationArn: &arn})
		return single(out, err, use)
	}
	panic("no call of DataSync: " + k.Command())
}

// audits reports whether agents, or endpoints, of the scope are targets.
func (c *collector) audits() bool {
	return slices.ContainsFunc(c.request.Targets, func(t snapshot.Target) bool { return t.AgentARN != "" || t.Audit != nil })
}

// agentsOfAudit asks about the agents that are targets, and about all tasks and the
// locations that agents reach.
func (c *collector) agentsOfAudit() []*job {
	if !c.audits() {
		return nil
	}
	c.knowAccount()
	var jobs []*job
	ask := func(k snapshot.Kind, arn string) {
		id := snapshot.LastOf(arn)
		asked := slices.ContainsFunc(jobs, func(j *job) bool { return j.kind == k && j.query.id == id })
		if c.wants(k) && snapshot.CanBeAbout(k, id) && !asked && snapshot.RegionOf(arn) == c.scope.Region && (c.scope.Account == "" || snapshot.AccountOf(arn) == c.scope.Account) {
			jobs = append(jobs, &job{kind: k, query: query{id: id, arn: arn}})
		}
	}
	for _, t := range c.endpoints {
		if t.AgentARN != "" {
			ask(snapshot.AgentDetails, t.AgentARN)
		}
	}
	if slices.ContainsFunc(c.endpoints, func(t snapshot.Target) bool { return t.Audit != nil }) {
		for _, arn := range c.scope.Agents.IDs() {
			ask(snapshot.AgentDetails, arn)
		}
	}
	for _, arn := range c.scope.Tasks.IDs() {
		ask(snapshot.TaskDetails, arn)
	}
	for _, l := range c.scope.Locations.All() {
		if k := snapshot.LocationKind(l.Scheme()); k != snapshot.NoKind {
			ask(k, l.ARN)
		}
	}
	return jobs
}

// settleAgents turns what stands for agents into the targets that they are, once
// DataSync has told.
func (c *collector) settleAgents() {
	var out []snapshot.Target
	for _, t := range c.endpoints {
		out = append(out, c.scope.Audited(t)...)
	}
	c.endpoints = out
}

// taskInterfaces are the interfaces of the agents' tasks, wherever they are.
func (c *collector) taskInterfaces() []string {
	var out []string
	for _, t := range c.scope.TaskDetails.All() {
		for _, id := range t.Interfaces() {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}
